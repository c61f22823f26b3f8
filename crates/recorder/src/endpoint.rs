//! Where a path leads: a connection URL, read strictly; what it leaves out comes from libpq's environment variables.

mod hosts;
mod settings;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

use crate::environment::Environment;
use crate::pgpass;
use crate::tcp::TcpSettings;
pub use hosts::{Host, TargetSession};
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
    /// The hosts in the order in which they are tried; one at least.
    pub hosts: Vec<Host>,
    /// True where each attempt to connect tries them in an order of its own.
    pub in_random_order: bool,
    /// Which of their servers will do.
    pub target: TargetSession,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// Password for every host: that of the URL or of `PGPASSWORD`.
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
    /// Reads `postgres://[user[:password]@][host][:port][,...][/database][?sslmode=...&sslrootcert=...]`. What it leaves out, the
    /// password apart, comes from `environment`: PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE, PGSSLROOTCERT, PGCHANNELBINDING,
    /// PGTARGETSESSIONATTRS, PGLOADBALANCEHOSTS.
    ///
    /// # Errors
    /// One line that names what is wrong, the variable where it stands in one, never the URL itself: it may hold a password.
    pub fn parse(text: &str, environment: &Environment) -> Result<Self, String> {
        let (url, several) = hosts::parse_with_hosts(text)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("the URL must begin with postgres:// or postgresql://".to_owned());
        }
        if url.fragment().is_some() {
            return Err("the URL holds a \"#\": write %23 for one in a password".to_owned());
        }
        let hosts = match several {
            Some(hosts) => hosts,
            None => hosts::of_url(&url, environment)?,
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
            hosts,
            in_random_order: settings.in_random_order,
            target: settings.target,
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
            self.password = environment.get("PGPASSWORD")?.map(Password);
        }
        if self.password.is_none() {
            for at in 0..self.hosts.len() {
                self.hosts[at].password = pgpass::find(self, &self.hosts[at], environment)?;
            }
        }
        Ok(())
    }

    /// The password for one of the hosts, where one was found.
    #[must_use]
    pub fn password_for<'a>(&'a self, host: &'a Host) -> Option<&'a Password> {
        self.password.as_ref().or(host.password.as_ref())
    }

    /// True where an attempt to connect may try several hosts, or refuses a server that lets us in.
    #[must_use]
    pub fn has_a_choice(&self) -> bool {
        self.hosts.len() > 1 || self.target != TargetSession::Any
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
    let (start, _) = hosts::host_part(text)?;
    Some(format!("{}{NO_HOST}{}", &text[..start], &text[start..]))
}

impl fmt::Display for Endpoint {
    /// For messages: never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        write!(f, "{}@{}/{}", self.user, hosts.join(","), self.database)
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
