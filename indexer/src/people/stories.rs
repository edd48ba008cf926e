//! Stories of the people's room over a real store, told on both engines.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::clock::{Clock, SystemEntropy, World};
use shouwang_serving::store::StoreError;

use super::{
    account::{Account, AccountState, Post},
    coordinator::{AccountWish, People, Taking},
    signing_in::{Attempt, SignedIn},
};
use crate::{
    council::{
        caller::{Caller, Proof, Role},
        roster::Roster,
    },
    store::{
        self,
        trial::{TrialEngine, TrialStore},
    },
};

const PASSWORD: &str = "kettle-otter-vivid";

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + self.0.load(Ordering::Relaxed)).unwrap()
    }
}

struct Room {
    trial: TrialStore,
    clock: Arc<HandClock>,
    roster: Roster,
    people: People,
}

impl Room {
    async fn open(engine: TrialEngine) -> Self {
        let trial = TrialStore::open(engine).await;
        let clock = Arc::new(HandClock::default());
        let world = World { clock: Arc::clone(&clock) as Arc<dyn Clock>, entropy: Arc::new(SystemEntropy) };
        let roster = Roster::load(trial.store.clone()).await.unwrap();
        let people = People::new(trial.store.clone(), roster.clone(), world);
        Self { trial, clock, roster, people }
    }

    async fn both() -> [Self; 2] {
        [Self::open(TrialEngine::Sqlite).await, Self::open(TrialEngine::Postgres).await]
    }

    fn wait(&self, duration: SignedDuration) {
        self.clock.0.fetch_add(duration.as_secs(), Ordering::Relaxed);
    }

    async fn invite(&self, post: Post, login: &str) -> Account {
        let wish = AccountWish { display_name: "王敏".to_owned(), post, member: None };
        let linked = self.people.invite(&operator(), wish).await.unwrap();
        self.people.take(&linked.secret, taking(login)).await.unwrap()
    }

    async fn sign_in(&self, login: &str, password: &str) -> Result<SignedIn, StoreError> {
        self.people.sign_in(attempt(login, password, None)).await
    }

    async fn is_present(&self, session: &str) -> bool {
        self.people.present(session).await.unwrap().is_some()
    }

    async fn audit_holds(&self) -> bool {
        self.trial.store.read(async |conn| store::audit::audit_check(conn).await).await.unwrap().is_ok()
    }
}

fn taking(login: &str) -> Taking {
    Taking { display_name: String::new(), login: login.to_owned(), password: PASSWORD.to_owned() }
}

fn attempt(login: &str, password: &str, device: Option<String>) -> Attempt {
    Attempt {
        login: login.to_owned(),
        password: password.to_owned(),
        address: IpAddr::from([192, 0, 2, 1]),
        device,
        session: None,
        agent: "trial".to_owned(),
    }
}

fn operator() -> Caller {
    Caller {
        token_id: "0".to_owned(),
        proof: Proof::Token,
        label: "operator".to_owned(),
        role: Role::Operator,
        member: None,
        groups: std::collections::BTreeSet::new(),
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

#[tokio::test]
async fn the_first_operator_sets_up_once() {
    for room in Room::both().await {
        let first = room.people.set_up().await.unwrap().unwrap();
        let second = room.people.set_up().await.unwrap().unwrap();
        assert_eq!(first.account.id, second.account.id, "a second start makes no second operator");
        refused(room.people.take(&first.secret, taking("gu")).await, "LINK_INVALID");
        let wrong = Taking { password: "short".to_owned(), login: "x".to_owned(), ..Taking::default() };
        match room.people.take(&second.secret, wrong).await {
            Err(StoreError::Refused(refusal)) => {
                let fields: Vec<_> = refusal.violations.iter().map(|wrong| wrong.field.as_str()).collect();
                assert_eq!(fields, ["display_name", "login", "password"]);
            }
            other => panic!("{other:?}"),
        }
        let named = Taking { display_name: "顾思远".to_owned(), ..taking("gu.siyuan") };
        let account = room.people.take(&second.secret, named).await.unwrap();
        assert_eq!((account.display_name.as_str(), account.post), ("顾思远", Post::Operator));
        assert!(room.people.set_up().await.unwrap().is_none(), "somebody can sign in");
        refused(room.people.take(&second.secret, taking("again")).await, "LINK_INVALID");
        assert!(room.audit_holds().await);
    }
}

#[tokio::test]
async fn a_link_ends_and_a_login_name_is_one_persons() {
    for room in Room::both().await {
        let wish = || AccountWish { display_name: "李强".to_owned(), post: Post::Council, member: None };
        room.invite(Post::Council, "li.qiang").await;
        let taken = room.people.invite(&operator(), wish()).await.unwrap();
        refused(room.people.take(&taken.secret, taking("LI.Qiang")).await, "LOGIN_TAKEN");
        room.people.take(&taken.secret, taking("li.qiang.2")).await.unwrap();
        let late = room.people.invite(&operator(), wish()).await.unwrap();
        room.wait(SignedDuration::from_hours(72));
        refused(room.people.take(&late.secret, taking("late")).await, "LINK_INVALID");
        let nobody = AccountWish { member: Some("nobody".parse().unwrap()), ..wish() };
        refused(room.people.invite(&operator(), nobody).await, "MEMBER_UNKNOWN");
    }
}

#[tokio::test]
async fn a_sign_in_gives_the_role_and_ends_by_age() {
    for room in Room::both().await {
        room.invite(Post::Regulator, "reader").await;
        refused(room.sign_in("reader", "wrong password!").await, "SIGN_IN_FAILED");
        refused(room.sign_in("nobody", PASSWORD).await, "SIGN_IN_FAILED");
        let signed_in = room.sign_in("Reader", PASSWORD).await.unwrap();
        let present = room.people.present(&signed_in.session).await.unwrap().unwrap();
        assert_eq!((present.caller.role, present.caller.proof), (Role::Regulator, Proof::Session));
        assert!(present.caller.actor().starts_with("accounts/"));
        room.wait(SignedDuration::from_hours(11));
        assert!(room.is_present(&signed_in.session).await, "seen again");
        room.wait(SignedDuration::from_hours(11));
        assert!(room.is_present(&signed_in.session).await, "eleven hours after that");
        room.wait(SignedDuration::from_hours(12));
        assert!(!room.is_present(&signed_in.session).await, "idle");
        assert!(!room.is_present("no such session").await);
    }
}

#[tokio::test]
async fn what_strangers_try_does_not_hold_up_a_known_device() {
    for room in Room::both().await {
        room.invite(Post::Council, "target").await;
        let own = room.sign_in("target", PASSWORD).await.unwrap();
        for _ in 0..5 {
            refused(room.sign_in("target", "wrong password!").await, "SIGN_IN_FAILED");
        }
        refused(room.sign_in("target", PASSWORD).await, "SIGN_IN_WAIT");
        let known = attempt("target", PASSWORD, Some(own.device.clone()));
        room.people.sign_in(known).await.unwrap();
        for _ in 0..5 {
            let wrong = attempt("target", "wrong password!", Some(own.device.clone()));
            refused(room.people.sign_in(wrong).await, "SIGN_IN_FAILED");
        }
        let hammered = attempt("target", PASSWORD, Some(own.device.clone()));
        refused(room.people.sign_in(hammered.clone()).await, "SIGN_IN_WAIT");
        room.wait(SignedDuration::from_secs(31));
        room.people.sign_in(hammered).await.unwrap();
    }
}

#[tokio::test]
async fn who_is_taken_out_of_use_is_out_at_once() {
    for room in Room::both().await {
        let gone = room.invite(Post::Council, "gone").await;
        let signed_in = room.sign_in("gone", PASSWORD).await.unwrap();
        let (token, _) =
            room.people.make_token(&gone, "laptop".to_owned(), SignedDuration::from_hours(24)).await.unwrap();
        let works = || room.roster.snapshot().caller(&token, room.clock.now()).is_ok();
        assert!(works() && room.is_present(&signed_in.session).await);
        let pending = room.people.reset(&operator(), gone.id.clone()).await.unwrap();
        let account = room.people.disable(&operator(), gone.id.clone()).await.unwrap();
        assert_eq!(account.state, AccountState::Disabled);
        assert!(!works() && !room.is_present(&signed_in.session).await);
        refused(room.sign_in("gone", PASSWORD).await, "SIGN_IN_FAILED");
        refused(room.people.take(&pending.secret, taking("gone")).await, "LINK_INVALID");
        refused(room.people.reset(&operator(), gone.id.clone()).await, "ACCOUNT_DISABLED");
        let life = SignedDuration::from_hours(1);
        refused(room.people.make_token(&gone, "late".to_owned(), life).await, "ACCOUNT_DISABLED");
        assert!(room.audit_holds().await);
    }
}

#[tokio::test]
async fn the_last_operator_stays() {
    for room in Room::both().await {
        let one = room.invite(Post::Operator, "one").await;
        refused(room.people.disable(&operator(), one.id.clone()).await, "LAST_OPERATOR");
        let other = room.invite(Post::Operator, "other").await;
        room.people.disable(&operator(), one.id).await.unwrap();
        refused(room.people.disable(&operator(), other.id).await, "LAST_OPERATOR");
    }
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    for room in Room::both().await {
        room.invite(Post::Dispatcher, "duty").await;
        let (here, elsewhere) =
            (room.sign_in("duty", PASSWORD).await.unwrap(), room.sign_in("duty", PASSWORD).await.unwrap());
        let present = room.people.present(&here.session).await.unwrap().unwrap();
        let change =
            async |old: &str, new: &str| room.people.change_password(&present, old.to_owned(), new).await;
        refused(change("not the old one", "short").await, "FIELDS_INVALID");
        change(PASSWORD, "marble lantern cobalt river").await.unwrap();
        assert!(room.is_present(&here.session).await && !room.is_present(&elsewhere.session).await);
        refused(room.sign_in("duty", PASSWORD).await, "SIGN_IN_FAILED");
        room.sign_in("duty", "marble lantern cobalt river").await.unwrap();
        room.people.end_others(&present).await.unwrap();
        assert_eq!(room.people.sessions(&present.account).await.unwrap().len(), 1);
        room.people.sign_out(&here.session).await.unwrap();
        assert!(!room.is_present(&here.session).await);
    }
}

#[tokio::test]
async fn own_tokens_have_the_persons_role_and_are_revoked_by_their_owner_only() {
    for room in Room::both().await {
        let (mine, other) =
            (room.invite(Post::Regulator, "mine").await, room.invite(Post::Council, "other").await);
        let life = SignedDuration::from_hours(24);
        let (secret, id) = room.people.make_token(&mine, "报表".to_owned(), life).await.unwrap();
        let caller = || room.roster.snapshot().caller(&secret, room.clock.now());
        assert_eq!(caller().unwrap().role, Role::Regulator);
        room.people.revoke_token(&other, id.clone()).await.unwrap();
        assert!(caller().is_ok(), "it is not the other one's");
        room.people.revoke_token(&mine, id).await.unwrap();
        assert_eq!(caller().unwrap_err().reason, "TOKEN_INVALID");
        assert!(room.people.own_tokens(&mine).await.unwrap().is_empty());
        for number in 0..20 {
            room.people.make_token(&mine, number.to_string(), life).await.unwrap();
        }
        refused(room.people.make_token(&mine, "one more".to_owned(), life).await, "TOKENS_FULL");
    }
}
