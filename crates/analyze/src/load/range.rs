//! A part of a recording: some of its time, one of its paths, some types of its operations. Of a time and a path every figure is what a
//! recording of that part alone would have; of types, the whole recording's figures (`docs/definitions.md`, A part of a recording).

use polars::prelude::*;
use recording::vocabulary::{OperationType, Path};
use recording::{Table, Timestamp};

use crate::summary::{Group, Span};

const DAY_US: i64 = 86_400_000_000;

/// What part is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Range {
    /// Where it begins; `None`: with the recording.
    pub from: Option<Moment>,
    /// Where it ends; `None`: with the recording.
    pub to: Option<Moment>,
    /// The only path of it.
    pub path: Option<Path>,
    /// The only types of operations of which figures are given; empty: all.
    pub kinds: Vec<OperationType>,
}

/// A moment as it is named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Since the recording's start, microseconds.
    Offset(i64),
    /// Since midnight UTC, microseconds.
    TimeOfDay(i64),
    At(Timestamp),
}

impl Moment {
    /// UTC microseconds. A time of day is that of the day on which it is nearest to the recording.
    fn resolved_us(self, start_us: i64, end_us: Option<i64>) -> i64 {
        match self {
            Self::At(time) => time.micros(),
            Self::Offset(us) => start_us.saturating_add(us),
            Self::TimeOfDay(us) => {
                let first_us = start_us - start_us.rem_euclid(DAY_US) + us;
                let next_us = first_us + DAY_US;
                let after_us = next_us.saturating_sub(end_us.unwrap_or(start_us));
                match start_us - first_us > after_us {
                    true => next_us,
                    false => first_us,
                }
            }
        }
    }
}

impl Range {
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Self::default()
    }

    /// The part of a recording, which may have no known end; what is wrong where it has none. Where it is not said from when, the part begins
    /// after the warm-up.
    pub(super) fn cut(
        &self,
        start_us: i64,
        warm_up_us: i64,
        end_us: Option<i64>,
        paths: &[Path],
    ) -> Result<Cut, String> {
        if let Some(path) = self.path.filter(|path| !paths.contains(path)) {
            return Err(format!("it has no path {}", path.as_str()));
        }
        let resolved = |moment: Moment| moment.resolved_us(start_us, end_us);
        let (from_us, to_us) = (self.from.map(resolved), self.to.map(resolved));
        let warm_us = start_us.saturating_add(warm_up_us);
        let last_us = end_us.unwrap_or(i64::MAX);
        if from_us.is_none() && warm_up_us > 0 && warm_us >= to_us.unwrap_or(last_us).min(last_us) {
            let warm_up = Timestamp(warm_us);
            return Err(format!(
                "its warm-up lasts until {warm_up}, and all of it is before; --from 0 shows it"
            ));
        }
        if let Some((from_us, to_us)) = from_us.zip(to_us)
            && to_us <= from_us
        {
            let [from, to] = [from_us, to_us].map(Timestamp);
            return Err(format!("--to, {to}, is not after --from, {from}"));
        }
        let is_one_of = |kind| self.kinds.is_empty() || self.kinds.contains(&kind);
        let first_us = from_us.unwrap_or(warm_us).max(start_us);
        let is_cut_at_end = to_us.is_some_and(|to_us| to_us < last_us);
        let cut = Cut {
            from_us: first_us,
            to_us: to_us.unwrap_or(last_us).min(last_us),
            path: self.path,
            kinds: std::array::from_fn(|index| is_one_of(OperationType::ALL[index])),
            is_timed: first_us > start_us || is_cut_at_end,
            is_cut_at_end,
        };
        if cut.from_us < cut.to_us {
            let is_whole = !cut.is_timed && cut.path.is_none() && cut.kinds().is_empty();
            return Ok(if is_whole { Cut::WHOLE } else { cut });
        }
        let end = end_us.map_or_else(|| "its last row".to_owned(), |us| Timestamp(us).to_string());
        let asked = [
            from_us.map(|us| format!("from {}", Timestamp(us))),
            to_us.map(|us| format!("to {}", Timestamp(us))),
        ];
        let asked: Vec<String> = asked.into_iter().flatten().collect();
        let (asked, start) = (asked.join(" "), Timestamp(start_us));
        Err(format!(
            "it has nothing {asked}: it lasts from {start} to {end}"
        ))
    }
}

/// The part that is read. Times are UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    from_us: i64,
    to_us: i64,
    pub(crate) path: Option<Path>,
    /// Of which types figures are given, in the order of `OperationType::ALL`. Every operation is evidence.
    kinds: [bool; OperationType::ALL.len()],
    /// False where only the recording itself limits it.
    is_timed: bool,
    /// False where it ends with the recording: what ended later is as it was recorded.
    is_cut_at_end: bool,
}

/// Where an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Inside,
    /// In the part, and it ended after that: it was unfinished there.
    Unfinished,
    /// Not in it, but begun before its end: its connection was used.
    Outside,
    /// It was to begin after the part.
    Later,
}

impl Cut {
    /// Everything.
    pub(crate) const WHOLE: Self = Self {
        from_us: i64::MIN,
        to_us: i64::MAX,
        path: None,
        kinds: [true; OperationType::ALL.len()],
        is_timed: false,
        is_cut_at_end: false,
    };

    /// Its time, where a time was asked for.
    pub(crate) fn time(&self) -> Option<Span> {
        self.is_timed.then(|| Span::new(self.from_us, self.to_us))
    }

    pub(crate) fn has_path(&self, path: Path) -> bool {
        self.path.is_none_or(|only| only == path)
    }

    pub(crate) fn has_kind(&self, kind: OperationType) -> bool {
        self.kinds[kind as usize]
    }

    /// True for a group of which figures are given.
    pub(crate) fn has_group(&self, group: Group) -> bool {
        match group {
            Group::Read => self.has_kind(OperationType::Read),
            Group::Write => self.has_kind(OperationType::Write),
            Group::Transaction => self.has_kind(OperationType::Transaction),
            Group::Writer => {
                self.has_kind(OperationType::Write) || self.has_kind(OperationType::Transaction)
            }
            Group::All => self.kinds().is_empty(),
        }
    }

    /// The types, where not all are in it.
    pub(crate) fn kinds(&self) -> Vec<OperationType> {
        let kinds = OperationType::ALL.iter().copied().zip(self.kinds);
        let kinds: Vec<_> = kinds
            .filter_map(|(kind, is_in)| is_in.then_some(kind))
            .collect();
        match kinds.len() == OperationType::ALL.len() {
            true => Vec::new(),
            false => kinds,
        }
    }

    /// The rows of a table that are of the part's time and path, of any type: what overlaps its time. Of operations, as they were recorded, with those
    /// that ended after it.
    pub(crate) fn of_table(&self, table: Table, frame: LazyFrame) -> LazyFrame {
        let time = |column: &str| col(column).to_physical();
        let mut filters = Vec::new();
        if self.is_timed {
            let (start, end) = match table {
                Table::Operations => ("scheduled_time", time("end_time").fill_null(lit(i64::MAX))),
                Table::Connections => ("start_time", time("end_time").fill_null(lit(i64::MAX))),
                Table::Probes | Table::Availability | Table::Events => {
                    ("time", time("time") + col("duration_us").fill_null(lit(0)))
                }
                // A line is about the second before it.
                Table::Load => ("time", time("time")),
            };
            let start = match table {
                Table::Operations => time(start).lt(lit(self.to_us)),
                Table::Load => (time(start) - lit(1_000_000)).lt(lit(self.to_us)),
                _ => time(start).lt_eq(lit(self.to_us)),
            };
            filters.extend(self.is_cut_at_end.then_some(start));
            filters.push(end.gt(lit(self.from_us)));
        }
        if let Some(path) = self.path {
            // An event without a path concerns all.
            let is_of_path = col("path").eq(lit(path.as_str()));
            filters.push(is_of_path.or(col("path").is_null()));
        }
        match filters.into_iter().reduce(Expr::and) {
            Some(filter) => frame.filter(filter),
            None => frame,
        }
    }

    /// The rows of a table that are of the part: what overlaps its time, of its path and its types.
    pub(crate) fn of_table_and_types(&self, table: Table, frame: LazyFrame) -> LazyFrame {
        let frame = self.of_table(table, frame);
        let has_types = matches!(table, Table::Operations | Table::Availability);
        if !has_types || self.kinds().is_empty() {
            return frame;
        }
        let is_one_of = |kind: &&OperationType| match table {
            Table::Availability => self.has_probe(**kind),
            _ => self.has_kind(**kind),
        };
        let words = OperationType::ALL.iter().filter(is_one_of);
        let words = words.map(|kind| col("operation_type").eq(lit(kind.as_str())));
        frame.filter(words.reduce(Expr::or).unwrap_or(lit(false)))
    }

    /// True for probes of a type in it: their writes stand for all that only a writer serves.
    fn has_probe(&self, kind: OperationType) -> bool {
        self.has_group(match kind {
            OperationType::Read => Group::Read,
            _ => Group::Writer,
        })
    }

    /// True where an operation that ended then, of a path and a type as far as these are known, ended in the part.
    pub(crate) fn has_ended(
        &self,
        path: Option<Path>,
        kind: Option<OperationType>,
        end_us: i64,
    ) -> bool {
        let is_of_path = self.path.is_none() || path == self.path;
        let is_of_kind = match kind {
            Some(kind) => self.has_kind(kind),
            None => self.kinds().is_empty(),
        };
        let is_later = self.is_cut_at_end && end_us > self.to_us;
        let is_in_time = !self.is_timed || (self.from_us < end_us && !is_later);
        is_of_path && is_of_kind && is_in_time
    }

    /// Where an operation is. What ended before the part is not of it.
    #[inline]
    pub(crate) fn place(&self, path: Path, scheduled_us: i64, end_us: Option<i64>) -> Place {
        if self.is_cut_at_end && scheduled_us >= self.to_us {
            return Place::Later;
        }
        match end_us.filter(|_| self.is_timed) {
            _ if !self.has_path(path) => Place::Outside,
            Some(end_us) if end_us <= self.from_us => Place::Outside,
            Some(end_us) if self.is_cut_at_end && end_us > self.to_us => Place::Unfinished,
            _ => Place::Inside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        let time = chrono::DateTime::parse_from_rfc3339(text).unwrap();
        time.timestamp_micros()
    }

    #[test]
    fn a_time_of_day_is_that_of_the_recording() {
        let (start_us, end_us) = (at("2026-11-29T23:50:00.4Z"), at("2026-11-30T00:20:00Z"));
        let resolved = |hours: i64, minutes: i64| {
            let us = (hours * 60 + minutes) * 60_000_000;
            Moment::TimeOfDay(us).resolved_us(start_us, Some(end_us))
        };
        assert_eq!(resolved(23, 55), at("2026-11-29T23:55:00Z"));
        assert_eq!(resolved(0, 10), at("2026-11-30T00:10:00Z"));
        // The second in which it began.
        assert_eq!(resolved(23, 50), at("2026-11-29T23:50:00Z"));
        // After its end.
        assert_eq!(resolved(0, 30), at("2026-11-30T00:30:00Z"));
    }

    #[test]
    fn a_part_that_is_not_there_is_said_so() {
        let range = Range {
            from: Some(Moment::Offset(70_000_000)),
            ..Range::default()
        };
        let error = range
            .cut(0, 0, Some(60_000_000), &[Path::Direct])
            .unwrap_err();
        assert!(
            error.starts_with("it has nothing from 1970-01-01T00:01:10.000000Z: it lasts from "),
            "{error}"
        );
        let range = Range {
            path: Some(Path::Proxy),
            ..Range::default()
        };
        let error = range
            .cut(0, 0, Some(60_000_000), &[Path::Direct])
            .unwrap_err();
        assert_eq!(error, "it has no path proxy");
    }
}
