//! Values as text and as JSON: times as RFC 3339 with microseconds, durations as microseconds.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use polars::prelude::{AnyValue, TimeUnit};
use recording::Timestamp;
use serde_json::{Map, Number, Value};

/// A value as JSON. What JSON has no number for (NaN, infinities) is null.
pub(crate) fn json(value: AnyValue<'_>) -> Value {
    use AnyValue as V;
    match value {
        V::Null => Value::Null,
        V::Boolean(truth) => truth.into(),
        V::String(text) => text.into(),
        V::StringOwned(text) => text.as_str().into(),
        V::UInt64(number) => number.into(),
        V::Float32(number) => float(f64::from(number)),
        V::Float64(number) => float(number),
        V::Date(days) => date(days).into(),
        V::Time(nanoseconds) => time(nanoseconds).into(),
        V::Datetime(time, unit, zone) => moment(micros(time, unit), zone.is_some()).into(),
        V::DatetimeOwned(time, unit, zone) => moment(micros(time, unit), zone.is_some()).into(),
        V::Duration(length, unit) => micros(length, unit).into(),
        V::List(values) | V::Array(values, _) => values.iter().map(json).collect(),
        V::Struct(..) => match value.into_static() {
            owned @ V::StructOwned(_) => json(owned),
            other => other.to_string().into(),
        },
        V::StructOwned(inner) => {
            let (values, fields) = *inner;
            let named = fields.iter().zip(values);
            let object = named.map(|(field, value)| (field.name().to_string(), json(value)));
            Value::Object(object.collect::<Map<_, _>>())
        }
        V::Binary(bytes) => hexadecimal(bytes).into(),
        V::BinaryOwned(bytes) => hexadecimal(&bytes).into(),
        V::Decimal(..) => float(value.to_string().parse().unwrap_or(f64::NAN)),
        other => match (other.get_str(), other.extract::<i64>()) {
            (Some(word), _) => word.into(),
            (None, Some(number)) => number.into(),
            (None, None) => other.to_string().into(),
        },
    }
}

/// A value as the text of one cell; `None` for null.
pub(crate) fn text(value: AnyValue<'_>) -> Option<String> {
    let number = match value {
        AnyValue::Float64(number) => Some(number),
        AnyValue::Float32(number) => Some(f64::from(number)),
        _ => None,
    };
    match (number, json(value)) {
        (Some(number), Value::Null) => Some(number.to_string()),
        (_, Value::Null) => None,
        (_, Value::String(text)) => Some(text),
        (_, other) => Some(other.to_string()),
    }
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn micros(value: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => value.div_euclid(1_000),
        TimeUnit::Microseconds => value,
        TimeUnit::Milliseconds => value.saturating_mul(1_000),
    }
}

/// A time with a zone is UTC, whichever zone it is to be shown in; one without says so by having no `Z`.
fn moment(us: i64, has_zone: bool) -> String {
    let text = Timestamp(us).to_string();
    match has_zone {
        true => text,
        false => text.trim_end_matches('Z').to_owned(),
    }
}

fn date(days: i32) -> String {
    let seconds = i64::from(days) * 86_400;
    let date = DateTime::<Utc>::from_timestamp(seconds, 0).map(|time| time.date_naive());
    date.as_ref()
        .map_or_else(|| format!("{days} days since 1970"), NaiveDate::to_string)
}

fn time(nanoseconds: i64) -> String {
    let seconds = u32::try_from(nanoseconds / 1_000_000_000).ok();
    let rest = u32::try_from(nanoseconds % 1_000_000_000).ok();
    let time = seconds
        .zip(rest)
        .and_then(|(seconds, rest)| NaiveTime::from_num_seconds_from_midnight_opt(seconds, rest));
    time.map_or_else(
        || nanoseconds.to_string(),
        |time| time.format("%H:%M:%S%.6f").to_string(),
    )
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
