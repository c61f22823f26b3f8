//! Every figure of two sets of runs, tested.

use std::collections::BTreeSet;

use crate::campaign::OneRun;
use crate::compare::columns::Side;
use crate::compare::family::{ComparedLine, Family, FamilyKind, LEAST_RUNS, SIGNIFICANT, Verdict};
use crate::figures::{Bounded, Column, Figure, Line, Orientation, Significance, Test};
use crate::stats::proportions::{self, Counts};
use crate::stats::{adjusted, mann_whitney};
use crate::summary::{Group, Summary, Unit};

/// The last words of names of figures that grow with the failovers of a recording: sums over them, the longest of them, or what follows from these.
const SUMS: [&str; 31] = [
    "downtime",
    "service_downtime",
    "durable_downtime",
    "own_share",
    "resolution",
    "paused",
    "availability",
    "service_availability",
    "outages",
    "episodes",
    "service_episodes",
    "longest_outage",
    "downtime_max",
    "service_downtime_max",
    "time_to_full_throughput",
    "time_to_normal_latency",
    "blips",
    "brownouts",
    "brownout_time",
    "failed",
    "unknown",
    "unfinished",
    "attempts",
    "lost",
    "logins_lost",
    "stock_lost",
    "torn",
    "torn_acknowledged",
    "duplicated",
    "phantom",
    "restarts",
];

/// The ends of names of figures that a reader looks at first, after the downtimes; in the order of the table.
const KEY: [&str; 7] = [
    "read.time_to_full_throughput",
    "writer.time_to_full_throughput",
    "success_rate",
    "p50",
    "p99",
    "tps",
    "lost",
];

/// True where the recordings do not all have as many failovers.
pub(super) fn failovers_differ<'a>(summaries: impl Iterator<Item = &'a Summary>) -> bool {
    let counts = summaries.map(|summary| summary.failovers.failovers.len());
    counts.collect::<BTreeSet<_>>().len() > 1
}

/// The figures of both sets, in families that are tested together.
pub(super) fn families(
    base: &[OneRun<'_>],
    new: &[OneRun<'_>],
    failovers_differ: bool,
) -> Vec<Family> {
    let ((base, known), (new, also_known)) = (Side::new(base), Side::new(new));
    let mut seen = BTreeSet::new();
    let mut all: Vec<Figure> = known.into_iter().chain(also_known).collect();
    all.retain(|figure| seen.insert(figure.name.clone()));
    let kinds = [
        FamilyKind::Downtime,
        FamilyKind::Service,
        FamilyKind::Key,
        FamilyKind::Other,
        FamilyKind::Operations,
    ];
    let family = |kind: FamilyKind| {
        let mut of_kind: Vec<&Figure> = all
            .iter()
            .filter(|figure| kind_of(&figure.name, failovers_differ) == kind)
            .collect();
        if kind == FamilyKind::Key {
            // Figure by figure, and in each path by path.
            of_kind.sort_by_key(|figure| {
                KEY.iter()
                    .position(|end| *end == without_path(&figure.name))
            });
        }
        let lines = of_kind
            .iter()
            .map(|figure| compared(figure, &base, &new, failovers_differ));
        let has_value = |line: &ComparedLine| {
            line.line.a.runs > 0 || line.line.b.is_some_and(|column| column.runs > 0)
        };
        let mut lines: Vec<ComparedLine> = lines.filter(has_value).collect();
        judge(&mut lines);
        Family { kind, lines }
    };
    kinds.into_iter().map(family).collect()
}

/// A figure's name without its path.
fn without_path(name: &str) -> &str {
    let paths = ["direct.", "proxy."];
    paths
        .into_iter()
        .find_map(|path| name.strip_prefix(path))
        .unwrap_or(name)
}

fn kind_of(name: &str, failovers_differ: bool) -> FamilyKind {
    let rest = without_path(name);
    let median = if failovers_differ { "_median" } else { "" };
    let is_headline = |metric: &str| {
        let mut groups = [Group::Read, Group::Writer].into_iter();
        groups.any(|group| rest == format!("{}.{metric}{median}", group.as_str()))
    };
    // Lost writes are a figure of the recording too: those of the paths add up to it.
    let is_of_path = rest.len() < name.len();
    if is_headline("downtime") {
        return FamilyKind::Downtime;
    }
    if is_headline("service_downtime") {
        return FamilyKind::Service;
    }
    if is_of_path && KEY.contains(&rest) {
        return FamilyKind::Key;
    }
    match rest.split_once('.') {
        Some((of, _)) if is_of_path && !is_group_or_type(of) => FamilyKind::Operations,
        _ => FamilyKind::Other,
    }
}

/// True for a group, a type, and the other words that names of a path's figures have before their dot.
fn is_group_or_type(of: &str) -> bool {
    Group::ALL.iter().any(|group| group.as_str() == of)
        || ["headline", "connections", "load"].contains(&of)
}

fn compared(
    figure: &Figure,
    base: &Side<'_>,
    new: &Side<'_>,
    failovers_differ: bool,
) -> ComparedLine {
    let name = figure.name.as_str();
    let (a, b) = (base.column(name), new.column(name));
    let is_incomparable = failovers_differ && is_sum(name);
    let significance = match is_incomparable {
        true => Some(Significance::OtherFailovers),
        false => significance(name, base, new),
    };
    let (change_percent, change_points) = match is_incomparable {
        true => (None, None),
        false => change(figure.unit, a.value, b.value),
    };
    ComparedLine {
        line: Line {
            name: figure.name.clone(),
            unit: figure.unit,
            orientation: figure.orientation,
            a,
            b: Some(b),
            significance,
        },
        change_percent,
        change_points,
        verdict: None,
    }
}

fn is_sum(name: &str) -> bool {
    let metric = name.rsplit('.').next().unwrap_or(name);
    SUMS.contains(&metric)
}

/// What a test says; `None` where there is nothing to test: a side has no value, or all values are the same.
fn significance(name: &str, base: &Side<'_>, new: &Side<'_>) -> Option<Significance> {
    let (a, b) = (base.values(name), new.values(name));
    let first = a.first()?.value;
    if b.is_empty() || a.iter().chain(&b).all(|bounded| bounded.value == first) {
        return None;
    }
    if a.len().min(b.len()) < LEAST_RUNS {
        return Some(Significance::TooFewRuns);
    }
    let is_bound = |bounded: &Bounded| bounded.least.is_none() || bounded.most.is_none();
    if a.iter().chain(&b).any(is_bound) {
        return Some(Significance::Bounds);
    }
    let counts: Option<(Vec<Counts>, Vec<Counts>)> = base.counts(name).zip(new.counts(name));
    let values =
        |side: &[Bounded]| -> Vec<f64> { side.iter().map(|bounded| bounded.value).collect() };
    let (test, p) = match counts {
        Some((a, b)) => (Test::TwoProportions, proportions::p_value(&a, &b)?),
        None => (
            Test::MannWhitney,
            mann_whitney::p_value(&values(&a), &values(&b))?,
        ),
    };
    Some(Significance::Tested {
        test,
        p,
        adjusted_p: p,
    })
}

fn change(unit: Unit, a: Option<Bounded>, b: Option<Bounded>) -> (Option<f64>, Option<f64>) {
    let known = |bounded: &Bounded| bounded.least.is_some() && bounded.most.is_some();
    let both = a.filter(known).zip(b.filter(known));
    let both = both.map(|(a, b)| (a.value, b.value));
    let percent = both
        .filter(|(a, _)| *a != 0.0)
        .map(|(a, b)| (b - a) / a.abs() * 100.0);
    let points = both
        .filter(|_| unit == Unit::Fraction)
        .map(|(a, b)| (b - a) * 100.0);
    (percent, points)
}

/// Adjusts the chances of the lines for each other, and says what is significant.
fn judge(lines: &mut [ComparedLine]) {
    let chance = |line: &ComparedLine| match line.line.significance {
        Some(Significance::Tested { p, .. }) => Some(p),
        _ => None,
    };
    let chances: Vec<f64> = lines.iter().filter_map(chance).collect();
    let mut adjusted = adjusted::benjamini_hochberg(&chances).into_iter();
    for line in lines {
        if let Some(Significance::Tested { adjusted_p, .. }) = &mut line.line.significance {
            *adjusted_p = adjusted.next().unwrap_or(1.0);
            if *adjusted_p < SIGNIFICANT && !reads_nothing(line.change_percent, line.change_points)
            {
                line.verdict = Some(verdict(&line.line));
            }
        }
    }
}

/// True for a change that is printed as 0: however certain it is, it is none to act on.
fn reads_nothing(percent: Option<f64>, points: Option<f64>) -> bool {
    match (percent, points) {
        (_, Some(points)) => points.abs() < 0.000_5,
        (Some(percent), None) => percent.abs() < 0.05,
        (None, None) => false,
    }
}

fn verdict(line: &Line) -> Verdict {
    let value = |column: &Column| column.value.map(|bounded| bounded.value);
    let medians = value(&line.a).zip(line.b.as_ref().and_then(value));
    let is_higher = match medians {
        Some((a, b)) if a != b => b > a,
        _ => return Verdict::Different,
    };
    match (line.orientation, is_higher) {
        (Orientation::Neutral, _) => Verdict::Different,
        (Orientation::HigherIsBetter, true) | (Orientation::LowerIsBetter, false) => {
            Verdict::Better
        }
        (Orientation::HigherIsBetter, false) | (Orientation::LowerIsBetter, true) => Verdict::Worse,
    }
}
