//! Outages of known length, made on each path, against what `analyze` reports.

use std::process::Child;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::{figures, folder_of, group, recorder, seconds, succeed, whole_machine};
use lab::{Lab, LabOptions};
use serde_json::Value;

/// An outage as it was made, UTC seconds.
#[derive(Debug, Clone, Copy)]
struct Made {
    from: f64,
    to: f64,
}

/// The recording's clock is the wall clock at its start; both processes are on this machine.
fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

/// Ten times as often as by default: a sampling interval of about 10 ms for everything, 40 ms for writers.
fn record(lab: &Lab, out: &std::path::Path) -> Child {
    let out = out.to_str().unwrap();
    let arguments = [
        ["run", "--duration"].as_slice(),
        &[
            "16",
            "--min-operation-interval",
            "0.01",
            "--max-operation-interval",
            "0.05",
        ],
        &["--concurrent-workers", "4", "--out", out],
    ]
    .concat();
    recorder(lab, &arguments).spawn().unwrap()
}

/// The reported outage holds the made one: downtime - resolution <= truth <= downtime, to within one ordinary response time,
/// and differs from it by no more than one sampling interval and the resolution.
fn assert_agrees(figures: &Value, path: &str, of: &str, made: Made) {
    let figures = group(figures, path, of);
    let outages = figures["outages"].as_array().unwrap();
    let truth = made.to - made.from;
    // Crash recovery lets a few connections in before the rest: at most the neighbouring outages of one episode.
    let episodes = figures["episodes"].as_array().unwrap();
    assert_eq!(episodes.len(), 1, "{path} {of}: {outages:#?}");
    let downtime = seconds(&episodes[0]["downtime_us"]);
    let resolution = seconds(&episodes[0]["resolution_us"]);
    // A busy machine: one ordinary response time with a new connection in it.
    let ordinary = 0.25;
    assert!(
        downtime - resolution - ordinary <= truth && truth <= downtime + ordinary,
        "{path} {of}: {downtime} s (-{resolution} s) reported, {truth} s made; {outages:#?}"
    );
    assert!(
        resolution < 0.5 * truth,
        "{path} {of}: {resolution} s of {downtime} s are unknown"
    );
    eprintln!("{path} {of}: made {truth:.3} s, reported {downtime:.3} s (-{resolution:.3} s)");
}

#[test]
fn an_outage_of_known_length_on_each_path() {
    let _machine = whole_machine();
    let root = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut lab = runtime.block_on(Lab::start(LabOptions::default())).unwrap();
    let setup = ["setup", "--orders", "1000", "--logs", "1000"];
    succeed(&recorder(&lab, &setup).output().unwrap());

    // First the writer dies and comes back: both paths are down.
    let recording = record(&lab, root.path());
    std::thread::sleep(Duration::from_secs(6));
    let from = now();
    runtime.block_on(lab.kill_writer()).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    runtime.block_on(lab.restart_writer()).unwrap();
    let both = Made { from, to: now() };
    let output = recording.wait_with_output().unwrap();
    let folder = folder_of(&succeed(&output).0);
    let report = figures(&folder);
    for path in ["direct", "proxy"] {
        assert_agrees(&report, path, "writer", both);
        assert_agrees(&report, path, "read", both);
    }

    // Then everything waits in the proxy: nothing fails, operations stall, and the direct path is up.
    let recording = record(&lab, root.path());
    std::thread::sleep(Duration::from_secs(6));
    runtime.block_on(lab.pause_proxy()).unwrap();
    let from = now();
    std::thread::sleep(Duration::from_secs(3));
    let to = now();
    runtime.block_on(lab.resume_proxy()).unwrap();
    let output = recording.wait_with_output().unwrap();
    let folder = folder_of(&succeed(&output).0);
    let report = figures(&folder);
    assert_agrees(&report, "proxy", "all", Made { from, to });
    for of in ["read", "writer", "all"] {
        let direct = group(&report, "direct", of);
        assert_eq!(direct["downtime_us"], 0, "{of}: {:#}", direct["outages"]);
    }
}
