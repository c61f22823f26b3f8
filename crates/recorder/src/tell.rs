//! What happens around the operations, told to everybody who hears of it: the recording, the log, the live view.

use std::sync::Arc;

use recording::vocabulary::{EventKind, Path};
use recording::{Clock, Event, Handle};

use crate::live::Monitor;
use crate::logfile::Log;

/// Those who hear of what happens.
#[derive(Clone)]
pub(crate) struct Teller {
    /// The recording.
    pub handle: Handle,
    /// Its clock.
    pub clock: Clock,
    /// The live view.
    pub monitor: Arc<Monitor>,
    /// The log.
    pub log: Arc<Log>,
}

impl Teller {
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
}
