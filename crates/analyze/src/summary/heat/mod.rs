//! Very many operations, counted by when they ended and by how long they took.

use std::sync::LazyLock;

/// No map is shorter, microseconds, and no time axis: a recording of no length still has two ends.
pub const SHORTEST_US: i64 = 1_000_000;

/// Rows of a map per decade of response times: each is 0.6 % high.
const PER_DECADE: usize = 400;
/// From 1 us to 1,000 s.
const DECADES: usize = 9;
const ROWS: usize = PER_DECADE * DECADES;
/// Rows of a column that are allocated together, when the first of them gets a count: a quarter of a decade.
const BLOCK: usize = 100;
const BLOCKS: usize = ROWS / BLOCK;
/// Response times of this and more are in the last row, microseconds.
const BEYOND_US: i64 = 10_i64.pow(DECADES as u32);

/// Operations by the moment they ended and by response time: what a chart of very many draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeatMap {
    start_us: i64,
    length_us: i64,
    columns: usize,
    /// The blocks of the first column, those of the second, ...; `None` where nothing was counted.
    blocks: Vec<Option<Box<[u32; BLOCK]>>>,
    total: u64,
    shortest_us: i64,
    longest_us: i64,
}

impl HeatMap {
    /// An empty map over a recording (start, end UTC microseconds), with `columns` of equal width in time.
    ///
    /// The columns match those of a chart only where start and end are those of the chart's time axis.
    #[must_use]
    pub fn new(start_us: i64, end_us: i64, columns: usize) -> Self {
        let columns = columns.max(1);
        Self {
            start_us,
            length_us: end_us.saturating_sub(start_us).max(SHORTEST_US),
            columns,
            blocks: vec![None; columns * BLOCKS],
            total: 0,
            shortest_us: i64::MAX,
            longest_us: i64::MIN,
        }
    }

    /// Counts an operation (any values; clamped to the edges).
    pub fn add(&mut self, end_us: i64, response_us: i64) {
        let since_start_us = end_us.saturating_sub(self.start_us).max(0);
        let column = since_start_us as f64 * (self.columns as f64 / self.length_us as f64);
        let column = (column as usize).min(self.columns - 1);
        let row = SCALE.row(response_us);
        let block = &mut self.blocks[column * BLOCKS + row / BLOCK];
        let count = &mut block.get_or_insert_with(|| Box::new([0; BLOCK]))[row % BLOCK];
        *count = count.saturating_add(1);
        self.total += 1;
        self.shortest_us = self.shortest_us.min(response_us);
        self.longest_us = self.longest_us.max(response_us);
    }

    /// Adds the counts of another map of the same recording.
    pub fn merge(&mut self, other: &Self) {
        for (block, other) in self.blocks.iter_mut().zip(&other.blocks) {
            match (block.as_mut(), other) {
                (_, None) => {}
                (None, Some(_)) => block.clone_from(other),
                (Some(counts), Some(other)) => {
                    for (count, other) in counts.iter_mut().zip(other.iter()) {
                        *count = count.saturating_add(*other);
                    }
                }
            }
        }
        self.total += other.total;
        self.shortest_us = self.shortest_us.min(other.shortest_us);
        self.longest_us = self.longest_us.max(other.longest_us);
    }

    /// Operations in all.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Shortest and longest response time, microseconds, exact; `None` where it is empty.
    #[must_use]
    pub fn range_us(&self) -> Option<(i64, i64)> {
        (self.total > 0).then_some((self.shortest_us, self.longest_us))
    }

    /// Cells that are not empty: middle of the column (UTC us), middle of the row (response time, us), count.
    pub fn cells(&self) -> impl Iterator<Item = (i64, i64, u64)> {
        let width_us = self.length_us as f64 / self.columns as f64;
        let blocks = self.blocks.iter().enumerate();
        blocks
            .filter_map(|(index, block)| Some((index, block.as_ref()?)))
            .flat_map(move |(index, block)| {
                let (column, first_row) = (index / BLOCKS, index % BLOCKS * BLOCK);
                let since_start_us = ((column as f64 + 0.5) * width_us) as i64;
                let middle_us = self.start_us.saturating_add(since_start_us);
                let rows = block.iter().zip(&SCALE.middles_us[first_row..]);
                rows.filter(|(count, _)| **count > 0)
                    .map(move |(count, row_us)| (middle_us, *row_us, u64::from(*count)))
            })
    }
}

/// Leading bits of a response time that a guess looks at, without the first: 256 steps from a power of two to the next, each less
/// high than a row. So a step reaches into one more row at most.
const STEP_BITS: u32 = 8;
static SCALE: LazyLock<Scale> = LazyLock::new(Scale::new);

/// The rows of all maps. It takes no logarithm to find one.
struct Scale {
    /// By step: the row of its shortest response time.
    guesses: Vec<u16>,
    /// By row: the shortest response time that is not below it, microseconds; and one more, [`BEYOND_US`].
    bounds_us: Vec<i64>,
    /// By row: its middle, microseconds.
    middles_us: Vec<i64>,
}

impl Scale {
    fn new() -> Self {
        // Powers of ten are exact, so that a decade begins with a row.
        let at = |row: usize, share: f64| {
            let decade = 10_f64.powi((row / PER_DECADE) as i32);
            decade * 10_f64.powf(((row % PER_DECADE) as f64 + share) / PER_DECADE as f64)
        };
        let bounds_us: Vec<i64> = (0..=ROWS).map(|row| at(row, 0.0).ceil() as i64).collect();
        let steps = (BEYOND_US.ilog2() + 1) << STEP_BITS;
        let row_of_step = |step: u32| {
            let leading = u64::from(step % (1 << STEP_BITS)) + (1 << STEP_BITS);
            let shortest_us = (leading << (step >> STEP_BITS) >> STEP_BITS) as i64;
            let rows = bounds_us.partition_point(|bound| *bound <= shortest_us);
            rows.clamp(1, ROWS) as u16 - 1
        };
        Self {
            guesses: (0..steps).map(row_of_step).collect(),
            middles_us: (0..ROWS).map(|row| at(row, 0.5).round() as i64).collect(),
            bounds_us,
        }
    }

    /// The row of a response time: the last that does not begin above it.
    fn row(&self, response_us: i64) -> usize {
        let us = response_us.clamp(1, BEYOND_US - 1);
        let exponent = us.ilog2();
        let leading = (us << STEP_BITS >> exponent) as usize - (1 << STEP_BITS);
        let guess = self.guesses[((exponent as usize) << STEP_BITS) + leading] as usize;
        guess + usize::from(self.bounds_us[guess + 1] <= us)
    }
}

#[cfg(test)]
mod tests;
