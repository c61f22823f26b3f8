//! Parts of operations as other programs write them: in codecs and types that the one pass does not read. They are copied.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_schema::DataType;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Compression;
use parquet::file::metadata::RowGroupMetaData;
use polars::prelude::{ParquetCompression, ParquetWriter, Schema};
use recording::Table;

use crate::error::AnalyzeError;
use crate::load::columns::{self, OPERATIONS};
use crate::load::{Loaded, scan};

/// True where the one pass reads the part as it is; and where nothing can be read of it, which is told when it is.
pub(super) fn is_plain(path: &Path) -> bool {
    let metadata = File::open(path)
        .ok()
        .and_then(|file| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).ok());
    let Some(metadata) = metadata else {
        return true;
    };
    let is_read = |name: &str| OPERATIONS.iter().any(|column| column.name == name);
    let fields = metadata.schema().fields().iter();
    let mut fields = fields.filter(|field| is_read(field.name()));
    let groups = metadata.metadata().row_groups().iter();
    let columns = groups.flat_map(RowGroupMetaData::columns);
    let mut columns = columns.filter(|column| is_read(&column.column_path().string()));
    let is_known = |codec| matches!(codec, Compression::UNCOMPRESSED | Compression::ZSTD(_));
    fields.all(|field| is_plain_type(field.data_type()))
        && columns.all(|column| is_known(column.compression()))
}

fn is_plain_type(of: &DataType) -> bool {
    match of {
        DataType::Dictionary(_, words) => words.is_string() || **words == DataType::Null,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        DataType::Timestamp(..) => true,
        other => other.is_integer(),
    }
}

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
