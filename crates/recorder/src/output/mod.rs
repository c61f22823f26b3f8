//! What people see: the live view, the log, the terminal, and the sink of events that feeds them.

pub(crate) mod event_sink;
pub mod live;
pub(crate) mod log;
pub(crate) mod terminal;
