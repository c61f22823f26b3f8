//! The queries on durable terms: after `setup.durable.sql` they give the durable figures of `analyze`, and `durability.sql` what the audits
//! found.

use std::path::Path;

use serde_json::{Value, json};

use super::{Expected, check, engines, is_same, warm_up};
use crate::support::{busy, copy_folder, figures, golden, made, python, workspace};

/// Recordings with an audit of either kind.
const AUDITED: u64 = 40;

/// Two outages of writes share a pause there, as those of [`super::SHARED_PAUSE`] do.
const SHARED_PAUSE: u64 = 110;

/// The figures of a recording in which lost writes are failures.
fn durable(mut figures: Value) -> Value {
    for path in figures["paths"].as_array_mut().unwrap() {
        let durable = path["durable"].take();
        if durable.is_object() {
            for part in ["overall", "types", "groups"] {
                path[part] = durable[part].clone();
            }
        }
        let groups = path["groups"].as_array_mut().unwrap();
        groups.retain(|group| group["group"] != "read");
        // They have no classes of failures.
        path["errors"] = json!([]);
    }
    figures
}

/// The figures of reads are the others.
fn without_reads(rows: &mut Value) {
    for query in ["outages", "downtime"] {
        let rows = rows[query].as_array_mut().unwrap();
        rows.retain(|row| row["group_name"] != "read");
    }
}

/// The row of `durability.sql` of a path.
fn found(figures: &Value, path: &Value) -> Value {
    let durability = &path["durability"];
    let mut row = json!({
        "run_id": figures["recording"]["run_id"],
        "host": figures["recording"]["host"],
        "success_rate": path["overall"]["success_rate"],
        "token_found": figures["audit"]["token_found"],
    });
    for sum in ["logins", "stock"] {
        let part = |name: &str| durability[sum][name].as_i64();
        let most =
            || Some(part("at_start")? + part("acknowledged")? + part("possible")? - part("found")?);
        row[format!("{sum}_lost")] = json!(part("lost"));
        row[format!("{sum}_most_lost")] = json!(most());
    }
    let rates = match &path["durable"] {
        Value::Object(durable) => &durable["overall"],
        _ => &path["overall"],
    };
    row["durable_success_rate"] = rates["success_rate"].clone();
    for name in ["first_lost", "last_lost"] {
        let time = &durability[name];
        let time = if time.is_null() {
            json!(null)
        } else {
            json!(super::micros(time))
        };
        row[format!("{name}_us")] = time;
    }
    for name in [
        "path",
        "acknowledged",
        "lost",
        "torn",
        "acknowledged_torn",
        "duplicated",
        "phantom",
        "unrecorded",
        "unknown",
        "committed",
        "not_committed",
    ] {
        row[name] = durability[name].clone();
    }
    row
}

#[test]
fn plain_sql_gives_the_durable_figures_of_analyze() {
    let _machine = busy();
    let root = tempfile::tempdir().unwrap();
    let mut expected = Expected::default();
    let mut audits = Vec::new();
    let (mut another, mut implied) = (0, 0);
    let from = made::audited::RULES_FROM;
    let seeds = (1..=AUDITED).chain(from..from + AUDITED);
    for seed in seeds.filter(|seed| *seed != SHARED_PAUSE) {
        let recording = made::audited::recording(root.path(), "host", seed);
        if seed % 4 == 0 {
            // Losses in a warm-up are counted, and in no other figure.
            warm_up::set(&recording, warm_up::length_of(&recording, seed / 4));
        }
        let figures = figures(&recording);
        let manifest = recording::Manifest::read(&recording).unwrap();
        for path in figures["paths"].as_array().unwrap() {
            audits.push(found(&figures, path));
            let of = &path["durability"]["implied"];
            implied += usize::from(of["operations"] != json!(0));
            let groups = path["durable"]["groups"].as_array();
            another += usize::from(
                groups.is_some_and(|groups| groups != path["groups"].as_array().unwrap()),
            );
        }
        expected.add(&durable(figures), manifest.duration_us.is_some());
    }
    assert!(implied > 20, "losses are implied on {implied} paths");
    assert!(
        another > 60,
        "a durable downtime is another one on {another} paths"
    );
    let expected = expected.finish();
    let key = |row: &Value| [row["run_id"].to_string(), row["path"].to_string()];
    audits.sort_by_key(key);
    for engine in engines() {
        let rows = run(&format!("{engine}+durable"), root.path());
        let mut found = rows["durability"].as_array().unwrap().clone();
        found.sort_by_key(key);
        for (found, expected) in found.iter().zip(&audits) {
            assert!(is_same(found, expected), "{engine}\n{found}\n{expected}");
        }
        assert_eq!(found.len(), audits.len(), "{engine}");
        let mut queries = rows;
        queries.as_object_mut().unwrap().remove("durability");
        without_reads(&mut queries);
        check(engine, &queries, &expected);
    }
}

/// Where nothing was audited there is no row, and the durable figures are the others.
#[test]
fn without_an_audit_nothing_is_taken_back() {
    let _machine = busy();
    let root = tempfile::tempdir().unwrap();
    let recording = root.path().join("recording");
    copy_folder(&golden().remove(0), &recording);
    let mut expected = Expected::default();
    expected.add(&durable(figures(&recording)), true);
    let expected = expected.finish();
    for engine in engines() {
        let mut rows = run(&format!("{engine}+durable"), root.path());
        let durability = rows.as_object_mut().unwrap().remove("durability");
        assert_eq!(durability, Some(json!([])), "{engine}");
        without_reads(&mut rows);
        check(engine, &rows, &expected);
    }
}

fn run(engine: &str, recordings: &Path) -> Value {
    let queries = workspace().join("sql/analysis");
    let pattern = recordings.join("*");
    let arguments = [
        engine,
        queries.to_str().unwrap(),
        pattern.to_str().unwrap(),
        "success",
        "response_times",
        "outages",
        "downtime",
        "durability",
    ];
    python("sql.py", &arguments)
}
