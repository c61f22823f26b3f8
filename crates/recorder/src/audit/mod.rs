//! `recorder audit`: what became of every write of a recording. It asks the database once all that is to come has come, and needs SELECT alone.

mod ask;
mod findings;
pub(crate) mod report;
mod settle;
mod trouble;
mod writes;

use std::time::{Duration, Instant};

use command_line::duration::micros;
use recording::{
    Audit, Clock, Finding, Manifest, OpenError, PathAudit, PathBaseline, Recording, SumAudit,
    Timestamp, identity_prefix,
};
use tokio::time::timeout;

use crate::audit::ask::{Snapshot, State};
use crate::audit::findings::PathFindings;
use crate::audit::report::Report;
use crate::audit::trouble::error;
use crate::audit::writes::{PathWrites, Recorded};
use crate::connect::{Connector, Session};
use crate::database::Trouble;
use crate::database::baseline;
use crate::error::RecorderError;

/// The action of the row that tells `cleanup` that a run was audited.
const AUDIT_MARK: &str = "pgoutage audit";
/// On that row: a commit may wait for a standby that is gone.
const MARK_LIMIT: Duration = Duration::from_secs(10);

/// Where and how long an audit asks.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) connector: Connector,
    /// `direct`, `proxy` or `url`.
    pub(crate) via: &'static str,
    /// How long it waits for servers and sessions.
    pub(crate) wait: Duration,
}

/// Audits a recording that is over and writes the audit into its folder.
///
/// # Errors
/// [`RecorderError::Usage`] for a recording in progress and for what the user can mend, [`RecorderError::Failed`] where there is no writer, the
/// recording is damaged, or its rows are not there at all. No audit is written then.
pub(crate) async fn run(recording: Recording, asked: &Asked) -> Result<Report, RecorderError> {
    let begun = Instant::now();
    let folder = recording.folder().to_path_buf();
    if recording.is_being_written() {
        return Err(RecorderError::Usage(format!(
            "{}: still being recorded; audit it when it has ended",
            folder.display()
        )));
    }
    let (recording, recorded) = off_thread(recording, Recorded::read).await?;
    let manifest = recording.manifest().clone();
    if recorded.writes == 0 && manifest.weights.write + manifest.weights.transaction <= 0.0 {
        return Ok(Report::nothing(&folder));
    }
    let settled = settle::settle(&asked.connector, &manifest, asked.wait).await?;
    let mut audit = Audit::new(
        manifest.run_id.clone(),
        Timestamp(Clock::start().anchor_us()),
        asked.via,
    );
    let answers = ask(&settled.session, &manifest, &recorded).await;
    let answers = answers.map_err(|trouble| error(&asked.connector, trouble))?;
    if let Some(why) = why_elsewhere(answers.state, &manifest, &recorded) {
        let folder = folder.display();
        return Err(RecorderError::Failed(format!("{folder}: {why}")));
    }
    let Answers {
        state,
        mut paths,
        sums,
    } = answers;
    let (recording, paths) = off_thread(recording, move |recording| {
        findings::complete(recording, &mut paths).map(|()| paths)
    })
    .await?;
    let rows = add_paths(&mut audit, paths, &recorded, &sums);
    audit.token_found = is_marked(&manifest).then_some(state.has_token);
    audit.waited_us = micros(settled.waited);
    audit.missing_servers = settled
        .missing
        .iter()
        .map(|(server, _)| server.to_string())
        .collect();
    audit.server = Some(settled.server.clone());
    audit.sessions_left = settled.sessions_left;
    audit.duration_us = micros(begun.elapsed());
    let written = audit.write(&folder, &manifest, &rows);
    written.map_err(|error| RecorderError::Failed(error.to_string()))?;
    let report = Report::new(&recording, &audit, &rows, &recorded, &settled);
    Ok(report.with(note(&settled.session, &manifest.run_id).await))
}

/// True where the tables had the token of the run before its first operation.
fn is_marked(manifest: &Manifest) -> bool {
    let baseline = manifest.baseline.as_ref();
    baseline.is_some_and(|baseline| baseline.token_written)
}

/// Adds what was found on each path; its findings.
fn add_paths(
    audit: &mut Audit,
    paths: Vec<PathFindings>,
    recorded: &Recorded,
    sums: &[(PathBaseline, [i64; 2])],
) -> Vec<Finding> {
    let mut rows = Vec::new();
    for (path, writes) in paths.into_iter().zip(&recorded.paths) {
        let of_path = sums.iter().find(|(sums, _)| sums.path == writes.path);
        let mut counts = path.audit;
        if let Some((at_start, found)) = of_path {
            counts.logins = Some(logins(writes, at_start.logins, found[0]));
            counts.stock = stock(writes, path.taken, at_start.stock, found[1]);
        }
        audit.paths.push(counts);
        rows.extend(path.rows);
    }
    rows
}

/// Reads the recording on a thread of its own: a signal is heard meanwhile.
async fn off_thread<T: Send + 'static>(
    recording: Recording,
    read: impl FnOnce(&Recording) -> Result<T, OpenError> + Send + 'static,
) -> Result<(Recording, T), RecorderError> {
    let reading = tokio::task::spawn_blocking(move || {
        let done = read(&recording);
        done.map(|done| (recording, done))
    });
    reading
        .await
        .map_err(|_| {
            RecorderError::Failed("reading the recording stopped unexpectedly".to_owned())
        })?
        .map_err(|error| RecorderError::Failed(error.to_string()))
}

/// What the database said, all of one moment.
struct Answers {
    state: State,
    paths: Vec<PathFindings>,
    /// Of each path with a baseline: that, and the sums of logins and stock now.
    sums: Vec<(PathBaseline, [i64; 2])>,
}

/// Why these tables have nothing to do with the run, if they have nothing to do with it.
fn why_elsewhere(state: State, manifest: &Manifest, recorded: &Recorded) -> Option<String> {
    let acknowledged = recorded.paths.iter().any(|path| path.acknowledged > 0);
    if state.has_rows || !(is_marked(manifest) || acknowledged) {
        return None;
    }
    let token = match is_marked(manifest) {
        true => ", not even its token",
        false => "",
    };
    Some(format!(
        "the tables have no row of this run{token}: they were made anew since, this is another database, or all of it was lost"
    ))
}

async fn ask(
    session: &Session,
    manifest: &Manifest,
    recorded: &Recorded,
) -> Result<Answers, Trouble> {
    let snapshot = Snapshot::begin(session).await?;
    let state = snapshot.state(&manifest.run_id).await?;
    if state.is_reader {
        return Err(Trouble {
            found: "the writer became a reader".to_owned(),
            remedy: "wait until the failover is over, and audit again".to_owned(),
            is_mistake: false,
        });
    }
    let mut answers = Answers {
        state,
        paths: Vec::new(),
        sums: Vec::new(),
    };
    if why_elsewhere(state, manifest, recorded).is_some() {
        return Ok(answers);
    }
    for writes in &recorded.paths {
        let prefix = identity_prefix(&manifest.run_id, writes.path);
        let mut found = Vec::new();
        for blocks in writes.batches() {
            let batch = writes.batch(blocks);
            snapshot.writes(&prefix, &batch, &mut found).await?;
        }
        let mut counts = PathAudit::new(writes.path);
        counts.acknowledged = writes.acknowledged;
        counts.unknown = writes.unknown;
        answers.paths.push(PathFindings::new(counts, found));
    }
    let baseline = manifest.baseline.as_ref();
    for path in baseline.map_or(&[][..], |baseline| &baseline.paths) {
        let sums = snapshot.sums(path).await?;
        answers.sums.push((path.clone(), sums));
    }
    snapshot.end().await?;
    Ok(answers)
}

fn logins(writes: &PathWrites, at_start: i64, found: i64) -> SumAudit {
    let sums = writes.logins;
    SumAudit::new(at_start, sums.acknowledged, sums.possible, found)
}

/// What purchases took is known from those that are there.
fn stock(writes: &PathWrites, taken: i64, at_start: i64, found: i64) -> Option<SumAudit> {
    let sums = writes.stock?;
    let acknowledged = sums.acknowledged - taken;
    Some(SumAudit::new(at_start, acknowledged, sums.possible, found))
}

/// Tells `cleanup` that the run was audited; what is wrong with that. It takes nothing from the audit.
async fn note(session: &Session, run_id: &str) -> Option<String> {
    let marking = baseline::mark(&session.client, AUDIT_MARK, run_id);
    let why = match timeout(MARK_LIMIT, marking).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => session.explain(&error).message,
        Err(_) => format!("no answer within {MARK_LIMIT:?}"),
    };
    Some(format!(
        "warning: business_logs could not be marked, so that `recorder cleanup` takes this run for one that was not audited: {why}"
    ))
}
