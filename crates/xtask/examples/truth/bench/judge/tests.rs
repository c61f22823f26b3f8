use super::*;

const fn span(start_us: i64, end_us: i64) -> Span {
    Span { start_us, end_us }
}

fn outage(from_ms: i64, to_ms: i64, resolution_ms: i64) -> Outage {
    Outage {
        span: span(from_ms * 1_000, to_ms * 1_000),
        resolution_us: resolution_ms * 1_000,
        evidence: 2,
    }
}

/// With an interval of 20 ms, and a witness without any gap where it saw no outage.
fn case<'a>(
    recorded: &'a Recorded,
    reported: &'a [Outage],
    witnessed: &'a [Outage],
    injected: &'a [Span],
) -> Case<'a> {
    Case {
        path: Path::Direct,
        reported,
        unobserved: &[],
        pauses: &[],
        witnessed,
        injected,
        disturbed: &[],
        refused: &[],
        recorded,
        interval_us: 20_000,
        shortest_us: 200_000,
        shortest_hang_us: 600_000,
        truth: Truth::Unknown,
        beginnings_us: &[],
        endings_us: &[],
        detour_us: 0,
    }
}

fn judge(reported: &[Outage], witnessed: &[Outage], injected: &[Span]) -> Vec<Figure> {
    let recorded = Recorded::default();
    case(&recorded, reported, witnessed, injected).judge(|_| 25_000)
}

fn verdicts(figures: &[Figure]) -> Vec<Verdict> {
    figures.iter().map(|figure| figure.verdict).collect()
}

#[test]
fn the_goal() {
    // It knows of 1.97 to 2.0 s.
    let witness = [outage(1_000, 3_000, 30)];
    let injected = [span(1_010_000, 2_990_000)];
    let figure = |from_ms, to_ms, resolution_ms| {
        let reported = [outage(from_ms, to_ms, resolution_ms)];
        judge(&reported, &witness, &injected).remove(0)
    };
    let long = figure(960, 3_060, 50);
    assert_eq!(long.verdict, Verdict::Outside, "2.05 to 2.1 s");
    assert_eq!(long.beyond_us(), Some(50_000));
    let right = figure(960, 3_030, 50);
    assert_eq!(right.verdict, Verdict::Within, "2.02 to 2.07 s");
    assert_eq!(right.allowed_us, 20_000);
    assert_eq!(
        (right.error_us(), right.beyond_us()),
        (Some(70_000), Some(20_000))
    );
    assert_eq!(right.injected_us, Some(1_980_000));
    assert_eq!(figure(960, 3_031, 50).verdict, Verdict::Outside);
    let wide = figure(500, 4_500, 2_500);
    assert_eq!((wide.verdict, wide.beyond_us()), (Verdict::Within, Some(0)));
    // Too short is beyond too: a resolution is no excuse.
    let short = figure(1_000, 2_950, 500);
    assert_eq!(
        (short.verdict, short.beyond_us()),
        (Verdict::Within, Some(-20_000))
    );
    assert_eq!(figure(1_000, 2_949, 500).verdict, Verdict::Outside);
}

#[test]
fn of_the_service_the_goal_holds_for_what_was_injected_too() {
    let recorded = Recorded::default();
    // 1.98 s, and 5 ms more as it began; the witness knows of 1.8 to 2.1 s.
    let (injected, witness) = ([span(1_010_000, 2_990_000)], [outage(950, 3_050, 300)]);
    let beginning_us = 5_000;
    let judged = |truth, to_ms, resolution_ms, detour_us| {
        let reported = [outage(1_000, to_ms, resolution_ms)];
        let case = Case {
            truth,
            beginnings_us: &[beginning_us],
            detour_us,
            ..case(&recorded, &reported, &witness, &injected)
        };
        case.judge(|_| 0).remove(0)
    };
    let of =
        |to_ms, resolution_ms, detour_us| judged(Truth::Exact, to_ms, resolution_ms, detour_us);
    let right = of(3_000, 10, 0);
    assert_eq!(
        (right.verdict, right.beyond_us(), right.beyond_injected_us()),
        (Verdict::Within, Some(0), Some(5_000))
    );
    assert_eq!(right.error_to_truth_us(), Some(20_000));
    let long = of(3_050, 10, 0);
    assert_eq!(
        (long.verdict, long.beyond_us()),
        (Verdict::Outside, Some(0))
    );
    assert_eq!(long.beyond_injected_us(), Some(55_000));
    assert_eq!(of(3_050, 10, 50_000).verdict, Verdict::Within);
    let short = of(2_950, 100, 50_000);
    assert_eq!(
        short.verdict,
        Verdict::Outside,
        "a detour makes nothing shorter"
    );
    assert_eq!(short.beyond_injected_us(), Some(-30_000));
    // Clients may be served some time after its end, and none before it.
    let later = judged(Truth::AtLeast, 3_050, 10, 0);
    assert_eq!(
        (later.verdict, later.beyond_injected_us()),
        (Verdict::Within, Some(0))
    );
    assert_eq!(later.error_to_truth_us(), Some(-50_000), "to the witness");
    let earlier = judged(Truth::AtLeast, 2_950, 100, 0);
    assert_eq!(earlier.verdict, Verdict::Outside);
    // Of reads that were served before the end was noted.
    let reported = [outage(1_000, 2_950, 100)];
    for (ending_us, verdict) in [(20_000, Verdict::Within), (5_000, Verdict::Outside)] {
        let case = Case {
            truth: Truth::Exact,
            endings_us: &[ending_us],
            ..case(&recorded, &reported, &witness, &injected)
        };
        assert_eq!(case.judge(|_| 0)[0].verdict, verdict, "{ending_us}");
    }
}

#[test]
fn what_kept_another_witness_waiting_is_not_false() {
    // At least 100 ms; 20 ms are allowed.
    let figure = || judge(&[outage(1_000, 1_250, 150)], &[], &[]).remove(0);
    let mut slow = figure();
    slow.hold_against(80_000);
    assert_eq!(slow.verdict, Verdict::Within);
    let mut fast = figure();
    fast.hold_against(79_999);
    assert_eq!(fast.verdict, Verdict::False);
}

#[test]
fn what_only_the_report_has_is_false_and_what_it_lacks_is_missed() {
    assert_eq!(
        verdicts(&judge(&[outage(1_000, 1_300, 300)], &[], &[])),
        [Verdict::False],
        "whatever its resolution"
    );
    assert_eq!(
        verdicts(&judge(&[], &[outage(1_000, 1_300, 10)], &[])),
        [Verdict::Missed]
    );
    assert_eq!(
        verdicts(&judge(&[], &[outage(1_000, 1_150, 10)], &[])),
        [Verdict::TooShort],
        "ten intervals are 200 ms"
    );
    assert_eq!(
        verdicts(&judge(&[], &[outage(1_000, 1_600, 590)], &[])),
        [Verdict::TooShort],
        "it knows of 10 ms"
    );
    assert_eq!(
        verdicts(&judge(&[], &[], &[span(1_000_000, 2_000_000)])),
        [Verdict::Missed],
        "injected, and neither saw it"
    );
    assert_eq!(
        verdicts(&judge(&[], &[], &[span(1_000_000, 1_400_000)])),
        [],
        "a wait below the floor is none by definition"
    );
}

#[test]
fn where_the_witness_was_served_the_lower_bound_is_held_against_its_longest_gap() {
    let injected = [span(1_000_000, 1_300_000)];
    let of = |resolution_ms| {
        let reported = [outage(1_000, 1_300, resolution_ms)];
        verdicts(&judge(&reported, &[], &injected))
    };
    assert_eq!(of(10), [Verdict::Outside]);
    assert_eq!(of(300), [Verdict::Within]);
    let recorded = Recorded::default();
    let reported = [outage(1_000, 1_300, 300)];
    let disturbed = Case {
        disturbed: &injected,
        ..case(&recorded, &reported, &[], &[])
    };
    assert_eq!(verdicts(&disturbed.judge(|_| 25_000)), [Verdict::Within]);
    let hung = [outage(1_000, 1_700, 10)];
    let of = |reported: &[Outage]| {
        let case = Case {
            disturbed: &injected,
            ..case(&recorded, reported, &hung, &[])
        };
        verdicts(&case.judge(|_| 0))
    };
    assert_eq!(of(&[outage(1_000, 1_150, 10)]), [Verdict::Within]);
    assert_eq!(of(&[outage(1_000, 1_800, 10)]), [Verdict::Outside]);
    assert_eq!(of(&[]), [Verdict::TooShort]);
}

#[test]
fn refusals_need_their_time() {
    let recorded = Recorded::default();
    let witnessed = [outage(1_000, 2_500, 10)];
    let of = |least_us| {
        let refused = [(span(1_000_000, 2_500_000), least_us)];
        let case = Case {
            refused: &refused,
            ..case(&recorded, &[], &witnessed, &[])
        };
        verdicts(&case.judge(|_| 0))
    };
    assert_eq!(of(2_000_000), [Verdict::TooShort]);
    assert_eq!(of(1_200_000), [Verdict::Missed]);
}

#[test]
fn a_group_without_data_in_the_report_is_not_missed() {
    let recorded = Recorded::default();
    let witnessed = [outage(1_000, 1_600, 10)];
    let unobserved = Case {
        unobserved: &[span(900_000, 1_500_000)],
        ..case(&recorded, &[], &witnessed, &[])
    };
    assert_eq!(verdicts(&unobserved.judge(|_| 0)), [Verdict::Unobserved]);
    let paused = |pauses: &[Span]| {
        let case = Case {
            pauses,
            ..case(&recorded, &[], &witnessed, &[])
        };
        verdicts(&case.judge(|_| 0))
    };
    assert_eq!(paused(&[span(1_100_000, 1_700_000)]), [Verdict::Unobserved]);
    let edge = [span(900_000, 1_300_000)];
    assert_eq!(paused(&edge), [Verdict::Missed], "300 ms were seen");
}

#[test]
fn a_success_that_splits_an_outage_changes_nothing_and_health_between_two_does() {
    let witness = [outage(1_000, 2_000, 10), outage(2_000, 3_000, 10)];
    let one = judge(&[outage(1_000, 3_000, 10)], &witness, &[]);
    assert_eq!(verdicts(&one), [Verdict::Within]);
    let after_it = [outage(1_000, 2_900, 10), outage(2_900, 3_000, 100)];
    let one = judge(&after_it, &[outage(1_000, 2_900, 10)], &[]);
    assert_eq!(verdicts(&one), [Verdict::Within]);
    let apart = [outage(1_000, 2_000, 10), outage(2_500, 3_000, 10)];
    let one = judge(&[outage(1_000, 3_000, 10)], &apart, &[]);
    assert_eq!(verdicts(&one), [Verdict::Outside]);
    let both = judge(&apart, &apart, &[]);
    assert_eq!(verdicts(&both), [Verdict::Within, Verdict::Within]);
}
