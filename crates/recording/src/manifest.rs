//! `manifest.json`: what, where, how and when.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path as FilePath;

use serde::{Deserialize, Serialize};

use crate::error::{OpenError, WriteError};
use crate::timestamp::Timestamp;
use crate::vocabulary::Path;

/// The format that this program writes, and the newest that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The file's name in the folder of the recording.
pub const MANIFEST_FILE: &str = "manifest.json";

/// How far a recording has come.
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

/// Shares of the operation types, normalised to add up to 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Reads, per cent.
    pub read: f64,
    /// Writes, per cent.
    pub write: f64,
    /// Transactions, per cent.
    pub transaction: f64,
}

/// When operations begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Schedule {
    /// Each worker waits a think time, uniform between the two, after each operation.
    ClosedLoop {
        /// Shortest think time, microseconds.
        min_operation_interval_us: i64,
        /// Longest think time, microseconds.
        max_operation_interval_us: i64,
    },
    /// Operations arrive at a rate, whatever the workers do.
    OpenLoop {
        /// Arrivals per second and path, in thousandths.
        rate_per_1000_s: i64,
    },
}

/// The connection pool of each path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Connections at most.
    pub size: usize,
}

/// The client's own limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeouts {
    /// On each phase of connecting, microseconds.
    pub connect_us: i64,
    /// On waiting for a slot of the pool, microseconds.
    pub pool_us: i64,
    /// On an operation from its start, microseconds.
    pub operation_us: i64,
}

/// Where a path leads, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The path.
    pub path: Path,
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// libpq's word: disable, prefer, require, verify-ca, verify-full.
    pub sslmode: String,
    /// True for the endpoint that only the reads of the path go to.
    #[serde(default)]
    pub reader: bool,
    /// The hosts that an attempt to connect tries after the first, where the endpoint has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_hosts: Vec<MoreHost>,
    /// Which of the servers will do, libpq's word; absent where any will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_session_attrs: Option<String>,
}

impl Endpoint {
    /// Every host with its port, in the order in which they are tried.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, u16)> {
        let more = self.more_hosts.iter();
        std::iter::once((self.host.as_str(), self.port))
            .chain(more.map(|more| (more.host.as_str(), more.port)))
    }
}

/// One of several hosts of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoreHost {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// How connections are made and kept. Each of these decides what a downtime looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionSettings {
    /// Silence after which TCP asks whether the peer is there, microseconds; null where the system decides.
    pub tcp_keepalive_idle_us: Option<i64>,
    /// Time between two such questions, microseconds; null where the system decides.
    pub tcp_keepalive_interval_us: Option<i64>,
    /// Unanswered questions after which the connection is lost; null where the system decides.
    pub tcp_keepalive_count: Option<u32>,
    /// How long sent bytes may stay unacknowledged before the connection is lost, microseconds; null where the system decides.
    pub tcp_user_timeout_us: Option<i64>,
    /// How long an answer of the name server was kept at least, microseconds; absent where its TTL decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_cache_us: Option<i64>,
    /// Idle connections that the pool keeps ready, where it can.
    pub pool_min_idle: u32,
    /// Age at which a connection is replaced, microseconds; null for never.
    pub pool_max_lifetime_us: Option<i64>,
    /// Idleness after which a connection is asked whether it lives before an operation gets it, microseconds; null for never.
    pub pool_idle_check_us: Option<i64>,
    /// What becomes of a connection that answers 25006: `reconnect` or `keep`.
    pub on_read_only: String,
    /// Shortest wait after a failed attempt to connect, microseconds; 0 for none.
    pub reconnect_backoff_min_us: i64,
    /// Longest wait after failed attempts to connect, microseconds.
    pub reconnect_backoff_max_us: i64,
}

/// Who answered on a path.
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
    /// `aurora_db_instance_identifier()`, on Aurora.
    pub aurora_instance_identifier: Option<String>,
}

/// The user's own trigger of the failover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failover {
    /// The command, passwords in it replaced.
    pub command: String,
    /// When after the recording's start it was to run first, microseconds.
    pub after_us: i64,
    /// Shortest time from one run to the next, microseconds; null where it was to run once.
    #[serde(default)]
    pub every_us: Option<i64>,
    /// How often it was to run at most; null where the duration alone decides, or where it was to run once.
    #[serde(default)]
    pub count: Option<u32>,
    /// What leads back to a healthy cluster after each run, passwords in it replaced.
    #[serde(default)]
    pub heal_command: Option<String>,
    /// How long every path had to be healthy before the next run, microseconds.
    #[serde(default)]
    pub settle_us: Option<i64>,
}

/// pgbench beside the workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadSettings {
    /// pgbench's clients per path.
    pub clients: u32,
    /// pgbench's threads per path.
    pub jobs: u32,
    /// pgbench's scale factor.
    pub scale: u32,
    /// tpc-b, read-only or custom.
    pub mode: String,
    /// Load before the recording's start, microseconds.
    pub warmup_us: i64,
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

/// The recording's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRecord {
    /// The wall clock's time at the anchor.
    pub anchor_time: Timestamp,
    /// How far the wall clock was ahead of the recording's clock at the end, microseconds.
    pub drift_us: Option<i64>,
    /// What the database server's clock said: once per path before the start, and once more at the end. Empty where it was not
    /// asked or did not answer.
    #[serde(default)]
    pub offsets: Vec<ClockOffset>,
}

/// The database server's clock against the recording's, measured as NTP does it (RFC 5905, section 8) with the server's one
/// `clock_timestamp()` as both T2 and T3: `offset = server - (before + after) / 2`, wrong by at most half the round trip
/// `after - before`, as the server looked at its clock somewhere in it. Of several round trips the shortest wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockOffset {
    /// The middle of the round trip, on the recording's clock.
    pub time: Timestamp,
    /// The path on which the server was asked.
    pub path: Path,
    /// `inet_server_addr()` of the server that answered.
    pub server_address: Option<String>,
    /// `inet_server_port()` of the server that answered.
    pub server_port: Option<i32>,
    /// Round trips of which this was the shortest.
    pub round_trips: u32,
    /// What must be added to a time of this recording to get the server's clock, microseconds. Negative where this host's clock
    /// was ahead.
    pub offset_us: i64,
    /// The offset is right to within this, microseconds: half the round trip.
    pub uncertainty_us: i64,
}

impl ClockOffset {
    /// The measurement that brings a recording which began at `start` onto the server's clock: one from before the start, when
    /// no failover had changed the server yet; of these the direct path's, with no proxy on the way; of these the one of the
    /// smallest uncertainty. `None` where nothing was measured.
    #[must_use]
    pub fn best(offsets: &[Self], start: Timestamp) -> Option<&Self> {
        offsets.iter().min_by_key(|offset| {
            (
                offset.time > start,
                offset.path != Path::Direct,
                offset.uncertainty_us,
            )
        })
    }
}

/// A time in which the disk refused what was to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteFailure {
    /// When it first refused.
    pub from: Timestamp,
    /// When it had taken all that was held; absent where that never came.
    pub until: Option<Timestamp>,
    /// The file, and what the operating system said first.
    pub error: String,
}

/// What a recording says of itself.
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
    /// How far it has come.
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
    /// Concurrent workers per path.
    pub workers: u32,
    /// When operations begin.
    pub schedule: Schedule,
    /// Seed of the paired streams.
    pub seed: u64,
    /// How statements are sent, such as `extended`.
    pub protocol: String,
    /// The pool of each path.
    pub pool: Pool,
    /// The client's limits.
    pub timeouts: Timeouts,
    /// How connections are made and kept; absent in recordings from before this was told.
    #[serde(default)]
    pub connection: Option<ConnectionSettings>,
    /// How often each path was probed, microseconds; null where it was not.
    #[serde(default)]
    pub probe_interval_us: Option<i64>,
    /// Most operations per 1,000 seconds that all paths together were allowed; null where nothing limited them.
    #[serde(default)]
    pub max_tps_per_1000: Option<i64>,
    /// Where the paths lead.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// Who answered, each identity once.
    #[serde(default)]
    pub servers: Vec<Server>,
    /// The user's labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
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
    /// When the disk refused what was to be written; rows were held in memory meanwhile.
    #[serde(default)]
    pub write_failures: Vec<WriteFailure>,
}

impl Manifest {
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
        // The version is looked at first: what else a later version may have changed is unknown.
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
            // Half a manifest is of no use, and on a full disk its room is.
            let _ = fs::remove_file(&temporary);
            return Err(WriteError::io(&temporary)(error));
        }
        fs::rename(&temporary, &path).map_err(WriteError::io(&path))?;
        sync_folder(folder)
    }
}

/// What a field of one word is called, the keys that lead to it, and whether this version knows a word of it.
type WordField = (&'static str, &'static [&'static str], fn(&str) -> bool);

/// Fields of which a later minor version may have more words.
const WORDS: [WordField; 6] = [
    ("state", &["state"], is_word_of::<State>),
    ("mode", &["mode"], is_word_of::<Mode>),
    ("schedule", &["schedule", "kind"], |word| {
        matches!(word, "closed_loop" | "open_loop")
    }),
    ("path", &["endpoints", "path"], is_word_of::<Path>),
    ("path", &["servers", "path"], is_word_of::<Path>),
    ("path", &["clock", "offsets", "path"], is_word_of::<Path>),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(time: i64, path: Path, uncertainty_us: i64) -> ClockOffset {
        ClockOffset {
            time: Timestamp(time),
            path,
            server_address: None,
            server_port: None,
            round_trips: 8,
            offset_us: 0,
            uncertainty_us,
        }
    }

    #[test]
    fn the_axis_is_the_start_then_the_direct_path_then_the_smallest_uncertainty() {
        let start = Timestamp(100);
        let mut offsets = Vec::new();
        assert_eq!(ClockOffset::best(&offsets, start), None);
        // In the order in which each next one is the better choice.
        for better in [
            offset(200, Path::Proxy, 1),
            offset(200, Path::Direct, 50),
            offset(90, Path::Proxy, 40),
            offset(90, Path::Direct, 60),
            offset(80, Path::Direct, 30),
        ] {
            offsets.push(better.clone());
            assert_eq!(ClockOffset::best(&offsets, start), Some(&better));
            offsets.rotate_right(1);
            assert_eq!(ClockOffset::best(&offsets, start), Some(&better));
        }
    }

    #[test]
    fn a_clock_of_an_earlier_version_has_no_offsets() {
        let text = r#"{"anchor_time": "2026-11-22T20:43:00.000000Z", "drift_us": 1}"#;
        let record: ClockRecord = serde_json::from_str(text).unwrap();
        assert_eq!((record.drift_us, record.offsets), (Some(1), Vec::new()));
    }
}
