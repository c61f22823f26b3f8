//! Recordings and their outages, moved to the axis.

use recording::{ClockOffset, Timestamp};
use serde::Serialize;

use crate::summary::{Group, GroupSummary, Outage, Span, Summary};

/// Whose clock a time is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The database server's.
    Server,
    /// The recording host's own: no offset was measured.
    Host,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedRecording {
    /// Label of the host that recorded.
    pub host: String,
    /// Name of the recording.
    pub run_id: String,
    /// True where operations are missing: downtimes are lower bounds.
    pub is_partial: bool,
    /// From its start to its end, on the axis.
    #[serde(flatten)]
    pub span: Span,
    /// Whose clock that is.
    pub axis: Axis,
    /// The measurement that put it there; `None` on the host's own clock.
    pub offset: Option<ClockOffset>,
    /// How much larger the offset to the same server, on the same path, was at the end, microseconds: the drift of the two clocks
    /// against each other, which the uncertainty of the offset knows nothing of. `None` where that was not measured.
    pub offset_change_us: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedOutage {
    /// Label of the host that saw it.
    pub host: String,
    /// Name of the recording.
    pub run_id: String,
    pub path: String,
    pub group: Group,
    /// Last success to first success, on the axis.
    #[serde(flatten)]
    pub span: Span,
    pub downtime_us: i64,
    /// The true downtime is between `downtime - resolution` and `downtime`; microseconds.
    pub resolution_us: i64,
    /// Pauses of the recorder in it, microseconds: part of the downtime.
    pub paused_us: i64,
    /// It was open at the start or at the end of the recording, or operations of its path are missing: the downtime is a lower
    /// bound.
    pub at_least: bool,
    /// Operations that failed or stalled in it.
    pub evidence: u64,
    /// Whose clock its times are on.
    pub axis: Axis,
    /// Its times are right to within this on the axis, microseconds; `None` on the host's own clock.
    pub uncertainty_us: Option<i64>,
}

impl PlacedOutage {
    /// What it covers at most: the uncertainty added on both sides.
    pub(super) fn widest_us(&self) -> (i64, i64) {
        let around = self.uncertainty_us.unwrap_or(0);
        let (start, end) = (self.span.start.micros(), self.span.end.micros());
        (start.saturating_sub(around), end.saturating_add(around))
    }
}

pub(crate) fn recording(summary: &Summary) -> PlacedRecording {
    let recording = &summary.recording;
    let start = recording.start_time;
    let end = Timestamp(start.micros().saturating_add(recording.duration_us));
    let offset = ClockOffset::best(&recording.clock_offsets, start);
    let at_the_end = offset.and_then(|offset| {
        recording.clock_offsets.iter().find(|later| {
            later.time > start
                && later.time > offset.time
                && later.path == offset.path
                && later.server_address == offset.server_address
                && later.server_port == offset.server_port
        })
    });
    PlacedRecording {
        host: recording.host.clone(),
        run_id: recording.run_id.clone(),
        is_partial: recording.is_partial,
        span: moved(&Span { start, end }, offset),
        axis: offset.map_or(Axis::Host, |_| Axis::Server),
        offset_change_us: offset
            .zip(at_the_end)
            .map(|(offset, later)| later.offset_us.saturating_sub(offset.offset_us)),
        offset: offset.cloned(),
    }
}

/// A span of the recording's clock on the axis.
pub(crate) fn moved(span: &Span, offset: Option<&ClockOffset>) -> Span {
    let by_us = offset.map_or(0, |offset| offset.offset_us);
    // A manifest may hold anything: what is beyond all time stays at its end.
    let moved = |time: Timestamp| time.micros().saturating_add(by_us);
    Span::new(moved(span.start), moved(span.end))
}

/// The outages of a recording, as its report has them.
pub(super) fn outages<'a>(
    summary: &'a Summary,
    groups: &'a [Group],
    recording: &'a PlacedRecording,
) -> impl Iterator<Item = PlacedOutage> + 'a {
    let looked_at = |group: &&GroupSummary| groups.contains(&group.group);
    summary.paths.iter().flat_map(move |path| {
        path.groups.iter().filter(looked_at).flat_map(move |group| {
            let placed = move |outage: &Outage| PlacedOutage {
                host: recording.host.clone(),
                run_id: recording.run_id.clone(),
                path: path.path.clone(),
                group: group.group,
                span: moved(&outage.span, recording.offset.as_ref()),
                downtime_us: outage.downtime_us,
                resolution_us: outage.resolution_us,
                paused_us: outage.paused_us,
                at_least: path.is_partial || outage.open_at_start || outage.open_at_end,
                evidence: outage.evidence,
                axis: recording.axis,
                uncertainty_us: recording
                    .offset
                    .as_ref()
                    .map(|offset| offset.uncertainty_us.max(0)),
            };
            group.outages.iter().map(placed)
        })
    })
}
