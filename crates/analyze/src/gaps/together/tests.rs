use super::*;
use crate::summary::Group;

fn outage(host: &str, start: i64, end: i64, uncertainty_us: Option<i64>) -> PlacedOutage {
    PlacedOutage {
        host: host.to_owned(),
        run_id: "run".to_owned(),
        path: "direct".to_owned(),
        group: Group::Read,
        span: Span::new(start, end),
        downtime_us: end - start,
        resolution_us: 1,
        paused_us: 0,
        at_least: false,
        evidence: 2,
        axis: uncertainty_us.map_or(Axis::Host, |_| Axis::Server),
        uncertainty_us,
    }
}

fn recording(host: &str, start: i64, end: i64) -> PlacedRecording {
    PlacedRecording {
        host: host.to_owned(),
        run_id: "run".to_owned(),
        is_partial: false,
        span: Span::new(start, end),
        axis: Axis::Server,
        offset: None,
        offset_change_us: None,
    }
}

/// Start, end, outages and hosts of each.
fn found(outages: &[PlacedOutage]) -> Vec<(i64, i64, usize, usize)> {
    let found = find(outages, &[]);
    let figures = found.iter().map(|together| {
        let Span { start, end } = together.span;
        (
            start.micros(),
            end.micros(),
            together.outages,
            together.hosts,
        )
    });
    figures.collect()
}

#[test]
fn what_may_have_overlapped_was_together() {
    // Each may be off by 30: a distance of 60 may be none, one of 61 is one.
    let first = outage("a", 0, 100, Some(30));
    let near = outage("b", 160, 200, Some(30));
    let far = outage("b", 161, 200, Some(30));
    assert_eq!(found(&[first.clone(), near]), [(0, 200, 2, 2)]);
    assert_eq!(
        found(&[first.clone(), far]),
        [(0, 100, 1, 1), (161, 200, 1, 1)]
    );
    // One with the next, through a long one.
    let long = outage("c", 50, 300, Some(0));
    let late = outage("a", 290, 310, Some(0));
    assert_eq!(found(&[late, long, first]), [(0, 310, 3, 2)]);
    assert_eq!(found(&[]), []);
}

#[test]
fn hosts_that_did_not_record_then_are_not_counted() {
    let outages = [
        outage("a", 100, 150, Some(1)),
        outage("a", 110, 190, Some(1)),
    ];
    let recordings = [
        recording("a", 0, 1_000),
        recording("b", 0, 120),
        recording("b", 100, 900),
        recording("c", 0, 100),
        recording("d", 189, 200),
    ];
    let found = find(&outages, &recordings);
    let [together] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!((together.hosts, together.hosts_recording), (1, 3));
    assert_eq!(together.longest_downtime_us, 80);
    assert_eq!(together.seen_by.len(), 1, "one path");
}

#[test]
fn a_bound_and_an_unknown_clock_are_passed_on() {
    let mut open = outage("a", 0, 50, Some(1));
    open.at_least = true;
    let found = find(&[open, outage("b", 10, 90, None)], &[]);
    assert_eq!(
        (found[0].longest_downtime_us, found[0].at_least),
        (80, true)
    );
    assert_eq!(found[0].axis, Axis::Host);
}

#[test]
fn times_beyond_all_time_do_not_overflow() {
    let outages = [
        outage("a", i64::MIN, i64::MIN, Some(i64::MAX)),
        outage("b", i64::MAX, i64::MAX, Some(i64::MAX)),
    ];
    assert_eq!(find(&outages, &[]).len(), 2);
}
