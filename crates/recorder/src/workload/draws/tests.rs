use std::collections::HashMap;

use proptest::prelude::*;
use recording::Clock;

use super::*;
use crate::definition::keys::{Ids, Keys, PathKeys};

const WEIGHTS: Weights = Weights {
    read: 70.0,
    write: 20.0,
    transaction: 10.0,
};

fn draws(seed: u64, weights: Weights) -> Draws {
    Draws::new(seed, Definition::shop(), weights)
}

/// Users and products 1 to 100, of which each path has its half.
fn keys(path: Path) -> PathKeys {
    let keys = || Keys::of_path(Ids::Integers((1..=100).collect()), path).unwrap();
    PathKeys::new(vec![keys(), keys()])
}

fn operation(draws: &Draws, path: Path, operation_id: i64) -> Draw {
    let place = Place {
        path,
        operation_id,
        keys: &keys(path),
        identity: "run-x-1",
        clock: Clock::start(),
    };
    let mut draw = draws.room();
    draws.fill(&place, &mut draw);
    draw
}

fn value<'d>(draw: &'d Draw, name: &str) -> Option<&'d str> {
    let values = &draw.operation().values;
    let number = values.iter().position(|(value, _)| value == name)?;
    Some(draw.value(number))
}

proptest! {
    /// Both paths make their stream from seed and weights alone, and workers ask in any order.
    #[test]
    fn operation_n_is_the_same_on_both_paths_in_any_order(
        seed: u64,
        mut ids in proptest::collection::vec(1_i64..1_000_000, 1..50),
    ) {
        let draws = draws(seed, WEIGHTS);
        let first: HashMap<i64, Draw> = ids.iter().map(|id| (*id, operation(&draws, Path::Direct, *id))).collect();
        ids.reverse();
        for id in ids {
            let (proxy, direct) = (operation(&draws, Path::Proxy, id), &first[&id]);
            prop_assert!(std::ptr::eq(proxy.operation(), direct.operation()));
            for (number, (name, _)) in direct.operation().values.iter().enumerate() {
                let [one, other] = [direct, &proxy].map(|draw| draw.value(number).to_owned());
                match name.as_str() {
                    "user_id" | "product_id" => {
                        let [one, other] = [one, other].map(|key| key.parse::<i64>().unwrap());
                        prop_assert_eq!(one + 50, other);
                    }
                    _ => prop_assert_eq!(one, other),
                }
            }
        }
    }

    #[test]
    fn every_choice_is_in_its_range(seed: u64, id in 1_i64..i64::MAX / 4) {
        let draw = operation(&draws(seed, WEIGHTS), Path::Direct, id);
        let number = |name| value(&draw, name).map(|text| text.parse::<i64>().unwrap());
        prop_assert!(number("user_id").is_none_or(|id| (1..=50).contains(&id)));
        let most = if draw.operation().name == "update_stock" { 15 } else { 3 };
        prop_assert!(number("quantity").is_none_or(|quantity| (1..=most).contains(&quantity)));
        prop_assert!(number("amount_cents").is_none_or(|amount| (100..=50_000).contains(&amount)));
        prop_assert!(value(&draw, "address").is_none_or(|ip| ip.starts_with("10.")));
        prop_assert!(value(&draw, "details").is_none_or(|details| details == "run-x-1"));
    }

    #[test]
    fn a_type_of_weight_0_is_never_drawn(seed: u64, id in 1_i64..1_000_000, only in 0_usize..3) {
        let mut shares = [0.0; 3];
        shares[only] = 100.0;
        let weights = Weights { read: shares[0], write: shares[1], transaction: shares[2] };
        let draw = operation(&draws(seed, weights), Path::Direct, id);
        prop_assert_eq!(draw.operation().operation_type, OperationType::ALL[only]);
    }
}

#[test]
fn seeds_and_streams_differ() {
    let draws = |seed| draws(seed, WEIGHTS);
    let (one, other) = (draws(1), draws(2));
    let same = (1..1_000).filter(|id| {
        let [one, other] = [
            operation(&one, Path::Direct, *id),
            operation(&other, Path::Direct, *id + 1),
        ];
        // Two reads without values are the same where they are the same operation.
        !one.text.is_empty() && one == other
    });
    assert!(
        same.count() < 5,
        "neighbouring seeds must not give the same stream, shifted"
    );
    let think = |worker| one.think_times(worker).next_u64();
    assert_ne!(think(0), think(1));
}

/// Over 100,000 draws the standard deviation of a share is below 0.15 points: 1 point off is no accident.
#[test]
fn types_follow_the_weights_and_operations_their_share() {
    let draws = draws(42, WEIGHTS);
    let keys = keys(Path::Direct);
    let (mut draw, mut counts) = (draws.room(), HashMap::<&str, f64>::new());
    for operation_id in 1..=100_000 {
        let place = Place {
            path: Path::Direct,
            operation_id,
            keys: &keys,
            identity: "run-x-1",
            clock: Clock::start(),
        };
        draws.fill(&place, &mut draw);
        *counts.entry(&draw.operation().name).or_default() += 0.001;
    }
    for operation in &Definition::shop().operations {
        let share = counts[operation.name.as_str()];
        assert!(
            (share - operation.weight).abs() < 1.0,
            "{}: {share}",
            operation.name
        );
    }
}
