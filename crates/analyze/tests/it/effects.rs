//! Where outages hurt, in hand-made recordings whose answers are known. Cites `docs/definitions.md`, Where it hurts.

use analyze::summary::{
    ConnectionFigures, Effects, Group, HungWrites, PathSummary, Span, StuckConnections,
    SyncRepWait, WaitTimes, WritesRefused,
};
use recording::vocabulary::ErrorClass::{
    ConnectionLost, OperationTimeout, ReadOnly, Refused, Unreplicated,
};
use recording::vocabulary::OperationType::{Read, Write};
use recording::vocabulary::{Outcome, Path};
use recording::{AvailabilityProbe, Timestamp};

use crate::support::around::{NEW_WRITER, OLD_AS_READER, OLD_WRITER};
use crate::support::asked::failed;
use crate::support::{HandMade, START_US, group, us};

/// Reads every 100 ms from start to end, and writes up to 20.0 s; the recording is of a minute.
fn up_to_20() -> HandMade {
    HandMade::new(60.0)
        .steady("user_list", 0.1, 0.1, 599, 0.005)
        .steady("update_login", 0.1, 0.1, 200, 0.005)
}

/// A write that reached a reader on this connection, and was refused after 4 ms.
fn refused(made: HandMade, at: f64, connection: i64) -> HandMade {
    made.failed_with("update_login", (at, at + 0.004), ReadOnly, "25006")
        .but(|row| row.connection_id = Some(connection))
}

/// A write that succeeds on this connection.
fn written(made: HandMade, end: f64, connection: i64) -> HandMade {
    made.ok("update_login", end - 0.005, end)
        .but(|row| row.connection_id = Some(connection))
}

fn on(made: HandMade, from: f64) -> HandMade {
    let count = ((60.0 - from) * 10.0).round() as usize;
    made.steady("update_login", from, 0.1, count, 0.005)
}

fn at(seconds: f64) -> Timestamp {
    Timestamp(START_US + us(seconds))
}

fn spans(effects: &Effects) -> Vec<(f64, f64, u64, u64, u64)> {
    let seconds = |time: Timestamp| (time.micros() - START_US) as f64 / 1e6;
    let span = |found: &WritesRefused| {
        let (from, to) = (seconds(found.span.start), seconds(found.span.end));
        let served = (found.reads_served, found.writes_served);
        (from, to, found.refusals, served.0, served.1)
    };
    effects.writes_refused.iter().map(span).collect()
}

#[test]
fn reads_served_and_writes_refused() {
    let made = up_to_20()
        .connect(0.05, 2, Some(OLD_WRITER))
        .connect(20.9, 2, Some(OLD_AS_READER));
    // Nine, half a second apart: no write succeeds between two of them, but reads do.
    let made = (0..9).fold(made, |made, index| {
        refused(made, 21.0 + 0.5 * f64::from(index), 2)
    });
    let path = on(made, 26.0).direct();
    assert_eq!(spans(&path.effects), [(21.004, 25.004, 9, 40, 0)]);
    let found = &path.effects.writes_refused[0];
    assert_eq!(found.servers, ["10.0.0.2:5432"]);
    assert!(!found.open_at_end);
    // The outage has them too, with their text.
    let [error] = group(&path, Group::Writer).outages[0].errors.as_slice() else {
        panic!("one kind")
    };
    assert_eq!((error.class.as_str(), error.count), ("read_only", 9));
    assert_eq!((error.first, error.last), (at(21.004), at(25.004)));
    assert_eq!(
        (error.message.as_str(), error.message_count),
        ("made by hand: read_only", 9)
    );
    assert_eq!(error.servers, ["10.0.0.2:5432"]);
}

#[test]
fn a_span_ends_where_writes_are_served_for_a_second_or_reads_are_not() {
    let made = refused(refused(up_to_20(), 21.0, 2), 21.4, 2);
    // A write on another connection in less than a second: the same span. In more: another one.
    let made = refused(written(made, 21.6, 3), 21.8, 2);
    let made = refused(refused(written(made, 22.5, 3), 23.0, 2), 23.2, 2);
    let path = on(made, 26.0).direct();
    assert_eq!(
        spans(&path.effects),
        [(21.004, 21.804, 3, 8, 1), (23.004, 23.204, 2, 2, 0)]
    );
    // Nothing is served between two refusals, so that the path did not lead to a reader all the while; nor do reads succeed in either span.
    let made = HandMade::new(60.0)
        .steady("user_list", 0.1, 0.1, 200, 0.005)
        .steady("update_login", 0.1, 0.1, 200, 0.005)
        .steady("user_list", 40.0, 0.1, 200, 0.005);
    let made = refused(refused(made, 21.0, 2), 30.0, 2);
    assert_eq!(spans(&on(made, 40.0).direct().effects), []);
}

#[test]
fn writes_refused_to_the_end() {
    let made = (0..30).fold(up_to_20(), |made, index| {
        refused(made, 21.0 + f64::from(index), 2)
    });
    let path = made.direct();
    assert_eq!(spans(&path.effects), [(21.004, 50.004, 30, 290, 0)]);
    assert!(path.effects.writes_refused[0].open_at_end);
    assert_eq!(path.effects.stuck_connections, [], "no new writer was seen");
}

#[test]
fn behind_a_proxy_the_probes_tell_who_refused() {
    let proxied = HandMade::new(60.0)
        .on(Path::Proxy)
        .steady("user_list", 0.1, 0.1, 599, 0.005)
        .steady("update_login", 0.1, 0.1, 200, 0.005)
        // Who answered when the connection was made says nothing of later statements.
        .connect(0.05, 9, Some(OLD_WRITER))
        .served(Read, (20.0, 25.0), OLD_AS_READER);
    let proxied = on(refused(refused(proxied, 21.0, 1), 22.0, 1), 26.0).direct();
    assert_eq!(proxied.path, "proxy");
    assert_eq!(proxied.effects.writes_refused[0].servers, ["10.0.0.2:5432"]);
    let outage = &group(&proxied, Group::Writer).outages[0];
    assert!(outage.errors[0].servers.is_empty());
}

#[test]
fn connections_that_still_led_to_a_reader() {
    let made = up_to_20()
        .connect(0.05, 2, Some(OLD_WRITER))
        .connect(20.1, 2, Some(OLD_AS_READER))
        .connect(20.2, 2, Some(OLD_AS_READER))
        .connect(22.0, 3, Some(NEW_WRITER));
    // Down until 22.1 s, so that the connection of 22.0 s is the first sign of the new writer.
    let made = refused(refused(made, 20.5, 2), 20.6, 3);
    let made = (0..380).fold(made, |made, index| {
        written(made, 22.1 + 0.1 * f64::from(index), 4)
    });
    // Then 2 of 3 connections refuse, in the second after that 1 of 2, and later 1 of 2.
    let made = refused(refused(refused(made, 22.45, 2), 22.55, 3), 22.75, 3);
    let made = refused(refused(made, 23.45, 2), 30.05, 2);
    // The next failover, in which the new writer is a reader.
    let made = refused(refused(made.trigger(40.0), 40.55, 4), 40.65, 4);
    let path = made.trigger(20.0).direct();
    assert_eq!(
        path.effects.stuck_connections,
        [StuckConnections {
            new_writer: at(22.0),
            until: at(30.054),
            refusals: 5,
            connections: 2,
            peak: at(22.0),
            peak_stuck: 2,
            peak_used: 3,
            servers: vec!["10.0.0.2:5432".to_owned()],
        }]
    );
}

/// Reads of 5 ms up to 10.0 s and from 15.1 s on, and an outage between that one read waits out: 2.0 s for a connection, 0.5 s for its
/// answer.
fn waited() -> HandMade {
    HandMade::new(60.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 11.0, 11.1, Refused)
        .failed("user_list", 12.0, 12.1, ConnectionLost)
        .ok("user_list", 12.5, 15.0)
        .but(|row| (row.checkout_us, row.execute_us) = (Some(2_000_000), Some(500_000)))
        .steady("user_list", 15.1, 0.1, 449, 0.010)
}

#[test]
fn checkout_and_execute() {
    let waits = waited().direct().effects.waits.unwrap();
    let all = |us: i64| WaitTimes {
        p50_us: Some(us),
        p95_us: Some(us),
        p99_us: Some(us),
        max_us: Some(us),
    };
    assert_eq!(
        (waits.before.span_us, waits.before.successes),
        (us(10.0), 100)
    );
    assert_eq!(
        (&waits.before.checkout, &waits.before.execute),
        (&all(10), &all(4_990))
    );
    assert_eq!(waits.before.checkout_share, Some(0.002));
    let one = |us: i64| WaitTimes {
        max_us: Some(us),
        ..WaitTimes::default()
    };
    assert_eq!((waits.during.span_us, waits.during.successes), (us(5.0), 1));
    let during = (&waits.during.checkout, &waits.during.execute);
    assert_eq!(during, (&one(2_000_000), &one(500_000)));
    let shares = (waits.during.checkout_share, waits.during.execute_share);
    assert_eq!(shares, (Some(0.8), Some(0.2)));
    // Up to 45.0 s.
    assert_eq!(
        (waits.after.span_us, waits.after.successes),
        (us(30.0), 300)
    );
    assert_eq!(
        (&waits.after.checkout, &waits.after.execute),
        (&all(10), &all(9_990))
    );
}

#[test]
fn other_episodes_are_left_out_of_what_is_around_one() {
    // Down from 10 to 15 s, and again from 30 to 33 s.
    let made = HandMade::new(60.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 11.0, 11.1, Refused)
        .failed("user_list", 12.0, 12.1, Refused)
        .steady("user_list", 15.0, 0.1, 151, 0.005)
        .failed("user_list", 31.0, 31.1, Refused)
        .failed("user_list", 32.0, 32.1, Refused)
        .steady("user_list", 33.0, 0.1, 270, 0.005);
    let waits = made.direct().effects.waits.unwrap();
    assert_eq!(
        (waits.before.span_us, waits.before.successes),
        (us(25.0), 100 + 150)
    );
    assert_eq!((waits.during.span_us, waits.during.successes), (us(8.0), 2));
    assert_eq!(
        (waits.after.span_us, waits.after.successes),
        (us(42.0), 150 + 269)
    );
}

#[test]
fn without_an_episode_there_is_nothing_to_say() {
    let path = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .connect(0.05, 2, Some(OLD_WRITER))
        .direct();
    assert_eq!(path.effects, Effects::default());
    let connections = &path.connections;
    assert_eq!((&connections.during, &connections.after), (&None, &None));
    assert_eq!(
        (connections.before.attempts, connections.before.span_us),
        (1, us(30.0))
    );
}

#[test]
fn connections_before_during_and_after() {
    let made = waited().connect(0.05, 2, Some(OLD_WRITER));
    // 20 in the second from 11.0 s on, at 11.0, 11.05, ...; 5 in later ones.
    let made = (0..20).fold(made, |made, index| {
        made.connect(11.01 + 0.05 * f64::from(index), 2, None)
    });
    let made = (0..5).fold(made, |made, index| {
        made.connect(12.51 + 0.2 * f64::from(index), 4, None)
    });
    let path = made
        .connect(14.9, 3, Some(NEW_WRITER))
        .connect(16.0, 3, Some(NEW_WRITER))
        .connect(16.1, 3, Some(NEW_WRITER))
        .direct();
    let connections = &path.connections;
    assert_eq!((connections.attempts, connections.failed), (29, 25));
    let before = ConnectionFigures {
        span_us: us(10.0),
        attempts: 1,
        failed: 0,
        per_second: Some(0.1),
        most_in_a_second: 1,
        p50_us: None,
        p95_us: None,
        max_us: Some(10_000),
    };
    assert_eq!(connections.before, before);
    let during = ConnectionFigures {
        span_us: us(5.0),
        attempts: 26,
        failed: 25,
        per_second: Some(5.2),
        most_in_a_second: 20,
        ..before
    };
    assert_eq!(connections.during.as_ref(), Some(&during));
    let after = connections.after.as_ref().unwrap();
    assert_eq!(
        (after.attempts, after.p50_us, after.span_us),
        (2, Some(10_000), us(45.0))
    );
    let [error] = connections.errors.as_slice() else {
        panic!("one kind")
    };
    assert_eq!(
        (error.phase.as_str(), error.error.class.as_str()),
        ("tcp", "refused")
    );
    assert_eq!((error.error.count, error.error.first), (25, at(11.01)));
    assert_eq!(error.error.last, at(13.31));
    assert_eq!(error.error.servers, ["10.0.0.2:5432", "10.0.0.4:5432"]);
}

/// The application's writes throughout, and the probes' reads, by one writer up to a time and by another one after it.
fn probed(until: f64, from: f64) -> HandMade {
    HandMade::new(30.0)
        .steady("update_login", 0.1, 0.1, 299, 0.005)
        .served(Read, (0.0, until), OLD_WRITER)
        .served(Read, (from, 30.0), NEW_WRITER)
}

#[test]
fn without_a_writer() {
    // Asked at 9.95 s and answered 2 ms later; the new one answered at 12.012 s.
    let path = probed(10.0, 12.0)
        .trigger(9.5)
        .served(Write, (0.0, 10.0), OLD_WRITER)
        .turned_away(Write, (10.0, 12.0))
        .served_anew(Write, 12.0, 0.012, NEW_WRITER)
        .served(Write, (12.05, 30.0), NEW_WRITER)
        .direct();
    let [change] = path.effects.without_writer.as_slice() else {
        panic!("{:?}", path.effects.without_writer)
    };
    assert_eq!(
        (change.span.start, change.span.end),
        (at(9.952), at(12.012))
    );
    assert_eq!(change.failover, Some(1));
    assert_eq!(change.old.as_deref(), Some("10.0.0.2:5432"));
    assert_eq!(change.new.as_deref(), Some("10.0.0.3:5432"));
}

#[test]
fn a_stale_name_sees_the_new_writer_late() {
    let writes = |made: HandMade, path, until: f64, from: f64| {
        made.on(path)
            .steady("update_login", 0.1, 0.1, 99, 0.005)
            .failed("update_login", 10.5, 10.6, Refused)
            .failed("update_login", 10.7, 10.8, Refused)
            .steady("update_login", from + 0.1, 0.1, 50, 0.005)
            .served(Write, (0.0, until), OLD_WRITER)
            .turned_away(Write, (until, from))
            .served_anew(Write, from, 0.012, NEW_WRITER)
            .served(Write, (from + 0.05, 30.0), NEW_WRITER)
    };
    let made = HandMade::new(30.0).trigger(9.9);
    let made = writes(made, Path::Direct, 10.0, 20.0);
    let paths = writes(made, Path::Proxy, 10.1, 12.0).summary().paths;
    let either = Some(Span::new(START_US + us(10.052), START_US + us(12.012)));
    let found = paths.iter().map(|path| {
        let [change] = path.effects.without_writer.as_slice() else {
            panic!("{path:?}")
        };
        (change.span.end, change.on_either_path)
    });
    let found: Vec<_> = found.collect();
    assert_eq!(found, [(at(20.012), either), (at(12.012), either)]);
}

#[test]
fn an_outage_of_the_same_writer_is_no_time_without_one() {
    let path = HandMade::new(30.0)
        .steady("update_login", 0.1, 0.1, 299, 0.005)
        .served(Write, (0.0, 10.0), OLD_WRITER)
        .turned_away(Write, (10.0, 12.0))
        .served_anew(Write, 12.0, 0.012, OLD_WRITER)
        .served(Write, (12.05, 30.0), OLD_WRITER)
        .direct();
    assert_eq!(path.effects.without_writer, []);
}

fn timed_out(row: &mut AvailabilityProbe) {
    failed(row, Outcome::Unknown, OperationTimeout);
}

/// Writes of the probes from 10.0 s on, every 100 ms on fresh connections, each without an answer for its second.
fn hanging(made: HandMade) -> HandMade {
    (0..10).fold(made, |made, index| {
        made.ask(Write, 10.0 + 0.1 * f64::from(index), 1.0, |row| {
            row.fresh = index > 0;
            timed_out(row);
        })
    })
}

fn hung(made: HandMade) -> PathSummary {
    let made = made.served(Write, (0.0, 10.0), OLD_WRITER);
    made.served_anew(Write, 12.0, 0.012, OLD_WRITER)
        .served(Write, (12.05, 30.0), OLD_WRITER)
        .direct()
}

#[test]
fn writes_that_hung_while_the_writer_answered() {
    let made = HandMade::new(30.0)
        .steady("update_login", 0.1, 0.1, 99, 0.005)
        .steady("update_login", 12.1, 0.1, 179, 0.005)
        .unknown("update_login", 10.2, 11.8, Unreplicated)
        .unknown("place_order", 10.5, 11.8, ConnectionLost)
        // Not in it for longer than the floor.
        .ok("update_login", 11.7, 12.9)
        .served(Read, (0.0, 30.0), OLD_WRITER);
    let path = hung(hanging(made));
    let [found] = path.effects.hung_writes.as_slice() else {
        panic!("{:?}", path.effects.hung_writes)
    };
    assert_eq!((found.span.start, found.span.end), (at(10.0), at(11.9)));
    // Reads of 10.0, 10.05, ... 11.85 s.
    assert_eq!((found.probes, found.reads_answered), (10, 38));
    assert_eq!((found.operations, found.unreplicated), (2, 1));
    assert_eq!(found.servers, ["10.0.0.2:5432"]);
}

/// Writes hang from 10.0 to 11.9 s; reads at 10.0, 10.05, ... 11.85 s are answered in it.
fn hung_writes(seen: impl FnOnce(HandMade) -> HandMade) -> HungWrites {
    let made = HandMade::new(30.0)
        .steady("update_login", 0.1, 0.1, 99, 0.005)
        .steady("update_login", 12.1, 0.1, 179, 0.005)
        .served(Read, (0.0, 30.0), OLD_WRITER);
    let mut path = hung(hanging(seen(made)));
    assert_eq!(path.effects.hung_writes.len(), 1);
    path.effects.hung_writes.remove(0)
}

#[test]
fn a_synchronous_replication_wait_is_named() {
    // The first answer comes too soon after the first write to show it.
    let found = hung_writes(|made| {
        made.sync_rep_waits((0.0, 10.02), 0)
            .sync_rep_waits((10.2, 11.0), 7)
            .sync_rep_waits((11.0, 11.9), 21)
            .sync_rep_waits((11.9, 12.6), 20)
            .sync_rep_waits((12.6, 20.0), 0)
            .sync_rep_waits((20.0, 30.0), 5)
    });
    // Of 10.0, 10.2, 10.7, 11.0 and 11.5 s, each 2 ms after it was asked. It was seen until 12.4 s.
    assert_eq!(found.reads_with_waits_stated, 5);
    let expected = SyncRepWait {
        span: Span::new(START_US + us(10.202), START_US + us(12.402)),
        answers: 4,
        most_sessions: 21,
        servers: vec!["10.0.0.2:5432".to_owned()],
    };
    assert_eq!(found.sync_rep_wait, Some(expected));
    assert_eq!((found.probes, found.reads_answered), (10, 38));
}

#[test]
fn hung_writes_have_no_cause_where_no_wait_was_seen_in_them() {
    // A recording without the column.
    let found = hung_writes(|made| made);
    assert_eq!(
        (found.reads_with_waits_stated, found.sync_rep_wait),
        (0, None)
    );
    // The server showed none.
    let found = hung_writes(|made| made.sync_rep_waits((0.0, 30.0), 0));
    assert_eq!(
        (found.reads_with_waits_stated, found.sync_rep_wait),
        (4, None)
    );
    // Elsewhere alone.
    let found = hung_writes(|made| {
        made.sync_rep_waits((5.0, 9.0), 3)
            .sync_rep_waits((9.0, 12.5), 0)
            .sync_rep_waits((12.5, 20.0), 3)
    });
    assert_eq!(
        (found.reads_with_waits_stated, found.sync_rep_wait),
        (4, None)
    );
    // Another session waited for a moment.
    let found = hung_writes(|made| {
        made.sync_rep_waits((0.0, 11.2), 0)
            .sync_rep_waits((11.2, 11.6), 1)
            .sync_rep_waits((11.6, 30.0), 0)
    });
    assert_eq!(found.sync_rep_wait, None);
}

#[test]
fn a_dead_connection_a_frozen_server_and_a_reader_are_no_hung_writes() {
    let made = || HandMade::new(30.0).steady("update_login", 0.1, 0.1, 299, 0.005);
    // One connection is dead: what asked on a fresh one was answered.
    let dead = made()
        .served(Read, (0.0, 30.0), OLD_WRITER)
        .ask(Write, 10.0, 1.0, timed_out)
        .served_anew(Write, 10.1, 0.012, OLD_WRITER);
    assert_eq!(hung(dead).effects.hung_writes, []);
    // The server was frozen from 10.0 to 11.9 s, and answered all reads when it went on.
    let frozen = made().served(Read, (0.0, 10.0), OLD_WRITER);
    let frozen = (0..19).fold(frozen, |made, index| {
        let at = 10.0 + 0.1 * f64::from(index);
        made.served_anew(Read, at, 11.895 - at, OLD_WRITER)
    });
    assert_eq!(hung(hanging(frozen)).effects.hung_writes, []);
    // A reader answers; there may be no writer.
    let reader = made().served(Read, (0.0, 30.0), OLD_AS_READER);
    assert_eq!(hung(hanging(reader)).effects.hung_writes, []);
}

#[test]
fn per_name_in_the_impact_window() {
    let path = waited().failed("user_orders", 13.0, 13.1, Refused).direct();
    let [impact] = path.impacts.as_slice() else {
        panic!("one")
    };
    let names = impact.operations.iter();
    let names: Vec<_> = names
        .map(|of| (of.name.as_str(), of.rates.failed))
        .collect();
    assert_eq!(names, [("user_list", 2), ("user_orders", 1)]);
    assert_eq!(impact.types[0].rates.failed, 3);
}

#[test]
fn error_classes_over_time() {
    let series = |made: HandMade| made.write().analyze().series.paths.remove(0);
    let found = series(waited().failed("user_list", 11.2, 11.3, Refused));
    assert_eq!(found.error_bucket_us, 1_000_000);
    let classes: Vec<&str> = found
        .errors_over_time
        .iter()
        .map(|of| of.class.as_str())
        .collect();
    assert_eq!(classes, ["refused", "connection_lost"]);
    let counts = &found.errors_over_time[0].counts;
    assert_eq!(
        (counts.len(), counts[11], counts.iter().sum()),
        (60, 2, 2_u64)
    );
    assert_eq!(found.errors_over_time[1].counts[12], 1);
    // 1,300.5 s are 1,301 seconds: buckets of 3 s, the last of which has what ended at the very end.
    let long = HandMade::new(1_300.5)
        .ok("user_list", 0.1, 0.2)
        .failed("user_list", 2.0, 2.999_999, Refused)
        .failed("user_list", 3.0, 3.0, Refused)
        .failed("user_list", 1_300.0, 1_300.5, Refused);
    let found = series(long);
    assert_eq!(found.error_bucket_us, 3_000_000);
    let counts = &found.errors_over_time[0].counts;
    assert_eq!(
        (counts.len(), counts[0], counts[1], counts[433]),
        (434, 1, 1, 1)
    );
}
