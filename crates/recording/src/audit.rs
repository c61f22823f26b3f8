//! The audit of a recording: what became of its writes, in `audit.json` and `audit/findings.parquet`. `FORMAT.md` has the meaning of each
//! property.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::encoding::parquet_file::{hexadecimal, parquet_writer};
use crate::format::error::{OpenError, WriteError};
use crate::format::manifest::{Manifest, Server, sync_folder};
use crate::format::schema;
use crate::format::timestamp::Timestamp;
use crate::format::vocabulary::{FindingKind, Outcome, Path};

/// The file's name in the folder of the recording.
pub const AUDIT_FILE: &str = "audit.json";

/// The version that this program writes, and the newest that it reads.
const AUDIT_VERSION: u32 = 1;
/// The folder of the findings.
const FOLDER: &str = "audit";
/// The file of the findings in it.
const FINDINGS_FILE: &str = "findings.parquet";
/// Findings of one batch.
const BATCH_ROWS: usize = 65_536;

/// What the identity of each write begins with: `<run id>-d-`, or `-p-` for the proxied path; the operation's id comes after it. At most 44
/// characters with that: an order number has room for 50.
#[must_use]
pub fn identity_prefix(run_id: &str, path: Path) -> String {
    let letter = match path {
        Path::Direct => 'd',
        Path::Proxy => 'p',
    };
    format!("{run_id}-{letter}-")
}

/// The details of the token of a path: what tells that its connection led to these tables.
#[must_use]
pub fn path_token(run_id: &str, path: Path) -> String {
    let mut token = identity_prefix(run_id, path);
    token.pop();
    token
}

/// `audit.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Version of the file's form.
    audit_version: u32,
    /// Version of the program that made it.
    pub tool_version: String,
    /// Name of the recording.
    pub run_id: String,
    /// When the database was asked.
    pub time: Timestamp,
    /// How long the audit took, waiting included, microseconds.
    pub duration_us: i64,
    /// How long it waited for servers and sessions, microseconds.
    pub waited_us: i64,
    /// The way to the database: `direct`, `proxy` or `url`.
    pub via: String,
    /// The writer that answered.
    pub server: Option<Server>,
    /// Former writers that were not back as readers when the wait was over, `address:port`.
    pub missing_servers: Vec<String>,
    /// Sessions of the run that were still there when the wait was over; `None` where the server did not tell.
    pub sessions_left: Option<i64>,
    /// Whether the run's token is in the tables; `None` where none was written.
    pub token_found: Option<bool>,
    /// Whether a promotion is seen since the run began; `None` where timelines do not tell.
    #[serde(default)]
    pub promotion_seen: Option<bool>,
    /// Servers of the run that accept writes and were not asked, `address:port`.
    #[serde(default)]
    pub other_writers: Vec<String>,
    /// Standbys that follow the server that was asked; `None` where it did not tell.
    #[serde(default)]
    pub standbys: Option<i64>,
    /// Why sums are not compared, in one line.
    #[serde(default)]
    pub sums_disturbed_by: Option<String>,
    /// Rows of the findings.
    findings: u64,
    /// SHA-256 of the file of the findings, hexadecimal.
    findings_sha256: String,
    /// What was found, by path.
    pub paths: Vec<PathAudit>,
}

/// What an audit found on a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathAudit {
    /// The path.
    pub path: Path,
    /// Writes with an identity and the outcome `ok`.
    pub acknowledged: u64,
    /// Acknowledged, and not there.
    pub lost: u64,
    /// Purchases of which a part is there.
    pub torn: u64,
    /// Those of `torn` that were acknowledged.
    pub acknowledged_torn: u64,
    /// There more than once.
    pub duplicated: u64,
    /// `failed` or `rejected`, or never begun, and there.
    pub phantom: u64,
    /// There, without a row in the recording.
    pub unrecorded: u64,
    /// Writes with an identity and the outcome `unknown`, or `unfinished` after they began.
    pub unknown: u64,
    /// Those of `unknown` that are there.
    pub committed: u64,
    /// Those of `unknown` that are not.
    pub not_committed: u64,
    /// The sum of `login_count`; `None` without a baseline.
    pub logins: Option<SumAudit>,
    /// The sum of `stock`; `None` without a baseline.
    pub stock: Option<SumAudit>,
}

impl PathAudit {
    /// Of a path on which nothing was written.
    #[must_use]
    pub const fn new(path: Path) -> Self {
        Self {
            path,
            acknowledged: 0,
            lost: 0,
            torn: 0,
            acknowledged_torn: 0,
            duplicated: 0,
            phantom: 0,
            unrecorded: 0,
            unknown: 0,
            committed: 0,
            not_committed: 0,
            logins: None,
            stock: None,
        }
    }

    /// Counts one more finding of a write that ended with `outcome`.
    pub fn count(&mut self, kind: FindingKind, outcome: Option<Outcome>) {
        let counter = match kind {
            FindingKind::Lost => &mut self.lost,
            FindingKind::Torn => &mut self.torn,
            FindingKind::Duplicated => &mut self.duplicated,
            FindingKind::Committed => &mut self.committed,
            FindingKind::NotCommitted => &mut self.not_committed,
            FindingKind::Phantom => &mut self.phantom,
            FindingKind::Unrecorded => &mut self.unrecorded,
        };
        *counter += 1;
        if kind == FindingKind::Torn && outcome == Some(Outcome::Ok) {
            self.acknowledged_torn += 1;
        }
    }
}

/// A sum that increments go into: they can't be told apart one by one, so the sum is held between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumAudit {
    /// Before the first operation.
    pub at_start: i64,
    /// What the acknowledged changes add up to.
    pub acknowledged: i64,
    /// What the changes add whose outcome is not known; never negative.
    pub possible: i64,
    /// The sum now.
    pub found: i64,
    /// How much `found` is below `at_start` + `acknowledged`: at least so much was lost.
    pub lost: i64,
    /// How much `found` is above `at_start` + `acknowledged` + `possible`.
    pub excess: i64,
}

impl SumAudit {
    /// Compares what was found with its bounds.
    #[must_use]
    pub const fn new(at_start: i64, acknowledged: i64, possible: i64, found: i64) -> Self {
        let least = at_start.saturating_add(acknowledged);
        let most = least.saturating_add(possible);
        let below = least.saturating_sub(found);
        let above = found.saturating_sub(most);
        Self {
            at_start,
            acknowledged,
            possible,
            found,
            lost: if below > 0 { below } else { 0 },
            excess: if above > 0 { above } else { 0 },
        }
    }
}

/// A row of `audit/findings.parquet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The path.
    pub path: Path,
    /// The row of `operations`.
    pub operation_id: i64,
    /// Its name; `None` where the recording has no row of it.
    pub operation_name: Option<String>,
    /// What was found.
    pub kind: FindingKind,
    /// How it ended; `None` where the recording has no row of it.
    pub outcome: Option<Outcome>,
    /// When it began, UTC microseconds.
    pub start_time: Option<i64>,
    /// When its outcome was known, UTC microseconds.
    pub end_time: Option<i64>,
    /// Rows of `business_orders` with its identity.
    pub orders_found: i32,
    /// Rows of `business_logs` with its identity.
    pub logs_found: i32,
    /// The row of `connections` that it used.
    pub connection_id: Option<i64>,
    /// The server behind that connection when it was made.
    pub server_address: Option<String>,
    /// Its port.
    pub server_port: Option<i32>,
    /// Its timeline.
    pub server_timeline: Option<i32>,
}

impl Audit {
    /// An audit of the recording `run_id` by this version of the program, as yet without a finding.
    #[must_use]
    pub fn new(run_id: impl Into<String>, time: Timestamp, via: impl Into<String>) -> Self {
        Self {
            audit_version: AUDIT_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            run_id: run_id.into(),
            time,
            duration_us: 0,
            waited_us: 0,
            via: via.into(),
            server: None,
            missing_servers: Vec::new(),
            sessions_left: None,
            token_found: None,
            promotion_seen: None,
            other_writers: Vec::new(),
            standbys: None,
            sums_disturbed_by: None,
            findings: 0,
            findings_sha256: String::new(),
            paths: Vec::new(),
        }
    }

    /// Reads the audit of the recording in `folder`; `None` where it has none.
    ///
    /// # Errors
    /// [`OpenError::BadAudit`] where it can't be read, where a later version wrote it, or where the findings are not its own.
    pub fn read(folder: &FilePath) -> Result<Option<Self>, OpenError> {
        let path = folder.join(AUDIT_FILE);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(OpenError::io(&path))?,
        };
        let bad = |reason: String| OpenError::BadAudit {
            path: path.clone(),
            reason,
        };
        let value: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        let version = value
            .get("audit_version")
            .and_then(serde_json::Value::as_u64);
        if version.is_some_and(|version| version > u64::from(AUDIT_VERSION)) {
            return Err(bad(
                "a later version wrote it; use a newer pgoutage".to_owned()
            ));
        }
        let audit: Self = serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
        let findings = Self::findings_path(folder);
        let sum = sum(&findings).map_err(OpenError::io(&findings))?;
        if sum != audit.findings_sha256 {
            return Err(bad(format!(
                "{} is not of this audit: one was interrupted; audit the recording again",
                findings.display()
            )));
        }
        Ok(Some(audit))
    }

    /// Where the findings are in the recording's folder.
    #[must_use]
    pub fn findings_path(folder: &FilePath) -> PathBuf {
        folder.join(FOLDER).join(FINDINGS_FILE)
    }

    /// How many findings there are.
    #[must_use]
    pub const fn findings(&self) -> u64 {
        self.findings
    }

    /// Replaces the audit of the recording in `folder`, whose manifest is `manifest`, by this one. Where that fails, the audit of before
    /// mostly stays: both files are written before the first takes its name.
    ///
    /// # Errors
    /// [`WriteError`] where a file can't be written.
    pub fn write(
        &mut self,
        folder: &FilePath,
        manifest: &Manifest,
        findings: &[Finding],
    ) -> Result<(), WriteError> {
        let place = folder.join(FOLDER);
        fs::create_dir_all(&place).map_err(WriteError::io(&place))?;
        // Of two audits at once one waits: each is to have its own findings. A file system without locks has none to wait for.
        let lock = File::open(&place);
        let _locked = lock.and_then(|lock| lock.lock().map(|()| lock)).ok();
        // Not in the folder that engines read as a whole.
        let open = [
            folder.join("_audit.findings.open"),
            folder.join("audit.json.tmp"),
        ];
        let written = self.write_as(&open, folder, manifest, findings);
        if written.is_err() {
            // What is not there, or can't be removed, changes nothing.
            open.iter().for_each(|open| drop(fs::remove_file(open)));
        }
        written
    }

    fn write_as(
        &mut self,
        [open_findings, open_audit]: &[PathBuf; 2],
        folder: &FilePath,
        manifest: &Manifest,
        findings: &[Finding],
    ) -> Result<(), WriteError> {
        write_findings(open_findings, manifest, findings)?;
        self.findings = findings.len() as u64;
        self.findings_sha256 = sum(open_findings).map_err(WriteError::io(open_findings))?;
        let path = folder.join(AUDIT_FILE);
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|error| WriteError::encode(&path, &error))?;
        bytes.push(b'\n');
        let written = File::create(open_audit).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        written.map_err(WriteError::io(open_audit))?;
        let findings = Self::findings_path(folder);
        fs::rename(open_findings, &findings).map_err(WriteError::io(&findings))?;
        sync_folder(&folder.join(FOLDER))?;
        fs::rename(open_audit, &path).map_err(WriteError::io(&path))?;
        sync_folder(folder)
    }
}

fn sum(path: &FilePath) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            length => hash.update(&piece[..length]),
        }
    }
}

fn write_findings(
    path: &FilePath,
    manifest: &Manifest,
    findings: &[Finding],
) -> Result<(), WriteError> {
    let encode = |error| WriteError::encode(path, &error);
    let file = File::create(path).map_err(WriteError::io(path))?;
    let mut writer = parquet_writer(BufWriter::new(&file), &schema::findings(), path)?;
    for findings in findings.chunks(BATCH_ROWS) {
        let batch = batch(manifest, findings).map_err(|error| WriteError::encode(path, &error))?;
        writer.write(&batch).map_err(encode)?;
    }
    writer.close().map_err(encode)?;
    file.sync_all().map_err(WriteError::io(path))
}

fn batch(
    manifest: &Manifest,
    findings: &[Finding],
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    fn text<'v>(values: impl Iterator<Item = Option<&'v str>>) -> ArrayRef {
        Arc::new(values.collect::<StringArray>())
    }
    fn int32(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
        Arc::new(values.collect::<Int32Array>())
    }
    fn int64(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
        Arc::new(values.collect::<Int64Array>())
    }
    fn time(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
        Arc::new(
            values
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        )
    }
    let all = || findings.iter();
    RecordBatch::try_new(
        schema::findings(),
        vec![
            text(all().map(|_| Some(manifest.run_id.as_str()))),
            text(all().map(|_| Some(manifest.host.as_str()))),
            text(all().map(|row| Some(row.path.as_str()))),
            int64(all().map(|row| Some(row.operation_id))),
            text(all().map(|row| row.operation_name.as_deref())),
            text(all().map(|row| Some(row.kind.as_str()))),
            text(all().map(|row| row.outcome.map(Outcome::as_str))),
            time(all().map(|row| row.start_time)),
            time(all().map(|row| row.end_time)),
            int32(all().map(|row| Some(row.orders_found))),
            int32(all().map(|row| Some(row.logs_found))),
            int64(all().map(|row| row.connection_id)),
            text(all().map(|row| row.server_address.as_deref())),
            int32(all().map(|row| row.server_port)),
            int32(all().map(|row| row.server_timeline)),
        ],
    )
}
