//! The binary, and a lab that it runs.

use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
};

/// A lab's folder that is no lab any more when the test ends, however it ends.
pub(crate) struct TestLab {
    /// Its temporary folder, and so the one in which labs are listed.
    pub(crate) temp: tempfile::TempDir,
    pub(crate) dir: PathBuf,
}

impl TestLab {
    pub(crate) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        // As root, the user postgres has to pass through it.
        std::fs::set_permissions(temp.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let dir = temp.path().join("lab");
        Self { temp, dir }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.lab(&[arguments, &["--dir", self.dir.to_str().unwrap()]].concat())
    }

    /// The program in this lab's surroundings, of whatever lab.
    pub(crate) fn lab(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        command.args(arguments).env("TMPDIR", self.temp.path());
        command.output().unwrap()
    }

    pub(crate) fn up(&self) -> Output {
        self.run(&["up", "--port", "0", "--proxy-port", "0", "--dns-port", "0"])
    }

    pub(crate) fn owner(&self) -> u32 {
        let state = std::fs::read_to_string(self.dir.join("lab.json")).unwrap();
        let state: serde_json::Value = serde_json::from_str(&state).unwrap();
        u32::try_from(state["owner"]["pid"].as_u64().unwrap()).unwrap()
    }
}

impl Drop for TestLab {
    fn drop(&mut self) {
        if self.dir.join("lab.json").exists() {
            self.run(&["down"]);
        }
    }
}

pub(crate) fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(arguments)
        .output()
        .unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn one_line_error(output: &Output, code: i32, expected: &str) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(expected), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

/// A zombie that waits for init to reap it has no command line any more.
pub(crate) fn process_runs(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|command| !command.is_empty())
}
