//! Parts as another writer would have made them, in a manifest that fits them.

use std::fs;
use std::path::Path;

use polars::prelude::*;
use sha2::{Digest, Sha256};

/// Makes a part anew from its rows, changed by `change`.
pub(crate) fn rewrite(folder: &Path, file: &str, change: impl FnOnce(LazyFrame) -> LazyFrame) {
    rewrite_in(folder, file, ParquetCompression::Zstd(None), change);
}

/// The same in a codec.
pub(crate) fn rewrite_in(
    folder: &Path,
    file: &str,
    codec: ParquetCompression,
    change: impl FnOnce(LazyFrame) -> LazyFrame,
) {
    let part = folder.join(file);
    let path = PlRefPath::new(part.to_string_lossy());
    let frame = LazyFrame::scan_parquet(path, ScanArgsParquet::default()).unwrap();
    let mut frame = change(frame).collect().unwrap();
    let rows = frame.height() as u64;
    ParquetWriter::new(fs::File::create(&part).unwrap())
        .with_compression(codec)
        .finish(&mut frame)
        .unwrap();
    fit(folder, file, Some(rows));
}

/// Has the manifest state the size and the checksum that a part has, and the rows where they are given.
pub(crate) fn fit(folder: &Path, file: &str, rows: Option<u64>) {
    let bytes = fs::read(folder.join(file)).unwrap();
    let mut manifest = recording::Manifest::read(folder).unwrap();
    for part in manifest.parts.iter_mut().filter(|part| part.file == file) {
        part.bytes = bytes.len() as u64;
        part.sha256 = checksum(&bytes);
        part.rows = rows.unwrap_or(part.rows);
    }
    manifest.write(folder).unwrap();
}

/// What `sha256sum` prints.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names one more part, a copy of `file`, that the manifest gives as its own.
pub(crate) fn copy(folder: &Path, file: &str, to: &str) {
    fs::copy(folder.join(file), folder.join(to)).unwrap();
    let mut manifest = recording::Manifest::read(folder).unwrap();
    let mut part = manifest
        .parts
        .iter()
        .find(|part| part.file == file)
        .unwrap()
        .clone();
    part.file = to.to_owned();
    manifest.parts.push(part);
    manifest.write(folder).unwrap();
}
