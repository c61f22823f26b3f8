//! TLS by rustls, with libpq's meaning of `sslmode`.

mod client_certificate;
mod host_name;
mod pem;
mod provider;
mod trust;
mod verifier;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    AlertDescription, ClientConfig, Error, PeerIncompatible, SupportedProtocolVersion,
};

use crate::endpoint::{Endpoint, Host, SslMode, TlsVersion};
use verifier::Verifier;

/// `SSLRequest`: length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// TLS as an endpoint wants it.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    /// Of the endpoint's hosts, in their order.
    names: Vec<ServerName<'static>>,
}

impl Tls {
    /// Reads the certificates of trusted authorities, and the client's own; `None` for `sslmode=disable`.
    ///
    /// # Errors
    /// One line that names the file.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Option<Self>, String> {
        if endpoint.sslmode == SslMode::Disable {
            return Ok(None);
        }
        let provider = provider::provider();
        let algorithms = provider.signature_verification_algorithms;
        let verifier = Verifier::new(&endpoint.roots, endpoint.sslmode, algorithms)?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions(endpoint))
            .map_err(|error| format!("TLS: {error}"))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &endpoint.client_certificate {
            None => builder.with_no_client_auth(),
            Some(files) => {
                builder.with_client_cert_resolver(client_certificate::load(files, &provider)?)
            }
        };
        config.enable_sni = endpoint.sends_host_name;
        let name = |host: &Host| name(host, endpoint.sslmode);
        let names = endpoint.hosts.iter().map(name).collect::<Result<_, _>>()?;
        Ok(Some(Self {
            connector: TlsConnector::from(Arc::new(config)),
            names,
        }))
    }

    /// The same for one of the endpoint's hosts alone.
    pub(super) fn of_host(&self, host: usize) -> Self {
        Self {
            connector: self.connector.clone(),
            names: vec![self.names[host].clone()],
        }
    }

    /// The handshake with one of the endpoint's hosts, after its server agreed to it.
    ///
    /// # Errors
    /// What rustls says: untrusted certificate, wrong name, no common protocol.
    pub(super) async fn handshake(
        &self,
        host: usize,
        stream: TcpStream,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        self.connector
            .connect(self.names[host].clone(), stream)
            .await
    }
}

fn versions(endpoint: &Endpoint) -> Vec<&'static SupportedProtocolVersion> {
    let (least, most) = endpoint.tls_versions;
    [(TlsVersion::V1_2, &TLS12), (TlsVersion::V1_3, &TLS13)]
        .into_iter()
        .filter(|(version, _)| (least..=most).contains(version))
        .map(|(_, version)| version)
        .collect()
}

/// The name that the server is told, and that its certificate is held against.
fn name(host: &Host, sslmode: SslMode) -> Result<ServerName<'static>, String> {
    match ServerName::try_from(host.name.clone()) {
        Ok(name) => Ok(name),
        Err(_) if sslmode == SslMode::VerifyFull => {
            Err(format!("{}: TLS cannot check this host name", host.name))
        }
        // The name is of no matter then, and an address is not told to the server.
        Err(_) => Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into()),
    }
}

/// Asks the server whether it does TLS.
///
/// # Errors
/// The connection's error, or that the answer is not PostgreSQL's.
pub(super) async fn ask_for_tls(stream: &mut TcpStream) -> std::io::Result<bool> {
    stream.write_all(&SSL_REQUEST).await?;
    match stream.read_u8().await? {
        b'S' => Ok(true),
        b'N' => Ok(false),
        // An error message instead of an answer: a server that can't fork, or something that is not PostgreSQL.
        other => Err(std::io::Error::other(format!(
            "the server answered the request for TLS with byte {other:#04x}, neither S nor N"
        ))),
    }
}

/// What TLS has against the server in the handshake; `None` where the connection itself failed.
pub(super) fn explain(error: &std::io::Error) -> Option<String> {
    let reason = error.get_ref()?;
    Some(explain_later(error).unwrap_or_else(|| reason.to_string()))
}

/// What TLS has against the server, or the server against us; `None` for every other error. TLS 1.3 may say so after the handshake only.
pub(super) fn explain_later(error: &std::io::Error) -> Option<String> {
    let reason = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match reason {
        Error::InvalidCertificate(error) => {
            format!("the server's certificate is not valid: {error}")
        }
        // Our own words.
        Error::General(text) => text.clone(),
        Error::AlertReceived(alert) => explain_alert(*alert),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "the server's TLS version is not supported; it must offer TLS 1.2 or 1.3".to_owned(),
        Error::PeerIncompatible(reason) => {
            format!("the server and the recorder have no TLS setting in common ({reason:?})")
        }
        other => other.to_string(),
    })
}

fn explain_alert(alert: AlertDescription) -> String {
    let hint = match alert {
        AlertDescription::ProtocolVersion => "it supports neither TLS 1.2 nor 1.3",
        AlertDescription::HandshakeFailure => {
            "it has no cipher or key type in common with the recorder (DSA, Ed448 and RSA-PSS-only keys are not supported; P-521 needs TLS 1.3), or it requires a client certificate (sslcert, sslkey)"
        }
        AlertDescription::CertificateRequired => {
            "it requires a client certificate: give sslcert and sslkey"
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown => {
            "it refuses the client certificate: check sslcert"
        }
        _ => "see the server's log",
    };
    format!("the server ended TLS with the alert {alert:?}: {hint}")
}
