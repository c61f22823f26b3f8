//! `service_outages.sql` and `service_downtime.sql`: what the figures of `analyze` let expect of them, and a recording whose answer is worked
//! out by hand.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::naive::HandMade;
use super::{Expected, OF_OUTAGES, engines, micros, pick, run, same_names};
use crate::support::{busy, figures};

impl Expected {
    pub(super) fn service(&mut self, key: &Map<String, Value>, group: &Value) {
        let service = &group["service"];
        let mut key = key.clone();
        key.insert("group_name".to_owned(), group["group"].clone());
        let mut row = pick(
            service,
            &[
                ("service_downtime_us", "downtime_us"),
                ("service_resolution_us", "resolution_us"),
                ("service_paused_us", "paused_us"),
                ("service_at_least", "at_least"),
                ("service_availability", "availability"),
                ("probes", "probes"),
            ],
        );
        row.extend(pick(group, &same_names(&["downtime_us", "resolution_us"])));
        let outages = service["outages"].as_array().unwrap();
        row.insert("service_outages".to_owned(), json!(outages.len()));
        let own_share = [
            ("own_share_us", "us"),
            ("own_share_least_us", "least_us"),
            ("own_share_most_us", "most_us"),
        ];
        row.extend(pick(&service["own_share"], &own_share));
        self.push("service_downtime", &key, row);
        for outage in outages {
            let (from, to) = (micros(&outage["start"]), micros(&outage["end"]));
            let mut row = pick(outage, &same_names(&OF_OUTAGES));
            row.insert("length_us".to_owned(), outage["downtime_us"].clone());
            row.insert("from_us".to_owned(), json!(from));
            row.insert("to_us".to_owned(), json!(to));
            self.push("service_outages", &key, row);
        }
    }
}

/// Of a group that the application asked nothing of `analyze` has no line, and SQL has the service's.
pub(super) fn without_groups_not_asked(found: &mut Vec<Value>, downtimes: &[Value]) {
    let of_group =
        |row: &Value| ["run_id", "host", "path", "group_name"].map(|name| row[name].to_string());
    let groups: BTreeSet<_> = downtimes.iter().map(of_group).collect();
    found.retain(|row| groups.contains(&of_group(row)));
}

/// The made-up recordings are of use only where the rules have something to decide.
pub(super) fn every_rule_was_met(rows: &Value) {
    type Meets = fn(&Value) -> bool;
    let rules: [(&str, &str, Meets); 8] = [
        ("an outage of more evidence", "service_outages", |row| {
            row["evidence"].as_i64() > Some(2)
        }),
        ("one piece of evidence", "service_outages", |row| {
            row["evidence"] == 1
        }),
        ("open at the end", "service_outages", |row| {
            row["open_at_end"] == true
        }),
        (
            "the recorder paused in an outage",
            "service_outages",
            |row| row["paused_us"] != 0,
        ),
        ("a known tail", "service_outages", |row| {
            row["resolution_us"].as_i64() < row["length_us"].as_i64()
        }),
        ("no outage", "service_downtime", |row| {
            row["service_downtime_us"] == 0
        }),
        (
            "the application was served later",
            "service_downtime",
            |row| row["own_share_least_us"].as_i64() > Some(0),
        ),
        (
            "the application was served first",
            "service_downtime",
            |row| row["own_share_most_us"].as_i64() < Some(0),
        ),
    ];
    for (rule, query, meets) in rules {
        let mut rows = rows[query].as_array().unwrap().iter();
        assert!(rows.any(meets), "no made-up recording meets: {rule}");
    }
}

/// The service comes back before the application, for reads and for writes.
#[test]
fn service_downtime_is_what_is_worked_out_by_hand() {
    let _machine = busy();
    let root = tempfile::tempdir().unwrap();
    HandMade::stale_name("by hand", 6.0)
        .asked_often()
        .write(root.path());
    let ms = |ms: i64| json!(ms * 1_000);
    // Last answer at 19.977 s; asked from 20.025 s on, for the last time 52 ms before the first answer.
    let expected = [
        ("read", ms(2_050), ms(2_150), [ms(100), ms(-290), ms(200)]),
        ("writer", ms(6_050), ms(6_300), [ms(250), ms(-540), ms(350)]),
    ];
    let figures = figures(&root.path().join("by hand"));
    let groups = figures["paths"][0]["groups"].as_array().unwrap();
    for engine in engines() {
        let found = run(engine, root.path());
        let rows = found["service_downtime"].as_array().unwrap();
        assert_eq!(rows.len(), 2, "{engine}: {rows:?}");
        for (group_name, service, application, own_share) in &expected {
            let is_its = |row: &&Value| row["group_name"] == *group_name;
            let row = rows.iter().find(is_its).unwrap();
            let [share, least, most] = own_share;
            for (column, value) in [
                ("service_downtime_us", service),
                ("service_resolution_us", &ms(100)),
                ("downtime_us", application),
                ("own_share_us", share),
                ("own_share_least_us", least),
                ("own_share_most_us", most),
            ] {
                assert_eq!(row[column], *value, "{engine}, {group_name}: {column}");
            }
            let mut groups = groups.iter();
            let group = groups.find(|group| group["group"] == *group_name).unwrap();
            assert_eq!(group["service"]["downtime_us"], *service);
            assert_eq!(group["service"]["own_share"]["us"], *share);
        }
        let outages = found["service_outages"].as_array().unwrap();
        let evidence: Vec<_> = outages.iter().map(|row| row["evidence"].clone()).collect();
        assert_eq!(evidence, [json!(40), json!(120)], "{engine}");
    }
}
