//! Rows to small frames to plain values: all queries over raw operations are here.
//!
//! Three passes per path: a histogram of response times, the ends of successes, and the rows that may be evidence. No
//! quantile, sort or shift over raw rows in the query engine: at 100 M rows these take gigabytes (`parquet-facts.md`).

use std::collections::BTreeMap;

use polars::prelude::*;
use recording::vocabulary::{OperationType, Outcome, Path};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::histogram::{Cell, Histogram, SuccessTimes};
use crate::reduce::implied::AcknowledgedWrite;
use crate::reduce::pauses::Pauses;
use crate::reduce::suspect::{LOST, Suspect};
use crate::reduce::timeline::{Successes, Timeline};
use crate::reduce::values::{integers, operation_type, outcome, texts};
use crate::reduce::{server_probes, suspects};
use crate::summary::{Span, Thresholds};

/// Type, end and response time of successes that a pause hides, and when each may have been served at the earliest.
type Hidden = BTreeMap<(OperationType, i64, i64), i64>;

pub(crate) struct PathOperations<'l> {
    loaded: &'l Loaded,
    path: Path,
    frame: LazyFrame,
}

impl<'l> PathOperations<'l> {
    pub(crate) fn new(loaded: &'l Loaded, operations: &LazyFrame, path: Path) -> Self {
        let frame = operations
            .clone()
            .filter(col("path").eq(lit(path.as_str())));
        Self {
            loaded,
            path,
            frame,
        }
    }

    /// The same with these operations as failures of class [`LOST`]: they were acknowledged, and are not there.
    pub(crate) fn counting_as_failed(mut self, ids: &[i64]) -> Result<Self, AnalyzeError> {
        let lost = self.read(df!("operation_id" => ids, "is_lost" => vec![true; ids.len()]))?;
        let key = || [col("operation_id")];
        let joined = self
            .frame
            .join(lost.lazy(), key(), key(), JoinArgs::new(JoinType::Left));
        let is_lost = || {
            col("is_lost")
                .fill_null(lit(false))
                .and(is_outcome(Outcome::Ok))
        };
        let instead = |column: &str, value: &str| {
            let value = when(is_lost()).then(lit(value)).otherwise(col(column));
            value.alias(column)
        };
        // Both at once: the second would not find the outcome that the first has replaced.
        self.frame = joined.with_columns([
            instead("outcome", Outcome::Failed.as_str()),
            instead("error_class", LOST),
        ]);
        Ok(self)
    }

    /// The acknowledged writes that overlap the span.
    pub(crate) fn acknowledged_writes(
        &self,
        span: &Span,
    ) -> Result<Vec<AcknowledgedWrite>, AnalyzeError> {
        let is_write = col("operation_type").neq(lit(OperationType::Read.as_str()));
        let overlaps = col("end_time")
            .gt_eq(lit(span.start.micros()))
            .and(col("start_time").lt_eq(lit(span.end.micros())));
        let within = is_outcome(Outcome::Ok).and(is_write).and(overlaps);
        let frame = self.collect(self.frame.clone().filter(within))?;
        self.read(acknowledged_writes(&frame))
    }

    /// How many operations ended alike after the same number of microseconds.
    pub(crate) fn histogram(&self) -> Result<Histogram, AnalyzeError> {
        self.histogram_of(self.frame.clone())
    }

    /// The same for operations that ended outside all `spans`.
    pub(crate) fn histogram_outside(&self, spans: &[Span]) -> Result<Histogram, AnalyzeError> {
        let outside = spans
            .iter()
            .fold(lit(true), |outside, span| outside.and(ended_in(span).not()));
        self.histogram_of(self.frame.clone().filter(outside))
    }

    /// The same for operations that ended in `span`, or that never ended and were to begin after `unfinished_after_us` and before its
    /// end.
    pub(crate) fn histogram_inside(
        &self,
        span: &Span,
        unfinished_after_us: i64,
    ) -> Result<Histogram, AnalyzeError> {
        let scheduled = || col("scheduled_time");
        let unfinished = col("end_time")
            .is_null()
            .and(scheduled().gt(lit(unfinished_after_us)))
            .and(scheduled().lt_eq(lit(span.end.micros())));
        self.histogram_of(self.frame.clone().filter(ended_in(span).or(unfinished)))
    }

    /// What outage detection looks at; `span` is the recording.
    pub(crate) fn timeline(
        &self,
        span: &Span,
        histogram: &Histogram,
        pauses: Pauses,
        thresholds: &Thresholds,
    ) -> Result<Timeline, AnalyzeError> {
        let manifest = self.loaded.manifest();
        let (times, hidden_us) = self.around_pauses(histogram, span, &pauses)?;
        let median_response_us = times.medians_us();
        let suspects = self.suspects(span, &median_response_us, &pauses, thresholds)?;
        let pool = u32::try_from(manifest.pool.size).unwrap_or(u32::MAX);
        Ok(Timeline {
            path: self.path,
            start_us: span.start.micros(),
            end_us: span.end.micros(),
            successes: self.successes(span)?,
            suspects,
            median_response_us,
            pauses,
            hidden_us,
            workers: manifest.workers,
            slots: manifest.workers.min(pool),
            server_probes: server_probes::read(self.loaded, self.path)?,
        })
    }

    /// Response times of successes by name, as outage detection takes them: without the pauses of the recorder, and without what ended after
    /// the recording. And the successes that a pause hides.
    fn around_pauses(
        &self,
        histogram: &Histogram,
        span: &Span,
        pauses: &Pauses,
    ) -> Result<(SuccessTimes, Hidden), AnalyzeError> {
        let ended_later = col("end_time").gt(lit(span.end.micros()));
        let is_changed = pauses.hulls().fold(ended_later, |changed, pause| {
            let begun = col("scheduled_time").lt(lit(pause.end.micros()));
            let not_ended = col("end_time").gt(lit(pause.start.micros()));
            changed.or(begun.and(not_ended))
        });
        let changed = self.frame.clone().filter(is_success().and(is_changed));
        let frame = self.collect(changed)?;
        let kinds = self.read(texts(&frame, "operation_type"))?;
        let names = self.read(texts(&frame, "operation_name"))?;
        let scheduled = self.read(integers(&frame, "scheduled_time"))?;
        let ends = self.read(integers(&frame, "end_time"))?;
        let responses = self.read(integers(&frame, "response_time_us"))?;
        let executes = self.read(integers(&frame, "execute_us"))?;
        let mut times = SuccessTimes::of(histogram);
        let mut hidden = Hidden::new();
        for row in 0..frame.height() {
            let (Some(name), Some(scheduled), Some(end), Some(response)) =
                (names[row], scheduled[row], ends[row], responses[row])
            else {
                continue;
            };
            times.remove(name, response);
            if end > span.end.micros() {
                continue;
            }
            times.add(name, response - pauses.within_us(scheduled, end));
            let first_statement = end - executes[row].unwrap_or(response);
            if let Some(since) = pauses.hidden_since_us(first_statement, end) {
                hidden.insert((operation_type(kinds[row]), end, response), since);
            }
        }
        Ok((times, hidden))
    }

    fn successes(&self, span: &Span) -> Result<BTreeMap<OperationType, Successes>, AnalyzeError> {
        let columns = [
            col("operation_type"),
            col("end_time"),
            col("response_time_us"),
        ];
        let within = is_success().and(col("end_time").lt_eq(lit(span.end.micros())));
        let frame = self.collect(self.frame.clone().filter(within).select(columns))?;
        let kinds = self.read(texts(&frame, "operation_type"))?;
        let ends = self.read(integers(&frame, "end_time"))?;
        let responses = self.read(integers(&frame, "response_time_us"))?;
        let mut pairs: BTreeMap<OperationType, Vec<(i64, i64)>> = BTreeMap::new();
        for ((kind, end), response) in kinds.into_iter().zip(ends).zip(responses) {
            let (Some(end), Some(response)) = (end, response) else {
                continue;
            };
            let end = end.max(span.start.micros());
            pairs
                .entry(operation_type(kind))
                .or_default()
                .push((end, response));
        }
        Ok(pairs
            .into_iter()
            .map(|(kind, pairs)| (kind, Successes::sorted(pairs)))
            .collect())
    }

    /// Operations that did not succeed, and those that took long enough to have waited or stalled.
    fn suspects(
        &self,
        span: &Span,
        medians: &BTreeMap<String, i64>,
        pauses: &Pauses,
        thresholds: &Thresholds,
    ) -> Result<Vec<Suspect>, AnalyzeError> {
        let may_be_one = suspects::may_be_one(is_success(), span, medians, thresholds);
        let frame = self.collect(self.frame.clone().filter(may_be_one))?;
        let suspects = self.read(suspects::read(&frame, span, pauses))?;
        // A recording in which nothing failed pays nothing for this.
        let is_asked = suspects
            .iter()
            .any(|(suspect, connection)| suspect.has_failed() && connection.is_some());
        let first_uses = if is_asked {
            let frame = self.collect(suspects::first_uses_query(self.frame.clone()))?;
            self.read(suspects::first_uses(&frame))?
        } else {
            BTreeMap::new()
        };
        Ok(suspects::with_used_connections(suspects, &first_uses))
    }

    fn histogram_of(&self, frame: LazyFrame) -> Result<Histogram, AnalyzeError> {
        let keys = [
            "operation_type",
            "operation_name",
            "outcome",
            "response_time_us",
        ];
        let grouped = frame.group_by(keys.map(col)).agg([len().alias("count")]);
        let frame = self.collect(grouped)?;
        let kinds = self.read(texts(&frame, "operation_type"))?;
        let names = self.read(texts(&frame, "operation_name"))?;
        let outcomes = self.read(texts(&frame, "outcome"))?;
        let responses = self.read(integers(&frame, "response_time_us"))?;
        let counts = self.read(integers(&frame, "count"))?;
        let mut histogram = Vec::with_capacity(frame.height());
        for row in 0..frame.height() {
            histogram.push(Cell {
                operation_type: operation_type(kinds[row]),
                operation_name: names[row].unwrap_or_default().to_owned(),
                outcome: outcome(outcomes[row]),
                response_us: responses[row],
                count: counts[row].unwrap_or(0).unsigned_abs(),
            });
        }
        Ok(histogram)
    }

    /// Failures by class, SQLSTATE and text: count, first and last end.
    pub(crate) fn errors(&self) -> Result<DataFrame, AnalyzeError> {
        let failures = self.frame.clone().filter(col("error_class").is_not_null());
        let grouped = failures
            .group_by([col("error_class"), col("sqlstate"), col("error_message")])
            .agg([
                len().alias("count"),
                col("end_time").min().alias("first"),
                col("end_time").max().alias("last"),
            ]);
        self.collect(grouped)
    }

    fn collect(&self, frame: LazyFrame) -> Result<DataFrame, AnalyzeError> {
        self.loaded.collect(frame)
    }

    fn read<T>(&self, values: PolarsResult<T>) -> Result<T, AnalyzeError> {
        values.map_err(|source| self.loaded.read_error(source))
    }
}

fn acknowledged_writes(frame: &DataFrame) -> PolarsResult<Vec<AcknowledgedWrite>> {
    let ids = integers(frame, "operation_id")?;
    let names = texts(frame, "operation_name")?;
    let starts = integers(frame, "start_time")?;
    let checkouts = integers(frame, "checkout_us")?;
    let ends = integers(frame, "end_time")?;
    let quantities = integers(frame, "quantity")?;
    let write = |row: usize| {
        Some(AcknowledgedWrite {
            operation_id: ids[row]?,
            operation_name: names[row]?.to_owned(),
            first_statement_us: starts[row]? + checkouts[row].unwrap_or(0),
            end_us: ends[row]?,
            quantity: quantities[row].unwrap_or(0),
        })
    };
    Ok((0..frame.height()).filter_map(write).collect())
}

fn is_success() -> Expr {
    is_outcome(Outcome::Ok).or(is_outcome(Outcome::Rejected))
}

fn is_outcome(outcome: Outcome) -> Expr {
    col("outcome").eq(lit(outcome.as_str()))
}

/// Ended in (start, end]; false for operations that never ended.
fn ended_in(span: &Span) -> Expr {
    let end = || col("end_time");
    end()
        .is_not_null()
        .and(end().gt(lit(span.start.micros())))
        .and(end().lt_eq(lit(span.end.micros())))
}
