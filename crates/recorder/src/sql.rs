//! The statements of `sql/`, built into the program.

use std::sync::LazyLock;

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

/// The statements of the workload and of the probes, without their comments: those would be sent, parsed and logged with every operation.
pub(crate) struct Statements {
    pub(crate) user_list: String,
    pub(crate) order_statistics: String,
    pub(crate) product_search: String,
    pub(crate) user_orders: String,
    pub(crate) recent_logs: String,
    pub(crate) update_login: String,
    pub(crate) create_order: String,
    pub(crate) update_stock: String,
    pub(crate) insert_log: String,
    pub(crate) lock_product: String,
    pub(crate) place_insert_order: String,
    pub(crate) place_reduce_stock: String,
    pub(crate) place_insert_log: String,
    pub(crate) user_keys: String,
    pub(crate) product_keys: String,
    pub(crate) probe_server: String,
    pub(crate) probe_aurora_name: String,
    pub(crate) probe_lag: String,
    pub(crate) probe_aurora_lag: String,
}

macro_rules! operation {
    ($name:literal) => {
        bare(include_str!(concat!(
            "../../../sql/operations/",
            $name,
            ".sql"
        )))
    };
}

/// The statements of the workload.
pub(crate) static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| {
    let purchase = split(include_str!("../../../sql/operations/place_order.sql"));
    let keys = split(include_str!("../../../sql/keys.sql"));
    let probe = split(include_str!("../../../sql/probe.sql"));
    Statements {
        user_list: operation!("user_list"),
        order_statistics: operation!("order_statistics"),
        product_search: operation!("product_search"),
        user_orders: operation!("user_orders"),
        recent_logs: operation!("recent_logs"),
        update_login: operation!("update_login"),
        create_order: operation!("create_order"),
        update_stock: operation!("update_stock"),
        insert_log: operation!("insert_log"),
        lock_product: named(&purchase, "lock_product"),
        place_insert_order: named(&purchase, "insert_order"),
        place_reduce_stock: named(&purchase, "reduce_stock"),
        place_insert_log: named(&purchase, "insert_log"),
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
            (&s.user_list, "SELECT"),
            (&s.order_statistics, "SELECT"),
            (&s.product_search, "SELECT"),
            (&s.user_orders, "SELECT"),
            (&s.recent_logs, "SELECT"),
            (&s.update_login, "UPDATE business_users"),
            (&s.create_order, "INSERT INTO business_orders"),
            (&s.update_stock, "UPDATE business_products"),
            (&s.insert_log, "INSERT INTO business_logs"),
            (&s.lock_product, "SELECT stock"),
            (&s.place_insert_order, "INSERT INTO business_orders"),
            (&s.place_reduce_stock, "UPDATE business_products"),
            (&s.place_insert_log, "INSERT INTO business_logs"),
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
