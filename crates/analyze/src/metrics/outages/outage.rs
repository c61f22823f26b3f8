//! From a gap with evidence to the figures of an outage.

use recording::Timestamp;
use recording::vocabulary::Outcome;

use crate::metrics::outages::gap::{Gap, Kind, Piece};
use crate::reduce::error_counts::{self, Counted};
use crate::reduce::timeline::Timeline;
use crate::summary::{ErrorCount, Outage, Thresholds};

pub(super) fn outage(gap: &Gap<'_>, timeline: &Timeline, thresholds: &Thresholds) -> Outage {
    let (start, end) = (gap.span.start.micros(), gap.span.end.micros());
    let moments = Moments {
        gap,
        timeline,
        thresholds,
    };
    let failures = gap
        .evidence
        .iter()
        .filter(|piece| piece.kind != Kind::Stall);
    Outage {
        span: gap.span,
        downtime_us: gap.span.length_us(),
        resolution_us: moments.resolution_us(),
        paused_us: timeline.pauses.within_us(start, end),
        open_at_start: gap.is_first,
        open_at_end: gap.is_last,
        first_failure: failures.map(|piece| Timestamp(piece.suspect.end_us)).min(),
        evidence: gap.evidence.len() as u64,
        errors: error_counts(gap, timeline),
    }
}

/// What the evidence in a gap tells of when the service was down.
struct Moments<'a> {
    gap: &'a Gap<'a>,
    timeline: &'a Timeline,
    thresholds: &'a Thresholds,
}

impl Moments<'_> {
    /// Head and tail: the part in which it was not known, at most the downtime.
    fn resolution_us(&self) -> i64 {
        let (start, end) = (self.gap.span.start.micros(), self.gap.span.end.micros());
        let telling = || {
            let pieces = self.gap.evidence.iter();
            pieces.filter(|piece| {
                piece.kind
                    != Kind::Refusal {
                        gives_moment: false,
                    }
            })
        };
        let asked = telling().map(|piece| self.asked_us(piece)).min();
        let known_down = telling()
            .filter_map(|piece| self.known_down_us(piece))
            .max();
        let length = end - start;
        match (asked, known_down) {
            (Some(asked), Some(known_down)) => {
                let head = (asked - start).max(0);
                (head + end - known_down.clamp(start, end)).min(length)
            }
            _ => length,
        }
    }

    /// When the service was asked: after a pause of the recorder, as it may have been well until then.
    fn asked_us(&self, piece: &Piece<'_>) -> i64 {
        let suspect = piece.suspect;
        let pauses = &self.timeline.pauses;
        let pause = pauses.span_in(suspect.scheduled_us, suspect.end_us);
        pause.map_or(suspect.scheduled_us, |pause| {
            pause.end.micros().max(suspect.scheduled_us)
        })
    }

    /// The last moment at which the service is known to have been down; `None` where the piece does not tell.
    fn known_down_us(&self, piece: &Piece<'_>) -> Option<i64> {
        let suspect = piece.suspect;
        let end = self.gap.span.end.micros();
        let moment = match piece.kind {
            Kind::Failure => suspect.failure_moment_us(self.timeline.path)?,
            Kind::Refusal { .. } => suspect.refusal_moment_us(self.timeline.path)?,
            Kind::Stall => {
                let name = &suspect.operation_name;
                let threshold_us = self.timeline.stall_threshold_us(name, self.thresholds);
                let late_by_execute = suspect.execute_us.is_some_and(|us| us > threshold_us);
                // Up to the gap's end it waited, and asked nothing.
                let first_statement = suspect
                    .stall_moment_us(late_by_execute)
                    .filter(|at| *at <= end)?;
                let ends_the_gap = suspect.outcome.is_success() && suspect.end_us == end;
                let is_unfinished = suspect.outcome == Outcome::Unfinished && self.gap.is_last;
                // It asked all the while.
                if ends_the_gap || is_unfinished {
                    end
                } else {
                    first_statement
                }
            }
        };
        let pauses = &self.timeline.pauses;
        let pause = pauses.span_in(suspect.scheduled_us, suspect.end_us);
        Some(pause.map_or(moment, |pause| moment.min(pause.start.micros())))
    }
}

/// Failures in an outage by class, most frequent first.
fn error_counts(gap: &Gap<'_>, timeline: &Timeline) -> Vec<ErrorCount> {
    let suspects = gap.evidence.iter().map(|piece| piece.suspect);
    let failed = suspects.filter(|suspect| suspect.has_failed() && gap.has_end_of(suspect));
    error_counts::of_each(failed.map(|suspect| {
        let server = |number| timeline.servers.get(&number).map(String::as_str);
        Counted {
            class: suspect.class.as_deref().unwrap_or_default(),
            sqlstate: suspect.sqlstate.as_deref(),
            end_us: suspect.end_us,
            message: suspect.message.as_deref(),
            server: suspect.connection.and_then(server),
        }
    }))
}
