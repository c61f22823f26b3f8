//! Real pgbench as background load of the business workload: one per path, against the endpoint of that path.
//!
//! pgbench keeps to tables of its own (`pgbench_*`). Its progress per second becomes rows of `load`, its output stays in
//! the recording's `logs/`. No version of it reconnects: a client that a failover cuts is gone, so the whole of it is
//! started again, and each start is an event.

mod command;
mod error;
mod load;
mod options;
mod output;
mod passfile;
mod prepare;
mod program;
mod progress;

pub use error::PgbenchError;
pub use load::{Running, start};
pub use options::{GetPassword, LoadMode, LoadOptions, ModeName, Resolve, Target};
pub use passfile::try_password_file;
pub use prepare::{Prepared, prepare};
pub use program::{Program, find};
