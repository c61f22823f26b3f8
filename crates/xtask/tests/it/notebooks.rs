//! The notebooks run, their assertions hold, and what they show is what is kept in them.

use std::process::Command;

use crate::support::{busy, program, succeed, with_spark, workspace};

/// `notebooks/execute.py` with the Python that has its requirements.
fn execute(arguments: &[&str]) {
    let _machine = busy();
    let python = std::env::var("PGOUTAGE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python)
        // No compiled copies of the scripts in the source tree.
        .arg("-B")
        .arg(workspace().join("notebooks/execute.py"))
        .args(arguments)
        .env("PGOUTAGE_ANALYZE", program("analyze"))
        .output()
        .unwrap();
    succeed(&output);
}

#[test]
fn notebooks_show_what_is_kept_in_them() {
    execute(&["1", "2", "3", "4"]);
}

#[test]
fn the_notebook_of_a_fleet_shows_what_is_kept_in_it() {
    // Without Spark it leaves out what is kept in it.
    if with_spark() {
        execute(&["5"]);
    }
}

/// As a reader does: other recordings in the one line that names them. Some have no connections, no end, no failover or one path.
#[test]
fn notebooks_run_on_other_recordings() {
    for (notebook, recordings) in [
        ("1", "data/golden/v1-made-edges"),
        ("2", "data/golden/v1-made-*"),
        ("3", "data/golden/v1-lab-interrupted"),
        ("4", "data/golden/v1-lab-*"),
    ] {
        execute(&["--recordings", recordings, notebook]);
    }
}
