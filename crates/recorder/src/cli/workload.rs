//! The flags of `recorder run` for what runs.

use std::path::{Path, PathBuf};

use clap::Args;

/// What runs.
#[derive(Debug, Clone, Args)]
pub struct WorkloadArgs {
    /// The operations.
    #[command(flatten)]
    pub file: WorkloadFile,
    /// Share of reads among the operations
    ///
    /// Set the three shares as your application has them: reads and writes do not come back at the same time.
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 70.0,
        allow_negative_numbers = true,
        conflicts_with = "workload",
        help_heading = "Workload"
    )]
    pub read_weight: f64,
    /// Share of writes
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 20.0,
        allow_negative_numbers = true,
        conflicts_with = "workload",
        help_heading = "Workload"
    )]
    pub write_weight: f64,
    /// Share of transactions. Shares that do not add up to 100 are normalised
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 10.0,
        allow_negative_numbers = true,
        conflicts_with = "workload",
        help_heading = "Workload"
    )]
    pub transaction_weight: f64,
}

/// Operations of the user's own.
#[derive(Debug, Clone, Args)]
pub struct WorkloadFile {
    /// File with your own operations (TOML) instead of the built-in shop
    ///
    /// `recorder workload` prints the shop as such a file: start from it. docs/workload.md describes it.
    #[arg(long, value_name = "FILE", help_heading = "Workload")]
    pub workload: Option<PathBuf>,
}

impl WorkloadFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.workload.as_deref()
    }
}
