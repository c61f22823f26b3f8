//! How the connections of a path are kept and made anew.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use recording::vocabulary::ErrorClass;

use crate::classify;
use crate::pool::backoff::Backoff;

/// What becomes of a connection that answers 25006.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnReadOnly {
    /// Drop it; the next operation looks the name up and connects
    #[default]
    Reconnect,
    /// Keep it in the pool, as most pools do: while it is connected to a demoted writer, every write on it fails
    Keep,
}

impl OnReadOnly {
    /// The word of the command line and of the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reconnect => "reconnect",
            Self::Keep => "keep",
        }
    }

    /// True where a connection that answered so must not be used again.
    #[must_use]
    pub const fn ends_connection(self, class: ErrorClass) -> bool {
        match (self, class) {
            (Self::Keep, ErrorClass::ReadOnly) => false,
            _ => classify::ends_connection(class),
        }
    }
}

/// The pool's settings, apart from its size and the time that an operation waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// Idle connections that are kept ready.
    pub min_idle: u32,
    /// Maximum lifetime of a connection.
    pub max_lifetime: Option<Duration>,
    /// How long a connection is idle before it is validated on checkout.
    pub idle_check: Option<Duration>,
    /// What becomes of a connection that answers 25006.
    pub on_read_only: OnReadOnly,
    /// The wait after failed attempts to connect.
    pub backoff: Backoff,
}

impl fmt::Display for PoolSettings {
    /// For the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |time: Option<Duration>| match time {
            Some(time) => format!("{time:?}"),
            None => "none".to_owned(),
        };
        write!(
            f,
            "pool: minimum idle {}, maximum lifetime {}, validate on checkout after {} idle, on read-only {}, back-off {:?} to {:?}",
            self.min_idle,
            or_none(self.max_lifetime),
            or_none(self.idle_check),
            self.on_read_only.as_str(),
            self.backoff.min,
            self.backoff.max
        )
    }
}
