//! What a connection to a demoted writer does to a path, dropped or kept.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::common::{
    Row, Running, TestLab, assert_success, number, only_recording, rows, wait_for_recording,
    wait_until,
};
use lab::{FailoverOptions, StepKind};
use recording::Table;

const WRITES: [&str; 12] = [
    "--mode",
    "direct",
    "--duration",
    "180",
    "--read-weight",
    "0",
    "--transaction-weight",
    "50",
    "--min-operation-interval",
    "10ms",
    "--max-operation-interval",
    "30ms",
];

/// Two recorders through the same failover, in which the old writer comes back as a reader long before its name goes elsewhere.
#[test]
fn a_connection_that_is_kept_never_recovers() {
    let mut test = TestLab::start_set_up();
    let words = ["reconnect", "keep"];
    let folders = words.map(|word| test.folder.path().join(word));
    let running: Vec<Running> = words
        .iter()
        .zip(&folders)
        .map(|(word, folder)| {
            let flags = [
                "run",
                "--on-read-only",
                word,
                "--out",
                folder.to_str().unwrap(),
            ];
            Running::spawn(&mut test.command(&[&flags[..], &WRITES].concat()))
        })
        .collect();
    folders.iter().for_each(|folder| wait_for_recording(folder));
    let options = FailoverOptions {
        return_after: Duration::from_secs(1),
        dns_after: Duration::from_secs(10),
        ..FailoverOptions::default()
    };
    let steps = test
        .runtime
        .block_on(test.lab.failover(&options, |_| {}))
        .unwrap();
    let time_of = |kind: StepKind| steps.iter().find(|step| step.step == kind).unwrap().time_us;
    let flipped = time_of(StepKind::DnsChanged);
    assert!(time_of(StepKind::ReturnedAsReader) < flipped, "{steps:?}");
    let run_id = std::fs::read_dir(&folders[0])
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let orders = format!(
        "select order_number from business_orders where order_number like '{}-%'",
        run_id.file_name().to_str().unwrap()
    );
    let before = test.texts(&orders).len();
    wait_until("new orders", || test.texts(&orders).len() > before + 20);
    for recorder in running {
        recorder.signal("INT");
        assert_success(&recorder.output());
    }

    let [reconnected, kept] = folders.map(|folder| read(&folder));
    check_connections(&reconnected, &kept, flipped);
}

/// Operations and connections.
type Recorded = (Vec<Row>, Vec<Row>);

fn read(folder: &Path) -> Recorded {
    let recording = only_recording(folder);
    let word = folder.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(
        recording
            .manifest()
            .connection
            .as_ref()
            .unwrap()
            .on_read_only,
        word
    );
    let mut operations = rows(&recording, Table::Operations);
    operations.retain(|row| row["outcome"] != "unfinished");
    (operations, rows(&recording, Table::Connections))
}

fn check_connections(reconnected: &Recorded, kept: &Recorded, flipped: i64) {
    let last = |operations: &[Row]| operations[operations.len() - 10..].to_vec();
    for row in last(&reconnected.0) {
        assert_eq!(row["success"], "true", "{row:?}");
    }
    let refused = |operations: &[Row]| operations.iter().filter(|row| is_read_only(row)).count();
    assert!(refused(&reconnected.0) > 10 && refused(&kept.0) > 10);

    // Long after the name has another address, on connections from before.
    let mut ids = BTreeSet::new();
    for row in last(&kept.0) {
        assert!(is_read_only(&row), "{row:?}");
        assert!(number(&row, "start_time").unwrap() > flipped, "{row:?}");
        ids.insert(row["connection_id"].clone());
    }
    for row in kept
        .1
        .iter()
        .filter(|row| ids.contains(&row["connection_id"]))
    {
        assert_eq!(row["endpoint_address"], "127.0.0.2");
        assert!(number(row, "start_time").unwrap() < flipped, "{row:?}");
    }
    // One connection after the other where they are dropped, a few for good where they are kept.
    let used = |operations: &[Row]| {
        let refused = operations.iter().filter(|row| is_read_only(row));
        refused
            .map(|row| row["connection_id"].clone())
            .collect::<BTreeSet<_>>()
            .len()
    };
    assert!(used(&kept.0) <= 5, "{}", used(&kept.0));
    assert_eq!(used(&reconnected.0), refused(&reconnected.0));
}

fn is_read_only(row: &Row) -> bool {
    row.get("error_class")
        .is_some_and(|class| class == "read_only")
}
