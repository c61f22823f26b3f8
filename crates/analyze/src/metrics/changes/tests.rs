use recording::Timestamp;

use super::*;

/// Last byte of the address, started so many seconds before the first answer, reader or not; one answer every half second.
type Seen = (u8, i64, bool);

const A: Seen = (2, 3_600, false);
const B_READS: Seen = (3, 3_500, true);
const B: Seen = (3, 3_500, false);
const C_READS: Seen = (4, 3_400, true);

fn answers(seen: &[Seen]) -> Vec<Answer> {
    let answer = |(index, (address, started, in_recovery)): (usize, &Seen)| Answer {
        time_us: index as i64 * 500_000,
        server: Arc::new(Identity {
            address: Some(format!("10.0.0.{address}")),
            port: Some(5432),
            start_us: Some(-started * 1_000_000),
            aurora_instance: None,
        }),
        in_recovery: *in_recovery,
    };
    seen.iter().enumerate().map(answer).collect()
}

/// Places of the answers at which something changed.
fn changes(seen: &[Seen]) -> Vec<i64> {
    let changes = of_answers(&answers(seen), 0);
    changes.iter().map(|time_us| time_us / 500_000).collect()
}

#[test]
fn another_writer_is_one_change_once_three_answers_show_it() {
    assert_eq!(changes(&[A, A, A, B, B, B]), [3]);
    assert_eq!(changes(&[A, A, A, B, B]), [0; 0]);
    assert_eq!(changes(&[A, B, B, B]), [1]);
    // The old one, still alive, answers once more in between.
    assert_eq!(changes(&[A, A, A, B, A, B, B, B]), [5]);
    assert_eq!(changes(&[]), [0; 0]);
}

#[test]
fn a_writer_that_was_started_again_is_a_change() {
    let again = (2, -2, false);
    assert_eq!(changes(&[A, A, A, again, again, again]), [3]);
}

#[test]
fn an_endpoint_whose_role_is_held_has_changed_it() {
    let demoted = (2, -2, true);
    assert_eq!(
        changes(&[A, A, A, demoted, demoted, demoted, B, B, B]),
        [3, 6]
    );
    // One stale answer, or two, are none.
    assert_eq!(changes(&[A, A, A, B_READS, B_READS, A, A, A]), [0; 0]);
    // The name led to a reader for a while. That the same writer is back is no second change.
    let led_to_a_reader = [&[A; 20][..], &[B_READS; 20], &[A; 20]].concat();
    assert_eq!(changes(&led_to_a_reader), [20]);
}

/// A proxy that takes a server by chance: runs of three of a role come often, and mean nothing.
#[test]
fn a_proxy_that_spreads_changes_nothing_until_its_writer_is_another() {
    let mut state = 7_u64;
    let mut draw = |of: [Seen; 3]| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        of[(state >> 33) as usize % 3]
    };
    let mut seen: Vec<Seen> = (0..1_000).map(|_| draw([A, B_READS, C_READS])).collect();
    let spread = changes(&seen);
    assert!(spread.iter().all(|at| *at < 20), "{spread:?}");
    let demoted = (2, -501, true);
    let after: Vec<Seen> = (0..1_000).map(|_| draw([demoted, B, C_READS])).collect();
    seen.extend(after);
    let changed: Vec<i64> = changes(&seen).into_iter().filter(|at| *at >= 20).collect();
    assert!(!changed.is_empty());
    assert!(
        changed.iter().all(|at| (1_000..1_020).contains(at)),
        "{changed:?}"
    );
}

#[test]
fn without_rows_the_events_tell() {
    let event = |at: i64, kind: EventKind, detail: &str| EventSummary {
        time: Timestamp(at * 100_000),
        path: Some("direct".to_owned()),
        event: kind.as_str().to_owned(),
        duration_us: None,
        status: None,
        detail: detail.to_owned(),
    };
    let role = |at, detail| event(at, EventKind::RoleChanged, detail);
    let events = [
        // Back after two probes.
        role(10, "a (writer) -> b (reader)"),
        role(20, "b (reader) -> a (writer)"),
        event(50, EventKind::ServerRestarted, "a: started 1 -> 2"),
        role(100, "a (writer) -> b (reader)"),
        event(110, EventKind::ServerRestarted, "b: started 1 -> 2"),
        role(130, "b (reader) -> b (writer)"),
    ];
    let changes = |path| of_events(path, &events, Some(500_000));
    assert_eq!(changes("direct"), [50, 100, 130].map(|at| at * 100_000));
    assert_eq!(changes("proxy"), [0; 0]);
}

/// Reads of a proxy that spreads them, twenty a second: so many in a row are chance, and the reader answers for the first time within 5 s.
#[test]
fn answers_that_are_near_each_other_hold_for_a_time() {
    let spread = |until: usize| {
        let drawn = (0..until).map(|index| match (index * 7_919 / 16) % 8 {
            0..4 => B_READS,
            _ => A,
        });
        let mut answers = answers(&drawn.collect::<Vec<_>>());
        for answer in &mut answers {
            answer.time_us /= 10;
        }
        answers
    };
    let answers_of_both = spread(1_000);
    let in_a_row = answers_of_both.windows(3).any(|three| {
        let roles = three.iter().map(|answer| answer.in_recovery);
        roles.eq([true; 3])
    });
    assert!(in_a_row, "three by chance");
    assert_ne!(of_answers(&answers_of_both, 0), [0; 0]);
    assert_eq!(of_answers(&answers_of_both, HELD_US), [0; 0]);
    // Half a minute of the old writer's answers, then the new one's: 1.5 s of them are a change, 1.4 s are none yet.
    let promoted = |held: usize| {
        let mut answers = answers(&[vec![A; 600], vec![B; held]].concat());
        for answer in &mut answers {
            answer.time_us /= 10;
        }
        of_answers(&answers, HELD_US)
    };
    assert_eq!(promoted(31), [30_000_000]);
    assert_eq!(promoted(29), [0; 0]);
}
