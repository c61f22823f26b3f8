//! What the availability probes of a run lack: it goes on without them.

use tokio::time::timeout;

use crate::availability::Availability;
use crate::config::RunConfig;
use crate::connect::{Connector, Session};
use crate::database::availability::{self, Found};
use recording::vocabulary::OperationType;

/// What can't be asked for, each with its line.
#[derive(Debug, Default)]
pub(crate) struct Lacks {
    all: Option<String>,
    writes: Option<String>,
}

impl Lacks {
    /// Looks whether an endpoint has what its probes ask for. Where it does not answer that, the probes will say so.
    pub(crate) async fn look(
        &mut self,
        config: &RunConfig,
        connector: &Connector,
        session: &Session,
    ) {
        let Some(probes) = &config.availability else {
            return;
        };
        let kinds = probes.kinds(connector);
        if kinds.is_empty() {
            return;
        }
        let writes = kinds.contains(&OperationType::Write);
        let looking = availability::look(session, connector.path(), writes);
        let Ok(Ok(found)) = timeout(config.limits.operation, looking).await else {
            return;
        };
        let path = connector.path();
        match found {
            Found::Ready => {}
            Found::Nothing { found, remedy } => {
                self.all.get_or_insert_with(|| {
                    format!("recording without availability probes on any path: {path} path: {found}; {remedy}")
                });
            }
            Found::NoWrites { found, remedy } => {
                self.writes.get_or_insert_with(|| {
                    format!("availability probes write nothing on any path: {path} path: {found}; {remedy}")
                });
            }
        }
    }

    /// Leaves out what can't be asked for; the line that says so.
    pub(crate) fn leave_out(self, config: &mut RunConfig) -> Option<String> {
        if self.all.is_some() {
            config.availability = None;
            return self.all;
        }
        if self.writes.is_some() {
            config.availability = config.availability.take().map(Availability::without_writes);
        }
        self.writes
    }
}
