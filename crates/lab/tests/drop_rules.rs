//! A blackhole of dropped packets, in a network namespace of the test's own: not even the kernel answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::{fs, process::Command};

use common::{processes_in, program::TestLab};

/// Breaks a lab while it knocks at both servers' doors; prints what came of it.
const SCRIPT: &str = r#"
set -eu
ip link set lo up
"$LAB" up --dir "$DIR" --port 25432 --proxy-port 25433 --dns-port 25434 >/dev/null
trap '"$LAB" down --dir "$DIR"' EXIT
knock() {
    if timeout 2 bash -c "</dev/tcp/$1/25432" 2>/dev/null; then echo "$2: open"
    elif [ $? = 124 ]; then echo "$2: silent"
    else echo "$2: refused"
    fi
}
knock 127.0.0.2 before
"$LAB" failover --dir "$DIR" --kind blackhole --promote-after 8s --return-after 9s --dns-after 9s >"$DIR.steps" &
until grep -q blackholed "$DIR.steps"; do kill -0 $! || exit 1; sleep 0.05; done
knock 127.0.0.2 dropped
knock 127.0.0.3 other
wait $!
knock 127.0.0.2 after
"$LAB" status --dir "$DIR" --wait 30s >/dev/null
nft list tables
"#;

#[test]
fn packets_are_dropped_where_that_is_allowed() {
    let is_allowed = Command::new("unshare")
        .args(["-n", "nft", "list", "tables"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !is_allowed {
        eprintln!("not tested: needs root, network namespaces, and nft (apt-get install nftables)");
        return;
    }
    let test = TestLab::new();
    let output = Command::new("unshare")
        .args(["-n", "bash", "-c", SCRIPT])
        .env("LAB", env!("CARGO_BIN_EXE_lab"))
        .env("DIR", &test.dir)
        .env("TMPDIR", test.temp.path())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    let seen = String::from_utf8(output.stdout).unwrap();
    let expected = "before: open\ndropped: silent\nother: open\nafter: open\n";
    // Behind that, the tables that are left: none.
    assert_eq!(seen, expected);
    let steps = fs::read_to_string(test.dir.with_extension("steps")).unwrap();
    assert!(steps.contains("nft drops every packet"), "{steps}");
    assert!(steps.contains("is open again"), "{steps}");
    assert_eq!(processes_in(&test.dir), Vec::<u32>::new());
}
