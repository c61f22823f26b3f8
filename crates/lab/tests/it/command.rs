//! The binary, used as its help says.

use std::{
    net::UdpSocket,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use lab::testing::wait_until;
use rustix::process::Signal;
use serde_json::Value;

use crate::common::{
    LIMIT, processes_in,
    program::{TestLab, lab, one_line_error, process_runs, stdout},
    signal,
};

/// The roles of both nodes, and the addresses that the proxy and DNS lead to.
fn roles(test: &TestLab) -> [String; 4] {
    let status = status(test);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let target = text(&status["proxy"]["points_to"]);
    [
        text(&status["nodes"][0]["role"]),
        text(&status["nodes"][1]["role"]),
        target.split(':').next().unwrap().to_owned(),
        text(&status["dns"]["writer"]),
    ]
}

fn status(test: &TestLab) -> Value {
    serde_json::from_slice(&test.run(&["status", "--json"]).stdout).unwrap()
}

fn assert_succeeded(output: &Output) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
}

#[test]
fn up_status_failover_down() {
    let test = TestLab::new();
    one_line_error(&test.run(&["status"]), 1, "`lab up` starts one");
    one_line_error(&test.run(&["down"]), 1, "no lab runs in");
    one_line_error(&test.run(&["failover"]), 1, "no lab runs in");

    let up = test.up();
    assert_succeeded(&up);
    assert_exports(&test, &stdout(&up));
    one_line_error(&test.up(), 2, "a lab already runs in");
    let secret = std::fs::metadata(test.dir.join("lab.json")).unwrap();
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    assert_password_is_secret(&test, &stdout(&up));

    assert_eq!(roles(&test), ["writer", "reader", "127.0.0.2", "127.0.0.2"]);
    let failover = test.run(&["failover", "--dns-after", "1500ms", "--return-after", "1"]);
    assert_succeeded(&failover);
    let printed = stdout(&failover);
    assert_eq!(printed.lines().count(), 8, "{printed}");
    let first = printed.lines().next().unwrap();
    assert!(first.contains("Z   +0.000000 s  crash "), "{printed}");
    assert_eq!(roles(&test), ["reader", "writer", "127.0.0.3", "127.0.0.3"]);
    let shown = stdout(&test.run(&["status", "--wait", "30s"]));
    assert!(shown.contains("writer, followed by a sync"), "{shown}");
    // A reader that takes no connections.
    let reader = u32::try_from(status(&test)["nodes"][0]["pid"].as_u64().unwrap()).unwrap();
    signal(Signal::STOP, &[reader]);
    let waited = test.run(&["status", "--wait", "100ms"]);
    signal(Signal::CONT, &[reader]);
    let missing = "the pair is not healthy after 100ms: no server is a reader";
    one_line_error(&waited, 1, missing);
    assert_succeeded(&test.run(&["status", "--wait", "30s"]));

    let owner = test.owner();
    assert!(processes_in(&test.dir).len() > 3);
    assert_succeeded(&test.run(&["down"]));
    assert!(!process_runs(owner));
    assert_eq!(processes_in(&test.dir), Vec::<u32>::new());
    assert!(!test.dir.exists());
}

/// A shell can evaluate what `lab up` printed, and its commands name this lab.
fn assert_exports(test: &TestLab, text: &str) {
    for export in [
        "PGOUTAGE_DIRECT_URL='postgres://app:",
        "PGOUTAGE_PROXY_URL='postgres://app:",
        "PGOUTAGE_DNS_SERVER=127.0.0.1:",
    ] {
        assert!(text.contains(&format!("export {export}")), "{text}");
    }
    let evaluate = "set -eu; eval \"$0\"; echo $PGOUTAGE_DNS_SERVER";
    let shell = Command::new("sh").args(["-c", evaluate, text]).output();
    let shell = shell.unwrap();
    assert!(shell.status.success() && stdout(&shell).starts_with("127.0.0.1:"));
    let dir = test.dir.display();
    for command in [
        format!("--failover-after 20s --failover-command 'lab failover --dir {dir}';"),
        format!("lab down --dir {dir}\n"),
    ] {
        assert!(text.contains(&command), "{text}");
    }
}

/// Neither a process list nor a log may show the password that `lab up` printed.
fn assert_password_is_secret(test: &TestLab, printed: &str) {
    let password = printed
        .split("postgres://app:")
        .nth(1)
        .unwrap()
        .split('@')
        .next()
        .unwrap();
    assert!(password.len() >= 20);
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&command).contains(password),
            "in the process list"
        );
    }
    for log in std::fs::read_dir(test.dir.join("log")).unwrap().flatten() {
        assert!(
            !std::fs::read_to_string(log.path())
                .unwrap()
                .contains(password),
            "in {}",
            log.path().display()
        );
    }
}

#[test]
fn a_killed_lab_takes_its_servers_along_and_down_cleans_up() {
    let test = TestLab::new();
    assert_eq!(test.up().status.code(), Some(0));
    let owner = test.owner();
    signal(Signal::KILL, &[owner]);
    // By the kernel alone, without `lab down`.
    wait_until("the end of the orphans", LIMIT, || {
        processes_in(&test.dir).is_empty()
    });
    one_line_error(&test.run(&["status"]), 1, "no lab runs in");

    // A new lab takes the dead one's folder over,
    assert_eq!(test.up().status.code(), Some(0));
    let owner = test.owner();
    signal(Signal::KILL, &[owner]);
    // and down cleans up after a killed one, even at once; --keep leaves the logs, but no lab.
    assert_eq!(test.run(&["down", "--keep"]).status.code(), Some(0));
    assert_eq!(processes_in(&test.dir), Vec::<u32>::new());
    assert!(test.dir.join("log/a.log").exists());
    one_line_error(&test.up(), 2, "files that do not belong to a lab");
}

#[test]
fn mistakes_get_one_line_and_exit_code_2() {
    let test = TestLab::new();
    let taken = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let up = test.run(&[
        "up",
        "--port",
        "0",
        "--proxy-port",
        "0",
        "--dns-port",
        &port,
    ]);
    one_line_error(&up, 2, &format!("127.0.0.1:{port} is taken"));
    one_line_error(&up, 2, "--dns-port");
    assert_eq!(processes_in(&test.dir), Vec::<u32>::new());

    one_line_error(
        &lab(&["up", "--dir", "/proc/lab"]),
        2,
        "cannot be the lab's folder",
    );
    one_line_error(&lab(&["up", "--dir", "/etc/passwd"]), 2, "it is a file");
    let long = format!("{}/{}", test.dir.display(), "x".repeat(120));
    one_line_error(&lab(&["up", "--dir", &long]), 2, "choose a shorter --dir");
    one_line_error(
        &test.run(&["up", "--ttl", "500ms"]),
        2,
        "a whole number of seconds",
    );
    for wrong in ["4x", "-1s", "1e3s", ""] {
        assert_eq!(
            test.run(&["failover", &format!("--dns-after={wrong}")])
                .status
                .code(),
            Some(2),
            "{wrong:?}"
        );
    }
    assert_eq!(
        test.run(&["failover", "--kind", "meteor"]).status.code(),
        Some(2)
    );

    let empty = tempfile::tempdir().unwrap();
    let up = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["up", "--dir", test.dir.to_str().unwrap()])
        .env("PGOUTAGE_PG_BINDIR", empty.path())
        .output()
        .unwrap();
    one_line_error(&up, 2, "no postgres, initdb, pg_basebackup there");
}

#[test]
fn a_demo_without_the_other_programs_names_the_command_that_builds_them() {
    let temp = tempfile::tempdir().unwrap();
    let alone = temp.path().join("lab");
    std::fs::copy(env!("CARGO_BIN_EXE_lab"), &alone).unwrap();
    let demo = Command::new(&alone).arg("demo").output().unwrap();
    one_line_error(&demo, 1, "cargo build --workspace");
}
