//! Names of folders and files in a recording.

use std::fmt;
use std::path::{Path as FilePath, PathBuf};

use chrono::{DateTime, Utc};

use crate::format::vocabulary::Path;

/// The format that this program writes, and the newest that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The file's name in the folder of the recording.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The name of a recording: UTC time of its start and four random hexadecimal digits, `20261122T204300Z-7f3a`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId(String);

impl RunId {
    /// Makes the name from a start (UTC microseconds) and a random number.
    #[must_use]
    pub fn new(start_us: i64, random: u16) -> Self {
        let start = DateTime::<Utc>::from_timestamp_micros(start_us).unwrap_or_default();
        Self(format!("{}-{random:04x}", start.format("%Y%m%dT%H%M%SZ")))
    }

    /// The name as text, 21 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A table of a recording, and the folder of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Every business operation.
    Operations,
    /// Every attempt to connect.
    Connections,
    /// Which server answers on each path, probed at an interval.
    Probes,
    /// What a client that connects anew would meet: a read and a write per path at a short interval.
    Availability,
    /// Triggers, marks, and what the probes saw.
    Events,
    /// pgbench's progress.
    Load,
}

impl Table {
    /// Every table of format version 1.
    pub const ALL: [Self; 6] = [
        Self::Operations,
        Self::Connections,
        Self::Probes,
        Self::Availability,
        Self::Events,
        Self::Load,
    ];

    /// The name of the table and of its folder.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Connections => "connections",
            Self::Probes => "probes",
            Self::Availability => "availability",
            Self::Events => "events",
            Self::Load => "load",
        }
    }
}

/// Where the journals of open parts are.
pub(crate) const JOURNAL_FOLDER: &str = "journal";

/// The file in [`JOURNAL_FOLDER`] whose lock a recorder holds.
pub(crate) const LOCK_FILE: &str = "lock";

/// The file in [`JOURNAL_FOLDER`] of the operations that are in flight.
pub(crate) const IN_FLIGHT_FILE: &str = "in_flight.arrows";

/// The key of the moment in the metadata of the stream of [`IN_FLIGHT_FILE`], UTC microseconds.
pub(crate) const TIME_KEY: &str = "time";

/// The key of the count of rows of a path's operations on the disk at that moment.
pub(crate) fn rows_key(path: Path) -> String {
    format!("rows.{path}")
}

/// The suffix of a journal.
pub(crate) const JOURNAL_SUFFIX: &str = ".arrows";

/// `operations.direct-00001.arrows`, the journal of the part `operations/direct-00001.parquet`.
pub(crate) fn journal_name(table: Table, part: &str) -> String {
    let stem = part.strip_suffix(".parquet").unwrap_or(part);
    format!("{}.{stem}{JOURNAL_SUFFIX}", table.as_str())
}

/// The checksums of a journal: `operations.direct-00001.crc`.
pub(crate) fn checksums_of(journal: &FilePath) -> PathBuf {
    journal.with_extension("crc")
}

/// The part of a journal; `None` for the journal of another table, and for other files.
pub(crate) fn part_of_journal(table: Table, name: &str) -> Option<String> {
    let stem = name
        .strip_prefix(table.as_str())?
        .strip_prefix('.')?
        .strip_suffix(JOURNAL_SUFFIX)?;
    Some(format!("{stem}.parquet"))
}

/// Prefix and suffix of a part that is not sealed. It is in the recording's own folder, because some engines read every file of a table's
/// folder, whatever its name; and engines that search the whole recording pass over names that begin with `_`.
const OPEN_PREFIX: &str = "_";
const OPEN_SUFFIX: &str = ".open";

/// `_operations.direct-00001.open`, under which the part `operations/direct-00001.parquet` is written.
pub(crate) fn open_path(recording: &FilePath, table: Table, part: &str) -> PathBuf {
    let stem = part.strip_suffix(".parquet").unwrap_or(part);
    recording.join(format!(
        "{OPEN_PREFIX}{}.{stem}{OPEN_SUFFIX}",
        table.as_str()
    ))
}

/// Every place that an unsealed part may have: earlier recorders wrote `operations/direct-00001.parquet.open`.
pub(crate) fn open_paths(recording: &FilePath, table: Table, part: &str) -> [PathBuf; 2] {
    let earlier = recording
        .join(table.as_str())
        .join(format!("{part}{OPEN_SUFFIX}"));
    [open_path(recording, table, part), earlier]
}

/// True for the name of an open part of the table in the recording's own folder.
pub(crate) fn is_open_name(table: Table, name: &str) -> bool {
    let stem = name
        .strip_prefix(OPEN_PREFIX)
        .and_then(|name| name.strip_prefix(table.as_str()))
        .and_then(|name| name.strip_prefix('.'))
        .and_then(|name| name.strip_suffix(OPEN_SUFFIX));
    stem.is_some_and(|stem| is_part_name(table, &format!("{stem}.parquet")))
}

/// True for the name that an open part had in the table's folder in earlier versions.
pub(crate) fn is_earlier_open_name(table: Table, name: &str) -> bool {
    let part = name.strip_suffix(OPEN_SUFFIX);
    part.is_some_and(|part| is_part_name(table, part))
}

/// `direct-00001.parquet` for a table with parts per path, else `events-00001.parquet`.
pub(crate) fn part_name(table: Table, path: Option<Path>, number: u32) -> String {
    format!(
        "{}-{number:05}.parquet",
        path.map_or(table.as_str(), Path::as_str)
    )
}

/// The path or table of a part's name, and its number. `None` for a name that [`part_name`] does not give.
pub(crate) fn place_of(part: &str) -> Option<(&str, u64)> {
    let (stem, number) = part.strip_suffix(".parquet")?.rsplit_once('-')?;
    Some((stem, number.parse().ok()?))
}

/// True for a name that [`part_name`] gives: a copy such as `direct-00001 (1).parquet` is no part.
pub(crate) fn is_part_name(table: Table, name: &str) -> bool {
    let Some((stem, number)) = name
        .strip_suffix(".parquet")
        .and_then(|stem| stem.rsplit_once('-'))
    else {
        return false;
    };
    let known = match table {
        Table::Operations => Path::parse(stem).is_some(),
        _ => stem == table.as_str(),
    };
    known && number.len() >= 5 && number.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(
            RunId::new(1_795_380_180_000_000, 0x7f3a).as_str(),
            "20261122T204300Z-7f3a"
        );
        assert_eq!(
            part_name(Table::Operations, Some(Path::Proxy), 1),
            "proxy-00001.parquet"
        );
        assert_eq!(part_name(Table::Events, None, 12), "events-00012.parquet");
        assert!(is_part_name(Table::Operations, "direct-00012.parquet"));
        for name in [
            "direct-00012 (1).parquet",
            "other-00001.parquet",
            "direct-1.parquet",
            "direct.parquet",
        ] {
            assert!(!is_part_name(Table::Operations, name), "{name}");
        }
        assert_eq!(place_of("direct-00012.parquet"), Some(("direct", 12)));
        assert_eq!(place_of("direct-00012 (1).parquet"), None);
        let journal = journal_name(Table::Operations, "proxy-00001.parquet");
        assert_eq!(journal, "operations.proxy-00001.arrows");
        let part = part_of_journal(Table::Operations, &journal);
        assert_eq!(part.as_deref(), Some("proxy-00001.parquet"));
        assert_eq!(part_of_journal(Table::Events, &journal), None);
    }

    #[test]
    fn open_parts_are_where_no_engine_looks() {
        let [now, earlier] = open_paths(
            FilePath::new("run"),
            Table::Operations,
            "direct-00001.parquet",
        );
        assert_eq!(now, FilePath::new("run/_operations.direct-00001.open"));
        let expected = FilePath::new("run/operations/direct-00001.parquet.open");
        assert_eq!(earlier, expected);
        let name = "_operations.direct-00001.open";
        assert!(is_open_name(Table::Operations, name));
        assert!(!is_open_name(Table::Events, name));
        for name in [
            "_operations.direct-00001.parquet",
            "operations.direct-00001.open",
            "_operations.direct-00001.parquet.open",
            "_operations.other-00001.open",
        ] {
            assert!(!is_open_name(Table::Operations, name), "{name}");
        }
        let name = "direct-00001.parquet.open";
        assert!(is_earlier_open_name(Table::Operations, name));
        assert!(!is_earlier_open_name(Table::Events, name));
    }
}
