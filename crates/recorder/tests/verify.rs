//! `recorder verify` says what is damaged, in lines and in its exit code.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of the golden recording.
fn golden(root: &Path) -> PathBuf {
    let from = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../data/golden/v1-lab-crash-failover");
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
    let folder = golden(root.path());
    let (code, out, err) = verify(&[&folder]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.is_empty() && out.ends_with("bytes: all as recorded\n"),
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
        lines[1].contains("operations/proxy-00002.parquet: a sealed file"),
        "{out}"
    );
    assert!(lines[2].contains("are damaged"), "{out}");
    assert!(err.contains("1 of 1 recordings"), "{err}");
    // One that is no recording does not keep the others from being checked.
    let (code, out, _) = verify(&[&missing, &folder]);
    assert_eq!((code, out.lines().count()), (Some(2), 3));
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
        out.lines().all(|line| line.ends_with(": all as recorded")),
        "{out}"
    );

    // Four journals, what is to be done with them, and a manifest that names no part.
    let (code, out, err) = verify(&[&killed[0]]);
    assert_eq!(code, Some(1), "{err}");
    assert_eq!(out.lines().count(), 6, "{out}");
    let journals = out.lines().filter(|line| line.contains(": journal/"));
    assert_eq!(journals.count(), 4, "{out}");
    assert!(out.contains("its recorder was killed: `recorder recover`"));
    assert!(out.ends_with(": 0 parts, 0 rows, 0 bytes: all as recorded\n"));
}
