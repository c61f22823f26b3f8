//! libpq's password file: `host:port:database:user:password`, the first line that fits.

use std::path::PathBuf;

use crate::endpoint::{Endpoint, Host, Password};
use crate::environment::Environment;

/// Looks for the password of one of the endpoint's hosts in the file that `PGPASSFILE` names, else in `~/.pgpass`. A file that is not there holds no password.
///
/// # Errors
/// One line where others may read the file: libpq does not use such a file either.
pub(crate) fn find(
    endpoint: &Endpoint,
    host: &Host,
    environment: &Environment,
) -> Result<Option<Password>, String> {
    let file = match environment.get_os("PGPASSFILE") {
        Some(file) => PathBuf::from(file),
        None => match std::env::home_dir() {
            Some(home) => home.join(".pgpass"),
            None => return Ok(None),
        },
    };
    let Ok(text) = std::fs::read_to_string(&file) else {
        return Ok(None);
    };
    let (port, Endpoint { database, user, .. }) = (host.port.to_string(), endpoint);
    let found = look_up(&text, [&host.name, &port, database, user]);
    if found.is_some() && is_open_to_others(&file) {
        return Err(format!(
            "{}: others may read the password file, so it is not used; run: chmod 0600 {0}",
            file.display()
        ));
    }
    Ok(found.map(Password))
}

fn is_open_to_others(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// The password of the first line whose four fields fit; `*` fits anything.
fn look_up(text: &str, wanted: [&str; 4]) -> Option<String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let mut rest = line;
            for wanted in wanted {
                let (field, after) = take_field(rest)?;
                if field != "*" && unescape(field) != wanted {
                    return None;
                }
                rest = after;
            }
            Some(unescape(rest)).filter(|password| !password.is_empty())
        })
}

/// Splits at the first colon that no backslash stands before.
fn take_field(line: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ':' => return Some((&line[..at], &line[at + 1..])),
            _ => {}
        }
    }
    None
}

fn unescape(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' {
            chars.next().unwrap_or(c)
        } else {
            c
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WANTED: [&str; 4] = ["db", "5432", "shop", "app"];

    #[test]
    fn the_first_line_that_fits() {
        for (text, password) in [
            ("db:5432:shop:app:one", Some("one")),
            ("*:*:*:*:any", Some("any")),
            (
                "#db:5432:shop:app:comment\ndb:5432:shop:app:two\n*:*:*:*:any",
                Some("two"),
            ),
            ("other:5432:shop:app:no\ndb:*:shop:app:three", Some("three")),
            (r"db:5432:shop:app:with\:colon\\", Some(r"with:colon\")),
            ("db:5432:shop:app:with:colon", Some("with:colon")),
            ("db:5433:shop:app:no", None),
            ("db:5432:shop:app:", None),
            ("db:5432:shop", None),
            ("", None),
        ] {
            assert_eq!(look_up(text, WANTED).as_deref(), password, "{text}");
        }
        assert_eq!(
            look_up(r"\:\:1:*:*:*:six", ["::1", "1", "a", "b"]).as_deref(),
            Some("six")
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,60}") {
            let _ = look_up(&text, WANTED);
        }

        #[test]
        fn any_password_comes_back(password in "[^\n\r]{1,20}") {
            let escaped = password.replace('\\', r"\\").replace(':', r"\:");
            let found = look_up(&format!("db:5432:shop:app:{escaped}"), WANTED);
            prop_assert_eq!(found, Some(password));
        }
    }
}
