//! Names to addresses, asked by ourselves so that the address of each connection is known, and no cache outlives the TTL unless the
//! user wants one that does.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::{MAX_TTL, TokioResolver};

/// Looks names up. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Resolver {
    inner: TokioResolver,
    /// Who is asked; `None` for the system's servers.
    server: Option<SocketAddr>,
    /// How long an answer is kept at least; `None` where its TTL decides.
    kept_at_least: Option<Duration>,
}

/// The longest that an answer can be kept.
const LONGEST: Duration = Duration::from_secs(MAX_TTL as u64);

/// What becomes of answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cache {
    /// Each look-up asks.
    None,
    /// Kept as long as their TTL says.
    Ttl,
    /// Kept so long, and longer where their TTL says so.
    AtLeast(Duration),
}

impl Resolver {
    /// A resolver that asks `server`, or the servers and hosts file of the operating system, and keeps answers as long as their TTL.
    ///
    /// `limit` is the caller's own limit on a look-up: two tries fit into it.
    ///
    /// # Errors
    /// One line where the system's configuration can't be read.
    pub fn new(server: Option<SocketAddr>, limit: Duration) -> Result<Self, String> {
        Self::build(server, limit, Cache::Ttl)
    }

    /// The same, but every answer is kept for `least` at least, whatever its TTL says: whole seconds, from one to a day.
    ///
    /// # Errors
    /// As [`Self::new`]; one line where `least` is no such time.
    pub fn keeping(
        server: Option<SocketAddr>,
        limit: Duration,
        least: Duration,
    ) -> Result<Self, String> {
        if least.is_zero() || least.subsec_nanos() != 0 || least > LONGEST {
            return Err(format!(
                "--dns-cache {least:?}: write whole seconds, from 1s to 24h"
            ));
        }
        Self::build(server, limit, Cache::AtLeast(least))
    }

    /// One that asks the same server each time anew: what the server says now, whatever was to be kept of what it said before.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn without_cache(&self, limit: Duration) -> Result<Self, String> {
        Self::build(self.server, limit, Cache::None)
    }

    /// Who is asked; `None` for the system's servers, behind its hosts file.
    #[must_use]
    pub const fn server(&self) -> Option<SocketAddr> {
        self.server
    }

    /// How long answers are kept at least; `None` where their TTL decides.
    #[must_use]
    pub const fn kept_at_least(&self) -> Option<Duration> {
        self.kept_at_least
    }

    fn build(server: Option<SocketAddr>, limit: Duration, cache: Cache) -> Result<Self, String> {
        let mut builder = match server {
            Some(server) => {
                let mut udp = ConnectionConfig::udp();
                udp.port = server.port();
                let mut tcp = ConnectionConfig::tcp();
                tcp.port = server.port();
                let name_server = NameServerConfig::new(server.ip(), true, vec![udp, tcp]);
                let config = ResolverConfig::from_parts(None, vec![], vec![name_server]);
                let mut builder =
                    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
                builder.options_mut().use_hosts_file = ResolveHosts::Never;
                builder
            }
            None => TokioResolver::builder_tokio().map_err(|error| {
                format!("the system's DNS configuration can't be read: {error}; give --dns-server")
            })?,
        };
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv4thenIpv6;
        options.timeout = limit / 3;
        options.attempts = 1;
        // A name that did not resolve is asked for again: an outage of DNS must not last longer here than there.
        options.negative_max_ttl = Some(Duration::ZERO);
        let mut kept_at_least = None;
        match cache {
            Cache::None => options.cache_size = 0,
            Cache::Ttl => {}
            Cache::AtLeast(least) => {
                options.positive_min_ttl = Some(least);
                kept_at_least = Some(least);
            }
        }
        let inner = builder
            .build()
            .map_err(|error| format!("no DNS resolver: {error}"))?;
        Ok(Self {
            inner,
            server,
            kept_at_least,
        })
    }

    /// The addresses of a name, IPv4 before IPv6; an address is not looked up.
    ///
    /// # Errors
    /// One line, where there is none.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let (addresses, _) = self.answer(host).await?;
        Ok(addresses)
    }

    /// What a name resolves to: its addresses, IPv4 before IPv6, and how long the answer may be kept, seconds. Without a
    /// cache that is the TTL that the name server gave.
    ///
    /// # Errors
    /// One line, where there is no address.
    pub async fn answer(&self, host: &str) -> Result<(Vec<IpAddr>, u32), String> {
        let found = self
            .inner
            .lookup_ip(host)
            .await
            .map_err(|error| explain(host, &error))?;
        let addresses: Vec<IpAddr> = found.iter().collect();
        if addresses.is_empty() {
            return Err(no_address(host));
        }
        let records = found.as_lookup().answers().iter();
        let ttl_s = records.map(|record| record.ttl).min().unwrap_or(0);
        Ok((addresses, ttl_s))
    }
}

/// The resolver's own texts show its data structures, and speak of the last question it asked (AAAA), not of the name.
fn explain(host: &str, error: &NetError) -> String {
    match error {
        error if error.is_nx_domain() => format!("{host}: no such name"),
        error if error.is_no_records_found() => no_address(host),
        NetError::Timeout => format!("{host}: the name server did not answer"),
        NetError::Dns(DnsError::ResponseCode(code)) => {
            format!("{host}: the name server answered: {code}")
        }
        other => format!("{host}: the name does not resolve: {other}"),
    }
}

/// A name without address.
pub(super) fn no_address(host: &str) -> String {
    format!("{host}: no address")
}

#[cfg(test)]
mod tests {
    use hickory_resolver::net::NoRecords;
    use hickory_resolver::proto::op::{Query, ResponseCode};

    use super::*;

    #[test]
    fn the_reason_in_words() {
        let none =
            |code| NetError::from(DnsError::NoRecordsFound(NoRecords::new(Query::new(), code)));
        for (error, expected) in [
            (none(ResponseCode::NXDomain), "db.test: no such name"),
            (none(ResponseCode::NoError), "db.test: no address"),
            (NetError::Timeout, "db.test: the name server did not answer"),
            (
                DnsError::ResponseCode(ResponseCode::ServFail).into(),
                "db.test: the name server answered: Server Failure",
            ),
            (
                NetError::NoConnections,
                "db.test: the name does not resolve: no connections available",
            ),
        ] {
            assert_eq!(explain("db.test", &error), expected);
        }
    }
}
