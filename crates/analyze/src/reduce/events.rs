//! The events of a recording.

use polars::prelude::*;
use recording::Timestamp;
use recording::vocabulary::EventKind;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::values::{integers, texts};
use crate::summary::series::Mark;
use crate::summary::{EventSummary, Span};

/// What is shorter is no pause, microseconds.
const SHORTEST_PAUSE_US: i64 = 100_000;

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
    let durations = integers(frame, "duration_us")?;
    let statuses = integers(frame, "status")?;
    let details = texts(frame, "detail")?;
    let event = |row: usize| EventSummary {
        time: Timestamp(times[row].unwrap_or_default()),
        path: paths[row].map(str::to_owned),
        event: kinds[row].unwrap_or_default().to_owned(),
        duration_us: durations[row],
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

/// Pauses of the recorder within the recording, in order; those that touch are one.
pub(crate) fn pauses(events: &[EventSummary], recording: &Span) -> Vec<Span> {
    let paused = EventKind::ClientPaused.as_str();
    let mut pauses: Vec<Span> = Vec::new();
    for event in events.iter().filter(|event| event.event == paused) {
        let start = event.time.max(recording.start);
        let length_us = event.duration_us.unwrap_or(0);
        if length_us < SHORTEST_PAUSE_US {
            continue;
        }
        let end = Timestamp(event.time.micros() + length_us).min(recording.end);
        match pauses.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ if start < end => pauses.push(Span { start, end }),
            _ => {}
        }
    }
    pauses
}
