//! A drawn SVG in a page.

/// The element without what comes before it in a file, its ids and the references to them begun with `prefix`: a page's ids are unique.
pub(super) fn inline(svg: &str, prefix: &str) -> String {
    let element = svg.find("<svg").map_or("", |start| &svg[start..]);
    // In an SVG's text a quotation mark is escaped, so only attributes are met.
    let mut inline = element.to_owned();
    for start in [" id=\"", "=\"url(#", "href=\"#"] {
        inline = inline.replace(start, &format!("{start}{prefix}"));
    }
    inline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_unique_and_texts_are_kept() {
        let svg = r##"<?xml version="1.0"?><svg><clipPath id="a"/><g clip-path="url(#a)"/><use href="#a"/><text>url(#a) id=&quot;a&quot;</text></svg>"##;
        let inlined = r##"<svg><clipPath id="x-a"/><g clip-path="url(#x-a)"/><use href="#x-a"/><text>url(#a) id=&quot;a&quot;</text></svg>"##;
        assert_eq!(inline(svg, "x-"), inlined);
        assert_eq!(inline("no drawing", "x-"), "");
    }
}
