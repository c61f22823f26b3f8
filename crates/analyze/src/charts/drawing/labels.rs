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
mod tests {
    use super::*;

    fn label(edges: (f64, f64), weight: i64) -> Label {
        Label {
            edges,
            long: "writes down 12.3 s".to_owned(),
            short: "12.3 s".to_owned(),
            weight,
        }
    }

    /// Places labels of marks 4 points wide; fails where two of them overlap.
    fn texts(at: &[f64], right: f64) -> Vec<String> {
        let face = Typeface::load(None).unwrap();
        let labels: Vec<Label> = at
            .iter()
            .map(|x| label((x - 2.0, x + 2.0), *x as i64))
            .collect();
        let row = Row {
            face: &face,
            em: 12.0,
            ends: (0.0, right),
            obstacles: vec![],
        };
        let placed = row.place(&labels);
        for (index, one) in placed.iter().enumerate() {
            let end = one.left + face.width(&one.text, 12.0);
            assert!(one.left >= 0.0 && end <= right && !one.inside);
            for other in &placed[index + 1..] {
                assert!(
                    end <= other.left || other.left + face.width(&other.text, 12.0) <= one.left
                );
            }
        }
        placed.into_iter().map(|placed| placed.text).collect()
    }

    #[test]
    fn labels_grow_short_before_any_is_left_out() {
        assert_eq!(texts(&[200.0, 600.0], 1000.0), ["writes down 12.3 s"; 2]);
        assert_eq!(texts(&[20.0, 80.0, 140.0], 1000.0), ["12.3 s"; 3]);
        assert_eq!(texts(&[300.0, 305.0, 310.0, 400.0], 1000.0).len(), 3);
        assert_eq!(texts(&[5.0], 10.0).len(), 0);
    }

    #[test]
    fn a_label_stands_inside_or_next_to_it_and_never_over_an_obstacle() {
        let face = Typeface::load(None).unwrap();
        let place = |edges, obstacles: &[(f64, f64)]| {
            let row = Row {
                face: &face,
                em: 12.0,
                ends: (0.0, 1000.0),
                obstacles: obstacles.to_vec(),
            };
            row.place(&[label(edges, 0)]).pop()
        };
        assert!(place((400.0, 700.0), &[]).unwrap().inside);
        assert!(place((400.0, 420.0), &[]).unwrap().left > 420.0);
        assert!(place((970.0, 990.0), &[]).unwrap().left < 970.0);
        assert!(place((400.0, 420.0), &[(430.0, 431.0)]).unwrap().left < 400.0);
        let left_of_trigger = place((400.0, 420.0), &[(430.0, 431.0), (396.0, 397.0)]).unwrap();
        assert!(left_of_trigger.left + face.width(&left_of_trigger.text, 12.0) < 396.0);
        assert_eq!(
            place(
                (400.0, 420.0),
                &[
                    (430.0, 431.0),
                    (300.0, 399.0),
                    (200.0, 299.0),
                    (20.0, 290.0)
                ]
            ),
            None
        );
    }
}
