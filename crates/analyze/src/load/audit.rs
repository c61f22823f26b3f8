//! The audit of a recording, and its findings.

use polars::prelude::*;
use recording::{Audit, OpenError, guarded};

use crate::error::AnalyzeError;
use crate::load::{Loaded, columns, scan};

impl Loaded {
    /// The audit; `None` where there is none.
    pub(crate) fn audit(&self) -> Result<Option<Audit>, OpenError> {
        Audit::read(self.folder())
    }

    /// The findings of its audit.
    pub(crate) fn findings(&self) -> Result<LazyFrame, AnalyzeError> {
        let path = Audit::findings_path(self.folder());
        let scanned = guarded(|| -> PolarsResult<(LazyFrame, SchemaRef)> {
            let mut frame = scan(std::slice::from_ref(&path))?;
            let schema = frame.collect_schema()?;
            Ok((frame, schema))
        });
        let scanned = scanned.map_err(|panicked| AnalyzeError::Undecodable {
            folder: self.folder().to_path_buf(),
            panicked,
        })?;
        let (frame, schema) = scanned.map_err(|source| self.read_error(source))?;
        let selected = columns::select(&schema, &columns::FINDINGS).map_err(|misfit| {
            AnalyzeError::Columns {
                folder: self.folder().to_path_buf(),
                table: "findings",
                misfit,
            }
        })?;
        Ok(frame.select(selected))
    }
}
