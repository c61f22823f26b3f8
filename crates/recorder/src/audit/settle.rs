//! What an audit waits for: the present writer, the former ones as its readers, and the end of the run's sessions. What arrives late counts.

use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use recording::vocabulary::ErrorClass;
use recording::{Manifest, Server};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::types::Type;

use crate::audit::trouble::error;
use crate::connect::{ConnectError, ConnectProgress, Connector, Session, application_name};
use crate::database::{self, Trouble};
use crate::error::RecorderError;
use crate::output::terminal;
use crate::sql::STATEMENTS;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(500);
/// On one look, however little of the wait is left.
const LEAST_LIMIT: Duration = Duration::from_secs(5);
/// On each phase of connecting to a former writer.
const PHASE_LIMIT: Duration = Duration::from_secs(2);
/// What takes longer is said.
const PATIENCE: Duration = Duration::from_secs(2);
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
    /// Those of them that take writes as well.
    pub(crate) writers: Vec<SocketAddr>,
    /// Sessions of the run that are still there; `None` where the server does not tell.
    pub(crate) sessions_left: Option<i64>,
    pub(crate) waited: Duration,
}

/// Waits until the database can be asked, or `wait` is over.
///
/// # Errors
/// One line where no writer is found.
pub(crate) async fn settle(
    connector: &Connector,
    manifest: &Manifest,
    wait: Duration,
) -> Result<Settled, RecorderError> {
    let mut patience = Patience::new(wait);
    let (session, server) = find_writer(connector, manifest, &mut patience).await?;
    let former = former_writers(manifest, &server);
    let (missing, writers) = await_readers(connector, former, &server, &mut patience).await;
    let sessions_left = await_sessions(connector, manifest, &session, &mut patience).await;
    Ok(Settled {
        session,
        server,
        missing,
        writers,
        sessions_left,
        waited: patience.begun.elapsed(),
    })
}

/// How long is waited, and that it is said.
struct Patience {
    begun: Instant,
    wait: Duration,
    /// What was said to be waited for last.
    said: Option<&'static str>,
}

impl Patience {
    fn new(wait: Duration) -> Self {
        Self {
            begun: Instant::now(),
            wait,
            said: None,
        }
    }

    fn left(&self) -> Duration {
        self.wait.saturating_sub(self.begun.elapsed())
    }

    /// The limit on one look.
    fn limit(&self) -> Duration {
        self.left().max(LEAST_LIMIT)
    }

    /// Waits for the next look; false where there is none.
    async fn go_on(&mut self, what: &'static str) -> bool {
        if self.left() < INTERVAL {
            return false;
        }
        let is_new = self.said != Some(what);
        if is_new && self.begun.elapsed() >= PATIENCE && std::io::stderr().is_terminal() {
            self.said = Some(what);
            let left = self.left().as_secs();
            terminal::line(format!("audit: waiting for {what}, up to {left} s ..."));
        }
        sleep(INTERVAL).await;
        true
    }
}

async fn find_writer(
    connector: &Connector,
    manifest: &Manifest,
    patience: &mut Patience,
) -> Result<(Session, Server), RecorderError> {
    loop {
        let trouble = match look(connector, patience.limit()).await {
            Ok((session, server)) => match unfit(&server, manifest) {
                None => return Ok((session, server)),
                Some(found) => Trouble {
                    found,
                    remedy: "check where the endpoint leads, or wait longer with --wait".to_owned(),
                    is_mistake: false,
                },
            },
            Err((trouble, ErrorClass::Auth | ErrorClass::Tls)) => {
                return Err(error(connector, trouble));
            }
            Err((trouble, _)) => Trouble {
                is_mistake: false,
                ..trouble
            },
        };
        if !patience.go_on("a writer").await {
            return Err(error(connector, trouble));
        }
    }
}

/// Why a server can't be the present writer.
fn unfit(server: &Server, manifest: &Manifest) -> Option<String> {
    match server.in_recovery {
        Some(false) => {}
        Some(true) => return Some("the server that answers is a reader".to_owned()),
        None => {
            return Some("the server that answers does not say whether it is a writer".to_owned());
        }
    }
    let seen = manifest.servers.iter().filter_map(|it| it.timeline).max();
    match (server.timeline, seen) {
        // Each promotion makes the next timeline.
        (Some(now), Some(seen)) if now < seen => Some(format!(
            "the server that answers is a former writer: it is on timeline {now}, and the run saw timeline {seen}"
        )),
        _ => None,
    }
}

/// Connects and asks who answers.
async fn look(
    connector: &Connector,
    limit: Duration,
) -> Result<(Session, Server), (Trouble, ErrorClass)> {
    let mut progress = ConnectProgress::default();
    let connecting = async {
        let mut session = connector.connect(0, &mut progress).await?;
        connector.identify(&mut session, &mut progress).await?;
        Ok::<_, ConnectError>(session)
    };
    let session = match timeout(limit, connecting).await {
        Ok(Ok(session)) => session,
        Ok(Err(failure)) => {
            return Err((database::describe(connector, &failure), failure.class));
        }
        Err(_) => {
            let trouble = database::no_answer("its identity", limit);
            return Err((trouble, ErrorClass::ConnectTimeout));
        }
    };
    progress
        .server
        .map(|server| (session, server))
        .ok_or_else(|| {
            let trouble = Trouble {
                found: "the server that answers does not say who it is".to_owned(),
                remedy: "check the privileges of the user".to_owned(),
                is_mistake: false,
            };
            (trouble, ErrorClass::Other)
        })
}

/// Where the writers of the run were that are not the present one. Where that does not tell its address, no other is known from it.
fn former_writers(manifest: &Manifest, present: &Server) -> Vec<SocketAddr> {
    let place = |server: &Server| {
        let address: IpAddr = server.address.as_ref()?.parse().ok()?;
        Some(SocketAddr::new(address, u16::try_from(server.port?).ok()?))
    };
    let Some(present) = place(present) else {
        return Vec::new();
    };
    let writers = manifest
        .servers
        .iter()
        .filter(|server| server.in_recovery == Some(false));
    let mut former: Vec<SocketAddr> = writers.filter_map(place).collect();
    former.sort_unstable();
    former.dedup();
    former.retain(|server| *server != present);
    former
}

/// True for one server, also where it has several addresses.
fn is_same(one: &Server, other: &Server) -> bool {
    let names = (
        &one.aurora_instance_identifier,
        &other.aurora_instance_identifier,
    );
    let starts = (one.postmaster_start_time, other.postmaster_start_time);
    match (names, starts) {
        ((Some(one), Some(other)), _) => one == other,
        // Microseconds.
        (_, (Some(one), Some(other))) => one == other,
        _ => (&one.address, one.port) == (&other.address, other.port),
    }
}

/// Those of `former` that are not readers when the wait is over, and those of them that are writers.
async fn await_readers(
    connector: &Connector,
    mut former: Vec<SocketAddr>,
    present: &Server,
    patience: &mut Patience,
) -> (Vec<(SocketAddr, String)>, Vec<SocketAddr>) {
    loop {
        let (mut missing, mut writers) = (Vec::new(), Vec::new());
        for server in former {
            let alone = connector.at(server).with_limit(PHASE_LIMIT);
            match look(&alone, LEAST_LIMIT).await {
                Ok((_, found)) if found.in_recovery == Some(true) || is_same(&found, present) => {}
                Ok((_, found)) => {
                    if found.in_recovery == Some(false) {
                        writers.push(server);
                    }
                    missing.push((server, "it is no reader".to_owned()));
                }
                Err((trouble, _)) => missing.push((server, trouble.found)),
            }
        }
        former = missing.iter().map(|(server, _)| *server).collect();
        if missing.is_empty() || !patience.go_on("the former writer").await {
            return (missing, writers);
        }
    }
}

/// Sessions of the run that still do something when the wait is over.
async fn await_sessions(
    connector: &Connector,
    manifest: &Manifest,
    session: &Session,
    patience: &mut Patience,
) -> Option<i64> {
    let paths = manifest.mode.paths().iter();
    let names: Vec<String> = paths
        .map(|path| application_name::of_run(&manifest.run_id, *path))
        .collect();
    let own = connector.endpoint().application_name.as_deref();
    let start = manifest.start_time.micros();
    let from = start.saturating_sub(AROUND_US);
    let end = manifest
        .duration_us
        .map(|duration| start.saturating_add(duration).saturating_add(AROUND_US));
    // The year 5138 where the end is not known.
    let to = end.unwrap_or(100_000_000_000_000_000);
    let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] = [
        (&names, Type::TEXT_ARRAY),
        (&own, Type::TEXT),
        (&from, Type::INT8),
        (&to, Type::INT8),
    ];
    loop {
        let asked = session
            .client
            .query_typed_one(&STATEMENTS.audit_sessions, &values);
        let left = match timeout(LEAST_LIMIT, asked).await {
            Ok(Ok(row)) => row.try_get(0).ok()?,
            // What else is wrong with the connection the next statement says.
            _ => return None,
        };
        if left == 0 || !patience.go_on("the sessions of the run").await {
            return Some(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use recording::vocabulary::Path;

    use super::*;

    fn server(address: &str, in_recovery: bool, timeline: Option<i32>) -> Server {
        Server {
            path: Path::Direct,
            address: Some(address.to_owned()),
            port: Some(5432),
            version: None,
            in_recovery: Some(in_recovery),
            postmaster_start_time: None,
            timeline,
            aurora_instance_identifier: None,
        }
    }

    fn manifest() -> Manifest {
        Manifest {
            servers: vec![
                server("10.0.0.1", false, Some(1)),
                server("10.0.0.1", false, Some(1)),
                server("10.0.0.2", true, None),
                server("10.0.0.2", false, Some(2)),
            ],
            ..Manifest::new("20261122T204300Z-7f3a", "host")
        }
    }

    #[test]
    fn the_writers_of_the_run_but_the_present_one_are_former_ones() {
        let present = server("10.0.0.2", false, Some(2));
        let former = former_writers(&manifest(), &present);
        assert_eq!(former, ["10.0.0.1:5432".parse().unwrap()]);
        let nowhere = Server {
            address: None,
            ..present
        };
        assert!(former_writers(&manifest(), &nowhere).is_empty());
    }

    #[test]
    fn a_server_with_two_addresses_is_one() {
        let start = |address, start_us| Server {
            postmaster_start_time: Some(recording::Timestamp(start_us)),
            ..server(address, false, None)
        };
        assert!(is_same(&start("10.0.0.1", 5), &start("10.1.0.1", 5)));
        assert!(!is_same(&start("10.0.0.1", 5), &start("10.0.0.1", 6)));
        let untold = |address| server(address, false, None);
        assert!(is_same(&untold("10.0.0.1"), &start("10.0.0.1", 5)));
        assert!(!is_same(&untold("10.0.0.1"), &untold("10.0.0.2")));
        let named = |name: &str| Server {
            aurora_instance_identifier: Some(name.to_owned()),
            ..start("10.0.0.1", 5)
        };
        assert!(!is_same(&named("a"), &named("b")));
    }

    #[test]
    fn a_writer_of_an_earlier_timeline_is_a_former_one() {
        let unfit = |server| unfit(&server, &manifest());
        assert_eq!(unfit(server("10.0.0.2", false, Some(2))), None);
        assert_eq!(unfit(server("10.0.0.3", false, Some(3))), None);
        assert_eq!(unfit(server("10.0.0.1", false, None)), None);
        let former = unfit(server("10.0.0.1", false, Some(1))).unwrap();
        assert!(former.contains("timeline 1"), "{former}");
        assert!(unfit(server("10.0.0.1", true, None)).is_some());
    }
}
