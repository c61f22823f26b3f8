//! What operation n is: a pure function of the seed and n. Timing, failures and the other path change nothing, so that
//! operation n of one path can be compared with operation n of the other.

use std::sync::Arc;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};
use recording::vocabulary::{OperationType, Path};
use recording::{Target, Weights};

use crate::definition::model::{Definition, Operation};
use crate::definition::values::Place;

/// 2^64 divided by the golden ratio: spreads neighbouring numbers over all bits.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Operation n of a path, with all its values; its room is used again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draw {
    operation: &'static Operation,
    /// The values behind one another.
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Draw {
    /// An operation with chosen values.
    #[cfg(test)]
    pub(crate) fn of(operation: &'static Operation, value: impl Fn(&str) -> String) -> Self {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for (name, _) in &operation.values {
            text += &value(name);
            ends.push(text.len());
        }
        Self {
            operation,
            text,
            ends,
        }
    }

    /// Which operation.
    pub(crate) const fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// The value of that number.
    pub(crate) fn value(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[number]]
    }

    /// What an audit has to look for.
    pub(crate) fn target(&self) -> Target {
        let of = self.operation.target;
        let number = |value: Option<usize>| self.value(value?).parse().ok();
        Target {
            user_id: number(of.user_id),
            product_id: number(of.product_id),
            quantity: number(of.quantity),
        }
    }
}

/// Draws operations.
#[derive(Debug, Clone)]
pub struct Draws {
    base: u64,
    definition: &'static Definition,
    /// Up to which number of [0, 1) each operation is drawn.
    bounds: Arc<[f64]>,
}

impl Draws {
    /// The stream of a seed; the weights share each type's part among its operations.
    #[must_use]
    pub fn new(seed: u64, definition: &'static Definition, weights: Weights) -> Self {
        // The seed is mixed first, or the streams of neighbouring seeds would be the same, shifted.
        Self {
            base: Xoshiro256PlusPlus::seed_from_u64(seed).next_u64(),
            definition,
            bounds: bounds(definition, weights),
        }
    }

    /// A draw to fill.
    ///
    /// # Panics
    /// Where the workload has no operation; its reader refuses such a file.
    #[must_use]
    pub(crate) fn room(&self) -> Draw {
        Draw {
            operation: &self.definition.operations[0],
            text: String::new(),
            ends: Vec::new(),
        }
    }

    /// The operation of that place, from 1, with its values.
    pub(crate) fn fill(&self, place: &Place<'_>, draw: &mut Draw) {
        let (operation, mut random) = self.choose(place.operation_id);
        draw.operation = operation;
        draw.text.clear();
        draw.ends.clear();
        for (_, generator) in &draw.operation.values {
            generator.write(&mut random, place, &mut draw.text);
            draw.ends.push(draw.text.len());
        }
    }

    /// The name of the operation of that number, from 1.
    #[must_use]
    pub fn operation_name(&self, operation_id: i64) -> &'static str {
        &self.choose(operation_id).0.name
    }

    /// The operation of that number, and what its values are drawn from.
    fn choose(&self, operation_id: i64) -> (&'static Operation, Xoshiro256PlusPlus) {
        let mut random = self.stream(operation_id.cast_unsigned());
        let kind: f64 = random.random();
        let index = self.bounds.partition_point(|bound| *bound <= kind);
        (&self.definition.operations[index], random)
    }

    /// The numbers of a worker's think times: a stream apart, so that they shift no draw.
    #[must_use]
    pub(crate) fn think_times(&self, worker: u32) -> Xoshiro256PlusPlus {
        self.stream(!u64::from(worker))
    }

    /// The numbers of a pool's jitter: a stream apart as well.
    #[must_use]
    pub(crate) fn pool(&self, path: Path, is_reader: bool) -> Xoshiro256PlusPlus {
        let path = match path {
            Path::Direct => 0,
            Path::Proxy => 2,
        };
        // Behind those of the workers, whose numbers have 32 bits.
        self.stream(!((1 << 32) + path + u64::from(is_reader)))
    }

    /// The numbers of an open loop's arrivals: a stream apart, behind those of the pools.
    #[must_use]
    pub(crate) fn arrivals(&self) -> Xoshiro256PlusPlus {
        self.stream(!((1 << 32) + 4))
    }

    fn stream(&self, number: u64) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(self.base ^ number.wrapping_mul(GOLDEN))
    }
}

/// Rounding must not pick an operation without a weight: the last one with a weight takes what is left.
fn bounds(definition: &Definition, weights: Weights) -> Arc<[f64]> {
    let operations = &definition.operations;
    let share_of_type = |of: OperationType| match of {
        OperationType::Read => weights.read,
        OperationType::Write => weights.write,
        OperationType::Transaction => weights.transaction,
    };
    let share = |operation: &Operation| {
        let of_type = operations
            .iter()
            .filter(|it| it.operation_type == operation.operation_type);
        let whole: f64 = of_type.map(|it| it.weight).sum();
        match operation.weight > 0.0 {
            true => share_of_type(operation.operation_type) * operation.weight / whole,
            false => 0.0,
        }
    };
    let shares: Vec<f64> = operations.iter().map(share).collect();
    let (whole, last) = (
        shares.iter().sum::<f64>(),
        shares.iter().rposition(|share| *share > 0.0),
    );
    let mut sum = 0.0;
    let bound = |(at, share): (usize, &f64)| {
        sum += share;
        match last.is_some_and(|last| at >= last) {
            true => 1.0,
            false => sum / whole,
        }
    };
    shares.iter().enumerate().map(bound).collect()
}

#[cfg(test)]
mod tests;
