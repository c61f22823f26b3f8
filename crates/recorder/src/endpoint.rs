//! Where a path leads: a connection URL, read strictly; what it leaves out comes from libpq's environment variables.

mod settings;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::{Host, ParseError, Url};

use crate::environment::Environment;
use crate::pgpass;
use crate::tcp::TcpSettings;
use settings::Settings;

/// Stands in for the host that a URL with a user leaves out, as the URL's grammar forbids that; no host has such a name (RFC 2606).
const NO_HOST: &str = "no-host.invalid";

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

    fn parse(word: &str) -> Option<Self> {
        [Self::Disable, Self::Prefer, Self::Require]
            .into_iter()
            .find(|binding| binding.as_str() == word)
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
    /// SCRAM's channel binding.
    pub channel_binding: ChannelBinding,
    /// The socket's settings.
    pub tcp: TcpSettings,
}

impl Endpoint {
    /// Reads `postgres://[user[:password]@][host][:port][/database][?sslmode=...&sslrootcert=...]`. What it leaves out, the
    /// password apart, comes from `environment`: PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE, PGSSLROOTCERT, PGCHANNELBINDING.
    ///
    /// # Errors
    /// One line that names what is wrong, the variable where it stands in one, never the URL itself: it may hold a password.
    pub fn parse(text: &str, environment: &Environment) -> Result<Self, String> {
        let url = parse_url(text)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("the URL must begin with postgres:// or postgresql://".to_owned());
        }
        if url.fragment().is_some() {
            return Err("the URL holds a \"#\": write %23 for one in a password".to_owned());
        }
        let host = host(&url, environment)?;
        let port = match url.port() {
            Some(port) => port,
            None => match environment.get("PGPORT")? {
                Some(text) => port_of(&text)?,
                None => 5432,
            },
        };
        let mut user = decode(url.username(), "user")?;
        if user.is_empty() {
            user = environment.get("PGUSER")?.ok_or(
                "the URL names no user; write postgres://user@host:5432/database, or set PGUSER",
            )?;
        }
        let mut database = decode(url.path().trim_start_matches('/'), "database")?;
        if database.is_empty() {
            database = environment
                .get("PGDATABASE")?
                .unwrap_or_else(|| user.clone());
        }
        let password = url
            .password()
            .map(|text| decode(text, "password"))
            .transpose()?;
        let settings = Settings::read(&url, environment)?;
        Ok(Self {
            host,
            port,
            database,
            user,
            password: password.map(Password),
            sslmode: settings.sslmode,
            roots: settings.roots,
            channel_binding: settings.channel_binding,
            tcp: settings.tcp,
        })
    }

    /// Looks for a password where the URL has none: `PGPASSWORD`, then the password file.
    ///
    /// # Errors
    /// One line where the password file must not be used.
    pub fn find_password(&mut self, environment: &Environment) -> Result<(), String> {
        if self.password.is_none() {
            self.password = match environment.get("PGPASSWORD")? {
                Some(password) => Some(Password(password)),
                None => pgpass::find(self, environment)?,
            };
        }
        Ok(())
    }

    /// What asks for TLS, where a connection without it is no good.
    #[must_use]
    pub fn needs_tls(&self) -> Option<String> {
        if self.sslmode >= SslMode::Require {
            Some(format!("sslmode={}", self.sslmode.as_str()))
        } else if self.channel_binding == ChannelBinding::Require {
            Some("channel_binding=require".to_owned())
        } else {
            None
        }
    }
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url = match Url::parse(text) {
        // libpq takes a user, or a port, without a host.
        Err(ParseError::EmptyHost) => {
            with_placeholder(text).map_or(Err(ParseError::EmptyHost), |text| Url::parse(&text))
        }
        url => url,
    };
    url.map_err(|error| format!("not a URL ({error}); write postgres://user@host:5432/database"))
}

/// The URL with [`NO_HOST`] where its host is missing.
fn with_placeholder(text: &str) -> Option<String> {
    let start = text.find("://")? + 3;
    let end = text[start..]
        .find(['/', '?', '#'])
        .map_or(text.len(), |length| start + length);
    let host = text[start..end]
        .rfind('@')
        .map_or(start, |at| start + at + 1);
    Some(format!("{}{NO_HOST}{}", &text[..host], &text[host..]))
}

fn host(url: &Url, environment: &Environment) -> Result<String, String> {
    let in_url = match url.host() {
        Some(Host::Domain(NO_HOST)) | None => String::new(),
        Some(Host::Domain(name)) => decode(name, "host")?,
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
    };
    let (host, place) = match in_url.is_empty() {
        false => (in_url, "the URL"),
        true => match environment.get("PGHOST")? {
            Some(host) => (host, "PGHOST"),
            None => return Err("the URL names no host, and PGHOST is not set".to_owned()),
        },
    };
    if host.contains(',') {
        return Err(format!("{place} names several hosts; a path leads to one"));
    }
    if host.starts_with(['/', '@']) {
        return Err(format!(
            "{place} names a socket folder; give a host name or an address"
        ));
    }
    Ok(host)
}

fn port_of(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| format!("PGPORT={text}: write a port, from 1 to 65535"))
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
#[path = "endpoint_tests.rs"]
mod tests;
