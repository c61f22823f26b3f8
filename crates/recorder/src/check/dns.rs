//! Names: what they resolve to, how long that may be kept, and whether all hosts can be asked in time.

use std::net::IpAddr;

use recording::vocabulary::Path;

use crate::check::examine::{End, Examination};
use crate::check::row::Check;
use crate::connect::{Connector, Resolved};
use crate::endpoint::{Endpoint, Host};

/// A name that may be kept longer than this delays every client that follows it.
const LONG_TTL_S: u32 = 60;

impl Examination {
    pub(super) async fn dns(&mut self) -> Result<(), End> {
        for host in self.rows.connector.endpoint().hosts.clone() {
            self.dns_of(&host).await?;
        }
        Ok(())
    }

    async fn dns_of(&mut self, host: &Host) -> Result<(), End> {
        let connector = &self.rows.connector;
        let follows_name = follows_name(connector, &host.name);
        if let Some(address) = host.address() {
            let found = format!("{address} is an address, so no name is looked up");
            match follows_name && !address.is_loopback() {
                true => self.rows.warn(
                    Check::Dns,
                    found,
                    "use the cluster endpoint's name: after a failover an address still leads to the old writer",
                ),
                false => self.rows.ok(Check::Dns, found),
            }
            return Ok(());
        }
        let host = host.name.as_str();
        // Past --dns-cache: the TTL shown is the name server's.
        let resolver = connector.resolver().clone();
        let asked = resolver.without_cache(self.sizing.limit);
        // Where it has no answer, the attempt to connect has the same trouble, and tells it as an operation would.
        let Ok(Resolved {
            addresses, ttl_s, ..
        }) = asked.answer(host).await
        else {
            return Ok(());
        };
        let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        let kept = resolver
            .kept_at_least()
            .filter(|_| ttl_s.is_some())
            .map_or_else(String::new, |least| {
                format!(", cached for at least {least:?} (--dns-cache)")
            });
        let of_host = match connector.endpoint().hosts.len() {
            1 => String::new(),
            _ => format!("{host}: "),
        };
        let found = format!("{of_host}{}{}{kept}", addresses.join(", "), said(ttl_s));
        match follows_name && ttl_s > Some(LONG_TTL_S) {
            true => self
                .rows
                .warn(Check::Dns, found, advice(connector.is_reader())),
            false => self.rows.ok(Check::Dns, found),
        }
        Ok(())
    }

    /// Of several hosts: whether an operation lives long enough to ask the last of them.
    pub(super) fn time_for_all_hosts(&mut self) {
        let hosts = self.rows.connector.endpoint().hosts.len();
        let (connect, operation) = (self.sizing.connect, self.sizing.operation);
        let all = connect.saturating_mul(u32::try_from(hosts).unwrap_or(u32::MAX));
        if hosts > 1 && all >= operation {
            let found = format!(
                "{hosts} hosts with --connect-timeout {connect:?} each may take {all:?}, and --operation-timeout is {operation:?}"
            );
            let remedy = "reduce --connect-timeout, unless your application has the same: if the first hosts are silent, an operation ends before it reaches the last one";
            self.rows.warn(Check::Hosts, found, remedy);
        }
    }
}

/// True where clients find the writer, or a reader, by looking this name up anew: not behind a proxy, whose name stays with it, not for
/// the name of one instance, and not where hosts are asked in turn for the one that will do.
fn follows_name(connector: &Connector, host: &str) -> bool {
    connector.path() == Path::Direct
        && !connector.endpoint().has_a_choice()
        && !is_of_instance(host)
}

fn advice(is_reader: bool) -> &'static str {
    match is_reader {
        true => "reduce the TTL: clients may use the address of a lost reader for that long",
        false => {
            "reduce the TTL: after a failover clients may use the old writer's address for that long"
        }
    }
}

fn said(ttl_s: Option<u32>) -> String {
    ttl_s.map_or_else(
        || ", not from a name server".to_owned(),
        |seconds| format!(", TTL {seconds} s"),
    )
}

/// True for the name of a service of Amazon's.
fn is_of_aws(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // In China the region stands behind the service.
    host.ends_with(".rds.amazonaws.com")
        || (host.contains(".rds.") && host.ends_with(".amazonaws.com.cn"))
}

/// True for the name of one instance at Amazon, which stays with it. Of a cluster's and of a proxy's names the second label says so; the
/// first is what the user called it.
pub(super) fn is_of_instance(host: &str) -> bool {
    let second = host.split('.').nth(1).unwrap_or_default();
    let second = second.to_ascii_lowercase();
    let is_of_many = ["cluster-", "proxy-"]
        .iter()
        .any(|kind| second.starts_with(kind));
    is_of_aws(host) && !is_of_many
}

/// True where a host is an endpoint of Amazon's: then the check says whether the server is Aurora.
pub(super) fn asks_for_aws(endpoint: &Endpoint) -> bool {
    endpoint.hosts.iter().any(|host| is_of_aws(&host.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_amazon() {
        for (host, of_aws, of_instance) in [
            ("shop.cluster-abc.eu-west-1.rds.amazonaws.com", true, false),
            ("shop.proxy-abc.eu-west-1.rds.amazonaws.com", true, false),
            (
                "shop.Cluster-ro-abc.eu-west-1.rds.amazonaws.com",
                true,
                false,
            ),
            ("shop-1.abc.eu-west-1.rds.amazonaws.com.", true, true),
            ("shop-cluster-1.abc.eu-west-1.rds.amazonaws.com", true, true),
            ("my-proxy-db.abc.eu-west-1.rds.amazonaws.com", true, true),
            ("shop-1.abc.rds.cn-north-1.amazonaws.com.cn", true, true),
            ("db.example", false, false),
            ("127.0.0.1", false, false),
        ] {
            assert_eq!(is_of_aws(host), of_aws, "{host}");
            assert_eq!(is_of_instance(host), of_instance, "{host}");
        }
    }
}
