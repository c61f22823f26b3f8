//! Rows of the probes that are missing, unknown, or not sealed yet.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use analyze::load::{Damage, Loaded};
use analyze::summary::{Group, PathSummary, Service, Thresholds};
use polars::prelude::{col, lit, when};
use recording::Manifest;
use recording::vocabulary::OperationType::Write;

use super::service;
use crate::support::around::{NEW_WRITER, OLD_WRITER};
use crate::support::refit::{copy, rewrite};
use crate::support::{HandMade, START_US, group, us};

const FIRST: &str = "availability/availability-00001.parquet";
const SECOND: &str = "availability/availability-00002.parquet";

/// Writes throughout; for a fresh client down from 9.952 to 14.012 s.
fn made() -> HandMade {
    HandMade::new(30.0)
        .steady("update_login", 0.1, 0.1, 299, 0.005)
        .served(Write, (0.0, 10.0), OLD_WRITER)
        .turned_away(Write, (10.0, 14.0))
        .served_anew(Write, 14.0, 0.012, NEW_WRITER)
        .served(Write, (14.05, 30.0), NEW_WRITER)
}

fn direct(loaded: &Loaded) -> PathSummary {
    let analysis = analyze::analyze(loaded, Thresholds::default()).unwrap();
    analysis.summary.paths.into_iter().next().unwrap()
}

#[test]
fn a_damaged_part_makes_a_bound_of_the_services_downtime_alone() {
    let made = made().write();
    copy(&made.folder, FIRST, SECOND);
    let since = || lit(START_US + us(20.0));
    let time = || col("time").cast(polars::prelude::DataType::Int64);
    rewrite(&made.folder, FIRST, |frame| {
        frame.filter(time().lt(since()))
    });
    rewrite(&made.folder, SECOND, |frame| {
        frame.filter(time().gt_eq(since()))
    });
    let whole = direct(&Loaded::open(&made.folder).unwrap());
    assert_eq!(service(&whole).downtime_us, Some(us(4.06)));
    assert!(!service(&whole).at_least);

    fs::write(made.folder.join(SECOND), b"nothing").unwrap();
    assert!(Loaded::open(&made.folder).is_err());
    let rest = direct(&Loaded::open_with(&made.folder, Damage::Allowed).unwrap());
    let of_rest = service(&rest);
    // What is left has no answer behind 20 s, and no evidence either.
    assert_eq!(of_rest.downtime_us, Some(us(4.06)));
    assert!(of_rest.at_least && of_rest.is_partial);
    assert!(!rest.is_partial && !group(&rest, Group::Writer).at_least);
}

#[test]
fn rows_that_were_dropped_make_a_bound() {
    let made = made().write();
    let mut manifest = Manifest::read(&made.folder).unwrap();
    manifest.dropped_rows = BTreeMap::from([("availability".to_owned(), 3)]);
    manifest.write(&made.folder).unwrap();
    let path = direct(&Loaded::open(&made.folder).unwrap());
    assert!(service(&path).at_least && !path.is_partial);
}

#[test]
fn what_a_later_version_asks_is_passed_over() {
    let made = made().write();
    rewrite(&made.folder, FIRST, |frame| {
        let is_refused = || col("outcome").eq(lit("failed"));
        let as_later = when(is_refused())
            .then(lit("later"))
            .otherwise(col("outcome"));
        frame.with_column(as_later.alias("outcome"))
    });
    let path = direct(&Loaded::open(&made.folder).unwrap());
    assert_eq!(service(&path).outages, [], "no failure that it knows");
    assert_eq!(service(&path).probes, 200 + 1 + 319);
}

#[test]
fn rows_of_the_journal_count_before_they_are_sealed() {
    let (made, _writer) = made().begin();
    let found = || -> Option<Service> {
        let loaded = Loaded::open(&made.folder).unwrap();
        let analysis = analyze::analyze(&loaded, Thresholds::default()).ok()?;
        group(&analysis.summary.paths[0], Group::Writer)
            .service
            .clone()
    };
    let mut last = found();
    for _ in 0..500 {
        if last.as_ref().is_some_and(|service| service.probes == 599) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        last = found();
    }
    // It reaches as far as its operations: the last tick was behind them.
    let service = last.unwrap();
    assert_eq!((service.probes, service.downtime_us), (599, Some(us(4.06))));
    assert!(service.at_least, "how long the recording is, is not known");
}
