//! A chart as a list of shapes, and how it becomes a PNG or an SVG.

use std::ops::Range;
use std::path::Path;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBAColor, ShapeStyle, TextStyle};

use crate::charts::drawing::fonts::{EMBEDDED_FAMILY, Typeface};
use crate::charts::drawing::style::WIDTH;
use crate::charts::drawing::theme::Palette;
use crate::charts::error::ChartError;
use crate::charts::words::ChartWords;
use crate::zone::Zone;

/// A position in points, from the top left corner.
pub(crate) type Position = (f64, f64);

/// Draws the sign of a legend's entry around a position.
pub(crate) type Sign = Box<dyn Fn(&mut Scene<'_>, Position)>;

/// A rectangle in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    pub(crate) const fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self {
            left,
            top,
            right,
            bottom,
        }
    }

    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// Which part of a text stands at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// What a scene is made of.
enum Item {
    Rectangle(Area, RGBAColor),
    Path(Vec<Position>, f64, RGBAColor),
    Polygon(Vec<Position>, RGBAColor),
    Dot(Position, f64, RGBAColor),
    Text {
        at: Position,
        text: String,
        em: f64,
        align: Align,
        color: RGBAColor,
    },
}

impl Item {
    fn lower(&mut self, distance: f64) {
        match self {
            Self::Rectangle(area, _) => {
                area.top += distance;
                area.bottom += distance;
            }
            Self::Path(points, ..) | Self::Polygon(points, _) => {
                for (_, y) in points {
                    *y += distance;
                }
            }
            Self::Dot((_, y), ..) | Self::Text { at: (_, y), .. } => *y += distance,
        }
    }
}

/// Colours, words and time of day of a chart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) theme: &'static Palette,
    pub(crate) words: &'static ChartWords,
    /// The time zone that was asked for.
    pub(crate) zone: Option<Zone>,
    /// It is shown as an SVG alone, whose viewer has fonts of his own.
    pub(crate) in_viewers_fonts: bool,
}

/// A chart before it is rendered. Later shapes lie over earlier ones.
pub(crate) struct Scene<'a> {
    face: &'a Typeface,
    look: Look,
    height: f64,
    label: String,
    items: Vec<Item>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(face: &'a Typeface, look: Look) -> Self {
        Self {
            face,
            look,
            height: 0.0,
            label: String::new(),
            items: Vec::new(),
        }
    }

    pub(crate) fn theme(&self) -> &'static Palette {
        self.look.theme
    }

    pub(crate) fn words(&self) -> &'static ChartWords {
        self.look.words
    }

    pub(crate) fn zone(&self) -> Option<Zone> {
        self.look.zone
    }

    /// Says what is shown, for those who can't see it.
    pub(crate) fn set_label(&mut self, label: String) {
        self.label = label;
    }

    /// How many shapes there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Moves the shapes of these numbers down by `distance` points.
    pub(crate) fn lower(&mut self, shapes: Range<usize>, distance: f64) {
        let moved = self.items.get_mut(shapes).unwrap_or_default();
        for item in moved {
            item.lower(distance);
        }
    }

    /// True where boxes stand for some characters of a text.
    pub(crate) fn has_boxes(&self, text: &str) -> bool {
        !self.look.in_viewers_fonts && !self.face.covers(text)
    }

    /// The font, for measuring.
    pub(crate) fn face(&self) -> &'a Typeface {
        self.face
    }

    /// Ends the page at `height` points.
    pub(crate) fn set_height(&mut self, height: f64) {
        self.height = height;
    }

    pub(crate) fn rectangle(&mut self, area: Area, color: RGBAColor) {
        self.items.push(Item::Rectangle(area, color));
    }

    /// A horizontal rule, drawn as a rectangle so that it is crisp.
    pub(crate) fn horizontal(
        &mut self,
        (left, right): (f64, f64),
        y: f64,
        thickness: f64,
        color: RGBAColor,
    ) {
        self.rectangle(
            Area::new(left, y - thickness / 2.0, right, y + thickness / 2.0),
            color,
        );
    }

    /// A vertical rule, drawn as a rectangle so that it is crisp.
    pub(crate) fn vertical(
        &mut self,
        x: f64,
        (top, bottom): (f64, f64),
        thickness: f64,
        color: RGBAColor,
    ) {
        self.rectangle(
            Area::new(x - thickness / 2.0, top, x + thickness / 2.0, bottom),
            color,
        );
    }

    /// A broken vertical rule.
    pub(crate) fn dashed_vertical(
        &mut self,
        x: f64,
        (top, bottom): (f64, f64),
        thickness: f64,
        color: RGBAColor,
    ) {
        let mut y = top;
        while y < bottom {
            self.vertical(x, (y, (y + 5.0).min(bottom)), thickness, color);
            y += 8.0;
        }
    }

    pub(crate) fn path(&mut self, points: Vec<Position>, thickness: f64, color: RGBAColor) {
        self.items.push(Item::Path(points, thickness, color));
    }

    pub(crate) fn polygon(&mut self, points: Vec<Position>, color: RGBAColor) {
        self.items.push(Item::Polygon(points, color));
    }

    pub(crate) fn dot(&mut self, at: Position, radius: f64, color: RGBAColor) {
        self.items.push(Item::Dot(at, radius, color));
    }

    /// A line of text whose baseline is at `at`. Returns its width in points.
    pub(crate) fn text(
        &mut self,
        at: Position,
        text: impl Into<String>,
        em: f64,
        align: Align,
        color: RGBAColor,
    ) -> f64 {
        let text = text.into();
        let width = self.face.width(&text, em);
        self.items.push(Item::Text {
            at,
            text,
            em,
            align,
            color,
        });
        width
    }

    /// Writes a PNG of `scale` pixels per point.
    pub(crate) fn write_png(&self, path: &Path, scale: f64) -> Result<(), ChartError> {
        can_be_made(path)?;
        let root = BitMapBackend::new(path, self.pixels(scale)).into_drawing_area();
        // plotters puts the baseline of a bitmap's text half its size below its position.
        let target = Target {
            root,
            scale,
            family: self.face.family(),
            is_set_here: true,
            baseline: 0.5,
        };
        self.render(&target)
            .map_err(|error| write_error(path, &error))
    }

    /// An SVG with `scale` units per point. Its text is set in the viewer's fonts.
    fn svg(&self, scale: f64) -> Result<String, Box<dyn std::error::Error>> {
        let mut svg = String::new();
        let root = SVGBackend::with_string(&mut svg, self.pixels(scale)).into_drawing_area();
        // plotters writes dy="0.76em" and an em of size / 1.24.
        let target = Target {
            root,
            scale,
            family: EMBEDDED_FAMILY,
            is_set_here: false,
            baseline: 0.76 / 1.24,
        };
        self.render(&target)?;
        drop(target);
        let label = escaped(&self.label);
        Ok(svg.replacen(
            "<svg ",
            &format!("<svg role=\"img\" aria-label=\"{label}\" "),
            1,
        ))
    }

    /// The same for a chart of this name.
    pub(crate) fn svg_of(&self, name: &str, scale: f64) -> Result<String, ChartError> {
        let error = |error: Box<dyn std::error::Error>| write_error(Path::new(name), &*error);
        self.svg(scale).map_err(error)
    }

    /// Writes an SVG.
    pub(crate) fn write_svg(&self, path: &Path, scale: f64) -> Result<(), ChartError> {
        let svg = self.svg_of(&path.display().to_string(), scale)?;
        std::fs::write(path, svg).map_err(|error| write_error(path, &error))
    }

    fn pixels(&self, scale: f64) -> (u32, u32) {
        (
            (WIDTH * scale).round() as u32,
            (self.height * scale).round() as u32,
        )
    }

    fn render<B: DrawingBackend>(&self, target: &Target<'_, B>) -> DrawResult<B> {
        target.root.fill(&self.theme().background)?;
        for item in &self.items {
            match item {
                Item::Rectangle(area, color) => target.rectangle(*area, *color)?,
                Item::Path(points, thickness, color) => target.path(points, *thickness, *color)?,
                Item::Polygon(points, color) => {
                    let points: Vec<_> = points.iter().map(|point| target.pixel(*point)).collect();
                    target.root.draw(&Polygon::new(points, *color))?;
                }
                Item::Dot(at, radius, color) => {
                    let radius = (radius * target.scale).round().max(1.0) as i32;
                    target.root.draw(&Circle::new(
                        target.pixel(*at),
                        radius,
                        ShapeStyle::from(color).filled(),
                    ))?;
                }
                Item::Text {
                    at,
                    text,
                    em,
                    align,
                    color,
                } => {
                    let size = self.face.backend_size(*em) * target.scale;
                    // An SVG is set in its viewer's fonts, which may have what this one lacks.
                    let text = match target.is_set_here {
                        true => self.face.drawable(text),
                        false => text.clone(),
                    };
                    target.text(*at, &text, size, *align, *color)?;
                }
            }
        }
        target.root.present()
    }
}

type DrawResult<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// What a scene is rendered onto.
struct Target<'a, B: DrawingBackend> {
    root: DrawingArea<B, plotters::coord::Shift>,
    scale: f64,
    family: &'a str,
    /// Its text is set in the font that is measured with.
    is_set_here: bool,
    /// How far below its position the backend puts a text's baseline, in sizes of the font.
    baseline: f64,
}

impl<B: DrawingBackend> Target<'_, B> {
    fn pixel(&self, (x, y): Position) -> (i32, i32) {
        (
            (x * self.scale).round() as i32,
            (y * self.scale).round() as i32,
        )
    }

    /// Both backends leave the right and the bottom edge out, so neighbours don't overlap. At least one pixel each way.
    fn rectangle(&self, area: Area, color: RGBAColor) -> DrawResult<B> {
        let (left, top) = self.pixel((area.left, area.top));
        let (right, bottom) = self.pixel((area.right, area.bottom));
        let corner = (right.max(left + 1), bottom.max(top + 1));
        self.root.draw(&Rectangle::new(
            [(left, top), corner],
            ShapeStyle::from(color).filled(),
        ))
    }

    fn path(&self, points: &[Position], thickness: f64, color: RGBAColor) -> DrawResult<B> {
        let mut pixels: Vec<_> = points.iter().map(|point| self.pixel(*point)).collect();
        // plotters can't make a polygon of a line without a length.
        pixels.dedup();
        if pixels.len() < 2 {
            return Ok(());
        }
        let width = (thickness * self.scale).round().max(1.0) as u32;
        self.root.draw(&PathElement::new(
            pixels,
            ShapeStyle::from(color).stroke_width(width),
        ))
    }

    fn text(
        &self,
        at: Position,
        text: &str,
        size: f64,
        align: Align,
        color: RGBAColor,
    ) -> DrawResult<B> {
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        let font = FontDesc::new(FontFamily::Name(self.family), size, FontStyle::Normal);
        let style = TextStyle::from(font)
            .color(&color)
            .pos(Pos::new(horizontal, VPos::Top));
        let (x, baseline) = self.pixel(at);
        let top = baseline - (size * self.baseline).round() as i32;
        self.root.draw(&Text::new(text, (x, top), style))
    }
}

/// plotters' own errors show its data structures, so the file is opened before it draws: the system's error is clearer.
fn can_be_made(path: &Path) -> Result<(), ChartError> {
    let made = std::fs::File::create(path);
    made.map(drop).map_err(|error| write_error(path, &error))
}

fn write_error(path: &Path, error: &dyn std::error::Error) -> ChartError {
    ChartError::Write {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// Text as the value of an attribute.
fn escaped(text: &str) -> String {
    let entity = |character| match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(entity).collect()
}
