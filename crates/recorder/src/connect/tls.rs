//! TLS by rustls, with libpq's meaning of `sslmode`.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::endpoint::{Endpoint, Host, RootCertificates, SslMode};

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
    /// Reads the certificates of trusted authorities; `None` for `sslmode=disable`.
    ///
    /// # Errors
    /// One line that names the file.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Option<Self>, String> {
        if endpoint.sslmode == SslMode::Disable {
            return Ok(None);
        }
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS: {error}"))?;
        let roots = roots(&endpoint.roots)?;
        let config = match (roots, endpoint.sslmode) {
            (Some(roots), SslMode::VerifyFull) => {
                builder.with_root_certificates(roots).with_no_client_auth()
            }
            // As in libpq, a root file has the authority checked, also where nobody asked for it: `prefer` then does without TLS.
            (Some(roots), SslMode::Prefer | SslMode::Require | SslMode::VerifyCa) => {
                let chain = WebPkiServerVerifier::builder_with_provider(
                    Arc::new(roots),
                    Arc::clone(&provider),
                )
                .build()
                .map_err(|error| format!("sslrootcert: {error}"))?;
                let verifier = LenientVerifier {
                    chain: Some(chain),
                    provider,
                };
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(verifier))
                    .with_no_client_auth()
            }
            _ => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(LenientVerifier {
                    chain: None,
                    provider,
                }))
                .with_no_client_auth(),
        };
        let name = |host: &Host| {
            ServerName::try_from(host.name.clone())
                .map_err(|_| format!("{}: not a host name that TLS can check", host.name))
        };
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

/// What TLS has against the server; `None` where the connection itself failed.
pub(super) fn explain(error: &std::io::Error) -> Option<String> {
    let reason = error.get_ref()?;
    let untrusted = Error::InvalidCertificate(CertificateError::UnknownIssuer);
    Some(match reason.downcast_ref::<Error>() {
        Some(error) if *error == untrusted => {
            "the server's certificate is signed by none of the authorities in sslrootcert"
                .to_owned()
        }
        _ => reason.to_string(),
    })
}

fn roots(wanted: &RootCertificates) -> Result<Option<RootCertStore>, String> {
    let mut store = RootCertStore::empty();
    match wanted {
        RootCertificates::None => return Ok(None),
        RootCertificates::System => {
            let (added, _unusable) =
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if added == 0 {
                return Err(
                    "sslrootcert=system: this system has no certificates of authorities \
                            (Debian: apt-get install ca-certificates)"
                        .to_owned(),
                );
            }
        }
        RootCertificates::File(file) => {
            let failed = |reason: String| format!("sslrootcert={}: {reason}", file.display());
            let text = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&text) {
                let certificate = certificate.map_err(|error| failed(error.to_string()))?;
                store
                    .add(certificate)
                    .map_err(|error| failed(error.to_string()))?;
            }
            if store.is_empty() {
                return Err(failed("no PEM certificate in it".to_owned()));
            }
        }
    }
    Ok(Some(store))
}

/// Checks less than rustls does: the authority but not the name (`verify-ca`), or neither (`require` and `prefer` without a root file). That the
/// server holds its certificate's key is checked always.
#[derive(Debug)]
struct LenientVerifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for LenientVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is checked last: whoever comes so far has a trusted chain.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
