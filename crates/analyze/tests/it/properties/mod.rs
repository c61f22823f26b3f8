//! Outage detection on random time lines: against the definition written down once more, the slow way.

mod by_definition;

use std::collections::BTreeMap;
use std::sync::Arc;

use analyze::metrics::outages::{Detected, detect};
use analyze::reduce::pauses::Pauses;
use analyze::reduce::served::{Hidden, Served};
use analyze::reduce::suspect::Suspect;
use analyze::reduce::timeline::{ServerProbe, Timeline};
use analyze::summary::{Group, Span, Thresholds, Word};
use proptest::prelude::*;
use recording::vocabulary::{ErrorClass, OperationType, Outcome, Path};

use by_definition::{ByDefinition, Found};

const START_US: i64 = 1_795_380_180_000_000;
const LENGTH_US: i64 = 20_000_000;
const MEDIAN_US: i64 = 5_000;

/// One operation; times in microseconds, since the recording's start.
#[derive(Debug, Clone)]
struct Drawn {
    kind: OperationType,
    scheduled: i64,
    /// In the schedule's queue, then waiting for a connection, then in execute.
    queue: i64,
    checkout: i64,
    execute: i64,
    outcome: Outcome,
    class: ErrorClass,
    sqlstate: Option<&'static str>,
    connection: Option<i64>,
}

impl Drawn {
    fn start(&self) -> i64 {
        self.scheduled + self.queue
    }

    fn first_statement(&self) -> i64 {
        self.start() + self.checkout
    }

    /// The same where it got that far: a failed attempt to connect did not.
    fn statement(&self) -> Option<i64> {
        let is_without = matches!(self.outcome, Outcome::Failed | Outcome::Unknown)
            && self.connection.is_none()
            && matches!(
                self.class,
                ErrorClass::Refused
                    | ErrorClass::Unreachable
                    | ErrorClass::ConnectTimeout
                    | ErrorClass::PoolTimeout
                    | ErrorClass::NoWriter
                    | ErrorClass::ConnectionLost
                    | ErrorClass::OperationTimeout
            );
        (!is_without).then(|| self.first_statement())
    }

    /// When it ended, within the recording or after it.
    fn end(&self) -> Option<i64> {
        let end = self.first_statement() + self.execute;
        (self.outcome != Outcome::Unfinished).then_some(end)
    }
}

#[derive(Debug, Clone)]
struct Case {
    operations: Vec<Drawn>,
    /// Pauses of the recorder, in order and apart.
    pauses: Vec<(i64, i64)>,
    path: Path,
    workers: u32,
    /// When each probe of the server ended, and whether it was answered.
    probes: Vec<(i64, bool)>,
}

fn operation() -> impl Strategy<Value = Drawn> {
    let execute = prop_oneof![6 => 1..20_i64, 2 => 20..700_i64, 1 => 700..9_000_i64];
    let wait = || prop_oneof![5 => Just(0_i64), 1 => 1..900_i64];
    let outcome = prop_oneof![
        12 => Just(Outcome::Ok),
        3 => Just(Outcome::Failed),
        1 => Just(Outcome::Unknown),
        1 => Just(Outcome::Unfinished),
    ];
    let class = prop_oneof![
        4 => Just((ErrorClass::Refused, None)),
        2 => Just((ErrorClass::OperationTimeout, None)),
        2 => Just((ErrorClass::ConnectionLost, None)),
        2 => Just((ErrorClass::Unreachable, None)),
        2 => Just((ErrorClass::ReadOnly, Some("25006"))),
        1 => Just((ErrorClass::Conflict, Some("40001"))),
        2 => Just((ErrorClass::Conflict, Some("55P03"))),
        2 => Just((ErrorClass::Other, Some("42501"))),
        1 => Just((ErrorClass::Other, Some("22012"))),
        1 => Just((ErrorClass::Other, Some("XX000"))),
        1 => Just((ErrorClass::Client, None)),
        2 => Just((ErrorClass::StatementTimeout, Some("57014"))),
        1 => Just((ErrorClass::StartingOrStopping, Some("57P01"))),
        1 => Just((ErrorClass::PoolTimeout, None)),
        1 => Just((ErrorClass::ConnectTimeout, None)),
        1 => Just((ErrorClass::NoWriter, None)),
        1 => Just((ErrorClass::Unreplicated, Some("01000"))),
    ];
    let kind = proptest::sample::select(OperationType::ALL);
    let connection = proptest::option::of(1..8_i64);
    let times = (0..20_500_i64, wait(), wait(), execute);
    (kind, times, outcome, class, connection).prop_map(
        |(kind, (scheduled, queue, checkout, execute), outcome, (class, sqlstate), connection)| {
            Drawn {
                kind,
                scheduled: scheduled * 1_000,
                queue: queue * 1_000,
                checkout: checkout * 1_000,
                execute: execute * 1_000,
                outcome,
                class,
                sqlstate,
                connection,
            }
        },
    )
}

/// Operations of one kind and fate close together: a run of refusals, or of hung writes.
fn run() -> impl Strategy<Value = Vec<Drawn>> {
    (operation(), 1..9_i64, 1..400_i64, 0..3_usize).prop_map(|(first, count, apart, mixed)| {
        let of_number = |number: i64| {
            let mut next = first.clone();
            next.scheduled += number * apart * 1_000;
            if mixed > 0 {
                next.kind = OperationType::ALL[number as usize % 3];
            }
            next
        };
        (0..count).map(of_number).collect()
    })
}

fn case() -> impl Strategy<Value = Case> {
    let singles = prop::collection::vec(operation(), 1..70);
    let runs = prop::collection::vec(run(), 0..5);
    let pauses = prop::collection::vec((0..9_i64, 100..1_900_i64), 0..3);
    let probes = prop::collection::vec((0..20_000_i64, prop::bool::weighted(0.9)), 0..40);
    let path = proptest::sample::select(vec![Path::Direct, Path::Proxy]);
    (singles, runs, pauses, probes, path, 1..4_u32).prop_map(
        |(mut operations, runs, pauses, probes, path, workers)| {
            operations.extend(runs.into_iter().flatten());
            let mut paused: Vec<(i64, i64)> = pauses
                .into_iter()
                .map(|(slot, length)| (slot * 2_100_000, slot * 2_100_000 + length * 1_000))
                .collect();
            paused.sort_unstable();
            paused.dedup_by_key(|pause| pause.0);
            let mut probes: Vec<_> = probes
                .into_iter()
                .map(|(at, ok)| (at * 1_000, ok))
                .collect();
            probes.sort_unstable();
            Case {
                operations,
                pauses: paused,
                path,
                workers,
                probes,
            }
        },
    )
}

fn timeline(case: &Case) -> Timeline {
    let pauses = case.pauses.iter();
    let pauses = Pauses::new(
        pauses
            .map(|(from, to)| Span::new(START_US + from, START_US + to))
            .collect(),
    );
    let mut served: BTreeMap<OperationType, Served> = BTreeMap::new();
    let mut suspects = Vec::new();
    for drawn in &case.operations {
        let end = drawn.end().filter(|end| *end <= LENGTH_US);
        let scheduled = START_US + drawn.scheduled;
        let end_us = START_US + end.unwrap_or(LENGTH_US);
        let outcome = end.map_or(Outcome::Unfinished, |_| drawn.outcome);
        if outcome.is_success() {
            let of_kind = served.entry(drawn.kind);
            let of_kind = of_kind.or_insert_with(|| Served::new(START_US));
            match (ByDefinition { case }).served_since(drawn) {
                Some(since) => of_kind.add_hidden(Hidden {
                    end_us,
                    since_us: START_US + since,
                }),
                None => of_kind.add(end_us),
            }
        }
        let first_statement = drawn.statement().map(|at| START_US + at);
        let reached = first_statement.filter(|at| *at <= end_us);
        let failed = matches!(outcome, Outcome::Failed | Outcome::Unknown);
        let is_own_limit = matches!(
            drawn.class,
            ErrorClass::OperationTimeout | ErrorClass::ConnectTimeout | ErrorClass::PoolTimeout
        );
        let used_since = case.used_since(drawn).map(|since| START_US + since);
        suspects.push(Suspect {
            operation_type: drawn.kind,
            operation_name: "operation".into(),
            outcome,
            class: failed.then(|| drawn.class.as_str().into()),
            sqlstate: drawn.sqlstate.filter(|_| failed).map(Word::from),
            message: None,
            connection: None,
            scheduled_us: scheduled.min(START_US + LENGTH_US),
            start_us: Some((scheduled + drawn.queue).min(START_US + LENGTH_US)),
            first_statement_us: reached,
            end_us,
            wall_us: end_us - scheduled,
            response_us: pauses.running_us(scheduled, end_us),
            execute_us: reached.map(|from| pauses.running_us(from, end_us)),
            connection_used_since_us: used_since,
            is_paused_limit: failed && is_own_limit && pauses.span_in(scheduled, end_us).is_some(),
        });
    }
    Timeline {
        path: case.path,
        start_us: START_US,
        end_us: START_US + LENGTH_US,
        served: Arc::new(served),
        suspects,
        median_response_us: BTreeMap::from([("operation".to_owned(), MEDIAN_US)]),
        pauses,
        workers: case.workers,
        slots: case.workers,
        servers: BTreeMap::new(),
        server_probes: case
            .probes
            .iter()
            .map(|(at, is_answered)| ServerProbe {
                time_us: START_US + at,
                is_answered: *is_answered,
            })
            .collect(),
    }
}

fn detected(case: &Case) -> BTreeMap<Group, Detected> {
    let median_gap_us = |group| (ByDefinition { case }).median_gap_us(group);
    detect(&timeline(case), &Thresholds::default(), &median_gap_us)
}

impl Case {
    /// Where an earlier operation had used its connection, the start of the first one that did.
    fn used_since(&self, drawn: &Drawn) -> Option<i64> {
        let connection = drawn.connection?;
        let same = |other: &&Drawn| other.connection == Some(connection);
        let users = self.operations.iter().filter(same);
        let first = users.min_by_key(|other| (other.first_statement(), other.start()))?;
        (first.first_statement() < drawn.first_statement()).then(|| first.start())
    }
}

fn found(detected: &Detected) -> Found {
    let seconds = |span: &Span| (span.start.micros() - START_US, span.end.micros() - START_US);
    Found {
        outages: detected
            .outages
            .iter()
            .map(|outage| (seconds(&outage.span), outage.resolution_us, outage.evidence))
            .collect(),
        brownouts: detected.brownouts.iter().map(seconds).collect(),
        blips: detected.blips.len(),
        unobserved: detected
            .unobserved
            .iter()
            .map(|unobserved| seconds(&unobserved.span))
            .collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn outages_are_those_of_the_definition(case in case()) {
        let detected = detected(&case);
        let slow = ByDefinition { case: &case };
        let all = slow.found(Group::All, &[]);
        let of_all: Vec<_> = all.outages.iter().map(|outage| outage.0).collect();
        for (group, of_group) in &detected {
            let expected = if *group == Group::All {
                all.clone()
            } else {
                slow.found(*group, &of_all)
            };
            prop_assert_eq!(&found(of_group), &expected, "{:?}", group);
        }
    }

    #[test]
    fn figures_hold_together(case in case()) {
        for found in detected(&case).values() {
            for outage in &found.outages {
                prop_assert!(outage.evidence > 0);
                prop_assert!((0..=outage.downtime_us).contains(&outage.resolution_us));
                prop_assert!((0..=outage.downtime_us).contains(&outage.paused_us));
            }
            for pair in found.outages.windows(2) {
                prop_assert!(pair[0].span.end <= pair[1].span.start, "outages do not overlap");
            }
            let total: i64 = found.outages.iter().map(|outage| outage.downtime_us).sum();
            prop_assert!(total <= LENGTH_US);
            for brownout in &found.brownouts {
                prop_assert!(brownout.length_us() > 0);
            }
        }
    }

    #[test]
    fn the_order_of_rows_says_nothing(case in case(), seed in any::<u64>()) {
        let mut shuffled = case.clone();
        let count = shuffled.operations.len() as u64;
        for place in (1..count).rev() {
            let other = seed.wrapping_mul(place.wrapping_add(0x9e37_79b9)) % (place + 1);
            shuffled.operations.swap(place as usize, other as usize);
        }
        let of = |case: &Case| {
            detected(case).values().map(found).collect::<Vec<_>>()
        };
        prop_assert_eq!(of(&case), of(&shuffled));
    }
}
