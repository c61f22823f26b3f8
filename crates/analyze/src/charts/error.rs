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
    /// The font lacks characters of the charts' language.
    #[error(
        "{} lacks {count} characters of the charts' words, such as {first}: give a font that has them with --font, such as \
         NotoSansCJK-Regular.ttc (Debian: fonts-noto-cjk) or wqy-zenhei.ttc (fonts-wqy-zenhei)",
        font.as_ref().map_or_else(|| "the built-in font".to_owned(), |path| path.display().to_string())
    )]
    NoGlyphs {
        /// `None` for the built-in one.
        font: Option<PathBuf>,
        first: char,
        count: usize,
    },
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

impl ChartError {
    /// True where what was asked for can't be had (exit code 2), false where it could not be written (1).
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        !matches!(self, Self::Folder { .. } | Self::Write { .. })
    }
}
