//! `analyze assert`: verdicts, exit codes, JSON, JUnit, and what it refuses.

use std::fs;
use std::path::Path as FilePath;
use std::process::{Command, Output, Stdio};

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
    RUN
      rule                                     value  verdict
      direct.writer.downtime <= 3s  3.00 s (-0.45 s)  holds
      pauses == 0                                  0  holds
      direct.tps_steady >= 9.5/s             9.96 /s  holds
      rules that hold: 3 of 3
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
    RUN
      rule                                          value  verdict
      direct.writer.downtime <= 2.5s     3.00 s (-0.45 s)  FAILS
      direct.writer.downtime <= 2.9s     3.00 s (-0.45 s)  FAILS
        the truth is between 2.55 s and 3 s, and the rule has to hold for all of it
      direct.writer.availability >= 90%          90.000 %  holds
      direct.success_rate >= 99.2648%             99.26 %  FAILS
        the value is 99.264706 %
      lost == 0                                         -  FAILS
        the figure can't be given; write `or absent` if that is all right
      lost == 0 or absent                               -  holds
      proxy.writer.downtime <= 5s                       -  FAILS
        the figure can't be given; write `or absent` if that is all right
      direct.p99 < 5ms                            5.00 ms  FAILS
        the value is 5 ms
      rules that hold: 2 of 8
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
    RUN
      rule                                         value  verdict
      direct.headline.downtime == 0s              0.00 s  holds
      direct.read.outages == 0                         0  holds
      direct.read.time_to_full_throughput <= 10s  0.00 s  holds
      rules that hold: 3 of 3
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
    RUN
      rule                                                  value  verdict
      direct.read.downtime <= 1h       at least 20.00 s (-2.90 s)  FAILS
        the value is a lower bound: the truth may be more
      direct.read.downtime >= 15s      at least 20.00 s (-2.90 s)  holds
      direct.read.availability <= 50%            at most 33.333 %  holds
      rules that hold: 2 of 3
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
    RUN
      rule                                                   value  verdict
      direct.writer.downtime <= 5s                               -  FAILS
        the figure can't be given; write `or absent` if that is all right
      direct.writer.outages == 0                                 -  FAILS
        the figure can't be given; write `or absent` if that is all right
      direct.headline.downtime <= 30s  at least 10.50 s (-10.50 s)  FAILS
        the value is a lower bound: the truth may be more
      rules that hold: 0 of 3
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
    RUN
      rule                                             value  verdict
      lost == 0                                           20  FAILS
      duplicated == 0                                      0  holds
      direct.writer.durable_downtime <= 4s  5.00 s (-0.34 s)  FAILS
      rules that hold: 1 of 3
    ");
    let made = orders_with_a_gap().write();
    audit(&made, &[(Direct, 270)])
        .but(|audit| audit.token_found = Some(false))
        .write();
    let (text, code) = held(&made, &["lost == 0"]);
    assert_eq!(code, Some(4));
    insta::assert_snapshot!(text, @r"
    RUN
      rule       value  verdict
      lost == 0      0  FAILS
        the truth is not known: operations are missing, or the audit may have missed something
      rules that hold: 0 of 1
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
    ONE
      name                      rule                                    value  verdict
      writes are <back> & soon  proxy.writer.downtime <= 5s  3.00 s (-0.30 s)  holds
                                direct.writer.outages == 1                  1  holds
      rules that hold: 2 of 2

    TWO
      name                      rule                                    value  verdict
      writes are <back> & soon  proxy.writer.downtime <= 5s  6.00 s (-0.30 s)  FAILS
                                direct.writer.outages == 1                  1  holds
      rules that hold: 1 of 2
    ");
    insta::assert_snapshot!(shown(fs::read_to_string(&junit).unwrap()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="analyze assert" tests="4" failures="1" errors="0">
        <testsuite name="ONE" tests="2" disabled="0" errors="0" failures="0">
            <testcase name="writes are &lt;back&gt; &amp; soon: proxy.writer.downtime &lt;= 5s" classname="ONE">
                <system-out>3.00 s (-0.30 s)</system-out>
            </testcase>
            <testcase name="direct.writer.outages == 1" classname="ONE">
                <system-out>1</system-out>
            </testcase>
        </testsuite>
        <testsuite name="TWO" tests="2" disabled="0" errors="0" failures="1">
            <testcase name="writes are &lt;back&gt; &amp; soon: proxy.writer.downtime &lt;= 5s" classname="TWO">
                <failure message="proxy.writer.downtime &lt;= 5s: 6.00 s (-0.30 s)" type="rule">proxy.writer.downtime &lt;= 5s: 6.00 s (-0.30 s)</failure>
                <system-out>6.00 s (-0.30 s)</system-out>
            </testcase>
            <testcase name="direct.writer.outages == 1" classname="TWO">
                <system-out>1</system-out>
            </testcase>
        </testsuite>
    </testsuites>
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
    [
      {
        "recording": "ONE",
        "holds": true,
        "rules": [
          {
            "name": "writes are <back> & soon",
            "rule": "proxy.writer.downtime <= 5s",
            "figure": "proxy.writer.downtime",
            "unit": "us",
            "limit": 5000000.0,
            "value": {
              "value": 3000000.0,
              "least": 2700000.0,
              "most": 3000000.0
            },
            "verdict": "holds",
            "holds": true
          },
          {
            "name": null,
            "rule": "direct.writer.outages == 1",
            "figure": "direct.writer.outages",
            "unit": "count",
            "limit": 1.0,
            "value": {
              "value": 1.0,
              "least": 1.0,
              "most": 1.0
            },
            "verdict": "holds",
            "holds": true
          }
        ]
      }
    ]
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
        text.contains("FAILS") && text.contains("rules that hold: 0 of 1"),
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

/// `analyze assert ... | head -1` is no gate that is open.
#[test]
fn a_rule_that_fails_is_told_where_nothing_reads_the_table() {
    let made = orders_with_a_gap().write();
    for more in [&[][..], &["--json"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_analyze"))
            .arg("assert")
            .arg(&made.folder)
            .args(["--rule", "direct.writer.outages == 0"])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(4));
    }
}

/// What is left out is said, and makes bounds.
#[test]
fn a_damaged_part_that_is_allowed() {
    let [made, _] = two();
    fs::write(made.folder.join("operations/proxy-00001.parquet"), "no").unwrap();
    let output = run(
        &[&made.folder],
        &[
            "--allow-damaged",
            "--rule",
            "damaged_parts == 0",
            "--rule",
            "proxy.failed == 0",
        ],
    );
    assert_eq!(output.status.code(), Some(4));
    let said = stderr(&output);
    assert!(
        said.lines().count() == 1 && said.contains("left out operations/proxy-00001.parquet"),
        "{said}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("rules that hold: 0 of 2"), "{text}");
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
    analyze: --rule: the figure is a time; write a value such as 5s, 50ms or 2m
      proxy.writer.downtime <= 5
                               ^
    ");
    insta::assert_snapshot!(said(&[]), @r"
    analyze: no rule is given; write --rule, --rules, or --figures for the names of what there is
    ");
    insta::assert_snapshot!(said(&["--rules", "/nowhere.toml"]), @r"
    analyze: --rules /nowhere.toml: No such file or directory (os error 2)
    ");
    let root = tempfile::tempdir().unwrap();
    let gate = root.path().join("gate.toml");
    fs::write(&gate, "[[rule]]\nrule = 'lost == 0'\n[[rule]]\nname = 'writes'\nrule = 'proxy.writer.downtme <= 5s'").unwrap();
    let text =
        said(&["--rules", gate.to_str().unwrap()]).replace(&gate.display().to_string(), "GATE");
    insta::assert_snapshot!(text, @r"
    analyze: --rules GATE: rule 2: there is no figure `proxy.writer.downtme`; near it: proxy.writer.downtime, proxy.write.downtime, proxy.writer.downtime_max
      proxy.writer.downtme <= 5s
      ^
    ");
    insta::assert_snapshot!(said(&["--rule", "lost == 0", "--junit", "/nowhere/verdicts.xml"]), @r"
    analyze: --junit /nowhere/verdicts.xml: No such file or directory (os error 2)
    ");
    assert!(said(&["--figures", "--rule", "lost == 0"]).contains("cannot be used with"));
}

/// A figure of another type can't be given, so a rule of it fails.
#[test]
fn a_gate_over_some_types() {
    let [made, _] = two();
    let only = |rule: &str| run(&[&made.folder], &["--type", "write", "--rule", rule]);
    let held = only("direct.writer.downtime <= 100s");
    assert_eq!(held.status.code(), Some(0), "{}", stderr(&held));
    let other = only("direct.read.downtime <= 100s");
    assert_eq!(other.status.code(), Some(4), "{}", stderr(&other));
}

/// Of a folder every recording is held to the rules.
#[test]
fn a_folder_of_recordings() {
    let [one, _] = two();
    let root = one.folder.parent().unwrap();
    let output = run(&[root], &["--rule", "dropped_rows == 0"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn an_operation_that_no_recording_has() {
    let [one, _] = two();
    let other = orders_with_a_gap().write();
    let folders: [&FilePath; 2] = [&one.folder, &other.folder];
    let output = run(&folders, &rules(&["direct.creat_order.p99 <= 10ms"]));
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output), @r"
    analyze: rule: there is no figure `direct.creat_order.p99`; near it: direct.create_order.p99, direct.create_order.p90, direct.create_order.p95
      direct.creat_order.p99 <= 10ms
      ^
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
    figure                                 unit                   value  not below  not above
    duration                               time                 30.00 s    30.00 s    30.00 s
    lost                                   count                      -          -          -
    direct.failed                          count                      2          2          2
    direct.tps                             per second           9.00 /s    9.00 /s    9.00 /s
    direct.tps_steady                      per second           9.96 /s    9.96 /s    9.96 /s
    direct.p99                             time                 5.00 ms    5.00 ms    5.00 ms
    direct.writer.downtime                 time        3.00 s (-0.45 s)     2.55 s     3.00 s
    direct.writer.resolution               time                  0.45 s     0.45 s     0.45 s
    direct.writer.availability             fraction            90.000 %   90.000 %   91.500 %
    direct.writer.outages                  count                      1          1          1
    direct.writer.longest_outage           time        3.00 s (-0.45 s)     2.55 s     3.00 s
    direct.writer.episodes                 count                      1          1          1
    direct.writer.blips                    count                      0          0          0
    direct.writer.brownouts                count                      0          0          0
    direct.writer.brownout_time            time                  0.00 s     0.00 s     0.00 s
    direct.writer.durable_downtime         time                       -          -          -
    direct.writer.service_downtime         time                       -          -          -
    direct.writer.service_availability     fraction                   -          -          -
    direct.writer.service_episodes         count                      -          -          -
    direct.writer.own_share                time                       -          -          -
    direct.writer.time_to_full_throughput  time                  3.00 s     3.00 s     3.00 s
    direct.writer.time_to_normal_latency   time                  3.00 s     3.00 s     3.00 s
    direct.writer.downtime_max             time                       -          -          -
    direct.writer.downtime_median          time                       -          -          -
    direct.writer.service_downtime_max     time                       -          -          -
    direct.writer.service_downtime_median  time                       -          -          -
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
    RUN
      规则                                          值  结论
      direct.writer.downtime <= 2.9s  3.00秒 (-0.45秒)  未通过
        真实值在 2.55秒 与 3秒 之间, 规则须对整个范围成立
      pauses == 0                                    0  通过
      2 条规则中 1 条通过
    ");
}
