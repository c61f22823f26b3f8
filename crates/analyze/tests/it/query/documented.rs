//! `docs/query.md`: every query in it runs, and what it says is missing is missing.

use super::*;

/// The code blocks of the page with these words behind the three backquotes.
fn blocks(kind: &str) -> Vec<String> {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let page = std::fs::read_to_string(package.join("../../docs/query.md")).unwrap();
    let fence = format!("```{kind}\n");
    let blocks = page.split(&fence).skip(1);
    blocks
        .map(|block| block.split("\n```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_query_has_an_answer() {
    let blocks = blocks("sql");
    assert!(blocks.len() >= 10, "{}", blocks.len());
    for sql in blocks {
        let found = rows(&golden("v1-lab-two-downtimes"), &sql);
        assert!(!found.is_empty(), "{sql}");
        // And over recordings of every version together.
        let output = run("query", &[&golden("")], &[&sql]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{sql}\n{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn what_is_missing_is_missing() {
    let blocks = blocks("sql refused");
    assert!(!blocks.is_empty());
    for sql in blocks.iter().flat_map(|block| block.lines()) {
        let output = query(&golden("v1-lab-two-downtimes"), &[sql]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{sql}\n{said}");
        assert!(!said.contains("the query engine failed"), "{sql}\n{said}");
    }
}
