//! A recorder that is killed with SIGKILL leaves every row older than a second: the truth comes from the database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use common::{
    BUSY, Row, TestLab, assert_one_line, assert_success, identity, rows, stdout, wait_until,
};
use recording::{State, Table};

/// Kills at a few moments, each far enough from the others to meet another state of the journal.
const KILLS: [u64; 4] = [1_500, 2_130, 2_770, 3_410];

fn recover(test: &TestLab, folder: &Path) -> std::process::Output {
    test.recorder(&["recover", folder.to_str().unwrap()])
}

#[test]
fn every_order_older_than_a_second_has_its_row() {
    for (number, after_ms) in KILLS.into_iter().enumerate() {
        let test = TestLab::start_set_up();
        let mix = [
            "--duration",
            "60",
            "--read-weight",
            "20",
            "--write-weight",
            "60",
        ];
        let running = test.spawn_run(&[&BUSY[..], &mix[..]].concat());
        wait_until("the recording", || {
            test.runs()
                .read_dir()
                .is_ok_and(|mut runs| runs.next().is_some())
        });
        std::thread::sleep(Duration::from_millis(after_ms));
        if number == 0 {
            let folder = test.recording().folder().to_path_buf();
            assert_one_line(&recover(&test, &folder), 1, &["still being recorded"]);
        }
        running.signal("KILL");
        running.output();
        // More than the second that may be lost: the machine that runs this test may be busy.
        let old = "select order_number from business_orders where order_number not like 'seed%' \
                   and created_at < clock_timestamp() at time zone current_setting('TimeZone') - interval '2.5 s'";
        let old: BTreeSet<String> = test.texts(old).into_iter().collect();

        let killed = test.recording();
        assert_eq!(killed.manifest().state, State::Recording);
        let recovered = recover(&test, killed.folder());
        assert_success(&recovered);
        assert!(
            stdout(&recovered).contains("rows from the journal"),
            "{}",
            stdout(&recovered)
        );

        let recording = test.recording();
        assert_eq!(recording.manifest().state, State::Recovered);
        let operations = rows(&recording, Table::Operations);
        let identities: Vec<String> = operations
            .iter()
            .map(|row| identity(&recording, row))
            .collect();
        let distinct: BTreeSet<String> = identities.iter().cloned().collect();
        assert_eq!(distinct.len(), identities.len(), "no row twice");
        let lost: Vec<_> = old.difference(&distinct).collect();
        assert!(
            lost.is_empty(),
            "killed after {after_ms} ms: {} of {} lost",
            lost.len(),
            old.len()
        );
        assert!(after_ms < 3_000 || !old.is_empty(), "nothing was tested");
        let is_known = |row: &Row| row.contains_key("path") && row.contains_key("outcome");
        assert!(operations.iter().all(is_known));

        let again = recover(&test, recording.folder());
        assert_success(&again);
        assert!(stdout(&again).contains("nothing to recover"));
    }
}
