//! Stories of the pages: the table of routes against every role, and what a browser sees.

mod board;
mod journeys;
mod table;
mod wording;

use axum::{Router, body::Body, response::Response};
use futures::StreamExt as _;
use http::{Request, StatusCode, header};
use jiff::SignedDuration;
use shouwang_proto::{clock::World, id::MemberId, log::key::LogKey};
use shouwang_serving::accept::PeerAddr;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{Site, SiteParts, router};
use crate::{
    council::{
        caller::{Caller, Proof, Role},
        gate::Gate,
        oversight::IndexProgress,
        roster::Roster,
        thesaurus::ThesaurusBook,
    },
    link::{attachments::Attachments, board::LinkBoard},
    mutual_aid::{self, desk::Desk, room::MutualAid},
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
    _trial: TrialStore,
    _folder: tempfile::TempDir,
    people: People,
    gate: Gate,
    aid: MutualAid,
    /// Ends what looks on.
    stopping: CancellationToken,
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
        let trial = TrialStore::open(TrialEngine::Sqlite).await;
        let folder = tempfile::tempdir().unwrap();
        let member: MemberId = "hengrui-foundry".parse().unwrap();
        trial.join(&member, &LogKey::from_secret([1; 32]), "01").await;
        mutual_aid::trial::join_all(&trial).await;
        let (store, world) = (trial.store.clone(), World::system());
        let roster = Roster::load(store.clone()).await.unwrap();
        let people = People::new(store.clone(), roster.clone(), world.clone());
        let gate = Gate::new(roster.clone(), world.clone(), 1_000);
        let links = LinkBoard::load(&store).await.unwrap();
        let parts = RoomParts {
            store: store.clone(),
            roster: roster.clone(),
            board: links.clone(),
            hub_log: HubLogHead::new(0),
            thesaurus: ThesaurusBook::load(store.clone()).await.unwrap(),
            world: world.clone(),
            one_thread: false,
        };
        let (room, _tailer) = SearchRoom::open(&folder.path().join("index"), parts).unwrap();
        let stopping = CancellationToken::new();
        let aid = mutual_aid::trial::open(&trial, &links, world.clone()).await;
        let attachments = Attachments::open(&folder.path().join("attachments"), false).unwrap();
        let site = Site::new(SiteParts {
            people: people.clone(),
            search: SearchDesk::new(room, gate.clone(), store, attachments),
            aid: Desk::new(aid.clone(), gate.clone(), stopping.clone()),
            gate: gate.clone(),
            roster,
            index: std::sync::Arc::new(IndexProgress::default),
            address: "https://hub.example".to_owned(),
            world,
        });
        let (router, plain) = (router(&site), router(&site.plain()));
        Self { _trial: trial, _folder: folder, people, gate, aid, stopping, router, plain }
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
