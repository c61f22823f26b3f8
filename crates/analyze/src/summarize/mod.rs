//! From a recording to its summary and its series.

mod endpoints;
mod headline;
mod heard;
mod path;
mod series;
mod service;

use std::collections::BTreeMap;

use recording::vocabulary::Path;
use recording::{ScheduleLag, Table};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::load::range::Cut;
use crate::metrics::{comparison, effects, failovers};
use crate::reduce::operations::PathOperations;
use crate::reduce::pauses::Pauses;
use crate::reduce::survey::{self, Survey};
use crate::reduce::{attempts, audit, availability, events};
use crate::summarize::path::PathAnalyzer;
use crate::summary::series::Series;
use crate::summary::{
    Comparison, DEFINITIONS, LeftOut, NotBegun, PartSummary, PathSummary, RecordingProgress,
    RecordingSummary, Span, Summary, Thresholds,
};

/// A recording, analyzed, with what charts are drawn from.
#[derive(Debug, Clone)]
pub struct Analysis {
    pub summary: Summary,
    /// What charts are drawn from.
    pub series: Series,
}

/// Makes every figure of a recording.
///
/// # Errors
/// [`AnalyzeError`] where the recording can't be read or holds no operation.
pub fn analyze(loaded: &Loaded, thresholds: Thresholds) -> Result<Analysis, AnalyzeError> {
    loaded.as_far_as_it_decodes(|loaded| {
        let (summary, series) = figures(loaded, thresholds, true)?;
        Ok(Analysis { summary, series })
    })
}

/// Makes every figure of a recording, without what only charts need.
///
/// # Errors
/// As [`analyze`].
pub fn summarize(loaded: &Loaded, thresholds: Thresholds) -> Result<Summary, AnalyzeError> {
    loaded.as_far_as_it_decodes(|loaded| Ok(figures(loaded, thresholds, false)?.0))
}

fn figures(
    loaded: &Loaded,
    thresholds: Thresholds,
    for_charts: bool,
) -> Result<(Summary, Series), AnalyzeError> {
    let events = events::events(loaded)?;
    let Survey {
        mut paths,
        last_rows,
        left_out,
        end,
    } = survey::survey(loaded, &events, &thresholds)?;
    let span = loaded.span(end)?;
    let pauses = events::pauses(&events, &span);
    let audited = audit::read(loaded);
    let (mut summaries, mut series, mut not_begun) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths_of(loaded, &last_rows) {
        // In a recording without an end each path reaches as far as its own rows: parts are sealed path by path.
        let end = last_rows.get(path).copied().unwrap_or(end);
        let span_of_path = loaded.span(end)?;
        let scan = paths.remove(path).unwrap_or_default();
        let analyzer = PathAnalyzer {
            loaded,
            operations: PathOperations::new(loaded, *path, scan),
            path: *path,
            span: span_of_path,
            events: &events,
            attempts: attempts::read(loaded, *path)?,
            questions: availability::read(loaded, *path, &span_of_path)?,
            pauses: Pauses::new(pauses.clone()),
            thresholds: &thresholds,
            is_partial: is_partial(&loaded.without_damage_elsewhere(*path), &left_out),
            is_left_out: !last_rows.contains_key(path) && loaded.is_damaged_on(*path),
            may_lack_increments: false,
            charts: for_charts.then_some(span),
        };
        let waiting = analyzer.operations.not_begun();
        let (summary, of_path) = analyzer.run_audited(audited.on(*path))?;
        not_begun.extend(not_begun_of(*path, waiting, &summary));
        summaries.push(summary);
        series.extend(of_path);
    }
    let series = Series {
        origin_us: loaded.manifest().start_time.micros(),
        start_us: span.start.micros(),
        end_us: span.end.micros(),
        triggers_us: events::triggers_us(&events),
        pauses: pauses.clone(),
        marks: events::marks(&events),
        paths: series,
    };
    let recording = describe(loaded, &span, left_out, not_begun);
    let failovers = failovers::failovers(&summaries);
    effects::put_together(&mut summaries, &failovers);
    let summary = Summary {
        definitions: DEFINITIONS,
        recording,
        thresholds,
        events,
        pauses,
        audit: audited.summary,
        failovers,
        comparison: compared(&summaries),
        paths: summaries,
    };
    Ok((summary, series))
}

/// The paths that are analyzed: those that were recorded, and are in the part that is read.
fn paths_of(
    loaded: &Loaded,
    last_rows: &BTreeMap<Path, i64>,
) -> impl Iterator<Item = &'static Path> {
    let recorded = loaded.manifest().mode.paths();
    let is_recorded = |path: &Path| recorded.contains(path) || last_rows.contains_key(path);
    let is_read = move |path: &&Path| is_recorded(path) && loaded.cut().has_path(**path);
    Path::ALL.iter().filter(is_read)
}

fn compared(paths: &[PathSummary]) -> Option<Comparison> {
    match paths {
        [direct, proxy] => Some(comparison::compare(direct, proxy)),
        _ => None,
    }
}

/// True where operations are missing: rows were dropped, parts are damaged, words are unknown, or it is not
/// known which operations were in flight when the recorder ended. Downtimes are lower bounds then.
fn is_partial(loaded: &Loaded, left_out: &[LeftOut]) -> bool {
    let manifest = loaded.manifest();
    let table = Table::Operations.as_str();
    let dropped = manifest.dropped_rows.get(table);
    // `operations/direct-00001.parquet`, `journal/operations.direct-00001.arrows`
    let of_operations = |file: &str| {
        let name = file.strip_prefix("journal/").unwrap_or(file);
        name.starts_with(table)
    };
    loaded.duration_us().is_none()
        || loaded.has_damaged_journals()
        || dropped.is_some_and(|rows| *rows > 0)
        || !left_out.is_empty()
        || loaded
            .damaged()
            .iter()
            .any(|part| of_operations(&part.file))
}

/// What part of the recording the figures are of, where it is not the whole.
fn part(loaded: &Loaded) -> Option<PartSummary> {
    let cut = loaded.cut();
    (*cut != Cut::WHOLE).then(|| PartSummary {
        recording_start_time: loaded.manifest().start_time,
        recording_duration_us: loaded.duration_us(),
        is_timed: cut.time().is_some(),
        path: cut.path.map(|path| path.as_str().to_owned()),
        types: cut
            .kinds()
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect(),
    })
}

fn describe(
    loaded: &Loaded,
    span: &Span,
    left_out: Vec<LeftOut>,
    not_begun: Vec<NotBegun>,
) -> RecordingSummary {
    let manifest = loaded.manifest().clone();
    RecordingSummary {
        run_id: manifest.run_id,
        host: manifest.host,
        tool_version: manifest.tool_version,
        state: manifest.state,
        progress: RecordingProgress::new(manifest.state, loaded.is_being_written()),
        start_time: span.start,
        duration_us: span.length_us(),
        part: part(loaded),
        requested_duration_us: manifest.requested_duration_us,
        mode: manifest.mode,
        workers: manifest.workers,
        weights: manifest.weights,
        workload: manifest.workload,
        schedule: manifest.schedule,
        warm_up_us: manifest.warm_up_us,
        schedule_lag: lag_of(loaded, manifest.schedule_lag),
        not_begun,
        seed: manifest.seed,
        protocol: manifest.protocol,
        pool: manifest.pool,
        timeouts: manifest.timeouts,
        connection: manifest.connection,
        probe_interval_us: manifest.probe_interval_us,
        availability: manifest.availability,
        max_tps_per_1000: manifest.max_tps_per_1000,
        endpoints: manifest.endpoints,
        servers: manifest.servers,
        labels: manifest.labels,
        failover: manifest.failover,
        load: manifest.load,
        dropped_rows: manifest.dropped_rows,
        write_failures: manifest.write_failures,
        journal_rows: loaded.journal_rows(),
        unread_bytes: loaded.unread_bytes(),
        damaged_bytes: loaded.damaged_bytes(),
        damaged_parts: loaded.damaged().to_vec(),
        is_partial: is_partial(loaded, &left_out),
        left_out,
        clock_drift_us: manifest.clock.drift_us,
        clock_offsets: manifest.clock.offsets,
    }
}

/// What of a path had not begun when the recording ended, where anything had not.
fn not_begun_of(path: Path, operations: u64, summary: &PathSummary) -> Option<NotBegun> {
    (operations > 0).then_some(NotBegun {
        path,
        operations,
        total: summary.overall.total,
    })
}

/// Of the paths that are read.
fn lag_of(loaded: &Loaded, mut lags: Vec<ScheduleLag>) -> Vec<ScheduleLag> {
    lags.retain(|lag| loaded.cut().has_path(lag.path));
    lags
}

#[cfg(test)]
mod tests;
