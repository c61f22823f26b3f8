//! The service's downtime in hand-made recordings, the answers worked out by hand. Cites `docs/definitions.md`, Service downtime, and
//! `docs/decomposition.md`.

mod by_definition;
mod charts;
mod damage;
pub(crate) mod figures;
mod simulation;

use analyze::summary::{Group, PathSummary, Service};
use recording::AvailabilityProbe;
use recording::vocabulary::ErrorClass::{self, Client, OperationTimeout, ReadOnly, Refused};
use recording::vocabulary::OperationType::Write;
use recording::vocabulary::Outcome::{self, Failed, Unfinished, Unknown};

use crate::support::around::OLD_WRITER;
use crate::support::asked::failed;
use crate::support::{HandMade, START_US, group, us};

/// The service's figures of writes.
fn service(path: &PathSummary) -> &Service {
    group(path, Group::Writer).service.as_ref().unwrap()
}

/// (from, to, resolution, pieces of evidence), microseconds since the start.
type Found = (i64, i64, i64, u64);

fn one(from: f64, to: f64, resolution: f64, evidence: u64) -> Vec<Found> {
    vec![(us(from), us(to), us(resolution), evidence)]
}

fn found(made: HandMade) -> Vec<Found> {
    let path = made.direct();
    let outages = service(&path).outages.iter();
    outages
        .map(|outage| {
            let at = |time: recording::Timestamp| time.micros() - START_US;
            assert_eq!(outage.downtime_us, outage.span.length_us());
            let resolution = outage.resolution_us;
            (
                at(outage.span.start),
                at(outage.span.end),
                resolution,
                outage.evidence,
            )
        })
        .collect()
}

/// The application's writes throughout, and its probes: connected anew at the start within `fresh` seconds, the last answer at 9.952 s.
fn up_to_10(fresh: f64) -> HandMade {
    HandMade::new(30.0)
        .steady("update_login", 0.1, 0.1, 299, 0.005)
        .served_anew(Write, 0.0, fresh, OLD_WRITER)
        .served(Write, (0.2, 10.0), OLD_WRITER)
}

fn on(made: HandMade, from: f64) -> HandMade {
    made.served(Write, (from, 30.0), OLD_WRITER)
}

/// Not answered on time: what came of it, on a fresh connection or on a kept one.
fn without(
    outcome: Outcome,
    class: Option<ErrorClass>,
    fresh: bool,
) -> impl Fn(&mut AvailabilityProbe) {
    move |row| {
        row.fresh = fresh;
        row.outcome = outcome;
        if let Some(class) = class {
            failed(row, outcome, class);
        }
    }
}

fn hung(fresh: bool) -> impl Fn(&mut AvailabilityProbe) {
    without(Unfinished, None, fresh)
}

fn timed_out(fresh: bool) -> impl Fn(&mut AvailabilityProbe) {
    without(Unknown, Some(OperationTimeout), fresh)
}

#[test]
fn refusals() {
    // Asked at 10.0 s and refused; the last of 80 at 13.95 s; the answer of 14.0 s came at 14.012 s.
    let made = up_to_10(0.01)
        .turned_away(Write, (10.0, 14.0))
        .served_anew(Write, 14.0, 0.012, OLD_WRITER);
    assert_eq!(
        found(on(made, 14.05)),
        one(9.952, 14.012, 0.048 + 0.062, 80)
    );
}

#[test]
fn a_hang() {
    // The questions of 10.0 and 10.1 s met the limit of 1 s; that of 10.2 s was the first to be answered, at 11.16 s, and those behind it a
    // moment later. Long were those up to 11.0 s; that of 11.1 s took 61 ms.
    let made = up_to_10(0.01)
        .ask(Write, 10.0, 1.0, timed_out(false))
        .ask(Write, 10.1, 1.0, timed_out(true))
        .served_anew(Write, 10.2, 0.96, OLD_WRITER);
    let made = (3..=11).fold(made, |made, number| {
        let at = 10.0 + 0.1 * f64::from(number);
        made.served_anew(Write, at, 11.161 - at, OLD_WRITER)
    });
    let expected = one(9.952, 11.16, 0.048 + 0.16, 2 + 9);
    assert_eq!(found(on(made, 11.2)), expected);
}

#[test]
fn lost_packets_and_what_was_overtaken() {
    // A fresh connection takes 60 ms here, so that 162 ms are not long: but the question of 10.4 s was unanswered when that of 10.5 s was
    // answered.
    let lost = [
        (10.0, false),
        (10.1, true),
        (10.2, true),
        (10.3, true),
        (10.4, true),
    ];
    let made = lost.iter().fold(up_to_10(0.06), |made, (at, fresh)| {
        made.ask(Write, *at, 10.562 - at, hung(*fresh))
    });
    let made = made.served_anew(Write, 10.5, 0.062, OLD_WRITER);
    assert_eq!(found(on(made, 10.6)), one(9.952, 10.562, 0.048 + 0.162, 4));
}

#[test]
fn a_stale_name_is_the_services() {
    let stale = |made: HandMade, number: i32| {
        let at = 10.0 + 0.05 * f64::from(number);
        made.ask(
            Write,
            at,
            0.002,
            without(Failed, Some(ReadOnly), number > 0),
        )
    };
    let made = (0..40).fold(up_to_10(0.01), stale);
    let path = on(made.served_anew(Write, 12.0, 0.012, OLD_WRITER), 12.05).direct();
    let [outage] = service(&path).outages.as_slice() else {
        panic!("one outage")
    };
    assert_eq!(
        (outage.downtime_us, outage.resolution_us),
        (us(2.06), us(0.11))
    );
    let [error] = outage.errors.as_slice() else {
        panic!("one kind")
    };
    assert_eq!(
        (error.class.as_str(), error.sqlstate.as_deref(), error.count),
        ("read_only", Some("25006"), 40)
    );
    assert_eq!(
        outage.first_failure.unwrap().micros(),
        START_US + us(10.002)
    );
}

#[test]
fn one_failure_is_no_outage_unless_the_gap_is_long() {
    // The session was ended by the server; the next tick connected anew.
    let ended =
        |made: HandMade| made.ask(Write, 10.0, 0.001, without(Failed, Some(Refused), false));
    let made = ended(up_to_10(0.01)).served_anew(Write, 10.05, 0.012, OLD_WRITER);
    assert_eq!(found(on(made, 10.1)), []);
    // Nothing was asked up to 10.6 s: more than ten times the median gap of 50 ms.
    let made = ended(up_to_10(0.01)).served_anew(Write, 10.6, 0.012, OLD_WRITER);
    let expected = one(9.952, 10.612, 0.048 + 0.612, 1);
    assert_eq!(found(on(made, 10.65)), expected);
    // Without any evidence it is idleness.
    assert_eq!(found(on(up_to_10(0.01), 12.0)), []);
}

#[test]
fn one_hiccup_is_no_outage() {
    // A question takes 106 ms, and the fresh connection that was begun meanwhile 250 ms, most of them while others are answered.
    let made = up_to_10(0.01)
        .ask(Write, 10.0, 0.106, |_| {})
        .served_anew(Write, 10.1, 0.25, OLD_WRITER);
    assert_eq!(found(on(made, 10.15)), []);
    // Nor does it show that the service was down when it was begun: three hang from 10.0 s on, and the first of them is answered at 10.21 s.
    let made = up_to_10(0.01)
        .ask(Write, 10.0, 0.21, |_| {})
        .served_anew(Write, 10.1, 0.16, OLD_WRITER)
        .served_anew(Write, 10.2, 0.15, OLD_WRITER);
    assert_eq!(found(on(made, 10.25)), one(9.952, 10.21, 0.048 + 0.11, 2));
}

#[test]
fn what_was_late_before_a_gap_tells_nothing_in_it() {
    // One connection hangs from 9.0 to 10.0 s while others are answered; a failure follows it.
    let made = up_to_10(0.01)
        .ask(Write, 9.0, 1.0, timed_out(true))
        .ask(Write, 10.0, 0.001, without(Failed, Some(Refused), false))
        .served_anew(Write, 10.05, 0.012, OLD_WRITER);
    assert_eq!(found(on(made, 10.1)), []);
}

#[test]
fn first_and_last_gap() {
    let made = HandMade::new(30.0)
        .steady("update_login", 0.1, 0.1, 299, 0.005)
        .turned_away(Write, (0.05, 2.0))
        .served_anew(Write, 2.0, 0.012, OLD_WRITER)
        .served(Write, (2.05, 28.0), OLD_WRITER)
        .ask(Write, 28.0, 1.0, timed_out(false));
    // The others hang beyond the recording's end, which clips them.
    let made = (1..20).fold(made, |made, number| {
        let at = 28.0 + 0.1 * f64::from(number);
        made.ask(Write, at, 5.0, hung(true))
    });
    let path = made.direct();
    let writes = service(&path);
    let outages: Vec<_> = writes
        .outages
        .iter()
        .map(|outage| {
            let (down, resolution) = (outage.downtime_us, outage.resolution_us);
            (down, resolution, outage.open_at_start, outage.open_at_end)
        })
        .collect();
    // Asked from 0.05 s on, down at 1.95 s. Last answer at 27.952 s; of 29.8 s the clipped 200 ms are long, of 29.9 s 100 ms are not.
    assert_eq!(
        outages,
        [
            (us(2.012), us(0.05 + 0.062), true, false),
            (us(2.048), us(0.048 + 0.2), false, true)
        ]
    );
    assert_eq!(
        (writes.downtime_us, writes.at_least),
        (Some(us(4.06)), true)
    );
    assert_eq!(writes.own_share, None, "of a bound there is none");
}

#[test]
fn pauses_of_the_recorder() {
    // It was stopped from 10.0 to 12.0 s, and read the answer of 9.99 s when it woke; a limit that it slept through is no failure.
    let made = up_to_10(0.01)
        .paused(10.0, 12.0)
        .ask(Write, 9.99, 2.011, |row| row.replication_lag_us = None)
        .ask(Write, 12.002, 0.002, |_| {});
    assert_eq!(found(on(made, 12.05)), []);
    // Down from 10.0 to 13.5 s, and stopped from 11.0 to 13.0 s: decided without, reported with the pause.
    let made = up_to_10(0.01)
        .paused(11.0, 13.0)
        .turned_away(Write, (10.0, 11.0))
        .turned_away(Write, (13.05, 13.5))
        .served_anew(Write, 13.5, 0.012, OLD_WRITER);
    let path = on(made, 13.55).direct();
    let outage = &service(&path).outages[0];
    assert_eq!(
        (outage.downtime_us, outage.resolution_us, outage.paused_us),
        (us(3.56), us(0.11), us(2.0))
    );
    // A pause at its edge is in the resolution: asked at 9.99 s, refused after it.
    let made = up_to_10(0.01)
        .paused(10.0, 12.0)
        .ask(Write, 9.99, 2.02, without(Failed, Some(Refused), false))
        .turned_away(Write, (12.05, 12.5))
        .served_anew(Write, 12.5, 0.012, OLD_WRITER);
    let expected = one(9.952, 12.512, 2.048 + 0.062, 10);
    assert_eq!(found(on(made, 12.55)), expected);
}

#[test]
fn where_the_host_had_nothing_left_nothing_was_asked() {
    let shortage = |made: HandMade, ticks: std::ops::Range<i32>| {
        ticks.fold(made, |made, number| {
            let at = 10.0 + 0.05 * f64::from(number);
            made.ask(Write, at, 0.001, without(Failed, Some(Client), true))
        })
    };
    assert_eq!(found(on(shortage(up_to_10(0.01), 0..100), 15.0)), []);
    let made = HandMade::new(30.0).steady("update_login", 0.1, 0.1, 299, 0.005);
    let path = shortage(made, 0..100).direct();
    let writes = service(&path);
    assert_eq!(
        (writes.downtime_us, writes.availability, writes.probes),
        (None, None, 100)
    );
}

#[test]
fn a_group_is_asked_by_its_own_kind() {
    let made = up_to_10(0.01).steady("user_list", 0.1, 0.1, 299, 0.005);
    let path = on(made, 10.0).direct();
    let kinds: Vec<Group> = path
        .groups
        .iter()
        .filter(|group| group.service.is_some())
        .map(|group| group.group)
        .collect();
    assert_eq!(kinds, [Group::Writer], "writes alone were probed");
}
