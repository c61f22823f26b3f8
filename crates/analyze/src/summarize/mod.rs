//! From a recording to its summary and its series.

use recording::vocabulary::Path;
use recording::{Endpoint, Table};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::metrics::comparison;
use crate::metrics::decomposition::{self, Witnesses};
use crate::metrics::failovers;
use crate::metrics::impact;
use crate::metrics::new_writers;
use crate::metrics::outages::{self, Detected};
use crate::metrics::rates::{self, Durations};
use crate::metrics::recovery;
use crate::metrics::triggers;
use crate::reduce::attempts::{self, Attempt};
use crate::reduce::errors;
use crate::reduce::events;
use crate::reduce::operations::PathOperations;
use crate::reduce::survey::{self, Survey};
use crate::reduce::timeline::Timeline;
use crate::summary::series::{PathSeries, Series};
use crate::summary::{
    Episode, EventSummary, Group, GroupSummary, Headline, LeftOut, Outage, PathSummary, Progress,
    RecordingSummary, Span, Summary, Thresholds,
};

/// No recording lasts longer, microseconds: a year.
const LONGEST_US: i64 = 366 * 86_400 * 1_000_000;

/// A recording, analyzed.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// Every figure.
    pub summary: Summary,
    /// What charts are drawn from.
    pub series: Series,
}

/// Makes every figure of a recording.
///
/// # Errors
/// [`AnalyzeError`] where the recording can't be read or holds no operation.
pub fn analyze(loaded: &Loaded, thresholds: Thresholds) -> Result<Analysis, AnalyzeError> {
    loaded.as_far_as_it_decodes(|loaded| figures(loaded, thresholds))
}

/// The operations that can be judged, and the time of the last row of any path.
pub(crate) fn surveyed(loaded: &Loaded) -> Result<(Survey, i64), AnalyzeError> {
    let nothing = |left_out: &[LeftOut]| nothing_left(loaded, left_out);
    let operations = loaded.operations()?.ok_or_else(|| nothing(&[]))?;
    let survey = survey::operations(loaded, operations)?;
    let end = survey.last_rows.values().copied().max();
    let end = end.ok_or_else(|| nothing(&survey.left_out))?;
    check_times(loaded, &survey)?;
    Ok((survey, end))
}

/// Refuses rows of another time than the manifest's: all of them would be moved to the recording's edge, where nothing fails.
fn check_times(loaded: &Loaded, survey: &Survey) -> Result<(), AnalyzeError> {
    for (path, last_us) in &survey.last_rows {
        let span = recording_span(loaded, *last_us)?;
        let first_us = survey.first_rows.get(path).copied().unwrap_or(*last_us);
        let has_end = loaded.manifest().duration_us.is_some();
        let is_after = has_end && first_us > span.end.micros();
        if is_after || *last_us < span.start.micros() {
            return Err(AnalyzeError::OtherTime {
                folder: loaded.folder().to_path_buf(),
                path: path.as_str(),
                span,
                rows: Span::new(first_us, *last_us),
            });
        }
    }
    Ok(())
}

fn figures(loaded: &Loaded, thresholds: Thresholds) -> Result<Analysis, AnalyzeError> {
    let (survey, end) = surveyed(loaded)?;
    let Survey {
        operations,
        last_rows,
        left_out,
        ..
    } = survey;
    let span = recording_span(loaded, end)?;
    let events = events::events(loaded)?;
    let mut paths = Vec::new();
    let mut series = Vec::new();
    for path in Path::ALL {
        if !loaded.manifest().mode.paths().contains(path) && !last_rows.contains_key(path) {
            continue;
        }
        // In a recording without an end each path reaches as far as its own rows: parts are sealed path by path.
        let end = last_rows.get(path).copied().unwrap_or(end);
        let analyzer = PathAnalyzer {
            loaded,
            operations: PathOperations::new(loaded, &operations, *path),
            path: *path,
            span: recording_span(loaded, end)?,
            events: &events,
            attempts: attempts::read(loaded, *path)?,
            thresholds: &thresholds,
            is_partial: is_partial(&loaded.without_damage_elsewhere(*path), &left_out),
            is_left_out: !last_rows.contains_key(path) && loaded.is_damaged_on(*path),
        };
        let (summary, of_path) = analyzer.run()?;
        paths.push(summary);
        series.push(of_path);
    }
    let comparison = match paths.as_slice() {
        [direct, proxy] => Some(comparison::compare(direct, proxy)),
        _ => None,
    };
    let series = Series {
        start_us: span.start.micros(),
        end_us: span.end.micros(),
        triggers_us: events::triggers_us(&events),
        marks: events::marks(&events),
        paths: series,
    };
    let recording = describe(loaded, &span, left_out);
    Ok(Analysis {
        summary: Summary {
            recording,
            thresholds,
            events,
            failovers: failovers::failovers(&paths),
            paths,
            comparison,
        },
        series,
    })
}

/// [start, start + duration] of the manifest; of a recording without an end, up to its recorder's last word, else to its last row.
pub(crate) fn recording_span(loaded: &Loaded, last_row_us: i64) -> Result<Span, AnalyzeError> {
    let start = loaded.manifest().start_time.micros();
    let after_start = last_row_us.saturating_sub(start).max(0);
    let duration = loaded.duration_us().unwrap_or(after_start);
    let impossible = || AnalyzeError::ImpossibleDuration {
        folder: loaded.folder().to_path_buf(),
        duration_us: duration,
    };
    let end = start.checked_add(duration).ok_or_else(impossible)?;
    if (0..=LONGEST_US).contains(&duration) {
        Ok(Span::new(start, end))
    } else {
        Err(impossible())
    }
}

/// The error of a recording without operations, which tells a damaged one from one in which nothing happened.
fn nothing_left(loaded: &Loaded, left_out: &[LeftOut]) -> AnalyzeError {
    let folder = loaded.folder().to_path_buf();
    if loaded.damaged().is_empty() && left_out.is_empty() {
        return AnalyzeError::NoOperations(folder);
    }
    AnalyzeError::NothingLeft {
        folder,
        damaged: loaded.damaged().len(),
        left_out: left_out.iter().map(|left_out| left_out.rows).sum(),
    }
}

/// True where operations are missing: rows were dropped, parts are damaged, words are unknown, or the recorder never said what
/// was under way when it ended. Downtimes are lower bounds then.
fn is_partial(loaded: &Loaded, left_out: &[LeftOut]) -> bool {
    let manifest = loaded.manifest();
    let table = Table::Operations.as_str();
    let dropped = manifest.dropped_rows.get(table);
    // `operations/direct-00001.parquet`, `journal/operations.direct-00001.arrows`
    let of_operations = |file: &str| {
        let name = file.strip_prefix("journal/").unwrap_or(file);
        name.starts_with(table)
    };
    loaded.duration_us().is_none()
        || loaded.has_damaged_journals()
        || dropped.is_some_and(|rows| *rows > 0)
        || !left_out.is_empty()
        || loaded
            .damaged()
            .iter()
            .any(|part| of_operations(&part.file))
}

fn describe(loaded: &Loaded, span: &Span, left_out: Vec<LeftOut>) -> RecordingSummary {
    let manifest = loaded.manifest().clone();
    RecordingSummary {
        run_id: manifest.run_id,
        host: manifest.host,
        tool_version: manifest.tool_version,
        state: manifest.state,
        progress: Progress::new(manifest.state, loaded.is_being_written()),
        start_time: manifest.start_time,
        duration_us: span.length_us(),
        requested_duration_us: manifest.requested_duration_us,
        mode: manifest.mode,
        workers: manifest.workers,
        weights: manifest.weights,
        schedule: manifest.schedule,
        seed: manifest.seed,
        protocol: manifest.protocol,
        pool: manifest.pool,
        timeouts: manifest.timeouts,
        connection: manifest.connection,
        probe_interval_us: manifest.probe_interval_us,
        max_tps_per_1000: manifest.max_tps_per_1000,
        endpoints: manifest.endpoints,
        servers: manifest.servers,
        labels: manifest.labels,
        failover: manifest.failover,
        load: manifest.load,
        dropped_rows: manifest.dropped_rows,
        write_failures: manifest.write_failures,
        journal_rows: loaded.journal_rows(),
        unread_bytes: loaded.unread_bytes(),
        damaged_bytes: loaded.damaged_bytes(),
        damaged_parts: loaded.damaged().to_vec(),
        is_partial: is_partial(loaded, &left_out),
        left_out,
        clock_drift_us: manifest.clock.drift_us,
        clock_offsets: manifest.clock.offsets,
    }
}

struct PathAnalyzer<'a> {
    loaded: &'a Loaded,
    operations: PathOperations<'a>,
    path: Path,
    span: Span,
    events: &'a [EventSummary],
    attempts: Vec<Attempt>,
    thresholds: &'a Thresholds,
    /// Operations are missing, so that downtimes are lower bounds.
    is_partial: bool,
    /// None are left, because of damage.
    is_left_out: bool,
}

impl PathAnalyzer<'_> {
    fn run(&self) -> Result<(PathSummary, PathSeries), AnalyzeError> {
        let cells = self.operations.histogram()?;
        let timeline = self
            .operations
            .timeline(&self.span, &cells, self.thresholds)?;
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
        let load = events::load(self.loaded, self.path, &self.span, &spans, self.events)?;
        let mut overall = rates::rates(cells.iter(), steady.iter(), durations);
        if self.is_left_out {
            // Not 0 per second: nobody knows.
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
            connections: events::connections(self.loaded, self.path)?,
            load,
        };
        let new_writers =
            new_writers::first_seen_us(self.path.as_str(), self.events, &summary.groups);
        let series = PathSeries::of(self.path, &timeline, &cells, &detected, new_writers);
        Ok((summary, series))
    }

    fn group_summary(&self, group: Group, found: &Detected, timeline: &Timeline) -> GroupSummary {
        let downtime: i64 = found.outages.iter().map(|outage| outage.downtime_us).sum();
        let unobserved = !found.unobserved.is_empty();
        let duration = timeline.duration_us();
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
            at_least: self.is_partial
                || found
                    .outages
                    .iter()
                    .any(|outage| outage.open_at_start || outage.open_at_end),
            unobserved,
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
        let witnesses = Witnesses {
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
                decomposition::decompose(episode, &outages, group, trigger, &witnesses);
            episode.decomposition = Some(decomposition);
        }
        episodes
    }
}

fn episodes_of<'g>(groups: &'g [GroupSummary], headline: Option<&Headline>) -> &'g [Episode] {
    let group =
        headline.and_then(|headline| groups.iter().find(|group| group.group == headline.group));
    group.map_or(&[], |group| &group.episodes)
}

/// The worse of `read` and `writer`: the longer down, then one of which less is known.
fn headline(groups: &[GroupSummary]) -> Option<Headline> {
    let candidates = || {
        groups
            .iter()
            .filter(|group| matches!(group.group, Group::Read | Group::Writer))
    };
    let worse = candidates().max_by_key(|group| {
        let downtime = group.downtime_us.unwrap_or(0);
        (downtime, group.at_least, group.unobserved)
    })?;
    let is_open = |group: &GroupSummary| {
        let last = group.outages.last();
        group.group != worse.group && last.is_some_and(|outage| outage.open_at_end)
    };
    Some(Headline {
        group: worse.group,
        downtime_us: worse.downtime_us,
        resolution_us: worse.resolution_us,
        at_least: worse.is_bound(),
        other_open: candidates().any(is_open),
        episodes: worse.episodes.len(),
    })
}

/// Spans in order of time, those that touch joined.
fn union(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.collect();
    sorted.sort_by_key(|span| span.start);
    let mut joined: Vec<Span> = Vec::new();
    for span in sorted {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

#[cfg(test)]
mod tests;
