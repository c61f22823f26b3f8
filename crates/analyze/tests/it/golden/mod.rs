//! Golden recordings: what an earlier version wrote is read with the same figures, for years.

mod known;
mod lab;
mod later;
mod made;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use analyze::load::{Loaded, Range};
use analyze::summarize;
use analyze::summary::{Summary, Thresholds};

use crate::support::refit::checksum;

/// Every golden recording: name, parts, rows in these, and whether all of it is in parts of a recording that has ended.
const GOLDEN: [(&str, u64, u64, bool); 12] = [
    ("v1-lab-crash-failover", 4, 4_093, true),
    ("v1-lab-interrupted", 4, 660, true),
    ("v1-lab-killed", 0, 0, false),
    ("v1-lab-lost-commits", 5, 2_974, true),
    ("v1-lab-open-loop", 6, 9_646, true),
    ("v1-lab-pgbench", 6, 949, true),
    ("v1-lab-recovered", 5, 699, true),
    ("v1-lab-two-downtimes", 6, 5_987, true),
    ("v1-later-minor", 3, 259, true),
    ("v1-made-edges", 2, 481, true),
    ("v1-made-queue", 7, 1_595, true),
    ("v1-made-words", 5, 695, true),
];

fn manifest_folder() -> PathBuf {
    // As `cargo test` says it now: a path from build time is another clone's where both share a target folder.
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
}

fn golden() -> PathBuf {
    manifest_folder().join("../../data/golden")
}

fn summary_in(folder: &Path) -> Summary {
    // As the command line has it: without the warm-up.
    let loaded = Loaded::open(folder).unwrap();
    let loaded = loaded.within(&Range::default()).unwrap();
    summarize(&loaded, Thresholds::default()).unwrap()
}

fn summary_of(name: &str) -> Summary {
    summary_in(&golden().join(name))
}

fn json(summary: &Summary) -> String {
    let mut text = serde_json::to_string_pretty(summary).unwrap();
    text.push('\n');
    text
}

/// Every file below a folder, with its bytes and when it was last changed.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let changed = path.metadata().unwrap().modified().unwrap();
                found.insert(path.clone(), (fs::read(&path).unwrap(), changed));
            }
        }
    }
    found
}

/// The SHA-256 of each recording's figures, as `sha256sum` prints it: what `analyze report --json` prints.
const DIGESTS: &str = include_str!("digests.txt");

/// Every figure, by its digest: none of them changes unnoticed.
#[test]
fn every_figure_is_as_it_was() {
    let mut changed = String::new();
    let mut digests = String::new();
    for (name, ..) in GOLDEN {
        let before = files(&golden().join(name));
        let summary = summary_of(name);
        assert!(files(&golden().join(name)) == before, "{name} was changed");
        let line = format!("{}  {name}\n", checksum(json(&summary).as_bytes()));
        if !DIGESTS.contains(&line) {
            changed.push_str(&line);
        }
        digests.push_str(&line);
    }
    assert!(
        changed.is_empty(),
        "The figures of these golden recordings are not what they were:\n{changed}\
         To see which: compare `analyze report data/golden/NAME --json` of this build with that of the last commit.\n\
         If the change is meant: name the figures in CHANGELOG.md, and put these lines into crates/analyze/tests/it/golden/digests.txt."
    );
    assert_eq!(digests, DIGESTS, "a line for each golden recording");
}

/// Two of them as text, to see at a glance what a change does: all that a hand-made recording can hold, and a failover of the lab.
#[test]
fn the_figures_as_text() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(manifest_folder().join("tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    for name in ["v1-lab-crash-failover", "v1-made-edges"] {
        insta::assert_snapshot!(format!("golden-{name}"), json(&summary_of(name)));
    }
}

#[test]
fn each_is_verified_and_none_is_forgotten() {
    let found = recording::find(&golden()).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|folder| folder.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(found, GOLDEN.map(|golden| golden.0));
    for (name, parts, rows, is_whole) in GOLDEN {
        let verified = recording::verify(&golden().join(name), &mut |_, _| {}).unwrap();
        assert!(
            verified.damaged.is_empty() && verified.unnamed.is_empty(),
            "{name}: {verified:?}"
        );
        assert_eq!(
            (name, verified.parts, verified.rows, verified.is_whole()),
            (name, parts, rows, is_whole)
        );
        // They are small, so that there can be many.
        let bytes = files(&golden().join(name));
        let bytes: usize = bytes.values().map(|(bytes, _)| bytes.len()).sum();
        assert!(bytes < 300_000, "{name}: {bytes} bytes");
    }
}

/// The makers still make what lies there.
#[test]
fn made_again_the_figures_are_the_same() {
    for (name, make) in made::MADE {
        let made = make();
        assert!(
            json(&summary_in(&made.folder)) == json(&summary_of(name)),
            "{name}"
        );
    }
}

/// Writes the hand-made recordings that are not there; one that is there stays as its version wrote it.
#[test]
#[ignore = "writes into data/golden: see data/README.md"]
fn make_the_missing_ones() {
    for (name, make) in made::MADE {
        let to = golden().join(name);
        if to.exists() {
            continue;
        }
        copy(&make().folder, &to);
    }
}

/// A recording with all its files.
pub(crate) fn copy(from: &Path, to: &Path) {
    for (file, (bytes, _)) in files(from) {
        let copy = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, bytes).unwrap();
    }
}
