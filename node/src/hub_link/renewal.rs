//! A new certificate in time: when a third of its life is left, or when the hub asks. Works with an expired one too,
//! because the log key proves who asks.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use shouwang_proto::{log::key::renewal_statement, wire};
use shouwang_serving::{backoff::Backoff, tls::Identity};
use tonic::transport::Channel;
use wire::enrolment_service_client::EnrolmentServiceClient;

use super::{Ended, Link, Next, READ_DEADLINE, control::in_time};

/// The clock is looked at again at least this often: it may have been set.
const LOOK_AGAIN: Duration = Duration::from_secs(3_600);

/// When a certificate has to be renewed: at a third of its life before its end.
#[must_use]
pub(super) fn due(begins: Timestamp, ends: Timestamp) -> Timestamp {
    let life = ends.as_millisecond().saturating_sub(begins.as_millisecond()).max(0);
    shouwang_proto::clock::from_millis(ends.as_millisecond().saturating_sub(life / 3))
}

/// Renews until the node stops.
pub(super) async fn run(link: Arc<Link>) {
    let mut asked = link.renew.subscribe();
    let mut backoff = Backoff::new();
    loop {
        let (begins, ends) = link.parts.ring.validity();
        let left = due(begins, ends).as_millisecond().saturating_sub(link.parts.world.now().as_millisecond());
        if let Ok(left @ 1..) = u64::try_from(left) {
            let wait = Duration::from_millis(left).min(LOOK_AGAIN);
            tokio::select! {
                biased;
                () = link.stop.cancelled() => return,
                () = tokio::time::sleep(wait) => continue,
                wish = asked.changed() => if wish.is_err() { return },
            }
        }
        let renewed = tokio::select! {
            biased;
            () = link.stop.cancelled() => return,
            renewed = renew(&link) => renewed,
        };
        match renewed {
            Ok(()) => {
                backoff = Backoff::new();
                // Both connections come again with the new certificate.
                link.redial.send_modify(|count| *count += 1);
            }
            Err(Ended { problem, next }) => {
                let pause = match next {
                    Next::AskSlowly => Duration::from_secs(60),
                    Next::BackOff | Next::Redial => {
                        backoff.failed(Duration::ZERO, u64::from_be_bytes(link.parts.world.random()))
                    }
                };
                tracing::warn!(problem, ?pause, "the certificate could not be renewed");
                if !link.pause(pause).await {
                    return;
                }
            }
        }
    }
}

async fn renew(link: &Link) -> Result<(), Ended> {
    let parts = &link.parts;
    let author = parts.store.author().ok_or_else(|| Ended::broken("this node has not joined"))?;
    let tls = parts.ring.anonymous_tls().map_err(|error| Ended::broken(error.to_string()))?;
    let channel: Channel = link.channel_to(&parts.membership.enrolment_address, tls)?;
    let mut hub = EnrolmentServiceClient::new(channel);
    let member_id = parts.membership.member.to_string();
    let begin = wire::BeginRenewalRequest { member_id: member_id.clone() };
    let challenge = in_time(hub.begin_renewal(begin), READ_DEADLINE).await??.into_inner().challenge;
    let (key, request) = certificate_request().map_err(|error| Ended::broken(format!("{error:#}")))?;
    let signature = author.key.sign(&renewal_statement(&challenge, &request)).to_vec();
    let complete =
        wire::CompleteRenewalRequest { member_id, challenge, certificate_request: request, signature };
    let answer = in_time(hub.complete_renewal(complete), READ_DEADLINE).await??.into_inner();
    let taken = Identity::from_pem(&answer.certificate_pem, &key.serialize_pem())
        .map_err(anyhow::Error::from)
        .and_then(|next| parts.ring.take_next(next));
    taken.map_err(|error| Ended::broken(format!("the new certificate cannot be used: {error:#}")))?;
    tracing::info!(ends = %parts.ring.ends(), "a new certificate was issued");
    Ok(())
}

/// A new key and a request for its certificate (PKCS#10, DER). The hub uses the key alone.
///
/// # Errors
/// When the key cannot be made.
pub(crate) fn certificate_request() -> anyhow::Result<(KeyPair, Vec<u8>)> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("no key can be made")?;
    let request = request_for(&key)?;
    Ok((key, request))
}

/// A request for the certificate of this key (PKCS#10, DER).
///
/// # Errors
/// When it cannot be signed.
pub(crate) fn request_for(key: &KeyPair) -> anyhow::Result<Vec<u8>> {
    let request = CertificateParams::default().serialize_request(key).context("no request can be made")?;
    Ok(request.der().to_vec())
}

#[cfg(test)]
mod tests {
    use shouwang_proto::clock::from_millis;

    use super::*;

    #[test]
    fn a_third_of_the_life_is_left_when_it_is_due() {
        let day = 86_400_000;
        assert_eq!(due(from_millis(0), from_millis(30 * day)), from_millis(20 * day));
        assert_eq!(due(from_millis(5), from_millis(5)), from_millis(5));
        assert_eq!(due(from_millis(9), from_millis(5)), from_millis(5));
    }
}
