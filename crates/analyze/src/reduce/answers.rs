//! The answers to the probes of a path's writer: which server is behind the endpoint that is not meant for reads.

use std::sync::Arc;

use polars::prelude::*;
use recording::vocabulary::{OperationType, Path, ProbeKind};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::attempts::Identity;
use crate::reduce::availability::Question;
use crate::reduce::values::{booleans, integers, texts};

/// A server that answered, in a role that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// When the answer came, UTC microseconds.
    pub(crate) time_us: i64,
    pub(crate) server: Arc<Identity>,
    /// True for a reader.
    pub(crate) in_recovery: bool,
}

/// The answers at the endpoint of a path that is not meant for reads, in order of time; none in a recording without probes.
pub(crate) fn read(loaded: &Loaded, path: Path) -> Result<Vec<Answer>, AnalyzeError> {
    let Some(frame) = loaded.probes()? else {
        return Ok(Vec::new());
    };
    let of_writer = col("path")
        .eq(lit(path.as_str()))
        .and(col("probe").eq(lit(ProbeKind::Server.as_str())))
        .and(col("reader").eq(lit(false)))
        .and(col("success").eq(lit(true)));
    let frame = loaded.collect(frame.filter(of_writer))?;
    let mut answers = read_frame(&frame).map_err(|source| loaded.read_error(source))?;
    answers.sort_by_key(|answer| answer.time_us);
    Ok(answers)
}

fn read_frame(frame: &DataFrame) -> PolarsResult<Vec<Answer>> {
    let times = integers(frame, "time")?;
    let durations = integers(frame, "duration_us")?;
    let addresses = texts(frame, "server_address")?;
    let ports = integers(frame, "server_port")?;
    let starts = integers(frame, "server_start_time")?;
    let instances = texts(frame, "aurora_instance_identifier")?;
    let in_recovery = booleans(frame, "server_in_recovery")?;
    let answer = |row: usize| {
        Some(Answer {
            time_us: times[row]?.saturating_add(durations[row].unwrap_or(0)),
            server: Arc::new(Identity {
                address: addresses[row].map(str::to_owned),
                port: ports[row],
                start_us: starts[row],
                aurora_instance: instances[row].map(str::to_owned),
            }),
            in_recovery: in_recovery[row]?,
        })
    };
    Ok((0..frame.height()).filter_map(answer).collect())
}

/// What the availability probes of a path's own endpoint heard, in order of time: the answers to its writes, which only a writer gives, so that
/// a proxy that spreads reads shows no other server. Where there are none, those to its reads.
pub(crate) fn of_availability(questions: &[Question]) -> Vec<Answer> {
    let answers_to = |kind: OperationType| {
        let of_kind = questions
            .iter()
            .filter(move |question| question.kind == kind && !question.reader);
        let mut answers: Vec<Answer> = of_kind.filter_map(answer).collect();
        answers.sort_by_key(|answer| answer.time_us);
        answers
    };
    let to_writes = answers_to(OperationType::Write);
    match to_writes.is_empty() {
        true => answers_to(OperationType::Read),
        false => to_writes,
    }
}

fn answer(question: &Question) -> Option<Answer> {
    if !question.is_answered() {
        return None;
    }
    Some(Answer {
        time_us: question.end_us,
        server: Arc::clone(question.server.as_ref()?),
        in_recovery: question.in_recovery?,
    })
}
