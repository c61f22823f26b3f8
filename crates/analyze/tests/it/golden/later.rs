//! `v1-later-minor`: what a later version may add without a new format version, and what this one makes of it.

use std::fs;
use std::path::Path as FilePath;

use polars::prelude::*;
use recording::vocabulary::ErrorClass::Refused;
use recording::vocabulary::EventKind;
use serde_json::{Value, json};

use super::made::{event, finish};
use crate::support::refit::{checksum, rewrite};
use crate::support::{Made, reads_with_a_gap};

const PART: &str = "operations/direct-00001.parquet";

/// Reads are down from 10 s to 15 s. Three more operations are of a type that this version does not know, one of these a failure;
/// the failures that it does know have a class that it does not.
pub(crate) fn later() -> Made {
    let made = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Refused)
        .failed("user_list", 14.7, 14.75, Refused)
        .ok("user_list", 20.02, 20.03)
        .ok("user_list", 20.04, 20.05)
        .failed("user_list", 20.06, 20.07, Refused)
        .trigger(9.9)
        .on_host("golden", "20261122T204300Z-0004", 0);
    let (made, writer) = made.begin();
    let promoted = event(EventKind::LoadStopped, 12.0, "the reader is the writer");
    writer.handle().event(promoted);
    let made = finish((made, writer), 30.0);
    let is_batch = || col("operation_id").gt(lit(252));
    rewrite(&made.folder, PART, |frame| {
        let mut frame = frame.collect().unwrap();
        let attempts = vec![Series::new("".into(), [1_i64, 2]); frame.height()];
        let attempts = Series::new("attempts_us".into(), attempts);
        frame.with_column(attempts.into()).unwrap();
        frame.lazy().with_columns([
            lit("eu-west-1c").alias("availability_zone"),
            lit(0_i32).alias("retries"),
            when(is_batch())
                .then(lit("batch"))
                .otherwise(col("operation_type"))
                .alias("operation_type"),
            when(is_batch())
                .then(lit("nightly_import"))
                .otherwise(col("operation_name"))
                .alias("operation_name"),
            when(col("error_class").is_not_null())
                .then(lit("quota_exceeded"))
                .otherwise(col("error_class"))
                .alias("error_class"),
        ])
    });
    rewrite(&made.folder, "events/events-00001.parquet", |frame| {
        let is_promoted = col("event").eq(lit("load_stopped"));
        frame.with_columns([
            when(is_promoted)
                .then(lit("reader_promoted"))
                .otherwise(col("event"))
                .alias("event"),
            lit(2_i32).alias("severity"),
        ])
    });
    add_probes(&made.folder);
    made
}

/// A table and properties of the manifest as a later version may write them. When this recording was made, no version had
/// `probes`; the table that came later has none of these columns, so that all that this version reads of it is null.
fn add_probes(folder: &FilePath) {
    let file = "probes/probes-00001.parquet";
    let part = folder.join(file);
    fs::create_dir(part.parent().unwrap()).unwrap();
    let mut probes = df!("probe_id" => [1_i64, 2], "answered" => [true, false]).unwrap();
    ParquetWriter::new(fs::File::create(&part).unwrap())
        .finish(&mut probes)
        .unwrap();
    let bytes = fs::read(&part).unwrap();
    let manifest = folder.join("manifest.json");
    let mut fields: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    fields["tool_version"] = json!("0.9.0");
    fields["probes"] = json!({"interval_us": 50_000, "from": ["direct", "standby"]});
    fields["pool"]["prewarmed"] = json!(true);
    fields["timeouts"]["probe_us"] = json!(250_000);
    let record = json!({
        "file": file,
        "rows": 2,
        "bytes": bytes.len(),
        "sha256": checksum(&bytes),
        "compression": "zstd",
    });
    fields["parts"].as_array_mut().unwrap().push(record);
    fs::write(&manifest, serde_json::to_vec_pretty(&fields).unwrap()).unwrap();
}
