//! gRPC clients with a bearer token and a pinned root.

use std::{fs, path::Path, sync::Arc};

use anyhow::Context as _;
use shouwang_proto::wire::{
    council_service_client::CouncilServiceClient, mutual_aid_service_client::MutualAidServiceClient,
    publishing_service_client::PublishingServiceClient, search_service_client::SearchServiceClient,
};
use shouwang_serving::{
    dial::{DialLimits, Target, TcpDialer, channel},
    tls::ClientTls,
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

/// Largest answer a test client takes, in bytes.
const MESSAGE_LIMIT: usize = 16 * 1024 * 1024;

/// Adds the token to every request.
#[derive(Clone, Debug)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A client of a node's publishing service.
pub type Publishing = PublishingServiceClient<InterceptedService<Channel, Bearer>>;
/// A client of the hub's council service.
pub type Council = CouncilServiceClient<InterceptedService<Channel, Bearer>>;
/// A client of the hub's mutual-aid service.
pub type MutualAid = MutualAidServiceClient<InterceptedService<Channel, Bearer>>;
/// A client of the hub's search service.
pub type Search = SearchServiceClient<InterceptedService<Channel, Bearer>>;

fn intercepted(
    address: &str,
    server_name: &str,
    root: &Path,
    token: &str,
) -> anyhow::Result<InterceptedService<Channel, Bearer>> {
    let (host, port) = address.rsplit_once(':').context("an address is host:port")?;
    let root = fs::read_to_string(root).with_context(|| root.display().to_string())?;
    let target = Target {
        host: host.to_owned(),
        port: port.parse()?,
        server_name: server_name.to_owned(),
        tls: Some(ClientTls::new(&root, None)?),
    };
    let channel = channel(target, Arc::new(TcpDialer), &DialLimits::default())?;
    Ok(InterceptedService::new(channel, Bearer(format!("Bearer {}", token.trim()).parse()?)))
}

/// Dials a node's publishing service with the token in its data folder.
///
/// # Errors
/// When a file of the data folder cannot be read.
pub fn publishing_client(address: &str, data: &Path) -> anyhow::Result<Publishing> {
    let token = fs::read_to_string(data.join("publisher.token"))?;
    let service = intercepted(address, "node.shouwang", &data.join("local-root.pem"), &token)?;
    Ok(PublishingServiceClient::new(service).max_decoding_message_size(MESSAGE_LIMIT))
}

/// Dials the hub's search service.
///
/// # Errors
/// When a file of the data folder cannot be read.
pub fn search_client(address: &str, hub_data: &Path, token: &str) -> anyhow::Result<Search> {
    let service = intercepted(address, "hub.shouwang", &hub_data.join("root.pem"), token)?;
    Ok(SearchServiceClient::new(service).max_decoding_message_size(MESSAGE_LIMIT))
}

/// Dials the hub's council service.
///
/// # Errors
/// When a file of the data folder cannot be read.
pub fn council_client(address: &str, hub_data: &Path, token: &str) -> anyhow::Result<Council> {
    Ok(CouncilServiceClient::new(intercepted(address, "hub.shouwang", &hub_data.join("root.pem"), token)?))
}

/// Dials the hub's mutual-aid service.
///
/// # Errors
/// When a file of the data folder cannot be read.
pub fn mutual_aid_client(address: &str, hub_data: &Path, token: &str) -> anyhow::Result<MutualAid> {
    let service = intercepted(address, "hub.shouwang", &hub_data.join("root.pem"), token)?;
    Ok(MutualAidServiceClient::new(service).max_decoding_message_size(MESSAGE_LIMIT))
}
