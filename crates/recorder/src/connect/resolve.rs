//! Names to addresses, asked by ourselves so that the address of each connection is known and no cache outlives the TTL.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};

/// Looks names up. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Resolver {
    inner: TokioResolver,
    /// Who is asked; `None` for the system's servers.
    server: Option<SocketAddr>,
}

impl Resolver {
    /// A resolver that asks `server`, or the servers and hosts file of the operating system.
    ///
    /// `limit` is the caller's own limit on a look-up: two tries fit into it.
    ///
    /// # Errors
    /// One line where the system's configuration can't be read.
    pub fn new(server: Option<SocketAddr>, limit: Duration) -> Result<Self, String> {
        Self::build(server, limit, true)
    }

    /// One that asks the same server each time anew: what the server says now, whatever was to be kept of what it said before.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn without_cache(&self, limit: Duration) -> Result<Self, String> {
        Self::build(self.server, limit, false)
    }

    fn build(server: Option<SocketAddr>, limit: Duration, has_cache: bool) -> Result<Self, String> {
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
        if !has_cache {
            options.cache_size = 0;
        }
        let inner = builder
            .build()
            .map_err(|error| format!("no DNS resolver: {error}"))?;
        Ok(Self { inner, server })
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

    /// What a name resolves to: its addresses, IPv4 before IPv6, and how long the answer may be kept, seconds. Out of the cache it is
    /// the whole time that the name server gave, not what is left of it.
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
