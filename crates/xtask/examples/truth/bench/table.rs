//! The printed text: a line per kind, path and group, the sums, and every wrong figure. The last three columns are of the service's downtime,
//! all others of the application's.

use lab::{lines, utc};

use super::Done;
use super::fresh;
use super::judge::Verdict;
use super::kinds::Kind;
use super::lanes::{LANES, Lane};
use super::rows::{Measure, Row};
use super::witness::{EVERY, LIMIT};

/// The largest resolution that a service outage may have, microseconds.
const MOST_RESOLUTION_US: i64 = 300_000;

const HEAD: [&str; COLUMNS] = [
    "kind",
    "path",
    "group",
    "figures",
    "injected",
    "witness",
    "reported",
    "resolution",
    "error",
    "beyond",
    "allowed",
    "within",
    "missed, false",
    "service",
    "its error",
    "its resolution",
];
const COLUMNS: usize = 16;

/// The page.
pub(crate) fn table(done: &Done) -> String {
    let mut lines_of_table = vec![HEAD.map(str::to_owned)];
    let is_made = |of: &&Kind| {
        let mut made = done.batches.iter().flat_map(|batch| &batch.made);
        made.any(|made| made.fault.kind == **of)
    };
    for &kind in done.kinds.iter().filter(is_made) {
        for lane in LANES {
            lines_of_table.push(line(done, Some(kind), lane));
        }
    }
    for lane in LANES {
        let line = line(done, None, lane);
        if line[3] != "0" || line[13] != "0 of 0" {
            lines_of_table.push(line);
        }
    }
    let mut text = aligned(&lines_of_table);
    text.push('\n');
    text += &sums(done);
    for row in done.rows.iter().filter(|row| row.figure.verdict.is_wrong()) {
        text += &wrong(done, row);
    }
    text
}

/// Every figure, one a line, separated by tabs; times in microseconds.
pub(crate) fn every_figure(done: &Done) -> String {
    let mut text = "kind\tpath\tgroup\tfrom\tto\tinjected_us\twitness_us\twitness_resolution_us\treported_us\tresolution_us\terror_us\tbeyond_us\tallowed_us\tverdict\trecording\tdowntime_of\tbeyond_injected_us\n".to_owned();
    let or_empty = |value: Option<i64>| value.map_or_else(String::new, |value| value.to_string());
    for row in &done.rows {
        let figure = &row.figure;
        let cells = [
            name(kind_of(done, row)),
            row.lane.path.as_str().to_owned(),
            row.lane.group.as_str().to_owned(),
            utc(figure.span.start_us),
            utc(figure.span.end_us),
            or_empty(figure.injected_us),
            or_empty(figure.witness.map(|(us, _)| us)),
            or_empty(figure.witness.map(|(_, us)| us)),
            or_empty(figure.reported.map(|(us, _)| us)),
            or_empty(figure.reported.map(|(_, us)| us)),
            or_empty(figure.error_us()),
            or_empty(figure.beyond_us()),
            figure.allowed_us.to_string(),
            figure.verdict.word().to_owned(),
            done.batches[row.batch].folder.display().to_string(),
            row.measure.as_str().to_owned(),
            or_empty(figure.beyond_injected_us()),
        ];
        text += &cells.join("\t");
        text.push('\n');
    }
    text
}

fn kind_of(done: &Done, row: &Row) -> Option<Kind> {
    let fault = row.fault?;
    Some(done.batches[row.batch].made[fault].fault.kind)
}

fn name(kind: Option<Kind>) -> String {
    kind.map_or_else(|| "(no fault)".to_owned(), Kind::name)
}

fn seconds(us: i64) -> String {
    format!("{:.3}", us as f64 / 1e6)
}

/// With its sign.
fn error(us: i64) -> String {
    format!("{:+.3}", us as f64 / 1e6)
}

/// Nearest rank.
fn median(mut values: Vec<i64>) -> Option<i64> {
    let rank = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable(rank).1)
}

/// Figures of a kind of fault, a lane and a measure.
struct Figures<'d>(Vec<&'d Row>);

impl<'d> Figures<'d> {
    fn of(done: &'d Done, is_of: impl Fn(&Row) -> bool) -> Self {
        Self(done.rows.iter().filter(|row| is_of(row)).collect())
    }

    fn count(&self, verdict: Verdict) -> usize {
        let of_it = self.0.iter().filter(|row| row.figure.verdict == verdict);
        of_it.count()
    }

    fn middle(&self, of: impl Fn(&Row) -> Option<i64>) -> Option<i64> {
        median(self.0.iter().filter_map(|row| of(row)).collect())
    }

    /// Figures that meet the goal, of those that are held against it.
    fn within(&self) -> String {
        let within = self.count(Verdict::Within);
        format!("{within} of {}", within + self.count(Verdict::Outside))
    }

    /// The largest, whatever its sign.
    fn largest(&self, of: impl Fn(&Row) -> Option<i64>) -> Option<i64> {
        let values = self.0.iter().filter_map(|row| of(row));
        values.max_by_key(|value| value.abs())
    }

    fn largest_resolution_us(&self) -> Option<i64> {
        self.largest(|row| row.resolution_us)
    }
}

fn line(done: &Done, of: Option<Kind>, lane: Lane) -> [String; COLUMNS] {
    let figures = |measure: Measure| {
        Figures::of(done, |row| {
            row.measure == measure && row.lane == lane && kind_of(done, row) == of
        })
    };
    let (application, service) = (figures(Measure::Application), figures(Measure::Service));
    let or_dash =
        |value: Option<i64>, text: fn(i64) -> String| value.map_or_else(|| "-".to_owned(), text);
    let beyond = application
        .0
        .iter()
        .filter_map(|row| Some((row.figure.beyond_us()?, row.figure.allowed_us)));
    let farthest = beyond.max_by_key(|(beyond_us, _)| beyond_us.abs());
    let middle = |of: fn(&Row) -> Option<i64>| or_dash(application.middle(of), seconds);
    [
        name(of),
        lane.path.as_str().to_owned(),
        lane.group.as_str().to_owned(),
        application.0.len().to_string(),
        middle(|row| row.figure.injected_us),
        middle(|row| Some(row.figure.witness?.0)),
        middle(|row| Some(row.figure.reported?.0)),
        middle(|row| Some(row.figure.reported?.1)),
        or_dash(application.middle(|row| row.figure.error_us()), error),
        or_dash(farthest.map(|(beyond_us, _)| beyond_us), error),
        or_dash(farthest.map(|(_, allowed_us)| allowed_us), seconds),
        application.within(),
        format!(
            "{}, {}",
            application.count(Verdict::Missed),
            application.count(Verdict::False)
        ),
        service.within(),
        or_dash(service.largest(|row| row.figure.error_to_truth_us()), error),
        or_dash(service.largest_resolution_us(), seconds),
    ]
}

/// Text to the left, figures to the right.
fn aligned(lines: &[[String; COLUMNS]]) -> String {
    let mut text = String::new();
    let width = |column: usize| {
        let lengths = lines.iter().map(|line| line[column].len());
        lengths.max().unwrap_or(0)
    };
    for line in lines {
        let cells = line.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            match column {
                0..=2 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            }
        });
        text += &cells.collect::<Vec<_>>().join("  ");
        text.push('\n');
    }
    text
}

/// How many faults there were, and how many of them have no wrong figure of that measure.
fn faults(done: &Done, measure: Measure) -> (usize, usize) {
    let (mut faults, mut right) = (0, 0);
    for (batch, of_batch) in done.batches.iter().enumerate() {
        for fault in 0..of_batch.made.len() {
            let is_its = |row: &&Row| {
                row.measure == measure && row.batch == batch && row.fault == Some(fault)
            };
            let is_wrong = |row: &Row| row.figure.verdict.is_wrong();
            faults += 1;
            right += usize::from(!done.rows.iter().filter(is_its).any(is_wrong));
        }
    }
    (faults, right)
}

fn sums(done: &Done) -> String {
    let application = Figures::of(done, |row| row.measure == Measure::Application);
    let (faults, right) = faults(done, Measure::Application);
    let (shortest, longest) = done.lengths;
    let mut lines = vec![
        format!(
            "outages:  {right} of {faults} with every figure right; {:.1} to {:.1} s, seed {}",
            shortest.as_secs_f64(),
            longest.as_secs_f64(),
            done.seed
        ),
        format!(
            "goal:     the witness's outage lies within [downtime - resolution, downtime] of the report, to within one sampling interval and one ordinary response"
        ),
        format!(
            "figures:  {} within; missed {}, false {}, unobserved {}, too short for the load {}",
            application.within(),
            application.count(Verdict::Missed),
            application.count(Verdict::False),
            application.count(Verdict::Unobserved),
            application.count(Verdict::TooShort),
        ),
    ];
    lines.extend(refused(done));
    lines.extend(farthest(done));
    lines.push(service(done));
    lines.extend(steady(done));
    lines.push(format!(
        "witness:  every {EVERY:?}, gives up after {LIMIT:?}, no resolver keeps a name; error = reported - witness, beyond = outside of the bounds, s; medians, and the farthest beyond. Of the service: a new client every {:?}; its error = reported - injected (behind the proxy - the clients'), its resolution: the largest",
        fresh::EVERY
    ));
    let made = done.batches.iter().flat_map(|batch| &batch.made);
    lines.extend(made.filter_map(|made| {
        let trouble = made.trouble.as_ref()?;
        Some(format!("the lab:  {}: {trouble}", made.fault.kind.name()))
    }));
    lines.join("\n") + "\n"
}

/// Of the service's downtime.
fn service(done: &Done) -> String {
    let figures = Figures::of(done, |row| row.measure == Measure::Service);
    let (faults, right) = faults(done, Measure::Service);
    let largest = figures.largest(|row| row.figure.error_to_truth_us());
    let resolution_us = figures.largest_resolution_us().unwrap_or(0);
    format!(
        "service:  {right} of {faults} with every figure right: {} within, missed {}, false {}; largest error {} s, largest resolution {} s (at most {} s: {})",
        figures.within(),
        figures.count(Verdict::Missed),
        figures.count(Verdict::False),
        error(largest.unwrap_or(0)),
        seconds(resolution_us),
        seconds(MOST_RESOLUTION_US),
        if is_fine(done) { "ok" } else { "OVER" },
    )
}

/// No service outage is known less well than it may be.
pub(crate) fn is_fine(done: &Done) -> bool {
    let resolutions = done.rows.iter().filter_map(|row| row.resolution_us);
    resolutions.max() <= Some(MOST_RESOLUTION_US)
}

fn steady(done: &Done) -> Option<String> {
    if done.steady.is_zero() {
        return None;
    }
    let reported = |measure: Measure| {
        Figures::of(done, |row| {
            row.batch == 0 && row.measure == measure && row.figure.reported.is_some()
        })
    };
    let application = reported(Measure::Application);
    let seen = application.0.iter();
    let seen = seen.filter(|row| row.figure.witness.is_some()).count();
    Some(format!(
        "steady:   {:.0} s without a fault; outages reported: {}, seen by the witness too: {seen}; of the service: {}",
        done.steady.as_secs_f64(),
        application.0.len(),
        reported(Measure::Service).0.len()
    ))
}

fn refused(done: &Done) -> Option<String> {
    let refused = done.rows.iter().map(|row| row.figure.refused_us);
    let refused: Vec<i64> = refused.filter(|refused_us| *refused_us > 0).collect();
    let longest_us = refused.iter().max()?;
    Some(format!(
        "refused:  in {} figures of the proxy the recorder was refused with 25006 after the witness was served: for up to {} s, which are allowed",
        refused.len(),
        seconds(*longest_us)
    ))
}

fn farthest(done: &Done) -> Option<String> {
    let of_application = |row: &&Row| row.measure == Measure::Application;
    let judged = done.rows.iter().filter(of_application);
    let judged = judged.filter_map(|row| Some((row, row.figure.beyond_us()?)));
    let (row, beyond_us) = judged.max_by_key(|(_, beyond_us)| beyond_us.abs())?;
    Some(format!(
        "farthest: {} s beyond the bounds, allowed {} s: {} {}, {}",
        error(beyond_us),
        seconds(row.figure.allowed_us),
        name(kind_of(done, row)),
        row.lane,
        done.batches[row.batch].load.name
    ))
}

/// All that is known of a figure that is wrong.
fn wrong(done: &Done, row: &Row) -> String {
    let (figure, batch) = (&row.figure, &done.batches[row.batch]);
    let with_resolution = |figure: Option<(i64, i64)>| {
        figure.map_or_else(
            || "-".to_owned(),
            |(us, resolution_us)| format!("{} s (-{} s)", seconds(us), seconds(resolution_us)),
        )
    };
    let mut known = vec![
        format!("witness {}", with_resolution(figure.witness)),
        format!("reported {}", with_resolution(figure.reported)),
    ];
    if let Some(us) = figure.injected_us {
        known.insert(0, format!("injected {} s", seconds(us)));
    }
    if let (Some(error_us), Some(beyond_us)) = (figure.error_us(), figure.beyond_us()) {
        known.push(format!("error {} s", error(error_us)));
        known.push(format!("beyond {} s", error(beyond_us)));
        let allowed_us = figure.allowed_us + figure.refused_us + figure.detour_us;
        known.push(format!("allowed {} s", seconds(allowed_us)));
    }
    if let Some(beyond_us) = figure.beyond_injected_us() {
        known.push(format!("beyond what was injected {} s", error(beyond_us)));
    }
    let mut text = format!(
        "\n{}: {} {}, the {}'s downtime, {} to {}\n  {}\n  {}, {}\n",
        figure.verdict.word(),
        name(kind_of(done, row)),
        row.lane,
        row.measure.as_str(),
        utc(figure.span.start_us),
        utc(figure.span.end_us),
        known.join(", "),
        batch.load.name,
        batch.folder.display(),
    );
    if let Some(fault) = row.fault {
        for step in lines(&batch.made[fault].steps).lines() {
            text += &format!("  {step}\n");
        }
    }
    text
}
