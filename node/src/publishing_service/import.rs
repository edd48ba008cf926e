//! Import: a pipeline that checks records as they come, stores several in one transaction and answers in order.

use std::pin::Pin;

use futures::{Stream, StreamExt as _, stream};
use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    log::entry::PAYLOAD_LIMIT,
    publication::Content,
    refusal::{Refusal, Violation},
    wire,
};
use tonic::Status;

use super::{Publishing, content_of, shown::View};
use crate::{
    shelf::Wish,
    store::{Change, Effect, Outcome, Target},
};

/// Most records in one transaction.
const CHUNK: usize = 128;
/// Most transactions under way: while one is on its way to the disk, the next is being checked.
const AHEAD: usize = 4;

/// The responses.
pub(super) type ImportStream =
    Pin<Box<dyn Stream<Item = Result<wire::ImportPublicationsResponse, Status>> + Send>>;

type Answer = Result<wire::ImportPublicationsResponse, Status>;

/// A record that was checked: what shall be done, or why not.
struct Record {
    line: u64,
    change: Result<Change, Refusal>,
}

impl Publishing {
    pub(super) fn import(
        &self,
        requests: impl Stream<Item = Result<wire::ImportPublicationsRequest, Status>> + Send + 'static,
    ) -> ImportStream {
        let (checking, storing) = (self.clone(), self.clone());
        let answers = requests
            // Checked one by one as they come, so that only what the limits allow is kept waiting.
            .map(move |request| request.map(|request| checking.check(request)))
            .ready_chunks(CHUNK)
            .map(move |records| storing.clone().store_chunk(records))
            .buffered(AHEAD)
            .flat_map(stream::iter);
        // The first error ends the stream; what came before it is stored and answered.
        let until_error = answers.scan(false, |ended, answer| {
            let over = std::mem::replace(ended, answer.is_err());
            std::future::ready((!over).then_some(answer))
        });
        Box::pin(until_error)
    }

    fn check(&self, request: wire::ImportPublicationsRequest) -> Record {
        let wire::ImportPublicationsRequest { line, publication, draft } = request;
        let now = self.world.now();
        let change = content_of(publication).and_then(|content| {
            check_import(&content)?;
            let wish = Wish::Import { content, publish: !draft };
            Ok(self.change(Target::ByExternalId, wish, String::new(), now))
        });
        Record { line, change }
    }

    async fn store_chunk(self, records: Vec<Result<Record, Status>>) -> Vec<Answer> {
        let now = self.world.now();
        let mut lines = Vec::with_capacity(records.len());
        let mut changes = Vec::with_capacity(records.len());
        let mut broken = None;
        for record in records {
            match record {
                Ok(Record { line, change: Ok(change) }) => {
                    lines.push((line, None));
                    changes.push(change);
                }
                Ok(Record { line, change: Err(refusal) }) => lines.push((line, Some(refusal))),
                Err(status) => {
                    broken = Some(status);
                    break;
                }
            }
        }
        let mut answers = self.store_changes(lines, changes, now).await;
        answers.extend(broken.map(Err));
        answers
    }

    async fn store_changes(
        &self,
        lines: Vec<(u64, Option<Refusal>)>,
        changes: Vec<Change>,
        now: Timestamp,
    ) -> Vec<Answer> {
        let outcomes =
            if changes.is_empty() { Ok(Vec::new()) } else { self.store.change_all(changes, now).await };
        let mut outcomes = match outcomes {
            Ok(outcomes) => outcomes.into_iter(),
            Err(error) => return vec![Err(error.into())],
        };
        let view = self.view();
        let answer = |(line, refused): (u64, Option<Refusal>)| {
            let outcome = match refused {
                Some(refusal) => Err(refusal),
                None => outcomes.next().unwrap_or_else(|| Err(crate::shelf::unknown())),
            };
            response(&view, line, outcome)
        };
        lines.into_iter().map(answer).collect()
    }
}

fn check_import(content: &Content) -> Result<(), Refusal> {
    if content.external_id.is_none() {
        return Err(Refusal::field("external_id", "is required in an import （导入时必填）"));
    }
    // A little less than what the log refuses, which also counts salt and times.
    if content.to_wire().encoded_len() > PAYLOAD_LIMIT {
        return Err(Refusal::field("body", "makes the record larger than 256 KiB （记录超过 256 KiB）"));
    }
    Ok(())
}

fn response(view: &View, line: u64, outcome: Result<Outcome, Refusal>) -> Answer {
    match outcome {
        Ok(Outcome { item, effect, seq }) => Ok(wire::ImportPublicationsResponse {
            line,
            outcome: match effect {
                Effect::Created => wire::ImportOutcome::Created,
                Effect::Changed => wire::ImportOutcome::Revised,
                Effect::Unchanged => wire::ImportOutcome::Unchanged,
            } as i32,
            name: view.name(item.record),
            violations: Vec::new(),
            seq: seq.unwrap_or(0),
        }),
        // Nothing is wrong with the record: the node cannot publish now, and so none that follows can be.
        Err(refusal) if refusal.violations.is_empty() => Err(refusal.into()),
        Err(refusal) => Ok(refused(line, refusal)),
    }
}

/// A record with what is wrong with it.
pub(super) fn refused(line: u64, refusal: Refusal) -> wire::ImportPublicationsResponse {
    let violation = |Violation { field, description }| wire::FieldViolation { field, description };
    wire::ImportPublicationsResponse {
        line,
        outcome: wire::ImportOutcome::Refused as i32,
        violations: refusal.violations.into_iter().map(violation).collect(),
        ..wire::ImportPublicationsResponse::default()
    }
}
