//! What can go wrong while charts are drawn.

use std::path::PathBuf;

/// Why a chart could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The file of `--font` can't be read.
    #[error("cannot read the font {}: {source}", path.display())]
    FontUnreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    /// The file of `--font` is not a font.
    #[error("{} is not a TrueType or OpenType font: give a .ttf, .otf or .ttc file", path.display())]
    NotAFont { path: PathBuf },
    /// The scale is not a number of pixels per point that makes sense.
    #[error("a scale of {0} is out of range: give 0.5 to 8 pixels per point")]
    Scale(f64),
    /// The folder of the charts can't be made.
    #[error("cannot make the folder {}: {source}", path.display())]
    Folder {
        path: PathBuf,
        source: std::io::Error,
    },
    /// A chart can't be written.
    #[error("cannot write {}: {reason}", path.display())]
    Write { path: PathBuf, reason: String },
}
