//! Rows to plain values: all queries over a recording's tables are here, and data frames end here.

pub(crate) mod answers;
pub mod attempts;
pub(crate) mod audit;
pub mod availability;
pub(crate) mod connections;
pub(crate) mod drawn;
pub(crate) mod error_counts;
pub(crate) mod errors;
pub(crate) mod events;
pub mod histogram;
pub(crate) mod implied;
pub(crate) mod near;
pub(crate) mod operations;
pub mod pauses;
pub(crate) mod pgbench;
pub(crate) mod rows;
pub(crate) mod scan;
pub mod served;
pub(crate) mod server_probes;
pub(crate) mod survey;
pub mod suspect;
pub(crate) mod suspects;
pub mod timeline;
pub(crate) mod times;
pub(crate) mod values;
pub(crate) mod waits;
