//! Several failovers, each on both paths. Defined in `docs/decomposition.md`.

use recording::Timestamp;
use serde::Serialize;

use crate::summary::group::Group;
use crate::summary::own_share::OwnShare;
use crate::summary::span::Span;

/// A failover on one path, decided once for all groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathFailover {
    /// Its trigger; `None` where none was recorded.
    pub trigger: Option<Timestamp>,
    /// From the trigger for as long as an episode is of it; without a trigger, from its first episode's start to the last one's end.
    #[serde(flatten)]
    pub span: Span,
    /// When the path's writer changed in it, or within 5 s of it where it has no trigger.
    pub changes: Vec<Timestamp>,
    /// What each group lived through, in the order of [`Group::ALL`].
    pub groups: Vec<GroupFailover>,
}

/// A failover in one group of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupFailover {
    pub group: Group,
    /// Its episodes, numbered from 1 as they stand in the group.
    pub episodes: Vec<usize>,
    /// Sum of its episodes, microseconds: 0 where it has none, and `None` where the group was not observed in it, or was down
    /// already when it began.
    pub downtime_us: Option<i64>,
    /// Sum of the episodes' resolutions, microseconds.
    pub resolution_us: i64,
    /// Pauses of the recorder in them, microseconds.
    pub paused_us: i64,
    /// The downtime is a lower bound: an episode was open at the recording's start or end, or a part was not observed.
    pub at_least: bool,
    /// Without an episode: the longest time without a success in the failover, microseconds. The downtime is at most that.
    pub at_most_us: Option<i64>,
    /// The same of the service, where it was probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceFailover>,
}

impl GroupFailover {
    /// The downtime where it is a figure and no bound.
    #[must_use]
    pub fn known_us(&self) -> Option<i64> {
        self.downtime_us.filter(|_| !self.at_least)
    }

    /// What the application added to the service's downtime; `None` where one of the two is not known, or a bound.
    #[must_use]
    pub fn own_share(&self, service: &ServiceFailover) -> Option<OwnShare> {
        Some(OwnShare::of_failover(
            (self.known_us()?, self.resolution_us, self.at_most_us),
            (
                service.known_us()?,
                service.resolution_us,
                service.at_most_us,
            ),
        ))
    }
}

/// The service's downtime in a failover, in one group of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceFailover {
    /// Its episodes, numbered from 1 as they stand in the group's `service`.
    pub episodes: Vec<usize>,
    /// Sum of its episodes, microseconds: 0 where it has none, and `None` where nothing could be asked, or the service was down already when
    /// it began.
    pub downtime_us: Option<i64>,
    /// Sum of the episodes' resolutions, microseconds.
    pub resolution_us: i64,
    /// Pauses of the recorder in them, microseconds.
    pub paused_us: i64,
    /// The downtime is a lower bound: an episode was open at the recording's start or end.
    pub at_least: bool,
    /// Without an episode: the longest time without an answer in the failover, microseconds. The downtime is at most that.
    pub at_most_us: Option<i64>,
    /// What the application added; `None` where one of the two downtimes is not known, or a bound.
    pub own_share: Option<OwnShare>,
}

impl ServiceFailover {
    /// The downtime where it is a figure and no bound.
    #[must_use]
    pub fn known_us(&self) -> Option<i64> {
        self.downtime_us.filter(|_| !self.at_least)
    }
}

/// The failovers of a recording, and what holds over all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Failovers {
    /// Each failover in order of time.
    pub failovers: Vec<Failover>,
    /// The downtime per path, in its [`compared_groups`](super::compared_groups); what has no failover of a known downtime is left out.
    pub downtime: Vec<DowntimeDistribution>,
    /// Direct against proxy, failover by failover; `None` where no failover was seen to its end on both paths, or no path was down
    /// in any.
    pub paired: Option<PairedDifference>,
}

impl Failovers {
    /// The number of the failover that a path's own failover is.
    #[must_use]
    pub fn number_of(&self, path: &str, own: usize) -> Option<usize> {
        let mut failovers = self.failovers.iter();
        let found = failovers.find(|failover| failover.on(path) == Some(own))?;
        Some(found.number)
    }
}

/// One failover: which of each path's failovers it is. These are numbered from 1 within their path, and so are the episodes of the
/// headline's group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failover {
    /// Counts from 1.
    pub number: usize,
    /// Its trigger; `None` where none was recorded.
    pub trigger: Option<Timestamp>,
    /// Which of the direct path's failovers it is.
    pub direct_failover: Option<usize>,
    /// Which of the proxied path's failovers it is.
    pub proxy_failover: Option<usize>,
    /// Its first episode on the direct path.
    pub direct_episode: Option<usize>,
    /// Its first episode on the proxied path.
    pub proxy_episode: Option<usize>,
}

impl Failover {
    /// Which of a path's failovers it is, counted from 1.
    #[must_use]
    pub fn on(&self, path: &str) -> Option<usize> {
        match path {
            "proxy" => self.proxy_failover,
            _ => self.direct_failover,
        }
    }
}

/// The downtime of a path over its failovers, microseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DowntimeDistribution {
    /// `direct` or `proxy`.
    pub path: String,
    pub group: Group,
    /// Failovers of a known downtime: those that count here.
    pub n: usize,
    /// Of these, the failovers without an episode, which count as 0.
    pub without_episode: usize,
    /// Failovers of which only a bound is known, or nothing, and which are left out: open at the recording's start or end, not
    /// observed, down already.
    pub open: usize,
    /// Operations are missing: each downtime is a lower bound, and so are these.
    pub at_least: bool,
    /// Median; of an even number the mean of the two in the middle.
    pub median_us: i64,
    pub min_us: i64,
    pub max_us: i64,
    /// 95 % bootstrap interval of the median; `None` for n = 1.
    pub interval: Option<Interval>,
    /// The same of the service, where it was probed; `None` where its downtime is known in no failover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceDistribution>,
    /// What the application added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_share: Option<Spread>,
}

/// The differences direct - proxy of the failovers that were seen to their end on both paths, microseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairedDifference {
    /// The group of both paths' downtimes.
    pub group: Group,
    pub n: usize,
    /// Failovers without a pair: seen on one path only, or a downtime is not known.
    pub unpaired: usize,
    /// Median of the differences; more than 0 where the proxy was shorter.
    pub median_us: i64,
    pub min_us: i64,
    pub max_us: i64,
    /// 95 % bootstrap interval of the median; `None` for n = 1.
    pub interval: Option<Interval>,
    /// In how many of the n the proxy was shorter.
    pub proxy_shorter: usize,
    /// The same of the service, where both paths were probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceDifference>,
}

/// How a figure is spread over several failovers, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Failovers in which it is known: those that count here.
    pub n: usize,
    /// Median; of an even number the mean of the two in the middle.
    pub median_us: i64,
    pub min_us: i64,
    pub max_us: i64,
    /// 95 % bootstrap interval of the median; `None` for n = 1.
    pub interval: Option<Interval>,
}

/// The service's downtime of a path over its failovers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ServiceDistribution {
    #[serde(flatten)]
    pub spread: Spread,
    /// Of these, the failovers without a service outage, which count as 0.
    pub without_episode: usize,
    /// Failovers of which only a bound is known, or nothing, and which are left out.
    pub open: usize,
    /// Rows are missing: each downtime is a lower bound, and so are these.
    pub at_least: bool,
}

/// The differences direct - proxy of the service's downtimes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ServiceDifference {
    /// Medians of more than 0 are a service that was back sooner behind the proxy.
    #[serde(flatten)]
    pub spread: Spread,
    /// Failovers without a pair: seen on one path only, or a downtime is not known.
    pub unpaired: usize,
    /// In how many of the n the proxy was shorter.
    pub proxy_shorter: usize,
}

/// A 95 % interval, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Interval {
    pub low_us: i64,
    pub high_us: i64,
}
