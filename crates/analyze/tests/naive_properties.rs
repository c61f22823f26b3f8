//! The naive methods on random time lines: against their definitions written down once more, the slow way.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use analyze::naive::{FailureRuns, Heartbeat, ReportedOutage, Sighting};
use analyze::summary::Span;
use proptest::prelude::*;

const START_US: i64 = 1_000;
const END_US: i64 = 2_000;

fn recording() -> Span {
    Span::new(START_US, END_US)
}

/// Ends, some of them outside of the recording and many alike, and whether the operation succeeded.
fn operations() -> impl Strategy<Value = Vec<(i64, bool)>> {
    prop::collection::vec((900..2_100_i64, prop::bool::weighted(0.4)), 0..150)
}

/// One after the other, as an application counts.
fn counted(operations: &[(i64, bool)]) -> Vec<ReportedOutage> {
    let clip = |end: i64| end.clamp(START_US, END_US);
    let mut ordered: Vec<_> = operations
        .iter()
        .map(|(end, ok)| (clip(*end), *ok))
        .collect();
    ordered.sort_unstable();
    let (mut in_a_row, mut since, mut outages) = (0, 0, Vec::new());
    let outage = |from, to, open_at_end| ReportedOutage {
        span: Span::new(from, to),
        open_at_end,
    };
    for (end, succeeded) in ordered {
        if !succeeded {
            in_a_row += 1;
            if in_a_row == 3 {
                since = end;
            }
            continue;
        }
        if in_a_row >= 3 {
            outages.push(outage(since, end, false));
        }
        in_a_row = 0;
    }
    if in_a_row >= 3 {
        outages.push(outage(since, END_US, true));
    }
    outages
}

/// Questions: asked, how long they took, answered, like a heartbeat.
type Question = (i64, i64, bool, bool);

fn questions() -> impl Strategy<Value = Vec<Question>> {
    let took = prop_oneof![4 => 1..5_i64, 1 => 5..300_i64];
    let question = (
        START_US..END_US,
        took,
        prop::bool::weighted(0.6),
        any::<bool>(),
    );
    prop::collection::vec(question, 0..120)
}

fn heartbeat(questions: &[Question], interval_us: i64) -> Heartbeat {
    let mut heartbeat = Heartbeat::new(recording(), START_US, interval_us);
    for (asked_us, took, answered, like_a_heartbeat) in questions {
        let sighting = Sighting {
            asked_us: *asked_us,
            end_us: asked_us + took,
            answered: *answered,
        };
        heartbeat.see(sighting, *like_a_heartbeat);
    }
    heartbeat
}

/// Interval by interval, each question looked at for each.
fn asked(questions: &[Question], interval_us: i64) -> Vec<ReportedOutage> {
    let (mut free_at, mut since, mut outages) = (i64::MIN, None, Vec::new());
    let mut from = START_US;
    while from < END_US {
        let within = |question: &&Question| (from..from + interval_us).contains(&question.0);
        let first = questions
            .iter()
            .filter(within)
            .min_by_key(|(asked, took, answered, like)| (!*like, *asked, *took, *answered));
        from += interval_us;
        let Some((asked, took, answered, _)) = first else {
            continue;
        };
        if *asked < free_at {
            continue;
        }
        free_at = asked + took;
        let end = free_at.min(END_US);
        match (answered, since) {
            (false, None) => since = Some(end),
            (true, Some(down)) => {
                outages.push(ReportedOutage {
                    span: Span::new(down, end),
                    open_at_end: false,
                });
                since = None;
            }
            _ => {}
        }
    }
    outages.extend(since.map(|down| ReportedOutage {
        span: Span::new(down, END_US),
        open_at_end: true,
    }));
    outages
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn one_pass_in_any_order_counts_as_an_application_does(operations in operations()) {
        let failed = operations.iter().filter(|(_, ok)| !ok).map(|(end, _)| *end);
        let mut runs = FailureRuns::new(recording(), failed.collect());
        for (end, _) in operations.iter().filter(|(_, ok)| *ok) {
            runs.succeeded(*end);
        }
        let outages = runs.outages();
        prop_assert_eq!(&outages, &counted(&operations));
        prop_assert!(runs.may_report() || outages.is_empty());
        let total: i64 = outages.iter().map(|outage| outage.span.length_us()).sum();
        prop_assert!(total <= recording().length_us());
    }

    #[test]
    fn a_heartbeat_sees_one_question_an_interval(
        questions in questions(),
        interval_us in 1..400_i64,
    ) {
        let heartbeat = heartbeat(&questions, interval_us);
        let outages = heartbeat.outages();
        prop_assert_eq!(&outages, &asked(&questions, interval_us));
        for pair in outages.windows(2) {
            prop_assert!(pair[0].span.end <= pair[1].span.start);
        }
        let longest = questions.iter().filter(|(.., answered, _)| *answered).map(|(_, took, ..)| *took).max();
        prop_assert!(heartbeat.longest_answer_us() <= longest);
    }

    #[test]
    fn the_order_of_questions_says_nothing(
        (drawn, shuffled) in questions()
            .prop_flat_map(|drawn| (Just(drawn.clone()), Just(drawn).prop_shuffle()))
    ) {
        prop_assert_eq!(heartbeat(&drawn, 50).outages(), heartbeat(&shuffled, 50).outages());
    }
}

#[test]
fn times_beyond_all_time_do_not_overflow() {
    let span = Span::new(i64::MIN, i64::MAX);
    let mut heartbeat = Heartbeat::new(span, i64::MAX, 0);
    for asked_us in [i64::MIN, 0, i64::MAX] {
        let sighting = Sighting {
            asked_us,
            end_us: asked_us.saturating_neg(),
            answered: asked_us > 0,
        };
        heartbeat.see(sighting, true);
    }
    assert!(heartbeat.longest_answer_us().is_some());
    // A recording that ends before it starts, as no manifest may say.
    let backwards = Span::new(10, 0);
    let mut runs = FailureRuns::new(backwards, vec![1, 2, 3]);
    runs.succeeded(5);
    assert_eq!(runs.outages().len(), 1);
}
