//! `--max-tps`: a run without think times that a production cluster stands.

use std::collections::BTreeMap;

use crate::common::{TestLab, assert_success, number, rows, stderr};
use recording::Table;

#[test]
fn no_second_sees_more_operations_than_allowed() {
    let test = TestLab::start_set_up();
    let flags = [
        [
            "--min-operation-interval",
            "0",
            "--max-operation-interval",
            "0",
        ],
        ["--concurrent-workers", "4", "--max-tps", "50"],
        ["--duration", "6", "--pool-size", "4"],
    ];
    let output = test.spawn_run(flags.as_flattened()).output();
    assert_success(&output);
    assert!(
        stderr(&output).contains("together up to 50;"),
        "{}",
        stderr(&output)
    );
    let recording = test.recording();
    assert_eq!(recording.manifest().max_tps_per_1000, Some(50_000));

    let operations = rows(&recording, Table::Operations);
    let mut starts: Vec<i64> = operations
        .iter()
        .map(|row| {
            // The wait for the operation's turn is no part of it.
            assert_eq!(row["scheduled_time"], row["start_time"]);
            number(row, "start_time").unwrap()
        })
        .collect();
    starts.sort_unstable();
    // A machine that stops for a moment lets the eight workers begin together that had their turns meanwhile.
    let tolerance = 9;
    for (at, start) in starts.iter().enumerate() {
        let end = starts.partition_point(|time| *time < start + 1_000_000);
        assert!(end - at <= 50 + tolerance, "{} within a second", end - at);
    }
    assert!(starts.len() <= 6 * 50 + 50, "{}", starts.len());
    assert!(
        starts.len() > 150,
        "far from 50 per second: {}",
        starts.len()
    );

    // Both paths have their share, and operation n is the same on both.
    let mut drawn: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &operations {
        drawn
            .entry(&row["operation_id"])
            .or_default()
            .push(&row["operation_name"]);
    }
    let paired: Vec<_> = drawn.values().filter(|names| names.len() == 2).collect();
    assert!(paired.len() > 50, "{}", paired.len());
    assert!(paired.iter().all(|names| names[0] == names[1]));
}
