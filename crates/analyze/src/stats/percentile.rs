//! Percentiles: exact, nearest-rank (`docs/definitions.md`, Rates and times).

/// The value at rank ceil(q n) of sorted values; `None` from fewer than 1/(1-q) samples.
#[must_use]
pub(crate) fn of_sorted(sorted: &[i64], q: f64) -> Option<i64> {
    has_enough(sorted.len() as u64, q).then(|| sorted[rank(sorted.len() as u64, q) as usize])
}

/// The value at rank ceil(q n) of values in any order, from however few samples: for comparing windows, not for printing.
#[must_use]
pub(crate) fn nearest_rank(values: &[i64], q: f64) -> Option<i64> {
    if values.is_empty() {
        return None;
    }
    let mut values = values.to_vec();
    let rank = rank(values.len() as u64, q) as usize;
    Some(*values.select_nth_unstable(rank).1)
}

/// True where a percentile q may be printed from `samples` values: 1/(1-q) at least.
#[must_use]
pub(crate) fn has_enough(samples: u64, q: f64) -> bool {
    // Rounded, because 1/(1-0.99) is a little more than 100 in binary.
    samples > 0 && samples as f64 >= (1.0 / (1.0 - q)).round()
}

/// Index, from 0, of rank ceil(q n) in n sorted values.
#[must_use]
pub(crate) fn rank(samples: u64, q: f64) -> u64 {
    // 0.99 x 100 is a little more than 99 in binary: less than a millionth of a rank is rounding.
    let rank = (q * samples as f64 - 1e-6).ceil() as u64;
    rank.clamp(1, samples.max(1)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank_of_one_to_hundred() {
        let values: Vec<i64> = (1..=100).collect();
        assert_eq!(of_sorted(&values, 0.5), Some(50));
        assert_eq!(of_sorted(&values, 0.9), Some(90));
        assert_eq!(of_sorted(&values, 0.99), Some(99));
        assert_eq!(of_sorted(&values, 0.999), None);
        assert_eq!(nearest_rank(&values, 0.999), Some(100));
    }

    #[test]
    fn a_percentile_needs_its_samples() {
        let values: Vec<i64> = (1..=1000).collect();
        assert_eq!(of_sorted(&values[..99], 0.99), None);
        assert_eq!(of_sorted(&values[..100], 0.99), Some(99));
        assert_eq!(of_sorted(&values[..999], 0.999), None);
        assert_eq!(of_sorted(&values, 0.999), Some(999));
        assert_eq!(of_sorted(&values[..1], 0.5), None);
        assert_eq!(of_sorted(&values[..2], 0.5), Some(1));
        assert_eq!(of_sorted(&[], 0.5), None);
        assert_eq!(nearest_rank(&[], 0.5), None);
    }
}
