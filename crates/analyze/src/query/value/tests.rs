use polars::prelude::*;

use super::*;

const TIME: i64 = 1_795_380_180_000_001;

#[test]
fn times_and_durations() {
    let utc = TimeZone::UTC;
    let at = |unit, zone| text(AnyValue::Datetime(TIME, unit, zone));
    let expected = Some("2026-11-22T20:43:00.000001Z".to_owned());
    assert_eq!(at(TimeUnit::Microseconds, Some(&utc)), expected);
    assert_eq!(
        at(TimeUnit::Microseconds, None),
        Some("2026-11-22T20:43:00.000001".to_owned())
    );
    let nanoseconds = AnyValue::Datetime(TIME * 1_000 + 999, TimeUnit::Nanoseconds, Some(&utc));
    assert_eq!(text(nanoseconds), expected);
    assert_eq!(text(AnyValue::Date(20_779)), Some("2026-11-22".to_owned()));
    assert_eq!(
        text(AnyValue::Time(74_580_000_001_000)),
        Some("20:43:00.000001".to_owned())
    );
    assert_eq!(
        json(AnyValue::Duration(1_500, TimeUnit::Milliseconds)),
        serde_json::json!(1_500_000)
    );
    assert!(text(AnyValue::Datetime(i64::MAX, TimeUnit::Milliseconds, None)).is_some());
    assert!(text(AnyValue::Date(i32::MAX)).is_some());
    assert!(text(AnyValue::Time(-1)).is_some());
}

#[test]
fn what_is_no_number_for_json_is_null() {
    for number in [f64::NAN, f64::INFINITY] {
        assert_eq!(json(AnyValue::Float64(number)), serde_json::Value::Null);
    }
    assert_eq!(text(AnyValue::Float64(f64::NAN)), Some("NaN".to_owned()));
    assert_eq!(text(AnyValue::Float64(0.5)), Some("0.5".to_owned()));
    assert_eq!(text(AnyValue::Null), None);
    assert_eq!(text(AnyValue::UInt64(u64::MAX)), Some(u64::MAX.to_string()));
    assert_eq!(json(AnyValue::Int8(-3)), serde_json::json!(-3));
}

#[test]
fn lists_and_texts() {
    let list = Series::new("list".into(), [1_i64, 2]);
    assert_eq!(text(AnyValue::List(list)), Some("[1,2]".to_owned()));
    assert_eq!(text(AnyValue::String("a\nb")), Some("a\nb".to_owned()));
    assert_eq!(text(AnyValue::Binary(&[0xab, 1])), Some("ab01".to_owned()));
}
