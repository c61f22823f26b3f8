//! The test of Mann and Whitney (1947), of Wilcoxon's rank sum: whether values of one set tend to be larger than those of another.
//! It takes the values' order alone, so that neither a distribution nor one extreme value decides.

/// Up to so many values the distribution of the rank sum is taken as it is; beyond it, its normal approximation.
const MOST_EXACT: usize = 40;

/// The chance, two-sided, of rank sums as far apart as these or farther, where both sets are from one distribution. `None` where a set
/// is empty.
///
/// Equal values share the mean of their ranks. Exact: of all ways to draw as many ranks as the first set has, the share whose sum is as
/// far from the mean as the observed one; of more than 40 values the normal approximation, with the corrections for ties and for
/// continuity.
#[must_use]
pub(crate) fn p_value(first: &[f64], second: &[f64]) -> Option<f64> {
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let ranks = doubled_ranks(first, second);
    let observed: usize = ranks
        .iter()
        .filter(|rank| rank.of_first)
        .map(|rank| rank.doubled)
        .sum();
    let doubled: Vec<usize> = ranks.iter().map(|rank| rank.doubled).collect();
    let p = if doubled.len() <= MOST_EXACT {
        exact(&doubled, first.len(), observed)
    } else {
        approximate(&doubled, first.len(), observed)
    };
    Some(p.min(1.0))
}

/// The rank of a value among all of both sets, times two: a mean of ranks is a whole or a half.
struct Rank {
    doubled: usize,
    of_first: bool,
}

fn doubled_ranks(first: &[f64], second: &[f64]) -> Vec<Rank> {
    let of = |values: &[f64], of_first: bool| -> Vec<(f64, bool)> {
        values.iter().map(|value| (*value, of_first)).collect()
    };
    let mut all = of(first, true);
    all.extend(of(second, false));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = Vec::with_capacity(all.len());
    for tied in all.chunk_by(|a, b| a.0 == b.0) {
        // Ranks from `before + 1` to `before + tied.len()`: twice their mean.
        let before = ranks.len();
        let doubled = 2 * before + 1 + tied.len();
        ranks.extend(tied.iter().map(|(_, of_first)| Rank {
            doubled,
            of_first: *of_first,
        }));
    }
    ranks
}

/// How far a doubled rank sum is from its mean, `drawn` ranks of `all`: the mean of a doubled rank is `all + 1`.
fn distance(sum: usize, drawn: usize, all: usize) -> usize {
    sum.abs_diff(drawn * (all + 1))
}

fn exact(ranks: &[usize], drawn: usize, observed: usize) -> f64 {
    let all = ranks.len();
    let most: usize = ranks.iter().sum();
    // ways[n][sum]: in how many ways n of the ranks so far add up to the sum. At most 40 choose 20, which a double holds exactly.
    let mut ways = vec![vec![0.0_f64; most + 1]; drawn + 1];
    ways[0][0] = 1.0;
    for (seen, rank) in ranks.iter().enumerate() {
        for taken in (0..drawn.min(seen + 1)).rev() {
            let (fewer, more) = ways.split_at_mut(taken + 1);
            for sum in 0..=most - rank {
                more[0][sum + rank] += fewer[taken][sum];
            }
        }
    }
    let least = distance(observed, drawn, all);
    let of_all: f64 = ways[drawn].iter().sum();
    let sums = ways[drawn].iter().enumerate();
    let as_far = sums.filter(|(sum, _)| distance(*sum, drawn, all) >= least);
    as_far.map(|(_, ways)| ways).sum::<f64>() / of_all
}

fn approximate(ranks: &[usize], drawn: usize, observed: usize) -> f64 {
    let (all, of_first) = (ranks.len() as f64, drawn as f64);
    let of_second = all - of_first;
    let tied = ranks.chunk_by(|a, b| a == b).map(|tied| {
        let count = tied.len() as f64;
        count.powi(3) - count
    });
    let ties: f64 = tied.sum();
    let variance = of_first * of_second / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let apart = distance(observed, drawn, ranks.len()) as f64 / 2.0;
    let corrected = (apart - 0.5).max(0.0);
    if corrected == 0.0 || variance <= 0.0 {
        return 1.0;
    }
    libm::erfc(corrected / (2.0 * variance).sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_p(first: &[f64], second: &[f64], expected: f64) {
        let p = p_value(first, second).unwrap();
        assert!((p - expected).abs() < 1e-12, "{p} is not {expected}");
    }

    /// `scipy.stats.mannwhitneyu(first, second, method="exact").pvalue` of scipy 1.17.1; the second pair is its own example.
    #[test]
    fn without_ties_it_is_the_exact_one_of_scipy() {
        assert_p(
            &[1.0, 2.0, 3.0, 4.0, 5.0],
            &[6.0, 7.0, 8.0, 9.0, 10.0],
            2.0 / 252.0,
        );
        assert_p(
            &[19.0, 22.0, 16.0, 29.0, 24.0],
            &[20.0, 11.0, 17.0, 12.0],
            0.111_111_111_111_111_1,
        );
        assert_p(
            &[1.0, 2.0, 3.0, 4.0, 6.0],
            &[5.0, 7.0, 8.0, 9.0, 10.0],
            0.015_873_015_873_015_872,
        );
    }

    /// Counted over all 252 draws of 5 of the 10 mid-ranks, by `itertools.combinations` and `scipy.stats.rankdata`.
    #[test]
    fn ties_are_exact_too() {
        assert_p(
            &[5.0, 5.0, 6.0, 7.0, 7.0],
            &[5.0, 7.0, 8.0, 9.0, 9.0],
            42.0 / 252.0,
        );
        assert_p(&[1.0; 5], &[1.0; 5], 1.0);
    }

    /// `scipy.stats.mannwhitneyu(first, second, method="asymptotic").pvalue` of scipy 1.17.1.
    #[test]
    fn of_many_values_it_is_the_normal_approximation_of_scipy() {
        let first: Vec<f64> = (1..26).map(|i| f64::from(i * 2)).collect();
        let second: Vec<f64> = (1..31).map(|i| f64::from(i * 2 + 7)).collect();
        assert_p(&first, &second, 0.015_283_411_524_089_513);
        // With ties.
        let first: Vec<f64> = (0..40).map(|i| f64::from(i % 7)).collect();
        let second: Vec<f64> = (0..45).map(|i| f64::from((i * 3) % 7 + i % 3)).collect();
        assert_p(&first, &second, 0.026_765_168_321_441_23);
        assert_p(&[2.0; 30], &[2.0; 30], 1.0);
    }

    #[test]
    fn nothing_is_not_compared() {
        assert_eq!(p_value(&[], &[1.0]), None);
        assert_eq!(p_value(&[1.0], &[]), None);
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_a_chance_and_knows_no_order(
            first in prop::collection::vec((0_i32..12).prop_map(f64::from), 1..26),
            second in prop::collection::vec((0_i32..12).prop_map(f64::from), 1..26),
        ) {
            let p = p_value(&first, &second).unwrap();
            prop_assert!(0.0 < p && p <= 1.0);
            let other = p_value(&second, &first).unwrap();
            prop_assert!((p - other).abs() < 1e-9);
            let mut turned = first.clone();
            turned.reverse();
            prop_assert_eq!(p_value(&turned, &second), Some(p));
            // The order of the values alone counts, not their size.
            let stretched = |values: &[f64]| -> Vec<f64> { values.iter().map(|v| v * v * 3.0 + v).collect() };
            prop_assert_eq!(p_value(&stretched(&first), &stretched(&second)), Some(p));
        }
    }
}
