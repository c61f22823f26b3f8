//! The recordings in folders that the user named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use command_line::progress::ProgressBar;
use command_line::text::{one_line, thousands};
use recording::{MANIFEST_FILE, Table};

use crate::cli::arguments::ThresholdArgs;
use crate::cli::failure::{Failure, report};
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

/// What was found in the folders that the user named.
#[derive(Default)]
pub(super) struct Runs {
    /// Where each recording was found, by host and run.
    pub(super) folders: BTreeMap<(String, String), PathBuf>,
    failed: Option<u8>,
}

impl Runs {
    /// Opens every recording in some folders, each once, even if several folders hold a copy, and hands it on. What can't be opened or used is one
    /// line on stderr.
    pub(super) fn each(
        roots: &[PathBuf],
        args: &ThresholdArgs,
        mut take: impl FnMut(Loaded) -> Result<(), AnalyzeError>,
    ) -> Self {
        let mut runs = Self::default();
        let found = runs.find(roots);
        let mut bar = ProgressBar::default();
        for (done, folder) in found.iter().enumerate() {
            bar.show(done as u64, found.len() as u64, |all| {
                format!("{} recordings read", thousands(all))
            });
            if let Err(error) = runs.add(folder, args, &mut take) {
                bar.clear();
                runs.note(report(&error));
            }
        }
        bar.clear();
        runs
    }

    /// The folders of the recordings. Named twice, as itself and by the folder that it is in, it is still one.
    fn find(&mut self, roots: &[PathBuf]) -> Vec<PathBuf> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for root in roots {
            let Folders { found, complaints } = match folders(root) {
                Ok(folders) => folders,
                Err(error) => {
                    self.note(report(&error));
                    continue;
                }
            };
            for complaint in complaints {
                eprintln!("analyze: {}", one_line(&complaint));
                self.note(1);
            }
            let is_new = |folder: &PathBuf| {
                let name = folder.canonicalize().unwrap_or_else(|_| folder.clone());
                seen.insert(name)
            };
            all.extend(found.into_iter().filter(is_new));
        }
        all
    }

    fn add(
        &mut self,
        folder: &Path,
        args: &ThresholdArgs,
        take: &mut impl FnMut(Loaded) -> Result<(), AnalyzeError>,
    ) -> Result<(), AnalyzeError> {
        let loaded = args.open(folder)?;
        let manifest = loaded.manifest();
        let name = (manifest.host.clone(), manifest.run_id.clone());
        if let Some(first) = self.folders.get(&name) {
            let (host, run) = &name;
            let (folder, first) = (folder.display(), first.display());
            let text = format!("{folder}: run {run} of {host}, as {first} is: it counts once");
            eprintln!("analyze: {}", one_line(&text));
            return Ok(());
        }
        take(loaded)?;
        self.folders.insert(name, folder.to_path_buf());
        Ok(())
    }

    /// A failure of the analysis weighs more than a folder that is not a recording.
    fn note(&mut self, code: u8) {
        self.failed = Some(self.failed.map_or(code, |before| before.min(code)));
    }

    /// The exit code of what could not be read.
    pub(super) fn end(&self) -> Result<(), Failure> {
        self.failed
            .map_or(Ok(()), |code| Err(Failure::Reported(code)))
    }
}

/// Opens every recording in some folders, and says what of each is left out. `verify` looks at the checksums of the operations too, which commands that
/// fold over them do as they read.
pub(super) fn opened(roots: &[PathBuf], args: &ThresholdArgs, verify: bool) -> (Vec<Loaded>, Runs) {
    let mut all = Vec::new();
    let runs = Runs::each(roots, args, |loaded| {
        let loaded = match verify && loaded.has_unverified() {
            true => loaded.verified()?,
            false => loaded,
        };
        say_left_out(&loaded, 0);
        all.push(loaded);
        Ok(())
    });
    (all, runs)
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
