//! Numbers, foreign text and shell words, as every binary prints them.

/// A whole number with its thousands set apart: `1234567` as `1,234,567`.
#[must_use]
pub fn thousands(number: impl ToString) -> String {
    let digits = number.to_string();
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits.as_str()),
    };
    let mut out = sign.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Foreign text on one line, with single blanks, and without control characters: a server's message may hold line breaks, and a
/// hostile one terminal escapes.
#[must_use]
pub fn one_line(text: &str) -> String {
    let visible = text.replace(char::is_control, " ");
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text as one word of a POSIX shell's command line, whatever is in it.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_on_its_line() {
        assert_eq!(one_line("a\nb\u{1b}[2J"), "a b [2J");
        assert_eq!(one_line("FATAL:  x\n\tDETAIL: y\r\n"), "FATAL: x DETAIL: y");
    }

    #[test]
    fn words_for_a_shell() {
        for text in [
            "data/runs/20261122T204300Z-7f3a",
            "a b",
            "it's $HOME",
            "",
            "`x`; *",
        ] {
            let command = format!("printf %s {}", shell_word(text));
            let output = std::process::Command::new("sh")
                .args(["-c", &command])
                .output();
            assert_eq!(output.unwrap().stdout, text.as_bytes());
        }
        assert_eq!(shell_word("data/runs/x"), "data/runs/x");
    }

    #[test]
    fn groups_of_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (-1_234, "-1,234"),
            (-999, "-999"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }
}
