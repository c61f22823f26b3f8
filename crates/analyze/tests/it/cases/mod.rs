//! Small recordings, each for a rule of `docs/definitions.md`, Downtime, and what follows from the rule.

mod made;

use std::path::PathBuf;

use analyze::summary::{Group, GroupSummary, PathSummary, Summary, Thresholds, UnobservedReason};
use recording::vocabulary::ErrorClass::{self, Refused};
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
fn rules() -> Vec<(&'static str, Make, Group, Expected)> {
    let nothing = Expected::default;
    vec![
        ("backoff", made::backoff, Group::Read, one(0.1, 2.3, 1.009)),
        // Asked 0.1 s after the last success; the first statement of the last that waited for the lock came at 14.7 s.
        (
            "refusals-lock",
            made::lock,
            Group::Writer,
            one(10.0, 15.0, 0.1 + 0.3),
        ),
        (
            "refusals-revoke",
            made::revoke,
            Group::Read,
            one(10.0, 16.05, 0.05 + 0.09),
        ),
        (
            "refusals-revoke",
            made::revoke,
            Group::All,
            one(10.01, 16.05, 0.04 + 0.07),
        ),
        (
            "refusals-and-worse",
            made::refused_and_worse,
            Group::Writer,
            one(10.0, 15.0, 0.5 + 3.99),
        ),
        (
            "refusals-constraint",
            made::constraint,
            Group::Writer,
            nothing(),
        ),
        (
            "refusals-constraint-after",
            made::constraint_after,
            Group::Writer,
            one(10.0, 12.5, 0.1 + 1.5),
        ),
        ("refusals-client", made::client, Group::Writer, nothing()),
        (
            "refusals-one-statement",
            made::one_statement,
            Group::Writer,
            nothing(),
        ),
        (
            "refusals-cancelled",
            made::cancelled,
            Group::Writer,
            one(10.0, 12.2, 2.2),
        ),
        (
            "pause-within",
            made::pause_within,
            Group::Read,
            one(10.0, 13.0, 0.198),
        ),
        (
            "pause-at-the-end",
            made::pause_at_the_end,
            Group::Read,
            one(10.0, 14.1, 3.198),
        ),
        ("pause-alone", made::pause_alone, Group::Read, nothing()),
        (
            "probes-answered",
            made::probes_answered,
            Group::Read,
            Expected {
                is_unobserved: true,
                ..nothing()
            },
        ),
        (
            "probes-answered",
            made::probes_answered,
            Group::Writer,
            one(9.9, 14.0, 0.12),
        ),
        (
            "probes-failed",
            made::probes_failed,
            Group::Read,
            one(10.0, 14.05, 4.05),
        ),
        (
            "used-connections",
            made::used_connections,
            Group::Writer,
            one(10.0, 14.0, 0.1 + 3.5),
        ),
        (
            "silent-host-cut",
            made::silent_host_cut,
            Group::Read,
            one(10.0, 15.0, 0.1 + 4.8),
        ),
        (
            "silent-host",
            made::silent_host,
            Group::Read,
            one(10.0, 15.0, 0.1 + 4.9),
        ),
        (
            "unreachable",
            made::unreachable,
            Group::Read,
            one(10.0, 12.5, 0.1 + 2.2),
        ),
        (
            "served-later",
            made::served_later,
            Group::Read,
            one(10.0, 13.1, 3.1),
        ),
        (
            "pool-timeouts",
            made::pool_timeouts,
            Group::Read,
            Expected {
                blips: 5,
                is_unobserved: true,
                ..Expected::default()
            },
        ),
        (
            "used-while-waiting",
            made::used_while_waiting,
            Group::Read,
            one(9.9, 12.5, 2.49),
        ),
        (
            "pause-then-queue",
            made::pause_then_queue,
            Group::Read,
            one(12.041, 13.2, 0.059 + 0.198),
        ),
        (
            "refused-after",
            made::refused_after,
            Group::Writer,
            one(10.0, 12.5, 0.5 + 1.5),
        ),
        (
            "pause-in-a-limit",
            made::pause_in_a_limit,
            Group::Read,
            one(10.0, 14.7, 0.1 + 4.2),
        ),
    ]
}

#[test]
fn rule_by_rule() {
    for (name, _, of, expected) in rules() {
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
                ErrorClass::StartingOrStopping,
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
    for (name, make, ..) in rules() {
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
    for (name, make, of, expected) in rules() {
        let summary = make().summary();
        let found = found(group(&summary.paths[0], of));
        assert_eq!(round(found), round(expected), "{name}, {of:?}");
    }
}
