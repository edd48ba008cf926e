//! Who is at the other end of a link, and for how long that holds.

use shouwang_proto::{id::MemberId, refusal::Refusal};
use shouwang_serving::accept::PeerCertificate;
use tonic::{Code, Request, Status};

use super::room::LinkRoom;
use crate::council::membership::MemberStanding;

/// A node that was let in.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) member: MemberId,
    serial: String,
    not_after_ms: i64,
}

impl Peer {
    /// The node whose certificate came with the request.
    ///
    /// # Errors
    /// UNAUTHENTICATED (CERTIFICATE_MISSING, CERTIFICATE_REVOKED), PERMISSION_DENIED (MEMBER_SUSPENDED).
    pub(super) fn of<T>(room: &LinkRoom, request: &Request<T>) -> Result<Self, Refusal> {
        let certificate = request.extensions().get::<PeerCertificate>().ok_or_else(|| {
            Refusal::new(
                Code::Unauthenticated,
                "CERTIFICATE_MISSING",
                "a node shows its certificate （节点必须出示证书）",
            )
        })?;
        let snapshot = room.parts.roster.snapshot();
        let member = snapshot.admit_link(&certificate.serial_hex)?.id.clone();
        let (serial, not_after_ms) = (certificate.serial_hex.to_string(), certificate.not_after_ms);
        Ok(Self { member, serial, not_after_ms })
    }

    /// The member as it stands now.
    ///
    /// # Errors
    /// As [`Peer::of`].
    pub(super) fn standing(&self, room: &LinkRoom) -> Result<MemberStanding, Refusal> {
        room.parts.roster.snapshot().admit_link(&self.serial).cloned()
    }

    /// Notes that a link was opened with the certificate.
    pub(super) async fn note_use(&self, room: &LinkRoom) -> Result<(), Status> {
        let now = room.parts.world.now();
        room.parts.roster.certificate_used(&self.serial, now).await.map_err(Status::from)
    }

    /// Ends when the node may not go on: its certificate or its member was put off the list, or the certificate ran
    /// out.
    pub(super) async fn until_cast_out(&self, room: &LinkRoom) -> Status {
        let mut changed = room.parts.roster.changed();
        let left_ms = self.not_after_ms.saturating_sub(room.parts.world.now().as_millisecond());
        let left = std::time::Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        let expired = tokio::time::sleep(left);
        tokio::pin!(expired);
        loop {
            if let Err(refusal) = self.standing(room) {
                return refusal.into_status();
            }
            tokio::select! {
                biased;
                () = &mut expired => {
                    let words = "the certificate ran out; renew it （证书已到期，请续期）";
                    return Refusal::new(Code::Unauthenticated, "CERTIFICATE_EXPIRED", words).into_status();
                }
                more = changed.changed() => {
                    if more.is_err() {
                        return Status::unavailable("the hub stops");
                    }
                }
            }
        }
    }
}
