//! Real runs, and what the test does to their rows.

use std::collections::BTreeSet;

use super::{Findings, audit, execute, of_path, read};
use crate::common::{
    BUSY, Row, TestLab, assert_one_line, assert_success, identity, number, rows, stderr, stdout,
    wait_until,
};
use recording::{Recording, State, Table};

const WRITES: [&str; 6] = [
    "--read-weight",
    "10",
    "--write-weight",
    "50",
    "--transaction-weight",
    "40",
];

/// A short run; its recording, and what it said.
fn run(test: &TestLab, more: &[&str]) -> (Recording, String) {
    let runs = test.runs();
    let start = ["run", "--duration", "3", "--out", runs.to_str().unwrap()];
    let output = test.recorder(&[&start[..], &BUSY, &WRITES, more].concat());
    assert_success(&output);
    (test.recording(), stderr(&output))
}

/// Acknowledged operations of a name on a path.
fn acknowledged<'r>(operations: &'r [Row], path: &str, name: &str) -> Vec<&'r Row> {
    let is_it =
        |row: &&Row| row["path"] == path && row["operation_name"] == name && row["outcome"] == "ok";
    let found: Vec<&Row> = operations.iter().filter(is_it).collect();
    assert!(found.len() >= 3, "{path} {name}: {}", found.len());
    found
}

const KEYED: [&str; 3] = ["create_order", "insert_log", "place_order"];

#[test]
fn a_run_has_no_finding_until_its_rows_are_touched() {
    let test = TestLab::start_set_up();
    let (recording, said) = run(&test, &[]);
    let (clean, findings) = read(recording.folder());
    let operations = rows(&recording, Table::Operations);
    for path in &clean.paths {
        let name = path.path.as_str();
        let is_keyed = |row: &&Row| {
            row["path"] == name
                && row["outcome"] == "ok"
                && KEYED.contains(&row["operation_name"].as_str())
        };
        let keyed = operations.iter().filter(is_keyed).count();
        assert_eq!(path.acknowledged, keyed as u64);
        assert_eq!((path.lost, path.torn, path.duplicated), (0, 0, 0));
        assert_eq!((path.phantom, path.unrecorded), (0, 0));
        let (logins, stock) = (path.logins.unwrap(), path.stock.unwrap());
        for sum in [logins, stock] {
            assert_eq!((sum.lost, sum.excess), (0, 0), "{name} {sum:?}");
        }
        assert!(logins.acknowledged > 0, "{name}: nothing was tested");
        let line = format!("{name}: {keyed} writes acknowledged: 0 lost, 0 torn, 0 duplicated");
        assert!(said.contains(&line), "{line:?} in {said}");
    }
    let is_open = |(_, _, word): &(String, i64, String)| {
        matches!(word.as_str(), "committed" | "not_committed")
    };
    assert!(findings.iter().all(is_open), "{findings:?}");
    let server = clean.server.as_ref().unwrap();
    assert_eq!(
        (server.in_recovery, server.timeline),
        (Some(false), Some(1))
    );
    assert_eq!(
        (clean.token_found, clean.sessions_left),
        (Some(true), Some(0))
    );
    assert!(clean.missing_servers.is_empty());

    let expected = touch(&test, &recording, &operations);
    assert_success(&audit(&test, recording.folder(), &[]));
    let (touched, now) = read(recording.folder());
    // What became of rows changed no sum.
    for path in &touched.paths {
        for sum in [path.logins.unwrap(), path.stock.unwrap()] {
            assert_eq!((sum.lost, sum.excess), (0, 0), "{path:?}");
        }
    }
    assert_eq!(
        now.difference(&findings).cloned().collect::<Findings>(),
        expected
    );
    assert!(now.is_superset(&findings));
}

/// Deletes, doubles and halves rows of the recording's operations; what an audit has to find.
fn touch(test: &TestLab, recording: &Recording, operations: &[Row]) -> Findings {
    let mut expected = Findings::new();
    let mut statements = String::new();
    for path in ["direct", "proxy"] {
        let [orders, logs, purchases] = KEYED.map(|name| acknowledged(operations, path, name));
        let mut touched = |row: &Row, word: &str, statement: &str| {
            let id = number(row, "operation_id").unwrap();
            expected.insert((path.to_owned(), id, word.to_owned()));
            let statement = statement.replace('$', &format!("'{}'", identity(recording, row)));
            statements.push_str(&statement);
        };
        let no_order = "delete from business_orders where order_number = $;";
        let no_log = "delete from business_logs where details = $;";
        let double_log = "insert into business_logs (action, details) values ('x', $);";
        touched(orders[0], "lost", no_order);
        touched(orders[2], "lost", no_order);
        touched(logs[0], "lost", no_log);
        touched(logs[1], "duplicated", double_log);
        touched(purchases[0], "torn", no_order);
        touched(purchases[1], "torn", no_log);
        touched(purchases[2], "lost", &format!("{no_order}{no_log}"));
    }
    execute(test, &statements);
    expected
}

/// The mark in the tables tells that they are no longer those of the run, and that a run was not audited.
#[test]
fn tables_made_anew_and_clean_up() {
    let test = TestLab::start_set_up();
    let (recording, said) = run(&test, &["--no-audit"]);
    assert!(!said.contains("writes acknowledged"), "{said}");
    let run_id = recording.manifest().run_id.clone();
    let count = "select count(*)::text from business_users";
    let cleanup = |more: &[&str]| test.recorder(&[&["cleanup", "--yes"], more].concat());
    let refused = [
        "nothing was dropped",
        "not audited",
        run_id.as_str(),
        "--drop-unaudited",
    ];
    assert_one_line(&cleanup(&[]), 2, &refused);
    assert_eq!(test.texts(count), ["100"]);

    assert_success(&audit(&test, recording.folder(), &[]));
    let before = read(recording.folder());
    assert_success(&cleanup(&[]));
    assert_success(&test.recorder(&["setup", "--users", "100", "--products", "100"]));
    let output = audit(&test, recording.folder(), &[]);
    assert_one_line(
        &output,
        1,
        &["no row of this run, not even its token", "made anew"],
    );
    // The audit of before stays.
    assert_eq!(read(recording.folder()), before);

    let runs = test.folder.path().join("unaudited");
    let start = [
        "run",
        "--no-audit",
        "--duration",
        "1",
        "--out",
        runs.to_str().unwrap(),
    ];
    assert_success(&test.recorder(&start));
    assert_one_line(&cleanup(&[]), 2, &["not audited"]);
    assert_success(&cleanup(&["--drop-unaudited"]));
    let output = audit(&test, recording.folder(), &[]);
    assert_one_line(
        &output,
        2,
        &["no table business_users", "check database and search_path"],
    );
}

/// Rows tell of their run where its tokens were deleted, and a mark tells of the rows before it alone.
#[test]
fn clean_up_asks_as_long_as_rows_of_a_run_are_not_audited() {
    let test = TestLab::start_set_up();
    let (recording, _) = run(&test, &["--no-audit"]);
    let run_id = recording.manifest().run_id.clone();
    let refuses = || {
        let output = test.recorder(&["cleanup", "--yes"]);
        assert_one_line(&output, 2, &["not audited", run_id.as_str()]);
    };
    execute(
        &test,
        "delete from business_logs where action in ('pgoutage run', 'pgoutage path')",
    );
    refuses();
    execute(
        &test,
        "delete from business_orders where order_number like '2%Z-%'",
    );
    refuses();
    let mark = format!(
        "insert into business_logs (action, details) values ('pgoutage audit', '{run_id}')"
    );
    execute(&test, &mark);
    let late = format!("insert into business_logs (action, details) values ('x', '{run_id}-p-9')");
    execute(&test, &late);
    refuses();
    let order = format!(
        "delete from business_logs; insert into business_orders (user_id, order_number, amount) values (1, '{run_id}-d-7', 1)"
    );
    execute(&test, &order);
    refuses();
    execute(&test, &format!("{late}; {mark}"));
    assert_success(&test.recorder(&["cleanup", "--yes"]));
}

/// The increments of two runs can't be told apart.
#[test]
fn another_run_on_the_tables_spoils_the_sums() {
    let test = TestLab::start_set_up();
    let (first, _) = run(&test, &[]);
    assert_eq!(read(first.folder()).0.sums_disturbed_by, None);
    execute(&test, "update business_users set login_count = 0");
    assert_success(&audit(&test, first.folder(), &[]));
    let (impossible, _) = read(first.folder());
    let why = impossible.sums_disturbed_by.unwrap();
    assert!(
        why.contains("logins") && why.contains("another program"),
        "{why}"
    );
    for path in &impossible.paths {
        assert!(
            path.logins.is_none() && path.stock.unwrap().lost == 0,
            "{path:?}"
        );
    }

    let runs = test.folder.path().join("later");
    let start = ["run", "--duration", "2", "--out", runs.to_str().unwrap()];
    assert_success(&test.recorder(&[&start[..], &BUSY, &WRITES].concat()));
    let second = crate::common::only_recording(&runs);
    let (audited, _) = read(second.folder());
    assert_eq!(audited.sums_disturbed_by, None);
    assert!(audited.paths.iter().all(|path| path.stock.is_some()));
    let output = audit(&test, first.folder(), &[]);
    assert_success(&output);
    let (disturbed, _) = read(first.folder());
    let why = format!(
        "another run wrote into the tables: {}",
        second.manifest().run_id
    );
    assert_eq!(disturbed.sums_disturbed_by.as_ref(), Some(&why));
    for path in &disturbed.paths {
        assert_eq!((path.lost, path.logins, path.stock), (0, None, None));
    }
    assert!(stdout(&output).contains(&format!("logins and stock are not compared: {why}")));

    // One that began earlier and writes still has no token of later.
    let earlier = format!(
        "insert into business_logs (action, details) values ('x', '{}-d-99999')",
        first.manifest().run_id
    );
    execute(&test, &earlier);
    assert_success(&audit(&test, second.folder(), &[]));
    let why = read(second.folder()).0.sums_disturbed_by.unwrap();
    assert!(why.ends_with(first.manifest().run_id.as_str()), "{why}");
}

/// A path that leads elsewhere, or a table that is another, has lost nothing; a path that lost all has.
#[test]
fn tables_of_another_database_or_schema_are_not_asked() {
    let test = TestLab::start_set_up();
    let elsewhere = test.lab.direct_url().replace("/postgres?", "/elsewhere?");
    assert_ne!(elsewhere, test.lab.direct_url());
    execute(&test, "create database elsewhere owner app");
    let runs = test.folder.path().join("elsewhere");
    let arguments = ["run", "--duration", "2", "--out", runs.to_str().unwrap()];
    let set_up = test
        .command(&["setup", "--users", "100", "--products", "100"])
        .env("PGOUTAGE_DIRECT_URL", &elsewhere)
        .output();
    assert_success(&set_up.unwrap());
    let output = test
        .command(&[&arguments[..], &BUSY, &WRITES].concat())
        .env("PGOUTAGE_PROXY_URL", &elsewhere)
        .output();
    let output = output.unwrap();
    assert_success(&output);
    let said = stderr(&output);
    let refusal =
        "no row of the proxy path in business_orders: does the proxy lead to another database";
    for text in [
        "lead to different tables (databases postgres and elsewhere)",
        refusal,
    ] {
        assert!(said.contains(text), "{text:?} in {said}");
    }
    let recording = crate::common::only_recording(&runs);
    assert_one_line(&audit(&test, recording.folder(), &[]), 2, &[refusal]);
    assert!(!recording.folder().join("audit.json").exists());

    let (recording, _) = run(&test, &[]);
    let (whole, _) = read(recording.folder());
    execute(
        &test,
        "create schema ahead; create table ahead.business_orders (like public.business_orders);
         grant usage on schema ahead to app; grant select on ahead.business_orders to app;
         alter role app set search_path = ahead, public",
    );
    let refused = [
        "no row of the direct path in business_orders",
        "does search_path name another schema?",
    ];
    assert_one_line(&audit(&test, recording.folder(), &[]), 2, &refused);

    let run_id = &recording.manifest().run_id;
    execute(
        &test,
        &format!(
            "alter role app reset search_path;
             delete from business_orders where order_number like '{run_id}-p-%';
             delete from business_logs where details like '{run_id}-p-%'"
        ),
    );
    assert_success(&audit(&test, recording.folder(), &[]));
    let (after, _) = read(recording.folder());
    let (before, after) = (of_path(&whole, "proxy"), of_path(&after, "proxy"));
    assert!(before.acknowledged > 0 && before.lost == 0);
    assert_eq!((after.lost, after.torn), (before.acknowledged, 0));
}

/// An administrator's lock.
#[test]
fn an_audit_does_not_wait_for_a_lock_for_long() {
    let test = TestLab::start_set_up();
    let (recording, _) = run(&test, &["--no-audit"]);
    let client = test.admin();
    let lock = "begin; lock business_orders in access exclusive mode";
    test.runtime.block_on(client.batch_execute(lock)).unwrap();
    let output = audit(&test, recording.folder(), &[]);
    assert_one_line(&output, 1, &["lock timeout", "waited 30s"]);
}

#[test]
fn a_user_that_may_only_read_can_audit() {
    let test = TestLab::start_set_up();
    let (recording, _) = run(&test, &[]);
    let before = read(recording.folder());
    execute(
        &test,
        "create role auditor login password 'geheim';
         grant select on business_users, business_orders, business_products, business_logs to auditor",
    );
    let direct = test.lab.direct_url();
    let (_, rest) = direct.split_once('@').unwrap();
    let url = format!("postgres://auditor@{rest}");
    let as_auditor = || {
        let folder = recording.folder().to_str().unwrap();
        let mut command = test.command(&["audit", folder, "--url", &url]);
        command.env("PGPASSWORD", "geheim").output().unwrap()
    };
    let output = as_auditor();
    assert_success(&output);
    let after = read(recording.folder());
    assert_eq!(
        (after.0.via.as_str(), &after.0.paths),
        ("url", &before.0.paths)
    );
    assert_eq!(after.1, before.1);
    // The proxy's idle sessions, which are the run's by their names, are no reason to wait.
    assert_eq!(after.0.sessions_left, Some(0));
    let text = stdout(&output);
    let note = "note: the run is not marked as audited";
    assert!(
        text.contains(note) && text.contains("permission denied"),
        "{text}"
    );
    assert!(!text.contains("geheim") && !stderr(&output).contains("geheim"));

    // What it may not see is not lost.
    execute(
        &test,
        "alter table business_orders enable row level security;
         create policy half on business_orders to auditor using (id % 2 = 0)",
    );
    let output = as_auditor();
    assert_one_line(&output, 2, &["row-level security", "BYPASSRLS"]);
    execute(
        &test,
        "alter table business_orders disable row level security",
    );

    execute(&test, "revoke select on business_orders from auditor");
    let output = as_auditor();
    assert_one_line(
        &output,
        2,
        &["permission denied for table business_orders", "privileges"],
    );
    assert!(!stderr(&output).contains("geheim"));
    execute(&test, "alter role auditor nologin");
    let output = as_auditor();
    assert_one_line(&output, 2, &["auditor", "--url"]);
}

/// The runs that `cleanup` takes for audited.
fn marks(test: &TestLab) -> Vec<String> {
    test.texts("select details from business_logs where action = 'pgoutage audit'")
}

/// What is said of an audit that can't tell all, and that `cleanup` is not told of.
fn check_unmarked(test: &TestLab, text: &str) {
    assert!(text.contains("rows of the recording are missing"), "{text}");
    let note = "note: the run is not marked as audited";
    assert!(text.contains(note), "{text}");
    assert_eq!(marks(test), Vec::<String>::new());
}

/// A run that goes on is not audited. A copy of it is not being written, and the database tells.
fn check_running(test: &TestLab, recording: &Recording) {
    let in_progress = audit(test, recording.folder(), &[]);
    assert_one_line(&in_progress, 2, &["still being recorded"]);
    let copy = test.folder.path().join("copy");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([recording.folder(), &copy])
        .status();
    assert!(copied.unwrap().success());
    let of_copy = audit(test, &copy, &["--wait", "1s"]);
    assert_one_line(&of_copy, 2, &["still being recorded", "recorder recover"]);
}

/// What a killed recorder leaves is audited as it is: rows of its last moments are missing, and what they wrote is there.
#[test]
fn the_recording_of_a_killed_recorder() {
    let test = TestLab::start_set_up();
    let running = test.spawn_run(&[&BUSY[..], &WRITES, &["--duration", "60"]].concat());
    test.wait_for_recording();
    let orders = |run_id: &str| {
        test.texts(&format!(
            "select order_number from business_orders where order_number like '{run_id}-%'"
        ))
    };
    let recording = test.recording();
    let run_id = recording.manifest().run_id.clone();
    wait_until("orders", || orders(&run_id).len() > 200);
    check_running(&test, &recording);
    running.signal("KILL");
    running.output();

    let output = audit(&test, recording.folder(), &[]);
    assert_success(&output);
    let (found, findings) = read(recording.folder());
    for path in ["direct", "proxy"] {
        let path = of_path(&found, path);
        assert!(path.acknowledged > 0, "{path:?}");
        assert_eq!(
            (path.lost, path.torn, path.duplicated, path.phantom),
            (0, 0, 0, 0)
        );
    }
    check_unmarked(&test, &stdout(&output));

    // Held against the rows that recovery makes of it.
    assert_success(&test.recorder(&["recover", recording.folder().to_str().unwrap()]));
    let recovered = Recording::open(recording.folder()).unwrap();
    assert_eq!(recovered.manifest().state, State::Recovered);
    let operations = rows(&recovered, Table::Operations);
    let recorded: BTreeSet<String> = operations
        .iter()
        .map(|row| identity(&recovered, row))
        .collect();
    let of_word = |word: &str| findings.iter().filter(|it| it.2 == word).count();
    let missing = orders(&run_id)
        .into_iter()
        .filter(|it| !recorded.contains(it));
    let is_order = |it: &&(String, i64, String)| {
        let identity = format!("{run_id}-{}-{}", &it.0[..1], it.1);
        it.2 == "unrecorded" && orders(&run_id).contains(&identity)
    };
    assert_eq!(findings.iter().filter(is_order).count(), missing.count());
    let open = operations.iter().filter(|row| {
        KEYED.contains(&row["operation_name"].as_str()) && row["outcome"] == "unfinished"
    });
    assert_eq!(
        of_word("committed") + of_word("not_committed"),
        open.count()
    );
    assert_success(&audit(&test, recording.folder(), &[]));
    let (again, after) = read(recording.folder());
    assert_eq!((&again.paths, after), (&found.paths, findings));
    assert_eq!(marks(&test), [run_id]);
}
