//! Lines of coloured text, cut to the width of a terminal.

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Bold,
    Dim,
    Good,
    Warning,
    Bad,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
            Self::Good => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Bad => "\x1b[1;31m",
        }
    }
}

/// One line of the view.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<(Style, String)>);

impl Line {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn push(&mut self, style: Style, text: impl Into<String>) -> &mut Self {
        self.0.push((style, text.into()));
        self
    }

    pub(super) fn plain(&mut self, text: impl Into<String>) -> &mut Self {
        self.push(Style::Plain, text)
    }

    /// The text, at most `width` characters of it, with or without colours.
    pub(super) fn render(&self, width: usize, coloured: bool) -> String {
        let mut rendered = String::new();
        let mut left = width;
        for (style, text) in &self.0 {
            let shown: String = text.chars().take(left).collect();
            left -= shown.chars().count();
            if coloured && *style != Style::Plain && !shown.is_empty() {
                rendered.extend([style.code(), &shown, "\x1b[0m"]);
            } else {
                rendered.push_str(&shown);
            }
        }
        rendered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_by_what_is_seen() {
        let mut line = Line::new();
        line.plain("ab")
            .push(Style::Bad, "▁▂▃")
            .push(Style::Good, "x");
        assert_eq!(line.render(4, false), "ab▁▂");
        assert_eq!(line.render(4, true), "ab\x1b[1;31m▁▂\x1b[0m");
        assert_eq!(
            line.render(80, true),
            "ab\x1b[1;31m▁▂▃\x1b[0m\x1b[32mx\x1b[0m"
        );
    }
}
