use super::*;

/// Response times of every size.
fn times_us() -> impl Iterator<Item = i64> {
    let mut us = 1;
    std::iter::from_fn(move || {
        us += 1 + us / 900;
        (us < BEYOND_US).then_some(us - 1)
    })
}

#[test]
fn a_row_is_that_of_the_logarithm_and_its_middle_is_near() {
    for (us, row) in [
        (i64::MIN, 0),
        (0, 0),
        (1, 0),
        (2, 120),
        (3, 190),
        (10, 400),
        (99_999, 1_999),
        (100_000, 2_000),
        (999_999_999, 3_599),
        (i64::MAX, 3_599),
    ] {
        assert_eq!(SCALE.row(us), row, "{us}");
    }
    for us in times_us().chain(SCALE.bounds_us.iter().flat_map(|us| [us - 1, *us])) {
        let us = us.clamp(1, BEYOND_US - 1);
        let row = SCALE.row(us);
        let bounds_us = SCALE.bounds_us[row]..SCALE.bounds_us[row + 1];
        assert!(bounds_us.contains(&us), "{us}: {row}");
        let off = (SCALE.middles_us[row] - us).abs() as f64 / us as f64;
        assert!(off < 0.006, "{us}: {off}");
    }
}

#[test]
fn nothing_is_lost_at_or_beyond_an_edge() {
    let mut map = HeatMap::new(1_000, 2_001_000, 4);
    assert_eq!(map.range_us(), None);
    for (end_us, response_us) in [
        (i64::MIN, 3),
        (1_000, 3),
        (500_999, -7),
        (501_010, 20),
        (2_001_000, 2_000_000_000),
        (i64::MAX, i64::MAX),
    ] {
        map.add(end_us, response_us);
    }
    assert_eq!((map.total(), map.range_us()), (6, Some((-7, i64::MAX))));
    let last_us = SCALE.middles_us[ROWS - 1];
    let cells = [
        (251_000, 1, 1),
        (251_000, 3, 2),
        (751_000, 20, 1),
        (1_751_000, last_us, 2),
    ];
    assert_eq!(map.cells().collect::<Vec<_>>(), cells);
}

#[test]
fn two_merged_are_one_that_counted_all() {
    let [mut all, mut even, mut odd] = [0; 3].map(|_| HeatMap::new(0, 60_000_000, 600));
    for (index, us) in times_us().enumerate() {
        // Each second half is in columns that the first is not in.
        let end_us = us % 30_000_000 + if us > 1_000 { 30_000_000 } else { 0 };
        all.add(end_us, us);
        let half = if index % 3 == 0 { &mut even } else { &mut odd };
        half.add(end_us, us);
    }
    assert!(even != all);
    even.merge(&odd);
    assert!(even == all);
    assert_eq!(
        all.cells().map(|(.., count)| count).sum::<u64>(),
        all.total()
    );
    assert_eq!(all.total(), times_us().count() as u64);
    let empty = HeatMap::new(0, 60_000_000, 600);
    all.merge(&empty);
    assert!(even == all);
}

#[test]
fn an_ordinary_map_takes_less_than_4_mb() {
    let mut map = HeatMap::new(0, 300_000_000, 600);
    // 1 ms to 200 ms in each column, and 5 s in one.
    for column in 0..600_i64 {
        for us in (1_000..200_000).step_by(500) {
            map.add(column * 500_000, us);
        }
    }
    map.add(7, 5_000_000);
    let of_blocks = map.blocks.iter().flatten().count() * size_of::<[u32; BLOCK]>();
    let bytes = of_blocks + size_of_val(map.blocks.as_slice());
    assert!((1_000_000..4_000_000).contains(&bytes), "{bytes}");
}
