//! The definition on samples of known outages.

use super::*;

const REFUSED: Answer = Answer::Refused { has_waited: false };

/// An attempt of a connection that was in use before, and sent its statement at once.
fn sample(start_us: i64, end_us: i64, answer: Answer) -> Sample {
    Sample {
        start_us,
        asked_us: Some(start_us),
        end_us,
        first_us: Some(0),
        answer,
    }
}

/// The same, on a connection of its own, made in 1 ms.
fn fresh(start_us: i64, end_us: i64, answer: Answer) -> Sample {
    Sample {
        asked_us: Some(start_us + 1_000),
        first_us: None,
        ..sample(start_us, end_us, answer)
    }
}

/// Attempts of 1 ms every 20 ms, up to `to`; those in `down` end as `answer`.
fn every_20_ms(to: i64, down: Span, answer: Answer) -> Vec<Sample> {
    (0..to / 20_000)
        .map(|number| {
            let start_us = number * 20_000;
            let is_down = (down.start_us..down.end_us).contains(&start_us);
            let answer = if is_down { answer } else { Answer::Yes };
            sample(start_us, start_us + 1_000, answer)
        })
        .collect()
}

const fn span(start_us: i64, end_us: i64) -> Span {
    Span { start_us, end_us }
}

const ALL: Span = span(0, 10_000_000);

/// The only outage: from, to, resolution.
fn only(samples: &[Sample], within: Span, path: Path) -> (i64, i64, i64) {
    let found = outages(samples, within, path);
    assert_eq!(found.len(), 1, "{found:#?}");
    (
        found[0].span.start_us,
        found[0].span.end_us,
        found[0].resolution_us,
    )
}

/// Well for 2 s, then these.
fn after_2_s(then: &[Sample]) -> Vec<Sample> {
    let mut samples = every_20_ms(2_000_000, span(0, 0), Answer::Other);
    samples.extend(then);
    samples
}

#[test]
fn errors_are_an_outage_from_success_to_success() {
    let samples = every_20_ms(10_000_000, span(2_000_000, 4_000_000), Answer::Other);
    let found = outages(&samples, ALL, Path::Direct);
    let expected = Outage {
        span: span(1_981_000, 4_001_000),
        // 19 ms before the first that failed began, and 20 ms after the last one failed.
        resolution_us: 19_000 + 20_000,
        evidence: 100,
    };
    assert_eq!(found, [expected]);
}

#[test]
fn silence_is_known_to_be_down_at_its_start_and_on_a_used_connection_not_at_all() {
    let end = sample(2_600_000, 2_605_000, Answer::Yes);
    let of = |silence| {
        only(
            &after_2_s(&[silence, end]),
            span(0, 2_700_000),
            Path::Direct,
        )
    };
    assert_eq!(
        of(fresh(2_000_000, 2_600_000, Answer::Silence)),
        (1_981_000, 2_605_000, 19_000 + 605_000)
    );
    assert_eq!(
        of(sample(2_000_000, 2_600_000, Answer::Silence)),
        (1_981_000, 2_605_000, 624_000)
    );
}

#[test]
fn what_a_failure_tells_depends_on_its_connection_and_path() {
    let ends = |answer, path| {
        let made = Sample {
            first_us: Some(2_100_000),
            ..sample(2_300_000, 2_400_000, answer)
        };
        let told = [
            fresh(2_050_000, 2_060_000, Answer::Other),
            made,
            sample(2_500_000, 2_505_000, Answer::Yes),
        ];
        let (_, to_us, resolution_us) = only(&after_2_s(&told), span(0, 2_700_000), path);
        to_us - (resolution_us - 69_000)
    };
    let nothing = 2_060_000;
    assert_eq!(ends(Answer::Lost, Path::Direct), nothing);
    assert_eq!(ends(Answer::Lost, Path::Proxy), nothing);
    assert_eq!(ends(Answer::Stopping, Path::Direct), nothing);
    assert_eq!(ends(Answer::Stopping, Path::Proxy), 2_400_000);
    assert_eq!(ends(Answer::ReadOnly, Path::Direct), 2_100_000);
    assert_eq!(ends(Answer::ReadOnly, Path::Proxy), 2_400_000);
    assert_eq!(ends(Answer::Other, Path::Direct), 2_400_000);
}

/// It asked when it began, however late it was cut; one that was answered tells of its end.
#[test]
fn an_attempt_to_connect_that_hung_and_was_cut_tells_of_its_start() {
    let resolution_us = |answer| {
        let connecting = Sample {
            asked_us: None,
            ..fresh(2_000_000, 2_400_000, answer)
        };
        let told = after_2_s(&[connecting, fresh(2_419_000, 2_420_000, Answer::Yes)]);
        only(&told, span(0, 2_700_000), Path::Direct).2
    };
    assert_eq!(resolution_us(Answer::Cut), 19_000 + 420_000);
    assert_eq!(resolution_us(Answer::Other), 19_000 + 20_000);
}

#[test]
fn a_success_that_waited_for_its_answer_ends_an_outage_exactly() {
    let wait = |last: Sample| outages(&after_2_s(&[last]), span(0, 3_000_000), Path::Direct);
    let found = wait(sample(2_000_000, 2_700_000, Answer::Yes));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].resolution_us, 19_000);
    let connecting = Sample {
        asked_us: Some(2_690_000),
        ..fresh(2_000_000, 2_700_000, Answer::Yes)
    };
    let found = wait(connecting);
    assert_eq!(
        found[0].resolution_us, 719_000,
        "it waited for its connection and asked nothing"
    );
    assert_eq!(
        wait(sample(2_000_000, 2_400_000, Answer::Yes)),
        [],
        "a brownout by definition"
    );
}

#[test]
fn idleness_and_a_single_error_are_no_outage() {
    let samples = every_20_ms(10_000_000, span(2_000_000, 2_020_000), Answer::Other);
    assert_eq!(outages(&samples, ALL, Path::Direct), []);
    let idle: Vec<Sample> = every_20_ms(10_000_000, span(0, 0), Answer::Other)
        .into_iter()
        .filter(|sample| !(2_000_000..4_000_000).contains(&sample.start_us))
        .collect();
    assert_eq!(outages(&idle, ALL, Path::Direct), []);
    assert_eq!(
        longest_gap_us(&idle, ALL, span(3_000_000, 3_100_000)),
        2_020_000
    );
}

#[test]
fn one_error_is_enough_in_a_long_gap_at_either_end_and_as_the_only_gap() {
    // Every 300 ms, so that ten median gaps are 3 s.
    let slowly = |down: Span| -> Vec<Sample> {
        let every = (0..33).map(|number| number * 300_000);
        let is_down = |start_us: &i64| (down.start_us..down.end_us).contains(start_us);
        let mut samples: Vec<Sample> = every
            .filter(|start_us| !is_down(start_us))
            .map(|start_us| sample(start_us, start_us + 1_000, Answer::Yes))
            .collect();
        let at = samples.partition_point(|sample| sample.start_us < down.start_us);
        let failed = sample(
            down.start_us + 10_000,
            down.start_us + 11_000,
            Answer::Other,
        );
        samples.insert(at, failed);
        samples
    };
    let found = |down: Span| outages(&slowly(down), ALL, Path::Direct).len();
    assert_eq!(found(span(3_000_000, 5_000_000)), 0);
    assert_eq!(found(span(3_000_000, 6_200_000)), 1);
    assert_eq!(found(span(0, 2_000_000)), 1);
    assert_eq!(found(span(8_000_000, 9_950_000)), 1);
    let alone = [sample(100_000, 110_000, Answer::Other)];
    assert_eq!(outages(&alone, span(0, 500_000), Path::Direct).len(), 1);
}

#[test]
fn nothing_but_refusals_is_an_outage_from_1_s_and_5_attempts_on() {
    let found = |length_us: i64, answer| {
        let down = span(2_000_000, 2_000_000 + length_us);
        outages(&every_20_ms(10_000_000, down, answer), ALL, Path::Direct)
    };
    assert_eq!(found(900_000, REFUSED), []);
    assert_eq!(found(2_000_000, Answer::Data), []);
    let refused = found(2_000_000, REFUSED);
    assert_eq!(refused[0].span, span(1_981_000, 4_001_000));
    assert_eq!(refused[0].resolution_us, 39_000);
    let waited = found(2_000_000, Answer::Refused { has_waited: true });
    assert_eq!(
        waited[0].resolution_us, 40_000,
        "known to be down when the statement was sent"
    );
    let few: Vec<Sample> = (0..4)
        .map(|number| sample(2_000_000 + number * 300_000, 2_010_000, REFUSED))
        .map(|sample| Sample {
            end_us: sample.start_us + 1_000,
            ..sample
        })
        .chain([sample(3_300_000, 3_301_000, Answer::Yes)])
        .collect();
    assert_eq!(
        outages(&after_2_s(&few), span(0, 3_400_000), Path::Direct),
        []
    );
}

#[test]
fn refusals_count_and_tell_no_moment_beside_other_evidence() {
    let mut samples = every_20_ms(10_000_000, span(2_000_000, 4_000_000), REFUSED);
    samples[110].answer = Answer::Other;
    let found = outages(&samples, ALL, Path::Direct);
    assert_eq!(found[0].evidence, 100);
    // 2.2 s to 2.201 s is known.
    assert_eq!(found[0].resolution_us, 2_020_000 - 1_000);
}

#[test]
fn calm_is_success_after_success() {
    let samples = every_20_ms(10_000_000, span(8_000_000, 8_100_000), Answer::Other);
    assert!(is_calm(&samples, 8_500_000));
    assert!(!is_calm(&samples, 8_000_000));
    assert!(!is_calm(&samples, 9_999_000), "nothing was asked since");
    assert!(!is_calm(&[], 0));
}

#[test]
fn what_is_still_down_at_the_end_is_an_outage_up_to_there() {
    let samples = every_20_ms(10_000_000, span(8_000_000, 10_000_000), Answer::Other);
    let (from_us, to_us, _) = only(&samples, ALL, Path::Direct);
    assert_eq!((from_us, to_us), (7_981_000, 10_000_000));
    let hangs = after_2_s(&[sample(2_000_000, 2_600_000, Answer::Silence)]);
    let within = span(0, 2_550_000);
    assert_eq!(
        only(&hangs, within, Path::Direct),
        (1_981_000, 2_550_000, 19_000),
        "unfinished, and known to be down to the end"
    );
}
