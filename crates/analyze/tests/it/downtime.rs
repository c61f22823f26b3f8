//! Every rule of the section "Downtime" of `docs/definitions.md`, on hand-made recordings with known answers.

use crate::support::{HandMade, group, outages, reads_with_a_gap};
use analyze::summary::{Group, Thresholds};
use recording::vocabulary::ErrorClass;
use recording::vocabulary::ErrorClass::{
    Client, Conflict, ConnectTimeout, ConnectionLost, Constraint, NoWriter, OperationTimeout,
    Other, PoolTimeout, Refused, StatementTimeout, Unreplicated,
};

#[test]
fn two_failures_make_a_gap_an_outage() {
    let path = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, ConnectionLost)
        .failed("user_list", 14.7, 14.75, Refused)
        .direct();
    // Last success to first success; head 10.0 to 10.2 and tail 14.75 to 15.0 is the resolution.
    assert_eq!(outages(&path, Group::Read), [(10.0, 15.0, 0.45)]);
    assert_eq!(outages(&path, Group::All), [(10.0, 15.0, 0.45)]);
    let reads = group(&path, Group::Read);
    assert_eq!(
        (reads.downtime_us, reads.at_least),
        (Some(5_000_000), false)
    );
    assert!((reads.availability.unwrap() - (1.0 - 5.0 / 30.0)).abs() < 1e-12);
    assert_eq!(reads.outages[0].errors.len(), 2);
    assert!(reads.blips.is_empty());
}

#[test]
fn a_gap_without_evidence_is_idleness_however_long() {
    let path = reads_with_a_gap().direct();
    assert_eq!(outages(&path, Group::Read), []);
    assert_eq!(group(&path, Group::Read).downtime_us, Some(0));
    assert_eq!(group(&path, Group::Read).availability, Some(1.0));
}

#[test]
fn one_failure_needs_ten_times_the_median_gap() {
    // The median gap is 100 ms: a gap of 1.0 s is not longer than ten of it, one of 1.000001 s is.
    let with_gap = |gap: f64| {
        HandMade::new(12.0 + gap)
            .steady("user_list", 0.1, 0.1, 60, 0.005)
            .steady("user_list", 6.0 + gap, 0.1, 60, 0.005)
            .failed("user_list", 6.3, 6.35, Refused)
            .direct()
    };
    let blip = with_gap(1.0);
    assert_eq!(outages(&blip, Group::Read), []);
    assert_eq!(group(&blip, Group::Read).blips.len(), 1);
    let outage = with_gap(1.000_001);
    assert_eq!(outages(&outage, Group::Read).len(), 1);
    assert!(group(&outage, Group::Read).blips.is_empty());
}

#[test]
fn one_failure_in_the_closing_gap_counts_from_one_second_on() {
    // Few successes, so that ten times the median gap is out of reach.
    let closing = |duration: f64| {
        HandMade::new(duration)
            .steady("user_list", 2.0, 2.0, 5, 0.005)
            .failed("user_list", 10.5, 10.6, Refused)
            .direct()
    };
    assert_eq!(outages(&closing(11.0), Group::Read), []);
    let open = closing(11.1);
    assert_eq!(outages(&open, Group::Read), [(10.0, 11.1, 1.0)]);
    let reads = group(&open, Group::Read);
    assert!(reads.at_least && reads.outages[0].open_at_end && !reads.outages[0].open_at_start);
}

#[test]
fn without_any_success_one_failure_is_enough() {
    let path = HandMade::new(4.0)
        .failed("update_login", 1.0, 1.5, Refused)
        .direct();
    assert_eq!(outages(&path, Group::Write), [(0.0, 4.0, 3.5)]);
    let writes = group(&path, Group::Write);
    assert!(writes.at_least && writes.outages[0].open_at_start && writes.outages[0].open_at_end);
    assert_eq!(writes.availability, Some(0.0));
    assert_eq!(writes.episodes[0].baseline_tps, None);
    assert_eq!(writes.episodes[0].time_to_full_throughput_us, None);
    assert_eq!(path.headline.unwrap().group, Group::Writer);
}

#[test]
fn an_outage_at_the_start_is_open() {
    let path = HandMade::new(20.0)
        .failed("user_list", 0.0, 0.0, Refused)
        .failed("user_list", 2.0, 2.1, Refused)
        .steady("user_list", 3.0, 0.1, 170, 0.005)
        .direct();
    // The failure at the very microsecond of the start is in the first gap.
    assert_eq!(outages(&path, Group::Read), [(0.0, 3.0, 0.9)]);
    let reads = group(&path, Group::Read);
    assert!(reads.outages[0].open_at_start && reads.at_least);
    assert_eq!(reads.outages[0].evidence, 2);
    assert_eq!(reads.episodes[0].baseline_tps, None);
}

#[test]
fn at_the_same_microsecond_a_failure_comes_before_a_success() {
    // Both failures end with the success that closes the gap: they are in it. One microsecond later they are not.
    let at = |end: f64| {
        reads_with_a_gap()
            .failed("user_list", 14.9, end, Refused)
            .failed("user_list", 14.9, end, Refused)
            .direct()
    };
    assert_eq!(outages(&at(15.0), Group::Read), [(10.0, 15.0, 4.9)]);
    assert_eq!(
        outages(&at(15.000_001), Group::Read),
        [(15.0, 15.1, 0.099_999)]
    );
    // And a failure that ends with the last success before the gap belongs to the gap before.
    let before = reads_with_a_gap()
        .failed("user_list", 9.95, 10.0, Refused)
        .failed("user_list", 9.95, 10.0, Refused)
        .direct();
    assert_eq!(outages(&before, Group::Read).len(), 1);
    assert_eq!(outages(&before, Group::Read)[0].1, 10.0);
}

#[test]
fn a_gap_shorter_than_min_outage_is_none() {
    let path = |gap: f64| {
        HandMade::new(3.0)
            .steady("user_list", 0.01, 0.01, 100, 0.001)
            .steady("user_list", 1.0 + gap, 0.01, 100, 0.001)
            .failed("user_list", 1.02, 1.03, Refused)
            .failed("user_list", 1.03, 1.04, Refused)
            .direct()
    };
    assert_eq!(outages(&path(0.099_999), Group::Read), []);
    assert_eq!(group(&path(0.099_999), Group::Read).blips.len(), 2);
    assert_eq!(outages(&path(0.1), Group::Read).len(), 1);
}

#[test]
fn a_higher_min_outage_hides_short_ones() {
    let made = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, ConnectionLost)
        .failed("user_list", 14.7, 14.75, Refused)
        .write();
    let with = |min_outage_us| {
        let thresholds = Thresholds {
            min_outage_us,
            ..Thresholds::default()
        };
        outages(&made.analyze_with(thresholds).summary.paths[0], Group::Read).len()
    };
    assert_eq!((with(5_000_000), with(5_000_001)), (1, 0));
}

#[test]
fn conflicts_and_wrong_statements_are_no_outage() {
    let with = |class: ErrorClass, sqlstate: &str| {
        let path = reads_with_a_gap()
            .failed_with("user_list", (10.2, 10.25), class, sqlstate)
            .failed_with("user_list", (14.7, 14.75), class, sqlstate)
            .direct();
        (
            outages(&path, Group::Read).len(),
            group(&path, Group::Read).blips.len(),
        )
    };
    assert_eq!(with(Conflict, "40001"), (0, 0));
    assert_eq!(with(Constraint, "23505"), (0, 0));
    for sqlstate in ["0A000", "21000", "22012", "42P01", "44000", "P0001"] {
        assert_eq!(with(Other, sqlstate), (0, 0), "{sqlstate}");
    }
    for sqlstate in ["XX000", "53100", "58030", "26000"] {
        assert_eq!(with(Other, sqlstate), (1, 0), "{sqlstate}");
    }
}

#[test]
fn an_exempt_operation_is_not_stalled_either() {
    // A lock conflict that took four seconds says nothing of the server's availability.
    let conflict = reads_with_a_gap()
        .failed("user_list", 10.5, 14.9, Conflict)
        .direct();
    assert_eq!(outages(&conflict, Group::Read), []);
    assert!(group(&conflict, Group::Read).blips.is_empty());
}

#[test]
fn what_never_left_this_host_tells_nothing() {
    // No descriptors were left for four seconds: nothing was asked, however many operations failed and however long they took.
    let path = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Client)
        .failed("user_list", 10.3, 10.6, Client)
        .failed("user_list", 10.5, 14.9, Client)
        .direct();
    let reads = group(&path, Group::Read);
    assert_eq!(outages(&path, Group::Read), []);
    assert!(reads.blips.is_empty() && reads.brownouts.is_empty());
    assert_eq!(path.overall.failed, 3);
    assert_eq!(path.errors[0].class, "client");
}

#[test]
fn a_cancelled_statement_is_no_failure_but_may_be_stalled() {
    let quick = reads_with_a_gap()
        .failed_with("user_list", (10.2, 10.25), StatementTimeout, "57014")
        .failed_with("user_list", (14.7, 14.75), StatementTimeout, "57014")
        .direct();
    assert_eq!(outages(&quick, Group::Read), []);
    assert!(group(&quick, Group::Read).blips.is_empty());
    // Two that waited for two seconds each until the server's limit: it served nothing meanwhile. From the first statement of the last
    // one on it is not known; on connections that had been used before, nothing is.
    let cancelled = |made: HandMade, at: f64| {
        made.failed_with("user_list", (at, at + 2.0), StatementTimeout, "57014")
    };
    let late = cancelled(cancelled(reads_with_a_gap(), 10.2).anew(), 12.5).anew();
    let late = late.direct();
    assert_eq!(outages(&late, Group::Read), [(10.0, 15.0, 2.699_99)]);
    assert_eq!(group(&late, Group::Read).outages[0].evidence, 2);
    let used = cancelled(cancelled(reads_with_a_gap(), 10.2), 12.5).direct();
    assert_eq!(outages(&used, Group::Read), [(10.0, 15.0, 5.0)]);
}

#[test]
fn hosts_without_a_writer_and_a_cancelled_wait_for_a_standby_are_failures() {
    for (class, sqlstate) in [(NoWriter, None), (Unreplicated, Some("01000"))] {
        let made = |at: f64| (at, at + 0.05);
        let path = match sqlstate {
            Some(code) => reads_with_a_gap()
                .failed_with("user_list", made(10.2), class, code)
                .failed_with("user_list", made(14.7), class, code),
            None => reads_with_a_gap()
                .failed("user_list", 10.2, 10.25, class)
                .failed("user_list", 14.7, 14.75, class),
        };
        assert_eq!(outages(&path.direct(), Group::Read), [(10.0, 15.0, 0.45)]);
    }
}

#[test]
fn an_operation_that_stalls_is_evidence() {
    // Behind a proxy that queues: nothing fails, one read takes 4.9 s and then succeeds.
    let path = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .ok("user_list", 10.05, 15.0)
        .steady("user_list", 15.1, 0.1, 140, 0.005)
        .direct();
    // Its success closes the gap, so the tail is known to the microsecond.
    assert_eq!(outages(&path, Group::Read), [(10.0, 15.0, 0.05)]);
    assert_eq!(group(&path, Group::Read).outages[0].evidence, 1);
}

#[test]
fn a_stalled_operation_that_does_not_close_the_gap_leaves_a_tail() {
    // Another read closes it, five milliseconds old: when service came back since the first statement, at 10.05001 s, is not known.
    let path = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .ok("user_list", 10.05, 16.0)
        .steady("user_list", 15.0, 0.1, 150, 0.005)
        .direct();
    assert_eq!(outages(&path, Group::Read), [(10.0, 15.0, 4.999_99)]);
}

#[test]
fn stalled_is_more_than_the_floor_above_the_median() {
    // The median is 5 ms, so a read stalls above 505 ms; the gap and the overlap are long enough in both.
    let path = |response: f64| {
        HandMade::new(30.0)
            .steady("user_list", 0.1, 0.1, 100, 0.005)
            .ok("user_list", 10.0, 10.0 + response)
            .ok("user_list", 10.0, 10.0 + response)
            .steady("user_list", 20.0, 0.1, 100, 0.005)
            .direct()
    };
    assert_eq!(outages(&path(0.505), Group::Read), []);
    // The gap from 10.0 to 10.505001 s is stalled in; idleness follows.
    let (start, end, _) = outages(&path(0.505_001), Group::Read)[0];
    assert_eq!((start, end), (10.0, 10.505_001));
}

#[test]
fn slow_operations_stall_at_three_times_their_median() {
    // The median of this query is one second: three seconds is normal for it, a little more is not.
    let path = |response: f64| {
        HandMade::new(60.0)
            .steady("order_statistics", 2.0, 1.0, 20, 1.0)
            .ok("order_statistics", 21.0, 21.0 + response)
            .steady("order_statistics", 40.0, 1.0, 20, 1.0)
            .failed("order_statistics", 22.0, 22.1, Refused)
            .direct()
    };
    assert_eq!(outages(&path(3.0), Group::Read), []);
    // The 10 us of the checkout are no waiting for the answer.
    let stalled = path(3.000_011);
    assert_eq!(outages(&stalled, Group::Read), [(21.0, 24.000_011, 0.0)]);
    let by_its_checkout = path(3.000_001);
    assert_eq!(
        outages(&by_its_checkout, Group::Read),
        [(21.0, 24.000_001, 1.900_001)]
    );
}

#[test]
fn a_stalled_operation_must_overlap_the_gap_by_more_than_the_floor() {
    // A write hangs while reads go on: in `all` no gap is overlapped by more than the floor.
    let path = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .steady("update_login", 1.0, 1.0, 10, 0.005)
        .ok("update_login", 10.5, 18.0)
        .steady("update_login", 19.0, 1.0, 11, 0.005)
        .direct();
    assert_eq!(outages(&path, Group::All), []);
    // 8 s is less than 10 times the median gap of 1 s: one piece of evidence is not enough.
    assert_eq!(outages(&path, Group::Write), []);
}

#[test]
fn operations_that_hang_at_the_end_are_an_outage() {
    let path = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 200, 0.005)
        .unfinished("user_list", 20.1)
        .asked()
        .unfinished("user_list", 20.2)
        .asked()
        .direct();
    let reads = group(&path, Group::Read);
    // They had not been served when the recording ended: only the head is unknown.
    assert_eq!(outages(&path, Group::Read), [(20.0, 30.0, 0.1)]);
    assert!(reads.at_least && reads.outages[0].open_at_end);
    assert_eq!(reads.downtime_us, Some(10_000_000));
    assert_eq!(reads.outages[0].evidence, 2);
    assert_eq!(path.overall.unfinished, 2);
    // What waits for a connection asks nothing.
    let waiting = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 200, 0.005)
        .unfinished("user_list", 20.1)
        .unfinished("user_list", 20.2)
        .direct();
    assert_eq!(outages(&waiting, Group::Read), [(20.0, 30.0, 10.0)]);
}

#[test]
fn an_operation_that_is_merely_running_at_the_end_is_no_outage() {
    let path = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .unfinished("user_list", 29.98)
        .direct();
    assert_eq!(outages(&path, Group::Read), []);
}

#[test]
fn a_limit_of_the_client_is_known_down_only_at_its_start() {
    let tail = |class: ErrorClass, is_used: bool| {
        let path = reads_with_a_gap()
            .failed("user_list", 10.1, 10.2, Refused)
            .failed("user_list", 11.0, 14.9, class);
        let path = if is_used { path } else { path.anew() };
        outages(&path.direct(), Group::Read)[0].2
    };
    // Head 0.1 s. A refusal is known at its end, a limit says only that the service was down at its start.
    assert!((tail(Refused, false) - (0.1 + 0.1)).abs() < 1e-9);
    for class in [ConnectTimeout, OperationTimeout] {
        assert!((tail(class, false) - (0.1 + 4.0)).abs() < 1e-9, "{class}");
    }
    // Waiting in the pool asks nothing, and a limit on a used connection tells of that connection: what is left is the refusal at 10.2 s.
    for (class, is_used) in [
        (PoolTimeout, false),
        (OperationTimeout, true),
        (ConnectionLost, true),
    ] {
        assert!((tail(class, is_used) - (0.1 + 4.8)).abs() < 1e-9, "{class}");
    }
}

#[test]
fn evidence_of_before_the_gap_leaves_no_head() {
    // Scheduled before the last success: the question was open when the outage began.
    let path = reads_with_a_gap()
        .failed("user_list", 9.9, 12.0, Refused)
        .failed("user_list", 12.1, 14.9, Refused)
        .direct();
    assert_eq!(outages(&path, Group::Read), [(10.0, 15.0, 0.1)]);
}

#[test]
fn what_ends_later_than_the_recording_is_clipped() {
    let path = HandMade::new(20.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 10.1, 25.0, ConnectionLost)
        .failed("user_list", 10.1, 10.2, ConnectionLost)
        .direct();
    assert_eq!(outages(&path, Group::Read), [(10.0, 20.0, 0.1)]);
}
