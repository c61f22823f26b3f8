//! Opening a recording: which files of each table there are, which of them can be used, and what is left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use command_line::text::one_line;
use polars::prelude::*;
use recording::{Checkpoint, DamagedPart, PartRecord, Recording, State, Table, guarded};

use crate::error::{AnalyzeError, Misfit};
use crate::load::columns::{self, Column};
use crate::load::range::Cut;
use crate::load::{Damage, Loaded, MOST_IN_MEMORY, Source, Sums, columns_of, plain, scan};

impl Loaded {
    pub(super) fn open_in(folder: &Path, damage: Damage, sums: Sums) -> Result<Self, AnalyzeError> {
        // In-flight operations first, then the journals: an operation that ends meanwhile, and a part that is sealed, is then there
        // twice, which its number and its name show, and never missed.
        let before = Recording::open(folder)?;
        let checkpoint = Checkpoint::read(&before)?;
        let mut journals = Vec::new();
        for table in Table::ALL {
            journals.push((table, before.whole_journals(table)?));
        }
        let recording = Recording::open(folder)?;
        let mut loaded = Self {
            is_being_written: recording.is_being_written(),
            recording,
            damage,
            cut: Cut::WHOLE,
            tables: BTreeMap::new(),
            damaged: Vec::new(),
            journal_rows: 0,
            unread_bytes: 0,
            damaged_journals: Vec::new(),
            lacks_availability: false,
            last_checkpoint_us: None,
            progress: None,
            journals: None,
        };
        for table in Table::ALL {
            for (path, to_verify) in loaded.parts(table, sums)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let file = format!("{}/{name}", table.as_str());
                let mut named = loaded.manifest().parts.iter();
                let rows = named.find(|part| part.file == file).map(|part| part.rows);
                loaded.add(table, path, file, rows, to_verify)?;
            }
        }
        let checkpoint = checkpoint.filter(|_| loaded.manifest().state == State::Recording);
        if let Some(checkpoint) = checkpoint {
            let of_operations = journals
                .iter()
                .filter(|(table, _)| *table == Table::Operations);
            let of_operations: Vec<_> = of_operations
                .flat_map(|(_, (unsealed, _))| unsealed.clone())
                .collect();
            loaded.add_unfinished(&checkpoint, &of_operations)?;
        }
        for (table, (unsealed, damaged)) in journals {
            for damaged in damaged {
                loaded.leave_out(damaged)?;
            }
            for unsealed in unsealed {
                loaded.add_journal(table, &unsealed)?;
            }
        }
        Ok(loaded)
    }

    /// The parts of a table, and what the bytes of those are to be that were not looked at.
    fn parts(
        &mut self,
        table: Table,
        sums: Sums,
    ) -> Result<Vec<(PathBuf, Option<PartRecord>)>, AnalyzeError> {
        // What was in flight when a recorder was killed is found in the parts: they are read before they are folded.
        let has_ended = self.manifest().state != State::Recording;
        if table == Table::Operations && sums == Sums::WhileReading && has_ended {
            let parts = self.recording.parts_to_verify(table)?;
            let bytes = |(_, record): &(_, Option<PartRecord>)| {
                record.as_ref().map_or(0, |record| record.bytes)
            };
            if parts.iter().map(bytes).max() <= Some(MOST_IN_MEMORY) {
                return Ok(parts);
            }
        }
        let parts = match self.damage {
            Damage::Refused => self.recording.parts(table)?,
            Damage::Allowed => {
                let (parts, damaged) = self.recording.whole_parts(table)?;
                self.damaged.extend(damaged);
                parts
            }
        };
        Ok(parts.into_iter().map(|path| (path, None)).collect())
    }

    /// Adds a file whose columns can be used.
    pub(super) fn add(
        &mut self,
        table: Table,
        path: PathBuf,
        file: String,
        rows: Option<u64>,
        to_verify: Option<PartRecord>,
    ) -> Result<(), AnalyzeError> {
        let schema = guarded(|| scan(std::slice::from_ref(&path))?.collect_schema());
        let schema = match schema {
            Ok(Ok(schema)) => schema,
            Ok(Err(error)) => return self.leave_out(damaged(file, &error, rows)),
            Err(error) => return self.leave_out(damaged(file, &error, rows)),
        };
        if let Err(misfit) = columns::select(&schema, columns_of(table)) {
            if self.damage == Damage::Refused {
                return Err(self.misfit(table, misfit));
            }
            return self.leave_out(damaged(file, &misfit, rows));
        }
        let whole = path.clone();
        let path = match table == Table::Operations && !plain::is_plain(&path) {
            false => path,
            // It is copied before it could be verified.
            true if to_verify.is_some() => return Err(AnalyzeError::OtherBytes),
            true => match self.copied(&path, &file, &schema) {
                Err(error) if error.is_of_the_decoder() => {
                    return self.leave_out(damaged(file, &error.decoder_said(), rows));
                }
                copied => copied?,
            },
        };
        self.tables.entry(table).or_default().push(Source {
            path,
            whole,
            file,
            rows,
            schema,
            to_verify,
        });
        Ok(())
    }

    pub(super) fn misfit(&self, table: Table, misfit: Misfit) -> AnalyzeError {
        AnalyzeError::Columns {
            folder: self.folder().to_path_buf(),
            table: table.as_str(),
            misfit,
        }
    }

    pub(super) fn leave_out(&mut self, damaged: DamagedPart) -> Result<(), AnalyzeError> {
        match self.damage {
            Damage::Refused => Err(damaged.into_error(self.folder()).into()),
            Damage::Allowed => {
                self.damaged.push(damaged);
                Ok(())
            }
        }
    }

    /// The recording without the files that make the decoder fail, each tried by itself; `None` where there is none. For when a
    /// query failed: a checksum in the manifest shows what went bad later, not what was bad from the start.
    ///
    /// # Errors
    /// [`AnalyzeError::Damaged`] where damage is refused.
    pub(crate) fn without_undecodable(&self) -> Result<Option<Self>, AnalyzeError> {
        let mut rest = self.clone();
        for (table, sources) in &self.tables {
            let mut whole = Vec::new();
            for source in sources {
                match self.decodes(*table, source) {
                    Ok(()) => whole.push(source.clone()),
                    Err(error) => {
                        let reason = error.decoder_said();
                        rest.leave_out(damaged(source.file.clone(), &reason, source.rows))?;
                    }
                }
            }
            rest.tables.insert(*table, whole);
        }
        Ok((rest.damaged.len() > self.damaged.len()).then_some(rest))
    }

    /// Decodes every value that is read of a file.
    fn decodes(&self, table: Table, source: &Source) -> Result<(), AnalyzeError> {
        if table == Table::Operations {
            return self.operations_decode(source);
        }
        let every_value = |column: &Column| col(column.name).max();
        let values: Vec<_> = columns_of(table).iter().map(every_value).collect();
        let frame = self.frame(table, std::slice::from_ref(source))?;
        self.collect(frame.select(values)).map(|_| ())
    }
}

pub(super) fn damaged(
    file: String,
    reason: &dyn std::fmt::Display,
    rows: Option<u64>,
) -> DamagedPart {
    let reason = one_line(&reason.to_string());
    DamagedPart { file, reason, rows }
}
