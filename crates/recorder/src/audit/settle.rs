//! What an audit waits for: the present writer, the former ones as its readers, and the end of the run's sessions. What arrives late counts.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use recording::{Manifest, Server, State};
use tokio::time::{Instant, timeout};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use crate::audit::patience::{LEAST_LIMIT, Patience};
use crate::audit::servers::{await_readers, find_writer, known_addresses, others};
use crate::audit::trouble::error;
use crate::connect::{Connector, Session, application_name};
use crate::database::Trouble;
use crate::error::RecorderError;
use crate::sql::STATEMENTS;

/// Sessions of a recorder that was killed are silent by then: `sql/audit/live.sql` looks back for 10 s.
const SILENCE: Duration = Duration::from_secs(12);
/// How far a session under the user's own name may have begun before the run or after its end and still be one of it, microseconds: the
/// pools connect before the first operation, and the server has a clock of its own.
const AROUND_US: i64 = 60_000_000;

/// The database, as an audit may ask it.
pub(crate) struct Settled {
    pub(crate) session: Session,
    /// The writer.
    pub(crate) server: Server,
    /// Former writers that are not back as readers, and why.
    pub(crate) missing: Vec<(SocketAddr, String)>,
    /// Former writers by the recording, at addresses to which neither the endpoint's names nor the run's connections led.
    pub(crate) not_looked_at: Vec<SocketAddr>,
    /// Other servers of the run that take writes as well.
    pub(crate) writers: Vec<SocketAddr>,
    /// Standbys that follow the writer; `None` where it does not tell.
    pub(crate) standbys: Option<i64>,
    /// Sessions of the run that are still there; `None` where the server does not tell.
    pub(crate) sessions_left: Option<i64>,
    pub(crate) waited: Duration,
}

/// Waits until the database can be asked, or the patience is at its end. `addresses` are those that the run connected to.
///
/// # Errors
/// One line where no writer is found, or where the run goes on.
pub(crate) async fn settle(
    connector: &Connector,
    manifest: &Manifest,
    addresses: &BTreeSet<IpAddr>,
    mut patience: Patience<'_>,
) -> Result<Settled, RecorderError> {
    let (session, server) = find_writer(connector, manifest, &mut patience).await?;
    if manifest.state == State::Recording {
        await_silence(connector, manifest, &session, &mut patience).await?;
    }
    let known = known_addresses(connector, addresses).await;
    let others = others(manifest, &server);
    let (others, unknown): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|other| known.contains(&other.place.ip()));
    let (missing, writers) = await_readers(connector, others, &server, &mut patience).await;
    let unknown = unknown.iter().filter(|other| other.was_writer);
    let not_looked_at = unknown.map(|other| other.place).collect();
    let sessions_left = await_sessions(connector, manifest, &session, &mut patience).await;
    let standbys = match server.aurora_instance_identifier {
        // Its readers share the writer's storage and follow no log.
        Some(_) => None,
        None => number(&session, &STATEMENTS.audit_standbys, &[]).await,
    };
    Ok(Settled {
        session,
        server,
        missing,
        not_looked_at,
        writers,
        standbys,
        sessions_left,
        waited: patience.begun.elapsed(),
    })
}

/// Waits until no session of a run does anything any more whose recording was not ended.
async fn await_silence(
    connector: &Connector,
    manifest: &Manifest,
    session: &Session,
    patience: &mut Patience<'_>,
) -> Result<(), RecorderError> {
    let names = session_names(manifest);
    let values: [(&(dyn ToSql + Sync), Type); 1] = [(&names, Type::TEXT_ARRAY)];
    let begun = Instant::now();
    loop {
        // A server that does not tell tells nothing of a run that goes on.
        let live = number(session, &STATEMENTS.audit_live, &values).await;
        let Some(live @ 1..) = live else {
            return Ok(());
        };
        let why = format!("{live} sessions of the run are in the database");
        let may_go_on = begun.elapsed() < SILENCE;
        if !may_go_on || !patience.go_on("the end of the run", &why).await {
            return Err(error(
                connector,
                Trouble {
                    found: format!("still being recorded: {why}"),
                    remedy: "audit the recording when it has ended; of a recorder that was killed, `recorder recover` ends it"
                        .to_owned(),
                    is_mistake: true,
                },
            ));
        }
    }
}

/// The names under which the sessions of a run stand in `pg_stat_activity`.
fn session_names(manifest: &Manifest) -> Vec<String> {
    let paths = manifest.mode.paths().iter();
    paths
        .map(|path| application_name::of_run(&manifest.run_id, *path))
        .collect()
}

/// Sessions of the run that still do something when the wait is over.
async fn await_sessions(
    connector: &Connector,
    manifest: &Manifest,
    session: &Session,
    patience: &mut Patience<'_>,
) -> Option<i64> {
    let names = session_names(manifest);
    let own = connector.endpoint().application_name.as_deref();
    let start = manifest.start_time.micros();
    let from = start.saturating_sub(AROUND_US);
    let end = manifest
        .duration_us
        .map(|duration| start.saturating_add(duration).saturating_add(AROUND_US));
    // The year 5138 where the end is not known.
    let to = end.unwrap_or(100_000_000_000_000_000);
    let values: [(&(dyn ToSql + Sync), Type); 4] = [
        (&names, Type::TEXT_ARRAY),
        (&own, Type::TEXT),
        (&from, Type::INT8),
        (&to, Type::INT8),
    ];
    loop {
        let left = number(session, &STATEMENTS.audit_sessions, &values).await?;
        let why = format!("{left} of them are in a transaction or have a statement running");
        if left == 0 || !patience.go_on("the sessions of the run", &why).await {
            return Some(left);
        }
    }
}

/// The answer to a question of the server's own views, whatever limit its user has; `None` where there is none. What else is wrong with
/// the connection the next statement says.
async fn number(
    session: &Session,
    statement: &str,
    values: &[(&(dyn ToSql + Sync), Type)],
) -> Option<i64> {
    let asked = async {
        let begin = "BEGIN READ ONLY; SET LOCAL statement_timeout = 0";
        session.client.batch_execute(begin).await.ok()?;
        let row: Option<Row> = session.client.query_typed_one(statement, values).await.ok();
        session.client.batch_execute("ROLLBACK").await.ok()?;
        row?.try_get(0).ok()
    };
    timeout(LEAST_LIMIT, asked).await.ok()?
}
