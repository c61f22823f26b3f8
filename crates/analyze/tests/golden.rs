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
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/golden/v1-lab-crash-failover");
    let summary = analyze::analyze(&Loaded::open(&folder).unwrap(), Thresholds::default())
        .unwrap()
        .summary;
    assert_eq!(summary.recording.duration_us, 60001086);
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
        (590, 558, 32)
    );
    assert_eq!(direct.overall.response.p99_us, Some(19_885));
    assert_eq!(
        downtimes(direct),
        [
            (Group::Read, Some(2_396_709), 475_754),
            (Group::Write, Some(5_972_695), 1_253_665),
            (Group::Transaction, Some(8_377_207), 4_502_317),
            (Group::Writer, Some(5_972_695), 1_253_665),
            (Group::All, Some(2_396_709), 453_799),
        ]
    );
    assert_eq!(
        (
            proxy.overall.total,
            proxy.overall.successes,
            proxy.overall.failed
        ),
        (588, 584, 4)
    );
    assert_eq!(proxy.overall.response.p99_us, Some(25_851));
    assert_eq!(
        downtimes(proxy),
        [
            (Group::Read, Some(1_178_398), 746_550),
            (Group::Write, Some(1_866_565), 898_281),
            (Group::Transaction, None, 0),
            (Group::Writer, Some(1_866_565), 898_281),
            (Group::All, Some(1_171_353), 203_069),
        ]
    );

    // The lab's own times: the proxy sent statements to the new writer 1.048601 s after the crash, the name changed after
    // 4.001476 s and could be kept for 5 s more.
    let bounds = |path: &PathSummary| {
        let headline = path.headline.as_ref().unwrap();
        let downtime = headline.downtime_us.unwrap();
        (downtime - headline.resolution_us, downtime)
    };
    let (least, most) = bounds(proxy);
    assert!(least <= 1_048_601 && 1_048_601 <= most);
    let (least, most) = bounds(direct);
    assert!(least <= 9_001_476 && 4_001_476 <= most);
}
