//! What was recorded beside the operations: events, connections, pgbench's progress.

use polars::prelude::*;
use recording::Timestamp;
use recording::vocabulary::{EventKind, Path};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::values::{booleans, integers, numbers, texts};
use crate::stats::percentile;
use crate::summary::series::Mark;
use crate::summary::{ConnectionSummary, EventSummary, LoadFigures, LoadSummary, Span};

/// Every event, in order of time.
pub(crate) fn events(loaded: &Loaded) -> Result<Vec<EventSummary>, AnalyzeError> {
    let Some(frame) = loaded.events()? else {
        return Ok(Vec::new());
    };
    let frame = loaded.collect(frame.sort(["time"], SortMultipleOptions::default()))?;
    read_events(&frame).map_err(|source| loaded.read_error(source))
}

fn read_events(frame: &DataFrame) -> PolarsResult<Vec<EventSummary>> {
    let times = integers(frame, "time")?;
    let paths = texts(frame, "path")?;
    let kinds = texts(frame, "event")?;
    let statuses = integers(frame, "status")?;
    let details = texts(frame, "detail")?;
    let event = |row: usize| EventSummary {
        time: Timestamp(times[row].unwrap_or_default()),
        path: paths[row].map(str::to_owned),
        event: kinds[row].unwrap_or_default().to_owned(),
        status: statuses[row].and_then(|status| i32::try_from(status).ok()),
        detail: details[row].unwrap_or_default().to_owned(),
    };
    Ok((0..frame.height()).map(event).collect())
}

/// When the failover was triggered, each time, UTC microseconds.
pub(crate) fn triggers_us(events: &[EventSummary]) -> Vec<i64> {
    let triggered = EventKind::FailoverTriggered.as_str();
    events
        .iter()
        .filter(|event| event.event == triggered)
        .map(|event| event.time.micros())
        .collect()
}

/// The user's own marks.
pub(crate) fn marks(events: &[EventSummary]) -> Vec<Mark> {
    let mark = EventKind::Mark.as_str();
    events
        .iter()
        .filter(|event| event.event == mark)
        .map(|event| Mark {
            time_us: event.time.micros(),
            text: event.detail.clone(),
        })
        .collect()
}

/// The attempts to connect on a path.
pub(crate) fn connections(loaded: &Loaded, path: Path) -> Result<ConnectionSummary, AnalyzeError> {
    let Some(frame) = loaded.connections()? else {
        return Ok(ConnectionSummary::default());
    };
    let of_path = frame.filter(col("path").eq(lit(path.as_str())));
    let frame = loaded.collect(of_path.sort(["end_time"], SortMultipleOptions::default()))?;
    read_connections(&frame).map_err(|source| loaded.read_error(source))
}

fn read_connections(frame: &DataFrame) -> PolarsResult<ConnectionSummary> {
    let starts = integers(frame, "start_time")?;
    let ends = integers(frame, "end_time")?;
    let successes = booleans(frame, "success")?;
    let classes = texts(frame, "error_class")?;
    let addresses = texts(frame, "server_address")?;
    let ports = integers(frame, "server_port")?;
    let mut summary = ConnectionSummary {
        attempts: frame.height() as u64,
        ..ConnectionSummary::default()
    };
    let mut durations = Vec::new();
    for row in 0..frame.height() {
        if successes[row] != Some(true) {
            // Without a class it did not fail: the end of the recording cut it off.
            summary.failed += u64::from(classes[row].is_some());
            continue;
        }
        durations.extend(starts[row].zip(ends[row]).map(|(start, end)| end - start));
        if let Some(address) = addresses[row] {
            let answered =
                ports[row].map_or(address.to_owned(), |port| format!("{address}:{port}"));
            if !summary.addresses.contains(&answered) {
                summary.addresses.push(answered);
            }
        }
    }
    durations.sort_unstable();
    summary.p50_us = percentile::of_sorted(&durations, 0.5);
    summary.max_us = durations.last().copied();
    Ok(summary)
}

/// One line of pgbench's progress.
struct Progress {
    time_us: i64,
    tps: f64,
    latency_us: Option<i64>,
}

/// pgbench on a path before, during and after its episodes; `None` where it did not run there.
pub(crate) fn load(
    loaded: &Loaded,
    path: Path,
    recording: &Span,
    episodes: &[Span],
    events: &[EventSummary],
) -> Result<Option<LoadSummary>, AnalyzeError> {
    let Some(frame) = loaded.load()? else {
        return Ok(None);
    };
    let of_path = frame.filter(col("path").eq(lit(path.as_str())));
    let frame = loaded.collect(of_path.sort(["time"], SortMultipleOptions::default()))?;
    let lines = read_progress(&frame).map_err(|source| loaded.read_error(source))?;
    if lines.is_empty() {
        return Ok(None);
    }
    let restarted = |event: &&EventSummary| {
        event.event == EventKind::LoadRestarted.as_str()
            && event.path.as_deref() == Some(path.as_str())
    };
    let ends = episodes.iter().map(|episode| episode.end);
    let starts = episodes.iter().map(|episode| episode.start);
    // Between two episodes is after the first.
    let healthy: Vec<Span> = std::iter::once(recording.start)
        .chain(ends)
        .zip(starts.chain([recording.end]))
        .map(|(start, end)| Span { start, end })
        .collect();
    Ok(Some(LoadSummary {
        before: figures(&lines, &healthy[..1]),
        during: (!episodes.is_empty()).then(|| figures(&lines, episodes)),
        after: (!episodes.is_empty()).then(|| figures(&lines, &healthy[1..])),
        restarts: events.iter().filter(restarted).count() as u64,
    }))
}

fn read_progress(frame: &DataFrame) -> PolarsResult<Vec<Progress>> {
    let times = integers(frame, "time")?;
    let tps = numbers(frame, "tps")?;
    let latencies = integers(frame, "latency_us")?;
    let line = |row: usize| {
        Some(Progress {
            time_us: times[row]?,
            tps: tps[row]?,
            latency_us: latencies[row],
        })
    };
    Ok((0..frame.height()).filter_map(line).collect())
}

/// Means over some spans. A progress line tells of the second before it and counts for the part of that second in the spans;
/// a second of which no line came had no transaction.
fn figures(lines: &[Progress], spans: &[Span]) -> LoadFigures {
    let inside_us = |line: &Progress| -> i64 {
        let second = Span::new(line.time_us - 1_000_000, line.time_us);
        spans.iter().map(|span| second.overlap_us(span)).sum()
    };
    let mut figures = LoadFigures {
        span_us: spans.iter().map(Span::length_us).sum(),
        ..LoadFigures::default()
    };
    let (mut transactions, mut weight, mut latency_sum) = (0.0, 0.0, 0.0);
    for line in lines {
        let inside = inside_us(line);
        if inside == 0 {
            continue;
        }
        let count = line.tps * inside as f64 / 1e6;
        figures.lines += 1;
        transactions += count;
        if let Some(latency) = line.latency_us {
            weight += count;
            latency_sum += latency as f64 * count;
        }
    }
    figures.tps = (figures.span_us > 0).then(|| transactions * 1e6 / figures.span_us as f64);
    figures.latency_us = (weight > 0.0).then(|| latency_sum / weight);
    figures
}
