use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);
const TICK: Duration = Duration::from_millis(50);

/// What a server does with a question that reaches it.
#[derive(Debug, Clone, Copy)]
enum Server {
    AnswersAfter(u64),
    Never,
    RefusesAfter(u64),
}

/// How a question ended, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Answered,
    Failed,
    Late,
    GivenUp,
    Open,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    at_ms: u64,
    fresh: bool,
    end: Option<(u64, End)>,
}

impl Server {
    /// What comes of a question, and after how many milliseconds.
    fn end(self) -> (u64, End) {
        let limit_ms = u64::try_from(LIMIT.as_millis()).unwrap();
        match self {
            Self::AnswersAfter(after) if after < limit_ms => (after.max(1), End::Answered),
            Self::RefusesAfter(after) if after < limit_ms => (after.max(1), End::Failed),
            _ => (limit_ms, End::Late),
        }
    }
}

/// Questions that were asked, and what is coming.
struct Simulation {
    schedule: Schedule,
    asked: BTreeMap<Number, Asked>,
    /// When, of which question, and what.
    coming: BTreeSet<(u64, Number, End)>,
}

impl Simulation {
    fn end(&mut self, now_ms: u64, number: Number, end: End) {
        if self.asked[&number].end.is_some() {
            return;
        }
        let mut ended = vec![(number, end)];
        match end {
            End::Answered => {
                let given_up = self.schedule.answered(number, true).given_up;
                ended.extend(given_up.into_iter().map(|number| (number, End::GivenUp)));
            }
            _ => self.schedule.failed(number),
        }
        for (number, end) in ended {
            let of = self.asked.get_mut(&number).unwrap();
            assert_eq!(of.end.replace((now_ms, end)), None, "one end each");
        }
    }
}

/// The questions of some seconds; `server` is asked what becomes of a question at its millisecond.
fn simulate(interval: Duration, end_ms: u64, server: impl Fn(u64) -> Server) -> Vec<Asked> {
    let begun = Instant::now();
    let mut run = Simulation {
        schedule: Schedule::new(interval),
        asked: BTreeMap::new(),
        coming: BTreeSet::new(),
    };
    let every_ms = u64::try_from(interval.as_millis()).unwrap();
    for now_ms in 0..end_ms {
        while let Some(event) = run.coming.first().copied().filter(|it| it.0 <= now_ms) {
            run.coming.remove(&event);
            run.end(now_ms, event.1, event.2);
        }
        if now_ms % every_ms != 0 {
            continue;
        }
        let now = begun + MS * u32::try_from(now_ms).unwrap();
        let Some(question) = run.schedule.tick(now, true) else {
            continue;
        };
        let asked = Asked {
            at_ms: now_ms,
            fresh: question.fresh,
            end: None,
        };
        assert!(run.asked.insert(question.number, asked).is_none());
        let (after_ms, end) = server(now_ms).end();
        run.coming.insert((now_ms + after_ms, question.number, end));
    }
    for of in run.asked.values_mut() {
        of.end = of.end.or(Some((end_ms, End::Open)));
    }
    run.asked.into_values().collect()
}

fn times(asked: &[Asked]) -> Vec<u64> {
    asked.iter().map(|of| of.at_ms).collect()
}

#[test]
fn a_server_that_answers_is_asked_at_every_tick_on_one_connection() {
    let asked = simulate(TICK, 1_000, |_| Server::AnswersAfter(3));
    assert_eq!(
        times(&asked),
        (0..20).map(|tick| tick * 50).collect::<Vec<_>>()
    );
    assert!(asked[0].fresh && asked[1..].iter().all(|of| !of.fresh));
    assert!(asked.iter().all(|of| of.end.unwrap().1 == End::Answered));
}

#[test]
fn a_server_that_refuses_is_asked_anew_at_every_tick() {
    let asked = simulate(TICK, 500, |_| Server::RefusesAfter(1));
    assert_eq!(asked.len(), 10);
    assert!(asked.iter().all(|of| of.fresh));
}

#[test]
fn a_frozen_server_is_asked_anew_at_every_second_tick_and_the_first_answer_ends_the_others() {
    let frozen = 1_000..4_000_u64;
    let asked = simulate(TICK, 5_000, |at| match frozen.contains(&at) {
        true => Server::Never,
        false => Server::AnswersAfter(2),
    });
    let in_freeze: Vec<&Asked> = asked
        .iter()
        .filter(|of| frozen.contains(&of.at_ms))
        .collect();
    assert_eq!(
        in_freeze.iter().map(|of| of.at_ms).collect::<Vec<_>>(),
        (10..40).map(|tick| tick * 100).collect::<Vec<_>>()
    );
    assert!(!in_freeze[0].fresh && in_freeze[1..].iter().all(|of| of.fresh));
    // Those of before 3,000 ms came to their limit; the first answer, of 4,000 ms, ends the others.
    for of in in_freeze {
        let expected = match of.at_ms {
            ..=3_000 => (of.at_ms + 1_000, End::Late),
            _ => (4_002, End::GivenUp),
        };
        assert_eq!(of.end, Some(expected), "{of:?}");
    }
    let after = asked.iter().filter(|of| of.at_ms >= 4_000);
    let after: Vec<&Asked> = after.collect();
    assert_eq!(after.len(), 20);
    assert!(after[0].fresh && after[1..].iter().all(|of| !of.fresh));
}

#[test]
fn where_fresh_connections_fail_an_older_one_is_not_kept() {
    let mut schedule = Schedule::new(TICK);
    let begun = Instant::now();
    let tick = |schedule: &mut Schedule, number| schedule.tick(begun + TICK * number, true);
    assert!(tick(&mut schedule, 0).unwrap().fresh);
    let kept = schedule.answered(1, true);
    assert_eq!((kept.is_kept, kept.given_up), (true, vec![]));
    assert!(!tick(&mut schedule, 1).unwrap().fresh);
    assert_eq!(tick(&mut schedule, 2), None);
    // The second question hangs on its connection; a fresh one is refused; then the second is answered.
    assert!(tick(&mut schedule, 3).unwrap().fresh);
    schedule.failed(3);
    assert!(!schedule.answered(2, true).is_kept);
    assert!(tick(&mut schedule, 4).unwrap().fresh);
}

#[test]
fn a_connection_that_is_no_longer_current_is_not_asked() {
    let mut schedule = Schedule::new(TICK);
    let now = Instant::now();
    assert!(schedule.tick(now, true).unwrap().fresh);
    assert!(!schedule.answered(1, false).is_kept);
    assert!(schedule.tick(now + TICK, true).unwrap().fresh);
    assert!(schedule.answered(2, true).is_kept);
    assert!(schedule.keeps());
    assert!(schedule.tick(now + 2 * TICK, false).unwrap().fresh);
    assert!(!schedule.keeps());
}

#[test]
fn a_short_interval_leaves_no_blind_spot() {
    let asked = simulate(10 * MS, 3_000, |_| Server::Never);
    assert_eq!(
        times(&asked),
        (0..30).map(|at| at * 100).collect::<Vec<_>>()
    );
}

/// Phases of some length, each with what the server does in it.
fn phases() -> impl Strategy<Value = Vec<(u64, Server)>> {
    let server = prop_oneof![
        (0_u64..1_500).prop_map(Server::AnswersAfter),
        (0_u64..20).prop_map(Server::AnswersAfter),
        Just(Server::Never),
        (0_u64..30).prop_map(Server::RefusesAfter),
        (0_u64..1_500).prop_map(Server::RefusesAfter),
    ];
    prop::collection::vec((1_u64..2_500, server), 1..6)
}

proptest! {
    #[test]
    fn whatever_the_server_does(
        phases in phases(),
        interval_ms in prop::sample::select(vec![10_u64, 30, 50, 100, 250]),
        lost in prop::collection::btree_set(0_u64..200, 0..20),
    ) {
        let end_ms: u64 = phases.iter().map(|(length, _)| length).sum();
        let interval = MS * u32::try_from(interval_ms).unwrap();
        let asked = simulate(interval, end_ms, |at| {
            if lost.contains(&(at / interval_ms)) {
                return Server::Never;
            }
            let mut from = 0;
            for (length, server) in &phases {
                from += length;
                if at < from {
                    return *server;
                }
            }
            Server::Never
        });
        for (at, of) in asked.iter().enumerate() {
            let (ended_ms, end) = of.end.unwrap();
            // Never more than ten in flight.
            let open = asked[..at].iter().filter(|before| before.end.unwrap().0 > of.at_ms);
            prop_assert!(open.count() < MOST);
            // What is answered ends all that were asked before it.
            if end == End::Answered {
                prop_assert!(asked[..at].iter().all(|before| before.end.unwrap().0 <= ended_ms));
            }
            // Nothing is given up but by a later one's answer.
            if end == End::GivenUp {
                let by = asked[at + 1..].iter().filter(|later| later.end == Some((ended_ms, End::Answered)));
                prop_assert!(by.count() >= 1);
            }
            // No blind spot.
            let next_ms = asked.get(at + 1).map_or(end_ms, |next| next.at_ms);
            let most_ms = (2 * interval_ms).max(100) + interval_ms;
            prop_assert!(next_ms - of.at_ms <= most_ms, "{of:?} {next_ms}");
        }
    }
}
