//! Every figure of one path.

use recording::Endpoint;
use recording::vocabulary::Path;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::metrics::decomposition::{self, Observations};
use crate::metrics::outages::{self, Detected};
use crate::metrics::rates::{self, Durations};
use crate::metrics::{impact, new_writers, recovery, triggers};
use crate::reduce::attempts::Attempt;
use crate::reduce::operations::PathOperations;
use crate::reduce::pauses::Pauses;
use crate::reduce::timeline::Timeline;
use crate::reduce::{connections, errors, events, pgbench};
use crate::summarize::headline::{episodes_of, headline, union};
use crate::summarize::series;
use crate::summary::series::PathSeries;
use crate::summary::{
    Episode, EventSummary, Group, GroupSummary, Outage, PathSummary, Span, Thresholds,
};

pub(super) struct PathAnalyzer<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) operations: PathOperations<'a>,
    pub(super) path: Path,
    pub(super) span: Span,
    pub(super) events: &'a [EventSummary],
    pub(super) attempts: Vec<Attempt>,
    pub(super) pauses: Pauses,
    pub(super) thresholds: &'a Thresholds,
    /// Operations are missing, so that downtimes are lower bounds.
    pub(super) is_partial: bool,
    /// None are left, because of damage.
    pub(super) is_left_out: bool,
}

impl PathAnalyzer<'_> {
    pub(super) fn run(&self) -> Result<(PathSummary, PathSeries), AnalyzeError> {
        let cells = self.operations.histogram()?;
        let timeline =
            self.operations
                .timeline(&self.span, &cells, self.pauses.clone(), self.thresholds)?;
        let detected = outages::detect(&timeline, self.thresholds);
        let groups: Vec<_> = detected
            .iter()
            .map(|(group, found)| self.group_summary(*group, found, &timeline))
            .collect();
        let headline = headline(&groups);
        let episodes = episodes_of(&groups, headline.as_ref());

        let away = union(
            groups
                .iter()
                .flat_map(|group| &group.episodes)
                .map(|episode| episode.span),
        );
        let steady = self.operations.histogram_outside(&away)?;
        let away_us: i64 = away.iter().map(Span::length_us).sum();
        let durations = Durations {
            whole_us: timeline.duration_us(),
            steady_us: timeline.duration_us() - away_us,
        };

        let spans: Vec<Span> = episodes.iter().map(|episode| episode.span).collect();
        let load = pgbench::load(self.loaded, self.path, &self.span, &spans, self.events)?;
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
            impacts: impact::impacts(&self.operations, episodes)?,
            groups,
            headline,
            errors: errors::errors(self.loaded, &self.operations)?,
            connections: connections::connections(self.loaded, self.path)?,
            load,
        };
        let new_writers =
            new_writers::first_seen_us(self.path.as_str(), self.events, &summary.groups);
        let series = series::of_path(self.path, &timeline, &cells, &detected, new_writers);
        Ok((summary, series))
    }

    fn group_summary(&self, group: Group, found: &Detected, timeline: &Timeline) -> GroupSummary {
        let downtime: i64 = found.outages.iter().map(|outage| outage.downtime_us).sum();
        let unobserved = !found.unobserved.is_empty();
        let paused: i64 = found.outages.iter().map(|outage| outage.paused_us).sum();
        // Of pauses outside outages nothing is known.
        let pauses = timeline
            .pauses
            .within_us(timeline.start_us, timeline.end_us);
        let duration = timeline.duration_us() - (pauses - paused);
        let successes = timeline.successes_of(group);
        let episodes = recovery::episodes(&found.outages, timeline, &successes, self.thresholds);
        GroupSummary {
            group,
            downtime_us: (!unobserved || !found.outages.is_empty()).then_some(downtime),
            resolution_us: found
                .outages
                .iter()
                .map(|outage| outage.resolution_us)
                .sum(),
            paused_us: paused,
            at_least: self.is_partial
                || found
                    .outages
                    .iter()
                    .any(|outage| outage.open_at_start || outage.open_at_end),
            unobserved,
            unobserved_spans: found.unobserved.clone(),
            availability: (duration > 0).then(|| 1.0 - downtime as f64 / duration as f64),
            episodes: self.decomposed(group, found, episodes),
            outages: found.outages.clone(),
            blips: found.blips.clone(),
            brownouts: found.brownouts.clone(),
            brownout_us: found.brownouts.iter().map(Span::length_us).sum(),
        }
    }

    /// The episodes with what their downtime is made of.
    fn decomposed(
        &self,
        group: Group,
        found: &Detected,
        mut episodes: Vec<Episode>,
    ) -> Vec<Episode> {
        if !matches!(group, Group::Read | Group::Writer) {
            return episodes;
        }
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
        };
        let triggers = events::triggers_us(self.events);
        let triggers = triggers::of_episodes(&triggers, &episodes, &found.outages);
        for (episode, trigger) in episodes.iter_mut().zip(triggers) {
            let inside = |outage: &&Outage| {
                episode.span.start <= outage.span.start && outage.span.end <= episode.span.end
            };
            let outages: Vec<Outage> = found.outages.iter().filter(inside).cloned().collect();
            let decomposition =
                decomposition::decompose(episode, &outages, group, trigger, &observations);
            episode.decomposition = Some(decomposition);
        }
        episodes
    }
}
