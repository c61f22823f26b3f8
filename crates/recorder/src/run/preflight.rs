//! What is looked at before a recording is begun.

use std::time::Duration;

use recording::{Baseline, Clock, ClockOffset, RunId, Server};

use crate::check;
use crate::config::RunConfig;
use crate::connect::identity::describe;
use crate::connect::{ConnectProgress, Connector, Session};
use crate::database;
use crate::database::baseline;
use crate::database::clock_offset;
use crate::definition::keys::PathKeys;
use crate::error::RecorderError;
use crate::output::terminal;
use crate::run::availability::Lacks;

/// What the check before the run found.
pub(crate) struct Checked {
    /// Of each path, in the order of the connectors.
    pub(crate) keys: Vec<PathKeys>,
    /// What the tables hold; `None` where nothing will be written.
    pub(crate) baseline: Option<Baseline>,
    /// Of the paths whose server told its clock.
    pub(crate) offsets: Vec<ClockOffset>,
    /// Of each path, where it was measured.
    pub(crate) round_trips: Vec<Option<Duration>>,
    /// Of each endpoint, in the order of [`RunConfig::endpoints`]: why TLS failed where `sslmode=prefer` went on without it.
    pub(crate) tls_errors: Vec<Option<String>>,
    /// What the availability probes can't ask for.
    pub(crate) lacks: Lacks,
}

impl Checked {
    /// Looks at every path, as far as `--skip-check` lets it.
    ///
    /// # Errors
    /// One line with the path, what is wrong, and what to do.
    pub(crate) async fn look(
        config: &RunConfig,
        run_id: &RunId,
        clock: Clock,
    ) -> Result<Self, RecorderError> {
        let (mut checked, sessions) = match config.skip_check {
            true => what_is_needed(config, clock).await?,
            false => all(config, clock).await?,
        };
        if config.writes() {
            let limit = config.limits.operation;
            let baseline =
                baseline::take(run_id, &sessions, config.workload, &checked.keys, limit).await;
            checked.baseline = Some(baseline);
        }
        Ok(checked)
    }
}

/// A connection of each path, in the order of the connectors.
type PathSessions<'a> = Vec<(&'a Connector, Session)>;

/// As `recorder check`, and reads the keys.
async fn all(
    config: &RunConfig,
    clock: Clock,
) -> Result<(Checked, PathSessions<'_>), RecorderError> {
    let examined = check::before_run(config, clock).await?;
    let mut sessions = Vec::new();
    let mut checked = Checked {
        keys: Vec::new(),
        baseline: None,
        offsets: Vec::new(),
        round_trips: Vec::new(),
        tls_errors: Vec::new(),
        lacks: Lacks::default(),
    };
    let mut answered = Vec::new();
    for (connector, examined) in config.endpoints().zip(examined) {
        answered.extend(examined.server.map(|server| who(connector, &server)));
        checked.tls_errors.push(examined.tls_error);
        if let Some(session) = &examined.session {
            checked.lacks.look(config, connector, session).await;
        }
        if connector.is_reader() {
            continue;
        }
        let limit = config.limits.operation;
        let session = match examined.session {
            Some(session) => session,
            None => database::connect(connector, limit).await?.0,
        };
        let keys = database::keys::read_keys(config.workload, connector, &session, limit).await?;
        checked.keys.push(keys);
        checked.offsets.extend(examined.offset);
        checked.round_trips.push(examined.round_trip);
        sessions.push((connector, session));
    }
    // Only now: a mistake on the second path is one line.
    answered.iter().for_each(terminal::line);
    Ok((checked, sessions))
}

/// Who answered on a path.
fn who(connector: &Connector, server: &Server) -> String {
    let (path, endpoint) = (connector.path(), connector.endpoint());
    let (what, note) = match (connector.is_reader(), server.in_recovery) {
        (true, _) => (" reads", ""),
        (false, Some(true)) => ("", ": every write will fail"),
        (false, _) => ("", ""),
    };
    format!("{path}{what}: {endpoint} is {}{note}", describe(server))
}

/// What the check would have warned of.
fn tls_error(connector: &Connector, progress: &ConnectProgress) -> Option<String> {
    let error = progress.tls_error.as_ref()?;
    terminal::line(format!(
        "warning: {}: connected without TLS (sslmode=prefer): {error}",
        connector.flag()
    ));
    Some(error.clone())
}

/// With `--skip-check`: connects to every path once, so that the user's mistakes are reported before a folder is made.
async fn what_is_needed(
    config: &RunConfig,
    clock: Clock,
) -> Result<(Checked, PathSessions<'_>), RecorderError> {
    let mut sessions = Vec::new();
    let (mut keys, mut offsets, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    let (mut tls_errors, mut lacks) = (Vec::new(), Lacks::default());
    for connector in &config.connectors {
        let limit = config.limits.operation;
        let (session, progress) = database::connect_and_tell(connector, limit).await?;
        tls_errors.push(tls_error(connector, &progress));
        keys.push(database::keys::read_keys(config.workload, connector, &session, limit).await?);
        lacks.look(config, connector, &session).await;
        // Before any load, pgbench's warm-up included: a busy host would measure worse.
        let deadline = tokio::time::Instant::now() + clock_offset::LIMIT_BEFORE;
        offsets.extend(clock_offset::measure(&session, connector.path(), clock, deadline).await);
        answered.extend(progress.server.map(|server| who(connector, &server)));
        sessions.push((connector, session));
    }
    for reader in &config.readers {
        let limit = config.limits.operation;
        let (session, progress) = database::connect_and_tell(reader, limit).await?;
        tls_errors.push(tls_error(reader, &progress));
        // What a read asks for must be there; the keys are those of the path.
        database::keys::read_keys(config.workload, reader, &session, limit).await?;
        lacks.look(config, reader, &session).await;
        answered.extend(progress.server.map(|server| who(reader, &server)));
    }
    // Only now: a mistake on the second path is one line.
    answered.iter().for_each(terminal::line);
    let checked = Checked {
        keys,
        baseline: None,
        offsets,
        round_trips: vec![None; config.connectors.len()],
        tls_errors,
        lacks,
    };
    Ok((checked, sessions))
}
