//! Takes passwords out of text that goes into a recording, a log or an error.

/// Stands where a password stood.
const MASK: &str = "***";

/// Words after which a password stands, in a connection string or an environment assignment.
const KEYS: [&str; 3] = ["password=", "pgpassword=", "passwd="];

/// Replaces the password of every URL (`scheme://user:password@host`) and of every `password=...` in the text.
#[must_use]
pub fn redact(text: &str) -> String {
    redact_keys(&redact_urls(text))
}

fn redact_urls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        // A password may hold anything but white space and quotes; the last @ before those ends it, as a raw "@" or "/" in a
        // password is the user's slip, and must not show either.
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`'))
            .unwrap_or(after.len());
        let authority = &after[..end];
        rest = match (authority.find(':'), authority.rfind('@')) {
            (Some(colon), Some(at)) if colon < at => {
                out.push_str(&authority[..=colon]);
                out.push_str(MASK);
                &after[at..]
            }
            _ => after,
        };
    }
    out.push_str(rest);
    out
}

fn redact_keys(text: &str) -> String {
    // ASCII lower case keeps every byte where it is.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut position = 0;
    while let Some((found, key)) = KEYS
        .iter()
        .filter_map(|key| lower[position..].find(key).map(|at| (position + at, key)))
        .min_by_key(|(at, key)| (*at, std::cmp::Reverse(key.len())))
    {
        let value = found + key.len();
        out.push_str(&text[position..value]);
        let (quote, start) = match text[value..].chars().next() {
            Some(quote @ ('"' | '\'')) => (Some(quote), value + 1),
            _ => (None, value),
        };
        let length = text[start..]
            .find(|c: char| match quote {
                Some(quote) => c == quote,
                None => c.is_whitespace() || matches!(c, '&' | ';' | '"' | '\''),
            })
            .unwrap_or(text.len() - start);
        if length > 0 {
            out.push_str(&text[value..start]);
            out.push_str(MASK);
        }
        position = start + length;
    }
    out.push_str(&text[position..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn passwords_go_and_all_else_stays() {
        for (text, expected) in [
            ("lab failover --kind crash", "lab failover --kind crash"),
            (
                "postgres://app:geheim@db/shop",
                "postgres://app:***@db/shop",
            ),
            (
                "psql 'postgres://app:ge@h/eim@db/shop' -c 'select 1'",
                "psql 'postgres://app:***@db/shop' -c 'select 1'",
            ),
            ("postgres://app@db:5432/shop", "postgres://app@db:5432/shop"),
            ("http://host:80/path", "http://host:80/path"),
            ("PGPASSWORD=geheim psql", "PGPASSWORD=*** psql"),
            (
                "psql 'host=a password=geheim user=b'",
                "psql 'host=a password=*** user=b'",
            ),
            ("password='ge heim' x", "password='***' x"),
            (
                "postgres://db/shop?user=a&password=geheim&x=1",
                "postgres://db/shop?user=a&password=***&x=1",
            ),
            ("a://u:p@h b://v:q@i", "a://u:***@h b://v:***@i"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_password_of_a_url_survives(user in "[a-z]{1,8}", password in "[A-Z0-9@:/?#%]{4,20}", before in "[a-z ]{0,9}") {
            let text = format!("{before} postgres://{user}:{password}@host/db and more");
            prop_assert!(!redact(&text).contains(&password));
        }

        #[test]
        fn never_panics(text in ".{0,60}", key in "(password=|://|PGPASSWORD=')") {
            let _ = redact(&format!("{text}{key}{text}"));
        }
    }
}
