//! Reads served, writes refused: the path led to a reader.

use std::collections::BTreeMap;

use recording::vocabulary::OperationType;

use crate::metrics::effects::seen::{Run, Seen, add, servers_of};
use crate::reduce::suspect::Suspect;
use crate::summary::{Group, Span, WritesRefused};

/// Refusals that may belong to a span each; `refusals` are in order of their ends.
pub(super) fn runs<'r>(seen: &Seen<'_>, refusals: &'r [&'r Suspect]) -> Vec<Run<'r>> {
    if refusals.is_empty() {
        return Vec::new();
    }
    let [reads, writes] = [Group::Read, Group::Writer].map(|group| gaps(seen, group));
    let goes_on = |one: &&Suspect, next: &&Suspect| {
        let (from_us, to_us) = (one.end_us, next.end_us);
        to_us - from_us < seen.thresholds.merge_within_us
            || (is_within_one(&writes, from_us, to_us) && !is_within_one(&reads, from_us, to_us))
    };
    let with_span = |run: &'r [&'r Suspect]| {
        let span = Span::new(run.first()?.end_us, run.last()?.end_us);
        Some((span, run))
    };
    refusals.chunk_by(goes_on).filter_map(with_span).collect()
}

/// The spans in which reads were served; `served` has what succeeded in each run.
pub(super) fn writes_refused(
    seen: &Seen<'_>,
    runs: &[Run<'_>],
    served: &[BTreeMap<OperationType, u64>],
) -> Vec<WritesRefused> {
    if runs.is_empty() {
        return Vec::new();
    }
    let last_write = gaps(seen, Group::Writer).last().map(|gap| gap.start);
    let found = runs.iter().zip(served).map(|((span, run), served)| {
        let of = |kind: &OperationType| served.get(kind).copied().unwrap_or(0);
        WritesRefused {
            span: *span,
            refusals: run.len() as u64,
            reads_served: of(&OperationType::Read),
            writes_served: of(&OperationType::Write) + of(&OperationType::Transaction),
            open_at_end: last_write.is_none_or(|last| last <= span.end),
            servers: servers(seen, run, span),
        }
    });
    found.filter(|found| found.reads_served > 0).collect()
}

/// Between the successes of a group; in order.
fn gaps(seen: &Seen<'_>, group: Group) -> Vec<Span> {
    seen.timeline.served_by(group).gaps(seen.timeline.end_us)
}

/// True where no success ended between the two moments; `gaps` are in order.
fn is_within_one(gaps: &[Span], from_us: i64, to_us: i64) -> bool {
    let begun = gaps.partition_point(|gap| gap.start.micros() <= from_us);
    let last = begun.checked_sub(1).and_then(|index| gaps.get(index));
    last.is_some_and(|gap| to_us <= gap.end.micros())
}

/// Who refused, and which readers answered probes meanwhile.
fn servers(seen: &Seen<'_>, refusals: &[&Suspect], span: &Span) -> Vec<String> {
    let mut servers = servers_of(seen.timeline, refusals);
    let is_in = |time_us: i64| span.start.micros() <= time_us && time_us <= span.end.micros();
    let answered = seen.questions.iter().filter(|question| {
        question.is_answered()
            && !question.reader
            && question.in_recovery == Some(true)
            && is_in(question.end_us)
    });
    for question in answered {
        let server = question.server.as_ref();
        add(&mut servers, server.and_then(|server| server.name()));
    }
    let answers = seen.answers.iter();
    for answer in answers.filter(|answer| answer.in_recovery && is_in(answer.time_us)) {
        add(&mut servers, answer.server.name());
    }
    servers
}
