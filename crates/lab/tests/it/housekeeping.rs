//! What a user does around the faults: prints again how to connect, heals, and cleans up, whatever happened.

use std::{fs, path::Path};

use rustix::process::Signal;

use crate::common::{
    postmaster, processes_in,
    program::{TestLab, one_line_error, process_runs, stdout},
    signal,
};

const FREE_PORTS: [&str; 6] = ["--port", "0", "--proxy-port", "0", "--dns-port", "0"];

/// The creators of the System V segments that are there.
fn creators_of_shared_memory() -> Vec<u32> {
    let table = fs::read_to_string("/proc/sysvipc/shm").unwrap();
    let creator = |line: &str| line.split_ascii_whitespace().nth(4)?.parse().ok();
    table.lines().skip(1).filter_map(creator).collect()
}

#[test]
fn env_prints_again_what_up_printed() {
    let test = TestLab::new();
    one_line_error(&test.run(&["env"]), 1, "`lab up` starts one");
    let up = test.up();
    assert!(stdout(&up).contains("export PGOUTAGE_DIRECT_URL="));
    let env = test.run(&["env"]);
    assert_eq!(env.status.code(), Some(0));
    assert_eq!(stdout(&env), stdout(&up));
}

#[test]
fn heal_mends_what_was_broken_by_hand() {
    let test = TestLab::new();
    one_line_error(&test.run(&["heal"]), 1, "`lab up` starts one");
    test.up();
    signal(Signal::KILL, &[postmaster(&test.dir.join("a"))]);
    signal(Signal::STOP, &processes_in(&test.dir.join("pgbouncer")));
    let waited = test.run(&["status", "--wait", "100ms"]);
    one_line_error(&waited, 1, "the pair is not healthy after 100ms");

    let heal = test.run(&["heal"]);
    let error = String::from_utf8_lossy(&heal.stderr).into_owned();
    assert_eq!(heal.status.code(), Some(0), "{error}");
    let printed = stdout(&heal);
    assert!(
        printed.lines().last().unwrap().contains("healthy"),
        "{printed}"
    );
    let status = test.run(&["status", "--wait", "0"]);
    assert_eq!(status.status.code(), Some(0), "{}", stdout(&status));

    // A healthy one stays as it is.
    let postmasters = ["a", "b"].map(|node| postmaster(&test.dir.join(node)));
    assert_eq!(test.run(&["heal"]).status.code(), Some(0));
    let after = ["a", "b"].map(|node| postmaster(&test.dir.join(node)));
    assert_eq!(postmasters, after);
}

#[test]
fn down_all_leaves_nothing_of_any_lab() {
    let killed = TestLab::new();
    let running = killed.temp.path().join("other");
    let running = running.to_str().unwrap();
    assert_eq!(killed.up().status.code(), Some(0));
    let up = [&["up", "--dir", running][..], &FREE_PORTS].concat();
    assert_eq!(killed.lab(&up).status.code(), Some(0));
    let dirs = [killed.dir.as_path(), Path::new(running)];
    let postmasters: Vec<u32> = dirs
        .iter()
        .flat_map(|dir| ["a", "b"].map(|node| postmaster(&dir.join(node))))
        .collect();
    let held = creators_of_shared_memory();
    assert!(postmasters.iter().all(|pid| held.contains(pid)), "{held:?}");
    let owner = killed.owner();
    signal(Signal::KILL, &[owner]);

    let down = killed.lab(&["down", "--all"]);
    let error = String::from_utf8_lossy(&down.stderr).into_owned();
    assert_eq!(down.status.code(), Some(0), "{error}");
    let printed = stdout(&down);
    for dir in dirs {
        let line = format!("stopped the lab in {}\n", dir.display());
        assert!(printed.contains(&line), "{printed}");
        assert_eq!(processes_in(dir), Vec::<u32>::new());
        assert!(!dir.exists(), "{}", dir.display());
    }
    assert!(!process_runs(owner));
    let held = creators_of_shared_memory();
    let left: Vec<_> = postmasters
        .iter()
        .filter(|pid| held.contains(pid))
        .collect();
    assert_eq!(left, Vec::<&u32>::new(), "shared memory");
    // All that stays is the list, and it is empty.
    let entries = |dir: &Path| fs::read_dir(dir).unwrap().flatten().collect::<Vec<_>>();
    let stays = entries(killed.temp.path());
    assert_eq!(stays.len(), 1, "{stays:?}");
    assert_eq!(entries(&stays[0].path()).len(), 0);

    let again = killed.lab(&["down", "--all"]);
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(stdout(&again), "no lab of yours was found\n");
}
