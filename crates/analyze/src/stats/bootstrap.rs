//! Medians and their intervals (`docs/decomposition.md`, Several failovers).

use crate::summary::Interval;

/// So often is drawn.
const RESAMPLES: usize = 10_000;
/// What the draws begin with: the same figures give the same interval, always.
const SEED: u64 = 4;

/// The middle value; of an even number the mean of the two in the middle, rounded towards 0. `None` of nothing.
#[must_use]
pub fn median(values: &[i64]) -> Option<i64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    of_sorted(&sorted)
}

fn of_sorted(sorted: &[i64]) -> Option<i64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let both = i128::from(sorted[middle - 1]) + i128::from(upper);
    i64::try_from(both / 2).ok()
}

/// The 95 % percentile bootstrap interval of the median: of the medians of 10,000 samples of the same size, drawn with replacement
/// by a generator of a fixed seed, the 2.5th and the 97.5th percentile (nearest-rank). `None` of fewer than two values.
#[must_use]
pub fn interval_of_median(values: &[i64]) -> Option<Interval> {
    if values.len() < 2 {
        return None;
    }
    let mut random = SplitMix64(SEED);
    let mut sample = vec![0; values.len()];
    let mut medians = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        for drawn in &mut sample {
            *drawn = values[random.below(values.len())];
        }
        sample.sort_unstable();
        medians.extend(of_sorted(&sample));
    }
    medians.sort_unstable();
    // Nearest rank: the 250th and the 9,750th of 10,000.
    Some(Interval {
        low_us: medians[RESAMPLES / 40 - 1],
        high_us: medians[RESAMPLES - RESAMPLES / 40 - 1],
    })
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): short, and good enough to draw from a handful of values.
pub(super) struct SplitMix64(u64);

impl SplitMix64 {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from 0 to `limit` - 1, each as likely as the other to within `limit` / 2^64.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first numbers of the reference implementation for the seed 1234567.
        let mut random = SplitMix64(1_234_567);
        assert_eq!(
            [random.next(), random.next(), random.next()],
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn medians() {
        for (values, expected) in [
            (vec![], None),
            (vec![7], Some(7)),
            (vec![4, 1], Some(2)),
            (vec![9, 1, 5], Some(5)),
            (vec![-4, -1, 8, 100], Some(3)),
            (vec![i64::MAX, i64::MAX], Some(i64::MAX)),
        ] {
            assert_eq!(median(&values), expected, "{values:?}");
        }
    }

    #[test]
    fn one_value_has_no_interval_and_equal_ones_have_one_of_no_width() {
        assert_eq!(interval_of_median(&[5]), None);
        let interval = interval_of_median(&[5; 6]).unwrap();
        assert_eq!((interval.low_us, interval.high_us), (5, 5));
    }

    /// The exact distribution of a resample's median is known: the median of n draws is at most the j-th smallest where more than
    /// half of them are. It is the smallest of 3 with probability 0.259, of 5 with 0.058, of 9 with 0.0014; at most the second of 9
    /// with 0.030.
    #[test]
    fn the_interval_is_that_of_the_exact_distribution() {
        let of = |values: &[i64]| {
            let interval = interval_of_median(values).unwrap();
            (interval.low_us, interval.high_us)
        };
        assert_eq!(of(&[10, 20, 30]), (10, 30));
        assert_eq!(of(&[50, 10, 40, 20, 30]), (10, 50));
        assert_eq!(of(&[1, 2, 3, 4, 5, 6, 7, 8, 9]), (2, 8));
        assert_eq!(of(&[9, 8, 7, 6, 5, 4, 3, 2, 1]), (2, 8));
    }
}
