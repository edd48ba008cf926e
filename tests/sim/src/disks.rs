//! The disks of the machines, seen from outside: copied, replaced by older copies, put back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use shouwang_hub::{backup, config::HubConfig, store::mutual_aid::ahead};

use crate::{
    aid, check, evidence,
    ledger::{Key, Moment},
    model::Effect,
    plan::{Copy, Host},
    stage::Stage,
    surroundings,
};

/// A copy of a disk.
#[derive(Clone, Debug)]
struct Backup {
    made: Moment,
    folder: PathBuf,
}

/// The disks of one run and the copies made of them.
pub struct Disks {
    stage: Stage,
    backups: BTreeMap<Host, Vec<Backup>>,
    /// Numbers the folders.
    made: u32,
    /// The hub's disk from before its last proper restore.
    before: Option<PathBuf>,
    /// Was the hub's epoch ever raised?
    raised: bool,
    /// The hub's disk while the one from before is in its place.
    aside: Option<PathBuf>,
    /// When that came there.
    old_came: Moment,
    /// What the old hub had of each member whose node must refuse it: entries, and what it heard in emergencies.
    old_logs: BTreeMap<String, (usize, usize)>,
    /// Do people hear that a disk was replaced by an older one?
    declared: bool,
}

impl Disks {
    /// No copy yet.
    #[must_use]
    pub fn new(stage: &Stage, declared: bool) -> Self {
        Self {
            stage: stage.clone(),
            backups: BTreeMap::new(),
            made: 0,
            before: None,
            raised: false,
            aside: None,
            old_came: 0,
            old_logs: BTreeMap::new(),
            declared,
        }
    }

    fn place(&mut self) -> PathBuf {
        self.made += 1;
        self.stage.folder().join("copies").join(self.made.to_string())
    }

    /// Copies a disk. Only between two steps, when nothing writes.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn back_up(&mut self, host: Host, now: Moment) -> anyhow::Result<()> {
        let folder = self.place();
        copy_folder(&self.stage.disk(host), &folder)?;
        self.backups.entry(host).or_default().push(Backup { made: now, folder });
        Ok(())
    }

    /// Gives one machine a copy of another one's disk.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn give(&self, from: Host, to: Host) -> anyhow::Result<()> {
        copy_folder(&self.stage.disk(from), &self.stage.disk(to))
    }

    /// Takes the hub's index away.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn lose_index(&self) -> anyhow::Result<()> {
        remove_folder(&self.stage.disk(Host::Hub).join("index"))
    }

    /// Spoils what the hub counts of every member, as a careless statement or a bad disk does; readers see no difference.
    /// Not of the stranger: it opens no control link, and without a node that says its head the hub notices nothing.
    ///
    /// # Errors
    /// When the table is no longer there.
    pub fn spoil_digest(&self) -> anyhow::Result<()> {
        let file = self.stage.disk(Host::Hub).join("hub.db");
        let disk = Connection::open(&file).with_context(|| file.display().to_string())?;
        let spoiled = disk.execute(
            "update member_cursor set digest = zeroblob(8200) where member_id <> $1",
            (Host::Stranger.name(),),
        )?;
        if spoiled > 0 {
            self.stage.spoil();
        }
        Ok(())
    }

    fn choose(&mut self, host: Host, copy: Copy) -> Option<Backup> {
        let backups = self.backups.get_mut(&host)?;
        let backup = match copy {
            Copy::Oldest => backups.first(),
            Copy::Newest => backups.last(),
        };
        let backup = backup.cloned()?;
        // Later copies belong to a future that now never was.
        backups.retain(|other| other.made <= backup.made);
        Some(backup)
    }

    /// Replaces a disk by an older copy, as somebody does who copies files. A copy of the hub from before its epoch was
    /// raised is restored properly: else it would be the old hub for ever, which the nodes refuse for good reason.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn restore(&mut self, host: Host, copy: Copy, keep_index: bool, now: Moment) -> anyhow::Result<()> {
        if host == Host::Hub && self.raised {
            return self.restore_hub_properly(copy, now);
        }
        let Some(backup) = self.choose(host, copy) else { return Ok(()) };
        if host == Host::Hub {
            let noticed_by = self.who_notices(&backup)?;
            self.stage.aid(|aid| aid.hub_went_back(backup.made, now, noticed_by));
        }
        let (disk, aside) = (self.stage.disk(host), self.place());
        fs::create_dir_all(aside.parent().unwrap_or(&aside))?;
        fs::rename(&disk, &aside)?;
        copy_folder(&backup.folder, &disk)?;
        if keep_index && aside.join("index").exists() {
            remove_folder(&disk.join("index"))?;
            copy_folder(&aside.join("index"), &disk.join("index"))?;
        }
        remove_folder(&aside)?;
        self.restored(host, &backup, now)
    }

    /// Members whose nodes were told of more than there is in this copy of the hub's disk.
    fn who_notices(&self, backup: &Backup) -> anyhow::Result<BTreeSet<usize>> {
        let copied = evidence::hub(&backup.folder)?;
        let mut noticing = BTreeSet::new();
        for member in 0..self.stage.plan().members {
            let told = aid::evidence::node(&self.stage.disk(Host::Node(member)))?.durable;
            let cursor =
                copied.members.get(&Host::Node(member).name()).and_then(|copied| copied.cursor.as_ref());
            if cursor.is_some_and(|(position, _)| position.seq > 0 && position.seq < told) {
                noticing.insert(member);
            }
        }
        Ok(noticing)
    }

    /// Restores the hub from an older copy with the programs made for it.
    ///
    /// # Errors
    /// When a program fails.
    pub fn restore_hub_properly(&mut self, copy: Copy, now: Moment) -> anyhow::Result<()> {
        let Some(backup) = self.choose(Host::Hub, copy) else { return Ok(()) };
        let (disk, before) = (self.stage.disk(Host::Hub), self.place());
        fs::create_dir_all(before.parent().unwrap_or(&before))?;
        fs::rename(&disk, &before)?;
        (self.before, self.raised) = (Some(before), true);
        let seed = self.stage.plan().seed;
        // On the hub's own machine.
        let skew = self.stage.plan().skews.first().copied().unwrap_or(0);
        let world = surroundings::world(self.clock(now), seed, "restore", u64::from(self.made), skew);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let floor = ahead::floor(world.now());
        let whole = self.place();
        runtime.block_on(Box::pin(async {
            backup::backup(&HubConfig::new(&backup.folder), &whole).await?;
            backup::restore(&whole, &disk, &world).await
        }))?;
        self.stage.aid(|aid| aid.hub_restored(backup.made, floor));
        self.restored(Host::Hub, &backup, now)
    }

    /// The time of day, by a clock that is right.
    fn clock(&self, now: Moment) -> Timestamp {
        let passed = SignedDuration::from_millis(i64::try_from(now).unwrap_or(i64::MAX));
        self.stage.epoch().checked_add(passed).unwrap_or(self.stage.epoch())
    }

    fn restored(&self, host: Host, backup: &Backup, now: Moment) -> anyhow::Result<()> {
        self.stage.note_at(now, format!("{} has its disk of {}", host.name(), backup.made));
        if !self.declared {
            return Ok(());
        }
        if let Host::Node(member) = host {
            self.stage.forget(member);
        }
        if host != Host::Hub {
            self.stage.ledger(|ledger| ledger.node_restored(&host.name(), backup.made));
            return Ok(());
        }
        let at_nodes = self.at_restored_nodes()?;
        if self.stage.ledger(|ledger| ledger.hub_restored(backup.made, &at_nodes)) > 0 {
            self.stage.hit("restore: lost with the disks of node and hub");
        }
        Ok(())
    }

    /// What the logs on the disks of nodes say that ever went back to an older one.
    fn at_restored_nodes(&self) -> anyhow::Result<BTreeMap<Key, Vec<Effect>>> {
        let mut at_nodes = BTreeMap::new();
        for host in (0..self.stage.plan().members).map(Host::Node) {
            let member = host.name();
            if self.stage.ledger(|ledger| ledger.may_part(&member)) {
                let log = evidence::node(&self.stage.disk(host))?.log;
                let key = |external_id| Key { member: member.clone(), external_id };
                at_nodes
                    .extend(check::effects(&log).into_iter().map(|(number, effects)| (key(number), effects)));
            }
        }
        Ok(at_nodes)
    }

    /// Is there a hub from before a proper restore that could come back? Not the first of two restores of one backup while a
    /// node has met the second alone: both have one epoch, and nothing tells that node which of them is the newer, so that
    /// it would follow the first and refuse the second for good. That is a limit of the product, not of this fault.
    ///
    /// # Errors
    /// When a disk cannot be read.
    pub fn has_old_hub(&self) -> anyhow::Result<bool> {
        match &self.before {
            Some(before) if self.aside.is_none() => Ok(!self.misleads(before)?),
            Some(_) | None => Ok(false),
        }
    }

    fn misleads(&self, before: &Path) -> anyhow::Result<bool> {
        let old = evidence::hub(before)?;
        for disk in (0..self.stage.plan().members).map(|member| self.stage.disk(Host::Node(member))) {
            let (node, last) = (evidence::node(&disk)?, aid::evidence::node(&disk)?.hub);
            let met = last == old.incarnation || node.hubs_left.contains(&old.incarnation);
            if node.hub_epoch == old.epoch && !met {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts the hub's disk from before its last proper restore in its place, and the present one aside.
    ///
    /// # Errors
    /// When a folder cannot be moved.
    pub fn bring_old_hub(&mut self, now: Moment) -> anyhow::Result<()> {
        // Once more, for what a node was just writing down.
        if !self.has_old_hub()? {
            return Ok(());
        }
        let Some(before) = self.before.take() else { return Ok(()) };
        let (disk, aside) = (self.stage.disk(Host::Hub), self.place());
        fs::rename(&disk, &aside)?;
        fs::rename(&before, &disk)?;
        (self.aside, self.old_came) = (Some(aside), now);
        self.stage.aid(|aid| aid.old_hub_came());
        let (old, old_aid) = (evidence::hub(&disk)?, aid::evidence::whole_hub(&disk)?);
        // A node that never met the new hub may well go on with the old one.
        for member in 0..self.stage.plan().members {
            let node = evidence::node(&self.stage.disk(Host::Node(member)))?;
            let twin = node.hub_epoch == old.epoch && node.hubs_left.contains(&old.incarnation);
            if twin {
                self.stage.hit("hello: the first of two restores came back");
            }
            if node.hub_epoch > old.epoch || twin {
                let name = Host::Node(member).name();
                let seq = old.members.get(&name).map_or(0, |copied| copied.log.len());
                let heard = old_aid.heard_of(&name);
                self.old_logs.insert(name, (seq, heard));
            }
        }
        Ok(())
    }

    /// Puts the present disk of the hub back.
    ///
    /// # Errors
    /// When a folder cannot be moved.
    pub fn send_old_hub_away(&mut self, now: Moment) -> anyhow::Result<()> {
        let Some(aside) = self.aside.take() else { return Ok(()) };
        let disk = self.stage.disk(Host::Hub);
        self.stage.aid(|aid| aid.old_hub_went(self.old_came));
        let (old, old_aid) = (evidence::hub(&disk)?, aid::evidence::whole_hub(&disk)?);
        for (member, (before, heard)) in std::mem::take(&mut self.old_logs) {
            let after = old.members.get(&member).map_or(0, |copied| copied.log.len());
            let restored = self.stage.ledger(|ledger| ledger.may_part(&member));
            if after != before && !restored {
                let seen = format!("{member}: an old hub was given {} entries", after - before);
                self.stage.broken_at(now, "P9", seen);
            }
            let heard_now = old_aid.heard_of(&member);
            if heard_now != heard && !restored {
                let seen =
                    format!("{member}: an old hub heard {} words or notices", heard_now.abs_diff(heard));
                self.stage.broken_at(now, "P9", seen);
            }
        }
        remove_folder(&disk)?;
        fs::rename(&aside, &disk)?;
        Ok(())
    }
}

/// Copies a folder with everything in it, modes included.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    let mode = fs::metadata(from).with_context(|| from.display().to_string())?.permissions();
    fs::set_permissions(to, mode)?;
    for item in fs::read_dir(from)? {
        let item = item?;
        let target = to.join(item.file_name());
        if item.file_type()?.is_dir() {
            copy_folder(&item.path(), &target)?;
        } else {
            match fs::copy(item.path(), &target) {
                // The index's own threads still tidy up after a crash: a file may go while its folder is copied, as it may
                // for anybody who copies a folder that is in use.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !item.path().exists() => {}
                copied => drop(copied.with_context(|| target.display().to_string())?),
            }
        }
    }
    Ok(())
}

fn remove_folder(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| folder.display().to_string())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
