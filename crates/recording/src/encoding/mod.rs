//! Bytes: streams of journals, Parquet files, and decoders that must not panic on what they find.

pub(crate) mod catch_panic;
pub(crate) mod ipc_message;
pub(crate) mod journal_stream;
pub(crate) mod packed_columns;
pub(crate) mod parquet_file;
