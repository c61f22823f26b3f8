//! Charts of one recording, for a post-mortem, as PNGs, and as SVGs of the same if asked for.
//!
//! Each chart is laid out in points of a 1200-point-wide page, as a [`drawing::scene::Scene`] of plain shapes and measured text, and
//! only then rendered. So a PNG and an SVG are the same drawing, sharpness is one factor, and no two labels overlap.

mod availability;
mod axis;
mod campaign;
mod drawing;
mod error;
mod errors;
mod frame;
mod headline;
mod marks;
mod moments;
mod overview;
mod parts;
mod percentiles;
mod response;
mod roles;
mod seconds;
mod several;
mod throughput;
mod words;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::charts::drawing::fonts::Typeface;
use crate::charts::drawing::scene::{Look, Scene};
use crate::charts::words::{ChartWords, Nothing, chinese, english};
use crate::summary::Summary;
use crate::summary::series::Series;
use crate::text::Language;
use crate::zone::Zone;

pub use campaign::{Absent, Campaign, Difference, Dot, Median, Pair};
pub use drawing::theme::Theme;
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
    pub theme: Theme,
    pub language: Language,
    /// The time of day stands at the time axes, in this zone; `None` for times since the start alone, and UTC elsewhere.
    pub zone: Option<Zone>,
}

impl Default for ChartOptions {
    fn default() -> Self {
        Self {
            scale: 2.0,
            font: None,
            svg: false,
            theme: Theme::default(),
            language: Language::default(),
            zone: None,
        }
    }
}

impl ChartOptions {
    fn words(&self) -> &'static ChartWords {
        match self.language {
            Language::En => &english::ENGLISH,
            Language::Zh => &chinese::CHINESE,
        }
    }

    fn look(&self) -> Look {
        Look {
            theme: self.theme.palette(),
            words: self.words(),
            zone: self.zone,
            in_viewers_fonts: false,
        }
    }

    fn look_of_svg(&self) -> Look {
        Look {
            in_viewers_fonts: true,
            ..self.look()
        }
    }
}

/// What a recording is drawn from.
struct Drawn<'a> {
    summary: &'a Summary,
    series: &'a Series,
    campaign: Option<Campaign>,
}

impl<'a> Drawn<'a> {
    fn new(summary: &'a Summary, series: &'a Series, words: &ChartWords) -> Self {
        let label = |number: usize| (words.failover_number)(&number.to_string());
        Self {
            summary,
            series,
            campaign: Campaign::of_summary(summary, label),
        }
    }
}

/// A chart of the set.
struct Chart {
    /// The name of its files.
    name: &'static str,
    /// Why it has nothing to show, where it has nothing.
    nothing: fn(&Drawn<'_>) -> Option<Nothing>,
    draw: fn(&mut Scene<'_>, &Drawn<'_>),
}

/// The charts, in the order in which they are read. Those over time are drawn whatever was recorded: an empty one says so.
const CHARTS: [Chart; 8] = [
    Chart {
        name: "response-time",
        nothing: |_| None,
        draw: |scene, drawn| response::draw(scene, drawn.summary, drawn.series),
    },
    Chart {
        name: "operations-per-second",
        nothing: |_| None,
        draw: |scene, drawn| throughput::draw(scene, drawn.summary, drawn.series),
    },
    Chart {
        name: "percentiles",
        nothing: |_| None,
        draw: |scene, drawn| percentiles::draw(scene, drawn.summary, drawn.series),
    },
    Chart {
        name: "availability",
        nothing: |_| None,
        draw: |scene, drawn| availability::draw(scene, drawn.summary, drawn.series),
    },
    Chart {
        name: "errors",
        nothing: |drawn| errors::is_empty(drawn.series).then_some(Nothing::Failure),
        draw: |scene, drawn| errors::draw(scene, drawn.summary, drawn.series),
    },
    Chart {
        name: "downtime-parts",
        nothing: |drawn| parts::is_empty(drawn.summary).then_some(Nothing::Failover),
        draw: |scene, drawn| parts::draw(scene, drawn.summary),
    },
    Chart {
        name: "campaign",
        nothing: |drawn| drawn.campaign.is_none().then_some(Nothing::SecondFailover),
        draw: |scene, drawn| {
            if let Some(campaign) = &drawn.campaign {
                campaign::draw(scene, drawn.summary, campaign);
            }
        },
    },
    Chart {
        name: "overview",
        nothing: |drawn| overview::is_empty(drawn.summary).then_some(Nothing::Operation),
        draw: |scene, drawn| overview::draw(scene, drawn.summary),
    },
];

/// What was drawn, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// In the order in which they are read.
    pub written: Vec<PathBuf>,
    /// The charts that had nothing to show, and why.
    pub left_out: Vec<(&'static str, &'static str)>,
}

/// Draws the charts of a recording into `folder`, which is made if it is missing. A file of an earlier call that this one does not draw is removed: it
/// would be taken for one of this recording.
///
/// # Errors
/// Where the font or the scale is unusable, or a file can't be written. Files written before that stay.
pub fn draw_set(
    summary: &Summary,
    series: &Series,
    folder: &Path,
    options: &ChartOptions,
) -> Result<Files, ChartError> {
    if !(0.5..=8.0).contains(&options.scale) {
        return Err(ChartError::Scale(options.scale));
    }
    let typeface = Typeface::load(options.font.as_deref())?;
    let words = options.words();
    has_glyphs(&typeface, words, options)?;
    std::fs::create_dir_all(folder).map_err(|source| ChartError::Folder {
        path: folder.to_owned(),
        source,
    })?;

    let drawn = Drawn::new(summary, series, words);
    let (mut written, mut left_out) = (Vec::new(), Vec::new());
    for chart in &CHARTS {
        let [png, svg] = ["png", "svg"].map(|kind| folder.join(chart.name).with_extension(kind));
        if let Some(nothing) = (chart.nothing)(&drawn) {
            left_out.push((chart.name, nothing.text()));
            remove(&png)?;
            remove(&svg)?;
            continue;
        }
        let mut scene = Scene::new(&typeface, options.look());
        (chart.draw)(&mut scene, &drawn);
        scene.write_png(&png, options.scale)?;
        written.push(png);
        if options.svg {
            scene.write_svg(&svg, options.scale)?;
            written.push(svg);
        } else {
            remove(&svg)?;
        }
    }
    Ok(Files { written, left_out })
}

/// As [`draw_set`], and returns the files in order.
///
/// # Errors
/// As [`draw_set`].
pub fn draw_all(
    summary: &Summary,
    series: &Series,
    folder: &Path,
    options: &ChartOptions,
) -> Result<Vec<PathBuf>, ChartError> {
    draw_set(summary, series, folder, options).map(|files| files.written)
}

/// Every chart that has something to show, as its name and its SVG. Its text is set in the viewer's fonts, so any language will do.
///
/// # Errors
/// Where the font or the scale is unusable.
pub fn svg_all(
    summary: &Summary,
    series: &Series,
    options: &ChartOptions,
) -> Result<Vec<(&'static str, String)>, ChartError> {
    let typeface = Typeface::load(options.font.as_deref())?;
    let drawn = Drawn::new(summary, series, options.words());
    let something = |chart: &&Chart| (chart.nothing)(&drawn).is_none();
    let svg = |chart: &Chart| {
        let mut scene = Scene::new(&typeface, options.look_of_svg());
        (chart.draw)(&mut scene, &drawn);
        Ok((chart.name, scene.svg_of(chart.name, options.scale)?))
    };
    CHARTS.iter().filter(something).map(svg).collect()
}

/// Both paths in each failover of several recordings, of writes and of reads, as their names and their SVGs; none with fewer than two failovers.
///
/// # Errors
/// Where the font or the scale is unusable.
pub fn svgs_of_runs(
    found: &crate::campaign::Campaign,
    options: &ChartOptions,
) -> Result<Vec<(&'static str, String)>, ChartError> {
    let typeface = Typeface::load(options.font.as_deref())?;
    let charts = several::of_runs(found, options.words()).into_iter();
    let svg = |(name, campaign): (&'static str, Campaign)| {
        let mut scene = Scene::new(&typeface, options.look_of_svg());
        several::draw(&mut scene, &campaign);
        Ok((name, scene.svg_of(name, options.scale)?))
    };
    charts.map(svg).collect()
}

/// The same as PNGs and SVGs in a folder, which is made if it is missing.
///
/// # Errors
/// Where the folder or a file can't be written, or the font is unusable.
pub fn draw_runs(
    found: &crate::campaign::Campaign,
    folder: &Path,
    options: &ChartOptions,
) -> Result<Vec<PathBuf>, ChartError> {
    let typeface = Typeface::load(options.font.as_deref())?;
    std::fs::create_dir_all(folder).map_err(|source| ChartError::Folder {
        path: folder.to_owned(),
        source,
    })?;
    let mut written = Vec::new();
    for (name, campaign) in several::of_runs(found, options.words()) {
        let mut scene = Scene::new(&typeface, options.look());
        several::draw(&mut scene, &campaign);
        let [png, svg] = ["png", "svg"].map(|kind| folder.join(name).with_extension(kind));
        scene.write_png(&png, options.scale)?;
        scene.write_svg(&svg, options.scale)?;
        written.extend([png, svg]);
    }
    Ok(written)
}

/// Words of a language in boxes would be no chart: the font must have its characters.
fn has_glyphs(
    typeface: &Typeface,
    words: &ChartWords,
    options: &ChartOptions,
) -> Result<(), ChartError> {
    let all: String = words.texts().into_iter().map(|(_, text)| text).collect();
    let lacks = typeface.lacks(&all);
    // Of an alphabet rather than of its punctuation.
    let Some(first) = lacks.iter().find(|c| c.is_alphabetic()).or(lacks.first()) else {
        return Ok(());
    };
    Err(ChartError::NoGlyphs {
        font: options.font.clone(),
        first: *first,
        count: lacks.len(),
    })
}

fn remove(file: &Path) -> Result<(), ChartError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ChartError::Write {
            path: file.to_owned(),
            reason: format!("it is of an earlier call and can't be removed: {error}"),
        }),
        _ => Ok(()),
    }
}
