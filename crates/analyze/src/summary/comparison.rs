//! Proxy against direct.

use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What happened to the direct path.
    pub direct_incidents: Incidents,
    /// The same of the proxied path; where the two differ, or are none, the downtimes are not compared.
    pub proxy_incidents: Incidents,
    pub lines: Vec<ComparisonLine>,
}

/// What a downtime is the sum of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Incidents {
    /// Failovers of the path, with an episode or without.
    pub failovers: usize,
    /// Other outages of its headline's group.
    pub other_outages: usize,
}

/// What a line compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Downtime of the headline's group, which may differ between the paths: no change is given then.
    Downtime,
    ReadDowntime,
    /// Downtime of writes and transactions.
    WriterDowntime,
    /// The service's downtime of reads.
    ServiceReadDowntime,
    /// The service's downtime of writes.
    ServiceWriterDowntime,
    /// The same with lost writes as failures, where a path lost any.
    DurableWriterDowntime,
    /// Acknowledged writes that the audit found lost, where both paths were audited.
    LostWrites,
    SuccessRate,
    ReadSuccessRate,
    WriteSuccessRate,
    TransactionSuccessRate,
    /// Mean response time of successes.
    MeanResponse,
    /// Median response time of successes.
    P50Response,
    /// 99th percentile of the response time of successes.
    P99Response,
    /// Longest response time of a success.
    MaxResponse,
    Tps,
}

/// The unit of a compared figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Us,
    /// A fraction from 0 to 1.
    Fraction,
    PerSecond,
    Count,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparisonLine {
    pub metric: Metric,
    pub unit: Unit,
    pub higher_is_better: bool,
    /// On the direct path.
    pub direct: Option<f64>,
    /// On the proxied path.
    pub proxy: Option<f64>,
    /// The direct figure is a lower bound.
    pub direct_at_least: bool,
    /// The proxied figure is a lower bound.
    pub proxy_at_least: bool,
    /// Change from direct to proxy in per cent of direct; `None` where a figure is missing, a bound, or direct is 0.
    pub change_percent: Option<f64>,
    /// Change in percentage points, for success rates.
    pub change_points: Option<f64>,
}
