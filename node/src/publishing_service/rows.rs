//! The rows of a document that somebody has looked at, taken together.

use futures::{StreamExt as _, stream};
use shouwang_proto::{publication::unnumbered_request_id, refusal::Refusal, wire};
use tonic::Status;

use super::{Publishing, import::refused};

/// Rows without a number that are under way at once: together they go to the disk in few transactions.
const AHEAD: usize = 32;

/// What became of rows.
#[derive(Debug, Default)]
pub struct Taken {
    /// What was done with each, as far as it went.
    pub answers: Vec<wire::ImportPublicationsResponse>,
    /// Why it went no further than these; none when it reached the end.
    pub stopped: Option<Status>,
}

impl Publishing {
    /// Creates or revises rows that have a number of their own, and creates the others; `u64` is the caller's number of the
    /// row. Taking the same rows again changes nothing.
    pub async fn take_rows(&self, rows: Vec<(u64, wire::Publication)>, draft: bool) -> Taken {
        let has_number = |(_, row): &(u64, wire::Publication)| !row.external_id.is_empty();
        let (numbered, unnumbered): (Vec<_>, Vec<_>) = rows.into_iter().partition(has_number);
        let numbered = numbered.into_iter().map(move |(line, publication)| {
            Ok(wire::ImportPublicationsRequest { line, publication: Some(publication), draft })
        });
        let service = self.clone();
        let creating = stream::iter(unnumbered)
            .map(move |(line, publication)| service.clone().take_unnumbered(line, publication, draft))
            .buffered(AHEAD);
        let mut answers = self.import(stream::iter(numbered)).chain(creating).boxed();
        let mut taken = Taken::default();
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(answer) => taken.answers.push(answer),
                Err(status) => {
                    taken.stopped = Some(status);
                    break;
                }
            }
        }
        taken
    }

    async fn take_unnumbered(
        self,
        line: u64,
        publication: wire::Publication,
        draft: bool,
    ) -> Result<wire::ImportPublicationsResponse, Status> {
        let request_id = unnumbered_request_id(&publication, draft).to_string();
        let request =
            wire::CreatePublicationRequest { publication: Some(publication), request_id, publish: !draft };
        match self.create_once(request).await {
            Ok((made, is_new)) => Ok(wire::ImportPublicationsResponse {
                line,
                outcome: if is_new { wire::ImportOutcome::Created } else { wire::ImportOutcome::Unchanged }
                    as i32,
                name: made.name,
                ..wire::ImportPublicationsResponse::default()
            }),
            Err(status) => match Refusal::from_status(&status) {
                Some(refusal) if !refusal.violations.is_empty() => Ok(refused(line, refusal)),
                Some(_) | None => Err(status),
            },
        }
    }
}
