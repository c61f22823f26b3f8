//! A folder is read as it is: what is no recording, and what is damaged, is told apart.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;
use std::path::Path as FilePath;

use recording::{Manifest, OpenError, Recording, State, Table};
use support::{read, rows, written};

#[test]
fn what_is_no_recording_is_told_apart() {
    let root = tempfile::tempdir().unwrap();
    let open = |folder: &FilePath| Recording::open(folder).unwrap_err();
    let missing = open(&root.path().join("missing"));
    assert!(matches!(missing, OpenError::NoFolder(_)) && missing.is_usage());
    let empty = open(root.path());
    assert!(matches!(empty, OpenError::Empty(_)) && empty.is_usage());
    fs::write(root.path().join("notes.txt"), "x").unwrap();
    let other = open(root.path());
    assert!(matches!(other, OpenError::NoManifest(_)) && other.is_usage());
    fs::write(root.path().join("manifest.json"), "{").unwrap();
    let bad = open(root.path());
    assert!(matches!(bad, OpenError::BadManifest { .. }) && !bad.is_usage());
    fs::write(
        root.path().join("manifest.json"),
        r#"{"format_version": 2}"#,
    )
    .unwrap();
    let newer = open(root.path());
    assert!(matches!(newer, OpenError::NewerFormat { found: 2, .. }) && newer.is_usage());
}

#[test]
fn a_truncated_part_is_found_at_every_length() {
    let (_root, folder) = written();
    let part = folder.join("operations/direct-00001.parquet");
    let whole = fs::read(&part).unwrap();
    for length in [0, 1, 4, 11, whole.len() / 2, whole.len() - 1] {
        fs::write(&part, &whole[..length]).unwrap();
        let error = Recording::open(&folder)
            .unwrap()
            .parts(Table::Operations)
            .unwrap_err();
        assert!(
            matches!(&error, OpenError::DamagedPart { path, .. } if *path == part),
            "{length}"
        );
        assert!(!error.is_usage());
    }
    // Of the right size, but one bit is another.
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    fs::write(&part, flipped).unwrap();
    let error = Recording::open(&folder)
        .unwrap()
        .parts(Table::Operations)
        .unwrap_err();
    assert!(error.to_string().contains("SHA-256"), "{error}");
    fs::remove_file(&part).unwrap();
    let error = Recording::open(&folder)
        .unwrap()
        .parts(Table::Operations)
        .unwrap_err();
    assert!(matches!(error, OpenError::MissingPart(path) if path == part));
}

#[test]
fn a_sealed_part_that_the_manifest_does_not_name_counts_while_recording() {
    let (_root, folder) = written();
    let mut manifest = Manifest::read(&folder).unwrap();
    manifest.parts.clear();
    manifest.write(&folder).unwrap();
    let complete = Recording::open(&folder).unwrap();
    assert_eq!(
        rows(&read(&complete, Table::Operations)),
        0,
        "somebody's copy"
    );
    manifest.state = State::Recording;
    manifest.write(&folder).unwrap();
    let killed = Recording::open(&folder).unwrap();
    assert_eq!(rows(&read(&killed, Table::Operations)), 100);
    fs::write(folder.join("operations/direct-00002.parquet"), "PAR1").unwrap();
    let error = killed.parts(Table::Operations).unwrap_err();
    assert!(
        error.to_string().contains("not a whole Parquet file"),
        "{error}"
    );
}

#[test]
fn a_manifest_names_no_file_outside_its_tables() {
    let (root, folder) = written();
    fs::write(root.path().join("secret.parquet"), "x").unwrap();
    let mut manifest = Manifest::read(&folder).unwrap();
    manifest.parts[0].file = "operations/../../secret.parquet".to_owned();
    manifest.write(&folder).unwrap();
    let parts = Recording::open(&folder)
        .unwrap()
        .parts(Table::Operations)
        .unwrap();
    assert!(parts.is_empty(), "{parts:?}");
}

#[test]
fn recordings_are_found_below_a_folder() {
    let (root, folder) = written();
    fs::create_dir(root.path().join("no-recording")).unwrap();
    assert_eq!(
        recording::find(root.path()).unwrap(),
        std::slice::from_ref(&folder)
    );
    assert_eq!(recording::find(&folder).unwrap(), [folder]);
}
