//! Every figure of one path.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use recording::vocabulary::{OperationType, Path};
use recording::{Endpoint, Timestamp};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::metrics::decomposition::{self, Observations};
use crate::metrics::effects::{self, Seen};
use crate::metrics::failovers::of_path::{self, Observed};
use crate::metrics::failovers::of_service::Answers;
use crate::metrics::outages::{self, Detected};
use crate::metrics::rates::{self, Durations};
use crate::metrics::service::summary::Known;
use crate::metrics::{impact, new_writers, recovery};
use crate::reduce::attempts::{self, Attempt};
use crate::reduce::audit::PathFindings;
use crate::reduce::availability::{self, Question};
use crate::reduce::histogram::Histogram;
use crate::reduce::near::Near;
use crate::reduce::operations::PathOperations;
use crate::reduce::pauses::Pauses;
use crate::reduce::timeline::Timeline;
use crate::reduce::{connections, errors, events, implied, pgbench};
use crate::summarize::endpoints;
use crate::summarize::headline::{episodes_of, headline};
use crate::summarize::heard::Heard;
use crate::summarize::{series, service};
use crate::summary::series::PathSeries;
use crate::summary::{
    Durable, EpisodeKind, EventSummary, Group, GroupSummary, Headline, Impact, Outage,
    PathFailover, PathSummary, Span, Thresholds,
};

pub(super) struct PathAnalyzer<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) operations: PathOperations<'a>,
    pub(super) path: Path,
    pub(super) span: Span,
    pub(super) events: &'a [EventSummary],
    pub(super) attempts: Vec<Attempt>,
    /// Its availability probes; none in a recording without.
    pub(super) questions: Vec<Question>,
    pub(super) pauses: Pauses,
    pub(super) thresholds: &'a Thresholds,
    /// Operations are missing, so that downtimes are lower bounds.
    pub(super) is_partial: bool,
    /// None are left, because of damage.
    pub(super) is_left_out: bool,
    /// Increments that count as successes may be lost, so that downtimes of writes are lower bounds.
    pub(super) may_lack_increments: bool,
    /// The time that charts show; `None` where none are drawn.
    pub(super) charts: Option<Span>,
}

/// What was found of a path, and what of it charts are drawn from.
struct Found {
    summary: PathSummary,
    timeline: Timeline,
    /// Of the types of which figures are given.
    cells: Histogram,
    new_writers_us: Vec<i64>,
}

impl PathAnalyzer<'_> {
    fn run(&self) -> Result<Found, AnalyzeError> {
        let cells = self.operations.histogram();
        let timeline = self.timeline(&cells)?;
        let detected = self.detect(&timeline)?;
        let looked_at = detected
            .values()
            .flat_map(|found| recovery::looked_at(&found.outages));
        let count = timeline.served_by(Group::All).count();
        let near = Near::new(&self.operations, self.span, count, looked_at)?;
        let triggers_us = events::triggers_us(self.events);
        let mut groups = Vec::new();
        for (group, found) in detected {
            groups.push(self.group_summary(group, found, &timeline, &near, &triggers_us)?);
        }
        let answers = self.add_services(&mut groups, &triggers_us);
        let heard = Heard::read(self.loaded, self.path, self.events, &self.questions)?;
        let observed = Observed {
            recording: self.span,
            events: self.events,
            triggers_us: &triggers_us,
            changes_us: &heard.changes_us,
            answers: &answers,
            near: &near,
        };
        let failovers = of_path::failovers(&observed, &mut groups)?;
        self.decompose(&mut groups, &failovers);
        self.found(
            timeline,
            self.operations.shown(cells),
            (groups, failovers),
            &heard,
        )
    }

    /// The summary, once it is decided what was down.
    fn found(
        &self,
        timeline: Timeline,
        cells: Histogram,
        (mut groups, mut failovers): (Vec<GroupSummary>, Vec<PathFailover>),
        heard: &Heard,
    ) -> Result<Found, AnalyzeError> {
        let new_writers_us = new_writers::first_seen_us(self.path.as_str(), self.events, &groups);
        let (steady, steady_us) = self.steady(&groups)?;
        // The others were evidence.
        let cut = self.loaded.cut();
        groups.retain(|group| cut.has_group(group.group));
        for failover in &mut failovers {
            failover.groups.retain(|of| cut.has_group(of.group));
        }
        let headline = headline(&groups);
        let episodes = episodes_of(&groups, headline.as_ref());
        let spans: Vec<Span> = episodes.iter().map(|episode| episode.span).collect();
        let durations = Durations {
            whole_us: timeline.duration_us(),
            steady_us,
        };
        let mut overall = rates::rates(cells.iter(), steady.iter(), durations);
        if self.is_left_out {
            // Not 0 per second: it is not known.
            (overall.tps, overall.steady_tps) = (None, None);
        }
        let summary = PathSummary {
            path: self.path.as_str().to_owned(),
            is_partial: self.is_partial,
            is_left_out: self.is_left_out,
            overall,
            types: rates::by_type(&cells, &steady, durations),
            operations: rates::by_name(&cells, &steady, durations),
            impacts: self.impacts(&failovers, &groups, headline.as_ref())?,
            errors: errors::errors(self.operations.errors()),
            connections: connections::connections(self.loaded, self.path, &self.span, &spans)?,
            effects: effects::effects(&Seen {
                timeline: &timeline,
                operations: &self.operations,
                thresholds: self.thresholds,
                questions: &self.questions,
                answers: &heard.answers,
                changes_us: &heard.changes_us,
                new_writers_us: &new_writers_us,
                failovers: &failovers,
                episodes: &spans,
            })?,
            load: pgbench::load(self.loaded, self.path, &self.span, &spans, self.events)?,
            failovers,
            groups,
            headline,
            durability: None,
            durable: None,
        };
        Ok(Found {
            summary,
            timeline,
            cells,
            new_writers_us,
        })
    }

    /// The path's time, from the start of the whole recording.
    fn whole_time(&self) -> Span {
        Span {
            start: self.loaded.manifest().start_time,
            end: self.span.end,
        }
    }

    /// The operations that ended outside all episodes, and how long that time is, microseconds.
    fn steady(&self, groups: &[GroupSummary]) -> Result<(Histogram, i64), AnalyzeError> {
        let episodes = groups.iter().flat_map(|group| &group.episodes);
        let away = Span::union(episodes.map(|episode| episode.span));
        let away_us: i64 = away.iter().map(Span::length_us).sum();
        let steady = self.operations.histogram_outside(&away)?;
        Ok((steady, self.span.length_us() - away_us))
    }

    /// What charts draw.
    fn series(&self, found: &Found, charts: &Span) -> Result<PathSeries, AnalyzeError> {
        let drawn = self.operations.drawn(&self.span, charts)?;
        let endpoints = endpoints::of_path(self.loaded, self.path, &self.questions, &self.span)?;
        let (timeline, cells) = (&found.timeline, &found.cells);
        let shown = self.shown(timeline);
        let series = series::of_path(&found.summary, &shown, cells, drawn, &self.questions);
        Ok(PathSeries {
            new_writers_us: found.new_writers_us.clone(),
            endpoints,
            ..series
        })
    }

    /// Without the operations of types of which no figures are given.
    fn shown<'t>(&self, timeline: &'t Timeline) -> Cow<'t, Timeline> {
        let cut = self.loaded.cut();
        if cut.kinds().is_empty() {
            return Cow::Borrowed(timeline);
        }
        let mut shown = timeline.clone();
        shown
            .suspects
            .retain(|suspect| cut.has_kind(suspect.operation_type));
        Cow::Owned(shown)
    }

    /// Finds the outages of every group.
    fn detect(&self, timeline: &Timeline) -> Result<BTreeMap<Group, Detected>, AnalyzeError> {
        let failed = RefCell::new(None);
        let median_gap_us = |group: Group| {
            let median_us = self.operations.median_gap_us(timeline, group);
            median_us.unwrap_or_else(|error| {
                failed.replace(Some(error));
                0
            })
        };
        let detected = outages::detect(timeline, self.thresholds, &median_gap_us);
        failed.into_inner().map_or(Ok(detected), Err)
    }

    fn timeline(&self, cells: &Histogram) -> Result<Timeline, AnalyzeError> {
        let pauses = self.pauses.clone();
        let timeline = self
            .operations
            .timeline(&self.span, cells, pauses, self.thresholds)?;
        let timeline = Timeline {
            servers: attempts::servers(&self.attempts, self.path),
            ..timeline
        };
        Ok(match timeline.server_probes.is_empty() {
            true => Timeline {
                server_probes: availability::server_probes(
                    &self.questions,
                    self.span.start.micros(),
                ),
                ..timeline
            },
            false => timeline,
        })
    }

    /// The same with what the audit found, where there is one. Only a recording that lost writes pays for being reduced twice.
    pub(super) fn run_audited(
        mut self,
        findings: Option<&PathFindings>,
    ) -> Result<(PathSummary, Option<PathSeries>), AnalyzeError> {
        let found = self.run()?;
        let charts = self.charts.as_ref();
        let series = charts.map(|charts| self.series(&found, charts));
        let mut series = series.transpose()?;
        let mut summary = found.summary;
        let Some(findings) = findings else {
            return Ok((summary, series));
        };
        let mut durability = findings.durability.clone();
        durability.lost_span_us = longest_span_us(&findings.lost_us, &summary.failovers);
        let mut not_durable = findings.not_durable.clone();
        if let (Some(first), Some(last)) = (findings.lost_us.first(), findings.lost_us.last()) {
            let writes = self
                .operations
                .acknowledged_writes(&Span::new(*first, *last))?;
            let (implied, more) = implied::between_losses(&writes, &not_durable, &durability.found);
            durability.implied = implied;
            not_durable.extend(more);
        }
        summary.durability = Some(durability);
        if not_durable.is_empty() {
            return Ok((summary, series));
        }
        let (pauses, thresholds) = (&self.pauses, self.thresholds);
        self.operations =
            self.operations
                .counting_as_failed(&not_durable, &self.span, pauses, thresholds)?;
        self.may_lack_increments = summary.may_lack_increments();
        let Found {
            summary: durable,
            timeline: with_lost,
            ..
        } = self.run()?;
        if let Some(series) = &mut series {
            series.lost = series::lost(&self.shown(&with_lost));
        }
        // A lost write tells nothing of reads.
        let is_read = |group: &GroupSummary| group.group == Group::Read;
        let reads = summary.groups.iter().filter(|group| is_read(group));
        let others = durable.groups.into_iter().filter(|group| !is_read(group));
        let groups = reads.cloned().chain(others);
        // Of the service an audit tells nothing: its figures stand beside the application's.
        let without_service = |group| GroupSummary {
            service: None,
            ..group
        };
        let groups: Vec<GroupSummary> = groups.map(without_service).collect();
        summary.durable = Some(Durable {
            overall: durable.overall,
            types: durable.types,
            headline: headline(&groups),
            groups,
        });
        Ok((summary, series))
    }

    /// Gives the groups that were probed the service's figures, and returns when the probes were answered.
    fn add_services(&self, groups: &mut [GroupSummary], triggers_us: &[i64]) -> Answers {
        let known = Known {
            recording: &self.span,
            from_the_start: &self.whole_time(),
            triggers_us,
            pauses: &self.pauses,
            thresholds: self.thresholds,
            is_partial: self.loaded.lacks_availability() || self.loaded.duration_us().is_none(),
        };
        Answers {
            operations_are_partial: self.is_partial,
            ..service::add(groups, &self.questions, &known)
        }
    }

    fn impacts(
        &self,
        failovers: &[PathFailover],
        groups: &[GroupSummary],
        headline: Option<&Headline>,
    ) -> Result<Vec<Impact>, AnalyzeError> {
        headline.map_or(Ok(Vec::new()), |headline| {
            impact::impacts(&self.operations, failovers, groups, headline.group)
        })
    }

    fn group_summary(
        &self,
        group: Group,
        found: Detected,
        timeline: &Timeline,
        near: &Near<'_, '_>,
        triggers_us: &[i64],
    ) -> Result<GroupSummary, AnalyzeError> {
        let successes = |from_us, to_us| near.successes(group, from_us, to_us);
        let mut episodes =
            recovery::episodes(&found.outages, timeline, &successes, self.thresholds)?;
        // A warm-up is listed and counts for nothing.
        let recording = self.whole_time();
        let is_counted = |span: &Span| !of_path::is_warm_up(span, triggers_us, &recording);
        for episode in &mut episodes {
            if !is_counted(&episode.span) {
                episode.kind = EpisodeKind::WarmUp;
            }
        }
        let mut spans = episodes.iter();
        let warm_up = spans.rfind(|episode| episode.kind == EpisodeKind::WarmUp);
        let warm_until = warm_up.map(|episode| episode.span.end);
        let counted = || {
            let outages = found.outages.iter();
            outages.filter(|outage| Some(outage.span.end) > warm_until)
        };
        let downtime: i64 = counted().map(|outage| outage.downtime_us).sum();
        let mut spans = found.unobserved.iter();
        let unobserved = spans.any(|unobserved| is_counted(&unobserved.span));
        let paused: i64 = counted().map(|outage| outage.paused_us).sum();
        // Of pauses outside outages nothing is known.
        let pauses = timeline
            .pauses
            .within_us(timeline.start_us, timeline.end_us);
        let duration = timeline.duration_us() - (pauses - paused);
        Ok(GroupSummary {
            group,
            downtime_us: (!unobserved || counted().next().is_some()).then_some(downtime),
            resolution_us: counted().map(|outage| outage.resolution_us).sum(),
            paused_us: paused,
            at_least: self.is_partial
                || (self.may_lack_increments && group.contains(OperationType::Write))
                || counted().any(|outage| outage.open_at_start || outage.open_at_end),
            unobserved,
            brownout_us: found.brownouts.iter().map(Span::length_us).sum(),
            unobserved_spans: found.unobserved,
            availability: (duration > 0).then(|| 1.0 - downtime as f64 / duration as f64),
            episodes,
            outages: found.outages,
            blips: found.blips,
            brownouts: found.brownouts,
            service: None,
        })
    }

    /// Says of each episode what its downtime is made of.
    fn decompose(&self, groups: &mut [GroupSummary], failovers: &[PathFailover]) {
        let manifest = self.loaded.manifest();
        let endpoint = |reader: bool| -> Option<&Endpoint> {
            let mut endpoints = manifest.endpoints.iter();
            endpoints.find(|endpoint| endpoint.path == self.path && endpoint.reader == reader)
        };
        let observations = Observations {
            path: self.path.as_str(),
            events: self.events,
            attempts: &self.attempts,
            reader: endpoint(true),
            writer: endpoint(false),
            is_probed: manifest.probe_interval_us.is_some_and(|us| us > 0),
            questions: &self.questions,
            service_outages: &[],
        };
        let decomposed =
            |group: &&mut GroupSummary| matches!(group.group, Group::Read | Group::Writer);
        for summary in groups.iter_mut().filter(decomposed) {
            let service = summary.service.as_ref();
            let observations = Observations {
                service_outages: service.map_or(&[], |service| &service.outages),
                ..observations
            };
            let mut before = None;
            for (index, episode) in summary.episodes.iter_mut().enumerate() {
                let inside = |outage: &&Outage| {
                    episode.span.start <= outage.span.start && outage.span.end <= episode.span.end
                };
                let outages: Vec<Outage> = summary.outages.iter().filter(inside).cloned().collect();
                let failover = failovers.iter().position(|failover| {
                    let mut groups = failover.groups.iter();
                    groups.any(|of| of.group == summary.group && of.episodes.contains(&(index + 1)))
                });
                let trigger = failover.and_then(|number| failovers[number].trigger);
                let before_us = before
                    .filter(|(of, _)| failover.is_some() && *of == failover)
                    .map(|(_, end_us)| end_us);
                episode.decomposition = Some(decomposition::decompose(
                    episode,
                    &outages,
                    summary.group,
                    trigger.map(Timestamp::micros),
                    before_us,
                    &observations,
                ));
                before = Some((failover, episode.span.end.micros()));
            }
        }
    }
}

/// From the first to the last lost write of a failover, the longest of all failovers. A loss is of the failover that ends after it.
fn longest_span_us(lost_us: &[i64], failovers: &[PathFailover]) -> Option<i64> {
    let failover = |at_us: &i64| failovers.partition_point(|of| of.span.end.micros() < *at_us);
    let of_one = lost_us.chunk_by(|one, next| failover(one) == failover(next));
    of_one
        .filter_map(|of_one| Some(of_one.last()? - of_one.first()?))
        .max()
}
