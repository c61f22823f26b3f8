//! The files of the marks.

use std::fs;
use std::path::Path as FilePath;

use serde::{Deserialize, Serialize};

use crate::text::error_text;

/// The marks, in a recording in progress.
pub(crate) const GIVEN: &str = "journal/marks.jsonl";
/// How far the recorder has read [`GIVEN`].
pub(crate) const READ: &str = "journal/marks_read.jsonl";

/// A mark of the user.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The wall clock's time when it was given, UTC microseconds.
    pub(crate) time_us: i64,
    /// One line without secrets, never empty.
    pub(crate) text: String,
}

impl Mark {
    /// A mark of foreign text; `None` where nothing is left of it.
    pub(crate) fn new(time_us: i64, foreign: &str) -> Option<Self> {
        let line = command_line::text::one_line(&error_text::one_line(foreign));
        let line = line.trim();
        (!line.is_empty()).then(|| Self {
            time_us,
            text: line.to_owned(),
        })
    }

    /// Reads a line of [`GIVEN`], to which any program can write.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let mark: Self = serde_json::from_slice(line).ok()?;
        Self::new(mark.time_us, &mark.text)
    }
}

/// How far the recorder has read [`GIVEN`], a line of [`READ`].
#[derive(Serialize, Deserialize)]
pub(crate) struct Position {
    /// Bytes.
    pub(crate) offset: u64,
    /// When the marks before it had been recorded, microseconds on the recording's clock.
    pub(crate) time_us: i64,
}

/// A line to append in one write. It begins with a newline, too: what a full disk left of the line before stays a line of its own, which
/// is no JSON.
pub(crate) fn line(value: &impl Serialize) -> std::io::Result<String> {
    Ok(format!("\n{}\n", serde_json::to_string(value)?))
}

/// Removes both files, after the last mark or of a recorder that was killed; and the folder, where nothing else is in it.
pub(crate) fn remove_files(recording: &FilePath) {
    for file in [GIVEN, READ].map(|file| recording.join(file)) {
        let _ = fs::remove_file(&file);
        let _ = file.parent().map(fs::remove_dir);
    }
}

/// When a mark was given, on the recording's clock: the wall clock's time less its lead over that clock now. Neither before the recorder
/// began to look, nor later than now: a clock that was set meanwhile, or another host's, may say so.
pub(super) fn on_axis(given_us: i64, lead_us: i64, from_us: i64, now_us: i64) -> i64 {
    given_us
        .saturating_sub(lead_us)
        .clamp(from_us, now_us.max(from_us))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mark = Mark::new(17, " traffic \"moved\"\nto b ").unwrap();
        assert_eq!(mark.text, "traffic \"moved\"; to b");
        let line = line(&mark).unwrap();
        assert!(line.starts_with('\n') && line.ends_with('\n') && line.lines().count() == 2);
        assert_eq!(Mark::read(line.trim().as_bytes()), Some(mark));
    }

    #[test]
    fn texts_become_one_safe_line() {
        let text = |foreign: &str| Mark::new(0, foreign).map(|mark| mark.text);
        assert_eq!(text("a\u{1b}[2Jb").as_deref(), Some("a [2Jb"));
        assert_eq!(
            text("psql postgres://app:geheim@db/x password=geheim").as_deref(),
            Some("psql postgres://app:***@db/x password=***")
        );
        assert_eq!(text(&"ü".repeat(1_000)).unwrap().chars().count(), 300);
        assert_eq!(text(" \n\t"), None);
    }

    #[test]
    fn what_is_no_mark() {
        for line in [
            "",
            "17",
            "{\"time_us\":17}",
            "{\"time_us\":17,\"text\":\" \"}",
            "{\"time_us\":1.5,\"text\":\"x\"}",
            "{\"time_us\":17,\"text\":\"cut of",
        ] {
            assert_eq!(Mark::read(line.as_bytes()), None, "{line:?}");
        }
    }

    #[test]
    fn times_come_onto_the_recordings_axis() {
        // The wall clock leads by 40.
        assert_eq!(on_axis(1_050, 40, 1_000, 1_100), 1_010);
        // It was set back meanwhile, or the mark is another host's.
        assert_eq!(on_axis(1_050, 500, 1_000, 1_100), 1_000);
        assert_eq!(on_axis(9_000, 40, 1_000, 1_100), 1_100);
        assert_eq!(on_axis(i64::MIN, i64::MAX, 1_000, 900), 1_000);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,40}", time_us: i64) {
            let line = serde_json::json!({"time_us": time_us, "text": text}).to_string();
            if let Some(mark) = Mark::read(line.as_bytes()) {
                prop_assert!(!mark.text.is_empty() && !mark.text.contains(char::is_control));
            }
        }
    }
}
