//! The attempts to connect on a path, counted.

use std::collections::BTreeMap;

use polars::prelude::*;
use recording::vocabulary::Path;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::error_counts::{self, Counted};
use crate::reduce::values::{booleans, integers, texts};
use crate::stats::percentile;
use crate::summary::{ConnectError, ConnectionFigures, ConnectionSummary, Span};

/// An address, and the port where it is known.
type Address<'f> = (&'f str, Option<i64>);

/// An attempt. Times are UTC microseconds.
struct Attempt<'f> {
    /// When it began; what began before the recording counts at its start.
    start_us: i64,
    end_us: i64,
    is_success: bool,
    /// `None` where it did not fail: without a class, the end of the recording cut it off.
    class: Option<&'f str>,
    phase: Option<&'f str>,
    sqlstate: Option<&'f str>,
    message: Option<&'f str>,
    /// Where it led to.
    led_to: Option<Address<'f>>,
    /// Who answered.
    server: Option<Address<'f>>,
    took_us: i64,
}

/// The attempts to connect on a path; `episodes` are those of the headline's group, in order.
pub(crate) fn connections(
    loaded: &Loaded,
    path: Path,
    recording: &Span,
    episodes: &[Span],
) -> Result<ConnectionSummary, AnalyzeError> {
    let Some(frame) = loaded.connections()? else {
        return Ok(ConnectionSummary::default());
    };
    let of_path = frame.filter(col("path").eq(lit(path.as_str())));
    let frame = loaded.collect(of_path.sort(["end_time"], SortMultipleOptions::default()))?;
    let attempts = read_frame(&frame, recording).map_err(|source| loaded.read_error(source))?;
    Ok(summary(&attempts, recording, episodes))
}

fn read_frame<'f>(frame: &'f DataFrame, recording: &Span) -> PolarsResult<Vec<Attempt<'f>>> {
    let starts = integers(frame, "start_time")?;
    let ends = integers(frame, "end_time")?;
    let successes = booleans(frame, "success")?;
    let classes = texts(frame, "error_class")?;
    let phases = texts(frame, "error_phase")?;
    let codes = texts(frame, "sqlstate")?;
    let messages = texts(frame, "error_message")?;
    let led_to = texts(frame, "endpoint_address")?;
    let led_to_ports = integers(frame, "endpoint_port")?;
    let addresses = texts(frame, "server_address")?;
    let ports = integers(frame, "server_port")?;
    let attempt = |row: usize| {
        let (start_us, end_us) = (starts[row]?, ends[row]?);
        Some(Attempt {
            start_us: start_us.max(recording.start.micros()),
            end_us,
            is_success: successes[row] == Some(true),
            class: classes[row],
            phase: phases[row],
            sqlstate: codes[row],
            message: messages[row],
            led_to: led_to[row].map(|address| (address, led_to_ports[row])),
            server: addresses[row].map(|address| (address, ports[row])),
            took_us: end_us - start_us,
        })
    };
    Ok((0..frame.height()).filter_map(attempt).collect())
}

fn summary(attempts: &[Attempt<'_>], recording: &Span, episodes: &[Span]) -> ConnectionSummary {
    let mut answered: Vec<Address<'_>> = Vec::new();
    for attempt in attempts.iter().filter(|attempt| attempt.is_success) {
        let server = attempt.server.filter(|server| !answered.contains(server));
        answered.extend(server);
    }
    let mut took_us = times_of(attempts.iter());
    took_us.sort_unstable();
    let healthy = Span::without(&[*recording], episodes);
    let first_us = episodes.first().map(|first| first.start);
    let (before, after): (Vec<Span>, Vec<Span>) = healthy
        .into_iter()
        .partition(|span| first_us.is_none_or(|first| span.start < first));
    let of = |spans: &[Span]| figures(attempts, recording, spans);
    ConnectionSummary {
        attempts: attempts.len() as u64,
        failed: failed(attempts.iter()),
        p50_us: percentile::of_sorted(&took_us, 0.5),
        max_us: took_us.last().copied(),
        addresses: answered.iter().map(with_port).collect(),
        before: of(&before),
        during: first_us.map(|_| of(episodes)),
        after: first_us.map(|_| of(&after)),
        errors: errors(attempts),
    }
}

fn with_port((address, port): &Address<'_>) -> String {
    port.map_or((*address).to_owned(), |port| format!("{address}:{port}"))
}

fn failed<'a>(attempts: impl Iterator<Item = &'a Attempt<'a>>) -> u64 {
    let failed = |attempt: &&Attempt<'_>| !attempt.is_success && attempt.class.is_some();
    attempts.filter(failed).count() as u64
}

fn times_of<'a>(attempts: impl Iterator<Item = &'a Attempt<'a>>) -> Vec<i64> {
    let successes = attempts.filter(|attempt| attempt.is_success);
    successes.map(|attempt| attempt.took_us).collect()
}

/// Of the attempts that began in the spans, [start, end), which are in order and apart.
fn figures(attempts: &[Attempt<'_>], recording: &Span, spans: &[Span]) -> ConnectionFigures {
    let is_in = |attempt: &&Attempt<'_>| {
        let at_us = attempt.start_us;
        let ended = spans.partition_point(|span| span.end.micros() <= at_us);
        spans
            .get(ended)
            .is_some_and(|span| span.start.micros() <= at_us)
    };
    let began: Vec<&Attempt<'_>> = attempts.iter().filter(is_in).collect();
    let mut seconds: BTreeMap<i64, u64> = BTreeMap::new();
    for attempt in &began {
        let second = (attempt.start_us - recording.start.micros()) / 1_000_000;
        *seconds.entry(second).or_insert(0) += 1;
    }
    let mut took_us = times_of(began.iter().copied());
    took_us.sort_unstable();
    let span_us: i64 = spans.iter().map(Span::length_us).sum();
    ConnectionFigures {
        span_us,
        attempts: began.len() as u64,
        failed: failed(began.iter().copied()),
        per_second: (span_us > 0).then(|| began.len() as f64 * 1e6 / span_us as f64),
        most_in_a_second: seconds.values().copied().max().unwrap_or(0),
        p50_us: percentile::of_sorted(&took_us, 0.5),
        p95_us: percentile::of_sorted(&took_us, 0.95),
        max_us: took_us.last().copied(),
    }
}

/// Most frequent first.
fn errors(attempts: &[Attempt<'_>]) -> Vec<ConnectError> {
    let led_to = attempts.iter().filter_map(|attempt| attempt.led_to);
    let names: BTreeMap<Address<'_>, String> = led_to
        .map(|address| (address, with_port(&address)))
        .collect();
    let mut phases: BTreeMap<&str, Vec<Counted<'_>>> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| !attempt.is_success) {
        let Some(class) = attempt.class else { continue };
        let name = attempt.led_to.and_then(|address| names.get(&address));
        let of_phase = phases.entry(attempt.phase.unwrap_or_default());
        of_phase.or_default().push(Counted {
            class,
            sqlstate: attempt.sqlstate,
            end_us: attempt.end_us,
            message: attempt.message,
            server: name.map(String::as_str),
        });
    }
    let of_phase = |(phase, counted): (&str, Vec<Counted<'_>>)| {
        let errors = error_counts::of_each(counted.into_iter()).into_iter();
        let phase = phase.to_owned();
        errors.map(move |error| ConnectError {
            phase: phase.clone(),
            error,
        })
    };
    let mut errors: Vec<ConnectError> = phases.into_iter().flat_map(of_phase).collect();
    errors.sort_by_key(|of| std::cmp::Reverse(of.error.count));
    errors
}
