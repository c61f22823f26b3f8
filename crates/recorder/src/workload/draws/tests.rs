use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const WEIGHTS: Weights = Weights {
    read: 70.0,
    write: 20.0,
    transaction: 10.0,
};

proptest! {
    /// Both paths make their stream from seed and weights alone, and workers ask in any order.
    #[test]
    fn operation_n_is_the_same_on_both_paths_in_any_order(
        seed: u64,
        mut ids in proptest::collection::vec(1_i64..1_000_000, 1..50),
    ) {
        let (direct, proxy) = (Draws::new(seed, WEIGHTS), Draws::new(seed, WEIGHTS));
        let first: HashMap<i64, Draw> = ids.iter().map(|id| (*id, direct.operation(*id))).collect();
        ids.reverse();
        for id in ids {
            prop_assert_eq!(proxy.operation(id), first[&id]);
        }
    }

    #[test]
    fn every_choice_is_in_its_range(seed: u64, id in 1_i64..i64::MAX) {
        let draw = Draws::new(seed, WEIGHTS).operation(id);
        prop_assert!((0.0..1.0).contains(&draw.user) && (0.0..1.0).contains(&draw.product));
        prop_assert!((1..=3).contains(&draw.quantity));
        prop_assert!((1..=15).contains(&draw.stock_change));
        prop_assert!(draw.amount_cents > 0);
    }

    #[test]
    fn a_type_of_weight_0_is_never_drawn(seed: u64, id in 1_i64..1_000_000, only in 0_usize..3) {
        let mut shares = [0.0; 3];
        shares[only] = 100.0;
        let weights = Weights { read: shares[0], write: shares[1], transaction: shares[2] };
        let drawn = Draws::new(seed, weights).operation(id).name.operation_type();
        prop_assert_eq!(drawn, OperationType::ALL[only]);
    }
}

#[test]
fn seeds_and_streams_differ() {
    let draws = |seed| Draws::new(seed, WEIGHTS);
    let same = (1..1_000)
        .filter(|id| draws(1).operation(*id) == draws(2).operation(*id + 1))
        .count();
    assert_eq!(
        same, 0,
        "neighbouring seeds must not give the same stream, shifted"
    );
    let think = |worker| draws(1).think_times(worker).next_u64();
    assert_ne!(think(0), think(1));
}

/// Over 100,000 draws the standard deviation of a share is below 0.15 points: 1 point off is no accident.
#[test]
fn types_follow_the_weights_and_operations_are_uniform() {
    let draws = Draws::new(42, WEIGHTS);
    let mut counts: HashMap<OperationName, f64> = HashMap::new();
    for id in 1..=100_000 {
        *counts.entry(draws.operation(id).name).or_default() += 0.001;
    }
    for (name, share) in &counts {
        let expected = match name.operation_type() {
            OperationType::Read => 70.0 / 5.0,
            OperationType::Write => 20.0 / 4.0,
            OperationType::Transaction => 10.0,
        };
        assert!((share - expected).abs() < 1.0, "{name:?}: {share}");
    }
    assert_eq!(counts.len(), 10);
}
