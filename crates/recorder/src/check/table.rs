//! The rows for people, and for programs.

use serde::Serialize;

use crate::check::load_estimate::LoadEstimate;
use crate::check::row::{Row, Verdict};

/// Longer findings do not widen the column for all.
const WIDEST: usize = 64;

/// Whether stdout wants colours.
pub(super) fn is_coloured() -> bool {
    command_line::terminal::is_coloured(&std::io::stdout())
}

/// A line per row under a line of titles.
pub(super) fn text(rows: &[&Row], is_coloured: bool) -> String {
    let place = |row: &Row| match (row.path, row.reader) {
        (Some(path), true) => format!("{path} reader"),
        (Some(path), false) => path.to_string(),
        (None, _) => "host".to_owned(),
    };
    let width = |title: &str, widths: &mut dyn Iterator<Item = usize>| {
        widths.chain([title.len()]).max().unwrap_or(0)
    };
    let paths = width("path", &mut rows.iter().map(|row| place(row).len()));
    let checks = width(
        "check",
        &mut rows.iter().map(|row| row.check.as_str().len()),
    );
    let founds = rows.iter().map(|row| row.found.chars().count());
    let founds = width("found", &mut founds.filter(|width| *width <= WIDEST));
    let line = |path: &str, check: &str, result: &str, found: &str, remedy: &str| {
        let text =
            format!("{path:<paths$}  {check:<checks$}  {result}  {found:<founds$}  {remedy}");
        text.trim_end().to_owned() + "\n"
    };
    let mut text = line("path", "check", "    ", "found", "what to do");
    for row in rows {
        let (word, colour) = match row.result {
            Verdict::Ok => ("ok  ", "32"),
            Verdict::Warn => ("warn", "33"),
            Verdict::Fail => ("FAIL", "1;31"),
        };
        let result = match is_coloured {
            true => format!("\x1b[{colour}m{word}\x1b[0m"),
            false => word.to_owned(),
        };
        let remedy = row.remedy.as_deref().unwrap_or_default();
        text += &line(&place(row), row.check.as_str(), &result, &row.found, remedy);
    }
    text
}

#[derive(Serialize)]
struct Document<'a> {
    /// The worst of all.
    result: Verdict,
    checks: &'a [&'a Row],
    load: &'a LoadEstimate,
}

/// The same as JSON.
///
/// # Errors
/// None in practice: every field has a place in JSON.
pub(super) fn json(rows: &[&Row], load: &LoadEstimate) -> Result<String, String> {
    let document = Document {
        result: rows
            .iter()
            .map(|row| row.result)
            .max()
            .unwrap_or(Verdict::Ok),
        checks: rows,
        load,
    };
    serde_json::to_string_pretty(&document).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use recording::vocabulary::Path;

    use super::*;
    use crate::check::row::Check;

    fn row(path: Path, check: Check, result: Verdict, found: &str, remedy: Option<&str>) -> Row {
        Row {
            path: Some(path),
            reader: false,
            check,
            result,
            found: found.to_owned(),
            remedy: remedy.map(str::to_owned),
            is_mistake: true,
        }
    }

    #[test]
    fn columns_and_colours() {
        let ok = row(
            Path::Direct,
            Check::Dns,
            Verdict::Ok,
            "10.0.0.1, TTL 5 s",
            None,
        );
        let bad = row(
            Path::Proxy,
            Check::RoundTrip,
            Verdict::Fail,
            "none",
            Some("look"),
        );
        let expected = "\
path    check             found              what to do
direct  dns         ok    10.0.0.1, TTL 5 s
proxy   round trip  FAIL  none               look
";
        assert_eq!(text(&[&ok, &bad], false), expected);
        assert!(text(&[&ok, &bad], true).contains("\x1b[1;31mFAIL\x1b[0m"));
    }
}
