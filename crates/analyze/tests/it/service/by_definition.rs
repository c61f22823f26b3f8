//! The outages of any probes whatsoever, beside a second reading of the definition that looks at every question for every gap.

use std::sync::Arc;

use analyze::metrics::service::detect;
use analyze::reduce::availability::{ProbeError, Question};
use analyze::reduce::pauses::Pauses;
use analyze::summary::{Span, Thresholds};
use proptest::prelude::*;
use recording::vocabulary::{OperationType, Outcome};

const MS: i64 = 1_000;
const END: i64 = 4_000 * MS;

/// From, to, resolution, evidence, failures, open at the start and at the end.
type Found = (i64, i64, i64, usize, u64, bool, bool);

fn question() -> impl Strategy<Value = Question> {
    let outcome = proptest::sample::select(vec![
        Outcome::Ok,
        Outcome::Ok,
        Outcome::Ok,
        Outcome::Failed,
        Outcome::Unknown,
        Outcome::Unfinished,
    ]);
    let class = proptest::sample::select(vec!["refused", "operation_timeout", "client"]);
    let took = prop_oneof![0..20_i64, 0..20_i64, 90..120_i64, 0..1_200_i64];
    (0..4_000_i64, took, any::<bool>(), outcome, class, 0..50_i64).prop_map(
        |(at, took, fresh, outcome, class, connect)| {
            let failed = matches!(outcome, Outcome::Failed | Outcome::Unknown);
            let is_cut = (at + took) * MS > END;
            Question {
                time_us: at * MS,
                end_us: ((at + took) * MS).min(END),
                connect_us: if fresh { connect.min(took) * MS } else { 0 },
                kind: OperationType::Read,
                reader: false,
                fresh,
                outcome: if is_cut { Outcome::Unfinished } else { outcome },
                error: (failed && !is_cut).then(|| {
                    Arc::new(ProbeError {
                        class: class.to_owned(),
                        sqlstate: None,
                        message: None,
                    })
                }),
                address: None,
                server: None,
                in_recovery: None,
                sync_rep_waits: None,
            }
        },
    )
}

struct Definition<'a> {
    asked: Vec<&'a Question>,
    pauses: &'a Pauses,
    spans: &'a [Span],
}

impl Definition<'_> {
    fn running(&self, from: i64, to: i64) -> i64 {
        let overlap = |pause: &Span| {
            let common = pause.end.micros().min(to) - pause.start.micros().max(from);
            common.max(0)
        };
        to - from - self.spans.iter().map(overlap).sum::<i64>()
    }

    /// Start of the first and end of the last pause that the question has more than a point in common with.
    fn paused(&self, question: &Question) -> Option<(i64, i64)> {
        let met = |pause: &&Span| {
            pause.start.micros() < question.end_us && question.time_us < pause.end.micros()
        };
        let first = self.spans.iter().find(met)?;
        let last = self.spans.iter().rfind(met)?;
        Some((first.start.micros(), last.end.micros()))
    }

    fn took(&self, question: &Question) -> i64 {
        self.running(question.time_us, question.end_us)
    }

    /// max(100 ms, 3 m)
    fn long(&self, fresh: bool) -> i64 {
        let answered = self.asked.iter().filter(|question| question.is_answered());
        let of_them = answered.filter(|question| question.fresh == fresh);
        let mut took: Vec<i64> = of_them.map(|question| self.took(question)).collect();
        took.sort_unstable();
        let middle = if fresh { 0 } else { took.len().div_ceil(2) };
        let ordinary = took.get(middle.saturating_sub(usize::from(!fresh)));
        (100 * MS).max(3 * ordinary.copied().unwrap_or(0))
    }

    fn has_failed(&self, question: &Question) -> bool {
        let error = question.error.as_ref();
        let own_limit = error.is_some_and(|error| error.class == "operation_timeout");
        matches!(question.outcome, Outcome::Failed | Outcome::Unknown)
            && !(own_limit && self.paused(question).is_some())
    }

    fn outages(&self) -> Vec<Found> {
        let mut answers: Vec<&Question> = self.asked.clone();
        answers.retain(|question| question.is_answered());
        answers.sort_by_key(|question| (question.end_us, question.time_us));
        let mut gaps = Vec::new();
        let mut from = 0;
        for answer in &answers {
            gaps.push((from, answer.end_us, Some(*answer)));
            let stated = answer.time_us + answer.connect_us;
            let hidden = self.pauses.hidden_since_us(stated, answer.end_us);
            from = from.max(hidden.unwrap_or(answer.end_us));
        }
        gaps.push((from, END, None));
        let mut lengths: Vec<i64> = gaps.iter().map(|gap| self.running(gap.0, gap.1)).collect();
        lengths.sort_unstable();
        let median = lengths[lengths.len().div_ceil(2) - 1];
        let mut found: Vec<Found> = Vec::new();
        for (index, (from, to, ended_by)) in gaps.iter().enumerate() {
            let reached = found.last().map_or(0, |last| last.1);
            let gap = (
                (*from).max(reached),
                *to,
                index == 0,
                index + 1 == gaps.len(),
            );
            let length = self.running(gap.0, gap.1);
            if length < 100 * MS {
                continue;
            }
            let (evidence, failures) = self.evidence(gap);
            let at_an_edge = (gap.2 || gap.3) && length > 1_000 * MS;
            let one_is_enough = length > 10 * median || at_an_edge || (gap.2 && gap.3);
            if evidence.len() >= 2 || (evidence.len() == 1 && one_is_enough) {
                let resolution = self.resolution(gap, &evidence, *ended_by);
                let (number, failures) = (evidence.len(), failures);
                found.push((gap.0, gap.1, resolution, number, failures, gap.2, gap.3));
            }
        }
        found
    }

    fn is_long_in(&self, question: &Question, (start, end, ..): (i64, i64, bool, bool)) -> bool {
        let (from, to) = (question.time_us.max(start), question.end_us.min(end));
        self.took(question) > self.long(question.fresh)
            && from < to
            && self.running(from, to) > 100 * MS
    }

    fn evidence(&self, gap: (i64, i64, bool, bool)) -> (Vec<&Question>, u64) {
        let (start, end, is_first, _) = gap;
        let (mut evidence, mut failures) = (Vec::new(), 0);
        for question in &self.asked {
            let was_late = question.time_us < start
                && self.running(question.time_us, start) > self.long(question.fresh);
            let ended = question.end_us <= end
                && (start < question.end_us || (is_first && start == question.end_us));
            let has_failed = ended && self.has_failed(question);
            if !was_late && (has_failed || self.is_long_in(question, gap)) {
                evidence.push(*question);
                failures += u64::from(has_failed);
            }
        }
        (evidence, failures)
    }

    fn resolution(
        &self,
        gap: (i64, i64, bool, bool),
        evidence: &[&Question],
        ended_by: Option<&Question>,
    ) -> i64 {
        let (start, end, ..) = gap;
        let asked = |question: &&Question| {
            let pause = self.paused(question);
            pause.map_or(question.time_us, |pause| pause.1.max(question.time_us))
        };
        let head = evidence.iter().map(asked).min().unwrap() - start;
        let overtaken = |question: &Question| {
            ended_by.is_some_and(|first| {
                let gone = question.outcome == Outcome::Unfinished;
                let open = question.end_us > end || (gone && question.end_us == end);
                question.time_us < first.time_us && open
            })
        };
        let down = self.asked.iter().filter(|question| {
            start <= question.time_us
                && question.time_us <= end
                && (self.has_failed(question)
                    || self.is_long_in(question, gap)
                    || overtaken(question))
        });
        let moments = down.map(|question| {
            let pause = self.paused(question);
            pause.map_or(question.time_us, |pause| pause.0.min(question.time_us))
        });
        match moments.max() {
            None => end - start,
            Some(down) => (head.max(0) + end - down.clamp(start, end)).min(end - start),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn outages_are_those_of_the_definition(
        mut questions in prop::collection::vec(question(), 0..60),
        pause in proptest::option::of((0..3_000_i64, 100..800_i64)),
    ) {
        questions.sort_by_key(|question| (question.time_us, question.end_us));
        let spans: Vec<Span> = pause
            .map(|(from, length)| Span::new(from * MS, (from + length) * MS))
            .into_iter()
            .collect();
        let pauses = Pauses::new(spans.clone());
        let of_all: Vec<&Question> = questions.iter().collect();
        let recording = Span::new(0, END);
        let found = detect(&of_all, &recording, &pauses, &Thresholds::default());
        let is_client = |question: &&Question| {
            question.error.as_ref().is_some_and(|error| error.class == "client")
        };
        let definition = Definition {
            asked: of_all.iter().copied().filter(|question| !is_client(question)).collect(),
            pauses: &pauses,
            spans: &spans,
        };
        let outages: Vec<Found> = found
            .outages
            .iter()
            .map(|outage| {
                let failures = outage.errors.iter().map(|error| error.count).sum();
                let span = outage.span;
                prop_assert_eq!(outage.downtime_us, span.length_us());
                prop_assert!((0..=outage.downtime_us).contains(&outage.resolution_us));
                Ok((
                    span.start.micros(),
                    span.end.micros(),
                    outage.resolution_us,
                    outage.evidence as usize,
                    failures,
                    outage.open_at_start,
                    outage.open_at_end,
                ))
            })
            .collect::<Result<_, TestCaseError>>()?;
        prop_assert_eq!(outages, definition.outages());
        let spans = found.outages.windows(2);
        prop_assert!(spans.into_iter().all(|two| two[0].span.end <= two[1].span.start));
    }
}
