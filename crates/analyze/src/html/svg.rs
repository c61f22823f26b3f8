//! A drawn SVG in a page: the same picture in a tenth of the bytes, because a page goes by mail.

use std::fmt::Write;

/// Texts have it from their drawing.
const FAMILY: &str = " font-family=\"";

/// The element without what comes before it in a file, its ids and the references to them begun with `prefix`: a page's ids are unique.
pub(super) fn inline(svg: &str, prefix: &str) -> String {
    let element = svg.find("<svg").map_or("", |start| &svg[start..]);
    let mut inline = compact(element);
    // In an SVG's text a quotation mark is escaped, so only attributes are met.
    for start in [" id=\"", "=\"url(#", "href=\"#"] {
        inline = inline.replace(start, &format!("{start}{prefix}"));
    }
    inline
}

/// Shapes that follow one another in one style have it once.
fn compact(svg: &str) -> String {
    let mut out = Compact::default();
    for line in svg.split_inclusive('\n') {
        match shape(line) {
            Some((kind, style, place)) => out.add(kind, &style, place),
            None => {
                out.end();
                out.svg.push_str(&shorter(line));
            }
        }
    }
    out.end();
    out.svg
}

/// What is drawn of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A filled area: several are one path.
    Area,
    /// A line: several are one path.
    Line,
    /// A circle, or an area that others shine through: each is an element.
    Element,
}

#[derive(Default)]
struct Compact {
    svg: String,
    /// The kind and the style of what is open.
    open: Option<(Kind, String)>,
    /// Where the last piece of an open path began.
    at: (i64, i64),
}

impl Compact {
    fn add(&mut self, kind: Kind, style: &str, place: Place<'_>) {
        if self
            .open
            .as_ref()
            .is_none_or(|(open, is)| *open != kind || is != style)
        {
            self.end();
            self.at = (0, 0);
            self.svg.push_str(&match kind {
                Kind::Element => format!("<g{style}>\n"),
                Kind::Area | Kind::Line => format!("<path{style} d=\""),
            });
            self.open = Some((kind, style.to_owned()));
        }
        match place {
            Place::Element(element) => {
                self.svg.push_str(element);
                self.svg.push_str("/>\n");
            }
            Place::Rectangle {
                x,
                y,
                width,
                height,
            } => {
                self.go("m", (x, y));
                let _ = write!(self.svg, "h{width}v{height}h{}z", -width);
            }
            Place::Points(points) => {
                let start = points.first().copied().unwrap_or_default();
                self.go("m", start);
                for point in points.iter().skip(1) {
                    self.go("l", *point);
                }
                if kind == Kind::Area {
                    // It leads back to where it began.
                    self.svg.push('z');
                    self.at = start;
                }
            }
        }
    }

    /// A step from where the path is.
    fn go(&mut self, how: &str, (x, y): (i64, i64)) {
        let (dx, dy) = (x - self.at.0, y - self.at.1);
        let between = if dy < 0 { "" } else { " " };
        let _ = write!(self.svg, "{how}{dx}{between}{dy}");
        self.at = (x, y);
    }

    fn end(&mut self) {
        match self.open.take() {
            None => {}
            Some((Kind::Element, _)) => self.svg.push_str("</g>\n"),
            Some(_) => self.svg.push_str("\"/>\n"),
        }
    }
}

/// Where a shape is.
enum Place<'a> {
    Rectangle {
        x: i64,
        y: i64,
        width: i64,
        height: i64,
    },
    Points(Vec<(i64, i64)>),
    /// Its element, without its end and its style.
    Element(&'a str),
}

/// A shape's kind, its style and where it is; `None` of any other line.
fn shape(line: &str) -> Option<(Kind, String, Place<'_>)> {
    let element = line.trim_end().strip_suffix("/>")?;
    if let Some(rest) = element.strip_prefix("<polyline") {
        return Some((Kind::Line, opaque(rest)?, Place::Points(points(rest)?)));
    }
    if let Some(rest) = element.strip_prefix("<polygon") {
        return Some((
            Kind::Area,
            opaque(rest)?,
            Place::Points(clockwise(points(rest)?)),
        ));
    }
    let is_rectangle = element.starts_with("<rect ");
    if !is_rectangle && !element.starts_with("<circle ") {
        return None;
    }
    let (place, style) = element.split_at(element.find(" opacity=\"")?);
    if !style.contains(" stroke=\"none\"") {
        return None;
    }
    if let (true, Some(style)) = (is_rectangle, opaque(style)) {
        let number = |name| attribute(place, name)?.parse().ok();
        let [x, y, width, height] = ["x", "y", "width", "height"].map(number);
        let place = Place::Rectangle {
            x: x?,
            y: y?,
            width: width?,
            height: height?,
        };
        return Some((Kind::Area, style, place));
    }
    // The same for a shape without a line around it, but an opacity of the group would be that of all shapes together.
    let style = style.replacen(" opacity=", " fill-opacity=", 1);
    Some((Kind::Element, style, Place::Element(place)))
}

/// The style of a shape that nothing shines through, so that a path of several looks as they do one by one; without what says nothing.
fn opaque(attributes: &str) -> Option<String> {
    let style = attributes.replacen(" opacity=\"1\"", "", 1);
    if style.len() == attributes.len() {
        return None;
    }
    let style = match style.split_once(" points=\"") {
        Some((before, rest)) => format!("{before}{}", rest.split_once('"')?.1),
        None => style,
    };
    Some(style.replacen(" stroke=\"none\"", "", 1))
}

/// As a rectangle is drawn: where areas that go round different ways overlap, a path has a hole.
fn clockwise(mut points: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    let next = points.iter().cycle().skip(1);
    let sides = points.iter().zip(next);
    let twice: i64 = sides.map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum();
    if twice < 0 {
        points.reverse();
    }
    points
}

fn points(attributes: &str) -> Option<Vec<(i64, i64)>> {
    let pairs = attribute(attributes, "points")?.split_whitespace();
    let point = |pair: &str| {
        let (x, y) = pair.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    pairs.map(point).collect()
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let start = format!(" {name}=\"");
    let rest = &element[element.find(&start)? + start.len()..];
    Some(rest.split_once('"')?.0)
}

/// A text's element without its fonts, which the page's style has, and its size without digits that nothing shows.
fn shorter(line: &str) -> String {
    let (Some(start), true) = (line.find(FAMILY), line.starts_with("<text ")) else {
        return line.to_owned();
    };
    let rest = &line[start + FAMILY.len()..];
    let rest = rest.split_once('"').map_or("", |(_, rest)| rest);
    let rest = rest.replacen(" opacity=\"1\"", "", 1);
    let size = attribute(&rest, "font-size").unwrap_or_default();
    let round = size
        .parse()
        .map_or(size.to_owned(), |size: f64| format!("{size:.2}"));
    format!("{}{}", &line[..start], rest.replacen(size, &round, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_one_style_share_it() {
        let dot = |x: i32, color: &str| {
            format!("<circle cx=\"{x}\" opacity=\"0.5\" fill=\"{color}\" stroke=\"none\"/>\n")
        };
        let framed = "<rect x=\"1\" opacity=\"1\" fill=\"none\" stroke=\"#000\"/>\n";
        let svg = [
            "<svg>\n",
            &dot(1, "#0072B2"),
            &dot(2, "#0072B2"),
            &dot(3, "#009E73"),
            framed,
            &dot(4, "#009E73"),
            "</svg>\n",
        ];
        let expected = [
            "<svg>\n",
            "<g fill-opacity=\"0.5\" fill=\"#0072B2\" stroke=\"none\">\n",
            "<circle cx=\"1\"/>\n<circle cx=\"2\"/>\n</g>\n",
            "<g fill-opacity=\"0.5\" fill=\"#009E73\" stroke=\"none\">\n",
            "<circle cx=\"3\"/>\n</g>\n",
            framed,
            "<g fill-opacity=\"0.5\" fill=\"#009E73\" stroke=\"none\">\n",
            "<circle cx=\"4\"/>\n</g>\n</svg>\n",
        ];
        assert_eq!(inline(&svg.concat(), "x-"), expected.concat());
    }

    #[test]
    fn areas_and_lines_of_one_style_are_one_path() {
        let area = |x: i32, y: i32, color: &str| {
            format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"4\" height=\"8\" opacity=\"1\" fill=\"{color}\" stroke=\"none\"/>\n"
            )
        };
        let triangle = "<polygon opacity=\"1\" fill=\"#111111\" points=\"12,28 14,20 10,20 \"/>\n";
        let line = "<polyline fill=\"none\" opacity=\"1\" stroke=\"#333333\" stroke-width=\"3\" points=\"1,2 5,9\"/>\n";
        let faint = line.replace("opacity=\"1\"", "opacity=\"0.4\"");
        let svg = [
            "<svg>\n",
            &area(10, 20, "#111111"),
            &area(10, 40, "#111111"),
            triangle,
            &area(6, 20, "#222222"),
            line,
            line,
            &faint,
            "</svg>\n",
        ];
        let expected = [
            "<svg>\n",
            "<path fill=\"#111111\" d=\"m10 20h4v8h-4zm0 20h4v8h-4zm0-20l4 0l-2 8z\"/>\n",
            "<path fill=\"#222222\" d=\"m6 20h4v8h-4z\"/>\n",
            "<path fill=\"none\" stroke=\"#333333\" stroke-width=\"3\" d=\"m1 2l4 7m-4-7l4 7\"/>\n",
            &faint,
            "</svg>\n",
        ];
        assert_eq!(inline(&svg.concat(), "x-"), expected.concat());
    }

    #[test]
    fn ids_are_made_unique_and_texts_are_kept() {
        let svg = r##"<?xml version="1.0"?><svg><clipPath id="a"/><g clip-path="url(#a)"/><use href="#a"/><text>url(#a) id=&quot;a&quot;</text></svg>"##;
        let inlined = r##"<svg><clipPath id="x-a"/><g clip-path="url(#x-a)"/><use href="#x-a"/><text>url(#a) id=&quot;a&quot;</text></svg>"##;
        assert_eq!(inline(svg, "x-"), inlined);
        assert_eq!(inline("no drawing", "x-"), "");
        let text = "<text x=\"1\" font-family=\"DejaVu Sans, sans-serif\" font-size=\"23.469002016129032\" opacity=\"1\" fill=\"#000000\">\nfont-family=&quot;a&quot;\n</text>\n";
        let short = "<text x=\"1\" font-size=\"23.47\" fill=\"#000000\">\nfont-family=&quot;a&quot;\n</text>\n";
        assert_eq!(
            inline(&format!("<svg>\n{text}</svg>"), "x-"),
            format!("<svg>\n{short}</svg>")
        );
    }
}
