//! How the controller finds out that the writer is lost.

use std::time::Duration;

use crate::{error::LabError, node_name::NodeName, site::Site, sql};

/// The controller asks the writer this often,
const PROBE_INTERVAL: Duration = Duration::from_millis(200);
/// waits this long for an answer,
const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// and takes it for lost after so many failures in a row.
const PROBES_TO_DETECT: u32 = 3;

/// The controller's view of the writer: asked every 200 ms, on a connection made for it, as a proxy does.
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

    /// Waits for the next probe's time, and asks.
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
            "asking the writer",
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
