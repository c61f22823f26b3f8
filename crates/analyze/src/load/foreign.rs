//! Parts of operations as other programs write them: in codecs and types that the one pass does not read. They are copied.

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::{ParquetCompression, ParquetWriter, Schema};
use recording::Table;

use crate::error::AnalyzeError;
use crate::load::columns::{self, OPERATIONS};
use crate::load::{Loaded, scan};

impl Loaded {
    /// A copy of a part in the recorder's own form, outside of the recording.
    pub(super) fn copied(
        &mut self,
        path: &Path,
        file: &str,
        schema: &Schema,
    ) -> Result<PathBuf, AnalyzeError> {
        let selected = columns::select(schema, &OPERATIONS)
            .map_err(|misfit| self.misfit(Table::Operations, misfit))?;
        let frame = scan(&[path.to_path_buf()]).map_err(|source| self.read_error(source))?;
        let mut rows = self.collect(frame.select(selected))?;
        let copy = self.outside()?.join(file.replace('/', "."));
        let temporary = |source| AnalyzeError::Temporary {
            folder: std::env::temp_dir(),
            source,
        };
        let to = File::create(&copy).map_err(temporary)?;
        ParquetWriter::new(to)
            .with_compression(ParquetCompression::Zstd(None))
            .finish(&mut rows)
            .map_err(|error| temporary(std::io::Error::other(error)))?;
        Ok(copy)
    }
}
