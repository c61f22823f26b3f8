//! The recordings that the user named, analyzed one after the other.

use std::path::{Path, PathBuf};

use command_line::text::one_line;

use crate::cli::arguments::ThresholdArgs;
use crate::cli::failure::Failure;
use crate::cli::runs::Runs;
use crate::summarize;
use crate::summary::Summary;

/// The summaries of recordings, each of them once.
pub(super) struct Several {
    pub(super) all: Vec<Summary>,
    runs: Runs,
}

impl Several {
    /// Analyzes the recordings at and below `roots`, and reports what is left out of each.
    pub(super) fn read(roots: &[PathBuf], args: &ThresholdArgs) -> Result<Self, Failure> {
        let thresholds = args.thresholds()?;
        let mut all = Vec::new();
        let runs = Runs::each(roots, args, |loaded| {
            let summary = summarize(&loaded, thresholds)?;
            for part in &summary.recording.damaged_parts {
                let text = format!("left out {}: {}", part.file, part.reason);
                let folder = loaded.folder().display();
                eprintln!("analyze: {folder}: {}", one_line(&text));
            }
            all.push(summary);
            Ok(())
        });
        Ok(Self { all, runs })
    }

    /// A recording that is here and there.
    pub(super) fn shared_with(&self, other: &Self) -> Option<&Path> {
        let mut folders = self.runs.folders.iter();
        let shared = folders.find(|(name, _)| other.runs.folders.contains_key(*name));
        shared.map(|(_, folder)| folder.as_path())
    }

    /// The exit code of what could not be read.
    pub(super) fn end(&self) -> Result<(), Failure> {
        self.runs.end()
    }
}
