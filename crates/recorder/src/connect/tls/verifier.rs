//! What of the server's certificate is checked: with libpq's meaning of `sslmode` and `sslrootcert`.

use chrono::DateTime;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key,
};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, ServerName, SubjectPublicKeyInfoDer, TrustAnchor, UnixTime,
};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::host_name;
use crate::endpoint::{RootCertificates, SslMode};
use crate::x509::{Certificate, PublicKey};

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

/// What is trusted.
#[derive(Debug)]
struct Trust {
    roots: RootCertStore,
    /// The self-signed certificates of the file: a server's own among them is trusted as it is.
    own: Vec<CertificateDer<'static>>,
    /// The others of the file: as with libpq they may stand in a chain, and are no end of one.
    between: Vec<CertificateDer<'static>>,
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

impl Trust {
    fn read(wanted: &RootCertificates) -> Result<Option<Self>, String> {
        let mut roots = RootCertStore::empty();
        let (own, between) = match wanted {
            RootCertificates::None => return Ok(None),
            RootCertificates::System => {
                let found = rustls_native_certs::load_native_certs().certs;
                let (added, _unusable) = roots.add_parsable_certificates(found);
                if added == 0 {
                    return Err(
                        "sslrootcert=system: this system has no certificates of authorities \
                                (Debian: apt-get install ca-certificates)"
                            .to_owned(),
                    );
                }
                (Vec::new(), Vec::new())
            }
            RootCertificates::File(file) => {
                let all = super::read_certificates(file)
                    .map_err(|reason| format!("sslrootcert={}: {reason}", file.display()))?;
                let is_own = |der: &CertificateDer<'_>| {
                    Certificate::read(der).is_some_and(|read| read.is_self_signed())
                };
                let (own, between): (Vec<_>, Vec<_>) = all.into_iter().partition(is_own);
                let now_s = UnixTime::now().as_secs();
                for certificate in &own {
                    // One that has expired vouches for nothing. One that rustls can't use may still be the server's own.
                    let is_valid = Certificate::read(certificate).is_none_or(|read| {
                        i64::try_from(now_s).is_ok_and(|now_s| now_s <= read.not_after_s)
                    });
                    if is_valid {
                        roots.add_parsable_certificates([certificate.clone()]);
                    }
                }
                (own, between)
            }
        };
        Ok(Some(Self {
            roots,
            own,
            between,
        }))
    }

    fn check(
        &self,
        der: &CertificateDer<'_>,
        certificate: &Certificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), Error> {
        if certificate.is_self_signed() && self.own.contains(der) {
            return check_dates(certificate, now);
        }
        if certificate.version < 3 {
            // rustls takes no such certificate. It has no extensions, so that the signature and the dates are all there is.
            let of_issuer = |root: &&TrustAnchor<'_>| *root.subject == *certificate.issuer;
            let mut issuers = self.roots.roots.iter().filter(of_issuer);
            if !issuers.any(|root| is_signed_by(certificate, root, algorithms)) {
                return Err(CertificateError::UnknownIssuer.into());
            }
            return check_dates(certificate, now);
        }
        if certificate.is_authority {
            return Err(refused(
                "the server's certificate is an authority's (CA:TRUE), and not in sslrootcert itself; \
                 put it into sslrootcert, or give the server one without CA:TRUE",
            ));
        }
        // Its own words for the most frequent cause.
        check_dates(certificate, now)?;
        let parsed = ParsedCertificate::try_from(der)?;
        let between = [intermediates, &self.between].concat();
        let all = algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, &between, now, all)
    }
}

fn is_signed_by(
    certificate: &Certificate<'_>,
    root: &TrustAnchor<'_>,
    algorithms: &WebPkiSupportedAlgorithms,
) -> bool {
    let Some(key) = PublicKey::read(&root.subject_public_key_info) else {
        return false;
    };
    // Names that an authority may not sign for are rustls' to hold against certificates.
    let is_free = root.name_constraints.is_none();
    let mut fitting = algorithms.all.iter().filter(|algorithm| {
        *algorithm.signature_alg_id() == *certificate.signature_algorithm
            && *algorithm.public_key_alg_id() == *key.algorithm
    });
    let (message, signature) = (certificate.signed_part, certificate.signature);
    is_free
        && fitting.any(|algorithm| {
            algorithm
                .verify_signature(key.bits, message, signature)
                .is_ok()
        })
}

fn check_dates(certificate: &Certificate<'_>, now: UnixTime) -> Result<(), Error> {
    let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let day = |seconds| {
        DateTime::from_timestamp(seconds, 0)
            .map_or_else(String::new, |time| time.format("%Y-%m-%d").to_string())
    };
    if now_s > certificate.not_after_s {
        return Err(refused(&format!(
            "the server's certificate expired on {}; renew it",
            day(certificate.not_after_s)
        )));
    }
    if now_s < certificate.not_before_s {
        return Err(refused(&format!(
            "the server's certificate is valid from {} only; look at the clocks of server and recorder",
            day(certificate.not_before_s)
        )));
    }
    Ok(())
}

/// A refusal of our own: [`super::explain`] shows the text as it is.
fn refused(text: &str) -> Error {
    Error::General(text.to_owned())
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
            "the server's RSA key has {bits} bits, and only {} to {} are taken; give the server another key",
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
        use crate::x509::tests::{certificate, name};
        let own = name(&[0x55, 0x04, 0x03], "db");
        // Its key has 1024 bits.
        let der = certificate(&own, &own, b"261215171100Z", &[], &[1, 2]);
        let read = read(&der).unwrap();
        let error = check_key(&read).unwrap_err().to_string();
        assert!(error.contains("RSA key has 1024 bits"), "{error}");
    }
}
