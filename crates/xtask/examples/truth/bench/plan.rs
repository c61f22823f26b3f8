//! What is broken, when and for how long, all of it from one seed.

use std::time::Duration;

use lab::{FailoverKind, FailoverOptions};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// What the lab needs in addition to the outage itself: a fresh copy of the old writer, replication armed again.
const HEALING: Duration = Duration::from_secs(3);
/// Least healthy time before a fault; as much again is random, so that faults meet the workers at any moment.
const CALM: Duration = Duration::from_millis(2_000);
/// A freeze that ends before the writer's loss is detected: the lab's controller needs three probes. A wait so short is no outage by
/// definition.
const UNDETECTED: Duration = Duration::from_millis(420);

/// One fault.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// What the lab does.
    pub(crate) options: FailoverOptions,
    /// Healthy time before it.
    pub(crate) calm: Duration,
    /// How long the longest outage that it makes is meant to be.
    pub(crate) length: Duration,
}

impl Fault {
    /// How long it takes altogether, about.
    fn takes(&self) -> Duration {
        let options = &self.options;
        let fault = match options.kind {
            FailoverKind::Flap => options.down_for * options.flaps + options.up_for,
            kind if kind.exchanges_roles() => options.dns_after.max(options.return_after),
            _ => options.down_for,
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
    kinds: &[FailoverKind],
    lengths: (Duration, Duration),
    seed: u64,
) -> Vec<Fault> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut faults = Vec::with_capacity(number);
    let mut deck: Vec<FailoverKind> = Vec::new();
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

fn fault(kind: FailoverKind, lengths: (Duration, Duration), random: &mut StdRng) -> Fault {
    let (shortest, longest) = (lengths.0.as_secs_f64().ln(), lengths.1.as_secs_f64().ln());
    let length = Duration::from_secs_f64(random.random_range(shortest..=longest).exp());
    let mut part = |from: f64, to: f64| length.mul_f64(random.random_range(from..=to));
    let mut options = FailoverOptions {
        kind,
        promote_after: part(0.3, 1.0),
        dns_after: length,
        return_after: part(0.3, 1.2),
        down_for: length,
        ..FailoverOptions::default()
    };
    match kind {
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
    Fault {
        options,
        calm: CALM + CALM.mul_f64(random.random_range(0.0..1.0)),
        length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_as_often_and_the_same_seed_draws_the_same() {
        let kinds = [FailoverKind::Crash, FailoverKind::Slow, FailoverKind::Flap];
        let lengths = (Duration::from_millis(300), Duration::from_secs(30));
        let draw = |seed| faults(30, &kinds, lengths, seed);
        let drawn = draw(7);
        for kind in kinds {
            let of_kind = drawn.iter().filter(|fault| fault.options.kind == kind);
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
}
