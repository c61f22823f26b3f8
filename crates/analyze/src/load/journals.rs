//! What a recording in progress, or a killed one, holds that is not in sealed parts.

use std::path::PathBuf;
use std::sync::Arc;

use recording::{Checkpoint, Table, Unsealed, guarded};
use tempfile::TempDir;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::load::opening::damaged;

impl Loaded {
    /// Adds the operations that were in flight at the recorder's last checkpoint, and takes note of when that was. The sealed parts
    /// are added already.
    pub(super) fn add_unfinished(
        &mut self,
        checkpoint: &Checkpoint,
        journals: &[Unsealed],
    ) -> Result<(), AnalyzeError> {
        let parts = self.tables.get(&Table::Operations).into_iter().flatten();
        let parts: Vec<PathBuf> = parts.map(|source| source.path.clone()).collect();
        // Where more rows are missing than were damaged, the recording is not known to reach so far.
        let damaged: u64 = journals.iter().map(|journal| journal.damaged_rows).sum();
        if checkpoint.missing_rows(&parts, journals) <= damaged {
            self.last_checkpoint_us = Some(checkpoint.time_us);
        }
        let unfinished = checkpoint.unfinished(&parts, journals);
        let path = self.outside()?.join("in_flight.parquet");
        recording::write_parquet(unfinished.into_iter(), &path).map_err(not_copied)?;
        if path.exists() {
            let file = "journal/in_flight.arrows".to_owned();
            self.add(Table::Operations, path, file, None, None)?;
        }
        Ok(())
    }

    /// The folder for rows that are not in sealed parts, outside of the recording.
    pub(super) fn outside(&mut self) -> Result<PathBuf, AnalyzeError> {
        let folder = match &self.journals {
            Some(folder) => folder,
            None => self.journals.insert(Arc::new(temporary_folder()?)),
        };
        Ok(folder.path().to_path_buf())
    }

    /// Adds what the journal of a part holds, unless the part is sealed.
    pub(super) fn add_journal(
        &mut self,
        table: Table,
        unsealed: &Unsealed,
    ) -> Result<(), AnalyzeError> {
        let part = format!("{}/{}", table.as_str(), unsealed.part);
        let mut sealed = self.tables.get(&table).into_iter().flatten();
        if sealed.any(|source| source.file == part) {
            return Ok(());
        }
        self.unread_bytes = self.unread_bytes.saturating_add(unsealed.unread_bytes);
        let journal = unsealed.journal.file_name().unwrap_or_default();
        let file = format!("journal/{}", journal.to_string_lossy());
        let is_damaged = unsealed.damaged_bytes > 0 || unsealed.damaged_rows > 0;
        if table == Table::Operations && is_damaged {
            self.damaged_journals
                .push((file.clone(), unsealed.damaged_bytes));
        }
        self.lacks_availability |= table == Table::Availability && is_damaged;
        if unsealed.rows == 0 {
            return Ok(());
        }
        let name = format!("{}.{}", table.as_str(), unsealed.part);
        let path = self.outside()?.join(name);
        match guarded(|| unsealed.write_parquet(&path)) {
            Ok(Err(error @ recording::WriteError::Io { .. })) => return Err(not_copied(error)),
            Ok(Ok(())) => {}
            // Rows of another program.
            Ok(Err(error)) => return self.leave_out(damaged(file, &error, Some(unsealed.rows))),
            Err(error) => return self.leave_out(damaged(file, &error, Some(unsealed.rows))),
        }
        self.journal_rows += unsealed.rows;
        self.add(table, path, file, Some(unsealed.rows), None)
    }
}

fn temporary_folder() -> Result<TempDir, AnalyzeError> {
    tempfile::tempdir().map_err(|source| temporary(source.kind().into()))
}

/// The error's own text may name a file that is gone again and that the user never heard of.
fn not_copied(error: recording::WriteError) -> AnalyzeError {
    match error {
        recording::WriteError::Io { source, .. } => temporary(source),
        other => other.into(),
    }
}

fn temporary(source: std::io::Error) -> AnalyzeError {
    AnalyzeError::Temporary {
        folder: std::env::temp_dir(),
        source,
    }
}
