//! Where pgbench is, and which version.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::pgbench::error::PgbenchError;
use crate::shell;

/// Where Debian keeps each version's programs.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// A pgbench that runs.
#[derive(Debug, Clone)]
pub struct Program {
    pub(super) file: PathBuf,
    version: String,
    pub(super) major: u32,
}

impl Program {
    /// Its version, such as `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The pgbench at `file`, if it runs and says which version it is.
    fn at(file: PathBuf) -> Option<Self> {
        let mut command = Command::new(&file);
        command.arg("--version").stdin(Stdio::null());
        shell::remove_secrets(&mut command);
        let output = command.output().ok()?;
        let (version, major) = version(&String::from_utf8_lossy(&output.stdout))?;
        output.status.success().then_some(Self {
            file,
            version,
            major,
        })
    }
}

/// Finds pgbench: in the folder `PGOUTAGE_PG_BINDIR` where it is set, else in `PATH`, else where Debian keeps it (the newest).
///
/// # Errors
/// [`PgbenchError::NotFound`] or [`PgbenchError::NotInFolder`], each with the remedy.
pub fn find() -> Result<Program, PgbenchError> {
    if let Some(folder) = std::env::var_os("PGOUTAGE_PG_BINDIR").filter(|folder| !folder.is_empty())
    {
        let folder = PathBuf::from(folder);
        return Program::at(folder.join("pgbench")).ok_or(PgbenchError::NotInFolder(folder));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    candidates(&path, Path::new(DEBIAN_FOLDER))
        .into_iter()
        .find_map(Program::at)
        .ok_or(PgbenchError::NotFound)
}

/// Every pgbench there is, the one to be preferred first.
fn candidates(path: &OsStr, debian: &Path) -> Vec<PathBuf> {
    let in_path = std::env::split_paths(path)
        .map(|folder| folder.join("pgbench"))
        .filter(|file| file.is_file() && !is_debian_wrapper(file));
    in_path.chain(debian_programs(debian)).collect()
}

/// Debian's script that chooses a version: it is there without any pgbench, and takes the version from its own settings.
fn is_debian_wrapper(file: &Path) -> bool {
    file.canonicalize()
        .is_ok_and(|file| file.file_name() == Some(OsStr::new("pg_wrapper")))
}

/// `/usr/lib/postgresql/*/bin/pgbench`, the newest first.
fn debian_programs(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let major = entry.file_name().to_str()?.parse().ok()?;
            Some((major, entry.path().join("bin/pgbench")))
        })
        .collect();
    found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    found.into_iter().map(|(_, file)| file).collect()
}

/// `15.18` and 15 from `pgbench (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn version(text: &str) -> Option<(String, u32)> {
    let version = text
        .strip_prefix("pgbench (PostgreSQL) ")?
        .split_whitespace()
        .next()?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((version.to_owned(), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let cases = [
            (
                "pgbench (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                Some(("15.18", 15)),
            ),
            ("pgbench (PostgreSQL) 14.2\n", Some(("14.2", 14))),
            ("pgbench (PostgreSQL) 18beta1\n", Some(("18beta1", 18))),
            ("pgbench (PostgreSQL) \n", None),
            ("psql (PostgreSQL) 15.18\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                version(text),
                expected.map(|(version, major)| (version.to_owned(), major)),
                "{text}"
            );
        }
    }

    fn touch(file: PathBuf) -> PathBuf {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "").unwrap();
        file
    }

    #[test]
    fn path_first_then_the_newest_of_debian_and_never_the_wrapper() {
        let folder = tempfile::tempdir().unwrap();
        let in_folder = |name: &str| folder.path().join(name);
        let debian = in_folder("debian");
        let path =
            std::env::join_paths([in_folder("first"), in_folder("second"), in_folder("third")])
                .unwrap();
        assert!(candidates(&path, &debian).is_empty());

        let wrapper = touch(in_folder("first/pg_wrapper"));
        std::os::unix::fs::symlink(wrapper, in_folder("first/pgbench")).unwrap();
        let third = touch(in_folder("third/pgbench"));
        let old = touch(in_folder("debian/9/bin/pgbench"));
        let new = touch(in_folder("debian/17/bin/pgbench"));
        touch(in_folder("debian/common/bin/pgbench"));
        assert_eq!(candidates(&path, &debian), [third, new, old]);
    }

    #[test]
    fn what_does_not_run_is_no_pgbench() {
        assert!(Program::at(PathBuf::from("/nonexistent/pgbench")).is_none());
        assert!(Program::at(PathBuf::from("/bin/echo")).is_none());
    }
}
