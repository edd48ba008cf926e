//! Emergency mutual aid, decided: given the state concerned, a command and a context, what changes and what is answered.
//! Pure: no clock, no store, no waiting. The coordinator loads a [`case::Case`], calls [`decide::decide`], and saves all
//! changes with the answer in one transaction.

pub mod assignment;
pub mod broken;
pub mod case;
pub mod change;
pub mod command;
pub mod decide;
pub mod escalation;
pub mod fulfilment;
pub mod incident;
pub mod invariant;
pub mod ledger;
pub mod policy;
mod refused;
pub mod request;
pub mod timeline;
mod working;

#[cfg(test)]
mod tests;
