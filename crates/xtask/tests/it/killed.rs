//! An open loop whose recorder is killed while arrivals wait: what ran has its row, what waited has none, and the figures are those of what is there.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use crate::support::{copy_folder, figures, group, path, recorder, succeed};
use lab::testing::wait_until;
use lab::{Lab, LabOptions};
use recording::{Recording, State, Table};
use serde_json::{Value, json};

/// Operations of a path at once.
const IN_FLIGHT: u64 = 4;

fn record(lab: &Lab, out: &Path) -> Child {
    let out = out.to_str().unwrap();
    let flags = "--mode proxy --rate 100 --max-in-flight 4 --pool-size 4 --duration 60 --availability-interval 0 --no-audit --operation-timeout 30s";
    let mut arguments = vec!["run"];
    arguments.extend(flags.split(' '));
    arguments.extend(["--out", out]);
    recorder(lab, &arguments).spawn().unwrap()
}

/// Rows that were written, those in journals included.
fn journaled(out: &Path) -> u64 {
    let found = recording::find(out).unwrap_or_default();
    let Some(recording) = found.first().and_then(|it| Recording::open(it).ok()) else {
        return 0;
    };
    let journals = recording.unsealed(Table::Operations).unwrap_or_default();
    journals.iter().map(|journal| journal.rows).sum()
}

/// The figures of the path, and what the recording says of itself where both have it.
fn of_the_path(figures: &Value) -> Value {
    let recording = &figures["recording"];
    json!([
        path(figures, "proxy"),
        recording["start_time"],
        recording["duration_us"]
    ])
}

#[test]
fn an_open_loop_that_is_killed_has_what_ran() {
    let root = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lab = runtime.block_on(Lab::start(LabOptions::default())).unwrap();
    let setup = ["setup", "--orders", "1000", "--logs", "1000"];
    succeed(&recorder(&lab, &setup).output().unwrap());

    let out = root.path().join("runs");
    let mut running = record(&lab, &out);
    let minute = Duration::from_secs(60);
    wait_until("rows", minute, || journaled(&out) > 100);
    runtime.block_on(lab.pause_proxy()).unwrap();
    // What comes after the four that hang waits.
    std::thread::sleep(Duration::from_secs(3));
    running.kill().unwrap();
    running.wait().unwrap();
    runtime.block_on(lab.resume_proxy()).unwrap();

    let killed = recording::find(&out).unwrap().remove(0);
    let recovered = root.path().join("recovered");
    copy_folder(&killed, &recovered);
    let recover = ["recover", recovered.to_str().unwrap()];
    succeed(&recorder(&lab, &recover).output().unwrap());
    let recording = Recording::open(&recovered).unwrap();
    assert_eq!(recording.manifest().state, State::Recovered);

    let found = figures(&killed);
    assert_eq!(of_the_path(&found), of_the_path(&figures(&recovered)));
    let overall = &path(&found, "proxy")["overall"];
    // Every arrival until the four that hung, each once.
    let ended = overall["finished"].as_u64().unwrap();
    assert!(ended > 100 && overall["successes"] == ended, "{overall:#}");
    assert_eq!(overall["unfinished"], IN_FLIGHT);
    assert_eq!(overall["total"], ended + IN_FLIGHT);
    // All of them wait until the end: an outage without one, told by the four alone.
    let all = group(&found, "proxy", "all");
    let outages = all["outages"].as_array().unwrap();
    let last = outages.last().unwrap();
    assert_eq!(
        (&last["open_at_end"], &last["evidence"]),
        (&json!(true), &json!(IN_FLIGHT))
    );
    assert!(last["downtime_us"].as_i64() > Some(2_000_000), "{last:#}");
    assert_eq!(all["at_least"], true);
    // Arrivals are 10 ms apart: many more were due, and have no row.
    let due = found["recording"]["duration_us"].as_u64().unwrap() / 10_000;
    let rows = overall["total"].as_u64().unwrap();
    assert!(due > rows + 100, "{rows} rows of {due} arrivals");
}
