//! libpq's service file: connection settings under a name.

use std::path::{Path, PathBuf};

use crate::endpoint::environment::Environment;
use crate::endpoint::grammar::Given;

/// Where distributions have the file for all users, as `pg_config --sysconfdir` prints it: Debian's, Red Hat's. PGSYSCONFDIR comes first.
const SYSTEM: [&str; 2] = ["/etc/postgresql-common", "/etc/sysconfig/pgsql"];

/// The settings of a service: from the user's file (`~/.pg_service.conf`, or `file`), else from the system's.
///
/// # Errors
/// One line that names the service, or the file and the line; never what stands in it.
pub(super) fn read(
    service: &str,
    file: Option<&str>,
    environment: &Environment,
) -> Result<Given, String> {
    let own = file
        .map(PathBuf::from)
        .or_else(|| environment.in_home(".pg_service.conf"));
    let systems: Vec<PathBuf> = match environment.get_os("PGSYSCONFDIR") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => SYSTEM.map(PathBuf::from).to_vec(),
    };
    let systems = systems.iter().map(|folder| folder.join("pg_service.conf"));
    let mut looked_at = Vec::new();
    for file in own.into_iter().chain(systems) {
        let Some(text) = read_file(&file)? else {
            continue;
        };
        if let Some(given) = find(&text, service, &file)? {
            return Ok(given);
        }
        looked_at.push(file.display().to_string());
    }
    let place = match looked_at.is_empty() {
        true => {
            "no service file was found (PGSERVICEFILE, ~/.pg_service.conf, PGSYSCONFDIR)".to_owned()
        }
        false => format!("it is not in {}", looked_at.join(", ")),
    };
    Err(format!("service={service}: {place}"))
}

/// `None` where there is none.
fn read_file(file: &Path) -> Result<Option<Vec<u8>>, String> {
    match std::fs::read(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("the service file {}: {error}", file.display())),
    }
}

/// The settings under `[service]`; `None` where it is not in the file. Only its own lines have to be good.
fn find(text: &[u8], service: &str, file: &Path) -> Result<Option<Given>, String> {
    let header = format!("[{service}]");
    let mut found: Option<Given> = None;
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        if line.starts_with(b"[") {
            match &found {
                Some(_) => break,
                None if line.starts_with(header.as_bytes()) => found = Some(Given::new()),
                None => {}
            }
            continue;
        }
        let Some(given) = &mut found else { continue };
        let wrong = |reason: &str| format!("{}, line {}: {reason}", file.display(), at + 1);
        let line = std::str::from_utf8(line).map_err(|_| wrong("not UTF-8"))?;
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| wrong("write keyword=value"))?;
        if matches!(key, "service" | "servicefile") {
            return Err(wrong("a service cannot refer to another service"));
        }
        if !super::keywords::is_known(key) {
            return Err(wrong("not a keyword of libpq"));
        }
        // As with libpq, the first one holds.
        if !given.iter().any(|(known, _)| known == key) {
            given.push((key.to_owned(), value.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"# \xe9t\xe9\n[other]\nhost=\xff\n\n[shop]\nhost=db\n port=1 \r\nhost=no\n[last]\nnonsense\n[bad]\nhost=\xff\n[nested]\nservice=x\n[odd]\ncolour=red\n";

    fn in_file(service: &str) -> Result<Option<Given>, String> {
        find(FILE, service, Path::new("f"))
    }

    #[test]
    fn the_lines_of_one_service() {
        let own = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            in_file("shop"),
            Ok(Some(vec![own("host", "db"), own("port", "1")]))
        );
        assert_eq!(in_file("none"), Ok(None));
        for (service, reason) in [
            ("other", "f, line 3: not UTF-8"),
            ("last", "f, line 10: write keyword=value"),
            ("bad", "f, line 12: not UTF-8"),
            (
                "nested",
                "f, line 14: a service cannot refer to another service",
            ),
            ("odd", "f, line 16: not a keyword of libpq"),
        ] {
            assert_eq!(in_file(service), Err(reason.to_owned()));
        }
    }
}
