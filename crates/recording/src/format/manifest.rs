//! `manifest.json`: what was recorded, where, how and when.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path as FilePath;

use serde::{Deserialize, Serialize};

use crate::format::clock_record::ClockRecord;
use crate::format::error::{OpenError, WriteError};
use crate::format::layout::{FORMAT_VERSION, MANIFEST_FILE};
use crate::format::settings::{
    AvailabilitySettings, Baseline, ConnectionSettings, Endpoint, Failover, LoadSettings, Pool,
    Schedule, ScheduleLag, Timeouts, Weights,
};
use crate::format::timestamp::Timestamp;
use crate::format::vocabulary::Path;
use crate::format::workload::WorkloadRecord;

/// The state of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In progress, or its recorder was killed.
    Recording,
    /// Ended as asked, its whole duration recorded.
    Complete,
    /// Ended early by a signal; every finished operation is there.
    Interrupted,
    /// Killed, and sealed afterwards.
    Recovered,
}

/// Which paths are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Both at the same time.
    Both,
    /// The direct path alone.
    Direct,
    /// The proxied path alone.
    Proxy,
}

impl Mode {
    /// The paths of this mode, in the order of reports.
    #[must_use]
    pub const fn paths(self) -> &'static [Path] {
        match self {
            Self::Both => &[Path::Direct, Path::Proxy],
            Self::Direct => &[Path::Direct],
            Self::Proxy => &[Path::Proxy],
        }
    }
}

/// A server that answered on a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The path on which it answered.
    pub path: Path,
    /// `inet_server_addr()`.
    pub address: Option<String>,
    /// `inet_server_port()`.
    pub port: Option<i32>,
    /// `server_version`.
    pub version: Option<String>,
    /// `pg_is_in_recovery()`: true for a reader.
    pub in_recovery: Option<bool>,
    /// `pg_postmaster_start_time()`.
    pub postmaster_start_time: Option<Timestamp>,
    /// Timeline of the write-ahead log, of a writer that states it: it goes up with each promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<i32>,
    /// `aurora_db_instance_identifier()`, on Aurora.
    pub aurora_instance_identifier: Option<String>,
}

/// A sealed part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRecord {
    /// Relative to the recording's folder, with `/`.
    pub file: String,
    /// Rows in it.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file, hexadecimal: what `sha256sum` prints.
    pub sha256: String,
}

/// A time in which the disk refused writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteFailure {
    /// When it first refused.
    pub from: Timestamp,
    /// When it had taken the whole backlog; absent where it never did.
    pub until: Option<Timestamp>,
    /// The file, and the operating system's first error.
    pub error: String,
}

/// The manifest of a recording.
///
/// A reader of format version 1 needs every field that version 1 has always written: those that are neither optional nor a list
/// or map. Absent ones of the latter are empty, fields that it does not know are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT_VERSION`] of the program that wrote it.
    pub format_version: u32,
    /// Version of that program.
    pub tool_version: String,
    /// Name of the recording.
    pub run_id: String,
    /// Label of the host that recorded.
    pub host: String,
    /// Whether it is in progress, and how it ended.
    pub state: State,
    /// When the workload began.
    pub start_time: Timestamp,
    /// How long it ran, microseconds; absent while it runs.
    pub duration_us: Option<i64>,
    /// How long it was to run, microseconds.
    pub requested_duration_us: Option<i64>,
    /// The clock of all its times.
    pub clock: ClockRecord,
    /// Which paths.
    pub mode: Mode,
    /// Shares of the operation types.
    pub weights: Weights,
    /// The workload, where a file of the user's describes it; null for the built-in shop, and in recordings of older versions.
    #[serde(default)]
    pub workload: Option<WorkloadRecord>,
    /// Concurrent workers per path.
    pub workers: u32,
    /// When operations begin.
    pub schedule: Schedule,
    /// Time at the beginning that is recorded and left out of figures, microseconds; null where none is.
    #[serde(default)]
    pub warm_up_us: Option<i64>,
    /// How late operations began by the recorder's own fault, of each path; only of an open loop that has ended.
    #[serde(default)]
    pub schedule_lag: Vec<ScheduleLag>,
    /// Seed of the paired streams.
    pub seed: u64,
    /// How statements are sent, such as `extended`.
    pub protocol: String,
    /// The pool of each path.
    pub pool: Pool,
    /// The client's limits.
    pub timeouts: Timeouts,
    /// How connections are made and kept; absent in recordings of older versions.
    #[serde(default)]
    pub connection: Option<ConnectionSettings>,
    /// How often each path was probed, microseconds; null where it was not.
    #[serde(default)]
    pub probe_interval_us: Option<i64>,
    /// What was asked of each path to measure its availability; null where nothing was, and in recordings of older versions.
    #[serde(default)]
    pub availability: Option<AvailabilitySettings>,
    /// Most operations per 1,000 seconds that all paths together were allowed; null where nothing limited them.
    #[serde(default)]
    pub max_tps_per_1000: Option<i64>,
    /// Where the paths lead.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// The servers that answered, each once.
    #[serde(default)]
    pub servers: Vec<Server>,
    /// The user's labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What the tables held before the first operation; null where nothing was to be written, and in recordings of older versions.
    #[serde(default)]
    pub baseline: Option<Baseline>,
    /// The failover trigger, where one was given.
    pub failover: Option<Failover>,
    /// pgbench, where it ran.
    pub load: Option<LoadSettings>,
    /// Every sealed part.
    #[serde(default)]
    pub parts: Vec<PartRecord>,
    /// Rows lost, by table; empty where none was.
    #[serde(default)]
    pub dropped_rows: BTreeMap<String, u64>,
    /// When the disk refused writes; the rows waited in memory meanwhile.
    #[serde(default)]
    pub write_failures: Vec<WriteFailure>,
}

impl Manifest {
    /// The manifest of a recording before it begins, by this version of the program. Every time is 0 (1970), and absent where it may
    /// be: `start_time` and `clock` are for the caller to set. The settings are the least that a workload can have: both paths, reads
    /// alone, one worker without think time and one connection per path, no limits. What is optional is absent, lists and maps are empty.
    ///
    /// ```
    /// # use recording::{Manifest, Mode, Timestamp};
    /// let start_time = Timestamp(1_795_380_180_000_000);
    /// let mut manifest = Manifest {
    ///     start_time,
    ///     mode: Mode::Direct,
    ///     workers: 3,
    ///     ..Manifest::new("20261122T204300Z-7f3a", "laptop")
    /// };
    /// manifest.clock.anchor_time = start_time;
    /// ```
    #[must_use]
    pub fn new(run_id: impl Into<String>, host: impl Into<String>) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            run_id: run_id.into(),
            host: host.into(),
            state: State::Recording,
            start_time: Timestamp(0),
            duration_us: None,
            requested_duration_us: None,
            clock: ClockRecord {
                anchor_time: Timestamp(0),
                drift_us: None,
                offsets: Vec::new(),
            },
            mode: Mode::Both,
            weights: Weights {
                read: 100.0,
                write: 0.0,
                transaction: 0.0,
            },
            workload: None,
            workers: 1,
            schedule: Schedule::ClosedLoop {
                min_operation_interval_us: 0,
                max_operation_interval_us: 0,
            },
            warm_up_us: None,
            schedule_lag: Vec::new(),
            seed: 0,
            protocol: "extended".to_owned(),
            pool: Pool { size: 1 },
            timeouts: Timeouts {
                connect_us: 0,
                pool_us: 0,
                operation_us: 0,
            },
            connection: None,
            probe_interval_us: None,
            availability: None,
            max_tps_per_1000: None,
            endpoints: Vec::new(),
            servers: Vec::new(),
            labels: BTreeMap::new(),
            baseline: None,
            failover: None,
            load: None,
            parts: Vec::new(),
            dropped_rows: BTreeMap::new(),
            write_failures: Vec::new(),
        }
    }

    /// Reads the manifest of the recording in `folder`.
    ///
    /// # Errors
    /// [`OpenError`] where there is none, where it is not one, or where a later version wrote it.
    pub fn read(folder: &FilePath) -> Result<Self, OpenError> {
        let path = folder.join(MANIFEST_FILE);
        let bytes = fs::read(&path).map_err(OpenError::io(&path))?;
        let bad = |reason: serde_json::Error| OpenError::BadManifest {
            path: path.clone(),
            reason: reason.to_string(),
        };
        // The version first: what a later version changed is unknown.
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(bad)?;
        if let Some(found) = value
            .get("format_version")
            .and_then(serde_json::Value::as_u64)
            && found > u64::from(FORMAT_VERSION)
        {
            return Err(OpenError::NewerFormat { path, found });
        }
        for (field, keys, is_known) in WORDS {
            let mut words = words_at(&value, keys).into_iter();
            if let Some(word) = words.find(|word| !is_known(word)) {
                return Err(OpenError::UnknownWord {
                    path,
                    field,
                    word: word.to_owned(),
                });
            }
        }
        let manifest: Self = serde_json::from_value(value).map_err(bad)?;
        let lengths = [
            ("duration_us", manifest.duration_us),
            ("requested_duration_us", manifest.requested_duration_us),
        ];
        for (field, length) in lengths {
            if let Some(length) = length.filter(|length| *length < 0) {
                let reason = format!("{field} is {length}, and no length is negative");
                return Err(OpenError::BadManifest { path, reason });
            }
        }
        Ok(manifest)
    }

    /// Replaces the manifest in `folder` atomically: temporary file, fsync, rename, fsync of the folder.
    ///
    /// # Errors
    /// [`WriteError::Io`] with the file that could not be written.
    pub fn write(&self, folder: &FilePath) -> Result<(), WriteError> {
        let path = folder.join(MANIFEST_FILE);
        let temporary = folder.join("manifest.json.tmp");
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|error| WriteError::encode(&path, &error))?;
        bytes.push(b'\n');
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        if let Err(error) = written {
            // Half a manifest is of no use, and a full disk needs its space.
            let _ = fs::remove_file(&temporary);
            return Err(WriteError::io(&temporary)(error));
        }
        fs::rename(&temporary, &path).map_err(WriteError::io(&path))?;
        sync_folder(folder)
    }
}

/// The name of a field of one word, the keys that lead to it, and whether this version knows a word of it.
type WordField = (&'static str, &'static [&'static str], fn(&str) -> bool);

/// Fields of which a later minor version may have more words.
const WORDS: [WordField; 7] = [
    ("state", &["state"], is_word_of::<State>),
    ("mode", &["mode"], is_word_of::<Mode>),
    ("schedule", &["schedule", "kind"], |word| {
        matches!(word, "closed_loop" | "open_loop")
    }),
    ("path", &["endpoints", "path"], is_word_of::<Path>),
    ("path", &["servers", "path"], is_word_of::<Path>),
    ("path", &["clock", "offsets", "path"], is_word_of::<Path>),
    ("path", &["baseline", "paths", "path"], is_word_of::<Path>),
];

/// The words that a field has: of a list, those of all of its entries.
fn words_at<'v>(value: &'v serde_json::Value, keys: &[&str]) -> Vec<&'v str> {
    use serde_json::Value;
    match (value, keys) {
        (Value::Array(entries), _) => {
            let words = entries.iter().flat_map(|entry| words_at(entry, keys));
            words.collect()
        }
        (value, []) => value.as_str().into_iter().collect(),
        (value, [key, rest @ ..]) => {
            let words = value.get(key).map(|value| words_at(value, rest));
            words.unwrap_or_default()
        }
    }
}

fn is_word_of<W: for<'de> Deserialize<'de>>(word: &str) -> bool {
    W::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(word)).is_ok()
}

/// Makes renames in `folder` durable.
pub(crate) fn sync_folder(folder: &FilePath) -> Result<(), WriteError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(WriteError::io(folder))
}
