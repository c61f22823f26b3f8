//! A reader years from now: what a later or a foreign writer may have made of a recording's columns, words and tables.

use crate::support::refit::{copy, rewrite, rewrite_in};
use crate::support::{HandMade, Made, group, outages, reads_with_a_gap};
use analyze::AnalyzeError;
use analyze::load::Loaded;
use analyze::summary::{Group, LeftOut, Summary, Thresholds};
use analyze::text::{Language, TextOptions, render};
use polars::prelude::*;
use recording::vocabulary::ErrorClass::Refused;

const PART: &str = "operations/direct-00001.parquet";

/// 5 s without a success, and two failures in it.
fn made() -> Made {
    reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Refused)
        .failed("user_list", 14.7, 14.75, Refused)
        .trigger(9.9)
        .load(12.0, 700.0, 1_000)
        .write()
}

fn analyzed(made: &Made) -> Result<Summary, AnalyzeError> {
    let analysis = analyze::analyze(&Loaded::open(&made.folder)?, Thresholds::default())?;
    Ok(analysis.summary)
}

/// The figures that the recording has however it is written down.
fn assert_same(summary: &Summary) {
    assert_eq!(summary.paths[0].overall.total, 252);
    assert_eq!(
        outages(&summary.paths[0], Group::Read),
        [(10.0, 15.0, 0.45)]
    );
    assert!(!group(&summary.paths[0], Group::Read).at_least);
}

fn english(summary: &Summary) -> String {
    render(summary, &TextOptions::default())
}

fn chinese(summary: &Summary) -> String {
    let language = Language::Zh;
    render(
        summary,
        &TextOptions {
            language,
            color: false,
            columns: None,
        },
    )
}

/// pyarrow and DuckDB write snappy where nothing else is asked for.
#[test]
fn parts_in_any_codec() {
    for codec in [
        ParquetCompression::Uncompressed,
        ParquetCompression::Snappy,
        ParquetCompression::Gzip(None),
        ParquetCompression::Brotli(None),
        ParquetCompression::Lz4Raw,
    ] {
        let made = made();
        rewrite_in(&made.folder, PART, codec, |frame| frame);
        assert_same(&analyzed(&made).unwrap());
    }
}

/// What has no start has its end, by which it is found a second time.
#[test]
fn starts_that_are_missing_move_no_figure() {
    let made = made();
    let before = analyzed(&made).unwrap();
    rewrite(&made.folder, PART, |frame| {
        let is_late = col("operation_id").gt(lit(60));
        let start = when(is_late).then(col("start_time")).otherwise(lit(NULL));
        frame.with_columns([start.alias("start_time")])
    });
    let path = &analyzed(&made).unwrap().paths[0];
    assert_eq!(path.overall.steady_tps, before.paths[0].overall.steady_tps);
    let figures = |path: &analyze::summary::PathSummary| {
        let episodes = &group(path, Group::Read).episodes;
        let episode = &episodes[0];
        (episode.baseline_tps, episode.time_to_full_throughput_us)
    };
    assert_eq!(figures(path), figures(&before.paths[0]));
}

/// A recording that seems to last for ever is refused, and takes no memory for it.
#[test]
fn an_end_in_a_thousand_years_is_impossible() {
    let made = made();
    let mut manifest = recording::Manifest::read(&made.folder).unwrap();
    manifest.duration_us = None;
    manifest.write(&made.folder).unwrap();
    rewrite(&made.folder, PART, |frame| {
        let millennium_us = 1_000 * 366 * 86_400 * 1_000_000_i64;
        let is_last = col("operation_id").eq(col("operation_id").max());
        let later =
            col("end_time") + lit(millennium_us).cast(DataType::Duration(TimeUnit::Microseconds));
        let end = when(is_last).then(later).otherwise(col("end_time"));
        frame.with_columns([end.alias("end_time")])
    });
    let error = analyzed(&made).unwrap_err();
    assert!(
        matches!(error, AnalyzeError::ImpossibleDuration { .. }),
        "{error}"
    );
}

#[test]
fn columns_in_another_order_with_strangers_among_them_and_other_widths() {
    let made = made();
    rewrite(&made.folder, PART, |frame| {
        frame
            .with_columns([
                lit("eu-west-1c").alias("zone"),
                col("response_time_us").cast(DataType::Int32),
                col("scheduled_time").cast(DataType::Datetime(
                    TimeUnit::Nanoseconds,
                    Some(TimeZone::UTC),
                )),
                col("start_time").cast(DataType::Datetime(TimeUnit::Milliseconds, None)),
                col("outcome").cast(DataType::from_categories(Categories::global())),
            ])
            .select([
                col("zone"),
                col("outcome"),
                all()
                    .exclude_cols(["zone", "outcome", "error_message"])
                    .as_expr(),
            ])
    });
    assert_same(&analyzed(&made).unwrap());
}

#[test]
fn parts_that_differ_from_one_another() {
    let made = made();
    copy(&made.folder, PART, "operations/direct-00002.parquet");
    let first_half = || col("operation_id").lt_eq(lit(126));
    rewrite(&made.folder, PART, |frame| frame.filter(first_half()));
    rewrite(&made.folder, "operations/direct-00002.parquet", |frame| {
        let reversed = ["success", "sqlstate", "response_time_us", "path", "outcome"];
        let frame = frame.filter(first_half().not());
        frame
            .with_columns([lit(1.5).alias("a_later_figure"), lit(3).alias("another")])
            .select([
                cols(reversed).as_expr(),
                all()
                    .exclude_cols(["success", "sqlstate", "response_time_us", "path", "outcome"])
                    .as_expr(),
            ])
    });
    assert_same(&analyzed(&made).unwrap());
}

#[test]
fn a_required_column_that_is_missing_and_one_of_a_wrong_type() {
    let made = made();
    let said = |made: &Made| analyzed(made).unwrap_err().to_string();
    rewrite(&made.folder, PART, |frame| {
        frame.with_columns([col("response_time_us").cast(DataType::Float64)])
    });
    let line = said(&made);
    assert!(
        line.ends_with(
            "table operations has column response_time_us of type f64, where int64 is expected"
        ),
        "{line}"
    );
    rewrite(&made.folder, PART, |frame| {
        frame.drop(cols(["response_time_us"]))
    });
    let line = said(&made);
    assert!(
        line.ends_with("table operations has no column response_time_us"),
        "{line}"
    );
}

#[test]
fn tables_that_are_missing() {
    let made = made();
    let mut manifest = recording::Manifest::read(&made.folder).unwrap();
    manifest
        .parts
        .retain(|part| part.file.starts_with("operations/"));
    manifest.write(&made.folder).unwrap();
    for table in ["connections", "probes", "events", "load"] {
        let _ = std::fs::remove_dir_all(made.folder.join(table));
    }
    let summary = analyzed(&made).unwrap();
    assert_same(&summary);
    assert!(summary.events.is_empty() && summary.paths[0].load.is_none());
    let report = english(&summary);
    assert!(
        !report.contains("pgbench") && !report.contains("Connections"),
        "{report}"
    );
}

#[test]
fn tables_of_a_later_version_and_of_other_columns() {
    let made = made();
    // A table that is not known, and one of which only the name is known.
    for table in ["topology", "probes"] {
        let file = format!("{table}/{table}-00001.parquet");
        std::fs::create_dir(made.folder.join(table)).unwrap();
        copy(&made.folder, PART, &file);
        rewrite(&made.folder, &file, |frame| {
            frame.select([
                col("operation_id").alias("probe_id"),
                col("success").alias("answered"),
            ])
        });
    }
    let summary = analyzed(&made).unwrap();
    assert_same(&summary);
    let report = english(&summary);
    assert!(!report.contains("damaged"), "{report}");
}

#[test]
fn words_of_a_later_version() {
    let made = made();
    let nth = |id: i64| col("operation_id").eq(lit(id));
    rewrite(&made.folder, PART, |frame| {
        frame.with_columns([
            when(nth(1).or(nth(2)))
                .then(lit("cancelled"))
                .when(nth(3))
                .then(lit(NULL))
                .otherwise(col("outcome"))
                .alias("outcome"),
            when(nth(4))
                .then(lit("standby"))
                .otherwise(col("path"))
                .alias("path"),
            when(nth(5).or(nth(6)).or(nth(7)))
                .then(lit("batch"))
                .otherwise(col("operation_type"))
                .alias("operation_type"),
            when(nth(8))
                .then(lit(NULL))
                .otherwise(col("scheduled_time"))
                .alias("scheduled_time"),
            when(nth(9))
                .then(lit(NULL))
                .otherwise(col("operation_name"))
                .alias("operation_name"),
            when(col("error_class").is_not_null())
                .then(lit("quota_exceeded"))
                .otherwise(col("error_class"))
                .alias("error_class"),
        ])
    });
    rewrite(&made.folder, "events/events-00001.parquet", |frame| {
        frame.with_columns([lit("moon_phase_changed").alias("event")])
    });
    let summary = analyzed(&made).unwrap();
    let left_out = |column, word: Option<&str>, rows| LeftOut {
        column,
        word: word.map(str::to_owned),
        rows,
    };
    assert_eq!(
        summary.recording.left_out,
        [
            left_out("operation_type", Some("batch"), 3),
            left_out("outcome", Some("cancelled"), 2),
            left_out("operation_name", None, 1),
            left_out("outcome", None, 1),
            left_out("path", Some("standby"), 1),
            left_out("scheduled_time", None, 1),
        ]
    );
    let direct = &summary.paths[0];
    assert_eq!((summary.paths.len(), direct.overall.total), (1, 252 - 9));
    // An unknown class is an availability failure, and shown as it is.
    assert_eq!(outages(direct, Group::Read), [(10.0, 15.0, 0.45)]);
    assert!(group(direct, Group::Read).at_least, "rows are missing");
    assert_eq!(
        (direct.errors[0].class.as_str(), direct.errors[0].count),
        ("quota_exceeded", 2)
    );
    assert_eq!(summary.events[0].event, "moon_phase_changed");

    let report = english(&summary);
    for line in [
        "left out: 2 operations with outcome \"cancelled\", which this version does not know",
        "left out: 1 operations without outcome",
        "quota_exceeded",
    ] {
        assert!(report.contains(line), "{line}\n{report}");
    }
    assert!(
        chinese(&summary).contains("未计入: 2 个操作的 outcome 为 \"cancelled\", 此版本无法识别")
    );
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(
        json["recording"]["left_out"][1],
        serde_json::json!({"column": "outcome", "word": "cancelled", "rows": 2})
    );
}

/// Neither its class nor its SQLSTATE, which would excuse a failure of class `other`, makes it less of a failure.
#[test]
fn a_failure_of_an_unknown_class_is_a_failure_by_its_outcome() {
    let made = made();
    let failed = || col("error_class").is_not_null();
    rewrite(&made.folder, PART, |frame| {
        frame.with_columns([
            when(failed())
                .then(lit("quota_exceeded"))
                .otherwise(col("error_class"))
                .alias("error_class"),
            when(failed())
                .then(lit("42P01"))
                .otherwise(col("sqlstate"))
                .alias("sqlstate"),
        ])
    });
    let summary = analyzed(&made).unwrap();
    assert_same(&summary);
    let direct = &summary.paths[0];
    assert_eq!((direct.overall.failed, direct.errors[0].count), (2, 2));
    assert_eq!(direct.errors[0].class, "quota_exceeded");
}

#[test]
fn nothing_but_words_of_a_later_version() {
    let made = made();
    rewrite(&made.folder, PART, |frame| {
        frame.with_columns([lit("cancelled").alias("outcome")])
    });
    let said = analyzed(&made).unwrap_err().to_string();
    assert!(
        said.contains("no operation is left") && said.contains("252 operations"),
        "{said}"
    );
}

/// The manifest as JSON, changed.
fn edit(made: &Made, change: impl FnOnce(&mut serde_json::Value)) {
    let path = made.folder.join("manifest.json");
    let mut manifest = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    std::fs::write(path, serde_json::to_vec(&manifest).unwrap()).unwrap();
}

#[test]
fn a_manifest_of_a_later_minor_version() {
    let made = made();
    edit(&made, |manifest| {
        let fields = manifest.as_object_mut().unwrap();
        fields.insert("weather".to_owned(), serde_json::json!({"moon": ["full"]}));
        fields["pool"]["flavour"] = serde_json::json!("deep");
        // Whatever is a list, a map or optional may be absent.
        for field in [
            "requested_duration_us",
            "endpoints",
            "servers",
            "labels",
            "failover",
            "load",
            "dropped_rows",
        ] {
            assert!(fields.remove(field).is_some(), "{field}");
        }
        fields["clock"].as_object_mut().unwrap().remove("drift_us");
    });
    assert_same(&analyzed(&made).unwrap());
    for (field, words) in [
        (
            "state",
            "unknown state \"paused\": written by a later version",
        ),
        (
            "mode",
            "unknown mode \"paused\": written by a later version",
        ),
    ] {
        let before = std::fs::read(made.folder.join("manifest.json")).unwrap();
        edit(&made, |manifest| {
            manifest[field] = serde_json::json!("paused");
        });
        let said = analyzed(&made).unwrap_err().to_string();
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
        std::fs::write(made.folder.join("manifest.json"), before).unwrap();
    }
    // In a list it is the same, behind entries that are known.
    for list in ["endpoints", "servers"] {
        let before = std::fs::read(made.folder.join("manifest.json")).unwrap();
        edit(&made, |manifest| {
            let [known, unknown] =
                ["direct", "standby"].map(|path| serde_json::json!({"path": path}));
            manifest[list] = serde_json::json!([known, unknown]);
        });
        let said = analyzed(&made).unwrap_err().to_string();
        let words = "unknown path \"standby\": written by a later version";
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
        std::fs::write(made.folder.join("manifest.json"), before).unwrap();
    }
}

#[test]
fn a_recording_says_what_it_is() {
    use analyze::summary::RecordingProgress::{
        Complete, InProgress, Interrupted, Killed, Recovered,
    };
    let made = made();
    for (state, progress, said, said_in_chinese) in [
        ("complete", Complete, "complete", "完整"),
        (
            "interrupted",
            Interrupted,
            "interrupted: a signal",
            "提前中断",
        ),
        (
            "recovered",
            Recovered,
            "recovered: its recorder was killed",
            "已恢复",
        ),
        (
            "recording",
            Killed,
            "or this is a copy of a recording in progress",
            "副本",
        ),
    ] {
        edit(&made, |manifest| {
            manifest["state"] = serde_json::json!(state);
        });
        let summary = analyzed(&made).unwrap();
        assert_eq!(summary.recording.progress, progress);
        assert!(english(&summary).contains(said), "{said}");
        assert!(
            chinese(&summary).contains(said_in_chinese),
            "{said_in_chinese}"
        );
    }
    // The lock of a living recorder: a report, and what looks for the lock, may change nothing.
    let (made, writer) = HandMade::new(5.0).ok("user_list", 1.0, 1.1).begin();
    let report = || loop {
        // Its first flush comes when it comes.
        if let Ok(summary) = analyzed(&made) {
            return summary;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    let summary = report();
    assert_eq!(summary.recording.progress, InProgress);
    assert!(english(&summary).contains("in progress: figures up to its last flush"));
    assert!(chinese(&summary).contains("正在记录"));
    drop(writer);
}
