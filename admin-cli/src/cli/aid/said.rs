//! Who says it, through what, when it happened, and which attempt it is.

use clap::{Args, ValueEnum};
use shouwang_proto::wire::{ChangeContext, Channel, OwnContext};
use tonic::{Response, Status};
use uuid::Uuid;

use super::{is_json, moment, refer};
use crate::{
    connection::{Hub, Node},
    exit::Exit,
    failure::{Failure, Outcome},
    session::Session,
    words::words,
};

/// What every change takes.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Said {
    /// A UUID for this attempt, made when absent; repeating a change with the same one changes nothing （幂等编号）
    #[arg(long, value_name = "UUID", help_heading = "Who says it （谁说的）")]
    request_id: Option<Uuid>,
    /// The person （谁）
    #[arg(long, value_name = "PERSON", help_heading = "Who says it （谁说的）")]
    by: Option<String>,
    /// When it happened: 14:05, -5m or RFC 3339 （发生时间）
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Who says it （谁说的）")]
    occurred_at: Option<String>,
    /// The member for whom you speak, as somebody told you by phone （代表的单位）
    #[arg(long, value_name = "MEMBER", help_heading = "Who says it （谁说的）")]
    on_behalf_of: Option<String>,
    /// Through what it came （途径）
    #[arg(long, value_enum, value_name = "CHANNEL", help_heading = "Who says it （谁说的）")]
    channel: Option<ChannelName>,
    /// The version that you decided on; read from the thing when absent （依据的版本）
    #[arg(long, value_name = "N", help_heading = "Who says it （谁说的）")]
    expected_version: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ChannelName {
    /// Telephone （电话）
    Phone,
    /// Radio （对讲）
    Radio,
    /// Face to face （当面）
    InPerson,
    /// SMS, chat or another message （消息）
    Message,
    /// This command line （命令行）
    Hub,
}

impl ChannelName {
    fn to_wire(self) -> Channel {
        match self {
            Self::Phone => Channel::Phone,
            Self::Radio => Channel::Radio,
            Self::InPerson => Channel::InPerson,
            Self::Message => Channel::Message,
            Self::Hub => Channel::Hub,
        }
    }
}

/// One attempt to change something.
#[must_use]
pub(crate) struct Attempt {
    id: String,
}

impl Said {
    /// The context of a change at the hub, and the attempt to report it with.
    pub(super) fn at_hub(&self, session: &Session) -> Outcome<(Attempt, ChangeContext)> {
        let attempt = self.attempt(session);
        let context = ChangeContext {
            request_id: attempt.id.clone(),
            on_behalf_of: self.on_behalf_of.as_deref().map(refer::member).unwrap_or_default(),
            channel: self.channel.map_or(Channel::Unspecified, ChannelName::to_wire) as i32,
            occurred_at: self.occurred(session)?,
            actor: self.by.clone().unwrap_or_default(),
        };
        Ok((attempt, context))
    }

    /// The same for an imported document.
    pub(super) fn imported(&self, session: &Session) -> Outcome<(Attempt, ChangeContext)> {
        let (attempt, mut context) = self.at_hub(session)?;
        if self.channel.is_none() {
            context.channel = Channel::Import as i32;
        }
        Ok((attempt, context))
    }

    /// The context of a word at the own node. There everybody speaks for the own member.
    pub(super) fn at_node(&self, session: &Session) -> Outcome<(Attempt, OwnContext)> {
        if self.on_behalf_of.is_some() || self.channel.is_some() || self.expected_version.is_some() {
            return Err(Failure::usage(words!(
                "在本单位节点不用 --on-behalf-of、--channel、--expected-version",
                "--on-behalf-of, --channel and --expected-version are for the hub, not for the own node"
            )));
        }
        let attempt = self.attempt(session);
        let context = OwnContext {
            request_id: attempt.id.clone(),
            actor: self.actor(),
            occurred_at: self.occurred(session)?,
        };
        Ok((attempt, context))
    }

    /// The person: as said, else the user of this machine.
    pub(super) fn actor(&self) -> String {
        let user = || std::env::var("USER").ok().filter(|name| !name.is_empty());
        self.by.clone().or_else(user).unwrap_or_else(|| "shouwang".to_owned())
    }

    /// The version decided on: as said, else the one just read.
    pub(super) fn version(&self, read: u64) -> u64 {
        self.expected_version.unwrap_or(read)
    }

    /// The version said, 0 when none was.
    pub(super) fn said_version(&self) -> u64 {
        self.expected_version.unwrap_or_default()
    }

    fn occurred(&self, session: &Session) -> Outcome<Option<prost_types::Timestamp>> {
        self.occurred_at.as_deref().map(|text| moment::wire(session, "--occurred-at", text)).transpose()
    }

    fn attempt(&self, session: &Session) -> Attempt {
        let made = || session.world.random_id();
        let id = self.request_id.unwrap_or_else(made).to_string();
        if !is_json(session) {
            session.output.talk(&words!(
                "本次操作编号 {id}；如无应答，可加 --request-id {id} 安全重试",
                "attempt {id}; without an answer, repeat with --request-id {id}"
            ));
        }
        Attempt { id }
    }
}

impl Attempt {
    /// An answer of the hub.
    pub(super) fn by_hub<M>(&self, hub: &Hub, answer: Result<Response<M>, Status>) -> Outcome<M> {
        answer.map(Response::into_inner).map_err(|status| self.hinted(hub.failure(&status)))
    }

    /// An answer of the node.
    pub(super) fn by_node<M>(&self, node: &Node, answer: Result<Response<M>, Status>) -> Outcome<M> {
        answer.map(Response::into_inner).map_err(|status| self.hinted(node.failure(&status)))
    }

    /// When nobody knows whether it was done, says how to ask again; when others were faster, to look again.
    fn hinted(&self, failure: Failure) -> Failure {
        let id = &self.id;
        match failure.exit {
            Exit::Unreachable | Exit::Failed => failure.hint(words!(
                "不知是否已办理：加 --request-id {id} 重试是安全的",
                "it may or may not be done: repeating with --request-id {id} is safe"
            )),
            Exit::Conflict => failure.hint(words!(
                "情况已变：重新查看后再决定（用新的操作编号）",
                "things have changed: look again and decide anew, as a new attempt"
            )),
            Exit::Done | Exit::Usage | Exit::Refused | Exit::NotFound | Exit::NotAllowed | Exit::Partly => {
                failure
            }
        }
    }
}
