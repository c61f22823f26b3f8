//! Damaged recordings: as in the other commands.

use std::fs;

use recording::vocabulary::Path::Proxy;

use super::*;
use crate::support::refit::fit;
use crate::support::{Made, reads_with_a_gap};

const DIRECT: &str = "operations/direct-00001.parquet";
const COUNTS: &str =
    "SELECT path, count(*) AS n FROM operations WHERE response_time_us > 0 GROUP BY path";

fn made() -> Made {
    reads_with_a_gap()
        .on(Proxy)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .write()
}

fn flip(made: &Made, at: usize, refit: bool) {
    let part = made.folder.join(DIRECT);
    let mut bytes = fs::read(&part).unwrap();
    for byte in &mut bytes[at..at + 40] {
        *byte ^= 0x5a;
    }
    fs::write(&part, &bytes).unwrap();
    if refit {
        fit(&made.folder, DIRECT, None);
    }
}

fn assert_left_out(made: &Made) {
    let refused = query(&made.folder, &[COUNTS]);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stderr));
    assert!(refused.stdout.is_empty(), "{}", text(&refused.stdout));
    let said = text(&refused.stderr);
    assert!(
        said.contains(DIRECT) && said.contains("--allow-damaged"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");

    let allowed = query(
        &made.folder,
        &[COUNTS, "--allow-damaged", "--format", "csv"],
    );
    assert_eq!(allowed.status.code(), Some(0), "{}", text(&allowed.stderr));
    assert_eq!(text(&allowed.stdout), "path,n\nproxy,299\n");
    // The views too say what they are made without.
    for view in ["seconds", "outages"] {
        let sql = format!("SELECT count(*) AS n FROM {view} WHERE path = 'direct'");
        let counted = query(&made.folder, &[&sql, "--allow-damaged", "--format", "csv"]);
        assert_eq!(text(&counted.stdout), "n\n0\n", "{view}");
        let said = text(&counted.stderr);
        assert!(
            said.contains(&format!("left out {DIRECT}")),
            "{view}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{view}: {said}");
    }
    let said = text(&allowed.stderr);
    assert!(
        said.contains("left out operations/direct-00001.parquet"),
        "{said}"
    );
}

#[test]
fn a_part_with_other_bytes() {
    let made = made();
    flip(&made, 200, false);
    assert_left_out(&made);
    // A table without damage is asked all the same where damage is allowed.
    let other = query(
        &made.folder,
        &["SELECT count(*) AS n FROM events", "--allow-damaged"],
    );
    assert_eq!(other.status.code(), Some(0));
}

/// Its checksum is as stated, and its bytes can't be decoded.
#[test]
fn a_part_that_was_bad_from_the_start() {
    let made = made();
    flip(&made, 200, true);
    assert_left_out(&made);
}
