//! `analyze assert`: verdicts, exit codes, JSON, JUnit, and what it refuses.

use std::fs;
use std::path::Path as FilePath;
use std::process::{Command, Output};

use recording::vocabulary::ErrorClass::{OperationTimeout, Refused};
use recording::vocabulary::FindingKind::Lost;
use recording::vocabulary::Outcome;
use recording::vocabulary::Path::{Direct, Proxy};

use crate::support::audited::{audit, last_orders, orders_with_a_gap};
use crate::support::{HandMade, Made};

fn run(folders: &[&FilePath], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze"))
        .arg("assert")
        .args(folders)
        .args(arguments)
        .output()
        .unwrap()
}

fn rules<'a>(rules: &[&'a str]) -> Vec<&'a str> {
    rules.iter().flat_map(|rule| ["--rule", *rule]).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What it prints, with `RUN` for the recording's folder, and its exit code.
fn held(made: &Made, of: &[&str]) -> (String, Option<i32>) {
    let output = run(&[&made.folder], &rules(of));
    assert_eq!(stderr(&output), "");
    let text = String::from_utf8(output.stdout).unwrap();
    let text = text.replace(&made.folder.display().to_string(), "RUN");
    (text, output.status.code())
}

#[test]
fn rules_that_hold_and_rules_that_fail() {
    // Writes down from 10.0 to 13.0 s, of which 0.45 s are not certain.
    let made = orders_with_a_gap().write();
    let (text, code) = held(
        &made,
        &[
            "direct.writer.downtime <= 3s",
            "pauses == 0",
            "direct.tps_steady >= 9.5/s",
        ],
    );
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(text, @r"
    ");
    let (text, code) = held(
        &made,
        &[
            "direct.writer.downtime <= 2.5s",
            "direct.writer.downtime <= 2.9s",
            "direct.writer.availability >= 90%",
            "direct.success_rate >= 99.2648%",
            "lost == 0",
            "lost == 0 or absent",
            "proxy.writer.downtime <= 5s",
            "direct.p99 < 5ms",
        ],
    );
    assert_eq!(code, Some(4));
    insta::assert_snapshot!(text, @r"
    ");
}

#[test]
fn a_recording_without_an_outage() {
    let made = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .write();
    let (text, code) = held(
        &made,
        &[
            "direct.headline.downtime == 0s",
            "direct.read.outages == 0",
            "direct.read.time_to_full_throughput <= 10s",
        ],
    );
    insta::assert_snapshot!(text, @r"
    ");
    assert_eq!(code, Some(0));
    // No operation of the group, and a path that was not recorded: nothing is known of them.
    let (_, code) = held(&made, &["direct.writer.downtime == 0s"]);
    assert_eq!(code, Some(4));
    let (_, code) = held(
        &made,
        &[
            "direct.writer.downtime == 0s or absent",
            "proxy.read.p99 <= 5ms or absent",
        ],
    );
    assert_eq!(code, Some(0));
}

/// Down until the end: whatever the limit, it may have lasted longer.
#[test]
fn a_lower_bound_never_passes_at_most() {
    let made = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 12.0, 12.1, Refused)
        .failed("user_list", 29.0, 29.1, Refused)
        .write();
    let (text, code) = held(
        &made,
        &[
            "direct.read.downtime <= 1h",
            "direct.read.downtime >= 15s",
            "direct.read.availability <= 50%",
        ],
    );
    assert_eq!(code, Some(4));
    insta::assert_snapshot!(text, @r"
    ");
}

/// All workers hung in reads: of writes nothing is known.
#[test]
fn what_was_not_observed_fails() {
    let made = HandMade::new(60.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .steady("update_login", 0.15, 0.5, 20, 0.005)
        .failed("user_list", 10.1, 20.1, OperationTimeout)
        .failed("user_list", 10.2, 20.2, OperationTimeout)
        .failed("user_list", 10.3, 20.3, OperationTimeout)
        .steady("user_list", 20.5, 0.1, 390, 0.005)
        .steady("update_login", 20.6, 0.5, 75, 0.005)
        .write();
    let (text, code) = held(
        &made,
        &[
            "direct.writer.downtime <= 5s",
            "direct.writer.outages == 0",
            "direct.headline.downtime <= 30s",
        ],
    );
    assert_eq!(code, Some(4));
    insta::assert_snapshot!(text, @r"
    ");
}

#[test]
fn an_audit_with_losses() {
    let made = orders_with_a_gap().write();
    audit(&made, &[(Direct, 270)])
        .found(Direct, Lost, ("create_order", Outcome::Ok), last_orders())
        .write();
    let (text, code) = held(
        &made,
        &[
            "lost == 0",
            "duplicated == 0",
            "direct.writer.durable_downtime <= 4s",
        ],
    );
    assert_eq!(code, Some(4));
    insta::assert_snapshot!(text, @r"
    ");
    let made = orders_with_a_gap().write();
    audit(&made, &[(Direct, 270)])
        .but(|audit| audit.token_found = Some(false))
        .write();
    let (text, code) = held(&made, &["lost == 0"]);
    assert_eq!(code, Some(4));
    insta::assert_snapshot!(text, @r"
    ");
}

/// Two recordings, the second down for longer on the proxied path.
fn two() -> [Made; 2] {
    [13.0, 16.0].map(|back| {
        let writes = |made: HandMade, back: f64| {
            made.steady("update_login", 0.1, 0.1, 100, 0.005)
                .failed("update_login", 10.2, 10.3, Refused)
                .failed("update_login", back - 0.2, back - 0.1, Refused)
                .steady(
                    "update_login",
                    back,
                    0.1,
                    ((30.0 - back) * 10.0).round() as usize,
                    0.005,
                )
        };
        let made = writes(HandMade::new(30.0).on(Direct), 14.0);
        writes(made.on(Proxy), back).write()
    })
}

const GATE: &str = "
[[rule]]
name = \"writes are <back> & soon\"
rule = \"proxy.writer.downtime <= 5s\"

[[rule]]
rule = \"direct.writer.outages == 1\"
";

#[test]
fn every_rule_is_held_against_every_recording() {
    let made = two();
    let folders: Vec<&FilePath> = made.iter().map(|made| made.folder.as_path()).collect();
    let root = tempfile::tempdir().unwrap();
    let (gate, junit) = (
        root.path().join("gate.toml"),
        root.path().join("verdicts.xml"),
    );
    fs::write(&gate, GATE).unwrap();
    fs::write(&junit, "of the last run").unwrap();
    let arguments = [
        "--rules",
        gate.to_str().unwrap(),
        "--junit",
        junit.to_str().unwrap(),
    ];
    let output = run(&folders, &arguments);
    assert_eq!(
        (stderr(&output), output.status.code()),
        (String::new(), Some(4))
    );
    let shown = |text: String| {
        let text = text.replace(&folders[0].display().to_string(), "ONE");
        text.replace(&folders[1].display().to_string(), "TWO")
    };
    insta::assert_snapshot!(shown(String::from_utf8(output.stdout).unwrap()), @r"
    ");
    insta::assert_snapshot!(shown(fs::read_to_string(&junit).unwrap()), @r#"
    "#);
    // Nothing else is left in its folder.
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
    // A healthy one alone passes, in JSON too.
    let output = run(
        &folders[..1],
        &["--rules", gate.to_str().unwrap(), "--json"],
    );
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(shown(String::from_utf8(output.stdout).unwrap()), @r#"
    "#);
}

#[test]
fn a_recording_that_cannot_be_analyzed() {
    let [made, _] = two();
    let damaged = orders_with_a_gap().write();
    fs::write(damaged.folder.join("operations/direct-00001.parquet"), "no").unwrap();
    let root = tempfile::tempdir().unwrap();
    let junit = root.path().join("verdicts.xml");
    let arguments = ["--rule", "pauses == 1", "--junit", junit.to_str().unwrap()];
    let output = run(&[&damaged.folder, &made.folder], &arguments);
    // The others are held all the same; that it could not be is the graver of the two.
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.lines().count() == 1 && said.contains("damaged part"),
        "{said}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("FAILS") && text.contains("0 of 1 hold"),
        "{text}"
    );
    let text = fs::read_to_string(&junit).unwrap();
    assert!(
        text.contains("tests=\"2\" failures=\"1\" errors=\"1\""),
        "{text}"
    );
    let output = run(&[&root.path().join("missing")], &rules(&["lost == 0"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no such folder"));
}

#[test]
fn mistakes_are_told_before_anything_is_read() {
    let nowhere = FilePath::new("/nowhere");
    let said = |arguments: &[&str]| {
        let output = run(&[nowhere], arguments);
        assert!(output.stdout.is_empty());
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    insta::assert_snapshot!(said(&["--rule", "lost == 0", "--rule", "proxy.writer.downtime <= 5"]), @r"
    ");
    insta::assert_snapshot!(said(&[]), @r"
    ");
    insta::assert_snapshot!(said(&["--rules", "/nowhere.toml"]), @r"
    ");
    let root = tempfile::tempdir().unwrap();
    let gate = root.path().join("gate.toml");
    fs::write(&gate, "[[rule]]\nrule = 'lost == 0'\n[[rule]]\nname = 'writes'\nrule = 'proxy.writer.downtme <= 5s'").unwrap();
    let text =
        said(&["--rules", gate.to_str().unwrap()]).replace(&gate.display().to_string(), "GATE");
    insta::assert_snapshot!(text, @r"
    ");
    insta::assert_snapshot!(said(&["--rule", "lost == 0", "--junit", "/nowhere/verdicts.xml"]), @r"
    ");
    assert!(said(&["--figures", "--rule", "lost == 0"]).contains("cannot be used with"));
}

/// Whether there is such an operation, only the recordings tell.
#[test]
fn an_operation_that_no_recording_has() {
    let [one, _] = two();
    let other = orders_with_a_gap().write();
    let folders: [&FilePath; 2] = [&one.folder, &other.folder];
    let output = run(&folders, &rules(&["direct.creat_order.p99 <= 10ms"]));
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output), @r"
    ");
    // One of them has it; of the other it can't be given.
    let output = run(&folders, &rules(&["direct.create_order.p99 <= 10ms"]));
    assert_eq!(output.status.code(), Some(4));
    let output = run(
        &folders,
        &rules(&["direct.create_order.p99 <= 10ms or absent"]),
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_list_of_figures() {
    let made = orders_with_a_gap().write();
    let output = run(&[&made.folder], &["--figures"]);
    assert_eq!(
        (stderr(&output), output.status.code()),
        (String::new(), Some(0))
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let is_shown = |line: &&str| {
        [
            "figure ",
            "duration ",
            "lost ",
            "direct.writer.",
            "direct.tps",
            "direct.p99 ",
            "direct.failed ",
        ]
        .iter()
        .any(|start| line.trim_start().starts_with(start))
    };
    let lines: Vec<&str> = text.lines().filter(is_shown).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    ");
    let output = run(&[&made.folder], &["--figures", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let figures = json[0]["figures"].as_array().unwrap();
    let figure = figures
        .iter()
        .find(|figure| figure["name"] == "direct.writer.downtime")
        .unwrap();
    let expected = serde_json::json!({
        "name": "direct.writer.downtime", "unit": "us", "orientation": "lower_is_better",
        "value": {"value": 3e6, "least": 2.55e6, "most": 3e6},
    });
    assert_eq!(*figure, expected);
}

#[test]
fn the_tables_in_chinese() {
    let made = orders_with_a_gap().write();
    let arguments = [
        "--lang",
        "zh",
        "--rule",
        "direct.writer.downtime <= 2.9s",
        "--rule",
        "pauses == 0",
    ];
    let output = run(&[&made.folder], &arguments);
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8(output.stdout).unwrap();
    insta::assert_snapshot!(text.replace(&made.folder.display().to_string(), "RUN"), @r"
    ");
}
