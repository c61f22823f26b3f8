//! Whole tables as files: one for each table and view, with the rows of all recordings.

use std::fs::{self, File};
use std::path::PathBuf;

use crate::load::Loaded;
use crate::near::near;
use crate::query::catalogue::entries;
use crate::query::file::{is_recorded, replace};
use crate::query::frame::NamedFrame;
use crate::query::mistake::Mistake;
use crate::query::output::{Csv, Output, Parquet, Reader};
use crate::query::run::{Broken, QueryError, figures, rows, tables, whole_ones};

use crate::summary::Thresholds;

/// Rows that a sheet of Excel or LibreOffice has, the heading included.
pub const MOST_ROWS_OF_A_SHEET: usize = 1_048_576;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For spreadsheets.
    Csv,
    Parquet,
}

impl Form {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// What is exported, and where to.
#[derive(Debug, Clone)]
pub struct Export {
    pub folder: PathBuf,
    pub form: Form,
    /// The tables and views; empty for all.
    pub tables: Vec<String>,
    /// Files that are there already are replaced.
    pub force: bool,
    pub thresholds: Thresholds,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    pub rows: usize,
}

impl Export {
    /// Looks at what can be known before any recording is read.
    ///
    /// # Errors
    /// [`QueryError::Mistake`] for a table that there is not, [`QueryError::Exists`] for files that are there, and
    /// [`QueryError::Recorded`] in the folder of a recording's table.
    pub fn check(&self) -> Result<(), QueryError> {
        let known = names();
        for table in &self.tables {
            if !known.contains(table) {
                let near = near(table, known.iter().map(String::as_str));
                let near = match near.as_slice() {
                    [] => format!("there are {}", known.join(", ")),
                    near => format!("did you mean {}?", near.join(" or ")),
                };
                return Err(QueryError::Mistake(Mistake::new(format!(
                    "no table {table}; {near}"
                ))));
            }
        }
        let paths = || self.asked().map(|table| self.path(&table));
        if let Some(recorded) = paths().find(|path| is_recorded(path)) {
            return Err(QueryError::Recorded(recorded));
        }
        let there: Vec<PathBuf> = paths().filter(|path| path.exists()).collect();
        match there.is_empty() || self.force {
            true => Ok(()),
            false => Err(QueryError::Exists(there)),
        }
    }

    fn asked(&self) -> impl Iterator<Item = String> {
        let is_asked = |table: &String| self.tables.is_empty() || self.tables.contains(table);
        names().into_iter().filter(is_asked)
    }

    fn path(&self, table: &str) -> PathBuf {
        self.folder.join(format!("{table}.{}", self.form.suffix()))
    }

    /// Writes the files; `each` is told of every one.
    ///
    /// # Errors
    /// [`QueryError`]; the files that were told of are whole.
    pub fn run(
        &self,
        loaded: &[Loaded],
        mut each: impl FnMut(&Written) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let asked: Vec<String> = self.asked().collect();
        let asks = |name: &str| asked.iter().any(|table| table == name);
        let figures = figures(loaded, self.thresholds, asks)?;
        let tables = tables(loaded, &figures)?;
        fs::create_dir_all(&self.folder).map_err(|source| QueryError::File {
            path: self.folder.clone(),
            source,
        })?;
        for table in tables.iter().filter(|table| asks(table.name)) {
            let path = self.path(table.name);
            let rows = replace(&path, |file| self.write(table, file, loaded))?;
            each(&Written { path, rows })?;
        }
        Ok(())
    }

    fn write(
        &self,
        table: &NamedFrame,
        file: &File,
        loaded: &[Loaded],
    ) -> Result<usize, QueryError> {
        let mut output: Box<dyn Output + '_> = match self.form {
            Form::Csv => Box::new(Csv::new(file, Reader::Spreadsheet).map_err(QueryError::Output)?),
            Form::Parquet => Box::new(Parquet::new(file)),
        };
        let mut count = 0;
        output.begin(&table.schema).map_err(QueryError::Output)?;
        let outcome = rows(table.frame.clone(), |rows| {
            count += rows.height();
            output.add(rows)
        });
        match outcome {
            Ok(()) => {}
            Err(Broken::Output(error)) => return Err(QueryError::Output(error)),
            Err(Broken::Engine(said)) => {
                return Err(match whole_ones(loaded)? {
                    Some(rest) => QueryError::LeftOut(rest),
                    None => QueryError::Engine(said.to_string()),
                });
            }
        }
        output.end().map_err(QueryError::Output)?;
        Ok(count)
    }
}

fn names() -> Vec<String> {
    entries().into_iter().map(|entry| entry.name).collect()
}

/// True where a spreadsheet can't take a file whole.
#[must_use]
pub const fn is_beyond_a_sheet(written: &Written) -> bool {
    written.rows >= MOST_ROWS_OF_A_SHEET
}
