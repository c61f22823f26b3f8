//! Charts of one recording, for a post-mortem: four PNGs, and SVGs of the same if asked for.
//!
//! Each chart is laid out in points of a 1200-point-wide page, as a [`drawing::scene::Scene`] of plain shapes and measured text, and
//! only then rendered. So a PNG and an SVG are the same drawing, sharpness is one factor, and no two labels overlap.

mod availability;
mod axis;
mod drawing;
mod error;
mod frame;
mod headline;
mod marks;
mod moments;
mod percentiles;
mod response;
mod throughput;

use std::path::{Path, PathBuf};

use crate::charts::drawing::fonts::Typeface;
use crate::charts::drawing::scene::Scene;
use crate::summary::Summary;
use crate::summary::series::Series;

pub use error::ChartError;

#[derive(Debug, Clone, PartialEq)]
pub struct ChartOptions {
    /// Pixels per point, 0.5 to 8; a chart is 1200 points wide. 2 is sharp in a document and on a screen.
    pub scale: f64,
    /// A TrueType or OpenType font instead of the built-in one, which has Latin and Greek only. An SVG names generic
    /// fonts and is set in those of its viewer, so this shapes only the PNGs and the room that labels are given.
    pub font: Option<PathBuf>,
    /// Write an SVG for each PNG too.
    pub svg: bool,
}

impl Default for ChartOptions {
    fn default() -> Self {
        Self {
            scale: 2.0,
            font: None,
            svg: false,
        }
    }
}

type Draw = fn(&mut Scene<'_>, &Summary, &Series);

/// The charts, in the order in which they are read: name of the file, what draws it.
const CHARTS: [(&str, Draw); 4] = [
    ("response-time", response::draw),
    ("operations-per-second", throughput::draw),
    ("percentiles", percentiles::draw),
    ("availability", availability::draw),
];

/// Draws all charts of a recording into `folder`, which is made if it is missing, and returns the files in order.
///
/// # Errors
/// Where the font or the scale is unusable, or a file can't be written. Files written before that stay.
pub fn draw_all(
    summary: &Summary,
    series: &Series,
    folder: &Path,
    options: &ChartOptions,
) -> Result<Vec<PathBuf>, ChartError> {
    let typeface = typeface(options)?;
    std::fs::create_dir_all(folder).map_err(|source| ChartError::Folder {
        path: folder.to_owned(),
        source,
    })?;

    let mut written = Vec::new();
    for (name, draw) in CHARTS {
        let mut scene = Scene::new(&typeface);
        draw(&mut scene, summary, series);
        let png = folder.join(name).with_extension("png");
        scene.write_png(&png, options.scale)?;
        written.push(png);
        if options.svg {
            let svg = folder.join(name).with_extension("svg");
            scene.write_svg(&svg, options.scale)?;
            written.push(svg);
        }
    }
    Ok(written)
}

/// The charts as SVG, in the order in which they are read, each with the name of its file.
///
/// # Errors
/// Where the font or the scale is unusable.
pub fn svg_all(
    summary: &Summary,
    series: &Series,
    options: &ChartOptions,
) -> Result<Vec<(&'static str, String)>, ChartError> {
    let typeface = typeface(options)?;
    let charts = CHARTS.iter().map(|(name, draw)| {
        let mut scene = Scene::new(&typeface);
        draw(&mut scene, summary, series);
        Ok((*name, scene.svg(options.scale)?))
    });
    charts.collect()
}

fn typeface(options: &ChartOptions) -> Result<Typeface, ChartError> {
    if !(0.5..=8.0).contains(&options.scale) {
        return Err(ChartError::Scale(options.scale));
    }
    Typeface::load(options.font.as_deref())
}
