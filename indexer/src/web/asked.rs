//! A request that has passed the hub's table, and who may send it.

use http::{HeaderMap, header};
use shouwang_pages::{
    Fields, Lang, asked,
    asked::House,
    doorman::{Doorman, Guest},
    frame::{Place, Reader, Subscription},
    known::Known,
    origin::Origin,
    route::Manner,
    trouble::Trouble,
};
use shouwang_proto::refusal::Refusal;
use shouwang_serving::store::StoreError;

use super::{
    SiteParts, council_nav, feeds,
    route::{Route as _, to},
};
use crate::{
    council::{
        caller::{Caller, Role},
        permission::{Authorized, Rpc},
    },
    people::{
        account::{Account, Post},
        coordinator::{Taking, Ticket},
        signing_in::{Attempt, Present, SignedIn},
    },
};

/// A request that has passed the table, for the route `R`.
pub type Asked<R> = asked::Asked<SiteParts, R>;

/// Who asks.
pub enum Visitor {
    /// A person who is signed in.
    Person(Box<Present>),
    /// A program with a token.
    Program(Caller),
}

impl Visitor {
    fn caller(&self) -> &Caller {
        match self {
            Self::Person(present) => &present.caller,
            Self::Program(caller) => caller,
        }
    }
}

impl std::fmt::Debug for Visitor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Visitor").field("caller", self.caller()).finish()
    }
}

impl House for SiteParts {
    type Role = Role;
    type Visitor = Visitor;

    const COOKIES: &'static str = "shouwang";

    /// A token for programs only, else the session.
    async fn recognise(
        &self,
        manner: Manner,
        headers: &HeaderMap,
        known: Known,
        origin: Origin,
    ) -> Result<Option<Visitor>, Trouble> {
        if manner == Manner::Api
            && let Some(secret) = bearer(headers)?
        {
            return Ok(Some(Visitor::Program(self.gate.recognise(secret)?)));
        }
        let present = match known.session {
            Some(secret) => self.people.present(&secret).await?,
            None => None,
        };
        let Some(present) = present else {
            self.gate.admit_address(Some(origin.address))?;
            return Ok(None);
        };
        self.gate.admit_person(&present.caller)?;
        Ok(Some(Visitor::Person(Box::new(present))))
    }

    fn role(visitor: &Visitor) -> Role {
        visitor.caller().role
    }

    fn head(&self, visitor: &Visitor, lang: Lang, path: &str) -> (Option<Reader>, Vec<Place>) {
        let Visitor::Person(present) = visitor else { return (None, Vec::new()) };
        let account = &present.account;
        let post = post_words(lang, account.post);
        let roster = self.roster.snapshot();
        let member = account.member.as_ref().and_then(|id| roster.member(id));
        let post =
            member.map_or_else(|| post.to_owned(), |member| format!("{} · {post}", member.display_name));
        let place = |address, key| Place::of(path, address, key);
        let mut places = vec![place("/", "place.search")];
        if to::ShowBoard::ROW.who.has(&present.caller.role) {
            places.push(place("/board", "place.board"));
        }
        if matches!(account.post.role(), Role::Council | Role::Operator) {
            let is_here = council_nav::is_here(path);
            places.push(Place { address: "/members", key: "place.council", is_here });
        }
        if account.post.role() == Role::Operator {
            places.push(place("/people", "place.people"));
        }
        (Some(Reader { name: account.display_name.clone(), post }), places)
    }

    fn feeds(&self, visitor: &Visitor, path: &str, fields: &Fields) -> Vec<Subscription> {
        match visitor {
            Visitor::Person(_) => feeds::of_page(path, fields),
            Visitor::Program(_) => Vec::new(),
        }
    }
}

impl Doorman for SiteParts {
    type Account = Account;

    const SET_UP: &'static str = "link.set-up-intro";

    async fn sign_in(&self, attempt: Attempt) -> Result<SignedIn, StoreError> {
        self.people.sign_in(attempt).await
    }

    async fn sign_out(&self, secret: &str) -> Result<(), StoreError> {
        self.people.sign_out(secret).await
    }

    async fn guest(&self, secret: &str, lang: Lang) -> Result<Guest, StoreError> {
        let Ticket { purpose, account, .. } = self.people.ticket(secret).await?;
        let login = account.credentials().map(|known| known.login.as_str().to_owned());
        let post = post_words(lang, account.post).to_owned();
        Ok(Guest { purpose, display_name: account.display_name, login, post })
    }

    async fn take(&self, secret: &str, typed: Taking) -> Result<Option<String>, StoreError> {
        let account = self.people.take(secret, typed).await?;
        Ok(account.credentials().map(|known| known.login.as_str().to_owned()))
    }
}

/// What a request says of who asks.
pub(super) trait Knowing {
    /// The person who is signed in.
    ///
    /// # Errors
    /// [`Trouble::SignInFirst`] when a program asks, which has no page of its own.
    fn person(&self) -> Result<&Present, Trouble>;

    /// The caller, as the same call over gRPC would have it: what a page does is in that table too.
    ///
    /// # Errors
    /// [`Trouble::SignInFirst`], PERMISSION_DENIED (ROLE_MISSING).
    fn authorized<P: Rpc>(&self) -> Result<Authorized<P>, Trouble>;
}

impl<R> Knowing for Asked<R> {
    fn person(&self) -> Result<&Present, Trouble> {
        match self.visitor()? {
            Visitor::Person(present) => Ok(present),
            Visitor::Program(_) => Err(Trouble::SignInFirst),
        }
    }

    fn authorized<P: Rpc>(&self) -> Result<Authorized<P>, Trouble> {
        Ok(Authorized::check(self.visitor()?.caller().clone())?)
    }
}

/// The token of a program, if it sent one. Something else in its place is refused, not overlooked.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Trouble> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| text.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        Some(_) | None => Err(Refusal::new(
            tonic::Code::Unauthenticated,
            "AUTHORIZATION_INVALID",
            "authorization must be `Bearer TOKEN` （授权头必须是 Bearer 令牌）",
        )
        .into()),
    }
}

/// What a post is called.
pub(super) fn post_words(lang: Lang, post: Post) -> &'static str {
    let key = match post {
        Post::Publisher => "post.publisher",
        Post::SafetyManager => "post.safety-manager",
        Post::Dispatcher => "post.dispatcher",
        Post::Council => "post.council",
        Post::Regulator => "post.regulator",
        Post::Operator => "post.operator",
    };
    lang.find(key).unwrap_or_default()
}
