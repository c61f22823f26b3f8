//! The flags of how connections are made.

use std::time::Duration;

use clap::Args;
use command_line::duration;

use crate::endpoint::tcp::TcpSettings;

const CONNECTIONS: &str = "Connections";

/// How connections are made, on every path alike.
#[derive(Debug, Clone, Args)]
pub struct ConnectionArgs {
    /// Shell command that prints the password, such as `aws rds generate-db-auth-token`
    ///
    /// The first line of its stdout is the password of new connections, unless the URL has one. PGPASSWORD and the password file are then not
    /// used. The command runs once per path at the start, and in the background before --password-lifetime is over, so that no connection waits
    /// for it. It gets its endpoint in PGHOST, PGPORT, PGUSER and PGDATABASE, and has 30 s. If it fails, it is retried. When the last password
    /// has expired, connecting fails with class auth, and the run continues.
    #[arg(long, global = true, value_name = "COMMAND", env = "PGOUTAGE_PASSWORD_COMMAND", hide_env_values = true, help_heading = CONNECTIONS)]
    pub password_command: Option<String>,
    /// How long a password of --password-command is valid; IAM tokens live 15 minutes
    #[arg(long, global = true, value_name = "TIME", default_value = "10m", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub password_lifetime: Duration,
    /// Idle time after which TCP sends a keep-alive probe; whole seconds [default: the system's, mostly 2 hours]
    ///
    /// The same as keepalives_idle in the URL, which overrides this flag. Both paths must have the same TCP settings.
    #[arg(long, global = true, value_name = "TIME", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub tcp_keepalives_idle: Option<Duration>,
    /// Time between two keep-alive probes; whole seconds [default: the system's]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub tcp_keepalives_interval: Option<Duration>,
    /// Unanswered keep-alive probes after which the connection is lost [default: the system's]
    #[arg(long, global = true, value_name = "N", help_heading = CONNECTIONS)]
    pub tcp_keepalives_count: Option<u32>,
    /// How long sent bytes may stay unacknowledged before the connection is lost [default: the system's, mostly about 15 minutes]
    ///
    /// Linux only. If the server vanishes, a statement hangs this long, unless --operation-timeout is shorter. The same as tcp_user_timeout in
    /// the URL (there in milliseconds).
    #[arg(long, global = true, value_name = "TIME", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub tcp_user_timeout: Option<Duration>,
    /// Keep every answer of the name server for at least this time, whatever its TTL; whole seconds [default: the TTL]
    ///
    /// Use it if your application caches names longer than the TTL (networkaddress.cache.ttl of a JVM, a caching resolver with a minimum TTL):
    /// after a failover it keeps using the old address. It applies to every connection of the workload, with --dns-server and with the system's
    /// name servers. Probes do not use this cache.
    #[arg(long, global = true, value_name = "TIME", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub dns_cache: Option<Duration>,
}

impl ConnectionArgs {
    /// The socket's settings.
    ///
    /// # Errors
    /// One line that names what no socket can hold.
    pub fn tcp(&self) -> Result<TcpSettings, String> {
        let settings = TcpSettings {
            keepalive_idle: self.tcp_keepalives_idle,
            keepalive_interval: self.tcp_keepalives_interval,
            keepalive_count: self.tcp_keepalives_count,
            user_timeout: self.tcp_user_timeout,
        };
        settings.check().map(|()| settings)
    }
}
