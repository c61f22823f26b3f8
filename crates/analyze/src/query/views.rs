//! Views: the outages and episodes of the summaries, and the operations of each second.

use polars::prelude::*;
use recording::Timestamp;

use crate::query::frame::{NamedFrame, TIME};
use crate::summary::{
    Episode, EpisodeKind, GroupSummary, Outage, PathFailover, PathSummary, Service, ServiceEpisode,
    Summary,
};

/// A column of a view, and where its value comes from.
pub(crate) struct ViewColumn {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    value: Get,
}

/// How a value is taken from a row.
enum Get {
    Text(fn(&Row) -> Option<&str>),
    Integer(fn(&Row) -> Option<i64>),
    Number(fn(&Row) -> Option<f64>),
    /// UTC microseconds.
    Time(fn(&Row) -> Option<i64>),
    Truth(fn(&Row) -> Option<bool>),
}

/// An outage or an episode.
struct Row {
    run_id: String,
    host: String,
    path: String,
    of: &'static str,
    group: &'static str,
    /// Counts from 1 in its group.
    number: usize,
    /// The number of the episode that it is or belongs to.
    episode: Option<usize>,
    kind: EpisodeKind,
    failover: Option<usize>,
    /// Times and durations of the outage or the episode.
    figures: ServiceEpisode,
    /// Of a row of `outages`.
    outage: Option<Outage>,
    /// Of a row of `episodes` of the application.
    application: Option<Episode>,
}

impl Row {
    const fn kind(&self) -> &'static str {
        match self.kind {
            EpisodeKind::Failover => "failover",
            EpisodeKind::OtherOutage => "other_outage",
            EpisodeKind::WarmUp => "warm_up",
        }
    }

    fn outage<T>(&self, get: fn(&Outage) -> T) -> Option<T> {
        self.outage.as_ref().map(get)
    }

    fn application<T>(&self, get: fn(&Episode) -> Option<T>) -> Option<T> {
        self.application.as_ref().and_then(get)
    }
}

fn whole(number: usize) -> Option<i64> {
    i64::try_from(number).ok()
}

impl ViewColumn {
    const fn new(name: &'static str, value: Get, meaning: &'static str) -> Self {
        Self {
            name,
            meaning,
            value,
        }
    }

    /// Its type, as `FORMAT.md` names types.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.value {
            Get::Text(_) => "string",
            Get::Integer(_) => "int64",
            Get::Number(_) => "double",
            Get::Time(_) => "timestamp",
            Get::Truth(_) => "boolean",
        }
    }

    fn column(&self, rows: &[Row]) -> PolarsResult<Column> {
        let name = PlSmallStr::from_static(self.name);
        let whole_numbers =
            |get: fn(&Row) -> Option<i64>| -> Vec<_> { rows.iter().map(get).collect() };
        Ok(match self.value {
            Get::Text(get) => Column::new(name, rows.iter().map(get).collect::<Vec<_>>()),
            Get::Number(get) => Column::new(name, rows.iter().map(get).collect::<Vec<_>>()),
            Get::Truth(get) => Column::new(name, rows.iter().map(get).collect::<Vec<_>>()),
            Get::Integer(get) => Column::new(name, whole_numbers(get)),
            Get::Time(get) => Column::new(name, whole_numbers(get)).cast(&TIME)?,
        })
    }
}

const RUN_ID: ViewColumn = ViewColumn::new(
    "run_id",
    Get::Text(|row| Some(&row.run_id)),
    "Name of the recording",
);
const HOST: ViewColumn = ViewColumn::new(
    "host",
    Get::Text(|row| Some(&row.host)),
    "Label of the host that recorded",
);
const PATH: ViewColumn =
    ViewColumn::new("path", Get::Text(|row| Some(&row.path)), "direct or proxy");
const OF: ViewColumn = ViewColumn::new(
    "of",
    Get::Text(|row| Some(row.of)),
    "application: from the operations; service: from the availability probes",
);
const GROUP: ViewColumn = ViewColumn::new(
    "operation_group",
    Get::Text(|row| Some(row.group)),
    "read, write, transaction, writer (write and transaction) or all: whose outage it is",
);
const NUMBER: ViewColumn = ViewColumn::new(
    "number",
    Get::Integer(|row| whole(row.number)),
    "Counts from 1 per recording, path, of and operation_group",
);
const KIND: ViewColumn = ViewColumn::new(
    "kind",
    Get::Text(|row| Some(row.kind())),
    "failover; other_outage; warm_up: within the first second of the recording, in no sum",
);
const FAILOVER: ViewColumn = ViewColumn::new(
    "failover",
    Get::Integer(|row| row.failover.and_then(whole)),
    "Number of the recording's failover that it is of; null: of none",
);
const START_TIME: ViewColumn = ViewColumn::new(
    "start_time",
    Get::Time(|row| Some(row.figures.span.start.micros())),
    "The last success before it, or the start of the recording",
);
const END_TIME: ViewColumn = ViewColumn::new(
    "end_time",
    Get::Time(|row| Some(row.figures.span.end.micros())),
    "The first success after it, or the end of the recording",
);
const DOWNTIME_US: ViewColumn = ViewColumn::new(
    "downtime_us",
    Get::Integer(|row| Some(row.figures.downtime_us)),
    "Microseconds; the true one is between downtime_us - resolution_us and downtime_us",
);
const RESOLUTION_US: ViewColumn = ViewColumn::new(
    "resolution_us",
    Get::Integer(|row| Some(row.figures.resolution_us)),
    "The part of the downtime in which it was not known whether the service was up, microseconds",
);
const PAUSED_US: ViewColumn = ViewColumn::new(
    "paused_us",
    Get::Integer(|row| Some(row.figures.paused_us)),
    "Pauses of the recorder in it, microseconds: part of the downtime",
);
const AT_LEAST: ViewColumn = ViewColumn::new(
    "at_least",
    Get::Truth(|row| Some(row.figures.at_least)),
    "The downtime is a lower bound: open at the start or the end of the recording, or rows are missing",
);

/// The columns of `outages`.
pub(crate) const OUTAGES: [ViewColumn; 19] = [
    RUN_ID,
    HOST,
    PATH,
    OF,
    GROUP,
    NUMBER,
    ViewColumn::new(
        "episode",
        Get::Integer(|row| row.episode.and_then(whole)),
        "Number of its episode, as in episodes",
    ),
    KIND,
    FAILOVER,
    START_TIME,
    END_TIME,
    DOWNTIME_US,
    RESOLUTION_US,
    PAUSED_US,
    AT_LEAST,
    ViewColumn::new(
        "open_at_start",
        Get::Truth(|row| row.outage(|outage| outage.open_at_start)),
        "No success came before it",
    ),
    ViewColumn::new(
        "open_at_end",
        Get::Truth(|row| row.outage(|outage| outage.open_at_end)),
        "No success came after it",
    ),
    ViewColumn::new(
        "first_failure_time",
        Get::Time(|row| {
            row.outage(|outage| outage.first_failure)?
                .map(Timestamp::micros)
        }),
        "When the first operation failed in it; null: operations only stalled",
    ),
    ViewColumn::new(
        "evidence",
        Get::Integer(|row| row.outage(|outage| i64::try_from(outage.evidence).unwrap_or(i64::MAX))),
        "Operations, or probes, that failed or stalled in it",
    ),
];

/// The columns of `episodes`.
pub(crate) const EPISODES: [ViewColumn; 19] = [
    RUN_ID,
    HOST,
    PATH,
    OF,
    GROUP,
    NUMBER,
    KIND,
    FAILOVER,
    START_TIME,
    END_TIME,
    DOWNTIME_US,
    RESOLUTION_US,
    PAUSED_US,
    AT_LEAST,
    ViewColumn::new(
        "outages",
        Get::Integer(|row| whole(row.figures.outages)),
        "How many outages it joins",
    ),
    ViewColumn::new(
        "baseline_tps",
        Get::Number(|row| row.application(|episode| episode.baseline_tps)),
        "Mean successes per second before it; null: not known, or of the service",
    ),
    ViewColumn::new(
        "baseline_p99_us",
        Get::Integer(|row| row.application(|episode| episode.baseline_p99_us)),
        "99th percentile of the response time before it, microseconds; null: not known, or of the service",
    ),
    ViewColumn::new(
        "time_to_full_throughput_us",
        Get::Integer(|row| row.application(|episode| episode.time_to_full_throughput_us)),
        "From its start to full throughput, microseconds; null: not seen, or of the service",
    ),
    ViewColumn::new(
        "time_to_normal_latency_us",
        Get::Integer(|row| row.application(|episode| episode.time_to_normal_latency_us)),
        "From its start to normal latency, microseconds; null: not seen, or of the service",
    ),
];

/// The outages of some recordings.
pub(crate) fn outages(summaries: &[Summary]) -> PolarsResult<NamedFrame> {
    let rows: Vec<Row> = groups(summaries)
        .flat_map(|group| group.outages())
        .collect();
    view("outages", &OUTAGES, &rows)
}

/// The episodes of some recordings.
pub(crate) fn episodes(summaries: &[Summary]) -> PolarsResult<NamedFrame> {
    let rows: Vec<Row> = groups(summaries)
        .flat_map(|group| group.episodes())
        .collect();
    view("episodes", &EPISODES, &rows)
}

fn view(name: &'static str, columns: &[ViewColumn], rows: &[Row]) -> PolarsResult<NamedFrame> {
    let columns: PolarsResult<Vec<Column>> =
        columns.iter().map(|column| column.column(rows)).collect();
    let frame = DataFrame::new(rows.len(), columns?)?;
    let schema = frame.schema().clone();
    Ok(NamedFrame {
        name,
        frame: frame.lazy(),
        schema,
    })
}

/// A group of a path of a recording, as its application or as the service lived through it.
struct Lived<'s> {
    summary: &'s Summary,
    path: &'s PathSummary,
    group: &'s GroupSummary,
    service: Option<&'s Service>,
}

fn groups(summaries: &[Summary]) -> impl Iterator<Item = Lived<'_>> {
    let paths = summaries
        .iter()
        .flat_map(|summary| summary.paths.iter().map(move |path| (summary, path)));
    paths.flat_map(|(summary, path)| {
        path.groups.iter().flat_map(move |group| {
            let lived = move |service| Lived {
                summary,
                path,
                group,
                service,
            };
            let service = group.service.as_ref().map(|service| lived(Some(service)));
            std::iter::once(lived(None)).chain(service)
        })
    })
}

impl Lived<'_> {
    /// Its outages.
    fn outages(&self) -> Vec<Row> {
        let outages = self.service.map_or(&self.group.outages, |of| &of.outages);
        let episodes = self.all_episodes();
        let row = |(at, outage): (usize, &Outage)| {
            let is_in = |episode: &ServiceEpisode| {
                episode.span.start <= outage.span.start && outage.span.end <= episode.span.end
            };
            let episode = episodes.iter().position(is_in);
            let figures = ServiceEpisode {
                span: outage.span,
                downtime_us: outage.downtime_us,
                resolution_us: outage.resolution_us,
                paused_us: outage.paused_us,
                outages: 1,
                kind: episode.map(|at| episodes[at].kind).unwrap_or_default(),
                at_least: outage.open_at_start || outage.open_at_end,
            };
            Row {
                outage: Some(outage.clone()),
                ..self.row(at + 1, episode.map(|at| at + 1), figures)
            }
        };
        outages.iter().enumerate().map(row).collect()
    }

    fn episodes(&self) -> Vec<Row> {
        let episodes = self.all_episodes().into_iter().enumerate();
        let row = |(at, figures): (usize, ServiceEpisode)| Row {
            application: match self.service {
                Some(_) => None,
                None => self.group.episodes.get(at).cloned(),
            },
            ..self.row(at + 1, Some(at + 1), figures)
        };
        episodes.map(row).collect()
    }

    /// Its episodes in the form that the service's have.
    fn all_episodes(&self) -> Vec<ServiceEpisode> {
        let of_application = |episode: &Episode| ServiceEpisode {
            span: episode.span,
            downtime_us: episode.downtime_us,
            resolution_us: episode.resolution_us,
            paused_us: episode.paused_us,
            outages: episode.outages,
            kind: episode.kind,
            at_least: episode.at_least,
        };
        match self.service {
            Some(service) => service.episodes.clone(),
            None => self.group.episodes.iter().map(of_application).collect(),
        }
    }

    fn row(&self, number: usize, episode: Option<usize>, figures: ServiceEpisode) -> Row {
        let recording = &self.summary.recording;
        let is_partial = self
            .service
            .map_or(self.path.is_partial, |of| of.is_partial);
        Row {
            run_id: recording.run_id.clone(),
            host: recording.host.clone(),
            path: self.path.path.clone(),
            of: match self.service {
                Some(_) => "service",
                None => "application",
            },
            group: self.group.group.as_str(),
            number,
            episode,
            kind: figures.kind,
            failover: episode.and_then(|episode| self.failover(episode)),
            figures: ServiceEpisode {
                at_least: figures.at_least || is_partial,
                ..figures
            },
            outage: None,
            application: None,
        }
    }

    /// The number of the failover that an episode is of.
    fn failover(&self, episode: usize) -> Option<usize> {
        let is_of = |failover: &PathFailover| {
            let mut groups = failover.groups.iter();
            let Some(group) = groups.find(|group| group.group == self.group.group) else {
                return false;
            };
            match (self.service, &group.service) {
                (None, _) => group.episodes.contains(&episode),
                (Some(_), Some(service)) => service.episodes.contains(&episode),
                (Some(_), None) => false,
            }
        };
        let own = self.path.failovers.iter().position(is_of)? + 1;
        self.summary.failovers.number_of(&self.path.path, own)
    }
}
