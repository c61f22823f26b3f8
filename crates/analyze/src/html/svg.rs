//! A drawn SVG in a page.

/// The element without what comes before it in a file, its ids and the references to them begun with `prefix`: a page's ids are unique.
pub(super) fn inline(svg: &str, prefix: &str) -> String {
    let element = svg.find("<svg").map_or("", |start| &svg[start..]);
    let mut inline = grouped(element);
    // In an SVG's text a quotation mark is escaped, so only attributes are met.
    for start in [" id=\"", "=\"url(#", "href=\"#"] {
        inline = inline.replace(start, &format!("{start}{prefix}"));
    }
    inline
}

/// Shapes that follow one another in one style as a group that has the style: a third of the size where there are many points.
fn grouped(svg: &str) -> String {
    let mut grouped = String::with_capacity(svg.len());
    let mut open: Option<&str> = None;
    for line in svg.split_inclusive('\n') {
        let shape = shape(line);
        let style = shape.map(|(_, style)| style);
        if style != open {
            if open.is_some() {
                grouped.push_str("</g>\n");
            }
            if let Some(style) = style {
                // The same for a shape without a line around it, but an opacity of the group would be that of all shapes together.
                let style = style.replacen(" opacity=", " fill-opacity=", 1);
                grouped.push_str(&format!("<g{style}>\n"));
            }
            open = style;
        }
        match shape {
            Some((place, _)) => grouped.push_str(&format!("{place}/>\n")),
            None => grouped.push_str(line),
        }
    }
    grouped
}

/// Where a filled shape is, and its style; `None` of any other line.
fn shape(line: &str) -> Option<(&str, &str)> {
    let is_shape = line.starts_with("<circle ") || line.starts_with("<rect ");
    let element = line.trim_end().strip_suffix("/>").filter(|_| is_shape)?;
    let (place, style) = element.split_at(element.find(" opacity=\"")?);
    style.contains(" stroke=\"none\"").then_some((place, style))
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
    fn ids_are_made_unique_and_texts_are_kept() {
        let svg = r##"<?xml version="1.0"?><svg><clipPath id="a"/><g clip-path="url(#a)"/><use href="#a"/><text>url(#a) id=&quot;a&quot;</text></svg>"##;
        let inlined = r##"<svg><clipPath id="x-a"/><g clip-path="url(#x-a)"/><use href="#x-a"/><text>url(#a) id=&quot;a&quot;</text></svg>"##;
        assert_eq!(inline(svg, "x-"), inlined);
        assert_eq!(inline("no drawing", "x-"), "");
    }
}
