//! Figures by name: each is there once, is what the summary has, and lies between the bounds that `docs/definitions.md` gives it.

use std::collections::BTreeSet;

use analyze::figures::{self, Bounded, Figure};
use analyze::summary::{Summary, Unit};
use recording::vocabulary::ErrorClass::{OperationTimeout, Refused};
use recording::vocabulary::FindingKind::Lost;
use recording::vocabulary::Outcome;
use recording::vocabulary::Path::{Direct, Proxy};

use crate::campaign::ten_failovers;
use crate::service::figures::both;
use crate::support::audited::{audit, last_orders, orders_with_a_gap};
use crate::support::{HandMade, Made, reads_with_a_gap, us};

fn of(summary: &Summary, name: &str) -> Option<Bounded> {
    let figures = figures::of_summary(summary);
    let mut found = figures.iter().filter(|figure| figure.name == name);
    let figure = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(found.next(), None);
    figure.value
}

/// A value, and between which ones the truth is; times in seconds.
fn seconds(summary: &Summary, name: &str) -> (f64, Option<f64>, Option<f64>) {
    let Bounded { value, least, most } = of(summary, name).unwrap();
    let seconds = |us: f64| us / 1e6;
    (seconds(value), least.map(seconds), most.map(seconds))
}

fn exact(value: f64) -> Option<Bounded> {
    Some(Bounded::exact(value))
}

fn at_least(value: f64) -> Option<Bounded> {
    Some(Bounded {
        most: None,
        ..Bounded::exact(value)
    })
}

/// `docs/figures.md` has the tables that the code has, and `docs/definitions.md` the sections that they name.
#[test]
fn the_page_lists_every_figure() {
    let page = include_str!("../../../../docs/figures.md");
    let tables = figures::documentation();
    assert!(
        page.contains(&tables),
        "docs/figures.md does not hold these tables:\n{tables}"
    );
    let definitions = include_str!("../../../../docs/definitions.md");
    for line in tables.lines().filter(|line| line.starts_with("| `")) {
        let section = line.rsplit_once('[').unwrap().1;
        let section = section.split_once(']').unwrap().0;
        let heading = format!("\n## {section}\n");
        assert!(definitions.contains(&heading), "no section {section}");
    }
}

/// A rule's unit is looked up by name before any recording is read.
#[test]
fn every_name_is_known_before_a_recording_is_read() {
    for summary in [both().analyze().summary, ten_failovers().summary()] {
        let figures = figures::of_summary(&summary);
        assert!(figures.len() > 300, "{}", figures.len());
        let mut names = BTreeSet::new();
        for Figure {
            name,
            unit,
            orientation,
            value,
        } in &figures
        {
            let about = figures::known(name)
                .unwrap_or_else(|| panic!("{name}"))
                .about();
            assert_eq!(
                (about.unit, about.orientation),
                (*unit, *orientation),
                "{name}"
            );
            assert!(names.insert(name), "{name} is there twice");
            // Of a whole recording the truth lies around the value.
            let Some(Bounded { value, least, most }) = *value else {
                continue;
            };
            assert!(least.is_none_or(|least| least <= value), "{name}");
            assert!(most.is_none_or(|most| value <= most), "{name}");
            assert!(
                *unit != Unit::Fraction || (0.0..=1.0).contains(&value),
                "{name}"
            );
        }
    }
    for name in [
        "",
        ".",
        "direct",
        "direct.",
        "direct.writer",
        "direct.writer.p99",
        "other.p99",
        "direct.read.lost",
    ] {
        assert_eq!(figures::known(name), None, "{name}");
    }
}

#[test]
fn a_downtime_lies_between_itself_and_what_is_left_without_its_resolution() {
    let summary = orders_with_a_gap().summary();
    // Last success at 10.0 s, first evidence begun at 10.2 s, last at 12.75 s, first success at 13.0 s.
    let expected = (3.0, Some(2.55), Some(3.0));
    assert_eq!(seconds(&summary, "direct.writer.downtime"), expected);
    assert_eq!(seconds(&summary, "direct.writer.longest_outage"), expected);
    assert_eq!(seconds(&summary, "direct.headline.downtime"), expected);
    assert_eq!(seconds(&summary, "direct.writer.resolution").0, 0.45);
    let availability = of(&summary, "direct.writer.availability").unwrap();
    assert_eq!(availability.value, 0.9);
    assert_eq!(availability.least, Some(0.9));
    assert!((availability.most.unwrap() - (1.0 - 2.55 / 30.0)).abs() < 1e-12);
    for (name, value) in [
        ("direct.writer.outages", 1.0),
        ("direct.writer.episodes", 1.0),
        ("direct.writer.blips", 0.0),
        ("direct.failed", 2.0),
        ("direct.write.total", 272.0),
        ("direct.create_order.successes", 270.0),
        ("direct.tps", 9.0),
        ("direct.tps_steady", 10.0),
        ("direct.success_rate", 270.0 / 272.0),
        ("pauses", 0.0),
        ("dropped_rows", 0.0),
        ("failovers.count", 0.0),
        ("duration", 30e6),
    ] {
        assert_eq!(of(&summary, name), exact(value), "{name}");
    }
    // Not audited, not probed, no failover: not 0.
    for name in [
        "lost",
        "direct.lost",
        "direct.writer.durable_downtime",
        "direct.writer.own_share",
        "direct.writer.downtime_max",
    ] {
        assert!(of(&summary, name).is_none(), "{name}");
    }
}

#[test]
fn an_open_outage_and_lost_rows_have_no_upper_bound() {
    let open = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 12.0, 12.1, Refused)
        .failed("user_list", 29.0, 29.1, Refused)
        .summary();
    let (value, least, most) = seconds(&open, "direct.read.downtime");
    assert_eq!((value, most), (20.0, None));
    assert!(least.unwrap() < value);
    let availability = of(&open, "direct.read.availability").unwrap();
    assert_eq!(availability.least, None);
    assert!(availability.most.unwrap() > availability.value);
    assert_eq!(of(&open, "direct.read.outages"), exact(1.0));
    assert_eq!(of(&open, "direct.read.time_to_full_throughput"), None);

    let made = reads_with_a_gap()
        .failed("user_list", 12.0, 12.1, Refused)
        .write();
    let mut manifest = recording::Manifest::read(&made.folder).unwrap();
    manifest.dropped_rows.insert("operations".to_owned(), 7);
    manifest.write(&made.folder).unwrap();
    let partial = made.analyze().summary;
    assert_eq!(of(&partial, "dropped_rows"), exact(7.0));
    assert_eq!(of(&partial, "direct.failed"), at_least(1.0));
    let rate = of(&partial, "direct.success_rate").unwrap();
    assert_eq!((rate.least, rate.most), (None, None));
    assert_eq!(of(&partial, "direct.max"), at_least(5_000.0));
    assert_eq!(of(&partial, "direct.min").unwrap().least, None);
}

/// What waited through an outage is in a percentile, and not in that of the steady time.
#[test]
fn steady_response_times_are_those_outside_all_episodes() {
    let summary = HandMade::new(60.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 11.0, 12.0, OperationTimeout)
        .ok("user_list", 10.2, 15.0)
        .steady("user_list", 15.1, 0.1, 400, 0.007)
        .summary();
    assert_eq!(of(&summary, "direct.read.max"), exact(4_800_000.0));
    assert_eq!(of(&summary, "direct.read.max_steady"), exact(7_000.0));
    assert_eq!(of(&summary, "direct.read.min_steady"), exact(5_000.0));
    assert_eq!(of(&summary, "direct.user_list.p99_steady"), exact(7_000.0));
    assert_eq!(of(&summary, "direct.p50_steady"), exact(7_000.0));
    // 500 samples: not enough for 99.9 %.
    assert_eq!(of(&summary, "direct.p99_9_steady"), None);
    let rates = &summary.paths[0].overall;
    assert_eq!(
        (rates.response.samples, rates.response_steady.samples),
        (501, 500)
    );
}

#[test]
fn the_service_and_the_own_share_have_their_bounds() {
    let summary = both().analyze().summary;
    assert_eq!(
        seconds(&summary, "direct.writer.service_downtime"),
        (4.06, Some(3.95), Some(4.06))
    );
    let (share, least, most) = seconds(&summary, "direct.writer.own_share");
    let resolution = us(6.0) as f64 / 1e6 - seconds(&summary, "direct.writer.downtime").1.unwrap();
    assert_eq!((share, most), (1.94, Some(2.05)));
    assert!((least.unwrap() - (1.94 - resolution)).abs() < 1e-9);
    assert_eq!(
        seconds(&summary, "proxy.writer.service_downtime_max").0,
        1.06
    );
    assert_eq!(of(&summary, "failovers.count"), exact(1.0));
}

/// The median of a path's failovers is that of the report, for the group of its headline.
#[test]
fn failovers_have_a_median_and_a_longest() {
    let summary = ten_failovers().summary();
    for distribution in &summary.failovers.downtime {
        let group = distribution.group.as_str();
        let name = |metric: &str| format!("{}.{group}.{metric}", distribution.path);
        let median = of(&summary, &name("downtime_median")).unwrap();
        assert_eq!(median.value, distribution.median_us as f64);
        assert!(median.least.unwrap() < median.value && median.most == Some(median.value));
        let longest = of(&summary, &name("downtime_max")).unwrap();
        assert_eq!(
            (longest.value, longest.most),
            (distribution.max_us as f64, Some(longest.value))
        );
    }
    assert_eq!(summary.failovers.downtime.len(), 2);
    assert_eq!(of(&summary, "failovers.count"), exact(10.0));
    assert_eq!(of(&summary, "proxy.failovers"), exact(10.0));
}

fn lost_orders(made: &Made) -> Summary {
    audit(made, &[(Direct, 270)])
        .found(Direct, Lost, ("create_order", Outcome::Ok), last_orders())
        .summary()
}

#[test]
fn an_audit_gives_what_is_lost_and_a_doubt_takes_its_bounds() {
    let made = orders_with_a_gap().write();
    let summary = lost_orders(&made);
    assert_eq!(of(&summary, "lost"), exact(20.0));
    assert_eq!(of(&summary, "direct.lost"), exact(20.0));
    assert_eq!(of(&summary, "torn"), exact(0.0));
    // From 8.1 s to 10.0 s.
    assert_eq!(of(&summary, "direct.lost_span"), exact(1_900_000.0));
    // No sum was audited.
    assert_eq!(of(&summary, "direct.logins_lost"), None);
    // The last order that is there is of 8.0 s.
    assert_eq!(seconds(&summary, "direct.writer.durable_downtime").0, 5.0);
    assert_eq!(seconds(&summary, "direct.writer.downtime").0, 3.0);
    assert_eq!(
        of(&summary, "direct.durable_success_rate"),
        exact(250.0 / 272.0)
    );

    let made = orders_with_a_gap().write();
    let nothing = audit(&made, &[(Direct, 270)]).summary();
    assert_eq!(of(&nothing, "lost"), exact(0.0));
    let doubts: [fn(&mut recording::Audit); 5] = [
        |audit| audit.token_found = Some(false),
        |audit| audit.sessions_left = Some(1),
        |audit| audit.missing_servers = vec!["10.0.0.2:5432".to_owned()],
        |audit| audit.other_writers = vec!["10.0.0.2:5432".to_owned()],
        |audit| audit.promotion_seen = Some(false),
    ];
    for doubt in doubts {
        let made = orders_with_a_gap().write();
        let summary = audit(&made, &[(Direct, 270)]).but(doubt).summary();
        let lost = of(&summary, "lost").unwrap();
        assert_eq!((lost.value, lost.least, lost.most), (0.0, None, None));
    }
}

/// Of two paths one was audited: what both lost is not known.
#[test]
fn a_path_without_an_audit_leaves_the_recording_without_one() {
    let made = orders_with_a_gap()
        .on(Proxy)
        .steady("create_order", 0.1, 0.1, 299, 0.005)
        .write();
    let summary = lost_orders(&made);
    assert_eq!(of(&summary, "direct.lost"), exact(20.0));
    assert_eq!(of(&summary, "proxy.lost"), None);
    assert_eq!(of(&summary, "lost"), None);
}
