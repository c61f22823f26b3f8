//! Endpoints that only the reads of a path go to.

use clap::Args;

pub(super) const ENDPOINTS: &str = "Endpoints";

/// Where the reads lead, if not where the path leads.
#[derive(Debug, Args)]
pub struct ReaderArgs {
    /// Endpoint for the reads of the direct path [default: its own endpoint]
    ///
    /// In the same form as --direct-url. The reads have a pool of their own, with the same size and settings. Connection ids are counted per
    /// path.
    #[arg(long, global = true, value_name = "URL", env = "PGOUTAGE_DIRECT_READER_URL", hide_env_values = true, help_heading = ENDPOINTS)]
    pub direct_reader_url: Option<String>,

    /// Reader endpoint of the proxy path: its reads go there [default: where its writes go]
    #[arg(long, global = true, value_name = "URL", env = "PGOUTAGE_PROXY_READER_URL", hide_env_values = true, help_heading = ENDPOINTS)]
    pub proxy_reader_url: Option<String>,
}
