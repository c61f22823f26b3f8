//! Foreign text: without secrets, and in one line.

pub(crate) mod error_text;
pub mod redact;
