//! The warm-up of a recording is left out by the queries as by `analyze`.

use std::path::Path;

use recording::Manifest;

use super::{Lake, check, engines, run};
use crate::support::{busy, figures, made};

/// Made-up recordings: every rule has something to decide next to the end of a warm-up.
const MADE: u64 = 100;

/// Says in its manifest that so much of a recording was warm-up.
pub(super) fn set(recording: &Path, us: i64) {
    let mut manifest = Manifest::read(recording).unwrap();
    manifest.warm_up_us = Some(us);
    manifest.write(recording).unwrap();
}

/// Of a recording's length, 2 to 8 tenths; or half a second, within which the first second of a recording ends.
pub(super) fn length_of(recording: &Path, seed: u64) -> i64 {
    // One that was killed has none, and is longer.
    let duration_us = Manifest::read(recording).unwrap().duration_us;
    let duration_us = duration_us.unwrap_or(8_000_000);
    match seed.cast_signed() % 8 {
        0 => 500_000.min(duration_us / 2),
        tenths => duration_us * (tenths + 1) / 10,
    }
}

#[test]
fn a_warm_up_is_left_out() {
    let _machine = busy();
    let mut lake = Lake::new();
    let mut changed = 0;
    for seed in 1..=MADE {
        let make = [made::recording, made::rules::recording][usize::from(seed % 2 == 0)];
        // Of a seed of its own: a run's name comes from it.
        let recording = make(lake.root.path(), "host", 1_000 + seed);
        let whole = figures(&recording);
        set(&recording, length_of(&recording, seed));
        let rest = figures(&recording);
        changed += u64::from(whole["paths"] != rest["paths"]);
        lake.add(&recording, &rest);
    }
    // One without a warm-up next to them.
    let recording = made::recording(lake.root.path(), "host", 2_000);
    lake.add(&recording, &figures(&recording));
    // All of it is: `analyze` has no figure of it.
    let all = made::recording(lake.root.path(), "host", 2_001);
    let duration_us = Manifest::read(&all).unwrap().duration_us.unwrap();
    set(&all, duration_us);

    assert!(
        changed > MADE / 2,
        "{changed} recordings have other figures"
    );
    let expected = lake.expected.finish();
    assert!(!expected["outages"].is_empty() && !expected["service_outages"].is_empty());
    for engine in engines() {
        check(engine, &run(engine, lake.root.path()), &expected);
    }
}
