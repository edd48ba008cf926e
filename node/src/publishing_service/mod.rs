//! The member's own people at their own node. Everything here works while the hub is away.

mod documents;
mod fork;
mod import;
mod rows;
mod shown;
#[cfg(test)]
mod tests;
mod token;
mod upload;

pub use rows::Taken;
pub use token::TokenGate;

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    clock::World,
    id::RecordId,
    log::chain::Position,
    page,
    publication::{Content, Kind, time_to_wire},
    refusal::{Refusal, Violations},
    wire::{self, publishing_service_server::PublishingService},
};
use shouwang_serving::grpc::internal;
use tonic::{Request, Response, Status, Streaming};

use self::{
    documents::{ExportStream, ReadStream},
    import::ImportStream,
    shown::{View, request_key, state_from_wire},
};
use crate::{
    attachments::AttachmentFolder,
    documents::DocumentReader,
    hub_link::{
        fork::ForkRoom,
        status::{Board, LinkState},
    },
    shelf::{Item, Wish, unknown},
    store::{Answered, Change, Gate, ListQuery, NodeStore, RequestKey, Target},
};

/// Longest reason of a withdrawal in characters.
const REASON_LIMIT: usize = 500;
/// Longest own number of a publication in bytes.
const EXTERNAL_ID_BYTES: usize = 512;

/// The service.
#[derive(Clone, Debug)]
pub struct Publishing {
    /// Where everything is kept.
    pub store: NodeStore,
    /// Where the bytes of attachments are.
    pub attachments: AttachmentFolder,
    /// Reads documents.
    pub documents: DocumentReader,
    /// How the link is.
    pub board: Board,
    /// Time and randomness.
    pub world: World,
    /// Member's name as people write it; empty before joining.
    pub display_name: String,
    /// Where a fork is looked at.
    pub forks: ForkRoom,
}

impl Publishing {
    /// The name of a record of this node.
    #[must_use]
    pub fn name_of(&self, record: RecordId) -> String {
        self.view().name(record)
    }

    fn view(&self) -> View {
        View::new(self.store.author().map(|author| author.member.clone()), &self.board.now())
    }

    /// As [`Publishing::view`], with what the hub does not show of these.
    async fn view_of(&self, items: &[Item]) -> Result<View, Status> {
        let seqs = items.iter().filter_map(|item| item.standing.edition().map(|edition| edition.entry.seq));
        let mut view = self.view();
        view.quarantined = self.store.quarantined(seqs.collect()).await?;
        Ok(view)
    }

    fn change(&self, target: Target, wish: Wish, reason: String, now: Timestamp) -> Change {
        let fresh = RecordId::new(now, self.world.random());
        Change { target, wish, fresh, salt: self.world.random(), reason }
    }

    async fn change_once(
        &self,
        target: Target,
        wish: Wish,
        reason: String,
        key: Option<RequestKey>,
    ) -> Result<Response<wire::Publication>, Status> {
        let (changed, _) = self.changed(target, wish, reason, key).await?;
        Ok(Response::new(changed))
    }

    /// As the contract's `CreatePublication`; false when the same request was answered before.
    async fn create_once(
        &self,
        request: wire::CreatePublicationRequest,
    ) -> Result<(wire::Publication, bool), Status> {
        let key = request_key("CreatePublication", &request.request_id, &request)?;
        let wire::CreatePublicationRequest { publication, request_id: _, publish } = request;
        let wish = Wish::Create { content: content_of(publication)?, publish };
        self.changed(Target::ByExternalId, wish, String::new(), key).await
    }

    /// Changes and answers the publication, as it is now or as a request with the same key was answered (false).
    async fn changed(
        &self,
        target: Target,
        wish: Wish,
        reason: String,
        key: Option<RequestKey>,
    ) -> Result<(wire::Publication, bool), Status> {
        let now = self.world.now();
        let change = self.change(target, wish, reason, now);
        let view = self.view();
        let kept = view.clone();
        let answered =
            self.store.change_once(change, key, now, move |outcome| kept.show(&outcome.item).encode_to_vec());
        match answered.await? {
            Answered::Now(outcome) => Ok((view.show(&outcome.item), true)),
            Answered::Before(response) => {
                let publication = wire::Publication::decode(response.as_slice());
                Ok((publication.map_err(|error| internal(&error))?, false))
            }
        }
    }
}

fn content_of(publication: Option<wire::Publication>) -> Result<Content, Refusal> {
    Content::from_wire(publication.ok_or_else(|| Refusal::field("publication", "is required （必填）"))?)
}

fn position_to_wire(position: Position) -> wire::LogPosition {
    wire::LogPosition { epoch: position.epoch, seq: position.seq, entry_hash: position.hash.to_vec() }
}

fn link_state_to_wire(state: LinkState) -> wire::LinkState {
    match state {
        LinkState::NotJoined => wire::LinkState::NotJoined,
        LinkState::Connecting => wire::LinkState::Connecting,
        LinkState::Connected => wire::LinkState::Connected,
        LinkState::Refused => wire::LinkState::Refused,
    }
}

#[tonic::async_trait]
impl PublishingService for Publishing {
    async fn create_publication(
        &self,
        request: Request<wire::CreatePublicationRequest>,
    ) -> Result<Response<wire::Publication>, Status> {
        let (made, _) = self.create_once(request.into_inner()).await?;
        Ok(Response::new(made))
    }

    async fn revise_publication(
        &self,
        request: Request<wire::RevisePublicationRequest>,
    ) -> Result<Response<wire::Publication>, Status> {
        let request = request.into_inner();
        let key = request_key("RevisePublication", &request.request_id, &request)?;
        let wire::RevisePublicationRequest { publication, expected_revision, request_id: _ } = request;
        let name = publication.as_ref().map(|publication| publication.name.clone()).unwrap_or_default();
        let mut wrong = Violations::new();
        let record = self.view().record(&name);
        let content = content_of(publication);
        // A name that means nothing here is NOT_FOUND at once; wrong fields are told together.
        for refusal in [record.as_ref().err(), content.as_ref().err()].into_iter().flatten() {
            if refusal.violations.is_empty() {
                return Err(refusal.clone().into());
            }
            refusal.violations.iter().for_each(|one| wrong.add(&one.field, &one.description));
        }
        let (record, content) = wrong.finish(|| Some((record.ok()?, content.ok()?)))?;
        let wish = Wish::Revise { content, expected_revision };
        self.change_once(Target::Record(record), wish, String::new(), key).await
    }

    async fn publish_publication(
        &self,
        request: Request<wire::PublishPublicationRequest>,
    ) -> Result<Response<wire::Publication>, Status> {
        let request = request.into_inner();
        let key = request_key("PublishPublication", &request.request_id, &request)?;
        let record = self.view().record(&request.name)?;
        self.change_once(Target::Record(record), Wish::Publish, String::new(), key).await
    }

    async fn withdraw_publication(
        &self,
        request: Request<wire::WithdrawPublicationRequest>,
    ) -> Result<Response<wire::Publication>, Status> {
        let request = request.into_inner();
        let key = request_key("WithdrawPublication", &request.request_id, &request)?;
        let wire::WithdrawPublicationRequest { name, reason, request_id: _ } = request;
        let mut wrong = Violations::new();
        let rule = shouwang_proto::publication::text::TextRule::lines(REASON_LIMIT);
        let reason = rule.read("reason", &reason, &mut wrong);
        let reason = wrong.finish(|| Some(reason))?;
        let record = self.view().record(&name)?;
        self.change_once(Target::Record(record), Wish::Withdraw, reason, key).await
    }

    async fn get_publication(
        &self,
        request: Request<wire::GetOwnPublicationRequest>,
    ) -> Result<Response<wire::Publication>, Status> {
        let wire::GetOwnPublicationRequest { name } = request.into_inner();
        if name.is_empty() || name.len() > EXTERNAL_ID_BYTES {
            return Err(
                Refusal::field("name", "must be a name or an external id （须为名称或外部编号）").into()
            );
        }
        let found = match self.view().record(&name) {
            Ok(record) => self.store.find(record).await?,
            // Not a name: the owner's own number.
            Err(refusal) if !refusal.violations.is_empty() => self.store.find_by_external_id(name).await?,
            Err(refusal) => return Err(refusal.into()),
        };
        let item = found.ok_or_else(unknown)?;
        let view = self.view_of(std::slice::from_ref(&item)).await?;
        Ok(Response::new(view.show(&item)))
    }

    async fn list_publications(
        &self,
        request: Request<wire::ListPublicationsRequest>,
    ) -> Result<Response<wire::ListPublicationsResponse>, Status> {
        let wire::ListPublicationsRequest { page_size, page_token, kinds, states } = request.into_inner();
        let limit = page::size(page_size, 50, 1_000);
        let after: Option<(i64, RecordId)> = page::decode(&page_token)?;
        let mut wrong = Violations::new();
        let kinds = read_all("kinds", &kinds, Kind::from_wire, &mut wrong);
        let standings = read_all("states", &states, state_from_wire, &mut wrong);
        let query = wrong.finish(|| {
            let after = after.map(|(millis, record)| (shouwang_proto::clock::from_millis(millis), record));
            Some(ListQuery { kinds, standings, after, limit: limit + 1 })
        })?;
        let (mut items, total) = self.store.list(query).await?;
        let more = items.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = items.last().filter(|_| more);
        let next_page_token =
            next.map(|item| page::encode(&(item.updated.as_millisecond(), item.record))).unwrap_or_default();
        let view = self.view_of(&items).await?;
        let publications = items.iter().map(|item| view.show(item)).collect();
        Ok(Response::new(wire::ListPublicationsResponse { publications, next_page_token, total }))
    }

    type ImportPublicationsStream = ImportStream;

    async fn import_publications(
        &self,
        request: Request<Streaming<wire::ImportPublicationsRequest>>,
    ) -> Result<Response<ImportStream>, Status> {
        Ok(Response::new(self.import(request.into_inner())))
    }

    async fn upload_attachment(
        &self,
        request: Request<Streaming<wire::UploadAttachmentRequest>>,
    ) -> Result<Response<wire::UploadAttachmentResponse>, Status> {
        let size_bytes = self.upload(request.into_inner()).await?;
        Ok(Response::new(wire::UploadAttachmentResponse { size_bytes }))
    }

    type ReadDocumentStream = ReadStream;

    async fn read_document(
        &self,
        request: Request<Streaming<wire::ReadDocumentRequest>>,
    ) -> Result<Response<ReadStream>, Status> {
        Ok(Response::new(self.read(request.into_inner()).await?))
    }

    async fn get_import_template(
        &self,
        request: Request<wire::GetImportTemplateRequest>,
    ) -> Result<Response<wire::GetImportTemplateResponse>, Status> {
        let wire::GetImportTemplateRequest { kind } = request.into_inner();
        let workbook = documents::template(documents::kind(kind)?).await?;
        Ok(Response::new(wire::GetImportTemplateResponse { workbook }))
    }

    type ExportPublicationsStream = ExportStream;

    async fn export_publications(
        &self,
        request: Request<wire::ExportPublicationsRequest>,
    ) -> Result<Response<ExportStream>, Status> {
        Ok(Response::new(self.export(request.into_inner()).await?))
    }

    async fn get_fork(&self, request: Request<wire::GetForkRequest>) -> Result<Response<wire::Fork>, Status> {
        let wire::GetForkRequest {} = request.into_inner();
        Ok(Response::new(self.fork_show().await?))
    }

    async fn resolve_fork(
        &self,
        request: Request<wire::ResolveForkRequest>,
    ) -> Result<Response<wire::Fork>, Status> {
        let wire::ResolveForkRequest { name } = request.into_inner();
        Ok(Response::new(self.fork_end(name).await?))
    }

    async fn get_node_status(
        &self,
        request: Request<wire::GetNodeStatusRequest>,
    ) -> Result<Response<wire::NodeStatus>, Status> {
        let wire::GetNodeStatusRequest {} = request.into_inner();
        let status = self.board.now();
        let (drafts, published) = self.store.count().await?;
        let author = self.store.author();
        Ok(Response::new(wire::NodeStatus {
            member_id: author.map(|author| author.member.to_string()).unwrap_or_default(),
            display_name: self.display_name.clone(),
            alliance_id: author.map(|author| author.alliance.to_string()).unwrap_or_default(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            control: link_state_to_wire(status.control) as i32,
            sync: link_state_to_wire(status.sync) as i32,
            link_problem: status.problem().to_owned(),
            head: Some(position_to_wire(self.store.position().await?)),
            durable: Some(position_to_wire(status.durable)),
            searchable: Some(position_to_wire(status.searchable)),
            hub_heard_time: status.heard.map(time_to_wire),
            drafts,
            published,
            quarantined: status.quarantined,
            publishing_held: matches!(self.store.gate(), Gate::Held(_)),
            certificate_expire_time: status.certificate_ends.map(time_to_wire),
            diverged: status.diverged,
        }))
    }
}

fn read_all<T>(field: &str, written: &[i32], read: fn(i32) -> Option<T>, wrong: &mut Violations) -> Vec<T> {
    let known = written.iter().enumerate().filter_map(|(index, value)| {
        let known = read(*value);
        if known.is_none() {
            wrong.add(format!("{field}[{index}]"), "is not known （取值无效）");
        }
        known
    });
    known.collect()
}
