//! Proxy against direct (`docs/definitions.md`, Rates and times, and Several failovers).

use crate::summary::{
    Comparison, ComparisonLine, Episode, EpisodeKind, Group, GroupSummary, Incidents, Metric,
    NamedRates, PathSummary, Rates, ResponseTimes, Service, ServiceEpisode, Unit,
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
    let [direct_incidents, proxy_incidents] = [direct, proxy].map(|path| {
        let headline = path.headline.as_ref();
        headline.map_or_else(Incidents::default, |headline| {
            incidents(path, headline.group)
        })
    });
    let mut lines = lines(direct, proxy);
    for line in &mut lines {
        let is_comparable = match line.metric {
            Metric::Downtime => headlines_are_alike(direct, proxy),
            Metric::ReadDowntime => is_paired(direct, proxy, Group::Read),
            Metric::WriterDowntime => is_paired(direct, proxy, Group::Writer),
            Metric::DurableWriterDowntime => are_as_often_down(direct, proxy),
            Metric::ServiceReadDowntime => are_paired_services(direct, proxy, Group::Read),
            Metric::ServiceWriterDowntime => are_paired_services(direct, proxy, Group::Writer),
            _ => true,
        };
        if !is_comparable {
            line.change_percent = None;
        }
    }
    Comparison {
        direct_incidents,
        proxy_incidents,
        lines,
    }
}

/// Reads are not compared with writes, and a group that was still down at the end may have become the worse one.
fn headlines_are_alike(direct: &PathSummary, proxy: &PathSummary) -> bool {
    let headlines = direct.headline.as_ref().zip(proxy.headline.as_ref());
    headlines.is_some_and(|(direct, proxy)| {
        direct.group == proxy.group && !direct.other_open && !proxy.other_open
    }) && headlines.is_some_and(|(headline, _)| is_paired(direct, proxy, headline.group))
}

/// Sums over different numbers of failovers can't be paired, nor can a failover and another outage; and without an episode there is no verdict.
fn is_paired(direct: &PathSummary, proxy: &PathSummary, group: Group) -> bool {
    let has_episodes = |path| {
        let group = group_of(path, group);
        group.is_some_and(|group| group.counted_episodes() > 0)
    };
    incidents(direct, group) == incidents(proxy, group)
        && has_episodes(direct)
        && has_episodes(proxy)
}

/// With lost writes as failures a path may have episodes that are in no failover.
fn are_as_often_down(direct: &PathSummary, proxy: &PathSummary) -> bool {
    let [direct, proxy] = [direct, proxy].map(|path| {
        let group = path.durable_group(Group::Writer);
        group.map_or(0, GroupSummary::counted_episodes)
    });
    direct == proxy && direct > 0
}

/// The same of the service: as many failovers, and as many other outages of it.
fn are_paired_services(direct: &PathSummary, proxy: &PathSummary, group: Group) -> bool {
    let [direct, proxy] = [direct, proxy].map(|path| {
        let service = service_of(path, group)?;
        let is_other = |episode: &&ServiceEpisode| episode.kind == EpisodeKind::OtherOutage;
        let others = service.episodes.iter().filter(is_other).count();
        Some((path.failovers.len(), others, service.counted_episodes() > 0))
    });
    direct.is_some_and(|(_, _, has_episodes)| has_episodes) && direct == proxy
}

fn service_of(path: &PathSummary, group: Group) -> Option<&Service> {
    group_of(path, group)?.service.as_ref()
}

/// The failovers of a path, whether a group shows an episode of them or not, and the group's other outages.
fn incidents(path: &PathSummary, group: Group) -> Incidents {
    let is_other = |episode: &&Episode| episode.kind == EpisodeKind::OtherOutage;
    Incidents {
        failovers: path.failovers.len(),
        other_outages: group_of(path, group)
            .map_or(0, |group| group.episodes.iter().filter(is_other).count()),
    }
}

fn group_of(path: &PathSummary, group: Group) -> Option<&GroupSummary> {
    path.groups.iter().find(|found| found.group == group)
}

/// The downtimes of the application, and those of the service where it was probed.
fn downtime_lines(direct: &PathSummary, proxy: &PathSummary) -> Vec<ComparisonLine> {
    let mut lines = Vec::new();
    let mut add = |metric: Metric, figure: &dyn Fn(&PathSummary) -> Figure| {
        lines.push(line(metric, figure(direct), figure(proxy)));
    };
    add(Metric::Downtime, &downtime);
    for (metric, group) in [
        (Metric::ReadDowntime, Group::Read),
        (Metric::WriterDowntime, Group::Writer),
    ] {
        if [direct, proxy]
            .iter()
            .any(|path| group_of(path, group).is_some())
        {
            add(metric, &|path| group_downtime(group_of(path, group)));
        }
    }
    for (metric, group) in [
        (Metric::ServiceReadDowntime, Group::Read),
        (Metric::ServiceWriterDowntime, Group::Writer),
    ] {
        let is_probed = |path: &&PathSummary| service_of(path, group).is_some();
        if [direct, proxy].iter().any(is_probed) {
            add(metric, &|path| service_downtime(service_of(path, group)));
        }
    }
    lines
}

fn lines(direct: &PathSummary, proxy: &PathSummary) -> Vec<ComparisonLine> {
    let mut lines = downtime_lines(direct, proxy);
    let mut add = |metric: Metric, figure: &dyn Fn(&PathSummary) -> Figure| {
        lines.push(line(metric, figure(direct), figure(proxy)));
    };
    if [direct, proxy].iter().any(|path| path.durable.is_some()) {
        let durable = |path: &PathSummary| group_downtime(path.durable_group(Group::Writer));
        add(Metric::DurableWriterDowntime, &durable);
    }
    if [direct, proxy].iter().all(|path| path.durability.is_some()) {
        add(Metric::LostWrites, &|path| {
            let durability = path.durability.as_ref();
            durability
                .map(|durability| durability.found.lost as f64)
                .into()
        });
    }
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
        // What is not known is no bound either.
        at_least: headline.at_least && headline.downtime_us.is_some(),
    }
}

fn group_downtime(group: Option<&GroupSummary>) -> Figure {
    let Some(group) = group else {
        return None.into();
    };
    Figure {
        value: group.downtime_us.map(to_f64),
        at_least: group.is_bound() && group.downtime_us.is_some(),
    }
}

fn service_downtime(service: Option<&Service>) -> Figure {
    let Some(service) = service else {
        return None.into();
    };
    Figure {
        value: service.downtime_us.map(to_f64),
        at_least: service.at_least && service.downtime_us.is_some(),
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
        Metric::LostWrites => (Unit::Count, false),
        Metric::Downtime
        | Metric::ReadDowntime
        | Metric::WriterDowntime
        | Metric::DurableWriterDowntime
        | Metric::ServiceReadDowntime
        | Metric::ServiceWriterDowntime
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
