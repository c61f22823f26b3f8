//! Several failovers, each on both paths. Defined in `docs/decomposition.md`.

use recording::Timestamp;
use serde::Serialize;

use crate::summary::group::Group;

/// The failovers of a recording, and what holds over all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Failovers {
    /// Each failover in order of time: the episodes of the paths' headline groups, those of one failover together.
    pub failovers: Vec<Failover>,
    /// The downtime per path; a path without an ended episode is left out.
    pub downtime: Vec<DowntimeDistribution>,
    /// Direct against proxy, failover by failover; `None` where no failover was seen to its end on both paths.
    pub paired: Option<PairedDifference>,
}

/// One failover. Episodes are numbered from 1 within their path, as they stand in the headline's group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failover {
    /// Counts from 1.
    pub number: usize,
    /// Its trigger; `None` where none was recorded.
    pub trigger: Option<Timestamp>,
    /// The episode of the direct path.
    pub direct_episode: Option<usize>,
    /// The episode of the proxied path.
    pub proxy_episode: Option<usize>,
}

/// The downtime of a path over its episodes, microseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DowntimeDistribution {
    /// `direct` or `proxy`.
    pub path: String,
    /// The headline's group.
    pub group: Group,
    /// Episodes that began and ended in the recording: those that count here.
    pub n: usize,
    /// Episodes that were open at the recording's start or end, and so are left out.
    pub open: usize,
    /// Operations are missing: each downtime is a lower bound, and so are these.
    pub at_least: bool,
    /// Median; of an even number the mean of the two in the middle.
    pub median_us: i64,
    pub min_us: i64,
    pub max_us: i64,
    /// 95 % bootstrap interval of the median; `None` for n = 1.
    pub interval: Option<Interval>,
}

/// The differences direct - proxy of the failovers that were seen to their end on both paths, microseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairedDifference {
    pub n: usize,
    /// Failovers without a pair: one path has no episode of them, or an open one.
    pub unpaired: usize,
    /// Median of the differences; more than 0 where the proxy was shorter.
    pub median_us: i64,
    pub min_us: i64,
    pub max_us: i64,
    /// 95 % bootstrap interval of the median; `None` for n = 1.
    pub interval: Option<Interval>,
    /// In how many of the n the proxy was shorter.
    pub proxy_shorter: usize,
}

/// A 95 % interval, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Interval {
    pub low_us: i64,
    pub high_us: i64,
}
