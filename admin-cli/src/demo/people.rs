//! People of the demo who can sign in at the hub's pages. Their passwords are made for each demo and kept in its folder.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, Serialize};
use shouwang_proto::{
    clock::World,
    wire::{AccountState, InviteAccountRequest, Post, TakeAccountLinkRequest},
};

use super::state::Folder;
use crate::{
    cli::account,
    connection::Hub,
    context::write_whole,
    failure::{Failure, Outcome},
};

/// Letters and digits that nobody mistakes for each other.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";

/// Somebody in the demo.
struct DemoPerson {
    login: &'static str,
    name: &'static str,
    post: Post,
    member: &'static str,
}

const PEOPLE: [DemoPerson; 3] = [
    DemoPerson { login: "operator", name: "顾思远", post: Post::Operator, member: "" },
    DemoPerson { login: "safety", name: "傅鸣岐", post: Post::SafetyManager, member: "hengrui-foundry" },
    DemoPerson { login: "dispatcher", name: "沈望舒", post: Post::Dispatcher, member: "" },
];

/// How somebody signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoAccount {
    /// Login name.
    pub(crate) login: String,
    /// Password, of this demo alone.
    pub(crate) password: String,
}

/// Makes the accounts that are missing, and tells how to sign in with each.
pub(super) async fn accounts(folder: &Folder, hub: &Hub, world: &World) -> Outcome<Vec<DemoAccount>> {
    let mut passwords = read(&folder.accounts())?;
    for person in &PEOPLE {
        passwords.entry(person.login.to_owned()).or_insert_with(|| password(world.random()));
    }
    // First the file: an account whose password nobody has is of no use.
    write(&folder.accounts(), &passwords)?;
    let known = account::all(hub).await?;
    for person in &PEOPLE {
        let is_there = known
            .iter()
            .any(|account| account.login == person.login && account.state() == AccountState::Active);
        if let Some(password) = passwords.get(person.login).filter(|_| !is_there) {
            take(folder, hub, person, password).await?;
        }
    }
    let account = |(login, password): (String, String)| DemoAccount { login, password };
    Ok(passwords.into_iter().map(account).collect())
}

async fn take(folder: &Folder, hub: &Hub, person: &DemoPerson, password: &str) -> Outcome<()> {
    // The first operator takes the link that the hub gives at its first start.
    let link = match (person.post, set_up_link(folder)?) {
        (Post::Operator, Some(link)) => link,
        _ => {
            let request = InviteAccountRequest {
                display_name: person.name.to_owned(),
                post: person.post.into(),
                member_id: person.member.to_owned(),
            };
            let invited = hub.accounts().invite_account(request).await;
            invited.map_err(|status| hub.failure(&status))?.into_inner().link
        }
    };
    let request = TakeAccountLinkRequest {
        secret: link.rsplit('/').next().unwrap_or_default().to_owned(),
        display_name: person.name.to_owned(),
        login: person.login.to_owned(),
        password: password.to_owned(),
    };
    hub.account_links().take_account_link(request).await.map_err(|status| hub.failure(&status))?;
    Ok(())
}

/// What the hub said when it was ready; none once somebody can sign in.
fn set_up_link(folder: &Folder) -> Outcome<Option<String>> {
    Ok(ready(&folder.hub())?["set_up"].as_str().map(str::to_owned))
}

/// What a server said when it was ready.
pub(super) fn ready(data: &Path) -> Outcome<serde_json::Value> {
    let path = data.join("ready.json");
    let bytes = fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::file(&path, &error))
}

/// The passwords in a file; none when there is no file yet.
pub(super) fn read(path: &Path) -> Outcome<BTreeMap<String, String>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Failure::file(path, &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(Failure::file(path, &error)),
    }
}

/// Keeps the passwords in a file for this user alone.
pub(super) fn write(path: &Path, passwords: &BTreeMap<String, String>) -> Outcome<()> {
    let text = serde_json::to_vec_pretty(passwords).map_err(|error| Failure::file(path, &error))?;
    write_whole(path, &text, 0o600)
}

/// Three groups of four: 60 random bits, and still to be typed by hand.
pub(super) fn password(random: [u8; 12]) -> String {
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    let group = |bytes: &[u8]| bytes.iter().map(letter).collect::<String>();
    random.chunks(4).map(group).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_can_be_typed() {
        let made = password([0, 1, 2, 3, 30, 31, 32, 255, 9, 10, 11, 12]);
        assert_eq!(made, "abcd-9xax-kmnp");
    }
}
