//! The user's own marks in a recording: `recorder mark`, from another process, and SIGUSR1.
//!
//! A mark is a small file in the folder `marks` of the recording, put there as a whole by renaming it: `<time>-<random>.mark`. The
//! recorder looks there several times a second, and renames what it has taken to `<time>-<random>.taken`, which whoever gave the mark
//! waits for and removes. The file holds two lines: the wall clock's time when the mark was given (UTC microseconds, decimal), and
//! its text.

mod watch;

pub(crate) use watch::Marks;

use crate::text::error_text;

/// The folder in a recording.
pub(crate) const FOLDER: &str = "marks";
/// The ending of a mark that nobody has taken yet.
pub(crate) const GIVEN: &str = "mark";
/// The ending of a mark that stands in the recording.
pub(crate) const TAKEN: &str = "taken";

/// What the user wants written down.
#[derive(Debug, PartialEq, Eq)]
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

    pub(crate) fn write(&self) -> String {
        format!("{}\n{}\n", self.time_us, self.text)
    }

    /// Reads what [`Self::write`] wrote, or what somebody else put there.
    fn read(file: &str) -> Option<Self> {
        let (time, text) = file.split_once('\n')?;
        Self::new(time.trim().parse().ok()?, text)
    }
}

/// When a mark was given, on the recording's clock: the wall clock's time less its lead over that clock now. Neither before the recorder
/// began to look, nor later than now: a clock that was set meanwhile, or another host's, may say so.
fn on_axis(told_us: i64, lead_us: i64, from_us: i64, now_us: i64) -> i64 {
    told_us
        .saturating_sub(lead_us)
        .clamp(from_us, now_us.max(from_us))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mark = Mark::new(17, " traffic moved\nto b ").unwrap();
        assert_eq!(mark.text, "traffic moved; to b");
        assert_eq!(Mark::read(&mark.write()), Some(mark));
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
        for file in ["", "17", "17\n", "17\n \n", "now\ntext", "1.5\ntext"] {
            assert_eq!(Mark::read(file), None, "{file:?}");
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
        fn never_panics(file in "[0-9-]{0,20}\n?\\PC{0,40}") {
            if let Some(mark) = Mark::read(&file) {
                prop_assert!(!mark.text.is_empty() && !mark.text.contains(char::is_control));
            }
        }
    }
}
