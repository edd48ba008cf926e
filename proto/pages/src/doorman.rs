//! What the pages for strangers ask of a server: the sign-in, and the links that work once.

use shouwang_serving::store::StoreError;

use crate::{
    Lang,
    asked::House,
    people::{
        signing_in::{Attempt, SignedIn},
        taking::Taking,
        ticket::Purpose,
    },
};

/// Whoever holds a link, as the page greets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// What the link is for.
    pub purpose: Purpose,
    /// The person's name; empty when nobody has said it yet.
    pub display_name: String,
    /// Login name, of somebody who has one.
    pub login: Option<String>,
    /// What the person is here, in the language of the page.
    pub post: String,
}

/// A server that people sign in to.
pub trait Doorman: House {
    /// Its accounts.
    type Account: Send;

    /// Key of the words that greet whoever takes the first link.
    const SET_UP: &'static str;

    /// Signs somebody in.
    ///
    /// # Errors
    /// UNAUTHENTICATED (SIGN_IN_FAILED), RESOURCE_EXHAUSTED (SIGN_IN_WAIT, SIGN_IN_BUSY); or what the store said.
    fn sign_in(
        &self,
        attempt: Attempt,
    ) -> impl Future<Output = Result<SignedIn<Self::Account>, StoreError>> + Send;

    /// Ends a session.
    ///
    /// # Errors
    /// What the store said.
    fn sign_out(&self, secret: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Who holds the link with this secret, if it works now.
    ///
    /// # Errors
    /// FAILED_PRECONDITION (LINK_INVALID); or what the store said.
    fn guest(&self, secret: &str, lang: Lang) -> impl Future<Output = Result<Guest, StoreError>> + Send;

    /// Takes a link, and answers the login name, if the account can sign in now.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every wrong field; ALREADY_EXISTS (LOGIN_TAKEN); FAILED_PRECONDITION (LINK_INVALID); or what
    /// the store said.
    fn take(
        &self,
        secret: &str,
        typed: Taking,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;
}
