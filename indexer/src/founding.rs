//! The first start: authority, identity, operator. And every later one: are they all still there, and ours?

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use serde_json::json;
use shouwang_proto::{
    clock::{World, from_millis},
    id::AllianceId,
};
use shouwang_serving::{
    durable::{self, Readers},
    store::{StoreError, StoreOptions},
    tls::Identity,
};

use crate::{
    config::HubConfig,
    council::{
        audit::Deed,
        authority::{Authority, hub_renewal_due},
        caller::{Role, SecretHash},
    },
    folder::DataFolder,
    store::{self, Store, Tx, enrolment::NewToken, hub::HubIdentity},
};

/// The alliance's id when nobody chose one.
const DEFAULT_ALLIANCE: &str = "alliance";
/// The first operator's token works this long; the operator then has issued others.
const OPERATOR_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24 * 3_650);

/// What a hub stands on.
#[derive(Debug)]
pub struct Foundation {
    /// Who it is.
    pub hub: HubIdentity,
    /// The authority.
    pub authority: Arc<Authority>,
    /// Its own certificate.
    pub identity: Identity,
}

/// Makes what is missing at the first start, and checks everything at every other.
///
/// # Errors
/// When keys and database do not belong together, or a key is open to others. The message says what to do.
pub async fn lay(
    config: &HubConfig,
    folder: &DataFolder,
    store: &Store,
    world: &World,
) -> anyhow::Result<Foundation> {
    let known = store.read(async |conn| store::hub::hub_find(conn).await).await?;
    let file = folder.authority_file();
    let (hub, authority) = match known {
        Some(hub) => {
            check_alliance(config, &hub)?;
            if !file.exists() {
                bail!(
                    "the database knows alliance `{}`, but {} is missing: restore the keys from the backup, or copy \
                     them from the other hub of this database",
                    hub.alliance,
                    file.display()
                );
            }
            (hub, Authority::load(&file)?)
        }
        None => {
            let alliance = config.alliance.clone().map_or_else(|| DEFAULT_ALLIANCE.parse(), Ok)?;
            // A file without a founded database is what a crash in between leaves behind.
            let authority = if file.exists() {
                Authority::load(&file)?
            } else {
                Authority::found(&file, &alliance, world)?
            };
            (found(&alliance, folder, store, world).await?, authority)
        }
    };
    if folder.operator_file().exists() {
        durable::check_private(&folder.operator_file(), "600")?;
    }
    durable::write(&folder.root_file(), authority.root_pem().as_bytes(), Readers::All)?;
    let identity = own_identity(&folder.identity_file(), &authority, &names(config), world)?;
    Ok(Foundation { hub, authority: Arc::new(authority), identity })
}

fn check_alliance(config: &HubConfig, hub: &HubIdentity) -> anyhow::Result<()> {
    match &config.alliance {
        Some(wanted) if *wanted != hub.alliance => {
            bail!("this hub was founded for alliance `{}` and cannot become `{wanted}`", hub.alliance)
        }
        Some(_) | None => Ok(()),
    }
}

/// Founds the hub with its first operator, in one transaction.
async fn found(
    alliance: &AllianceId,
    folder: &DataFolder,
    store: &Store,
    world: &World,
) -> anyhow::Result<HubIdentity> {
    let secret = hex::encode(world.random::<32>());
    // First the file: a token that nobody has would lock everybody out.
    durable::write(&folder.operator_file(), format!("{secret}\n").as_bytes(), Readers::Owner)?;
    let hash = SecretHash::of(&secret);
    let (alliance, world) = (alliance.clone(), world.clone());
    let founded = store
        .write(async move |tx| {
            let now = world.now();
            if !store::hub::hub_found(tx, &alliance, world.random(), world.random(), now).await? {
                return Ok(false);
            }
            let id = operator_token_add(tx, "first operator", hash, &world).await?;
            let deed = Deed {
                at: now,
                actor: "hub".to_owned(),
                action: "hub.found",
                subject: format!("alliances/{alliance}"),
                detail: json!({ "operator_token": id }),
            };
            store::audit::audit_add(tx, &deed).await?;
            Ok(true)
        })
        .await?;
    if !founded {
        bail!(
            "another hub founded this database at the same moment: copy its keys folder here and start again"
        );
    }
    let hub = store.read(async |conn| store::hub::hub_find(conn).await).await?;
    let hub = hub.context("the hub was founded and is not there")?;
    tracing::info!(alliance = %hub.alliance, "founded");
    Ok(hub)
}

async fn operator_token_add(
    tx: &mut Tx,
    label: &str,
    secret_hash: SecretHash,
    world: &World,
) -> Result<String, StoreError> {
    let now = world.now();
    let id = world.random_id().to_string();
    let expires = now.checked_add(OPERATOR_TOKEN_LIFE).unwrap_or(now);
    let token =
        NewToken { id: &id, secret_hash, label, role: Role::Operator, member: None, account: None, expires };
    store::enrolment::token_add(tx, &token, now).await?;
    Ok(id)
}

/// Makes another operator's token, for an operator who lost the last one; it replaces the one in the hub's folder. Who may
/// write there may do anything to this hub already. A hub that runs knows the token within a second; the lost one works
/// until somebody revokes it. Answers the path of the file.
///
/// # Errors
/// When there is no hub, or it cannot be written.
pub async fn renew_operator_token(config: &HubConfig, world: &World) -> anyhow::Result<PathBuf> {
    let file = DataFolder::operator_file_in(&config.data);
    if config.database.is_none() && !config.data.join("hub.db").is_file() {
        bail!("{} holds no hub", config.data.display());
    }
    let store = store::open(&config.database_url(), StoreOptions::default()).await?;
    let secret = hex::encode(world.random::<32>());
    let (hash, clock) = (SecretHash::of(&secret), world.clone());
    let added = store.write(async move |tx| {
        store::audit::council_lock(tx).await?;
        let id = operator_token_add(tx, "operator at the hub's machine", hash, &clock).await?;
        let (actor, subject) = ("hub".to_owned(), format!("tokens/{id}"));
        let detail = json!({ "role": Role::Operator.as_str() });
        let deed = Deed { at: clock.now(), actor, action: "token.issue", subject, detail };
        store::audit::audit_add(tx, &deed).await
    });
    let added = added.await;
    store.close().await;
    added.context("the token was not made")?;
    durable::write(&file, format!("{secret}\n").as_bytes(), Readers::Owner)?;
    Ok(file)
}

/// The names and addresses that browsers know the hub by.
#[must_use]
pub fn names(config: &HubConfig) -> Vec<String> {
    let host = |address: &String| {
        let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']').to_owned()
    };
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    names.extend([&config.advertise_people, &config.advertise].into_iter().flatten().map(host));
    // Not every host of an address can stand in a certificate, and a hub without that one is better than none.
    names.retain(|name| !name.is_empty() && name.is_ascii());
    names.sort();
    names.dedup();
    names
}

/// The hub's own certificate: the one on disk while it is good and names what it should, else a new one.
fn own_identity(
    file: &Path,
    authority: &Authority,
    names: &[String],
    world: &World,
) -> anyhow::Result<Identity> {
    if file.exists() {
        let identity = Identity::load(file)?;
        let facts = identity.facts();
        let is_named = names.iter().all(|name| facts.names.contains(name));
        if is_named && !hub_renewal_due(from_millis(facts.not_after_ms), world.now()) {
            return Ok(identity);
        }
    }
    renew_identity(file, authority, names, world)
}

/// A new certificate for the hub, on disk before anybody sees it.
///
/// # Errors
/// When it cannot be made or written.
pub fn renew_identity(
    file: &Path,
    authority: &Authority,
    names: &[String],
    world: &World,
) -> anyhow::Result<Identity> {
    let identity = authority.issue_hub(names, world)?;
    identity.save(file)?;
    Ok(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_knows_the_hub_by_what_is_advertised() {
        let mut config = HubConfig::new("d");
        config.advertise_people = Some("park.example:8440".to_owned());
        config.advertise = Some("[2001:db8::1]:8441".to_owned());
        assert_eq!(names(&config), ["127.0.0.1", "2001:db8::1", "localhost", "park.example"]);
    }
}
