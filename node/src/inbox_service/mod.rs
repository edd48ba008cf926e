//! Emergencies for the member's own people, at their own node. Everything here works while the hub is away.

mod shown;
#[cfg(test)]
mod tests;
mod watch;

use prost::Message;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    clock::{World, from_millis},
    id::{MemberId, RecordId},
    mutual_aid::id::{IncidentId, NoticeId},
    page,
    publication::{Detail, Kind},
    refusal::Refusal,
    wire::{self, inbox_service_server::InboxService},
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use self::{
    shown::{show_command, show_first, show_item},
    watch::InboxStream,
};
use crate::{
    inbox::{
        pack::{Pack, Search},
        word::{self, Draft},
    },
    offline_pack::OfflinePacks,
    shelf::StandingName,
    store::{KeptCommand, ListQuery, NodeStore, NoticeQuery, command_unknown, notice_unknown},
};

/// The service.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// Where everything is kept.
    pub store: NodeStore,
    /// Time and randomness.
    pub world: World,
    /// The offline pack; none before joining.
    pub packs: Option<OfflinePacks>,
    /// Ends the streams when the node stops.
    pub stop: CancellationToken,
}

impl Inbox {
    /// Who this node is.
    ///
    /// # Errors
    /// FAILED_PRECONDITION (NOT_JOINED).
    pub fn member(&self) -> Result<&MemberId, Refusal> {
        self.own()
    }

    /// Where this member is, as far as the node knows.
    ///
    /// # Errors
    /// What the store said.
    pub async fn home(&self) -> Result<Option<wire::Location>, Status> {
        let pack = self.packs.as_ref().and_then(OfflinePacks::current);
        self.own_place(pack.as_deref()).await
    }

    /// Whom of the council to call when the hub is away; nobody before the first pack came.
    #[must_use]
    pub fn council(&self) -> Vec<wire::DutyContact> {
        let pack = self.packs.as_ref().and_then(OfflinePacks::current);
        pack.map(|pack| pack.council().to_vec()).unwrap_or_default()
    }

    fn own(&self) -> Result<&MemberId, Refusal> {
        let member = self.packs.as_ref().map(|packs| &packs.member);
        member.ok_or_else(|| {
            Refusal::precondition("NOT_JOINED", "this node has not joined an alliance （本节点尚未加入联盟）")
        })
    }

    /// Writes down what was said; the same request again gets the first answer.
    async fn say<M: Message>(
        &self,
        method: &str,
        request: &M,
        draft: Draft,
    ) -> Result<Response<wire::OwnCommand>, Status> {
        let mut hasher = Sha256::new();
        hasher.update(method.as_bytes());
        hasher.update([0]);
        hasher.update(request.encode_to_vec());
        let fingerprint = hasher.finalize().into();
        let now = self.world.now();
        let command = draft.finish(now)?;
        let said = self.store.command_say(command, fingerprint, now).await?;
        Ok(Response::new(show_first(&said)))
    }

    fn pack(&self) -> Result<std::sync::Arc<Pack>, Refusal> {
        let pack = self.packs.as_ref().and_then(OfflinePacks::current);
        pack.ok_or_else(|| {
            Refusal::precondition("PACK_MISSING", "no offline pack has come from the hub yet （尚无离线包）")
        })
    }

    /// Where the member's own first resource stands that has a place.
    async fn own_place(&self, pack: Option<&Pack>) -> Result<Option<wire::Location>, Status> {
        let query = ListQuery {
            kinds: vec![Kind::Resource],
            standings: vec![StandingName::Published],
            after: None,
            limit: 1_000,
        };
        let (items, _) = self.store.list(query).await?;
        let placed = items.iter().filter_map(|item| match &item.content.detail {
            Detail::Resource(resource) => Some((item.created, resource.location.clone()?)),
            Detail::Practice(_) | Detail::Course(_) => None,
        });
        let first = placed.min_by_key(|(created, _)| *created).map(|(_, place)| wire::Location {
            latitude: place.latitude,
            longitude: place.longitude,
            address: place.address,
        });
        let packed = || self.packs.as_ref().zip(pack).and_then(|(packs, pack)| pack.own_place(&packs.member));
        Ok(first.or_else(packed))
    }
}

#[tonic::async_trait]
impl InboxService for Inbox {
    async fn list_notices(
        &self,
        request: Request<wire::ListNoticesRequest>,
    ) -> Result<Response<wire::ListNoticesResponse>, Status> {
        let wire::ListNoticesRequest { page_size, page_token, open_only, incident } = request.into_inner();
        let limit = page::size(page_size, 50, 1_000);
        let after: Option<(i64, String)> = page::decode(&page_token)?;
        let incident = match incident.as_str() {
            "" => incident,
            name => IncidentId::from_name(name)
                .map_err(|error| Refusal::field("incident", error.to_string()))?
                .name(),
        };
        let now = self.world.now();
        let after = after.map(|(millis, name)| (from_millis(millis), name));
        let query = NoticeQuery { open_only, incident, after, limit: limit + 1, now };
        let mut found = self.store.notices(query).await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| more);
        let next_page_token = next
            .map(|(kept, _)| page::encode(&(kept.received.as_millisecond(), &kept.notice.name)))
            .unwrap_or_default();
        let items = found.iter().map(|item| show_item(item, now)).collect();
        Ok(Response::new(wire::ListNoticesResponse { items, next_page_token }))
    }

    async fn get_notice(
        &self,
        request: Request<wire::GetNoticeRequest>,
    ) -> Result<Response<wire::InboxItem>, Status> {
        let wire::GetNoticeRequest { name } = request.into_inner();
        let name = NoticeId::from_name(&name).map_err(|_| notice_unknown())?.name();
        let found = self.store.notice(name).await?.ok_or_else(notice_unknown)?;
        Ok(Response::new(show_item(&found, self.world.now())))
    }

    type WatchInboxStream = InboxStream;

    async fn watch_inbox(
        &self,
        request: Request<wire::WatchInboxRequest>,
    ) -> Result<Response<InboxStream>, Status> {
        let wire::WatchInboxRequest { after_change } = request.into_inner();
        Ok(Response::new(self.follow(after_change)))
    }

    async fn mark_seen(
        &self,
        request: Request<wire::MarkSeenRequest>,
    ) -> Result<Response<wire::InboxItem>, Status> {
        let request = request.into_inner();
        let now = self.world.now();
        let id: Uuid = RecordId::new(now, self.world.random()).to_string().parse().unwrap_or_default();
        let (notice, command) = word::seen(&request, id, now)?;
        let item = self.store.notice_seen(notice.name(), command, now).await?;
        Ok(Response::new(show_item(&item, now)))
    }

    async fn answer(
        &self,
        request: Request<wire::AnswerRequest>,
    ) -> Result<Response<wire::OwnCommand>, Status> {
        let request = request.into_inner();
        self.own()?;
        let mut draft = Draft::answer(request.clone());
        if let Some(assignment) = draft.open_epoch().map(str::to_owned) {
            let newest = self.store.newest_epoch(assignment).await?;
            draft.set_epoch(newest);
        }
        self.say("Answer", &request, draft).await
    }

    async fn call_for_help(
        &self,
        request: Request<wire::CallForHelpRequest>,
    ) -> Result<Response<wire::OwnCommand>, Status> {
        let request = request.into_inner();
        self.own()?;
        let draft = Draft::call(request.clone());
        self.say("CallForHelp", &request, draft).await
    }

    async fn volunteer_aid(
        &self,
        request: Request<wire::VolunteerAidRequest>,
    ) -> Result<Response<wire::OwnCommand>, Status> {
        let request = request.into_inner();
        let draft = Draft::volunteer(request.clone(), self.own()?);
        self.say("VolunteerAid", &request, draft).await
    }

    async fn get_command(
        &self,
        request: Request<wire::GetCommandRequest>,
    ) -> Result<Response<wire::OwnCommand>, Status> {
        let wire::GetCommandRequest { command_id } = request.into_inner();
        // People may write it in capitals.
        let id = Uuid::parse_str(&command_id).map_err(|_| command_unknown())?;
        let found = self.store.command(id.to_string()).await?.ok_or_else(command_unknown)?;
        Ok(Response::new(show_command(&found)))
    }

    async fn list_commands(
        &self,
        request: Request<wire::ListCommandsRequest>,
    ) -> Result<Response<wire::ListCommandsResponse>, Status> {
        let wire::ListCommandsRequest { page_size, page_token, waiting_only } = request.into_inner();
        let limit = page::size(page_size, 50, 1_000);
        let before: Option<u64> = page::decode(&page_token)?;
        let mut found = self.store.commands(before, waiting_only, limit + 1).await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > most;
        found.truncate(most);
        let next: Option<&KeptCommand> = found.last().filter(|_| more);
        let next_page_token = next.map(|kept| page::encode(&kept.seq)).unwrap_or_default();
        let commands = found.iter().map(show_command).collect();
        Ok(Response::new(wire::ListCommandsResponse { commands, next_page_token }))
    }

    async fn get_offline_pack(
        &self,
        request: Request<wire::GetOfflinePackRequest>,
    ) -> Result<Response<wire::OfflinePackSummary>, Status> {
        let wire::GetOfflinePackRequest {} = request.into_inner();
        Ok(Response::new(self.pack()?.summary()))
    }

    async fn find_nearby(
        &self,
        request: Request<wire::FindNearbyRequest>,
    ) -> Result<Response<wire::FindNearbyResponse>, Status> {
        let search = Search::read(request.into_inner())?;
        let pack = self.pack()?;
        let from = match &search.place {
            Some(place) => Some(place.clone()),
            None => self.own_place(Some(&*pack)).await?,
        };
        Ok(Response::new(pack.find(&search, from.as_ref())))
    }
}
