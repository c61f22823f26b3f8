//! Writes of the availability probes that hung while a writer answered their reads. Nothing else writes their row, so no lock of the
//! workload holds them: a wait for a synchronous standby (`SyncRep`) looks like this, and storage that takes no writes. Where the answers of the
//! reads show which, it is told.

use recording::vocabulary::{ErrorClass, OperationType};

use crate::metrics::effects::seen::{Seen, add};
use crate::reduce::availability::Question;
use crate::reduce::suspect::Suspect;
use crate::summary::{HungWrites, Span, SyncRepWait};

/// A write hung that was sent and not answered for so long, microseconds.
const HUNG_US: i64 = 500_000;
/// An answer tells of the time before the write's end if it was given so long before that, microseconds: what a frozen server held back
/// is answered at once when it goes on.
const BEFORE_END_US: i64 = 100_000;
/// Answers that state the waits and are further apart do not show one wait, microseconds: one in 500 ms or less is asked for them.
const APART_US: i64 = 2_000_000;

pub(super) fn hung_writes(seen: &Seen<'_>) -> Vec<HungWrites> {
    let own = seen.questions.iter().filter(|question| !question.reader);
    let (mut writes, mut answers, mut written) = (Vec::new(), Vec::new(), Vec::new());
    for question in own {
        match question.kind {
            OperationType::Write => {
                writes.push(question);
                written.extend(question.is_answered().then_some(question));
            }
            _ if question.is_answered() && question.in_recovery == Some(false) => {
                answers.push(question);
            }
            _ => {}
        }
    }
    answers.sort_by_key(|answer| answer.end_us);
    written.sort_by_key(|write| write.end_us);
    let pauses = &seen.timeline.pauses;
    let is_hung = |write: &&&Question| {
        let (from_us, to_us) = (sent_us(write), write.end_us - BEFORE_END_US);
        // Where a later write was answered meanwhile, its own connection is dead.
        pauses.running_us(from_us, write.end_us.max(from_us)) >= HUNG_US
            && answered_in(&answers, from_us, to_us).next().is_some()
            && answered_in(&written, from_us, to_us).next().is_none()
    };
    let mut hung: Vec<&Question> = writes.iter().filter(is_hung).copied().collect();
    hung.sort_by_key(|write| sent_us(write));
    let spans = hung
        .iter()
        .map(|write| Span::new(sent_us(write), write.end_us));
    let spans = Span::union(spans);
    spans
        .iter()
        .map(|span| entry(seen, span, &hung, &answers))
        .collect()
}

/// When its statement was sent.
fn sent_us(question: &Question) -> i64 {
    question.time_us.saturating_add(question.connect_us)
}

/// Of answers in order of their ends, those that were asked for and given in that time.
fn answered_in<'q>(
    answers: &'q [&'q Question],
    from_us: i64,
    to_us: i64,
) -> impl Iterator<Item = &'q Question> {
    let first = answers.partition_point(|answer| answer.end_us < from_us);
    let later = answers.get(first..).unwrap_or_default().iter().copied();
    let in_time = later.take_while(move |answer| answer.end_us <= to_us);
    in_time.filter(move |answer| from_us <= sent_us(answer))
}

fn entry(seen: &Seen<'_>, span: &Span, hung: &[&Question], answers: &[&Question]) -> HungWrites {
    let (from_us, to_us) = (span.start.micros(), span.end.micros());
    let is_in = |write: &&&Question| from_us <= sent_us(write) && write.end_us <= to_us;
    let probes: Vec<&&Question> = hung.iter().filter(is_in).collect();
    let in_span: Vec<&Question> = answered_in(answers, from_us, to_us).collect();
    let states = |answer: &&&Question| answer.sync_rep_waits.is_some();
    let stated = in_span.iter().filter(states).count();
    let stalled = |suspect: &&Suspect| {
        let threshold_us = seen
            .timeline
            .stall_threshold_us(&suspect.operation_name, seen.thresholds);
        let time = suspect
            .first_statement_us
            .map(|at| Span::new(at, suspect.end_us));
        suspect.operation_type != OperationType::Read
            && suspect.execute_us.is_some_and(|us| us > threshold_us)
            && time.is_some_and(|time| time.overlap_us(span) > seen.thresholds.min_stall_us)
    };
    let operations: Vec<&Suspect> = seen.timeline.suspects.iter().filter(stalled).collect();
    let is_unreplicated = |class: Option<&str>| class == Some(ErrorClass::Unreplicated.as_str());
    let of_probes = probes
        .iter()
        .filter(|write| is_unreplicated(write.error.as_deref().map(|error| error.class.as_str())));
    let of_operations = operations
        .iter()
        .filter(|found| is_unreplicated(found.class.as_deref()));
    HungWrites {
        span: *span,
        probes: probes.len() as u64,
        reads_answered: in_span.len() as u64,
        operations: operations.len() as u64,
        unreplicated: (of_probes.count() + of_operations.count()) as u64,
        servers: who_answered(&in_span),
        reads_with_waits_stated: stated as u64,
        sync_rep_wait: sync_rep_wait(answers, &in_span, stated),
    }
}

fn who_answered(answers: &[&Question]) -> Vec<String> {
    let mut servers = Vec::new();
    for answer in answers {
        let server = answer.server.as_ref();
        add(&mut servers, server.and_then(|server| server.name()));
    }
    servers
}

/// The cause of a span, by all answers and by those in it, in order of their ends. What hangs waits throughout: fewer than half of the answers
/// in the span that state the waits may show that of another session. The wait is told for as long as it was seen: once each row is held by
/// a write that waits, later ones fail at once.
fn sync_rep_wait(all: &[&Question], in_span: &[&Question], stated: usize) -> Option<SyncRepWait> {
    let shows: Vec<_> = in_span.iter().filter(|answer| shows_wait(answer)).collect();
    let (first, last) = (shows.first()?, shows.last()?);
    if shows.len() * 2 < stated {
        return None;
    }
    let stating: Vec<&Question> = all
        .iter()
        .copied()
        .filter(|answer| answer.sync_rep_waits.is_some())
        .collect();
    let is_of_span = |run: &&[&Question]| match run {
        [begin, .., end] => begin.end_us <= last.end_us && first.end_us <= end.end_us,
        [only] => (first.end_us..=last.end_us).contains(&only.end_us),
        [] => false,
    };
    let seen: Vec<&Question> = stating
        .chunk_by(|before, after| {
            shows_wait(before) == shows_wait(after) && after.end_us - before.end_us <= APART_US
        })
        .filter(is_of_span)
        .flatten()
        .copied()
        .filter(|answer| shows_wait(answer))
        .collect();
    Some(SyncRepWait {
        span: Span::new(seen.first()?.end_us, seen.last()?.end_us),
        answers: shows.len() as u64,
        most_sessions: seen
            .iter()
            .filter_map(|answer| answer.sync_rep_waits)
            .max()?,
        servers: who_answered(&seen),
    })
}

fn shows_wait(answer: &Question) -> bool {
    answer.sync_rep_waits.is_some_and(|sessions| sessions > 0)
}
