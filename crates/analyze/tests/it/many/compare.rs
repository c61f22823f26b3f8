//! `analyze compare`: a known difference is found, none between two sets of the same, nothing is tested of few runs.

use super::*;
use analyze::compare::{Compared, ComparedLine, FamilyKind, Verdict};
use analyze::figures::{Significance, Test};
use analyze::summary::{Summary, Thresholds};
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
    insta::assert_snapshot!(text, @r"");
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
    insta::assert_snapshot!(text, @r"");
    let text = printed(
        &["compare", "before", "--with", "after", "--lang", "zh"],
        root.path(),
    );
    insta::assert_snapshot!(text, @r"");
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
