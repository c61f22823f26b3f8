//! The events of a recording.

use polars::prelude::*;
use recording::Timestamp;
use recording::vocabulary::EventKind;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::values::{integers, texts};
use crate::summary::EventSummary;
use crate::summary::series::Mark;

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
