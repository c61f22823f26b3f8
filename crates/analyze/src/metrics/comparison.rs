//! Proxy against direct (`docs/definitions.md`, Rates and times, and Several failovers).

use crate::summary::{
    Comparison, ComparisonLine, Metric, NamedRates, PathSummary, Rates, ResponseTimes, Unit,
};

/// A figure, and whether it is a lower bound.
#[derive(Debug, Clone, Copy)]
struct Figure {
    value: Option<f64>,
    at_least: bool,
}

impl From<Option<f64>> for Figure {
    fn from(value: Option<f64>) -> Self {
        Self {
            value,
            at_least: false,
        }
    }
}

#[must_use]
pub(crate) fn compare(direct: &PathSummary, proxy: &PathSummary) -> Comparison {
    let episodes = |path: &PathSummary| {
        path.headline
            .as_ref()
            .map_or(0, |headline| headline.episodes)
    };
    let other_open = |path: &PathSummary| {
        let headline = path.headline.as_ref();
        headline.is_some_and(|headline| headline.other_open)
    };
    // Sums over different numbers of failovers can't be paired, without a failover there is no verdict, and a group that was still down
    // at the end may have become the worse one.
    let paired = episodes(direct) == episodes(proxy)
        && episodes(direct) > 0
        && !other_open(direct)
        && !other_open(proxy);
    let mut lines = lines(direct, proxy);
    if !paired {
        for line in &mut lines {
            if line.metric == Metric::Downtime {
                line.change_percent = None;
            }
        }
    }
    Comparison {
        direct_episodes: episodes(direct),
        proxy_episodes: episodes(proxy),
        lines,
    }
}

fn lines(direct: &PathSummary, proxy: &PathSummary) -> Vec<ComparisonLine> {
    let mut lines = Vec::new();
    let mut add = |metric: Metric, figure: &dyn Fn(&PathSummary) -> Figure| {
        lines.push(line(metric, figure(direct), figure(proxy)));
    };
    add(Metric::Downtime, &downtime);
    add(Metric::SuccessRate, &|path| {
        path.overall.success_rate.into()
    });
    for (metric, name) in [
        (Metric::ReadSuccessRate, "read"),
        (Metric::WriteSuccessRate, "write"),
        (Metric::TransactionSuccessRate, "transaction"),
    ] {
        add(metric, &|path| {
            rates_of(&path.types, name)
                .and_then(|rates| rates.success_rate)
                .into()
        });
    }
    let response = |figure: fn(&ResponseTimes) -> Option<f64>| {
        move |path: &PathSummary| Figure::from(figure(&path.overall.response))
    };
    add(Metric::MeanResponse, &response(|times| times.mean_us));
    add(
        Metric::P50Response,
        &response(|times| times.p50_us.map(to_f64)),
    );
    add(
        Metric::P99Response,
        &response(|times| times.p99_us.map(to_f64)),
    );
    add(
        Metric::MaxResponse,
        &response(|times| times.max_us.map(to_f64)),
    );
    add(Metric::Tps, &|path| path.overall.tps.into());
    lines
}

fn downtime(path: &PathSummary) -> Figure {
    let Some(headline) = &path.headline else {
        return None.into();
    };
    Figure {
        value: headline.downtime_us.map(to_f64),
        at_least: headline.at_least,
    }
}

fn rates_of<'a>(types: &'a [NamedRates], name: &str) -> Option<&'a Rates> {
    types
        .iter()
        .find(|rates| rates.name == name)
        .map(|named| &named.rates)
}

fn to_f64(us: i64) -> f64 {
    us as f64
}

fn line(metric: Metric, direct: Figure, proxy: Figure) -> ComparisonLine {
    let (unit, higher_is_better) = match metric {
        Metric::SuccessRate
        | Metric::ReadSuccessRate
        | Metric::WriteSuccessRate
        | Metric::TransactionSuccessRate => (Unit::Fraction, true),
        Metric::Tps => (Unit::PerSecond, true),
        Metric::Downtime
        | Metric::MeanResponse
        | Metric::P50Response
        | Metric::P99Response
        | Metric::MaxResponse => (Unit::Us, false),
    };
    let exact = !direct.at_least && !proxy.at_least;
    let both = direct.value.zip(proxy.value).filter(|_| exact);
    ComparisonLine {
        metric,
        unit,
        higher_is_better,
        direct: direct.value,
        proxy: proxy.value,
        direct_at_least: direct.at_least,
        proxy_at_least: proxy.at_least,
        change_percent: both
            .filter(|(direct, _)| *direct != 0.0)
            .map(|(direct, proxy)| (proxy - direct) / direct * 100.0),
        change_points: both
            .filter(|_| unit == Unit::Fraction)
            .map(|(direct, proxy)| (proxy - direct) * 100.0),
    }
}
