//! The attempts to connect: where a path led, and which server answered.

use std::collections::BTreeMap;
use std::net::IpAddr;

use polars::prelude::*;
use recording::Endpoint;
use recording::vocabulary::Path;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::values::{booleans, integers, texts};
use crate::summary::Group;

/// An attempt to connect. Times are UTC microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, which operations on the connection carry.
    pub connection: Option<i64>,
    /// The name or address that was asked for, and the port.
    pub endpoint: (Option<String>, Option<i64>),
    /// When the name's address was known, or the attempt began where it was not looked up.
    pub resolved_us: i64,
    /// When it had succeeded or failed.
    pub end_us: i64,
    /// The address that the name led to.
    pub address: Option<String>,
    /// Which server answered, where the connection could be used and the server identified itself.
    pub server: Option<Identity>,
    /// True for a reader; `None` where it is not known.
    pub in_recovery: Option<bool>,
    /// True where it was made for the endpoint of the path's reads; `None` in a recording from before this was recorded.
    pub for_reads: Option<bool>,
}

impl Attempt {
    /// True where a name was asked for, whose address may change.
    pub(crate) fn asked_for_a_name(&self) -> bool {
        let host = self.endpoint.0.as_deref();
        host.is_none_or(|host| host.parse::<IpAddr>().is_err())
    }
}

/// A server that answered. One that was started again is another one: what it held in memory is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    pub address: Option<String>,
    pub port: Option<i64>,
    /// When it was started, by its own clock, UTC microseconds.
    pub start_us: Option<i64>,
    /// Its name on Aurora.
    pub aurora_instance: Option<String>,
}

impl Identity {
    /// True where something that is known of both differs.
    pub(crate) fn differs_from(&self, other: &Self) -> bool {
        fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_some_and(|(one, other)| one != other)
        }
        differ(self.address.as_ref(), other.address.as_ref())
            || differ(self.port.as_ref(), other.port.as_ref())
            || differ(self.start_us.as_ref(), other.start_us.as_ref())
            || differ(
                self.aurora_instance.as_ref(),
                other.aurora_instance.as_ref(),
            )
    }

    pub(crate) fn is_known(&self) -> bool {
        *self != Self::default()
    }

    /// How it is named: its identifier on Aurora, else `address:port`.
    pub(crate) fn name(&self) -> Option<String> {
        let address = || {
            let address = self.address.as_deref()?;
            Some(
                self.port
                    .map_or(address.to_owned(), |port| format!("{address}:{port}")),
            )
        };
        self.aurora_instance.clone().or_else(address)
    }
}

/// The server of each connection by its number. Behind a proxy each statement may go to another one, so that nothing is known there.
pub(crate) fn servers(attempts: &[Attempt], path: Path) -> BTreeMap<i64, String> {
    let direct = attempts.iter().filter(|_| path == Path::Direct);
    let server = |attempt: &Attempt| Some((attempt.connection?, attempt.server.as_ref()?.name()?));
    direct.filter_map(server).collect()
}

/// Every attempt to connect on a path, in order of its end.
pub(crate) fn read(loaded: &Loaded, path: Path) -> Result<Vec<Attempt>, AnalyzeError> {
    let Some(frame) = loaded.connections()? else {
        return Ok(Vec::new());
    };
    let of_path = frame.filter(col("path").eq(lit(path.as_str())));
    let frame = loaded.collect(of_path.sort(["end_time"], SortMultipleOptions::default()))?;
    read_frame(&frame).map_err(|source| loaded.read_error(source))
}

fn read_frame(frame: &DataFrame) -> PolarsResult<Vec<Attempt>> {
    let connections = integers(frame, "connection_id")?;
    let hosts = texts(frame, "endpoint_host")?;
    let ports = integers(frame, "endpoint_port")?;
    let starts = integers(frame, "start_time")?;
    let look_ups = integers(frame, "dns_us")?;
    let ends = integers(frame, "end_time")?;
    let addresses = texts(frame, "endpoint_address")?;
    let successes = booleans(frame, "success")?;
    let server_addresses = texts(frame, "server_address")?;
    let server_ports = integers(frame, "server_port")?;
    let server_starts = integers(frame, "server_start_time")?;
    let instances = texts(frame, "aurora_instance_identifier")?;
    let in_recovery = booleans(frame, "server_in_recovery")?;
    let for_reads = booleans(frame, "reader")?;
    let attempt = |row: usize| {
        let server = Identity {
            address: server_addresses[row].map(str::to_owned),
            port: server_ports[row],
            start_us: server_starts[row],
            aurora_instance: instances[row].map(str::to_owned),
        };
        Some(Attempt {
            connection: connections[row],
            endpoint: (hosts[row].map(str::to_owned), ports[row]),
            resolved_us: starts[row]?.saturating_add(look_ups[row].unwrap_or(0)),
            end_us: ends[row]?,
            address: addresses[row].map(str::to_owned),
            server: Some(server).filter(|server| successes[row] == Some(true) && server.is_known()),
            in_recovery: in_recovery[row],
            for_reads: for_reads[row],
        })
    };
    Ok((0..frame.height()).filter_map(attempt).collect())
}

/// Those of a group: its reads have an endpoint of their own where the path has one for readers. The two may share hosts, so that the host
/// decides only where the attempt itself does not.
pub(crate) fn of_group<'a>(
    attempts: &'a [Attempt],
    reader: Option<&Endpoint>,
    writer: Option<&Endpoint>,
    group: Group,
) -> Vec<&'a Attempt> {
    let goes_to = |attempt: &Attempt, endpoint: &Endpoint| {
        endpoint.hosts().any(|(host, port)| {
            attempt.endpoint.0.as_deref() == Some(host)
                && attempt.endpoint.1 == Some(i64::from(port))
        })
    };
    let is_of_group = |attempt: &&Attempt| {
        let Some(reader) = reader else { return true };
        let reads = group == Group::Read;
        match (attempt.for_reads, writer) {
            (Some(for_reads), _) => for_reads == reads,
            (None, Some(writer)) if !reads => goes_to(attempt, writer),
            (None, _) => goes_to(attempt, reader) == reads,
        }
    };
    attempts.iter().filter(is_of_group).collect()
}

#[cfg(test)]
mod tests {
    use recording::MoreHost;

    use super::*;

    fn endpoint(hosts: [&str; 2], reader: bool) -> Endpoint {
        Endpoint {
            path: Path::Direct,
            host: hosts[0].to_owned(),
            port: 5432,
            database: String::new(),
            user: String::new(),
            sslmode: String::new(),
            reader,
            more_hosts: vec![MoreHost {
                host: hosts[1].to_owned(),
                port: 5432,
            }],
            target_session_attrs: None,
            tls_error: None,
        }
    }

    fn attempt(host: &str, for_reads: Option<bool>) -> Attempt {
        Attempt {
            endpoint: (Some(host.to_owned()), Some(5432)),
            for_reads,
            ..Attempt::default()
        }
    }

    #[test]
    fn endpoints_may_share_hosts() {
        let shared = endpoint(["a.test", "b.test"], true);
        let writer = endpoint(["a.test", "b.test"], false);
        let own = endpoint(["r.test", "s.test"], true);
        let count = |attempts: &[Attempt], reader, writer| {
            [Group::Read, Group::Writer]
                .map(|group| of_group(attempts, reader, writer, group).len())
        };
        let marked = [
            attempt("a.test", Some(false)),
            attempt("b.test", Some(false)),
            attempt("b.test", Some(true)),
        ];
        assert_eq!(count(&marked, Some(&shared), Some(&writer)), [1, 2]);
        assert_eq!(count(&marked, None, Some(&writer)), [3, 3]);
        // From before attempts had the column: what may be of a group is.
        let unmarked = [attempt("a.test", None), attempt("b.test", None)];
        assert_eq!(count(&unmarked, Some(&shared), Some(&writer)), [2, 2]);
        assert_eq!(count(&unmarked, Some(&own), Some(&writer)), [0, 2]);
        assert_eq!(count(&unmarked, Some(&shared), None), [2, 0]);
    }
}
