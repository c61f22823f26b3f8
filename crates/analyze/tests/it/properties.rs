//! Outage detection on random time lines: against the definition written down once more, the slow way.

use std::collections::BTreeMap;

use analyze::metrics::outages::detect;
use analyze::reduce::timeline::{Successes, Suspect, Timeline};
use analyze::summary::{Group, Thresholds};
use proptest::prelude::*;
use recording::vocabulary::{ErrorClass, OperationType, Outcome};

const START_US: i64 = 1_795_380_180_000_000;
const LENGTH_US: i64 = 20_000_000;
const MEDIAN_US: i64 = 5_000;

/// One operation: type, begin and response time in milliseconds, what became of it.
type Drawn = (OperationType, i64, i64, Outcome, ErrorClass);

fn operation() -> impl Strategy<Value = Drawn> {
    let response = prop_oneof![6 => 1..20_i64, 2 => 20..700_i64, 1 => 700..9_000_i64];
    let outcome = prop_oneof![
        12 => Just(Outcome::Ok),
        2 => Just(Outcome::Failed),
        1 => Just(Outcome::Unknown),
        1 => Just(Outcome::Unfinished),
    ];
    let class = prop_oneof![
        4 => Just(ErrorClass::Refused),
        2 => Just(ErrorClass::OperationTimeout),
        2 => Just(ErrorClass::ReadOnly),
        1 => Just(ErrorClass::Conflict),
        1 => Just(ErrorClass::Client),
        1 => Just(ErrorClass::StatementTimeout),
        1 => Just(ErrorClass::NoWriter),
        1 => Just(ErrorClass::Unreplicated),
    ];
    let kind = proptest::sample::select(OperationType::ALL);
    (kind, 0..20_500_i64, response, outcome, class)
}

fn timeline(drawn: &[Drawn]) -> Timeline {
    let (first, last) = (START_US, START_US + LENGTH_US);
    let mut pairs: BTreeMap<OperationType, Vec<(i64, i64)>> = BTreeMap::new();
    let mut suspects = Vec::new();
    for (kind, begin, response, outcome, class) in drawn {
        let (scheduled, response) = (START_US + begin * 1_000, response * 1_000);
        let end = if *outcome == Outcome::Unfinished {
            last
        } else {
            scheduled + response
        };
        if outcome.is_success() {
            pairs
                .entry(*kind)
                .or_default()
                .push((end.clamp(first, last), response));
        }
        suspects.push(Suspect {
            operation_type: *kind,
            operation_name: "operation".to_owned(),
            outcome: *outcome,
            class: matches!(outcome, Outcome::Failed | Outcome::Unknown).then(|| class.to_string()),
            sqlstate: None,
            scheduled_us: scheduled.clamp(first, last),
            start_us: Some(scheduled.clamp(first, last)),
            end_us: end.clamp(first, last),
            response_us: end - scheduled,
        });
    }
    Timeline {
        start_us: first,
        end_us: last,
        successes: pairs
            .into_iter()
            .map(|(kind, pairs)| (kind, Successes::sorted(pairs)))
            .collect(),
        suspects,
        median_response_us: BTreeMap::from([("operation".to_owned(), MEDIAN_US)]),
    }
}

/// The outages of a group as (start, end), by the words of `docs/definitions.md`, each gap against each operation.
fn by_definition(timeline: &Timeline, group: Group, of_all: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let floor = Thresholds::default().min_stall_us;
    let mut edges = vec![timeline.start_us];
    edges.extend(timeline.successes_of(group).end_us);
    edges.push(timeline.end_us);
    let mut lengths: Vec<i64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len().div_ceil(2) - 1];
    let gaps = edges.len() - 1;
    let mut outages = Vec::new();
    for index in 0..gaps {
        let (start, end) = (edges[index], edges[index + 1]);
        if end - start < 100_000 {
            continue;
        }
        let is_evidence = |suspect: &&Suspect| {
            let class = suspect.class.as_deref();
            let exempt = matches!(class, Some("conflict" | "client"))
                || (group == Group::All && class == Some("read_only"));
            let is_failure = class.is_some_and(|class| class != "statement_timeout");
            let ended = (start < suspect.end_us && suspect.end_us <= end)
                || (index == 0 && suspect.end_us == start);
            let overlap = suspect.end_us.min(end) - suspect.scheduled_us.max(start);
            let stalled =
                suspect.response_us > (floor + MEDIAN_US).max(3 * MEDIAN_US) && overlap > floor;
            group.contains(suspect.operation_type) && !exempt && ((is_failure && ended) || stalled)
        };
        let evidence = timeline.suspects.iter().filter(is_evidence).count();
        let one_is_enough = end - start > 10 * median
            || of_all.iter().any(|(from, to)| *from < end && start < *to)
            || (index == gaps - 1 && end - start > 1_000_000)
            || gaps == 1;
        if evidence >= 2 || (evidence == 1 && one_is_enough) {
            outages.push((start, end));
        }
    }
    outages
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn outages_are_those_of_the_definition(drawn in prop::collection::vec(operation(), 1..120)) {
        let timeline = timeline(&drawn);
        let detected = detect(&timeline, &Thresholds::default());
        let of_all = by_definition(&timeline, Group::All, &[]);
        for (group, found) in &detected {
            let spans: Vec<_> = found
                .outages
                .iter()
                .map(|outage| (outage.span.start.micros(), outage.span.end.micros()))
                .collect();
            let expected = if *group == Group::All {
                of_all.clone()
            } else {
                by_definition(&timeline, *group, &of_all)
            };
            prop_assert_eq!(&spans, &expected, "{:?}", group);
        }
    }

    #[test]
    fn figures_hold_together(drawn in prop::collection::vec(operation(), 1..120)) {
        let timeline = timeline(&drawn);
        for found in detect(&timeline, &Thresholds::default()).values() {
            for outage in &found.outages {
                prop_assert!(outage.evidence > 0);
                prop_assert!((0..=outage.downtime_us).contains(&outage.resolution_us));
            }
            for pair in found.outages.windows(2) {
                prop_assert!(pair[0].span.end <= pair[1].span.start, "outages do not overlap");
            }
            let total: i64 = found.outages.iter().map(|outage| outage.downtime_us).sum();
            prop_assert!(total <= LENGTH_US);
            for brownout in &found.brownouts {
                prop_assert!((100_000..500_000).contains(&brownout.length_us()));
                prop_assert!(found.outages.iter().all(|outage| !outage.span.overlaps(brownout)));
            }
        }
    }

    #[test]
    fn the_order_of_rows_says_nothing(
        (drawn, shuffled) in prop::collection::vec(operation(), 1..80)
            .prop_flat_map(|drawn| (Just(drawn.clone()), Just(drawn).prop_shuffle()))
    ) {
        let of = |drawn: &[Drawn]| {
            let detected = detect(&timeline(drawn), &Thresholds::default());
            detected.into_values().map(|found| (found.outages, found.brownouts)).collect::<Vec<_>>()
        };
        let (one, other) = (of(&drawn), of(&shuffled));
        for ((outages, brownouts), (others, other_brownouts)) in one.iter().zip(&other) {
            prop_assert_eq!(brownouts, other_brownouts);
            let figures = |outages: &[analyze::summary::Outage]| -> Vec<_> {
                outages.iter().map(|outage| (outage.span, outage.resolution_us, outage.evidence)).collect()
            };
            prop_assert_eq!(figures(outages), figures(others));
        }
    }
}
