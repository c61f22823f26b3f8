//! What the downtime of a failover is made of. Defined in `docs/decomposition.md`.

use recording::Timestamp;
use serde::Serialize;

use crate::summary::span::Span;

/// What the downtime of an episode is made of: the parts add up to it, and with the healthy time between its outages to its span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decomposition {
    /// The failover's trigger; `None` where none was recorded that the episode can come from.
    pub trigger: Option<Milestone>,
    /// From the trigger to the last success before the first outage, microseconds: how long it took to bite. 0 where that
    /// success came before the trigger; `None` without a trigger, and where no success came before the outage.
    pub trigger_to_last_success_us: Option<i64>,
    /// How much of the downtime lies before the trigger, microseconds: the service was up, and no operation showed it. 0 where none of it
    /// does; `None` without a trigger, and where no success came before the outage.
    pub before_trigger_us: Option<i64>,
    /// The parts, summed over the outages.
    pub parts: Parts,
    /// The last outage did not end: the last part is a lower bound, and so is the downtime.
    pub open_at_end: bool,
    /// No success before the first outage: its first part is a lower bound, and so is the downtime.
    pub open_at_start: bool,
    /// Healthy time between the outages, microseconds: no downtime. 0 for a single outage.
    pub healthy_between_us: i64,
    /// From the end of the last outage to full throughput, microseconds: no downtime either. `None` where that was not seen.
    pub to_full_throughput_us: Option<i64>,
    /// Each outage by itself, in order.
    pub outages: Vec<DecomposedOutage>,
}

/// The parts of a downtime, microseconds. Each ends at the milestone that it is named after and begins where the one before it
/// ends, the first at the last success. `None` where the milestone was not seen: that time is then in the next part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Parts {
    /// Up to the end of the first operation that failed: the application learns of it.
    pub first_failure_us: Option<i64>,
    /// Up to the moment from which on the path's name led elsewhere.
    pub address_changed_us: Option<i64>,
    /// Up to the first connection to the new writer.
    pub new_writer_us: Option<i64>,
    /// Up to the end of the service outage: from then on a client that connects anew was served. Absent where that was not probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh_client_served_us: Option<i64>,
    /// Up to the first success; up to the recording's end where none came.
    pub first_success_us: i64,
}

impl Parts {
    #[must_use]
    pub fn total_us(&self) -> i64 {
        let before = [
            self.first_failure_us,
            self.address_changed_us,
            self.new_writer_us,
            self.fresh_client_served_us,
        ];
        before.into_iter().flatten().sum::<i64>() + self.first_success_us
    }

    /// The sums over two outages: what was seen in one of them at least is a figure.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |one: Option<i64>, other: Option<i64>| match (one, other) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        Self {
            first_failure_us: sum(self.first_failure_us, other.first_failure_us),
            address_changed_us: sum(self.address_changed_us, other.address_changed_us),
            new_writer_us: sum(self.new_writer_us, other.new_writer_us),
            fresh_client_served_us: sum(self.fresh_client_served_us, other.fresh_client_served_us),
            first_success_us: self.first_success_us + other.first_success_us,
        }
    }
}

/// One outage of an episode, from its last success to its first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecomposedOutage {
    #[serde(flatten)]
    pub span: Span,
    /// The last success before it; `None` where the recording began in it.
    pub last_success: Option<Milestone>,
    /// The end of the first operation that failed in it; `None` where operations only stalled.
    pub first_failure: Option<Milestone>,
    /// The first sign that the path's name leads elsewhere.
    pub address_changed: Option<Milestone>,
    /// The first connection to the new writer, or the first sign of it.
    pub new_writer: Option<Milestone>,
    /// The end of the service outage, by the availability probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh_client_served: Option<Milestone>,
    /// The first success after it; `None` where the recording ended in it.
    pub first_success: Option<Milestone>,
    /// Its parts. They follow from the milestones in this order: one that came before the one above it takes no time.
    pub parts: Parts,
}

/// When something happened, and which table holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Milestone {
    /// When, as it was recorded.
    pub time: Timestamp,
    pub source: Source,
}

/// The table of the recording that a milestone is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Operations,
    Connections,
    Events,
    Availability,
}
