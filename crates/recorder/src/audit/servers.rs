//! The servers of a run: which is the present writer, and what became of the others.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use recording::vocabulary::ErrorClass;
use recording::{Manifest, Server};
use tokio::time::timeout;

use crate::audit::patience::{LEAST_LIMIT, Patience};
use crate::audit::trouble::error;
use crate::connect::{ConnectError, ConnectProgress, Connector, Session};
use crate::database::{self, Trouble};
use crate::error::RecorderError;

/// On each phase of connecting to a former writer.
const PHASE_LIMIT: Duration = Duration::from_secs(2);

/// The session of a server that takes writes, and that is no former writer.
///
/// # Errors
/// One line where none is found in time.
pub(super) async fn find_writer(
    connector: &Connector,
    manifest: &Manifest,
    patience: &mut Patience<'_>,
) -> Result<(Session, Server), RecorderError> {
    loop {
        let trouble = match look(connector, patience.limit()).await {
            Ok((session, server)) => match unfit(&server, manifest) {
                None => return Ok((session, server)),
                Some(found) => Trouble {
                    found,
                    remedy: "check where the endpoint leads, or wait longer with --wait; a database that was restored or replaced since counts timelines anew, and can't be audited"
                        .to_owned(),
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
        if !patience.go_on("a writer", &trouble.found).await {
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

/// The addresses of the endpoint, and those that the run connected to. To no other address is the password taken, whatever a manifest says.
pub(super) async fn known_addresses(
    connector: &Connector,
    of_run: &BTreeSet<IpAddr>,
) -> BTreeSet<IpAddr> {
    let mut known = of_run.clone();
    for host in &connector.endpoint().hosts {
        match host.address() {
            Some(address) => drop(known.insert(address)),
            None => {
                let look_up = connector.resolver().addresses(&host.name);
                let found = timeout(LEAST_LIMIT, look_up).await;
                known.extend(found.into_iter().flatten().flatten());
            }
        }
    }
    known
}

/// A server of the run that is not the present writer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) place: SocketAddr,
    pub(super) was_writer: bool,
}

/// Where the other servers of the run are. Where the present writer does not tell its address, none is known from it.
pub(super) fn others(manifest: &Manifest, present: &Server) -> Vec<Other> {
    let place = |server: &Server| {
        let address: IpAddr = server.address.as_ref()?.parse().ok()?;
        Some(SocketAddr::new(address, u16::try_from(server.port?).ok()?))
    };
    let Some(present) = place(present) else {
        return Vec::new();
    };
    let of_role = |is_reader: bool| {
        let servers = manifest.servers.iter();
        let of_role = servers.filter(move |it| it.in_recovery == Some(is_reader));
        of_role.filter_map(place).collect::<BTreeSet<_>>()
    };
    let writers = of_role(false);
    let all: BTreeSet<SocketAddr> = writers.union(&of_role(true)).copied().collect();
    all.into_iter()
        .filter(|place| *place != present)
        .map(|place| Other {
            place,
            was_writer: writers.contains(&place),
        })
        .collect()
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

/// Former writers that are not readers when the wait is over, and all servers of the run but the present one that are writers.
pub(super) async fn await_readers(
    connector: &Connector,
    mut others: Vec<Other>,
    present: &Server,
    patience: &mut Patience<'_>,
) -> (Vec<(SocketAddr, String)>, Vec<SocketAddr>) {
    loop {
        let (mut missing, mut writers, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for other in others {
            let alone = connector
                .at(other.place)
                .with_limit(PHASE_LIMIT)
                .with_scram();
            match look(&alone, LEAST_LIMIT).await {
                Ok((_, found)) if found.in_recovery == Some(true) || is_same(&found, present) => {
                    continue;
                }
                Ok((_, found)) => {
                    if found.in_recovery == Some(false) {
                        writers.push(other.place);
                    }
                    if other.was_writer {
                        missing.push((other.place, "it is no reader".to_owned()));
                    }
                }
                Err((trouble, _)) if other.was_writer => missing.push((other.place, trouble.found)),
                // A reader that is down takes no writes.
                Err(_) => continue,
            }
            left.push(other);
        }
        others = left;
        let why = match (missing.first(), writers.first()) {
            (Some((server, why)), _) => format!("{server}: {why}"),
            (None, Some(server)) => format!("{server}: it is no reader"),
            (None, None) => return (missing, writers),
        };
        if !patience.go_on("the former writer", &why).await {
            return (missing, writers);
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
    fn the_servers_of_the_run_but_the_present_one_are_looked_at() {
        let other = |place: &str, was_writer| Other {
            place: place.parse().unwrap(),
            was_writer,
        };
        let present = server("10.0.0.2", false, Some(2));
        assert_eq!(
            others(&manifest(), &present),
            [other("10.0.0.1:5432", true)]
        );
        // One that was a reader, and then a writer.
        let present = server("10.0.0.1", false, Some(1));
        assert_eq!(
            others(&manifest(), &present),
            [other("10.0.0.2:5432", true)]
        );
        let mut manifest = manifest();
        manifest.servers.push(server("10.0.0.3", true, None));
        let expected = [other("10.0.0.2:5432", true), other("10.0.0.3:5432", false)];
        assert_eq!(others(&manifest, &present), expected);
        let nowhere = Server {
            address: None,
            ..present
        };
        assert!(others(&manifest, &nowhere).is_empty());
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
