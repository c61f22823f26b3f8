//! Rows to small frames to plain values: all queries over raw operations are here.
//!
//! Three passes per path: a histogram of response times, the ends of successes, and the rows that may be evidence. No
//! quantile, sort or shift over raw rows in the query engine: at 100 M rows these take gigabytes (`parquet-facts.md`).

use std::collections::BTreeMap;

use polars::prelude::*;
use recording::vocabulary::{OperationType, Outcome, Path};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::histogram::{Cell, Histogram, median_response_us};
use crate::reduce::timeline::{Successes, Suspect, Timeline, wait_threshold_us};
use crate::reduce::values::{integers, texts};
use crate::summary::{Span, Thresholds};

pub(crate) struct PathOperations<'l> {
    loaded: &'l Loaded,
    frame: LazyFrame,
}

impl<'l> PathOperations<'l> {
    pub(crate) fn new(loaded: &'l Loaded, operations: &LazyFrame, path: Path) -> Self {
        let frame = operations
            .clone()
            .filter(col("path").eq(lit(path.as_str())));
        Self { loaded, frame }
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
        thresholds: &Thresholds,
    ) -> Result<Timeline, AnalyzeError> {
        let median_response_us = median_response_us(histogram);
        let suspects = self.suspects(span, &median_response_us, thresholds)?;
        Ok(Timeline {
            start_us: span.start.micros(),
            end_us: span.end.micros(),
            successes: self.successes(span)?,
            suspects,
            median_response_us,
        })
    }

    fn successes(&self, span: &Span) -> Result<BTreeMap<OperationType, Successes>, AnalyzeError> {
        let columns = [
            col("operation_type"),
            col("end_time"),
            col("response_time_us"),
        ];
        let frame = self.collect(self.frame.clone().filter(is_success()).select(columns))?;
        let kinds = self.read(texts(&frame, "operation_type"))?;
        let ends = self.read(integers(&frame, "end_time"))?;
        let responses = self.read(integers(&frame, "response_time_us"))?;
        let mut pairs: BTreeMap<OperationType, Vec<(i64, i64)>> = BTreeMap::new();
        for ((kind, end), response) in kinds.into_iter().zip(ends).zip(responses) {
            let (Some(end), Some(response)) = (end, response) else {
                continue;
            };
            let end = end.clamp(span.start.micros(), span.end.micros());
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
        thresholds: &Thresholds,
    ) -> Result<Vec<Suspect>, AnalyzeError> {
        let slow = medians.iter().fold(lit(false), |slow, (name, median)| {
            let threshold = wait_threshold_us(Some(*median)).min(thresholds.min_stall_us + median);
            let is_slow = col("response_time_us").gt(lit(threshold));
            slow.or(col("operation_name").eq(lit(name.as_str())).and(is_slow))
        });
        let frame = self.collect(self.frame.clone().filter(is_success().not().or(slow)))?;
        let kinds = self.read(texts(&frame, "operation_type"))?;
        let names = self.read(texts(&frame, "operation_name"))?;
        let outcomes = self.read(texts(&frame, "outcome"))?;
        let classes = self.read(texts(&frame, "error_class"))?;
        let codes = self.read(texts(&frame, "sqlstate"))?;
        let scheduled = self.read(integers(&frame, "scheduled_time"))?;
        let starts = self.read(integers(&frame, "start_time"))?;
        let ends = self.read(integers(&frame, "end_time"))?;
        let (first, last) = (span.start.micros(), span.end.micros());
        let mut suspects = Vec::with_capacity(frame.height());
        for row in 0..frame.height() {
            let scheduled = scheduled[row].unwrap_or(first);
            let end = ends[row].unwrap_or(last);
            suspects.push(Suspect {
                operation_type: operation_type(kinds[row]),
                operation_name: names[row].unwrap_or_default().to_owned(),
                outcome: outcome(outcomes[row]),
                class: classes[row].map(str::to_owned),
                sqlstate: codes[row].map(str::to_owned),
                scheduled_us: scheduled.clamp(first, last),
                start_us: starts[row].map(|start| start.clamp(first, last)),
                end_us: end.clamp(first, last),
                response_us: end.saturating_sub(scheduled),
            });
        }
        Ok(suspects)
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

/// A word that the survey let pass.
fn operation_type(word: Option<&str>) -> OperationType {
    word.and_then(OperationType::parse)
        .unwrap_or(OperationType::Read)
}

/// A word that the survey let pass.
fn outcome(word: Option<&str>) -> Outcome {
    word.and_then(Outcome::parse).unwrap_or(Outcome::Unknown)
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
