//! The font of the charts: the embedded one, or the user's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ab_glyph::{Font, FontRef};
use parking_lot::Mutex;
use plotters::style::{FontStyle, register_font};

use crate::charts::error::ChartError;

/// DejaVu Sans, Latin and Greek: `fonts/README.md` says how it was made.
const EMBEDDED: &[u8] = include_bytes!("../../../fonts/DejaVuSans-subset.ttf");

/// Replaces a character that the font lacks.
const BOX: char = '□';

/// Under this name the embedded font is registered; in an SVG it is the list of families a viewer looks for.
pub(crate) const EMBEDDED_FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The user's fonts by file. plotters wants a font to live as long as the process, so a file is read once and kept.
static LOADED: Mutex<BTreeMap<PathBuf, FontRef<'static>>> = Mutex::new(BTreeMap::new());

/// A font that text is measured with and drawn in.
pub(crate) struct Typeface {
    family: String,
    font: FontRef<'static>,
}

impl Typeface {
    /// The font of a file, or the embedded one.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, ChartError> {
        let Some(path) = file else {
            let broken = || ChartError::NotAFont {
                path: PathBuf::from("the embedded font"),
            };
            let font = FontRef::try_from_slice(EMBEDDED).map_err(|_| broken())?;
            register_font(EMBEDDED_FAMILY, FontStyle::Normal, EMBEDDED).map_err(|_| broken())?;
            return Ok(Self {
                family: EMBEDDED_FAMILY.to_owned(),
                font,
            });
        };
        let family = path.display().to_string();
        let mut loaded = LOADED.lock();
        if let Some(font) = loaded.get(path) {
            return Ok(Self {
                family,
                font: font.clone(),
            });
        }
        let bytes = std::fs::read(path).map_err(|source| ChartError::FontUnreadable {
            path: path.to_owned(),
            source,
        })?;
        let not_a_font = || ChartError::NotAFont {
            path: path.to_owned(),
        };
        // Checked before it is kept for good: a wrong file must not stay in memory.
        FontRef::try_from_slice(&bytes).map_err(|_| not_a_font())?;
        let bytes: &'static [u8] = Box::leak(bytes.into_boxed_slice());
        let font = FontRef::try_from_slice(bytes).map_err(|_| not_a_font())?;
        register_font(&family, FontStyle::Normal, bytes).map_err(|_| not_a_font())?;
        loaded.insert(path.to_owned(), font.clone());
        Ok(Self { family, font })
    }

    /// The name under which plotters knows it.
    pub(crate) fn family(&self) -> &str {
        &self.family
    }

    /// The size to give to plotters for an em of `em`: it counts from the font's top to its bottom.
    pub(crate) fn backend_size(&self, em: f64) -> f64 {
        em * f64::from(self.font.height_unscaled()) / self.units_per_em()
    }

    /// The width of a text set with an em of `em`, in the unit of `em`.
    pub(crate) fn width(&self, text: &str, em: f64) -> f64 {
        let mut width = 0.0;
        let mut previous = None;
        for character in text.chars() {
            let glyph = self.font.glyph_id(self.drawn_as(character));
            width += self.font.h_advance_unscaled(glyph);
            if let Some(previous) = previous {
                width += self.font.kern_unscaled(previous, glyph);
            }
            previous = Some(glyph);
        }
        f64::from(width) * em / self.units_per_em()
    }

    /// A text as it is drawn: the font's own sign for a character that it lacks may be empty, and the character would be missing without a trace.
    pub(crate) fn drawable(&self, text: &str) -> String {
        text.chars()
            .map(|character| self.drawn_as(character))
            .collect()
    }

    fn drawn_as(&self, character: char) -> char {
        let has = |character: char| self.font.glyph_id(character).0 != 0;
        match has(character) || !has(BOX) {
            true => character,
            false => BOX,
        }
    }

    /// True where the font has every character of a text.
    pub(crate) fn covers(&self, text: &str) -> bool {
        text.chars()
            .all(|character| self.font.glyph_id(character).0 != 0)
    }

    /// The characters of a text that the font lacks, each once.
    pub(crate) fn lacks(&self, text: &str) -> BTreeSet<char> {
        let has = |character: &char| self.font.glyph_id(*character).0 != 0;
        text.chars().filter(|character| !has(character)).collect()
    }

    /// `text`, cut and ended with an ellipsis where it is wider than `room`.
    pub(crate) fn fit(&self, text: &str, em: f64, room: f64) -> String {
        if self.width(text, em) <= room {
            return text.to_owned();
        }
        let mut cut = text.to_owned();
        while cut.pop().is_some() {
            let shortened = format!("{}…", cut.trim_end());
            if self.width(&shortened, em) <= room {
                return shortened;
            }
        }
        String::new()
    }

    /// A text in lines that have room, broken between words, and within one only where that is longer than a line.
    pub(crate) fn wrap(&self, text: &str, em: f64, room: f64) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut push = |piece: &str, gap: &str| {
            let Some(line) = lines.last_mut() else { return };
            if line.is_empty() {
                line.push_str(piece);
                return;
            }
            let longer = format!("{line}{gap}{piece}");
            match self.width(&longer, em) <= room {
                true => *line = longer,
                false => lines.push(piece.to_owned()),
            }
        };
        for word in text.split(' ') {
            if self.width(word, em) <= room {
                push(word, " ");
                continue;
            }
            for (index, letter) in word.chars().enumerate() {
                push(&letter.to_string(), if index == 0 { " " } else { "" });
            }
        }
        lines
    }

    fn units_per_em(&self) -> f64 {
        f64::from(self.font.units_per_em().unwrap_or(1000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_grow_with_text_and_size() {
        let face = Typeface::load(None).unwrap();
        let narrow = face.width("0:20", 12.0);
        assert!(face.width("0:20.5", 12.0) > narrow);
        assert!((face.width("0:20", 24.0) - 2.0 * narrow).abs() < 1e-6);
    }

    #[test]
    fn a_long_text_is_cut_to_its_room() {
        let face = Typeface::load(None).unwrap();
        let text = "a host name that is longer than any other".repeat(4);
        let cut = face.fit(&text, 12.0, 200.0);
        assert!(cut.ends_with('…') && face.width(&cut, 12.0) <= 200.0);
        assert_eq!(face.fit("short", 12.0, 200.0), "short");
    }

    #[test]
    fn the_embedded_font_has_what_charts_say_and_no_chinese() {
        let face = Typeface::load(None).unwrap();
        assert!(face.covers("0:20 µs … ≥ ≤ · – é"));
        assert!(!face.covers("数据库"));
        assert_eq!(face.drawable("演练 1"), "□□ 1");
        assert!(face.width("演", 12.0) > 0.0 && face.width("演", 12.0) == face.width("□", 12.0));
    }

    #[test]
    fn nothing_of_a_text_is_lost() {
        let face = Typeface::load(None).unwrap();
        let long = format!("deploy {} of the shop's new prices", "x".repeat(300));
        let lines = face.wrap(&long, 12.0, 200.0);
        assert!(lines.len() > 3);
        assert!(lines.iter().all(|line| face.width(line, 12.0) <= 200.0));
        let joined: String = lines.concat().replace(' ', "");
        assert_eq!(joined, long.replace(' ', ""));
        assert_eq!(face.wrap("as it is", 12.0, 200.0), ["as it is"]);
        assert_eq!(face.wrap("", 12.0, 200.0), [""]);
    }
}
