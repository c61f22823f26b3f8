//! Durations on the command line: seconds, or a number with a unit.

use std::time::Duration;

/// The longest duration taken: ten years. More is a slip of the keyboard.
const MAX_SECONDS: f64 = 10.0 * 366.0 * 86_400.0;

/// Reads `300`, `0.5`, `250ms`, `90s`, `5m` or `1h`. A bare number is seconds.
///
/// # Errors
/// One line that says what is wrong with the text.
pub fn parse(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds_per_unit = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => {
            return Err(format!(
                "{text:?} is not a duration; write 300, 0.5, 250ms, 90s, 5m or 1h"
            ));
        }
    };
    let number: f64 = number
        .parse()
        .map_err(|_| format!("{text:?} is not a duration; write 300, 0.5, 250ms, 90s, 5m or 1h"))?;
    let seconds = number * seconds_per_unit;
    if seconds > MAX_SECONDS {
        return Err(format!("{text} is longer than ten years"));
    }
    // Whole microseconds: the resolution of everything else, and 0.1 s must not become 99,999 us.
    Ok(Duration::from_micros((seconds * 1e6).round() as u64))
}

/// Whole microseconds, as they stand in a recording.
#[must_use]
pub fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_unit() {
        for (text, ms) in [
            ("300", 300_000),
            ("0.5", 500),
            ("250ms", 250),
            ("90s", 90_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("1.5m", 90_000),
            ("0", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration() {
        for text in [
            "",
            "s",
            "-1",
            "5 m",
            "5d",
            "1e3",
            "1.2.3",
            ".",
            "NaN",
            "inf",
            "99999999h",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,20}") {
            let _ = parse(&text);
        }

        #[test]
        fn milliseconds_survive(ms in 0_u64..10_000_000_000) {
            prop_assert_eq!(parse(&format!("{ms}ms")), Ok(Duration::from_millis(ms)));
        }
    }
}
