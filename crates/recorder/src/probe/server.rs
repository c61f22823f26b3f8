//! Who answers on a path, asked on a connection of its own.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use command_line::duration::micros;
use recording::vocabulary::{ErrorClass, ProbeKind};
use recording::{Probe, ProbeFailure};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::classify;
use crate::connect::{ConnectProgress, Connector, Session};
use crate::output::event_sink::EventSink;
use crate::probe::answer::{ServerAnswer, ask};
use crate::probe::changes::Answers;
use crate::probe::names::Names;
use crate::sql::question::Refused;

/// Asks the server of one path.
pub(super) struct ServerProbe {
    /// The endpoint, with a resolver that has no cache.
    pub connector: Connector,
    /// From the begin of a probe to that of the next.
    pub every: Duration,
    /// On a question on the connection that is there, and for each of the addresses where one is made.
    pub limit: Duration,
    /// What the endpoint's names lead to.
    pub names: Names,
    pub sink: EventSink,
}

/// The probe's connection between two questions.
struct Connected {
    session: Session,
    /// Where it leads.
    address: Option<IpAddr>,
    /// What the server refuses to say.
    refused: Refused,
}

impl ServerProbe {
    /// Asks until it is dropped.
    pub(super) async fn run(self) {
        let path = self.connector.path();
        let mut known = Answers::default();
        let mut connected = None;
        let mut ticks = interval(self.every);
        // One at a time: what a slow answer has delayed is passed over, not made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let asked = Instant::now();
            let answer = self.probe(&mut connected).await;
            let duration_us = micros(asked.elapsed());
            let time = self.sink.clock.at_us(asked);
            let (server, replication_lag_us, failure) = match answer {
                Ok(answer) => (Some(answer.server), answer.replication_lag_us, None),
                Err(failure) => (None, None, Some(failure)),
            };
            // Of an endpoint for reads any reader is as good as another: who it is stands in the rows, and explains no downtime of the path.
            let told = server.iter().filter(|_| !self.connector.is_reader());
            for (kind, detail) in told.flat_map(|server| known.see(server)) {
                self.sink
                    .event(time + duration_us, Some(path), kind, detail);
            }
            self.sink.handle.probe(Probe {
                path,
                time,
                kind: ProbeKind::Server,
                target: self.target(),
                reader: self.connector.is_reader(),
                duration_us,
                server,
                replication_lag_us,
                dns: None,
                failure,
            });
        }
    }

    /// The name or address of the endpoint; of several, with commas between.
    fn target(&self) -> String {
        let hosts = &self.connector.endpoint().hosts;
        let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        names.join(",")
    }

    /// Asks once, on the connection that is there or on a new one. One that failed, or was too late, is gone afterwards.
    async fn probe(&self, kept: &mut Option<Connected>) -> Result<ServerAnswer, ProbeFailure> {
        let open = kept.take().filter(|open| self.is_current(open));
        let was_open = open.is_some();
        let mut progress = ConnectProgress::default();
        let asking = self.ask(open, &mut progress);
        let limit = match was_open {
            true => self.limit,
            false => {
                let rounds = self.connector.endpoint().target.rounds().len();
                self.limit.saturating_mul(self.names.tries(rounds))
            }
        };
        let asked = timeout(limit, asking).await;
        match asked {
            Ok(Ok((connected, answer))) => {
                // One whose role has changed is no longer what the endpoint asks for: who is, the next probe sees.
                let in_recovery = answer.server.in_recovery;
                let target = self.connector.endpoint().target;
                let fits = in_recovery.is_none_or(|in_recovery| !target.excludes(in_recovery));
                *kept = Some(connected).filter(|_| fits);
                Ok(answer)
            }
            Ok(Err(failure)) => Err(failure),
            Err(_) => {
                let is_connected = was_open || progress.startup_us.is_some();
                let class = match is_connected {
                    true => ErrorClass::OperationTimeout,
                    false => ErrorClass::ConnectTimeout,
                };
                Err(too_late(class, limit))
            }
        }
    }

    /// False for a connection that has ended, or that leads where the name no longer does: an old writer that lives on would
    /// answer for ever, and the question is who answers there now.
    fn is_current(&self, open: &Connected) -> bool {
        let leads_there = |address: IpAddr| self.names.lead_to(address);
        !open.session.is_closed() && open.address.is_none_or(leads_there)
    }

    async fn ask(
        &self,
        open: Option<Connected>,
        progress: &mut ConnectProgress,
    ) -> Result<(Connected, ServerAnswer), ProbeFailure> {
        let mut connected = match open {
            Some(open) => open,
            None => self.connect(progress).await?,
        };
        // Cut off from here on, the connection is in an unknown state.
        connected.session.in_use = true;
        let path = self.connector.path();
        match ask(&connected.session.client, path, &connected.refused).await {
            Ok(answer) => {
                connected.session.in_use = false;
                Ok((connected, answer))
            }
            Err(error) => {
                let failed = connected.session.explain(&error);
                Err(ProbeFailure {
                    class: classify::class(failed.symptom()),
                    sqlstate: failed.sqlstate(),
                    message: failed.message,
                })
            }
        }
    }

    async fn connect(&self, progress: &mut ConnectProgress) -> Result<Connected, ProbeFailure> {
        let session = self.connector.connect(0, progress).await;
        let session = session.map_err(|error| ProbeFailure {
            class: error.class,
            sqlstate: error.sqlstate,
            message: error.message,
        })?;
        Ok(Connected {
            session,
            address: progress.address,
            refused: Refused::default(),
        })
    }
}

/// No answer within the limit.
fn too_late(class: ErrorClass, limit: Duration) -> ProbeFailure {
    ProbeFailure {
        class,
        sqlstate: None,
        message: format!("no answer within {limit:?}"),
    }
}
