//! The README names commands and flags: each has to exist.

use std::collections::BTreeMap;
use std::process::Command;

use crate::support::{program, succeed};

const README: &str = include_str!("../../../../README.md");
const PROGRAMS: [&str; 3] = ["recorder", "analyze", "lab"];

/// The help of `recorder run` and the like.
fn help(program_name: &str, subcommand: &str) -> String {
    let output = Command::new(program(program_name))
        .args([subcommand, "--help"])
        .output()
        .unwrap();
    succeed(&output).0
}

/// Command lines of the README's shell blocks, continued lines joined, as words.
fn command_lines() -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for block in README.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap().replace("\\\n", " ");
        for line in block.lines() {
            let line = line.split(" #").next().unwrap();
            lines.push(line.split_whitespace().map(str::to_owned).collect());
        }
    }
    lines
}

#[test]
fn every_command_and_flag_of_the_examples_exists() {
    let mut checked = 0;
    for words in command_lines() {
        let [name, subcommand, rest @ ..] = words.as_slice() else {
            continue;
        };
        if !PROGRAMS.contains(&name.as_str()) {
            continue;
        }
        let help = help(name, subcommand);
        // What stands in quotes belongs to another program.
        let own = rest.iter().take_while(|word| !word.starts_with('\''));
        for flag in own.filter(|word| word.starts_with("--")) {
            assert!(
                help.contains(flag.as_str()),
                "{name} {subcommand} has no {flag}"
            );
            checked += 1;
        }
    }
    assert!(checked >= 3, "the README's examples were not found");
}

#[test]
fn the_table_of_flags_is_true() {
    let help = help("recorder", "run");
    let mut rows = BTreeMap::new();
    for line in README.lines().filter(|line| line.starts_with("| `--")) {
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
    assert!(rows.len() > 15, "the README's table was not found");
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
