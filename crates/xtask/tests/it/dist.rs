//! What the archive holds next to the programs, and what they say of their build. `cargo xtask dist --check` tests the archive itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{program, succeed, workspace};

const PROGRAMS: [&str; 3] = ["recorder", "analyze", "lab"];

fn output_of(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(program(name))
        .args(arguments)
        .output()
        .unwrap();
    succeed(&output).0
}

/// `None` where this machine does not have the program.
fn on_this_machine(name: &str, arguments: &[&str], file: &Path) -> Option<(bool, String)> {
    let output = Command::new(name).args(arguments).arg(file).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

#[test]
fn shells_read_the_completions() {
    let folder = tempfile::tempdir().unwrap();
    for name in PROGRAMS {
        for shell in ["bash", "zsh", "fish"] {
            let file = folder.path().join(shell);
            let script = output_of(name, &["completions", shell]);
            fs::write(&file, &script).unwrap();
            if let Some((is_read, text)) = on_this_machine(shell, &["-n"], &file) {
                assert!(is_read, "{name}, {shell}: {text}");
            }
            // A subcommand and a flag of it.
            for word in ["completions", "help", "version"] {
                assert!(script.contains(word), "{name}, {shell}: no {word}");
            }
        }
    }
}

#[test]
fn bash_completes_commands_and_flags() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorder");
    fs::write(&file, output_of("recorder", &["completions", "bash"])).unwrap();
    let complete = |words: &str, last: usize| {
        let script = format!(
            "source {}; COMP_WORDS=({words}); COMP_CWORD={last}; _recorder recorder \"${{COMP_WORDS[{last}]}}\" \"${{COMP_WORDS[{last}-1]}}\"; echo \"${{COMPREPLY[*]}}\"",
            file.display()
        );
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        succeed(&output).0.trim().to_owned()
    };
    assert_eq!(complete("recorder ver", 1), "verify");
    assert_eq!(complete("recorder run --failover-a", 2), "--failover-after");
    assert_eq!(complete("recorder run --mode b", 3), "both");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    for name in PROGRAMS {
        output_of(name, &["man", folder.path().to_str().unwrap()]);
    }
    let mut pages: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        assert!(text.contains(".TH "), "{}", page.display());
        // What only the lab itself starts.
        assert!(!page.ends_with("lab-serve.1"));
        let man = ["--local-file", "--warnings=mac"];
        if let Some((_, shown)) = on_this_machine("man", &man, page) {
            assert!(!shown.contains(": warning:"), "{}: {shown}", page.display());
            assert!(shown.contains("SYNOPSIS"), "{}: {shown}", page.display());
        }
    }
    // A page for each command that `--help` lists, and one for the program.
    let mut expected: Vec<String> = Vec::new();
    for name in PROGRAMS {
        expected.push(format!("{name}.1"));
        let help = output_of(name, &["--help"]);
        let list = help.split("Commands:\n").nth(1).unwrap();
        let list = list.split("\nOptions:").next().unwrap();
        let commands = list
            .lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|command| *command != "help");
        expected.extend(commands.map(|command| format!("{name}-{command}.1")));
    }
    expected.sort();
    let name = |page: &Path| page.file_name().unwrap().to_str().unwrap().to_owned();
    let found: Vec<String> = pages.iter().map(|page| name(page)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_page_keeps_the_lines_of_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    output_of("lab", &["man", folder.path().to_str().unwrap()]);
    let page = folder.path().join("lab-failover.1");
    if let Some((_, shown)) = on_this_machine("man", &["--local-file"], &page) {
        let line = "crash          every process of the writer killed           promote, dns, return, --hold";
        assert!(shown.contains(line), "{shown}");
    }
}

/// `recorder 0.1.0 (4b72a2a 2026-11-30)`, of the commit that is checked out.
#[test]
fn the_version_has_the_commit_and_its_date() {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(workspace())
            .output()
            .unwrap();
        succeed(&output).0.trim().to_owned()
    };
    let commit = git(&["log", "-1", "--format=%H %cs"]);
    let (hash, date) = commit.split_once(' ').unwrap();
    for name in PROGRAMS {
        let line = output_of(name, &["--version"]);
        let plain = format!(
            "{name} {} ({} {date})\n",
            env!("CARGO_PKG_VERSION"),
            &hash[..7]
        );
        let modified = plain.replace(")\n", ", modified)\n");
        assert!(line == plain || line == modified, "{line}");
    }
}
