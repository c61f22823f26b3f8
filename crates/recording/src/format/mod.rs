//! The format of a recording: its words, names, columns, rows and manifest. `FORMAT.md` describes it for people.

pub(crate) mod clock_record;
pub(crate) mod error;
pub(crate) mod layout;
pub(crate) mod manifest;
pub(crate) mod rows;
pub(crate) mod schema;
pub(crate) mod settings;
pub(crate) mod timestamp;
pub mod vocabulary;
pub(crate) mod workload;
