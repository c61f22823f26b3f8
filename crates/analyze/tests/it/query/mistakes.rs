//! Queries that are wrong: an error that points at the word, exit code 2, and never a panic.

use std::process::Command;

use super::*;
use crate::support::reads_with_a_gap;

/// What is said about a query, each line behind a `|`, so that what stands under what is seen.
fn said(folder: &FilePath, sql: &str) -> String {
    let output = query(folder, &[sql]);
    let said = text(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(2),
        "{sql}\n{said}{}",
        text(&output.stdout)
    );
    assert!(output.stdout.is_empty(), "{sql}");
    said.trim_end().to_owned()
}

#[test]
fn what_would_be_answered_from_elsewhere_is_refused() {
    let made = reads_with_a_gap().write();
    let said = |sql: &str| said(&made.folder, sql);
    let named = said("WITH operations AS (SELECT 1 AS x) SELECT x FROM operations");
    assert!(
        named.starts_with(
            "analyze: operations is a table already: give what WITH makes another name\n"
        ),
        "{named}"
    );
    assert!(named.ends_with("     ^^^^^^^^^^"), "{named}");
    let remote = said("SELECT * FROM read_parquet('http://127.0.0.1:1/x.parquet')");
    assert!(
        remote.starts_with("analyze: read_parquet: only files of this machine are read\n"),
        "{remote}"
    );
}

#[test]
fn an_error_points_at_the_word() {
    let made = reads_with_a_gap().write();
    let said = |sql: &str| said(&made.folder, sql);
    insta::assert_snapshot!(said("SELECT respons_time_us FROM operations"), @r"
    analyze: no column respons_time_us; did you mean response_time_us?
      SELECT respons_time_us FROM operations
             ^^^^^^^^^^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT path,\n       avg(checkout)\nFROM operations"), @r"
    analyze: no column checkout; did you mean checkout_us?
             avg(checkout)
                 ^^^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT o.pat FROM operations o"), @r"
    analyze: no column pat; did you mean path?
      SELECT o.pat FROM operations o
               ^^^
    ");
    insta::assert_snapshot!(said("SELECT count(*) FROM operation"), @r"
    analyze: no table operation; did you mean operations?
      SELECT count(*) FROM operation
                           ^^^^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT count(*) FROM orders"), @r"
    analyze: no table orders; there are operations, connections, probes, availability, events, load, outages, episodes, seconds
      SELECT count(*) FROM orders
                           ^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT medan(response_time_us) FROM operations"), @r"
    analyze: no function medan; did you mean median?
      SELECT medan(response_time_us) FROM operations
             ^^^^^
    ");
    insta::assert_snapshot!(said("SELECT path FRM operations"), @r"
    analyze: the SQL can't be read: expected end of statement, found operations
      SELECT path FRM operations
                      ^^^^^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT path FROM operations GROUP path"), @r"
    analyze: the SQL can't be read: expected end of statement, found GROUP
      SELECT path FROM operations GROUP path
                                  ^^^^^
    ");
    insta::assert_snapshot!(said("SELECT path, path FROM operations"), @r"
    analyze: two columns of the result are named path: name one with AS
      SELECT path, path FROM operations
             ^^^^
    ");
    insta::assert_snapshot!(said("SELECT path FROM operations INTERSECT SELECT path FROM probes"), @r"
    analyze: INTERSECT is not supported
      SELECT path FROM operations INTERSECT SELECT path FROM probes
                                  ^^^^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT path FROM operations o WHERE EXISTS (SELECT 1)"), @r"
    analyze: expression Exists is not supported
      SELECT path FROM operations o WHERE EXISTS (SELECT 1)
                                          ^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT CAST(outcome AS INT) AS n FROM operations"), @r#"
    analyze: conversion from `str` to `i32` failed in column 'outcome' for 125 out of 125 values: ["ok", "ok", … "ok"]
      SELECT CAST(outcome AS INT) AS n FROM operations
                  ^^^^^^^
    "#);
    insta::assert_snapshot!(said("SELECT path FROM operations WHERE end_time > 'yesterday'"), @r"
    analyze: cannot compare 'date/datetime/time' to a string value; a time is written '2026-11-22 20:43:00.5', in UTC
      SELECT path FROM operations WHERE end_time > 'yesterday'
                                                   ^^^^^^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT path FROM operations WHERE end_time > TIMESTAMP '2026-11-22 20:43:00'"), @r"
    analyze: could not evaluate '<=' comparison between series 'end_time_max' of dtype: Datetime('μs', 'UTC') and series 'literal' of dtype: Datetime('μs'); a time is written '2026-11-22 20:43:00.5', in UTC
      SELECT path FROM operations WHERE end_time > TIMESTAMP '2026-11-22 20:43:00'
                                                             ^^^^^^^^^^^^^^^^^^^^^
    ");
    insta::assert_snapshot!(said("DROP TABLE operations"), @r"
    analyze: only queries are run, which begin with SELECT or WITH; this begins with DROP
      DROP TABLE operations
      ^^^^
    ");
    insta::assert_snapshot!(said("WITH gone AS (DELETE FROM operations) SELECT 1"), @r"
    analyze: DELETE is not supported
      WITH gone AS (DELETE FROM operations) SELECT 1
                    ^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT 1; SELECT 2"), @r"
    analyze: one query at a time; a second one begins here
      SELECT 1; SELECT 2
                ^^^^^^
    ");
    insta::assert_snapshot!(said("SELECT 'path FROM operations"), @r"
    analyze: the SQL can't be read: Unterminated string literal
      SELECT 'path FROM operations
             ^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn words_that_are_missing() {
    let made = reads_with_a_gap().write();
    let output = query(&made.folder, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("analyze query RUN... \"SQL\""));
    let output = run("query", &[], &[]);
    assert_eq!(output.status.code(), Some(2));
    let output = run("query", &[], &["SELECT 1", made.folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("the query comes last"));
}

/// As deep as a query may be: the engine's stack holds it.
#[test]
fn deep_queries_end() {
    let made = reads_with_a_gap().write();
    for sql in [
        format!(
            "SELECT {} AS x FROM operations LIMIT 1",
            ["path"; 330].join("||")
        ),
        format!(
            "SELECT worker{} AS x FROM operations LIMIT 1",
            " IS NULL".repeat(495)
        ),
        format!(
            "SELECT worker{} AS x FROM operations LIMIT 1",
            "::text".repeat(330)
        ),
        format!(
            "SELECT {} AS x FROM operations LIMIT 1",
            ["worker"; 495].join("-")
        ),
        format!(
            "SELECT count(*) FROM operations WHERE {}",
            ["worker = 1"; 245].join(" OR ")
        ),
        format!("SELECT {}1{}", "(".repeat(400), ")".repeat(400)),
        format!("SELECT {}true", "NOT ".repeat(900)),
        format!("SELECT {}1", "- ".repeat(900)),
        format!(
            "SELECT * FROM {}operations{}",
            "(SELECT * FROM ".repeat(180),
            ")".repeat(180)
        ),
        format!("SELECT {}1{}", "abs(".repeat(320), ")".repeat(320)),
        format!(
            "SELECT {}1{}",
            "CASE WHEN true THEN ".repeat(190),
            " END".repeat(190)
        ),
        format!("SELECT coalesce({}1)", "worker, ".repeat(2_000)) + " FROM operations LIMIT 1",
        format!(
            "SELECT worker IN ({}1) AS x FROM operations LIMIT 1",
            "2, ".repeat(4_000)
        ),
        format!("SELECT a{} FROM operations", ".a".repeat(490)),
    ] {
        // polars is built without optimization for tests: its frames are larger than those of a release.
        let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
            .args(["query", made.folder.to_str().unwrap(), &sql])
            .env("RUST_MIN_STACK", "16777216")
            .output()
            .unwrap();
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 2)),
            "{code:?} {sql}\n{}",
            text(&output.stderr)
        );
    }
}
