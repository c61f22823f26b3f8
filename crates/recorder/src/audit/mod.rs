//! `recorder audit`: what became of every write of a recording. It asks the database once all that is to come has come, and needs SELECT alone.

mod announce;
mod ask;
mod elsewhere;
mod findings;
mod identities;
mod patience;
pub(crate) mod report;
mod servers;
mod settle;
mod sums;
mod trouble;
mod writes;

use std::path::Path as FilePath;
use std::time::{Duration, Instant};

use command_line::duration::micros;
use recording::{
    Audit, Clock, Finding, Manifest, OpenError, PathAudit, PathBaseline, Recording, State,
    Timestamp, identity_prefix,
};
use tokio::time::timeout;

use crate::audit::announce::Announcer;
use crate::audit::ask::Snapshot;
use crate::audit::findings::PathFindings;
use crate::audit::identities::Identities;
use crate::audit::patience::Patience;
use crate::audit::report::Report;
use crate::audit::settle::Settled;
use crate::audit::trouble::error;
use crate::audit::writes::Recorded;
use crate::connect::{Connector, Session};
use crate::database::Trouble;
use crate::database::baseline;
use crate::error::RecorderError;
use crate::output::log::Log;

/// The action of the row that tells `cleanup` that a run was audited.
const AUDIT_MARK: &str = "pgoutage audit";
/// On that row: a commit may wait for a standby that is gone.
const MARK_LIMIT: Duration = Duration::from_secs(10);

/// Where and how long an audit asks.
pub(crate) struct Asked<'l> {
    pub(crate) connector: Connector,
    /// `direct`, `proxy` or `url`.
    pub(crate) via: &'static str,
    /// How long it waits for servers and sessions.
    pub(crate) wait: Duration,
    /// The log of the run at whose end it is.
    pub(crate) log: Option<&'l Log>,
}

/// Audits a recording that is over and writes the audit into its folder. Where that takes no file, the report says so.
///
/// # Errors
/// [`RecorderError::Usage`] for a recording in progress and for what the user can mend, [`RecorderError::Failed`] where there is no writer, the
/// recording is damaged, or its rows are not there at all. No audit is written then.
pub(crate) async fn run(recording: Recording, asked: &Asked<'_>) -> Result<Report, RecorderError> {
    let begun = Instant::now();
    let folder = recording.folder().to_path_buf();
    if recording.is_being_written() {
        return Err(RecorderError::Usage(format!(
            "{}: still being recorded; audit it when it has ended",
            folder.display()
        )));
    }
    let identities = Identities::of(recording.manifest()).map_err(RecorderError::Failed)?;
    let followed = identities.clone();
    let (recording, recorded) = off_thread(recording, move |recording| {
        Recorded::read(recording, &followed)
    })
    .await?;
    let manifest = recording.manifest().clone();
    if recorded.writes == 0 && manifest.weights.write + manifest.weights.transaction <= 0.0 {
        return Ok(Report::nothing(&folder));
    }
    let announcer = Announcer(asked.log);
    let patience = Patience::new(asked.wait, announcer);
    let (connector, addresses) = (&asked.connector, &recorded.addresses);
    let settled = settle::settle(connector, &manifest, addresses, patience).await?;
    let mut audit = Audit::new(
        manifest.run_id.clone(),
        Timestamp(Clock::start().anchor_us()),
        asked.via,
    );
    let answers = ask(
        &settled.session,
        &manifest,
        &identities,
        &recorded,
        announcer,
    )
    .await;
    let answers = answers.map_err(|trouble| error(connector, trouble))?;
    refuse_others(&folder, &answers, &manifest, &identities, &recorded)?;
    let Answers {
        state,
        mut paths,
        sums,
    } = answers;
    let (recording, paths) = off_thread(recording, move |recording| {
        findings::complete(recording, &identities, &mut paths).map(|()| paths)
    })
    .await?;
    audit.token_found = elsewhere::is_marked(&manifest).then_some(state.has_token);
    let rows = add_paths(&mut audit, &manifest, &state, paths, &recorded, &sums);
    add_circumstances(&mut audit, &manifest, &settled);
    audit.duration_us = micros(begun.elapsed());
    let mut report = Report::new(&recording, &audit, &rows, &recorded, &settled);
    match audit.write(&folder, &manifest, &rows) {
        Ok(()) => report.written(&folder, note(&settled.session, &manifest).await),
        Err(error) => report.not_written(&error),
    }
    Ok(report)
}

/// Where the answers are not those of the run's own tables.
fn refuse_others(
    folder: &FilePath,
    answers: &Answers,
    manifest: &Manifest,
    identities: &Identities,
    recorded: &Recorded,
) -> Result<(), RecorderError> {
    let line = |why: String| format!("{}: {why}", folder.display());
    if let Some(why) = elsewhere::of_run(&answers.state, manifest, recorded) {
        return Err(RecorderError::Failed(line(why)));
    }
    match elsewhere::of_path(
        &answers.state,
        manifest,
        recorded,
        identities,
        &answers.paths,
    ) {
        Some(why) => Err(RecorderError::Usage(line(why))),
        None => Ok(()),
    }
}

/// Adds who was asked, and what is known of the other servers.
fn add_circumstances(audit: &mut Audit, manifest: &Manifest, settled: &Settled) {
    audit.waited_us = micros(settled.waited);
    let missing = settled.missing.iter().map(|(server, _)| server);
    let missing = missing.chain(&settled.not_looked_at);
    audit.missing_servers = missing.map(ToString::to_string).collect();
    audit.other_writers = settled.writers.iter().map(ToString::to_string).collect();
    audit.promotion_seen = report::promotion_seen(manifest, &settled.server);
    audit.standbys = settled.standbys;
    audit.server = Some(settled.server.clone());
    audit.sessions_left = settled.sessions_left;
}

/// Adds what was found on each path; its findings.
fn add_paths(
    audit: &mut Audit,
    manifest: &Manifest,
    state: &ask::State,
    paths: Vec<PathFindings>,
    recorded: &Recorded,
    sums: &[(PathBaseline, [i64; 2])],
) -> Vec<Finding> {
    let mut rows = Vec::new();
    let disturbance = sums::disturbance(state, manifest, recorded, &paths);
    // Without sums at the start there is nothing to disturb.
    audit.sums_disturbed_by = disturbance.filter(|_| !sums.is_empty());
    let sums = match audit.sums_disturbed_by {
        Some(_) => &[],
        None => sums,
    };
    for (path, writes) in paths.into_iter().zip(&recorded.paths) {
        let mut counts = path.audit.clone();
        let of_path = sums.iter().find(|(sums, _)| sums.path == writes.path);
        if let Some((at_start, found)) = of_path {
            let compared = sums::compare(&path, writes, at_start, *found);
            (counts.logins, counts.stock) = (compared.logins, compared.stock);
            let disturbed_by = &mut audit.sums_disturbed_by;
            *disturbed_by = disturbed_by.take().or(compared.impossible);
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
        .map_err(|error| {
            RecorderError::Failed(match error {
                OpenError::MissingPart(part) => format!(
                    "{}: the manifest names this part, but it is missing; restore it: an audit needs every part",
                    part.display()
                ),
                error => error.to_string(),
            })
        })
}

/// What the database said, all of one moment.
struct Answers {
    state: ask::State,
    paths: Vec<PathFindings>,
    /// Of each path with a baseline: that, and the sums of logins and stock now.
    sums: Vec<(PathBaseline, [i64; 2])>,
}

async fn ask(
    session: &Session,
    manifest: &Manifest,
    identities: &Identities,
    recorded: &Recorded,
    announcer: Announcer<'_>,
) -> Result<Answers, Trouble> {
    let snapshot = Snapshot::begin(session, announcer, identities).await?;
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
    if elsewhere::of_run(&answers.state, manifest, recorded).is_some() {
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

/// Tells `cleanup` that the run was audited; what is wrong with that. It takes nothing from the audit.
async fn note(session: &Session, manifest: &Manifest) -> Option<String> {
    // The mark stands in a table of the shop, which is all that `cleanup` drops.
    if manifest.workload.is_some() {
        return None;
    }
    let why = match manifest.state {
        State::Recording => {
            "its recording has not ended (`recorder recover` ends that of a recorder that was killed)".to_owned()
        }
        _ => {
            let marking = baseline::mark(&session.client, AUDIT_MARK, &manifest.run_id);
            match timeout(MARK_LIMIT, marking).await {
                Ok(Ok(())) => return None,
                Ok(Err(error)) => session.explain(&error).message,
                Err(_) => format!("no answer within {MARK_LIMIT:?}"),
            }
        }
    };
    Some(format!(
        "note: the run is not marked as audited, so that `recorder cleanup` asks before it drops the tables: {why}"
    ))
}
