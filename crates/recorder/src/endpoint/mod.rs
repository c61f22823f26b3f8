//! Where a path leads: libpq's connection string, a URL or keywords; what it leaves out comes from its service and from libpq's
//! environment variables.

pub mod environment;
mod grammar;
mod hosts;
mod keywords;
mod password;
pub(crate) mod pgpass;
mod service;
mod settings;
pub mod tcp;
mod tls;
mod values;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::endpoint::environment::Environment;
use crate::endpoint::tcp::TcpSettings;
pub use hosts::{Host, TargetSession, literal};
pub use password::Password;
use settings::Settings;
pub use tls::{ChannelBinding, ClientCertificate, RootCertificates, SslMode, TlsVersion};
use values::Values;

/// Where a path leads, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The hosts in the order in which they are tried; one at least.
    pub hosts: Vec<Host>,
    /// True where each attempt to connect tries them in an order of its own.
    pub in_random_order: bool,
    /// Which of their servers will do.
    pub target: TargetSession,
    pub database: String,
    pub user: String,
    /// Password for every host: that of the connection string or of `PGPASSWORD`.
    pub password: Option<Password>,
    /// The password file that is asked in place of `~/.pgpass`.
    pub passfile: Option<PathBuf>,
    /// TLS.
    pub sslmode: SslMode,
    /// Trust.
    pub roots: RootCertificates,
    /// The client's own certificate, for servers that ask for one.
    pub client_certificate: Option<ClientCertificate>,
    /// The oldest and the newest version of TLS that may be used.
    pub tls_versions: (TlsVersion, TlsVersion),
    /// True where TLS tells the server the name that it is asked by (`sslsni`).
    pub sends_host_name: bool,
    /// SCRAM's channel binding.
    pub channel_binding: ChannelBinding,
    /// What the user calls the sessions (`application_name`, PGAPPNAME, `fallback_application_name`). It comes before the recorder's own name for
    /// them.
    pub application_name: Option<String>,
    /// Settings of the session as a start-up parameter (`options`). RDS Proxy pins such a session to one server connection.
    pub options: Option<String>,
    /// The limit on each phase of connecting that the connection string asks for; `--connect-timeout` comes before it.
    pub connect_timeout: Option<Duration>,
    /// The socket's settings.
    pub tcp: TcpSettings,
    /// What the user is to be told of the files that were read, a line each.
    pub warnings: Vec<String>,
}

impl Endpoint {
    /// Reads a connection string of libpq's, with libpq's grammar: `postgres://[user[:password]@][host][:port][,...][/database][?sslmode=...]`,
    /// or `host=... port=... dbname=...`. What it leaves out, the password apart, comes from the service that it names, then from
    /// `environment` (PGHOST, PGPORT and so on), then from libpq's defaults.
    ///
    /// # Errors
    /// One line that names what is wrong, the variable or the file where it stands in one, never the string itself: it may hold a password.
    pub fn parse(text: &str, environment: &Environment) -> Result<Self, String> {
        let values = Values::read(text, environment)?;
        let hosts = hosts::read(&values)?;
        let user = values.text("user").ok_or(
            "the connection string has no user; write postgres://user@host:5432/database, or set PGUSER",
        )?;
        let settings = Settings::read(&values, environment)?;
        Ok(Self {
            hosts,
            in_random_order: settings.in_random_order,
            target: settings.target,
            database: values.text("dbname").unwrap_or_else(|| user.clone()),
            user,
            password: values.text("password").map(Password),
            passfile: values.text("passfile").map(PathBuf::from),
            sslmode: settings.sslmode,
            roots: settings.roots,
            client_certificate: settings.client_certificate,
            tls_versions: settings.tls_versions,
            sends_host_name: settings.sends_host_name,
            channel_binding: settings.channel_binding,
            application_name: values
                .text("application_name")
                .or_else(|| values.text("fallback_application_name")),
            options: values.text("options"),
            connect_timeout: settings.connect_timeout,
            tcp: settings.tcp,
            warnings: Vec::new(),
        })
    }

    /// Looks for a password where the connection string has none: `PGPASSWORD`, then the password file.
    ///
    /// # Errors
    /// One line where the password file must not be used.
    pub fn find_password(&mut self, environment: &Environment) -> Result<(), String> {
        if self.password.is_none() {
            self.password = environment.get("PGPASSWORD")?.map(Password);
        }
        if self.password.is_none() {
            let wanted = |host: &Host| {
                let port = host.port.to_string();
                [
                    host.name.clone(),
                    port,
                    self.database.clone(),
                    self.user.clone(),
                ]
            };
            let wanted: Vec<[String; 4]> = self.hosts.iter().map(wanted).collect();
            let found = pgpass::find(self.passfile.as_deref(), &wanted, environment)?;
            self.warnings.extend(found.warning);
            for (host, password) in self.hosts.iter_mut().zip(found.passwords) {
                host.password = password;
            }
        }
        Ok(())
    }

    /// The password for one of the hosts, where one was found.
    #[must_use]
    pub fn password_for<'a>(&'a self, host: &'a Host) -> Option<&'a Password> {
        self.password.as_ref().or(host.password.as_ref())
    }

    /// True where an attempt to connect may try several hosts, or refuses a server that takes the connection.
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

impl fmt::Display for Endpoint {
    /// For messages: never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        write!(f, "{}@{}/{}", self.user, hosts.join(","), self.database)
    }
}

/// Reads `ADDRESS:PORT` or `ADDRESS` (port 53) of a name server.
///
/// # Errors
/// One line that says how to write it.
pub fn parse_dns_server(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .or_else(|_| text.parse().map(|address| SocketAddr::new(address, 53)))
        .map_err(|_| format!("{text:?} is not an IP address; write 10.0.0.2 or 127.0.0.1:5353"))
}

#[cfg(test)]
mod tests;
