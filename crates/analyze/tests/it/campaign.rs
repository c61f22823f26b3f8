//! Several failovers in one recording, with answers known beforehand. Cites `docs/decomposition.md`, Several failovers.

use crate::support::{HandMade, START_US, us};
use analyze::summary::{Failover, Summary};
use analyze::text::{TextOptions, render};
use recording::vocabulary::ErrorClass::Refused;
use recording::vocabulary::EventKind::{
    self, CampaignStopped, HealTriggered, Mark, RoleChanged, Settled,
};
use recording::vocabulary::Path::{self, Direct, Proxy};

/// Writes every 100 ms, but for gaps (start, length), each with two failures.
fn writes(mut made: HandMade, path: Path, until: f64, gaps: &[(f64, f64)]) -> HandMade {
    made = made.on(path);
    let mut from = 0.1;
    for (start, length) in gaps {
        let count = ((start - from) * 10.0).round() as usize + 1;
        made = made
            .steady("update_login", from, 0.1, count, 0.005)
            .failed("update_login", start + 0.05, start + 0.1, Refused)
            .failed(
                "update_login",
                start + length - 0.3,
                start + length - 0.2,
                Refused,
            );
        from = start + length;
    }
    let count = ((until - from) * 10.0).round() as usize;
    made.steady("update_login", from, 0.1, count, 0.005)
}

/// Ten failovers, one a minute from 30 s on, each settled 40 s later: how long each path was down.
const DIRECT: [f64; 10] = [5.0, 6.0, 4.0, 7.0, 5.5, 6.5, 5.2, 9.0, 4.8, 6.1];
const PROXY: [f64; 10] = [2.0, 1.5, 2.5, 1.8, 6.0, 2.1, 1.9, 2.2, 1.7, 2.4];

fn gaps(lengths: &[f64]) -> Vec<(f64, f64)> {
    let begin = |index: usize| 30.0 + 60.0 * index as f64;
    (0..).map(begin).zip(lengths.iter().copied()).collect()
}

pub(crate) fn ten_failovers() -> HandMade {
    failovers(&DIRECT, &PROXY)
}

/// One failover a minute, each of these lengths on each path.
pub(crate) fn failovers(direct: &[f64], proxy: &[f64]) -> HandMade {
    let until = 30.0 + 60.0 * direct.len() as f64;
    let mut made = HandMade::new(until).set(|manifest| {
        manifest.failover = Some(recording::Failover {
            command: "lab failover --kind crash".to_owned(),
            after_us: 30_000_000,
            every_us: Some(60_000_000),
            count: Some(10),
            heal_command: Some("lab heal".to_owned()),
            settle_us: Some(30_000_000),
        });
    });
    made = writes(made, Direct, until, &gaps(direct));
    made = writes(made, Proxy, until, &gaps(proxy));
    for index in 0..direct.len() {
        let at = 29.95 + 60.0 * index as f64;
        made = made
            .trigger(at)
            .event(
                at + 0.5,
                None,
                EventKind::FailoverTriggerFinished,
                Some(0),
                "ended",
            )
            .told_of_all(at + 10.0, HealTriggered, "lab heal")
            .told_of_all(at + 40.0, Settled, "every path healthy for 30 s");
    }
    made.told_of_all(300.0, Mark, "restarted the application by hand")
}

fn pairs(summary: &Summary) -> Vec<(usize, Option<usize>, Option<usize>)> {
    let of = |failover: &Failover| {
        (
            failover.number,
            failover.direct_episode,
            failover.proxy_episode,
        )
    };
    summary.failovers.failovers.iter().map(of).collect()
}

#[test]
fn ten_failovers_are_ten_pairs_with_medians_and_intervals() {
    let summary = ten_failovers().summary();
    let expected: Vec<_> = (1..=10).map(|n| (n, Some(n), Some(n))).collect();
    assert_eq!(pairs(&summary), expected);
    let found = &summary.failovers;
    let trigger = found.failovers[9].trigger.unwrap().micros();
    assert_eq!(trigger, START_US + us(29.95 + 540.0));
    let [direct, proxy] = found.downtime.as_slice() else {
        panic!("two paths");
    };
    assert_eq!((direct.n, direct.open, direct.at_least), (10, 0, false));
    // Sorted: 4.0 4.8 5.0 5.2 5.5 | 6.0 6.1 6.5 7.0 9.0.
    assert_eq!(direct.median_us, us(5.75));
    assert_eq!((direct.min_us, direct.max_us), (us(4.0), us(9.0)));
    // Sorted: 1.5 1.7 1.8 1.9 2.0 | 2.1 2.2 2.4 2.5 6.0.
    assert_eq!(proxy.median_us, us(2.05));
    let interval = direct.interval.unwrap();
    assert!(us(4.8) <= interval.low_us && interval.low_us < us(5.75));
    assert!(us(5.75) < interval.high_us && interval.high_us <= us(7.0));
    let paired = found.paired.as_ref().unwrap();
    // 3.0 4.5 1.5 5.2 -0.5 4.4 3.3 6.8 3.1 3.7, sorted: -0.5 1.5 3.0 3.1 3.3 | 3.7 4.4 4.5 5.2 6.8.
    assert_eq!((paired.n, paired.unpaired), (10, 0));
    assert_eq!(paired.median_us, us(3.5));
    assert_eq!((paired.min_us, paired.max_us), (us(-0.5), us(6.8)));
    assert_eq!(paired.proxy_shorter, 9);
    assert!(paired.interval.unwrap().low_us > 0, "the proxy is shorter");
    // The same figures give the same interval.
    assert_eq!(ten_failovers().summary().failovers, summary.failovers);
}

#[test]
fn every_episode_has_its_trigger_and_parts_that_add_up() {
    let summary = ten_failovers().summary();
    for path in &summary.paths {
        let group = crate::support::group(path, analyze::summary::Group::Writer);
        assert_eq!(group.episodes.len(), 10);
        for (index, episode) in group.episodes.iter().enumerate() {
            let found = episode.decomposition.as_ref().unwrap();
            let trigger = found.trigger.unwrap().time.micros();
            assert_eq!(trigger, START_US + us(29.95 + 60.0 * index as f64));
            assert_eq!(found.trigger_to_last_success_us, Some(us(0.05)));
            assert_eq!(found.parts.total_us(), episode.downtime_us);
        }
        assert!(path.impacts.iter().all(|impact| impact.from_trigger));
    }
}

#[test]
fn a_failover_that_one_path_did_not_notice_counts_as_0_and_shifts_none() {
    let mut made = HandMade::new(330.0);
    made = writes(made, Direct, 330.0, &gaps(&DIRECT[..5]));
    let mut noticed = gaps(&PROXY[..5]);
    noticed.remove(1);
    made = writes(made, Proxy, 330.0, &noticed);
    for index in 0..5 {
        made = made.trigger(29.95 + 60.0 * f64::from(index));
    }
    let summary = made.summary();
    let some = Some;
    assert_eq!(
        pairs(&summary),
        [
            (1, some(1), some(1)),
            (2, some(2), None),
            (3, some(3), some(2)),
            (4, some(4), some(3)),
            (5, some(5), some(4)),
        ]
    );
    let paired = summary.failovers.paired.as_ref().unwrap();
    // 3.0, 6.0 - 0, 1.5, 5.2, -0.5: what the proxy hid counts as 0 s.
    assert_eq!((paired.n, paired.unpaired), (5, 0));
    assert_eq!(paired.median_us, us(3.0));
    assert_eq!(paired.proxy_shorter, 4);
    let proxy = &summary.failovers.downtime[1];
    assert_eq!((proxy.n, proxy.without_episode, proxy.min_us), (5, 1, 0));
    let report = render(&summary, &TextOptions::default());
    assert!(
        report.contains("proxy   writer  0.00 s (at most 0.10 s)"),
        "{report}"
    );
    assert!(report.contains("with 1 without an outage, counted as 0 s"));
}

#[test]
fn without_triggers_the_nearest_starts_are_one_failover() {
    let mut made = HandMade::new(300.0);
    made = writes(
        made,
        Direct,
        300.0,
        &[(30.0, 5.0), (100.0, 5.0), (200.0, 5.0)],
    );
    // 3 s after the first, 40 s after the second, 4 s before the third and 20 s after it.
    let proxied = [(33.0, 2.0), (140.0, 2.0), (196.0, 2.0), (220.0, 2.0)];
    made = writes(made, Proxy, 300.0, &proxied);
    // The probes saw another writer in each.
    let changes = [
        (Direct, [32.0, 102.0, 202.0].as_slice()),
        (Proxy, &[34.0, 141.0, 197.0, 221.0]),
    ];
    for (path, times) in changes {
        made = made.on(path);
        for (index, at) in times.iter().enumerate() {
            let detail = format!("{index} (writer) -> {} (writer)", index + 1);
            made = made.told(*at, RoleChanged, &detail);
        }
    }
    let summary = made.summary();
    assert_eq!(
        pairs(&summary),
        [
            (1, Some(1), Some(1)),
            (2, Some(2), None),
            (3, None, Some(2)),
            (4, Some(3), Some(3)),
            (5, None, Some(4)),
        ]
    );
    let triggers = |failover: &Failover| failover.trigger.is_none();
    assert!(summary.failovers.failovers.iter().all(triggers));
    let paired = summary.failovers.paired.as_ref().unwrap();
    assert_eq!((paired.n, paired.unpaired), (2, 3));
}

#[test]
fn one_failover_has_no_interval_and_none_no_figure() {
    let mut made = HandMade::new(100.0).trigger(29.95);
    made = writes(made, Direct, 100.0, &[(30.0, 5.0)]);
    made = writes(made, Proxy, 100.0, &[(30.0, 2.0)]);
    let summary = made.summary();
    let paired = summary.failovers.paired.as_ref().unwrap();
    assert_eq!((paired.n, paired.median_us), (1, us(3.0)));
    assert_eq!(paired.interval, None);
    assert!(
        summary
            .failovers
            .downtime
            .iter()
            .all(|downtime| downtime.n == 1 && downtime.interval.is_none())
    );
    let report = render(&summary, &TextOptions::default());
    assert!(report.contains("n = 1: one failover is an anecdote"));
    assert!(!report.contains("Downtime over several failovers"));

    let mut made = HandMade::new(100.0);
    made = writes(made, Direct, 100.0, &[]);
    made = writes(made, Proxy, 100.0, &[]);
    let summary = made.summary();
    assert_eq!(summary.failovers, analyze::summary::Failovers::default());
    let report = render(&summary, &TextOptions::default());
    assert!(report.contains("No failover seen on either path."));
    assert!(!report.contains("Failovers\n"));
}

#[test]
fn an_outage_that_did_not_end_is_left_out_and_said_to_be() {
    let mut made = HandMade::new(100.0).trigger(29.95).trigger(59.95);
    made = writes(made, Direct, 100.0, &[(30.0, 5.0), (60.0, 7.0)]);
    made = writes(made, Proxy, 80.0, &[(30.0, 2.0)])
        .failed("update_login", 80.0, 80.1, Refused)
        .failed("update_login", 95.0, 95.1, Refused);
    let summary = made.summary();
    let proxy = &summary.failovers.downtime[1];
    assert_eq!((proxy.n, proxy.open, proxy.median_us), (1, 1, us(2.0)));
    let paired = summary.failovers.paired.as_ref().unwrap();
    // The second is of both paths, and open on one.
    assert_eq!((paired.n, paired.unpaired), (1, 1));
    let report = render(&summary, &TextOptions::default());
    assert!(report.contains("without 1 of which only a bound is known: open at"));
    assert!(report.contains("n = 1 pair: no interval is given."));
}

#[test]
fn a_campaign_reads_well() {
    let summary = ten_failovers()
        .told_of_all(620.0, CampaignStopped, "direct was not healthy for 300 s")
        .summary();
    let report = render(&summary, &TextOptions::default());
    let section = |heading: &str| {
        let mut sections = report.split("\n\n");
        let found = sections.find(|section| section.starts_with(heading));
        found
            .unwrap_or_else(|| panic!("no {heading} in\n{report}"))
            .to_owned()
    };
    insta::assert_snapshot!(section("Failovers"));
    insta::assert_snapshot!(section("Downtime over several failovers"));
    insta::assert_snapshot!(section("Events"));
    insta::assert_snapshot!(section("Verdict"));
    insta::assert_snapshot!(section("Test configuration"));
    let lines = report.lines().count();
    assert!(lines < 330, "{lines} lines");
}

/// For the eye: `KEEP_CHARTS=folder cargo test -p analyze --test it campaign`.
#[test]
fn the_charts_of_ten_failovers_are_drawn() {
    let analysis = ten_failovers().write().analyze();
    assert_eq!(analysis.series.marks.len(), 1);
    let kept = std::env::var_os("KEEP_CHARTS").map(std::path::PathBuf::from);
    let temporary = tempfile::tempdir().unwrap();
    let folder = kept.unwrap_or_else(|| temporary.path().to_path_buf());
    let options = analyze::charts::ChartOptions::default();
    let files =
        analyze::charts::draw_all(&analysis.summary, &analysis.series, &folder, &options).unwrap();
    // The mark is a line from top to bottom of each panel, and nothing else is.
    let image = image::open(&files[0]).unwrap().to_rgb8();
    let grey_at = |seconds: f64| {
        let column = ((84.0 + seconds / 630.0 * (1172.0 - 84.0)) * 2.0) as u32;
        let rows = 0..image.height();
        rows.filter(|row| image.get_pixel(column, *row).0 == [0x5c, 0x64, 0x6e])
            .count()
    };
    assert!(grey_at(300.0) > 1_000, "{}", grey_at(300.0));
    assert!(grey_at(310.0) < 100, "{}", grey_at(310.0));
}

#[test]
fn what_was_not_seen_and_what_did_not_end_is_said_in_both_languages() {
    use crate::support::around::{NEW_WRITER, OLD_WRITER};
    // Two outages with 0.4 s of health between, then one that does not end.
    let made = HandMade::new(60.0)
        .trigger(9.9)
        .connect(0.05, 2, Some(OLD_WRITER))
        .steady("update_login", 0.1, 0.1, 100, 0.005)
        .failed("update_login", 10.1, 10.3, Refused)
        .failed("update_login", 11.0, 11.1, Refused)
        .steady("update_login", 12.0, 0.1, 5, 0.005)
        .failed("update_login", 12.5, 12.6, Refused)
        .failed("update_login", 13.0, 13.1, Refused)
        .connect(13.31, 3, None)
        .connect(14.1, 3, Some(NEW_WRITER))
        .steady("update_login", 14.4, 0.1, 300, 0.005)
        .failed("update_login", 44.4, 44.5, Refused)
        .failed("update_login", 50.0, 50.1, Refused)
        .told_of_all(30.0, Settled, "every path healthy for 15 s")
        .told(43.0, RoleChanged, "10.0.0.3 (writer) -> 10.0.0.4 (writer)");
    let summary = made.summary();
    let first_section = |report: &str, heading: &str| {
        let mut sections = report.split("\n\n");
        let found = sections.find(|section| section.starts_with(heading));
        found
            .unwrap_or_else(|| panic!("no {heading} in\n{report}"))
            .to_owned()
    };
    let english = render(&summary, &TextOptions::default());
    insta::assert_snapshot!("not-seen-english", first_section(&english, "Failovers"));
    let chinese = TextOptions {
        language: analyze::text::Language::Zh,
        color: false,
        columns: None,
    };
    let chinese = render(&summary, &chinese);
    insta::assert_snapshot!("not-seen-chinese", first_section(&chinese, "故障转移明细"));
}
