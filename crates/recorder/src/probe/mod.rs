//! Probes: which server answers on each path, at intervals during the workload: what explains a downtime figure. The server is asked on a
//! connection of its own, the name server once a second; each answer is a row of `probes`, each change an event.
//!
//! All of it is dropped where the recording ends: a question that is open then has no answer, and no row.

mod answer;
mod changes;
mod name;
mod rotation;
mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cli::probe::ProbeArgs;
use crate::connect::Connector;
use crate::output::event_sink::EventSink;
use name::NameProbe;
use server::ServerProbe;

/// A probe may take this long at least, of several addresses for each of them, also where the interval is shorter.
const LEAST_LIMIT: Duration = Duration::from_secs(1);
/// Shorter intervals would be load, and not a look.
const LEAST_INTERVAL: Duration = Duration::from_millis(50);

/// What is probed, and how often.
#[derive(Clone)]
pub struct Probing {
    every: Duration,
    connectors: Vec<Connector>,
}

impl Probing {
    /// Probes of the endpoints of `connectors`; `None` where the user wants none.
    ///
    /// # Errors
    /// One line where the interval is too short.
    pub(crate) fn new<'a>(
        args: &ProbeArgs,
        connectors: impl Iterator<Item = &'a Connector>,
    ) -> Result<Option<Self>, String> {
        let every = args.probe_interval;
        if every.is_zero() {
            return Ok(None);
        }
        if every < LEAST_INTERVAL {
            return Err(format!(
                "--probe-interval {every:?}: must be at least {LEAST_INTERVAL:?}, or 0 for no probes"
            ));
        }
        // Each its own: with the workload's cache a probe would see what the workload saw before.
        let connectors = connectors
            .map(|connector| connector.without_cache(LEAST_LIMIT))
            .collect();
        Ok(Some(Self { every, connectors }))
    }

    /// Between two probes of a path.
    #[must_use]
    pub(crate) const fn every(&self) -> Duration {
        self.every
    }

    /// The same, its sessions called as those of their paths.
    #[must_use]
    pub(crate) fn named(mut self, name: impl Fn(Connector) -> Connector) -> Self {
        self.connectors = self.connectors.into_iter().map(name).collect();
        self
    }

    /// Starts to probe. Ends where the set is shut down.
    #[must_use]
    pub(crate) fn start(&self, sink: &EventSink) -> JoinSet<()> {
        let mut probes = JoinSet::new();
        for connector in &self.connectors {
            let mut addresses = Vec::new();
            let mut asked = BTreeMap::new();
            for host in &connector.endpoint().hosts {
                let literal = host.address();
                // The same name at another port is no other name.
                if let Some(heard) = asked.get(&host.name) {
                    addresses.push(watch::Receiver::clone(heard));
                    continue;
                }
                let (resolved, heard) = watch::channel(literal.into_iter().collect());
                addresses.push(heard.clone());
                if literal.is_none() {
                    let probe = NameProbe {
                        connector: connector.clone(),
                        host: host.name.clone(),
                        resolved,
                        sink: sink.clone(),
                    };
                    probes.spawn(probe.run());
                    asked.insert(&host.name, heard);
                }
            }
            let limit = self.every.max(LEAST_LIMIT);
            let probe = ServerProbe {
                connector: connector.clone().with_limit(limit),
                every: self.every,
                limit,
                addresses,
                sink: sink.clone(),
            };
            probes.spawn(probe.run());
        }
        probes
    }
}
