//! What can go wrong with pgbench before the recording starts: each one line, with the remedy.

use std::io;
use std::path::PathBuf;

use recording::vocabulary::Path;

/// Why pgbench can't load a path. Nothing in it is secret.
#[derive(Debug, thiserror::Error)]
pub enum PgbenchError {
    /// There is no pgbench on this machine.
    #[error(
        "pgbench is not installed; Debian and Ubuntu have it in the package of the server: apt-get install postgresql \
         (elsewhere postgresql-contrib), or set PGOUTAGE_PG_BINDIR to the folder that has it"
    )]
    NotFound,
    /// `PGOUTAGE_PG_BINDIR` leads nowhere.
    #[error(
        "{0}: no working pgbench there; set PGOUTAGE_PG_BINDIR to the folder that has it, such as /usr/lib/postgresql/15/bin"
    )]
    NotInFolder(PathBuf),
    /// `--pgbench-mode custom` alone.
    #[error("--pgbench-mode custom needs --pgbench-script FILE")]
    NoScript,
    /// `--pgbench-script` with a built-in script.
    #[error("--pgbench-script needs --pgbench-mode custom")]
    ScriptNotUsed,
    /// The script can't be read.
    #[error("--pgbench-script {script}: cannot read it: {source}")]
    Script {
        script: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// `sslrootcert=system` with a libpq that would take it for a file name.
    #[error(
        "pgbench {0} does not support sslrootcert=system (16 and later do): use a CA file, sslrootcert=FILE"
    )]
    NoSystemRoots(String),
    /// The name of the endpoint did not resolve.
    #[error("pgbench on {path}: {host}: the name does not resolve")]
    NotResolved {
        path: Path,
        /// The name.
        host: String,
    },
    /// Tables of another scale are there, and may be somebody's work of hours.
    #[error(
        "pgbench on {path}: its tables exist with scale {found}; use --pgbench-scale {found}, or drop the tables pgbench_*"
    )]
    OtherScale {
        path: Path,
        /// Their scale.
        found: u32,
    },
    /// pgbench could not run, or make its tables.
    #[error("pgbench on {path}: {reason}")]
    Run {
        path: Path,
        /// What pgbench said, on one line.
        reason: String,
    },
    /// There is no place for the password that libpq reads.
    #[error(
        "TMPDIR {folder}: {source}; pgbench's password file goes there during the run: set TMPDIR to a writable folder"
    )]
    Temporary {
        /// The folder for temporary files.
        folder: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// The file or program.
        what: String,
        /// What it said.
        source: io::Error,
    },
}

impl PgbenchError {
    pub(super) fn io(what: impl ToString) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            what: what.to_string(),
            source,
        }
    }
}
