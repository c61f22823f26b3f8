//! Availability probes: a read and a write of a client's own on each path, at a short interval, on connections of their own. Each is a row of
//! `availability`: what a client that connects anew would have met, whatever the workload's pools and caches do meanwhile
//! (`docs/definitions.md`, Service downtime).

mod ask;
mod prober;
pub(crate) mod questions;
mod roles;
pub(crate) mod schedule;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use command_line::duration::micros;
use parking_lot::Mutex;
use recording::AvailabilitySettings;
use recording::vocabulary::{OperationType, Path};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cli::availability::{AvailabilityArgs, AvailabilityKinds};
use crate::connect::Connector;
use crate::output::event_sink::EventSink;
use crate::probe::names::Names;
use ask::Asker;
use prober::Prober;
use questions::Statements;
use roles::Roles;
use schedule::LIMIT;

/// Shorter intervals would be load, and no finer a figure.
const LEAST_INTERVAL: Duration = Duration::from_millis(10);

/// With longer ones a failover would fit between two questions: the service's downtime would be a figure of the interval.
const LONGEST_INTERVAL: Duration = Duration::from_millis(500);

/// Which questions are asked, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Between two questions of a kind.
    pub every: Duration,
    /// Writes too, not reads alone.
    pub writes: bool,
}

impl Asking {
    /// What the user wants of a workload; `None` for no probes. A workload that writes nothing has probes that write nothing.
    ///
    /// # Errors
    /// One line where the interval is too short or too long.
    pub(crate) fn new(
        args: &AvailabilityArgs,
        workload_writes: bool,
    ) -> Result<Option<Self>, String> {
        let every = args.availability_interval;
        if every.is_zero() {
            return Ok(None);
        }
        if !(LEAST_INTERVAL..=LONGEST_INTERVAL).contains(&every) {
            return Err(format!(
                "--availability-interval {every:?}: must be at least {LEAST_INTERVAL:?} and at most {LONGEST_INTERVAL:?}, or 0 for no availability probes"
            ));
        }
        Ok(Some(Self {
            every,
            writes: workload_writes && args.availability == AvailabilityKinds::ReadsAndWrites,
        }))
    }

    /// What an endpoint is asked for; `reads_go_apart` where its path has another one for reads.
    pub(crate) fn kinds(self, is_reader: bool, reads_go_apart: bool) -> Vec<OperationType> {
        let reads = is_reader || !reads_go_apart;
        let writes = self.writes && !is_reader;
        let kinds = [(OperationType::Read, reads), (OperationType::Write, writes)];
        let asked = kinds.into_iter().filter(|(_, is_asked)| *is_asked);
        asked.map(|(kind, _)| kind).collect()
    }

    /// Statements per second of so many kinds.
    pub(crate) fn per_second(self, kinds: usize) -> f64 {
        kinds as f64 / self.every.as_secs_f64()
    }

    /// `reads and writes every 50ms`.
    pub(crate) fn words(self) -> String {
        let what = match self.writes {
            true => "reads and writes",
            false => "reads",
        };
        format!("{what} every {:?}", self.every)
    }
}

/// The probes of a run.
#[derive(Clone)]
pub struct Availability {
    asking: Asking,
    /// Every endpoint of the run, in its order.
    connectors: Vec<Connector>,
}

impl Availability {
    /// Probes of the endpoints of `connectors`.
    pub(crate) fn new<'a>(asking: Asking, connectors: impl Iterator<Item = &'a Connector>) -> Self {
        // Each its own: with the workload's cache a probe would see what the workload saw before.
        let connectors = connectors
            .map(|connector| connector.without_cache(LIMIT))
            .collect();
        Self { asking, connectors }
    }

    /// The same without writes.
    pub(crate) const fn without_writes(mut self) -> Self {
        self.asking.writes = false;
        self
    }

    pub(crate) const fn asking(&self) -> Asking {
        self.asking
    }

    /// As they stand in the manifest.
    pub(crate) fn settings(&self) -> AvailabilitySettings {
        AvailabilitySettings {
            interval_us: micros(self.asking.every),
            limit_us: micros(LIMIT),
            writes: self.asking.writes,
        }
    }

    /// The same, its sessions called as those of their paths.
    #[must_use]
    pub(crate) fn named(mut self, name: impl Fn(Connector) -> Connector) -> Self {
        self.connectors = self.connectors.into_iter().map(name).collect();
        self
    }

    /// What an endpoint is asked for.
    pub(crate) fn kinds(&self, connector: &Connector) -> Vec<OperationType> {
        let path = connector.path();
        let mut others = self.connectors.iter();
        let reads_go_apart = others.any(|other| other.is_reader() && other.path() == path);
        self.asking.kinds(connector.is_reader(), reads_go_apart)
    }

    /// How many kinds are asked of all endpoints.
    pub(crate) fn count(&self) -> usize {
        let kinds = self.connectors.iter().map(|it| self.kinds(it).len());
        kinds.sum()
    }

    /// Starts to ask until `stop` turns true; `names` are those of each endpoint, in their order.
    pub(crate) fn start(
        &self,
        names: &[Names],
        sink: &EventSink,
        stop: &watch::Sender<bool>,
    ) -> JoinSet<()> {
        let mut probes = JoinSet::new();
        let mut roles: BTreeMap<Path, Arc<Mutex<Roles>>> = BTreeMap::new();
        for (connector, names) in self.connectors.iter().zip(names) {
            let path = connector.path();
            for kind in self.kinds(connector) {
                let of_path = roles
                    .entry(path)
                    .or_insert_with(|| Arc::new(Mutex::new(Roles::new(self.asking.writes))));
                let of_path = Some(Arc::clone(of_path)).filter(|_| !connector.is_reader());
                let asker = Asker {
                    connector: connector.clone(),
                    kind,
                    statements: Statements::new(path),
                    names: names.clone(),
                    clock: sink.clock,
                };
                let prober = Prober::new(asker, of_path, sink.clone(), self.asking.every);
                probes.spawn(prober.run(stop.subscribe()));
            }
        }
        probes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_endpoint_is_asked_for() {
        use OperationType::{Read, Write};
        let asking = |writes| Asking {
            every: Duration::from_millis(50),
            writes,
        };
        for (writes, is_reader, reads_go_apart, expected) in [
            (true, false, false, vec![Read, Write]),
            (false, false, false, vec![Read]),
            (true, false, true, vec![Write]),
            (true, true, true, vec![Read]),
            (false, false, true, vec![]),
        ] {
            assert_eq!(asking(writes).kinds(is_reader, reads_go_apart), expected);
        }
        assert_eq!(asking(true).per_second(2), 40.0);
    }

    #[test]
    fn what_is_wanted() {
        let asking = |interval_ms, availability, workload_writes| {
            let args = AvailabilityArgs {
                availability_interval: Duration::from_millis(interval_ms),
                availability,
            };
            Asking::new(&args, workload_writes)
        };
        let both = AvailabilityKinds::ReadsAndWrites;
        assert_eq!(asking(0, both, true), Ok(None));
        assert!(asking(9, both, true).unwrap_err().contains("at least 10ms"));
        assert!(
            asking(501, both, true)
                .unwrap_err()
                .contains("at most 500ms")
        );
        let words = |asked: Result<Option<Asking>, String>| asked.unwrap().unwrap().words();
        assert_eq!(words(asking(50, both, true)), "reads and writes every 50ms");
        assert_eq!(words(asking(50, both, false)), "reads every 50ms");
        let reads = AvailabilityKinds::Reads;
        assert_eq!(words(asking(20, reads, true)), "reads every 20ms");
    }
}
