//! `recorder audit` against a real database. The truth is what the test itself put there, or took away.

mod ends;
mod made;
mod runs;
mod waits;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use crate::common::{TestLab, rows_of};
use recording::{Audit, PathAudit};

/// Path, operation and word of each finding.
type Findings = BTreeSet<(String, i64, String)>;

fn audit(test: &TestLab, folder: &Path, more: &[&str]) -> Output {
    let start = ["audit", folder.to_str().unwrap()];
    test.recorder(&[&start[..], more].concat())
}

/// What the audit wrote into the recording.
fn read(folder: &Path) -> (Audit, Findings) {
    let audit = Audit::read(folder).unwrap().unwrap();
    let rows = rows_of(&Audit::findings_path(folder));
    assert_eq!(audit.findings(), rows.len() as u64);
    let findings = rows.into_iter().map(|row| {
        let id = row["operation_id"].parse().unwrap();
        (row["path"].clone(), id, row["finding"].clone())
    });
    (audit, findings.collect())
}

fn of_path<'a>(audit: &'a Audit, path: &str) -> &'a PathAudit {
    let mut paths = audit.paths.iter();
    paths.find(|it| it.path.as_str() == path).unwrap()
}

fn execute(test: &TestLab, statements: &str) {
    let client = test.admin();
    let done = client.batch_execute(statements);
    test.runtime.block_on(done).unwrap();
}
