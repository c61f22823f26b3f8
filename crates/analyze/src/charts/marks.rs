//! The user's marks: a number at the line of each, and the whole texts of a handful in a list under the chart.

use command_line::text::one_line;

use crate::charts::axis::TimeAxis;
use crate::charts::drawing::fonts::Typeface;
use crate::charts::drawing::scene::{Align, Area, Scene};
use crate::charts::drawing::style::{MARGIN, SMALL, WIDTH};
use crate::summary::series::{Mark, Series};

/// Height of a line of the list.
const LINE: f64 = 17.0;
/// Space between columns of the list, and between a number and its text.
const GAP: f64 = 26.0;
/// Space kept between two numbers over a plot, points.
const BETWEEN: f64 = 3.0;
/// No two lines are nearer, points.
const APART: f64 = 4.0;
/// More marks than a handful are not listed under every chart: the report's events have them, with their numbers.
const LISTED: usize = 12;

/// Marks whose numbers would lie over each other, as one.
struct Cluster {
    /// Counted from 1.
    first: usize,
    last: usize,
    /// Where the first and the last of them are.
    from: f64,
    to: f64,
}

impl Cluster {
    fn text(&self) -> String {
        match self.last - self.first {
            0 => self.first.to_string(),
            _ => format!("{}-{}", self.first, self.last),
        }
    }

    /// Left and right edge of its number, within the ends of the plot.
    fn edges(&self, face: &Typeface, ends: (f64, f64)) -> (f64, f64) {
        let width = face.width(&self.text(), SMALL);
        let middle = self.from.midpoint(self.to);
        let left = (middle - width / 2.0).min(ends.1 - width).max(ends.0);
        (left, left + width)
    }
}

/// Draws a thin line at each mark, and its number over the plot. `rows`: top of the line of numbers, top and bottom of the plot.
pub(super) fn lines(
    scene: &mut Scene<'_>,
    series: &Series,
    time: &TimeAxis,
    ends: (f64, f64),
    (lane, top, bottom): (f64, f64, f64),
) {
    let at: Vec<f64> = series
        .marks
        .iter()
        .map(|mark| time.at(mark.time_us))
        .collect();
    let theme = scene.theme();
    let mut last = f64::NEG_INFINITY;
    for x in &at {
        // Lines side by side would be a bar over the data.
        if x - last >= APART {
            scene.vertical(*x, (top - 5.0, bottom), 0.75, theme.grey);
            last = *x;
        }
    }
    for cluster in clusters(scene.face(), &at, ends) {
        let (left, right) = cluster.edges(scene.face(), ends);
        // The lines of triggers go through here: where a number stands they are interrupted.
        let behind = Area::new(left - 2.0, lane + 1.0, right + 2.0, top - 5.0);
        scene.rectangle(behind, theme.background);
        let at = (left, lane + 12.5);
        scene.text(at, cluster.text(), SMALL, Align::Left, theme.ink);
    }
}

/// Every mark is in one of these, and their numbers do not touch.
fn clusters(face: &Typeface, at: &[f64], ends: (f64, f64)) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    for (index, x) in at.iter().enumerate() {
        let mut cluster = Cluster {
            first: index + 1,
            last: index + 1,
            from: *x,
            to: *x,
        };
        // One that grew may touch the one before it.
        while let Some(before) = clusters
            .pop_if(|before| before.edges(face, ends).1 + BETWEEN > cluster.edges(face, ends).0)
        {
            cluster.first = before.first;
            cluster.from = before.from;
        }
        clusters.push(cluster);
    }
    clusters
}

/// Draws number, time and text of each mark from `top` on, in as many columns as there is room for, and returns where the page ends.
pub(super) fn list(scene: &mut Scene<'_>, series: &Series, time: &TimeAxis, top: f64) -> f64 {
    if series.marks.is_empty() {
        return top;
    }
    let (face, theme, words) = (scene.face(), scene.theme(), scene.words());
    if series.marks.len() > LISTED {
        let text = (words.many_marks)(&series.marks.len().to_string());
        let at = (MARGIN, top + 12.0);
        scene.text(at, text, SMALL, Align::Left, theme.grey);
        return top + 32.0;
    }
    let room = WIDTH - 2.0 * MARGIN;
    let listed = &series.marks;
    let number = face.width(&listed.len().to_string(), SMALL);
    let indent = number + 10.0;
    let line = |mark: &Mark| format!("{}  {}", time.label(mark.time_us), one_line(&mark.text));
    let texts: Vec<String> = listed.iter().map(line).collect();
    let widths = texts.iter().map(|text| face.width(text, SMALL));
    let widest = indent + widths.fold(0.0, f64::max);
    let columns = (((room + GAP) / (widest + GAP)) as usize).clamp(1, 4);
    let column = (room + GAP) / columns as f64;
    let entries: Vec<Vec<String>> = texts
        .iter()
        .map(|text| face.wrap(text, SMALL, column - GAP - indent))
        .collect();
    let mut y = top + 12.0;
    let heading = match texts.iter().any(|text| scene.has_boxes(text)) {
        true => format!("{} · {}", words.marks, words.needs_font),
        false => words.marks.to_owned(),
    };
    scene.text((MARGIN, y), heading, SMALL, Align::Left, theme.grey);
    y += 4.0;
    // Where texts take several lines there is one column.
    let rows = match columns {
        1 => entries.iter().map(Vec::len).sum::<usize>(),
        _ => entries.len().div_ceil(columns),
    };
    let mut row = 0;
    for (index, lines) in entries.iter().enumerate() {
        let left = MARGIN + (row / rows) as f64 * column;
        for (line, text) in lines.iter().enumerate() {
            let baseline = y + ((row % rows) + 1) as f64 * LINE;
            if line == 0 {
                let (at, text) = ((left + number, baseline), (index + 1).to_string());
                scene.text(at, text, SMALL, Align::Right, theme.ink);
            }
            let at = (left + indent, baseline);
            scene.text(at, text, SMALL, Align::Left, theme.ink);
            row += 1;
        }
    }
    y + rows as f64 * LINE + 20.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face() -> Typeface {
        Typeface::load(None).unwrap()
    }

    #[test]
    fn numbers_that_would_touch_become_a_range() {
        let face = face();
        let texts = |at: &[f64]| -> Vec<String> {
            let clusters = clusters(&face, at, (84.0, 1172.0));
            for pair in clusters.windows(2) {
                let gap =
                    pair[1].edges(&face, (84.0, 1172.0)).0 - pair[0].edges(&face, (84.0, 1172.0)).1;
                assert!(gap >= BETWEEN);
            }
            let all: usize = clusters
                .iter()
                .map(|cluster| 1 + cluster.last - cluster.first)
                .sum();
            assert_eq!(all, at.len(), "every mark has a number");
            clusters.iter().map(Cluster::text).collect()
        };
        assert_eq!(texts(&[]), Vec::<String>::new());
        assert_eq!(texts(&[100.0, 200.0, 300.0]), ["1", "2", "3"]);
        assert_eq!(
            texts(&[100.0, 200.0, 201.0, 202.0, 300.0]),
            ["1", "2-4", "5"]
        );
        assert_eq!(texts(&[1172.0, 1172.0]), ["1-2"]);
        texts(
            &(0..400)
                .map(|index| 90.0 + f64::from(index) * 2.7)
                .collect::<Vec<_>>(),
        );
    }
}
