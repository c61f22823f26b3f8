//! The guides: what a reader types is run, page by page and in order, with a lab in the place of the reader's cluster.
//!
//! In a guide a block of `sh`, `sql` or `python` is run. A block of `console`, whose commands have a `$` in front, is for what only the
//! reader has: another program, a cloud, a hundred hosts. Of that the variables are taken, and `readme.rs` checks our own commands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::served::Served;
use crate::support::{figures, group, program, seconds, whole_machine, workspace};

/// A page, and how its commands are run.
struct Guide {
    page: &'static str,
    /// The `lab` command that `$FAILOVER` is; `None` where the page needs no cluster.
    failover: Option<&'static str>,
    /// The direct URL names both servers, and not the writer's name.
    has_hosts: bool,
    /// Times that are too long for a test, as the page has them, and shorter ones.
    shorter: &'static [(&'static str, &'static str)],
    /// What has to be true when the commands have run in that folder.
    outcome: fn(&Path),
}

/// Ends the recording by itself, however slow the machine is.
const UNTIL_HEALED: &str = "--failover-count 1 --settle 3s";

const GUIDES: [Guide; 4] = [
    Guide {
        page: "docs/guides/game-day.md",
        failover: Some("failover --dns-after 2s"),
        has_hosts: false,
        shorter: &[
            ("--duration 10m", UNTIL_HEALED),
            ("--failover-after 2m", "--failover-after 8s"),
        ],
        outcome: game_day,
    },
    Guide {
        page: "docs/guides/patroni-and-others.md",
        failover: Some("failover --kind switchover"),
        has_hosts: true,
        shorter: &[
            ("--duration 5m", UNTIL_HEALED),
            ("--failover-after 1m", "--failover-after 8s"),
        ],
        outcome: patroni_and_others,
    },
    Guide {
        page: "docs/fleets.md",
        failover: Some("failover --dns-after 2s"),
        has_hosts: false,
        shorter: &[],
        outcome: fleet,
    },
    Guide {
        page: "docs/guides/contributing.md",
        failover: None,
        has_hosts: false,
        shorter: &[],
        outcome: contributing,
    },
];

/// A fenced block of a page.
struct Block {
    language: String,
    text: String,
    /// Of the fence, from 1.
    line: usize,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block {
                    language: language.to_owned(),
                    text: String::new(),
                    line: index + 1,
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => writeln!(block.text, "{line}").unwrap(),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

/// The variables that a reader sets in the page's console blocks.
fn introduced(blocks: &[Block]) -> BTreeSet<&str> {
    let console = blocks.iter().filter(|block| block.language == "console");
    let lines = console.flat_map(|block| block.text.lines());
    let exports = lines.filter_map(|line| line.strip_prefix("$ export "));
    exports
        .map(|export| export.split('=').next().unwrap())
        .collect()
}

/// The blocks as one script: what an earlier one sets, a later one has. The last number that it says is the line of the page at which it stopped.
fn script(guide: &Guide, page: &str, blocks: &[Block], folder: &Path) -> (String, usize) {
    let mut script = "set -euo pipefail\n".to_owned();
    let mut run = 0;
    for block in blocks {
        let command = match &*block.language {
            "sh" => block.text.clone(),
            "sql" | "python" => {
                let file = folder.join(format!(".block-{}.{}", block.line, block.language));
                std::fs::write(&file, &block.text).unwrap();
                let ask = workspace().join("crates/xtask/tests/python/block.py");
                format!("\"$PYTHON\" -B '{}' '{}'\n", ask.display(), file.display())
            }
            _ => continue,
        };
        run += 1;
        writeln!(
            script,
            "echo '{}:{}' >&2\n{command}",
            guide.page, block.line
        )
        .unwrap();
    }
    for (long, short) in guide.shorter {
        assert!(page.contains(long), "{} has no {long}", guide.page);
        script = script.replace(long, short);
    }
    (script, run)
}

impl Guide {
    /// What the reader's cluster is in the test.
    fn environment(&self, lab: &Served, failover: &str) -> BTreeMap<String, String> {
        let mut variables: BTreeMap<_, _> = lab.variables.iter().cloned().collect();
        let dir = lab.dir.to_str().unwrap();
        let failover = format!("lab {failover} --dir '{dir}'");
        variables.insert("FAILOVER".to_owned(), failover);
        if self.has_hosts {
            let direct = &variables["PGOUTAGE_DIRECT_URL"];
            let hosts = hosts_of(lab, direct);
            variables.insert("PGOUTAGE_DIRECT_URL".to_owned(), hosts);
        }
        variables
    }

    fn follow(&self) {
        let page = std::fs::read_to_string(workspace().join(self.page)).unwrap();
        let blocks = blocks(&page);
        let folder = tempfile::tempdir().unwrap();
        // As in the root of a clone; recordings go to a `data/runs` of its own.
        std::fs::create_dir(folder.path().join("data")).unwrap();
        for name in ["data/golden", "sql"] {
            let of_clone = std::fs::canonicalize(workspace().join(name)).unwrap();
            std::os::unix::fs::symlink(of_clone, folder.path().join(name)).unwrap();
        }
        let (script, run) = script(self, &page, &blocks, folder.path());
        assert!(run > 0, "{}: no block is run", self.page);

        let lab = self
            .failover
            .map(|failover| (Served::start(&["--ttl", "1s"]), failover));
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(folder.path());
        if let Some((lab, failover)) = &lab {
            let variables = self.environment(lab, failover);
            // The name server is the lab's own: a reader has the system's.
            let expected = variables
                .keys()
                .filter(|name| *name != "PGOUTAGE_DNS_SERVER");
            let introduced = introduced(&blocks);
            for name in expected {
                assert!(introduced.contains(&**name), "{}: {name}", self.page);
            }
            command.envs(variables);
        }
        let output = command
            .env("PATH", with_programs())
            .env("PYTHON", interpreter())
            .env_remove("PGPASSWORD")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}: {}\n{}\n{}",
            self.page,
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        (self.outcome)(folder.path());
    }
}

/// The direct URL with both servers instead of the writer's name.
fn hosts_of(lab: &Served, direct: &str) -> String {
    let status: Value = serde_json::from_str(&lab.run(&["status", "--json"])).unwrap();
    let nodes = status["nodes"].as_array().unwrap();
    let hosts: Vec<_> = nodes
        .iter()
        .map(|node| node["address"].as_str().unwrap())
        .collect();
    let (user, rest) = direct.split_once('@').unwrap();
    let (_, database) = rest.split_once('/').unwrap();
    let (database, _) = database.split_once('?').unwrap_or((database, ""));
    let hosts = hosts.join(",");
    format!("{user}@{hosts}/{database}?sslmode=disable&target_session_attrs=read-write")
}

/// The programs that cargo built come first.
fn with_programs() -> std::ffi::OsString {
    let built = program("recorder").parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(built).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap()
}

fn interpreter() -> String {
    std::env::var("PGOUTAGE_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// The only recording of a page that records one.
fn recording(folder: &Path) -> PathBuf {
    let found = recording::find(&folder.join("data/runs")).unwrap();
    let [recording] = &*found else {
        panic!("{found:?}");
    };
    recording.clone()
}

/// A client that connects anew could not write on the direct path for a while.
fn assert_was_down(recording: &Path) {
    let figures = figures(recording);
    assert_eq!(figures["recording"]["state"], "complete");
    let service = &group(&figures, "direct", "writer")["service"];
    let downtime = seconds(&service["downtime_us"]);
    assert!(downtime > 0.5, "{service:#}");
}

fn game_day(folder: &Path) {
    let recording = recording(folder);
    assert_was_down(&recording);
    assert!(recording.join("audit.json").is_file());
    let of = |file: &str| std::fs::read(folder.join("post-mortem").join(file)).unwrap();
    for chart in ["overview.png", "response-time.png", "availability.png"] {
        assert!(of(chart).starts_with(b"\x89PNG"), "{chart}");
    }
    for report in ["report.html", "report.md"] {
        let text = String::from_utf8(of(report)).unwrap();
        assert!(text.contains("for a fresh client"), "{report}");
    }
}

fn patroni_and_others(folder: &Path) {
    let recording = recording(folder);
    assert_was_down(&recording);
    // Of several hosts the one that takes writes was found again.
    let figures = figures(&recording);
    let writer = group(&figures, "direct", "writer");
    assert_eq!(writer["at_least"], false, "{writer:#}");
}

fn fleet(folder: &Path) {
    let copies = recording::find(&folder.join("fleet")).unwrap();
    assert_eq!(copies.len(), 2, "{copies:?}");
    copies.iter().for_each(|copy| assert_was_down(copy));
}

fn contributing(folder: &Path) {
    let before = std::fs::read_to_string(folder.join("before.json")).unwrap();
    assert!(before.matches("\"run_id\"").count() >= 5);
}

fn follow(page: &str) {
    let _machine = whole_machine();
    let guide = GUIDES.iter().find(|guide| guide.page == page).unwrap();
    guide.follow();
}

#[test]
fn a_game_day_ends_with_a_chart() {
    follow("docs/guides/game-day.md");
}

#[test]
fn members_and_a_pooler_are_recorded() {
    follow("docs/guides/patroni-and-others.md");
}

#[test]
fn the_folders_of_two_hosts_are_one_table() {
    follow("docs/fleets.md");
}

#[test]
fn a_contributor_compares_two_reports() {
    follow("docs/guides/contributing.md");
}

/// What is not run is what can't be, and has the form in which `readme.rs` finds our own commands.
#[test]
fn what_is_not_run_is_marked() {
    let mut foreign = 0;
    for guide in GUIDES {
        let page = std::fs::read_to_string(workspace().join(guide.page)).unwrap();
        for block in blocks(&page) {
            let at = format!("{}:{}", guide.page, block.line);
            match &*block.language {
                "sh" | "sql" | "python" => {}
                "console" => {
                    foreign += 1;
                    for line in block.text.lines() {
                        assert!(line.starts_with("$ "), "{at}: {line}");
                    }
                }
                // Files to look at: a script, and the DDL of Athena.
                "bash" | "hiveql" => foreign += 1,
                other => panic!("{at}: {other:?}"),
            }
        }
    }
    // One more needs a reason: what the lab can play is run.
    assert!(foreign <= 9, "{foreign} blocks are not run");
}

/// Files and folders move; a guide that names one that is not there leads nowhere.
#[test]
fn every_file_that_the_guides_name_is_there() {
    let mut seen = 0;
    for guide in GUIDES {
        let page = std::fs::read_to_string(workspace().join(guide.page)).unwrap();
        let prose = page.split("```").step_by(2);
        let names = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
        for name in names {
            let is_ours = ["crates/", "sql/", "data/golden", "data/cases"]
                .iter()
                .any(|folder| name.starts_with(folder));
            if is_ours {
                seen += 1;
                assert!(workspace().join(name).exists(), "{}: {name}", guide.page);
            }
        }
    }
    assert!(seen > 50, "{seen} names were found");
}
