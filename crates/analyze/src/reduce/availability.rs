//! The availability probes of a path: each question of a client of its own, and what came of it (`docs/definitions.md`, Service downtime).

use std::collections::BTreeSet;
use std::sync::Arc;

use polars::prelude::*;
use recording::vocabulary::{OperationType, Outcome, Path};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::attempts::Identity;
use crate::reduce::timeline::ServerProbe;
use crate::reduce::values::{booleans, integers, texts};
use crate::summary::Span;

/// A question without an answer that was given up this soon tells nothing of the server, microseconds.
const UNANSWERED_US: i64 = 100_000;

/// Of the answers in so long a time the first says enough of the server, microseconds: as far apart were the probes that these replace.
const APART_US: i64 = 500_000;

/// A question, within the recording. Times are UTC microseconds. A day has millions: texts are shared.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its tick: when it was sent, or its connection was begun.
    pub time_us: i64,
    /// When its answer or failure came, or it was given up; the recording's end where that came first.
    pub end_us: i64,
    /// How long its connection took, microseconds; 0 on one that had answered before.
    pub connect_us: i64,
    /// `Read` or `Write`.
    pub kind: OperationType,
    /// Asked at an endpoint that is meant for reads.
    pub reader: bool,
    /// Asked on a connection that was made for it.
    pub fresh: bool,
    pub outcome: Outcome,
    /// Why there is no success.
    pub error: Option<Arc<ProbeError>>,
    /// The address that its connection led to.
    pub address: Option<Arc<str>>,
    /// Who answered.
    pub server: Option<Arc<Identity>>,
    /// True for a reader.
    pub in_recovery: Option<bool>,
    /// How many sessions the server showed as waiting for a synchronous standby; `None` where it does not tell.
    pub sync_rep_waits: Option<u32>,
}

impl Question {
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.outcome == Outcome::Ok
    }
}

/// What kind of failure it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProbeError {
    /// A word of `ErrorClass`, or of a later version.
    pub class: String,
    /// The server's code.
    pub sqlstate: Option<String>,
    /// What the server or the client said.
    pub message: Option<String>,
}

/// Every question of a path within the recording, in order of time; none in a recording without the table. A row with a word of a later
/// version is left out.
pub(crate) fn read(
    loaded: &Loaded,
    path: Path,
    recording: &Span,
) -> Result<Vec<Question>, AnalyzeError> {
    let Some(frame) = loaded.availability()? else {
        return Ok(Vec::new());
    };
    let of_path = col("path").eq(lit(path.as_str()));
    let frame = loaded.collect(frame.filter(of_path))?;
    let mut questions = read_frame(&frame).map_err(|source| loaded.read_error(source))?;
    questions.retain(|question| question.time_us <= recording.end.micros());
    for question in &mut questions {
        question.clip(recording);
    }
    questions.sort_by_key(|question| (question.time_us, question.end_us));
    Ok(questions)
}

impl Question {
    /// What ended after the recording was unfinished in it.
    fn clip(&mut self, recording: &Span) {
        let (start, end) = (recording.start.micros(), recording.end.micros());
        self.time_us = self.time_us.max(start);
        self.end_us = self.end_us.max(start);
        if self.end_us > end {
            self.end_us = end;
            self.outcome = Outcome::Unfinished;
            self.error = None;
            self.server = None;
        }
    }
}

fn read_frame(frame: &DataFrame) -> PolarsResult<Vec<Question>> {
    let times = integers(frame, "time")?;
    let durations = integers(frame, "duration_us")?;
    let connects = integers(frame, "connect_us")?;
    let kinds = texts(frame, "operation_type")?;
    let readers = booleans(frame, "reader")?;
    let fresh = booleans(frame, "fresh")?;
    let outcomes = texts(frame, "outcome")?;
    let addresses = texts(frame, "endpoint_address")?;
    let servers = Servers::new(frame)?;
    let waits = integers(frame, "sync_rep_waits")?;
    let classes = texts(frame, "error_class")?;
    let codes = texts(frame, "sqlstate")?;
    let messages = texts(frame, "error_message")?;
    let mut shared = Shared::default();
    let mut question = |row: usize| {
        let kind = OperationType::parse(kinds[row]?)?;
        let is_probed = matches!(kind, OperationType::Read | OperationType::Write);
        Some(Question {
            time_us: times[row]?,
            end_us: times[row]?.saturating_add(durations[row].unwrap_or(0).max(0)),
            connect_us: connects[row].unwrap_or(0).max(0),
            kind: Some(kind).filter(|_| is_probed)?,
            reader: readers[row].unwrap_or(false),
            fresh: fresh[row].unwrap_or(false),
            outcome: Outcome::parse(outcomes[row]?)?,
            error: classes[row].map(|class| {
                shared.errors.of(ProbeError {
                    class: class.to_owned(),
                    sqlstate: codes[row].map(str::to_owned),
                    message: messages[row].map(str::to_owned),
                })
            }),
            address: addresses[row].map(|address| shared.address(address)),
            server: servers.at(row).map(|server| shared.servers.of(server)),
            in_recovery: servers.in_recovery[row],
            sync_rep_waits: waits[row].and_then(|waits| waits.try_into().ok()),
        })
    };
    Ok((0..frame.height()).filter_map(&mut question).collect())
}

/// Who answered, row by row.
struct Servers<'f> {
    addresses: Vec<Option<&'f str>>,
    ports: Vec<Option<i64>>,
    starts: Vec<Option<i64>>,
    instances: Vec<Option<&'f str>>,
    in_recovery: Vec<Option<bool>>,
}

impl<'f> Servers<'f> {
    fn new(frame: &'f DataFrame) -> PolarsResult<Self> {
        Ok(Self {
            addresses: texts(frame, "server_address")?,
            ports: integers(frame, "server_port")?,
            starts: integers(frame, "server_start_time")?,
            instances: texts(frame, "aurora_instance_identifier")?,
            in_recovery: booleans(frame, "server_in_recovery")?,
        })
    }

    fn at(&self, row: usize) -> Option<Identity> {
        let server = Identity {
            address: self.addresses[row].map(str::to_owned),
            port: self.ports[row],
            start_us: self.starts[row],
            aurora_instance: self.instances[row].map(str::to_owned),
        };
        Some(server).filter(Identity::is_known)
    }
}

/// Values that few rows differ in, each kept once.
#[derive(Default)]
struct Shared {
    errors: Kept<ProbeError>,
    servers: Kept<Identity>,
    addresses: BTreeSet<Arc<str>>,
}

impl Shared {
    fn address(&mut self, address: &str) -> Arc<str> {
        if let Some(kept) = self.addresses.get(address) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = address.into();
        self.addresses.insert(Arc::clone(&kept));
        kept
    }
}

struct Kept<T>(BTreeSet<Arc<T>>);

impl<T: Ord> Default for Kept<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<T: Ord> Kept<T> {
    fn of(&mut self, value: T) -> Arc<T> {
        if let Some(kept) = self.0.get(&value) {
            return Arc::clone(kept);
        }
        let kept = Arc::new(value);
        self.0.insert(Arc::clone(&kept));
        kept
    }
}

/// What the reads tell of whether the server answered, in the order of their ends: each that was not answered, and the first answer of each half
/// second since the recording's start.
pub(crate) fn server_probes(questions: &[Question], start_us: i64) -> Vec<ServerProbe> {
    let tells = |question: &&Question| match question.outcome {
        Outcome::Unfinished => question.end_us - question.time_us > UNANSWERED_US,
        _ => question
            .error
            .as_ref()
            .is_none_or(|error| error.class != recording::vocabulary::ErrorClass::Client.as_str()),
    };
    let reads = questions
        .iter()
        .filter(|question| question.kind == OperationType::Read);
    let mut probes: Vec<ServerProbe> = reads
        .filter(tells)
        .map(|question| ServerProbe {
            time_us: question.end_us,
            is_answered: question.is_answered(),
        })
        .collect();
    probes.sort_by_key(|probe| probe.time_us);
    let mut last = None;
    probes.retain(|probe| {
        let half_second = Some(probe.time_us.saturating_sub(start_us).div_euclid(APART_US));
        !probe.is_answered || std::mem::replace(&mut last, half_second) != half_second
    });
    probes
}
