//! The shared language of Shouwang: what node, hub and command line say to each other and what it means.
//!
//! - [`wire`]: the types and services generated from `shouwang/v1/*.proto`. They stop at a server's edge files.
//! - [`id`], [`publication`], [`vocabulary`]: what the words mean, checked.
//! - [`interchange`]: documents of other dispatch systems (CAP, EDXL-RM). Pure.
//! - [`mutual_aid`]: what people say to each other in an emergency, checked. Pure.
//! - [`log`]: the signed, hash-chained log, byte for byte. Pure.
//! - [`json`]: messages as JSON, and their [`schema`].
//! - [`refusal`]: an error meant for the caller. [`page`]: opaque page tokens.
//! - [`clock`]: the only place that asks for the time or for randomness.

pub mod clock;
pub mod codec;
pub mod id;
pub mod interchange;
pub mod json;
pub mod log;
pub mod mutual_aid;
pub mod page;
pub mod publication;
pub mod refusal;
pub mod schema;
pub mod vocabulary;
pub mod wire;

/// The contract as an encoded `FileDescriptorSet`, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));

/// Version of the link protocol that this build speaks.
pub const PROTOCOL_VERSION: u32 = 1;
