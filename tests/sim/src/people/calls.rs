//! How people's programs call the servers: real gRPC over real TLS, on the simulated network.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use shouwang_proto::refusal::Refusal;
use shouwang_serving::{
    dial::{DialLimits, Target, channel},
    tls::ClientTls,
};
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

use crate::net::SimDialer;

/// Port of every node for its own people.
pub const PUBLISHING_PORT: u16 = 8450;
/// Port of the hub for people and programs.
pub const PEOPLE_PORT: u16 = 8440;
/// Port of the hub for nodes.
pub const NODES_PORT: u16 = 8441;

/// Shows a bearer token.
#[derive(Clone, Debug)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A channel that shows a token.
pub type Line = InterceptedService<Channel, Bearer>;

/// Where a server is and what opens it.
#[derive(Clone, Copy, Debug)]
pub struct Door<'a> {
    /// Host in the simulated network.
    pub host: &'a str,
    /// Port.
    pub port: u16,
    /// Name in the server's certificate.
    pub server_name: &'a str,
    /// File with the authority to trust.
    pub root: &'a Path,
    /// File with the token.
    pub token: &'a Path,
}

impl Door<'_> {
    /// A line to the server. It connects when it is first used, and again whenever it breaks.
    ///
    /// # Errors
    /// When the files are not there or not right.
    pub fn open(&self) -> anyhow::Result<Line> {
        let read = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
        let tls = ClientTls::new(&read(self.root)?, None)?;
        let bearer = Bearer(format!("Bearer {}", read(self.token)?.trim()).parse()?);
        let target = Target {
            host: self.host.to_owned(),
            port: self.port,
            server_name: self.server_name.to_owned(),
            tls: Some(tls),
        };
        let limits = DialLimits { connect: Duration::from_secs(2), ..DialLimits::default() };
        Ok(InterceptedService::new(channel(target, Arc::new(SimDialer), &limits)?, bearer))
    }
}

/// How a call ended, as far as the caller can know.
#[derive(Clone, Debug)]
pub enum Ended<T> {
    /// With an answer.
    Answered(T),
    /// The server said no and changed nothing.
    Refused(Refusal),
    /// Nobody knows: no answer, a broken connection, or an error inside the server.
    Unknown(String),
}

/// Waits for a call at most so long. Whoever stops waiting drops the call, as a program does that hangs up.
pub async fn ended<T>(patience: Duration, call: impl Future<Output = Result<T, Status>>) -> Ended<T> {
    match tokio::time::timeout(patience, call).await {
        Err(_) => Ended::Unknown("hung up".to_owned()),
        Ok(Ok(answer)) => Ended::Answered(answer),
        Ok(Err(status)) => match Refusal::from_status(&status) {
            Some(refusal) if !is_unknown(refusal.code) => Ended::Refused(refusal),
            Some(_) | None => Ended::Unknown(format!("{:?}", status.code())),
        },
    }
}

/// Codes after which the change may have been made all the same.
fn is_unknown(code: Code) -> bool {
    matches!(code, Code::Unknown | Code::Internal | Code::DeadlineExceeded | Code::Cancelled)
}
