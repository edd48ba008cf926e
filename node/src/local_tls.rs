//! TLS of the publishing port: a self-signed root that the member's own programs trust, and a leaf under it. The root's
//! key is forgotten at once, so nobody can issue another leaf.

use std::{path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use shouwang_proto::clock::World;
use shouwang_serving::{
    durable::{self, Readers},
    tls::{Identity, ServerTls},
};

use crate::membership::KEYS_FOLDER;

/// Name in the publishing port's certificate.
pub const NODE_NAME: &str = "node.shouwang";
/// The root that programs trust.
pub const LOCAL_ROOT_FILE: &str = "local-root.pem";
/// Key and certificate of the port.
const LEAF_FILE: &str = "local.pem";
/// Life of both: as long as a machine lives, because the root stands in the contexts of the member's people.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 3_652);
/// Certificates begin this long before they are made, for clocks that go slow.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(1);

/// TLS for the publishing port; root and leaf are made at the first start.
///
/// # Errors
/// When the files cannot be read or written.
pub fn open(data: &Path, world: &World) -> anyhow::Result<ServerTls> {
    let leaf_file = data.join(KEYS_FOLDER).join(LEAF_FILE);
    if !leaf_file.exists() || !data.join(LOCAL_ROOT_FILE).exists() {
        make(data, world, &leaf_file)?;
    }
    Ok(ServerTls::for_people(&Identity::load(&leaf_file)?)?)
}

fn make(data: &Path, world: &World, leaf_file: &Path) -> anyhow::Result<()> {
    let now = world.now();
    let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut root = params("node root", world.random(), now)?;
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root_pem = root.self_signed(&root_key)?.pem();
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut leaf = params(NODE_NAME, world.random(), now)?;
    leaf.subject_alt_names = vec![rcgen::SanType::DnsName(NODE_NAME.try_into()?)];
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf_pem = leaf.signed_by(&key, &issuer)?.pem();
    durable::make_folder(&data.join(KEYS_FOLDER))?;
    Identity::from_pem(&leaf_pem, &key.serialize_pem())?.save(leaf_file)?;
    durable::write(&data.join(LOCAL_ROOT_FILE), root_pem.as_bytes(), Readers::All)?;
    Ok(())
}

fn params(name: &str, serial: [u8; 16], now: Timestamp) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // Positive and not zero, whatever the random bytes are (RFC 5280, 4.1.2.2).
    let mut serial = serial;
    serial[0] = (serial[0] & 0x7F) | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let seconds = |time: Timestamp| Duration::from_secs(u64::try_from(time.as_second()).unwrap_or(0));
    params.not_before = epoch + seconds(now.checked_sub(CLOCK_SKEW)?);
    params.not_after = epoch + seconds(now.checked_add(LIFE)?);
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_made_once_and_replaced_when_a_part_is_lost() {
        let data = tempfile::tempdir().unwrap();
        open(data.path(), &World::system()).unwrap();
        let read = || std::fs::read_to_string(data.path().join(LOCAL_ROOT_FILE)).unwrap();
        let root = read();
        open(data.path(), &World::system()).unwrap();
        assert_eq!(read(), root);
        std::fs::remove_file(data.path().join(KEYS_FOLDER).join(LEAF_FILE)).unwrap();
        open(data.path(), &World::system()).unwrap();
        assert_ne!(read(), root);
    }
}
