//! Small recordings, each for a rule of `docs/definitions.md`, Downtime, and what follows from the rule.

use std::path::PathBuf;

use analyze::summary::{Group, GroupSummary, PathSummary, Summary, Thresholds, UnobservedReason};
use recording::Operation;
use recording::vocabulary::ErrorClass::{
    Client, Conflict, ConnectTimeout, ConnectionLost, Constraint, OperationTimeout, Other, Refused,
    StatementTimeout,
};
use recording::vocabulary::Path::{Direct, Proxy};

use crate::support::{HandMade, Made, START_US, analyze, group, us};

/// What a group has: outages (from, to, resolution, open), brownouts, blips; in seconds since the recording's start.
#[derive(Debug, Clone, Default, PartialEq)]
struct Expected {
    outages: Vec<(f64, f64, f64, bool)>,
    brownouts: Vec<(f64, f64)>,
    blips: usize,
    is_unobserved: bool,
}

fn found(group: &GroupSummary) -> Expected {
    let seconds = |us: i64| us as f64 / 1e6;
    let at = |time: recording::Timestamp| seconds(time.micros() - START_US);
    Expected {
        outages: group
            .outages
            .iter()
            .map(|outage| {
                let is_open = outage.open_at_start || outage.open_at_end;
                let (from, to) = (at(outage.span.start), at(outage.span.end));
                (from, to, seconds(outage.resolution_us), is_open)
            })
            .collect(),
        brownouts: group
            .brownouts
            .iter()
            .map(|span| (at(span.start), at(span.end)))
            .collect(),
        blips: group.blips.len(),
        is_unobserved: group.unobserved,
    }
}

fn one(from: f64, to: f64, resolution: f64) -> Expected {
    Expected {
        outages: vec![(from, to, resolution, false)],
        ..Expected::default()
    }
}

fn folder() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    PathBuf::from(own).join("../../data/cases")
}

fn case(name: &str) -> Summary {
    analyze(&folder().join(name), Thresholds::default()).summary
}

/// The recordings on which version 1 of the definitions erred.
#[test]
fn where_version_1_erred() {
    let open = |from, to, resolution| Expected {
        outages: vec![(from, to, resolution, true)],
        ..Expected::default()
    };
    let expected = [
        ("A-closing-success", Group::Read, one(0.095, 1.21, 0.015)),
        (
            "A-closing-success",
            Group::Writer,
            Expected {
                is_unobserved: true,
                ..Expected::default()
            },
        ),
        (
            "B-reset-after",
            Group::Read,
            Expected {
                blips: 2,
                ..one(0.1, 3.1, 0.001)
            },
        ),
        (
            "B2-hung-through",
            Group::Writer,
            Expected {
                blips: 2,
                brownouts: vec![(1.01, 1.205)],
                ..one(1.205, 1.805, 0.6)
            },
        ),
        // In these rows the last read waited in execute. `backoff` has the wait of its text.
        ("C-backoff-tail", Group::Read, one(0.1, 2.3, 0.01)),
        (
            "D-listed-nowhere",
            Group::Read,
            Expected {
                brownouts: vec![(0.46, 0.905)],
                ..Expected::default()
            },
        ),
        ("E-one-worker", Group::Writer, one(2.105, 4.6, 0.295)),
        ("F-opening-gap", Group::Writer, open(0.0, 2.505, 2.505)),
        ("F-closing-gap", Group::Writer, open(3.305, 6.0, 2.695)),
        ("G-late-success", Group::Read, open(2.0, 5.0, 0.01)),
        ("H-brownout-exempt", Group::Writer, Expected::default()),
        (
            "I-fails-after-gap",
            Group::Read,
            Expected {
                blips: 2,
                ..one(0.1, 4.0, 3.89)
            },
        ),
        ("J-pool-timeout", Group::Read, one(0.1, 2.115, 2.015)),
        // The direct path's connections are not recorded in these, so that 25006 is known at its end.
        ("K-down-all-through", Group::Writer, one(1.0, 8.0, 6.499)),
    ];
    for (name, of, expected) in expected {
        let summary = case(name);
        assert_eq!(
            found(group(&summary.paths[0], of)),
            expected,
            "{name}, {of:?}"
        );
    }
}

type Make = fn() -> HandMade;

/// Further cases: name, what makes it, and what is found in which group of the direct path.
fn made() -> Vec<(&'static str, Make, Group, Expected)> {
    let nothing = Expected::default;
    vec![
        ("backoff", backoff, Group::Read, one(0.1, 2.3, 1.009)),
        // Asked 0.1 s after the last success; the first statement of the last that waited for the lock came at 14.7 s.
        (
            "refusals-lock",
            lock,
            Group::Writer,
            one(10.0, 15.0, 0.1 + 0.3),
        ),
        (
            "refusals-revoke",
            revoke,
            Group::Read,
            one(10.0, 16.05, 0.05 + 0.09),
        ),
        (
            "refusals-revoke",
            revoke,
            Group::All,
            one(10.01, 16.05, 0.04 + 0.07),
        ),
        (
            "refusals-and-worse",
            refused_and_worse,
            Group::Writer,
            one(10.0, 15.0, 0.5 + 3.99),
        ),
        ("refusals-constraint", constraint, Group::Writer, nothing()),
        (
            "refusals-constraint-after",
            constraint_after,
            Group::Writer,
            one(10.0, 12.5, 0.1 + 1.5),
        ),
        ("refusals-client", client, Group::Writer, nothing()),
        (
            "refusals-one-statement",
            one_statement,
            Group::Writer,
            nothing(),
        ),
        (
            "refusals-cancelled",
            cancelled,
            Group::Writer,
            one(10.0, 12.2, 2.2),
        ),
        (
            "pause-within",
            pause_within,
            Group::Read,
            one(10.0, 13.0, 0.198),
        ),
        (
            "pause-at-the-end",
            pause_at_the_end,
            Group::Read,
            one(10.0, 14.1, 3.198),
        ),
        ("pause-alone", pause_alone, Group::Read, nothing()),
        (
            "probes-answered",
            probes_answered,
            Group::Read,
            Expected {
                is_unobserved: true,
                ..nothing()
            },
        ),
        (
            "probes-answered",
            probes_answered,
            Group::Writer,
            one(9.9, 14.0, 0.12),
        ),
        (
            "probes-failed",
            probes_failed,
            Group::Read,
            one(10.0, 14.05, 4.05),
        ),
        (
            "used-connections",
            used_connections,
            Group::Writer,
            one(10.0, 14.0, 0.1 + 3.5),
        ),
        (
            "silent-host-cut",
            silent_host_cut,
            Group::Read,
            one(10.0, 15.0, 0.1 + 4.8),
        ),
        (
            "silent-host",
            silent_host,
            Group::Read,
            one(10.0, 15.0, 0.1 + 4.9),
        ),
    ]
}

#[test]
fn rule_by_rule() {
    for (name, _, of, expected) in made() {
        let summary = case(name);
        let found = found(group(&summary.paths[0], of));
        let rounded = round(found);
        assert_eq!(rounded, round(expected), "{name}, {of:?}");
    }
}

/// Sums of binary fractions, as microseconds.
fn round(expected: Expected) -> Expected {
    let round = |seconds: f64| (seconds * 1e6).round() / 1e6;
    let outages = expected.outages.into_iter();
    Expected {
        outages: outages
            .map(|(from, to, resolution, open)| (from, to, round(resolution), open))
            .collect(),
        ..expected
    }
}

/// The client waited for a connection, in its back-off, and asked nothing meanwhile.
fn backoff() -> HandMade {
    HandMade::new(5.0)
        .steady("user_list", 0.06, 0.04, 2, 0.005)
        .failed("user_list", 0.11, 0.111, Refused)
        .failed("user_list", 0.7, 0.701, Refused)
        .failed("user_list", 1.3, 1.301, Refused)
        .ok("user_list", 1.4, 2.3)
        .but(|row| waits(row, 0.899))
        .steady("user_list", 2.4, 0.1, 26, 0.005)
}

fn waits(row: &mut Operation, seconds: f64) {
    let wall = row.end_time.unwrap() - row.scheduled_time;
    row.checkout_us = Some(us(seconds));
    row.execute_us = Some(wall - us(seconds));
}

fn writes() -> HandMade {
    HandMade::new(30.0).steady("update_login", 0.2, 0.2, 50, 0.005)
}

/// A table is locked for 5 s, and the session's `lock_timeout` is 200 ms.
fn lock() -> HandMade {
    let refused = (0..24).fold(writes(), |made, number| {
        let at = 10.1 + f64::from(number) * 0.2;
        made.failed_with("update_login", (at, at + 0.2), Conflict, "55P03")
            .but(|row| row.checkout_us = Some(0))
    });
    refused.steady("update_login", 15.0, 0.2, 75, 0.005)
}

/// A privilege is revoked for 6 s: every statement fails at once.
fn revoke() -> HandMade {
    let reads_and_writes = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .steady("update_login", 0.11, 0.1, 100, 0.005);
    let refused = (0..60).fold(reads_and_writes, |made, number| {
        let at = 10.05 + f64::from(number) * 0.1;
        made.failed_with("user_list", (at, at + 0.01), Other, "42501")
            .failed_with("update_login", (at + 0.02, at + 0.03), Other, "42501")
    });
    refused.steady("user_list", 16.05, 0.1, 130, 0.005).steady(
        "update_login",
        16.06,
        0.1,
        130,
        0.005,
    )
}

/// Refusals next to two refused connections: they count, and give no moment.
fn refused_and_worse() -> HandMade {
    let refused = (0..20).fold(writes(), |made, number| {
        let at = 10.1 + f64::from(number) * 0.2;
        made.failed_with("update_login", (at, at + 0.01), Other, "42P01")
    });
    refused
        .failed("update_login", 10.5, 10.51, Refused)
        .failed("update_login", 11.0, 11.01, Refused)
        .steady("update_login", 15.0, 0.2, 75, 0.005)
}

/// Five duplicate keys in a row: the server did the work.
fn constraint() -> HandMade {
    let slow = HandMade::new(30.0).steady("update_login", 0.5, 0.5, 20, 0.005);
    let refused = (0..5).fold(slow, |made, number| {
        let at = 10.5 + f64::from(number) * 0.5;
        made.failed_with("update_login", (at - 0.005, at), Constraint, "23505")
    });
    refused.steady("update_login", 13.0, 0.5, 34, 0.005)
}

/// Dead for a second; then three writes, tried again, that had been committed.
fn constraint_after() -> HandMade {
    let dead = HandMade::new(30.0)
        .steady("update_login", 0.5, 0.5, 20, 0.005)
        .failed("update_login", 10.1, 10.2, Refused)
        .failed("update_login", 10.8, 11.0, Refused);
    let refused = (0..3).fold(dead, |made, number| {
        let at = 11.1 + f64::from(number) * 0.5;
        made.failed_with("update_login", (at - 0.005, at), Constraint, "23505")
    });
    refused.steady("update_login", 12.5, 0.5, 35, 0.005)
}

/// The recorder's own host has no descriptors left.
fn client() -> HandMade {
    let refused = (0..5).fold(writes(), |made, number| {
        let at = 10.1 + f64::from(number) * 0.25;
        made.failed("update_login", at, at + 0.001, Client)
    });
    refused.steady("update_login", 11.4, 0.2, 93, 0.005)
}

/// The table of one statement is missing, and no purchase is due meanwhile.
fn one_statement() -> HandMade {
    let with_purchases = writes().steady("place_order", 4.0, 4.0, 2, 0.02);
    let refused = (0..6).fold(with_purchases, |made, number| {
        let at = 10.1 + f64::from(number) * 0.3;
        made.failed_with("insert_log", (at, at + 0.002), Other, "42P01")
    });
    refused
        .steady("update_login", 12.0, 0.2, 90, 0.005)
        .steady("place_order", 16.0, 4.0, 3, 0.02)
}

/// Storage hangs; two workers, each statement cancelled by the server after a second.
fn cancelled() -> HandMade {
    let refused = [10.05, 10.1, 11.06, 11.12].into_iter();
    refused
        .fold(writes(), |made, at| {
            made.failed_with("update_login", (at, at + 1.0), StatementTimeout, "57014")
        })
        .steady("update_login", 12.2, 0.2, 89, 0.005)
}

fn reads_refused(made: HandMade, from: f64, count: i32) -> HandMade {
    (0..count).fold(made, |made, number| {
        let at = from + f64::from(number) * 0.1;
        made.failed("user_list", at, at + 0.002, Refused)
    })
}

/// Down from 10 to 13 s, and the recorder stopped from 11 to 12.5 s.
fn pause_within() -> HandMade {
    let made = HandMade::new(30.0).steady("user_list", 0.1, 0.1, 100, 0.005);
    let made = reads_refused(made, 10.1, 9).paused(11.0, 12.5);
    reads_refused(made, 12.6, 4).steady("user_list", 13.0, 0.1, 170, 0.005)
}

/// Down from 10 to 11.5 s, and the recorder stopped from 11 to 14 s.
fn pause_at_the_end() -> HandMade {
    let made = HandMade::new(30.0).steady("user_list", 0.1, 0.1, 100, 0.005);
    reads_refused(made, 10.05, 10)
        .paused(11.0, 14.0)
        .steady("user_list", 14.1, 0.1, 159, 0.005)
}

/// The service was well. At waking, two reads are found past their limit.
fn pause_alone() -> HandMade {
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 109, 0.005)
        .paused(11.0, 14.0)
        .failed("user_list", 10.99, 14.001, OperationTimeout)
        .failed("user_list", 10.995, 14.002, OperationTimeout)
        .steady("user_list", 14.1, 0.1, 159, 0.005)
}

/// At a rate: three workers hang in COMMIT, and reads wait in the schedule's queue.
fn workers_hang() -> HandMade {
    let hung = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .steady("place_order", 0.9, 1.0, 10, 0.02)
        .ok("place_order", 10.02, 14.0)
        .ok("place_order", 10.03, 14.01)
        .ok("place_order", 10.04, 14.02);
    let waiting = (0..30).fold(hung, |made, number| {
        let at = 10.05 + f64::from(number) * 0.1;
        let end = 14.05 + f64::from(number) * 0.001;
        made.ok("user_list", at, end).but(|row| {
            row.start_time = row.end_time.map(|end| end - 5_000);
            row.checkout_us = Some(0);
            row.execute_us = Some(5_000);
        })
    });
    waiting
        .steady("user_list", 14.2, 0.1, 158, 0.005)
        .steady("place_order", 14.9, 1.0, 15, 0.02)
}

fn probes_answered() -> HandMade {
    (1..30).fold(workers_hang(), |made, second| {
        made.answered(f64::from(second) + 0.5)
    })
}

fn probes_failed() -> HandMade {
    let before = (1..12).fold(workers_hang(), |made, second| {
        made.answered(f64::from(second) + 0.5)
    });
    let failed = before.probe(12.0, Refused);
    (13..30).fold(failed, |made, second| {
        made.answered(f64::from(second) + 0.5)
    })
}

/// A connection that an earlier operation had used tells of itself when it goes; one made anew tells of the service.
fn used_connections() -> HandMade {
    writes()
        .failed("update_login", 10.1, 10.5, ConnectionLost)
        .anew()
        .failed("update_login", 10.2, 13.0, ConnectionLost)
        .failed("update_login", 10.3, 13.1, OperationTimeout)
        .steady("update_login", 14.0, 0.2, 80, 0.005)
}

/// Of two hosts the first is silent: an attempt waits for it until its limit, and asks nothing meanwhile.
fn silent_host() -> HandMade {
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 10.1, 15.0, ConnectTimeout)
        .anew()
        .failed("user_list", 10.1, 15.0, ConnectTimeout)
        .anew()
        .ok("user_list", 10.2, 15.0)
        .but(|row| waits(row, 4.795))
        .steady("user_list", 15.1, 0.1, 149, 0.005)
}

/// An attempt to connect hangs on a silent host and is cut at last: it had asked when it began.
fn silent_host_cut() -> HandMade {
    let cut = |row: &mut Operation| {
        row.connection_id = None;
        row.checkout_us = row.end_time.map(|end| end - row.scheduled_time);
        row.execute_us = None;
    };
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 10.1, 14.9, ConnectionLost)
        .but(cut)
        .failed("user_list", 10.2, 14.9, ConnectionLost)
        .but(cut)
        .steady("user_list", 15.0, 0.1, 150, 0.005)
}

#[test]
fn pauses_are_printed_with_the_downtime_and_left_out_of_availability() {
    let paused = |name: &str| {
        let summary = case(name);
        let reads = group(&summary.paths[0], Group::Read).clone();
        (
            summary.pauses.len(),
            reads.paused_us,
            reads.availability.unwrap(),
        )
    };
    assert_eq!(paused("pause-within"), (1, us(1.5), 1.0 - 3.0 / 30.0));
    assert_eq!(paused("pause-at-the-end"), (1, us(3.0), 1.0 - 4.1 / 30.0));
    assert_eq!(paused("pause-alone"), (1, 0, 1.0));
    let half_an_hour = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 10.1, 10.2, Refused)
        .failed("user_list", 10.8, 10.9, Refused)
        .steady("user_list", 11.0, 0.1, 90, 0.005)
        .paused(20.0, 25.0)
        .steady("user_list", 25.1, 0.1, 49, 0.005)
        .direct();
    let reads = group(&half_an_hour, Group::Read);
    assert_eq!(reads.availability, Some(1.0 - 1.0 / 25.0));
}

#[test]
fn why_nothing_is_known_is_said() {
    let reasons = |path: &PathSummary, of: Group| -> Vec<UnobservedReason> {
        let spans = group(path, of).unobserved_spans.iter();
        spans.map(|unobserved| unobserved.reason).collect()
    };
    let busy = &case("probes-answered").paths[0];
    assert_eq!(reasons(busy, Group::Read), [UnobservedReason::NoFreeWorker]);
    assert_eq!(group(busy, Group::Read).downtime_us, None);
    let closed = &case("A-closing-success").paths[0];
    assert_eq!(
        reasons(closed, Group::Writer),
        [UnobservedReason::NothingAsked]
    );
}

/// A proxy's connection stays when the server behind it goes, so that its words tell of the service at their end.
#[test]
fn behind_a_proxy_a_used_connection_tells_of_the_service() {
    let writer_down = |path| {
        let shut_down = |made: HandMade, at: f64| {
            made.failed_with(
                "update_login",
                (at, at + 0.01),
                recording::vocabulary::ErrorClass::StartingOrStopping,
                "57P01",
            )
        };
        let made = HandMade::new(30.0)
            .on(path)
            .steady("update_login", 0.2, 0.2, 50, 0.005);
        let made = shut_down(shut_down(made, 10.1), 13.9);
        let summary = made.steady("update_login", 14.0, 0.2, 80, 0.005).summary();
        found(group(&summary.paths[0], Group::Writer))
    };
    assert_eq!(round(writer_down(Proxy)), one(10.0, 14.0, 0.19));
    assert_eq!(writer_down(Direct), one(10.0, 14.0, 4.0));
}

/// Writes the cases that are not there; one that is there stays as it is.
#[test]
#[ignore = "writes into data/cases: see data/README.md"]
fn make_the_missing_ones() {
    for (name, make, ..) in made() {
        let to = folder().join(name);
        if to.exists() {
            continue;
        }
        let made: Made = make().write();
        crate::golden::copy(&made.folder, &to);
    }
}

/// The makers still make what lies there.
#[test]
fn made_again_the_figures_are_the_same() {
    for (name, make, of, expected) in made() {
        let summary = make().summary();
        let found = found(group(&summary.paths[0], of));
        assert_eq!(round(found), round(expected), "{name}, {of:?}");
    }
}
