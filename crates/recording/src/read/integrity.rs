//! Whether a part is as the manifest states it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path as FilePath, PathBuf};

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use sha2::{Digest, Sha256};

use crate::encoding::catch_panic::guarded;
use crate::encoding::parquet_file::hexadecimal;
use crate::format::error::OpenError;
use crate::format::manifest::PartRecord;

/// Rows of a row group at most: this program writes 131,072, others a million or the whole part.
const MOST_ROWS_OF_A_GROUP: i64 = 1 << 24;
/// Rows per byte of a part at most. Real ones have 0.1; only a file made to fill the memory of its reader has more than this.
const MOST_ROWS_PER_BYTE: u64 = 100;
/// Bytes of a manifest at most: those of some 300,000 parts.
const LARGEST_MANIFEST: u64 = 64 << 20;

impl PartRecord {
    /// True where these are the part's bytes: by their number and their SHA-256.
    #[must_use]
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.bytes && hexadecimal(&Sha256::digest(bytes)) == self.sha256
    }
}

/// Checks that `file`, relative to the recording's folder, is a file of that folder and whole; where the manifest names it, that it
/// has the size, the SHA-256 and the rows of its `record`. It is read as a stream; `read` gets the length of every piece, bytes.
///
/// Returns its rows.
pub(crate) fn part(
    recording: &FilePath,
    file: &str,
    record: Option<&PartRecord>,
    read: &mut dyn FnMut(u64),
) -> Result<u64, OpenError> {
    let path = recording.join(file);
    plain_file(recording, &path)?;
    if let Some(record) = record {
        size(&path, record)?;
        sum(&path, record, read)?;
    }
    footer(&path, record.map(|record| record.rows))
}

/// The same without the SHA-256: only the footer is read.
pub(crate) fn part_but_for_its_sum(
    recording: &FilePath,
    file: &str,
    record: Option<&PartRecord>,
) -> Result<u64, OpenError> {
    let path = recording.join(file);
    plain_file(recording, &path)?;
    if let Some(record) = record {
        size(&path, record)?;
    }
    footer(&path, record.map(|record| record.rows))
}

/// Refuses a path where nothing is, that is no file (a pipe would be waited for, a device never ends), or that is a link: the files
/// of a recording are in its folder, once.
pub(crate) fn plain_file(recording: &FilePath, path: &FilePath) -> Result<(), OpenError> {
    let real = |path: &FilePath| match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(OpenError::MissingPart(path.to_path_buf()))
        }
        real => real.map_err(unreadable(path)),
    };
    let inside = path
        .strip_prefix(recording)
        .map_err(|_| damaged(path, "it is outside of the recording's folder"))?;
    if real(path)? != real(recording)?.join(inside) {
        return Err(damaged(path, "it is a link to another place"));
    }
    let metadata = fs::metadata(path).map_err(unreadable(path))?;
    if !metadata.is_file() {
        return Err(damaged(path, "it is not a file"));
    }
    Ok(())
}

fn size(path: &FilePath, part: &PartRecord) -> Result<(), OpenError> {
    let size = fs::metadata(path).map_err(unreadable(path))?.len();
    if size == part.bytes {
        return Ok(());
    }
    let reason = format!("it has {size} bytes, the manifest says {}", part.bytes);
    Err(damaged(path, reason))
}

fn sum(path: &FilePath, part: &PartRecord, read: &mut dyn FnMut(u64)) -> Result<(), OpenError> {
    let mut file = File::open(path).map_err(unreadable(path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(unreadable(path))? {
            0 => break,
            bytes => {
                hash.update(&buffer[..bytes]);
                read(bytes as u64);
            }
        }
    }
    if hexadecimal(&hash.finalize()) != part.sha256 {
        let reason = "its SHA-256 is not the one that the manifest states";
        return Err(damaged(path, reason));
    }
    Ok(())
}

fn footer(part: &FilePath, rows: Option<u64>) -> Result<u64, OpenError> {
    let file = File::open(part).map_err(unreadable(part))?;
    let size = file.metadata().map_err(unreadable(part))?.len();
    let no_parquet = |error: &dyn std::fmt::Display| {
        damaged(part, format!("not a whole Parquet file ({error})"))
    };
    let read = || ParquetMetaDataReader::new().parse_and_finish(&file);
    let metadata = guarded(read)
        .map_err(|panicked| no_parquet(&panicked))?
        .map_err(|error| no_parquet(&error))?;
    let found = plausible_rows(&metadata, size).map_err(|reason| damaged(part, reason))?;
    match rows {
        Some(rows) if found != rows => Err(damaged(
            part,
            format!("it has {found} rows, the manifest says {rows}"),
        )),
        _ => Ok(found),
    }
}

/// The rows that a footer states, where they and the columns agree with one another and with the size of the file, bytes: readers
/// allocate what a footer states.
fn plausible_rows(metadata: &ParquetMetaData, size: u64) -> Result<u64, String> {
    let rows = metadata.file_metadata().num_rows();
    let mut of_groups = 0_i64;
    for group in metadata.row_groups() {
        of_groups = of_groups.saturating_add(group.num_rows());
        if !(0..=MOST_ROWS_OF_A_GROUP).contains(&group.num_rows()) {
            return Err(format!("a row group of {} rows", group.num_rows()));
        }
        for column in group.columns() {
            // A dictionary comes first. Readers trust the one that is named, and begin there.
            let data = column.data_page_offset();
            let start = column.dictionary_page_offset().unwrap_or(data);
            let end = start.checked_add(column.compressed_size());
            let inside = end.is_some_and(|end| data <= end && end.unsigned_abs() <= size);
            if start < 0 || start > data || column.compressed_size() < 0 || !inside {
                return Err("a column is outside of the file".to_owned());
            }
            // One value, or null, per row; a later version may add lists, which have more.
            let is_flat = column.column_descr().max_rep_level() == 0;
            if is_flat && column.num_values() != group.num_rows() {
                return Err("its columns differ in length".to_owned());
            }
        }
    }
    let most = size.saturating_mul(MOST_ROWS_PER_BYTE);
    match u64::try_from(rows) {
        Ok(found) if rows == of_groups && found <= most => Ok(found),
        Ok(found) if rows == of_groups => Err(format!("{found} rows in {size} bytes")),
        _ => Err("its row groups do not add up".to_owned()),
    }
}

fn damaged(path: &FilePath, reason: impl Into<String>) -> OpenError {
    OpenError::DamagedPart {
        path: path.to_path_buf(),
        reason: reason.into(),
    }
}

/// A part that the operating system can't read counts as damaged: the others may be whole.
fn unreadable(path: &FilePath) -> impl FnOnce(io::Error) -> OpenError + '_ {
    move |error| damaged(path, format!("it can't be read ({error})"))
}

/// A part that can't be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DamagedPart {
    /// Relative to the recording's folder, with `/`.
    pub file: String,
    /// What is wrong with it, in one line.
    pub reason: String,
    /// Rows that are missing without it, as the manifest states them; `None` where it does not.
    pub rows: Option<u64>,
}

impl DamagedPart {
    pub(crate) fn new(file: &str, error: OpenError, rows: Option<u64>) -> Self {
        let reason = match error {
            OpenError::MissingPart(_) => "it is missing".to_owned(),
            OpenError::DamagedPart { reason, .. } => reason,
            other => other.to_string(),
        };
        Self {
            file: file.to_owned(),
            reason,
            rows,
        }
    }

    /// The error of a reader that goes no further, for the recording in `recording`.
    #[must_use]
    pub fn into_error(self, recording: &FilePath) -> OpenError {
        OpenError::DamagedPart {
            path: recording.join(&self.file),
            reason: self.reason,
        }
    }
}

/// True for the name of a file in a table's folder, `operations/direct-00001.parquet`: a manifest may be hostile.
pub(crate) fn is_file_of_a_table(file: &str) -> bool {
    let is_plain = |name: &str| {
        !name.is_empty() && name != "." && name != ".." && !name.contains(['\\', '\0', ':'])
    };
    match file.split_once('/') {
        Some((table, name)) => is_plain(table) && is_plain(name) && !name.contains('/'),
        None => false,
    }
}

/// The path of a part as the manifest writes it.
pub(crate) fn relative(table: crate::format::layout::Table, path: &FilePath) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{}/{name}", table.as_str())
}

/// The manifest's file, where it may be read.
pub(crate) fn manifest(recording: &FilePath, path: PathBuf) -> Result<PathBuf, OpenError> {
    let bad = |reason: String| OpenError::BadManifest {
        path: path.clone(),
        reason,
    };
    plain_file(recording, &path).map_err(|error| bad(DamagedPart::new("", error, None).reason))?;
    let size = fs::metadata(&path).map_err(OpenError::io(&path))?.len();
    if size > LARGEST_MANIFEST {
        return Err(bad(format!("it has {size} bytes, which no manifest has")));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_a_tables_folder() {
        assert!(is_file_of_a_table("operations/direct-00001.parquet"));
        for hostile in [
            "",
            "operations",
            "operations/",
            "operations/..",
            "../secret.parquet",
            "operations/../../secret.parquet",
            "/etc/passwd",
            "//etc/passwd",
            "operations//etc/passwd",
            "./x",
            "operations/a\\b",
            "c:/x",
        ] {
            assert!(!is_file_of_a_table(hostile), "{hostile}");
        }
    }
}
