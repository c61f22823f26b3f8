//! What the recording's own rows say about an outage, of its operations and of its availability probes, read without `analyze`.

use std::fs::File;
use std::path::Path as FilePath;

use anyhow::{Context, Result};
use parquet::file::reader::SerializedFileReader;
use parquet::record::{Field, Row};
use recording::{Recording, Table};

use super::lanes::{Group, LANES, Lane};
use super::samples::{Span, median};

/// An operation that ended; UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ended {
    end_us: i64,
    response_us: i64,
    /// Until it had a connection, and from then on; 0 where there was none.
    checkout_us: i64,
    execute_us: i64,
    is_success: bool,
    /// A connection that still leads to the old writer: 25006.
    is_refused: bool,
}

/// The operations of a group of a path, in order of their ends.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    ended: Vec<Ended>,
    usual_us: i64,
}

impl Recorded {
    /// Reads the sealed parts once: what was recorded of each of [`LANES`], in their order.
    pub(crate) fn of(folder: &FilePath) -> Result<[Self; LANES.len()]> {
        Self::read(folder, Table::Operations, operation)
    }

    /// The same of the availability probes.
    pub(crate) fn of_probes(folder: &FilePath) -> Result<[Self; LANES.len()]> {
        Self::read(folder, Table::Availability, probe)
    }

    fn read(
        folder: &FilePath,
        table: Table,
        ended_of: impl Fn(&Row, Lane) -> Option<Ended>,
    ) -> Result<[Self; LANES.len()]> {
        let mut ended = LANES.map(|_| Vec::new());
        for part in Recording::open(folder)?.parts(table)? {
            let named = || part.display().to_string();
            let file = File::open(&part).with_context(named)?;
            let rows = SerializedFileReader::new(file).with_context(named)?;
            for row in rows {
                let row = row.with_context(named)?;
                for (lane, of_lane) in LANES.iter().zip(&mut ended) {
                    of_lane.extend(ended_of(&row, *lane));
                }
            }
        }
        Ok(ended.map(Self::new))
    }

    fn new(mut ended: Vec<Ended>) -> Self {
        ended.sort_by_key(|operation| operation.end_us);
        let successes = ended.iter().filter(|operation| operation.is_success);
        let mut times: Vec<i64> = successes.map(|operation| operation.response_us).collect();
        Self {
            usual_us: median(&mut times),
            ended,
        }
    }

    /// When a connection of the pool was last refused in there: each of them leads to the old writer until it is, once.
    pub(crate) fn last_refused_us(&self, span: Span) -> Option<i64> {
        let inside = |operation: &&Ended| {
            span.start_us < operation.end_us && operation.end_us <= span.end_us
        };
        let refused = self.ended.iter().filter(inside);
        let refused = refused.filter(|operation| operation.is_refused);
        refused.map(|operation| operation.end_us).max()
    }

    /// How long the success that ended an outage took by itself, microseconds: what the definition calls an ordinary response time. One
    /// that waited for its connection shows how long; of one that waited elsewhere it is not known, and the group's median stands for it.
    pub(crate) fn service_us(&self, end_us: i64) -> i64 {
        let closing = self
            .ended
            .iter()
            .filter(|operation| operation.is_success && operation.end_us == end_us);
        let took = closing.map(
            |operation| match operation.execute_us < operation.checkout_us {
                true => operation.execute_us,
                false => self.usual_us.min(operation.execute_us),
            },
        );
        took.max().unwrap_or(0)
    }
}

/// `None` where it is of another group or path, or has not ended.
fn operation(row: &Row, lane: Lane) -> Option<Ended> {
    let columns = Columns::of(row, lane)?;
    Some(Ended {
        end_us: columns.number("end_time")?,
        response_us: columns.number("response_time_us")?,
        checkout_us: columns.number("checkout_us").unwrap_or(0),
        execute_us: columns.number("execute_us").unwrap_or(0),
        is_success: matches!(columns.word("outcome"), "ok" | "rejected"),
        is_refused: columns.word("error_class") == "read_only",
    })
}

/// The same of an availability probe. One that was refused connects anew, so that it is no connection of a pool.
fn probe(row: &Row, lane: Lane) -> Option<Ended> {
    let columns = Columns::of(row, lane)?;
    let took_us = columns.number("duration_us")?;
    Some(Ended {
        end_us: columns.number("time")? + took_us,
        response_us: took_us,
        checkout_us: 0,
        execute_us: took_us,
        is_success: columns.word("outcome") == "ok",
        is_refused: false,
    })
}

/// The columns of a row.
struct Columns<'r>(&'r Row);

impl<'r> Columns<'r> {
    /// `None` where the row is of another group or path.
    fn of(row: &'r Row, lane: Lane) -> Option<Self> {
        let columns = Self(row);
        let group = match columns.word("operation_type") {
            "read" => Group::Read,
            _ => Group::Writer,
        };
        (group == lane.group && columns.word("path") == lane.path.as_str()).then_some(columns)
    }

    fn field(&self, name: &str) -> Option<&'r Field> {
        let mut columns = self.0.get_column_iter();
        columns.find_map(|(of, field)| (of == name).then_some(field))
    }

    fn word(&self, name: &str) -> &'r str {
        match self.field(name) {
            Some(Field::Str(word)) => word.as_str(),
            _ => "",
        }
    }

    fn number(&self, name: &str) -> Option<i64> {
        match self.field(name) {
            Some(Field::Long(number) | Field::TimestampMicros(number)) => Some(*number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(end_us: i64, checkout_us: i64, execute_us: i64, is_success: bool) -> Ended {
        Ended {
            end_us,
            response_us: checkout_us + execute_us,
            checkout_us,
            execute_us,
            is_success,
            is_refused: !is_success,
        }
    }

    #[test]
    fn what_the_rows_tell_of_an_outage() {
        let recorded = Recorded::new(vec![
            ended(9_000, 10, 3_000, true),
            ended(500, 10, 3_000, true),
            ended(2_000, 10, 900, false),
            ended(3_000, 10, 900, false),
            ended(8_000, 5_000, 700, true),
            ended(7_000, 10, 5_000, true),
        ]);
        let span = |start_us, end_us| Span { start_us, end_us };
        assert_eq!(recorded.last_refused_us(span(500, 8_000)), Some(3_000));
        assert_eq!(recorded.last_refused_us(span(500, 2_000)), Some(2_000));
        assert_eq!(recorded.last_refused_us(span(3_000, 8_000)), None);
        assert_eq!(
            recorded.service_us(8_000),
            700,
            "it waited for its connection"
        );
        assert_eq!(
            recorded.service_us(7_000),
            3_010,
            "it waited in its statement"
        );
        assert_eq!(recorded.service_us(3_000), 0, "no success");
    }
}
