//! A workload of the user's own, from the page that describes it to the audit.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use recording::{Audit, Recording, Table};

use crate::common::{BUSY, TestLab, assert_success, rows, words};

const PAGE: &str = include_str!("../../../../docs/workload.md");

/// The file that docs/workload.md shows.
fn bank() -> String {
    let (_, block) = PAGE.split_once("```toml\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

fn file(test: &TestLab, text: &str) -> PathBuf {
    let file = test.folder.path().join("bank.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// Runs and opens the recording, whose folder is the last line on stdout.
fn record(test: &TestLab, flags: &str) -> Recording {
    let runs = test.runs();
    let start = ["run", "--out", runs.to_str().unwrap()];
    let run = test.recorder(&[&start[..], &words(flags), &BUSY].concat());
    assert_success(&run);
    let out = String::from_utf8_lossy(&run.stdout).into_owned();
    Recording::open(FilePath::new(out.lines().last().unwrap())).unwrap()
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What the manifest, the rows and the audit at the end of the run say.
fn check_recording(recording: &Recording) {
    let manifest = recording.manifest();
    assert_eq!(
        (manifest.weights.read, manifest.weights.transaction),
        (80.0, 20.0)
    );
    let workload = manifest.workload.as_ref().unwrap();
    assert_eq!(
        (workload.name.as_str(), workload.sha256.len()),
        ("bank", 64)
    );
    assert_eq!(workload.operations[1].identity, ["transfers.number"]);
    assert!(
        manifest
            .baseline
            .as_ref()
            .is_some_and(|baseline| !baseline.token_written)
    );

    let operations = rows(recording, Table::Operations);
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for row in &operations {
        *counts
            .entry((&row["operation_name"], &row["outcome"]))
            .or_default() += 1;
        if row["operation_name"] == "transfer" && row["outcome"] == "ok" {
            assert_eq!(row["affected_rows"], "2");
        }
    }
    assert!(
        counts[&("balance", "ok")] > 20 && counts[&("transfer", "ok")] > 5,
        "{counts:?}"
    );
    assert!(
        counts
            .keys()
            .all(|(_, outcome)| matches!(*outcome, "ok" | "unfinished")),
        "{counts:?}"
    );
    // The audit at the end of the run.
    let audit = Audit::read(recording.folder()).unwrap().unwrap();
    let followed: u64 = audit.paths.iter().map(|path| path.acknowledged).sum();
    assert_eq!(followed, counts[&("transfer", "ok")] as u64);
    assert!(audit.paths.iter().all(|path| path.lost == 0), "{audit:?}");
}

/// The check tells what is missing, and the set-up makes it.
fn set_up(test: &TestLab, file: &str) {
    let refused = test.recorder(&["check", "--workload", file]);
    assert_eq!(refused.status.code(), Some(1));
    let found = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(
        found.contains("balance: ERROR: relation \"accounts\" does not exist"),
        "{found}"
    );
    assert!(
        found.contains(&format!("recorder setup --workload {file}")),
        "{found}"
    );

    assert_success(&test.recorder(&["setup", "--workload", file]));
    // Safe to repeat.
    assert_success(&test.recorder(&["setup", "--workload", file]));
    let checked = test.recorder(&["check", "--workload", file]);
    assert_success(&checked);
    let found = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        found.contains("all 4 of the workload bank can be planned"),
        "{found}"
    );
}

#[test]
fn the_bank_of_the_page_is_recorded_and_audited() {
    let test = TestLab::start();
    let file = file(&test, &bank());
    let file = file.to_str().unwrap();
    set_up(&test, file);
    let mut last = None;
    for protocol in ["simple", "extended", "prepared"] {
        // pgbouncer of the lab takes no named statements.
        let mode = if protocol == "prepared" {
            "direct"
        } else {
            "both"
        };
        let flags =
            format!("--workload {file} --duration 4 --protocol {protocol} --mode {mode} --seed 7");
        let recording = record(&test, &flags);
        check_recording(&recording);
        last = Some(recording);
    }
    let recording = last.unwrap();
    // One is taken away, and one was never sent.
    let transfer = test
        .texts("select number from transfers order by number desc limit 1")
        .remove(0);
    test.runtime
        .block_on(test.admin().batch_execute(&format!(
            "delete from transfers where number = '{transfer}'"
        )))
        .unwrap();
    let folder = recording.folder().to_str().unwrap();
    assert_success(&test.recorder(&["audit", folder]));
    let audit = Audit::read(recording.folder()).unwrap().unwrap();
    let lost: u64 = audit.paths.iter().map(|path| path.lost).sum();
    assert_eq!(lost, 1, "{audit:?}");
    // What the JSON holds is what it drew.
    let notes = test.texts("select distinct note->>'channel' from transfers order by 1");
    assert_eq!(notes, ["app", "web"]);
}

/// An account without money: the business's no is no failure, and changes nothing.
#[test]
fn the_business_may_say_no() {
    let test = TestLab::start();
    let poor = bank().replace("SELECT n, 1000000", "SELECT n, 0");
    let file = file(&test, &poor);
    let file = file.to_str().unwrap();
    assert_success(&test.recorder(&["setup", "--workload", file]));
    let flags = format!("--workload {file} --duration 3 --mode direct");
    let operations = rows(&record(&test, &flags), Table::Operations);
    let transfers = operations
        .iter()
        .filter(|row| row["operation_name"] == "transfer");
    let outcomes: Vec<&str> = transfers
        .map(|row| row["outcome"].as_str())
        .filter(|it| *it != "unfinished")
        .collect();
    assert!(
        outcomes.len() > 3 && outcomes.iter().all(|outcome| *outcome == "rejected"),
        "{outcomes:?}"
    );
    assert_eq!(test.texts("select count(*)::text from transfers"), ["0"]);
}

/// The printed shop is a workload like any other: it runs on the shop's tables.
#[test]
fn the_printed_shop_runs_as_a_file() {
    let test = TestLab::start_set_up();
    let printed = test.recorder(&["workload"]);
    assert_success(&printed);
    let file = file(&test, &String::from_utf8(printed.stdout).unwrap());
    let flags = format!(
        "--workload {} --duration 4 --seed 3",
        file.to_str().unwrap()
    );
    let recording = record(&test, &flags);
    assert_eq!(
        recording
            .manifest()
            .workload
            .as_ref()
            .unwrap()
            .operations
            .len(),
        10
    );
    let failed = rows(&recording, Table::Operations)
        .into_iter()
        .find(|row| row["outcome"] == "failed");
    assert_eq!(failed, None);
    let audit = Audit::read(recording.folder()).unwrap().unwrap();
    assert!(
        audit
            .paths
            .iter()
            .all(|path| path.acknowledged > 0 && path.lost == 0),
        "{audit:?}"
    );
}

/// Before anything connects, or before a folder is made: one line, exit code 2.
#[test]
fn mistakes_are_one_line() {
    let test = TestLab::start();
    let bank = bank();
    for (text, expected) in [
        (
            bank.replace("weight = 80", "wieght = 80"),
            ":17:1: unknown key `wieght`",
        ),
        (
            bank.replace("\"balance\"\ntype", "\"balance\"\ntypo"),
            "unknown key `typo`",
        ),
        (String::new(), ":1:1: missing key `name`"),
        ("\u{0}\u{1}garbage".to_owned(), ":1:"),
    ] {
        let file = file(&test, &text);
        for command in ["run", "check", "setup"] {
            let refused = test.recorder(&[command, "--workload", file.to_str().unwrap()]);
            let error = stderr(&refused);
            assert_eq!(refused.status.code(), Some(2), "{error}");
            assert!(
                error.contains(expected) && error.lines().count() == 1,
                "{error}"
            );
        }
    }
    let absent = test.recorder(&["run", "--workload", "/no/such/file"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(
        stderr(&absent).contains("--workload /no/such/file: No such file"),
        "{}",
        stderr(&absent)
    );
    let both = test.recorder(&["run", "--workload", "x", "--read-weight", "5"]);
    assert_eq!(both.status.code(), Some(2));
}

/// What is changed in the page's example, and what the server then finds.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "SELECT balance FROM",
        "SELECT balanec FROM",
        "balance: ERROR: column \"balanec\" does not exist",
    ),
    (
        "results = [\"rest\"]",
        "results = [\"rset\"]",
        "no value of this operation",
    ),
    (
        "SELECT id FROM accounts ORDER BY id",
        "SELECT balance::numeric FROM accounts",
        "keys \"accounts\": they are of type numeric",
    ),
    (
        "SELECT id FROM accounts ORDER BY id",
        "SELECT id FROM accounts WHERE id < 2",
        ":12: keys \"accounts\": their query returned 1 row, too few",
    ),
    (
        "SELECT balance FROM accounts WHERE id = $1",
        "SELECT balance FROM accounts WHERE id = $1 FOR UPDATE",
        "balance: it is of type read, and changes or locks rows",
    ),
    (
        "SELECT balance FROM accounts WHERE id = $1",
        "WITH new AS (INSERT INTO accounts VALUES ($1, 1) RETURNING id) SELECT id FROM new",
        "balance: it is of type read, and changes or locks rows",
    ),
    (
        "SELECT balance FROM accounts WHERE id = $1",
        "SELECT balance INTO others FROM accounts WHERE id = $1",
        "balance: it is of type read, and changes or locks rows, or makes a table",
    ),
    (
        "SELECT id FROM accounts ORDER BY id",
        "WITH gone AS (DELETE FROM accounts RETURNING id) SELECT id FROM gone",
        "a query of keys changes nothing: it runs in a read-only transaction",
    ),
    (
        "SELECT id FROM accounts ORDER BY id",
        "SELECT nullif(id, 2) FROM accounts",
        "keys \"accounts\": one of them is NULL; leave it out",
    ),
    (
        "SELECT id FROM accounts ORDER BY id",
        "SELECT of_none FROM accounts",
        "column \"of_none\" does not exist; correct the query",
    ),
    (
        "amount = { uniform = [1, 5000] }",
        "amount = { choice = [1, \"a\"] }",
        "statement 1 of transfer: ERROR: invalid input syntax for type bigint: \"a\"; change how the value is made",
    ),
    (
        "identity = [\"transfers.number\"]",
        "identity = [\"transfers.of_none\"]",
        ":41: identity transfers.of_none of transfer: ERROR: column \"of_none\" does not exist; name the column of type text",
    ),
    (
        "identity = [\"transfers.number\"]",
        "identity = [\"transfers.account\"]",
        "identity transfers.account of transfer: it is not of type text; name the column of type text",
    ),
];

/// What only the server knows: found before a folder is made.
#[test]
fn mistakes_that_the_server_finds() {
    let test = TestLab::start();
    let bank = bank();
    let file = file(&test, &bank);
    assert_success(&test.recorder(&["setup", "--workload", file.to_str().unwrap()]));
    for (from, to, expected) in WRONG {
        assert!(bank.contains(from), "{from}");
        std::fs::write(&file, bank.replace(from, to)).unwrap();
        let refused = test.recorder(&[
            "run",
            "--workload",
            file.to_str().unwrap(),
            "--out",
            test.runs().to_str().unwrap(),
        ]);
        let error = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(error.matches("direct path").count() <= 1, "{error}");
        assert!(!test.runs().exists(), "{error}");
    }
    // A statement may end with a comment, also where its results are asked for.
    std::fs::write(
        &file,
        bank.replace(" FOR UPDATE\"", " FOR UPDATE -- of one\""),
    )
    .unwrap();
    assert_ne!(std::fs::read_to_string(&file).unwrap(), bank);
    assert_success(&test.recorder(&["check", "--workload", file.to_str().unwrap()]));
    // The statement is right: the remedy is another one.
    let revoke = "REVOKE SELECT ON accounts FROM app";
    let admin = test.admin();
    test.runtime.block_on(admin.batch_execute(revoke)).unwrap();
    let refused = test.recorder(&["check", "--workload", file.to_str().unwrap()]);
    let found = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{found}");
    assert!(
        found.contains("permission denied for table accounts")
            && found.contains("grant the user of the URL what the statement needs"),
        "{found}"
    );
}
