//! Takes secrets out of text that goes into a recording, a log or an error.
//!
//! Masked are the passwords of URLs (`scheme://user:password@host`) and the values of `NAME=value`, `--NAME value` and
//! `--NAME=value` where the name tells of a secret. Values are read as a shell and libpq read them, quotes and all; where that
//! is in doubt, too much is masked rather than too little.

/// Stands where a secret stood.
pub(crate) const MASK: &str = "***";

/// What the name of a secret contains.
const SECRET_WORDS: [&str; 6] = ["password", "passwd", "pwd", "secret", "token", "key"];

/// True where a value of that name is a secret.
#[must_use]
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// True where the text holds a URL with a password.
#[must_use]
fn has_url_password(text: &str) -> bool {
    text.match_indices("://")
        .any(|(at, scheme)| url_password(&text[at + scheme.len()..], None).is_some())
}

/// True where the text holds a URL with a password, or libpq's keyword for one with a value.
#[must_use]
pub(crate) fn has_password(text: &str) -> bool {
    let word = "password";
    let has_value = |(at, _): (usize, &str)| {
        let value = text[at + word.len()..].trim_start().strip_prefix('=');
        value.is_some_and(|value| !value.trim_start().is_empty())
    };
    has_url_password(text) || text.match_indices(word).any(has_value)
}

/// The text with `***` in place of every secret.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // The quote that is open where `rest` begins.
    let mut quote = None;
    while let Some(next) = rest.chars().next() {
        let copied = if is_of_name(next) {
            let length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(length);
            let before = text[..text.len() - rest.len()].chars().next_back();
            let context = Context {
                quote,
                is_parameter: matches!(before, Some('?' | '&')),
            };
            if let Some((start, end)) = secret_value(name, after, context) {
                out.push_str(&rest[..length + start]);
                out.push_str(MASK);
                rest = &after[end..];
                continue;
            }
            length
        } else if let Some(after) = rest.strip_prefix("://") {
            if let Some((start, end)) = url_password(after, quote) {
                out.push_str(&rest[..3 + start]);
                out.push_str(MASK);
                rest = &after[end..];
                continue;
            }
            3
        } else if next == '\\' && quote != Some('\'') {
            // What is escaped opens and closes no quotes.
            1 + rest[1..].chars().next().map_or(0, char::len_utf8)
        } else {
            if is_quote(next) && quote.is_none_or(|open| open == next) {
                quote = quote.xor(Some(next));
            }
            next.len_utf8()
        };
        let (before, after) = rest.split_at(copied);
        out.push_str(before);
        rest = after;
    }
    out
}

/// Where a name stands.
#[derive(Clone, Copy)]
struct Context {
    /// The quote that is open.
    quote: Option<char>,
    /// It is a parameter of a URL.
    is_parameter: bool,
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'')
}

/// Where in `after`, the text behind a name, the name's secret value stands.
fn secret_value(name: &str, after: &str, context: Context) -> Option<(usize, usize)> {
    if !is_secret_name(name) {
        return None;
    }
    // libpq allows spaces around the sign.
    let value = match after.trim_start().strip_prefix('=') {
        Some(value) => skip_space(value),
        None if name.starts_with("--") && after.starts_with([' ', '\t', '\n', '\r']) => {
            // An option without a value comes before the next option.
            Some(skip_space(after)).filter(|value| !value.starts_with('-'))?
        }
        None => return None,
    };
    let start = after.len() - value.len();
    // libpq knows escapes inside of single quotes, a shell does not.
    let length = value_length(value, context, true).max(value_length(value, context, false));
    (length > 0).then_some((start, start + length))
}

/// The text behind white space and the shell's line continuations.
fn skip_space(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(next_line) = rest.strip_prefix("\\\n") {
        rest = next_line.trim_start();
    }
    rest
}

/// The length of a value at the beginning of `text`. `escapes`: a backslash inside of single quotes escapes.
fn value_length(text: &str, context: Context, escapes: bool) -> usize {
    let Context {
        quote,
        is_parameter,
    } = context;
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let after = at + next.len_utf8();
        at = match next {
            c if c.is_whitespace() => break,
            '&' if is_parameter => break,
            '&' | ';' | '|' | ')' if quote.is_none() => break,
            '\\' => after + text[after..].chars().next().map_or(0, char::len_utf8),
            // A value that begins with a quote is a quoted value, whatever seems to be open: an apostrophe opens nothing.
            c if is_quote(c) && at > 0 && quote == Some(c) => break,
            c if is_quote(c) => after + quoted_length(&text[after..], c, escapes || c == '"'),
            _ => after,
        };
    }
    at
}

/// The length of what is quoted, the closing quote included; all of the text where there is none.
fn quoted_length(text: &str, quote: char, escapes: bool) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !is_escaped {
            return at + c.len_utf8();
        }
        is_escaped = escapes && c == '\\' && !is_escaped;
    }
    text.len()
}

/// Where in `after`, the text behind `://`, the password stands.
fn url_password(after: &str, quote: Option<char>) -> Option<(usize, usize)> {
    // A password may hold anything but white space and the quote around the URL; the last @ before those ends it, as a raw "@"
    // or "/" in a password is the user's slip, and must not show either.
    let end = after
        .find(|c: char| c.is_whitespace() || Some(c) == quote)
        .unwrap_or(after.len());
    let authority = &after[..end];
    let (colon, at) = (authority.find(':')?, authority.rfind('@')?);
    (colon + 1 < at).then_some((colon + 1, at))
}

#[cfg(test)]
mod tests;
