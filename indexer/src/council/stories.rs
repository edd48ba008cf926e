//! Stories of the council room over a real store, told on both engines.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, KeyPair};
use shouwang_proto::{
    clock::{Clock, SystemClock, SystemEntropy, World},
    id::MemberId,
    log::key::{LogKey, join_statement, renewal_statement},
};
use shouwang_serving::store::{StoreError, StoreOptions, trial};

use super::{
    authority::{Authority, CertificateRequest},
    caller::{Caller, Proof, Role},
    coordinator::{Council, InviteWish, TokenWish},
    enrolment::{Enrolment, Join, Joined, Renewal},
    membership::MemberState,
    roster::Roster,
    thesaurus::ThesaurusBook,
};
use crate::store::{self, Store};

/// The machine's clock, moved forward by hand.
#[derive(Debug, Default)]
struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_hours(self.0.load(Ordering::Relaxed))
    }
}

/// A council room with its store.
struct Room {
    _folder: tempfile::TempDir,
    clock: Arc<MovedClock>,
    store: Store,
    roster: Roster,
    council: Council,
    enrolment: Enrolment,
    operator: Caller,
}

/// A node's keys.
struct Keys {
    tls: KeyPair,
    log: LogKey,
}

impl Keys {
    fn new(log: u8) -> Self {
        Self { tls: KeyPair::generate().unwrap(), log: LogKey::from_secret([log; 32]) }
    }

    fn request(&self) -> Vec<u8> {
        CertificateParams::default().serialize_request(&self.tls).unwrap().der().to_vec()
    }

    fn join(&self, token: &str) -> Join {
        let request_der = self.request();
        Join {
            token: token.to_owned(),
            request: CertificateRequest::parse(&request_der).unwrap(),
            log_key: self.log.public(),
            log_key_proof: self.log.sign(&join_statement(token, &request_der)).to_vec(),
            request_der,
        }
    }

    fn renewal(&self, member: &MemberId, challenge: &[u8]) -> Renewal {
        let request_der = self.request();
        Renewal {
            member: member.clone(),
            challenge: challenge.to_vec(),
            request: CertificateRequest::parse(&request_der).unwrap(),
            signature: self.log.sign(&renewal_statement(challenge, &request_der)).to_vec(),
            request_der,
        }
    }
}

impl Room {
    async fn open(url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(MovedClock::default());
        let world = World { clock: Arc::clone(&clock) as Arc<dyn Clock>, entropy: Arc::new(SystemEntropy) };
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("hub/hub.db").display()));
        let store = store::open(&url, StoreOptions::default()).await.unwrap();
        let alliance = "chenghu-park".parse().unwrap();
        let authority =
            Arc::new(Authority::found(&folder.path().join("authority.pem"), &alliance, &world).unwrap());
        let now = world.now();
        let founded = store
            .write(async move |tx| store::hub::hub_found(tx, &alliance, [7; 32], [8; 16], now).await)
            .await;
        assert!(founded.unwrap());
        let hub = store.read(async |conn| store::hub::hub_find(conn).await).await.unwrap().unwrap();
        let roster = Roster::load(store.clone()).await.unwrap();
        let thesaurus = ThesaurusBook::load(store.clone()).await.unwrap();
        let council = Council::new(store.clone(), roster.clone(), thesaurus, world.clone());
        let enrolment = Enrolment::new(store.clone(), roster.clone(), authority, &hub, world);
        let operator = Caller {
            token_id: "0".to_owned(),
            proof: Proof::Token,
            label: "operator".to_owned(),
            role: Role::Operator,
            member: None,
            groups: std::collections::BTreeSet::new(),
        };
        Self { _folder: folder, clock, store, roster, council, enrolment, operator }
    }

    /// One room on each engine.
    async fn both() -> [Self; 2] {
        [Self::open(None).await, Self::open(Some(trial::postgres_url())).await]
    }

    fn wish(member: &MemberId) -> InviteWish {
        InviteWish {
            member: member.clone(),
            display_name: Some("金索化工".to_owned()),
            groups: None,
            life: SignedDuration::from_hours(72),
            replace_node: false,
        }
    }

    async fn invite(&self, member: &MemberId) -> String {
        self.council.invite(&self.operator, Self::wish(member)).await.unwrap().secret
    }

    async fn joined(&self, member: &MemberId, keys: &Keys) -> Joined {
        let secret = self.invite(member).await;
        self.enrolment.join(keys.join(&secret)).await.unwrap()
    }

    fn serials(&self) -> Vec<String> {
        self.roster.snapshot().serials().map(str::to_owned).collect()
    }

    /// What was read change by change is what is there.
    async fn check_roster(&self) {
        let all = Roster::load(self.store.clone()).await.unwrap();
        assert_eq!(*self.roster.snapshot(), *all.snapshot());
    }

    async fn audit(&self) -> Result<u64, u64> {
        self.store.read(async |conn| store::audit::audit_check(conn).await).await.unwrap()
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>, reason: &str) {
    match result {
        Err(StoreError::Refused(refusal)) => assert_eq!(refusal.reason, reason),
        Ok(_) | Err(StoreError::Unavailable(_) | StoreError::Internal(_)) => {
            panic!("{result:?}, not {reason}")
        }
    }
}

fn member() -> MemberId {
    "jinsuo-chem".parse().unwrap()
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again_and_nobody_else_gets_one() {
    for room in Room::both().await {
        let secret = room.invite(&member()).await;
        let (keys, thief) = (Keys::new(1), Keys::new(2));
        refused(room.enrolment.join(keys.join(&"0".repeat(32))).await, "INVITE_INVALID");
        let mut forged = keys.join(&secret);
        forged.log_key_proof[0] ^= 1;
        refused(room.enrolment.join(forged).await, "FIELDS_INVALID");

        let first = room.enrolment.join(keys.join(&secret)).await.unwrap();
        let again = room.enrolment.join(keys.join(&secret)).await.unwrap();
        assert_eq!(first, again);
        assert_eq!(room.serials().len(), 1);
        refused(room.enrolment.join(thief.join(&secret)).await, "INVITE_INVALID");
        let other_log = Keys { tls: keys.tls, log: LogKey::from_secret([3; 32]) };
        refused(room.enrolment.join(other_log.join(&secret)).await, "INVITE_INVALID");

        let snapshot = room.roster.snapshot();
        let standing = snapshot.by_serial(&room.serials()[0]).unwrap();
        assert_eq!((standing.state, standing.log_key_at(1)), (MemberState::Active, Some(&keys.log.public())));
        assert_eq!(standing.groups.iter().map(|group| group.as_str()).collect::<Vec<_>>(), ["alliance"]);
        refused(room.council.invite(&room.operator, Room::wish(&member())).await, "MEMBER_ENROLLED");
        assert_eq!(room.audit().await, Ok(2));
        room.check_roster().await;
    }
}

#[tokio::test]
async fn only_the_newest_invite_works_and_only_in_its_time() {
    for room in Room::both().await {
        let old = room.invite(&member()).await;
        let new = room.invite(&member()).await;
        let keys = Keys::new(1);
        refused(room.enrolment.join(keys.join(&old)).await, "INVITE_INVALID");
        room.clock.0.store(72, Ordering::Relaxed);
        refused(room.enrolment.join(keys.join(&new)).await, "INVITE_INVALID");
        room.clock.0.store(71, Ordering::Relaxed);
        room.enrolment.join(keys.join(&new)).await.unwrap();
        assert!(room.serials().len() == 1);
    }
}

#[tokio::test]
async fn the_old_certificate_works_until_the_new_one_is_used() {
    for room in Room::both().await {
        let keys = Keys::new(1);
        room.joined(&member(), &keys).await;
        let first = room.serials();
        let now = room.clock.now();
        room.roster.certificate_used(&first[0], now).await.unwrap();
        // Long after its end: the log key alone renews.
        room.clock.0.store(24 * 40, Ordering::Relaxed);
        let challenge = room.enrolment.challenge(&member()).unwrap();
        let stranger = Keys::new(9).renewal(&member(), &challenge);
        refused(room.enrolment.renew(stranger).await, "CHALLENGE_INVALID");
        let renewed = room.enrolment.renew(keys.renewal(&member(), &challenge)).await.unwrap();
        let again = room.enrolment.renew(keys.renewal(&member(), &challenge)).await.unwrap();
        assert_eq!(renewed, again, "a lost answer is given again");
        let both = room.serials();
        assert!(both.len() == 2 && both.contains(&first[0]));

        // The answer was lost for good, and the node made another key: what it never had is revoked.
        let other = Keys { tls: KeyPair::generate().unwrap(), log: keys.log.clone() };
        room.enrolment.renew(other.renewal(&member(), &challenge)).await.unwrap();
        let second: Vec<_> = room.serials().into_iter().filter(|serial| *serial != first[0]).collect();
        assert!(second.len() == 1 && !both.contains(&second[0]));
        room.roster.certificate_used(&second[0], room.clock.now()).await.unwrap();
        assert_eq!(room.serials(), second);
        room.clock.0.fetch_add(1, Ordering::Relaxed);
        refused(room.enrolment.renew(keys.renewal(&member(), &challenge)).await, "CHALLENGE_INVALID");
        assert_eq!(room.audit().await, Ok(4));
        room.check_roster().await;
    }
}

#[tokio::test]
async fn nothing_works_for_a_suspended_member_and_everything_does_again() {
    for room in Room::both().await {
        let keys = Keys::new(1);
        room.joined(&member(), &keys).await;
        let serial = room.serials().remove(0);
        let wish = TokenWish {
            label: "大屏".to_owned(),
            role: Role::Member,
            member: Some(member()),
            life: SignedDuration::from_hours(1),
        };
        let token = room.council.issue_token(&room.operator, wish.clone()).await.unwrap();
        let caller = room.roster.snapshot().caller(&token.secret, room.clock.now()).unwrap();
        assert_eq!((caller.member, caller.groups.len()), (Some(member()), 1));

        let suspended = room.council.suspend(&room.operator, member(), "欠检".to_owned()).await.unwrap();
        assert_eq!((suspended.state, suspended.groups.len()), (MemberState::Suspended, 0));
        let snapshot = room.roster.snapshot();
        let refusals = [
            snapshot.admit_link(&serial).unwrap_err(),
            snapshot.caller(&token.secret, room.clock.now()).unwrap_err(),
            room.enrolment.challenge(&member()).unwrap_err(),
        ];
        assert!(refusals.iter().all(|refusal| refusal.reason == "MEMBER_SUSPENDED"), "{refusals:?}");
        refused(room.council.issue_token(&room.operator, wish).await, "MEMBER_SUSPENDED");
        refused(room.council.invite(&room.operator, Room::wish(&member())).await, "MEMBER_SUSPENDED");
        let audited = room.audit().await;
        room.council.suspend(&room.operator, member(), "again".to_owned()).await.unwrap();
        assert_eq!(room.audit().await, audited, "what changes nothing is no deed");

        let back = room.council.reinstate(&room.operator, member()).await.unwrap();
        assert_eq!(back.state, MemberState::Active);
        let snapshot = room.roster.snapshot();
        assert!(snapshot.admit_link(&serial).is_ok());
        assert!(snapshot.caller(&token.secret, room.clock.now()).is_ok());
        let ended = snapshot.caller(&token.secret, room.clock.now() + SignedDuration::from_hours(1));
        assert_eq!(ended.unwrap_err().reason, "TOKEN_EXPIRED");
        room.council.revoke_token(&room.operator, token.id.clone()).await.unwrap();
        let revoked = room.roster.snapshot().caller(&token.secret, room.clock.now());
        assert_eq!(revoked.unwrap_err().reason, "TOKEN_INVALID");
        refused(room.council.revoke_token(&room.operator, token.id).await, "TOKEN_UNKNOWN");
        room.check_roster().await;
    }
}

#[tokio::test]
async fn a_suspended_invite_does_not_let_anybody_in() {
    for room in Room::both().await {
        let secret = room.invite(&member()).await;
        room.council.suspend(&room.operator, member(), "error".to_owned()).await.unwrap();
        refused(room.enrolment.join(Keys::new(1).join(&secret)).await, "MEMBER_SUSPENDED");
        let back = room.council.reinstate(&room.operator, member()).await.unwrap();
        assert_eq!(back.state, MemberState::Invited);
        refused(room.enrolment.join(Keys::new(1).join(&secret)).await, "INVITE_INVALID");
    }
}

#[tokio::test]
async fn another_hub_on_the_same_database_hears_of_changes() {
    let url = trial::postgres_url();
    let room = Room::open(Some(url.clone())).await;
    let store = store::open(&url, StoreOptions::default()).await.unwrap();
    let elsewhere = Roster::load(store).await.unwrap();
    let (mut changed, version) = (elsewhere.changed(), elsewhere.snapshot().version);
    let mut watching = tokio::task::JoinSet::new();
    watching.spawn(elsewhere.clone().follow());
    room.invite(&member()).await;
    changed.wait_for(|heard| *heard > version).await.unwrap();
    assert_eq!(elsewhere.snapshot().member(&member()).unwrap().state, MemberState::Invited);
}

#[tokio::test]
async fn a_changed_or_missing_audit_row_is_found() {
    for room in Room::both().await {
        for groups in [["hot-work"], ["heights"]] {
            let mut wish = Room::wish(&member());
            wish.groups = Some(groups.iter().map(|group| group.parse().unwrap()).collect());
            room.council.invite(&room.operator, wish).await.unwrap();
        }
        room.check_roster().await;
        room.council
            .put_group(&room.operator, None, vec!["动火".to_owned(), "hot work".to_owned()])
            .await
            .unwrap();
        assert_eq!(room.audit().await, Ok(3));
        assert_eq!(room.council.thesaurus().groups().len(), 1);
        room.store.write(async |tx| store::audit::audit_spoil(tx, 2).await).await.unwrap();
        assert_eq!(room.audit().await, Err(2));
        room.store.write(async |tx| store::audit::audit_cut(tx, 2).await).await.unwrap();
        assert_eq!(room.audit().await, Err(2));
    }
}

#[tokio::test]
async fn synonyms_are_added_replaced_and_removed() {
    for room in Room::both().await {
        let book = room.council.thesaurus();
        let mut changed = book.changed();
        let terms = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let operator = &room.operator;
        let group = room.council.put_group(operator, None, terms(&["有限空间", "受限空间"])).await.unwrap();
        assert!(changed.has_changed().unwrap());
        changed.mark_unchanged();
        let wider = terms(&["有限空间", "受限空间", "confined space"]);
        room.council.put_group(operator, Some(group.id), wider.clone()).await.unwrap();
        assert_eq!(book.groups()[0].terms, wider);
        room.council.delete_group(operator, group.id).await.unwrap();
        assert!(book.groups().is_empty() && changed.has_changed().unwrap());
        refused(room.council.delete_group(operator, group.id).await, "THESAURUS_GROUP_UNKNOWN");
        refused(room.council.put_group(operator, Some(group.id), wider).await, "THESAURUS_GROUP_UNKNOWN");
        assert_eq!(room.audit().await, Ok(3));
    }
}
