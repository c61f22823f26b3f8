//! How much a run will ask of the server, said before it begins.

use std::time::Duration;

use recording::Weights;
use recording::vocabulary::Path;
use serde::Serialize;

use crate::definition::Definition;
use crate::workload::schedule::{ClosedLoop, Schedule};

/// Operations per second at most: what workers, think times and round trips allow. What the server needs to work comes on top, so
/// that a run stays below.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LoadEstimate {
    /// Each path's.
    pub(crate) paths: Vec<PathEstimate>,
    /// All paths'; `None` where nothing but the server limits one of them.
    pub(crate) operations_per_s: Option<f64>,
    /// Of all paths' pools, at most.
    pub(crate) connections: usize,
}

/// The estimate for a path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct PathEstimate {
    pub(crate) path: Path,
    /// `None` where nothing but the server limits it.
    pub(crate) operations_per_s: Option<f64>,
    /// Of an open loop: what connections and round trips allow, where that is less than its rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) most_per_s: Option<f64>,
}

/// Operations per second that so many workers with so many connections can do, which think for so long after each; infinite where nothing takes
/// time.
fn most_per_s(
    workers: u32,
    pool_size: usize,
    think_time: Duration,
    round_trips: Option<Duration>,
) -> f64 {
    let busy_s = round_trips.unwrap_or_default().as_secs_f64();
    let by_workers = f64::from(workers) / (think_time.as_secs_f64() + busy_s);
    let by_pool = pool_size as f64 / busy_s;
    by_workers.min(by_pool)
}

impl LoadEstimate {
    /// Of each path, and its round trip where it was measured; workers and pool size are a path's.
    pub(crate) fn new(
        paths: impl Iterator<Item = (Path, Option<Duration>)>,
        workload: &Definition,
        schedule: Schedule,
        workers: u32,
        pool_size: usize,
        max_tps: Option<f64>,
    ) -> Self {
        // The file's shares; others change a round trip or two.
        let round_trips = workload.round_trips();
        let paths = paths.map(|(path, trip)| (path, trip.map(|trip| trip.mul_f64(round_trips))));
        match schedule {
            Schedule::Closed(think_times) => {
                Self::of_think_times(paths, think_times, workers, pool_size, max_tps)
            }
            Schedule::Open(schedule) => {
                Self::of_rate(paths, schedule.rate_per_s, workers, pool_size)
            }
        }
    }

    fn of_think_times(
        paths: impl Iterator<Item = (Path, Option<Duration>)>,
        think_times: ClosedLoop,
        workers: u32,
        pool_size: usize,
        max_tps: Option<f64>,
    ) -> Self {
        let think_time = (think_times.min_interval + think_times.max_interval) / 2;
        let of_path = |(path, round_trip): (Path, Option<Duration>)| {
            let limit = most_per_s(workers, pool_size, think_time, round_trip);
            PathEstimate {
                path,
                operations_per_s: limit.is_finite().then_some(limit),
                most_per_s: None,
            }
        };
        let mut paths: Vec<PathEstimate> = paths.map(of_path).collect();
        let mut all: Option<f64> = paths.iter().map(|path| path.operations_per_s).sum();
        if let Some(max) = max_tps
            && all.is_none_or(|all| all > max)
        {
            // Who asks first is served first: the paths share it as they ask.
            let count = paths.len() as f64;
            for path in &mut paths {
                let share = match (path.operations_per_s, all) {
                    (Some(own), Some(all)) => max * own / all,
                    _ => max / count,
                };
                path.operations_per_s = Some(share);
            }
            all = Some(max);
        }
        Self {
            connections: paths.len() * pool_size,
            operations_per_s: all,
            paths,
        }
    }

    /// Of an open loop, whose rate is a path's.
    fn of_rate(
        paths: impl Iterator<Item = (Path, Option<Duration>)>,
        rate_per_s: f64,
        workers: u32,
        pool_size: usize,
    ) -> Self {
        let of_path = |(path, round_trip): (Path, Option<Duration>)| {
            let most = most_per_s(workers, pool_size, Duration::ZERO, round_trip);
            PathEstimate {
                path,
                operations_per_s: Some(rate_per_s),
                most_per_s: (most < rate_per_s).then_some(most),
            }
        };
        let paths: Vec<PathEstimate> = paths.map(of_path).collect();
        Self {
            connections: paths.len() * pool_size,
            operations_per_s: Some(rate_per_s * paths.len() as f64),
            paths,
        }
    }

    /// A line, and others where pgbench runs too, and where an open loop asks for more than its connections can do.
    pub(crate) fn lines(
        &self,
        weights: Option<Weights>,
        pgbench_clients: Option<u32>,
    ) -> Vec<String> {
        let rate = |rate: Option<f64>| match rate {
            Some(rate) if rate < 10.0 => format!("up to {rate:.1}"),
            Some(rate) => format!("up to {rate:.0}"),
            None => "as many as the server can answer".to_owned(),
        };
        let each: Vec<String> = self
            .paths
            .iter()
            .map(|path| format!("{} {}", path.path, rate(path.operations_per_s)))
            .collect();
        let shares = weights.map(|weights| {
            format!(
                "; {:.0} % reads, {:.0} % writes, {:.0} % transactions",
                weights.read, weights.write, weights.transaction
            )
        });
        let all = match self.paths.len() {
            1 => String::new(),
            _ => format!("; together {}", rate(self.operations_per_s)),
        };
        let mut lines = vec![format!(
            "load, operations per second: {}{all}{}; at most {} connections",
            each.join(", "),
            shares.unwrap_or_default(),
            self.connections
        )];
        for path in &self.paths {
            if let Some(most) = path.most_per_s {
                let rate = if most < 10.0 {
                    format!("{most:.1}")
                } else {
                    format!("{most:.0}")
                };
                lines.push(format!(
                    "warning: {}: the round trip allows at most {rate} operations per second, and more wait longer and longer: raise --pool-size and --max-in-flight, or lower --rate",
                    path.path
                ));
            }
        }
        if let Some(clients) = pgbench_clients {
            lines.push(format!(
                "background load: pgbench with {clients} clients per path, as fast as the server answers"
            ));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::open_loop::OpenLoop;

    const MS: Duration = Duration::from_millis(1);

    fn estimate(trip: Option<Duration>, think: Duration, max_tps: Option<f64>) -> LoadEstimate {
        let paths = [(Path::Direct, trip), (Path::Proxy, trip)];
        let schedule = Schedule::Closed(ClosedLoop {
            min_interval: think,
            max_interval: think,
        });
        LoadEstimate::new(
            paths.into_iter(),
            Definition::shop(),
            schedule,
            3,
            5,
            max_tps,
        )
    }

    #[test]
    fn a_rate_that_the_connections_can_not_do_is_a_warning() {
        let of_rate = |rate_per_s, workers, pool_size| {
            let schedule = Schedule::Open(OpenLoop {
                rate_per_s,
                arrival: recording::Arrival::Poisson,
                ramp: Duration::ZERO,
            });
            let paths = [(Path::Direct, Some(10 * MS)), (Path::Proxy, None)];
            LoadEstimate::new(
                paths.into_iter(),
                Definition::shop(),
                schedule,
                workers,
                pool_size,
                None,
            )
        };
        // 1.5 round trips of 10 ms each: a connection does 66.7 per second.
        let enough = of_rate(300.0, 30, 5);
        assert_eq!(enough.operations_per_s, Some(600.0));
        assert_eq!(
            enough.lines(None, None),
            [
                "load, operations per second: direct up to 300, proxy up to 300; together up to 600; at most 10 connections"
            ]
        );
        for (workers, pool_size) in [(30, 4), (4, 30)] {
            let short = of_rate(300.0, workers, pool_size);
            assert_eq!(short.operations_per_s, Some(600.0));
            let most = short
                .paths
                .iter()
                .map(|path| path.most_per_s.map(f64::round));
            assert_eq!(most.collect::<Vec<_>>(), [Some(267.0), None]);
            assert_eq!(
                short.lines(None, None)[1],
                "warning: direct: the round trip allows at most 267 operations per second, and more wait longer and longer: raise --pool-size and \
                 --max-in-flight, or lower --rate"
            );
        }
    }

    #[test]
    fn think_times_and_round_trips() {
        let slow = estimate(None, 300 * MS, None);
        assert_eq!(slow.operations_per_s.map(f64::round), Some(20.0));
        // 1.5 round trips of 100 ms each: 3 workers in 450 ms.
        let far = estimate(Some(100 * MS), 300 * MS, None);
        assert_eq!(
            far.paths[0]
                .operations_per_s
                .map(|rate| (rate * 10.0).round()),
            Some(67.0)
        );
        let free = estimate(None, Duration::ZERO, None);
        assert_eq!(free.operations_per_s, None);
        assert!(free.lines(None, None)[0].contains("together as many as the server can answer"));
    }

    #[test]
    fn the_guard_is_shared() {
        let guarded = estimate(None, Duration::ZERO, Some(50.0));
        assert_eq!(guarded.operations_per_s, Some(50.0));
        assert_eq!(guarded.paths[1].operations_per_s, Some(25.0));
        let unneeded = estimate(None, 300 * MS, Some(50.0));
        assert_eq!(unneeded.operations_per_s.map(f64::round), Some(20.0));
        let weights = Weights {
            read: 70.0,
            write: 20.0,
            transaction: 10.0,
        };
        assert_eq!(
            guarded.lines(Some(weights), Some(10)),
            [
                "load, operations per second: direct up to 25, proxy up to 25; together up to 50; 70 % reads, 20 % writes, \
                 10 % transactions; at most 10 connections",
                "background load: pgbench with 10 clients per path, as fast as the server answers",
            ]
        );
    }
}
