//! What pgbench runs, how, and against which endpoint.

use std::ffi::OsString;
use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use recording::vocabulary::Path;

use crate::endpoint::Password;
use crate::pgbench::error::PgbenchError;

/// What the user calls a mode: `--pgbench-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ModeName {
    /// pgbench's own mix of three updates, a select and an insert
    TpcB,
    /// Selects by primary key
    ReadOnly,
    /// The script given with --pgbench-script
    Custom,
}

/// What pgbench runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadMode {
    /// Its built-in TPC-B-like script.
    TpcB,
    /// Its built-in select-only script.
    ReadOnly,
    /// A script of the user's.
    Custom(PathBuf),
}

impl LoadMode {
    /// Puts `--pgbench-mode` and `--pgbench-script` together.
    ///
    /// # Errors
    /// [`PgbenchError::NoScript`] and [`PgbenchError::ScriptNotUsed`] where one asks for what the other does not say,
    /// [`PgbenchError::Script`] where the script can't be read.
    pub fn new(name: ModeName, script: Option<PathBuf>) -> Result<Self, PgbenchError> {
        match (name, script) {
            (ModeName::TpcB, None) => Ok(Self::TpcB),
            (ModeName::ReadOnly, None) => Ok(Self::ReadOnly),
            (ModeName::Custom, None) => Err(PgbenchError::NoScript),
            (ModeName::Custom, Some(script)) => {
                // pgbench takes any encoding, and so do we.
                std::fs::read(&script).map_err(|source| PgbenchError::Script {
                    script: script.clone(),
                    source,
                })?;
                Ok(Self::Custom(script))
            }
            (_, Some(_)) => Err(PgbenchError::ScriptNotUsed),
        }
    }

    /// The mode's name, as the manifest has it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::TpcB => "tpc-b",
            Self::ReadOnly => "read-only",
            Self::Custom(_) => "custom",
        }
    }

    /// How long pgbench may report no transaction before it is taken for hung. A server that is stopped, not dead,
    /// holds its clients for ever, and pgbench has no limit of its own. Scripts of users may have long transactions.
    pub(super) const fn stall_limit(&self) -> Duration {
        match self {
            Self::TpcB | Self::ReadOnly => Duration::from_secs(10),
            Self::Custom(_) => Duration::from_secs(60),
        }
    }
}

/// The load that is asked for, the same on each path.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Clients, each with a connection.
    pub clients: u32,
    /// Threads of pgbench.
    pub jobs: u32,
    /// Scale factor of its tables: 100,000 accounts, about 15 MB, each.
    pub scale: u32,
    /// What it runs.
    pub mode: LoadMode,
    /// Load before the recording's start.
    pub warmup: Duration,
}

/// Looks the endpoint's name up: its addresses in the order in which they are tried, none where it does not resolve.
///
/// libpq can ask neither a DNS server of our choice nor an unusual port, so pgbench gets the addresses from us.
pub type Resolve = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Vec<IpAddr>> + Send>> + Send + Sync>;

/// Gives the password of the moment, if there is any; one line where there should be one and is not.
pub type GetPassword = Arc<
    dyn Fn() -> Pin<Box<dyn Future<Output = Result<Option<Password>, String>> + Send>>
        + Send
        + Sync,
>;

/// The endpoint that pgbench loads.
#[derive(Clone)]
pub struct Target {
    /// The path.
    pub path: Path,
    /// Name or address; certificates are checked against it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// What its sessions are called in `pg_stat_activity`.
    pub application_name: String,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// Asked before each start; the password is handed over in a file that only we can read.
    pub password: GetPassword,
    /// libpq's word.
    pub sslmode: String,
    /// libpq's word.
    pub channel_binding: String,
    /// CA file, or `system`.
    pub sslrootcert: Option<PathBuf>,
    /// More of libpq's variables; they come before those that are the same for every endpoint.
    pub settings: Vec<(&'static str, OsString)>,
    /// Asked before each start.
    pub resolve: Resolve,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mode_and_script_belong_together() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script.sql");
        assert!(matches!(
            LoadMode::new(ModeName::Custom, None),
            Err(PgbenchError::NoScript)
        ));
        assert!(matches!(
            LoadMode::new(ModeName::TpcB, Some(script.clone())),
            Err(PgbenchError::ScriptNotUsed)
        ));
        assert!(matches!(
            LoadMode::new(ModeName::Custom, Some(script.clone())),
            Err(PgbenchError::Script { .. })
        ));
        std::fs::write(&script, b"-- caf\xe9\nselect 1;").unwrap();
        assert_eq!(
            LoadMode::new(ModeName::Custom, Some(script.clone())).unwrap(),
            LoadMode::Custom(script)
        );
        assert_eq!(
            LoadMode::new(ModeName::ReadOnly, None).unwrap().as_str(),
            "read-only"
        );
    }
}
