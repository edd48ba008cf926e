//! Why a server cannot be reached, in words that say what to do.

use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io;

const MISSING: [AlertDescription; 2] =
    [AlertDescription::CertificateRequired, AlertDescription::NoCertificate];
const EXPIRED: [AlertDescription; 1] = [AlertDescription::CertificateExpired];
const REFUSED: [AlertDescription; 7] = [
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateUnknown,
    AlertDescription::UnknownCA,
    AlertDescription::BadCertificate,
    AlertDescription::UnsupportedCertificate,
    AlertDescription::AccessDenied,
    AlertDescription::DecryptError,
];

/// Why a server cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialProblem {
    /// The expected server name is no host name.
    #[error("the expected server name is no host name （服务器名称格式不对）")]
    BadName,
    /// The host's name leads nowhere.
    #[error("no such host: check the address and the DNS （找不到主机，请检查地址和 DNS）")]
    NameUnknown,
    /// Nobody listens.
    #[error(
        "nobody listens there: check address and port, and that the server runs （连接被拒绝，请检查地址、端口及服务是否运行）"
    )]
    Refused,
    /// No answer in time.
    #[error("no answer in time: check the network and firewalls （超时未响应，请检查网络和防火墙）")]
    TimedOut,
    /// The other end does not speak TLS.
    #[error("the other end does not speak TLS: check the port （对方未使用 TLS，请检查端口）")]
    NotTls,
    /// The server asks for a certificate and this client shows none.
    #[error(
        "the server wants a certificate and this program has none: join the alliance first （服务器要求证书，请先入网）"
    )]
    CertificateMissing,
    /// The server does not accept the certificate of this client.
    #[error(
        "the server does not accept this program's certificate: it was revoked, or another authority issued it （证书已被吊销或不受信任）"
    )]
    CertificateRefused,
    /// The certificate of this client is out of date.
    #[error(
        "this program's certificate is out of date: renew it, and check the clock （证书已过期，请续期并检查时钟）"
    )]
    CertificateExpired,
    /// The server's certificate was issued by somebody else.
    #[error(
        "the server's certificate was not issued by the expected authority: wrong server, or somebody in between （服务器证书不受信任）"
    )]
    ServerUntrusted,
    /// The server's certificate carries another name.
    #[error("the server's certificate carries another name: this is another server （服务器证书名称不符）")]
    ServerMisnamed,
    /// The server's certificate is out of date.
    #[error(
        "the server's certificate is out of date or not valid yet: check both clocks （服务器证书不在有效期内，请检查双方时钟）"
    )]
    ServerExpired,
    /// The connection broke without a word.
    #[error("the connection was lost （连接中断）")]
    Lost,
}

impl DialProblem {
    /// Finds the cause of a failed request or connection: give it a `tonic::Status` or a `tonic::transport::Error`.
    /// None if the server itself answered.
    ///
    /// With TLS 1.3 a client without a certificate connects, and only its first request fails, as `Unknown`; the
    /// cause is found here.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        let mut coarse = None;
        while let Some(error) = next {
            if let Some(problem) = Self::exact(error) {
                return Some(problem);
            }
            // A precise cause may be wrapped in a coarse one, so go on looking.
            coarse = coarse.or_else(|| Self::coarse(error));
            next = error.source();
        }
        coarse
    }

    fn exact(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(problem) = error.downcast_ref::<Self>() {
            return Some(*problem);
        }
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Self::of_tls(error);
        }
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return error.get_io().and_then(|error| Self::exact(error));
        }
        // The source of an `io::Error` is the source of what is inside, not what is inside.
        let inside = error.downcast_ref::<io::Error>()?.get_ref()?;
        Self::of(inside).or_else(|| Self::of_alert_text(&inside.to_string()))
    }

    /// The HTTP/2 library keeps only the words of an error on an established connection, and with TLS 1.3 that is
    /// where the server's opinion of our certificate arrives.
    fn of_alert_text(text: &str) -> Option<Self> {
        let name = text.strip_prefix("received fatal alert: ")?;
        let known = MISSING.iter().chain(&EXPIRED).chain(&REFUSED);
        known.copied().find(|alert| format!("{alert:?}") == name).and_then(Self::of_alert)
    }

    fn of_tls(error: &rustls::Error) -> Option<Self> {
        if let rustls::Error::AlertReceived(alert) = error {
            return Self::of_alert(*alert);
        }
        if let rustls::Error::InvalidCertificate(reason) = error {
            return Some(Self::of_certificate(reason));
        }
        matches!(error, rustls::Error::InvalidMessage(_)).then_some(Self::NotTls)
    }

    /// What the server thinks of our certificate.
    fn of_alert(alert: AlertDescription) -> Option<Self> {
        if MISSING.contains(&alert) {
            Some(Self::CertificateMissing)
        } else if EXPIRED.contains(&alert) {
            Some(Self::CertificateExpired)
        } else {
            REFUSED.contains(&alert).then_some(Self::CertificateRefused)
        }
    }

    /// What we think of the server's certificate.
    fn of_certificate(reason: &CertificateError) -> Self {
        use CertificateError as Reason;
        if matches!(reason, Reason::NotValidForName | Reason::NotValidForNameContext { .. }) {
            return Self::ServerMisnamed;
        }
        let out_of_date = matches!(
            reason,
            Reason::Expired
                | Reason::ExpiredContext { .. }
                | Reason::NotValidYet
                | Reason::NotValidYetContext { .. }
        );
        if out_of_date { Self::ServerExpired } else { Self::ServerUntrusted }
    }

    fn coarse(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return error.get_io().and_then(|error| Self::coarse(error));
        }
        let kind = error.downcast_ref::<io::Error>()?.kind();
        let lost = [
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::NotConnected,
            io::ErrorKind::UnexpectedEof,
        ];
        let silent =
            [io::ErrorKind::TimedOut, io::ErrorKind::HostUnreachable, io::ErrorKind::NetworkUnreachable];
        if kind == io::ErrorKind::ConnectionRefused {
            Some(Self::Refused)
        } else if silent.contains(&kind) {
            Some(Self::TimedOut)
        } else {
            lost.contains(&kind).then_some(Self::Lost)
        }
    }
}
