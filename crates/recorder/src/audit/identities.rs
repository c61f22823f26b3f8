//! Which operations write their identity, and into which columns: the shop's, or those that the manifest names.

use std::collections::{BTreeMap, BTreeSet};

use recording::Manifest;
use recording::vocabulary::OperationType;

use crate::sql::STATEMENTS;
use crate::sql::scan::is_column;

/// A table without rows, where a workload has one column of identities.
const NO_TABLE: (&str, &str) = ("(SELECT '' AS number WHERE false) AS no_table", "number");

/// A write with an identity, by the tables that it writes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// The first one: in the shop, an order.
    First = 1,
    /// The second one: in the shop, a log.
    Second = 2,
    /// Both, in one transaction: in the shop, a purchase.
    Both = 3,
}

impl Write {
    /// Of the sum of its parts.
    pub(crate) const fn of_parts(parts: u8) -> Option<Self> {
        match parts {
            1 => Some(Self::First),
            2 => Some(Self::Second),
            3 => Some(Self::Both),
            _ => None,
        }
    }
}

/// A row that carries an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Of the first table: in the shop, `business_orders`.
    Order = 1,
    /// Of the second table: in the shop, `business_logs`.
    Log = 2,
}

impl Part {
    pub(crate) const ALL: [Self; 2] = [Self::Order, Self::Log];
}

/// What an audit looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identities {
    /// Table and column of the first and of the second part.
    columns: [(String, String); 2],
    writes: BTreeMap<String, Write>,
    /// Operations that write, and of which an audit can tell nothing.
    others: BTreeSet<String>,
    is_shop: bool,
}

impl Identities {
    /// Of a recording.
    ///
    /// # Errors
    /// What is wrong with the columns that its manifest names.
    pub(crate) fn of(manifest: &Manifest) -> Result<Self, String> {
        let Some(workload) = &manifest.workload else {
            return Ok(Self::shop());
        };
        let (mut places, mut writes, mut others) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        for operation in &workload.operations {
            let mut parts = 0;
            for column in &operation.identity {
                let place = is_column(column).then(|| column.rsplit_once('.')).flatten();
                let (table, column) = place.ok_or_else(|| {
                    format!(
                        "workload {}: {column:?} is no column of an identity",
                        workload.name
                    )
                })?;
                let place = (table.to_owned(), column.to_owned());
                let at = places
                    .iter()
                    .position(|other| *other == place)
                    .unwrap_or_else(|| {
                        places.push(place);
                        places.len() - 1
                    });
                parts |= 1_u8.checked_shl(at as u32).unwrap_or(0);
            }
            match Write::of_parts(parts) {
                Some(write) => {
                    writes.insert(operation.name.clone(), write);
                }
                None if operation.operation_type == OperationType::Read => {}
                None => {
                    others.insert(operation.name.clone());
                }
            }
        }
        if places.len() > 2 {
            return Err(format!(
                "workload {}: identities in more than two columns",
                workload.name
            ));
        }
        places.resize_with(2, || (NO_TABLE.0.to_owned(), NO_TABLE.1.to_owned()));
        let second = places.pop().unwrap_or_default();
        let first = places.pop().unwrap_or_default();
        Ok(Self {
            columns: [first, second],
            writes,
            others,
            is_shop: false,
        })
    }

    /// Of the built-in workload.
    pub(crate) fn shop() -> Self {
        let column = |table: &str, column: &str| (table.to_owned(), column.to_owned());
        let writes = [
            ("create_order", Write::First),
            ("insert_log", Write::Second),
            ("place_order", Write::Both),
        ];
        Self {
            columns: [
                column("business_orders", "order_number"),
                column("business_logs", "details"),
            ],
            writes: writes.map(|(name, write)| (name.to_owned(), write)).into(),
            others: ["update_login", "update_stock"].map(str::to_owned).into(),
            is_shop: true,
        }
    }

    pub(crate) const fn is_shop(&self) -> bool {
        self.is_shop
    }

    /// What an operation writes; `None` where it has no identity.
    pub(crate) fn write(&self, operation_name: &str) -> Option<Write> {
        self.writes.get(operation_name).copied()
    }

    /// True for an operation that writes, with an identity or without.
    pub(crate) fn is_write(&self, operation_name: &str) -> bool {
        self.writes.contains_key(operation_name) || self.others.contains(operation_name)
    }

    /// The table of the part of that number, from 0.
    pub(crate) fn table(&self, part: usize) -> &str {
        &self.columns[part].0
    }

    /// A statement of `sql/audit` with the tables and columns in it.
    fn filled(&self, statement: &str) -> String {
        let [(first_table, first_column), (second_table, second_column)] = &self.columns;
        statement
            .replace("{first_table}", first_table)
            .replace("{first_column}", first_column)
            .replace("{second_table}", second_table)
            .replace("{second_column}", second_column)
    }

    /// What is asked of the writes.
    pub(crate) fn writes_statement(&self) -> String {
        self.filled(&STATEMENTS.audit_writes)
    }

    /// Whether any row of a run is there.
    pub(crate) fn has_rows_statement(&self) -> String {
        self.filled(&STATEMENTS.audit_has_rows)
    }

    /// What is asked of the tables before the writes.
    pub(crate) fn state_statement(&self) -> &'static str {
        match self.is_shop {
            true => &STATEMENTS.audit_state,
            false => &STATEMENTS.audit_own_state,
        }
    }
}

#[cfg(test)]
mod tests {
    use recording::{OperationRecord, WorkloadRecord};

    use super::*;

    fn manifest(identities: &[(&str, OperationType, &[&str])]) -> Manifest {
        let operations =
            identities
                .iter()
                .map(|(name, operation_type, identity)| OperationRecord {
                    name: (*name).to_owned(),
                    operation_type: *operation_type,
                    share_percent: 1.0,
                    identity: identity.iter().map(|column| (*column).to_owned()).collect(),
                });
        let mut manifest = Manifest::new("20261122T204300Z-7f3a", "host");
        manifest.workload = Some(WorkloadRecord {
            name: "bank".to_owned(),
            sha256: String::new(),
            operations: operations.collect(),
        });
        manifest
    }

    #[test]
    fn parts_follow_the_columns() {
        use OperationType::{Read, Transaction, Write as OneWrite};
        let of =
            |identities: &[(&str, OperationType, &[&str])]| Identities::of(&manifest(identities));
        let identities = of(&[
            ("look", Read, &[]),
            ("pay", OneWrite, &["bank.payments.number"]),
            ("touch", OneWrite, &[]),
            ("move", Transaction, &["log.text", "bank.payments.number"]),
        ])
        .unwrap();
        assert_eq!(identities.write("pay"), Some(Write::First));
        assert_eq!(identities.write("move"), Some(Write::Both));
        assert!(identities.write("touch").is_none() && identities.is_write("touch"));
        assert!(!identities.is_write("look") && !identities.is_shop());
        assert_eq!(
            (identities.table(0), identities.table(1)),
            ("bank.payments", "log")
        );
        let statement = identities.writes_statement();
        assert!(
            statement.contains("FROM bank.payments WHERE starts_with(number, $1)"),
            "{statement}"
        );
        assert!(!statement.contains('{'), "{statement}");
        let one = of(&[("pay", OneWrite, &["payments.number"])]).unwrap();
        assert!(one.has_rows_statement().contains("AS no_table"));
        for wrong in [
            "payments",
            "a.b.c.d",
            "a.b; drop table c",
            "a.\"b\"",
            "a.b c",
            "A.b",
            ".b",
        ] {
            assert!(of(&[("pay", OneWrite, &[wrong])]).is_err(), "{wrong}");
        }
        assert!(
            of(&[("pay", OneWrite, &["a.b", "c.d", "e.f"])])
                .unwrap_err()
                .contains("more than two")
        );
    }

    #[test]
    fn the_shop_is_as_its_file_says() {
        let shop = crate::definition::Definition::shop();
        let of_file = crate::definition::Definition::record_of(shop, String::new());
        let mut manifest = manifest(&[]);
        manifest.workload = Some(of_file);
        let of_file = Identities::of(&manifest).unwrap();
        assert_eq!(
            Identities {
                is_shop: true,
                ..of_file
            },
            Identities::shop()
        );
    }
}
