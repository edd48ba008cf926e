//! A request that has passed the table of routes. Only this file makes one.

use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};

use askama::Template;
use axum::{
    extract::{FromRequestParts as _, RawPathParams, Request},
    response::Response,
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use shouwang_pages::{
    Fields, Lang,
    frame::{Frame, Place, Reader},
    language, reply,
};
use shouwang_proto::refusal::Refusal;

use super::{
    Site,
    address::{self, Origin},
    cookies, council_nav,
    route::{Manner, Method, Route, Row, Who, to},
    trouble::Trouble,
};
use crate::{
    council::{
        caller::{Caller, Role},
        permission::{Authorized, Rpc},
    },
    people::{account::Post, signing_in::Present},
};

/// Most bytes of a form.
const FORM_BYTES: usize = 64 * 1024;

/// Who asks.
pub(super) enum Visitor {
    Nobody,
    Person(Box<Present>),
    Program(Caller),
}

impl Visitor {
    fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Nobody => None,
            Self::Person(present) => Some(&present.caller),
            Self::Program(caller) => Some(caller),
        }
    }
}

/// A request before the table: what every answer needs, also a refusal.
pub(super) struct Arrival {
    pub(super) site: Site,
    pub(super) row: Row,
    pub(super) lang: Lang,
    pub(super) path: String,
    pub(super) fields: Fields,
    pub(super) headers: HeaderMap,
    pub(super) origin: Origin,
    pub(super) visitor: Visitor,
}

/// A request that has passed the table, for the route `R`.
pub struct Asked<R> {
    pub(super) base: Arc<Arrival>,
    /// What a form says; empty when the route looks only.
    pub(super) form: Fields,
    names: BTreeMap<String, String>,
    route: PhantomData<fn() -> R>,
}

impl Arrival {
    /// Reads what does not depend on who asks.
    pub(super) fn read(site: Site, row: Row, parts: &Parts) -> Self {
        let origin = address::read(&parts.headers, &parts.extensions, site.is_tls());
        let fields = Fields::read(parts.uri.query().unwrap_or_default().as_bytes());
        let known = cookies::read(&parts.headers, origin.is_secure);
        let accept = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let asked = fields.first("lang");
        let asked = (!asked.is_empty()).then_some(asked);
        Self {
            lang: language::choose(asked, known.language.as_deref(), accept),
            path: parts.uri.path().to_owned(),
            headers: parts.headers.clone(),
            visitor: Visitor::Nobody,
            site,
            row,
            fields,
            origin,
        }
    }

    /// Finds out who asks: a token for programs only, else the session.
    async fn recognise(&mut self) -> Result<(), Trouble> {
        if self.row.manner == Manner::Api
            && let Some(secret) = bearer(&self.headers)?
        {
            self.visitor = Visitor::Program(self.site.gate.recognise(secret)?);
            return Ok(());
        }
        let Some(secret) = cookies::read(&self.headers, self.origin.is_secure).session else {
            return self.site.gate.admit_address(Some(self.origin.address)).map_err(Trouble::from);
        };
        match self.site.people.present(&secret).await? {
            Some(present) => {
                self.site.gate.admit_person(&present.caller)?;
                self.visitor = Visitor::Person(Box::new(present));
                Ok(())
            }
            None => self.site.gate.admit_address(Some(self.origin.address)).map_err(Trouble::from),
        }
    }

    /// A whole page.
    pub(super) fn page(
        &self,
        status: StatusCode,
        title: String,
        main: &impl Template,
        scripts: &'static [&'static str],
    ) -> Result<Response, Trouble> {
        let (reader, places) = match &self.visitor {
            Visitor::Person(present) => (Some(self.reader(present)), self.places(present)),
            Visitor::Nobody | Visitor::Program(_) => (None, Vec::new()),
        };
        let frame = Frame {
            lang: self.lang,
            title,
            main: main.render()?,
            places,
            reader,
            path: self.path.clone(),
            fields: self.fields.clone(),
            scripts,
            is_addressable: self.row.method == Method::Get,
        };
        Ok(reply::html(status, frame.render()?, &self.headers))
    }

    fn reader(&self, present: &Present) -> Reader {
        let account = &present.account;
        let post = post_words(self.lang, account.post);
        let roster = self.site.roster.snapshot();
        let member = account.member.as_ref().and_then(|id| roster.member(id));
        let post =
            member.map_or_else(|| post.to_owned(), |member| format!("{} · {post}", member.display_name));
        Reader { name: account.display_name.clone(), post }
    }

    fn places(&self, present: &Present) -> Vec<Place> {
        let place = |address: &'static str, key: &'static str| {
            let is_below = address.len() > 1 && self.path.starts_with(&format!("{address}/"));
            Place { address, key, is_here: self.path == address || is_below }
        };
        let mut places = vec![place("/", "place.search")];
        if allow(to::ShowBoard::ROW.who, Some(&present.caller)).is_ok() {
            places.push(place("/board", "place.board"));
        }
        if matches!(present.account.post.role(), Role::Council | Role::Operator) {
            let is_here = council_nav::is_here(&self.path);
            places.push(Place { address: "/members", key: "place.council", is_here });
        }
        if present.account.post.role() == Role::Operator {
            places.push(place("/people", "place.people"));
        }
        places
    }

    /// The answer to a request that is refused.
    pub(super) fn refuse(&self, trouble: &Trouble) -> Response {
        match self.row.manner {
            Manner::Api => trouble.json(),
            Manner::Fragment => reply::text(trouble.status(), &trouble.words(self.lang)),
            Manner::Page | Manner::Form if *trouble == Trouble::SignInFirst => self.to_sign_in(),
            Manner::Page | Manner::Form => self.trouble_page(trouble),
        }
    }

    fn to_sign_in(&self) -> Response {
        // After a form one goes on at the beginning: what was sent is gone.
        let next = if self.row.method == Method::Get {
            format!("{}{}", self.path, self.fields.query())
        } else {
            "/".to_owned()
        };
        let fields = Fields::default();
        let fields = if next == "/" { fields } else { fields.and("next", &next) };
        let address = format!("/login{}", fields.query());
        if !self.headers.contains_key("hx-request") {
            return reply::see_other(&address);
        }
        // A script that asks for a part of a page would put the sign-in into that part.
        let mut response = reply::text(StatusCode::UNAUTHORIZED, self.lang.say("trouble.sign-in-first"));
        if let Ok(address) = address.parse() {
            response.headers_mut().insert("hx-redirect", address);
        }
        response
    }

    pub(super) fn trouble_page(&self, trouble: &Trouble) -> Response {
        let main = shouwang_pages::frame::Trouble {
            lang: self.lang,
            what: trouble.words(self.lang),
            advice: trouble.advice(self.lang).to_owned(),
            number: trouble.number(),
        };
        let title = self.lang.say("trouble.title").to_owned();
        // Should even this page fail, the words are left.
        self.page(trouble.status(), title, &main, &[])
            .unwrap_or_else(|_| reply::text(trouble.status(), &trouble.words(self.lang)))
    }
}

impl<R: Route> Asked<R> {
    /// Lets a request through, or says why not.
    pub(super) async fn admit(site: Site, request: Request) -> Result<Self, (Arc<Arrival>, Trouble)> {
        let (mut parts, body) = request.into_parts();
        let mut base = Arrival::read(site, R::ROW, &parts);
        if let Err(trouble) = base.recognise().await {
            return Err((Arc::new(base), trouble));
        }
        if let Err(trouble) = allow(R::ROW.who, base.visitor.caller()) {
            return Err((Arc::new(base), trouble));
        }
        let names = match RawPathParams::from_request_parts(&mut parts, &()).await {
            Ok(names) => names.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            Err(_) => return Err((Arc::new(base), Trouble::nowhere())),
        };
        let form = match R::ROW.method {
            Method::Get => Fields::default(),
            Method::Post => match axum::body::to_bytes(body, FORM_BYTES).await {
                Ok(bytes) => Fields::read(&bytes),
                Err(_) => return Err((Arc::new(base), form_too_long())),
            },
        };
        Ok(Self { base: Arc::new(base), form, names, route: PhantomData })
    }

    /// A part of the path by its name in the table.
    pub(super) fn name(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }

    pub(super) fn lang(&self) -> Lang {
        self.base.lang
    }

    pub(super) fn site(&self) -> &Site {
        &self.base.site
    }

    pub(super) fn fields(&self) -> &Fields {
        &self.base.fields
    }

    /// The person who is signed in.
    ///
    /// # Errors
    /// [`Trouble::SignInFirst`] when a program asks, which has no page of its own.
    pub(super) fn person(&self) -> Result<&Present, Trouble> {
        match &self.base.visitor {
            Visitor::Person(present) => Ok(present),
            Visitor::Nobody | Visitor::Program(_) => Err(Trouble::SignInFirst),
        }
    }

    /// True when somebody is signed in.
    pub(super) fn is_signed_in(&self) -> bool {
        self.base.visitor.caller().is_some()
    }

    /// The caller, as the same call over gRPC would have it: what a page does is in that table too.
    ///
    /// # Errors
    /// [`Trouble::SignInFirst`], PERMISSION_DENIED (ROLE_MISSING).
    pub(super) fn authorized<P: Rpc>(&self) -> Result<Authorized<P>, Trouble> {
        let caller = self.base.visitor.caller().ok_or(Trouble::SignInFirst)?;
        Ok(Authorized::check(caller.clone())?)
    }

    /// A page that is well.
    pub(super) fn page(
        &self,
        title: String,
        main: &impl Template,
        scripts: &'static [&'static str],
    ) -> Result<Response, Trouble> {
        self.base.page(StatusCode::OK, title, main, scripts)
    }
}

/// The one place that says who may take a route.
fn allow(who: Who, caller: Option<&Caller>) -> Result<(), Trouble> {
    match (who, caller) {
        (Who::Everybody, _) => Ok(()),
        (Who::Roles(_), None) => Err(Trouble::SignInFirst),
        (Who::Roles(roles), Some(caller)) if roles.contains(&caller.role) => Ok(()),
        (Who::Roles(_), Some(_)) => Err(Trouble::not_yours()),
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

fn form_too_long() -> Trouble {
    Refusal::new(
        tonic::Code::OutOfRange,
        "FORM_TOO_LONG",
        "what was sent is too long or broke off （提交的内容过长或不完整）",
    )
    .into()
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
