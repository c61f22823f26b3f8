//! Every figure of a summary by its name: tables of what there is, each entry with what it means and how it is had.
//!
//! A name is `METRIC` for the recording, `PATH.METRIC` for a path, `PATH.GROUP.METRIC` for a group of its operations, and
//! `PATH.TYPE.METRIC` or `PATH.OPERATION.METRIC` for the rates of some of them. `docs/figures.md` lists them.

mod group;
mod metric;
mod path;
mod rates;
mod whole;

use std::collections::BTreeSet;

use recording::vocabulary::{OperationType, Path};

use crate::figures::catalogue::group::OfGroup;
use crate::figures::catalogue::path::OfPath;
use crate::figures::catalogue::rates::OfRates;
use crate::figures::line::{Figure, Orientation};
use crate::summary::{Group, NamedRates, PathSummary, Rates, Summary, Unit};

pub use metric::About;

/// Every figure of a recording, each name once: of the recording, then path by path.
#[must_use]
pub fn of_summary(summary: &Summary) -> Vec<Figure> {
    let mut figures: Vec<Figure> = whole::METRICS
        .iter()
        .map(|metric| metric.is.figure("", (metric.of)(summary)))
        .collect();
    for path in &summary.paths {
        add_path(&mut figures, summary, path);
    }
    // An operation may be called like a type.
    let mut seen = BTreeSet::new();
    figures.retain(|figure| seen.insert(figure.name.clone()));
    figures
}

fn add_path(figures: &mut Vec<Figure>, summary: &Summary, path: &PathSummary) {
    let prefix = format!("{}.", path.path);
    let of = OfPath { summary, path };
    figures.extend(path::metrics().map(|metric| metric.is.figure(&prefix, (metric.of)(&of))));
    let rates = |prefix: &str, rates: &Rates| {
        let of = OfRates {
            rates,
            is_partial: path.is_partial,
            is_left_out: path.is_left_out,
        };
        let figures = rates::metrics().map(|metric| metric.is.figure(prefix, (metric.of)(&of)));
        figures.collect::<Vec<Figure>>()
    };
    figures.extend(rates(&prefix, &path.overall));
    for group in &path.groups {
        let prefix = format!("{prefix}{}.", group.group.as_str());
        let of = OfGroup {
            summary,
            path,
            group,
        };
        figures.extend(group::metrics().map(|metric| metric.is.figure(&prefix, (metric.of)(&of))));
    }
    for NamedRates { name, rates: found } in path.types.iter().chain(&path.operations) {
        figures.extend(rates(&format!("{prefix}{name}."), found));
    }
}

/// What a name is of, whether or not a recording has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A figure that every recording may have.
    Always(&'static About),
    /// A figure of an operation, if there is one of that name.
    OfOperation(&'static About),
}

impl Known {
    #[must_use]
    pub const fn about(self) -> &'static About {
        match self {
            Self::Always(about) | Self::OfOperation(about) => about,
        }
    }
}

/// What a name is of; `None` where it is no figure's.
#[must_use]
pub fn known(name: &str) -> Option<Known> {
    let of_recording = whole::METRICS.iter().map(|metric| &metric.is);
    if let Some(about) = named(of_recording, name) {
        return Some(Known::Always(about));
    }
    let (path, rest) = name.split_once('.')?;
    Path::ALL.iter().find(|one| one.as_str() == path)?;
    if let Some(about) = named(of_path(), rest).or_else(|| named(of_rates(), rest)) {
        return Some(Known::Always(about));
    }
    let (of, metric) = rest.rsplit_once('.')?;
    let is_group = Group::ALL.iter().any(|group| group.as_str() == of);
    if let Some(about) = named(of_group(), metric).filter(|_| is_group) {
        return Some(Known::Always(about));
    }
    let about = named(of_rates(), metric)?;
    let is_type = OperationType::ALL.iter().any(|kind| kind.as_str() == of);
    match (is_type, is_group) {
        (true, _) => Some(Known::Always(about)),
        (false, true) => None,
        (false, false) => Some(Known::OfOperation(about)),
    }
}

/// Every name that a recording may have, those of single operations aside.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<String> = whole::METRICS
        .iter()
        .map(|metric| metric.is.name.to_owned())
        .collect();
    for path in Path::ALL.iter().map(|path| path.as_str()) {
        let of_path = of_path().chain(of_rates());
        names.extend(of_path.map(|about| format!("{path}.{}", about.name)));
        for group in Group::ALL.iter().map(|group| group.as_str()) {
            names.extend(of_group().map(|about| format!("{path}.{group}.{}", about.name)));
        }
        for kind in OperationType::ALL.iter().map(|kind| kind.as_str()) {
            names.extend(of_rates().map(|about| format!("{path}.{kind}.{}", about.name)));
        }
    }
    names
}

fn named(mut all: impl Iterator<Item = &'static About>, name: &str) -> Option<&'static About> {
    all.find(|about| about.name == name)
}

fn of_path() -> impl Iterator<Item = &'static About> {
    path::metrics().map(|metric| &metric.is)
}

fn of_group() -> impl Iterator<Item = &'static About> {
    group::metrics().map(|metric| &metric.is)
}

fn of_rates() -> impl Iterator<Item = &'static About> {
    rates::metrics().map(|metric| &metric.is)
}

/// The tables of `docs/figures.md`.
#[must_use]
pub fn documentation() -> String {
    let of_recording = whole::METRICS.iter().map(|metric| &metric.is);
    let tables = [
        table("Of a recording: `METRIC`", of_recording),
        table("Of a path: `PATH.METRIC`", of_path()),
        table("Of a group: `PATH.GROUP.METRIC`", of_group()),
        table(
            "Counts, rates and response times: `PATH.METRIC`, `PATH.TYPE.METRIC`, `PATH.OPERATION.METRIC`",
            of_rates(),
        ),
    ];
    tables.join("\n")
}

fn table(heading: &str, all: impl Iterator<Item = &'static About>) -> String {
    let rows = all.map(|about| {
        let unit = match about.unit {
            Unit::Us => "time",
            Unit::Fraction => "fraction",
            Unit::PerSecond => "per second",
            Unit::Count => "count",
        };
        let better = match about.orientation {
            Orientation::LowerIsBetter => "lower",
            Orientation::HigherIsBetter => "higher",
            Orientation::Neutral => "-",
        };
        let anchor = about.section.to_lowercase().replace(' ', "-");
        let anchor = anchor.replace(['(', ')'], "");
        format!(
            "| `{}` | {unit} | {better} | {} | [{}](definitions.md#{anchor}) |\n",
            about.name, about.meaning, about.section
        )
    });
    let head =
        "| metric | unit | better | meaning | defined in |\n| --- | --- | --- | --- | --- |\n";
    format!("### {heading}\n\n{head}{}", rows.collect::<String>())
}
