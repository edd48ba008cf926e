//! Between the wire and what it means, for the link room.

use shouwang_proto::{
    id::{AllianceId, MemberId},
    log::{Hash, chain::Position, head::Head},
    refusal::{Refusal, Violations},
    wire,
};

use super::{apply::Quarantined, handshake::Resume, lease::BootId};

/// A position as it travels.
pub(super) fn write_position(position: Position) -> wire::LogPosition {
    let Position { epoch, seq, hash } = position;
    wire::LogPosition { epoch, seq, entry_hash: hash.to_vec() }
}

/// A position from the wire; one that is missing is the start.
pub(super) fn read_position(
    field: &str,
    position: Option<wire::LogPosition>,
    wrong: &mut Violations,
) -> Option<Position> {
    let wire::LogPosition { epoch, seq, entry_hash } = position.unwrap_or_default();
    let hash = read_hash(&format!("{field}.entry_hash"), &entry_hash, seq, wrong)?;
    Some(Position { epoch, seq, hash })
}

fn read_hash(field: &str, bytes: &[u8], seq: u64, wrong: &mut Violations) -> Option<Hash> {
    if seq == 0 && bytes.is_empty() {
        return Some(Hash::ZERO);
    }
    wrong.check(field, Hash::from_slice(bytes).ok_or("must be 32 bytes （须为 32 字节）"))
}

/// A head and its signature from the wire. Whose it says it is is checked, the signature is not.
///
/// # Errors
/// INVALID_ARGUMENT with every wrong field.
pub(super) fn read_head(
    head: Option<wire::LogHead>,
    alliance: &AllianceId,
    member: &MemberId,
) -> Result<(Head, Vec<u8>), Refusal> {
    let head = head.ok_or_else(|| Refusal::field("head", "is required （必填）"))?;
    let wire::LogHead { member_id, epoch, seq, entry_hash, live_count, state_digest, signature } = head;
    let mut wrong = Violations::new();
    if member_id != member.as_str() {
        wrong.add("head.member_id", "is not the member of this certificate （与证书成员不符）");
    }
    let hash = read_hash("head.entry_hash", &entry_hash, seq, &mut wrong);
    let digest = Hash::from_slice(&state_digest).ok_or("must be 32 bytes （须为 32 字节）");
    let digest = wrong.check("head.state_digest", digest);
    wrong.finish(|| {
        let position = Position { epoch, seq, hash: hash? };
        let (alliance, member) = (alliance.clone(), member.clone());
        let head = Head { alliance, member, position, live_count, state_digest: digest? };
        Some((head, signature.to_vec()))
    })
}

/// A boot id from the wire.
///
/// # Errors
/// INVALID_ARGUMENT when it is not 16 bytes.
pub(super) fn read_boot(bytes: &[u8]) -> Result<BootId, Refusal> {
    bytes.try_into().map_err(|_| Refusal::field("boot_id", "must be 16 bytes （须为 16 字节）"))
}

/// The case of a hello as it travels.
pub(super) fn write_resume(resume: Resume) -> wire::ResumeCase {
    match resume {
        Resume::Normal => wire::ResumeCase::Normal,
        Resume::FirstContact => wire::ResumeCase::FirstContact,
        Resume::HubRestored => wire::ResumeCase::HubRestored,
        Resume::NodeRestored => wire::ResumeCase::NodeRestored,
    }
}

/// What a node is told of an entry that is kept but not shown.
pub(super) fn write_notice(kept: Quarantined) -> wire::QuarantineNotice {
    let Quarantined { epoch, seq, poison } = kept;
    wire::QuarantineNotice { epoch, seq, reason: poison.reason.code().to_owned(), detail: poison.detail }
}
