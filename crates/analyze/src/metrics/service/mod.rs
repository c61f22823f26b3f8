//! Outages of the service: gaps between the answers to the availability probes of one kind, the evidence in them, and what follows
//! (`docs/definitions.md`, Service downtime).

mod gap;
mod rules;
pub(crate) mod summary;

use crate::metrics::service::gap::Gap;
use crate::metrics::service::rules::{Rules, median_us, was_asked};
use crate::reduce::availability::Question;
use crate::reduce::pauses::Pauses;
use crate::summary::{Outage, Span, Thresholds};

/// The first and the last gap are outages with one piece of evidence from this length on, microseconds.
const EDGE_GAP_US: i64 = 1_000_000;

/// What was found for one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// In order.
    pub outages: Vec<Outage>,
    /// When each answer came, UTC microseconds, in order.
    pub answers_us: Vec<i64>,
    /// Something was asked.
    pub is_known: bool,
}

/// Finds the outages of one kind: `questions` are its probes, in order of time.
#[must_use]
pub fn detect(
    questions: &[&Question],
    recording: &Span,
    pauses: &Pauses,
    thresholds: &Thresholds,
) -> Found {
    let asked = questions.iter().copied();
    let asked: Vec<&Question> = asked.filter(|question| was_asked(question)).collect();
    let rules = Rules::new(&asked, pauses);
    let mut answered = asked.clone();
    answered.retain(|question| question.is_answered());
    answered.sort_by_key(|question| (question.end_us, question.time_us));
    let mut telling = asked.clone();
    telling.retain(|question| rules.has_failed(question) || rules.is_long(question));
    let spans = gaps(&answered, recording, pauses);
    let mut lengths: Vec<i64> = spans.iter().map(|span| rules.running_us(span)).collect();
    let median_gap_us = median_us(&mut lengths).unwrap_or(0);
    let mut found = Found {
        outages: Vec::new(),
        answers_us: answered.iter().map(|answer| answer.end_us).collect(),
        is_known: !answered.is_empty() || !telling.is_empty(),
    };
    let mut reached = recording.start.micros();
    for (index, span) in spans.iter().enumerate() {
        // A gap never begins before the end of the outage before it.
        let span = Span::new(span.start.micros().max(reached), span.end.micros());
        let running_us = rules.running_us(&span);
        if running_us < thresholds.min_outage_us {
            continue;
        }
        let gap = Gap {
            rules: &rules,
            span,
            is_first: index == 0,
            is_last: index + 1 == spans.len(),
            ended_by: answered.get(index).copied(),
            asked: &asked,
        };
        let evidence = gap.evidence(&telling);
        let one_is_enough = running_us > 10 * median_gap_us
            || ((gap.is_first || gap.is_last) && running_us > EDGE_GAP_US)
            || (gap.is_first && gap.is_last);
        if evidence.len() > 1 || (evidence.len() == 1 && one_is_enough) {
            reached = span.end.micros();
            found.outages.push(gap.outage(&evidence));
        }
    }
    found
}

/// The gaps between the recording's start, the answers, and its end, as those of operations.
fn gaps(answered: &[&Question], recording: &Span, pauses: &Pauses) -> Vec<Span> {
    let mut gaps = Vec::with_capacity(answered.len() + 1);
    let mut from = recording.start.micros();
    for answer in answered {
        gaps.push(Span::new(from, answer.end_us));
        let first_statement_us = answer.time_us.saturating_add(answer.connect_us);
        let hidden_us = pauses.hidden_since_us(first_statement_us, answer.end_us);
        from = from.max(hidden_us.unwrap_or(answer.end_us));
    }
    gaps.push(Span::new(from, recording.end.micros()));
    gaps
}
