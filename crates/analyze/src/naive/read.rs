//! From a recording to what a naive method sees in it: all queries of this module are here.

use polars::prelude::*;
use recording::Table;
use recording::vocabulary::{ErrorClass, OperationType, Outcome, Path, ProbeKind};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::naive::{FailureRuns, Heartbeat, Method, Reported, Sighting, Source};
use crate::reduce::operations::{is_outcome, is_success};
use crate::reduce::values::{booleans, integers};
use crate::summarize::{recording_span, surveyed};
use crate::summary::Span;

/// What a method would have reported of each path that has operations: direct, then proxy.
///
/// # Errors
/// [`AnalyzeError`] where the recording can't be read or holds no operation.
pub fn reported(loaded: &Loaded, method: Method) -> Result<Vec<Reported>, AnalyzeError> {
    loaded.as_far_as_it_decodes(|loaded| of_every_path(loaded, method))
}

fn of_every_path(loaded: &Loaded, method: Method) -> Result<Vec<Reported>, AnalyzeError> {
    let (survey, _) = surveyed(loaded)?;
    let of_path = |(path, last_us): (&Path, &i64)| {
        let operations = survey.operations.clone();
        let reader = PathReader {
            loaded,
            operations: operations.filter(col("path").eq(lit(path.as_str()))),
            path: *path,
            span: recording_span(loaded, *last_us)?,
        };
        reader.report(method)
    };
    survey.last_rows.iter().map(of_path).collect()
}

struct PathReader<'l> {
    loaded: &'l Loaded,
    operations: LazyFrame,
    path: Path,
    span: Span,
}

impl PathReader<'_> {
    fn report(&self, method: Method) -> Result<Reported, AnalyzeError> {
        let path = self.path.as_str().to_owned();
        let interval_us = match method {
            Method::ThreeFailures => {
                return Ok(Reported {
                    path,
                    source: Source::Operations,
                    outages: self.failure_runs()?.outages(),
                    longest_answer_us: None,
                });
            }
            Method::Heartbeat { interval_us } => interval_us,
        };
        let (heartbeat, source) = match self.heartbeat_of_probes(interval_us)? {
            Some(heartbeat) => (heartbeat, Source::Probes),
            None => (
                self.heartbeat_of_operations(interval_us)?,
                Source::Operations,
            ),
        };
        Ok(Reported {
            path,
            source,
            outages: heartbeat.outages(),
            longest_answer_us: heartbeat.longest_answer_us(),
        })
    }

    /// Two passes: the failures, then the successes, of which one per failure is kept.
    fn failure_runs(&self) -> Result<FailureRuns, AnalyzeError> {
        let ends = |frame: LazyFrame| frame.select([col("end_time")]);
        let operations = || self.operations.clone();
        let is_failure = is_outcome(Outcome::Failed).or(is_outcome(Outcome::Unknown));
        let failed = self.loaded.collect(ends(operations().filter(is_failure)))?;
        let failed = self.read(integers(&failed, "end_time"))?;
        let runs = FailureRuns::new(self.span, failed.into_iter().flatten().collect());
        if !runs.may_report() {
            return Ok(runs);
        }
        let succeeded = ends(operations().filter(is_success()));
        self.loaded.fold(succeeded, runs, |runs, batch| {
            for end_us in integers(batch, "end_time")?.into_iter().flatten() {
                runs.succeeded(end_us);
            }
            Ok(())
        })
    }

    /// One pass, of which one operation per interval is kept. A heartbeat is a read, so a read that was asked stands for it best; where
    /// the path's reads go to an endpoint of their own, only the others ask the same endpoint.
    fn heartbeat_of_operations(&self, interval_us: i64) -> Result<Heartbeat, AnalyzeError> {
        let is_read = || col("operation_type").eq(lit(OperationType::Read.as_str()));
        let mut endpoints = self.loaded.manifest().endpoints.iter();
        let reads_go_elsewhere =
            endpoints.any(|endpoint| endpoint.reader && endpoint.path == self.path);
        let ended = col("end_time").is_not_null().and(was_asked());
        let asks = match reads_go_elsewhere {
            true => ended.and(is_read().not()),
            false => ended,
        };
        let asked = self.operations.clone().filter(asks).select([
            col("start_time").alias("asked"),
            col("end_time").alias("ended"),
            is_success().or(is_from_a_server()).alias("answered"),
            is_read().alias("like_a_heartbeat"),
        ]);
        let heartbeat = Heartbeat::new(self.span, self.span.start.micros(), interval_us);
        self.loaded.fold(asked, heartbeat, see)
    }

    /// `None` where the recording has no probes that were asked as often as the heartbeat, or not all of them any more.
    fn heartbeat_of_probes(&self, interval_us: i64) -> Result<Option<Heartbeat>, AnalyzeError> {
        let manifest = self.loaded.manifest();
        let asked_every_us = manifest.probe_interval_us.unwrap_or(0);
        let dropped = manifest.dropped_rows.get(Table::Probes.as_str());
        let is_whole =
            dropped.is_none_or(|rows| *rows == 0) && !self.loaded.is_damaged_in(Table::Probes);
        if !is_whole || asked_every_us <= 0 || asked_every_us > interval_us {
            return Ok(None);
        }
        let Some(probes) = self.loaded.probes()? else {
            return Ok(None);
        };
        let is_asked = col("path")
            .eq(lit(self.path.as_str()))
            .and(col("probe").eq(lit(ProbeKind::Server.as_str())))
            .and(col("reader").fill_null(lit(false)).not())
            .and(col("success").is_not_null())
            .and(was_asked());
        let asked = probes.filter(is_asked).select([
            col("time").alias("asked"),
            (col("time") + col("duration_us")).alias("ended"),
            col("success").or(is_from_a_server()).alias("answered"),
            lit(true).alias("like_a_heartbeat"),
        ]);
        let asked = self.loaded.collect(asked)?;
        let times = self.read(integers(&asked, "asked"))?;
        let Some(first_us) = times.into_iter().flatten().min() else {
            return Ok(None);
        };
        // Probes come a little early or late: in the middle of an interval none slips into the next.
        let origin_us = first_us.saturating_sub(asked_every_us / 2);
        let mut heartbeat = Heartbeat::new(self.span, origin_us, interval_us);
        self.read(see(&mut heartbeat, &asked))?;
        Ok(Some(heartbeat))
    }

    fn read<T>(&self, values: PolarsResult<T>) -> Result<T, AnalyzeError> {
        values.map_err(|source| self.loaded.read_error(source))
    }
}

fn see(heartbeat: &mut Heartbeat, asked: &DataFrame) -> PolarsResult<()> {
    let (times, ends) = (integers(asked, "asked")?, integers(asked, "ended")?);
    let answered = booleans(asked, "answered")?;
    let like_a_heartbeat = booleans(asked, "like_a_heartbeat")?;
    for row in 0..asked.height() {
        let (Some(asked_us), Some(end_us)) = (times[row], ends[row]) else {
            continue;
        };
        let sighting = Sighting {
            asked_us,
            end_us,
            answered: answered[row] == Some(true),
        };
        heartbeat.see(sighting, like_a_heartbeat[row] == Some(true));
    }
    Ok(())
}

/// False for what never left this host, as that had no descriptors, ports or memory left. Never null.
fn was_asked() -> Expr {
    let client = lit(ErrorClass::Client.as_str());
    col("error_class").eq(client).fill_null(lit(false)).not()
}

/// True for a failure that a server itself answered with on a connection that works: a `SELECT 1` there would have been answered. That
/// is a write on a reader, a conflict, a constraint, a statement or a wait that was cancelled, and whatever else has a SQLSTATE and is no sign of a server that comes, goes or has no
/// room. Never null.
fn is_from_a_server() -> Expr {
    let is = |class: ErrorClass| col("error_class").eq(lit(class.as_str()));
    let other = is(ErrorClass::Other).and(col("sqlstate").is_not_null());
    is(ErrorClass::ReadOnly)
        .or(is(ErrorClass::Conflict))
        .or(is(ErrorClass::Constraint))
        .or(is(ErrorClass::StatementTimeout))
        .or(is(ErrorClass::Unreplicated))
        .or(other)
        .fill_null(lit(false))
}
