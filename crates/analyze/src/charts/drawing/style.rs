//! Colours, sizes and words that all charts share.

use plotters::style::RGBAColor;
use recording::vocabulary::Outcome;

pub(crate) const WIDTH: f64 = 1200.0;
/// Left edge of what is not an axis label.
pub(crate) const MARGIN: f64 = 24.0;
/// Left edge of a plot: room for the labels of its axis.
pub(crate) const PLOT_LEFT: f64 = 84.0;
pub(crate) const PLOT_RIGHT: f64 = WIDTH - 28.0;

pub(crate) const TITLE: f64 = 21.0;
/// Size of the headline and of a panel's name.
pub(crate) const LARGE: f64 = 15.0;
/// Size of axis labels and legends.
pub(crate) const SMALL: f64 = 12.5;

const fn opaque(red: u8, green: u8, blue: u8) -> RGBAColor {
    RGBAColor(red, green, blue, 1.0)
}

pub(crate) const WHITE: RGBAColor = opaque(255, 255, 255);
/// Text.
pub(crate) const INK: RGBAColor = opaque(0x22, 0x26, 0x2b);
/// Text of the second rank.
pub(crate) const GREY: RGBAColor = opaque(0x5c, 0x64, 0x6e);
pub(crate) const FRAME: RGBAColor = opaque(0x9a, 0xa2, 0xab);
/// Main grid lines.
pub(crate) const GRID: RGBAColor = opaque(0xdf, 0xe3, 0xe7);
/// Grid lines between them.
pub(crate) const FAINT_GRID: RGBAColor = opaque(0xf0, 0xf2, 0xf4);

// The data's colours are those of Okabe and Ito, which differ with the common kinds of colour blindness too.
const DIRECT: RGBAColor = opaque(0x00, 0x72, 0xb2);
const PROXY: RGBAColor = opaque(0x00, 0x9e, 0x73);
/// Failures, and what is down.
pub(crate) const DOWN: RGBAColor = opaque(0xd5, 0x3e, 0x00);
/// A band behind data while the path was down.
pub(crate) const DOWN_BAND: RGBAColor = opaque(0xfb, 0xe0, 0xd4);
/// Edges of that band.
pub(crate) const DOWN_EDGE: RGBAColor = opaque(0xee, 0xa6, 0x86);
pub(crate) const BROWNOUT: RGBAColor = opaque(0xe6, 0x9f, 0x00);
/// What is up.
pub(crate) const UP: RGBAColor = opaque(0xb9, 0xdf, 0xd2);
/// Unobserved time.
pub(crate) const UNOBSERVED: RGBAColor = opaque(0xec, 0xee, 0xf0);
/// Pauses of the recorder, in a strip.
pub(crate) const PAUSED: RGBAColor = opaque(0x8d, 0x86, 0xae);
/// A band behind data while the recorder was paused.
pub(crate) const PAUSED_BAND: RGBAColor = opaque(0xdc, 0xd8, 0xea);
/// Acknowledged writes that were lost.
pub(crate) const LOST: RGBAColor = opaque(0x3b, 0x1f, 0x8f);
/// The moment from which a client that connects anew was served.
pub(crate) const SERVED: RGBAColor = opaque(0x7a, 0x6a, 0x00);
const UNKNOWN: RGBAColor = opaque(0xa8, 0x3a, 0x82);
const UNFINISHED: RGBAColor = INK;

pub(crate) fn path_color(path: &str) -> RGBAColor {
    if path == recording::vocabulary::Path::Proxy.as_str() {
        PROXY
    } else {
        DIRECT
    }
}

/// The colour of what did not succeed.
pub(crate) fn outcome_color(outcome: Outcome) -> RGBAColor {
    match outcome {
        Outcome::Unknown => UNKNOWN,
        Outcome::Unfinished => UNFINISHED,
        Outcome::Failed | Outcome::Ok | Outcome::Rejected => DOWN,
    }
}

/// A colour between two: `share` 0 is the first, 1 the second.
pub(crate) fn between(from: RGBAColor, to: RGBAColor, share: f64) -> RGBAColor {
    let channel = |from: u8, to: u8| {
        (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8
    };
    opaque(
        channel(from.0, to.0),
        channel(from.1, to.1),
        channel(from.2, to.2),
    )
}

/// The same colour, seen through.
pub(crate) const fn translucent(color: RGBAColor, alpha: f64) -> RGBAColor {
    RGBAColor(color.0, color.1, color.2, alpha)
}

/// A length of time in seconds, as reports write it: `12.3 s`, `0.31 s`.
pub(crate) fn seconds(us: i64) -> String {
    let seconds = us as f64 / 1e6;
    if seconds.abs() < 9.995 {
        format!("{seconds:.2} s")
    } else {
        format!("{seconds:.1} s")
    }
}

/// A response time with three figures in the unit that suits it: `850 µs`, `3.12 ms`, `12.3 s`.
pub(crate) fn response_time(us: i64) -> String {
    let us = us as f64;
    let (value, unit) = match us {
        ..999.5 => return format!("{us:.0} µs"),
        ..999_500.0 => (us / 1e3, "ms"),
        _ => (us / 1e6, "s"),
    };
    let decimals = if value < 9.995 {
        2
    } else {
        usize::from(value < 99.95)
    };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_in_a_report() {
        assert_eq!(
            [seconds(12_310_000), seconds(310_000), seconds(9_996_000)],
            ["12.3 s", "0.31 s", "10.0 s"]
        );
        assert_eq!(
            [
                response_time(850),
                response_time(3_120),
                response_time(99_960)
            ],
            ["850 µs", "3.12 ms", "100 ms"]
        );
        assert_eq!(
            [response_time(999_600), response_time(12_310_000)],
            ["1.00 s", "12.3 s"]
        );
    }
}
