//! Figures of a path as a whole: its headline, its connections, pgbench on it, and what an audit found.

use recording::{PathAudit, SumAudit, Table};

use crate::figures::catalogue::metric::{About, Metric, counted, downtime, sure, unsure};
use crate::figures::line::Bounded;
use crate::summary::{
    AuditFacts, AuditSummary, Durability, LoadFigures, PathSummary, Summary, most_lost,
};

#[derive(Clone, Copy)]
pub(super) struct OfPath<'a> {
    pub(super) summary: &'a Summary,
    pub(super) path: &'a PathSummary,
}

type PathMetric = Metric<fn(&OfPath<'_>) -> Option<Bounded>>;

pub(super) const DURABILITY: &str = "Durability (RPO)";

pub(super) fn metrics() -> impl Iterator<Item = &'static PathMetric> {
    [WHOLE, CONNECTIONS, LOAD, OF_DURABILITY]
        .into_iter()
        .flatten()
}

const WHOLE: &[PathMetric] = &[
    Metric {
        is: About::time(
            "headline.downtime",
            "Downtime",
            "the worse downtime of `read` and `writer`; a lower bound where one of the two is not known",
        ),
        of: |of| {
            let headline = of.path.headline.as_ref()?;
            let is_bound =
                headline.at_least || headline.other_open || headline.other_unobserved.is_some();
            downtime(headline.downtime_us, headline.resolution_us, is_bound)
        },
    },
    Metric {
        is: About::count(
            "failovers",
            "Several failovers",
            "failovers of the path, with an episode or without",
        )
        .neutral(),
        of: |of| Some(sure(of.path.failovers.len() as f64, of.path.is_left_out)),
    },
    Metric {
        is: About::share(
            "durable_success_rate",
            DURABILITY,
            "success rate with acknowledged writes that are lost as failures; only of an audited recording",
        ),
        of: |of| {
            of.durability()?;
            let durable = of.path.durable.as_ref();
            let rates = durable.map_or(&of.path.overall, |durable| &durable.overall);
            Some(sure(rates.success_rate?, of.path.is_partial))
        },
    },
];

const CONNECTING: &str = "One operation on the time line";

const CONNECTIONS: &[PathMetric] = &[
    Metric {
        is: About::count("connections.attempts", CONNECTING, "attempts to connect").neutral(),
        of: |of| of.connections(of.path.connections.attempts),
    },
    Metric {
        is: About::count(
            "connections.failed",
            CONNECTING,
            "attempts to connect that failed",
        ),
        of: |of| of.connections(of.path.connections.failed),
    },
    Metric {
        is: About::response(
            "connections.p50",
            CONNECTING,
            "median time of an attempt that succeeded",
        ),
        of: |of| {
            Some(sure(
                of.path.connections.p50_us? as f64,
                of.lacks_connections(),
            ))
        },
    },
    Metric {
        is: About::response(
            "connections.max",
            CONNECTING,
            "longest time of an attempt that succeeded",
        ),
        of: |of| downtime(of.path.connections.max_us, 0, of.lacks_connections()),
    },
];

const LOADED: &str = "Rates and times";

const LOAD: &[PathMetric] = &[
    Metric {
        is: About::count(
            "load.restarts",
            LOADED,
            "how often pgbench was started again",
        ),
        of: |of| Some(Bounded::exact(of.path.load.as_ref()?.restarts as f64)),
    },
    Metric {
        is: About::rate(
            "load.tps_before",
            LOADED,
            "pgbench's transactions per second before the first episode",
        ),
        of: |of| exact(before(of)?.tps),
    },
    Metric {
        is: About::rate("load.tps_during", LOADED, "the same in the episodes"),
        of: |of| exact(during(of)?.tps),
    },
    Metric {
        is: About::rate(
            "load.tps_after",
            LOADED,
            "the same after the first episode, outside the others",
        ),
        of: |of| exact(after(of)?.tps),
    },
    Metric {
        is: About::response(
            "load.latency_before",
            LOADED,
            "pgbench's mean latency before the first episode",
        ),
        of: |of| exact(before(of)?.latency_us),
    },
    Metric {
        is: About::response("load.latency_during", LOADED, "the same in the episodes"),
        of: |of| exact(during(of)?.latency_us),
    },
    Metric {
        is: About::response(
            "load.latency_after",
            LOADED,
            "the same after the first episode, outside the others",
        ),
        of: |of| exact(after(of)?.latency_us),
    },
];

fn exact(value: Option<f64>) -> Option<Bounded> {
    value.map(Bounded::exact)
}

fn before<'a>(of: &OfPath<'a>) -> Option<&'a LoadFigures> {
    Some(&of.path.load.as_ref()?.before)
}

fn during<'a>(of: &OfPath<'a>) -> Option<&'a LoadFigures> {
    of.path.load.as_ref()?.during.as_ref()
}

fn after<'a>(of: &OfPath<'a>) -> Option<&'a LoadFigures> {
    of.path.load.as_ref()?.after.as_ref()
}

/// One of [`FOUND`].
macro_rules! found {
    ($index:literal) => {
        Metric {
            is: FOUND[$index].0,
            of: |of| of.found(FOUND[$index].1),
        }
    };
}

/// What an audit found on a path.
const OF_DURABILITY: &[PathMetric] = &[
    found!(0),
    found!(1),
    found!(2),
    found!(3),
    found!(4),
    found!(5),
    found!(6),
    found!(7),
    Metric {
        is: About::time(
            "lost_span",
            DURABILITY,
            "RPO in time: from the first to the last acknowledged write of a failover that is lost or torn; 0 where none is",
        ),
        of: |of| {
            let us = of.durability()?.lost_span_us.unwrap_or(0);
            Some(sure(us as f64, !is_whole(of.summary)))
        },
    },
    Metric {
        is: About::count(
            "logins_lost",
            DURABILITY,
            "increments of login counts that are lost, by their sum",
        ),
        of: |of| of.sum(|found| found.logins),
    },
    Metric {
        is: About::count(
            "stock_lost",
            DURABILITY,
            "pieces by which changes of stock are lost, by their sum",
        ),
        of: |of| of.sum(|found| found.stock),
    },
];

/// A finding of an audit, and how often it came: on a path, and as a figure of the recording the sum over its paths.
type Found = (About, fn(&PathAudit) -> u64);

pub(super) const FOUND: [Found; 8] = [
    (
        About::count(
            "lost",
            DURABILITY,
            "writes that were acknowledged, and are not there",
        ),
        |found| found.lost,
    ),
    (
        About::count("torn", DURABILITY, "purchases of which a part is there"),
        |found| found.torn,
    ),
    (
        About::count(
            "torn_acknowledged",
            DURABILITY,
            "of these, those that were acknowledged",
        ),
        |found| found.acknowledged_torn,
    ),
    (
        About::count(
            "duplicated",
            DURABILITY,
            "writes that are there more than once",
        ),
        |found| found.duplicated,
    ),
    (
        About::count(
            "phantom",
            DURABILITY,
            "writes that failed or were rejected, and are there",
        ),
        |found| found.phantom,
    ),
    (
        About::count(
            "unrecorded",
            DURABILITY,
            "writes that are there without a row in the recording",
        ),
        |found| found.unrecorded,
    ),
    (
        About::count(
            "unknown_committed",
            DURABILITY,
            "writes of unknown outcome that are there",
        )
        .neutral(),
        |found| found.committed,
    ),
    (
        About::count(
            "unknown_not_committed",
            DURABILITY,
            "writes of unknown outcome that are not there",
        )
        .neutral(),
        |found| found.not_committed,
    ),
];

impl<'a> OfPath<'a> {
    /// What the audit found; `None` without one.
    pub(super) fn durability(&self) -> Option<&'a Durability> {
        let is_audited = matches!(self.summary.audit, AuditSummary::Audited(_));
        self.path.durability.as_ref().filter(|_| is_audited)
    }

    fn found(&self, count: fn(&PathAudit) -> u64) -> Option<Bounded> {
        let count = count(&self.durability()?.found);
        Some(sure(count as f64, !is_whole(self.summary)))
    }

    /// What a sum has lost: at least what is missing below the acknowledged changes, at most what is missing below all of them.
    fn sum(&self, of: fn(&PathAudit) -> Option<SumAudit>) -> Option<Bounded> {
        let sum = of(&self.durability()?.found).filter(|sum| sum.excess == 0)?;
        let lost = sum.lost as f64;
        Some(match is_whole(self.summary) {
            true => Bounded {
                value: lost,
                least: Some(lost),
                most: Some(lost.max(most_lost(&sum) as f64)),
            },
            false => unsure(lost),
        })
    }

    fn connections(&self, count: u64) -> Option<Bounded> {
        Some(counted(count, self.lacks_connections()))
    }

    fn lacks_connections(&self) -> bool {
        let recording = &self.summary.recording;
        let dropped = recording.dropped_rows.get(Table::Connections.as_str());
        dropped.is_some_and(|rows| *rows > 0) || recording.lacks_parts_of(Table::Connections)
    }
}

/// False where the audit may have missed something, or may have taken for lost what is not: another server may have it, sessions of the run
/// were still there, rows were deleted.
pub(super) fn is_whole(summary: &Summary) -> bool {
    let AuditSummary::Audited(facts) = &summary.audit else {
        return false;
    };
    facts.missing_servers.is_empty()
        && facts.other_writers.is_empty()
        && facts.sessions_left.unwrap_or(0) == 0
        && facts.token_found != Some(false)
        && !lacks_the_failover(summary, facts)
}

/// No server was promoted, or none follows the one that was asked.
fn lacks_the_failover(summary: &Summary, facts: &AuditFacts) -> bool {
    let recording = &summary.recording;
    let mut paths = summary.paths.iter();
    let has_failures = recording.failover.is_some()
        || paths.any(|path| path.overall.failed + path.overall.unknown > 0);
    let first = recording.servers.first();
    let is_same = |server: &recording::Server| {
        first.is_some_and(|first| (&first.address, first.port) == (&server.address, server.port))
    };
    let has_several = !recording.servers.iter().all(is_same);
    (facts.promotion_seen == Some(false) && has_failures)
        || (facts.standbys == Some(0) && has_several)
}
