//! Recordings with an audit that is made up too.

use std::path::{Path as FilePath, PathBuf};

use recording::vocabulary::{FindingKind, Outcome, Path};
use recording::{Audit, Finding, Manifest, Operation, PathAudit, SumAudit, Timestamp};

use super::{Draws, rules, with_operations};

/// What an audit looks for by its identity.
const IDENTIFIED: [&str; 2] = ["insert_log", "place_order"];

/// Seeds from here on are those of the recordings for version 2 of the definitions.
pub(crate) const RULES_FROM: u64 = 101;

/// Makes a recording below `root`, as [`super::recording`] or [`rules::recording`] does, and an audit of it: in one or two stretches every
/// write is lost, and elsewhere there is a finding of any kind now and then.
pub(crate) fn recording(root: &FilePath, host: &str, seed: u64) -> PathBuf {
    let (folder, rows) = match seed < RULES_FROM {
        true => with_operations(root, host, seed),
        false => rules::with_operations(root, host, seed),
    };
    let mut draws = Draws(seed + 1_000);
    let manifest = Manifest::read(&folder).unwrap();
    let start = manifest.start_time.micros();
    let last = rows.iter().filter_map(|row| row.end_time).max();
    let length = last.map_or(1, |last| (last - start).max(1));
    let stretches: Vec<(i64, i64)> = (0..draws.between(1, 3))
        .map(|_| {
            let from = start + draws.between(0, length);
            (from, from + draws.between(100_000, 2_500_000))
        })
        .collect();
    let mut audit = Audit::new(&manifest.run_id, Timestamp(start + 900_000_000), "url");
    audit.token_found = draws.one_of(&[None, Some(true), Some(true), Some(true), Some(false)]);
    let mut findings = Vec::new();
    for path in manifest.mode.paths() {
        let mut found = PathAudit::new(*path);
        // Of an unknown sum, of one that is exact, and of one that leaves room.
        let mut sum = |at_start: i64| {
            let [acknowledged, possible] = [draws.between(0, 50), draws.between(0, 5)];
            let missing = draws.one_of(&[0, -2, 3, 40, 4_000, 4_000, 4_000]);
            let found = at_start + acknowledged + possible - missing;
            let sum = SumAudit::new(at_start, acknowledged, possible, found);
            (!draws.permille(100)).then_some(sum)
        };
        (found.logins, found.stock) = (sum(10), sum(90));
        let writes = rows
            .iter()
            .filter(|row| row.path == *path && IDENTIFIED.contains(&row.operation_name));
        for row in writes {
            match row.outcome {
                Outcome::Ok => found.acknowledged += 1,
                Outcome::Unknown | Outcome::Unfinished => found.unknown += 1,
                Outcome::Failed | Outcome::Rejected => {}
            }
            let end = row.end_time.unwrap_or(i64::MAX);
            let in_a_stretch = stretches
                .iter()
                .any(|(from, to)| (*from..*to).contains(&end));
            if let Some(kind) = kind(&mut draws, row, in_a_stretch) {
                found.count(kind, Some(row.outcome));
                findings.push(finding(row, kind));
            }
        }
        if draws.permille(300) {
            found.count(FindingKind::Unrecorded, None);
            findings.push(unrecorded(*path));
        }
        audit.paths.push(found);
    }
    audit.write(&folder, &manifest, &findings).unwrap();
    folder
}

fn kind(draws: &mut Draws, row: &Operation, in_a_stretch: bool) -> Option<FindingKind> {
    let is_purchase = row.operation_name == "place_order";
    let rare = draws.permille(20);
    match row.outcome {
        Outcome::Ok if in_a_stretch && is_purchase && draws.permille(200) => {
            Some(FindingKind::Torn)
        }
        Outcome::Ok if in_a_stretch => Some(FindingKind::Lost),
        Outcome::Ok if rare => Some(draws.one_of(&[FindingKind::Lost, FindingKind::Duplicated])),
        Outcome::Failed | Outcome::Rejected if rare => Some(FindingKind::Phantom),
        Outcome::Unknown if is_purchase && rare => Some(FindingKind::Torn),
        Outcome::Unknown | Outcome::Unfinished => {
            Some(draws.one_of(&[FindingKind::Committed, FindingKind::NotCommitted]))
        }
        Outcome::Ok | Outcome::Failed | Outcome::Rejected => None,
    }
}

fn unrecorded(path: Path) -> Finding {
    Finding {
        path,
        operation_id: 1_000_000,
        operation_name: None,
        kind: FindingKind::Unrecorded,
        outcome: None,
        start_time: None,
        end_time: None,
        orders_found: 0,
        logs_found: 1,
        connection_id: None,
        server_address: None,
        server_port: None,
        server_timeline: None,
    }
}

fn finding(row: &Operation, kind: FindingKind) -> Finding {
    let there = match kind {
        FindingKind::Lost | FindingKind::NotCommitted => 0,
        FindingKind::Duplicated => 2,
        _ => 1,
    };
    Finding {
        path: row.path,
        operation_id: row.operation_id,
        operation_name: Some(row.operation_name.to_owned()),
        kind,
        outcome: Some(row.outcome),
        start_time: row.start_time,
        end_time: row.end_time,
        orders_found: there,
        logs_found: if kind == FindingKind::Torn { 0 } else { there },
        connection_id: row.connection_id,
        server_address: Some("127.0.0.2".to_owned()),
        server_port: Some(5432),
        server_timeline: Some(7),
    }
}
