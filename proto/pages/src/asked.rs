//! A request that has passed the table of routes. Only this file makes one.

use std::{collections::BTreeMap, fmt, marker::PhantomData, sync::Arc};

use askama::Template;
use axum::{
    body::HttpBody as _,
    extract::{FromRequestParts as _, RawPathParams, Request},
    response::Response,
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use shouwang_proto::refusal::Refusal;
use tonic::Code;

use crate::{
    Fields, Lang, Site,
    frame::{Frame, Place, Reader, Subscription, Trouble as TroublePage},
    known::{Cookies, Known},
    language,
    origin::{self, Origin},
    reply,
    route::{Manner, Method, Route, Row, Who},
    trouble::Trouble,
    upload::{self, Uploaded},
};

/// Most bytes of a form, unless a house says otherwise.
pub const FORM_BYTES: usize = 64 * 1024;

/// What the pages of a server stand on: who comes in, and what the head of a page shows them.
pub trait House: Send + Sync + Sized + 'static {
    /// What a caller may do.
    type Role: Copy + PartialEq + fmt::Debug + Send + Sync + 'static;
    /// Who asks.
    type Visitor: Send + Sync + 'static;

    /// What the names of its cookies begin with.
    const COOKIES: &'static str;

    /// Finds out who asks; none when nobody is signed in.
    ///
    /// # Errors
    /// Why the request goes no further.
    fn recognise(
        &self,
        manner: Manner,
        headers: &HeaderMap,
        known: Known,
        origin: Origin,
    ) -> impl Future<Output = Result<Option<Self::Visitor>, Trouble>> + Send;

    /// What the visitor may do.
    fn role(visitor: &Self::Visitor) -> Self::Role;

    /// What the head of a page at this path shows: who is signed in, and where one can go.
    fn head(&self, visitor: &Self::Visitor, lang: Lang, path: &str) -> (Option<Reader>, Vec<Place>);

    /// What one can subscribe to on the page at this path, which says this behind it.
    fn feeds(&self, _visitor: &Self::Visitor, _path: &str, _fields: &Fields) -> Vec<Subscription> {
        Vec::new()
    }

    /// Most bytes that may be sent to a route.
    fn most_bytes(_row: &Row<Self::Role>) -> usize {
        FORM_BYTES
    }
}

/// A request before the table: what every answer needs, also a refusal.
pub struct Arrival<H: House> {
    /// The server.
    pub site: Site<H>,
    /// The route's row.
    pub row: Row<H::Role>,
    /// Language of the answer.
    pub lang: Lang,
    /// Path of the request.
    pub path: String,
    /// What the address says behind the path.
    pub fields: Fields,
    /// Headers of the request.
    pub headers: HeaderMap,
    /// Where it comes from.
    pub origin: Origin,
    /// Who asks; none when nobody is signed in.
    pub visitor: Option<H::Visitor>,
}

/// A request that has passed the table, for the route `R`.
pub struct Asked<H: House, R> {
    /// The request as it came.
    pub base: Arc<Arrival<H>>,
    /// What a form says; empty when the route looks only.
    pub form: Fields,
    /// Files that a form brought.
    pub files: Vec<Uploaded>,
    names: BTreeMap<String, String>,
    route: PhantomData<fn() -> R>,
}

impl<H: House> fmt::Debug for Arrival<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Arrival").field("route", &self.row.name).finish_non_exhaustive()
    }
}

impl<H: House, R> fmt::Debug for Asked<H, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Asked").field("base", &self.base).finish_non_exhaustive()
    }
}

impl<H: House> Arrival<H> {
    /// Reads what does not depend on who asks.
    #[must_use]
    pub fn read(site: Site<H>, row: Row<H::Role>, parts: &Parts) -> Self {
        let origin = origin::read(&parts.headers, &parts.extensions, site.is_tls());
        let fields = Fields::read(parts.uri.query().unwrap_or_default().as_bytes());
        let cookies = Cookies::on_way(H::COOKIES, origin.is_secure, &parts.headers);
        let known = cookies.read(&parts.headers);
        let accept = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let asked = fields.first("lang");
        let asked = (!asked.is_empty()).then_some(asked);
        Self {
            lang: language::choose(asked, known.language.as_deref(), accept),
            path: parts.uri.path().to_owned(),
            headers: parts.headers.clone(),
            visitor: None,
            site,
            row,
            fields,
            origin,
        }
    }

    /// The server's cookies on this way to the browser.
    #[must_use]
    pub fn cookies(&self) -> Cookies {
        Cookies::on_way(H::COOKIES, self.origin.is_secure, &self.headers)
    }

    /// What the browser says of itself.
    #[must_use]
    pub fn known(&self) -> Known {
        self.cookies().read(&self.headers)
    }

    /// A whole page.
    ///
    /// # Errors
    /// When a template fails.
    pub fn page(
        &self,
        status: StatusCode,
        title: String,
        main: &impl Template,
        scripts: &'static [&'static str],
    ) -> Result<Response, Trouble> {
        let head = self.visitor.as_ref().map(|visitor| self.site.head(visitor, self.lang, &self.path));
        let (reader, places) = head.unwrap_or_default();
        let feeds = self.visitor.as_ref().map(|visitor| self.site.feeds(visitor, &self.path, &self.fields));
        let frame = Frame {
            lang: self.lang,
            title,
            main: main.render()?,
            places,
            reader,
            feeds: feeds.unwrap_or_default(),
            path: self.path.clone(),
            fields: self.fields.clone(),
            scripts,
            is_addressable: self.row.method == Method::Get,
        };
        Ok(reply::html(status, frame.render()?, &self.headers))
    }

    /// The answer to a request that is refused.
    #[must_use]
    pub fn refuse(&self, trouble: &Trouble) -> Response {
        match self.row.manner {
            Manner::Api => trouble.json(),
            Manner::Fragment => reply::text(trouble.status(), &trouble.words(self.lang)),
            Manner::Page | Manner::Form | Manner::Upload if *trouble == Trouble::SignInFirst => {
                self.to_sign_in()
            }
            Manner::Page | Manner::Form | Manner::Upload => self.trouble_page(trouble),
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

    /// A page that says what went wrong.
    #[must_use]
    pub fn trouble_page(&self, trouble: &Trouble) -> Response {
        let main = TroublePage {
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

impl<H: House, R: Route<Role = H::Role>> Asked<H, R> {
    /// Lets a request through, or says why not.
    pub(crate) async fn admit(site: Site<H>, request: Request) -> Result<Self, (Arc<Arrival<H>>, Trouble)> {
        let (mut parts, body) = request.into_parts();
        let mut base = Arrival::read(site, R::ROW, &parts);
        match base.site.recognise(R::ROW.manner, &base.headers, base.known(), base.origin).await {
            Ok(visitor) => base.visitor = visitor,
            Err(trouble) => return Err((Arc::new(base), trouble)),
        }
        if let Err(trouble) = allow(R::ROW.who, base.visitor.as_ref().map(H::role)) {
            return Err((Arc::new(base), trouble));
        }
        let names = match RawPathParams::from_request_parts(&mut parts, &()).await {
            Ok(names) => names.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            Err(_) => return Err((Arc::new(base), Trouble::nowhere())),
        };
        let limit = H::most_bytes(&R::ROW);
        // A browser says how much it sends: what can never fit is not read at all.
        if R::ROW.method == Method::Post
            && body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX)
        {
            return Err((Arc::new(base), form_too_large()));
        }
        let (form, files) = match R::ROW.method {
            Method::Get => (Fields::default(), Vec::new()),
            Method::Post => match axum::body::to_bytes(body, limit).await {
                Ok(bytes) if R::ROW.manner == Manner::Upload => {
                    match upload::read(&parts.headers, bytes).await {
                        Ok(read) => read,
                        Err(refusal) => return Err((Arc::new(base), refusal.into())),
                    }
                }
                Ok(bytes) => (Fields::read(&bytes), Vec::new()),
                Err(_) => return Err((Arc::new(base), form_broken_off())),
            },
        };
        Ok(Self { base: Arc::new(base), form, files, names, route: PhantomData })
    }
}

impl<H: House, R> Asked<H, R> {
    /// A part of the path by its name in the table.
    #[must_use]
    pub fn name(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }

    /// Language of the answer.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.base.lang
    }

    /// The server.
    #[must_use]
    pub fn site(&self) -> &Site<H> {
        &self.base.site
    }

    /// What the address says behind the path.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.base.fields
    }

    /// Who asks.
    ///
    /// # Errors
    /// [`Trouble::SignInFirst`] when nobody is signed in.
    pub fn visitor(&self) -> Result<&H::Visitor, Trouble> {
        self.base.visitor.as_ref().ok_or(Trouble::SignInFirst)
    }

    /// True when somebody is signed in.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.base.visitor.is_some()
    }

    /// What the browser calls itself.
    #[must_use]
    pub fn agent(&self) -> &str {
        let agent = self.base.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        agent.unwrap_or_default()
    }

    /// A page that is well.
    ///
    /// # Errors
    /// When a template fails.
    pub fn page(
        &self,
        title: String,
        main: &impl Template,
        scripts: &'static [&'static str],
    ) -> Result<Response, Trouble> {
        self.base.page(StatusCode::OK, title, main, scripts)
    }
}

/// The one place that says who may take a route.
fn allow<Role: PartialEq + 'static>(who: Who<Role>, role: Option<Role>) -> Result<(), Trouble> {
    match (&who, role) {
        (Who::Everybody, _) => Ok(()),
        (Who::Roles(_), None) => Err(Trouble::SignInFirst),
        (Who::Roles(_), Some(role)) if who.has(&role) => Ok(()),
        (Who::Roles(_), Some(_)) => Err(Trouble::not_yours()),
    }
}

fn form_too_large() -> Trouble {
    Refusal::new(Code::ResourceExhausted, "FORM_TOO_LARGE", "what was sent is too large （提交的内容过大）")
        .into()
}

fn form_broken_off() -> Trouble {
    Refusal::new(
        Code::OutOfRange,
        "FORM_TOO_LONG",
        "what was sent is too long or broke off （提交的内容过长或不完整）",
    )
    .into()
}
