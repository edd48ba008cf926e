//! Types and services generated from `shouwang/v1/*.proto`, which documents every field.
#![expect(
    clippy::all,
    clippy::too_many_lines,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

tonic::include_proto!("shouwang.v1");
