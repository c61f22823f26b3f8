//! The whole demo: its figures against the times of the lab's steps, its files in other engines.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::{group, path, program, seconds, succeed, whole_machine};

/// Counts the rows of each path with DuckDB and with pyarrow, as the files are, and fails where a type is not what it is to be.
const COUNT: &str = r#"
import sys, json, duckdb, pyarrow.dataset, pyarrow.compute as pc
folder = sys.argv[1]
rows = duckdb.execute(
    "SELECT path, count(*) FROM read_parquet(? || '/operations/*.parquet') GROUP BY path", [folder]).fetchall()
types = dict(duckdb.execute(
    "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(? || '/operations/*.parquet'))",
    [folder]).fetchall())
assert types["end_time"] == "TIMESTAMP WITH TIME ZONE", types
assert types["response_time_us"] == "BIGINT" and types["success"] == "BOOLEAN", types
assert types["operation_name"] == "VARCHAR", types
table = pyarrow.dataset.dataset(folder + "/operations", format="parquet").to_table()
assert str(table.schema.field("end_time").type) == "timestamp[us, tz=UTC]", table.schema
assert str(table.schema.field("path").type) == "string", table.schema
grouped = table.group_by("path").aggregate([("operation_id", "count_distinct"), ([], "count_all")]).to_pylist()
for name in ["connections", "probes", "events"]:
    assert duckdb.execute("SELECT count(*) FROM read_parquet(? || ?)", [folder, f"/{name}/*.parquet"]).fetchone()[0] > 0
    assert pyarrow.dataset.dataset(f"{folder}/{name}", format="parquet").count_rows() > 0
print(json.dumps({
    "duckdb": dict(rows),
    "pyarrow": {row["path"]: row["count_all"] for row in grouped},
    "distinct": {row["path"]: row["operation_id_count_distinct"] for row in grouped},
}))
"#;

/// What holds of every healthy demo, whatever the machine: the gate of its figures.
const GATE: &str = r#"
[[rule]]
name = "one failover, seen on both paths"
rule = "failovers.count == 1"

[[rule]]
rule = "direct.failovers == 1"

[[rule]]
rule = "proxy.failovers == 1"

[[rule]]
name = "nothing that was acknowledged is lost"
rule = "lost == 0"

[[rule]]
rule = "torn_acknowledged == 0"

[[rule]]
rule = "duplicated == 0"

[[rule]]
name = "writes come back on both paths"
rule = "direct.writer.downtime <= 60s"

[[rule]]
rule = "proxy.writer.downtime <= 60s"

[[rule]]
name = "and were down"
rule = "direct.writer.outages >= 1"

[[rule]]
rule = "proxy.writer.outages >= 1"

[[rule]]
name = "the recorder kept every row"
rule = "dropped_rows == 0"

[[rule]]
rule = "damaged_parts == 0"
"#;

#[test]
fn the_demo_is_right_in_every_engine() {
    let _machine = whole_machine();
    let root = tempfile::tempdir().unwrap();
    let output = Command::new(program("lab"))
        .arg("demo")
        .arg("--out")
        .arg(root.path().join("runs"))
        .env_remove("PGPASSWORD")
        .output()
        .unwrap();
    let (stdout, stderr) = succeed(&output);
    let mut recordings = std::fs::read_dir(root.path().join("runs")).unwrap();
    let folder = recordings.next().unwrap().unwrap().path();

    // What a person sees: the report, the lab's own times, the charts.
    for words in [
        "writes down",
        "healthy",
        "Proxy against direct",
        &folder.display().to_string(),
    ] {
        assert!(stdout.contains(words), "{words:?} is missing in\n{stdout}");
    }
    for chart in [
        "response-time",
        "operations-per-second",
        "percentiles",
        "availability",
    ] {
        let file = folder.join("analysis").join(format!("{chart}.png"));
        assert!(
            std::fs::read(&file).unwrap().starts_with(b"\x89PNG"),
            "{}",
            file.display()
        );
    }
    the_gate_holds(&folder, root.path());
    figures_agree_with_the_labs_times(&folder);
    other_engines_count_what_the_live_view_counted(&folder, &stderr);
}

/// `analyze assert` lets the demo pass, and would not let a stricter rule pass.
fn the_gate_holds(folder: &Path, root: &Path) {
    let gate = root.join("gate.toml");
    std::fs::write(&gate, GATE).unwrap();
    let assert = |arguments: &[&str]| {
        let mut command = Command::new(program("analyze"));
        command.arg("assert").arg(folder).args(arguments);
        command.output().unwrap()
    };
    let (stdout, _) = succeed(&assert(&["--rules", gate.to_str().unwrap()]));
    assert!(stdout.contains("rules that hold: 12 of 12"), "{stdout}");
    let failed = assert(&["--rule", "direct.writer.downtime == 0s"]);
    assert_eq!(failed.status.code(), Some(4));
}

/// The reported downtimes have to agree with the lab's steps.
fn figures_agree_with_the_labs_times(folder: &Path) {
    let figures = crate::support::figures(folder);
    let text = std::fs::read_to_string(folder.join("logs/lab-steps.jsonl")).unwrap();
    let steps: BTreeMap<String, f64> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|step: serde_json::Value| {
            (
                step["step"].as_str().unwrap().to_owned(),
                seconds(&step["time_us"]),
            )
        })
        .collect();
    let since_crash = |step: &str| steps[step] - steps["crash"];

    // About three writes a second on each path: the time between two of them is in the resolution, and one ordinary response time (with
    // a new connection and a busy machine) is not.
    let ordinary = 0.3;
    let writer = |of: &str| {
        let figures = group(&figures, of, "writer");
        assert_eq!(figures["at_least"], false, "{of} recovered");
        (
            seconds(&figures["downtime_us"]),
            seconds(&figures["resolution_us"]),
        )
    };
    let (proxy, resolution) = writer("proxy");
    let truth = since_crash("proxy_resumed");
    assert!(
        proxy - resolution - ordinary <= truth && truth <= proxy + ordinary,
        "proxy: {proxy} s (-{resolution} s) reported, {truth} s injected"
    );

    // The direct path is back when the name resolves to the new writer: up to a TTL (5 s) after the change.
    let (direct, resolution) = writer("direct");
    let (from, to) = (since_crash("dns_changed"), since_crash("dns_changed") + 5.0);
    assert!(
        direct - resolution - ordinary <= to && from <= direct + ordinary,
        "direct: {direct} s (-{resolution} s) reported, {from} to {to} s injected"
    );
    assert!(direct > proxy, "direct {direct} s, proxy {proxy} s");
    assert_eq!(path(&figures, "direct")["headline"]["group"], "writer");

    // The trap that the product shows: the old writer answers and refuses writes.
    let errors = path(&figures, "direct")["errors"].as_array().unwrap();
    assert!(
        errors.iter().any(|error| error["sqlstate"] == "25006"),
        "{errors:?}"
    );
    assert_eq!(figures["recording"]["state"], "complete");
}

fn other_engines_count_what_the_live_view_counted(folder: &Path, stderr: &str) {
    let python = std::env::var("PGOUTAGE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(&python)
        .args(["-c", COUNT])
        .arg(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{python} needs duckdb and pyarrow; `cargo xtask test` installs them\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let counted: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for path in ["direct", "proxy"] {
        // The last state of the live view: `direct: 582 operations, success rate ...`.
        let is_count = |line: &&str| {
            line.starts_with(&format!("{path}: ")) && line.contains(" operations, success rate ")
        };
        let line = stderr.lines().find(is_count).unwrap();
        let shown = line.split(' ').nth(1).unwrap().replace(',', "");
        let shown: i64 = shown
            .parse()
            .unwrap_or_else(|_| panic!("{line:?} shows no count"));
        assert!(shown > 100, "{line}");
        for engine in ["duckdb", "pyarrow", "distinct"] {
            assert_eq!(counted[engine][path], shown, "{path}, {engine}");
        }
    }
}
