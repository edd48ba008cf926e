//! The people of one member: they make, revise, publish, withdraw and import, hang up, ask again, and keep a ledger.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use anyhow::Context as _;
use shouwang_proto::wire::{self, publishing_service_client::PublishingServiceClient};
use uuid::Builder;

use super::{
    calls::{Door, Ended, Line, PUBLISHING_PORT, ended},
    letters::{Request, send_import, status},
    paper,
};
use crate::{
    chance::Chance,
    ledger::{Granted, Key},
    model::{Shelf, Wish},
    plan::Host,
    stage::{Look, Phase, Stage},
};

/// Reasons that concern the state of the node and not the wish; nothing was changed.
const OF_NODE: [&str; 2] = ["PUBLISHING_HELD", "NOT_JOINED"];
/// Reasons that say: not now.
const LATER: [&str; 3] = ["LOG_RESTORING", "STORE_UNAVAILABLE", "RATE_LIMITED"];

/// The people of one member.
pub struct Desk {
    stage: Stage,
    member: usize,
    /// The machine whose node they use: the member's own, or a copy of it.
    at: Host,
    chance: Chance,
    names: BTreeMap<Key, String>,
    versions: u32,
    prefix: &'static str,
    /// What was answered lately, to be sent once more out of order.
    answered: VecDeque<Answered>,
}

/// A request and its first answer.
#[derive(Clone, Debug)]
struct Answered {
    key: Key,
    wish: Wish,
    name: Option<String>,
    request_id: String,
    answer: Shelf,
}

/// Requests remembered for repeating.
const REMEMBERED: usize = 6;

/// What is still to be done about a wish.
enum Next {
    Done,
    AskAgain,
    GiveUp,
}

impl Desk {
    /// How the numbers begin that people give at a member's own node.
    pub const OF_MEMBERS: &'static str = "k";
    /// How they begin at a copy of it.
    pub const OF_COPIES: &'static str = "c";

    /// The people in front of a machine. `prefix` keeps the numbers of two desks of one member apart.
    #[must_use]
    pub fn new(stage: &Stage, member: usize, at: Host, prefix: &'static str) -> Self {
        let chance = Chance::of(stage.plan().seed, &format!("desk {}", at.name()));
        Self {
            stage: stage.clone(),
            member,
            at,
            chance,
            names: BTreeMap::new(),
            versions: 0,
            prefix,
            answered: VecDeque::new(),
        }
    }

    /// Works until the run heals, then finishes what is open.
    ///
    /// # Errors
    /// When the node's files cannot be used.
    pub async fn work(mut self) -> anyhow::Result<()> {
        let mut client = PublishingServiceClient::new(self.door()?);
        while self.stage.phase() == Phase::Chaos && !self.stage.is_held(self.member) {
            let pause = self.chance.within(1..self.stage.plan().manners.pause);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            if self.chance.per_mille(150) {
                self.ask_status(&mut client).await;
            } else if self.chance.per_mille(self.stage.plan().manners.import) {
                self.import(&mut client).await;
            } else {
                self.wish(&mut client).await;
            }
        }
        self.stage.end_work();
        Ok(())
    }

    fn door(&self) -> anyhow::Result<Line> {
        let disk = self.stage.disk(self.at);
        let (root, token) = (disk.join("local-root.pem"), disk.join("publisher.token"));
        let host = self.at.name();
        let door = Door {
            host: &host,
            port: PUBLISHING_PORT,
            server_name: "node.shouwang",
            root: &root,
            token: &token,
        };
        door.open().with_context(|| format!("desk of {host}"))
    }

    fn key(&mut self) -> Key {
        let number = self.chance.index(self.stage.plan().manners.keys);
        let mut key = self.key_at(number, 0);
        // A closed publication is replaced by a new one under another number.
        for round in 1.. {
            if !self.stage.ledger(|ledger| ledger.is_closed(&key)) {
                break;
            }
            key = self.key_at(number, round);
        }
        key
    }

    fn key_at(&self, number: usize, round: u32) -> Key {
        Key {
            member: Host::Node(self.member).name(),
            external_id: format!("{}{number}-{round}", self.prefix),
        }
    }

    fn next_version(&mut self) -> u32 {
        self.versions += 1;
        self.versions
    }

    /// Mostly something sensible, now and then something that must be refused.
    fn draw_wish(&mut self, key: &Key) -> Wish {
        let version = self.next_version();
        let drawn = self.chance.within(0..100);
        match self.stage.ledger(|ledger| ledger.shelf(key)) {
            Shelf::Absent => Wish::Create { version, publish: drawn < 70 },
            Shelf::Draft { .. } if drawn < 60 => Wish::Publish,
            Shelf::Draft { .. } if drawn < 90 => Wish::Revise { version },
            Shelf::Draft { .. } => Wish::Withdraw,
            Shelf::Published { .. } if drawn < 60 => Wish::Revise { version },
            Shelf::Published { .. } if drawn < 90 => Wish::Withdraw,
            Shelf::Published { .. } if drawn < 95 => Wish::Publish,
            Shelf::Published { .. } => Wish::Create { version, publish: true },
            Shelf::Withdrawn { .. } if drawn < 70 => Wish::Publish,
            Shelf::Withdrawn { .. } if drawn < 90 => Wish::Revise { version },
            Shelf::Withdrawn { .. } => Wish::Withdraw,
        }
    }

    async fn wish(&mut self, client: &mut PublishingServiceClient<Line>) {
        let key = self.key();
        let wish = self.draw_wish(&key);
        let request_id = self.request_id();
        self.stage.ledger(|ledger| ledger.asked(&key, wish));
        self.stage.note(format!("{} asks {key:?} {wish:?}", self.at.name()));
        let (name, text) = (self.names.get(&key).cloned(), self.stage.plan().manners.text);
        loop {
            let patience = self.patience();
            let request = Request { text, key: &key, wish, name: name.as_ref(), request_id: &request_id };
            let answer = ended(patience, request.send(client)).await;
            let shelf =
                if let Ended::Answered(publication) = &answer { paper::shelf(publication) } else { None };
            match self.settle(&key, answer) {
                Next::Done => {
                    self.answered.extend(shelf.map(|answer| Answered {
                        key: key.clone(),
                        wish,
                        name,
                        request_id,
                        answer,
                    }));
                    break;
                }
                Next::GiveUp => return,
                Next::AskAgain => self.pause().await,
            }
        }
        if self.answered.len() > REMEMBERED {
            self.answered.pop_front();
        }
        if self.chance.per_mille(self.stage.plan().manners.repeat) {
            self.repeat(client).await;
        }
        if self.chance.per_mille(300) {
            self.send_reader(client, &key).await;
        }
    }

    fn settle(&mut self, key: &Key, answer: Ended<wire::Publication>) -> Next {
        match answer {
            Ended::Answered(publication) => {
                let seen = paper::shelf(&publication);
                self.names.insert(key.clone(), publication.name);
                let now = self.stage.now();
                let granted = self.stage.ledger(|ledger| ledger.granted(key, seen, now));
                self.stage.note(format!("{} granted {key:?} {seen:?}", self.at.name()));
                if granted == Granted::Otherwise {
                    let expected = self.stage.ledger(|ledger| ledger.shelf(key));
                    self.stage.broken("P2", format!("{key:?} is {seen:?}, expected {expected:?}"));
                }
                Next::Done
            }
            Ended::Refused(refusal) if LATER.contains(&refusal.reason.as_ref()) => {
                self.stage.hit(format!("told to wait: {}", refusal.reason));
                self.unknown(key)
            }
            Ended::Refused(refusal) => {
                let of_node = OF_NODE.contains(&refusal.reason.as_ref());
                self.stage.note(format!("{} refused {key:?} {}", self.at.name(), refusal.reason));
                if refusal.reason == "PUBLISHING_HELD" {
                    self.stage.hold(self.member);
                }
                let granted = self.stage.ledger(|ledger| ledger.refused(key, &refusal.reason, of_node));
                if granted == Granted::Otherwise {
                    let shelf = self.stage.ledger(|ledger| ledger.shelf(key));
                    self.stage
                        .broken("P2", format!("{key:?} ({shelf:?}) refused: {} {refusal}", refusal.reason));
                }
                Next::Done
            }
            Ended::Unknown(why) => {
                self.stage.note(format!("{} unknown {key:?} {why}", self.at.name()));
                self.stage.hit("request without an answer");
                self.unknown(key)
            }
        }
    }

    /// Ask again, or never again.
    fn unknown(&mut self, key: &Key) -> Next {
        let healing = self.stage.phase() == Phase::Healing;
        if self.stage.ledger(|ledger| ledger.is_closed(key)) {
            return Next::GiveUp;
        }
        let gone = healing && matches!(self.at, Host::Clone(_));
        if gone || !healing && self.chance.per_mille(self.stage.plan().manners.abandon) {
            self.stage.ledger(|ledger| ledger.abandoned(key));
            self.stage.hit("request abandoned");
            return Next::GiveUp;
        }
        Next::AskAgain
    }

    /// A request of some time ago, sent once more, gets its first answer again and changes nothing.
    async fn repeat(&mut self, client: &mut PublishingServiceClient<Line>) {
        // A node that was restored has forgotten, and must not be asked.
        self.answered.retain(|answered| !self.stage.ledger(|ledger| ledger.is_closed(&answered.key)));
        let index = self.chance.index(self.answered.len());
        let text = self.stage.plan().manners.text;
        let Some(Answered { key, wish, name, request_id, answer }) = self.answered.get(index).cloned() else {
            return;
        };
        let request = Request { text, key: &key, wish, name: name.as_ref(), request_id: &request_id };
        let seen = match ended(Duration::from_secs(2), request.send(client)).await {
            Ended::Answered(publication) => format!("{:?}", paper::shelf(&publication)),
            Ended::Refused(refusal)
                if refusal.violations.is_empty() && !LATER.contains(&refusal.reason.as_ref()) =>
            {
                format!("refused: {}", refusal.reason)
            }
            Ended::Refused(_) | Ended::Unknown(_) => return,
        };
        self.stage.hit("request repeated");
        self.stage.note(format!("{} repeats {key:?} {wish:?}: {seen}", self.at.name()));
        let forgotten = self.stage.is_held(self.member) || self.stage.ledger(|ledger| ledger.is_closed(&key));
        if !forgotten && seen != format!("{:?}", Some(answer)) {
            self.stage.broken("P2", format!("{key:?} {wish:?} repeated: {seen}, first it was {answer:?}"));
        }
    }

    async fn import(&mut self, client: &mut PublishingServiceClient<Line>) {
        let mut lines: BTreeMap<Key, u32> = BTreeMap::new();
        for _ in 0..=self.chance.index(4) {
            let key = self.key();
            let version = self.next_version();
            lines.insert(key, version);
        }
        for (key, version) in &lines {
            self.stage.ledger(|ledger| ledger.asked(key, Wish::Import { version: *version }));
            self.stage.note(format!("{} imports {key:?} v{version}", self.at.name()));
        }
        let mut certain = true;
        loop {
            let patience = self.patience();
            match ended(patience, send_import(client, &lines, self.stage.plan().manners.text)).await {
                Ended::Answered(answers) => return self.settle_import(&lines, answers, certain),
                Ended::Refused(refusal) => {
                    self.stage.note(format!("{} import refused {}", self.at.name(), refusal.reason));
                    if refusal.reason == "PUBLISHING_HELD" {
                        self.stage.hold(self.member);
                        lines.keys().for_each(|key| self.stage.ledger(|ledger| ledger.abandoned(key)));
                        return;
                    }
                }
                Ended::Unknown(why) => self.stage.note(format!("{} import unknown {why}", self.at.name())),
            }
            certain = false;
            lines.retain(|key, _| matches!(self.unknown(key), Next::AskAgain));
            if lines.is_empty() {
                return;
            }
            self.pause().await;
        }
    }

    fn settle_import(
        &mut self,
        lines: &BTreeMap<Key, u32>,
        answers: Vec<wire::ImportPublicationsResponse>,
        certain: bool,
    ) {
        let now = self.stage.now();
        for ((key, version), answer) in lines.iter().zip(&answers) {
            self.stage.note(format!("{} imported {key:?} {:?}", self.at.name(), answer.outcome()));
            if answer.outcome() == wire::ImportOutcome::Refused {
                self.stage.broken("P2", format!("{key:?} v{version} refused: {:?}", answer.violations));
                continue;
            }
            self.names.insert(key.clone(), answer.name.clone());
            if self.stage.ledger(|ledger| ledger.granted(key, None, now)) == Granted::Otherwise {
                self.stage.broken("P2", format!("{key:?} v{version} imported against the model"));
            }
            // An import without an answer may still be under way and say the same once more.
            if !certain {
                self.stage.ledger(|ledger| ledger.retired(key));
            }
        }
        if answers.len() != lines.len() {
            self.stage.broken("P2", format!("{} lines imported, {} answered", lines.len(), answers.len()));
        }
    }

    /// When the node says that the hub has everything, everything granted before is safe even from the loss of the node.
    async fn ask_status(&mut self, client: &mut PublishingServiceClient<Line>) {
        let asked = self.stage.now();
        let Some(status) = status(client).await else { return };
        if status.publishing_held {
            self.stage.hold(self.member);
        }
        if status.head.is_some() && status.head == status.durable {
            let (member, now) = (Host::Node(self.member).name(), self.stage.now());
            self.stage.ledger(|ledger| ledger.delivered(&member, self.prefix, asked, now));
            self.stage.hit("all delivered");
        }
    }

    /// Tells the reader to look for what was just granted, and where in the log it is at the latest.
    async fn send_reader(&mut self, client: &mut PublishingServiceClient<Line>, key: &Key) {
        let granted = self.stage.ledger(|ledger| ledger.granted_count(key));
        let Some(seq) = status(client).await.and_then(|status| status.head).map(|head| head.seq) else {
            return;
        };
        if granted > 0 && !self.stage.ledger(|ledger| ledger.is_closed(key)) {
            self.stage.look(Look { key: key.clone(), granted, seq });
        }
    }

    fn patience(&mut self) -> Duration {
        if self.stage.phase() == Phase::Chaos && self.chance.per_mille(self.stage.plan().manners.hang_up) {
            self.stage.hit("hung up early");
            return Duration::from_millis(self.chance.within(1..120));
        }
        Duration::from_millis(self.chance.within(1_500..5_000))
    }

    async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.chance.within(20..600))).await;
    }

    fn request_id(&mut self) -> String {
        let mut bytes = [0; 16];
        self.chance.fill(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}
