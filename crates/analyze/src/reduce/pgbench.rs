//! What pgbench did on a path.

use polars::prelude::*;
use recording::vocabulary::{EventKind, Path};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::values::{integers, numbers};
use crate::summary::{EventSummary, LoadFigures, LoadSummary, Span};

/// One line of pgbench's progress.
struct ProgressLine {
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

fn read_progress(frame: &DataFrame) -> PolarsResult<Vec<ProgressLine>> {
    let times = integers(frame, "time")?;
    let tps = numbers(frame, "tps")?;
    let latencies = integers(frame, "latency_us")?;
    let line = |row: usize| {
        Some(ProgressLine {
            time_us: times[row]?,
            tps: tps[row]?,
            latency_us: latencies[row],
        })
    };
    Ok((0..frame.height()).filter_map(line).collect())
}

/// Means over some spans. A progress line is about the second before it and counts for the part of that second in the spans;
/// a second of which no line came had no transaction.
fn figures(lines: &[ProgressLine], spans: &[Span]) -> LoadFigures {
    let inside_us = |line: &ProgressLine| -> i64 {
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
