//! The loads that outages are recorded under.

use std::time::Duration;

use super::lanes::Group;

/// Workers, how often each asks, and when it gives up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) name: &'static str,
    /// Per path.
    pub(crate) workers: u32,
    pool: u32,
    /// Shortest and longest think time, milliseconds.
    think_ms: (u32, u32),
    /// Limits on an operation, on each phase of connecting and on the wait for the pool, seconds.
    limits_s: (u32, u32, u32),
    /// Of reads, writes and transactions, per cent.
    shares: (u32, u32, u32),
}

/// From few busy workers to many that seldom ask. With the first three a worker gives up after a second, much as the witness does; the
/// last has the recorder's default limits, with which a hang is known to be over only when the limit is: the report must say so.
pub(crate) const LOADS: [Load; 4] = [
    Load {
        name: "50/s, 2 workers",
        workers: 2,
        pool: 2,
        think_ms: (20, 60),
        limits_s: (1, 1, 1),
        shares: SHARES,
    },
    Load {
        name: "200/s, 4 workers",
        workers: 4,
        pool: 4,
        think_ms: (10, 30),
        limits_s: (1, 1, 1),
        shares: SHARES,
    },
    Load {
        name: "80/s, 8 workers",
        workers: 8,
        pool: 8,
        think_ms: (50, 150),
        limits_s: (1, 1, 1),
        shares: SHARES,
    },
    Load {
        name: "53/s, 16 workers, default limits",
        workers: 16,
        pool: 16,
        think_ms: (100, 500),
        limits_s: (10, 5, 5),
        shares: SHARES,
    },
];

/// That of a recorder without any flag for it.
pub(crate) const DEFAULT_LOAD: Load = Load {
    name: "10/s, 3 workers, the recorder's defaults",
    workers: 3,
    pool: 5,
    think_ms: (100, 500),
    limits_s: (10, 5, 5),
    shares: (70, 20, 10),
};

const SHARES: (u32, u32, u32) = (50, 35, 15);

impl Load {
    /// The recorder's flags.
    pub(crate) fn flags(&self) -> Vec<String> {
        let (shortest, longest) = self.think_ms;
        let (operation, connect, pool) = self.limits_s;
        let flags = [
            ("--concurrent-workers", self.workers.to_string()),
            ("--pool-size", self.pool.to_string()),
            ("--min-operation-interval", format!("{shortest}ms")),
            ("--max-operation-interval", format!("{longest}ms")),
            ("--operation-timeout", format!("{operation}s")),
            ("--connect-timeout", format!("{connect}s")),
            ("--pool-timeout", format!("{pool}s")),
            ("--read-weight", self.shares.0.to_string()),
            ("--write-weight", self.shares.1.to_string()),
            ("--transaction-weight", self.shares.2.to_string()),
        ];
        flags
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value])
            .collect()
    }

    /// When a worker gives up on an operation.
    pub(crate) fn operation_limit(&self) -> Duration {
        Duration::from_secs(self.limits_s.0.into())
    }

    /// When a worker gives up on a silent host.
    pub(crate) fn connect_limit(&self) -> Duration {
        Duration::from_secs(self.limits_s.1.into())
    }

    /// Mean time between two operations of a group on one path, microseconds: the sampling interval. The time that the operations
    /// themselves take is left out, which makes it shorter than it is.
    pub(crate) fn interval_us(&self, group: Group) -> i64 {
        self.interval_with_us(group, 0)
    }

    /// The same where each operation takes `wait_us`.
    pub(crate) fn interval_with_us(&self, group: Group, wait_us: i64) -> i64 {
        let share = match group {
            Group::Read => self.shares.0,
            Group::Writer => self.shares.1 + self.shares.2,
        };
        let think_us = i64::from(self.think_ms.0 + self.think_ms.1) * 1_000 / 2;
        (think_us + wait_us) * 100 / i64::from(self.workers * share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_load_is_the_recorders() {
        let interval_us = DEFAULT_LOAD.interval_us(Group::Read);
        assert_eq!(interval_us, 142_857, "seven of ten operations a second");
        assert_eq!(DEFAULT_LOAD.interval_us(Group::Writer), 333_333);
    }

    #[test]
    fn sampling_intervals() {
        let intervals = LOADS.map(|load| load.interval_us(Group::Read));
        assert_eq!(intervals, [40_000, 10_000, 25_000, 37_500]);
        // The name says so many operations per second.
        for load in LOADS {
            let both = load.interval_us(Group::Read) / 2;
            let per_second = 1_000_000 / both;
            assert!(
                load.name.starts_with(&format!("{per_second}/s")),
                "{}",
                load.name
            );
        }
    }
}
