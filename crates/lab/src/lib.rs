//! Plays, on loopback only, what an Aurora cluster and its proxy look like to a client, and breaks them.
//!
//! ```text
//! application --direct--> writer.lab.test (own name server, TTL 5 s) --> 127.0.0.2 or 127.0.0.3, same port
//! application --proxy---> pgbouncer on 127.0.0.1 (transaction pooling) --> the writer, as the controller sets it
//! ```
//!
//! Tests start a lab with [`Lab::start`]; the binary `lab` holds one in a background process.
//! Linux only: it needs more than one loopback address, `/proc`, and `setpriv`.

mod account;
mod application;
mod args;
mod certificates;
mod cluster;
mod control;
mod demo;
mod detect;
mod dispatch;
mod dns;
mod down;
mod error;
mod fault;
mod followers;
mod heal;
mod healthy;
pub mod marks;
mod node;
mod node_name;
mod options;
mod pgbouncer;
mod process;
mod registry;
mod relay;
mod replication;
mod serve;
mod site;
mod software;
mod sql;
mod state;
mod status;
mod step;
pub mod testing;
mod up;

pub use args::Cli;
pub use cluster::Lab;
pub use dispatch::run;
pub use dns::{READER_NAME, WRITER_NAME, Zone, lookup};
pub use error::LabError;
pub use node_name::NodeName;
pub use options::{FailoverKind, FailoverOptions, LabOptions, Replication};
pub use software::{BINDIR_VARIABLE, Software, ensure_installed};
pub use step::{Step, StepKind, lines, steps_file, utc};
