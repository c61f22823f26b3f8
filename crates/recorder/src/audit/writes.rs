//! What the recording says of its writes: which of them have an identity, how each ended, and what the others add up to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use recording::vocabulary::{Outcome, Path};
use recording::{OpenError, OperationRow, Recording};

use crate::audit::identities::{Identities, Part, Write};

/// Operations of a block: a byte is kept of each.
const BLOCK: i64 = 1 << 16;
/// What is asked in one statement at most: the server sorts so many writes, and those that it finds.
const MOST_WRITES: u64 = 1_000_000;
/// And so many operations of any kind: each is a byte of the statement.
const MOST_BYTES: i64 = 8 << 20;

/// What the recording knows of the commit of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Acknowledged,
    /// It certainly did not commit.
    NotCommitted,
    /// It may be committed.
    Unknown,
}

impl Fate {
    /// Of a write that ended so. One that no worker took before the end was never sent, though it is `unfinished` too.
    pub(crate) const fn new(outcome: Outcome, start_time: Option<i64>) -> Self {
        match outcome {
            Outcome::Ok => Self::Acknowledged,
            Outcome::Failed | Outcome::Rejected => Self::NotCommitted,
            Outcome::Unfinished if start_time.is_none() => Self::NotCommitted,
            Outcome::Unknown | Outcome::Unfinished => Self::Unknown,
        }
    }
}

/// A write as the statement takes it, in one byte: `sql/audit/writes.sql` knows the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(u8);

impl Code {
    const fn new(write: Write, fate: Fate) -> Self {
        let ended = match fate {
            Fate::Acknowledged => 0,
            Fate::NotCommitted => 4,
            Fate::Unknown => 8,
        };
        Self(write as u8 | ended)
    }

    /// As the statement gives it back.
    pub(crate) fn parse(code: i32) -> Option<Self> {
        u8::try_from(code).ok().map(Self)
    }

    /// False where the recording has no write of that number.
    pub(crate) const fn is_recorded(self) -> bool {
        self.0 > 0
    }

    pub(crate) const fn is_acknowledged_with(self, part: Part) -> bool {
        self.0 < 4 && self.0 & part as u8 != 0
    }
}

/// What the changes add up to that have no identity, and that of the purchases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Acknowledged.
    pub(crate) acknowledged: i64,
    /// Whose outcome is not known.
    pub(crate) possible: i64,
}

/// The writes of one path.
#[derive(Debug)]
pub(crate) struct PathWrites {
    pub(crate) path: Path,
    /// Writes with an identity and the outcome `ok`.
    pub(crate) acknowledged: u64,
    /// Writes with an identity whose outcome is not known.
    pub(crate) unknown: u64,
    /// Of `update_login`.
    pub(crate) logins: Sums,
    /// Of `update_stock`, less the acknowledged purchases; `None` where the recording does not say how much.
    pub(crate) stock: Option<Sums>,
    /// Pieces that acknowledged `update_stock` put in: more of them can't be lost.
    pub(crate) received: i64,
    /// Acknowledged writes of an order, and of a log.
    pub(crate) acknowledged_parts: [u64; 2],
    pub(super) blocks: BTreeMap<i64, Block>,
}

/// Some operations in a row.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// A byte for each operation; 0 for one that is no write with an identity.
    codes: Vec<u8>,
    writes: u64,
}

/// What is asked in one statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The range of operations: each is in one batch, those without a row too.
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// The operation of the first byte.
    pub(crate) first: i64,
    /// A byte for each operation, as [`Code`] has it, or 0.
    pub(crate) codes: Vec<u8>,
}

/// The writes of a recording.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) paths: Vec<PathWrites>,
    /// Writes of any kind.
    pub(crate) writes: u64,
    /// Rows that say of a later version's words, or of an operation that can't be, and are left out.
    pub(crate) left_out: u64,
    /// A write failed, or its outcome is not known: the database may have failed over.
    pub(crate) has_failures: bool,
    /// The addresses that were connected to.
    pub(crate) addresses: BTreeSet<IpAddr>,
}

impl Recorded {
    /// Reads every operation of the recording once.
    ///
    /// # Errors
    /// As [`Recording::each_operation`].
    pub(crate) fn read(recording: &Recording, identities: &Identities) -> Result<Self, OpenError> {
        let paths = recording.manifest().mode.paths();
        let mut recorded = Self {
            paths: paths.iter().copied().map(PathWrites::new).collect(),
            ..Self::default()
        };
        recording.each_operation(&mut |row| recorded.add(row, identities))?;
        recording.each_connection(&mut |row| {
            let address = row.endpoint_address.map(str::parse::<IpAddr>);
            recorded.addresses.extend(address.into_iter().flatten());
        })?;
        Ok(recorded)
    }

    fn add(&mut self, row: &OperationRow<'_>, identities: &Identities) {
        if !identities.is_write(row.operation_name) {
            return;
        }
        let write = identities.write(row.operation_name);
        let path = Path::parse(row.path);
        let path = self.paths.iter_mut().find(|it| Some(it.path) == path);
        match (path, Outcome::parse(row.outcome)) {
            (Some(path), Some(outcome)) if row.operation_id > 0 => {
                self.writes += 1;
                self.has_failures |= matches!(outcome, Outcome::Failed | Outcome::Unknown);
                path.add(row, write, Fate::new(outcome, row.start_time));
            }
            _ => self.left_out += 1,
        }
    }
}

impl PathWrites {
    pub(crate) fn new(path: Path) -> Self {
        Self {
            path,
            acknowledged: 0,
            unknown: 0,
            logins: Sums::default(),
            stock: Some(Sums::default()),
            received: 0,
            acknowledged_parts: [0; 2],
            blocks: BTreeMap::new(),
        }
    }

    fn add(&mut self, row: &OperationRow<'_>, write: Option<Write>, fate: Fate) {
        let Some(write) = write else {
            let rows = row.affected_rows.unwrap_or(0).clamp(0, 1);
            match row.operation_name {
                "update_login" => self.logins.add(fate, rows, 1),
                // A change of no product changes nothing. A workload of the user's own has no sums to compare these with.
                _ => {
                    let received = &mut self.received;
                    if fate == Fate::Acknowledged {
                        let pieces = i64::from(row.quantity.unwrap_or(0)) * rows;
                        *received = received.saturating_add(pieces);
                    }
                    self.change_stock(row, |sums, quantity| {
                        sums.add(fate, quantity * rows, quantity);
                    });
                }
            }
            return;
        };
        match fate {
            Fate::Acknowledged => {
                self.acknowledged += 1;
                for (part, count) in Part::ALL.iter().zip(&mut self.acknowledged_parts) {
                    *count += u64::from(write as u8 & *part as u8 != 0);
                }
            }
            Fate::Unknown => self.unknown += 1,
            Fate::NotCommitted => {}
        }
        if write == Write::Both && fate == Fate::Acknowledged {
            self.change_stock(row, |sums, quantity| {
                sums.acknowledged = sums.acknowledged.saturating_sub(quantity);
            });
        }
        let block = self.blocks.entry(row.operation_id / BLOCK).or_default();
        // Both fit: the remainder is below 65,536.
        let place = (row.operation_id % BLOCK) as usize;
        if block.codes.len() <= place {
            block.codes.resize(place + 1, 0);
        }
        block.codes[place] = Code::new(write, fate).0;
        block.writes += 1;
    }

    fn change_stock(&mut self, row: &OperationRow<'_>, change: impl FnOnce(&mut Sums, i64)) {
        match (&mut self.stock, row.quantity) {
            (Some(sums), Some(quantity)) => change(sums, i64::from(quantity)),
            _ => self.stock = None,
        }
    }

    /// The blocks of each batch, in the order of the operations; one batch at least.
    pub(crate) fn batches(&self) -> Vec<(i64, i64)> {
        let mut starts: Vec<i64> = Vec::new();
        let (mut writes, mut start) = (0, 0);
        for (number, block) in &self.blocks {
            let is_full =
                writes + block.writes > MOST_WRITES || number - start >= MOST_BYTES / BLOCK;
            if starts.is_empty() || is_full {
                starts.push(*number);
                (writes, start) = (0, *number);
            }
            writes += block.writes;
        }
        let bounds = starts.iter().skip(1).copied();
        let from = std::iter::once(0).chain(bounds.clone());
        let to = bounds.chain([i64::MAX]);
        from.zip(to).collect()
    }

    /// The batch of these blocks.
    pub(crate) fn batch(&self, (from, to): (i64, i64)) -> Batch {
        let mut blocks = self.blocks.range(from..to).peekable();
        let first = blocks.peek().map_or(from, |(number, _)| **number);
        let mut codes = Vec::new();
        for (number, block) in blocks {
            // A batch is no longer than its bound.
            codes.resize(((number - first) * BLOCK) as usize, 0);
            codes.extend_from_slice(&block.codes);
        }
        Batch {
            from: from.saturating_mul(BLOCK),
            to: to.saturating_mul(BLOCK),
            first: first.saturating_mul(BLOCK),
            codes,
        }
    }
}

impl Sums {
    fn add(&mut self, fate: Fate, acknowledged: i64, possible: i64) {
        match fate {
            Fate::Acknowledged => {
                self.acknowledged = self.acknowledged.saturating_add(acknowledged);
            }
            Fate::Unknown => self.possible = self.possible.saturating_add(possible),
            Fate::NotCommitted => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(operation_name: &'static str, outcome: &'static str, id: i64) -> OperationRow<'static> {
        OperationRow {
            path: "direct",
            operation_id: id,
            operation_name,
            outcome,
            start_time: Some(1),
            end_time: None,
            affected_rows: Some(1),
            quantity: Some(3),
            connection_id: None,
        }
    }

    fn recorded(rows: &[OperationRow<'_>]) -> Recorded {
        let mut recorded = Recorded {
            paths: vec![PathWrites::new(Path::Direct)],
            ..Recorded::default()
        };
        rows.iter()
            .for_each(|row| recorded.add(row, &Identities::shop()));
        recorded
    }

    #[test]
    fn each_write_has_its_byte_and_the_rest_its_sum() {
        let recorded = recorded(&[
            row("create_order", "ok", 1),
            row("user_list", "ok", 2),
            row("insert_log", "failed", 3),
            row("place_order", "unknown", 4),
            row("place_order", "ok", 5),
            row("place_order", "rejected", 6),
            row("create_order", "unfinished", 7),
            row("update_login", "ok", 8),
            row("update_login", "unknown", 9),
            row("update_stock", "ok", 10),
            row("update_stock", "failed", 11),
            row("update_stock", "unfinished", 12),
            row("create_order", "half", 13),
            row("create_order", "ok", -1),
        ]);
        assert_eq!((recorded.writes, recorded.left_out), (11, 2));
        let path = &recorded.paths[0];
        assert_eq!((path.acknowledged, path.unknown), (2, 2));
        // An order alone, and a purchase.
        assert_eq!(path.acknowledged_parts, [2, 1]);
        assert_eq!(path.received, 3);
        assert!(recorded.has_failures);
        let batch = path.batch(path.batches()[0]);
        assert_eq!(batch.codes, [0, 1, 0, 2 + 4, 3 + 8, 3, 3 + 4, 1 + 8]);
        assert_eq!((batch.from, batch.first, batch.to), (0, 0, i64::MAX));
        let sums = |acknowledged, possible| Sums {
            acknowledged,
            possible,
        };
        assert_eq!(path.logins, sums(1, 1));
        // 3 put in, 3 sold.
        assert_eq!(path.stock, Some(sums(0, 3)));
    }

    /// An open loop leaves rows of what no worker took before the end.
    #[test]
    fn what_never_began_was_never_sent() {
        let waiting = |name, id| OperationRow {
            start_time: None,
            ..row(name, "unfinished", id)
        };
        let recorded = recorded(&[
            row("create_order", "unfinished", 1),
            waiting("create_order", 2),
            waiting("place_order", 3),
            waiting("update_login", 4),
            waiting("update_stock", 5),
        ]);
        let path = &recorded.paths[0];
        assert_eq!((recorded.writes, path.unknown), (5, 1));
        let batch = path.batch(path.batches()[0]);
        assert_eq!(batch.codes, [0, 1 + 8, 1 + 4, 3 + 4]);
        assert_eq!(path.logins, Sums::default());
        assert_eq!(path.stock, Some(Sums::default()));
    }

    #[test]
    fn without_quantities_there_is_no_sum_of_the_stock() {
        let mut old = row("update_stock", "ok", 1);
        old.quantity = None;
        let recorded = recorded(&[old, row("place_order", "ok", 2)]);
        assert_eq!(recorded.paths[0].stock, None);
    }

    #[test]
    fn every_operation_is_in_one_batch() {
        let far = MOST_BYTES * 3 + 5;
        let recorded = recorded(&[
            row("insert_log", "ok", 7),
            row("insert_log", "ok", far),
            row("insert_log", "ok", far + BLOCK),
        ]);
        let path = &recorded.paths[0];
        let batches: Vec<Batch> = path.batches().iter().map(|it| path.batch(*it)).collect();
        assert_eq!(batches.len(), 2);
        assert_eq!((batches[0].from, batches[1].to), (0, i64::MAX));
        assert_eq!(batches[0].to, batches[1].from);
        let ids = |batch: &Batch| -> Vec<i64> {
            let codes = (batch.first..).zip(&batch.codes);
            let writes = codes.filter(|(_, code)| **code > 0);
            writes.map(|(id, _)| id).collect()
        };
        assert_eq!(ids(&batches[0]), [7]);
        assert_eq!(ids(&batches[1]), [far, far + BLOCK]);
        let none = PathWrites::new(Path::Proxy);
        assert_eq!(none.batches().len(), 1);
        let batch = none.batch(none.batches()[0]);
        assert_eq!((batch.codes.len(), batch.to), (0, i64::MAX));
    }
}
