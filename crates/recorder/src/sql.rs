//! The statements of `sql/`, built into the program.

use std::sync::LazyLock;

use crate::protocol::Statement;

/// Tables.
pub(crate) const SCHEMA: &str = include_str!("../../../sql/schema.sql");
/// Indexes.
pub(crate) const INDEXES: &str = include_str!("../../../sql/indexes.sql");
/// Drops the tables.
pub(crate) const CLEANUP: &str = include_str!("../../../sql/cleanup.sql");
/// Fresh statistics.
pub(crate) const ANALYZE: &str = include_str!("../../../sql/analyze.sql");
/// Names of tables that are not there.
pub(crate) const MISSING_TABLES: &str = include_str!("../../../sql/missing_tables.sql");
/// Seed data, by table.
pub(crate) const SEED_USERS: &str = include_str!("../../../sql/seed/users.sql");
pub(crate) const SEED_PRODUCTS: &str = include_str!("../../../sql/seed/products.sql");
pub(crate) const SEED_ORDERS: &str = include_str!("../../../sql/seed/orders.sql");
pub(crate) const SEED_LOGS: &str = include_str!("../../../sql/seed/logs.sql");

/// The categories of products, for the seed data and for product search.
pub(crate) const CATEGORIES: [&str; 8] = [
    "books",
    "clothing",
    "electronics",
    "garden",
    "groceries",
    "home",
    "sports",
    "toys",
];

/// The tables, in the order of set-up.
pub(crate) const TABLES: [&str; 4] = [
    "business_users",
    "business_products",
    "business_orders",
    "business_logs",
];

/// A statement comes after such a line where a file holds several.
const MARKER: &str = "-- statement:";

/// How many statements a connection may have prepared: those of the workload and the idle check.
pub(crate) const PREPARED: usize = 14;

/// The statements of the workload and of the probes, without their comments: those would be sent, parsed and logged with every operation.
pub(crate) struct Statements {
    pub(crate) user_list: Statement,
    pub(crate) order_statistics: Statement,
    pub(crate) product_search: Statement,
    pub(crate) user_orders: Statement,
    pub(crate) recent_logs: Statement,
    pub(crate) update_login: Statement,
    pub(crate) create_order: Statement,
    pub(crate) update_stock: Statement,
    pub(crate) insert_log: Statement,
    pub(crate) lock_product: Statement,
    pub(crate) place_insert_order: Statement,
    pub(crate) place_reduce_stock: Statement,
    pub(crate) place_insert_log: Statement,
    pub(crate) idle_check: Statement,
    pub(crate) user_keys: String,
    pub(crate) product_keys: String,
    pub(crate) probe_server: String,
    pub(crate) probe_aurora_name: String,
    pub(crate) probe_lag: String,
    pub(crate) probe_aurora_lag: String,
}

macro_rules! statement {
    ($name:literal) => {
        bare(include_str!(concat!("../../../sql/", $name, ".sql")))
    };
}

/// The statements of the workload.
pub(crate) static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| {
    let purchase = split(include_str!("../../../sql/operations/place_order.sql"));
    let keys = split(include_str!("../../../sql/keys.sql"));
    let mut slots = 0..;
    let mut next = |text| Statement::new(text, slots.next().unwrap_or_default());
    let probe = split(include_str!("../../../sql/probe.sql"));
    Statements {
        user_list: next(statement!("operations/user_list")),
        order_statistics: next(statement!("operations/order_statistics")),
        product_search: next(statement!("operations/product_search")),
        user_orders: next(statement!("operations/user_orders")),
        recent_logs: next(statement!("operations/recent_logs")),
        update_login: next(statement!("operations/update_login")),
        create_order: next(statement!("operations/create_order")),
        update_stock: next(statement!("operations/update_stock")),
        insert_log: next(statement!("operations/insert_log")),
        lock_product: next(named(&purchase, "lock_product")),
        place_insert_order: next(named(&purchase, "insert_order")),
        place_reduce_stock: next(named(&purchase, "reduce_stock")),
        place_insert_log: next(named(&purchase, "insert_log")),
        idle_check: next(statement!("idle_check")),
        user_keys: named(&keys, "users"),
        product_keys: named(&keys, "products"),
        probe_server: named(&probe, "server"),
        probe_aurora_name: named(&probe, "aurora_name"),
        probe_lag: named(&probe, "lag"),
        probe_aurora_lag: named(&probe, "aurora_lag"),
    }
});

/// The statement of that name. The files are built in, and a test looks every name up.
fn named(statements: &[(&str, String)], name: &str) -> String {
    statements
        .iter()
        .find(|(found, _)| *found == name)
        .map(|(_, text)| text.clone())
        .unwrap_or_default()
}

/// Splits a file at its `-- statement: NAME` lines. What stands before the first is not a statement.
fn split(text: &str) -> Vec<(&str, String)> {
    text.split(MARKER)
        .skip(1)
        .map(|section| {
            let (name, body) = section.split_once('\n').unwrap_or((section, ""));
            (name.trim(), bare(body))
        })
        .collect()
}

/// One statement without comment lines and final semicolon.
fn bare(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.trim_start().starts_with("--"))
        .collect();
    lines.join("\n").trim_end_matches(';').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_of_two() {
        let text = "-- what it is\n\n-- $1: x\n-- statement: first\nSELECT $1\n  -- why\nFROM a;\n\n-- $1: y\n-- statement: second\nCOMMIT;\n";
        let expected = vec![
            ("first", "SELECT $1\nFROM a".to_owned()),
            ("second", "COMMIT".to_owned()),
        ];
        assert_eq!(split(text), expected);
        assert!(split("SELECT 1").is_empty());
    }

    #[test]
    fn every_statement_is_there_and_one_alone() {
        let s = &*STATEMENTS;
        for (statement, begins) in [
            (&s.user_list.text, "SELECT"),
            (&s.order_statistics.text, "SELECT"),
            (&s.product_search.text, "SELECT"),
            (&s.user_orders.text, "SELECT"),
            (&s.recent_logs.text, "SELECT"),
            (&s.update_login.text, "UPDATE business_users"),
            (&s.create_order.text, "INSERT INTO business_orders"),
            (&s.update_stock.text, "UPDATE business_products"),
            (&s.insert_log.text, "INSERT INTO business_logs"),
            (&s.lock_product.text, "SELECT stock"),
            (&s.place_insert_order.text, "INSERT INTO business_orders"),
            (&s.place_reduce_stock.text, "UPDATE business_products"),
            (&s.place_insert_log.text, "INSERT INTO business_logs"),
            (&s.idle_check.text, "SELECT 1"),
            (&s.user_keys, "SELECT id FROM business_users"),
            (&s.product_keys, "SELECT id FROM business_products"),
            (&s.probe_server, "SELECT host(inet_server_addr())"),
            (
                &s.probe_aurora_name,
                "SELECT aurora_db_instance_identifier()",
            ),
            (&s.probe_lag, "SELECT CASE"),
            (&s.probe_aurora_lag, "SELECT replica_lag_in_msec"),
        ] {
            assert!(statement.starts_with(begins), "{statement:?}");
            assert!(
                !statement.contains(';') && !statement.contains("--"),
                "{statement}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(-- statement:|\n|;|[a-z ]|\\PC){0,30}") {
            let _ = split(&text);
        }
    }
}
