//! Reads served, writes refused: the path led to a reader.

use recording::vocabulary::OperationType;

use crate::error::AnalyzeError;
use crate::metrics::effects::{Seen, add, servers_of};
use crate::reduce::suspect::Suspect;
use crate::summary::{Group, Span, WritesRefused};

/// The spans; `refusals` are in order of their ends.
pub(super) fn writes_refused(
    seen: &Seen<'_>,
    refusals: &[&Suspect],
) -> Result<Vec<WritesRefused>, AnalyzeError> {
    if refusals.is_empty() {
        return Ok(Vec::new());
    }
    let timeline = seen.timeline;
    let gaps = |group| timeline.served_by(group).gaps(timeline.end_us);
    let [reads, writes] = [Group::Read, Group::Writer].map(gaps);
    let goes_on = |one: &&Suspect, next: &&Suspect| {
        let (from_us, to_us) = (one.end_us, next.end_us);
        to_us - from_us < seen.thresholds.merge_within_us
            || (is_within_one(&writes, from_us, to_us) && !is_within_one(&reads, from_us, to_us))
    };
    let runs: Vec<&[&Suspect]> = refusals.chunk_by(goes_on).collect();
    let span = |run: &&[&Suspect]| {
        let end_us = |of: Option<&&Suspect>| of.map_or(0, |suspect| suspect.end_us);
        Span::new(end_us(run.first()), end_us(run.last()))
    };
    let spans: Vec<Span> = runs.iter().map(span).collect();
    let served = seen.operations.successes_inside(&spans)?;
    let last_write = writes.last().map(|gap| gap.start);
    let found = runs
        .iter()
        .zip(spans)
        .zip(served)
        .map(|((run, span), served)| {
            let of = |kind: &OperationType| served.get(kind).copied().unwrap_or(0);
            WritesRefused {
                span,
                refusals: run.len() as u64,
                reads_served: of(&OperationType::Read),
                writes_served: of(&OperationType::Write) + of(&OperationType::Transaction),
                open_at_end: last_write.is_none_or(|last| last <= span.end),
                servers: servers(seen, run, &span),
            }
        });
    Ok(found.filter(|found| found.reads_served > 0).collect())
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
