//! A user that permissions bind: root may write everywhere.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The user and group `nobody` of every Linux.
const NOBODY: u32 = 65_534;

/// Runs a command as a user without rights, environment included. A user other than root is such a user.
pub struct Ordinary {
    is_root: bool,
    folder: tempfile::TempDir,
}

impl Ordinary {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let is_root = folder.path().metadata().unwrap().uid() == 0;
        set_mode(folder.path(), 0o755);
        Self { is_root, folder }
    }

    /// A folder that is this user's own.
    pub fn own(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        if self.is_root {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        path
    }

    /// The same command as this user.
    pub fn command(&self, command: &Command) -> Command {
        let mut same = match self.is_root {
            false => Command::new(command.get_program()),
            true => {
                let id = NOBODY.to_string();
                let mut same = Command::new("setpriv");
                same.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"]);
                same.arg(self.copy(command.get_program()));
                same
            }
        };
        same.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => same.env(name, value),
                None => same.env_remove(name),
            };
        }
        same.stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        same
    }

    /// Where a program was built the user may not be let in.
    fn copy(&self, program: &OsStr) -> PathBuf {
        let copy = self.folder.path().join("program");
        if !copy.exists() {
            std::fs::copy(program, &copy).unwrap();
            set_mode(&copy, 0o755);
        }
        copy
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
