//! Recordings in other engines, as they are: types as `FORMAT.md` says, the same rows, nulls and sums in each of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{busy, copy_folder, golden, made, python, succeed, with_spark, workspace};
use recording::{Manifest, Recording, Table};
use serde_json::Value;

/// The folders of a recording's tables, each with the rows that the manifest states.
fn tables(recording: &Path) -> Vec<(PathBuf, u64)> {
    let manifest = Manifest::read(recording).unwrap();
    let rows = |table: &Table| {
        let folder = format!("{}/", table.as_str());
        let parts = manifest.parts.iter();
        let parts = parts.filter(|part| part.file.starts_with(&folder));
        (
            recording.join(table.as_str()),
            parts.map(|part| part.rows).sum(),
        )
    };
    let tables = Table::ALL.iter().map(rows);
    tables.filter(|(_, rows)| *rows > 0).collect()
}

/// The columns of a table as `FORMAT.md` has them: name and type.
fn documented(table: &str) -> Vec<(String, String)> {
    let format = std::fs::read_to_string(workspace().join("crates/recording/FORMAT.md")).unwrap();
    let (_, section) = format.split_once(&format!("## Table: `{table}`")).unwrap();
    let lines = section.split("\n## ").next().unwrap().lines();
    let cells = lines.filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
    });
    cells.collect()
}

/// Columns that came after the first golden recordings: those have all others.
const LATER: [(&str, &str); 8] = [
    ("availability", "sync_rep_waits"),
    ("connections", "reader"),
    ("connections", "tls_error"),
    ("connections", "server_timeline"),
    ("events", "duration_us"),
    ("operations", "user_id"),
    ("operations", "product_id"),
    ("operations", "quantity"),
];

#[test]
fn every_engine_reads_the_same() {
    let _machine = busy();
    let root = tempfile::tempdir().unwrap();
    let mut recordings = golden();
    // With every column, and with pgbench's progress, which no golden recording need have: the one table with fractions.
    recordings.push(made::recording(root.path(), "host", 2));
    // With availability probes.
    recordings.push(made::rules::recording(root.path(), "host", 3));
    let tables: Vec<_> = recordings
        .iter()
        .flat_map(|folder| tables(folder))
        .collect();
    let names: BTreeSet<_> = tables
        .iter()
        .map(|(folder, _)| folder.file_name().unwrap())
        .collect();
    assert_eq!(
        names.len(),
        Table::ALL.len(),
        "every table is read: {names:?}"
    );

    let format = workspace().join("crates/recording/FORMAT.md");
    let engines = match with_spark() {
        true => "duckdb,pyarrow,pandas,polars,spark",
        false => "duckdb,pyarrow,pandas,polars",
    };
    let mut arguments = vec![format.to_str().unwrap(), engines];
    arguments.extend(tables.iter().map(|(folder, _)| folder.to_str().unwrap()));
    let seen = python("engines.py", &arguments);
    for (folder, rows) in &tables {
        let table = folder.file_name().unwrap().to_str().unwrap();
        let folder = folder.to_str().unwrap();
        let first = &seen["duckdb"][folder];
        assert_eq!(first["rows"], *rows, "{folder}");
        let columns = first["columns"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let columns: Vec<_> = columns
            .map(|column| (text(&column[0]), text(&column[1])))
            .collect();
        let mut expected = documented(table);
        if folder.contains("/golden/") {
            let is_there = |column: &str| columns.iter().any(|(name, _)| name == column);
            expected.retain(|(column, _)| !LATER.contains(&(table, column)) || is_there(column));
        }
        assert_eq!(columns, expected, "{folder}");
        for engine in engines.split(',') {
            assert_eq!(seen[engine][folder], *first, "{engine}, {folder}");
        }
    }
}

/// While a part is written its folder is read as a whole, by engines that take every file of a folder too: the sealed rows are there, and
/// nothing gets in their way.
#[test]
fn every_engine_reads_the_folder_of_a_recording_in_progress() {
    let _machine = busy();
    let root = tempfile::tempdir().unwrap();
    let (_writer, folder) = made::in_progress(root.path());
    let engines = match with_spark() {
        true => "duckdb,pyarrow,pandas,polars,spark",
        false => "duckdb,pyarrow,pandas,polars",
    };
    let operations = folder.join("operations");
    let arguments = [engines, operations.to_str().unwrap()];
    let seen = python("folder.py", &arguments);
    for engine in engines.split(',') {
        assert_eq!(seen[engine], made::SEALED, "{engine}");
    }
    // As a kill leaves it.
    let killed = root.path().join("killed");
    copy_folder(&folder, &killed);
    let operations = killed.join("operations");
    let arguments = [engines, operations.to_str().unwrap()];
    assert_eq!(python("folder.py", &arguments), seen);
}

/// The journals of a killed recorder, and of one in progress: each is a plain Arrow IPC stream.
#[test]
fn pyarrow_opens_a_journal_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    let (_writer, in_progress) = made::in_progress(root.path());
    let journaled = || {
        let recording = Recording::open(&in_progress).unwrap();
        let journals = recording.unsealed(Table::Operations).unwrap();
        journals.iter().map(|journal| journal.rows).sum::<u64>()
    };
    // As many rows as in its sealed part, and then no more.
    while journaled() < made::SEALED {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let killed = workspace().join("data/golden/v1-lab-killed");
    let (mut arguments, mut rows) = (Vec::new(), Vec::new());
    for folder in [in_progress, killed] {
        let recording = Recording::open(&folder).unwrap();
        for table in Table::ALL {
            for journal in recording.unsealed(table).unwrap() {
                let parquet = root.path().join(format!("{}.parquet", rows.len()));
                journal.write_parquet(&parquet).unwrap();
                rows.push(journal.rows);
                arguments.extend([journal.journal, parquet]);
            }
        }
    }
    // Of the tables of the killed one, and of operations in progress.
    assert!(
        rows.len() >= 5 && rows.iter().all(|rows| *rows > 0),
        "{rows:?}"
    );
    let arguments: Vec<&str> = arguments
        .iter()
        .map(|path| path.to_str().unwrap())
        .collect();
    let seen = python("journal.py", &arguments);
    for (pair, rows) in arguments.chunks(2).zip(&rows) {
        assert_eq!(
            seen[pair[0]],
            serde_json::json!([rows, true]),
            "{}",
            pair[0]
        );
    }
}

/// Blocks of a language in a Markdown text.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

#[test]
fn the_notebooks_examples_run() {
    let _machine = busy();
    let text = std::fs::read_to_string(workspace().join("notebooks/README.md")).unwrap();
    let mut run = 0;
    for block in blocks(&text, "python") {
        let needs_spark = block.contains("pyspark");
        if needs_spark && !with_spark() {
            continue;
        }
        let python = std::env::var("PGOUTAGE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let output = Command::new(python)
            .args(["-c", block])
            .current_dir(workspace())
            .output()
            .unwrap();
        let (stdout, _) = succeed(&output);
        // Each of them shows the golden failover's reads and writes.
        for word in ["direct", "proxy"] {
            assert!(stdout.contains(word), "{block}\nprinted\n{stdout}");
        }
        run += 1;
    }
    assert!(run >= 4, "{run} examples ran");
}

/// The statement of docs/fleets.md over many hosts, on the folders of three.
#[test]
fn many_hosts_are_one_table() {
    let _machine = busy();
    let page = std::fs::read_to_string(workspace().join("docs/fleets.md")).unwrap();
    let statements = blocks(&page, "sql");
    let statement = statements.first().unwrap();

    let root = tempfile::tempdir().unwrap();
    let fleet = root.path().join("fleet");
    for (seed, host) in [(3, "app-1"), (4, "app-2")] {
        made::recording(&fleet.join(host), host, seed);
    }
    let golden = workspace().join("data/golden/v1-lab-crash-failover");
    copy_folder(&golden, &fleet.join("vm/20261123T023459Z-d00b"));
    let script = "import sys, json, duckdb\n\
        rows = duckdb.execute(sys.argv[1]).fetchall()\n\
        print(json.dumps(rows, default=str))";
    let python = std::env::var("PGOUTAGE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python)
        .args(["-c", script, statement])
        .current_dir(root.path())
        .output()
        .unwrap();
    let rows: Vec<Vec<Value>> = serde_json::from_str(&succeed(&output).0).unwrap();
    let hosts: BTreeSet<_> = rows.iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(hosts, BTreeSet::from(["app-1", "app-2", "vm"]));
    // Host, run, path, operations, ...: those of the golden recording are its manifest's.
    let of_vm = rows.iter().filter(|row| row[0] == "vm");
    let counts: Vec<_> = of_vm
        .map(|row| (row[2].as_str().unwrap(), row[3].as_u64().unwrap()))
        .collect();
    assert_eq!(counts, [("direct", 1978), ("proxy", 1968)]);
}
