//! How many operations took how long: exact, to the microsecond, for any number of operations.

use std::collections::BTreeMap;

/// More different response times than this are counted in a table, if they are shorter than [`IN_TABLE_US`].
const IN_MAP: usize = 512;
const IN_TABLE_US: usize = 1 << 16;

/// Response times, microseconds, with how many operations took each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times {
    table: Vec<u32>,
    map: BTreeMap<i64, u64>,
    /// Operations without a response time.
    without: u64,
}

impl Times {
    pub(crate) fn add(&mut self, response_us: Option<i64>) {
        let Some(us) = response_us else {
            self.without += 1;
            return;
        };
        let index = usize::try_from(us).unwrap_or(usize::MAX);
        match self.table.get_mut(index) {
            Some(count) if *count < u32::MAX => *count += 1,
            _ => self.add_times(us, 1),
        }
    }

    fn add_times(&mut self, us: i64, times: u64) {
        let in_table = usize::try_from(us).ok().filter(|us| *us < IN_TABLE_US);
        if let Some(index) = in_table.filter(|_| !self.table.is_empty()) {
            if index >= self.table.len() {
                self.table.resize((index + 1).next_power_of_two(), 0);
            }
            let count = &mut self.table[index];
            if let Some(sum) = u32::try_from(times)
                .ok()
                .and_then(|times| count.checked_add(times))
            {
                *count = sum;
                return;
            }
        }
        *self.map.entry(us).or_insert(0) += times;
        if self.table.is_empty() && self.map.len() > IN_MAP {
            self.table.resize(IN_MAP, 0);
            for (us, times) in std::mem::take(&mut self.map) {
                self.add_times(us, times);
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (response_us, count) in other.counts() {
            match response_us {
                Some(us) => self.add_times(us, count),
                None => self.without += count,
            }
        }
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.counts().map(|(_, count)| count).sum()
    }

    /// [`Self::counts`] without those of `part`, which are among them.
    pub(crate) fn without(&self, part: Option<&Self>) -> Vec<(Option<i64>, u64)> {
        let mut taken: BTreeMap<Option<i64>, u64> = BTreeMap::new();
        for (response_us, count) in part.iter().flat_map(|part| part.counts()) {
            *taken.entry(response_us).or_insert(0) += count;
        }
        let left = self.counts().map(|(response_us, count)| {
            let taken = taken.get_mut(&response_us);
            let now = taken.map_or(0, |taken| {
                let now = count.min(*taken);
                *taken -= now;
                now
            });
            (response_us, count - now)
        });
        left.filter(|(_, count)| *count > 0).collect()
    }

    /// Each response time and how many took it; those without one too. A time may come twice.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Option<i64>, u64)> + '_ {
        let table = self.table.iter().enumerate();
        let table = table.map(|(index, count)| (Some(index as i64), u64::from(*count)));
        let map = self.map.iter().map(|(us, count)| (Some(*us), *count));
        let all = table.chain(map).chain([(None, self.without)]);
        all.filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(times: &Times) -> BTreeMap<Option<i64>, u64> {
        let mut counted = BTreeMap::new();
        for (us, count) in times.counts() {
            *counted.entry(us).or_insert(0) += count;
        }
        counted
    }

    #[test]
    fn every_time_is_counted_in_the_table_and_beyond_it() {
        let (mut times, mut parts) = (Times::default(), [Times::default(), Times::default()]);
        let mut expected = BTreeMap::new();
        for index in 0..20_000_i64 {
            let us = match index % 11 {
                0 => None,
                1 => Some(70_000 + index),
                2 => Some(-index),
                3 => Some(i64::MAX - index),
                _ => Some(index * 7 % 3_000),
            };
            times.add(us);
            parts[usize::from(index > 300)].add(us);
            *expected.entry(us).or_insert(0) += 1;
        }
        assert_eq!(counted(&times), expected);
        let [mut one, other] = parts;
        let left = times.without(Some(&other));
        assert_eq!(left.into_iter().collect::<BTreeMap<_, _>>(), counted(&one));
        one.merge(&other);
        assert_eq!(counted(&one), expected);
    }

    #[test]
    fn a_full_counter_of_the_table_goes_on_in_the_map() {
        let mut times = Times {
            table: vec![u32::MAX - 1; 4],
            ..Times::default()
        };
        for _ in 0..3 {
            times.add(Some(2));
        }
        assert_eq!(counted(&times)[&Some(2)], u64::from(u32::MAX) + 2);
        // Of what is counted twice, what is taken is taken once.
        assert_eq!(times.without(Some(&times)), []);
    }
}
