//! README and docs name commands and flags: each has to exist.

use std::collections::BTreeMap;
use std::process::Command;

use crate::support::{program, succeed, workspace};

const PAGES: [&str; 14] = [
    "README.md",
    "docs/connecting.md",
    "docs/development.md",
    "docs/direct-path-variants.md",
    "docs/figures.md",
    "docs/fleets.md",
    "docs/guides/contributing.md",
    "docs/guides/game-day.md",
    "docs/guides/patroni-and-others.md",
    "docs/install.md",
    "docs/lab.md",
    "docs/reading-a-report.md",
    "docs/recording.md",
    "docs/safety.md",
];
const PROGRAMS: [&str; 4] = ["recorder", "analyze", "lab", "xtask"];

fn page(name: &str) -> String {
    std::fs::read_to_string(workspace().join(name)).unwrap()
}

/// The help of `recorder run` and the like.
fn help(program_name: &str, subcommand: &str) -> String {
    let output = Command::new(program(program_name))
        .args([subcommand, "--help"])
        .output()
        .unwrap();
    succeed(&output).0
}

/// Command lines of a page's shell blocks, continued lines joined, as words; those of its console blocks, after a `$`, too.
fn command_lines(page: &str) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for (language, prompt) in [("```sh\n", ""), ("```console\n", "$ ")] {
        for block in page.split(language).skip(1) {
            let block = block.split("```").next().unwrap().replace("\\\n", " ");
            for line in block.lines().filter_map(|line| line.strip_prefix(prompt)) {
                let line = line.split(" #").next().unwrap();
                let line = line.strip_prefix("RUN=$(").unwrap_or(line);
                let line = line.strip_prefix("cargo ").unwrap_or(line);
                lines.push(line.split_whitespace().map(str::to_owned).collect());
            }
        }
    }
    lines
}

#[test]
fn every_command_and_flag_of_the_examples_exists() {
    let pages = PAGES.map(page).concat();
    let mut checked = 0;
    for words in command_lines(&pages) {
        let [name, subcommand, rest @ ..] = words.as_slice() else {
            continue;
        };
        if !PROGRAMS.contains(&name.as_str()) {
            continue;
        }
        let help = help(name, subcommand);
        checked += 1;
        // What stands in quotes belongs to another program.
        let own = rest.iter().take_while(|word| !word.starts_with('\''));
        for flag in own.filter(|word| word.starts_with("--")) {
            assert!(
                help.contains(flag.as_str()),
                "{name} {subcommand} has no {flag}"
            );
        }
    }
    assert!(checked >= 30, "{checked} examples were found");
}

#[test]
fn the_table_of_flags_is_true() {
    let help = help("recorder", "run");
    let mut rows = BTreeMap::new();
    let recording = page("docs/recording.md");
    for line in recording.lines().filter(|line| line.starts_with("| `--")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let quoted = |cell: &str| -> Vec<String> {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        let (flags, defaults) = (quoted(cells[1]), quoted(cells[2]));
        for (index, flag) in flags.iter().enumerate() {
            rows.insert(flag.clone(), defaults.get(index).cloned());
        }
    }
    assert!(rows.len() > 15, "the table was not found");
    for (flag, default) in rows.into_iter().filter(|(flag, _)| !flag.ends_with('*')) {
        // Its own paragraph, not where another one speaks of it, further to the right.
        let is_own = |line: &&str| {
            let indentation = line.len() - line.trim_start().len();
            indentation < 8 && line.split_whitespace().next() == Some(&flag)
        };
        let Some(own) = help.lines().find(is_own) else {
            panic!("recorder run has no {flag}");
        };
        let Some(default) = default else { continue };
        let text = help.split_once(own).unwrap().1;
        let shown = text.find("[default: ").map(|from| &text[from..]).unwrap();
        assert!(
            shown.starts_with(&format!("[default: {default}]")),
            "{flag}: {default} is not the default"
        );
    }
}
