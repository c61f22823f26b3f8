//! The published schema of the manifest, with a validator that is not ours: real manifests hold to it, broken ones do not.

use std::fs;

use crate::support::{python, workspace};
use serde_json::{Value, json};

type Breakage = (&'static str, fn(&mut Value), &'static str);

/// What is done to a manifest, and what a validator has to say of it.
const BREAKAGES: [Breakage; 9] = [
    (
        "another version",
        |m| m["format_version"] = json!(2),
        "$.format_version: const",
    ),
    (
        "a number as text",
        |m| m["workers"] = json!("10"),
        "$.workers: type",
    ),
    (
        "an unknown state",
        |m| m["state"] = json!("paused"),
        "$.state: enum",
    ),
    (
        "no name",
        |m| drop(m.as_object_mut().unwrap().remove("run_id")),
        "$: required",
    ),
    (
        "local time",
        |m| m["start_time"] = json!("2026-11-23T03:34:59.780086+01:00"),
        "$.start_time: pattern",
    ),
    (
        "negative length",
        |m| m["duration_us"] = json!(-1),
        "$.duration_us: minimum",
    ),
    (
        "an unknown schedule",
        |m| m["schedule"]["kind"] = json!("sometimes"),
        "$.schedule: oneOf",
    ),
    (
        "a part elsewhere",
        |m| m["parts"][0]["file"] = json!("operations/../../etc/passwd"),
        "$.parts[0].file: pattern",
    ),
    (
        "half a checksum",
        |m| m["parts"][0]["sha256"] = json!("eaacd2"),
        "$.parts[0].sha256: pattern",
    ),
];

#[test]
fn the_schema_tells_manifests_from_broken_ones() {
    let root = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    // Every golden recording, one that lies in journals only too.
    for folder in recording::find(&workspace().join("data/golden")).unwrap() {
        let file = folder.join("manifest.json");
        files.push((file.to_str().unwrap().to_owned(), Vec::<&str>::new()));
    }
    let good = workspace().join("data/golden/v1-lab-crash-failover/manifest.json");
    let good: Value = serde_json::from_slice(&fs::read(good).unwrap()).unwrap();
    // A property of a later version is passed over.
    let mut later = good.clone();
    later["a_later_property"] = json!({"of": "any kind"});
    let mut write = |name: &str, manifest: &Value, wrong: Vec<&'static str>| {
        let file = root.path().join(format!("{name}.json"));
        fs::write(&file, manifest.to_string()).unwrap();
        files.push((file.to_str().unwrap().to_owned(), wrong));
    };
    write("later", &later, Vec::new());
    for (name, breakage, wrong) in BREAKAGES {
        let mut broken = good.clone();
        breakage(&mut broken);
        write(name, &broken, vec![wrong]);
    }

    let schema = workspace().join("crates/recording/manifest.schema.json");
    let mut arguments = vec![schema.to_str().unwrap()];
    arguments.extend(files.iter().map(|(file, _)| file.as_str()));
    let found = python("manifest.py", &arguments);
    for (file, wrong) in &files {
        assert_eq!(found[file], json!(wrong), "{file}");
    }
}
