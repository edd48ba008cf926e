//! The search room's handle: the index, the threads that search it, and the task that follows the hub's log.

use std::{path::Path, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use shouwang_proto::{id::MemberId, refusal::Refusal};
use tokio::time::{Instant, interval, timeout_at};
use tonic::Code;

use super::{
    Caller, IndexSettings, SearchError, SearchIndex, SearchPool,
    tailer::{Progress, Tailer},
    thesaurus::{Synonym, Thesaurus},
};
use crate::{
    council::{self, roster::Roster, thesaurus::ThesaurusBook},
    link::board::LinkBoard,
    store::{Store, hub_log::HubLogHead},
};

/// Threads that search: searches are short, and the network needs the processors too.
const THREADS: usize = 2;
/// Searches that may wait for a thread before callers are told to come again.
const WAITING: usize = 256;
/// How often a caller that waits for its own writes looks, besides being told of commits.
const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// How long such a caller waits at most.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the room is made of.
pub struct RoomParts {
    /// The database.
    pub store: Store,
    /// Who may see what.
    pub roster: Roster,
    /// Hears how far the index is.
    pub board: LinkBoard,
    /// Where the log ends.
    pub hub_log: HubLogHead,
    /// The synonyms.
    pub thesaurus: ThesaurusBook,
    /// Time and randomness.
    pub world: shouwang_proto::clock::World,
    /// Work blocks the calling thread, as a simulation needs it.
    pub one_thread: bool,
}

/// The search room. A clone shares it.
#[derive(Clone)]
pub struct SearchRoom {
    index: Arc<SearchIndex>,
    pool: Option<Arc<SearchPool>>,
    roster: Roster,
    board: LinkBoard,
    thesaurus: ThesaurusBook,
    progress: Arc<ArcSwap<Progress>>,
}

impl std::fmt::Debug for SearchRoom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SearchRoom").field("progress", &self.progress.load()).finish_non_exhaustive()
    }
}

impl SearchRoom {
    /// Opens the index in a folder. The tailer has not begun: run [`Tailer::follow`].
    ///
    /// # Errors
    /// When the folder cannot be written or the system gives no threads.
    pub fn open(folder: &Path, parts: RoomParts) -> Result<(Self, Tailer), SearchError> {
        let RoomParts { store, roster, board, hub_log, thesaurus, world, one_thread } = parts;
        let mut settings = IndexSettings { seed: world.random(), ..IndexSettings::default() };
        if one_thread {
            // Each commit clears tables of this size; a simulation has many small ones.
            settings.writer_bytes = 15_000_000;
        }
        let mut index = SearchIndex::open(folder, settings)?;
        if index.position() > hub_log.position() {
            // The database is older than the index: it was restored. What the index holds beyond it may never come
            // again, or come in another order, so the index begins anew.
            tracing::warn!(
                index = index.position(),
                log = hub_log.position(),
                "the index is ahead of the hub's log"
            );
            drop(index);
            std::fs::remove_dir_all(folder)?;
            index = SearchIndex::open(folder, settings)?;
        }
        index.set_thesaurus(synonyms(&thesaurus));
        let pool = if one_thread { None } else { Some(Arc::new(SearchPool::start(THREADS, WAITING)?)) };
        let told = board.clone();
        let reached = Arc::new(move |position| told.index_reached(position));
        let tailer = Tailer::new(Arc::clone(&index), store, hub_log.follow(), world, reached, one_thread);
        let progress = tailer.progress();
        Ok((Self { index, pool, roster, board, thesaurus, progress }, tailer))
    }

    /// Keeps the index's thesaurus as the council has it, for ever.
    pub async fn follow_thesaurus(self) {
        let mut changed = self.thesaurus.changed();
        loop {
            self.index.set_thesaurus(synonyms(&self.thesaurus));
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// How far the index is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        **self.progress.load()
    }

    /// Position of the hub's log up to which the index holds everything; 0 while it is made anew.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.index.position()
    }

    pub(super) fn index(&self) -> &Arc<SearchIndex> {
        &self.index
    }

    pub(super) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The caller as the index knows callers: its groups now, and whose publications nobody sees now.
    pub(super) fn caller(&self, caller: council::caller::Caller) -> Caller {
        let snapshot = self.roster.snapshot();
        let hidden = snapshot.members().filter(|member| !member.is_active()).map(|member| member.id.clone());
        Caller { member: caller.member, groups: caller.groups, hidden_members: Arc::new(hidden.collect()) }
    }

    /// Runs a search away from the network's threads.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED (SEARCH_BUSY) when too many wait already.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let Some(pool) = &self.pool else { return Ok(work()) };
        pool.run(work)
            .await
            .map_err(|busy| Refusal::new(Code::ResourceExhausted, "SEARCH_BUSY", busy.to_string()))
    }

    /// Waits until searches see these positions of members' logs.
    ///
    /// # Errors
    /// DEADLINE_EXCEEDED (NOT_APPLIED_YET) after two seconds.
    pub(super) async fn applied(&self, wanted: &[(MemberId, u64)]) -> Result<(), Refusal> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut visible = self.index.visible();
        let deadline = Instant::now() + PATIENCE;
        let mut look = interval(LOOK_AGAIN);
        loop {
            visible.borrow_and_update();
            if self.has_applied(wanted) {
                return Ok(());
            }
            let again = async {
                tokio::select! {
                    biased;
                    changed = visible.changed() => drop(changed),
                    _ = look.tick() => {}
                }
            };
            if timeout_at(deadline, again).await.is_err() {
                return Err(Refusal::new(
                    Code::DeadlineExceeded,
                    "NOT_APPLIED_YET",
                    "the index does not hold what was asked for yet; ask again （内容尚未可检索，请稍候再试）",
                ));
            }
        }
    }

    fn has_applied(&self, wanted: &[(MemberId, u64)]) -> bool {
        wanted
            .iter()
            .all(|(member, seq)| self.board.row(member).is_some_and(|row| row.searchable.seq >= *seq))
    }
}

fn synonyms(book: &ThesaurusBook) -> Thesaurus {
    let groups = book.groups();
    Thesaurus::new(groups.iter().map(|group| {
        let synonym = |text: &String| Synonym { text: text.clone(), weight: Synonym::USUAL_WEIGHT };
        group.terms.iter().map(synonym).collect()
    }))
}
