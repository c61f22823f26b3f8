//! The figures of the service beside the application's: own share, failovers, parts, comparison, and what is printed of them.

use analyze::summary::{
    EpisodeKind, Group, GroupFailover, Metric, OwnShare, PathSummary, ServiceFailover, Source,
};
use analyze::text::{Language, TextOptions, render};
use recording::AvailabilitySettings;
use recording::vocabulary::ErrorClass::{ConnectionLost, ReadOnly, Refused};
use recording::vocabulary::OperationType::{Read, Write};
use recording::vocabulary::Path::{Direct, Proxy};

use super::service;
use crate::support::around::{Answer, NEW_WRITER, OLD_WRITER};
use crate::support::{HandMade, Made, START_US, group, us};

/// Writes up to 10.0 s, again from 16.0 s on; for a fresh client up to 9.952 s, and from 14.012 s on.
fn failing_over(made: HandMade) -> HandMade {
    application(made, 16.0)
        .served(Write, (0.0, 10.0), OLD_WRITER)
        .turned_away(Write, (10.0, 14.0))
        .served_anew(Write, 14.0, 0.012, NEW_WRITER)
        .served(Write, (14.05, 60.0), NEW_WRITER)
}

/// Writes every 100 ms, the first failure at 10.3 s, and again from `back` on.
fn application(made: HandMade, back: f64) -> HandMade {
    let rest = ((60.0 - back) * 10.0).round() as usize;
    made.steady("update_login", 0.1, 0.1, 100, 0.005)
        .unknown("update_login", 10.1, 10.3, ConnectionLost)
        .failed("update_login", 12.0, 12.1, Refused)
        .failed("update_login", back - 1.0, back - 0.9, ReadOnly)
        .steady("update_login", back, 0.1, rest, 0.005)
}

fn of(path: &PathSummary, failover: usize) -> (&GroupFailover, &ServiceFailover) {
    let mut groups = path.failovers[failover].groups.iter();
    let group = groups.find(|of| of.group == Group::Writer).unwrap();
    (group, group.service.as_ref().unwrap())
}

#[test]
fn the_own_share_lies_between_both_resolutions() {
    let path = failing_over(HandMade::new(60.0).trigger(9.9)).direct();
    let writer = group(&path, Group::Writer);
    let service = service(&path);
    assert_eq!(writer.downtime_us, Some(us(6.0)));
    assert_eq!(
        (service.downtime_us, service.resolution_us),
        (Some(us(4.06)), us(0.11))
    );
    let expected = OwnShare {
        us: us(1.94),
        least_us: us(1.94) - writer.resolution_us,
        most_us: us(1.94 + 0.11),
    };
    assert_eq!(service.own_share, Some(expected));
    // 4.06 of 60 s.
    let availability = service.availability.unwrap();
    assert!((availability - (1.0 - 4.06 / 60.0)).abs() < 1e-9);
    assert_eq!(service.probes, 200 + 80 + 1 + 919);

    let (application, in_failover) = of(&path, 0);
    assert_eq!(application.downtime_us, Some(us(6.0)));
    assert_eq!(
        (
            in_failover.downtime_us,
            in_failover.at_most_us,
            in_failover.episodes.as_slice()
        ),
        (Some(us(4.06)), None, &[1][..])
    );
    assert_eq!(in_failover.own_share, Some(expected));
    assert_eq!(service.episodes[0].kind, EpisodeKind::Failover);
}

#[test]
fn the_parts_end_at_the_probes_moments() {
    let path = failing_over(HandMade::new(60.0).trigger(9.9)).direct();
    let found = group(&path, Group::Writer).episodes[0]
        .decomposition
        .clone();
    let found = found.unwrap();
    let outage = &found.outages[0];
    let seen = |milestone: Option<analyze::summary::Milestone>| {
        milestone.map(|at| (at.time.micros() - START_US, at.source))
    };
    // The first fresh connection that was led to .3 was begun at 14.0 s, and answered by the new writer 12 ms later.
    assert_eq!(
        seen(outage.address_changed),
        Some((us(14.0), Source::Availability))
    );
    assert_eq!(
        seen(outage.new_writer),
        Some((us(14.012), Source::Availability))
    );
    assert_eq!(
        seen(outage.fresh_client_served),
        Some((us(14.012), Source::Availability))
    );
    let parts = found.parts;
    assert_eq!(
        [
            parts.first_failure_us,
            parts.address_changed_us,
            parts.new_writer_us,
            parts.fresh_client_served_us,
            Some(parts.first_success_us)
        ],
        [us(0.3), us(3.7), us(0.012), 0, us(1.988)].map(Some)
    );
    assert_eq!(parts.total_us(), us(6.0));
    // The application was connected before the probes were: it knows better.
    let made = failing_over(HandMade::new(60.0))
        .connect(0.05, 2, Some(OLD_WRITER))
        .connect(13.0, 3, Some(NEW_WRITER));
    let found = group(&made.direct(), Group::Writer).episodes[0]
        .decomposition
        .clone();
    let outage = &found.unwrap().outages[0];
    assert_eq!(
        seen(outage.new_writer),
        Some((us(13.0), Source::Connections))
    );
}

/// The path hides the failover from the application, which connects no more; a fresh client has to wait.
fn hidden(made: HandMade) -> HandMade {
    made.steady("update_login", 0.1, 0.1, 599, 0.005)
        .served(Write, (0.0, 30.0), OLD_WRITER)
        .turned_away(Write, (30.0, 30.9))
        .served_anew(Write, 30.9, 0.012, NEW_WRITER)
        .served(Write, (30.95, 60.0), NEW_WRITER)
}

#[test]
fn a_service_outage_without_one_of_the_application_appears() {
    for trigger in [true, false] {
        let made = HandMade::new(60.0);
        let summary = hidden(if trigger { made.trigger(29.97) } else { made }).summary();
        let path = &summary.paths[0];
        assert_eq!(group(path, Group::Writer).outages, []);
        let (application, in_failover) = of(path, 0);
        // Without a trigger the failover lasts as long as the service's outage: the first success after 29.952 s came at 30.0 s.
        let longest = us(0.1);
        assert_eq!(
            (application.downtime_us, application.at_most_us),
            (Some(0), Some(longest))
        );
        assert_eq!(in_failover.downtime_us, Some(us(0.96)));
        let share = in_failover.own_share.unwrap();
        assert_eq!(share.us, -us(0.96), "as it is");
        assert_eq!(
            share.least_us, share.us,
            "what it may be at most is in its bounds"
        );
        assert_eq!(
            share.most_us,
            share.us + in_failover.resolution_us + longest
        );
        assert_eq!(
            service(path).own_share,
            None,
            "of the path its 0 has no bound"
        );
        let report = render(&summary, &TextOptions::default());
        assert!(
            report.contains("writes down 0.96 s (-0.11 s) for a fresh client"),
            "{report}"
        );
        assert!(report.contains("failover 1"), "{report}");
        assert!(!report.contains("no outage found"), "{report}");
    }
    // Of no failover: the same server is back.
    let made = HandMade::new(60.0)
        .steady("update_login", 0.1, 0.1, 599, 0.005)
        .served(Write, (0.0, 30.0), OLD_WRITER)
        .turned_away(Write, (30.0, 30.9))
        .served_anew(Write, 30.9, 0.012, OLD_WRITER)
        .served(Write, (30.95, 60.0), OLD_WRITER);
    let summary = made.summary();
    assert!(summary.paths[0].failovers.is_empty());
    assert_eq!(
        service(&summary.paths[0]).episodes[0].kind,
        EpisodeKind::OtherOutage
    );
    assert_eq!(service(&summary.paths[0]).downtime_us, Some(us(0.96)));
    let report = render(&summary, &TextOptions::default());
    assert!(report.contains("no failover"), "{report}");
}

#[test]
fn a_trigger_that_the_service_hides_is_at_most_its_longest_gap() {
    let made =
        application(HandMade::new(60.0).trigger(9.9), 16.0).served(Write, (0.0, 60.0), OLD_WRITER);
    let path = made.direct();
    let (application, in_failover) = of(&path, 0);
    assert_eq!(
        (in_failover.downtime_us, in_failover.at_most_us),
        (Some(0), Some(us(0.05)))
    );
    let share = in_failover.own_share.unwrap();
    let downtime_us = application.downtime_us.unwrap();
    assert_eq!(share.us, downtime_us);
    let least_us = downtime_us - application.resolution_us - us(0.05);
    assert_eq!((share.least_us, share.most_us), (least_us, downtime_us));
}

#[test]
fn warm_up_is_listed_and_not_counted() {
    let made = HandMade::new(60.0)
        .steady("update_login", 0.1, 0.1, 599, 0.005)
        .turned_away(Write, (0.0, 0.5))
        .served_anew(Write, 0.5, 0.012, OLD_WRITER)
        .served(Write, (0.55, 60.0), OLD_WRITER);
    let summary = made.summary();
    let service = service(&summary.paths[0]);
    assert_eq!(service.outages.len(), 1);
    assert_eq!((service.downtime_us, service.at_least), (Some(0), false));
    assert_eq!(service.episodes[0].kind, EpisodeKind::WarmUp);
}

/// A proxy that spreads reads over a writer and a reader: the server that answers them changes from probe to probe.
#[test]
fn a_proxy_that_spreads_reads_shows_no_change_of_the_writer() {
    const READER: Answer = Answer(3, -3_500, true);
    let reads = |made: HandMade| {
        (0..1_200).fold(made, |made, index: i32| {
            let by = if (index * 7_919 / 16) % 8 < 4 {
                READER
            } else {
                OLD_WRITER
            };
            let at = 0.05 * f64::from(index);
            made.served(Read, (at, at + 0.05), by)
        })
    };
    let blip = |made: HandMade| {
        made.steady("update_login", 0.1, 0.1, 20, 0.005)
            .failed("update_login", 2.1, 2.15, Refused)
            .failed("update_login", 2.2, 2.25, Refused)
            .steady("update_login", 2.4, 0.1, 575, 0.005)
    };
    for writes in [true, false] {
        let mut made = reads(blip(HandMade::new(60.0)));
        if writes {
            made = made.served(Write, (0.0, 60.0), OLD_WRITER);
        }
        let path = made.direct();
        assert_eq!(group(&path, Group::Writer).outages.len(), 1);
        assert_eq!(path.failovers, [], "writes {writes}");
    }
}

/// Reads waited for a worker; the server answered the probes of reads meanwhile.
#[test]
fn probes_of_reads_tell_that_no_worker_was_free() {
    let made = || {
        let made = HandMade::new(30.0)
            .steady("user_list", 0.1, 0.1, 99, 0.005)
            .steady("update_login", 0.15, 0.1, 99, 0.005);
        let made = ["update_login"; 3].iter().fold(made, |made, name| {
            made.ok(name, 10.0, 14.0).but(|row| row.worker = Some(1))
        });
        made.ok("user_list", 10.05, 14.1)
            .but(|row| {
                row.checkout_us = Some(us(4.04));
                row.execute_us = Some(us(0.01));
            })
            .ok("user_list", 10.06, 14.2)
            .but(|row| {
                row.checkout_us = Some(us(4.13));
                row.execute_us = Some(us(0.01));
            })
            .steady("user_list", 14.3, 0.1, 150, 0.005)
            .steady("update_login", 14.35, 0.1, 150, 0.005)
    };
    let reads = |made: HandMade| group(&made.direct(), Group::Read).clone();
    assert!(!reads(made()).unobserved, "nothing tells of the server");
    let probed = reads(made().served(Read, (0.0, 30.0), OLD_WRITER));
    assert!(probed.unobserved && probed.outages.is_empty(), "{probed:?}");
}

/// Both paths, the application and a fresh client of each down in its own way.
pub(crate) fn both() -> Made {
    let made = failing_over(HandMade::new(60.0).trigger(9.9).on(Direct)).on(Proxy);
    application(made, 13.0)
        .served(Write, (0.0, 10.0), OLD_WRITER)
        .turned_away(Write, (10.0, 11.0))
        .served_anew(Write, 11.0, 0.012, NEW_WRITER)
        .served(Write, (11.05, 60.0), NEW_WRITER)
        .write()
}

#[test]
fn both_paths_are_compared() {
    let summary = both().analyze().summary;
    let lines = &summary.comparison.as_ref().unwrap().lines;
    let line = |metric| lines.iter().find(|line| line.metric == metric);
    let writes = line(Metric::ServiceWriterDowntime).unwrap();
    assert_eq!((writes.direct, writes.proxy), (Some(4.06e6), Some(1.06e6)));
    assert!((writes.change_percent.unwrap() - (1.06 - 4.06) / 4.06 * 100.0).abs() < 1e-9);
    assert!(line(Metric::ServiceReadDowntime).is_none());

    let failovers = &summary.failovers;
    let services = failovers
        .downtime
        .iter()
        .map(|of| of.service.unwrap().spread.median_us);
    assert_eq!(services.collect::<Vec<_>>(), [us(4.06), us(1.06)]);
    let shares = failovers
        .downtime
        .iter()
        .map(|of| of.own_share.unwrap().median_us);
    assert_eq!(shares.collect::<Vec<_>>(), [us(1.94), us(1.94)]);
    let paired = failovers.paired.as_ref().unwrap().service.unwrap();
    assert_eq!(
        (paired.spread.median_us, paired.proxy_shorter),
        (us(3.0), 1)
    );
}

#[test]
fn the_report_has_both_downtimes_in_both_languages() {
    let summary = both().analyze().summary;
    for (language, words) in [
        (
            Language::En,
            [
                "writes down 6.00 s (-4.00 s) for the application",
                "writes down 4.06 s (-0.11 s) for a fresh client",
                "own share 1.94 s (-2.06 to 2.05 s)",
                "service downtime of writes",
                "Service outages (a client that connects anew was not served)",
                "to fresh client",
            ],
        ),
        (
            Language::Zh,
            [
                "应用: 写入停机 6.00秒 (-4.00秒)",
                "新建连接: 写入停机 4.06秒 (-0.11秒)",
                "应用自身 1.94秒 (-2.06 至 2.05秒)",
                "服务写入停机时间",
                "服务停机明细 (新建连接得不到服务)",
                "至新连接可用",
            ],
        ),
    ] {
        let options = TextOptions {
            language,
            color: false,
            columns: None,
        };
        let report = render(&summary, &options);
        for words in words {
            assert!(report.contains(words), "{words}\n{report}");
        }
    }
}

#[test]
fn several_failovers_have_medians_of_both_and_of_the_own_share() {
    let refused = |made: HandMade, at: f64| {
        made.failed("update_login", at + 0.05, at + 0.1, Refused)
            .failed("update_login", at + 1.0, at + 1.05, Refused)
    };
    // Writes down for 2 and for 4 s, the service for 1.06 and for 2.06 s.
    let made = HandMade::new(100.0).trigger(9.9).trigger(59.9);
    let made = refused(made.steady("update_login", 0.1, 0.1, 100, 0.005), 10.0);
    let made = refused(made.steady("update_login", 12.0, 0.1, 481, 0.005), 60.0)
        .steady("update_login", 64.0, 0.1, 360, 0.005)
        .served(Write, (0.0, 10.0), OLD_WRITER)
        .turned_away(Write, (10.0, 11.0))
        .served_anew(Write, 11.0, 0.012, NEW_WRITER)
        .served(Write, (11.05, 60.0), NEW_WRITER)
        .turned_away(Write, (60.0, 62.0))
        .served_anew(Write, 62.0, 0.012, OLD_WRITER)
        .served(Write, (62.05, 100.0), OLD_WRITER);
    let summary = made.summary();
    let of = &summary.failovers.downtime[0];
    assert_eq!((of.n, of.median_us), (2, us(3.0)));
    let (service, share) = (of.service.unwrap(), of.own_share.unwrap());
    assert_eq!((service.spread.n, service.spread.median_us), (2, us(1.56)));
    assert_eq!(
        (service.spread.min_us, service.spread.max_us),
        (us(1.06), us(2.06))
    );
    assert!(service.spread.interval.is_some());
    assert_eq!((share.n, share.median_us), (2, us(1.44)));
    let report = render(&summary, &TextOptions::default());
    for (measured, median) in [
        ("application", "3.00 s"),
        ("service", "1.56 s"),
        ("own share", "1.44 s"),
    ] {
        let row = format!("writer  {measured:<11}  2  {median}");
        assert!(report.contains(&row), "{row}\n{report}");
    }
}

/// The names that other programs read.
#[test]
fn the_json_has_the_fields_by_their_names() {
    let made = failing_over(HandMade::new(60.0).trigger(9.9)).set(|manifest| {
        manifest.availability = Some(AvailabilitySettings {
            interval_us: 50_000,
            limit_us: 1_000_000,
            writes: true,
        });
    });
    let summary = made.summary();
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(
        json["recording"]["availability"],
        serde_json::json!({"interval_us": 50_000, "limit_us": 1_000_000, "writes": true})
    );
    let writer = |groups: &serde_json::Value| {
        let mut groups = groups.as_array().unwrap().iter();
        groups
            .find(|group| group["group"] == "writer")
            .unwrap()
            .clone()
    };
    let path = &json["paths"][0];
    let group = writer(&path["groups"]);
    let service = &group["service"];
    assert_eq!(service["downtime_us"], 4_060_000);
    for name in [
        "resolution_us",
        "paused_us",
        "at_least",
        "availability",
        "probes",
    ] {
        assert!(!service[name].is_null(), "{name}");
    }
    let outage = service["outages"][0].as_object().unwrap();
    for name in [
        "start",
        "end",
        "downtime_us",
        "resolution_us",
        "paused_us",
        "open_at_start",
        "open_at_end",
        "first_failure",
        "evidence",
        "errors",
    ] {
        assert!(outage.contains_key(name), "{name}");
    }
    let application_us = group["resolution_us"].as_i64().unwrap();
    let share = serde_json::json!({
        "us": 1_940_000, "least_us": 1_940_000 - application_us, "most_us": 2_050_000
    });
    assert_eq!(service["own_share"], share);
    let of_failover = writer(&path["failovers"][0]["groups"]);
    let of_failover = of_failover["service"].as_object().unwrap();
    for name in [
        "downtime_us",
        "resolution_us",
        "paused_us",
        "at_least",
        "at_most_us",
    ] {
        assert!(of_failover.contains_key(name), "{name}");
    }
    assert_eq!(of_failover["own_share"], share);
    let of_path = &json["failovers"]["downtime"][0];
    for figures in [&of_path["service"], &of_path["own_share"]] {
        let figures = figures.as_object().unwrap();
        for name in ["n", "median_us", "min_us", "max_us", "interval"] {
            assert!(figures.contains_key(name), "{name}");
        }
    }
    let report = render(&summary, &TextOptions::default());
    let settings = "a read and a write per path every 50 ms, each at most 1 s";
    assert!(report.contains(settings), "{report}");

    // Without probes nothing of them is there.
    let without = application(HandMade::new(60.0).trigger(9.9), 16.0).summary();
    let json = serde_json::to_string(&without).unwrap();
    for name in ["\"service\"", "own_share", "fresh_client_served"] {
        assert!(!json.contains(name), "{name}");
    }
    assert!(!render(&without, &TextOptions::default()).contains("service"));
}
