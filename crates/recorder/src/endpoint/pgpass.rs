//! libpq's password file: `host:port:database:user:password`, the first line that fits. It is read as bytes: a line in another encoding is
//! of no matter to the others.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::endpoint::environment::Environment;
use crate::endpoint::password::Password;

/// So many lines are named in a warning.
const NAMED: usize = 5;

/// What the password file has for an endpoint.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Of each host, in their order.
    pub(crate) passwords: Vec<Option<Password>>,
    /// One line on what of the file can't be used.
    pub(crate) warning: Option<String>,
}

/// Looks for passwords in the file of `passfile`, else in `~/.pgpass`: of each host, port, database and user. A file that is not there holds no password.
///
/// # Errors
/// One line where others may read the file: libpq does not use such a file either.
pub(crate) fn find(
    passfile: Option<&Path>,
    wanted: &[[String; 4]],
    environment: &Environment,
) -> Result<Found, String> {
    let default = || environment.in_home(".pgpass");
    let Some(file): Option<PathBuf> = passfile.map(Path::to_path_buf).or_else(default) else {
        return Ok(Found::default());
    };
    let warn = |reason: &str| Found {
        passwords: Vec::new(),
        warning: Some(format!("the password file {}: {reason}", file.display())),
    };
    let metadata = match std::fs::metadata(&file) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(warn("it is not a plain file, so it is not used")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::default()),
        Err(error) => return Ok(warn(&error.to_string())),
    };
    let text = match std::fs::read(&file) {
        Ok(text) => text,
        Err(error) => return Ok(warn(&error.to_string())),
    };
    let lines = Lines::read(&text);
    let passwords: Vec<Option<Password>> = wanted
        .iter()
        .map(|[host, port, database, user]| lines.look_up([host, port, database, user]))
        .collect();
    if passwords.iter().any(Option::is_some) && is_open_to_others(&metadata) {
        return Err(format!(
            "{}: other users can read the password file, so it is not used; run: chmod 0600 {0}",
            file.display()
        ));
    }
    Ok(Found {
        passwords,
        warning: lines.warning(&file),
    })
}

fn is_open_to_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

/// A file's lines: those that can be used, and the numbers of the others, from 1.
struct Lines<'a> {
    usable: Vec<[&'a str; 5]>,
    unusable: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn read(text: &'a [u8]) -> Self {
        let mut lines = Self {
            usable: Vec::new(),
            unusable: Vec::new(),
        };
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            match std::str::from_utf8(line).ok().and_then(fields) {
                Some(fields) => lines.usable.push(fields),
                None => lines.unusable.push(at + 1),
            }
        }
        lines
    }

    /// The password of the first line whose four fields fit; `*` fits anything.
    fn look_up(&self, wanted: [&str; 4]) -> Option<Password> {
        let fits = |(field, wanted): (&&str, &str)| *field == "*" || unescape(field) == wanted;
        let mut lines = self.usable.iter();
        let line = lines.find(|line| line.iter().zip(wanted).all(fits))?;
        Some(unescape(line[4]))
            .filter(|password| !password.is_empty())
            .map(Password)
    }

    fn warning(&self, file: &Path) -> Option<String> {
        let numbers: Vec<String> = self.unusable.iter().map(usize::to_string).collect();
        let (named, more) = numbers.split_at(numbers.len().min(NAMED));
        let lines = match named {
            [] => return None,
            [one] => format!("line {one} is not used: it is"),
            _ if more.is_empty() => format!("lines {} are not used: they are", named.join(", ")),
            _ => format!(
                "lines {} and {} more are not used: they are",
                named.join(", "),
                more.len()
            ),
        };
        Some(format!(
            "the password file {}: {lines} not UTF-8, or not host:port:database:user:password",
            file.display()
        ))
    }
}

fn fields(line: &str) -> Option<[&str; 5]> {
    let (host, rest) = take_field(line)?;
    let (port, rest) = take_field(rest)?;
    let (database, rest) = take_field(rest)?;
    let (user, password) = take_field(rest)?;
    Some([host, port, database, user, password])
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

    fn look_up(text: &[u8], wanted: [&str; 4]) -> Option<String> {
        let found = Lines::read(text).look_up(wanted);
        found.map(|password| password.0)
    }

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
            ("db:5432:shop:app:with:colon\r\n", Some("with:colon")),
            ("db:5433:shop:app:no", None),
            // As with libpq: the first line that fits holds, and it has no password.
            ("db:5432:shop:app:\n*:*:*:*:any", None),
            ("db:5432:shop", None),
            ("", None),
        ] {
            assert_eq!(
                look_up(text.as_bytes(), WANTED).as_deref(),
                password,
                "{text}"
            );
        }
        assert_eq!(
            look_up(br"\:\:1:*:*:*:six", ["::1", "1", "a", "b"]).as_deref(),
            Some("six")
        );
    }

    #[test]
    fn a_bad_line_is_named_and_hides_no_other() {
        let text = b"# caf\xe9\nsecret\xff:1:a:b:c\n\nsecret\ndb:5432:shop:app:one\n";
        assert_eq!(look_up(text, WANTED).as_deref(), Some("one"));
        let warning = Lines::read(text).warning(Path::new("f")).unwrap();
        assert_eq!(
            warning,
            "the password file f: lines 2, 4 are not used: they are not UTF-8, or not host:port:database:user:password"
        );
        let many = "x\n".repeat(9);
        let warning = Lines::read(many.as_bytes()).warning(Path::new("f"));
        assert!(warning.unwrap().contains("lines 1, 2, 3, 4, 5 and 4 more"));
        assert_eq!(Lines::read(b"#\n*:*:*:*:x").warning(Path::new("f")), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            let lines = Lines::read(&text);
            let _ = (lines.look_up(WANTED), lines.warning(Path::new("f")));
        }

        #[test]
        fn any_password_comes_back(password in "[^\n\r]{1,20}") {
            let escaped = password.replace('\\', r"\\").replace(':', r"\:");
            let found = look_up(format!("db:5432:shop:app:{escaped}").as_bytes(), WANTED);
            prop_assert_eq!(found, Some(password));
        }
    }
}
