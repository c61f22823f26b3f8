//! How much a run will ask of the server, said before it begins.

use std::time::Duration;

use recording::Weights;
use recording::vocabulary::Path;
use serde::Serialize;

/// Round trips of a purchase: BEGIN, the product, the order, the stock, the log, COMMIT.
const PURCHASE: f64 = 6.0;
/// Round trips of a read or a write.
const STATEMENT: f64 = 1.0;

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
}

impl LoadEstimate {
    /// Of each path, and its round trip where it was measured; workers and pool size are a path's.
    pub(crate) fn new(
        paths: impl Iterator<Item = (Path, Option<Duration>)>,
        workers: u32,
        pool_size: usize,
        shortest_think_time: Duration,
        longest_think_time: Duration,
        max_tps: Option<f64>,
    ) -> Self {
        let think_s = (shortest_think_time + longest_think_time).as_secs_f64() / 2.0;
        // The default shares; others change a round trip or two.
        let round_trips = 0.9 * STATEMENT + 0.1 * PURCHASE;
        let of_path = |(path, round_trip): (Path, Option<Duration>)| {
            let busy_s = round_trips * round_trip.unwrap_or_default().as_secs_f64();
            let by_workers = f64::from(workers) / (think_s + busy_s);
            let by_pool = pool_size as f64 / busy_s;
            let limit = by_workers.min(by_pool);
            PathEstimate {
                path,
                operations_per_s: limit.is_finite().then_some(limit),
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
    pub(crate) fn of_rate(
        paths: impl Iterator<Item = Path>,
        rate_per_s: f64,
        pool_size: usize,
    ) -> Self {
        let of_path = |path| PathEstimate {
            path,
            operations_per_s: Some(rate_per_s),
        };
        let paths: Vec<PathEstimate> = paths.map(of_path).collect();
        Self {
            connections: paths.len() * pool_size,
            operations_per_s: Some(rate_per_s * paths.len() as f64),
            paths,
        }
    }

    /// A line, and another where pgbench runs too.
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

    const MS: Duration = Duration::from_millis(1);

    fn estimate(trip: Option<Duration>, think: Duration, max_tps: Option<f64>) -> LoadEstimate {
        let paths = [(Path::Direct, trip), (Path::Proxy, trip)];
        LoadEstimate::new(paths.into_iter(), 3, 5, think, think, max_tps)
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
