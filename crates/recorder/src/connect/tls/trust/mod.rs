//! Whom a server's certificate may be signed by, and what it may be used for: as OpenSSL has it, whose rules libpq goes by.

use chrono::DateTime;
use tokio_rustls::rustls::Error;
use tokio_rustls::rustls::crypto::WebPkiSupportedAlgorithms;
use tokio_rustls::rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

use crate::connect::tls::pem;
use crate::connect::x509::{Certificate, PublicKey};
use crate::endpoint::RootCertificates;

/// What is trusted.
#[derive(Debug)]
pub(super) struct Trust {
    /// What people call the place that these are from.
    place: &'static str,
    /// The authorities that may sign.
    anchors: Vec<TrustAnchor<'static>>,
    /// Of each of them, what rustls does not look at.
    limits: Vec<Limits>,
    /// The self-signed certificates: a server's own among them is trusted as it is.
    own: Vec<CertificateDer<'static>>,
    /// The others: as with libpq they may stand in a chain, and are no end of one.
    between: Vec<CertificateDer<'static>>,
}

/// What an authority may do.
#[derive(Debug)]
struct Limits {
    not_before_s: i64,
    not_after_s: i64,
    path_length: Option<usize>,
}

impl Limits {
    /// A recorder runs for months: an authority can expire under it.
    fn are_kept(&self, now_s: i64, authorities_below: usize) -> bool {
        (self.not_before_s..=self.not_after_s).contains(&now_s)
            && self
                .path_length
                .is_none_or(|most| authorities_below <= most)
    }
}

impl Trust {
    /// Reads the trusted certificates; `None` where nothing is trusted.
    ///
    /// # Errors
    /// One line that names the file.
    pub(super) fn read(wanted: &RootCertificates) -> Result<Option<Self>, String> {
        match wanted {
            RootCertificates::None => Ok(None),
            RootCertificates::System => {
                let found = rustls_native_certs::load_native_certs().certs;
                let trust = Self::of("of this system (sslrootcert=system)", found);
                match trust.anchors.is_empty() {
                    false => Ok(Some(trust)),
                    true => Err(
                        "sslrootcert=system: this system has no CA certificates (Debian: apt-get install ca-certificates)"
                            .to_owned(),
                    ),
                }
            }
            RootCertificates::File(file) => {
                let all = pem::read_certificates(file)
                    .map_err(|reason| format!("sslrootcert={}: {reason}", file.display()))?;
                Ok(Some(Self::of("in sslrootcert", all)))
            }
        }
    }

    fn of(place: &'static str, all: Vec<CertificateDer<'static>>) -> Self {
        let is_own = |der: &CertificateDer<'_>| {
            Certificate::read(der).is_some_and(|read| read.is_self_signed())
        };
        let (own, between): (Vec<_>, Vec<_>) = all.into_iter().partition(is_own);
        let (anchors, limits) = own.iter().filter_map(anchor).unzip();
        Self {
            place,
            anchors,
            limits,
            own,
            between,
        }
    }

    /// Checks a server's certificate.
    ///
    /// # Errors
    /// A refusal in our own words.
    pub(super) fn check(
        &self,
        der: &CertificateDer<'_>,
        certificate: &Certificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), Error> {
        let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        check_version(certificate)?;
        if certificate.is_self_signed() && self.own.contains(der) {
            check_usage(certificate)?;
            return check_dates(certificate, now_s);
        }
        if certificate.version == 1 {
            // rustls takes no such certificate. It has no extensions, so that the signature and the dates are all there is.
            let mut authorities = self.anchors.iter().zip(&self.limits);
            let is_signed = authorities.any(|(anchor, limits)| {
                *anchor.subject == *certificate.issuer
                    && limits.are_kept(now_s, 0)
                    && is_signed_by(certificate, anchor, algorithms)
            });
            if !is_signed {
                return Err(self.unknown_issuer(certificate));
            }
            return check_dates(certificate, now_s);
        }
        if certificate.is_authority() {
            return Err(refused(
                "the server's certificate is a CA certificate (CA:TRUE) and not in sslrootcert; add it to sslrootcert, or give the server a certificate without CA:TRUE",
            ));
        }
        check_usage(certificate)?;
        check_dates(certificate, now_s)?;
        let between = [intermediates, &self.between].concat();
        EndEntityCert::try_from(der)
            .and_then(|server| {
                let check = |path: &VerifiedPath<'_>| self.check_path(path, now_s);
                let usage = KeyUsage::server_auth();
                let (all, anchors) = (algorithms.all, &self.anchors);
                server
                    .verify_for_usage(all, anchors, &between, now, usage, None, Some(&check))
                    .map(|_| ())
            })
            .map_err(|error| self.explain(&error, certificate))
    }

    /// What rustls does not look at: the authority's own limits, and whether the keys of those between may sign.
    fn check_path(&self, path: &VerifiedPath<'_>, now_s: i64) -> Result<(), webpki::Error> {
        let mut below = 0;
        for authority in path.intermediate_certificates() {
            let der = authority.der();
            let read = Certificate::read(&der).ok_or(webpki::Error::BadDer)?;
            if !read.may_sign() {
                return Err(webpki::Error::EndEntityUsedAsCa);
            }
            // One that changed its key and signed the new one is one authority (RFC 5280, section 6.1.4).
            below += usize::from(!read.is_self_signed());
        }
        let mut anchors = self.anchors.iter();
        let limits = anchors
            .position(|anchor| std::ptr::eq(anchor, path.anchor()))
            .and_then(|at| self.limits.get(at));
        match limits {
            Some(limits) if limits.are_kept(now_s, below) => Ok(()),
            Some(limits) if limits.are_kept(now_s, 0) => {
                Err(webpki::Error::PathLenConstraintViolated)
            }
            _ => Err(webpki::Error::UnknownIssuer),
        }
    }

    fn explain(&self, error: &webpki::Error, certificate: &Certificate<'_>) -> Error {
        let between = "an authority between the server's certificate and the trusted one";
        match error {
            webpki::Error::UnknownIssuer => self.unknown_issuer(certificate),
            webpki::Error::PathLenConstraintViolated => refused(&format!(
                "{between} makes the chain too long: an authority above it allows fewer (pathlen)"
            )),
            webpki::Error::EndEntityUsedAsCa => refused(&format!(
                "{between} may not sign others (it needs CA:TRUE, and keyCertSign in its keyUsage)"
            )),
            // Those of the server's own are looked at before.
            webpki::Error::CertExpired { .. } => refused(&format!("{between} has expired")),
            webpki::Error::CertNotValidYet { .. } => {
                refused(&format!("{between} is not valid yet"))
            }
            other => refused(&format!("the server's certificate is not good: {other}")),
        }
    }

    fn unknown_issuer(&self, certificate: &Certificate<'_>) -> Error {
        let may_not_sign = |der: &CertificateDer<'_>| {
            Certificate::read(der)
                .is_some_and(|read| read.subject == certificate.issuer && !may_be_anchor(&read))
        };
        let place = self.place;
        let mut text =
            format!("the server's certificate is not signed by any valid authority {place}");
        if self.own.iter().any(may_not_sign) {
            text += &format!(
                "; {} is there but may not sign certificates (it needs CA:TRUE, and keyCertSign in its keyUsage)",
                certificate.signed_by()
            );
        }
        refused(&text)
    }
}

/// OpenSSL's rule for the end of a chain. rustls checks nothing of it.
fn may_be_anchor(certificate: &Certificate<'_>) -> bool {
    match (certificate.version, certificate.has_extensions) {
        (1, false) => true,
        (3, _) => {
            certificate.is_authority()
                && certificate.may_sign()
                && certificate.is_for_servers()
                && !certificate.has_unknown_critical
        }
        _ => false,
    }
}

fn anchor(der: &CertificateDer<'static>) -> Option<(TrustAnchor<'static>, Limits)> {
    let read = Certificate::read(der).filter(may_be_anchor)?;
    let limits = Limits {
        not_before_s: read.not_before_s,
        not_after_s: read.not_after_s,
        path_length: read.basic_constraints.and_then(|says| says.path_length),
    };
    // One that rustls can't use may still be the server's own.
    let anchor = webpki::anchor_from_trusted_cert(der).ok()?;
    Some((anchor.to_owned(), limits))
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

fn check_version(certificate: &Certificate<'_>) -> Result<(), Error> {
    match (certificate.version, certificate.has_extensions) {
        (1, false) | (3, _) => Ok(()),
        (version, _) => Err(refused(&format!(
            "the server's certificate has version {version}; only version 3, and version 1 without extensions, are supported. Give the server another one"
        ))),
    }
}

/// A server's certificate, whether it is trusted as it is or signed.
fn check_usage(certificate: &Certificate<'_>) -> Result<(), Error> {
    if !certificate.may_do_tls() {
        return Err(refused(
            "the server's certificate may not be used for TLS (its keyUsage has none of digitalSignature, keyEncipherment and keyAgreement); \
             give the server another one",
        ));
    }
    if !certificate.is_for_servers() {
        return Err(refused(
            "the server's certificate is not for servers (its extendedKeyUsage has no serverAuth); give the server another one",
        ));
    }
    if certificate.has_unknown_critical {
        return Err(refused(
            "the server's certificate has an unknown critical extension; give the server a certificate without it",
        ));
    }
    Ok(())
}

fn check_dates(certificate: &Certificate<'_>, now_s: i64) -> Result<(), Error> {
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
            "the server's certificate is not valid before {}; check the clocks of the server and of this host",
            day(certificate.not_before_s)
        )));
    }
    Ok(())
}

/// A refusal of our own: [`super::explain`] shows the text as it is.
pub(super) fn refused(text: &str) -> Error {
    Error::General(text.to_owned())
}

#[cfg(test)]
mod tests;
