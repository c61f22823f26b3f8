//! Connections: what the server has against what a run takes.

use crate::availability::schedule::MOST;
use crate::check::row::{Sizing, Verdict};
use crate::sql::question::ColumnValues;
use command_line::text::thousands;

/// In addition to the pools: the query that counts connections, and the clock query at the end.
const PROBES: i64 = 2;

/// A limit, and what of it is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) most: i64,
    /// `None` where the server does not say.
    pub(super) used: Option<i64>,
}

/// A server's connections. The session that asked is in no number: it ends before a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connections {
    /// `max_connections`.
    pub(super) server: Limit,
    /// Kept for administrators.
    pub(super) reserved: i64,
    /// That of the user.
    pub(super) role: Option<Limit>,
    pub(super) database: Option<Limit>,
}

impl Connections {
    /// Out of the server's answers; `None` where it does not even say how many there may be.
    pub(super) fn new(said: &ColumnValues) -> Option<Self> {
        let number = |column: &str| said.number::<i64>(column);
        let others = |column: &str, workers: i64| Some((number(column)? - workers - 1).max(0));
        let is_superuser = said.is_true("is_superuser") == Some(true);
        let limit = |column: &str, used: Option<i64>| {
            let most = number(column).filter(|most| *most >= 0 && !is_superuser)?;
            Some(Limit { most, used })
        };
        let workers = number("workers").unwrap_or(0);
        let database_workers = number("database_workers").unwrap_or(0);
        Some(Self {
            server: Limit {
                most: number("max_connections")?,
                used: others("backends", workers),
            },
            reserved: match is_superuser {
                true => 0,
                false => number("reserved").unwrap_or(0),
            },
            role: limit("role_limit", others("role_used", 0)),
            database: limit(
                "database_limit",
                others("database_backends", database_workers),
            ),
        })
    }
}

/// What a run takes on one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// At most, while the server answers.
    pub(super) most: i64,
    /// In addition, while it does not answer the availability probes.
    pub(super) unanswered: i64,
}

impl Wanted {
    fn words(self, paths: usize) -> String {
        let mut words = thousands(self.most);
        if paths > 1 {
            words += &format!(", {} on all paths", thousands(on_all(self.most, paths)));
        }
        if self.unanswered > 0 {
            let more = thousands(self.unanswered);
            words += &format!("; {more} more per path while it does not answer");
        }
        words
    }
}

fn on_all(of_path: i64, paths: usize) -> i64 {
    of_path.saturating_mul(i64::try_from(paths).unwrap_or(i64::MAX))
}

/// What a run takes on one path; `kinds` of availability probes ask there.
pub(super) fn wanted(sizing: Sizing, kinds: usize) -> Wanted {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let others = PROBES + i64::from(sizing.pgbench_clients.unwrap_or(0)) + number(kinds);
    Wanted {
        most: number(sizing.pool_size).saturating_add(others),
        unanswered: number(kinds * (MOST - 1)),
    }
}

/// Whether they are enough for `wanted` on each of `paths` paths; a proxy shares them among its clients.
pub(super) fn judge(
    connections: Connections,
    wanted: Wanted,
    paths: usize,
    is_proxied: bool,
) -> (Verdict, String, Option<String>) {
    let server = (connections.server, connections.reserved, "max_connections");
    let role = |limit| (limit, 0, "the user's limit");
    let database = |limit| (limit, 0, "the database's limit");
    let limits = [
        Some(server),
        connections.role.map(role),
        connections.database.map(database),
    ];
    let free = |(limit, reserved, _): &(Limit, i64, &str)| {
        limit.most - reserved - limit.used.unwrap_or_default()
    };
    let tightest = limits.iter().flatten().min_by_key(|limit| free(limit));
    let tightest = tightest.unwrap_or(&server);
    let is_known = limits.iter().flatten().all(|limit| limit.0.used.is_some());
    let (free, (limit, _, name)) = (free(tightest), tightest);
    let all = on_all(wanted.most, paths);
    let at_worst = on_all(wanted.most + wanted.unanswered, paths);
    let found = format!(
        "{}{} of {} free ({name}{}); the run needs up to {}",
        if is_known { "" } else { "at most " },
        thousands(free.max(0)),
        thousands(limit.most),
        if is_proxied { " of the server" } else { "" },
        wanted.words(paths)
    );
    let remedy = "reduce --pool-size or --pgbench-clients, or raise the limit".to_owned();
    match (wanted.most > free, all > free) {
        (true, _) if !is_proxied => (Verdict::Fail, found, Some(remedy)),
        (true, _) => (
            Verdict::Warn,
            found,
            Some(format!(
                "no problem if the proxy shares connections; otherwise {remedy}"
            )),
        ),
        (false, true) => (
            Verdict::Warn,
            found,
            Some(format!(
                "no problem if the paths lead to different servers; otherwise {remedy}"
            )),
        ),
        (false, false) if at_worst > free => {
            let remedy = "no problem if the paths lead to different servers, or a proxy shares connections; otherwise the availability probes may fill it while it does not answer: raise the limit, or use --availability-interval 0";
            (Verdict::Warn, found, Some(remedy.to_owned()))
        }
        (false, false) if !is_known => {
            let remedy = "it is unknown how many are in use: let the user read pg_stat_database and pg_stat_activity";
            (Verdict::Warn, found, Some(remedy.to_owned()))
        }
        (false, false) => (Verdict::Ok, found, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Connections = Connections {
        server: Limit {
            most: 100,
            used: Some(7),
        },
        reserved: 3,
        role: None,
        database: None,
    };

    const fn most(most: i64) -> Wanted {
        Wanted {
            most,
            unanswered: 0,
        }
    }

    #[test]
    fn what_the_probes_take_while_there_is_no_answer_is_a_warning() {
        let wanted = |unanswered| Wanted {
            most: 9,
            unanswered,
        };
        let (verdict, found, _) = judge(SERVER, wanted(18), 2, false);
        assert_eq!(verdict, Verdict::Ok);
        assert_eq!(
            found,
            "90 of 100 free (max_connections); the run needs up to 9, 18 on all paths; 18 more per path while it does not answer"
        );
        let (verdict, _, remedy) = judge(SERVER, wanted(37), 2, false);
        assert_eq!(verdict, Verdict::Warn);
        assert!(remedy.unwrap().contains("--availability-interval 0"));
    }

    #[test]
    fn enough_or_not() {
        let verdict = |server, wanted, is_proxied| judge(server, most(wanted), 2, is_proxied).0;
        assert_eq!(verdict(SERVER, 45, false), Verdict::Ok);
        assert_eq!(verdict(SERVER, 46, false), Verdict::Warn);
        assert_eq!(verdict(SERVER, 91, false), Verdict::Fail);
        assert_eq!(verdict(SERVER, 91, true), Verdict::Warn);
        let (_, found, _) = judge(SERVER, most(7), 2, false);
        assert_eq!(
            found,
            "90 of 100 free (max_connections); the run needs up to 7, 14 on all paths"
        );
        let (_, found, _) = judge(SERVER, most(7), 1, true);
        assert_eq!(
            found,
            "90 of 100 free (max_connections of the server); the run needs up to 7"
        );
    }

    #[test]
    fn what_limits_hold_already_is_not_free() {
        let limit = |most, used| Some(Limit { most, used });
        let limited = Connections {
            role: limit(10, Some(4)),
            database: limit(20, Some(1)),
            ..SERVER
        };
        let (verdict, found, _) = judge(limited, most(7), 1, false);
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(
            found,
            "6 of 10 free (the user's limit); the run needs up to 7"
        );
        assert_eq!(judge(limited, most(6), 1, false).0, Verdict::Ok);
        let unknown = Connections {
            role: limit(10, None),
            ..SERVER
        };
        let (verdict, found, remedy) = judge(unknown, most(7), 1, false);
        assert_eq!(verdict, Verdict::Warn);
        assert!(found.starts_with("at most 10 of 10 free"), "{found}");
        assert!(remedy.unwrap().starts_with("it is unknown"));
        assert_eq!(judge(unknown, most(11), 1, false).0, Verdict::Fail);
    }
}
