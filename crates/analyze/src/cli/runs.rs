//! The recordings in folders that the user named.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use command_line::text::one_line;
use recording::{MANIFEST_FILE, Table};

use crate::cli::arguments::ThresholdArgs;
use crate::cli::failure::report;
use crate::error::AnalyzeError;
use crate::load::Loaded;

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

/// Recordings that were opened.
pub(super) struct Opened {
    pub(super) loaded: Vec<Loaded>,
    /// The exit code for what could not be opened.
    pub(super) failed: Option<u8>,
}

/// Opens every recording in some folders, each once, and prints one line on stderr for each that can't be opened and for each part that is left
/// out. `verify` looks at the checksums of the operations too, which commands that fold over them do as they read.
pub(super) fn opened(roots: &[PathBuf], args: &ThresholdArgs, verify: bool) -> Opened {
    let mut loaded = Vec::new();
    let mut failed: Option<u8> = None;
    let mut found_in: BTreeMap<(String, String), PathBuf> = BTreeMap::new();
    // A failure of the analysis weighs more than a folder that is not a recording.
    let mut note = |code: u8| failed = Some(failed.map_or(code, |before| before.min(code)));
    for root in roots {
        let Folders { found, complaints } = match folders(root) {
            Ok(folders) => folders,
            Err(error) => {
                note(report(&error));
                continue;
            }
        };
        for complaint in complaints {
            eprintln!("analyze: {}", one_line(&complaint));
            note(1);
        }
        for folder in found {
            let opened = args.open(&folder);
            let opened = opened.and_then(|loaded| match verify && loaded.has_unverified() {
                true => loaded.verified(),
                false => Ok(loaded),
            });
            let recording = match opened {
                Ok(recording) => recording,
                Err(error) => {
                    note(report(&error));
                    continue;
                }
            };
            let manifest = recording.manifest();
            let name = (manifest.host.clone(), manifest.run_id.clone());
            if let Some(first) = found_in.get(&name) {
                say_twice(&folder, first, &name);
                continue;
            }
            found_in.insert(name, folder);
            say_left_out(&recording, 0);
            loaded.push(recording);
        }
    }
    Opened { loaded, failed }
}

/// Says that a folder holds a recording that another one holds too, unless it is the same folder.
fn say_twice(folder: &Path, first: &Path, (host, run): &(String, String)) {
    let place = |folder: &Path| folder.canonicalize().ok();
    if place(folder) == place(first) {
        return;
    }
    let (folder, first) = (folder.display(), first.display());
    let text = format!("{folder}: run {run} of {host}, as {first} is: it counts once");
    eprintln!("analyze: {}", one_line(&text));
}

/// Says which parts of a recording are left out, but for so many first ones.
pub(super) fn say_left_out(loaded: &Loaded, said: usize) {
    for part in loaded.damaged().iter().skip(said) {
        let text = format!("left out {}: {}", part.file, part.reason);
        eprintln!(
            "analyze: {}: {}",
            loaded.folder().display(),
            one_line(&text)
        );
    }
}
