//! Whatever is asked: an answer or a mistake, and never a panic.

use analyze::load::Loaded;
use analyze::query::output::{Csv, Reader};
use analyze::query::{QueryError, Sql, run};
use analyze::summary::Thresholds;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use recording::vocabulary::ErrorClass::Refused;

use crate::support::HandMade;

const WORDS: [&str; 74] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "WITH x AS (",
    "UNION ALL",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "USING",
    "AS",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "LIKE",
    "IS NULL",
    "CASE WHEN",
    "THEN",
    "ELSE",
    "END",
    "DISTINCT",
    "OVER (",
    "PARTITION BY",
    "operations",
    "events",
    "outages",
    "seconds",
    "path",
    "outcome",
    "response_time_us",
    "end_time",
    "success",
    "worker",
    "of",
    "count(*)",
    "sum(",
    "avg(",
    "quantile_disc(",
    "lag(",
    "substr(",
    "strftime(",
    "coalesce(",
    "CAST(",
    "::int",
    "AS date)",
    "INTERVAL '1 day'",
    "'2026-11-22 20:43:00'",
    "'x'",
    "'%'",
    "0",
    "-1",
    "9223372036854775808",
    "1.5",
    "NULL",
    "true",
    "*",
    "+",
    "-",
    "/",
    "%",
    "||",
    "=",
    "<",
    "(",
    ")",
    ",",
    ".",
    "[",
];

/// A recording small enough for a product of three tables.
fn loaded() -> (crate::support::Made, Loaded) {
    let made = HandMade::new(3.0)
        .steady("user_list", 0.1, 0.1, 20, 0.005)
        .failed("user_list", 2.2, 2.25, Refused)
        .trigger(2.0)
        .write();
    let loaded = Loaded::open(&made.folder).unwrap();
    (made, loaded)
}

fn asks(loaded: &Loaded, query: &str) {
    let Ok(sql) = Sql::new(query) else { return };
    let mut written = Vec::new();
    let mut output = Csv::new(&mut written, Reader::Program).unwrap();
    let outcome = run(
        &sql,
        std::slice::from_ref(loaded),
        Thresholds::default(),
        &mut output,
    );
    drop(output);
    match outcome {
        Ok(()) => assert!(!written.is_empty(), "{query}"),
        Err(QueryError::Mistake(mistake)) => {
            let lines = mistake.lines(query);
            assert!(matches!(lines.lines().count(), 1 | 3), "{query}\n{lines}");
            assert!(
                !lines.starts_with('\n') && lines.len() < 1_000,
                "{query}\n{lines}"
            );
        }
        Err(_) => panic!("neither rows nor a mistake: {query}"),
    }
}

#[test]
fn words_in_any_order() {
    let (_made, loaded) = loaded();
    let words = proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..14);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..400 {
        let tree = words.new_tree(&mut runner).unwrap();
        asks(&loaded, &format!("SELECT {}", tree.current().join(" ")));
    }
}

/// An expression over a table, which the reader of SQL takes more often.
#[test]
fn expressions_in_any_order() {
    let (_made, loaded) = loaded();
    let words = proptest::collection::vec(proptest::sample::select(&WORDS[29..]), 1..5);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut drawn = || words.new_tree(&mut runner).unwrap().current().join(" ");
    for _ in 0..400 {
        asks(
            &loaded,
            &format!(
                "SELECT {}, {} AS b FROM operations WHERE {}",
                drawn(),
                drawn(),
                drawn()
            ),
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text(text in "(?s).{0,40}") {
        let (_made, loaded) = loaded();
        asks(&loaded, &text);
        asks(&loaded, &format!("SELECT {text} FROM operations"));
    }
}

/// What made the engine panic once is told in one line.
#[test]
fn where_the_engine_fails() {
    let (made, loaded) = loaded();
    let query = "SELECT count(*) AS n FROM events a, events b WHERE a.time < b.time";
    asks(&loaded, query);
    let output = super::query(&made.folder, &[query]);
    let said = super::text(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 2)), "{said}");
    assert!(
        said.lines().count() <= 3 && !said.contains("RUST_BACKTRACE"),
        "{said}"
    );
}
