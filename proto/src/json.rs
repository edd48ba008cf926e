//! Messages of the contract as JSON: the field names of the `.proto` files, enumerations by name, times in RFC 3339.
//!
//! The contract itself is what scripts read and write, at the command line and under `/api/v1`; a second set of names
//! would only drift from it.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, SerializeOptions};
use serde::{Serializer, ser::Error as _};
use serde_json::Value;

use crate::{FILE_DESCRIPTOR_SET, wire};

/// The contract's descriptors.
pub(crate) static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the contract is part of the program and read by a test")]
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the descriptors of the contract are valid")
});

/// A message that knows its name in the contract.
pub trait Contract: Message + Default {
    /// Name without the package.
    const NAME: &'static str;
}

macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        $(impl Contract for wire::$name { const NAME: &'static str = stringify!($name); })+
        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

contract!(
    ActOnAssignmentResponse,
    Agreement,
    ApplyPlanResponse,
    Assignment,
    Closure,
    CompleteTaskResponse,
    FindNearbyResponse,
    InboxItem,
    Incident,
    LedgerEntry,
    ListAgreementsResponse,
    ListAssignmentsResponse,
    ListCandidatesResponse,
    ListClosuresResponse,
    ListCommandsResponse,
    ListDeliveriesResponse,
    ListIncidentsResponse,
    ListLedgerResponse,
    ListMembersResponse,
    ListNoticesResponse,
    ListRequestsResponse,
    ListTasksResponse,
    ListTimelineResponse,
    Member,
    MissionOrder,
    MutualAidRequest,
    OfflinePackSummary,
    OrderResponse,
    OwnCommand,
    PlanProposal,
    Publication,
    ReadDocumentResponse,
    RemoveClosureResponse,
    SearchResponse,
    SolicitResponse,
    UploadRoadGraphResponse,
    WatchInboxResponse,
    WatchRequestResponse,
);

fn descriptor<M: Contract>() -> Option<prost_reflect::MessageDescriptor> {
    POOL.get_message_by_name(&format!("shouwang.v1.{}", M::NAME))
}

/// Writes a message as JSON.
///
/// # Errors
/// When the serializer fails.
pub fn serialize<M: Contract, S: Serializer>(message: &M, serializer: S) -> Result<S::Ok, S::Error> {
    let descriptor = descriptor::<M>().ok_or_else(|| S::Error::custom("no such message"))?;
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic.transcode_from(message).map_err(S::Error::custom)?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    dynamic.serialize_with_options(serializer, &options)
}

/// The message as a JSON value.
///
/// # Errors
/// When the serializer fails.
pub fn value<M: Contract>(message: &M) -> Result<Value, serde_json::Error> {
    serialize(message, serde_json::value::Serializer)
}

/// Reads a message from JSON; unknown fields are errors.
///
/// # Errors
/// What is wrong, in the words of the parser, with line and column where it knows them.
pub fn read<M: Contract>(text: &str) -> Result<M, String> {
    let descriptor = descriptor::<M>().ok_or_else(|| "no such message".to_owned())?;
    let mut from = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let dynamic = DynamicMessage::deserialize_with_options(descriptor, &mut from, &options)
        .map_err(|error| error.to_string())?;
    from.end().map_err(|error| error.to_string())?;
    dynamic.transcode_to().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_in_the_contract() {
        for name in NAMES {
            assert!(POOL.get_message_by_name(&format!("shouwang.v1.{name}")).is_some(), "{name}");
        }
    }

    #[test]
    fn a_request_is_read_as_it_is_written() {
        let text = r#"{"incident":"incidents/1","priority":"REQUEST_PRIORITY_P1","title":"泡沫",
            "lines":[{"resource_kind":"vehicle","what":"泡沫消防车","requested":2,"unit":"1",
            "needed_by":"2026-07-01T00:00:00Z"}]}"#;
        let request: wire::MutualAidRequest = read(text).unwrap();
        assert_eq!(request.priority(), wire::RequestPriority::P1);
        assert_eq!(request.lines[0].requested, 2);
        let back = value(&request).unwrap();
        assert_eq!(back["lines"][0]["needed_by"], "2026-07-01T00:00:00Z");
        assert_eq!(back["lines"][0]["requested"], 2, "numbers, not texts");
        assert_eq!(read::<wire::MutualAidRequest>(&back.to_string()).unwrap(), request);
    }

    #[test]
    fn wrong_fields_are_named() {
        let error = read::<wire::MutualAidRequest>(r#"{"titel":"x"}"#).unwrap_err();
        assert!(error.contains("titel"), "{error}");
        assert!(read::<wire::MutualAidRequest>(r#"{"title":"x"} y"#).is_err());
    }
}
