//! What the tests need around a node: a small hub of their own, and a caller with the right token.

mod aid;
mod alliance;
mod authority;
mod hub;
mod link;

pub(crate) use aid::{inbox_caller, notice};
pub(crate) use alliance::Alliance;
pub(crate) use authority::TrialAuthority;
pub(crate) use hub::TrialHub;

use std::{path::Path, sync::Arc, time::Duration};

use shouwang_proto::{
    clock::World,
    wire::{self, publishing_service_client::PublishingServiceClient},
};
use shouwang_serving::{
    accept,
    dial::{self, DialLimits, Target, TcpDialer},
    tls::ClientTls,
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::interceptor::InterceptedService,
    transport::Channel,
};

use crate::{
    Node, NodeConfig, NodeHandle, Surroundings,
    hub_link::status::LinkStatus,
    local_tls::{LOCAL_ROOT_FILE, NODE_NAME},
};

/// Longer than anything may take on a busy machine; reached only when a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Shows a token with every call.
#[derive(Clone)]
pub(crate) struct Shown(MetadataValue<Ascii>);

impl tonic::service::Interceptor for Shown {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub(crate) type Caller = PublishingServiceClient<InterceptedService<Channel, Shown>>;

/// Starts a node on a folder.
pub(crate) async fn start_node(data: &Path) -> NodeHandle {
    start_node_with(NodeConfig::new(data)).await
}

/// Starts a node that is configured so.
pub(crate) async fn start_node_with(config: NodeConfig) -> NodeHandle {
    let listener = accept::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let surroundings = Surroundings { world: World::system(), listener, dialer: Arc::new(TcpDialer) };
    Node::start(config, surroundings).await.unwrap()
}

/// A connection to a node's publishing port.
pub(crate) fn channel(node: &NodeHandle, data: &Path) -> Channel {
    let root = std::fs::read_to_string(data.join(LOCAL_ROOT_FILE)).unwrap();
    let tls = Some(ClientTls::new(&root, None).unwrap());
    let (host, port) = (node.address.ip().to_string(), node.address.port());
    let target = Target { host, port, server_name: NODE_NAME.to_owned(), tls };
    dial::channel(target, Arc::new(TcpDialer), &DialLimits::default()).unwrap()
}

/// A caller with this token.
pub(crate) fn caller_with(node: &NodeHandle, data: &Path, token: &str) -> Caller {
    let shown = Shown(format!("Bearer {token}").parse().unwrap());
    PublishingServiceClient::with_interceptor(channel(node, data), shown)
}

/// A caller with the right token.
pub(crate) fn caller(node: &NodeHandle, data: &Path) -> Caller {
    let token = std::fs::read_to_string(data.join("publisher.token")).unwrap();
    caller_with(node, data, token.trim())
}

/// Waits until the node's link is so.
pub(crate) async fn wait_for(node: &NodeHandle, what: impl FnMut(&LinkStatus) -> bool) -> LinkStatus {
    let mut board = node.board().watch();
    let waiting = tokio::time::timeout(PATIENCE, board.wait_for(what)).await;
    match waiting {
        Ok(Ok(status)) => status.clone(),
        Ok(Err(_)) | Err(_) => panic!("it stays so: {:?}", node.board().now()),
    }
}

/// A practice as people write one.
pub(crate) fn practice(external_id: &str, title: &str) -> wire::Publication {
    wire::Publication {
        external_id: external_id.to_owned(),
        title: title.to_owned(),
        body: "先通风，再检测，后作业；监护人不得离开。".to_owned(),
        sectors: vec!["有限空间".to_owned()],
        detail: Some(wire::publication::Detail::Practice(wire::Practice::default())),
        ..wire::Publication::default()
    }
}

/// Publishes one practice and answers the sequence number of its entry.
pub(crate) async fn publish(caller: &mut Caller, external_id: &str) -> wire::Publication {
    let request = wire::CreatePublicationRequest {
        publication: Some(practice(external_id, "有限空间作业")),
        request_id: String::new(),
        publish: true,
    };
    caller.create_publication(request).await.unwrap().into_inner()
}
