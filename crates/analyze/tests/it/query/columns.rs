//! Every column of every recording, in one table.

use recording::vocabulary::ErrorClass::Refused;
use serde_json::json;

use super::*;
use crate::support::reads_with_a_gap;
use crate::support::refit::{rewrite, rewrite_in};

const PART: &str = "operations/direct-00001.parquet";

/// Each golden recording by itself, and all of them together: what one does not have is null there.
#[test]
fn all_recordings_are_one_table() {
    let together = "SELECT run_id, count(*) AS n, count(user_id) AS users, count(availability_zone) AS zones FROM operations \
         GROUP BY run_id ORDER BY run_id";
    let output = run("query", &[&golden("")], &["--format", "json", together]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        found.len(),
        11,
        "one of the twelve is a copy of another run"
    );
    let mut zones = 0;
    for row in &found {
        let run = row["run_id"].as_str().unwrap();
        let names = std::fs::read_dir(golden(""))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let alone = names
            .filter(|folder| {
                recording::Manifest::read(folder).is_ok_and(|manifest| manifest.run_id == run)
            })
            .map(|folder| {
                rows(
                    &folder,
                    "SELECT count(*) AS n, count(user_id) AS users FROM operations",
                )
            })
            .next()
            .unwrap();
        assert_eq!(
            (&row["n"], &row["users"]),
            (&alone[0]["n"], &alone[0]["users"]),
            "{run}"
        );
        zones += row["zones"].as_u64().unwrap();
    }
    assert_eq!(zones, 255, "a column that only v1-later-minor has");
}

/// A column that a later version has, and one that an earlier version did not have.
#[test]
fn older_and_later_columns() {
    let later = rows(
        &golden("v1-later-minor"),
        "SELECT availability_zone, max(retries) AS retries, count(*) AS n FROM operations GROUP BY availability_zone",
    );
    assert_eq!(
        later,
        [json!({"availability_zone": "eu-west-1c", "retries": 0, "n": 255})]
    );
    let made = reads_with_a_gap().write();
    rewrite(&made.folder, PART, |frame| {
        use polars::prelude::*;
        frame.drop(cols(["quantity", "operation_id"]))
    });
    let older = rows(
        &made.folder,
        "SELECT count(quantity) AS quantities, count(operation_id) AS ids, count(*) AS n FROM operations",
    );
    assert_eq!(older, [json!({"quantities": 0, "ids": 0, "n": 250})]);
    let empty = rows(
        &made.folder,
        "SELECT count(*) AS n, max(tps) AS tps FROM load",
    );
    assert_eq!(empty, [json!({"n": 0, "tps": null})]);
}

/// What a foreign writer makes of a part: dictionaries, other units of time, other widths, another codec that only a copy is read of.
#[test]
fn parts_of_other_writers_have_all_columns() {
    use polars::prelude::*;
    let made = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Refused)
        .failed("user_list", 14.7, 14.75, Refused)
        .write();
    let sql = "SELECT worker, user_id, min(start_time) AS first, max(end_time) AS last, max(error_message) AS said, \
         sum(response_time_us) AS waited, count(*) AS n FROM operations GROUP BY worker, user_id";
    let before = rows(&made.folder, sql);
    assert_eq!(before[0]["said"], "made by hand: refused");
    rewrite_in(&made.folder, PART, ParquetCompression::Snappy, |frame| {
        let milliseconds = DataType::Datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC));
        frame.with_columns([
            col("end_time").cast(milliseconds),
            col("worker").cast(DataType::Int64),
        ])
    });
    assert_eq!(rows(&made.folder, sql), before);
}

/// The operations in flight when the recorder was killed, and the rows of journals.
#[test]
fn rows_that_are_in_no_part() {
    let found = rows(
        &golden("v1-lab-killed"),
        "SELECT outcome, count(*) AS n, count(end_time) AS ended FROM operations GROUP BY outcome ORDER BY outcome",
    );
    let count = |outcome: &str, column: &str| {
        let row = found.iter().find(|row| row["outcome"] == outcome).unwrap();
        row[column].as_u64().unwrap()
    };
    assert!(count("unfinished", "n") > 0);
    assert_eq!(count("unfinished", "ended"), 0);
    assert!(count("ok", "n") > 500);
    let others = rows(
        &golden("v1-lab-killed"),
        "SELECT (a.n > 0) AS connections FROM (SELECT count(*) AS n FROM connections) a",
    );
    assert_eq!(others, [json!({"connections": true})]);
}
