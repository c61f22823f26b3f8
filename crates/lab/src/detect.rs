//! How the controller detects the loss of the writer.

use std::time::Duration;

use crate::{error::LabError, node_name::NodeName, site::Site, sql};

/// How often the controller probes the writer.
const PROBE_INTERVAL: Duration = Duration::from_millis(200);
/// How long it waits for an answer.
const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// Failures in a row that mean a loss.
const PROBES_TO_DETECT: u32 = 3;

/// The controller's probes of the writer, each on a new connection, as a proxy does it.
pub(crate) struct Probes<'a> {
    site: &'a Site,
    node: NodeName,
    ticks: tokio::time::Interval,
}

impl<'a> Probes<'a> {
    pub(crate) fn new(site: &'a Site, node: NodeName) -> Self {
        Self {
            site,
            node,
            ticks: tokio::time::interval(PROBE_INTERVAL),
        }
    }

    /// Waits for the next probe's time, and probes.
    pub(crate) async fn expect_answer(&mut self) -> Result<(), LabError> {
        self.ticks.tick().await;
        let client = sql::connect(
            self.site,
            self.node.address(),
            self.site.port,
            "postgres",
            PROBE_LIMIT,
        )
        .await?;
        sql::within(
            "probing the writer",
            PROBE_LIMIT,
            client.simple_query("select 1"),
        )
        .await
        .map(drop)
    }

    /// Returns the last failure, once there were enough in a row.
    pub(crate) async fn detect_loss(&mut self) -> LabError {
        let mut failures = 0;
        loop {
            match self.expect_answer().await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    if failures == PROBES_TO_DETECT {
                        return error;
                    }
                }
            }
        }
    }
}
