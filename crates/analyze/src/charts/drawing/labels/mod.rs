//! Labels side by side in one line, none over another.

use crate::charts::drawing::fonts::Typeface;

/// Space kept between two labels, points.
const GAP: f64 = 8.0;
/// Space between a label and what it stands next to, points.
const DISTANCE: f64 = 5.0;
/// Space between a label and an edge that it stands inside, or an obstacle, points.
const EDGE: f64 = 3.0;

/// An obstacle this near to what a label belongs to may stand between the two, points.
const NEAR: f64 = 14.0;

/// The text of a label, and what it belongs to.
pub(crate) struct Label {
    /// Left and right edge of what it belongs to, points; the same for a line.
    pub(crate) edges: (f64, f64),
    /// The text where all labels have room for their long ones.
    pub(crate) long: String,
    /// The text otherwise.
    pub(crate) short: String,
    /// Where not even the short ones all fit, the label of the greatest weight stays.
    pub(crate) weight: i64,
}

/// A label that found its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed {
    /// Which of the labels it is.
    pub(crate) index: usize,
    /// Its left edge, points.
    pub(crate) left: f64,
    pub(crate) text: String,
    /// It stands inside what it belongs to.
    pub(crate) inside: bool,
}

/// A line of labels.
pub(crate) struct Row<'a> {
    pub(crate) face: &'a Typeface,
    pub(crate) em: f64,
    /// Left and right end of the line.
    pub(crate) ends: (f64, f64),
    /// What no label may lie over: left and right edge of each.
    pub(crate) obstacles: Vec<(f64, f64)>,
}

impl Row<'_> {
    /// Gives each label a place: all long, else all short, else without those that don't fit.
    pub(crate) fn place(&self, labels: &[Label]) -> Vec<Placed> {
        let long = self.place_each(labels, |label| &label.long);
        if long.len() == labels.len() {
            long
        } else {
            self.place_each(labels, |label| &label.short)
        }
    }

    fn place_each(&self, labels: &[Label], text: impl Fn(&Label) -> &String) -> Vec<Placed> {
        let mut by_weight: Vec<(usize, &Label)> = labels.iter().enumerate().collect();
        by_weight.sort_by_key(|(_, label)| std::cmp::Reverse(label.weight));
        let mut taken: Vec<(f64, f64)> = Vec::new();
        let mut placed = Vec::new();
        for (index, label) in by_weight {
            let width = self.face.width(text(label), self.em);
            let is_free = |from: &f64| {
                let clear = |gap: f64, (start, end): &(f64, f64)| {
                    from + width + gap <= *start || *from >= end + gap
                };
                *from >= self.ends.0
                    && from + width <= self.ends.1
                    && taken.iter().all(|other| clear(GAP, other))
                    && self.obstacles.iter().all(|obstacle| clear(EDGE, obstacle))
            };
            if let Some(left) = self.positions(label, width).into_iter().find(is_free) {
                taken.push((left, left + width));
                let inside = left >= label.edges.0 && left + width <= label.edges.1;
                placed.push(Placed {
                    index,
                    left,
                    text: text(label).clone(),
                    inside,
                });
            }
        }
        placed
    }

    /// Where a label of a width may begin, best first: inside, to the right, to the left, and left of what is in the way.
    fn positions(&self, label: &Label, width: f64) -> Vec<f64> {
        let (from, to) = label.edges;
        let mut positions = Vec::new();
        if width + 2.0 * EDGE <= to - from {
            positions.push(from.midpoint(to) - width / 2.0);
        }
        positions.extend([to + DISTANCE, from - DISTANCE - width]);
        let in_the_way = self
            .obstacles
            .iter()
            .filter(|(_, end)| *end <= from && from - end <= NEAR);
        positions.extend(in_the_way.map(|(start, _)| start - DISTANCE - width));
        positions
    }
}

#[cfg(test)]
mod tests;
