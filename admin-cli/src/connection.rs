//! Connections to the hub and the node of a context.

use std::{fs, path::Path, sync::Arc, time::Duration};

use shouwang_proto::wire::{
    account_link_service_client::AccountLinkServiceClient, account_service_client::AccountServiceClient,
    council_service_client::CouncilServiceClient, inbox_service_client::InboxServiceClient,
    mutual_aid_service_client::MutualAidServiceClient, publishing_service_client::PublishingServiceClient,
    search_service_client::SearchServiceClient,
};
use shouwang_serving::{
    dial::{self, DialLimits, DialProblem, Target, TcpDialer},
    tls::ClientTls,
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

use crate::{
    context::Server,
    failure::{Failure, Outcome},
    words::{Words, words},
};

/// Name in the certificate of every hub.
pub(crate) const HUB_SERVER_NAME: &str = "hub.shouwang";
/// Name in the certificate of every node's publishing port.
pub(crate) const NODE_SERVER_NAME: &str = "node.shouwang";
/// Largest message either way, in bytes; a page of publications with long bodies is larger than tonic's default.
const MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// Adds the bearer token to each request.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A channel that says who calls.
pub(crate) type Authorised = InterceptedService<Channel, Bearer>;

/// A connected server of the alliance.
#[derive(Clone)]
struct Line {
    channel: Authorised,
    name: Words,
}

/// A connected hub.
#[derive(Clone)]
pub(crate) struct Hub(Line);

/// A connected node.
#[derive(Clone)]
pub(crate) struct Node(Line);

impl Hub {
    /// Connects.
    pub(crate) async fn connect(server: &Server) -> Outcome<Self> {
        let address = &server.address;
        open(server, HUB_SERVER_NAME, words!("中心 {address} ", "the hub at {address}")).await.map(Self)
    }

    /// Searching and reading.
    pub(crate) fn search(&self) -> SearchServiceClient<Authorised> {
        SearchServiceClient::new(self.0.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES)
    }

    /// The council's and operator's work.
    pub(crate) fn council(&self) -> CouncilServiceClient<Authorised> {
        CouncilServiceClient::new(self.0.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES)
    }

    /// Who may sign in at the hub's pages.
    pub(crate) fn accounts(&self) -> AccountServiceClient<Authorised> {
        AccountServiceClient::new(self.0.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES)
    }

    /// Taking links for accounts.
    pub(crate) fn account_links(&self) -> AccountLinkServiceClient<Authorised> {
        AccountLinkServiceClient::new(self.0.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES)
    }

    /// Dispatching mutual aid.
    pub(crate) fn aid(&self) -> MutualAidServiceClient<Authorised> {
        MutualAidServiceClient::new(self.0.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES)
    }

    /// Its error as a failure.
    pub(crate) fn failure(&self, status: &Status) -> Failure {
        Failure::from_status(status, &self.0.name)
    }
}

impl Node {
    /// Connects.
    pub(crate) async fn connect(server: &Server) -> Outcome<Self> {
        let address = &server.address;
        open(server, NODE_SERVER_NAME, words!("本单位节点 {address} ", "the node at {address}"))
            .await
            .map(Self)
    }

    /// Publishing.
    pub(crate) fn publishing(&self) -> PublishingServiceClient<Authorised> {
        PublishingServiceClient::new(self.0.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES)
    }

    /// What the member was told, and what its people say.
    pub(crate) fn inbox(&self) -> InboxServiceClient<Authorised> {
        InboxServiceClient::new(self.0.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES)
    }

    /// Its error as a failure.
    pub(crate) fn failure(&self, status: &Status) -> Failure {
        Failure::from_status(status, &self.0.name)
    }
}

async fn open(server: &Server, server_name: &str, name: Words) -> Outcome<Line> {
    let token = read_token(&server.token_file)?;
    let roots = fs::read_to_string(&server.root).map_err(|error| Failure::file(&server.root, &error))?;
    let tls = ClientTls::new(&roots, None).map_err(|error| Failure::file(&server.root, &error))?;
    let (host, port) = split_address(&server.address)?;
    let target = Target { host, port, server_name: server_name.to_owned(), tls: Some(tls) };
    let limits = DialLimits {
        stream_window: 2 * 1024 * 1024,
        connection_window: 4 * 1024 * 1024,
        connect: Duration::from_secs(5),
        ..DialLimits::default()
    };
    let channel = Box::pin(dial::connect(target, Arc::new(TcpDialer), &limits))
        .await
        .map_err(|problem| unreachable(&name, problem))?;
    Ok(Line { channel: InterceptedService::new(channel, Bearer(token)), name })
}

fn unreachable(name: &Words, problem: DialProblem) -> Failure {
    let (name_zh, name_en) = (&name.zh, &name.en);
    let cause = Words::from_server(&problem.to_string());
    let (zh, en) = (&cause.zh, &cause.en);
    let failure = Failure::unreachable(words!("无法连接{name_zh}：{zh}", "cannot reach {name_en}: {en}"));
    failure.hint(words!("用 shouwang doctor 逐项检查", "`shouwang doctor` checks step by step"))
}

/// Splits `host:port`; IPv6 addresses stand in brackets.
pub(crate) fn split_address(address: &str) -> Outcome<(String, u16)> {
    let wrong = || {
        Failure::usage(words!(
            "地址 {address} 有误，应为 HOST:PORT",
            "the address {address} is not HOST:PORT"
        ))
    };
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Err(wrong());
    }
    Ok((host.to_owned(), port.parse().map_err(|_| wrong())?))
}

fn read_token(path: &Path) -> Outcome<MetadataValue<Ascii>> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    let no_token = || Failure::file(path, &"应为一行令牌 （must hold a token in one line）");
    let token = text.trim();
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(no_token());
    }
    let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().map_err(|_| no_token())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split() {
        assert_eq!(split_address("127.0.0.1:8440").unwrap(), ("127.0.0.1".to_owned(), 8440));
        assert_eq!(split_address("[::1]:8440").unwrap(), ("::1".to_owned(), 8440));
        for wrong in ["hub", ":1", "hub:", "hub:99999", ""] {
            assert!(split_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tokens_are_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "abc\n").unwrap();
        assert_eq!(read_token(&path).unwrap().to_str().unwrap(), "Bearer abc");
        for wrong in ["", " \n", "a b", "a\nb"] {
            fs::write(&path, wrong).unwrap();
            assert!(read_token(&path).is_err(), "{wrong:?}");
        }
    }
}
