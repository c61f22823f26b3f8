//! What was recorded, and how: from the manifest and the events.

use std::collections::BTreeMap;

use recording::vocabulary::Path;
use recording::{
    AvailabilitySettings, ClockOffset, ConnectionSettings, DamagedPart, Endpoint, Failover,
    LoadSettings, Mode, Pool, Schedule, ScheduleLag, Server, State, Table, Timeouts, Timestamp,
    Weights, WorkloadRecord, WriteFailure,
};
use serde::Serialize;

/// What was recorded, and how: from the manifest.
#[derive(Debug, Clone, Serialize)]
pub struct RecordingSummary {
    /// Name of the recording.
    pub run_id: String,
    /// Label of the host that recorded.
    pub host: String,
    pub tool_version: String,
    /// The state in its manifest.
    pub state: State,
    /// What that means, with what is known of its recorder.
    pub progress: RecordingProgress,
    /// When the workload began, or the part of it that the figures are of.
    pub start_time: Timestamp,
    /// How long it ran, or the part is, microseconds. Of a recording without an end: up to its last row.
    pub duration_us: i64,
    /// The part that the figures are of; absent where they are of the whole recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<PartSummary>,
    /// How long it was to run, microseconds.
    pub requested_duration_us: Option<i64>,
    pub mode: Mode,
    pub workers: u32,
    /// Shares of the operation types, per cent.
    pub weights: Weights,
    /// The workload, where it was one of the user's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<WorkloadRecord>,
    /// When operations began.
    pub schedule: Schedule,
    /// Time at the beginning that figures leave out where the user does not say from when they are, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up_us: Option<i64>,
    /// How late the operations of an open loop began by the recorder's own fault, of each path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedule_lag: Vec<ScheduleLag>,
    /// Where operations of an open loop arrived faster than they were served, of each path on which some waited when the recording ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_begun: Vec<NotBegun>,
    /// Seed of the paired streams.
    pub seed: u64,
    /// How statements were sent.
    pub protocol: String,
    pub pool: Pool,
    /// The client's limits.
    pub timeouts: Timeouts,
    /// How connections were made and kept; `None` in recordings from before this was recorded.
    pub connection: Option<ConnectionSettings>,
    /// How often each path was probed, microseconds; `None` where it was not.
    pub probe_interval_us: Option<i64>,
    /// What was asked of each path to measure its availability; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<AvailabilitySettings>,
    /// Most operations per 1,000 seconds that all paths together were allowed; `None` where nothing limited them.
    pub max_tps_per_1000: Option<i64>,
    /// Where the paths led.
    pub endpoints: Vec<Endpoint>,
    /// The servers that answered.
    pub servers: Vec<Server>,
    pub labels: BTreeMap<String, String>,
    pub failover: Option<Failover>,
    /// pgbench, where it ran during the recording.
    pub load: Option<LoadSettings>,
    /// Rows lost while recording, by table; empty where none was.
    pub dropped_rows: BTreeMap<String, u64>,
    /// When the disk refused what was to be written; rows were held in memory meanwhile. Empty where it never did.
    pub write_failures: Vec<WriteFailure>,
    /// Rows that are in the journals of open parts only: in progress, or its recorder was killed.
    pub journal_rows: u64,
    /// Bytes of journals outside of complete batches: what was being written when the recorder died, and what is damaged.
    pub unread_bytes: u64,
    /// Bytes of the operations' journals that had been complete batches, and are none any more.
    pub damaged_bytes: u64,
    /// Parts and journals that are missing or damaged, and so left out; empty where all are whole.
    pub damaged_parts: Vec<DamagedPart>,
    /// Operations that are left out because this version does not know what they are; empty where it knows all.
    pub left_out: Vec<LeftOut>,
    /// True where operations are missing, for one of the reasons above or because the recorder did not write which operations were in flight when
    /// it ended: downtimes are lower bounds.
    pub is_partial: bool,
    /// Drift of the wall clock over the recording, microseconds.
    pub clock_drift_us: Option<i64>,
    /// The database server's clock against this recording's; empty where it was not measured.
    pub clock_offsets: Vec<ClockOffset>,
}

/// A part of a recording: what the user asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartSummary {
    /// When the whole recording began.
    pub recording_start_time: Timestamp,
    /// How long the whole recording is, microseconds; `None` where that is not known.
    pub recording_duration_us: Option<i64>,
    /// A part of its time: from the summary's start time on, as long as its duration.
    pub is_timed: bool,
    /// The only path.
    pub path: Option<String>,
    /// The only types of operations; empty: all.
    pub types: Vec<String>,
}

impl RecordingSummary {
    /// When the whole recording began: offsets are from there.
    #[must_use]
    pub fn whole_start(&self) -> Timestamp {
        let whole = self.part.as_ref().map(|part| part.recording_start_time);
        whole.unwrap_or(self.start_time)
    }

    /// True where the user asked for one path, or some of the time: more than the warm-up is left out.
    #[must_use]
    pub fn is_shortened(&self) -> bool {
        let Some(part) = &self.part else {
            return false;
        };
        let left_out_us = self.start_time.micros() - part.recording_start_time.micros();
        let whole_us = part.recording_duration_us;
        let has_end = whole_us.is_none_or(|us| left_out_us + self.duration_us == us);
        part.path.is_some() || left_out_us != self.warm_up_us.unwrap_or(0) || !has_end
    }

    /// True where a part or a journal of the table is left out as damaged.
    pub(crate) fn lacks_parts_of(&self, table: Table) -> bool {
        let of_table = |file: &str| {
            let name = file.strip_prefix("journal/").unwrap_or(file);
            let rest = name.strip_prefix(table.as_str());
            rest.is_some_and(|rest| rest.starts_with(['/', '.']))
        };
        self.damaged_parts.iter().any(|part| of_table(&part.file))
    }
}

/// How far a recording came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingProgress {
    /// Ended as asked.
    Complete,
    /// Its recorder lives and goes on.
    InProgress,
    /// Without an end, and no recorder on this machine writes it: its recorder was killed, or this is a copy of a recording in
    /// progress.
    Killed,
    /// Ended early by a signal.
    Interrupted,
    /// Killed, and sealed afterwards.
    Recovered,
}

impl RecordingProgress {
    /// From the manifest's state, and whether its recorder lives.
    pub(crate) const fn new(state: State, is_being_written: bool) -> Self {
        match state {
            State::Complete => Self::Complete,
            State::Interrupted => Self::Interrupted,
            State::Recovered => Self::Recovered,
            State::Recording if is_being_written => Self::InProgress,
            State::Recording => Self::Killed,
        }
    }
}

/// Operations of an open loop that arrived, and had not begun when the recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NotBegun {
    pub path: Path,
    /// Those that had not begun.
    pub operations: u64,
    /// All of the path that arrived.
    pub total: u64,
}

/// Operations that are left out of every figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The column because of which.
    pub column: &'static str,
    /// Its word, of a later version; `None` where there is no value.
    pub word: Option<String>,
    pub rows: u64,
}

/// One row of `events`.
#[derive(Debug, Clone, Serialize)]
pub struct EventSummary {
    pub time: Timestamp,
    /// The path that it concerns.
    pub path: Option<String>,
    /// The word on disk.
    pub event: String,
    /// How long it lasted, microseconds; its time is its beginning then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<i64>,
    /// An exit code.
    pub status: Option<i32>,
    pub detail: String,
}
