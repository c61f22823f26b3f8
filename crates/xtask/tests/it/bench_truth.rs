//! The truth bench itself: a few short outages, all of them judged.

// The example's own parts, and their tests.
#[path = "../../examples/truth/bench/mod.rs"]
mod bench;
use std::path::Path;
use std::time::Duration;

use self::bench::{Failure, TruthArgs};
use crate::support::{program, whole_machine};

fn args(kinds: &[&str]) -> TruthArgs {
    TruthArgs {
        outages: kinds.len(),
        seed: Some(5),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        shortest: Duration::from_millis(800),
        longest: Duration::from_millis(2_000),
        steady: Duration::ZERO,
        default_load: false,
        out: None,
    }
}

#[test]
fn every_outage_is_judged() {
    let _machine = whole_machine();
    let out = tempfile::tempdir().unwrap();
    let kinds = ["crash", "proxy-restart", "slow", "pause", "revoke"];
    let args = TruthArgs {
        out: Some(out.path().to_owned()),
        ..args(&kinds)
    };
    let recorder = program("recorder");
    let outcome = bench::run(&args, recorder.parent().unwrap()).unwrap();
    eprintln!("{}", outcome.text);

    let table: Vec<&str> = outcome
        .text
        .lines()
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(table[0].starts_with("kind "), "{}", outcome.text);
    for kind in kinds {
        let of_kind = table.iter().filter(|line| line.starts_with(kind));
        assert_eq!(
            of_kind.count(),
            4,
            "two groups of two paths: {}",
            outcome.text
        );
    }
    let figures = std::fs::read_to_string(out.path().join("figures.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = figures
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect())
        .collect();
    // Both groups of both paths were down in the crash and without their rights, those of the proxy in its restart: each was seen, and
    // judged.
    for (kind, path) in [
        ("crash", "direct"),
        ("crash", "proxy"),
        ("revoke", "direct"),
        ("revoke", "proxy"),
        ("proxy-restart", "proxy"),
    ] {
        for group in ["read", "writer"] {
            let row = rows.iter().find(|row| row[..3] == [kind, path, group]);
            let row = row.unwrap_or_else(|| panic!("{kind} {path} {group}: {figures}"));
            let down_us: i64 = row[6].parse().unwrap();
            assert!((300_000..20_000_000).contains(&down_us), "witness: {row:?}");
        }
    }
    let is_wrong = |row: &&Vec<&str>| matches!(row[13], "OUTSIDE" | "FALSE" | "MISSED");
    // Whether this machine is quiet enough for right figures is not tested here.
    let is_over = outcome.text.contains(": OVER)");
    assert_eq!(
        outcome.is_right,
        !is_over && !rows.iter().any(|row| is_wrong(&row))
    );
    service_is_judged(&rows);
    assert!(
        outcome.text.contains(" of 5 with every figure right"),
        "{}",
        outcome.text
    );
}

/// The same of the service, held against clients that connect anew.
fn service_is_judged(rows: &[Vec<&str>]) {
    let service: Vec<_> = rows.iter().filter(|row| row[15] == "service").collect();
    for (kind, path) in [
        ("crash", "direct"),
        ("crash", "proxy"),
        ("revoke", "direct"),
    ] {
        for group in ["read", "writer"] {
            let row = service.iter().find(|row| row[..3] == [kind, path, group]);
            let row = row.unwrap_or_else(|| panic!("{kind} {path} {group}: {rows:?}"));
            for (column, of) in [(6, "witness"), (8, "service")] {
                let down_us: i64 = row[column].parse().unwrap();
                assert!((300_000..20_000_000).contains(&down_us), "{of}: {row:?}");
            }
        }
    }
}

#[test]
fn mistakes_are_reported_before_anything_starts() {
    let refused = |args: TruthArgs| match bench::run(&args, Path::new("/nowhere")) {
        Err(Failure::Usage(text)) => text,
        Err(Failure::Bench(error)) => panic!("{error:#}"),
        Ok(outcome) => panic!("{}", outcome.text),
    };
    assert!(refused(args(&["earthquake"])).contains("earthquake"));
    assert!(refused(args(&[])).contains("--steady"));
    let turned = TruthArgs {
        shortest: Duration::from_secs(9),
        ..args(&["crash"])
    };
    assert!(refused(turned).contains("--longest"));
}
