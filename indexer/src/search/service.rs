//! The search service's edge: wire in, wire out. Every hit is looked up in the database before it leaves the hub, because
//! the index is only advice about what somebody may see.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use shouwang_proto::{
    id::{GroupId, PublicationName},
    publication::{Sha256Hex, time_to_wire},
    refusal::{Refusal, Violations},
    wire::{self, search_service_server::SearchService},
};
use shouwang_serving::grpc;
use tonic::{Code, Request, Response, Status};

use super::{
    Deadline, Found, Hit, SearchError, SearchParameters, answer,
    question::{self, Question},
    room::SearchRoom,
};
use crate::{
    council::{
        caller::Caller,
        gate::Gate,
        permission::{Authorized, rpc},
        roster::RosterSnapshot,
    },
    link::{attachments::Attachments, publication},
    store::{
        Store,
        catalog::{CatalogRow, catalog_audiences, catalog_find},
    },
};

/// Longest search, from its turn on.
const SEARCH_LIMIT: Duration = Duration::from_secs(2);
/// Longest text that suggestions are asked for, in characters.
const PREFIX_LIMIT: usize = 64;
/// Size of the pieces of an attachment.
const CHUNK: usize = 256 * 1024;

/// Serves [`SearchService`].
#[derive(Clone, Debug)]
pub struct SearchDesk {
    room: SearchRoom,
    gate: Gate,
    store: Store,
    attachments: Attachments,
}

impl SearchDesk {
    /// A desk in front of the room.
    #[must_use]
    pub fn new(room: SearchRoom, gate: Gate, store: Store, attachments: Attachments) -> Self {
        Self { room, gate, store, attachments }
    }

    /// Searches.
    ///
    /// # Errors
    /// As `SearchService/Search` in the contract.
    pub async fn find(
        &self,
        caller: Authorized<rpc::Search>,
        asked: wire::SearchRequest,
    ) -> Result<wire::SearchResponse, Status> {
        let began = Instant::now();
        let caller = caller.into_caller();
        let Question { query, filters, literal, page_size, page_token, min_applied } = question::read(asked)?;
        self.room.applied(&min_applied).await?;
        let progress = self.room.progress();
        let searcher = self.room.index().searcher(self.room.caller(caller.clone()));
        let deadline = Deadline::at(Instant::now() + SEARCH_LIMIT);
        let _gone = GoneWhenDropped(deadline.clone());
        let asked = SearchParameters {
            query,
            filters,
            literal,
            page_size,
            page_token,
            deadline,
            now: Instant::now(),
        };
        let mut found = self.room.run(move || searcher.search(&asked)).await?.map_err(status_of)?;
        self.checked(&mut found, &caller).await?;
        let roster = self.room.roster().snapshot();
        let took = began.elapsed();
        metrics::histogram!("shouwang_search_seconds").record(took.as_secs_f64());
        Ok(wire::SearchResponse {
            hits: found.hits.into_iter().map(|hit| answer::hit(hit, &roster)).collect(),
            total: found.total,
            facets: found.facets.into_iter().map(|facet| answer::facet(facet, &roster)).collect(),
            next_page_token: found.next_page_token,
            also_searched: found.also_searched,
            did_you_mean: found.did_you_mean.unwrap_or_default(),
            index_time: progress.caught_up.map(time_to_wire),
            took: prost_types::Duration::try_from(took).ok(),
        })
    }

    /// Completes what somebody types.
    ///
    /// # Errors
    /// As `SearchService/Suggest` in the contract.
    pub async fn complete(
        &self,
        caller: Authorized<rpc::Suggest>,
        asked: wire::SuggestRequest,
    ) -> Result<wire::SuggestResponse, Status> {
        let wire::SuggestRequest { prefix, limit } = asked;
        if prefix.chars().count() > PREFIX_LIMIT {
            return Err(Refusal::field("prefix", "has more than 64 characters （最长 64 个字符）").into());
        }
        let limit = shouwang_proto::page::size(limit, 8, 20) as usize;
        let searcher = self.room.index().searcher(self.room.caller(caller.into_caller()));
        let suggestions = self.room.run(move || searcher.suggest(&prefix, limit)).await?;
        let suggestion = |found: super::Suggestion| wire::Suggestion {
            text: found.text,
            source: found.source.name().to_owned(),
        };
        Ok(wire::SuggestResponse { suggestions: suggestions.into_iter().map(suggestion).collect() })
    }

    /// Reads a publication.
    ///
    /// # Errors
    /// As `SearchService/GetPublication` in the contract.
    pub async fn read(
        &self,
        caller: &Authorized<rpc::GetPublication>,
        name: &str,
    ) -> Result<wire::Publication, Status> {
        read_publication(&self.visible(name, caller).await?)
    }

    /// The bytes of an attachment, and what its owner says of it.
    ///
    /// # Errors
    /// As `SearchService/DownloadAttachment` in the contract.
    pub async fn file(
        &self,
        caller: &Authorized<rpc::DownloadAttachment>,
        name: &str,
        sha256: &str,
    ) -> Result<(wire::Attachment, Bytes), Status> {
        let sha256: Sha256Hex = sha256.parse().map_err(|why: &str| Refusal::field("sha256", why))?;
        let publication = read_publication(&self.visible(name, caller).await?)?;
        let not_here = || {
            Refusal::not_found(
                "ATTACHMENT_NOT_HERE",
                "no such attachment, or its owner's node has not sent it yet （附件不存在或尚未送达）",
            )
        };
        let named = publication.attachments.into_iter().find(|file| file.sha256 == sha256.as_str());
        let named = named.ok_or_else(not_here)?;
        match self.attachments.read(&sha256).await {
            Ok(bytes) => Ok((named, Bytes::from(bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(not_here().into()),
            Err(error) => Err(grpc::internal(&error)),
        }
    }

    /// The page of an answer without what the database says is not for this caller now.
    async fn checked(&self, found: &mut Found, caller: &Caller) -> Result<(), Status> {
        let names: Vec<_> = found.hits.iter().map(name_of).collect();
        let audiences = self.store.read(async move |conn| catalog_audiences(conn, &names).await).await?;
        let roster = self.room.roster().snapshot();
        let before = found.hits.len();
        found.hits.retain(|hit| is_visible(&name_of(hit), &audiences, caller, &roster));
        // What was withdrawn a moment ago is no match any more.
        found.total -= u64::try_from(before - found.hits.len()).unwrap_or_default();
        Ok(())
    }

    /// The publication, if this caller may see it now. The same answer for "not there" and "not yours".
    async fn visible(&self, name: &str, caller: &Caller) -> Result<CatalogRow, Status> {
        let name: PublicationName = name.parse().map_err(|error: shouwang_proto::id::IdError| {
            Status::from(Violations::one("name", error.to_string()).into_refusal())
        })?;
        let wanted = name.clone();
        let row = self.store.read(async move |conn| catalog_find(conn, &wanted).await).await?;
        let roster = self.room.roster().snapshot();
        let row = row.filter(|row| {
            let audiences = BTreeMap::from([(name.clone(), row.audience.clone())]);
            is_visible(&name, &audiences, caller, &roster)
        });
        Ok(row.ok_or_else(|| {
            Refusal::not_found("PUBLICATION_NOT_FOUND", "no such publication （没有这条内容，或您无权查看）")
        })?)
    }
}

fn name_of(hit: &Hit) -> PublicationName {
    PublicationName { member: hit.key.member.clone(), record: hit.key.record }
}

fn is_visible(
    name: &PublicationName,
    audiences: &BTreeMap<PublicationName, BTreeSet<GroupId>>,
    caller: &Caller,
    roster: &RosterSnapshot,
) -> bool {
    let is_own = caller.member.as_ref() == Some(&name.member);
    roster.member(&name.member).is_some_and(|owner| owner.is_active())
        && audiences.get(name).is_some_and(|audience| is_own || !audience.is_disjoint(&caller.groups))
}

/// Tells the search that nobody waits for it any more.
struct GoneWhenDropped(Deadline);

impl Drop for GoneWhenDropped {
    fn drop(&mut self) {
        self.0.gone.store(true, Ordering::Relaxed);
    }
}

fn status_of(error: SearchError) -> Status {
    match error {
        SearchError::Refused(refusal) => refusal.into(),
        SearchError::PageExpired => Refusal::new(Code::Aborted, "PAGE_EXPIRED", error.to_string()).into(),
        SearchError::OutOfTime => {
            Refusal::new(Code::DeadlineExceeded, "SEARCH_TOO_LONG", error.to_string()).into()
        }
        SearchError::Lost => Refusal::new(
            Code::Unavailable,
            "INDEX_REBUILDING",
            "the index is being made anew; ask again in a moment （索引正在重建，请稍候再试）",
        )
        .into(),
        SearchError::Broken(_) => grpc::internal(&error),
    }
}

#[tonic::async_trait]
impl SearchService for SearchDesk {
    async fn search(
        &self,
        request: Request<wire::SearchRequest>,
    ) -> Result<Response<wire::SearchResponse>, Status> {
        let caller = self.gate.admit::<rpc::Search, _>(&request)?;
        Ok(Response::new(self.find(caller, request.into_inner()).await?))
    }

    async fn suggest(
        &self,
        request: Request<wire::SuggestRequest>,
    ) -> Result<Response<wire::SuggestResponse>, Status> {
        let caller = self.gate.admit::<rpc::Suggest, _>(&request)?;
        Ok(Response::new(self.complete(caller, request.into_inner()).await?))
    }

    async fn get_publication(
        &self,
        request: Request<wire::GetPublicationRequest>,
    ) -> Result<Response<wire::Publication>, Status> {
        let caller = self.gate.admit::<rpc::GetPublication, _>(&request)?;
        Ok(Response::new(self.read(&caller, &request.into_inner().name).await?))
    }

    type DownloadAttachmentStream = BoxStream<'static, Result<wire::DownloadAttachmentResponse, Status>>;

    async fn download_attachment(
        &self,
        request: Request<wire::DownloadAttachmentRequest>,
    ) -> Result<Response<Self::DownloadAttachmentStream>, Status> {
        let caller = self.gate.admit::<rpc::DownloadAttachment, _>(&request)?;
        let wire::DownloadAttachmentRequest { name, sha256 } = request.into_inner();
        let (_, bytes) = self.file(&caller, &name, &sha256).await?;
        let pieces = (0..bytes.len()).step_by(CHUNK);
        let pieces: Vec<_> = pieces.map(|from| bytes.slice(from..bytes.len().min(from + CHUNK))).collect();
        let stream =
            futures::stream::iter(pieces).map(|chunk| Ok(wire::DownloadAttachmentResponse { chunk }));
        Ok(Response::new(stream.boxed()))
    }
}

fn read_publication(row: &CatalogRow) -> Result<wire::Publication, Status> {
    publication::read_publication(row).map_err(|error| grpc::internal(&error))
}
