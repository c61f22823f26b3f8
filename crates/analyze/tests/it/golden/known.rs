//! What has to be found in the hand-made recordings: known from how they were made, not from any reader of them.

use analyze::summary::Group::{All, Read, Transaction, Write, Writer};
use analyze::summary::{Group, LeftOut, PathSummary, Rates, RecordingProgress, Span};
use recording::vocabulary::{ErrorClass, Outcome};

use super::summary_of;
use super::words::{CASES, event_kinds};
use crate::support::{START_US, group, outages, us};

/// Total, successes, rejected, failed, unknown, unfinished.
fn counts(rates: &Rates) -> [u64; 6] {
    [
        rates.total,
        rates.successes,
        rates.rejected,
        rates.failed,
        rates.unknown,
        rates.unfinished,
    ]
}

/// Downtime, resolution (both seconds), whether it is a lower bound, and whether it is unobserved, of each group.
fn downtimes(path: &PathSummary) -> Vec<(Group, Option<f64>, f64, bool, bool)> {
    let seconds = |us: i64| us as f64 / 1e6;
    let of_group = |group: &analyze::summary::GroupSummary| {
        (
            group.group,
            group.downtime_us.map(seconds),
            seconds(group.resolution_us),
            group.at_least,
            group.unobserved,
        )
    };
    path.groups.iter().map(of_group).collect()
}

/// Ends of the failures that made no outage, seconds after the start.
fn blips(path: &PathSummary, of: Group) -> Vec<f64> {
    let after = |time: recording::Timestamp| (time.micros() - START_US) as f64 / 1e6;
    let blips = group(path, of).blips.iter();
    blips.map(|blip| after(blip.time)).collect()
}

#[test]
fn a_queue_is_an_outage_without_a_failure() {
    let summary = summary_of("v1-made-queue");
    assert_eq!(summary.recording.progress, RecordingProgress::Complete);
    assert_eq!(summary.recording.duration_us, us(60.0));
    let [direct, proxy] = summary.paths.as_slice() else {
        panic!("two paths")
    };
    // Reads every 100 ms without four, and the one that waited; writes every 500 ms; purchases every second.
    assert_eq!(
        counts(&direct.overall),
        [596 + 119 + 60, 596 + 119 + 60, 6, 0, 0, 0]
    );
    let healthy = |group| (group, Some(0.0), 0.0, false, false);
    assert_eq!(downtimes(direct), Group::ALL.map(healthy));
    // 400 ms between two reads, in which one waited for 350 ms: too short for an outage. Writes come 500 ms apart and did not wait.
    let waited = Span::new(START_US + us(40.05), START_US + us(40.4));
    for (of, found) in [
        (Read, vec![waited]),
        (Writer, Vec::new()),
        (All, vec![waited]),
    ] {
        assert_eq!(group(direct, of).brownouts, found, "{of:?}");
    }

    // Until 20 s 200 reads, 40 writes, 20 purchases; from 26 s on 339, 67, 34; and the two reads and the write that waited.
    assert_eq!(
        counts(&proxy.overall),
        [541 + 108 + 54, 541 + 108 + 54, 6, 0, 0, 0]
    );
    assert_eq!(
        downtimes(proxy),
        [
            // The first that waited was asked at 20.05 s, and its answer at 26 s is the end: nothing else is unknown.
            (Read, Some(6.0), 0.05, false, false),
            // Asked at 20.45 s.
            (Write, Some(6.002), 0.45, false, false),
            // Unobserved: that is not 0.
            (Transaction, None, 0.0, false, true),
            (Writer, Some(6.002), 0.45, false, false),
            (All, Some(6.0), 0.05, false, false),
        ]
    );
    assert_eq!(proxy.headline.as_ref().unwrap().group, Writer);
    assert_eq!(proxy.impacts.len(), 1);
    assert!(proxy.impacts[0].from_trigger);
    // pgbench was silent for six seconds: of the episode's 6.002 s only the last 2 ms are in a second with a line.
    let load = proxy.load.as_ref().unwrap();
    let during = load.during.as_ref().unwrap().tps.unwrap();
    assert!((during - 400.0 * 0.002 / 6.002).abs() < 1e-9, "{during}");
    assert_eq!(load.before.tps, Some(400.0));
}

#[test]
fn outages_at_every_edge() {
    let summary = summary_of("v1-made-edges");
    let [direct] = summary.paths.as_slice() else {
        panic!("one path")
    };
    assert!(summary.comparison.is_none() && summary.events.is_empty());
    // All of it went over one connection, so that a connection that was lost, a limit, and a refusal of the stale endpoint tell of
    // that connection alone.
    assert_eq!(
        outages(direct, Read),
        [(0.0, 3.0, 0.9), (20.0, 25.0, 5.0), (50.0, 60.0, 0.05)]
    );
    assert_eq!(
        outages(direct, Write),
        [(0.0, 3.5, 3.0), (29.5, 36.5, 7.0), (49.5, 60.0, 10.5)]
    );
    assert_eq!(outages(direct, Writer), outages(direct, Write));
    // Reads hide that writes were refused, and writes that two reads failed.
    assert_eq!(outages(direct, All), [(0.0, 3.0, 0.9), (50.0, 60.0, 0.05)]);
    assert_eq!(
        downtimes(direct),
        [
            (Read, Some(18.0), 5.95, true, false),
            (Write, Some(21.0), 20.5, true, false),
            (Transaction, None, 0.0, false, true),
            (Writer, Some(21.0), 20.5, true, false),
            (All, Some(13.0), 0.95, true, false),
        ]
    );
    let reads = group(direct, Read);
    assert!(reads.outages[0].open_at_start && reads.outages[2].open_at_end);
    assert_eq!(reads.availability, Some(1.0 - 18.0 / 60.0));
    assert_eq!(blips(direct, Read), [10.56]);
    assert_eq!(blips(direct, All), [10.56, 20.2, 24.9]);
    // 422 reads, 41 writes and a purchase; 3 + 2 + 1 reads, 1 + 6 writes and a purchase that failed.
    assert_eq!(counts(&direct.overall), [464 + 14 + 3, 464, 0, 14, 0, 3]);
}

#[test]
fn every_word_and_hard_texts() {
    let summary = summary_of("v1-made-words");
    let [direct, proxy] = summary.paths.as_slice() else {
        panic!("two paths")
    };
    assert_eq!(
        counts(&direct.overall),
        [299 + 30 + 30 + 17, 299 + 30 + 30, 15, 15, 2, 0]
    );
    assert_eq!(counts(&proxy.overall), [299 + 5, 299, 14, 0, 0, 5]);
    // Nothing is down; but rows were dropped, so that it is not certain.
    for path in [direct, proxy] {
        for group in &path.groups {
            assert_eq!((group.downtime_us, group.at_least), (Some(0), true));
        }
    }
    assert!(summary.recording.is_partial && summary.recording.left_out.is_empty());

    // Every class once, `other` under two codes, with its text unharmed.
    assert_eq!(direct.errors.len(), CASES.len());
    for (error, (class, _, _, _, sqlstate, text)) in direct.errors.iter().zip(CASES) {
        assert_eq!((error.class.as_str(), error.count), (class.as_str(), 1));
        assert_eq!(error.sqlstate.as_deref(), sqlstate);
        let repeated = if class == ErrorClass::Proxy { 200 } else { 1 };
        assert_eq!(error.message, text.repeat(repeated));
    }
    let classes: std::collections::BTreeSet<_> = CASES.iter().map(|case| case.0).collect();
    // All that there were when it was made.
    let later = ["no_writer", "statement_timeout", "unreplicated", "client"];
    let of_then = |class: &&ErrorClass| !later.contains(&class.as_str());
    assert_eq!(
        classes.len(),
        ErrorClass::ALL.iter().filter(of_then).count()
    );
    // Of 9 reads, 5 writes and 3 purchases: a conflict, a constraint and a wrong statement tell nothing of the server; nor does a reader's refusal, to `all`.
    let groups = [Read, Write, Transaction, Writer, All];
    let blips = groups.map(|of| group(direct, of).blips.len());
    assert_eq!(blips, [8, 4, 2, 6, 13]);
    assert!(CASES.iter().any(|case| case.2 == Outcome::Unknown));

    // Five phases in which an attempt failed; the one that the end cut off did not.
    let attempts = |path: &PathSummary| (path.connections.attempts, path.connections.failed);
    assert_eq!((attempts(direct), attempts(proxy)), ((6, 5), (2, 0)));
    assert_eq!(direct.connections.addresses, ["192.0.2.10:5432"]);
    let events: Vec<_> = summary.events.iter().map(|event| &*event.event).collect();
    let kinds: Vec<_> = event_kinds().iter().map(|kind| kind.as_str()).collect();
    assert_eq!(events, kinds);
    assert_eq!(summary.events[1].status, Some(-9));
    assert_eq!(summary.recording.labels["环境"], "\"测试\" = 🐘");
    assert_eq!(summary.recording.clock_offsets.len(), 2);
}

#[test]
fn what_a_later_version_adds_is_passed_over_and_told_of() {
    let summary = summary_of("v1-later-minor");
    let left_out = LeftOut {
        column: "operation_type",
        word: Some("batch".to_owned()),
        rows: 3,
    };
    assert_eq!(summary.recording.left_out, [left_out]);
    assert!(summary.recording.is_partial);
    let [direct] = summary.paths.as_slice() else {
        panic!("one path")
    };
    // 250 reads, and two failures of a class that is not known: a failure is one by its outcome.
    assert_eq!(counts(&direct.overall), [252, 250, 0, 2, 0, 0]);
    assert_eq!(outages(direct, Read), [(10.0, 15.0, 0.45)]);
    assert_eq!(direct.errors.len(), 1);
    assert_eq!(
        (direct.errors[0].class.as_str(), direct.errors[0].count),
        ("quota_exceeded", 2)
    );
    assert!(group(direct, Read).at_least, "an operation might be a read");
    let events: Vec<_> = summary.events.iter().map(|event| &*event.event).collect();
    assert_eq!(events, ["failover_triggered", "reader_promoted"]);
}
