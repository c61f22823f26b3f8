//! What is broken, when and for how long, all of it from one seed.

use std::time::Duration;

use lab::{FailoverKind, FailoverOptions};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::kinds::Kind;

/// What the lab needs in addition to the outage itself: a fresh copy of the old writer, replication armed again.
const HEALING: Duration = Duration::from_secs(3);
/// Least healthy time before a fault; as much again is random, so that faults meet the workers at any moment.
const CALM: Duration = Duration::from_millis(2_000);
/// A freeze that ends before the writer's loss is detected: the lab's controller needs three probes. A wait so short is no outage by
/// definition.
const UNDETECTED: Duration = Duration::from_millis(420);

/// What this bench breaks itself takes no longer than this, unless `--shortest` says so: 100 outages shall take half an hour.
const OWN_LONGEST: Duration = Duration::from_secs(10);
/// Refusals are an outage from 1 s and five operations of every type on; the slowest load needs about this long for them where each
/// operation waits for a lock first.
const LOCKED_SHORTEST: Duration = Duration::from_secs(5);
const REVOKED_SHORTEST: Duration = Duration::from_secs(2);
/// An outage of which a pause hides only an edge.
const EDGED_SHORTEST: Duration = Duration::from_secs(2);
/// What follows some kinds until every worker has given up, about.
const SETTLING: Duration = Duration::from_secs(4);

/// One fault.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// What the lab does, where it does something.
    pub(crate) options: FailoverOptions,
    /// When the lab does it, and when and for how long the recorder is stopped; the rest is for the kinds that stop it.
    pub(crate) fault_after: Duration,
    pub(crate) pause_after: Duration,
    pub(crate) pause: Duration,
    /// Healthy time before it.
    pub(crate) calm: Duration,
    /// How long the longest outage that it makes is meant to be.
    pub(crate) length: Duration,
}

impl Fault {
    /// How long it takes altogether, about.
    fn takes(&self) -> Duration {
        let options = &self.options;
        let fault = match self.kind {
            Kind::Failover(FailoverKind::Flap) => options.down_for * options.flaps + options.up_for,
            Kind::Failover(kind) if kind.exchanges_roles() => {
                options.dns_after.max(options.return_after)
            }
            Kind::SilentHost | Kind::LostAnswers => self.length + SETTLING,
            _ => self.length + self.pause,
        };
        self.calm + fault + HEALING
    }
}

/// Recording all of them takes so long, about.
pub(crate) fn estimate(faults: &[Fault]) -> Duration {
    faults.iter().map(Fault::takes).sum()
}

/// So many faults, of all `kinds` as often, in random order; lengths are log-uniform between the two.
pub(crate) fn faults(
    number: usize,
    kinds: &[Kind],
    lengths: (Duration, Duration),
    seed: u64,
) -> Vec<Fault> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut faults = Vec::with_capacity(number);
    let mut deck: Vec<Kind> = Vec::new();
    while faults.len() < number && !kinds.is_empty() {
        if deck.is_empty() {
            deck = kinds.to_vec();
            deck.shuffle(&mut random);
        }
        if let Some(kind) = deck.pop() {
            faults.push(fault(kind, lengths, &mut random));
        }
    }
    faults
}

/// The shortest and the longest of this kind.
fn lengths_of(kind: Kind, (shortest, longest): (Duration, Duration)) -> (Duration, Duration) {
    let least = match kind {
        Kind::Failover(_) => return (shortest, longest),
        Kind::LockTimeout => LOCKED_SHORTEST,
        Kind::Revoke => REVOKED_SHORTEST,
        Kind::PauseAtEdge => EDGED_SHORTEST,
        _ => shortest,
    };
    let shortest = shortest.max(least);
    (shortest, longest.min(OWN_LONGEST).max(shortest))
}

fn fault(kind: Kind, lengths: (Duration, Duration), random: &mut StdRng) -> Fault {
    let (shortest, longest) = lengths_of(kind, lengths);
    let (shortest, longest) = (shortest.as_secs_f64().ln(), longest.as_secs_f64().ln());
    let length = Duration::from_secs_f64(random.random_range(shortest..=longest).exp());
    let mut fault = Fault {
        kind,
        options: options(kind, length, random),
        fault_after: Duration::ZERO,
        pause_after: Duration::ZERO,
        pause: Duration::ZERO,
        calm: CALM + CALM.mul_f64(random.random_range(0.0..1.0)),
        length,
    };
    let mut part = |from: f64, to: f64| length.mul_f64(random.random_range(from..=to));
    let inside = part(0.2, 0.6);
    match kind {
        Kind::Pause => fault.pause = length,
        Kind::PauseAtEdge => {
            let outside = Duration::from_millis(random.random_range(600..2_000));
            fault.pause = outside + inside;
            match random.random_bool(0.5) {
                true => fault.fault_after = outside,
                false => fault.pause_after = length.saturating_sub(inside),
            }
        }
        _ => {}
    }
    fault
}

fn options(kind: Kind, length: Duration, random: &mut StdRng) -> FailoverOptions {
    let mut part = |from: f64, to: f64| length.mul_f64(random.random_range(from..=to));
    let mut options = FailoverOptions {
        promote_after: part(0.3, 1.0),
        dns_after: length,
        return_after: part(0.3, 1.2),
        down_for: length,
        ..FailoverOptions::default()
    };
    match kind {
        Kind::Failover(kind) => options.kind = kind,
        // One crash; started again in place.
        _ => {
            options.kind = FailoverKind::Flap;
            options.flaps = 1;
            return options;
        }
    }
    match options.kind {
        FailoverKind::Flap => {
            options.flaps = 2;
            options.down_for = length / 2;
            options.up_for = Duration::from_millis(random.random_range(1_500..3_000));
        }
        // So slow that everything still comes well below the floor of a stall: no outage.
        FailoverKind::Slow => {
            options.latency = Duration::from_millis(random.random_range(5..25));
            options.latency_jitter = Duration::from_millis(5);
        }
        FailoverKind::Freeze if length < UNDETECTED => options.thaw_after = Some(length),
        _ => {}
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_as_often_and_the_same_seed_draws_the_same() {
        let kinds = [FailoverKind::Crash, FailoverKind::Slow, FailoverKind::Flap];
        let kinds = kinds.map(Kind::Failover);
        let lengths = (Duration::from_millis(300), Duration::from_secs(30));
        let draw = |seed| faults(30, &kinds, lengths, seed);
        let drawn = draw(7);
        for kind in kinds {
            let of_kind = drawn.iter().filter(|fault| fault.kind == kind);
            assert_eq!(of_kind.count(), 10);
        }
        let options = |faults: &[Fault]| -> Vec<FailoverOptions> {
            faults.iter().map(|fault| fault.options).collect()
        };
        assert_eq!(options(&drawn), options(&draw(7)));
        assert_ne!(options(&drawn), options(&draw(8)));
        let within = |fault: &Fault| {
            (lengths.0.mul_f64(0.999)..=lengths.1.mul_f64(1.001)).contains(&fault.length)
        };
        assert!(drawn.iter().all(within), "{drawn:#?}");
        assert!(faults(3, &[], lengths, 1).is_empty());
    }
    #[test]
    fn a_pause_at_an_edge_hides_no_more_than_the_edge() {
        let lengths = (Duration::from_millis(300), Duration::from_secs(30));
        let drawn = faults(40, &[Kind::PauseAtEdge], lengths, 3);
        let mut first_edges = 0;
        for fault in drawn {
            let (paused, continued) = (fault.pause_after, fault.pause_after + fault.pause);
            let (down, up) = (fault.fault_after, fault.fault_after + fault.length);
            let is_first = paused < down && continued < up;
            let is_last = down < paused && up < continued;
            assert!(is_first || is_last, "{fault:?}");
            first_edges += usize::from(is_first);
            assert!((Duration::from_secs(2)..=OWN_LONGEST.mul_f64(1.001)).contains(&fault.length));
        }
        assert!((1..40).contains(&first_edges));
    }
}
