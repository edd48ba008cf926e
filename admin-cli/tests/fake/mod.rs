//! A hub and a node that answer what a test says, over real TLS, and remember what they were asked.

use std::{
    convert::Infallible,
    path::PathBuf,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures::{StreamExt as _, future::BoxFuture};
use http::{Request, Response};
use prost::{
    Message,
    bytes::{Buf as _, BufMut as _},
};
use shouwang_serving::{
    accept::{self, AcceptLimits, Acceptor},
    tls::{ServerTls, trial::Authority},
};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tonic::{
    Status, Streaming,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{Grpc, NamedService, StreamingService},
    service::Routes,
};

/// What was asked: the method, and the messages.
type Asked = Arc<Mutex<Vec<(String, Vec<Vec<u8>>)>>>;
/// What is answered to a method and its first message: messages, or an error.
type Answers = Arc<dyn Fn(&str, &[u8]) -> Result<Vec<Vec<u8>>, Status> + Send + Sync>;

/// Both servers, until it is dropped.
pub(crate) struct Fake {
    asked: Asked,
    contexts: PathBuf,
    stop: CancellationToken,
    _runtime: Runtime,
    _folder: tempfile::TempDir,
}

impl Fake {
    /// Starts both; the same function answers for both.
    pub(crate) fn start(
        answers: impl Fn(&str, &[u8]) -> Result<Vec<Vec<u8>>, Status> + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("test");
        std::fs::write(folder.path().join("root.pem"), authority.ca_pem()).unwrap();
        std::fs::write(folder.path().join("token"), "0123\n").unwrap();
        let (asked, stop) = (Asked::default(), CancellationToken::new());
        let answers: Answers = Arc::new(answers);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut contexts = String::new();
        for (place, name) in [("hub", "hub.shouwang"), ("node", "node.shouwang")] {
            let (asked, answers) = (asked.clone(), answers.clone());
            let router = match place {
                "hub" => Routes::new(Service::<AID> { asked, answers }).into_axum_router(),
                _ => Routes::new(Service::<INBOX> { asked: asked.clone(), answers: answers.clone() })
                    .add_service(Service::<PUBLISHING> { asked, answers })
                    .into_axum_router(),
            };
            let tls = ServerTls::for_people(&authority.server(name)).unwrap();
            let listener = {
                let _inside = runtime.enter();
                accept::bind("127.0.0.1:0".parse().unwrap()).unwrap()
            };
            let address = listener.local_addr().unwrap();
            let acceptor = Acceptor::new(place, AcceptLimits::people()).with_tls(&tls);
            runtime.spawn(acceptor.serve(listener, router, stop.clone()));
            contexts.push_str(&format!(
                "[contexts.fake.{place}]\naddress = \"{address}\"\nroot = \"root.pem\"\ntoken_file = \"token\"\n"
            ));
        }
        let path = folder.path().join("contexts.toml");
        std::fs::write(&path, contexts).unwrap();
        Self { asked, contexts: path, stop, _runtime: runtime, _folder: folder }
    }

    /// Runs the program against them: exit code, stdout, stderr.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_shouwang"));
        command.args(arguments).env("SHOUWANG_CONTEXTS", &self.contexts).env("USER", "tester");
        command.env_remove("SHOUWANG_CONTEXT").env_remove("SHOUWANG_LANG");
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// The methods asked, in order.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(method, _)| method.clone()).collect()
    }

    /// The messages of the newest call of a method.
    pub(crate) fn asked<M: Message + Default>(&self, method: &str) -> Vec<M> {
        let asked = self.asked.lock().unwrap();
        let (_, messages) = asked.iter().rev().find(|(name, _)| name == method).expect(method);
        messages.iter().map(|bytes| M::decode(bytes.as_slice()).unwrap()).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// At the hub: dispatching. At the node: the inbox, publishing.
const AID: u8 = 0;
const INBOX: u8 = 1;
const PUBLISHING: u8 = 2;

/// All methods of one service, as bytes.
#[derive(Clone)]
struct Service<const WHICH: u8> {
    asked: Asked,
    answers: Answers,
}

impl NamedService for Service<AID> {
    const NAME: &'static str = "shouwang.v1.MutualAidService";
}

impl NamedService for Service<INBOX> {
    const NAME: &'static str = "shouwang.v1.InboxService";
}

impl NamedService for Service<PUBLISHING> {
    const NAME: &'static str = "shouwang.v1.PublishingService";
}

impl<const WHICH: u8> tower::Service<Request<Body>> for Service<WHICH> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        let call = Call { method, asked: self.asked.clone(), answers: self.answers.clone() };
        Box::pin(async move { Ok(Grpc::new(Raw).streaming(call, request).await) })
    }
}

struct Call {
    method: String,
    asked: Asked,
    answers: Answers,
}

impl StreamingService<Vec<u8>> for Call {
    type Response = Vec<u8>;
    type ResponseStream = futures::stream::Iter<std::vec::IntoIter<Result<Vec<u8>, Status>>>;
    type Future = BoxFuture<'static, Result<tonic::Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: tonic::Request<Streaming<Vec<u8>>>) -> Self::Future {
        let (method, asked, answers) = (self.method.clone(), self.asked.clone(), self.answers.clone());
        Box::pin(async move {
            let mut messages = Vec::new();
            let mut sent = request.into_inner();
            while let Some(message) = sent.next().await {
                messages.push(message?);
            }
            let answer = answers(&method, messages.first().map(Vec::as_slice).unwrap_or_default());
            asked.lock().unwrap().push((method, messages));
            let answer: Vec<_> = answer?.into_iter().map(Ok).collect();
            Ok(tonic::Response::new(futures::stream::iter(answer)))
        })
    }
}

/// Messages as they are on the wire.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}
