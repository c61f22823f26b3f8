//! Rows to suspects: what failed, did not finish, or took long enough to have waited.

use std::collections::BTreeMap;

use polars::prelude::*;
use recording::vocabulary::Outcome;

use crate::reduce::pauses::Pauses;
use crate::reduce::suspect::{Suspect, is_own_limit};
use crate::reduce::timeline::wait_threshold_us;
use crate::reduce::values::{integers, operation_type, outcome, texts};
use crate::summary::{Span, Thresholds};

/// The rows that may be suspects, by a threshold that no pause of the recorder lowers; `span` is the recording.
pub(crate) fn may_be_one(
    is_success: Expr,
    span: &Span,
    medians: &BTreeMap<String, i64>,
    thresholds: &Thresholds,
) -> Expr {
    let slow = medians.iter().fold(lit(false), |slow, (name, median)| {
        let threshold = wait_threshold_us(Some(*median)).min(thresholds.min_stall_us + median);
        let is_slow = col("response_time_us").gt(lit(threshold));
        slow.or(col("operation_name").eq(lit(name.as_str())).and(is_slow))
    });
    let ended_later = col("end_time").gt(lit(span.end.micros()));
    is_success.not().or(slow).or(ended_later)
}

/// When a connection was first used: the moment, and the start of the operation that used it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirstUse {
    used_us: i64,
    start_us: i64,
}

/// The first use of each connection of the path's operations.
pub(crate) fn first_uses_query(operations: LazyFrame) -> LazyFrame {
    let used = || col("start_time") + col("checkout_us").fill_null(lit(0_i64));
    let is_first = || used().eq(used().min());
    operations
        .filter(col("connection_id").is_not_null())
        .group_by([col("connection_id")])
        .agg([
            used().min().alias("used"),
            col("start_time").filter(is_first()).min().alias("start"),
        ])
}

pub(crate) fn first_uses(frame: &DataFrame) -> PolarsResult<BTreeMap<i64, FirstUse>> {
    let connections = integers(frame, "connection_id")?;
    let used = integers(frame, "used")?;
    let starts = integers(frame, "start")?;
    let first_use = |row: usize| {
        let first_use = FirstUse {
            used_us: used[row]?,
            start_us: starts[row]?,
        };
        Some((connections[row]?, first_use))
    };
    Ok((0..frame.height()).filter_map(first_use).collect())
}

/// Every suspect of a frame of operations, and the connection that each used.
pub(crate) fn read(
    frame: &DataFrame,
    span: &Span,
    pauses: &Pauses,
) -> PolarsResult<Vec<(Suspect, Option<i64>)>> {
    let kinds = texts(frame, "operation_type")?;
    let names = texts(frame, "operation_name")?;
    let outcomes = texts(frame, "outcome")?;
    let classes = texts(frame, "error_class")?;
    let codes = texts(frame, "sqlstate")?;
    let connections = integers(frame, "connection_id")?;
    let scheduled = integers(frame, "scheduled_time")?;
    let starts = integers(frame, "start_time")?;
    let ends = integers(frame, "end_time")?;
    let checkouts = integers(frame, "checkout_us")?;
    let executes = integers(frame, "execute_us")?;
    let (first, last) = (span.start.micros(), span.end.micros());
    let suspect = |row: usize| {
        // What ended after the recording was unfinished in it.
        let end = ends[row].filter(|end| *end <= last);
        let end_us = end.unwrap_or(last);
        let scheduled_us = scheduled[row].unwrap_or(first);
        let ended = |text: Option<&str>| text.filter(|_| end.is_some()).map(str::to_owned);
        let outcome = end.map_or(Outcome::Unfinished, |_| outcome(outcomes[row]));
        // One that ended got as far as its first statement where that took a time, one in flight where it had a connection.
        let reached = executes[row].is_some() || ends[row].is_none();
        let first_statement_us = starts[row]
            .zip(checkouts[row])
            .map(|(start, checkout)| start.saturating_add(checkout))
            .filter(|at| reached && *at <= end_us);
        let is_paused = pauses.span_in(scheduled_us, end_us).is_some();
        let suspect = Suspect {
            operation_type: operation_type(kinds[row]),
            operation_name: names[row].unwrap_or_default().to_owned(),
            outcome,
            class: ended(classes[row]),
            sqlstate: ended(codes[row]),
            scheduled_us: scheduled_us.clamp(first, last),
            start_us: starts[row].map(|start| start.clamp(first, last)),
            first_statement_us,
            end_us: end_us.clamp(first, last),
            wall_us: end_us.saturating_sub(scheduled_us),
            response_us: pauses.running_us(scheduled_us, end_us),
            execute_us: first_statement_us.map(|from| pauses.running_us(from, end_us)),
            connection_used_since_us: None,
            is_paused_limit: is_paused && is_own_limit(classes[row]),
        };
        (suspect, connections[row])
    };
    Ok((0..frame.height()).map(suspect).collect())
}

/// Tells each suspect whether an earlier operation had used its connection.
pub(crate) fn with_used_connections(
    suspects: Vec<(Suspect, Option<i64>)>,
    first_uses: &BTreeMap<i64, FirstUse>,
) -> Vec<Suspect> {
    let with_connection = |(mut suspect, connection): (Suspect, Option<i64>)| {
        let first = connection.and_then(|connection| first_uses.get(&connection));
        let used_us = suspect.first_statement_us.or(suspect.start_us);
        let earlier = first.filter(|first| used_us.is_some_and(|used| first.used_us < used));
        suspect.connection_used_since_us = earlier.map(|first| first.start_us);
        suspect
    };
    suspects.into_iter().map(with_connection).collect()
}
