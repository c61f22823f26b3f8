//! Where a path leads: a connection URL, read strictly.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::pgpass;

/// A password that no `{:?}` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

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

    fn parse(word: &str) -> Option<Self> {
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

/// Who is trusted to sign the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootCertificates {
    /// Nobody was named.
    None,
    /// The authorities of the operating system (`sslrootcert=system`).
    System,
    /// The authorities in a PEM file.
    File(PathBuf),
}

/// Where a path leads, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// Password, where one was found.
    pub password: Option<Password>,
    /// TLS.
    pub sslmode: SslMode,
    /// Trust.
    pub roots: RootCertificates,
}

impl Endpoint {
    /// Reads `postgres://user[:password]@host[:port][/database][?sslmode=...&sslrootcert=...]`.
    ///
    /// # Errors
    /// One line that names what is wrong, never the URL itself: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| {
            format!("not a URL ({error}); write postgres://user@host:5432/database")
        })?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("the URL must begin with postgres:// or postgresql://".to_owned());
        }
        if url.fragment().is_some() {
            return Err("the URL holds a \"#\": write %23 for one in a password".to_owned());
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => decode(name, "host")?,
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        };
        if host.is_empty() {
            return Err("the URL names no host".to_owned());
        }
        if host.contains(',') {
            return Err("the URL names several hosts; a path leads to one".to_owned());
        }
        if host.starts_with('/') {
            return Err("the URL names a socket folder; give a host name or an address".to_owned());
        }
        let user = decode(url.username(), "user")?;
        if user.is_empty() {
            return Err(
                "the URL names no user; write postgres://user@host:5432/database".to_owned(),
            );
        }
        let mut database = decode(url.path().trim_start_matches('/'), "database")?;
        if database.is_empty() {
            database.clone_from(&user);
        }
        let password = url
            .password()
            .map(|text| decode(text, "password"))
            .transpose()?;
        let (sslmode, roots) = tls_parameters(&url)?;
        Ok(Self {
            host,
            port: url.port().unwrap_or(5432),
            database,
            user,
            password: password.map(Password),
            sslmode,
            roots,
        })
    }

    /// Looks for a password where the URL has none: `PGPASSWORD`, then the password file.
    ///
    /// # Errors
    /// One line where the password file must not be used.
    pub fn find_password(&mut self) -> Result<(), String> {
        if self.password.is_none() {
            let variable = std::env::var("PGPASSWORD")
                .ok()
                .filter(|value| !value.is_empty());
            self.password = match variable {
                Some(password) => Some(Password(password)),
                None => pgpass::find(&self.host, self.port, &self.database, &self.user)?,
            };
        }
        Ok(())
    }
}

impl fmt::Display for Endpoint {
    /// For messages: never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        write!(f, "{}@{host}:{}/{}", self.user, self.port, self.database)
    }
}

fn decode(text: &str, what: &str) -> Result<String, String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| format!("the {what} in the URL is not UTF-8"))
}

fn tls_parameters(url: &Url) -> Result<(SslMode, RootCertificates), String> {
    let (mut sslmode, mut roots) = (None, RootCertificates::None);
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "sslmode" => {
                sslmode = Some(SslMode::parse(&value).ok_or_else(|| {
                    format!(
                        "sslmode={value}: write disable, prefer, require, verify-ca or verify-full"
                    )
                })?);
            }
            "sslrootcert" if value == "system" => roots = RootCertificates::System,
            "sslrootcert" => roots = RootCertificates::File(PathBuf::from(value.as_ref())),
            "password" => {
                return Err(
                    "put the password before the host (postgres://user:password@host), \
                            or into PGPASSWORD or ~/.pgpass"
                        .to_owned(),
                );
            }
            _ => {
                return Err(format!(
                    "the parameter {key:?} of the URL is not supported; only sslmode and sslrootcert are"
                ));
            }
        }
    }
    // The rules of libpq: a public authority signs for anybody, so the name must be checked too.
    if roots == RootCertificates::System {
        let mode = sslmode.unwrap_or(SslMode::VerifyFull);
        if mode != SslMode::VerifyFull {
            return Err(format!(
                "sslmode={} is too weak for sslrootcert=system; use verify-full",
                mode.as_str()
            ));
        }
        return Ok((mode, roots));
    }
    let mode = sslmode.unwrap_or(SslMode::Prefer);
    if mode >= SslMode::VerifyCa && roots == RootCertificates::None {
        return Err(format!(
            "sslmode={} needs sslrootcert=FILE (the authority's certificate) or sslrootcert=system",
            mode.as_str()
        ));
    }
    Ok((mode, roots))
}

/// Reads `ADDRESS:PORT` or `ADDRESS` (port 53) of a name server.
///
/// # Errors
/// One line that says how to write it.
pub fn parse_dns_server(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .or_else(|_| text.parse().map(|address| SocketAddr::new(address, 53)))
        .map_err(|_| format!("{text:?} is not an address; write 10.0.0.2 or 127.0.0.1:5353"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_url() {
        let endpoint = Endpoint::parse(
            "postgresql://app:p%40ss%3A1@db.example.com:6432/shop%20x?sslmode=verify-ca&sslrootcert=/etc/ca.pem",
        )
        .unwrap();
        assert_eq!(endpoint.host, "db.example.com");
        assert_eq!(endpoint.port, 6432);
        assert_eq!(endpoint.database, "shop x");
        assert_eq!(endpoint.user, "app");
        assert_eq!(endpoint.password, Some(Password("p@ss:1".to_owned())));
        assert_eq!(endpoint.sslmode, SslMode::VerifyCa);
        assert_eq!(endpoint.roots, RootCertificates::File("/etc/ca.pem".into()));
        assert_eq!(endpoint.to_string(), "app@db.example.com:6432/shop x");
        assert!(!format!("{endpoint:?}").contains("p@ss"));
    }

    #[test]
    fn what_is_left_out() {
        let endpoint = Endpoint::parse("postgres://app@[::1]").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("::1", 5432));
        assert_eq!(endpoint.database, "app");
        assert_eq!(endpoint.sslmode, SslMode::Prefer);
        assert_eq!(endpoint.to_string(), "app@[::1]:5432/app");
        let system = Endpoint::parse("postgres://a@h/d?sslrootcert=system").unwrap();
        assert_eq!(system.sslmode, SslMode::VerifyFull);
    }

    #[test]
    fn refused_with_the_reason_and_without_the_secret() {
        for (url, reason) in [
            ("geheim", "not a URL"),
            ("mysql://a:geheim@h/d", "must begin with postgres://"),
            ("postgres:///d", "names no host"),
            ("postgres://h/d", "names no user"),
            ("postgres://a:geheim@h1,h2/d", "several hosts"),
            ("postgres://a:geheim@%2Ftmp/d", "socket folder"),
            ("postgres://a:geheim@h/d#x", "%23"),
            ("postgres://a:geheim@h/d?sslmode=allow", "sslmode=allow"),
            (
                "postgres://a:geheim@h/d?sslmode=verify-full",
                "needs sslrootcert",
            ),
            (
                "postgres://a:geheim@h/d?sslmode=require&sslrootcert=system",
                "too weak",
            ),
            ("postgres://a@h/d?password=geheim", "before the host"),
            (
                "postgres://a:geheim@h/d?connect_timeout=5",
                "\"connect_timeout\"",
            ),
            ("postgres://a:geheim@h:99999/d", "not a URL"),
            ("postgres://a:%ff@h/d", "not UTF-8"),
        ] {
            let error = Endpoint::parse(url).unwrap_err();
            assert!(error.contains(reason), "{url}: {error}");
            assert!(
                !error.contains("geheim") && !error.contains('\n'),
                "{error}"
            );
        }
    }

    #[test]
    fn name_servers() {
        assert_eq!(
            parse_dns_server("127.0.0.1:5353"),
            Ok("127.0.0.1:5353".parse().unwrap())
        );
        assert_eq!(parse_dns_server("::1"), Ok("[::1]:53".parse().unwrap()));
        assert!(parse_dns_server("dns.example.com").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "(postgres://)?.{0,40}") {
            let _ = Endpoint::parse(&text);
        }
    }
}
