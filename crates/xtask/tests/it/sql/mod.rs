//! `sql/analysis` in other engines against the figures of `analyze`, on the golden recordings and on made-up ones.

mod durable;
mod naive;
mod service;
mod warm_up;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::{busy, copy_folder, figures, golden, made, python, with_spark, workspace};
use recording::{Manifest, State, Timestamp};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// Made-up recordings, enough to meet every rule of outage detection (`every_rule_was_met`).
const MADE: u64 = 60;
/// Those in which the rules of version 2 of the definitions have something to decide.
const RULES: u64 = 100;
/// Two outages of reads share a pause there: the success between them was served at an unknown moment of it. SQL counts the pause in both of
/// them, `analyze` in the first (outages.sql says so).
const SHARED_PAUSE: u64 = 95;

type Rows = BTreeMap<&'static str, Vec<Value>>;

/// Of brownouts and unobserved time the JSON has the place only.
const OF_OUTAGES: [&str; 5] = [
    "resolution_us",
    "paused_us",
    "open_at_start",
    "open_at_end",
    "evidence",
];

/// A point in time of the JSON, as microseconds.
fn micros(time: &Value) -> i64 {
    let time: Timestamp = time.as_str().unwrap().parse().unwrap();
    time.micros()
}

/// An object of some fields of another, under the names that the queries give them.
fn pick(from: &Value, names: &[(&str, &str)]) -> Map<String, Value> {
    let field = |(name, of): &(&str, &str)| ((*name).to_owned(), from[of].clone());
    names.iter().map(field).collect()
}

fn same_names<'n>(names: &[&'n str]) -> Vec<(&'n str, &'n str)> {
    names.iter().map(|name| (*name, *name)).collect()
}

/// The rows that the queries have to give, from the figures of `analyze`.
#[derive(Default)]
struct Expected {
    rows: Rows,
    hosts: BTreeMap<String, BTreeMap<&'static str, i64>>,
}

impl Expected {
    /// `has_end`: the manifest says how long it is. The figures do not tell that from a length that is that of the rows.
    fn add(&mut self, figures: &Value, has_end: bool) {
        let recording = &figures["recording"];
        let origin = pick(recording, &same_names(&["run_id", "host"]));
        let mut operations = 0;
        let mut successes = 0;
        // A path without operations has no line.
        let paths = figures["paths"].as_array().unwrap().iter();
        for path in paths.filter(|path| path["overall"]["total"] != 0) {
            let mut key = origin.clone();
            key.insert("path".to_owned(), path["path"].clone());
            operations += path["overall"]["total"].as_i64().unwrap();
            successes += path["overall"]["successes"].as_i64().unwrap();
            self.rates(&key, "all", &path["overall"]);
            for of_type in path["types"].as_array().unwrap() {
                self.rates(&key, of_type["name"].as_str().unwrap(), of_type);
            }
            for error in path["errors"].as_array().unwrap() {
                let names = [
                    ("error_class", "class"),
                    ("sqlstate", "sqlstate"),
                    ("failures", "count"),
                ];
                let mut row = pick(error, &names);
                row.insert("first_us".to_owned(), json!(micros(&error["first"])));
                row.insert("last_us".to_owned(), json!(micros(&error["last"])));
                self.push("errors", &key, row);
            }
            for group in path["groups"].as_array().unwrap() {
                self.downtime(&key, group);
            }
        }
        let triggered = figures["events"].as_array().unwrap().iter();
        let triggered = triggered.filter(|event| event["event"] == "failover_triggered");
        let ended_us = if has_end {
            recording["duration_us"].as_i64().unwrap()
        } else {
            0
        };
        let counts = [operations, successes, triggered.count() as i64];
        self.host(recording, ended_us, counts);
    }

    fn push(&mut self, query: &'static str, key: &Map<String, Value>, row: Map<String, Value>) {
        let row = key.clone().into_iter().chain(row).collect();
        self.rows.entry(query).or_default().push(Value::Object(row));
    }

    fn rates(&mut self, key: &Map<String, Value>, name: &str, rates: &Value) {
        let mut names = same_names(&[
            "finished",
            "successes",
            "rejected",
            "failed",
            "unknown",
            "unfinished",
            "success_rate",
            "tps",
        ]);
        names.push(("operations", "total"));
        let mut row = pick(rates, &names);
        row.insert("name".to_owned(), json!(name));
        self.push("success", key, row);
        let response = &rates["response"];
        if response["samples"] != 0 {
            let names = [
                "samples", "mean_us", "min_us", "max_us", "p50_us", "p90_us", "p95_us", "p99_us",
                "p99_9_us",
            ];
            let mut row = pick(response, &same_names(&names));
            row.insert("name".to_owned(), json!(name));
            self.push("response_times", key, row);
        }
    }

    fn downtime(&mut self, key: &Map<String, Value>, group: &Value) {
        let names = [
            "downtime_us",
            "resolution_us",
            "paused_us",
            "at_least",
            "unobserved",
            "brownout_us",
            "availability",
        ];
        let mut row = pick(group, &same_names(&names));
        let outages = group["outages"].as_array().unwrap();
        row.insert("outages".to_owned(), json!(outages.len()));
        row.insert("group_name".to_owned(), group["group"].clone());
        self.push("downtime", key, row);
        let names = same_names(&OF_OUTAGES);
        for outage in outages {
            let row = pick(outage, &names);
            self.span(key, group, "outage", outage, row);
        }
        for brownout in group["brownouts"].as_array().unwrap() {
            self.span(key, group, "brownout", brownout, Map::new());
        }
        for unobserved in group["unobserved_spans"].as_array().unwrap() {
            self.span(key, group, "unobserved", unobserved, Map::new());
        }
        if group["service"].is_object() {
            self.service(key, group);
        }
    }

    fn span(
        &mut self,
        key: &Map<String, Value>,
        group: &Value,
        kind: &str,
        span: &Value,
        mut row: Map<String, Value>,
    ) {
        let (from, to) = (micros(&span["start"]), micros(&span["end"]));
        let values = [
            ("group_name", group["group"].clone()),
            ("kind", json!(kind)),
            ("from_us", json!(from)),
            ("to_us", json!(to)),
            ("length_us", json!(to - from)),
        ];
        row.extend(values.map(|(name, value)| (name.to_owned(), value)));
        self.push("outages", key, row);
    }

    fn host(&mut self, recording: &Value, ended_us: i64, counts: [i64; 3]) {
        let [operations, successes, triggered] = counts;
        let host = recording["host"].as_str().unwrap().to_owned();
        let start = micros(&recording["start_time"]);
        let sums = self.hosts.entry(host).or_default();
        let dropped = recording["dropped_rows"]["operations"].as_i64();
        let first = sums.get("first_start_us").copied().unwrap_or(start);
        let last = sums.get("last_start_us").copied().unwrap_or(start);
        sums.insert("first_start_us", first.min(start));
        sums.insert("last_start_us", last.max(start));
        let added = [
            ("recordings", 1),
            ("complete", i64::from(recording["state"] == "complete")),
            ("recorded_us", ended_us),
            ("operations", operations),
            ("successes", successes),
            ("dropped_operations", dropped.unwrap_or(0)),
            ("failovers_triggered", triggered),
        ];
        for (name, value) in added {
            *sums.entry(name).or_insert(0) += value;
        }
    }

    fn finish(mut self) -> Rows {
        let hosts = self.hosts.into_iter().map(|(host, sums)| {
            let mut row = json!(sums);
            row["host"] = json!(host);
            row
        });
        self.rows.insert("recordings", hosts.collect());
        self.rows
    }
}

/// What tells the rows of every query apart.
fn key(row: &Value) -> String {
    let names = [
        "run_id",
        "host",
        "path",
        "name",
        "group_name",
        "kind",
        "from_us",
        "error_class",
        "sqlstate",
    ];
    names.map(|name| row[name].to_string()).join(" ")
}

/// Whole numbers, times, words and nulls are equal; a fraction differs at most in what its text rounds.
fn is_same(found: &Value, expected: &Value) -> bool {
    if found == expected {
        return true;
    }
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && found.iter().all(|(name, value)| {
                    expected
                        .get(name)
                        .is_some_and(|other| is_same(value, other))
                })
        }
        (Value::Number(found), Value::Number(expected)) if found.is_f64() || expected.is_f64() => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            (found - expected).abs() <= expected.abs() * 1e-12
        }
        _ => false,
    }
}

fn check(engine: &str, found: &Value, expected: &Rows) {
    let groups = expected.get("downtime");
    for (query, found) in found.as_object().unwrap() {
        // Of a query without a row there is nothing to expect.
        let expected = expected.get(query.as_str()).cloned().unwrap_or_default();
        let mut found = found.as_array().unwrap().clone();
        if query.starts_with("service_") {
            service::without_groups_not_asked(&mut found, groups.map_or(&[], Vec::as_slice));
        }
        if query == "outages" {
            for row in found.iter_mut().filter(|row| row["kind"] != "outage") {
                let row = row.as_object_mut().unwrap();
                for name in OF_OUTAGES {
                    row.remove(name).unwrap();
                }
            }
        }
        let mut expected = expected;
        found.sort_by_key(key);
        expected.sort_by_key(key);
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                is_same(found, expected),
                "{engine}, {query}.sql\n{found}\nanalyze:\n{expected}"
            );
        }
        assert_eq!(found.len(), expected.len(), "{engine}, {query}.sql");
    }
}

/// The recordings are of use only where the rules have something to decide.
fn every_rule_was_met(rows: &Value) {
    for (query, rows) in rows.as_object().unwrap() {
        assert!(!rows.as_array().unwrap().is_empty(), "{query}.sql");
    }
    let count = |query: &str, is: &dyn Fn(&Value) -> bool| {
        rows[query]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| is(row))
            .count()
    };
    let of_kind = |row: &Value, kind: &str| row["kind"] == kind;
    let met: [(&str, usize); 9] = [
        ("an outage", count("outages", &|row| of_kind(row, "outage"))),
        (
            "a brownout",
            count("outages", &|row| of_kind(row, "brownout")),
        ),
        (
            "unobserved",
            count("outages", &|row| of_kind(row, "unobserved")),
        ),
        (
            "open at the start",
            count("outages", &|row| row["open_at_start"] == true),
        ),
        (
            "open at the end",
            count("outages", &|row| row["open_at_end"] == true),
        ),
        (
            "one piece of evidence",
            count("outages", &|row| {
                of_kind(row, "outage") && row["evidence"] == 1
            }),
        ),
        (
            "no figure",
            count("downtime", &|row| row["downtime_us"].is_null()),
        ),
        (
            "at least",
            count("downtime", &|row| row["at_least"] == true),
        ),
        (
            "too few samples",
            count("response_times", &|row| row["p99_us"].is_null()),
        ),
    ];
    for (rule, times) in met {
        assert!(times > 0, "no made-up recording meets: {rule}");
    }
}

/// The same for those that came with version 2 of the definitions, as far as a row shows which rule decided.
fn version_2_was_met(rows: &Value) {
    type Meets = fn(&Value) -> bool;
    let rules: [(&str, Meets); 5] = [
        ("one piece of evidence in the first gap", |row| {
            row["open_at_start"] == true && row["evidence"] == 1
        }),
        ("the recorder paused in an outage", |row| {
            row["kind"] == "outage" && row["paused_us"] != 0
        }),
        ("no worker was free to ask", |row| {
            row["kind"] == "unobserved" && row["evidence"] != 0
        }),
        ("no moment known to be down", |row| {
            row["kind"] == "outage" && row["resolution_us"] == row["length_us"]
        }),
        ("a brownout longer than the floor of a stall", |row| {
            row["kind"] == "brownout" && row["length_us"].as_i64() > Some(500_000)
        }),
    ];
    let rows = rows["outages"].as_array().unwrap();
    for (rule, meets) in rules {
        assert!(rows.iter().any(meets), "no made-up recording meets: {rule}");
    }
}

fn run(engine: &str, recordings: &Path) -> Value {
    let queries = workspace().join("sql/analysis");
    let pattern = recordings.join("*");
    python(
        "sql.py",
        &[engine, queries.to_str().unwrap(), pattern.to_str().unwrap()],
    )
}

/// Recordings that can be one table, below one folder.
struct Lake {
    root: TempDir,
    runs: BTreeSet<String>,
    expected: Expected,
}

impl Lake {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            runs: BTreeSet::new(),
            expected: Expected::default(),
        }
    }

    fn add(&mut self, recording: &Path, figures: &Value) {
        let manifest = Manifest::read(recording).unwrap();
        self.runs.insert(manifest.run_id);
        self.expected.add(figures, manifest.duration_us.is_some());
    }
}

fn recording_name(recording: &Path) -> String {
    Manifest::read(recording).unwrap().run_id
}

#[test]
fn plain_sql_gives_the_figures_of_analyze() {
    let _machine = busy();
    let mut made = Lake::new();
    for seed in (1..=MADE + RULES).filter(|seed| *seed != SHARED_PAUSE) {
        let host = format!("host-{}", seed % 3);
        let recording = match seed <= MADE {
            true => made::recording(made.root.path(), &host, seed),
            false => made::rules::recording(made.root.path(), &host, seed),
        };
        made.add(&recording, &figures(&recording));
    }
    let mut lakes = vec![made];
    let cases = recording::find(&workspace().join("data/cases")).unwrap();
    for golden in golden().into_iter().chain(cases) {
        // One made by hand from another has that one's name: no two of a name in a table.
        let name = recording_name(&golden);
        let lake = match lakes.iter_mut().find(|lake| !lake.runs.contains(&name)) {
            Some(lake) => lake,
            None => lakes.push_mut(Lake::new()),
        };
        let copy = lake.root.path().join(golden.file_name().unwrap());
        copy_folder(&golden, &copy);
        lake.add(&copy, &figures(&copy));
    }
    for (number, lake) in lakes.into_iter().enumerate() {
        let expected = lake.expected.finish();
        let found = run("duckdb", lake.root.path());
        check("duckdb", &found, &expected);
        if number == 0 {
            every_rule_was_met(&found);
            version_2_was_met(&found);
            service::every_rule_was_met(&found);
        }
        if with_spark() {
            check("spark", &run("spark", lake.root.path()), &expected);
        }
    }
}

/// The engines that are there.
fn engines() -> &'static [&'static str] {
    match with_spark() {
        true => &["duckdb", "spark"],
        false => &["duckdb"],
    }
}

/// A fleet's folder in which recordings were copied twice, one of them before it had ended.
#[test]
fn copies_of_a_recording_count_once() {
    let _machine = busy();
    let mut lake = Lake::new();
    for name in ["v1-made-words", "v1-lab-crash-failover"] {
        let golden = workspace().join("data/golden").join(name);
        let whole = lake.root.path().join(format!("{name}-2"));
        copy_folder(&golden, &whole);
        lake.add(&whole, &figures(&whole));
        copy_folder(&golden, &lake.root.path().join(format!("{name}-3")));
        let early = lake.root.path().join(format!("{name}-1"));
        copy_folder(&golden, &early);
        let mut manifest = Manifest::read(&early).unwrap();
        manifest.state = State::Recording;
        manifest.duration_us = None;
        manifest.write(&early).unwrap();
    }
    let expected = lake.expected.finish();
    for engine in engines() {
        check(engine, &run(engine, lake.root.path()), &expected);
    }
}

/// Operations of a later version's type belong to no group: SQL leaves them out as `analyze` does, and says so too.
#[test]
fn downtimes_without_unknown_operations_are_lower_bounds() {
    let _machine = busy();
    let later = workspace().join("data/golden/v1-later-minor");
    let mut lake = Lake::new();
    let copy = lake.root.path().join("later");
    copy_folder(&later, &copy);
    lake.add(&copy, &figures(&copy));
    let expected = lake.expected.finish();
    let is_bound = |row: &Value| row["at_least"] == true;
    assert!(!expected["downtime"].is_empty() && expected["downtime"].iter().all(is_bound));
    for engine in engines() {
        let found = run(engine, lake.root.path());
        for query in ["downtime", "outages"] {
            let of_query = |rows: &Value| json!({ query: rows[query].clone() });
            let expected = Rows::from([(query, expected[query].clone())]);
            check(engine, &of_query(&found), &expected);
        }
    }
}
