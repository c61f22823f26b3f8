//! Response times of a second, in buckets at most 3 % wide: enough to watch a percentile, and no allocation.

/// Buckets per doubling.
const STEPS: usize = 32;
/// Up to 2^40 us, twelve days.
const BUCKETS: usize = STEPS * 36;

/// Counts of response times.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    counts: [u32; BUCKETS],
    total: u32,
}

impl Histogram {
    pub(super) const fn new() -> Self {
        Self {
            counts: [0; BUCKETS],
            total: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(super) fn record(&mut self, us: i64) {
        self.counts[bucket(us)] += 1;
        self.total += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// Samples in it.
    pub(super) const fn total(&self) -> u32 {
        self.total
    }

    /// The nearest-rank 99th percentile, microseconds, as the upper end of its bucket; `None` from fewer than 100 samples, which have none.
    pub(super) fn p99_us(&self) -> Option<i64> {
        (self.total >= 100).then(|| self.percentile_us(99))?
    }

    /// The median; `None` of no sample.
    pub(super) fn median_us(&self) -> Option<i64> {
        self.percentile_us(50)
    }

    fn percentile_us(&self, per_cent: u64) -> Option<i64> {
        let rank = (u64::from(self.total) * per_cent).div_ceil(100);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank.max(1) {
                return Some(upper_us(index));
            }
        }
        None
    }
}

/// Exact below 32; then the position of the highest bit and the five bits behind it.
fn bucket(us: i64) -> usize {
    let us = u64::try_from(us).unwrap_or(0);
    if us < STEPS as u64 {
        return us as usize;
    }
    let shift = us.ilog2() - STEPS.ilog2();
    let index = (shift as usize + 1) * STEPS + ((us >> shift) as usize - STEPS);
    index.min(BUCKETS - 1)
}

/// The largest value of a bucket.
fn upper_us(index: usize) -> i64 {
    if index < STEPS {
        return index as i64;
    }
    let shift = index / STEPS - 1;
    (((index % STEPS + STEPS + 1) as i64) << shift) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ninety_ninth_of_a_hundred() {
        let mut histogram = Histogram::new();
        (1..=99).for_each(|us| histogram.record(us % 30));
        assert_eq!(histogram.p99_us(), None);
        histogram.record(1_000_000);
        assert_eq!(histogram.p99_us(), Some(29));
        histogram.record(1_000_000);
        assert!((1_000_000..1_032_000).contains(&histogram.p99_us().unwrap()));
    }

    proptest! {
        #[test]
        fn buckets_hold_their_values_and_are_narrow(us in 0_i64..1 << 40) {
            let upper = upper_us(bucket(us));
            prop_assert!(us <= upper && upper - us <= us / 32, "{us} in a bucket up to {upper}");
        }

        #[test]
        fn anything_has_a_bucket(us in any::<i64>()) {
            prop_assert!(bucket(us) < BUCKETS);
        }
    }
}
