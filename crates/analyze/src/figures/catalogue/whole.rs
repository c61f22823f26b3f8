//! Figures of the recording as a whole.

use recording::{PathAudit, Table};

use crate::figures::catalogue::metric::{About, Metric, at_least, counted, sure};
use crate::figures::catalogue::path::{FOUND, OfPath, is_whole};
use crate::figures::line::Bounded;
use crate::summary::{RecordingProgress, Span, Summary};

type WholeMetric = Metric<fn(&Summary) -> Option<Bounded>>;

const RECORDER: &str = "Downtime";

/// One of [`FOUND`] over all paths.
macro_rules! found {
    ($index:literal) => {
        Metric {
            is: FOUND[$index].0,
            of: |summary| found(summary, FOUND[$index].1),
        }
    };
}

/// A count or a sum that is made of events: a lower bound where some are missing.
fn of_events(summary: &Summary, value: f64) -> Bounded {
    match summary.recording.lacks_parts_of(Table::Events) {
        true => at_least(value),
        false => Bounded::exact(value),
    }
}

pub(super) const METRICS: &[WholeMetric] = &[
    Metric {
        is: About::time("duration", "Rates and times", "how long the recording is").neutral(),
        of: |summary| Some(Bounded::exact(summary.recording.duration_us as f64)),
    },
    Metric {
        is: About::count(
            "failovers.count",
            "Several failovers",
            "failovers of the recording, each on both paths",
        )
        .neutral(),
        of: |summary| Some(of_events(summary, summary.failovers.failovers.len() as f64)),
    },
    Metric {
        is: About::count("pauses", RECORDER, "pauses of the recorder"),
        of: |summary| Some(of_events(summary, summary.pauses.len() as f64)),
    },
    Metric {
        is: About::time("paused", RECORDER, "sum of the pauses of the recorder"),
        of: |summary| {
            let paused_us: i64 = summary.pauses.iter().map(Span::length_us).sum();
            Some(of_events(summary, paused_us as f64))
        },
    },
    Metric {
        is: About::count(
            "dropped_rows",
            RECORDER,
            "rows that were lost while recording",
        ),
        of: |summary| {
            let rows: u64 = summary.recording.dropped_rows.values().sum();
            // Without an end, what was lost last is not in the manifest.
            let has_end = matches!(
                summary.recording.progress,
                RecordingProgress::Complete | RecordingProgress::Interrupted
            );
            Some(counted(rows, !has_end))
        },
    },
    Metric {
        is: About::count(
            "damaged_parts",
            RECORDER,
            "parts and journals that are missing or damaged, and left out",
        ),
        of: |summary| Some(Bounded::exact(summary.recording.damaged_parts.len() as f64)),
    },
    found!(0),
    found!(1),
    found!(2),
    found!(3),
    found!(4),
    found!(5),
];

/// A finding over all paths; `None` where one of them was not audited.
fn found(summary: &Summary, count: fn(&PathAudit) -> u64) -> Option<Bounded> {
    let of = |path| OfPath { summary, path }.durability();
    let counts: Option<Vec<u64>> = summary
        .paths
        .iter()
        .map(|path| Some(count(&of(path)?.found)))
        .collect();
    let sum: u64 = counts?.into_iter().sum();
    Some(sure(sum as f64, !is_whole(summary)))
}
