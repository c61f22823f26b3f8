//! How a connection is encrypted, and what the server must prove.

use std::path::PathBuf;

/// Whether TLS is asked for, and what of the server's certificate is checked; the words and meanings of libpq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never.
    Disable,
    /// TLS if the server has it, else plain.
    Prefer,
    /// TLS or nothing; the certificate is checked only where `sslrootcert` is given.
    Require,
    /// The certificate comes from a trusted authority.
    VerifyCa,
    /// And it is the host's.
    VerifyFull,
}

impl SslMode {
    /// libpq's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [
            Self::Disable,
            Self::Prefer,
            Self::Require,
            Self::VerifyCa,
            Self::VerifyFull,
        ]
        .into_iter()
        .find(|mode| mode.as_str() == word)
    }
}

/// Whether SCRAM binds the login to the server's certificate; the words and meanings of libpq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where TLS is used and the server offers it.
    #[default]
    Prefer,
    /// Always: a server that logs us in without it is refused.
    Require,
}

impl ChannelBinding {
    /// libpq's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Disable, Self::Prefer, Self::Require]
            .into_iter()
            .find(|binding| binding.as_str() == word)
    }
}

/// Who is trusted to sign the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootCertificates {
    /// No host was named.
    None,
    /// The authorities of the operating system (`sslrootcert=system`).
    System,
    /// The authorities in a PEM file.
    File(PathBuf),
}

/// A version of TLS; older ones are not spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

impl TlsVersion {
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "TLSv1.2" => Some(Self::V1_2),
            "TLSv1.3" => Some(Self::V1_3),
            _ => None,
        }
    }

    /// libpq's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_2 => "TLSv1.2",
            Self::V1_3 => "TLSv1.3",
        }
    }
}

/// The client's own certificate, PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, and those between it and the authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
}
