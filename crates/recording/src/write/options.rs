//! The options of a writer, its messages, and its summary.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::clock::Clock;
use crate::format::layout::Table;
use crate::format::manifest::{State, WriteFailure};
use crate::format::rows::{AvailabilityProbe, Connection, Event, Load, Operation, Probe};

/// When parts are sealed, and how far the writer may fall behind.
#[derive(Debug, Clone, Copy)]
pub struct WriterOptions {
    /// A part is sealed when it holds this many rows.
    pub seal_rows: u64,
    /// A part is sealed when it is this old.
    pub seal_age: Duration,
    /// Rows are encoded and handed to the operating system at least this often: a kill loses no more than that and the time of the
    /// flush itself.
    pub flush_interval: Duration,
    /// Journals are made durable against a power cut at least this often; a kill of the recorder reaches no flushed row.
    pub sync_interval: Duration,
    /// Rows that may wait for the writer; more are dropped and counted.
    pub queue_rows: usize,
    /// Memory for the backlog, rows that the disk refused, compressed, bytes; more are dropped and counted.
    pub backlog_bytes: usize,
    /// The recording's clock. With it each flush writes a checkpoint of the operations in flight; without it, a killed recording
    /// reaches as far as its rows.
    pub clock: Option<Clock>,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            seal_rows: 1_000_000,
            seal_age: Duration::from_secs(600),
            // Half of the second that a kill may cost: a busy machine flushes late.
            flush_interval: Duration::from_millis(500),
            sync_interval: Duration::from_secs(5),
            queue_rows: 65_536,
            backlog_bytes: 32 << 20,
            clock: None,
        }
    }
}

/// How a recording ended.
#[derive(Debug, Clone, Copy)]
pub struct Completion {
    /// `complete` or `interrupted`.
    pub state: State,
    /// How long the workload ran, microseconds.
    pub duration_us: i64,
    /// The wall clock's lead over the recording's clock, microseconds.
    pub drift_us: i64,
}

/// How many rows were written, and how many were lost.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Rows in sealed parts, by table.
    pub rows: BTreeMap<Table, u64>,
    /// Rows lost, by table.
    pub dropped: BTreeMap<Table, u64>,
    /// Rows of parts that could not be sealed: `recover` finds them in their journals.
    pub journal_rows: u64,
    /// When the disk refused writes, and for how long.
    pub failures: Vec<WriteFailure>,
    /// Why the folder does not hold all of it, if it does not.
    pub error: Option<String>,
}

impl Summary {
    /// True where every row is in a sealed part that the manifest names.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.error.is_none() && self.dropped.values().all(|rows| *rows == 0)
    }
}

/// A message to the writer's thread.
pub(crate) enum Message {
    Operation(Operation),
    Connection(Box<Connection>),
    Probe(Box<Probe>),
    Availability(Box<AvailabilityProbe>),
    Event(Box<Event>),
    Load(Box<Load>),
    /// The manifest is to be changed.
    Manifest,
    Seal,
    /// All that was handed over before this is taken.
    Taken(Arc<AtomicBool>),
    Finish(Completion),
}
