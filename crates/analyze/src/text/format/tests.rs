use super::*;
use crate::text::language::english::ENGLISH;
use crate::zone::Zone;

const UNITS: Units = ENGLISH.units;

#[test]
fn counts_and_decimals_are_separated() {
    for (value, text) in [
        (0, "0"),
        (999, "999"),
        (1_250, "1,250"),
        (1_000_000, "1,000,000"),
    ] {
        assert_eq!(count(value), text);
    }
    for (value, places, text) in [
        (1234.5, 2, "1,234.50"),
        (-1234.56, 1, "-1,234.6"),
        (-0.04, 1, "0.0"),
        (999.996, 2, "1,000.00"),
        (12.0, 0, "12"),
    ] {
        assert_eq!(decimal(value, places), text);
    }
}

#[test]
fn changes_carry_their_sign() {
    for (value, text) in [
        (-74.797, "-74.8 %"),
        (3.284, "+3.3 %"),
        (0.01, "0.0 %"),
        (-0.01, "0.0 %"),
    ] {
        assert_eq!(UNITS.change(value), text);
    }
    assert_eq!(UNITS.points(3.1), "+3.1 pp");
    assert_eq!(UNITS.magnitude(-74.797), "74.8 %");
    assert!(is_nothing(-0.04) && !is_nothing(0.06));
}

#[test]
fn rates_are_never_rounded_to_all_or_nothing() {
    for (fraction, places, text) in [
        (0.972, 1, "97.2 %"),
        (1.0, 2, "100.00 %"),
        (0.999_99, 2, ">99.99 %"),
        (0.0, 1, "0.0 %"),
        (0.000_1, 1, "<0.1 %"),
        (0.958_967, 3, "95.897 %"),
        (0.999_999_9, 3, ">99.999 %"),
    ] {
        assert_eq!(UNITS.percent(fraction, places), text);
    }
    assert_eq!(UNITS.share(70.0), "70 %");
    assert_eq!(UNITS.share(100.0 / 3.0), "33.3 %");
}

#[test]
fn settings_take_the_unit_that_suits() {
    for (us, text) in [
        (0, "0 s"),
        (250, "250 us"),
        (100_000, "100 ms"),
        (1_500, "1.5 ms"),
        (10_000_000, "10 s"),
        (2_500_000, "2.5 s"),
    ] {
        assert_eq!(UNITS.setting(us), text);
    }
    assert_eq!(UNITS.length(300_041_000), "300 s");
    assert_eq!(UNITS.length(61_700_000), "61.7 s");
    assert_eq!(UNITS.seconds(12_310_000, 2), "12.31 s");
}

#[test]
fn response_times_share_a_scale_that_shows_the_shortest() {
    for (values, unit, longest) in [
        (vec![120.0, 999.0], "us", "999"),
        (vec![120.0, 9_999.0], "ms", "9.999"),
        (vec![410.0, 12_031_220.0], "ms", "12,031.220"),
        (vec![4_100.0, 45_000.0], "ms", "45.00"),
        (vec![1_000_000.0, 2_345_678.0], "s", "2.346"),
        (vec![0.0], "ms", "0.000"),
    ] {
        let scale = UNITS.scale(values.iter().copied());
        assert_eq!(scale.unit, unit, "{values:?}");
        assert_eq!(scale.number(values.last().copied()), longest);
    }
    assert_eq!(UNITS.scale([]).number(None), "-");
    assert_eq!(UNITS.response(45_200.0), "45.20 ms");
}

#[test]
fn times_are_utc_and_dated_only_beyond_a_day() {
    let start = Timestamp(1_795_380_180_000_000);
    let within = Calendar::new(start, 60_000_000, Zone::default());
    assert_eq!(
        within.time(Timestamp(start.micros() + 20_012_345)),
        "20:43:20.012"
    );
    assert_eq!(
        within.offset(Timestamp(start.micros() + 20_012_345)),
        "+20.012"
    );
    assert_eq!(
        within.offset(Timestamp(start.micros() - 1_500_000)),
        "-1.500"
    );
    let beyond = Calendar::new(start, 86_400_000_000, Zone::default());
    assert_eq!(beyond.time(start), "2026-11-22 20:43:00.000");
    assert_eq!(date_time(start), "2026-11-22 20:43:00.000 UTC");
}

#[test]
fn columns_are_sorted_by_their_numbers() {
    for (text, key) in [
        ("1,250", Some(1250.0)),
        ("at least 4.10 s (-3.20 s, paused 3.00 s)", Some(4.1)),
        ("0.00 s (at most 0.12 s)", Some(0.0)),
        (">99.99 %", Some(99.99)),
        ("-74.8 %", Some(-74.8)),
        ("+1.6 pp, +1.7 % relative", Some(1.6)),
        ("12 (3.72 s)", Some(12.0)),
        ("210.00 ms", Some(0.21)),
        ("± 850 us", Some(0.00085)),
        ("-", None),
        ("", None),
        ("127.0.0.1:5432", None),
    ] {
        let found = UNITS.sort_key(text);
        let is_same = match (found, key) {
            (Some(found), Some(key)) => f64::abs(found - key) < 1e-12,
            (found, key) => found == key,
        };
        assert!(is_same, "{text}: {found:?}");
    }
}
