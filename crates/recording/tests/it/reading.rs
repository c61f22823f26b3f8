//! Reading: a folder that is no recording, and a recording that is damaged, each give their own error.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path as FilePath;

use crate::support::{read, rows, written};
use recording::{Manifest, OpenError, Recording, State, Table};

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
        "a copy is no part of it"
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
    let whole = Manifest::read(&folder).unwrap();
    for hostile in [
        "operations/../../secret.parquet",
        "../secret.parquet",
        "/etc/passwd",
    ] {
        let mut manifest = whole.clone();
        manifest.parts[0].file = hostile.to_owned();
        manifest.write(&folder).unwrap();
        let error = Recording::open(&folder).unwrap_err();
        assert!(
            error.to_string().contains("no file of a table's folder"),
            "{error}"
        );
    }
    // A link is refused too, to the outside and to another part.
    whole.write(&folder).unwrap();
    let part = folder.join("operations/direct-00001.parquet");
    let outside = root.path().join("moved.parquet");
    fs::rename(&part, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &part).unwrap();
    let error = Recording::open(&folder)
        .unwrap()
        .parts(Table::Operations)
        .unwrap_err();
    assert!(
        error.is_damage() && error.to_string().contains("link"),
        "{error}"
    );
}

/// A length below zero is refused, and recovery keeps none.
#[test]
fn a_negative_length_is_refused() {
    let (_root, folder) = written();
    let whole = Manifest::read(&folder).unwrap();
    type Change = fn(&mut Manifest);
    let changes: [(&str, Change); 2] = [
        ("duration_us", |manifest| manifest.duration_us = Some(-5)),
        ("requested_duration_us", |manifest| {
            manifest.requested_duration_us = Some(-5);
        }),
    ];
    for (field, change) in changes {
        let mut manifest = whole.clone();
        change(&mut manifest);
        manifest.write(&folder).unwrap();
        let expected = format!("{field} is -5, and no length is negative");
        let error = Recording::open(&folder).unwrap_err();
        assert!(error.to_string().contains(&expected), "{error}");
        let error = recording::recover(&folder).unwrap_err();
        assert!(error.to_string().contains(&expected), "{error}");
        assert!(matches!(
            recording::verify(&folder, &mut |_, _| ()),
            Err(OpenError::BadManifest { .. })
        ));
    }
}

#[test]
fn a_pipe_in_place_of_a_part_is_not_waited_for() {
    let (_root, folder) = written();
    let part = folder.join("operations/direct-00001.parquet");
    fs::remove_file(&part).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(&part)
        .status()
        .unwrap();
    assert!(made.success());
    let error = Recording::open(&folder)
        .unwrap()
        .parts(Table::Operations)
        .unwrap_err();
    assert!(error.to_string().contains("it is not a file"), "{error}");
}

#[test]
fn verify_names_what_is_not_as_recorded() {
    let (_root, folder) = written();
    let check = || recording::verify(&folder, &mut |_, _| ()).unwrap();
    let whole = check();
    assert!(whole.is_whole() && !whole.is_being_written);
    assert_eq!((whole.parts, whole.rows), (1, 100));
    let part = folder.join("operations/direct-00001.parquet");
    let bytes = fs::read(&part).unwrap();
    assert_eq!(whole.bytes, bytes.len() as u64);
    let mut heard = Vec::new();
    recording::verify(&folder, &mut |read, all| heard.push((read, all))).unwrap();
    assert_eq!(heard.last(), Some(&(whole.bytes, whole.bytes)));

    fs::write(folder.join("operations/direct-00002.parquet"), &bytes).unwrap();
    fs::create_dir_all(folder.join("journal")).unwrap();
    // A journal whose recorder died with its first bytes.
    fs::write(folder.join("journal/events.events-00001.arrows"), [0xff; 3]).unwrap();
    let found = check();
    assert!(!found.is_whole() && found.damaged.is_empty());
    assert_eq!(found.unnamed, ["operations/direct-00002.parquet"]);
    let journal = &found.journals[0];
    assert_eq!(journal.file, "journal/events.events-00001.arrows");
    assert_eq!((journal.rows, journal.unread_bytes), (0, 3));
    assert!(
        journal.is_kept,
        "`recover` finds nothing in it that it could seal"
    );
    fs::remove_file(folder.join("operations/direct-00002.parquet")).unwrap();
    assert!(check().is_whole());

    for (damage, reason) in [
        (&bytes[..10], "bytes, the manifest says"),
        (&[7].repeat(bytes.len())[..], "SHA-256"),
    ] {
        fs::write(&part, damage).unwrap();
        let found = check();
        assert_eq!((found.parts, found.rows, found.damaged.len()), (1, 0, 1));
        assert_eq!(found.damaged[0].file, "operations/direct-00001.parquet");
        assert!(
            found.damaged[0].reason.contains(reason),
            "{}",
            found.damaged[0].reason
        );
        assert_eq!(found.damaged[0].rows, Some(100));
    }
    fs::remove_file(&part).unwrap();
    assert_eq!(check().damaged[0].reason, "it is missing");
}

/// A recorder that died between sealing a part and naming it.
#[test]
fn verify_knows_parts_that_are_not_named_yet() {
    let (_root, folder) = written();
    let mut manifest = Manifest::read(&folder).unwrap();
    manifest.state = State::Recording;
    manifest.parts.clear();
    manifest.write(&folder).unwrap();
    let part = "operations/direct-00001.parquet";
    let copy = "operations/direct-00001 (1).parquet";
    fs::copy(folder.join(part), folder.join(copy)).unwrap();
    let check = || recording::verify(&folder, &mut |_, _| ()).unwrap();
    let found = check();
    assert!(!found.is_whole() && !found.is_healthy() && found.damaged.is_empty());
    assert_eq!(
        found.not_named_yet,
        BTreeMap::from([(part.to_owned(), 100)])
    );
    assert_eq!(found.unnamed, [copy], "recovery names none of these");
    fs::remove_file(folder.join(copy)).unwrap();
    let bytes = fs::read(folder.join(part)).unwrap();
    fs::write(folder.join(part), &bytes[..bytes.len() / 2]).unwrap();
    let found = check();
    assert!(found.not_named_yet.is_empty());
    assert_eq!(found.damaged[0].file, part);
    fs::write(folder.join(part), &bytes).unwrap();
    assert_eq!(recording::recover(&folder).unwrap().named_parts, 1);
    assert!(check().is_whole());
}

#[test]
fn recordings_are_found_below_a_folder() {
    let (root, folder) = written();
    fs::create_dir(root.path().join("no-recording")).unwrap();
    assert_eq!(
        recording::find(root.path()).unwrap(),
        std::slice::from_ref(&folder)
    );
    assert_eq!(
        recording::find(&folder).unwrap(),
        std::slice::from_ref(&folder)
    );

    // As a fleet's folder has them, below hosts; not deeper, and nothing in the folder of a recording.
    let below = |name: &str| {
        let copy = root.path().join(name);
        fs::create_dir_all(&copy).unwrap();
        fs::copy(folder.join("manifest.json"), copy.join("manifest.json")).unwrap();
        copy
    };
    let mut all = vec![below("app-2/run-1"), below("app-1/run-2"), folder.clone()];
    below("app-1/run-2/copy");
    below("fleet/app-3/run-3");
    fs::write(root.path().join("notes.txt"), "a file").unwrap();
    all.sort();
    assert_eq!(recording::find(root.path()).unwrap(), all);
}
