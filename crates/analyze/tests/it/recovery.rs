//! The sections "Recovery", "Rates and times" and "Several failovers" of `docs/definitions.md`.

use crate::support::{HandMade, START_US, group, us};
use analyze::summary::{Group, Incidents, Metric};
use recording::vocabulary::ErrorClass::{ConnectionLost, Refused};
use recording::vocabulary::EventKind::RoleChanged;
use recording::vocabulary::Path;

/// Of a recording without failovers.
fn others(incidents: Incidents) -> usize {
    assert_eq!(incidents.failovers, 0);
    incidents.other_outages
}

/// Ten reads a second of 5 ms, down from 40 s to 45 s, then `after` reads a second until `full`, then ten again.
fn recovering(after: f64, full: f64) -> HandMade {
    let slow = ((full - 45.0) * after).round() as usize;
    HandMade::new(120.0)
        .steady("user_list", 0.1, 0.1, 400, 0.005)
        .failed("user_list", 40.1, 40.2, ConnectionLost)
        .failed("user_list", 44.8, 44.9, Refused)
        .steady("user_list", 45.0, 1.0 / after, slow, 0.005)
        .steady(
            "user_list",
            full,
            0.1,
            ((120.0 - full) * 10.0) as usize,
            0.005,
        )
}

#[test]
fn time_to_full_throughput_is_counted_from_the_episodes_start() {
    let path = recovering(2.0, 60.0).direct();
    let episode = &group(&path, Group::Read).episodes[0];
    assert_eq!(episode.span.start.micros(), START_US + us(40.0));
    assert!((episode.baseline_tps.unwrap() - 10.0).abs() < 0.05);
    assert_eq!(episode.baseline_p99_us, Some(5_000));
    // 10/s x 5 s hold 50 successes: windows of 5 s. The first with 45 in it starts at 60 s less what may be missing:
    // at 59 s there are 2 + 40 = 42, at 60 s there are 50. From 40 s that is 20 s.
    assert_eq!(episode.time_to_full_throughput_us, Some(20_000_000));
}

/// What was recorded long after an outage is read when it is asked for.
#[test]
fn full_throughput_may_come_minutes_later_or_never() {
    let path = |full: f64| {
        let slow = ((full - 45.0) * 2.0).round() as usize;
        HandMade::new(400.0)
            .steady("user_list", 0.1, 0.1, 400, 0.005)
            .failed("user_list", 40.1, 40.2, ConnectionLost)
            .failed("user_list", 44.8, 44.9, Refused)
            .steady("user_list", 45.0, 0.5, slow, 0.005)
            .sealed()
            .steady(
                "user_list",
                full,
                0.1,
                ((400.0 - full) * 10.0) as usize,
                0.005,
            )
            .direct()
    };
    let after_us =
        |full: f64| group(&path(full), Group::Read).episodes[0].time_to_full_throughput_us;
    assert_eq!(after_us(350.0), Some(310_000_000));
    assert_eq!(after_us(399.0), None);
}

/// A window that was nearly all pause is not full because of the one success in it: its length is taken without pauses.
#[test]
fn a_pause_in_a_window_makes_no_throughput() {
    let path = HandMade::new(120.0)
        .steady("user_list", 0.1, 0.1, 400, 0.005)
        .failed("user_list", 40.1, 40.2, ConnectionLost)
        .failed("user_list", 44.8, 44.9, Refused)
        .steady("user_list", 45.0, 0.4, 3, 0.005)
        .paused(45.9, 50.95)
        .steady("user_list", 50.97, 0.5, 18, 0.005)
        .steady("user_list", 60.0, 0.1, 600, 0.005)
        .direct();
    let episode = &group(&path, Group::Read).episodes[0];
    assert_eq!(episode.time_to_full_throughput_us, Some(20_000_000));
}

#[test]
fn recovery_at_once_takes_as_long_as_the_outage() {
    let path = recovering(10.0, 45.0).direct();
    let episode = &group(&path, Group::Read).episodes[0];
    assert_eq!(episode.time_to_full_throughput_us, Some(5_000_000));
    assert_eq!(episode.time_to_normal_latency_us, Some(5_000_000));
}

#[test]
fn normal_latency_is_twice_the_baselines_p99() {
    let path = HandMade::new(120.0)
        .steady("user_list", 0.1, 0.1, 400, 0.005)
        .failed("user_list", 40.1, 40.2, ConnectionLost)
        .failed("user_list", 44.8, 44.9, Refused)
        .steady("user_list", 45.0, 0.1, 100, 0.011)
        .steady("user_list", 55.0, 0.1, 650, 0.010)
        .direct();
    let episode = &group(&path, Group::Read).episodes[0];
    assert_eq!(episode.time_to_full_throughput_us, Some(5_000_000));
    assert_eq!(episode.time_to_normal_latency_us, Some(15_000_000));
}

#[test]
fn a_window_must_hold_fifty_successes_of_the_baseline() {
    // One read a second: even 30 s hold only 30.
    let path = HandMade::new(120.0)
        .steady("user_list", 1.0, 1.0, 40, 0.005)
        .failed("user_list", 41.0, 41.2, ConnectionLost)
        .failed("user_list", 49.0, 49.2, Refused)
        .steady("user_list", 50.0, 1.0, 70, 0.005)
        .direct();
    let episode = &group(&path, Group::Read).episodes[0];
    assert!(episode.baseline_tps.is_some());
    assert_eq!(
        episode.baseline_p99_us, None,
        "30 successes are too few for a p99"
    );
    assert_eq!(episode.time_to_full_throughput_us, None);
    assert_eq!(episode.time_to_normal_latency_us, None);
}

#[test]
fn less_than_five_seconds_are_no_baseline() {
    let with = |before: usize| {
        let down = before as f64 / 10.0;
        HandMade::new(60.0)
            .steady("user_list", 0.1, 0.1, before, 0.005)
            .failed("user_list", down + 0.1, down + 0.2, ConnectionLost)
            .failed("user_list", down + 0.3, down + 0.4, Refused)
            .steady("user_list", down + 2.0, 0.1, 400, 0.005)
            .direct()
    };
    assert_eq!(group(&with(49), Group::Read).episodes[0].baseline_tps, None);
    assert!(
        group(&with(50), Group::Read).episodes[0]
            .baseline_tps
            .is_some()
    );
}

#[test]
fn other_episodes_are_left_out_of_the_baseline() {
    // Down from 20 to 30 s and from 35 to 40 s: the 30 s before the second hold 15 s of health.
    let path = HandMade::new(80.0)
        .steady("user_list", 0.1, 0.1, 200, 0.005)
        .failed("user_list", 20.2, 20.3, Refused)
        .failed("user_list", 29.7, 29.8, Refused)
        .steady("user_list", 30.0, 0.1, 51, 0.005)
        .failed("user_list", 35.2, 35.3, Refused)
        .failed("user_list", 39.7, 39.8, Refused)
        .steady("user_list", 40.0, 0.1, 400, 0.005)
        .direct();
    let episodes = &group(&path, Group::Read).episodes;
    assert_eq!(episodes.len(), 2);
    assert!((episodes[1].baseline_tps.unwrap() - 10.0).abs() < 0.1);
    // Health lasted 5 s before the second: the first has one window to recover in, which the second does not touch.
    assert_eq!(episodes[0].time_to_full_throughput_us, Some(10_000_000));
}

#[test]
fn the_impact_window_runs_from_the_trigger_to_full_throughput() {
    let path = recovering(2.0, 60.0)
        .steady("place_order", 1.0, 1.0, 40, 0.005)
        .unknown("place_order", 40.3, 40.4, ConnectionLost)
        .failed("place_order", 44.0, 44.1, Refused)
        .steady("place_order", 46.0, 1.0, 74, 0.005)
        .trigger(39.5)
        .direct();
    let headline = path.headline.clone().unwrap();
    assert_eq!(headline.group, Group::Writer);
    assert_eq!(headline.downtime_us, Some(6_000_000));
    let impact = &path.impacts[0];
    assert!(impact.from_trigger);
    assert_eq!(impact.window.start.micros(), START_US + us(39.5));
    // One transaction a second is too few for a window: it ends with the episode.
    assert!(!impact.to_full_throughput);
    assert_eq!(impact.window.end.micros(), START_US + us(46.0));
    let of = |name: &str| {
        &impact
            .types
            .iter()
            .find(|rates| rates.name == name)
            .unwrap()
            .rates
    };
    // Ended in (39.5, 46.0]: the transactions at 40.0 and 46.0, one unknown, one failed.
    let transactions = of("transaction");
    assert_eq!((transactions.total, transactions.successes), (4, 2));
    assert_eq!((transactions.failed, transactions.unknown), (1, 1));
    assert_eq!(transactions.success_rate, Some(0.5));
    // Reads: 39.6 to 40.0 are five, 45.0, 45.5, 46.0 are three, and two failed.
    assert_eq!((of("read").total, of("read").failed), (10, 2));
}

#[test]
fn without_a_trigger_the_impact_window_begins_with_the_episode() {
    let path = recovering(10.0, 45.0)
        .told(42.0, RoleChanged, "10.0.0.2 (writer) -> 10.0.0.3 (writer)")
        .direct();
    let impact = &path.impacts[0];
    assert!(!impact.from_trigger && impact.to_full_throughput);
    assert_eq!(impact.window.start.micros(), START_US + us(40.0));
    assert_eq!(impact.window.end.micros(), START_US + us(45.0));
}

#[test]
fn rates_and_response_times() {
    let path = HandMade::new(100.0)
        .ok("user_list", 1.0, 1.001)
        .ok("user_list", 2.0, 2.002)
        .ok("update_login", 3.0, 3.003)
        .failed("update_login", 4.0, 4.010, Refused)
        .unfinished("place_order", 99.99)
        .direct();
    let all = &path.overall;
    assert_eq!(
        (all.total, all.finished, all.successes, all.failed),
        (5, 4, 3, 1)
    );
    assert_eq!(all.success_rate, Some(0.75));
    assert_eq!(all.tps, Some(0.03));
    assert_eq!(all.response.mean_us, Some(2_000.0));
    assert_eq!(
        (all.response.min_us, all.response.max_us),
        (Some(1_000), Some(3_000))
    );
    assert_eq!(
        (all.response.p50_us, all.response.p90_us),
        (Some(2_000), None)
    );
    assert_eq!(all.response_finished.max_us, Some(10_000));
    assert_eq!(all.response_finished.samples, 4);
    let transactions = path
        .types
        .iter()
        .find(|rates| rates.name == "transaction")
        .unwrap();
    assert_eq!(
        transactions.rates.success_rate, None,
        "nothing finished: no rate, not 0 %"
    );
}

#[test]
fn steady_tps_leaves_every_episode_out() {
    let path = recovering(10.0, 45.0).direct();
    // 400 + 750 successes in 120 s; the closing one of the outage belongs to it; 115 s are steady.
    assert_eq!(path.overall.tps, Some(1150.0 / 120.0));
    assert_eq!(path.overall.steady_tps, Some(1149.0 / 115.0));
}

#[test]
fn comparison_is_proxy_in_per_cent_of_direct() {
    let summary = HandMade::new(60.0)
        .on(Path::Direct)
        .steady("user_list", 0.1, 0.1, 200, 0.004)
        .failed("user_list", 20.1, 20.2, Refused)
        .failed("user_list", 29.8, 29.9, Refused)
        .steady("user_list", 30.0, 0.1, 300, 0.004)
        .on(Path::Proxy)
        .steady("user_list", 0.1, 0.1, 200, 0.005)
        .failed("user_list", 20.1, 20.2, Refused)
        .failed("user_list", 21.8, 21.9, Refused)
        .steady("user_list", 22.5, 0.1, 375, 0.005)
        .summary();
    let comparison = summary.comparison.unwrap();
    assert_eq!(
        (
            others(comparison.direct_incidents),
            others(comparison.proxy_incidents)
        ),
        (1, 1)
    );
    let line = |metric| {
        comparison
            .lines
            .iter()
            .find(|line| line.metric == metric)
            .unwrap()
    };
    assert_eq!(line(Metric::Downtime).direct, Some(10_000_000.0));
    assert_eq!(line(Metric::Downtime).change_percent, Some(-75.0));
    assert_eq!(line(Metric::MeanResponse).change_percent, Some(25.0));
    let rate = line(Metric::SuccessRate);
    let (direct, proxy) = (500.0 / 502.0, 575.0 / 577.0);
    assert!((rate.change_points.unwrap() - (proxy - direct) * 100.0).abs() < 1e-9);
    assert!((rate.change_percent.unwrap() - (proxy / direct - 1.0) * 100.0).abs() < 1e-9);
    assert_eq!(line(Metric::TransactionSuccessRate).change_percent, None);
}

/// Direct's worse group is its writes, the proxy's its reads: the headline is of both, and compares nothing.
#[test]
fn reads_are_compared_with_reads_and_writes_with_writes() {
    let both = |made: HandMade, path, reads: f64, writes: f64| {
        let mut made = made
            .on(path)
            .steady("user_list", 0.1, 0.1, 200, 0.004)
            .steady("update_login", 0.15, 0.1, 199, 0.004);
        for (name, until) in [("user_list", reads), ("update_login", writes)] {
            let after = ((59.9 - until) / 0.1) as usize;
            made = made
                .failed(name, 20.1, 20.2, Refused)
                .failed(name, until - 0.2, until - 0.1, Refused)
                .steady(name, until, 0.1, after, 0.004);
        }
        made
    };
    let made = both(HandMade::new(60.0), Path::Direct, 22.0, 30.0);
    let summary = both(made, Path::Proxy, 25.0, 23.0).summary();
    let groups: Vec<_> = summary
        .paths
        .iter()
        .map(|path| path.headline.as_ref().unwrap().group)
        .collect();
    assert_eq!(groups, [Group::Writer, Group::Read]);
    let comparison = summary.comparison.unwrap();
    let change = |metric| {
        let mut lines = comparison.lines.iter();
        lines
            .find(|line| line.metric == metric)
            .unwrap()
            .change_percent
    };
    assert_eq!(change(Metric::Downtime), None);
    // 2.0 s became 5.0 s, and about 10 s became 3.
    let [reads, writes] =
        [Metric::ReadDowntime, Metric::WriterDowntime].map(|metric| change(metric).unwrap());
    assert!((reads - 150.0).abs() < 1.0, "{reads}");
    assert!((writes + 69.7).abs() < 1.0, "{writes}");
}

#[test]
fn a_bound_is_not_compared() {
    let summary = HandMade::new(60.0)
        .steady("user_list", 0.1, 0.1, 200, 0.004)
        .failed("user_list", 20.1, 20.2, Refused)
        .failed("user_list", 29.8, 29.9, Refused)
        .on(Path::Proxy)
        .steady("user_list", 0.1, 0.1, 599, 0.005)
        .summary();
    let comparison = summary.comparison.unwrap();
    let downtime = comparison
        .lines
        .iter()
        .find(|line| line.metric == Metric::Downtime)
        .unwrap();
    assert!(downtime.direct_at_least && downtime.change_percent.is_none());
    assert_eq!(
        (
            others(comparison.direct_incidents),
            others(comparison.proxy_incidents)
        ),
        (1, 0)
    );
}

#[test]
fn pgbench_before_during_and_after() {
    let mut made = recovering(10.0, 45.0);
    for second in 1..=120 {
        let at = f64::from(second);
        if at <= 40.0 {
            made = made.load(at, 500.0, 20_000);
        } else if at > 46.0 {
            made = made.load(at, 400.0, 25_000);
        }
    }
    let load = made.direct().load.unwrap();
    assert_eq!(load.before.tps, Some(500.0));
    assert_eq!(load.before.latency_us, Some(20_000.0));
    assert_eq!(load.during.as_ref().unwrap().tps, Some(0.0));
    assert_eq!(load.during.unwrap().latency_us, None);
    let after = load.after.unwrap();
    assert_eq!(after.lines, 74);
    assert!((after.tps.unwrap() - 74.0 * 400.0 / 75.0).abs() < 1e-9);
}
