//! `analyze compare`: a known difference is found, none between two sets of the same, nothing is tested of few runs.

use super::*;
use crate::support::fits::assert_fits;
use analyze::campaign::Campaign;
use analyze::compare::{Compared, ComparedLine, FamilyKind, Verdict};
use analyze::figures::{Significance, Test};
use analyze::summary::{Summary, Thresholds};
use analyze::text::{self, Language};
use analyze::zone::Zone;
use recording::Manifest;

/// Downtimes of writes on the direct path: name caches kept for 6 s, and two sets of 20 s. Through the proxy they are alike.
const SHORT: [f64; 5] = [6.1, 6.8, 5.9, 7.2, 6.4];
const LONG: [f64; 5] = [20.3, 19.8, 21.1, 20.7, 19.9];
const ALSO_LONG: [f64; 5] = [20.1, 20.9, 19.7, 21.0, 20.4];
const PROXIED: [f64; 5] = [1.9, 2.3, 2.0, 2.6, 1.8];
const ALSO_PROXIED: [f64; 5] = [2.1, 1.7, 2.4, 2.2, 2.5];

fn set(first: usize, direct: &[f64], proxy: &[f64], label: fn(&mut Manifest)) -> Vec<HandMade> {
    let runs = direct.iter().zip(proxy).enumerate();
    runs.map(|(index, (direct, proxy))| run(first + index, *direct, *proxy).set(label))
        .collect()
}

fn short(manifest: &mut Manifest) {
    manifest
        .labels
        .insert("dns-after".to_owned(), "6s".to_owned());
}

fn long(manifest: &mut Manifest) {
    manifest
        .labels
        .insert("dns-after".to_owned(), "20s".to_owned());
    manifest.timeouts.connect_us = 2_500_000;
}

fn compared(base: Vec<HandMade>, new: Vec<HandMade>) -> Compared {
    let summaries =
        |runs: Vec<HandMade>| -> Vec<Summary> { runs.into_iter().map(HandMade::summary).collect() };
    Compared::new(&summaries(base), &summaries(new), Thresholds::default())
}

fn line<'c>(compared: &'c Compared, name: &str) -> (FamilyKind, &'c ComparedLine) {
    let mut families = compared.families.iter();
    let found = families.find_map(|family| {
        let line = family.lines.iter().find(|line| line.line.name == name)?;
        Some((family.kind, line))
    });
    found.unwrap_or_else(|| panic!("no {name}"))
}

fn verdicts(compared: &Compared) -> Vec<&str> {
    let lines = compared.families.iter().flat_map(|family| &family.lines);
    lines
        .filter(|line| line.verdict.is_some())
        .map(|line| line.line.name.as_str())
        .collect()
}

#[test]
fn a_known_difference_is_found() {
    let compared = compared(
        set(0, &SHORT, &PROXIED, short),
        set(10, &LONG, &ALSO_PROXIED, long),
    );
    let (family, downtime) = line(&compared, "direct.writer.downtime");
    assert_eq!(
        (family, downtime.verdict),
        (FamilyKind::Downtime, Some(Verdict::Worse))
    );
    let (a, b) = (downtime.line.a, downtime.line.b.unwrap());
    assert_eq!((a.runs, a.value.unwrap().value), (5, us(6.4) as f64));
    assert_eq!((a.min, a.max), (Some(us(5.9) as f64), Some(us(7.2) as f64)));
    assert_eq!((b.runs, b.value.unwrap().value), (5, us(20.3) as f64));
    assert!((downtime.change_percent.unwrap() - 217.1875).abs() < 1e-9);
    let Some(Significance::Tested {
        test,
        p,
        adjusted_p,
    }) = downtime.line.significance
    else {
        panic!("tested");
    };
    assert_eq!(test, Test::MannWhitney);
    // As different as 5 and 5 can be; two lines of the table are tested, as reads were never down.
    assert!((p - 2.0 / 252.0).abs() < 1e-12 && (adjusted_p - 4.0 / 252.0).abs() < 1e-12);
    let (family, rate) = line(&compared, "direct.success_rate");
    assert_eq!(
        (family, rate.verdict),
        (FamilyKind::Key, Some(Verdict::Worse))
    );
    let Some(Significance::Tested { test, p, .. }) = rate.line.significance else {
        panic!("tested");
    };
    assert_eq!(test, Test::TwoProportions);
    assert!((2.0 / 252.0..0.05).contains(&p), "{p}");
    assert!(rate.change_points.is_some_and(|points| points < 0.0));
    // The proxy hid it.
    assert_eq!(line(&compared, "proxy.writer.downtime").1.verdict, None);
    assert!(
        verdicts(&compared)
            .iter()
            .all(|name| name.starts_with("direct."))
    );
    let settings: Vec<&str> = compared
        .settings
        .iter()
        .map(|setting| setting.name.as_str())
        .collect();
    assert_eq!(settings, ["labels.dns-after", "timeouts.connect_us"]);
}

#[test]
fn a_comparison_and_a_campaign_fit_a_terminal() {
    let (base, new) = (
        set(0, &SHORT, &PROXIED, short),
        set(10, &LONG, &ALSO_PROXIED, long),
    );
    let summaries = |runs: Vec<HandMade>| runs.into_iter().map(HandMade::summary).collect();
    let (base, new): (Vec<Summary>, Vec<Summary>) = (summaries(base), summaries(new));
    let thresholds = Thresholds::default();
    let compared = Compared::new(&base, &new, thresholds);
    let campaign = Campaign::new(&[base, new].concat(), thresholds);
    for columns in [80, 100] {
        let (language, zone) = (Language::En, Zone::default());
        let of_both = text::many::compare::document(&compared, true, language, zone);
        assert_fits("compare", &of_both, columns);
        let of_all = text::many::campaign::document(&campaign, language, zone);
        assert_fits("campaign", &of_all, columns);
    }
}

/// Labels and a limit differ; seeds and ports that were free do not count.
#[test]
fn the_settings_in_which_recordings_of_one_report_differ_are_named() {
    let different = |first: usize, set_up: fn(&mut Manifest)| {
        let made = set(first, &SHORT[..2], &PROXIED[..2], set_up);
        made.into_iter().map(HandMade::summary)
    };
    let own_seed_and_port = |manifest: &mut Manifest| {
        long(manifest);
        manifest.seed += 77;
        for endpoint in &mut manifest.endpoints {
            endpoint.port += 1;
        }
    };
    let thresholds = Thresholds::default();
    let report = |summaries: &[Summary]| {
        let campaign = Campaign::new(summaries, thresholds);
        text::many::campaign::document(&campaign, Language::En, Zone::default()).text(false)
    };
    let all: Vec<Summary> = different(0, short)
        .chain(different(10, own_seed_and_port))
        .collect();
    let said = "Settings differ between the recordings: labels.dns-after (20s, 6s), timeouts.connect (2.5 s, 5 s).";
    assert!(report(&all).contains(said), "{}", report(&all));
    let alike: Vec<Summary> = different(0, long)
        .chain(different(10, own_seed_and_port))
        .collect();
    assert!(!report(&alike).contains("Settings differ"));
    let compared = Compared::new(&alike[..2], &alike[2..], thresholds);
    assert_eq!(compared.settings, []);
}

#[test]
fn two_sets_of_the_same_do_not_differ() {
    let compared = compared(
        set(0, &LONG, &PROXIED, long),
        set(10, &ALSO_LONG, &ALSO_PROXIED, long),
    );
    assert_eq!(verdicts(&compared), Vec::<&str>::new());
    assert!(compared.settings.is_empty());
    let tested: usize = compared
        .families
        .iter()
        .map(analyze::compare::Family::tested)
        .sum();
    assert!(tested > 20, "{tested} lines were tested");
}

#[test]
fn of_fewer_than_five_runs_a_side_nothing_is_tested() {
    let compared = compared(
        set(0, &SHORT[..4], &PROXIED[..4], short),
        set(10, &LONG, &ALSO_PROXIED, long),
    );
    assert!(compared.is_too_small());
    assert_eq!(verdicts(&compared), Vec::<&str>::new());
    let (_, downtime) = line(&compared, "direct.writer.downtime");
    assert_eq!(downtime.line.significance, Some(Significance::TooFewRuns));
    assert!(
        downtime.change_percent.unwrap() > 200.0,
        "the change is given"
    );
    let tested: usize = compared
        .families
        .iter()
        .map(analyze::compare::Family::tested)
        .sum();
    assert_eq!(tested, 0);
}

#[test]
fn hosts_of_one_run_are_one_value_the_worst() {
    let fleet = |first: usize, down: [f64; 2]| {
        let of_host = |(index, down): (usize, f64)| {
            let number = first * 10 + index;
            let made = run(number, down, 1.0);
            let run_id = format!("fleet-{number}").leak();
            let ahead = us(600.0) * first as i64;
            made.on_host(["app-1", "app-2"][index], run_id, ahead)
                .measured(Direct, -1.0, 0, 80)
        };
        down.into_iter()
            .enumerate()
            .map(of_host)
            .collect::<Vec<_>>()
    };
    let compared = compared(fleet(1, [5.0, 6.0]), fleet(2, [7.0, 6.5]));
    assert_eq!((compared.base.len(), compared.new.len()), (1, 1));
    let (_, downtime) = line(&compared, "direct.writer.downtime");
    assert_eq!(
        (downtime.line.a.runs, downtime.line.a.value.unwrap().value),
        (1, us(6.0) as f64)
    );
    assert_eq!(
        downtime.line.b.unwrap().value.unwrap().value,
        us(7.0) as f64
    );
}

#[test]
fn a_bound_is_not_tested_and_sums_over_other_numbers_of_failovers_are_not_compared() {
    // One run of five did not see the end of its outage.
    let mut open = set(10, &LONG, &ALSO_PROXIED, long);
    open[4] = writes(
        reads(HandMade::new(90.0).trigger(29.95), Direct),
        Proxy,
        2.0,
    )
    .on(Direct)
    .steady("update_login", 0.1, 0.1, 300, 0.005)
    .failed("update_login", 30.05, 30.1, Refused)
    .failed("update_login", 80.0, 80.1, Refused)
    .on_host("bastion-1", "20261122T204300Z-open", us(60_000.0))
    .set(long);
    let with_bound = compared(set(0, &SHORT, &PROXIED, short), open);
    let (_, downtime) = line(&with_bound, "direct.writer.downtime");
    assert_eq!(downtime.line.significance, Some(Significance::Bounds));
    assert_eq!(downtime.verdict, None);
    // Two failovers in one of the new runs.
    let mut twice = set(10, &LONG, &ALSO_PROXIED, long);
    twice[0] = run(10, 20.0, 2.0).trigger(80.0).set(long);
    let twice = compared(set(0, &SHORT, &PROXIED, short), twice);
    assert!(twice.failovers_differ);
    let (family, sum) = line(&twice, "direct.writer.downtime");
    assert_eq!(
        (family, sum.line.significance),
        (FamilyKind::Other, Some(Significance::OtherFailovers))
    );
    assert_eq!(sum.change_percent, None);
    let (family, _) = line(&twice, "direct.writer.downtime_median");
    assert_eq!(family, FamilyKind::Downtime);
}

#[test]
fn the_tables() {
    let root = tempfile::tempdir().unwrap();
    write_all(&root.path().join("before"), set(0, &SHORT, &PROXIED, short));
    write_all(
        &root.path().join("after"),
        set(10, &LONG, &ALSO_PROXIED, long),
    );
    let text = printed(&["compare", "before", "--with", "after"], root.path());
    insta::assert_snapshot!(text, @r"
    Two sets of runs
    ================================

    Verdict
      direct.writer.downtime  6.40 s (5.90 to 7.20)  20.30 s (19.80 to 21.10)  +217.2 %  worse
      No other downtime differs significantly.

    Differing configuration
      setting           base (5 runs)  new (5 runs)
      labels.dns-after  6s             20s
      timeouts.connect  5 s            2.5 s

    Downtime of the application
      figure                          base (5 runs)              new (5 runs)    change  verdict      p  adjusted p  test
      direct.read.downtime                   0.00 s                    0.00 s         -               -           -
      direct.writer.downtime  6.40 s (5.90 to 7.20)  20.30 s (19.80 to 21.10)  +217.2 %  worse    0.008       0.016  Mann-Whitney
      proxy.read.downtime                    0.00 s                    0.00 s         -               -           -
      proxy.writer.downtime   2.00 s (1.80 to 2.60)     2.20 s (1.70 to 2.50)   +10.0 %           0.841       0.841  Mann-Whitney
      Lines tested: 2. With p < 0.05: 1; chance alone would give 0.1. Different after the adjustment for that: 1.

    Other key figures
      figure                                               base (5 runs)                 new (5 runs)     change  verdict      p  adjusted p  test
      direct.read.time_to_full_throughput                        0.00 ms                      0.00 ms          -               -           -
      proxy.read.time_to_full_throughput                         0.00 ms                      0.00 ms          -               -           -
      direct.writer.time_to_full_throughput        6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)   +217.2 %  worse    0.008       0.016  Mann-Whitney
      proxy.writer.time_to_full_throughput         2.00 s (1.80 to 2.60)        2.20 s (1.70 to 2.50)    +10.0 %           0.841       0.888  Mann-Whitney
      direct.success_rate                    98.922 % (98.839 to 99.002)  96.546 % (96.359 to 96.641)    -2.4 pp  worse    0.008       0.016  two proportions
      proxy.success_rate                     99.625 % (99.549 to 99.700)  99.625 % (99.549 to 99.701)  -0.001 pp           0.888       0.888  two proportions
      direct.p50                                                 5.00 ms                      5.00 ms      0.0 %               -           -
      proxy.p50                                                  5.00 ms                      5.00 ms      0.0 %               -           -
      direct.p99                                                 5.00 ms                      5.00 ms      0.0 %               -           -
      proxy.p99                                                  5.00 ms                      5.00 ms      0.0 %               -           -
      direct.tps                                  14.28 (14.19 to 14.33)       12.73 (12.64 to 12.79)    -10.8 %  worse    0.008       0.016  Mann-Whitney
      proxy.tps                                   14.77 (14.70 to 14.79)       14.74 (14.71 to 14.80)     -0.2 %           0.841       0.888  Mann-Whitney
      Lines tested: 6. With p < 0.05: 3; chance alone would give 0.3. Different after the adjustment for that: 3.

    All other figures
      figure                                              base (5 runs)                 new (5 runs)    change  verdict        p  adjusted p  test
      direct.headline.downtime                    6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.total                               1,299 (1,292 to 1,303)       1,187 (1,181 to 1,191)    -8.6 %  different  0.008       0.018  Mann-Whitney
      direct.finished                            1,299 (1,292 to 1,303)       1,187 (1,181 to 1,191)    -8.6 %  different  0.008       0.018  Mann-Whitney
      direct.successes                           1,285 (1,277 to 1,290)       1,146 (1,138 to 1,151)   -10.8 %  worse      0.008       0.018  Mann-Whitney
      direct.failed                                       14 (13 to 15)                41 (40 to 43)  +192.9 %  worse      0.008       0.018  Mann-Whitney
      direct.mean                                               4.65 ms                      4.61 ms    -0.9 %  better     0.008       0.018  Mann-Whitney
      direct.mean_finished                       5.18 ms (5.14 to 5.21)       6.22 ms (6.18 to 6.30)   +20.1 %  worse      0.008       0.018  Mann-Whitney
      direct.write.downtime                       6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.write.availability             92.889 % (92.000 to 93.444)  77.444 % (76.556 to 78.000)  -15.4 pp  worse      0.008       0.018  Mann-Whitney
      direct.write.longest_outage                 6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.write.time_to_full_throughput        6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.write.time_to_normal_latency         6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.write.downtime_max                   6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.write.downtime_median                6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.writer.availability            92.889 % (92.000 to 93.444)  77.444 % (76.556 to 78.000)  -15.4 pp  worse      0.008       0.018  Mann-Whitney
      direct.writer.longest_outage                6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.writer.time_to_normal_latency        6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.writer.downtime_max                  6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.writer.downtime_median               6.40 s (5.90 to 7.20)     20.30 s (19.80 to 21.10)  +217.2 %  worse      0.008       0.018  Mann-Whitney
      direct.all.blips                                    14 (13 to 15)                41 (40 to 43)  +192.9 %  worse      0.008       0.018  Mann-Whitney
      direct.write.total                               850 (843 to 854)             738 (732 to 742)   -13.2 %  different  0.008       0.018  Mann-Whitney
      direct.write.finished                            850 (843 to 854)             738 (732 to 742)   -13.2 %  different  0.008       0.018  Mann-Whitney
      direct.write.successes                           836 (828 to 841)             697 (689 to 702)   -16.6 %  worse      0.008       0.018  Mann-Whitney
      direct.write.failed                                 14 (13 to 15)                41 (40 to 43)  +192.9 %  worse      0.008       0.018  Mann-Whitney
      direct.write.success_rate             98.353 % (98.221 to 98.478)  94.444 % (94.126 to 94.609)   -3.9 pp  worse      0.008       0.018  two proportions
      direct.write.tps                              9.29 (9.20 to 9.34)          7.74 (7.66 to 7.80)   -16.6 %  worse      0.008       0.018  Mann-Whitney
      direct.write.p95_finished                                 5.00 ms                     50.00 ms  +900.0 %  worse      0.008       0.018  Mann-Whitney
      direct.write.mean_finished                 5.80 ms (5.74 to 5.86)       7.57 ms (7.49 to 7.71)   +30.5 %  worse      0.008       0.018  Mann-Whitney
      Lines tested: 64. With p < 0.05: 32; chance alone would give 3.2. Different after the adjustment for that: 29.
      266 more show no significant difference: --all lists them.

    Single operations
      figure                                           base (5 runs)                 new (5 runs)    change  verdict        p  adjusted p  test
      direct.update_login.total                     850 (843 to 854)             738 (732 to 742)   -13.2 %  different  0.008       0.017  Mann-Whitney
      direct.update_login.finished                  850 (843 to 854)             738 (732 to 742)   -13.2 %  different  0.008       0.017  Mann-Whitney
      direct.update_login.successes                 836 (828 to 841)             697 (689 to 702)   -16.6 %  worse      0.008       0.017  Mann-Whitney
      direct.update_login.failed                       14 (13 to 15)                41 (40 to 43)  +192.9 %  worse      0.008       0.017  Mann-Whitney
      direct.update_login.success_rate   98.353 % (98.221 to 98.478)  94.444 % (94.126 to 94.609)   -3.9 pp  worse      0.008       0.017  two proportions
      direct.update_login.tps                    9.29 (9.20 to 9.34)          7.74 (7.66 to 7.80)   -16.6 %  worse      0.008       0.017  Mann-Whitney
      direct.update_login.p95_finished                       5.00 ms                     50.00 ms  +900.0 %  worse      0.008       0.017  Mann-Whitney
      direct.update_login.mean_finished       5.80 ms (5.74 to 5.86)       7.57 ms (7.49 to 7.71)   +30.5 %  worse      0.008       0.017  Mann-Whitney
      Lines tested: 19. With p < 0.05: 10; chance alone would give 1.0. Different after the adjustment for that: 9.
      116 more show no significant difference: --all lists them.

    Runs
      set   run  host       recording              started (UTC)                length  paths  failovers  clock
      base    1  bastion-1  20261122T204300Z-0000  2026-11-22 20:43:00.000 UTC    90 s  both           1  host's
              2  bastion-1  20261122T204300Z-0001  2026-11-22 20:53:00.000 UTC    90 s  both           1  host's
              3  bastion-1  20261122T204300Z-0002  2026-11-22 21:03:00.000 UTC    90 s  both           1  host's
              4  bastion-1  20261122T204300Z-0003  2026-11-22 21:13:00.000 UTC    90 s  both           1  host's
              5  bastion-1  20261122T204300Z-0004  2026-11-22 21:23:00.000 UTC    90 s  both           1  host's
      new     1  bastion-1  20261122T204300Z-0010  2026-11-22 22:23:00.000 UTC    90 s  both           1  host's
              2  bastion-1  20261122T204300Z-0011  2026-11-22 22:33:00.000 UTC    90 s  both           1  host's
              3  bastion-1  20261122T204300Z-0012  2026-11-22 22:43:00.000 UTC    90 s  both           1  host's
              4  bastion-1  20261122T204300Z-0013  2026-11-22 22:53:00.000 UTC    90 s  both           1  host's
              5  bastion-1  20261122T204300Z-0014  2026-11-22 23:03:00.000 UTC    90 s  both           1  host's

    How to read this
      base and new: the median of the runs, in brackets their least and greatest. change: from median to
        median.
      p: the chance of a difference like this, or a larger one, where there is none; two-sided.
        Mann-Whitney: exact up to 40 runs, ties included. Two proportions: counts are summed over the
        runs, by z (Fisher's exact test where an expected count is below 5); as operations of one run fail
        together, p is not below that of all ways to exchange the runs between the sets.
      adjusted p: by Benjamini and Hochberg, within each table: of the lines called different, at most 5 %
        are expected not to be. (Holm's method could find nothing in tables of this length with 5 runs a
        side.) better and worse stand where it is below 0.05 and the change does not read 0. No verdict is
        no proof of equality.
      Clock of the host: no offset to the server's clock was measured. Whether such a recording overlaps
        others is by its host's clock.
      Definitions: version 2, see docs/definitions.md.
    ");
    let all = printed(
        &["compare", "before", "--with", "after", "--all"],
        root.path(),
    );
    assert!(all.lines().count() > text.lines().count() + 100);
    assert!(all.contains("direct.update_login.p99") && !text.contains("direct.update_login.p99"));
    let json = printed(
        &["compare", "before", "--with", "after", "--json"],
        root.path(),
    );
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let first = &json["families"][0]["lines"][0];
    assert_eq!(first["name"], "direct.read.downtime");
    assert_eq!(json["families"][0]["kind"], "downtime");
}

#[test]
fn few_runs_are_said_to_be_few_in_both_languages() {
    let root = tempfile::tempdir().unwrap();
    write_all(
        &root.path().join("before"),
        set(0, &SHORT[..2], &PROXIED, short),
    );
    write_all(
        &root.path().join("after"),
        set(10, &LONG[..1], &ALSO_PROXIED, long),
    );
    let text = printed(&["compare", "before", "--with", "after"], root.path());
    insta::assert_snapshot!(text, @r"
    Two sets of runs
    ================================

    Verdict
      Nothing is tested: that takes 5 runs a side, and there are 2 and 1. These differences may be chance.

    Differing configuration
      setting           base (2 runs)  new (1 run)
      labels.dns-after  6s             20s
      timeouts.connect  5 s            2.5 s

    Downtime of the application
      figure                          base (2 runs)  new (1 run)    change  verdict  p  adjusted p  test
      direct.read.downtime                   0.00 s       0.00 s         -           -           -
      direct.writer.downtime  6.45 s (6.10 to 6.80)      20.30 s  +214.7 %           -           -
      proxy.read.downtime                    0.00 s       0.00 s         -           -           -
      proxy.writer.downtime   2.10 s (1.90 to 2.30)       2.10 s     0.0 %           -           -

    Other key figures
      figure                                               base (2 runs)  new (1 run)    change  verdict  p  adjusted p  test
      direct.read.time_to_full_throughput                        0.00 ms      0.00 ms         -           -           -
      proxy.read.time_to_full_throughput                         0.00 ms      0.00 ms         -           -           -
      direct.writer.time_to_full_throughput        6.45 s (6.10 to 6.80)      20.30 s  +214.7 %           -           -
      proxy.writer.time_to_full_throughput         2.10 s (1.90 to 2.30)       2.10 s     0.0 %           -           -
      direct.success_rate                    98.960 % (98.919 to 99.001)     96.546 %   -2.4 pp           -           -
      proxy.success_rate                     99.625 % (99.624 to 99.625)     99.625 %  0.000 pp           -           -
      direct.p50                                                 5.00 ms      5.00 ms     0.0 %           -           -
      proxy.p50                                                  5.00 ms      5.00 ms     0.0 %           -           -
      direct.p99                                                 5.00 ms      5.00 ms     0.0 %           -           -
      proxy.p99                                                  5.00 ms      5.00 ms     0.0 %           -           -
      direct.tps                                  14.27 (14.23 to 14.31)        12.73   -10.8 %           -           -
      proxy.tps                                   14.76 (14.73 to 14.78)        14.76     0.0 %           -           -

    All other figures
      294 more figures: --all lists them.

    Single operations
      124 more figures: --all lists them.

    Runs
      set   run  host       recording              started (UTC)                length  paths  failovers  clock
      base    1  bastion-1  20261122T204300Z-0000  2026-11-22 20:43:00.000 UTC    90 s  both           1  host's
              2  bastion-1  20261122T204300Z-0001  2026-11-22 20:53:00.000 UTC    90 s  both           1  host's
      new     1  bastion-1  20261122T204300Z-0010  2026-11-22 22:23:00.000 UTC    90 s  both           1  host's

    How to read this
      base and new: the median of the runs, in brackets their least and greatest. change: from median to
        median.
      Clock of the host: no offset to the server's clock was measured. Whether such a recording overlaps
        others is by its host's clock.
      Definitions: version 2, see docs/definitions.md.
    ");
    let text = printed(
        &["compare", "before", "--with", "after", "--lang", "zh"],
        root.path(),
    );
    insta::assert_snapshot!(text, @r"
    两组测试的比较
    ================================

    结论:
      未作检验: 每组至少需 5 次测试, 现有 2 次和 1 次。这些差异可能出于偶然。

    不同的配置:
      配置项            基准 (2 次)  新 (1 次)
      labels.dns-after  6s           20s
      timeouts.connect  5秒          2.5秒

    应用停机时间:
      指标                              基准 (2 次)  新 (1 次)     变化  结论  p  校正 p  检验
      direct.read.downtime                   0.00秒     0.00秒        -        -       -
      direct.writer.downtime  6.45秒 (6.10 至 6.80)    20.30秒  +214.7%        -       -
      proxy.read.downtime                    0.00秒     0.00秒        -        -       -
      proxy.writer.downtime   2.10秒 (1.90 至 2.30)     2.10秒     0.0%        -       -

    其他主要指标:
      指标                                                  基准 (2 次)  新 (1 次)           变化  结论  p  校正 p  检验
      direct.read.time_to_full_throughput                      0.00毫秒   0.00毫秒              -        -       -
      proxy.read.time_to_full_throughput                       0.00毫秒   0.00毫秒              -        -       -
      direct.writer.time_to_full_throughput       6.45秒 (6.10 至 6.80)    20.30秒        +214.7%        -       -
      proxy.writer.time_to_full_throughput        2.10秒 (1.90 至 2.30)     2.10秒           0.0%        -       -
      direct.success_rate                    98.960% (98.919 至 99.001)    96.546%   -2.4个百分点        -       -
      proxy.success_rate                     99.625% (99.624 至 99.625)    99.625%  0.000个百分点        -       -
      direct.p50                                               5.00毫秒   5.00毫秒           0.0%        -       -
      proxy.p50                                                5.00毫秒   5.00毫秒           0.0%        -       -
      direct.p99                                               5.00毫秒   5.00毫秒           0.0%        -       -
      proxy.p99                                                5.00毫秒   5.00毫秒           0.0%        -       -
      direct.tps                                 14.27 (14.23 至 14.31)      12.73         -10.8%        -       -
      proxy.tps                                  14.76 (14.73 至 14.78)      14.76           0.0%        -       -

    其余指标:
      另有 294 项, 用 --all 列出。

    各操作:
      另有 124 项, 用 --all 列出。

    测试列表:
      组    测试  主机       录制                   开始 (UTC)                   时长  路径  故障转移  时钟
      基准     1  bastion-1  20261122T204300Z-0000  2026-11-22 20:43:00.000 UTC  90秒  两条         1  主机
               2  bastion-1  20261122T204300Z-0001  2026-11-22 20:53:00.000 UTC  90秒  两条         1  主机
      新       1  bastion-1  20261122T204300Z-0010  2026-11-22 22:23:00.000 UTC  90秒  两条         1  主机

    说明:
      基准与新: 各次测试的中位数, 括号内为最小与最大。变化: 中位数之间。
      主机时钟: 未测得与服务器时钟的偏差, 是否重叠按主机自身时钟判断。
      指标定义: 第 2 版, 见 docs/definitions.md.
    ");
}

#[test]
fn a_recording_on_both_sides_is_refused() {
    let root = tempfile::tempdir().unwrap();
    write_all(
        &root.path().join("runs"),
        set(0, &SHORT[..2], &PROXIED, short),
    );
    let output = analyze(&["compare", "runs", "--with", "runs/run-1"], root.path());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(
        said.contains("run-1: it is on both sides of --with"),
        "{said}"
    );
    let output = analyze(&["compare", "runs", "--with", "missing"], root.path());
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
}
