//! What an endpoint's name resolves to, asked once a second.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Instant;

use command_line::duration::micros;
use recording::vocabulary::ProbeKind;
use recording::{DnsAnswer, Probe, ProbeFailure};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::connect::{Connector, Family, Resolved};
use crate::output::event_sink::EventSink;
use crate::probe::changes::{Addresses, Change, Whole, list};
use crate::probe::rotation::{NAME_INTERVAL, Rotation};
use crate::text::error_text;

/// Asks for one name of an endpoint.
pub(super) struct NameProbe {
    /// The endpoint, with a resolver that has no cache.
    pub connector: Connector,
    /// The name.
    pub host: String,
    /// Hears of each answer.
    pub resolved: watch::Sender<BTreeSet<IpAddr>>,
    /// True where each answer is a row and each change an event.
    pub is_recorded: bool,
    pub sink: EventSink,
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

    fn see(&mut self, host: &str, now: Whole, asked: Instant) -> Option<Change> {
        match self {
            Self::ForWrites(known) => known.see(host, now),
            Self::ForReads(known) => known.see(host, now.addresses, asked),
        }
    }
}

/// What each family answered last. IPv4 and IPv6 are asked for apart, and one of the answers may be lost: the addresses are still there.
#[derive(Default)]
struct Families {
    v4: Option<BTreeSet<IpAddr>>,
    v6: Option<BTreeSet<IpAddr>>,
}

impl Families {
    /// Takes note of an answer, and puts what is known in the place of what is lost.
    fn see(&mut self, answer: &Resolved) -> Whole {
        let mut is_new = None;
        let is_first = self.v4.is_none() && self.v6.is_none();
        for family in [Family::V4, Family::V6] {
            if answer.unanswered == Some(family) {
                continue;
            }
            let addresses = answer.addresses.iter().copied();
            let of_family = addresses.filter(|address| Family::of(*address) == family);
            let known = match family {
                Family::V4 => &mut self.v4,
                Family::V6 => &mut self.v6,
            };
            let before = known.replace(of_family.collect());
            if before.is_none() && !is_first {
                is_new = Some(family);
            }
        }
        let known = [&self.v4, &self.v6].into_iter().flatten().flatten();
        Whole {
            addresses: known.copied().collect(),
            is_new,
        }
    }
}

impl NameProbe {
    /// Asks until it is dropped.
    pub(super) async fn run(self) {
        let host = &self.host;
        let path = self.connector.path();
        let mut known = Known::new(self.connector.is_reader());
        let mut families = Families::default();
        let mut ticks = interval(NAME_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let asked = Instant::now();
            // Within the limit that the resolver was made with.
            let answer = self.connector.resolver().answer(host).await;
            let duration_us = micros(asked.elapsed());
            let time = self.sink.clock.at_us(asked);
            let (dns, failure) = match answer {
                Ok(answer) => {
                    let whole = families.see(&answer);
                    let ttl_s = answer.ttl_s;
                    let dns = DnsAnswer {
                        // As it came, without what was lost of it.
                        addresses: list(&answer.addresses.into_iter().collect()),
                        ttl_s: ttl_s.map(|ttl_s| i32::try_from(ttl_s).unwrap_or(i32::MAX)),
                    };
                    self.resolved.send_replace(whole.addresses.clone());
                    let change = known.see(host, whole, asked);
                    if let Some((kind, detail)) = change.filter(|_| self.is_recorded) {
                        self.sink
                            .event(time + duration_us, Some(path), kind, detail);
                    }
                    (Some(dns), None)
                }
                Err(error) => {
                    let failure = ProbeFailure {
                        class: error.class,
                        sqlstate: None,
                        message: error_text::one_line(&error.message),
                    };
                    (None, Some(failure))
                }
            };
            if !self.is_recorded {
                continue;
            }
            self.sink.handle.probe(Probe {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(addresses: &[&str], unanswered: Option<Family>) -> Resolved {
        let addresses = addresses.iter().map(|text| text.parse().unwrap());
        Resolved {
            addresses: addresses.collect(),
            ttl_s: Some(5),
            unanswered,
        }
    }

    fn changes(answers: &[(&[&str], Option<Family>)]) -> Vec<String> {
        let (mut known, mut families) = (Known::new(false), Families::default());
        let told = answers.iter().filter_map(|(addresses, unanswered)| {
            let whole = families.see(&answer(addresses, *unanswered));
            known.see("db", whole, Instant::now())
        });
        told.map(|(_, detail)| detail).collect()
    }

    #[test]
    fn a_lost_answer_of_one_family_is_no_change() {
        let both: &[&str] = &["10.0.0.1", "2001:db8::1"];
        let lost: (&[&str], _) = (&both[..1], Some(Family::V6));
        let none: Vec<String> = Vec::new();
        assert_eq!(
            changes(&[(both, None), lost, (both, None), lost, (both, None)]),
            none
        );
        assert_eq!(changes(&[lost, (both, None), lost]), none);
        // Nor may a connection be taken for one that leads elsewhere.
        let mut families = Families::default();
        families.see(&answer(both, None));
        let whole = families.see(&answer(lost.0, lost.1));
        assert_eq!(list(&whole.addresses), "10.0.0.1,2001:db8::1");
    }

    #[test]
    fn what_did_answer_is_compared() {
        let both: &[&str] = &["10.0.0.1", "2001:db8::1"];
        // That there is no AAAA any more is an answer.
        assert_eq!(
            changes(&[(both, None), (&both[..1], None)]),
            ["db: 10.0.0.1,2001:db8::1 -> 10.0.0.1"]
        );
        // A name server that never answers AAAA does not hide a failover.
        let lost = Some(Family::V6);
        assert_eq!(
            changes(&[(&["10.0.0.1"], lost), (&["10.0.0.2"], lost)]),
            ["db: 10.0.0.1 -> 10.0.0.2"]
        );
        assert_eq!(
            changes(&[(&["10.0.0.1"], lost), (&["10.0.0.2", "2001:db8::2"], None)]),
            ["db: 10.0.0.1,2001:db8::2 -> 10.0.0.2,2001:db8::2"]
        );
    }
}
