//! The real programs, run as a user runs them.

pub(crate) mod made;
pub(crate) mod served;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use serde_json::Value;

/// Held by the tests that need the whole machine.
static MACHINE: RwLock<()> = RwLock::new(());

/// For a test that compares times: no other test that keeps a processor busy runs meanwhile.
pub(crate) fn whole_machine() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write()
}

/// For a test that keeps a processor busy.
pub(crate) fn busy() -> RwLockReadGuard<'static, ()> {
    MACHINE.read()
}

/// A program that cargo built.
pub(crate) fn program(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name(name);
    assert!(
        program.is_file(),
        "{}: run cargo build --workspace --bins",
        program.display()
    );
    program
}

/// `recorder` on the paths of a lab.
pub(crate) fn recorder(lab: &lab::Lab, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("recorder"));
    command
        .env("PGOUTAGE_DIRECT_URL", lab.direct_url())
        .env("PGOUTAGE_PROXY_URL", lab.proxy_url())
        .env("PGOUTAGE_DNS_SERVER", lab.dns_server().to_string())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Both outputs of a program that has to succeed.
pub(crate) fn succeed(output: &Output) -> (String, String) {
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(
        output.status.success(),
        "{}\n{stdout}\n{stderr}",
        output.status
    );
    (stdout, stderr)
}

/// The folder of the recording: the last line on stdout.
pub(crate) fn folder_of(stdout: &str) -> PathBuf {
    PathBuf::from(stdout.lines().last().unwrap())
}

/// The figures of a recording.
pub(crate) fn figures(folder: &Path) -> Value {
    let output = Command::new(program("analyze"))
        .arg("report")
        .arg(folder)
        .arg("--json")
        .output()
        .unwrap();
    serde_json::from_str(&succeed(&output).0).unwrap()
}

/// The figures of a path.
pub(crate) fn path<'f>(figures: &'f Value, path: &str) -> &'f Value {
    let paths = figures["paths"].as_array().unwrap();
    paths
        .iter()
        .find(|figures| figures["path"] == path)
        .unwrap()
}

/// The figures of a group of a path.
pub(crate) fn group<'f>(figures: &'f Value, of: &str, group: &str) -> &'f Value {
    let groups = path(figures, of)["groups"].as_array().unwrap();
    groups
        .iter()
        .find(|figures| figures["group"] == group)
        .unwrap()
}

/// A figure in microseconds, as seconds.
pub(crate) fn seconds(figure: &Value) -> f64 {
    figure
        .as_i64()
        .unwrap_or_else(|| panic!("{figure} is not a whole number")) as f64
        / 1e6
}

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    // From `cargo test`'s environment: a path from build time is another clone's where both share a target folder.
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

/// What a script of `tests/python` prints, as JSON.
pub(crate) fn python(script: &str, arguments: &[&str]) -> Value {
    let interpreter = std::env::var("PGOUTAGE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let scripts = workspace().join("crates/xtask/tests/python");
    let output = Command::new(&interpreter)
        // No compiled copies of the scripts in the source tree.
        .arg("-B")
        .arg(scripts.join(script))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{script} with {interpreter}, which needs notebooks/requirements.txt (`cargo xtask test` installs it):\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether tests read recordings with Spark too: with `cargo xtask test --with-spark`.
pub(crate) fn with_spark() -> bool {
    std::env::var("PGOUTAGE_SPARK").is_ok_and(|value| value == "1")
}

/// The golden recordings that are sealed and of this version: what is in journals only is not for other engines. Those made as a later
/// version may write them (`v1-later-minor`) have columns and words that `FORMAT.md` has not.
pub(crate) fn golden() -> Vec<PathBuf> {
    let all = recording::find(&workspace().join("data/golden")).unwrap();
    let is_sealed = |folder: &PathBuf| {
        let name = folder.file_name().unwrap().to_string_lossy();
        !name.starts_with("v1-later")
            && !folder.join("journal").exists()
            && folder.join("operations").is_dir()
    };
    let sealed: Vec<_> = all.into_iter().filter(is_sealed).collect();
    assert!(!sealed.is_empty(), "no golden recording was found");
    sealed
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
