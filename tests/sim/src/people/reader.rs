//! Somebody who reads at the hub: what was granted must be found as soon as the hub says it has that position, and what
//! was withdrawn must not.

use std::{collections::BTreeMap, time::Duration};

use shouwang_proto::wire::{self, search_service_client::SearchServiceClient};

use super::{
    calls::{Ended, Line, ended},
    paper,
};
use crate::{
    chance::Chance,
    ledger::Key,
    plan::MEMBERS,
    stage::{Look, Phase, Stage},
};

/// Longest that a look may take after everything works again, in simulated milliseconds.
const PATIENCE: u64 = 120_000;

/// Reads until everything that was looked for was seen.
pub async fn read(stage: Stage, line: Line) {
    let mut client = SearchServiceClient::new(line);
    let mut chance = Chance::of(stage.plan().seed, "reader");
    let mut calm_since = None;
    loop {
        if stage.phase() == Phase::Healing {
            calm_since.get_or_insert(stage.now());
        }
        match stage.next_look() {
            Some(look) => {
                if let Some(look) = look_once(&stage, &mut client, look).await {
                    give_back(&stage, look, calm_since);
                    tokio::time::sleep(Duration::from_millis(chance.within(50..400))).await;
                }
            }
            None if stage.phase() == Phase::Healing && stage.is_idle() => return,
            None => tokio::time::sleep(Duration::from_millis(chance.within(20..200))).await,
        }
    }
}

fn give_back(stage: &Stage, look: Look, calm_since: Option<u64>) {
    if calm_since.is_some_and(|since| stage.now() > since + PATIENCE) {
        stage.broken("P5", format!("{:?} with seq {} was never shown to be searchable", look.key, look.seq));
    } else {
        stage.look(look);
    }
}

/// Looks once. Gives the look back if nothing can be said yet.
async fn look_once(stage: &Stage, client: &mut SearchServiceClient<Line>, look: Look) -> Option<Look> {
    let Look { key, granted, seq } = &look;
    let request = wire::SearchRequest {
        query: paper::word(key),
        literal: true,
        min_applied: vec![wire::MinApplied { member_id: key.member.clone(), seq: *seq }],
        ..wire::SearchRequest::default()
    };
    let answer = ended(Duration::from_secs(4), client.search(request)).await;
    // What people know is asked after the answer: everything granted meanwhile may be visible too.
    let is_moot = stage.ledger(|ledger| ledger.is_closed(key) || !ledger.is_one_log(key, *granted));
    let is_held =
        (0..stage.plan().members).any(|member| stage.is_held(member) && MEMBERS[member] == key.member);
    if is_moot || is_held {
        return None;
    }
    let Ended::Answered(response) = answer else {
        stage.hit("look without an answer");
        return Some(look);
    };
    let seen = seen(stage, key, &response.into_inner());
    let allowed = stage.ledger(|ledger| ledger.visible_after(key, *granted));
    stage.note(format!("reader sees {key:?} {seen:?}"));
    if !seen.is_none_or(|seen| allowed.contains(&seen)) {
        stage.broken("P5/P11", format!("{key:?} at seq {seq}: found {seen:?}, allowed {allowed:?}"));
    }
    stage.hit(if seen == Some(None) { "look: withdrawn is gone" } else { "look: own write found" });
    None
}

/// Version and revision of what was found; the inner `None` is "nothing". The outer one: an answer that breaks a promise
/// by itself, already noted.
fn seen(stage: &Stage, key: &Key, response: &wire::SearchResponse) -> Option<Option<(u32, u64)>> {
    if response.hits.len() > 1 || response.total != response.hits.len() as u64 {
        let names: Vec<&str> = response.hits.iter().map(|hit| hit.name.as_str()).collect();
        stage.broken("P2/P3", format!("{key:?} is found as {names:?}, total {}", response.total));
        return None;
    }
    let Some(hit) = response.hits.first() else { return Some(None) };
    let title = hit.title.as_ref().map(|title| title.text.clone()).unwrap_or_default();
    match version_in(key, &title) {
        Some(version) => Some(Some((version, hit.revision))),
        None => {
            stage.broken("P3", format!("{key:?}: found “{title}”"));
            None
        }
    }
}

/// Which version of the publication has this title.
fn version_in(key: &Key, title: &str) -> Option<u32> {
    let word = title.rsplit(' ').next()?;
    (1..2_000).find(|version| paper::word_of(key, *version) == word)
}

/// Everything that a caller finds, page by page: title and revision by name.
///
/// # Errors
/// What the call ended with.
pub async fn list_all(line: &Line) -> Result<BTreeMap<String, (String, u64)>, String> {
    let mut client = SearchServiceClient::new(line.clone());
    let mut found = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = wire::SearchRequest { page_size: 100, page_token, ..wire::SearchRequest::default() };
        let page = match ended(Duration::from_secs(5), client.search(request)).await {
            Ended::Answered(response) => response.into_inner(),
            Ended::Refused(refusal) => return Err(refusal.reason.into_owned()),
            Ended::Unknown(why) => return Err(why),
        };
        for hit in page.hits {
            let title = hit.title.map(|title| title.text).unwrap_or_default();
            if found.insert(hit.name.clone(), (title, hit.revision)).is_some() {
                return Err(format!("{} is on two pages", hit.name));
            }
        }
        if page.next_page_token.is_empty() {
            return if found.len() as u64 == page.total {
                Ok(found)
            } else {
                Err(format!("{} found, total {}", found.len(), page.total))
            };
        }
        page_token = page.next_page_token;
    }
}
