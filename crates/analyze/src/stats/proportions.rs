//! Whether two success rates differ: the test of two proportions, and the exchange of runs.

use crate::stats::bootstrap::SplitMix64;

/// Successes, and attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) successes: u64,
    pub(crate) attempts: u64,
}

impl Counts {
    fn sum(counts: &[Self]) -> Self {
        counts.iter().fold(Self::default(), |sum, one| Self {
            successes: sum.successes.saturating_add(one.successes),
            attempts: sum.attempts.saturating_add(one.attempts),
        })
    }

    fn rate(self) -> Option<f64> {
        (self.attempts > 0).then(|| self.successes as f64 / self.attempts as f64)
    }
}

/// Up to so many ways to exchange the runs are all looked at; of more, as many are drawn as [`DRAWS`] says.
const MOST_WAYS: f64 = 200_000.0;
const DRAWS: usize = 20_000;
const SEED: u64 = 19;
/// Rates that differ by less are equal: they were added up in another order.
const ROUNDING: f64 = 1e-12;

/// The chance, two-sided, of summed rates as far apart as these or farther, where the two sets of runs are alike; `None` where a set has
/// no attempt.
///
/// It is the larger of two chances. The one of [`two_proportions`] over the sums takes each operation as an observation of its own. But
/// operations of a run fail together, in its outage: that test alone finds two sets of the same to differ. The other one is that of all
/// ways to exchange the runs between the sets.
#[must_use]
pub(crate) fn p_value(first: &[Counts], second: &[Counts]) -> Option<f64> {
    let of_operations = two_proportions(Counts::sum(first), Counts::sum(second))?;
    Some(of_operations.max(exchange_of_runs(first, second)?))
}

/// The test of two proportions: z with the pooled rate, two-sided; Fisher's exact test where an expected count is below 5.
#[must_use]
pub(crate) fn two_proportions(first: Counts, second: Counts) -> Option<f64> {
    let (rate, other) = (first.rate()?, second.rate()?);
    let both = Counts::sum(&[first, second]);
    let pooled = both.rate()?;
    let (n, m) = (first.attempts as f64, second.attempts as f64);
    let expected = n.min(m) * pooled.min(1.0 - pooled);
    if expected < 5.0 {
        return Some(fisher(first, second));
    }
    let deviation = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    let z = (rate - other).abs() / deviation;
    // Of very many operations the chance is less than a double can hold.
    Some(libm::erfc(z / std::f64::consts::SQRT_2).max(f64::MIN_POSITIVE))
}

/// Fisher's exact test, two-sided: of all tables of the same sums, the chance of those that are no more likely than this one.
fn fisher(first: Counts, second: Counts) -> f64 {
    let both = Counts::sum(&[first, second]);
    // Of the rarer outcome, in the smaller set: at most about the square root of all are to be looked at.
    let failures = |counts: Counts| counts.attempts - counts.successes;
    let (smaller, larger) = match first.attempts <= second.attempts {
        true => (first, second),
        false => (second, first),
    };
    let (rare, observed) = match both.successes <= failures(both) {
        true => (both.successes, smaller.successes),
        false => (failures(both), failures(smaller)),
    };
    let log_ways = |n: u64, k: u64| {
        let log_factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
        log_factorial(n) - log_factorial(k) - log_factorial(n - k)
    };
    let log_chance = |of_smaller: u64| {
        log_ways(smaller.attempts, of_smaller) + log_ways(larger.attempts, rare - of_smaller)
            - log_ways(both.attempts, rare)
    };
    let least = rare.saturating_sub(larger.attempts);
    let most = rare.min(smaller.attempts);
    // Chances that are equal differ by rounding.
    let limit = log_chance(observed) + 1e-7;
    let chances = (least..=most)
        .map(log_chance)
        .filter(|chance| *chance <= limit);
    chances.map(f64::exp).sum::<f64>().min(1.0)
}

/// Of all ways to take as many of the runs as the first set has, the share in which the summed rates are as far apart as they are;
/// of very many ways, of 20,000 that are drawn by a generator of a fixed seed.
fn exchange_of_runs(first: &[Counts], second: &[Counts]) -> Option<f64> {
    let all: Vec<Counts> = first.iter().chain(second).copied().collect();
    let sum = Counts::sum(&all);
    let apart = |taken: Counts| {
        let rest = Counts {
            successes: sum.successes - taken.successes,
            attempts: sum.attempts - taken.attempts,
        };
        Some((taken.rate()? - rest.rate()?).abs())
    };
    let observed = apart(Counts::sum(first))?;
    let mut found = Found::default();
    // A set without an attempt has no rate: such a way is as far apart as any.
    let mut look = |taken: Counts| {
        let is_as_far = apart(taken).is_none_or(|apart| apart >= observed - ROUNDING);
        found.ways += 1;
        found.as_far += usize::from(is_as_far);
    };
    if ways(all.len(), first.len()) <= MOST_WAYS {
        take(&all, first.len(), Counts::default(), &mut look);
        return Some(found.as_far as f64 / found.ways as f64);
    }
    let mut random = SplitMix64::new(SEED);
    let mut drawn = all;
    for _ in 0..DRAWS {
        for place in 0..first.len() {
            let other = place + random.below(drawn.len() - place);
            drawn.swap(place, other);
        }
        look(Counts::sum(&drawn[..first.len()]));
    }
    // The observed way is one of them too.
    Some((found.as_far + 1) as f64 / (found.ways + 1) as f64)
}

#[derive(Default)]
struct Found {
    ways: usize,
    as_far: usize,
}

/// How many ways there are to take `some` of `all`.
fn ways(all: usize, some: usize) -> f64 {
    (0..some).fold(1.0, |ways, taken| {
        ways * (all - taken) as f64 / (taken + 1) as f64
    })
}

/// Tells the sum of every way to take `some` of the runs.
fn take(runs: &[Counts], some: usize, sum: Counts, look: &mut impl FnMut(Counts)) {
    if some == 0 {
        return look(sum);
    }
    for (place, run) in runs.iter().enumerate().take(runs.len() + 1 - some) {
        take(
            &runs[place + 1..],
            some - 1,
            Counts::sum(&[sum, *run]),
            look,
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(successes: u64, attempts: u64) -> Counts {
        Counts {
            successes,
            attempts,
        }
    }

    fn assert_p(first: (u64, u64), second: (u64, u64), expected: f64) {
        let p = two_proportions(counts(first.0, first.1), counts(second.0, second.1)).unwrap();
        assert!((p / expected - 1.0).abs() < 1e-6, "{p} is not {expected}");
    }

    /// `2 * scipy.stats.norm.sf(abs(z))` of scipy 1.17.1, z = (a/n - b/m) / sqrt(p (1 - p) (1/n + 1/m)), p = (a + b) / (n + m).
    #[test]
    fn two_proportions_are_compared_by_z() {
        assert_p((945, 1000), (975, 1000), 0.000_618_735_014_385_413_7);
        assert_p((30, 100), (45, 100), 0.028_459_736_916_310_55);
        assert_p((5600, 6000), (5700, 6050), 0.045_207_300_859_630_82);
        // Farther apart than a double can tell: still a chance, never 0.
        let far = two_proportions(counts(0, 1_000_000), counts(1_000_000, 1_000_000)).unwrap();
        assert!(far > 0.0 && far < 1e-300);
    }

    /// `scipy.stats.fisher_exact([[successes, failures], [successes, failures]]).pvalue` of scipy 1.17.1. The third is Fisher's lady and
    /// her eight cups of tea.
    #[test]
    fn rare_outcomes_are_compared_by_fishers_exact_test() {
        assert_p((8, 10), (1, 6), 0.034_965_034_965_034_975);
        assert_p((1000, 1000), (1998, 2000), 0.555_407_358_008_224_9);
        assert_p((3, 4), (1, 4), 0.485_714_285_714_285_65);
        assert_p((100, 100), (95, 100), 0.059_383_210_468_586_585);
        assert_p((0, 10), (0, 12), 1.0);
    }

    #[test]
    fn runs_as_different_as_can_be_are_2_of_252_ways_apart() {
        let good = [counts(990, 1000); 5];
        let bad = [counts(900, 1000); 5];
        let p = p_value(&good, &bad).unwrap();
        assert!((p - 2.0 / 252.0).abs() < 1e-12, "{p}");
    }

    #[test]
    fn operations_that_fail_together_do_not_make_two_sets_differ() {
        // Outages of the same setting, of lengths as they fall.
        let failed = |failed: [u64; 5]| failed.map(|failed| counts(6000 - failed, 6000));
        let (one, other) = (
            failed([310, 420, 250, 505, 380]),
            failed([290, 610, 450, 340, 520]),
        );
        // Operation by operation they would differ beyond any doubt.
        let naive = two_proportions(Counts::sum(&one), Counts::sum(&other)).unwrap();
        assert!(naive < 1e-6, "{naive}");
        let p = p_value(&one, &other).unwrap();
        assert!(p > 0.2, "{p}");
    }

    #[test]
    fn one_failure_in_each_run_of_one_side_is_no_difference_yet() {
        // The runs alone differ (p = 0.008), the operations are too few.
        let p = p_value(&[counts(999, 1000); 5], &[counts(1000, 1000); 5]).unwrap();
        assert!((p - 0.062_38).abs() < 1e-4, "{p}");
    }

    #[test]
    fn without_an_attempt_there_is_no_rate() {
        assert_eq!(p_value(&[counts(0, 0); 5], &[counts(3, 3); 5]), None);
        assert_eq!(two_proportions(counts(0, 0), counts(1, 1)), None);
    }

    #[test]
    fn of_very_many_ways_some_are_drawn() {
        let good: Vec<Counts> = (0..15).map(|i| counts(990 - i, 1000)).collect();
        let bad: Vec<Counts> = (0..15).map(|i| counts(900 - i, 1000)).collect();
        let p = exchange_of_runs(&good, &bad).unwrap();
        assert!((p - 1.0 / 20_001.0).abs() < 1e-12, "{p}");
        let mixed: Vec<Counts> = good.iter().chain(&bad).copied().collect();
        let (even, odd): (Vec<_>, Vec<_>) = mixed.iter().enumerate().partition(|(i, _)| i % 2 == 0);
        let runs = |side: Vec<(usize, &Counts)>| -> Vec<Counts> {
            side.into_iter().map(|(_, run)| *run).collect()
        };
        assert!(exchange_of_runs(&runs(even), &runs(odd)).unwrap() > 0.5);
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_a_chance_and_knows_no_order(
            first in prop::collection::vec((0_u64..40, 0_u64..40), 1..7),
            second in prop::collection::vec((0_u64..40, 0_u64..40), 1..7),
        ) {
            let runs = |runs: &[(u64, u64)]| -> Vec<Counts> {
                runs.iter().map(|(good, bad)| counts(*good, good + bad + 1)).collect()
            };
            let (first, second) = (runs(&first), runs(&second));
            let p = p_value(&first, &second).unwrap();
            prop_assert!(0.0 < p && p <= 1.0);
            let other = p_value(&second, &first).unwrap();
            prop_assert!((p - other).abs() < 1e-9);
            let mut turned = first.clone();
            turned.reverse();
            prop_assert!((p_value(&turned, &second).unwrap() - p).abs() < 1e-9);
        }
    }
}
