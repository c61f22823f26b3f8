//! What naive methods report of recordings whose answer is known, worked out by hand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "naive/command.rs"]
mod command;
mod support;

use analyze::gaps::{Beside, ReportedGaps};
use analyze::load::{Damage, Loaded};
use analyze::naive::{Method, Reported, Source, reported};
use analyze::summary::{Group, Thresholds};
use recording::Endpoint;
use recording::vocabulary::ErrorClass::{
    Conflict, Constraint, OperationTimeout, Other, ReadOnly, Refused, StartingOrStopping,
    TooManyConnections,
};
use recording::vocabulary::Path::{Direct, Proxy};
use support::{HandMade, Made, START_US, us};

const HEARTBEAT: Method = Method::Heartbeat {
    interval_us: 1_000_000,
};
const GROUPS: [Group; 2] = [Group::Read, Group::Writer];

/// From 0.1 s on a read of 5 ms every 100 ms and a write of 10 ms every 200 ms, to 19.9 s and 19.8 s.
fn healthy_for_20_s() -> HandMade {
    HandMade::new(60.0)
        .steady("user_list", 0.1, 0.1, 199, 0.005)
        .steady("create_order", 0.2, 0.2, 99, 0.01)
}

/// Reads again, the first ending at `first_end`, to the end.
fn reads_from(made: HandMade, first_end: f64) -> HandMade {
    let count = ((59.96 - first_end) / 0.1) as usize + 1;
    made.steady("user_list", first_end, 0.1, count, 0.005)
}

fn writes_from(made: HandMade, first_end: f64) -> HandMade {
    let count = ((59.96 - first_end) / 0.2) as usize + 1;
    made.steady("create_order", first_end, 0.2, count, 0.01)
}

/// Crash at 20 s: a read every 250 ms and a write every 500 ms is refused, each after 10 ms, for so many quarters of a second.
fn refused(made: HandMade, quarters: usize) -> HandMade {
    (0..quarters).fold(made, |made, quarter| {
        let at = 20.0 + quarter as f64 * 0.25;
        let made = made.failed("user_list", at, at + 0.01, Refused);
        match quarter % 2 {
            0 => made.failed("create_order", at + 0.1, at + 0.11, Refused),
            _ => made,
        }
    })
}

/// The old writer is back as a reader at 22 s; the name leads to the new writer `flip` seconds after the crash. Until then the direct
/// path reads fine, and each of its writes, two a second, is refused with 25006.
fn stale_dns(flip: f64) -> HandMade {
    let made = reads_from(refused(healthy_for_20_s(), 8), 22.05);
    let refusals = (0..).map(|number| 22.1 + f64::from(number) * 0.5);
    let refusals = refusals.take_while(|at| *at < 20.0 + flip);
    let made = refusals.fold(made, |made, at| {
        made.failed_with("create_order", (at, at + 0.01), ReadOnly, "25006")
    });
    writes_from(made, 20.0 + flip + 0.1)
}

/// Nobody answers from 20 to 30 s.
fn total_outage() -> HandMade {
    writes_from(reads_from(refused(healthy_for_20_s(), 40), 30.05), 30.1)
}

fn one(made: &Made, method: Method) -> Reported {
    let loaded = Loaded::open(&made.folder).unwrap();
    let mut all = reported(&loaded, method).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// The outages reported, in seconds after the start.
fn spans(reported: &Reported) -> Vec<(f64, f64)> {
    let seconds = |time: recording::Timestamp| (time.micros() - START_US) as f64 / 1e6;
    let outages = reported.outages.iter();
    outages
        .map(|outage| (seconds(outage.span.start), seconds(outage.span.end)))
        .collect()
}

fn beside(made: &Made, method: Method) -> ReportedGaps {
    let reported = reported(&Loaded::open(&made.folder).unwrap(), method).unwrap();
    let summary = made.analyze().summary;
    ReportedGaps::new(
        &[(summary, reported)],
        method,
        &GROUPS,
        Thresholds::default(),
    )
}

/// Reported and lived through, microseconds, of one group.
fn figures(gaps: &ReportedGaps, group: Group) -> (i64, i64) {
    let beside = of(gaps, group);
    assert_eq!(
        beside.difference_us.unwrap(),
        beside.reported_us - beside.downtime_us.unwrap()
    );
    (beside.reported_us, beside.downtime_us.unwrap())
}

fn of(gaps: &ReportedGaps, group: Group) -> &Beside {
    gaps.beside
        .iter()
        .find(|beside| beside.group == group)
        .unwrap()
}

#[test]
fn a_stale_name_shows_the_heartbeat_a_small_part_of_what_writes_lived_through() {
    for flip in [6.0, 12.0, 20.0] {
        let made = stale_dns(flip).write();
        let gaps = beside(&made, HEARTBEAT);
        // Of second 20 it sees the read asked at 20.00 s, of 21 the one asked at 21.00 s, of 22 the one that ends at 22.05 s.
        assert_eq!(spans(&one(&made, HEARTBEAT)), [(20.01, 22.05)], "{flip}");
        // Writes: 19.8 s to 100 ms after the flip. Reads: 19.9 s to 22.05 s.
        assert_eq!(
            figures(&gaps, Group::Writer),
            (us(2.04), us(flip + 0.3)),
            "{flip}"
        );
        assert_eq!(figures(&gaps, Group::Read), (us(2.04), us(2.15)));
        let writer = of(&gaps, Group::Writer);
        assert!(writer.is_headline && !of(&gaps, Group::Read).is_headline);
        assert_eq!(writer.source, Source::Operations);
        assert_eq!((writer.outages, writer.noticed_outages), (1, 1));
        let share = writer.reported_share.unwrap();
        assert!((share - 2.04 / (flip + 0.3)).abs() < 1e-9, "{share}");
    }
}

#[test]
fn a_stale_name_resets_the_count_of_failures_with_every_read() {
    for flip in [6.0, 12.0, 20.0] {
        let made = stale_dns(flip).write();
        // Failed at 20.01 (read), 20.11 (write), 20.26 s (read): the third. Then 25006 once in five reads.
        assert_eq!(
            spans(&one(&made, Method::ThreeFailures)),
            [(20.26, 22.05)],
            "{flip}"
        );
        let gaps = beside(&made, Method::ThreeFailures);
        assert_eq!(
            figures(&gaps, Group::Writer),
            (us(1.79), us(flip + 0.3)),
            "{flip}"
        );
        assert_eq!(of(&gaps, Group::Writer).longest_answer_us, None);
    }
}

#[test]
fn an_outage_of_everything_is_seen_by_both() {
    let made = total_outage().write();
    let heartbeat = beside(&made, HEARTBEAT);
    // Of second 30 it sees the first read, which ends at 30.05 s.
    assert_eq!(figures(&heartbeat, Group::Read), (us(10.04), us(10.15)));
    assert_eq!(figures(&heartbeat, Group::Writer), (us(10.04), us(10.3)));
    let counter = beside(&made, Method::ThreeFailures);
    assert_eq!(figures(&counter, Group::Read), (us(9.79), us(10.15)));
    assert_eq!(figures(&counter, Group::Writer), (us(9.79), us(10.3)));
}

#[test]
fn a_heartbeat_that_waits_in_a_queue_reports_nothing() {
    // The proxy holds what is asked from 20.0 s on, and serves it at 26.0 s.
    let made = healthy_for_20_s()
        .ok("user_list", 20.0, 26.0)
        .ok("create_order", 20.1, 26.0);
    let made = writes_from(reads_from(made, 26.1), 26.2).write();
    let gaps = beside(&made, HEARTBEAT);
    assert_eq!(figures(&gaps, Group::Read), (0, us(6.1)));
    assert_eq!(figures(&gaps, Group::Writer), (0, us(6.2)));
    let read = of(&gaps, Group::Read);
    assert_eq!((read.outages, read.noticed_outages), (1, 0));
    assert_eq!(read.reported_share, Some(0.0));
    assert_eq!(read.longest_answer_us, Some(us(6.0)));
    let counter = beside(&made, Method::ThreeFailures);
    assert_eq!(figures(&counter, Group::Read), (0, us(6.1)));
}

#[test]
fn while_it_waits_a_heartbeat_asks_nothing_else() {
    // The first read of second 20 is served at 24.5 s; what others are refused meanwhile it never sees, and so in second 24.
    let made = healthy_for_20_s()
        .ok("user_list", 20.0, 24.5)
        .failed("user_list", 21.0, 21.01, Refused)
        .failed("user_list", 22.0, 22.01, Refused)
        .failed("user_list", 24.3, 24.31, Refused);
    let made = reads_from(made, 24.9).write();
    assert!(one(&made, HEARTBEAT).outages.is_empty());
    assert_eq!(
        spans(&one(&made, Method::ThreeFailures)),
        [(24.31, 24.5)],
        "the counter does"
    );
}

#[test]
fn without_an_outage_there_is_nothing_to_report() {
    let made = writes_from(reads_from(healthy_for_20_s(), 20.0), 20.0).write();
    for method in [HEARTBEAT, Method::ThreeFailures] {
        let gaps = beside(&made, method);
        assert!(gaps.reported_outages.is_empty());
        for group in GROUPS {
            assert_eq!(figures(&gaps, group), (0, 0));
            assert_eq!(of(&gaps, group).reported_share, None);
        }
    }
}

#[test]
fn one_failure_in_the_wrong_place_is_a_false_alarm_of_the_heartbeat() {
    // One read fails between two that are served, 100 ms apart, and is the first of its second: no outage, and a whole interval to
    // the heartbeat. Of second 21 it sees the read that ends at 21.1 s.
    let made = healthy_for_20_s()
        .failed("user_list", 20.0, 20.01, Refused)
        .steady("user_list", 20.05, 0.1, 400, 0.005)
        .steady("create_order", 20.0, 0.2, 200, 0.01)
        .write();
    assert_eq!(spans(&one(&made, HEARTBEAT)), [(20.01, 21.05)]);
    let gaps = beside(&made, HEARTBEAT);
    assert_eq!(figures(&gaps, Group::Read), (us(1.04), 0));
    assert_eq!(of(&gaps, Group::Read).reported_share, None);
}

#[test]
fn whatever_a_server_answers_is_an_answer_to_a_heartbeat() {
    let answers = [
        (ReadOnly, "25006", true),
        (Conflict, "40001", true),
        (Constraint, "23505", true),
        (Other, "42P01", true),
        (StartingOrStopping, "57P03", false),
        (TooManyConnections, "53300", false),
        (OperationTimeout, "", false),
    ];
    for (class, sqlstate, is_answer) in answers {
        let fail = |made: HandMade, at: f64| match sqlstate {
            "" => made.failed("user_list", at, at + 0.01, class),
            _ => made.failed_with("user_list", (at, at + 0.01), class, sqlstate),
        };
        let made = fail(fail(fail(healthy_for_20_s(), 20.0), 20.2), 20.4);
        let made = reads_from(made, 21.05).write();
        let expected = match is_answer {
            true => Vec::new(),
            false => vec![(20.01, 21.05)],
        };
        assert_eq!(spans(&one(&made, HEARTBEAT)), expected, "{class}");
        // The counter makes no difference between failures.
        assert_eq!(
            spans(&one(&made, Method::ThreeFailures)),
            [(20.41, 21.05)],
            "{class}"
        );
    }
    // Without a SQLSTATE nobody knows that a server said it.
    let made = healthy_for_20_s().failed("user_list", 20.0, 20.01, Other);
    let made = reads_from(made, 21.05).write();
    assert_eq!(spans(&one(&made, HEARTBEAT)), [(20.01, 21.05)]);
}

#[test]
fn a_read_stands_for_the_heartbeat_before_all_others() {
    // From 20 s on writes hang, as where a synchronous standby is gone; the first that is asked in each second is one of them.
    let made = healthy_for_20_s()
        .failed("create_order", 20.0, 30.0, OperationTimeout)
        .failed("create_order", 20.01, 30.01, OperationTimeout)
        .failed("create_order", 20.02, 30.02, OperationTimeout);
    let made = reads_from(made, 20.05).write();
    assert!(one(&made, HEARTBEAT).outages.is_empty());
    // Where reads go to an endpoint of their own they say nothing of this one.
    let made = stale_dns(6.0).set(|manifest| {
        manifest.endpoints.push(Endpoint {
            path: Direct,
            host: "reader.test".to_owned(),
            port: 5432,
            database: "shop".to_owned(),
            user: "app".to_owned(),
            sslmode: "disable".to_owned(),
            reader: true,
            more_hosts: Vec::new(),
            target_session_attrs: None,
            tls_error: None,
        });
    });
    // Refused from 20.10 s, and at 22.10 s a server says 25006.
    assert_eq!(spans(&one(&made.write(), HEARTBEAT)), [(20.11, 22.11)]);
}

#[test]
fn what_never_ends_is_a_lower_bound_and_what_nobody_knows_is_neither() {
    let made = refused(healthy_for_20_s(), 160)
        .unfinished("user_list", 59.9)
        .write();
    for (method, from) in [(HEARTBEAT, 20.01), (Method::ThreeFailures, 20.26)] {
        assert_eq!(spans(&one(&made, method)), [(from, 60.0)]);
        let gaps = beside(&made, method);
        assert!(of(&gaps, Group::Read).reported_at_least);
        assert!(gaps.reported_outages[0].at_least);
    }
    // A question that is still open when the recording ends has neither failed nor been answered.
    let made = healthy_for_20_s().unfinished("user_list", 20.0);
    let made = made.unfinished("user_list", 20.1);
    let made = made.unfinished("user_list", 20.2).write();
    assert!(one(&made, HEARTBEAT).outages.is_empty());
    assert!(one(&made, Method::ThreeFailures).outages.is_empty());
}

/// Probes every 500 ms from 0.2 s on, each answered after 2 ms; refused after 1 ms from 20 to `until`.
fn probed(made: HandMade, until: f64) -> HandMade {
    let made = made.set(|manifest| manifest.probe_interval_us = Some(500_000));
    (0..119).fold(made, |made, number| {
        let at = 0.2 + f64::from(number) * 0.5;
        match at > 20.0 && at < until {
            true => made.probe(at, Refused),
            false => made.probe_answered(at, 0.002),
        }
    })
}

#[test]
fn probes_are_the_better_heartbeat_where_they_were_asked_as_often() {
    let made = probed(stale_dns(12.0), 22.0).write();
    for (interval, source, expected) in [
        // Every second probe: 20.2, 21.2, then 22.2 s.
        (1.0, Source::Probes, (20.201, 22.202)),
        (0.5, Source::Probes, (20.201, 22.202)),
        // Every fourth: 20.2, then 22.2 s.
        (2.0, Source::Probes, (20.201, 22.202)),
        // Not asked that often: the first read of each 100 ms.
        (0.1, Source::Operations, (20.01, 22.05)),
    ] {
        let interval_us = us(interval);
        let reported = one(&made, Method::Heartbeat { interval_us });
        assert_eq!(reported.source, source, "{interval}");
        assert_eq!(spans(&reported), [expected], "{interval}");
    }
    assert_eq!(one(&made, HEARTBEAT).longest_answer_us, Some(2_000));
}

#[test]
fn a_probe_that_comes_early_is_not_taken_for_that_of_the_interval_before() {
    let made = stale_dns(6.0).set(|manifest| manifest.probe_interval_us = Some(1_000_000));
    let made = (0..59).fold(made, |made, number| {
        let jitter = if number % 2 == 0 { 0.0 } else { -0.3 };
        let at = 0.5 + f64::from(number) + jitter;
        match at > 20.0 && at < 22.0 {
            true => made.probe(at, Refused),
            false => made.probe_answered(at, 0.002),
        }
    });
    // 20.5 s, 21.2 s, then 22.5 s.
    assert_eq!(spans(&one(&made.write(), HEARTBEAT)), [(20.501, 22.502)]);
}

#[test]
fn probes_of_something_else_are_no_heartbeat() {
    let other = |change: fn(&mut recording::Probe)| {
        // Were they heartbeats, they would report 30.2 to 31.2 s.
        let made = probed(total_outage(), 20.0);
        made.probe(30.2, Refused).but_the_probe(change)
    };
    let as_it_is = one(&other(|_| ()).write(), HEARTBEAT);
    assert_eq!(as_it_is.source, Source::Probes);
    assert_eq!(spans(&as_it_is), [(30.201, 31.202)]);
    for change in [
        |probe: &mut recording::Probe| probe.reader = true,
        |probe: &mut recording::Probe| probe.kind = recording::vocabulary::ProbeKind::Dns,
        |probe: &mut recording::Probe| probe.path = Proxy,
    ] {
        assert!(one(&other(change).write(), HEARTBEAT).outages.is_empty());
    }
    // Not all of them are there any more, or they were switched off.
    for set in [
        |manifest: &mut recording::Manifest| {
            manifest.dropped_rows.insert("probes".to_owned(), 1);
        },
        |manifest: &mut recording::Manifest| manifest.probe_interval_us = Some(0),
    ] {
        let made = probed(total_outage(), 20.0).write();
        let mut manifest = recording::Manifest::read(&made.folder).unwrap();
        set(&mut manifest);
        manifest.write(&made.folder).unwrap();
        assert_eq!(one(&made, HEARTBEAT).source, Source::Operations);
    }
    let made = probed(total_outage(), 20.0).write();
    std::fs::write(made.folder.join("probes/probes-00001.parquet"), "garbage").unwrap();
    let loaded = Loaded::open_with(&made.folder, Damage::Allowed).unwrap();
    let reported = reported(&loaded, HEARTBEAT).unwrap();
    assert_eq!(reported[0].source, Source::Operations);
}

#[test]
fn paths_and_parts_are_told_apart_and_put_together() {
    // Failures of the two paths in turn: neither has three in a row. Then three, the last in another part.
    let healthy = |made: HandMade| made.steady("user_list", 0.1, 0.1, 99, 0.005);
    let made = healthy(healthy(HandMade::new(20.0)).on(Proxy));
    let made = [10.0, 10.1].iter().fold(made, |made, at| {
        let made = made.on(Direct).failed("user_list", *at, at + 0.01, Refused);
        made.on(Proxy).failed("user_list", *at, at + 0.01, Refused)
    });
    let made = made
        .on(Direct)
        .steady("user_list", 12.0, 0.1, 70, 0.005)
        .sealed()
        .failed("user_list", 10.2, 10.21, Refused)
        .on(Proxy)
        .steady("user_list", 12.0, 0.1, 70, 0.005)
        .write();
    let reported = reported(&Loaded::open(&made.folder).unwrap(), Method::ThreeFailures).unwrap();
    let paths: Vec<_> = reported.iter().map(|path| path.path.as_str()).collect();
    assert_eq!(paths, ["direct", "proxy"]);
    assert_eq!(spans(&reported[0]), [(10.21, 12.0)]);
    assert!(reported[1].outages.is_empty());
}

#[test]
fn at_the_same_microsecond_a_failure_comes_before_a_success() {
    let made = healthy_for_20_s()
        .ok("user_list", 20.2, 20.21)
        .failed("user_list", 20.0, 20.01, Refused)
        .failed("user_list", 20.1, 20.11, Refused)
        .failed("user_list", 20.15, 20.21, Refused)
        .failed("user_list", 20.25, 20.26, Refused)
        .failed("user_list", 20.3, 20.31, Refused);
    // The third at 20.21 s, ended by the success at that moment; of the two after it no third comes.
    let made = reads_from(made, 20.5).write();
    assert_eq!(spans(&one(&made, Method::ThreeFailures)), [(20.21, 20.21)]);
}
