//! When each connection was first used.

use std::collections::BTreeMap;

/// Connections with smaller numbers stand in a table, others in a map.
const IN_TABLE: usize = 1 << 16;

/// When a connection was first used: the moment, and the start of the operation that used it; UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FirstUse {
    pub(crate) used_us: i64,
    pub(crate) start_us: i64,
}

const NEVER: FirstUse = FirstUse {
    used_us: i64::MAX,
    start_us: i64::MAX,
};

#[derive(Debug, Default)]
pub(crate) struct FirstUses {
    table: Vec<FirstUse>,
    map: BTreeMap<i64, FirstUse>,
}

impl FirstUses {
    /// True for the use that begins first so far, or may: it is used no sooner than it starts.
    pub(super) fn may_be_first(&self, connection: i64, start_us: i64) -> bool {
        self.get(connection)
            .is_none_or(|known| start_us <= known.used_us)
    }

    pub(super) fn add(&mut self, connection: i64, used: FirstUse) {
        match usize::try_from(connection) {
            Ok(index) if index < IN_TABLE => {
                if index >= self.table.len() {
                    self.table.resize(index + 1, NEVER);
                }
                self.table[index] = self.table[index].min(used);
            }
            _ => {
                let first = self.map.entry(connection).or_insert(used);
                *first = used.min(*first);
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        let table = (0..).zip(other.table).filter(|(_, used)| *used != NEVER);
        for (connection, used) in table.chain(other.map) {
            self.add(connection, used);
        }
    }

    pub(crate) fn get(&self, connection: i64) -> Option<FirstUse> {
        let index = usize::try_from(connection).ok();
        let in_table = index.and_then(|index| self.table.get(index)).copied();
        let used = in_table.filter(|used| *used != NEVER);
        used.or_else(|| self.map.get(&connection).copied())
    }
}
