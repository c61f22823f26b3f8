//! What of the server's certificate is checked: with libpq's meaning of `sslmode` and `sslrootcert`.

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key,
};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use tokio_rustls::rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::connect::tls::host_name;
use crate::connect::tls::trust::{Trust, refused};
use crate::connect::x509::Certificate;
use crate::endpoint::{RootCertificates, SslMode};

/// Lengths of RSA keys whose signatures are verified, bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Checks the certificate as far as the endpoint asks for it. That the server holds the certificate's key is checked always.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None` where nothing is asked of the certificate but its key.
    trust: Option<Trust>,
    checks_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// Reads the certificates of trusted authorities.
    ///
    /// # Errors
    /// One line that names the file.
    pub(super) fn new(
        roots: &RootCertificates,
        sslmode: SslMode,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Result<Self, String> {
        Ok(Self {
            // As in libpq, a root file has the authority checked, also where the mode does not ask for it: `prefer` then does without TLS.
            trust: Trust::read(roots)?,
            checks_name: sslmode == SslMode::VerifyFull,
            algorithms,
        })
    }
}

fn check_name(certificate: &Certificate<'_>, host: &str) -> Result<(), Error> {
    if host_name::fits(certificate, host) {
        return Ok(());
    }
    let names = match certificate.names().as_slice() {
        [] => "no name".to_owned(),
        names => names.join(", "),
    };
    Err(refused(&format!(
        "the server's certificate is for {names}, not for {host}; connect by a name of the certificate, or use sslmode=verify-ca"
    )))
}

fn check_key(certificate: &Certificate<'_>) -> Result<(), Error> {
    let bits = certificate.public_key().and_then(|key| key.rsa_bits());
    match bits {
        Some(bits) if !RSA_BITS.contains(&bits) => Err(refused(&format!(
            "the server's RSA key has {bits} bits; {} to {} are supported. Give the server another key",
            RSA_BITS.start(),
            RSA_BITS.end()
        ))),
        _ => Ok(()),
    }
}

fn read(certificate: &[u8]) -> Result<Certificate<'_>, Error> {
    Certificate::read(certificate).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = read(end_entity)?;
        check_key(&certificate)?;
        if let Some(trust) = &self.trust {
            trust.check(
                end_entity,
                &certificate,
                intermediates,
                now,
                &self.algorithms,
            )?;
            if self.checks_name {
                check_name(&certificate, &server_name.to_str())?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // As rustls does it, which reads no certificate of version 1: the scheme may stand for several kinds of key.
        let certificate = read(certificate)?;
        let bad = Error::InvalidCertificate(CertificateError::BadSignature);
        let key = certificate.public_key().ok_or_else(|| bad.clone())?;
        let mut mapping = self.algorithms.mapping.iter();
        let (_, algorithms) = mapping
            .find(|(scheme, _)| *scheme == signature.scheme)
            .ok_or_else(|| bad.clone())?;
        let of_key = algorithms
            .iter()
            .find(|algorithm| *algorithm.public_key_alg_id() == *key.algorithm)
            .ok_or_else(|| bad.clone())?;
        of_key
            .verify_signature(key.bits, message, signature.signature())
            .map_err(|_| bad)?;
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let certificate = read(certificate)?;
        let key = SubjectPublicKeyInfoDer::from(certificate.key_info);
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_rsa_key_is_named() {
        use crate::connect::x509::tests::{certificate, name};
        let own = name(&[0x55, 0x04, 0x03], "db");
        // Its key has 1024 bits.
        let der = certificate(&own, &own, b"261215171100Z", &[], &[1, 2]);
        let read = read(&der).unwrap();
        let error = check_key(&read).unwrap_err().to_string();
        assert!(error.contains("RSA key has 1024 bits"), "{error}");
    }
}
