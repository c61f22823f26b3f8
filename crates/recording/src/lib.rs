//! The recording on disk: what `recorder` writes and `analyze` reads, and all that the two share.
//!
//! A recording is a folder: `manifest.json` says what, where and when; each table is a sub-folder of sealed, immutable
//! Parquet parts that any engine reads as they are. This crate knows neither PostgreSQL nor data frames.
//!
//! Conventions on disk: points in time are UTC microseconds since 1970 (`timestamp[us, UTC]`), durations are plain 64-bit
//! microseconds in columns named `*_us`, absent is null, words are lower-case UTF-8 from [`vocabulary`].

mod ballast;
mod builders;
mod check;
mod clock;
mod clock_record;
mod error;
mod guard;
mod held;
mod journal;
mod layout;
mod lock;
mod manifest;
mod message;
mod packed;
mod part;
mod queued;
mod reader;
mod recover;
mod rows;
mod same_file;
mod schema;
mod settings;
mod shared;
mod stream;
mod streams;
mod timestamp;
mod under_way;
mod unsealed;
mod verify;
pub mod vocabulary;
mod worker;
mod writer;

pub use check::DamagedPart;
pub use clock::Clock;
pub use clock_record::{ClockOffset, ClockRecord};
pub use error::{OpenError, WriteError};
pub use guard::{Panicked, guarded};
pub use layout::{RunId, Table};
pub use manifest::{
    FORMAT_VERSION, MANIFEST_FILE, Manifest, Mode, PartRecord, Server, State, WriteFailure,
};
pub use reader::{Recording, find};
pub use recover::{RecoverError, Recovered, recover};
pub use rows::{
    ConnectFailure, Connection, DnsAnswer, Event, Failure, Load, Operation, Probe, ProbeFailure,
};
pub use schema::{connections, events, load, operations, probes};
pub use settings::{
    ConnectionSettings, Endpoint, Failover, LoadSettings, MoreHost, Pool, Schedule, Timeouts,
    Weights,
};
pub use timestamp::Timestamp;
pub use under_way::UnderWay;
pub use unsealed::{Unsealed, write_parquet};
pub use verify::{JournalFound, Verification, verify};
pub use writer::{Completion, Handle, RecordingWriter, Slot, Summary, WriterOptions};
