//! The form that every part has, and the text of its checksum.

use std::io::Write;
use std::path::Path as FilePath;

use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;

use crate::format::error::WriteError;
use crate::format::schema;

/// A writer of the form that every part has.
pub(crate) fn parquet_writer<W: Write + Send>(
    sink: W,
    schema: &SchemaRef,
    path: &FilePath,
) -> Result<ArrowWriter<W>, WriteError> {
    // No embedded Arrow schema: every reader takes the types from Parquet's own.
    let options = ArrowWriterOptions::new()
        .with_properties(schema::properties(schema))
        .with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(sink, schema.clone(), options)
        .map_err(|error| WriteError::encode(path, &error))
}

/// Bytes in hexadecimal, as `sha256sum` prints them.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
