//! The tables' columns: tables of these names that are not ours may have others, and a run would meet that statement by statement.

use tokio_postgres::{Client, Error};

use crate::check::examine::{End, Examination};
use crate::check::questions;
use crate::check::questions::Column;
use crate::check::row::{Check, Sizing};
use crate::check::statements;
use crate::check::statements::{Refusal, StatementCheck};
use crate::connect::Session;
use crate::database::{self, Trouble};
use crate::sql::AVAILABILITY_TABLE;
use crate::sql::question::is_refused;

/// What `recorder setup` makes: `sql/schema.sql`, in the server's words.
const MADE: [(&str, &str, &str); 25] = [
    ("business_users", "id", "integer"),
    ("business_users", "username", "character varying(50)"),
    ("business_users", "email", "character varying(100)"),
    (
        "business_users",
        "created_at",
        "timestamp without time zone",
    ),
    (
        "business_users",
        "last_login",
        "timestamp without time zone",
    ),
    ("business_users", "login_count", "integer"),
    ("business_users", "status", "character varying(20)"),
    ("business_orders", "id", "integer"),
    ("business_orders", "user_id", "integer"),
    ("business_orders", "order_number", "character varying(50)"),
    ("business_orders", "amount", "numeric(10,2)"),
    ("business_orders", "status", "character varying(20)"),
    (
        "business_orders",
        "created_at",
        "timestamp without time zone",
    ),
    (
        "business_orders",
        "updated_at",
        "timestamp without time zone",
    ),
    ("business_products", "id", "integer"),
    ("business_products", "name", "character varying(100)"),
    ("business_products", "price", "numeric(10,2)"),
    ("business_products", "stock", "integer"),
    ("business_products", "category", "character varying(50)"),
    ("business_logs", "id", "integer"),
    ("business_logs", "user_id", "integer"),
    ("business_logs", "action", "character varying(50)"),
    ("business_logs", "details", "text"),
    ("business_logs", "ip_address", "inet"),
    ("business_logs", "created_at", "timestamp without time zone"),
];

/// The table of the availability probes. The workload does without it.
const OF_PROBES: [(&str, &str, &str); 3] = [
    (AVAILABILITY_TABLE, "path", "text"),
    (AVAILABILITY_TABLE, "slot", "integer"),
    (AVAILABILITY_TABLE, "written_at", "timestamp with time zone"),
];

/// What no statement of the workload names.
const UNUSED: [(&str, &str); 3] = [
    ("business_users", "created_at"),
    ("business_orders", "updated_at"),
    ("business_logs", "id"),
];

/// Their values are read as integers of 32 bits.
const KEYS: [(&str, &str); 2] = [("business_users", "id"), ("business_products", "id")];

/// What the workload writes into a text, characters at most: its longest order number (run, path, and operations up to ten digits),
/// `confirmed`, `view_product`, and an address with its mask.
const WRITTEN: [(&str, &str, usize); 5] = [
    ("business_orders", "order_number", 34),
    ("business_orders", "status", 9),
    ("business_logs", "action", 12),
    ("business_logs", "details", 34),
    ("business_logs", "ip_address", 18),
];

/// To what every insert of the workload gives a value.
const GIVEN: [(&str, &str); 7] = [
    ("business_orders", "user_id"),
    ("business_orders", "order_number"),
    ("business_orders", "amount"),
    ("business_orders", "status"),
    ("business_logs", "user_id"),
    ("business_logs", "action"),
    ("business_logs", "details"),
];

/// Of the tables that are there, the first column that is missing or, with `types`, has another type than `recorder setup` gives it: such
/// tables may belong to another application. `None` where there is none.
///
/// # Errors
/// The server's.
pub(crate) async fn difference(client: &Client, types: bool) -> Result<Option<String>, Error> {
    let columns = questions::columns(client).await?;
    let differs = |(table, name, type_): &(&str, &str, &str)| {
        let mut of_table = columns
            .iter()
            .filter(|column| column.table == *table)
            .peekable();
        // A table that is not there has no columns.
        of_table.peek()?;
        match of_table.find(|column| column.name == *name) {
            None => Some(format!("{table} has no column {name}")),
            Some(column) if types && column.type_ != *type_ => {
                Some(format!("{table}.{name} is {}, not {type_}", column.type_))
            }
            Some(_) => None,
        }
    };
    Ok(MADE.iter().chain(&OF_PROBES).find_map(differs))
}

impl Examination {
    /// Compares the columns, and has every statement of the workload planned; nothing of it is done.
    pub(super) async fn columns(&mut self, session: &Session) -> Result<(), End> {
        let limit = self.sizing.limit;
        let asked = questions::columns(&session.client);
        let columns = self
            .rows
            .ask(Check::Columns, "the columns", limit, session, asked)
            .await?;
        let writes = self.sizing.writes && !self.rows.connector.is_reader();
        let wrong = wrong(&columns, writes);
        if !wrong.is_empty() {
            return Err(self.fail_columns(wrong.join("; ")));
        }
        let asked = Sizing {
            writes,
            ..self.sizing
        };
        let planned = statements::first_refused(session, asked);
        let refused = self
            .rows
            .ask(Check::Columns, "the plans", limit, session, planned)
            .await?;
        // The reads of the shop are some.
        if let Some((asked, Refusal::Server(error))) = refused {
            return Err(self.refused(session, &columns, asked, &error));
        }
        let of_all: Vec<&str> = MADE.iter().map(|(table, _, _)| *table).collect();
        let others = others(&columns, &of_all.join(" "));
        self.rows.ok(
            Check::Columns,
            match others.is_empty() {
                true => "as created by recorder setup".to_owned(),
                false => format!("compatible, other types: {}", others.join(", ")),
            },
        );
        Ok(())
    }

    fn fail_columns(&mut self, found: String) -> End {
        let trouble = Trouble {
            found,
            remedy: database::OTHER_TABLES.to_owned(),
            is_mistake: true,
        };
        self.rows.fail(Check::Columns, trouble)
    }

    /// The server's words name a column, or types only: the columns that are not ours are printed after them.
    fn refused(
        &mut self,
        session: &Session,
        columns: &[Column],
        asked: StatementCheck,
        error: &Error,
    ) -> End {
        if !is_refused(error) {
            let trouble = database::from_answer(session, error);
            return self.rows.fail(Check::Columns, trouble);
        }
        let name = &asked.operation.name;
        let mut found = format!("{name} fails: {}", session.explain(error).message);
        let others = others(columns, asked.text());
        if !others.is_empty() {
            found += &format!("; {}", others.join(", "));
        }
        self.fail_columns(found)
    }
}

/// What can't work, whatever the server would say of the statements.
fn wrong(columns: &[Column], writes: bool) -> Vec<String> {
    let find = |table: &str, name: &str| {
        columns
            .iter()
            .find(|column| column.table == table && column.name == name)
    };
    let mut wrong = Vec::new();
    for (table, name, _) in MADE {
        let is_used = !UNUSED.contains(&(table, name));
        if is_used && find(table, name).is_none() {
            wrong.push(format!("{table}.{name} is missing"));
        }
    }
    for (table, name) in KEYS {
        if let Some(column) = find(table, name).filter(|column| column.type_ != "integer") {
            wrong.push(format!("{table}.{name} is {}, not integer", column.type_));
        }
    }
    if !writes {
        return wrong;
    }
    for (table, name, longest) in WRITTEN {
        let length = find(table, name).and_then(Column::length);
        if let Some(length) = length.filter(|length| *length < longest) {
            wrong.push(format!(
                "{table}.{name} has room for {length} characters, and the workload writes {longest}"
            ));
        }
    }
    let inserted = columns.iter().filter(|column| {
        matches!(column.table.as_str(), "business_orders" | "business_logs")
            && column.needs_a_value
            && !GIVEN.contains(&(column.table.as_str(), column.name.as_str()))
    });
    wrong.extend(inserted.map(|column| {
        format!(
            "{}.{} is NOT NULL without a default, and the workload does not set it",
            column.table, column.name
        )
    }));
    wrong
}

/// The columns that are of another type than ours, of the tables that are named in `text`.
fn others(columns: &[Column], text: &str) -> Vec<String> {
    let of_table = columns.iter().filter(|column| text.contains(&column.table));
    of_table
        .filter_map(|column| {
            let made = MADE
                .iter()
                .find(|(table, name, _)| *table == column.table && *name == column.name);
            let (table, name, ours) = made?;
            (column.type_ != *ours)
                .then(|| format!("{table}.{name} is {} (setup: {ours})", column.type_))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(table: &str, name: &str, type_: &str) -> Column {
        Column {
            table: table.to_owned(),
            name: name.to_owned(),
            type_: type_.to_owned(),
            needs_a_value: false,
        }
    }

    fn ours() -> Vec<Column> {
        MADE.iter()
            .map(|(table, name, type_)| column(table, name, type_))
            .collect()
    }

    fn with(table: &str, name: &str, type_: &str) -> Vec<Column> {
        let mut columns = ours();
        columns.retain(|column| (column.table.as_str(), column.name.as_str()) != (table, name));
        columns.push(column(table, name, type_));
        columns
    }

    #[test]
    fn what_is_unused_is_made() {
        for unused in UNUSED {
            let is_made = MADE
                .iter()
                .any(|(table, name, _)| (*table, *name) == unused);
            assert!(is_made, "{unused:?}");
        }
    }

    #[test]
    fn ours_are_right() {
        assert_eq!(wrong(&ours(), true), Vec::<String>::new());
        assert_eq!(
            others(&ours(), "business_users, business_orders"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (columns, expected) in [
            (
                with("business_users", "id", "bigint"),
                "business_users.id is bigint, not integer",
            ),
            (
                with("business_orders", "order_number", "character varying(20)"),
                "business_orders.order_number has room for 20 characters, and the workload writes 34",
            ),
            (
                with("business_logs", "action", "character(8)"),
                "business_logs.action has room for 8 characters, and the workload writes 12",
            ),
        ] {
            assert_eq!(wrong(&columns, true), [expected]);
        }
        let short = with("business_logs", "action", "character(8)");
        assert_eq!(wrong(&short, false), Vec::<String>::new());
        let mut columns = ours();
        columns.retain(|column| column.name != "email" && column.name != "updated_at");
        let mut more = column("business_logs", "tenant", "uuid");
        more.needs_a_value = true;
        columns.push(more);
        assert_eq!(
            wrong(&columns, true),
            [
                "business_users.email is missing",
                "business_logs.tenant is NOT NULL without a default, and the workload does not set it"
            ]
        );
    }

    #[test]
    fn other_types_are_told_of_the_table_that_was_asked_for() {
        let columns = with("business_orders", "user_id", "uuid");
        let expected = ["business_orders.user_id is uuid (setup: integer)"];
        assert_eq!(others(&columns, "business_orders"), expected);
        assert_eq!(others(&columns, "business_logs"), Vec::<String>::new());
    }

    #[test]
    fn the_longest_order_number_is_that_long() {
        let run = recording::RunId::new(0, 0xffff);
        let number = format!("{run}-d-{}", 9_999_999_999_i64);
        assert_eq!(number.len(), WRITTEN[0].2);
    }
}
