//! Golden recordings: what an earlier version wrote is read with the same figures, for years.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use analyze::load::Loaded;
use analyze::summary::{Group, PathSummary, Thresholds};

/// Downtime and resolution per group, microseconds, in the order of `Group::ALL`.
fn downtimes(path: &PathSummary) -> Vec<(Group, Option<i64>, i64)> {
    path.groups
        .iter()
        .map(|group| (group.group, group.downtime_us, group.resolution_us))
        .collect()
}

/// Format version 1, by pgoutage 0.1.0: the demo's crash failover, whose steps the lab timed (`logs/lab-steps.jsonl`).
#[test]
fn version_1_crash_failover_in_the_lab() {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../data/golden/v1-lab-crash-failover");
    let summary = analyze::analyze(&Loaded::open(&folder).unwrap(), Thresholds::default())
        .unwrap()
        .summary;
    assert_eq!(summary.recording.duration_us, 60_001_031);
    assert_eq!(summary.events.len(), 2);
    let [direct, proxy] = summary.paths.as_slice() else {
        panic!("two paths")
    };

    assert_eq!(
        (
            direct.overall.total,
            direct.overall.successes,
            direct.overall.failed
        ),
        (1978, 1873, 105)
    );
    assert_eq!(direct.overall.response.p99_us, Some(6_301));
    assert_eq!(
        downtimes(direct),
        [
            (Group::Read, Some(2_096_844), 71_457),
            (Group::Write, Some(5_643_057), 579_270),
            (Group::Transaction, Some(5_295_939), 1_004_632),
            (Group::Writer, Some(5_295_939), 232_152),
            (Group::All, Some(2_096_844), 71_457),
        ]
    );
    assert_eq!(
        (
            proxy.overall.total,
            proxy.overall.successes,
            proxy.overall.failed
        ),
        (1968, 1950, 18)
    );
    assert_eq!(proxy.overall.response.p99_us, Some(11_072));
    assert_eq!(
        downtimes(proxy),
        [
            (Group::Read, Some(1_112_452), 73_360),
            (Group::Write, Some(1_235_973), 878_879),
            (Group::Transaction, Some(1_568_634), 1_348_265),
            (Group::Writer, Some(1_091_606), 631_745),
            (Group::All, Some(1_087_928), 48_836),
        ]
    );

    // The lab's own times since the crash: when the proxy sent statements to the new writer, and when the name changed, which
    // resolvers could overlook for 5 s more. The bounds hold to within one ordinary response time, with a new connection in it.
    let ordinary = 50_000;
    let bounds = |path: &PathSummary| {
        let headline = path.headline.as_ref().unwrap();
        let downtime = headline.downtime_us.unwrap();
        (downtime - headline.resolution_us, downtime)
    };
    let (least, most) = bounds(proxy);
    assert!(least - ordinary <= 1_021_003 && 1_021_003 <= most + ordinary);
    let (least, most) = bounds(direct);
    assert!(least - ordinary <= 9_001_841 && 4_001_841 <= most + ordinary);
}
