//! Bytes: the streams of journals, Parquet files, and decoders that must not panic on damaged bytes.

pub(crate) mod catch_panic;
pub(crate) mod ipc_message;
pub(crate) mod journal_stream;
pub(crate) mod parquet_file;
