//! `recorder verify` says what is damaged, in lines and in its exit code.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of a golden recording.
fn golden(name: &str, root: &Path) -> PathBuf {
    let from = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../data/golden")
        .join(name);
    let to = root.join("run");
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(to.join(&folder)).unwrap();
        for entry in fs::read_dir(from.join(&folder)).unwrap() {
            let name = folder.join(entry.unwrap().file_name());
            if from.join(&name).is_dir() {
                folders.push(name);
            } else {
                fs::copy(from.join(&name), to.join(&name)).unwrap();
            }
        }
    }
    to
}

/// `1234` as `1,234`.
fn thousands(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1_000), number % 1_000),
    }
}

/// Exit code, stdout, stderr.
fn verify(folders: &[&Path]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_recorder"))
        .arg("verify")
        .args(folders)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn whole_damaged_and_missing() {
    let root = tempfile::tempdir().unwrap();
    let folder = golden("v1-lab-crash-failover", root.path());
    let (code, out, err) = verify(&[&folder]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.is_empty() && out.ends_with("bytes: ok, as recorded\n"),
        "{out}"
    );
    assert_eq!(out.lines().count(), 1);

    let missing = root.path().join("missing");
    assert_eq!(verify(&[&missing]).0, Some(2));

    let part = folder.join("operations/proxy-00001.parquet");
    let mut bytes = fs::read(&part).unwrap();
    bytes[100] ^= 1;
    fs::write(&part, bytes).unwrap();
    fs::copy(&part, folder.join("operations/proxy-00002.parquet")).unwrap();
    let (code, out, err) = verify(&[&folder]);
    assert_eq!(code, Some(1));
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(
        lines[0].contains("operations/proxy-00001.parquet: its SHA-256"),
        "{out}"
    );
    assert!(
        lines[1].contains("operations/proxy-00002.parquet: not in the manifest"),
        "{out}"
    );
    assert!(lines[2].contains("1 parts damaged"), "{out}");
    assert!(!out.contains("ok, as recorded"), "{out}");
    assert!(err.contains("1 of 1 recordings"), "{err}");
    // One that is no recording neither keeps the others from being checked nor hides what is damaged.
    for folders in [[&*missing, &*folder], [&*folder, &*missing]] {
        let (code, out, err) = verify(&folders);
        assert_eq!((code, out.lines().count()), (Some(1), 3), "{err}");
        assert!(err.contains("no such folder"), "{err}");
        assert!(err.lines().last().unwrap().contains("1 of 2 recordings"));
    }
}

/// Readers that take a whole folder would count these rows a second time.
#[test]
fn files_that_the_manifest_does_not_name() {
    let strays = [
        "operations/direct-00001 (1).parquet",
        "operations/proxy-00002.parquet",
        "operations/copies/direct-00001.parquet",
        "load/load-00001.parquet",
    ];
    for stray in strays {
        let root = tempfile::tempdir().unwrap();
        let folder = golden("v1-lab-crash-failover", root.path());
        let file = folder.join(stray);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::copy(folder.join("operations/direct-00001.parquet"), &file).unwrap();
        let (code, out, _) = verify(&[&folder]);
        assert_eq!((code, out.lines().count()), (Some(1), 2), "{out}");
        let line = format!("run: {stray}: not in the manifest");
        assert!(out.contains(&line) && out.contains("move it away"), "{out}");
        assert!(out.ends_with(": damaged or incomplete\n"), "{out}");
        fs::remove_file(&file).unwrap();
        assert_eq!(verify(&[&folder]).0, Some(0), "when it is moved away");
    }

    // A manifest without parts, and all of them there.
    let root = tempfile::tempdir().unwrap();
    let folder = golden("v1-lab-crash-failover", root.path());
    let manifest = folder.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["parts"] = serde_json::json!([]);
    fs::write(&manifest, json.to_string()).unwrap();
    let (code, out, _) = verify(&[&folder]);
    assert_eq!((code, out.lines().count()), (Some(1), 5), "{out}");
    assert!(out.ends_with(": 0 parts, 0 rows, 0 bytes: damaged or incomplete\n"));
}

/// `verify` foretells what `recover` does.
#[test]
fn killed_and_in_progress() {
    let root = tempfile::tempdir().unwrap();
    let folder = golden("v1-lab-killed", root.path());
    let lock = File::options()
        .write(true)
        .open(folder.join("journal/lock"))
        .unwrap();
    lock.lock().unwrap();
    let (code, in_progress, err) = verify(&[&folder]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "nothing is wrong");
    assert_eq!(in_progress.lines().count(), 1, "{in_progress}");
    assert!(in_progress.contains("recording in progress"));
    assert!(!in_progress.contains("ok, as recorded"));
    drop(lock);

    let (code, killed, err) = verify(&[&folder]);
    assert_eq!(code, Some(1), "{err}");
    assert!(killed.contains("the recorder was killed, or this is a copy"));
    let recovered = recording::recover(&folder).unwrap();
    assert!(recovered.rows > 0 && recovered.unfinished > 0);
    let rows = thousands(recovered.rows);
    let foretold = format!(
        "`recorder recover` will seal {rows} rows of journals and {} operations in flight",
        recovered.unfinished
    );
    assert!(killed.contains(&foretold), "{killed}");
    let so_far = format!(
        "{rows} rows in journals, {} operations in flight",
        recovered.unfinished
    );
    assert!(in_progress.contains(&so_far), "{in_progress}");
    let (code, out, _) = verify(&[&folder]);
    assert_eq!((code, out.lines().count()), (Some(0), 1), "{out}");
    assert!(out.ends_with(": ok, as recorded\n"));
}

/// What was being written when the recorder was killed is no damage, neither before nor after it was recovered.
#[test]
fn a_torn_journal() {
    let root = tempfile::tempdir().unwrap();
    let folder = golden("v1-lab-killed", root.path());
    let journal = folder.join("journal/operations.direct-00001.arrows");
    let mut bytes = fs::read(&journal).unwrap();
    // The head of a message of 256 bytes, and no more of it.
    bytes.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0, 16, 0, 0]);
    fs::write(&journal, bytes).unwrap();
    let (code, out, _) = verify(&[&folder]);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("; 11 bytes at its end can't be read\n"),
        "{out}"
    );

    // Where earlier recorders put what had no footer yet.
    let open = folder.join("operations/direct-00001.parquet.open");
    assert!(open.exists());
    assert_eq!(recording::recover(&folder).unwrap().unread_bytes, 11);
    assert!(journal.exists() && !open.exists());
    assert!(recording::recover(&folder).unwrap().healthy);
    let (code, out, err) = verify(&[&folder]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines.len(), 2, "{out}");
    let note =
        "operations.direct-00001.arrows: the last 11 bytes could not be read; the file is kept";
    assert!(lines[0].ends_with(note), "{out}");
    assert!(lines[1].ends_with(": ok, as recorded"), "{out}");
}

/// A damaged batch is told with its rows, whether somebody still records or not.
#[test]
fn damaged_journals() {
    let root = tempfile::tempdir().unwrap();
    let folder = golden("v1-lab-killed", root.path());
    let journal = folder.join("journal/operations.proxy-00001.arrows");
    let mut bytes = fs::read(&journal).unwrap();
    // The last batch that has a checksum: 16 bytes each, where it ends and its rows first.
    let sums = fs::read(folder.join("journal/operations.proxy-00001.crc")).unwrap();
    let (sums, _) = sums.as_chunks::<16>();
    let end = |sum: &[u8; 16]| u64::from_le_bytes(*sum.first_chunk().unwrap());
    let [.., before, last] = sums else {
        panic!("{} batches", sums.len())
    };
    assert_eq!(end(last), bytes.len() as u64);
    let size = thousands(end(last) - end(before));
    let rows = thousands(u64::from(u32::from_le_bytes(
        last[8..12].try_into().unwrap(),
    )));
    let place = usize::try_from(end(before)).unwrap() + 100;
    bytes[place] ^= 1;
    fs::write(&journal, bytes).unwrap();
    let lost = format!("; damaged: {rows} rows are missing, {size} bytes can't be read\n");
    let (code, out, _) = verify(&[&folder]);
    assert_eq!(code, Some(1));
    assert!(out.contains(&lost), "{lost} {out}");
    let lock = File::options()
        .write(true)
        .open(folder.join("journal/lock"))
        .unwrap();
    lock.lock().unwrap();
    let (code, out, _) = verify(&[&folder]);
    assert_eq!(code, Some(1), "in progress, and damaged");
    assert!(out.contains(&lost), "{out}");
    drop(lock);

    // Recovered, nothing more can be done; it is said all the same.
    recording::recover(&folder).unwrap();
    let (code, out, _) = verify(&[&folder]);
    assert_eq!((code, out.lines().count()), (Some(0), 2), "{out}");
    let kept = format!(
        "damaged: {rows} rows are missing, {size} bytes could not be read; the file is kept"
    );
    assert!(out.contains(&kept), "{out}");
    assert!(out.ends_with(": ok, as recovered\n"), "{out}");

    // A journal that is none, in a recording that ended.
    let root = tempfile::tempdir().unwrap();
    let folder = golden("v1-lab-crash-failover", root.path());
    fs::create_dir_all(folder.join("journal/operations.direct-00002.arrows")).unwrap();
    let (code, out, _) = verify(&[&folder]);
    assert_eq!((code, out.lines().count()), (Some(1), 2), "{out}");
    assert!(out.contains("operations.direct-00002.arrows: it is not a file"));
}

/// An audit can be made again, and is no part of the recording: that is whole all the same.
#[test]
fn a_damaged_audit_is_told() {
    let root = tempfile::tempdir().unwrap();
    let folder = golden("v1-lab-crash-failover", root.path());
    let manifest = recording::Recording::open(&folder).unwrap();
    let manifest = manifest.manifest();
    let mut audit = recording::Audit::new(manifest.run_id.clone(), manifest.start_time, "direct");
    audit.write(&folder, manifest, &[]).unwrap();
    assert_eq!(verify(&[&folder]).0, Some(0));
    let findings = recording::Audit::findings_path(&folder);
    let mut bytes = fs::read(&findings).unwrap();
    bytes.push(0);
    fs::write(&findings, bytes).unwrap();
    let (code, out, _) = verify(&[&folder]);
    assert_eq!((code, out.lines().count()), (Some(1), 2), "{out}");
    assert!(out.contains("the audit can't be read: "), "{out}");
    assert!(out.ends_with(": ok, as recorded\n"), "{out}");
}

/// What earlier versions left behind is as they left it, whatever else is in it.
#[test]
fn golden_recordings() {
    let root =
        Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../data/golden");
    let (killed, others): (Vec<_>, Vec<_>) = recording::find(&root)
        .unwrap()
        .into_iter()
        .partition(|folder| folder.ends_with("v1-lab-killed"));
    let others: Vec<_> = others.iter().map(PathBuf::as_path).collect();
    let (code, out, err) = verify(&others);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert_eq!(out.lines().count(), others.len(), "{out}");
    assert!(
        out.lines().all(|line| line.ends_with(": ok, as recorded")),
        "{out}"
    );

    // Four journals, and what is to be done with them.
    let (code, out, err) = verify(&[&killed[0]]);
    assert_eq!(code, Some(1), "{err}");
    assert_eq!(out.lines().count(), 5, "{out}");
    let journals = out.lines().filter(|line| line.contains(": journal/"));
    assert_eq!(journals.count(), 4, "{out}");
    assert!(out.contains(
        "not finished: the recorder was killed, or this is a copy of a recording in progress"
    ));
    assert!(!out.contains("ok, as recorded"), "{out}");
}
