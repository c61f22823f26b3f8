//! `--allow-damaged`: figures of what is left, and a report that does not hide what is missing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use crate::support::refit::{copy, fit, rewrite};
use crate::support::{Made, reads_with_a_gap};
use recording::vocabulary::ErrorClass::Refused;
use recording::vocabulary::Path::Proxy;

const FIRST: &str = "operations/direct-00001.parquet";
const SECOND: &str = "operations/direct-00002.parquet";

fn analyze(made: &Made, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze"))
        .args(&arguments[..1])
        .arg(&made.folder)
        .args(&arguments[1..])
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Direct in two parts, the second with the rows from 20 s on; proxy in one.
fn made() -> Made {
    let made = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Refused)
        .failed("user_list", 14.7, 14.75, Refused)
        .on(Proxy)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .write();
    copy(&made.folder, FIRST, SECOND);
    use polars::prelude::{col, lit};
    let late = || col("operation_id").gt(lit(150)).and(col("success"));
    rewrite(&made.folder, FIRST, |frame| frame.filter(late().not()));
    rewrite(&made.folder, SECOND, |frame| frame.filter(late()));
    made
}

#[test]
fn a_damaged_part_is_refused_with_the_remedy_and_left_out_with_a_warning() {
    let made = made();
    let whole = analyze(&made, &["report", "--json"]);
    let whole: serde_json::Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!(whole["paths"][0]["overall"]["total"], 252);
    assert_eq!(whole["recording"]["damaged_parts"], serde_json::json!([]));
    assert_eq!(whole["paths"][0]["headline"]["at_least"], false);

    let part = made.folder.join(SECOND);
    let mut bytes = fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, &bytes).unwrap();
    for command in ["report", "charts"] {
        let refused = analyze(&made, &[command]);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(SECOND) && said.contains("SHA-256"), "{said}");
        assert!(said.contains("with --allow-damaged"), "{said}");
    }

    let allowed = analyze(&made, &["report", "--allow-damaged", "--json"]);
    assert_eq!(allowed.status.code(), Some(0), "{}", text(&allowed.stderr));
    let allowed: serde_json::Value = serde_json::from_slice(&allowed.stdout).unwrap();
    assert_eq!(
        allowed["recording"]["damaged_parts"],
        serde_json::json!([{
            "file": SECOND,
            "reason": "its SHA-256 is not the one that the manifest states",
            "rows": 100,
        }])
    );
    assert_eq!(allowed["paths"][0]["overall"]["total"], 152);
    assert_eq!(allowed["paths"][0]["headline"]["at_least"], true);
    let english = text(&analyze(&made, &["report", "--allow-damaged"]).stdout);
    let warning = format!("left out as damaged: {SECOND} (its SHA-256");
    assert!(english.contains(&warning), "{english}");
    assert!(english.contains("100 rows are missing"), "{english}");
    assert!(
        english.contains("writes down at least") || english.contains("reads down at least"),
        "{english}"
    );
    let chinese = text(&analyze(&made, &["report", "--allow-damaged", "--lang", "zh"]).stdout);
    assert!(
        chinese.contains("已损坏的部分未计入") && chinese.contains("缺少 100 行"),
        "{chinese}"
    );
    assert!(chinese.contains("至少"), "{chinese}");
    let charts = analyze(&made, &["charts", "--allow-damaged"]);
    assert_eq!(charts.status.code(), Some(0), "{}", text(&charts.stderr));
}

#[test]
fn a_part_that_was_bad_before_its_checksum_was_made() {
    let made = made();
    let part = made.folder.join(SECOND);
    let mut bytes = fs::read(&part).unwrap();
    // The footer stays whole: only a decoder of the pages sees it.
    let pages = bytes.len() / 2;
    bytes[4..pages].fill(0xff);
    fs::write(&part, &bytes).unwrap();
    fit(&made.folder, SECOND, None);
    for command in ["report", "charts"] {
        let refused = analyze(&made, &[command]);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(SECOND), "{said}");
        assert!(said.contains("with --allow-damaged"), "{said}");
    }
    let allowed = analyze(&made, &["report", "--allow-damaged", "--json"]);
    assert_eq!(text(&allowed.stderr), "");
    let allowed: serde_json::Value = serde_json::from_slice(&allowed.stdout).unwrap();
    assert_eq!(allowed["recording"]["damaged_parts"][0]["file"], SECOND);
    assert_eq!(allowed["recording"]["damaged_parts"][0]["rows"], 100);
    assert_eq!(allowed["paths"][0]["overall"]["total"], 152);
    assert_eq!(allowed["paths"][0]["headline"]["at_least"], true);
}

#[test]
fn nothing_is_left_where_every_part_is_damaged() {
    let made = made();
    for part in [FIRST, SECOND, "operations/proxy-00001.parquet"] {
        fs::write(made.folder.join(part), "PAR1").unwrap();
    }
    let said = analyze(&made, &["report", "--allow-damaged"]);
    assert_eq!(said.status.code(), Some(1));
    let said = text(&said.stderr);
    assert!(
        said.contains("no operation is left: without 3 damaged parts"),
        "{said}"
    );
}

#[test]
fn what_is_outside_of_the_folder_is_not_read() {
    let made = made();
    let outside = made.folder.parent().unwrap().join("secret.parquet");
    fs::rename(made.folder.join(SECOND), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, made.folder.join(SECOND)).unwrap();
    let refused = analyze(&made, &["report"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("it is a link to another place"), "{said}");
    let allowed = analyze(&made, &["report", "--allow-damaged", "--json"]);
    let allowed: serde_json::Value = serde_json::from_slice(&allowed.stdout).unwrap();
    assert_eq!(allowed["paths"][0]["overall"]["total"], 152);
}

#[test]
fn a_part_that_is_named_twice_counts_once() {
    let made = made();
    let mut manifest = recording::Manifest::read(&made.folder).unwrap();
    let again = manifest.parts.clone();
    manifest.parts.extend(again);
    manifest.write(&made.folder).unwrap();
    let summary = made.analyze().summary;
    assert_eq!(summary.paths[0].overall.total, 252);
    assert_eq!(summary.paths[1].overall.total, 299);
}

fn allowed_json(made: &Made) -> serde_json::Value {
    let allowed = analyze(made, &["report", "--allow-damaged", "--json"]);
    assert_eq!(allowed.status.code(), Some(0), "{}", text(&allowed.stderr));
    serde_json::from_slice(&allowed.stdout).unwrap()
}

/// A line of the report's text, by how it begins.
fn line_of(made: &Made, arguments: &[&str], start: &str) -> String {
    let report = text(&analyze(made, &[&["report", "--allow-damaged"], arguments].concat()).stdout);
    let mut lines = report.lines().map(str::trim);
    let line = lines.find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("no {start:?} in {report}"))
        .to_owned()
}

#[test]
fn damage_of_one_path_is_none_of_the_other() {
    let made = made();
    fs::write(made.folder.join("operations/proxy-00001.parquet"), "PAR1").unwrap();
    let json = allowed_json(&made);
    assert_eq!(json["recording"]["is_partial"], true);
    let [direct, proxy] = [&json["paths"][0], &json["paths"][1]];
    assert_eq!(direct["is_left_out"], false);
    assert_eq!(direct["headline"]["at_least"], false);
    assert_eq!(direct["overall"]["total"], 252);
    // Nothing is known of the other, and nothing is made up.
    assert_eq!(proxy["is_left_out"], true);
    assert!(proxy["overall"]["tps"].is_null() && proxy["overall"]["steady_tps"].is_null());
    let verdict = line_of(&made, &[], "proxy  ");
    assert!(verdict.contains("left out as damaged"), "{verdict}");
    let report = text(&analyze(&made, &["report", "--allow-damaged"]).stdout);
    for untrue in ["no operations recorded", "proxy 0"] {
        assert!(!report.contains(untrue), "{report}");
    }
    let (_, operations) = report.split_once("\nOperations\n").unwrap();
    let mut rows = operations.lines().map(str::trim);
    let row = rows.find(|line| line.starts_with("proxy ")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().skip(1).collect();
    assert_eq!(cells, ["-"; 8], "{report}");
    let chinese = text(&analyze(&made, &["report", "--allow-damaged", "--lang", "zh"]).stdout);
    let of_proxy = chinese
        .split_once("Proxy 连接结果")
        .unwrap_or_else(|| panic!("{chinese}"))
        .1;
    assert!(
        of_proxy.lines().nth(1).unwrap().contains("总操作数: -"),
        "{of_proxy}"
    );
    let charts = analyze(&made, &["charts", "--allow-damaged", "--svg"]);
    assert_eq!(charts.status.code(), Some(0), "{}", text(&charts.stderr));
    let svg = fs::read_to_string(made.folder.join("analysis/availability.svg")).unwrap();
    assert!(svg.contains("proxy: left out as damaged"));
}

#[test]
fn a_trigger_in_a_damaged_part_is_not_one_that_never_came() {
    let made = reads_with_a_gap().trigger(9.5).write();
    let mut manifest = recording::Manifest::read(&made.folder).unwrap();
    manifest.failover = Some(recording::Failover {
        command: "lab failover".to_owned(),
        after_us: 9_500_000,
        every_us: None,
        count: None,
        heal_command: None,
        settle_us: None,
    });
    manifest.write(&made.folder).unwrap();
    let english = || line_of(&made, &[], "Failover triggered");
    assert!(english().contains("20:43:09.500 UTC"), "{}", english());
    fs::write(made.folder.join("events/events-00001.parquet"), "PAR1").unwrap();
    assert!(
        english().ends_with("not known: events are left out as damaged"),
        "{}",
        english()
    );
    let chinese = line_of(&made, &["--lang", "zh"], "- 故障转移触发时间");
    assert!(chinese.ends_with("未知: 事件已损坏, 未计入"), "{chinese}");
    // Events are none of the operations.
    let json = allowed_json(&made);
    assert_eq!(json["recording"]["is_partial"], false);
}

/// Every file and folder below `folder` with its size and when it was changed.
fn listing(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            all.extend(listing(&path));
        }
        all.insert(path, (metadata.len(), metadata.modified().unwrap()));
    }
    all
}

#[test]
fn the_recording_is_left_as_it_is() {
    let made = made();
    let before = listing(&made.folder);
    let folder_before = fs::metadata(&made.folder).unwrap().modified().unwrap();
    for arguments in [&["report"][..], &["report", "--allow-damaged", "--json"]] {
        assert_eq!(analyze(&made, arguments).status.code(), Some(0));
    }
    assert_eq!(listing(&made.folder), before);
    let folder_after = fs::metadata(&made.folder).unwrap().modified().unwrap();
    assert_eq!(folder_after, folder_before);
    // Charts come into `analysis`, and nothing else does.
    assert_eq!(analyze(&made, &["charts"]).status.code(), Some(0));
    let mut after = listing(&made.folder);
    after.retain(|path, _| !path.starts_with(made.folder.join("analysis")));
    assert_eq!(after, before);
}
