//! The file descriptors that a run needs, and the limit on them (RLIMIT_NOFILE). Without one a connection can't be made, and that would look
//! like a database that is not there.

use crate::availability::schedule::MOST;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What opens descriptors in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Users {
    /// Endpoints: paths, and those of their reads.
    pub(crate) endpoints: usize,
    /// Connections that the pool of each may come to hold: as many as ask, and as are kept ready.
    pub(crate) connections: usize,
    /// Paths with a pgbench.
    pub(crate) loads: usize,
    /// Clients of each pgbench: they are those of a process of its own, which inherits the limit.
    pub(crate) pgbench_clients: usize,
    /// Kinds of availability probes, of all endpoints together.
    pub(crate) probes: usize,
}

/// Connections that a pool may come to hold: one for each worker that finds room, and as many as are kept ready.
#[must_use]
pub(crate) fn of_pool(workers: u32, pool_size: usize, min_idle: u32) -> usize {
    (workers as usize).min(pool_size).max(min_idle as usize)
}

/// How many descriptors a run takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needed {
    /// With fewer the connections can't all be open at once.
    pub(crate) least: u64,
    /// Enough for all that may be open at once: while connections are made, each asks the name server too.
    pub(crate) enough: u64,
}

/// What the run itself keeps open: terminal, runtime, log and journals (measured: 21), and more when parts are sealed.
const OWN: [usize; 2] = [24, 40];
/// Of each endpoint, in addition to its pool: the probes, and what they ask the name server.
const PER_ENDPOINT: [usize; 2] = [2, 8];
/// Of a connection: itself, and while it is made a look-up of A and AAAA that is sent three times.
const PER_CONNECTION: [usize; 2] = [1, 7];
/// Of a kind of availability probe: its connection, and while the endpoint does not answer ten that are made.
const PER_PROBE: [usize; 2] = [1, MOST * PER_CONNECTION[1]];
/// Of a pgbench: its pipes, log and password file.
const PER_LOAD: usize = 8;
/// Of pgbench's own process, in addition to its clients: it refuses to begin with fewer than three more; its threads ask the name server too.
const OF_PGBENCH: [usize; 2] = [3, 64];

/// How many descriptors a run takes. The limit holds for each process, so that the one that needs most decides.
#[must_use]
pub(crate) fn needed(users: Users) -> Needed {
    let [least, enough] = [0, 1].map(|at| {
        let per_endpoint = PER_ENDPOINT[at] + users.connections * PER_CONNECTION[at];
        let probes = users.probes * PER_PROBE[at];
        let own = OWN[at] + users.loads * PER_LOAD + users.endpoints * per_endpoint + probes;
        let pgbench = match users.loads {
            0 => 0,
            _ => users.pgbench_clients + OF_PGBENCH[at],
        };
        own.max(pgbench) as u64
    });
    Needed { least, enough }
}

/// The limits of this process: how many it may have, and to how many it may raise that. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// RLIMIT_NOFILE, the soft limit.
    pub(crate) soft: Option<u64>,
    /// The hard one.
    pub(crate) hard: Option<u64>,
}

/// What the limits are.
#[must_use]
pub(crate) fn limits() -> Limits {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    Limits {
        soft: current,
        hard: maximum,
    }
}

/// Raises the soft limit to what is needed, as far as the hard limit lets it, and never lowers it: children inherit it, so it is not raised
/// further than needed.
///
/// # Errors
/// [`TooFew`] where the limit is too low all the same.
pub(crate) fn raise(needed: Needed) -> Result<(), TooFew> {
    let Limits { soft, hard } = limits();
    let wanted = hard.map_or(needed.enough, |hard| hard.min(needed.enough));
    let mut now = soft;
    if soft.is_some_and(|soft| soft < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum: hard,
        };
        // Refused, the old one holds.
        if setrlimit(Resource::Nofile, raised).is_ok() {
            now = Some(wanted);
        }
    }
    judge(now, needed)
}

/// Whether [`raise`] could raise limits so far; nothing is raised.
///
/// # Errors
/// [`TooFew`] where it could not.
pub(crate) fn can_raise(limits: Limits, needed: Needed) -> Result<(), TooFew> {
    judge(limits.hard, needed)
}

fn judge(limit: Option<u64>, needed: Needed) -> Result<(), TooFew> {
    match limit {
        Some(limit) if limit < needed.enough => Err(TooFew { limit, needed }),
        _ => Ok(()),
    }
}

/// The limit is below what a run may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooFew {
    limit: u64,
    needed: Needed,
}

impl TooFew {
    /// True where the connections can't all be open at once.
    #[must_use]
    pub(crate) const fn is_hopeless(&self) -> bool {
        self.limit < self.needed.least
    }

    /// What is wrong, without what to do.
    #[must_use]
    pub(crate) fn found(&self) -> String {
        let (limit, Needed { least, enough }) = (self.limit, self.needed);
        match self.is_hopeless() {
            true => format!("the limit on open files is {limit}; the run needs at least {least}"),
            false => format!(
                "the limit on open files is {limit}; the run may need {enough} when it reconnects after a failover"
            ),
        }
    }

    /// What to do.
    #[must_use]
    pub(crate) fn remedy(&self) -> String {
        format!(
            "raise the hard limit (ulimit -Hn {}, or LimitNOFILE of its service), or lower --pool-size, --concurrent-workers or --pgbench-clients",
            self.needed.enough
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(connections: usize) -> Users {
        Users {
            endpoints: 2,
            connections,
            loads: 0,
            pgbench_clients: 0,
            probes: 0,
        }
    }

    #[test]
    fn what_is_needed_grows_with_the_connections() {
        assert_eq!(
            needed(users(5)),
            Needed {
                least: 38,
                enough: 126
            }
        );
        assert_eq!(needed(users(40)).least, 108);
        // A read and a write on two paths.
        let probed = Users {
            probes: 4,
            ..users(5)
        };
        let expected = Needed {
            least: 42,
            enough: 406,
        };
        assert_eq!(needed(probed), expected);
        let more = Users {
            loads: 2,
            ..users(5)
        };
        assert_eq!(needed(more).least, 54);
        // Each pgbench is a process of its own, under the same limit.
        let clients = |pgbench_clients| {
            needed(Users {
                pgbench_clients,
                ..more
            })
        };
        assert_eq!(clients(10), needed(more));
        let expected = Needed {
            least: 2_003,
            enough: 2_064,
        };
        assert_eq!(clients(2_000), expected);
    }

    #[test]
    fn a_pool_holds_what_asks_and_what_is_kept_ready() {
        assert_eq!(of_pool(3, 5, 0), 3);
        assert_eq!(of_pool(30, 5, 0), 5);
        assert_eq!(of_pool(3, 5, 4), 4);
    }

    /// The limits of the tests' own process: what holds for all of its tests is raised, never lowered.
    #[test]
    fn the_limit_is_raised_and_never_lowered() {
        let before = limits();
        let Some(soft) = before.soft else {
            return;
        };
        let of = |enough| Needed { least: 1, enough };
        assert_eq!(raise(of(1)), Ok(()));
        assert_eq!(limits(), before);
        if before.hard.is_none_or(|hard| hard > soft) {
            assert_eq!(raise(of(soft + 1)), Ok(()));
            assert_eq!(limits().soft, Some(soft + 1));
        }
        if let Some(hard) = before.hard.filter(|hard| *hard < u64::MAX) {
            let too_few = raise(of(hard + 1)).unwrap_err();
            assert!(!too_few.is_hopeless(), "{too_few:?}");
        }
    }

    #[test]
    fn one_line_says_what_to_do() {
        let too_few = TooFew {
            limit: 45,
            needed: Needed {
                least: 100,
                enough: 300,
            },
        };
        assert!(too_few.is_hopeless());
        assert_eq!(
            too_few.found(),
            "the limit on open files is 45; the run needs at least 100"
        );
        assert!(too_few.remedy().contains("ulimit -Hn 300"));
    }
}
