//! The recordings that the user named, analyzed one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use command_line::progress::ProgressBar;
use command_line::text::{one_line, thousands};

use crate::cli::arguments::ThresholdArgs;
use crate::cli::failure::{Failure, report};
use crate::cli::runs::{Folders, folders};
use crate::error::AnalyzeError;
use crate::summarize;
use crate::summary::{Summary, Thresholds};

/// The summaries of recordings, each of them once, even if several folders hold a copy. One that can't be read is one line on stderr.
#[derive(Default)]
pub(super) struct Several {
    pub(super) all: Vec<Summary>,
    /// Where each was found, by host and run.
    folders: BTreeMap<(String, String), PathBuf>,
    failed: Option<u8>,
}

impl Several {
    /// Analyzes the recordings at and below `roots`.
    pub(super) fn read(roots: &[PathBuf], args: &ThresholdArgs) -> Result<Self, Failure> {
        let thresholds = args.thresholds()?;
        let mut several = Self::default();
        let found = several.find(roots);
        let mut bar = ProgressBar::default();
        for (done, folder) in found.iter().enumerate() {
            bar.show(done as u64, found.len() as u64, |all| {
                format!("{} recordings analyzed", thousands(all))
            });
            if let Err(error) = several.add(folder, thresholds, args) {
                bar.clear();
                several.note(report(&error));
            }
        }
        bar.clear();
        Ok(several)
    }

    /// The folders of the recordings, each once.
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
            // Named twice, as itself and by the folder that it is in, it is still one recording.
            let is_new = |folder: &PathBuf| {
                let name = folder.canonicalize().unwrap_or_else(|_| folder.clone());
                seen.insert(name)
            };
            all.extend(found.into_iter().filter(is_new));
        }
        all
    }

    /// A failure of the analysis weighs more than a folder that is not a recording.
    fn note(&mut self, code: u8) {
        self.failed = Some(self.failed.map_or(code, |before| before.min(code)));
    }

    /// Adds the recording in `folder`, and reports what is left out of it.
    fn add(
        &mut self,
        folder: &Path,
        thresholds: Thresholds,
        args: &ThresholdArgs,
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
        let summary = summarize(&loaded, thresholds)?;
        for part in &summary.recording.damaged_parts {
            let text = format!("left out {}: {}", part.file, part.reason);
            eprintln!("analyze: {}: {}", folder.display(), one_line(&text));
        }
        self.folders.insert(name, folder.to_path_buf());
        self.all.push(summary);
        Ok(())
    }

    /// A recording that is here and there.
    pub(super) fn shared_with(&self, other: &Self) -> Option<&Path> {
        let mut folders = self.folders.iter();
        let shared = folders.find(|(name, _)| other.folders.contains_key(*name));
        shared.map(|(_, folder)| folder.as_path())
    }

    /// The exit code of what could not be read.
    pub(super) fn end(&self) -> Result<(), Failure> {
        self.failed
            .map_or(Ok(()), |code| Err(Failure::Reported(code)))
    }
}
