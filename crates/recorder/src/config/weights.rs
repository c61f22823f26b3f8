//! Shares of the operation types.

use recording::Weights;

/// Shares that add up to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalisedWeights {
    /// Per cent.
    pub weights: Weights,
    /// True where the shares as given did not add up to 100.
    pub changed: bool,
}

/// Normalises the shares as given to 100.
///
/// # Errors
/// One line where a share is negative or no finite number, or where all are 0.
pub fn normalise(read: f64, write: f64, transaction: f64) -> Result<NormalisedWeights, String> {
    for (flag, share) in [
        ("--read-weight", read),
        ("--write-weight", write),
        ("--transaction-weight", transaction),
    ] {
        if !share.is_finite() || share < 0.0 {
            return Err(format!("{flag} {share}: must be 0 or a positive number"));
        }
    }
    let sum = read + write + transaction;
    if sum == 0.0 {
        return Err(
            "all weights are 0: give at least one of --read-weight, --write-weight and \
                    --transaction-weight a positive number"
                .to_owned(),
        );
    }
    if !sum.is_finite() {
        return Err("the weights are too large".to_owned());
    }
    let changed = (sum - 100.0).abs() > 1e-9;
    let share = |weight: f64| {
        if changed {
            weight / sum * 100.0
        } else {
            weight
        }
    };
    Ok(NormalisedWeights {
        weights: Weights {
            read: share(read),
            write: share(write),
            transaction: share(transaction),
        },
        changed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_hundred_stays_as_it_is() {
        let normal = normalise(70.0, 20.0, 10.0).unwrap();
        assert!(!normal.changed);
        assert_eq!(
            normal.weights,
            Weights {
                read: 70.0,
                write: 20.0,
                transaction: 10.0
            }
        );
    }

    #[test]
    fn other_sums_are_normalised() {
        let normal = normalise(1.0, 2.0, 1.0).unwrap();
        assert!(normal.changed);
        assert_eq!(
            normal.weights,
            Weights {
                read: 25.0,
                write: 50.0,
                transaction: 25.0
            }
        );
    }

    #[test]
    fn refused() {
        assert!(
            normalise(-1.0, 2.0, 1.0)
                .unwrap_err()
                .starts_with("--read-weight -1:")
        );
        assert!(
            normalise(1.0, f64::NAN, 1.0)
                .unwrap_err()
                .starts_with("--write-weight NaN:")
        );
        assert!(normalise(1.0, 1.0, f64::INFINITY).is_err());
        assert!(
            normalise(0.0, 0.0, 0.0)
                .unwrap_err()
                .starts_with("all weights are 0")
        );
        assert!(normalise(f64::MAX, f64::MAX, f64::MAX).is_err());
    }

    proptest! {
        #[test]
        fn always_a_hundred(read in 0.0..1e6, write in 0.0..1e6, transaction in 0.001..1e6) {
            let normal = normalise(read, write, transaction).unwrap().weights;
            prop_assert!((normal.read + normal.write + normal.transaction - 100.0).abs() < 1e-6);
        }
    }
}
