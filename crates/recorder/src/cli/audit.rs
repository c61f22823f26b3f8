//! The flags of `recorder audit`, and of the audit at the end of a run.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use command_line::duration;
use recording::vocabulary::Path;

/// `recorder audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Folder of the recording
    #[arg(value_name = "RUN")]
    pub recording: PathBuf,
    /// Ask through this path [default: direct, or proxy if only that URL is given]
    #[arg(long, value_enum, value_name = "PATH", conflicts_with = "url")]
    pub via: Option<Via>,
    /// Ask another endpoint of the same database, such as an administrator's
    ///
    /// A password in it shows in the process list: leave it out, and use PGPASSWORD or ~/.pgpass.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// How long to wait for a writer, for former writers to come back as readers, and for sessions of the run to end
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    pub wait: Duration,
}

/// A path to ask through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Via {
    /// The direct path
    Direct,
    /// The path through the proxy
    Proxy,
}

impl Via {
    /// The path of a recording.
    #[must_use]
    pub const fn path(self) -> Path {
        match self {
            Self::Direct => Path::Direct,
            Self::Proxy => Path::Proxy,
        }
    }
}

const DURABILITY: &str = "Durability";

/// The audit at the end of a run.
#[derive(Debug, Clone, Args)]
pub struct AuditAtEndArgs {
    /// Do not audit the recording at its end
    ///
    /// Without this flag the run ends as `recorder audit` does it: it looks for every write that was acknowledged, and says which are lost.
    /// `recorder audit` can do that later. A failed audit does not change the exit code.
    #[arg(long, help_heading = DURABILITY)]
    pub no_audit: bool,
    /// How long the audit waits for a writer, for former writers to come back as readers, and for sessions of the run to end
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse, help_heading = DURABILITY)]
    pub audit_wait: Duration,
}
