//! Outages of known times, asked by the rules of `docs/definitions.md`, Service downtime: what the figures say of them.

use std::sync::Arc;

use analyze::metrics::service::detect;
use analyze::reduce::availability::{ProbeError, Question};
use analyze::reduce::pauses::Pauses;
use analyze::summary::{Outage, Span, Thresholds};
use recording::vocabulary::{ErrorClass, OperationType, Outcome};

const MS: i64 = 1_000;
const TICK_US: i64 = 50 * MS;
const LIMIT_US: i64 = 1_000 * MS;
const MOST_IN_FLIGHT: usize = 10;
/// The longest that an answer takes where nothing is wrong, connecting included.
const ORDINARY_US: i64 = 30 * MS;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.unsigned_abs()) as i64
    }

    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(to - from)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Connections are cut, and new ones refused.
    Refuse,
    /// It answers that it is a reader.
    ReadOnly,
    /// Everything waits until the end.
    Freeze,
    /// What was sent never arrives, nor what is begun.
    Lost,
}

/// A service that is down from `start` to `end`.
#[derive(Debug, Clone, Copy)]
struct Service {
    kind: Kind,
    /// Another server serves afterwards: what the first one holds is never answered.
    flips: bool,
    start: i64,
    end: i64,
}

/// What becomes of a question, and when; `None` is never.
type Fate = Option<(i64, Outcome)>;

impl Service {
    /// Of one that is sent at `at` and takes `took` where nothing is wrong.
    fn fate(&self, at: i64, took: i64, fresh: bool) -> Fate {
        let served = (at + took, Outcome::Ok);
        if at >= self.end || at + took / 2 < self.start {
            return Some(served);
        }
        let from = at.max(self.start);
        match self.kind {
            Kind::Refuse => Some((from + took.min(2 * MS), Outcome::Failed)),
            // A fresh connection is made before it is refused.
            Kind::ReadOnly => Some((from + took, Outcome::Failed)),
            Kind::Freeze if !self.flips => {
                Some((self.end + if fresh { took } else { took / 2 }, Outcome::Ok))
            }
            Kind::Freeze | Kind::Lost => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Flying {
    time: i64,
    fresh: bool,
    fate: Fate,
}

impl Flying {
    fn over(&self) -> (i64, Outcome) {
        let limit = (self.time + LIMIT_US, Outcome::Failed);
        self.fate.filter(|fate| fate.0 < limit.0).unwrap_or(limit)
    }
}

fn question(flying: &Flying, end_us: i64, outcome: Outcome) -> Question {
    let error = (outcome == Outcome::Failed).then(|| {
        Arc::new(ProbeError {
            class: ErrorClass::Refused.as_str().to_owned(),
            sqlstate: None,
            message: None,
        })
    });
    Question {
        time_us: flying.time,
        end_us,
        connect_us: 0,
        kind: OperationType::Write,
        reader: false,
        fresh: flying.fresh,
        outcome,
        error,
        address: None,
        server: None,
        in_recovery: None,
        sync_rep_waits: None,
    }
}

/// The state machine of the definition. Where a kept connection answers first, those that were begun after it are left to be answered
/// (`ends_all` false), or given up as well.
fn ask(service: &Service, until: i64, ends_all: bool, dice: &mut Dice) -> Vec<Question> {
    let mut asked = Vec::new();
    let mut in_flight: Vec<Flying> = Vec::new();
    let mut has_connection = false;
    let mut last_asked = 0;
    let first = dice.below(TICK_US);
    for number in 0.. {
        let now = first + number * TICK_US + dice.below(2 * MS);
        // What came since the last tick, in order.
        while let Some(index) = (0..in_flight.len())
            .filter(|index| in_flight[*index].over().0 <= now.min(until))
            .min_by_key(|index| in_flight[*index].over().0)
        {
            let over = in_flight.remove(index);
            let (end, outcome) = over.over();
            asked.push(question(&over, end, outcome));
            if outcome == Outcome::Ok {
                has_connection = true;
                let ended = |other: &Flying| ends_all || other.time < over.time;
                for given_up in in_flight.iter().filter(|other| ended(other)) {
                    asked.push(question(given_up, end, Outcome::Unfinished));
                }
                in_flight.retain(|other| !ended(other));
            } else if !over.fresh {
                has_connection = false;
            }
        }
        if now >= until {
            break;
        }
        let is_waiting = !in_flight.is_empty() && !has_connection;
        if is_waiting && (number - last_asked < 2 || in_flight.len() >= MOST_IN_FLIGHT) {
            continue;
        }
        let fresh = !has_connection;
        let took = match fresh {
            true => dice.between(4 * MS, ORDINARY_US),
            false => dice.between(MS, 4 * MS),
        };
        in_flight.push(Flying {
            time: now,
            fresh,
            fate: service.fate(now, took, fresh),
        });
        // Until it answers, the connection can't be asked again.
        has_connection = false;
        last_asked = number;
    }
    for left in in_flight {
        asked.push(question(&left, until, Outcome::Unfinished));
    }
    asked.sort_by_key(|question| (question.time_us, question.end_us));
    asked
}

fn outages(asked: &[Question], until: i64) -> Vec<Outage> {
    let asked: Vec<&Question> = asked.iter().collect();
    let recording = Span::new(0, until);
    let found = detect(
        &asked,
        &recording,
        &Pauses::default(),
        &Thresholds::default(),
    );
    found.outages
}

#[test]
fn the_service_downtime_is_never_too_short_and_hardly_too_long() {
    let kinds = [Kind::Refuse, Kind::ReadOnly, Kind::Freeze, Kind::Lost];
    let mut dice = Dice(17);
    let (mut too_long, mut beside) = (Vec::new(), Vec::new());
    for number in 0..800_usize {
        let start = dice.between(2_000 * MS, 3_000 * MS);
        // Short ones as often as long ones.
        let length = (300 * MS) << dice.below(6);
        let length = (length + dice.below(length)).min(16_000 * MS);
        let service = Service {
            kind: kinds[number % 4],
            flips: number % 8 >= 4,
            start,
            end: start + length,
        };
        let until = service.end + 2_500 * MS;
        let asked = ask(&service, until, number % 16 >= 8, &mut dice);
        let found = outages(&asked, until);
        let [outage] = found.as_slice() else {
            panic!("{number} {service:?}: {found:?}");
        };
        assert!(!outage.open_at_start && !outage.open_at_end);
        let over = outage.downtime_us - length;
        assert!(over > -ORDINARY_US, "{number} {service:?}: {outage:?}");
        assert!(over <= 250 * MS, "{number} {service:?}: {outage:?}");
        assert!(
            outage.resolution_us <= 300 * MS,
            "{number} {service:?}: {outage:?}"
        );
        // To within one ordinary response time.
        let least = outage.downtime_us - outage.resolution_us;
        assert!(
            least <= length + ORDINARY_US,
            "{number} {service:?}: {outage:?}"
        );
        too_long.push(over);
        beside.push((least - length).max(-over).max(0));
    }
    too_long.sort_unstable();
    beside.sort_unstable();
    // The page's own numbers, of its own simulation: 95 % within 0.15 s, and the truth beside the bounds at most by milliseconds.
    assert!(
        too_long[too_long.len() * 95 / 100] <= 160 * MS,
        "{too_long:?}"
    );
    assert!(beside[beside.len() * 99 / 100] <= 5 * MS, "{beside:?}");
}

#[test]
fn a_service_that_is_up_has_no_outage() {
    let mut dice = Dice(4);
    let far = i64::MAX / 4;
    let service = Service {
        kind: Kind::Lost,
        flips: false,
        start: far,
        end: far,
    };
    let until = 600_000 * MS;
    let asked = ask(&service, until, false, &mut dice);
    assert!(asked.len() > 11_900);
    assert_eq!(outages(&asked, until), []);
}
