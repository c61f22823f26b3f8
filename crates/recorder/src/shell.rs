//! How commands of the user's are started: without our secrets in their environment, where others could read them
//! (`/proc/PID/environ`) and the command itself could print them.

use std::process::Stdio;

use tokio::process::Command;

/// Variables that hold a password, or may.
const SECRETS: [&str; 7] = [
    "PGPASSWORD",
    "PGSSLPASSWORD",
    "PGOUTAGE_DIRECT_URL",
    "PGOUTAGE_PROXY_URL",
    "PGOUTAGE_DIRECT_READER_URL",
    "PGOUTAGE_PROXY_READER_URL",
    "PGOUTAGE_PASSWORD_COMMAND",
];

/// A shell that runs `command`, without our secrets, without input, and in a process group of its own: Ctrl-C is for the recorder
/// alone. Where its output goes is the caller's choice.
pub(crate) fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .process_group(0);
    remove_secrets(shell.as_std_mut());
    shell
}

/// Takes our secrets out of the environment that a program is to inherit.
pub(crate) fn remove_secrets(program: &mut std::process::Command) {
    for name in SECRETS {
        program.env_remove(name);
    }
}
