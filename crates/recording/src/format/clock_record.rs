//! The recording's clock, and the offsets of the database servers' clocks from it, as the manifest has them.

use serde::{Deserialize, Serialize};

use crate::format::timestamp::Timestamp;
use crate::format::vocabulary::Path;

/// The recording's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRecord {
    /// The wall clock's time at the anchor.
    pub anchor_time: Timestamp,
    /// How far the wall clock was ahead of the recording's clock at the end, microseconds.
    pub drift_us: Option<i64>,
    /// Offsets of the database servers' clocks: measured once per path before the start, and once more at the end. Empty where they
    /// were not measured or no server answered.
    #[serde(default)]
    pub offsets: Vec<ClockOffset>,
}

/// The database server's clock against the recording's, measured as NTP does it (RFC 5905, section 8) with the server's one
/// `clock_timestamp()` as both T2 and T3: `offset = server - (before + after) / 2`, wrong by at most half the round trip
/// `after - before`, as the server read its clock somewhere in it. Of several round trips the shortest wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockOffset {
    /// The middle of the round trip, on the recording's clock.
    pub time: Timestamp,
    /// The path on which it was measured.
    pub path: Path,
    /// `inet_server_addr()` of the server that answered.
    pub server_address: Option<String>,
    /// `inet_server_port()` of the server that answered.
    pub server_port: Option<i32>,
    /// Round trips of which this was the shortest.
    pub round_trips: u32,
    /// What must be added to a time of this recording to get the server's clock, microseconds. Negative where this host's clock
    /// was ahead.
    pub offset_us: i64,
    /// The offset is right to within this, microseconds: half the round trip.
    pub uncertainty_us: i64,
}

impl ClockOffset {
    /// The measurement that brings a recording which began at `start` onto the server's clock: one from before the start, when
    /// no failover had changed the server yet; of these the direct path's, with no proxy on the way; of these the one of the
    /// smallest uncertainty. `None` where nothing was measured.
    #[must_use]
    pub fn best(offsets: &[Self], start: Timestamp) -> Option<&Self> {
        offsets.iter().min_by_key(|offset| {
            (
                offset.time > start,
                offset.path != Path::Direct,
                offset.uncertainty_us,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(time: i64, path: Path, uncertainty_us: i64) -> ClockOffset {
        ClockOffset {
            time: Timestamp(time),
            path,
            server_address: None,
            server_port: None,
            round_trips: 8,
            offset_us: 0,
            uncertainty_us,
        }
    }

    #[test]
    fn the_axis_is_the_start_then_the_direct_path_then_the_smallest_uncertainty() {
        let start = Timestamp(100);
        let mut offsets = Vec::new();
        assert_eq!(ClockOffset::best(&offsets, start), None);
        // In the order in which each next one is the better choice.
        for better in [
            offset(200, Path::Proxy, 1),
            offset(200, Path::Direct, 50),
            offset(90, Path::Proxy, 40),
            offset(90, Path::Direct, 60),
            offset(80, Path::Direct, 30),
        ] {
            offsets.push(better.clone());
            assert_eq!(ClockOffset::best(&offsets, start), Some(&better));
            offsets.rotate_right(1);
            assert_eq!(ClockOffset::best(&offsets, start), Some(&better));
        }
    }

    #[test]
    fn a_clock_of_an_earlier_version_has_no_offsets() {
        let text = r#"{"anchor_time": "2026-11-22T20:43:00.000000Z", "drift_us": 1}"#;
        let record: ClockRecord = serde_json::from_str(text).unwrap();
        assert_eq!((record.drift_us, record.offsets), (Some(1), Vec::new()));
    }
}
