//! A request that has passed the node's table, and who may send it.

use http::HeaderMap;
use shouwang_pages::{
    Lang,
    asked::{self, FORM_BYTES, House},
    doorman::{Doorman, Guest},
    frame::{Place, Reader},
    known::Known,
    origin::Origin,
    people::{signing_in::Attempt, taking::Taking},
    route::Manner,
    trouble::Trouble,
};
use shouwang_proto::publication::ATTACHMENT_LIMIT;
use shouwang_serving::store::StoreError;

use super::{SiteParts, route::Row};
use crate::people::{
    Present, SignedIn,
    account::{Account, Post, Ticket},
};

/// The longest publication, percent-encoded: 60,000 characters of text take nine bytes each.
const PUBLICATION_BYTES: usize = 1024 * 1024;
/// What a form with a file has besides the file.
const AROUND_FILE: usize = 64 * 1024;

/// A request that has passed the table, for the route `R`.
pub type Asked<R> = asked::Asked<SiteParts, R>;

impl House for SiteParts {
    type Role = Post;
    type Visitor = Present;

    const COOKIES: &'static str = "shouwang-node";

    async fn recognise(
        &self,
        _manner: Manner,
        _headers: &HeaderMap,
        known: Known,
        _origin: Origin,
    ) -> Result<Option<Present>, Trouble> {
        match known.session {
            Some(secret) => Ok(self.people.present(&secret).await?),
            None => Ok(None),
        }
    }

    fn role(visitor: &Present) -> Post {
        visitor.account.post
    }

    fn head(&self, visitor: &Present, lang: Lang, path: &str) -> (Option<Reader>, Vec<Place>) {
        let Account { display_name, post, .. } = &visitor.account;
        let reader = Reader { name: display_name.clone(), post: post_words(lang, *post).to_owned() };
        let place = |address: &'static str, key: &'static str, is_here| Place { address, key, is_here };
        let is_aid = path.starts_with("/aid");
        let is_people = path.starts_with("/people");
        let is_shelf = path == "/" || ["/p/", "/new/", "/import"].iter().any(|one| path.starts_with(one));
        let mut places = vec![place("/", "place.shelf", is_shelf), place("/aid", "place.aid", is_aid)];
        if *post == Post::Administrator {
            places.push(place("/people", "place.people", is_people));
        }
        (Some(reader), places)
    }

    fn most_bytes(row: &Row) -> usize {
        match row.manner {
            Manner::Upload => usize::try_from(ATTACHMENT_LIMIT).unwrap_or(usize::MAX) + AROUND_FILE,
            Manner::Form if row.path.ends_with("/edit") || row.path.starts_with("/new/") => PUBLICATION_BYTES,
            Manner::Form | Manner::Page | Manner::Fragment | Manner::Api => FORM_BYTES,
        }
    }
}

impl Doorman for SiteParts {
    type Account = Account;

    const SET_UP: &'static str = "node.set-up-intro";

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
        self.people.take(secret, typed).await.map(Some)
    }
}

/// What a post is called.
pub(super) fn post_words(lang: Lang, post: Post) -> &'static str {
    let key = match post {
        Post::Publisher => "node.post-publisher",
        Post::SafetyManager => "node.post-safety-manager",
        Post::Administrator => "node.post-administrator",
    };
    lang.find(key).unwrap_or_default()
}
