//! The figures of one set of runs.

use std::collections::BTreeMap;

use crate::campaign::{Member, OneRun};
use crate::figures::{self, Bounded, Column, Figure, Orientation};
use crate::stats::proportions::Counts;
use crate::summary::{PathSummary, Rates, Summary};

/// The figures of the runs of a set, by their names.
pub(super) struct Side<'a> {
    runs: Vec<OfRun<'a>>,
}

struct OfRun<'a> {
    members: &'a [Member<'a>],
    /// Of several hosts the worst.
    figures: BTreeMap<String, Bounded>,
}

impl<'a> Side<'a> {
    /// With the figures that any of its recordings has, in their order.
    pub(super) fn new(runs: &'a [OneRun<'a>]) -> (Self, Vec<Figure>) {
        let mut known = Vec::new();
        let mut of_runs = Vec::new();
        for (members, _) in runs {
            let mut of_run: BTreeMap<String, Option<Bounded>> = BTreeMap::new();
            for figure in members
                .iter()
                .flat_map(|member| figures::of_summary(member.summary))
            {
                let value = match of_run.get(&figure.name) {
                    Some(other) => worst(figure.orientation, *other, figure.value),
                    None => figure.value,
                };
                of_run.insert(figure.name.clone(), value);
                known.push(Figure {
                    value: None,
                    ..figure
                });
            }
            let figures = of_run.into_iter();
            of_runs.push(OfRun {
                members,
                figures: figures
                    .filter_map(|(name, value)| Some((name, value?)))
                    .collect(),
            });
        }
        (Self { runs: of_runs }, known)
    }

    /// The values of the runs that have one.
    pub(super) fn values(&self, name: &str) -> Vec<Bounded> {
        let values = self.runs.iter().filter_map(|run| run.figures.get(name));
        values.copied().collect()
    }

    /// Successes and attempts of each run that has some; `None` where the name is not that of a success rate.
    pub(super) fn counts(&self, name: &str) -> Option<Vec<Counts>> {
        let of_run = |run: &OfRun<'_>| {
            let rates = run.members.iter().map(|member| rates(member.summary, name));
            rates.fold(None, |sum: Option<Counts>, rates| {
                let Some(rates) = rates else { return sum };
                let sum = sum.unwrap_or_default();
                Some(Counts {
                    successes: sum.successes + rates.successes,
                    attempts: sum.attempts + rates.finished,
                })
            })
        };
        let counts: Vec<Counts> = self.runs.iter().filter_map(of_run).collect();
        (!counts.is_empty()).then_some(counts)
    }

    pub(super) fn column(&self, name: &str) -> Column {
        let values = self.values(name);
        let of = |value: fn(&Bounded) -> f64| values.iter().map(value);
        let middle = |values: Vec<f64>| median(values).filter(|value| value.is_finite());
        let least = of(|bounded| bounded.least.unwrap_or(f64::NEG_INFINITY));
        let most = of(|bounded| bounded.most.unwrap_or(f64::INFINITY));
        Column {
            runs: values.len(),
            value: median(of(|bounded| bounded.value).collect()).map(|value| Bounded {
                value,
                least: middle(least.collect()),
                most: middle(most.collect()),
            }),
            min: of(|bounded| bounded.value).reduce(f64::min),
            max: of(|bounded| bounded.value).reduce(f64::max),
        }
    }
}

/// The middle value; of an even number the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(match values.len() % 2 {
        1 => upper,
        _ => f64::midpoint(values[middle - 1], upper),
    })
}

/// The figure of the host for which it is worse. Where one host's can't be given, the other's is a bound: the worst may be worse.
fn worst(
    orientation: Orientation,
    one: Option<Bounded>,
    other: Option<Bounded>,
) -> Option<Bounded> {
    let Some((one, other)) = one.zip(other) else {
        return one.or(other).map(|known| Bounded {
            least: known
                .least
                .filter(|_| orientation == Orientation::LowerIsBetter),
            most: known
                .most
                .filter(|_| orientation == Orientation::HigherIsBetter),
            ..known
        });
    };
    Some(worse(orientation, one, other))
}

/// The figure of the host for which it is worse: the longer time, the lower rate. What bounds one of them bounds both.
fn worse(orientation: Orientation, one: Bounded, other: Bounded) -> Bounded {
    let of = |one: f64, other: f64| match orientation {
        Orientation::HigherIsBetter => one.min(other),
        Orientation::LowerIsBetter | Orientation::Neutral => one.max(other),
    };
    let bound = |one: Option<f64>, other: Option<f64>| Some(of(one?, other?));
    Bounded {
        value: of(one.value, other.value),
        least: bound(one.least, other.least),
        most: bound(one.most, other.most),
    }
}

/// What a success rate is of.
fn rates<'a>(summary: &'a Summary, name: &str) -> Option<&'a Rates> {
    let (path, rest) = name.split_once('.')?;
    let path = summary.paths.iter().find(|found| found.path == path)?;
    match rest {
        "success_rate" => Some(&path.overall),
        "durable_success_rate" => Some(durable(path)),
        _ => {
            let of = rest.strip_suffix(".success_rate")?;
            let mut named = path.types.iter().chain(&path.operations);
            named
                .find(|named| named.name == of)
                .map(|named| &named.rates)
        }
    }
}

fn durable(path: &PathSummary) -> &Rates {
    path.durable
        .as_ref()
        .map_or(&path.overall, |durable| &durable.overall)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_whose_figure_is_not_known_may_be_the_worst() {
        let known = Some(Bounded {
            value: 5.0,
            least: Some(4.0),
            most: Some(5.0),
        });
        let bounds = |orientation| {
            let worst = worst(orientation, known, None).unwrap();
            (worst.value, worst.least, worst.most)
        };
        // The longest of all hosts is 4 at least, the lowest rate 5 at most.
        assert_eq!(bounds(Orientation::LowerIsBetter), (5.0, Some(4.0), None));
        assert_eq!(bounds(Orientation::HigherIsBetter), (5.0, None, Some(5.0)));
        assert_eq!(bounds(Orientation::Neutral), (5.0, None, None));
        assert_eq!(worst(Orientation::Neutral, None, None), None);
    }
}
