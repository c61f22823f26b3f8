//! Damaged and hostile recordings: each ends in a report or in one clear line, never in a panic, a hang or a look outside.
//!
//! `PGOUTAGE_MUTATIONS` says how many are tried (10,000 before a release), `PGOUTAGE_MUTATION` picks one by its number: the same
//! number is the same mutation.

mod mutate;

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::support::HandMade;
use crate::support::audited::audit;
use crate::support::refit::rewrite;
use analyze::load::{Damage, Loaded};
use analyze::summary::Thresholds;
use analyze::text::{Language, TextOptions, render};
use mutate::{Files, Mutant, SECRET};
use recording::vocabulary::ErrorClass::{ReadOnly, Refused};
use recording::vocabulary::FindingKind::{Lost, Torn};
use recording::vocabulary::Outcome;
use recording::vocabulary::Path::{Direct, Proxy};

const DEFAULT_MUTATIONS: u64 = 200;
/// A case that takes longer hangs: the slowest takes a hundredth of it.
const HANGS: Duration = Duration::from_secs(120);

/// A hundred operations on two paths, two failures among them, a trigger, pgbench and probes.
fn hand_made() -> HandMade {
    [Direct, Proxy]
        .into_iter()
        .fold(HandMade::new(10.0), |made, path| {
            made.on(path)
                .steady("user_list", 0.1, 0.1, 30, 0.005)
                .failed("user_list", 3.2, 3.25, Refused)
                .steady("user_list", 5.0, 0.2, 20, 0.005)
                .failed("update_login", 5.2, 5.25, ReadOnly)
                .rejected(6.0, 6.01)
                .unfinished("place_order", 9.5)
                .load(4.0, 700.0, 1_000)
                .probe(3.0, Refused)
        })
        .trigger(2.9)
}

fn files(root: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(name);
            } else {
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    files
}

/// A complete recording with an audit, and one whose recorder was killed, all of it in journals.
fn originals() -> [Files; 2] {
    let complete = hand_made().write();
    audit(&complete, &[(Direct, 2), (Proxy, 2)])
        .found(
            Direct,
            Lost,
            ("user_list", Outcome::Ok),
            [(1, 0.1), (2, 0.2)],
        )
        .found(Proxy, Torn, ("user_list", Outcome::Ok), [(30, 3.0)])
        .write();
    let complete = files(&complete.folder);
    let (made, writer) = hand_made().begin();
    loop {
        let seen = Loaded::open(&made.folder).and_then(|loaded| {
            let analysis = analyze::analyze(&loaded, Thresholds::default())?;
            Ok(analysis.summary.recording.journal_rows)
        });
        // 2 x 54 operations, the trigger, two lines of pgbench, two probes.
        if seen.is_ok_and(|rows| rows == 113) {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let killed = files(&made.folder);
    drop(writer);
    [complete, killed]
}

/// A whole part that lies outside of every recording, whose rows no report may show.
fn secret() -> Vec<u8> {
    let made = hand_made().write();
    let part = "operations/direct-00001.parquet";
    rewrite(&made.folder, part, |frame| {
        use polars::prelude::lit;
        frame.with_columns([lit(SECRET).alias("operation_name")])
    });
    fs::read(made.folder.join(part)).unwrap()
}

/// Ends the test, loudly, where a case does not end.
fn watch(case: &'static AtomicU64) {
    std::thread::spawn(move || {
        let mut seen = u64::MAX;
        loop {
            let now = case.load(Ordering::Relaxed);
            if now == seen {
                eprintln!("mutation {now} hangs");
                std::process::abort();
            }
            seen = now;
            std::thread::sleep(HANGS);
        }
    });
}

/// What a mutant ended in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Report,
    Damaged,
    OtherLine,
}

fn analyzed(folder: &Path, damage: Damage) -> Result<(End, String), String> {
    let analysis = Loaded::open_with(folder, damage)
        .and_then(|loaded| analyze::analyze(&loaded, Thresholds::default()));
    match analysis {
        Ok(analysis) => {
            let mut said = serde_json::to_string(&analysis.summary).unwrap();
            for language in [Language::En, Language::Zh] {
                let options = TextOptions {
                    language,
                    color: false,
                    columns: None,
                };
                said += &render(&analysis.summary, &options);
            }
            Ok((End::Report, said))
        }
        Err(error) => {
            let is_damaged = matches!(error, analyze::AnalyzeError::Damaged(_));
            let end = if is_damaged {
                End::Damaged
            } else {
                End::OtherLine
            };
            let said = error.to_string();
            if said.trim().is_empty() {
                return Err("an empty line".to_owned());
            }
            Ok((end, said))
        }
    }
}

/// The program itself: its exit code is one of ours, and it says nothing or one line; of charts which have nothing to show.
fn program(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
        .args(&arguments[..1])
        .arg(folder)
        .args(&arguments[1..])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = said.lines().count();
    let fits = match output.status.code() {
        Some(0) => lines == 0 || (lines == 1 && said.starts_with("analyze: not drawn, as ")),
        Some(1 | 2) => lines == 1 && said.starts_with("analyze: "),
        _ => false,
    };
    if !fits || said.contains("panicked") {
        return Err(format!("{arguments:?}: {:?}: {said}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned() + &said)
}

fn check(number: u64, folder: &Path) -> Result<End, String> {
    let damage = if number.is_multiple_of(2) {
        Damage::Refused
    } else {
        Damage::Allowed
    };
    let done = catch_unwind(AssertUnwindSafe(|| analyzed(folder, damage)));
    let (end, mut said) = done.map_err(|_| "a panic".to_owned())??;
    if number.is_multiple_of(20) {
        said += &program(folder, &["report", "--allow-damaged"])?;
        said += &program(folder, &["report", "--json"])?;
    }
    if number.is_multiple_of(100) {
        said += &program(folder, &["charts", "--allow-damaged"])?;
    }
    if said.contains(SECRET) {
        return Err("it shows what is outside of the recording".to_owned());
    }
    Ok(end)
}

#[test]
fn garbage_ends_in_a_report_or_in_one_line() {
    static CASE: AtomicU64 = AtomicU64::new(0);
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let cases = match number("PGOUTAGE_MUTATION") {
        Some(case) => case..case + 1,
        None => 0..number("PGOUTAGE_MUTATIONS").unwrap_or(DEFAULT_MUTATIONS),
    };
    let originals = originals();
    let root = tempfile::tempdir().unwrap();
    let secret_file = root.path().join("secret.parquet");
    fs::write(&secret_file, secret()).unwrap();
    for (index, original) in originals.iter().enumerate() {
        let folder = root.path().join(format!("original-{index}"));
        Mutant::new(original, &secret_file).write(&folder);
        let whole = analyzed(&folder, Damage::Refused).unwrap();
        assert_eq!(whole.0, End::Report, "{}", whole.1);
    }
    watch(&CASE);
    let mut ends: BTreeMap<End, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    let folder = root.path().join("run");
    for case in cases.clone() {
        CASE.store(case, Ordering::Relaxed);
        let mut mutant = Mutant::new(&originals[(case % 2) as usize], &secret_file);
        let told = mutant.mutate(case);
        mutant.write(&folder);
        match check(case / 2, &folder) {
            Ok(end) => *ends.entry(end).or_insert(0) += 1,
            Err(reason) => wrong.push(format!("mutation {case} ({told}): {reason}")),
        }
        fs::remove_dir_all(&folder).unwrap();
    }
    println!("{ends:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if cases.end - cases.start >= DEFAULT_MUTATIONS {
        assert_eq!(ends.len(), 3, "mutations that reach every end: {ends:?}");
    }
}
