//! `analyze report --format`, as a user runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Made, reads_with_a_gap};
use recording::vocabulary::ErrorClass::Refused;

fn recorded() -> Made {
    reads_with_a_gap()
        .failed("user_list", 12.0, 12.1, Refused)
        .write()
}

fn report(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_analyze"));
    command
        .arg("report")
        .arg(folder)
        .args(more)
        .output()
        .unwrap()
}

fn stdout(folder: &Path, more: &[&str]) -> String {
    let output = report(folder, more);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_format_on_the_standard_output_and_in_a_file() {
    let made = recorded();
    for (format, start, language) in [
        ("text", "Failover report\n====", true),
        ("markdown", "# Failover report\n\n- **Run**: ", true),
        ("html", "<!DOCTYPE html><html lang=\"en\"><head>", true),
        ("json", "{\n  \"definitions\": ", false),
    ] {
        let printed = stdout(&made.folder, &["--format", format]);
        assert!(printed.starts_with(start), "{format}: {printed}");
        let file = made.folder.with_file_name("a report.txt");
        let named = file.to_str().unwrap();
        let said = stdout(&made.folder, &["--format", format, "--out", named]);
        assert_eq!(said, format!("{named}\n"));
        let written = fs::read_to_string(&file).unwrap();
        match format {
            // It has links to its charts.
            "markdown" => assert!(written.starts_with(start) && written.len() > printed.len()),
            _ => assert_eq!(written, printed, "{format}"),
        }
        if language {
            let chinese = stdout(&made.folder, &["--format", format, "--lang", "zh"]);
            assert!(chinese.contains("测试配置"), "{format}");
        }
    }
    let short = stdout(&made.folder, &["--json"]);
    assert_eq!(short, stdout(&made.folder, &["--format", "json"]));
}

#[test]
fn markdown_in_a_file_has_its_charts_next_to_it() {
    let made = recorded();
    let folder = made.folder.with_file_name("pages");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("my report (1).md");
    stdout(
        &made.folder,
        &["--format", "markdown", "--out", file.to_str().unwrap()],
    );
    let text = fs::read_to_string(&file).unwrap();
    let linked: Vec<String> = text
        .split("](")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap().to_owned())
        .collect();
    assert!(
        linked.len() >= 8 && linked.len().is_multiple_of(2),
        "{text}"
    );
    for link in &linked {
        let path = link
            .replace("%20", " ")
            .replace("%28", "(")
            .replace("%29", ")");
        assert!(path.starts_with("my report (1)-charts/"), "{path}");
        assert!(
            fs::metadata(folder.join(&path)).unwrap().len() > 1_000,
            "{path}"
        );
    }
    assert!(
        linked[0].ends_with(".png") && linked[1].ends_with(".svg"),
        "{linked:?}"
    );
    // Without a file there is no place for charts.
    assert!(!stdout(&made.folder, &["--format", "markdown"]).contains("]("));
}

#[test]
fn what_does_not_go_together_is_one_line() {
    let made = recorded();
    let refused = |more: &[&str], code: i32| {
        let output = report(&made.folder, more);
        assert_eq!(output.status.code(), Some(code), "{more:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused(&["--format", "json", "--lang", "zh"], 2);
    assert_eq!(
        said,
        "analyze: --lang and --timezone: JSON has no language, and its times are UTC; leave them out, or take another --format\n"
    );
    assert!(refused(&["--json", "--lang", "zh"], 2).contains("cannot be used with"));
    assert!(refused(&["--json", "--format", "html"], 2).contains("cannot be used with"));
    let nowhere = made.folder.join("missing/report.html");
    let said = refused(&["--format", "html", "--out", nowhere.to_str().unwrap()], 1);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("analyze: cannot write ")
            && said.ends_with("; name another file with --out\n"),
        "{said}"
    );
}
