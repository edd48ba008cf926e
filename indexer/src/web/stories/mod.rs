//! Stories of the pages: the table of routes against every role, and what a browser sees.

mod board;
mod council;
mod deeds;
mod journeys;
mod map;
mod table;
mod wording;

use std::sync::Arc;

use axum::{Router, body::Body, response::Response};
use futures::StreamExt as _;
use http::{Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use shouwang_proto::{
    clock::World,
    id::MemberId,
    log::{chain::Position, key::LogKey},
};
use shouwang_serving::accept::PeerAddr;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{Site, SiteParts, router};
use crate::{
    council::{
        authority::Authority,
        caller::{Caller, Proof, Role},
        coordinator::Council,
        gate::Gate,
        oversight::{IndexProgress, Oversight},
        roster::{LogKeyStanding, Roster},
        service::CouncilDesk,
        thesaurus::ThesaurusBook,
    },
    link::{
        attachments::Attachments,
        board::LinkBoard,
        commit::{Delivery, batch_apply},
        judge::examine,
        script::Script,
        tracker::Tracker,
    },
    mutual_aid::{self, council_duty::CouncilAlerts, desk::Desk, room::MutualAid},
    people::{
        account::{Account, Post},
        coordinator::{AccountWish, People, Taking},
        signing_in::Attempt,
    },
    search::{
        room::{RoomParts, SearchRoom},
        service::SearchDesk,
    },
    store::{
        hub_log::HubLogHead,
        trial::{TrialEngine, TrialStore},
    },
};

const PASSWORD: &str = "kettle-otter-vivid";
/// The type of a stream of events.
const EVENTS: &str = "text/event-stream; charset=utf-8";

/// The pages over a real store and an empty index.
struct Hub {
    trial: TrialStore,
    _folder: tempfile::TempDir,
    people: People,
    gate: Gate,
    aid: MutualAid,
    /// Ends what looks on.
    stopping: CancellationToken,
    world: World,
    router: Router,
    plain: Router,
}

/// What a browser got.
struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    text: String,
}

impl Hub {
    async fn open() -> Self {
        Self::on(joined().await).await
    }

    /// The pages over a store where this was done before the hub started.
    async fn on(trial: TrialStore) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, world) = (trial.store.clone(), World::system());
        let roster = Roster::load(store.clone()).await.unwrap();
        let people = People::new(store.clone(), roster.clone(), world.clone());
        let gate = Gate::new(roster.clone(), world.clone(), 1_000);
        let board = LinkBoard::load(&store).await.unwrap();
        let parts = RoomParts {
            store: store.clone(),
            roster: roster.clone(),
            board,
            hub_log: HubLogHead::new(0),
            thesaurus: ThesaurusBook::load(store.clone()).await.unwrap(),
            world: world.clone(),
            one_thread: false,
        };
        let council = council_desk(folder.path(), &parts, &gate);
        let links = parts.board.clone();
        let (room, _tailer) = SearchRoom::open(&folder.path().join("index"), parts).unwrap();
        let stopping = CancellationToken::new();
        let aid = mutual_aid::trial::open(&trial, &links, world.clone()).await;
        let attachments = Attachments::open(&folder.path().join("attachments"), false).unwrap();
        let site = Site::new(SiteParts {
            people: people.clone(),
            search: SearchDesk::new(room, gate.clone(), store, attachments),
            council,
            aid: Desk::new(aid.clone(), gate.clone(), stopping.clone()),
            alerts: CouncilAlerts::new(aid.clone()),
            gate: gate.clone(),
            roster,
            index: Arc::new(IndexProgress::default),
            address: "https://hub.example".to_owned(),
            world: world.clone(),
        });
        let (router, plain) = (router(&site), router(&site.plain()));
        Self { trial, _folder: folder, people, gate, aid, world, stopping, router, plain }
    }

    /// An account with this post, and the session of somebody signed in with it.
    async fn signed_in(&self, post: Post, login: &str) -> (Account, String) {
        self.signed_in_as(post, login, "王敏").await
    }

    /// The same for somebody with another name.
    async fn signed_in_as(&self, post: Post, login: &str, name: &str) -> (Account, String) {
        let member = (post.role() == Role::Member).then(|| "hengrui-foundry".parse().unwrap());
        let wish = AccountWish { display_name: name.to_owned(), post, member };
        let secret = self.people.invite(&operator(), wish).await.unwrap().secret;
        let taking = Taking { login: login.to_owned(), password: PASSWORD.to_owned(), ..Taking::default() };
        let account = self.people.take(&secret, taking).await.unwrap();
        let attempt = Attempt {
            login: login.to_owned(),
            password: PASSWORD.to_owned(),
            address: [127, 0, 0, 1].into(),
            device: None,
            session: None,
            agent: String::new(),
        };
        let session = self.people.sign_in(attempt).await.unwrap().session;
        (account, format!("__Host-shouwang-session={session}"))
    }

    /// A token with the role of this account.
    async fn token(&self, account: &Account) -> String {
        self.people.make_token(account, "t".to_owned(), SignedDuration::from_hours(1)).await.unwrap().0
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        answer(self.router.clone(), request).await
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(request("GET", path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let request = request("POST", path)
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }
}

/// A store with one member.
async fn joined() -> TrialStore {
    let trial = TrialStore::open(TrialEngine::Sqlite).await;
    let member: MemberId = "hengrui-foundry".parse().unwrap();
    trial.join(&member, &LogKey::from_secret([1; 32]), "01").await;
    mutual_aid::trial::join_all(&trial).await;
    trial
}

/// A publication of hengrui-foundry without a title, which no rule lets through.
async fn quarantine(trial: &TrialStore) {
    let mut script = Script::of("hengrui-foundry".parse().unwrap(), LogKey::from_secret([1; 32]));
    script.put(1, "");
    let keys = vec![LogKeyStanding { key: script.key.public(), valid_from_seq: 1 }];
    let start = Position::default();
    let mut tracker = Tracker::new(script.alliance.clone(), script.member.clone(), start, keys, 0);
    let batch: Vec<_> = script.entries.iter().map(|entry| examine(entry.to_wire()).unwrap()).collect();
    tracker.begin_batch();
    for examined in &batch {
        tracker.admit(&examined.entry).unwrap();
    }
    let named = batch.iter().map(|examined| examined.entry.header().record).collect();
    let turned = tracker.take_turned();
    let delivery = Delivery { member: script.member, from: start, batch, turned, head: None, named };
    let now = Timestamp::UNIX_EPOCH;
    trial.store.write(async move |tx| batch_apply(tx, delivery, now).await).await.unwrap();
}

/// The council's desk over the same store.
fn council_desk(folder: &std::path::Path, parts: &RoomParts, gate: &Gate) -> CouncilDesk {
    let RoomParts { store, roster, board, hub_log, thesaurus, world, one_thread: _ } = parts;
    let alliance = "park".parse().unwrap();
    let authority = Authority::found(&folder.join("authority.pem"), &alliance, world).unwrap();
    let council = Council::new(store.clone(), roster.clone(), thesaurus.clone(), world.clone());
    let oversight = Oversight {
        store: store.clone(),
        roster: roster.clone(),
        board: board.clone(),
        hub_log: hub_log.clone(),
        index: Arc::new(IndexProgress::default),
        alliance,
        engine: "sqlite",
        certificate_ends: watch::channel(Timestamp::MAX).1,
        world: world.clone(),
    };
    let address = "hub.example:8440".to_owned();
    CouncilDesk::new(council, gate.clone(), Arc::new(authority), oversight, address)
}

fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "hub.example")
}

async fn answer(router: Router, mut request: Request<Body>) -> Answer {
    request.extensions_mut().insert(PeerAddr("127.0.0.1:5000".parse().unwrap()));
    let response: Response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let is_stream = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == EVENTS);
    let bytes = if is_stream {
        // What follows may never end; who wants more of it asks the router.
        body.into_data_stream().next().await.unwrap().unwrap()
    } else {
        axum::body::to_bytes(body, 10_000_000).await.unwrap()
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status: parts.status, headers: parts.headers, text }
}

impl Answer {
    fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
        cookies.filter(|cookie| cookie.starts_with(name)).map(str::to_owned).next()
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
