//! Foreign text in Markdown: it shows as it is, and starts nothing.

use command_line::text::one_line;

/// Text within a cell of a table: nothing in it ends the cell, or is markup.
pub(super) fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        if r"\`*_{}[]<>|~&$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Text that may stand at the start of a line or of a list's point: nothing in it is a heading, a list or a rule either.
pub(super) fn inline(text: &str) -> String {
    let escaped = cell(text);
    let digits = escaped.bytes().take_while(u8::is_ascii_digit).count();
    match escaped.as_bytes().get(digits) {
        Some(b'#' | b'-' | b'+' | b'=') if digits == 0 => format!("\\{escaped}"),
        Some(b'.' | b')') if digits > 0 => {
            let (number, rest) = escaped.split_at(digits);
            format!("{number}\\{rest}")
        }
        _ => escaped,
    }
}

/// A path as the target of a link.
pub(super) fn link(path: &str) -> String {
    let mut target = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/' | b'~' => {
                target.push(char::from(byte));
            }
            _ => target.push_str(&format!("%{byte:02X}")),
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_foreign_text_is_text() {
        assert_eq!(
            cell("a|b <b> *c* _d_ `e` \\"),
            r"a\|b \<b\> \*c\* \_d\_ \`e\` \\"
        );
        assert_eq!(cell("&amp; [x](y) ~z~ $1$"), r"\&amp; \[x\](y) \~z\~ \$1\$");
        assert_eq!(cell("one\n# two\r\n\n- three"), "one # two - three");
    }

    #[test]
    fn a_start_is_no_heading_list_or_rule() {
        for (text, escaped) in [
            ("# x", r"\# x"),
            ("- x", r"\- x"),
            ("+ x", r"\+ x"),
            ("--- ", r"\---"),
            ("=== ", r"\==="),
            ("12. x", r"12\. x"),
            ("1) x", r"1\) x"),
            ("1 x", "1 x"),
            ("1- x", "1- x"),
            ("> x", r"\> x"),
            ("* x", r"\* x"),
            ("", ""),
        ] {
            assert_eq!(inline(text), escaped);
        }
    }

    #[test]
    fn a_links_target_is_a_url() {
        assert_eq!(link("a b-charts/x.png"), "a%20b-charts/x.png");
        assert_eq!(link("(停)#?.svg"), "%28%E5%81%9C%29%23%3F.svg");
    }
}
