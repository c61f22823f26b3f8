//! Probes: which server answers on each path, at intervals during the workload: what explains a downtime figure. The server is asked on a
//! connection of its own, where no availability probe asks it; the name server once a second. Each answer is a row of `probes`, each change an
//! event.
//!
//! All of it is dropped where the recording ends: a question that is open then has no answer, and no row.

pub(crate) mod answer;
pub(crate) mod changes;
mod name;
pub(crate) mod names;
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
use names::Names;
use server::ServerProbe;

/// A probe may take this long at least, of several addresses for each of them, also where the interval is shorter.
const LEAST_LIMIT: Duration = Duration::from_secs(1);
/// Shorter intervals would be load, and not a look.
const LEAST_INTERVAL: Duration = Duration::from_millis(50);

/// What is probed, and how often.
#[derive(Clone)]
pub struct Probing {
    /// `None` where the user wants no probes.
    every: Option<Duration>,
    connectors: Vec<Connector>,
}

impl Probing {
    /// Probes of the endpoints of `connectors`.
    ///
    /// # Errors
    /// One line where the interval is too short.
    pub(crate) fn new<'a>(
        args: &ProbeArgs,
        connectors: impl Iterator<Item = &'a Connector>,
    ) -> Result<Self, String> {
        let every = Some(args.probe_interval).filter(|every| !every.is_zero());
        if let Some(every) = every.filter(|every| *every < LEAST_INTERVAL) {
            return Err(format!(
                "--probe-interval {every:?}: must be at least {LEAST_INTERVAL:?}, or 0 for no probes"
            ));
        }
        // Each its own: with the workload's cache a probe would see what the workload saw before.
        let connectors = connectors
            .map(|connector| connector.without_cache(LEAST_LIMIT))
            .collect();
        Ok(Self { every, connectors })
    }

    /// Between two probes of a path; `None` where there are none.
    #[must_use]
    pub(crate) const fn every(&self) -> Option<Duration> {
        self.every
    }

    /// The same, its sessions called as those of their paths.
    #[must_use]
    pub(crate) fn named(mut self, name: impl Fn(Connector) -> Connector) -> Self {
        self.connectors = self.connectors.into_iter().map(name).collect();
        self
    }

    /// Starts to probe; a probe ends where `probes` is shut down. An endpoint that others ask needs no probe of its server, but the names.
    /// Gives those of each endpoint, in their order.
    pub(crate) fn start(
        &self,
        is_asked: impl Fn(&Connector) -> bool,
        sink: &EventSink,
        probes: &mut JoinSet<()>,
    ) -> Vec<Names> {
        let start = |connector: &Connector| {
            let is_asked = is_asked(connector);
            let names = match self.every.is_some() || is_asked {
                true => self.watch_names(connector, sink, probes),
                false => Names(Vec::new()),
            };
            if let Some(every) = self.every.filter(|_| !is_asked) {
                let limit = every.max(LEAST_LIMIT);
                let probe = ServerProbe {
                    connector: connector.clone().with_limit(limit),
                    every,
                    limit,
                    names: names.clone(),
                    sink: sink.clone(),
                };
                probes.spawn(probe.run());
            }
            names
        };
        self.connectors.iter().map(start).collect()
    }

    fn watch_names(
        &self,
        connector: &Connector,
        sink: &EventSink,
        probes: &mut JoinSet<()>,
    ) -> Names {
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
                    is_recorded: self.every.is_some(),
                    sink: sink.clone(),
                };
                probes.spawn(probe.run());
                asked.insert(&host.name, heard);
            }
        }
        Names(addresses)
    }
}
