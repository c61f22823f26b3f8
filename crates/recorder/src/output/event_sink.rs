//! Events: a row of the recording, a line of the log, a note above the live view.

use std::sync::Arc;

use recording::vocabulary::{EventKind, Path};
use recording::{Clock, Event, Handle};

use crate::monitor::Monitor;
use crate::output::log::Log;

/// A shorter pause of the recorder is a row only: a busy host makes several a second.
const NOTED_PAUSE_US: i64 = 1_000_000;

/// Where events go.
#[derive(Clone)]
pub(crate) struct EventSink {
    pub handle: Handle,
    pub clock: Clock,
    /// Behind the live view.
    pub monitor: Arc<Monitor>,
    pub log: Arc<Log>,
}

impl EventSink {
    /// Records an event at `time_us`, microseconds on the recording's clock. The detail must hold no secret. Never waits: false where the
    /// row was dropped and counted.
    pub(crate) fn event(
        &self,
        time_us: i64,
        path: Option<Path>,
        kind: EventKind,
        detail: String,
    ) -> bool {
        let row = Event {
            time: time_us,
            path,
            kind,
            duration_us: None,
            status: None,
            detail,
        };
        self.note(&row);
        self.handle.event(row)
    }

    /// As [`EventSink::event`]; but an event that finds the queue full leaves no trace, and the caller tries again.
    pub(crate) fn try_event(&self, time_us: i64, kind: EventKind, detail: String) -> bool {
        let row = Event {
            time: time_us,
            path: None,
            kind,
            duration_us: None,
            status: None,
            detail,
        };
        let is_taken = self.handle.try_event(row.clone());
        if is_taken {
            self.note(&row);
        }
        is_taken
    }

    /// Records a pause of the recorder, microseconds on the recording's clock. Never waits.
    pub(crate) fn pause(&self, from_us: i64, duration_us: i64) {
        let detail = format!("{:.3} s", duration_us as f64 / 1e6);
        if duration_us >= NOTED_PAUSE_US {
            self.log
                .line(&format!("{}: {detail}", EventKind::ClientPaused));
            self.monitor
                .note(format!("the recorder was paused for {detail}"));
        }
        self.handle.event(Event {
            time: from_us,
            path: None,
            kind: EventKind::ClientPaused,
            duration_us: Some(duration_us),
            status: None,
            detail,
        });
    }

    fn note(&self, row: &Event) {
        let (kind, detail) = (row.kind, &row.detail);
        let line = match row.path {
            Some(path) => format!("{path}: {kind}: {detail}"),
            None => format!("{kind}: {detail}"),
        };
        self.log.line(&line);
        self.monitor.note(line);
    }

    /// Records an event, now, of a command of the user's or of the campaign; the live view shows it in words.
    pub(crate) fn command(&self, kind: EventKind, status: Option<i32>, detail: String) {
        self.log.line(&format!("{kind}: {detail}"));
        self.monitor.note(match kind {
            EventKind::FailoverTriggered => format!("failover command started: {detail}"),
            EventKind::FailoverTriggerFinished => format!("failover command {detail}"),
            EventKind::HealTriggered => format!("heal command started: {detail}"),
            EventKind::HealTriggerFinished => format!("heal command {detail}"),
            EventKind::CampaignStopped => format!("no further failover: {detail}"),
            _ => detail.clone(),
        });
        let time = self.clock.now_us();
        self.handle.event(Event {
            time,
            path: None,
            kind,
            duration_us: None,
            status,
            detail,
        });
    }
}
