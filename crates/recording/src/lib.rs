//! The recording on disk: `recorder` writes it, `analyze` reads it, and this crate is all that the two share.
//!
//! A recording is a folder: `manifest.json` states what, where and when; each table is a sub-folder of sealed, immutable
//! Parquet parts that any engine reads as they are. This crate knows neither PostgreSQL nor data frames.
//!
//! Conventions on disk: points in time are UTC microseconds since 1970 (`timestamp[us, UTC]`), durations are plain 64-bit
//! microseconds in columns named `*_us`, absent is null, words are lower-case UTF-8 from [`vocabulary`].
#![warn(missing_docs)]

mod audit;
mod clock;
mod encoding;
mod format;
mod read;
mod recover;
mod verify;
mod write;

/// `FORMAT.md`: what is in the folder, and what each column of each table means.
pub const FORMAT_PAGE: &str = include_str!("../FORMAT.md");

pub use audit::{AUDIT_FILE, Audit, Finding, PathAudit, SumAudit, identity_prefix, path_token};
pub use clock::Clock;
pub use encoding::catch_panic::{Panicked, guarded};
pub use format::clock_record::{ClockOffset, ClockRecord};
pub use format::error::{OpenError, WriteError};
pub use format::layout::{FORMAT_VERSION, MANIFEST_FILE, RunId, Table};
pub use format::manifest::{Manifest, Mode, PartRecord, Server, State, WriteFailure};
pub use format::rows::{
    AvailabilityProbe, ConnectFailure, Connection, DnsAnswer, Event, Failure, Load, Operation,
    Probe, ProbeFailure, Target,
};
pub use format::schema::{availability, connections, events, findings, load, operations, probes};
pub use format::settings::{
    Arrival, AvailabilitySettings, Baseline, ConnectionSettings, Endpoint, Failover, LoadSettings,
    MoreHost, PathBaseline, Pool, Schedule, ScheduleLag, Timeouts, Weights,
};
pub use format::timestamp::Timestamp;
pub use format::vocabulary;
pub use format::workload::{OperationRecord, WorkloadRecord};
pub use read::in_flight::Checkpoint;
pub use read::integrity::DamagedPart;
pub use read::journal::{Unsealed, write_parquet};
pub use read::rows::{ConnectionRow, OperationRow};
pub use read::{Recording, find};
pub use recover::{RecoverError, Recovered, recover};
pub use verify::{JournalFound, Verification, verify};
pub use write::options::{Completion, Summary, WriterOptions};
pub use write::same_file::is_there as is_same_file;
pub use write::{Handle, RecordingWriter, Slot};
