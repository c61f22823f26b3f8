//! Which operations failed, stalled and waited in which gaps.

use crate::metrics::outages::gap::{Gap, Kind, Piece};
use crate::reduce::suspect::Suspect;
use crate::reduce::timeline::Timeline;
use crate::summary::{Group, Span, Thresholds};

pub(super) struct Placement<'t> {
    pub(super) timeline: &'t Timeline,
    pub(super) thresholds: &'t Thresholds,
    pub(super) group: Group,
}

impl Placement<'_> {
    /// Puts every suspect into the gaps that it tells something of. Gaps are in order of their starts, and so of their ends.
    pub(super) fn place<'a>(&self, suspects: &[&'a Suspect], gaps: &mut [Gap<'a>]) {
        for suspect in suspects {
            // From the first gap that ends at or after the operation's begin, to the last that starts before its end.
            let from = gaps.partition_point(|gap| gap.span.end.micros() < suspect.scheduled_us);
            for gap in &mut gaps[from..] {
                let is_at_the_recordings_start =
                    gap.is_first && suspect.end_us == gap.span.start.micros();
                let is_over =
                    gap.span.start.micros() >= suspect.end_us && !is_at_the_recordings_start;
                // Others were served while it hung: it tells of its own connection, in this gap and in each later one.
                if is_over || self.was_late_at(suspect, gap.span.start.micros()) {
                    break;
                }
                self.put(suspect, gap);
            }
        }
    }

    fn put<'a>(&self, suspect: &'a Suspect, gap: &mut Gap<'a>) {
        let ended = suspect.has_failed() && gap.has_end_of(suspect);
        let is_failure = ended && suspect.is_availability_failure(self.group);
        let is_stalled = self.is_stalled_in(suspect, &gap.span);
        if ended {
            gap.failed.push(suspect);
        }
        if is_failure || is_stalled {
            gap.evidence.push(Piece {
                suspect,
                kind: if is_failure {
                    Kind::Failure
                } else {
                    Kind::Stall
                },
                is_stalled,
            });
        }
        if self.waited_in(suspect, &gap.span) {
            let of_it = Span {
                start: gap
                    .span
                    .start
                    .max(recording::Timestamp(suspect.scheduled_us)),
                end: gap.span.end.min(recording::Timestamp(suspect.end_us)),
            };
            gap.waited = Some(gap.waited.map_or(of_it, |waited| Span {
                start: waited.start.min(of_it.start),
                end: waited.end.max(of_it.end),
            }));
        }
    }

    fn stall_threshold_us(&self, suspect: &Suspect) -> i64 {
        let name = &suspect.operation_name;
        self.timeline.stall_threshold_us(name, self.thresholds)
    }

    fn was_late_at(&self, suspect: &Suspect, at_us: i64) -> bool {
        let pauses = &self.timeline.pauses;
        suspect.scheduled_us < at_us
            && pauses.running_us(suspect.scheduled_us, at_us) > self.stall_threshold_us(suspect)
    }

    fn is_stalled_in(&self, suspect: &Suspect, span: &Span) -> bool {
        !suspect.is_exempt(self.group)
            && suspect.response_us > self.stall_threshold_us(suspect)
            && self.overlap_us(suspect, span) > self.thresholds.min_stall_us
    }

    fn waited_in(&self, suspect: &Suspect, span: &Span) -> bool {
        let threshold_us = self.timeline.wait_threshold_us(&suspect.operation_name);
        !suspect.is_exempt(self.group)
            && suspect.response_us > threshold_us
            && self.overlap_us(suspect, span) > 0
    }

    /// How long an operation ran in a span, without the pauses of the recorder.
    fn overlap_us(&self, suspect: &Suspect, span: &Span) -> i64 {
        let from = suspect.scheduled_us.max(span.start.micros());
        let to = suspect.end_us.min(span.end.micros());
        self.timeline.pauses.running_us(from, to.max(from))
    }
}
