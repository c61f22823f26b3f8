use super::*;
use crate::charts::words::english::ENGLISH;

fn time_labels(length_us: i64) -> Vec<String> {
    let series = Series {
        origin_us: 7,
        start_us: 7,
        end_us: 7 + length_us,
        triggers_us: vec![],
        pauses: vec![],
        marks: vec![],
        paths: vec![],
    };
    TimeAxis::new(&series, 0.0, 1_000.0)
        .ticks()
        .into_iter()
        .filter_map(|tick| tick.label)
        .collect()
}

fn log_labels(low: i64, high: i64) -> Vec<String> {
    LogAxis::new([low, high].into_iter(), 0.0, 100.0)
        .ticks(&ENGLISH)
        .into_iter()
        .filter_map(|tick| tick.label)
        .collect()
}

#[test]
fn time_labels_suit_the_length() {
    assert_eq!(time_labels(60_000_000)[..3], ["0:00", "0:05", "0:10"]);
    assert_eq!(time_labels(2_000_000)[..3], ["0:00.0", "0:00.2", "0:00.4"]);
    assert_eq!(time_labels(7_200_000_000)[..2], ["0:00:00", "0:10:00"]);
    assert_eq!(time_labels(0).first().unwrap(), "0:00.0");
    for length_us in [1, 1_000_000, 59_999_999, 1_000_000_000, 30 * DAY_US] {
        assert!(
            (2..=14).contains(&time_labels(length_us).len()),
            "{length_us}"
        );
    }
}

#[test]
fn log_labels_are_round_and_never_missing() {
    assert_eq!(
        log_labels(1_200, 9_000_000),
        ["1 ms", "10 ms", "100 ms", "1 s", "10 s"]
    );
    assert_eq!(log_labels(3_000, 3_000), ["2 ms", "5 ms", "10 ms", "20 ms"]);
    assert_eq!(log_labels(0, 0)[0], "1 µs");
    assert!(log_labels(i64::MAX / 100, i64::MAX / 100).len() >= 2);
}

#[test]
fn a_log_axis_holds_its_values() {
    let axis = LogAxis::new([250, 80_000].into_iter(), 200.0, 0.0);
    assert!(axis.at(250) < 200.0 && axis.at(80_000) > 0.0 && axis.at(250) > axis.at(80_000));
}

#[test]
fn rate_labels_are_round() {
    let labels = |largest| {
        RateAxis::new(largest, 0.0, 100.0)
            .ticks()
            .into_iter()
            .filter_map(|tick| tick.label)
            .collect::<Vec<_>>()
    };
    assert_eq!(labels(21.0), ["0", "5", "10", "15", "20", "25"]);
    assert_eq!(labels(0.3), ["0.0", "0.1", "0.2", "0.3", "0.4"]);
    assert_eq!(labels(1_900.0).last().unwrap(), "2,000");
    assert_eq!(labels(0.0).first().unwrap(), "0.0");
}

#[test]
fn the_shortest_span_is_seen_at_either_end() {
    let series = Series {
        origin_us: 0,
        start_us: 0,
        end_us: 1_000_000_000,
        triggers_us: vec![],
        pauses: vec![],
        marks: vec![],
        paths: vec![],
    };
    let axis = TimeAxis::new(&series, 100.0, 200.0);
    for at_us in [0, 500_000_000, 1_000_000_000] {
        let (from, to) = axis.edges(&Span::new(at_us, at_us));
        assert!(from >= 100.0 && to <= 200.0 && to - from >= THINNEST_SPAN - 1e-9);
    }
}

/// A range of a recording keeps the recording's times.
#[test]
fn labels_count_from_the_recordings_start() {
    let series = Series {
        origin_us: 0,
        start_us: 3_590_500_000,
        end_us: 3_610_500_000,
        triggers_us: vec![],
        pauses: vec![],
        marks: vec![],
        paths: vec![],
    };
    let axis = TimeAxis::new(&series, 0.0, 1_000.0);
    let ticks = axis.ticks();
    assert_eq!(ticks[0].label.as_deref(), Some("0:59:52"));
    assert!((ticks[0].at - 75.0).abs() < 1e-6);
    assert_eq!(axis.label(3_600_000_000), "1:00:00.0");
}
