//! A gap between two successes, and the evidence in it.

use recording::vocabulary::OperationType;

use crate::reduce::suspect::Suspect;
use crate::reduce::timeline::Timeline;
use crate::summary::{Group, Span};

/// In a gap of this length and with so many refusals, refusals are evidence too, microseconds.
const REFUSED_GAP_US: i64 = 1_000_000;
const REFUSALS: usize = 5;

/// A gap (start, end] between two successes, or between one and the recording's edge.
#[derive(Debug, Clone)]
pub(super) struct Gap<'a> {
    pub(super) span: Span,
    /// Its length without the pauses of the recorder, microseconds.
    pub(super) running_us: i64,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    pub(super) evidence: Vec<Piece<'a>>,
    /// Failures that ended in it, evidence or not.
    pub(super) failed: Vec<&'a Suspect>,
    /// From the first to the last moment at which an operation waited in it.
    pub(super) waited: Option<Span>,
}

/// A piece of evidence in a gap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) suspect: &'a Suspect,
    pub(super) kind: Kind,
    pub(super) is_stalled: bool,
}

/// Why an operation is evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is an availability failure that ended in the gap.
    Failure,
    /// It stalled; and it may have ended in the gap as what is no availability failure.
    Stall,
    /// It was refused in a gap with nothing but refusals. Next to other evidence it gives no moment.
    Refusal { gives_moment: bool },
}

impl<'a> Gap<'a> {
    pub(super) const fn new(span: Span) -> Self {
        Self {
            span,
            running_us: 0,
            is_first: false,
            is_last: false,
            evidence: Vec::new(),
            failed: Vec::new(),
            waited: None,
        }
    }

    pub(super) fn has_end_of(&self, suspect: &Suspect) -> bool {
        has_end_of(&self.span, self.is_first, suspect)
    }

    /// Refusals are evidence where the service was asked and served nothing.
    pub(super) fn add_refusals(&mut self, timeline: &Timeline, group: Group) {
        if self.running_us < REFUSED_GAP_US || !self.has_nothing_but_refusals(timeline, group) {
            return;
        }
        let is_refusal =
            |suspect: &Suspect| suspect.is_refusal() && !suspect.is_availability_failure(group);
        let refused: Vec<_> = self
            .failed
            .iter()
            .copied()
            .filter(|suspect| is_refusal(suspect))
            .collect();
        // A statement that the server cancelled has stalled, and may be evidence already.
        let (span, is_first) = (self.span, self.is_first);
        self.evidence.retain(|piece| {
            !(is_refusal(piece.suspect) && has_end_of(&span, is_first, piece.suspect))
        });
        let kind = Kind::Refusal {
            gives_moment: self.evidence.is_empty(),
        };
        let refusal = |suspect| Piece {
            suspect,
            kind,
            is_stalled: false,
        };
        self.evidence.extend(refused.into_iter().map(refusal));
    }

    fn has_nothing_but_refusals(&self, timeline: &Timeline, group: Group) -> bool {
        let counted = || {
            let failed = self.failed.iter();
            failed.filter(|suspect| suspect.counts_as_refused(group))
        };
        let was_refused =
            |kind: OperationType| counted().any(|suspect| suspect.operation_type == kind);
        counted().count() >= REFUSALS
            && OperationType::ALL
                .iter()
                .copied()
                .filter(|kind| group.contains(*kind) && timeline.has_successes(*kind))
                .all(was_refused)
    }
}

/// A gap is (start, end]: a failure at the microsecond of a success comes before it. The first gap has its start too.
fn has_end_of(span: &Span, is_first: bool, suspect: &Suspect) -> bool {
    let (start, end) = (span.start.micros(), span.end.micros());
    (start < suspect.end_us || (is_first && start == suspect.end_us)) && suspect.end_us <= end
}
