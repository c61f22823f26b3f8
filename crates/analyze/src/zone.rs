//! The time zone in which times of day are written.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use strsim::levenshtein;

/// So many names at most are named where one is unknown.
const NEAR: usize = 4;

/// A time zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = |zone: &&Tz| zone.name().eq_ignore_ascii_case(name);
        if let Some(zone) = TZ_VARIANTS.iter().find(named) {
            return Ok(Self(*zone));
        }
        let near = near(name);
        Err(match near.is_empty() {
            true => "give a name of the IANA database, such as UTC or Asia/Shanghai".to_owned(),
            false => format!("near names: {}", near.join(", ")),
        })
    }
}

impl Zone {
    pub(crate) fn is_utc(self) -> bool {
        self == Self::default()
    }

    /// A UTC microsecond as the time of day in the zone; `None` for one that no calendar has.
    pub(crate) fn format(self, time_us: i64, pattern: &str) -> Option<String> {
        let utc = DateTime::<Utc>::from_timestamp_micros(time_us)?;
        Some(utc.with_timezone(&self.0).format(pattern).to_string())
    }

    /// The day in the zone of a UTC microsecond, counted from some day.
    pub(crate) fn day(self, time_us: i64) -> i64 {
        (time_us + self.offset_s(time_us) * 1_000_000).div_euclid(86_400_000_000)
    }

    /// `UTC+8`; the zone's name where its clocks are changed between the two moments, as one offset would then be wrong for some times.
    pub(crate) fn label(self, (from_us, to_us): (i64, i64)) -> String {
        let offset_s = self.offset_s(from_us);
        if self.is_utc() || offset_s != self.offset_s(to_us) {
            return self.to_string();
        }
        let minutes = offset_s.abs() / 60;
        let sign = if offset_s < 0 { '-' } else { '+' };
        match minutes % 60 {
            0 => format!("UTC{sign}{}", minutes / 60),
            rest => format!("UTC{sign}{}:{rest:02}", minutes / 60),
        }
    }

    /// The same with the zone's name: `Asia/Shanghai, UTC+8`.
    pub(crate) fn full_label(self, span: (i64, i64)) -> String {
        let (name, label) = (self.to_string(), self.label(span));
        match name == label {
            true => name,
            false => format!("{name}, {label}"),
        }
    }

    fn offset_s(self, time_us: i64) -> i64 {
        let utc = DateTime::<Utc>::from_timestamp_micros(time_us).unwrap_or_default();
        let offset = self.0.offset_from_utc_datetime(&utc.naive_utc());
        i64::from(offset.fix().local_minus_utc())
    }
}

/// Names of zones that may have been meant: those that have it as a part, else those, or whose city, differ in few letters.
fn near(name: &str) -> Vec<&'static str> {
    let wanted = name.to_ascii_lowercase().replace(' ', "_");
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let mut near: Vec<(usize, &str)> = names()
        .filter_map(|name| {
            let zone = name.to_ascii_lowercase();
            let city = zone.rsplit('/').next().unwrap_or(&zone);
            if wanted.len() > 2 && zone.contains(&wanted) {
                return Some((0, name));
            }
            let distance = levenshtein(&zone, &wanted).min(levenshtein(city, &wanted));
            (distance <= 1 + wanted.len() / 5).then_some((distance, name))
        })
        .collect();
    near.sort();
    near.into_iter().map(|(_, name)| name).take(NEAR).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 20:43:00 UTC.
    const START_US: i64 = 1_795_380_180_000_000;

    #[test]
    fn a_time_is_that_of_the_zone() {
        let zone: Zone = "asia/shanghai".parse().unwrap();
        let time = zone.format(START_US, "%Y-%m-%d %H:%M:%S").unwrap();
        assert_eq!(time, "2026-11-23 04:43:00");
        assert_eq!(
            zone.full_label((START_US, START_US)),
            "Asia/Shanghai, UTC+8"
        );
        assert_eq!(zone.day(START_US), Zone::default().day(START_US) + 1);
        let zone: Zone = "Asia/Kolkata".parse().unwrap();
        assert_eq!(zone.label((START_US, START_US)), "UTC+5:30");
        assert_eq!(Zone::default().full_label((START_US, START_US)), "UTC");
    }

    /// In Dublin clocks go back an hour at 2026-10-25 01:00 UTC.
    #[test]
    fn an_offset_that_changes_is_not_stated() {
        let zone: Zone = "Europe/Dublin".parse().unwrap();
        let change_us = 1_792_890_000_000_000;
        let hour_us = 3_600_000_000;
        assert_eq!(
            zone.label((change_us - hour_us, change_us + hour_us)),
            "Europe/Dublin"
        );
        assert_eq!(zone.label((change_us - hour_us, change_us - 1)), "UTC+1");
        let times = [-1, 0].map(|us| zone.format(change_us + us, "%H:%M:%S").unwrap());
        assert_eq!(times, ["01:59:59", "01:00:00"]);
    }

    #[test]
    fn a_wrong_name_is_answered_with_near_ones() {
        let said = |name: &str| name.parse::<Zone>().unwrap_err();
        assert!(
            said("Shangai").contains("Asia/Shanghai"),
            "{}",
            said("Shangai")
        );
        assert!(said("Europe/Berlim").contains("Europe/Berlin"));
        assert!(said("new york").contains("America/New_York"));
        assert!(said("xqzw").contains("such as UTC"));
    }
}
