//! An audit on disk: what is written is read, and an interrupted one is said.

use crate::support::{START_US, manifest};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use recording::vocabulary::{FindingKind, Outcome, Path};
use recording::{Audit, Finding, OpenError, PathAudit, SumAudit, Timestamp};

fn finding(operation_id: i64) -> Finding {
    Finding {
        path: Path::Proxy,
        operation_id,
        operation_name: Some("create_order".to_owned()),
        kind: FindingKind::Lost,
        outcome: Some(Outcome::Ok),
        start_time: Some(START_US),
        end_time: Some(START_US + 900),
        orders_found: 0,
        logs_found: 0,
        connection_id: Some(3),
        server_address: Some("127.0.0.2".to_owned()),
        server_port: Some(5432),
        server_timeline: Some(1),
    }
}

fn audit() -> Audit {
    let mut audit = Audit::new(manifest().run_id, Timestamp(START_US), "direct");
    let mut path = PathAudit::new(Path::Proxy);
    path.acknowledged = 70_000;
    for _ in 0..66_000 {
        path.count(FindingKind::Lost, Some(Outcome::Ok));
    }
    path.count(FindingKind::Torn, Some(Outcome::Ok));
    path.count(FindingKind::Torn, Some(Outcome::Unknown));
    assert_eq!((path.torn, path.acknowledged_torn), (2, 1));
    path.logins = Some(SumAudit::new(100, 20, 3, 119));
    audit.paths.push(path);
    audit
}

#[test]
fn what_is_written_is_read() {
    let root = tempfile::tempdir().unwrap();
    assert!(Audit::read(root.path()).unwrap().is_none());
    // More than one batch of rows.
    let findings: Vec<Finding> = (1..=66_000).map(finding).collect();
    let mut written = audit();
    written.write(root.path(), &manifest(), &findings).unwrap();
    assert_eq!(Audit::read(root.path()).unwrap(), Some(written));
    let file = std::fs::File::open(Audit::findings_path(root.path())).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batches = builder.build().unwrap().map(Result::unwrap);
    assert_eq!(batches.map(|batch| batch.num_rows()).sum::<usize>(), 66_000);
    // Engines read the folder as a whole.
    let files = std::fs::read_dir(root.path().join("audit")).unwrap();
    assert_eq!(files.count(), 1);

    let mut later = audit();
    later.paths.clear();
    later.write(root.path(), &manifest(), &[]).unwrap();
    assert_eq!(Audit::read(root.path()).unwrap(), Some(later));
}

#[test]
fn an_interrupted_audit_is_said() {
    let root = tempfile::tempdir().unwrap();
    audit()
        .write(root.path(), &manifest(), &[finding(1)])
        .unwrap();
    let json = std::fs::read(root.path().join("audit.json")).unwrap();
    audit()
        .write(root.path(), &manifest(), &[finding(2)])
        .unwrap();
    // As a kill between the two files leaves it.
    std::fs::write(root.path().join("audit.json"), json).unwrap();
    let error = Audit::read(root.path()).unwrap_err();
    assert!(matches!(error, OpenError::BadAudit { .. }), "{error}");
    assert!(
        error.to_string().contains("audit the recording again"),
        "{error}"
    );
    std::fs::write(root.path().join("audit.json"), "{").unwrap();
    assert!(matches!(
        Audit::read(root.path()),
        Err(OpenError::BadAudit { .. })
    ));
}

/// The disk that refuses is played by a folder in the place of the file.
#[test]
fn an_audit_that_can_not_be_written_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(Audit::findings_path(root.path())).unwrap();
    let written = audit().write(root.path(), &manifest(), &[finding(1)]);
    let error = written.unwrap_err().to_string();
    assert!(error.contains("findings.parquet"), "{error}");
    let left = std::fs::read_dir(root.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["audit"]);
}

#[test]
fn the_audit_of_an_older_version_is_read() {
    let root = tempfile::tempdir().unwrap();
    let mut whole = audit();
    whole.promotion_seen = Some(true);
    whole.other_writers = vec!["10.0.0.1:5432".to_owned()];
    whole.standbys = Some(1);
    whole.sums_disturbed_by = Some("another run".to_owned());
    whole.write(root.path(), &manifest(), &[]).unwrap();
    assert_eq!(Audit::read(root.path()).unwrap(), Some(whole));
    let path = root.path().join("audit.json");
    let mut json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for added in [
        "promotion_seen",
        "other_writers",
        "standbys",
        "sums_disturbed_by",
    ] {
        assert!(json.as_object_mut().unwrap().remove(added).is_some());
    }
    std::fs::write(&path, json.to_string()).unwrap();
    let read = Audit::read(root.path()).unwrap().unwrap();
    assert_eq!(read.paths, audit().paths);
    assert_eq!((read.promotion_seen, read.standbys), (None, None));
    assert_eq!((read.other_writers, read.sums_disturbed_by), (vec![], None));
}

/// Its texts are views, as another writer may have them in memory.
#[test]
fn the_rows_of_a_later_version_are_read() {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    let golden = std::path::Path::new(&package).join("../../data/golden/v1-later-minor");
    let recording = recording::Recording::open(&golden).unwrap();
    let (mut operations, mut connections) = (0, 0);
    recording
        .each_operation(&mut |row| operations += u64::from(!row.operation_name.is_empty()))
        .unwrap();
    recording
        .each_connection(&mut |row| connections += u64::from(!row.path.is_empty()))
        .unwrap();
    let stated = |table: &str| -> u64 {
        let parts = recording.manifest().parts.iter();
        let of_table = parts.filter(|part| part.file.starts_with(table));
        of_table.map(|part| part.rows).sum()
    };
    assert!(operations > 0);
    assert_eq!(operations, stated("operations/"));
    assert_eq!(connections, stated("connections/"));
}

#[test]
fn a_sum_between_its_bounds_is_as_it_has_to_be() {
    for (found, lost, excess) in [(119, 1, 0), (120, 0, 0), (123, 0, 0), (125, 0, 2)] {
        let sum = SumAudit::new(100, 20, 3, found);
        assert_eq!((sum.lost, sum.excess), (lost, excess), "{found}");
    }
}
