use super::*;

const START_US: i64 = 1_795_380_180_000_000;

fn served(ends_us: &[i64]) -> Served {
    let mut served = Served::new(START_US);
    ends_us.iter().for_each(|us| served.add(START_US + us));
    served
}

fn gaps(served: &Served, end_us: i64) -> Vec<(i64, i64)> {
    let spans = served.gaps(START_US + end_us).into_iter();
    let since_start = |span: Span| (span.start.micros() - START_US, span.end.micros() - START_US);
    spans.map(since_start).collect()
}

#[test]
fn without_a_success_the_recording_is_one_gap() {
    assert_eq!(gaps(&served(&[]), 5_000_000), [(0, 5_000_000)]);
}

#[test]
fn long_gaps_are_exact_and_short_ones_left_out() {
    let ends = [10, 50_000, 110_000, 215_000, 215_001, 90_000_000];
    let expected = [
        (0, 10),
        (110_000, 215_000),
        (215_001, 90_000_000),
        (90_000_000, 90_000_007),
    ];
    assert_eq!(gaps(&served(&ends), 90_000_007), expected);
    let mut shuffled = ends;
    shuffled.reverse();
    assert_eq!(gaps(&served(&shuffled), 90_000_007), expected);
}

#[test]
fn two_parts_together_are_the_whole() {
    let ends: Vec<i64> = (0..400)
        .map(|index| index * index * 37 % 40_000_000)
        .collect();
    let (mut one, other) = (served(&ends[..150]), served(&ends[150..]));
    one.merge(&other);
    assert_eq!(gaps(&one, 41_000_000), gaps(&served(&ends), 41_000_000));
    assert_eq!(one.count(), 400);
}

#[test]
fn what_ended_before_the_start_counts_at_it() {
    assert_eq!(
        gaps(&served(&[-3_000_000]), 500_000),
        [(0, 0), (0, 500_000)]
    );
}

#[test]
fn the_gap_after_a_hidden_success_begins_with_the_pause() {
    let mut served = served(&[1_000_000, 6_000_000]);
    served.add_hidden(Hidden {
        end_us: START_US + 4_000_000,
        since_us: START_US + 2_000_000,
    });
    // The pause began before the last success that was seen: nothing is hidden after that one.
    served.add_hidden(Hidden {
        end_us: START_US + 6_500_000,
        since_us: START_US + 5_900_000,
    });
    let expected = [
        (0, 1_000_000),
        (1_000_000, 4_000_000),
        (2_000_000, 6_000_000),
        (6_000_000, 6_500_000),
        (6_000_000, 7_000_000),
    ];
    assert_eq!(gaps(&served, 7_000_000), expected);
}
