//! Connections: what the server has against what a run takes.

use super::{Sizing, Verdict};
use crate::text::thousands;

/// Beside the pools: the question who is there, and the one for the clock at the end.
const PROBES: i64 = 2;

/// A server's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connections {
    /// `max_connections`.
    pub(super) max: i64,
    /// Kept for administrators.
    pub(super) reserved: i64,
    /// In use.
    pub(super) used: i64,
    /// That of the user.
    pub(super) role_limit: Option<i64>,
    /// That of the database.
    pub(super) database_limit: Option<i64>,
}

/// What a run takes on one path at most.
pub(super) fn wanted(sizing: Sizing) -> i64 {
    let pool = i64::try_from(sizing.pool_size).unwrap_or(i64::MAX);
    pool.saturating_add(PROBES + i64::from(sizing.pgbench_clients.unwrap_or(0)))
}

/// Whether they are enough for `wanted` on each of `paths` paths; a proxy shares them among its clients.
pub(super) fn judge(
    connections: Connections,
    wanted: i64,
    paths: usize,
    is_proxied: bool,
) -> (Verdict, String, Option<String>) {
    let limits = [connections.role_limit, connections.database_limit];
    let free = limits
        .into_iter()
        .flatten()
        .chain([connections.max - connections.reserved - connections.used])
        .min()
        .unwrap_or(0);
    let all = wanted.saturating_mul(i64::try_from(paths).unwrap_or(i64::MAX));
    let mut found = format!(
        "{} free of {} (max_connections); the run takes up to {}",
        thousands(free.max(0)),
        thousands(connections.max),
        thousands(wanted)
    );
    if paths > 1 {
        found += &format!(", {} on all paths", thousands(all));
    }
    let remedy = "lessen --pool-size or --pgbench-clients, or raise the limit".to_owned();
    match (wanted > free, all > free) {
        (true, _) if !is_proxied => (Verdict::Fail, found, Some(remedy)),
        (true, _) => (
            Verdict::Warn,
            found,
            Some(format!("fine where the proxy shares them; else {remedy}")),
        ),
        (false, true) => (
            Verdict::Warn,
            found,
            Some(format!(
                "fine where the paths lead to different servers; else {remedy}"
            )),
        ),
        (false, false) => (Verdict::Ok, found, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_or_not() {
        let server = Connections {
            max: 100,
            reserved: 3,
            used: 7,
            role_limit: None,
            database_limit: None,
        };
        let verdict = |server, wanted, is_proxied| judge(server, wanted, 2, is_proxied).0;
        assert_eq!(verdict(server, 45, false), Verdict::Ok);
        assert_eq!(verdict(server, 46, false), Verdict::Warn);
        assert_eq!(verdict(server, 91, false), Verdict::Fail);
        assert_eq!(verdict(server, 91, true), Verdict::Warn);
        let limited = Connections {
            role_limit: Some(10),
            ..server
        };
        assert_eq!(verdict(limited, 11, false), Verdict::Fail);
        let (_, found, _) = judge(server, 7, 2, false);
        assert_eq!(
            found,
            "90 free of 100 (max_connections); the run takes up to 7, 14 on all paths"
        );
    }
}
