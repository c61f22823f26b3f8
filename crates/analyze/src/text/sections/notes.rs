//! How to read the figures, and where they are weak.

use std::collections::BTreeSet;

use recording::ScheduleLag;
use recording::vocabulary::{ErrorClass, EventKind};

use crate::summary::{
    AuditSummary, EpisodeKind, Group, GroupSummary, PathSummary, UnobservedReason,
};
use crate::text::document::{Block, Section};
use crate::text::figures::{group_of, headline_group, is_probed, unobserved};
use crate::text::format::decimal;
use crate::text::page::Page;

/// Operations per second below which the limit of what can be seen is worth a line.
const FEW_PER_SECOND: f64 = 20.0;

/// How long a baseline is where nothing is in its way, microseconds.
const BASELINE_US: i64 = 30_000_000;

/// What a part of a recording can't tell.
fn part_note(page: &Page<'_>) -> Option<String> {
    let part = page.summary.recording.part.as_ref()?;
    let is_cut = part.is_timed && begins_in_another_outage(page);
    is_cut.then(|| page.words.part.cut_outage.to_owned())
}

/// True where an outage was open as the recording began, and is of no failover.
fn begins_in_another_outage(page: &Page<'_>) -> bool {
    let mut groups = groups(page);
    groups.any(|(_, group)| {
        let mut outages = group.outages.iter();
        let open = outages.find(|outage| outage.open_at_start);
        let episodes = group.episodes.iter();
        let mut others = episodes.filter(|episode| episode.kind == EpisodeKind::OtherOutage);
        open.is_some_and(|open| others.any(|other| other.span.overlaps(&open.span)))
    })
}

/// Definitions first, then what holds for this recording.
pub(crate) fn section(page: &Page<'_>) -> Section {
    let (words, thresholds) = (page.words, &page.summary.thresholds);
    let setting = |us| words.units.setting(us);
    let mut notes = vec![words.note_downtime.to_owned()];
    if is_probed(page.summary) {
        notes.push(words.service.note.to_owned());
    }
    if !page.summary.failovers.failovers.is_empty() {
        notes.push(words.note_parts.to_owned());
    }
    notes.extend(coarse_note(page));
    notes.extend(slow_note(page));
    if writer_is_shorter(page) {
        notes.push(words.note_writer.to_owned());
    }
    let reasons = groups(page).flat_map(|(_, group)| unobserved(group));
    let reasons: BTreeSet<UnobservedReason> = reasons.collect();
    notes.extend(
        reasons
            .into_iter()
            .map(|reason| (words.note_unobserved)(reason).to_owned()),
    );
    if !page.summary.pauses.is_empty() {
        notes.push(words.note_pauses.to_owned());
    }
    if began_before_its_trigger(page) {
        notes.push(words.note_before_trigger.to_owned());
    }
    if has_short_baseline(page) {
        notes.push(words.note_baseline.to_owned());
    }
    let mut episodes = groups(page).flat_map(|(_, group)| &group.episodes);
    if episodes.any(|episode| episode.baseline_tps.is_some() && episode.baseline_p99_us.is_none()) {
        notes.push(words.note_baseline_p99.to_owned());
    }
    let mut lags = page.summary.recording.schedule_lag.iter();
    if lags.any(ScheduleLag::is_notable) {
        notes.push(words.scheduling.lag_note.to_owned());
    }
    notes.extend(part_note(page));
    notes.extend(audit_notes(page));
    let mut endpoints = page.summary.recording.endpoints.iter();
    if endpoints.any(|endpoint| endpoint.tls_error.is_some()) {
        notes.push(words.note_without_tls.to_owned());
    }
    notes.extend(class_notes(page));
    notes.push(words.note_none.to_owned());
    notes.push((words.note_thresholds)(
        &setting(thresholds.min_outage_us),
        &setting(thresholds.min_stall_us),
        &setting(thresholds.merge_within_us),
    ));
    Section::of("notes", words.notes_heading, Block::Prose(notes))
}

/// What the audit's counts are of, and what it may not have seen.
fn audit_notes(page: &Page<'_>) -> Vec<String> {
    let words = page.words;
    let mut notes = Vec::new();
    if let AuditSummary::Audited(_) = page.summary.audit {
        let of_shop = page.summary.recording.workload.is_none();
        notes.push((words.durability.note)(of_shop).to_owned());
        if page.summary.recording.part.is_some() {
            notes.push(words.part.audit_is_of_all.to_owned());
        }
    }
    let mut paths = page.summary.paths.iter();
    if paths.any(PathSummary::may_lack_increments) {
        notes.push(words.durability.note_increments.to_owned());
    }
    notes
}

fn groups<'a>(page: &Page<'a>) -> impl Iterator<Item = (&'a PathSummary, &'a GroupSummary)> {
    let paths = page.summary.paths.iter();
    paths.flat_map(|path| path.groups.iter().map(move |group| (path, group)))
}

/// The writer's group is up as soon as either of its members is.
fn writer_is_shorter(page: &Page<'_>) -> bool {
    let downtime = |path, group| group_of(path, group).and_then(|group| group.downtime_us);
    let members = [Group::Write, Group::Transaction];
    let mut paths = page.summary.paths.iter();
    paths.any(|path| {
        let writer = downtime(path, Group::Writer);
        let mut longer = members.iter().map(|member| downtime(path, *member));
        writer.is_some() && longer.any(|member| member > writer)
    })
}

fn began_before_its_trigger(page: &Page<'_>) -> bool {
    let triggered = EventKind::FailoverTriggered.as_str();
    let events = page.summary.events.iter();
    let mut triggers = events.filter(|event| event.event == triggered);
    triggers.any(|trigger| {
        let mut outages = groups(page).flat_map(|(_, group)| &group.outages);
        outages.any(|outage| outage.span.start < trigger.time && trigger.time < outage.span.end)
    })
}

/// True where an episode that is listed began less than the baseline's length after the recording, or after the episode before it.
fn has_short_baseline(page: &Page<'_>) -> bool {
    let start_us = page.summary.recording.start_time.micros();
    let mut listed = page.summary.paths.iter().filter_map(headline_group);
    listed.any(|(_, group)| {
        let ends = group
            .episodes
            .iter()
            .map(|episode| episode.span.end.micros());
        let before = std::iter::once(start_us).chain(ends);
        let mut pairs = before.zip(&group.episodes);
        pairs.any(|(end_us, episode)| {
            !episode.at_least && episode.span.start.micros() - end_us < BASELINE_US
        })
    })
}

/// Downtimes of which a large part is resolution.
fn coarse_note(page: &Page<'_>) -> Option<String> {
    let words = page.words;
    let is_coarse = |group: &GroupSummary| {
        // An outage that is open is a lower bound already.
        let closed = group.downtime_us.filter(|us| *us > 0 && !group.at_least);
        closed.is_some_and(|us| group.resolution_us * 10 > us * 3)
    };
    let coarse: Vec<String> = groups(page)
        .filter(|(_, group)| is_coarse(group))
        .map(|(path, group)| (words.coarse_group)(&(words.path_name)(&path.path), group.group))
        .collect();
    (!coarse.is_empty()).then(|| (words.note_coarse)(&coarse.join(words.separator)))
}

/// Paths with so few operations that short outages can't be seen.
fn slow_note(page: &Page<'_>) -> Option<String> {
    let words = page.words;
    let rate = |path: &PathSummary| {
        let rate = path.overall.steady_tps.or(path.overall.tps)?;
        let text = (words.path_rate)(&(words.path_name)(&path.path), &decimal(rate, 1));
        (rate < FEW_PER_SECOND).then_some(text)
    };
    let slow: Vec<String> = page.summary.paths.iter().filter_map(rate).collect();
    (!slow.is_empty()).then(|| (words.note_slow)(&slow.join(words.separator)))
}

/// What the classes of failures that were seen mean.
fn class_notes(page: &Page<'_>) -> impl Iterator<Item = String> {
    let failed = |class: &&ErrorClass| {
        let mut errors = page.summary.paths.iter().flat_map(|path| &path.errors);
        errors.any(|error| error.class == class.as_str())
    };
    let classes = ErrorClass::ALL.iter().filter(failed);
    classes
        .filter_map(|class| (page.words.class_text)(*class))
        .map(str::to_owned)
}
