//! A lab as a user starts it: `lab up`, and what that prints.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::{program, succeed};

const FREE_PORTS: [&str; 6] = ["--port", "0", "--proxy-port", "0", "--dns-port", "0"];

/// A lab that `lab up` starts, stopped when the test ends.
pub(crate) struct Served {
    /// The lab's own.
    pub(crate) dir: PathBuf,
    /// What `eval "$(lab up)"` would set.
    pub(crate) variables: Vec<(String, String)>,
    /// Removed after the lab was stopped.
    _root: tempfile::TempDir,
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        // As root, the user postgres has to pass through it.
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut lab = Self {
            dir: root.path().join("lab"),
            variables: Vec::new(),
            _root: root,
        };
        let printed = lab.run(&[&["up"][..], arguments, &FREE_PORTS].concat());
        lab.variables = variables(&printed);
        assert!(lab.variables.len() >= 3, "{printed}");
        lab
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(program("lab"));
        command.args(arguments).arg("--dir").arg(&self.dir);
        succeed(&command.output().unwrap()).0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let mut down = Command::new(program("lab"));
        let _ = down.arg("down").arg("--dir").arg(&self.dir).output();
    }
}

fn variables(printed: &str) -> Vec<(String, String)> {
    let exports = printed
        .lines()
        .filter_map(|line| line.strip_prefix("export "));
    exports
        .map(|export| {
            let (name, value) = export.split_once('=').unwrap();
            (name.to_owned(), value.trim_matches('\'').to_owned())
        })
        .collect()
}
