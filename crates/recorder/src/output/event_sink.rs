//! What happens around the operations, told to everybody who hears of it: the recording, the log, the live view.

use std::sync::Arc;

use recording::vocabulary::{EventKind, Path};
use recording::{Clock, Event, Handle};

use crate::monitor::Monitor;
use crate::output::log::Log;

/// Those who hear of what happens.
#[derive(Clone)]
pub(crate) struct EventSink {
    /// The recording.
    pub handle: Handle,
    /// Its clock.
    pub clock: Clock,
    /// The live view.
    pub monitor: Arc<Monitor>,
    /// The log.
    pub log: Arc<Log>,
}

impl EventSink {
    /// Tells of an event at `time_us`, microseconds on the recording's clock. The detail must hold no secret. Never waits.
    pub(crate) fn event(&self, time_us: i64, path: Option<Path>, kind: EventKind, detail: String) {
        let line = match path {
            Some(path) => format!("{path}: {kind}: {detail}"),
            None => format!("{kind}: {detail}"),
        };
        self.log.line(&line);
        self.monitor.note(line);
        self.handle.event(Event {
            time: time_us,
            path,
            kind,
            status: None,
            detail,
        });
    }

    /// Makes an event of it, a line of the log and one above the live view.
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
            status,
            detail,
        });
    }
}
