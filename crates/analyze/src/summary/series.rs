//! What charts are drawn from: plain series, no data frames.

use recording::vocabulary::{OperationType, Outcome};

use crate::summary::group::Group;
use crate::summary::heat::HeatMap;
use crate::summary::span::Span;

/// Up to so many operations are drawn each by itself; more, as a density.
pub const MOST_POINTS: usize = 20_000;
/// Columns of a [`HeatMap`] that charts draw: as many as a density over the whole time axis has, so that each is one of those.
pub const HEAT_COLUMNS: usize = 544;
/// Buckets of `errors_over_time` at most.
pub const ERROR_BUCKETS: i64 = 600;

/// The series of a recording. Times are UTC microseconds.
#[derive(Debug, Clone)]
pub struct Series {
    /// The recording's start, from which the labels of a time axis count.
    pub origin_us: i64,
    pub start_us: i64,
    pub end_us: i64,
    /// When the failover was triggered, each time.
    pub triggers_us: Vec<i64>,
    /// Pauses of the recorder, in order and within the recording.
    pub pauses: Vec<Span>,
    /// The user's own marks, in order of time.
    pub marks: Vec<Mark>,
    /// One entry per path: direct, then proxy.
    pub paths: Vec<PathSeries>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub time_us: i64,
    pub text: String,
}

#[derive(Debug, Clone)]
pub struct PathSeries {
    /// `direct` or `proxy`.
    pub path: String,
    pub successes: Drawn,
    /// Failed, unknown and unfinished operations, in order of `end_us`.
    pub failures: Vec<FailurePoint>,
    /// Acknowledged writes that the audit found lost or torn, in order of `end_us`; they are among the successes too.
    pub lost: Vec<LostPoint>,
    /// Operations that ended, and that arrived, in each whole second of the recording, the first at its start; the last may be a part.
    pub seconds: Vec<SecondCounts>,
    /// How long each bucket of `errors_over_time` is, microseconds: whole seconds, and one where that makes at most [`ERROR_BUCKETS`].
    pub error_bucket_us: i64,
    /// Failed and unknown operations by class in each bucket, the first at the recording's start; most frequent class first. Every
    /// class has as many counts.
    pub errors_over_time: Vec<ClassSeries>,
    /// Response time of successes at each percentile: (fraction 0 to 1, microseconds), ascending, from the exact histogram.
    pub percentiles: Vec<(f64, i64)>,
    /// When a new writer was first seen on the path, each time.
    pub new_writers_us: Vec<i64>,
    /// The path's own endpoint, then the one that is meant for reads; without those of which nothing is known.
    pub endpoints: Vec<EndpointSeries>,
    /// Outages, brownouts and unobserved time, per group in the order of `Group::ALL`; groups without operations left out.
    pub strips: Vec<Strip>,
}

/// Operations as a chart draws them.
#[derive(Debug, Clone)]
pub enum Drawn {
    /// Few: each by itself, in order of `end_us`.
    Points(Vec<Point>),
    /// Many.
    Heat(HeatMap),
}

impl Drawn {
    /// From operations in order of `end_us`, in a recording from one UTC microsecond to another.
    pub fn new(
        operations: impl IntoIterator<Item = Point>,
        (start_us, end_us): (i64, i64),
    ) -> Self {
        let mut operations = operations.into_iter();
        let first: Vec<Point> = operations.by_ref().take(MOST_POINTS + 1).collect();
        if first.len() <= MOST_POINTS {
            return Self::Points(first);
        }
        let mut map = HeatMap::new(start_us, end_us, HEAT_COLUMNS);
        for point in first.into_iter().chain(operations) {
            map.add(point.end_us, point.response_us);
        }
        Self::Heat(map)
    }

    /// Operations in all.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Points(points) => points.len() as u64,
            Self::Heat(map) => map.total(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shortest and longest response time, microseconds; `None` without operations.
    #[must_use]
    pub fn range_us(&self) -> Option<(i64, i64)> {
        match self {
            Self::Points(points) => {
                let times = points.iter().map(|point| point.response_us);
                times.clone().min().zip(times.max())
            }
            Self::Heat(map) => map.range_us(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When it ended.
    pub end_us: i64,
    /// How long the user waited, microseconds.
    pub response_us: i64,
}

/// An operation that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailurePoint {
    /// When it ended; the recording's end for an unfinished one.
    pub end_us: i64,
    /// How long the user waited, microseconds.
    pub response_us: i64,
    /// What became of it.
    pub outcome: Outcome,
}

/// An acknowledged write that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostPoint {
    /// When it was acknowledged.
    pub end_us: i64,
    /// How long the user waited, microseconds.
    pub response_us: i64,
    pub operation_type: OperationType,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecondCounts {
    pub succeeded: u64,
    /// `failed` and `unknown`.
    pub failed: u64,
    /// Operations that were due then, however they ended.
    pub arrived: u64,
}

/// How often a class of failure came in each bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassSeries {
    pub class: String,
    pub counts: Vec<u64>,
}

/// The availability of one group over time: up outside of the spans below.
#[derive(Debug, Clone)]
pub struct Strip {
    pub group: Group,
    pub down: Vec<Span>,
    pub brownouts: Vec<Span>,
    /// Outages of `all` in which this group had neither success nor evidence.
    pub unobserved: Vec<Span>,
    /// The service, by the availability probes of the group's kind; `None` where there are none.
    pub service: Option<ServiceStrip>,
}

/// The availability of the service over time: up outside of the spans below.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceStrip {
    pub down: Vec<Span>,
    /// Nothing was asked.
    pub unobserved: Vec<Span>,
}

/// Who was behind an endpoint of a path, and where its name led, in order of time. Of the time between the spans that is not known, or no server
/// answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSeries {
    /// It is meant for reads.
    pub reader: bool,
    pub servers: Vec<ServerSpan>,
    pub addresses: Vec<AddressSpan>,
}

/// From the first to the last answer of a server in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSpan {
    pub span: Span,
    /// Its name on Aurora, or its address and port; `-` where neither is known.
    pub server: String,
    /// True for a reader.
    pub in_recovery: Option<bool>,
}

/// From the first to the last time that a name led to an address, or to several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressSpan {
    pub span: Span,
    pub address: String,
}
