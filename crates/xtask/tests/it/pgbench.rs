//! pgbench next to the workload, through a failover, up to the figures in the report.

use std::time::Duration;

use crate::support::{figures, folder_of, path, program, recorder, succeed, whole_machine};
use lab::{FailoverOptions, Lab, LabOptions};

#[test]
fn the_report_has_pgbenchs_figures_on_both_sides_of_the_outage() {
    let _machine = whole_machine();
    let root = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = LabOptions {
        ttl: Duration::from_secs(1),
        ..LabOptions::default()
    };
    let mut lab = runtime.block_on(Lab::start(options)).unwrap();
    succeed(
        &recorder(&lab, &["setup", "--orders", "1000", "--logs", "1000"])
            .output()
            .unwrap(),
    );
    let out = root.path().to_str().unwrap();
    let arguments = [
        ["run", "--duration", "30", "--out", out].as_slice(),
        &[
            "--enable-pgbench",
            "--pgbench-clients",
            "2",
            "--pgbench-jobs",
            "1",
        ],
        &["--pgbench-scale", "1", "--warmup-time", "2"],
    ]
    .concat();
    let recording = recorder(&lab, &arguments).spawn().unwrap();
    // Initialising, warm-up and ten seconds of recording.
    std::thread::sleep(Duration::from_secs(16));
    let failover = FailoverOptions {
        dns_after: Duration::from_secs(3),
        ..FailoverOptions::default()
    };
    runtime.block_on(lab.failover(&failover, |_| {})).unwrap();
    let output = recording.wait_with_output().unwrap();
    let folder = folder_of(&succeed(&output).0);

    let figures = figures(&folder);
    for name in ["direct", "proxy"] {
        let load = &path(&figures, name)["load"];
        for side in ["before", "after"] {
            let tps = load[side]["tps"].as_f64().unwrap();
            let latency = load[side]["latency_us"].as_f64().unwrap();
            assert!(tps > 1.0 && latency > 0.0, "{name} {side}: {load:#}");
        }
        assert!(load["restarts"].as_u64().unwrap() >= 1, "{name}: {load:#}");
        assert!(load["during"].is_object(), "{name}");
    }
    let report = std::process::Command::new(program("analyze"))
        .arg("report")
        .arg(&folder)
        .output()
        .unwrap();
    let (text, _) = succeed(&report);
    assert!(text.contains("pgbench"), "{text}");
}
