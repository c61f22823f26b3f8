//! What an endpoint's name resolves to, asked once a second.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Instant;

use command_line::duration::micros;
use recording::vocabulary::ProbeKind;
use recording::{DnsAnswer, Probe, ProbeFailure};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::NAME_INTERVAL;
use super::changes::{Addresses, Change};
use super::rotation::Rotation;
use crate::connect::Connector;
use crate::message;
use crate::tell::Teller;

/// Asks for one name of an endpoint.
pub(super) struct NameProbe {
    /// The endpoint, with a resolver that has no cache.
    pub connector: Connector,
    /// The name.
    pub host: String,
    /// Hears of each answer.
    pub resolved: watch::Sender<BTreeSet<IpAddr>>,
    pub teller: Teller,
}

/// What is known of the name's addresses.
enum Known {
    /// Of an endpoint for writes each change counts: a name that flips back has changed twice.
    ForWrites(Addresses),
    ForReads(Rotation),
}

impl Known {
    fn new(is_reader: bool) -> Self {
        match is_reader {
            true => Self::ForReads(Rotation::default()),
            false => Self::ForWrites(Addresses::default()),
        }
    }

    fn see(&mut self, host: &str, now: BTreeSet<IpAddr>, asked: Instant) -> Option<Change> {
        match self {
            Self::ForWrites(known) => known.see(host, now),
            Self::ForReads(known) => known.see(host, now, asked),
        }
    }
}

impl NameProbe {
    /// Asks until it is dropped.
    pub(super) async fn run(self) {
        let host = &self.host;
        let path = self.connector.path();
        let mut known = Known::new(self.connector.is_reader());
        let mut ticks = interval(NAME_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let asked = Instant::now();
            // Within the limit that the resolver was made with.
            let answer = self.connector.resolver().answer(host).await;
            let duration_us = micros(asked.elapsed());
            let time = self.teller.clock.at_us(asked);
            let (dns, failure) = match answer {
                Ok(answer) => {
                    let addresses: BTreeSet<IpAddr> = answer.addresses.into_iter().collect();
                    let ttl_s = answer.ttl_s;
                    let dns = DnsAnswer {
                        addresses: list(&addresses),
                        ttl_s: ttl_s.map(|ttl_s| i32::try_from(ttl_s).unwrap_or(i32::MAX)),
                    };
                    self.resolved.send_replace(addresses.clone());
                    if let Some(change) = known.see(host, addresses, asked) {
                        let (kind, detail) = change;
                        self.teller
                            .event(time + duration_us, Some(path), kind, detail);
                    }
                    (Some(dns), None)
                }
                Err(error) => {
                    let failure = ProbeFailure {
                        class: error.class,
                        sqlstate: None,
                        message: message::one_line(&error.message),
                    };
                    (None, Some(failure))
                }
            };
            self.teller.handle.probe(Probe {
                path,
                time,
                kind: ProbeKind::Dns,
                target: host.clone(),
                reader: self.connector.is_reader(),
                duration_us,
                server: None,
                replication_lag_us: None,
                dns,
                failure,
            });
        }
    }
}

/// The addresses in their order, commas between.
pub(super) fn list(addresses: &BTreeSet<IpAddr>) -> String {
    let texts: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    texts.join(",")
}
