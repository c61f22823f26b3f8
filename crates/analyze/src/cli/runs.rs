//! The recordings in folders that the user named.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use recording::{MANIFEST_FILE, Table};

use crate::error::AnalyzeError;

/// What lies below a folder that the user named.
pub(super) struct Folders {
    /// The recordings.
    pub(super) found: Vec<PathBuf>,
    /// One line for each folder that looks like a recording but can't be read as one.
    pub(super) complaints: Vec<String>,
}

/// The recordings at `root`; where there is none, `root` itself, so that opening it gives the error.
pub(super) fn folders(root: &Path) -> Result<Folders, AnalyzeError> {
    let mut found = recording::find(root)?;
    let is_root = found.first().is_some_and(|first| first == root);
    let mut complaints = Vec::new();
    if !is_root && !is_remainder(root) {
        for folder in folders_in(root, &mut complaints) {
            if is_remainder(&folder) {
                complaints.push(without_manifest(&folder));
            } else if !is_recording(&folder) {
                let below = folders_in(&folder, &mut complaints);
                let remainders = below.iter().filter(|below| is_remainder(below));
                complaints.extend(remainders.map(|remainder| without_manifest(remainder)));
            }
        }
    }
    if found.is_empty() && complaints.is_empty() {
        found.push(root.to_path_buf());
    }
    Ok(Folders { found, complaints })
}

/// The folders in a folder, in order; one that can't be listed may hide recordings.
fn folders_in(folder: &Path, complaints: &mut Vec<String>) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    match entries {
        Ok(entries) => {
            let paths = entries.iter().map(fs::DirEntry::path);
            let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
            folders.sort();
            folders
        }
        Err(error) => {
            complaints.push(format!("{}: {error}", folder.display()));
            Vec::new()
        }
    }
}

fn is_recording(folder: &Path) -> bool {
    folder.join(MANIFEST_FILE).is_file()
}

/// True for a copy that was broken off: rows without a manifest.
fn is_remainder(folder: &Path) -> bool {
    let holds = |name: &str| folder.join(name).is_dir();
    !is_recording(folder) && (holds(Table::Operations.as_str()) || holds("journal"))
}

fn without_manifest(folder: &Path) -> String {
    let folder = folder.display();
    format!("{folder}: it holds rows but no manifest.json, so it is left out; copy it again")
}
