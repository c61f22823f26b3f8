//! Very many failures: a density in the outage's columns, which nothing reaches out of.

use std::ops::RangeInclusive;

use analyze::charts::{ChartOptions, draw_all};
use analyze::summary::series::{FailurePoint, MOST_POINTS};
use image::RgbImage;
use recording::vocabulary::Outcome;

use super::{BELOW_LEGENDS, PANEL, case, open};
use crate::support::chart_cases as cases;

/// Operations that ended at even distances between two moments, in seconds since the start, all after the same time.
fn failures(outcome: Outcome, number: usize, (from, to): (f64, f64)) -> Vec<FailurePoint> {
    let failure = |index: usize| {
        let share = (index as f64 + 0.5) / number as f64;
        FailurePoint {
            end_us: cases::START_US + ((from + share * (to - from)) * 1e6) as i64,
            response_us: 9_000,
            outcome,
        }
    };
    (0..number).map(failure).collect()
}

/// When the path was down, in a recording of a minute.
const OUTAGE: (f64, f64) = (20.4, 32.71);

/// The response-time chart of a path with these failures, and its text.
fn drawn(failures: Vec<FailurePoint>) -> (RgbImage, String) {
    let (summary, mut series) = cases::make(&case("one-path"));
    series.paths[0].failures = failures;
    let folder = tempfile::tempdir().unwrap();
    let options = ChartOptions {
        svg: true,
        ..ChartOptions::default()
    };
    draw_all(&summary, &series, folder.path(), &options).unwrap();
    let text = std::fs::read_to_string(folder.path().join("response-time.svg")).unwrap();
    (open(&folder.path().join("response-time.png")), text)
}

/// The columns, pixels, in which two charts differ below the legend: all between the first and the last do.
fn difference(a: &RgbImage, b: &RgbImage) -> RangeInclusive<u32> {
    assert_eq!(a.width(), b.width());
    // From the bottom: a longer legend moves all that is below it.
    let height = a.height().min(b.height()) - (BELOW_LEGENDS * 2.0) as u32;
    let differs = |column: &u32| {
        let [one, other] =
            [a, b].map(|image| move |row: u32| image.get_pixel(*column, image.height() - 1 - row));
        (0..height).any(|row| one(row) != other(row))
    };
    let columns: Vec<u32> = (0..a.width()).filter(differs).collect();
    let (first, last) = (columns[0], columns[columns.len() - 1]);
    // Lines of a moment lie over all data.
    let gaps = (last - first + 1) as usize - columns.len();
    assert!(gaps < 20, "{gaps} of {first} to {last}");
    first..=last
}

/// First and last pixel of the cells, two points wide, that a span of time is in.
fn cells((from, to): (f64, f64)) -> RangeInclusive<u32> {
    let cell = |seconds: f64| (seconds / 60.0 * (PANEL.1 - PANEL.0) / 2.0) as u32;
    let left = PANEL.0 as u32 * 2;
    left + cell(from) * 4..=left + cell(to) * 4 + 3
}

#[test]
fn very_many_failures_stay_in_the_columns_of_their_outage() {
    let (without, _) = drawn(vec![]);
    let (many, text) = drawn(failures(Outcome::Failed, 58_662, OUTAGE));
    assert_eq!(difference(&without, &many), cells(OUTAGE));
    // 12.31 s are 111.6 columns of two points.
    assert!(
        text.contains(">\n58,662 failed: 1 to 526 in one place\n"),
        "{text}"
    );
    assert!(text.contains("the darker the more"));

    let (few, text) = drawn(failures(Outcome::Failed, MOST_POINTS, OUTAGE));
    let [crosses, cells] = [difference(&without, &few), cells(OUTAGE)];
    assert!(crosses.start() < cells.start() && crosses.end() > cells.end());
    assert!(text.contains(">\n20,000 failed\n"), "{text}");
    assert!(text.contains("each dot or sign is one operation"));
}

/// Whatever is rarest is seen: here all have the same place.
#[test]
fn each_outcome_is_a_density_of_its_own() {
    for (many, few) in [
        (Outcome::Failed, Outcome::Unknown),
        (Outcome::Unknown, Outcome::Failed),
        (Outcome::Failed, Outcome::Unfinished),
    ] {
        let of_many = failures(many, 30_000, OUTAGE);
        let of_few = failures(few, 300, (25.0, 26.0));
        let both = [of_many.clone(), of_few].concat();
        let [(without, _), (with, text)] = [of_many, both].map(drawn);
        assert_eq!(difference(&without, &with), cells((25.0, 26.0)));
        assert!(text.contains(&format!("300 {few}")) && text.contains(&format!("30,000 {many}")));
    }
}

/// One write in doubt among 58,662 failures: a mark is five times as wide as a cell.
#[test]
fn a_single_failure_of_its_kind_keeps_its_mark() {
    let of_many = failures(Outcome::Failed, 58_662, OUTAGE);
    let one = failures(Outcome::Unknown, 1, (25.0, 26.0));
    let both = [of_many.clone(), one].concat();
    let [(without, _), (with, text)] = [of_many, both].map(drawn);
    let columns = difference(&without, &with);
    assert!(columns.clone().count() >= 16, "{columns:?}");
    let middle = cells((25.5, 25.5));
    assert!(columns.contains(middle.start()) && columns.contains(middle.end()));
    assert!(text.contains(">\n1 unknown\n"), "{text}");
}
