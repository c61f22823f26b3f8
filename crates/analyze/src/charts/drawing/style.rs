//! Sizes that all charts share.

pub(crate) const WIDTH: f64 = 1200.0;
/// Left edge of what is not an axis label.
pub(crate) const MARGIN: f64 = 24.0;
/// Left edge of a plot: room for the labels of its axis.
pub(crate) const PLOT_LEFT: f64 = 84.0;
pub(crate) const PLOT_RIGHT: f64 = WIDTH - 28.0;

/// Left edge of strips: room for the names of groups.
pub(crate) const STRIPS_LEFT: f64 = 128.0;

pub(crate) const TITLE: f64 = 21.0;
/// Size of the headline and of a panel's name.
pub(crate) const LARGE: f64 = 15.0;
/// Size of axis labels and legends.
pub(crate) const SMALL: f64 = 12.5;
