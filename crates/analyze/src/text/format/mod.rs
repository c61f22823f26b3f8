//! Numbers, units and times as text. `None` is written `-`, never 0.

use command_line::text::thousands;
use recording::Timestamp;

use crate::zone::Zone;

/// A figure that can't be given.
pub(super) const NONE: &str = "-";

/// How a language writes units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units {
    /// What stands between a number and its unit.
    pub(crate) gap: &'static str,
    pub(crate) microsecond: &'static str,
    pub(crate) millisecond: &'static str,
    pub(crate) second: &'static str,
    pub(crate) percentage_points: &'static str,
}

/// The unit and the decimal places that some response times share, so that a column can be compared at a glance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) unit: &'static str,
    us_per_unit: f64,
    places: usize,
}

impl Scale {
    /// The number alone: the unit stands in the heading.
    pub(super) fn number(&self, us: Option<f64>) -> String {
        optional(us, |us| decimal(us / self.us_per_unit, self.places))
    }
}

impl Units {
    /// Seconds with fixed places: `12.31 s`.
    pub(super) fn seconds(&self, us: i64, places: usize) -> String {
        format!(
            "{}{}{}",
            decimal(us as f64 / 1e6, places),
            self.gap,
            self.second
        )
    }

    /// A setting such as a limit, in the unit that suits it and without trailing zeros: `500 ms`, `2.5 s`.
    pub(super) fn setting(&self, us: i64) -> String {
        let (divisor, unit) = match us.unsigned_abs() {
            0 | 1_000_000.. => (1e6, self.second),
            1_000.. => (1e3, self.millisecond),
            _ => (1.0, self.microsecond),
        };
        format!("{}{}{unit}", trimmed(us as f64 / divisor, 3), self.gap)
    }

    /// A length of seconds with at most one decimal: `300 s`.
    pub(super) fn length(&self, us: i64) -> String {
        format!("{}{}{}", trimmed(us as f64 / 1e6, 1), self.gap, self.second)
    }

    /// The number that a text begins with, after words and signs such as `at least` and `>`: by it a column is sorted. Lengths are in
    /// seconds.
    pub(crate) fn sort_key(&self, text: &str) -> Option<f64> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let is_part = |c: char| c.is_ascii_digit() || c == ',' || c == '.';
        let end = text[start..].find(|c| !is_part(c));
        let end = end.map_or(text.len(), |end| start + end);
        let number: f64 = text[start..end].replace(',', "").parse().ok()?;
        let unit = text[end..].trim_start();
        let scale = match unit {
            unit if unit.starts_with(self.microsecond) => 1e-6,
            unit if unit.starts_with(self.millisecond) => 1e-3,
            _ => 1.0,
        };
        let sign = match text[..start].ends_with('-') {
            true => -1.0,
            false => 1.0,
        };
        Some(sign * scale * number)
    }

    /// The scale on which the shortest and the longest of some response times can be read.
    pub(super) fn scale(&self, values_us: impl IntoIterator<Item = f64>) -> Scale {
        let (mut shortest, mut longest) = (f64::INFINITY, 0.0_f64);
        for us in values_us {
            shortest = shortest.min(us);
            longest = longest.max(us);
        }
        let (unit, us_per_unit, places) = match () {
            () if longest > 0.0 && longest < 1_000.0 => (self.microsecond, 1.0, 0),
            () if shortest.is_finite() && shortest >= 1e6 => (self.second, 1e6, 3),
            () if shortest < 1_000.0 => (self.millisecond, 1e3, 3),
            () => (self.millisecond, 1e3, 2),
        };
        Scale {
            unit,
            us_per_unit,
            places,
        }
    }

    /// One response time with its unit: `45.20 ms`.
    pub(super) fn response(&self, us: f64) -> String {
        let scale = self.scale([us]);
        format!("{}{}{}", scale.number(Some(us)), self.gap, scale.unit)
    }

    /// A response time in seconds, as the sample of the original design has it; a short one in a unit in which it is not 0.
    pub(super) fn response_seconds(&self, us: i64) -> String {
        match us {
            0..10_000 => self.response(us as f64),
            _ => self.seconds(us, 3),
        }
    }

    /// A fraction as per cent. What is not all is never rounded to 100, what is not nothing never to 0.
    pub(super) fn percent(&self, fraction: f64, places: usize) -> String {
        let text = decimal(fraction * 100.0, places);
        let step = 10_f64.powi(-i32::try_from(places).unwrap_or(0));
        let text = if fraction < 1.0 && text == decimal(100.0, places) {
            format!(">{}", decimal(100.0 - step, places))
        } else if fraction > 0.0 && text == decimal(0.0, places) {
            format!("<{}", decimal(step, places))
        } else {
            text
        };
        format!("{text}{}%", self.gap)
    }

    /// A share that is already in per cent, without trailing zeros: `70 %`.
    pub(super) fn share(&self, percent: f64) -> String {
        format!("{}{}%", trimmed(percent, 1), self.gap)
    }

    /// A change in per cent without its sign: `74.8 %`.
    pub(super) fn magnitude(&self, percent: f64) -> String {
        format!("{}{}%", decimal(percent.abs(), 1), self.gap)
    }

    /// A change in percentage points without its sign: `3.1 pp`.
    pub(super) fn points_apart(&self, points: f64) -> String {
        let gap = self.gap;
        format!(
            "{}{gap}{}",
            decimal(points.abs(), 1),
            self.percentage_points
        )
    }

    /// A change in per cent: `-74.8 %`.
    pub(super) fn change(&self, percent: f64) -> String {
        format!("{}{}%", signed(percent, 1), self.gap)
    }

    /// A change in percentage points: `+3.1 pp`.
    pub(super) fn points(&self, points: f64) -> String {
        format!(
            "{}{}{}",
            signed(points, 1),
            self.gap,
            self.percentage_points
        )
    }
}

/// A change that is 0 when written with one decimal.
pub(super) fn is_nothing(change: f64) -> bool {
    decimal(change, 1) == "0.0"
}

/// A number, or `-`.
pub(super) fn optional<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NONE.to_owned(), write)
}

/// A count with thousands separators: `1,250`.
pub(super) fn count(value: u64) -> String {
    thousands(value)
}

/// A number with fixed places and thousands separators; no `-0.0`.
pub(super) fn decimal(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let negative = value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    format!(
        "{}{}{fraction}",
        if negative { "-" } else { "" },
        thousands(whole)
    )
}

/// A number with its sign, `+` too; 0 has none.
pub(super) fn signed(value: f64, places: usize) -> String {
    let text = decimal(value, places);
    if value > 0.0 && text != decimal(0.0, places) {
        format!("+{text}")
    } else {
        text
    }
}

/// A number without trailing zeros.
pub(super) fn trimmed(value: f64, places: usize) -> String {
    let text = decimal(value, places);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Times of a recording: of the day where it stays within one day of the zone, else with the date.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar {
    start: Timestamp,
    end: Timestamp,
    zone: Zone,
    pattern: &'static str,
}

impl Calendar {
    pub(super) fn new(start: Timestamp, duration_us: i64, zone: Zone) -> Self {
        let end = Timestamp(start.micros().saturating_add(duration_us));
        let one_day = zone.day(start.micros()) == zone.day(end.micros());
        Self {
            start,
            end,
            zone,
            pattern: if one_day {
                "%H:%M:%S%.3f"
            } else {
                "%Y-%m-%d %H:%M:%S%.3f"
            },
        }
    }

    /// A point in time, to the millisecond.
    pub(super) fn time(&self, time: Timestamp) -> String {
        written(self.zone, time, self.pattern)
    }

    /// A point in time with its date and the zone.
    pub(super) fn date_time(&self, time: Timestamp) -> String {
        let zone = self.zone.label((time.micros(), time.micros()));
        let time = written(self.zone, time, "%Y-%m-%d %H:%M:%S%.3f");
        format!("{time} {zone}")
    }

    /// What the times are of: `UTC`, `UTC+8`.
    pub(super) fn zone(&self) -> String {
        self.zone.label((self.start.micros(), self.end.micros()))
    }

    /// The same with the zone's name; `None` for UTC.
    pub(super) fn other_zone(&self) -> Option<String> {
        let span = (self.start.micros(), self.end.micros());
        (!self.zone.is_utc()).then(|| self.zone.full_label(span))
    }

    /// From the recording's start, in seconds to the millisecond: `+20.012`.
    pub(super) fn offset(&self, time: Timestamp) -> String {
        let seconds = time.micros().saturating_sub(self.start.micros()) as f64 / 1e6;
        let text = decimal(seconds, 3);
        if text.starts_with('-') {
            text
        } else {
            format!("+{text}")
        }
    }
}

/// A point in time, UTC, with its date.
pub(super) fn date_time(time: Timestamp) -> String {
    written(Zone::default(), time, "%Y-%m-%d %H:%M:%S%.3f UTC")
}

fn written(zone: Zone, time: Timestamp, pattern: &str) -> String {
    let written = zone.format(time.micros(), pattern);
    written.unwrap_or_else(|| time.to_string())
}

/// A point in time, UTC, with its date, in whole seconds.
pub(super) fn to_the_second(time: Timestamp) -> String {
    written(Zone::default(), time, "%Y-%m-%d %H:%M:%S")
}

#[cfg(test)]
mod tests;
