//! Handshakes in memory, and key files.

use super::trial::{Authority, Wish};
use super::{
    CertificateFacts, ClientRule, ClientTls, Identity, ServerTls, TlsError, provider, roots, serial_hex,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// An allow-list that a test can change.
#[derive(Clone, Default)]
struct List(Arc<Mutex<BTreeSet<String>>>);

impl List {
    fn of(identities: &[&Identity]) -> Self {
        let list = Self::default();
        for identity in identities {
            list.0.lock().unwrap().insert(identity.facts().serial_hex.clone());
        }
        list
    }

    fn rule(&self, authority: &Authority) -> ClientRule {
        let list = self.clone();
        let allow = Arc::new(move |serial: &str| list.0.lock().unwrap().contains(serial));
        ClientRule { ca_pem: authority.ca_pem(), allow, required: true }
    }
}

/// What a client saw: the serial number of the server's certificate, and what was agreed on.
#[derive(Debug, PartialEq)]
struct Seen {
    server_serial: String,
    alpn: Option<Vec<u8>>,
}

/// One handshake and one byte each way; both must succeed, for with TLS 1.3 a client learns of a refusal only with
/// the first answer.
async fn meet(server: &ServerTls, client: Arc<rustls::ClientConfig>) -> Result<Seen, String> {
    let (near, far) = tokio::io::duplex(16 * 1024);
    let acceptor = TlsAcceptor::from(server.config());
    let serve = async move {
        let mut stream = acceptor.accept(far).await.map_err(|error| error.to_string())?;
        let byte = stream.read_u8().await.map_err(|error| error.to_string())?;
        stream.write_u8(byte).await.map_err(|error| error.to_string())?;
        stream.flush().await.map_err(|error| error.to_string())
    };
    let name = ServerName::try_from("hub.shouwang").unwrap();
    let ask = async move {
        let mut stream =
            TlsConnector::from(client).connect(name, near).await.map_err(|error| error.to_string())?;
        stream.write_u8(7).await.map_err(|error| error.to_string())?;
        stream.flush().await.map_err(|error| error.to_string())?;
        let echo = stream.read_u8().await.map_err(|error| error.to_string())?;
        assert_eq!(echo, 7);
        let session = stream.get_ref().1;
        let shown = session.peer_certificates().unwrap().first().unwrap();
        let server_serial = CertificateFacts::from_der(shown).unwrap().serial_hex;
        Ok::<_, String>(Seen { server_serial, alpn: session.alpn_protocol().map(<[u8]>::to_vec) })
    };
    let (served, seen) = tokio::join!(serve, ask);
    match (served, seen) {
        (Ok(()), Ok(seen)) => Ok(seen),
        (served, seen) => Err(format!("server: {served:?}; client: {seen:?}")),
    }
}

#[tokio::test]
async fn only_listed_certificates_come_in_and_only_while_listed() {
    let authority = Authority::new("alliance");
    let (member, stranger) = (authority.client("member", 0xf00d), authority.client("stranger", 2));
    let list = List::of(&[&member]);
    let server = ServerTls::for_nodes(&authority.server("hub.shouwang"), list.rule(&authority)).unwrap();
    let client = ClientTls::new(&authority.ca_pem(), Some(&member)).unwrap();
    assert_eq!(meet(&server, client.config()).await.unwrap().alpn.unwrap(), b"h2");
    let unlisted = ClientTls::new(&authority.ca_pem(), Some(&stranger)).unwrap();
    let refusal = meet(&server, unlisted.config()).await.unwrap_err();
    assert!(refusal.contains("CertificateRevoked"), "{refusal}");

    // The same client with whatever it remembers of the session before: no resumption past the list.
    list.0.lock().unwrap().clear();
    let refusal = meet(&server, client.config()).await.unwrap_err();
    assert!(refusal.contains("CertificateRevoked"), "{refusal}");
}

#[tokio::test]
async fn a_resuming_client_is_looked_at_again() {
    let authority = Authority::new("alliance");
    let member = authority.client("member", 5);
    let list = List::of(&[&member]);
    let server = ServerTls::for_nodes(&authority.server("hub.shouwang"), list.rule(&authority)).unwrap();
    // A client that would resume if it were offered anything.
    let mut eager = (*ClientTls::new(&authority.ca_pem(), Some(&member)).unwrap().config()).clone();
    eager.resumption = rustls::client::Resumption::in_memory_sessions(16);
    let eager = Arc::new(eager);
    meet(&server, Arc::clone(&eager)).await.unwrap();
    meet(&server, Arc::clone(&eager)).await.unwrap();
    list.0.lock().unwrap().clear();
    let refusal = meet(&server, eager).await.unwrap_err();
    assert!(refusal.contains("CertificateRevoked"), "{refusal}");
}

#[tokio::test]
async fn no_certificate_and_foreign_certificates_stay_outside() {
    let (authority, foreign) = (Authority::new("alliance"), Authority::new("somebody"));
    let member = authority.client("member", 5);
    // Same serial number, other authority.
    let forged = foreign.client("member", 5);
    let list = List::of(&[&member]);
    let identity = authority.server("hub.shouwang");
    let server = ServerTls::for_nodes(&identity, list.rule(&authority)).unwrap();
    let bare = ClientTls::new(&authority.ca_pem(), None).unwrap();
    let refusal = meet(&server, bare.config()).await.unwrap_err();
    assert!(refusal.contains("CertificateRequired"), "{refusal}");
    let forger = ClientTls::new(&authority.ca_pem(), Some(&forged)).unwrap();
    meet(&server, forger.config()).await.unwrap_err();
    // A server certificate is none for clients.
    let server_as_client = ClientTls::new(&authority.ca_pem(), Some(&identity)).unwrap();
    meet(&server, server_as_client.config()).await.unwrap_err();

    let rule = ClientRule { required: false, ..list.rule(&authority) };
    let lenient = ServerTls::for_nodes(&identity, rule).unwrap();
    meet(&lenient, bare.config()).await.unwrap();
    meet(&lenient, forger.config()).await.unwrap_err();
}

#[tokio::test]
async fn certificates_are_replaced_while_serving() {
    let authority = Authority::new("alliance");
    let (old, new) = (authority.client("member", 1), authority.client("member", 2));
    let list = List::of(&[&new]);
    let server = ServerTls::for_nodes(&authority.server("hub.shouwang"), list.rule(&authority)).unwrap();
    let client = ClientTls::new(&authority.ca_pem(), Some(&old)).unwrap();
    meet(&server, client.config()).await.unwrap_err();
    client.clone().replace(Some(&new));
    assert_eq!(meet(&server, client.config()).await.unwrap().server_serial, "01");
    let next = authority.issue(Wish {
        common_name: "hub".to_owned(),
        names: vec!["hub.shouwang".to_owned()],
        serial: vec![0xbe, 0xef],
        last_year: 2500,
        server: true,
    });
    server.clone().replace(&next);
    assert_eq!(meet(&server, client.config()).await.unwrap().server_serial, "beef");
    client.replace(None);
    meet(&server, client.config()).await.unwrap_err();
}

#[tokio::test]
async fn a_client_trusts_one_authority_and_one_name() {
    let (authority, foreign) = (Authority::new("alliance"), Authority::new("somebody"));
    let client = ClientTls::new(&authority.ca_pem(), None).unwrap();
    let good = ServerTls::for_people(&authority.server("hub.shouwang")).unwrap();
    meet(&good, client.config()).await.unwrap();
    let other = ServerTls::for_people(&foreign.server("hub.shouwang")).unwrap();
    meet(&other, client.config()).await.unwrap_err();
    let misnamed = ServerTls::for_people(&authority.server("node.shouwang")).unwrap();
    meet(&misnamed, client.config()).await.unwrap_err();
}

#[tokio::test]
async fn a_fingerprint_is_enough_and_nothing_less() {
    let (authority, foreign) = (Authority::new("alliance"), Authority::new("somebody"));
    let pin = |authority: &Authority| {
        let der = CertificateDer::from_pem_slice(authority.ca_pem().as_bytes()).unwrap();
        ClientTls::pinned(Sha256::digest(&der).into()).unwrap()
    };
    let server = ServerTls::for_people(&authority.server("hub.shouwang")).unwrap();
    meet(&server, pin(&authority).config()).await.unwrap();
    let refusal = meet(&server, pin(&foreign).config()).await.unwrap_err();
    assert!(refusal.contains("UnknownIssuer"), "{refusal}");
    let misnamed = ServerTls::for_people(&authority.server("node.shouwang")).unwrap();
    meet(&misnamed, pin(&authority).config()).await.unwrap_err();

    // Somebody in between shows the right authority beside a certificate of their own making.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged.pem");
    foreign.server("hub.shouwang").save(&path).unwrap();
    let pem = fs::read_to_string(&path).unwrap();
    let end = "-----END CERTIFICATE-----";
    let own = format!("{}{end}\n", pem.split(end).next().unwrap());
    let forged = Identity::from_pem(&(own + &authority.ca_pem()), &pem).unwrap();
    let between = ServerTls::for_people(&forged).unwrap();
    let refusal = meet(&between, pin(&authority).config()).await.unwrap_err();
    assert!(refusal.contains("BadSignature") || refusal.contains("UnknownIssuer"), "{refusal}");
}

#[tokio::test]
async fn only_people_may_speak_tls_1_2() {
    let authority = Authority::new("alliance");
    let member = authority.client("member", 5);
    let old_browser = |identity: Option<&Identity>| {
        let config = rustls::ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS12])
            .unwrap()
            .with_root_certificates(roots(&authority.ca_pem()).unwrap());
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some(identity) => {
                let key = identity.certified_key();
                config.with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(key)))
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    };
    let identity = authority.server("hub.shouwang");
    let people = ServerTls::for_people(&identity).unwrap();
    assert_eq!(meet(&people, old_browser(None)).await.unwrap().alpn.unwrap(), b"http/1.1");
    let nodes = ServerTls::for_nodes(&identity, List::of(&[&member]).rule(&authority)).unwrap();
    let refusal = meet(&nodes, old_browser(Some(&member))).await.unwrap_err();
    assert!(refusal.contains("ProtocolVersion"), "{refusal}");
}

#[test]
fn key_files_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.pem");
    let (old, new) = (Authority::new("a").client("旧", 1), Authority::new("a").client("新", 2));
    old.save(&path).unwrap();
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    new.save(&path).unwrap();
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(Identity::load(&path).unwrap().facts(), new.facts());
    assert_eq!(new.facts().subject_common_name, "新");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left lying about");

    for open in [0o640, 0o604, 0o660] {
        fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
        let error = Identity::load(&path).unwrap_err();
        assert!(matches!(error, TlsError::OpenKey { mode, .. } if mode == open), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    assert!(matches!(Identity::load(folder.path().join("none")), Err(TlsError::File { .. })));
}

#[test]
fn chain_and_key_may_be_two_files_but_must_belong_together() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.pem"), folder.path().join("b.pem"));
    let authority = Authority::new("a");
    authority.client("a", 1).save(&a).unwrap();
    authority.client("b", 2).save(&b).unwrap();
    assert_eq!(Identity::load_pair(&a, &a).unwrap().facts().serial_hex, "01");
    assert!(matches!(Identity::load_pair(&a, &b), Err(TlsError::Rustls(_))));
    // The chain is no secret.
    fs::set_permissions(&a, Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(Identity::load_pair(&b, &a), Err(TlsError::OpenKey { .. })));
    assert!(matches!(Identity::from_pem("", ""), Err(TlsError::Pem("certificate"))));
    assert!(matches!(ClientTls::new("", None), Err(TlsError::Pem(_))));
}

#[test]
fn debug_shows_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pem");
    let identity = Authority::new("a").client("member", 0xabc);
    identity.save(&path).unwrap();
    let pem = fs::read_to_string(&path).unwrap();
    let (_, key) = pem.split_once("PRIVATE KEY-----\n").unwrap();
    let shown = format!("{identity:?}");
    assert!(shown.contains("0abc"), "{shown}");
    assert!(!shown.contains(&key[..16]) && !shown.contains("PRIVATE"));
}

#[test]
fn serial_numbers_are_written_one_way() {
    assert_eq!(serial_hex(&[0, 0, 0x0a, 0]), "0a00");
    assert_eq!(serial_hex(&[0x80]), "80");
    assert_eq!(serial_hex(&[0]), "");
    let issue = |serial: &[u8]| {
        let wish = Wish {
            common_name: "x".to_owned(),
            names: Vec::new(),
            serial: serial.to_vec(),
            last_year: 2030,
            server: false,
        };
        Authority::new("a").issue(wish)
    };
    // The first bit set needs a zero byte in the encoding; leading zeros of the issuer vanish in it.
    for serial in [&[0x80, 1][..], &[0, 0x80, 1], &[0x7f], &[0, 0, 1, 0]] {
        assert_eq!(issue(serial).facts().serial_hex, serial_hex(serial), "{serial:?}");
    }
    let facts = issue(&[1]).facts().clone();
    assert_eq!((facts.not_before_ms, facts.not_after_ms), (1_577_836_800_000, 1_924_905_600_000));
}
