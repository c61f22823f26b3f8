//! What was kept of a path, to suspects: what failed, did not finish, or took long enough to have waited.

use std::collections::BTreeMap;

use recording::vocabulary::Outcome;

use crate::reduce::pauses::Pauses;
use crate::reduce::scan::{FirstUse, Kept, PathScan};
use crate::reduce::suspect::{Suspect, is_own_limit};
use crate::reduce::timeline::wait_threshold_us;
use crate::summary::{Span, Thresholds, Word};

/// The suspects of a path; `span` is the recording.
pub(crate) fn suspects(
    scan: &PathScan,
    span: &Span,
    medians: &BTreeMap<String, i64>,
    pauses: &Pauses,
    thresholds: &Thresholds,
) -> Vec<Suspect> {
    // By a threshold that no pause of the recorder lowers.
    let may_be_one = |kept: &&Kept| {
        let is_slow = medians.get(kept.name.as_str()).is_some_and(|median| {
            let stalled_us = thresholds.min_stall_us + median;
            let threshold_us = wait_threshold_us(Some(*median)).min(stalled_us);
            kept.response_us.is_some_and(|us| us > threshold_us)
        });
        let ended_later = kept.end_us.is_some_and(|end| end > span.end.micros());
        !kept.outcome.is_success() || is_slow || ended_later
    };
    let suspect = |kept: &Kept| {
        let suspect = suspect(kept, span, pauses);
        let first = kept
            .connection
            .and_then(|number| scan.first_uses.get(number));
        with_used_connection(suspect, first)
    };
    scan.kept.iter().filter(may_be_one).map(suspect).collect()
}

fn suspect(kept: &Kept, span: &Span, pauses: &Pauses) -> Suspect {
    let (first, last) = (span.start.micros(), span.end.micros());
    // What ended after the recording was unfinished in it.
    let end = kept.end_us.filter(|end| *end <= last);
    let end_us = end.unwrap_or(last);
    let scheduled_us = kept.scheduled_us;
    let ended = |text: &Option<Word>| text.clone().filter(|_| end.is_some());
    // One that ended got as far as its first statement where that took a time, one in flight where it had a connection.
    let reached = kept.execute_us.is_some() || kept.end_us.is_none();
    let first_statement_us = kept
        .start_us
        .zip(kept.checkout_us)
        .map(|(start, checkout)| start.saturating_add(checkout))
        .filter(|at| reached && *at <= end_us);
    let is_paused = pauses.span_in(scheduled_us, end_us).is_some();
    Suspect {
        operation_type: kept.kind,
        operation_name: kept.name.clone(),
        outcome: end.map_or(Outcome::Unfinished, |_| kept.outcome),
        class: ended(&kept.class),
        sqlstate: ended(&kept.sqlstate),
        message: ended(&kept.message),
        connection: kept.connection,
        scheduled_us: scheduled_us.clamp(first, last),
        start_us: kept.start_us.map(|start| start.clamp(first, last)),
        first_statement_us,
        end_us: end_us.clamp(first, last),
        wall_us: end_us.saturating_sub(scheduled_us),
        response_us: pauses.running_us(scheduled_us, end_us),
        execute_us: first_statement_us.map(|from| pauses.running_us(from, end_us)),
        connection_used_since_us: None,
        is_paused_limit: is_paused && is_own_limit(kept.class.as_deref()),
    }
}

/// Tells a suspect whether an earlier operation had used its connection.
fn with_used_connection(suspect: Suspect, first: Option<FirstUse>) -> Suspect {
    let used_us = suspect.first_statement_us.or(suspect.start_us);
    let earlier = first.filter(|first| used_us.is_some_and(|used| first.used_us < used));
    Suspect {
        connection_used_since_us: earlier.map(|first| first.start_us),
        ..suspect
    }
}
