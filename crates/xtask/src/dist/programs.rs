//! The programs of the archive, and running programs for what they print.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use command_line::process::describe;
use serde_json::Value;

use crate::shell;

/// The recorder goes to hosts in production: it has a profile of its own.
pub(crate) const RECORDER_PROFILE: &str = "dist-small";
/// The programs of the archive.
pub(super) const PROGRAMS: [&str; 3] = ["recorder", "analyze", "lab"];

pub(super) fn text_of(value: &Value) -> Result<&str> {
    value
        .as_str()
        .with_context(|| format!("cargo metadata: {value} is no text"))
}

/// Standard output of a program that has to succeed.
pub(super) fn output_of(command: &mut Command) -> Result<String> {
    let shown = shell::shown(command);
    let output = command.output().with_context(|| shown.clone())?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{shown} {}: {}", describe(output.status), errors.trim());
    }
    String::from_utf8(output.stdout).with_context(|| shown)
}

/// A program without this environment, which is not to leave traces in what it prints.
pub(super) fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command
}
