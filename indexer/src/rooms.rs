//! The rooms' handles, and the services that each port offers.

use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use shouwang_proto::{
    clock::{World, from_millis},
    wire::{
        account_link_service_server::AccountLinkServiceServer, account_service_server::AccountServiceServer,
        council_service_server::CouncilServiceServer, enrolment_service_server::EnrolmentServiceServer,
        mutual_aid_service_server::MutualAidServiceServer, search_service_server::SearchServiceServer,
    },
};
use shouwang_serving::{
    alerts::Hooks,
    grpc::{self, SYNC_MESSAGE_BYTES},
    tls::{ClientRule, Identity},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{
    compaction::Compaction,
    config::{HubConfig, council_people},
    council::{
        coordinator::Council,
        enrolment::Enrolment,
        enrolment_service::EnrolmentDesk,
        gate::Gate,
        oversight::{IndexProbe, IndexProgress, Oversight},
        roster::Roster,
        service::CouncilDesk,
        thesaurus::ThesaurusBook,
    },
    folder::DataFolder,
    founding::{self, Foundation},
    hub::Addresses,
    link::{
        attachments::Attachments,
        board::LinkBoard,
        offline::OfflineDesk,
        room::{LinkParts, LinkRoom, SILENCE},
        service::LinkDesk,
    },
    mutual_aid::{
        council_duty::{CouncilAlerts, CouncilDuty},
        desk::Desk as AidDesk,
        room::{AidParts, MutualAid},
    },
    people::{coordinator::People, service::AccountDesk},
    search::{
        room::{RoomParts, SearchRoom},
        service::SearchDesk,
        tailer::{Progress, Tailer},
    },
    store::{self, Store, hub_log::HubLogHead},
    web::{Site, SiteParts},
};

/// How the hub calls itself to a webhook.
const AGENT: &str = concat!("shouwang-hub/", env!("CARGO_PKG_VERSION"));
/// Room for the longest certificate request and all around it, for callers nobody knows.
const ENROLMENT_MESSAGE_BYTES: usize = 16 * 1024;
/// Room for the longest group of synonyms or list of groups.
const COUNCIL_MESSAGE_BYTES: usize = 64 * 1024;

/// Room for a piece of a road graph: 10,000 nodes and 10,000 edges.
const AID_MESSAGE_BYTES: usize = 1024 * 1024;

/// Room for the longest question with all its filters.
const SEARCH_MESSAGE_BYTES: usize = 64 * 1024;

/// What calls the council, and whom.
fn council_duty(
    config: &HubConfig,
    folder: &DataFolder,
    world: &World,
) -> anyhow::Result<(Hooks, Arc<CouncilDuty>)> {
    let hooks = Hooks::open(&config.alerts, folder.path(), AGENT, world)?;
    let duty = CouncilDuty { people: council_people(&config.alerts)?, channels: hooks.channels() };
    Ok((hooks, Arc::new(duty)))
}

/// Everything a hub is made of.
pub(crate) struct Rooms {
    pub(crate) store: Store,
    pub(crate) roster: Roster,
    pub(crate) council: Council,
    pub(crate) people: People,
    pub(crate) gate: Gate,
    pub(crate) foundation: Foundation,
    pub(crate) hub_log: HubLogHead,
    pub(crate) board: LinkBoard,
    pub(crate) link: LinkRoom,
    pub(crate) mutual_aid: MutualAid,
    /// What calls the council.
    pub(crate) hooks: Hooks,
    /// The hub's own key and certificate, as they are now.
    pub(crate) identity: Arc<ArcSwap<Identity>>,
    pub(crate) search: SearchRoom,
    /// What of its own log the hub keeps.
    pub(crate) compaction: Compaction,
    attachments: Attachments,
    /// When the hub's own certificate ends.
    pub(crate) certificate_ends: watch::Sender<Timestamp>,
    pub(crate) world: World,
    stopping: CancellationToken,
}

/// What several rooms are given.
struct Shared<'a> {
    store: &'a Store,
    roster: &'a Roster,
    board: &'a LinkBoard,
    hub_log: &'a HubLogHead,
    world: &'a World,
}

impl Shared<'_> {
    fn link_room(
        &self,
        config: &HubConfig,
        foundation: &Foundation,
        attachments: &Attachments,
        mutual_aid: &MutualAid,
        stopping: CancellationToken,
    ) -> LinkRoom {
        LinkRoom::new(LinkParts {
            mutual_aid: mutual_aid.clone(),
            store: self.store.clone(),
            roster: self.roster.clone(),
            board: self.board.clone(),
            hub_log: self.hub_log.clone(),
            attachments: attachments.clone(),
            alliance: foundation.hub.alliance.clone(),
            hub_epoch: foundation.hub.epoch,
            hub_incarnation: foundation.hub.incarnation,
            world: self.world.clone(),
            silence: SILENCE,
            credit_bytes: config.link_credit_bytes,
            stopping,
        })
    }
}

impl Rooms {
    /// Opens the rooms on a store, from the lowest up; with them comes the task that keeps the index.
    pub(crate) async fn open(
        config: &HubConfig,
        folder: &DataFolder,
        store: Store,
        world: World,
        stopping: CancellationToken,
    ) -> anyhow::Result<(Self, Tailer)> {
        let foundation = founding::lay(config, folder, &store, &world).await?;
        let (roster, thesaurus) =
            (Roster::load(store.clone()).await?, ThesaurusBook::load(store.clone()).await?);
        let council = Council::new(store.clone(), roster.clone(), thesaurus.clone(), world.clone());
        let people = People::new(store.clone(), roster.clone(), world.clone());
        let gate = Gate::new(roster.clone(), world.clone(), config.calls_per_second);
        let era = world.random();
        store.write(async move |tx| store::hub_history::era_begin(tx, era).await).await?;
        let head = store.read(async |conn| store::hub_log::hub_log_head(conn).await).await?;
        let hub_log = HubLogHead::new(head);
        let board = LinkBoard::load(&store).await?;
        let attachments = Attachments::open(&folder.attachments(), config.one_thread)
            .with_context(|| format!("cannot use {}", folder.attachments().display()))?;
        let (stopped, identity) =
            (stopping.clone(), Arc::new(ArcSwap::from_pointee(foundation.identity.clone())));
        let (hooks, duty) = council_duty(config, folder, &world)?;
        let mutual_aid = MutualAid::open(AidParts {
            store: store.clone(),
            roster: roster.clone(),
            board: board.clone(),
            hub_log: hub_log.clone(),
            alliance: foundation.hub.alliance.clone(),
            identity: Arc::clone(&identity),
            policy: config.mutual_aid.clone(),
            duty,
            world: world.clone(),
        })
        .await?;
        let shared =
            Shared { store: &store, roster: &roster, board: &board, hub_log: &hub_log, world: &world };
        let link = shared.link_room(config, &foundation, &attachments, &mutual_aid, stopping);
        let parts = RoomParts {
            store: store.clone(),
            roster: roster.clone(),
            board: board.clone(),
            hub_log: hub_log.clone(),
            thesaurus,
            world: world.clone(),
            one_thread: config.one_thread,
        };
        let (search, tailer) = SearchRoom::open(&folder.index(), parts)
            .with_context(|| format!("cannot use {}", folder.index().display()))?;
        let (certificate_ends, _) = watch::channel(from_millis(foundation.identity.facts().not_after_ms));
        let rooms = Self {
            store,
            roster,
            council,
            people,
            gate,
            foundation,
            hub_log,
            board,
            link,
            mutual_aid,
            hooks,
            identity,
            search,
            compaction: config.compaction,
            attachments,
            certificate_ends,
            world,
            stopping: stopped,
        };
        Ok((rooms, tailer))
    }

    /// Who may open a link: the allow-list as it is at each handshake.
    pub(crate) fn client_rule(&self) -> ClientRule {
        let roster = self.roster.clone();
        ClientRule {
            ca_pem: self.foundation.authority.root_pem().to_owned(),
            allow: Arc::new(move |serial| roster.snapshot().admit_link(serial).is_ok()),
            required: true,
        }
    }

    /// What the people port offers.
    pub(crate) async fn people_services(
        &self,
        config: &HubConfig,
        addresses: Addresses,
    ) -> anyhow::Result<Routes> {
        let link_address = config.advertise.clone().unwrap_or_else(|| addresses.nodes.to_string());
        let authority = Arc::clone(&self.foundation.authority);
        let (store, roster, world) = (self.store.clone(), self.roster.clone(), self.world.clone());
        let enrolment = Enrolment::new(store, roster, authority, &self.foundation.hub, world);
        let enrolment = EnrolmentDesk::new(enrolment, self.gate.clone(), link_address);
        let enrolment =
            EnrolmentServiceServer::new(enrolment).max_decoding_message_size(ENROLMENT_MESSAGE_BYTES);
        let council = CouncilServiceServer::new(self.council_desk(config, addresses))
            .max_decoding_message_size(COUNCIL_MESSAGE_BYTES)
            .max_encoding_message_size(SYNC_MESSAGE_BYTES);
        let accounts =
            AccountDesk::new(self.people.clone(), self.gate.clone(), Self::web_address(config, addresses));
        let links = AccountLinkServiceServer::new(accounts.clone())
            .max_decoding_message_size(ENROLMENT_MESSAGE_BYTES);
        let accounts = AccountServiceServer::new(accounts)
            .max_decoding_message_size(COUNCIL_MESSAGE_BYTES)
            .max_encoding_message_size(SYNC_MESSAGE_BYTES);
        let search = SearchServiceServer::new(self.search_desk())
            .max_decoding_message_size(SEARCH_MESSAGE_BYTES)
            .max_encoding_message_size(SYNC_MESSAGE_BYTES);
        let aid = MutualAidServiceServer::new(self.aid_desk())
            .max_decoding_message_size(AID_MESSAGE_BYTES)
            .max_encoding_message_size(SYNC_MESSAGE_BYTES);
        let (reporter, health) = grpc::health();
        reporter.set_serving::<MutualAidServiceServer<AidDesk>>().await;
        reporter.set_serving::<EnrolmentServiceServer<EnrolmentDesk>>().await;
        reporter.set_serving::<CouncilServiceServer<CouncilDesk>>().await;
        reporter.set_serving::<SearchServiceServer<SearchDesk>>().await;
        reporter.set_serving::<AccountServiceServer<AccountDesk>>().await;
        reporter.set_serving::<AccountLinkServiceServer<AccountDesk>>().await;
        Ok(Routes::new(health)
            .add_service(grpc::reflection()?)
            .add_service(enrolment)
            .add_service(council)
            .add_service(aid)
            .add_service(accounts)
            .add_service(links)
            .add_service(search))
    }

    fn aid_desk(&self) -> AidDesk {
        AidDesk::new(self.mutual_aid.clone(), self.gate.clone(), self.stopping.clone())
    }

    fn council_desk(&self, config: &HubConfig, addresses: Addresses) -> CouncilDesk {
        let people_address = config.advertise_people.clone().unwrap_or_else(|| addresses.people.to_string());
        let authority = Arc::clone(&self.foundation.authority);
        let (council, gate) = (self.council.clone(), self.gate.clone());
        CouncilDesk::new(council, gate, authority, self.oversight(config), people_address)
    }

    fn search_desk(&self) -> SearchDesk {
        let (room, gate, store) = (self.search.clone(), self.gate.clone(), self.store.clone());
        SearchDesk::new(room, gate, store, self.attachments.clone())
    }

    /// Where people open the pages.
    fn web_address(config: &HubConfig, addresses: Addresses) -> String {
        let own = || match addresses.web {
            Some(web) => format!("http://{web}"),
            None => {
                let people = config.advertise_people.clone();
                format!("https://{}", people.unwrap_or_else(|| addresses.people.to_string()))
            }
        };
        let address = config.web_address.clone().unwrap_or_else(own);
        address.trim_end_matches('/').to_owned()
    }

    /// What the pages stand on.
    pub(crate) fn site(&self, config: &HubConfig, addresses: Addresses) -> Site {
        Site::new(SiteParts {
            people: self.people.clone(),
            search: self.search_desk(),
            aid: self.aid_desk(),
            council: self.council_desk(config, addresses),
            alerts: CouncilAlerts::new(self.mutual_aid.clone()),
            gate: self.gate.clone(),
            roster: self.roster.clone(),
            index: self.index_probe(),
            address: Self::web_address(config, addresses),
            world: self.world.clone(),
        })
    }

    fn oversight(&self, config: &HubConfig) -> Oversight {
        let postgres = config.database_url().starts_with("postgres");
        Oversight {
            store: self.store.clone(),
            roster: self.roster.clone(),
            board: self.board.clone(),
            hub_log: self.hub_log.clone(),
            index: self.index_probe(),
            alliance: self.foundation.hub.alliance.clone(),
            engine: if postgres { "postgres" } else { "sqlite" },
            certificate_ends: self.certificate_ends.subscribe(),
            world: self.world.clone(),
        }
    }

    /// Tells how far the index is.
    pub(crate) fn index_probe(&self) -> IndexProbe {
        let search = self.search.clone();
        Arc::new(move || {
            let Progress { position, caught_up } = search.progress();
            IndexProgress { position, caught_up }
        })
    }

    /// What the node port offers.
    pub(crate) async fn node_services(&self) -> Routes {
        let link = LinkDesk::service(self.link.clone());
        let (reporter, health) = grpc::health();
        reporter
            .set_serving::<shouwang_proto::wire::link_service_server::LinkServiceServer<LinkDesk>>()
            .await;
        reporter
            .set_serving::<shouwang_proto::wire::mutual_aid_link_service_server::MutualAidLinkServiceServer<
                OfflineDesk,
            >>()
            .await;
        Routes::new(health).add_service(link).add_service(OfflineDesk::service(self.link.clone()))
    }
}
