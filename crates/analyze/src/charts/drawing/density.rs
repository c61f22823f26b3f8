//! Many points as a density: small cells, darker where more points fall.

use plotters::style::RGBAColor;

use crate::charts::drawing::scene::{Area, Position, Scene};
use crate::charts::drawing::theme::{Palette, between};

const CELL: f64 = 2.0;
/// Steps from the lightest to the darkest cell. Neighbours of one step are drawn as one rectangle.
const STEPS: u32 = 12;

/// How many points fell into each cell of a plot.
pub(crate) struct Density {
    columns: usize,
    rows: usize,
    counts: Vec<u64>,
    area: Area,
}

impl Density {
    /// An empty density over a plot.
    pub(crate) fn new(area: Area) -> Self {
        let (columns, rows) = (
            (area.width() / CELL).ceil() as usize,
            (area.height() / CELL).ceil() as usize,
        );
        Self {
            columns,
            rows,
            counts: vec![0; columns * rows],
            area,
        }
    }

    /// Counts points of one place.
    pub(crate) fn add(&mut self, (x, y): Position, points: u64) {
        let cell =
            |distance: f64, cells: usize| ((distance.max(0.0) / CELL) as usize).min(cells - 1);
        let (column, row) = (
            cell(x - self.area.left, self.columns),
            cell(y - self.area.top, self.rows),
        );
        self.counts[column * self.rows + row] += points;
    }

    /// The fullest cell.
    pub(crate) fn most(&self) -> u64 {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// Points in all.
    #[cfg(test)]
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Draws the cells that are not empty, one shade after the other: shapes of a style that follow one another take little room in a file.
    pub(crate) fn draw(&self, scene: &mut Scene<'_>, color: RGBAColor) {
        let mut of_steps: Vec<Vec<Area>> = vec![Vec::new(); STEPS as usize];
        for (step, area) in self.runs() {
            of_steps[step as usize].push(area);
        }
        for (step, areas) in (0..).zip(of_steps) {
            let color = shade(scene.theme(), color, step);
            for area in areas {
                scene.rectangle(area, color);
            }
        }
    }

    /// Neighbours of one step in a column, as one.
    fn runs(&self) -> Vec<(u32, Area)> {
        let most = self.most();
        let mut runs = Vec::new();
        for column in 0..self.columns {
            let left = self.area.left + column as f64 * CELL;
            let right = (left + CELL).min(self.area.right);
            let counts = &self.counts[column * self.rows..(column + 1) * self.rows];
            let mut row = 0;
            while row < self.rows {
                let step = step(counts[row], most);
                let length = counts[row..]
                    .iter()
                    .take_while(|count| self::step(**count, most) == step)
                    .count();
                if let Some(step) = step {
                    let top = self.area.top + row as f64 * CELL;
                    let bottom = (top + length as f64 * CELL).min(self.area.bottom);
                    runs.push((step, Area::new(left, top, right, bottom)));
                }
                row += length;
            }
        }
        runs
    }
}

/// The step of a count, by its logarithm: single points must show next to thousands. `None` for an empty cell.
fn step(count: u64, most: u64) -> Option<u32> {
    if count == 0 {
        return None;
    }
    let share = (count as f64).ln() / (most.max(2) as f64).ln();
    Some((share * f64::from(STEPS - 1)).round() as u32)
}

/// From a faint tint of a colour over itself to a shade of it that stands out most.
fn shade(theme: &Palette, color: RGBAColor, step: u32) -> RGBAColor {
    let share = f64::from(step) / f64::from(STEPS - 1);
    let (light, dark) = (theme.tint(color, 0.45), between(color, theme.ink, 0.65));
    if share < 0.5 {
        between(light, color, share * 2.0)
    } else {
        between(color, dark, share * 2.0 - 1.0)
    }
}

/// Draws the scale of colours in an area, lightest at the left.
pub(crate) fn scale(scene: &mut Scene<'_>, area: Area, color: RGBAColor) {
    let width = area.width() / f64::from(STEPS);
    for step in 0..STEPS {
        let left = area.left + f64::from(step) * width;
        scene.rectangle(
            Area::new(left, area.top, left + width, area.bottom),
            shade(scene.theme(), color, step),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::drawing::style::{PLOT_LEFT, PLOT_RIGHT};
    use crate::summary::series::HEAT_COLUMNS;

    #[test]
    fn a_map_has_the_columns_of_a_density_over_the_time_axis() {
        let density = Density::new(Area::new(PLOT_LEFT, 0.0, PLOT_RIGHT, 278.0));
        assert_eq!(density.columns, HEAT_COLUMNS);
    }

    #[test]
    fn points_on_and_beyond_the_edges_are_counted() {
        let mut density = Density::new(Area::new(10.0, 10.0, 21.0, 31.0));
        for (x, y) in [(10.0, 10.0), (21.0, 31.0), (500.0, -3.0), (20.9, 30.9)] {
            density.add((x, y), 3);
        }
        assert_eq!((density.total(), density.most()), (12, 6));
    }

    #[test]
    fn one_point_shows_and_the_fullest_cell_is_darkest() {
        assert_eq!(
            [step(0, 9_000), step(1, 9_000), step(9_000, 9_000)],
            [None, Some(0), Some(STEPS - 1)]
        );
        assert_eq!(step(1, 1), Some(0));
    }
}
