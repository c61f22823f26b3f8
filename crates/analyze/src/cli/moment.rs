//! Moments of a recording on the command line.

use chrono::{DateTime, NaiveTime};
use command_line::duration;
use recording::Timestamp;

use crate::load::Moment;

/// Reads `90s` or `5m` (since the recording's start), `14:05:30` (UTC) or `2026-11-22T14:05:30Z`.
pub(super) fn parse(text: &str) -> Result<Moment, String> {
    let wrong = || {
        format!(
            "{text:?} is not a time; write 90s or 5m (since the recording's start), 14:05:30 (UTC) or 2026-11-22T14:05:30Z"
        )
    };
    if text.contains('T') {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| wrong())?;
        return Ok(Moment::At(Timestamp(time.timestamp_micros())));
    }
    if text.contains(':') {
        let forms = ["%H:%M:%S%.f", "%H:%M"].into_iter();
        let mut times = forms.filter_map(|form| NaiveTime::parse_from_str(text, form).ok());
        let time = times.next().ok_or_else(wrong)?;
        let since_midnight = time.signed_duration_since(NaiveTime::MIN);
        let us = since_midnight.num_microseconds().ok_or_else(wrong)?;
        return Ok(Moment::TimeOfDay(us));
    }
    let offset = duration::parse(text).map_err(|_| wrong())?;
    Ok(Moment::Offset(duration::micros(offset)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form() {
        assert_eq!(parse("90s"), Ok(Moment::Offset(90_000_000)));
        assert_eq!(parse("1.5m"), Ok(Moment::Offset(90_000_000)));
        assert_eq!(parse("00:01"), Ok(Moment::TimeOfDay(60_000_000)));
        assert_eq!(parse("14:05:30.25"), Ok(Moment::TimeOfDay(50_730_250_000)));
        let at = parse("1970-01-01T01:00:01+01:00");
        assert_eq!(at, Ok(Moment::At(Timestamp(1_000_000))));
        for wrong in [
            "",
            "25:00",
            "12:61",
            "soon",
            "-5s",
            "2026-11-22T14:05",
            "1:2:3:4",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse(&text);
        }
    }
}
