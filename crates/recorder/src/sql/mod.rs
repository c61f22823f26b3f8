//! The statements of `sql/`, built into the program.

pub(crate) mod protocol;
pub(crate) mod question;
pub(crate) mod scan;
pub(crate) mod statement;

use std::sync::LazyLock;

use crate::sql::question::Question;
use crate::sql::statement::Statement;

/// Tables.
pub(crate) const SCHEMA: &str = include_str!("../../../../sql/schema.sql");
/// The table of the availability probes.
pub(crate) const AVAILABILITY: &str = include_str!("../../../../sql/availability_table.sql");
pub(crate) const INDEXES: &str = include_str!("../../../../sql/indexes.sql");
/// Drops the tables.
pub(crate) const CLEANUP: &str = include_str!("../../../../sql/cleanup.sql");
/// Fresh statistics.
pub(crate) const ANALYZE: &str = include_str!("../../../../sql/analyze.sql");
/// Names of tables that are not there.
pub(crate) const MISSING_TABLES: &str = include_str!("../../../../sql/missing_tables.sql");
/// Sums that an audit compares.
pub(crate) const SUMS: &str = include_str!("../../../../sql/audit/sums.sql");
/// Marks the tables.
pub(crate) const TOKEN: &str = include_str!("../../../../sql/audit/token.sql");
/// Seed data, by table.
pub(crate) const SEED_USERS: &str = include_str!("../../../../sql/seed/users.sql");
pub(crate) const SEED_PRODUCTS: &str = include_str!("../../../../sql/seed/products.sql");
pub(crate) const SEED_ORDERS: &str = include_str!("../../../../sql/seed/orders.sql");
pub(crate) const SEED_LOGS: &str = include_str!("../../../../sql/seed/logs.sql");
/// The rows of the availability probes.
pub(crate) const SEED_AVAILABILITY: &str = include_str!("../../../../sql/seed/availability.sql");

/// The categories of products, for the seed data; `shop.toml` draws from the same.
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

/// The table of the availability probes: a run does without it.
pub(crate) const AVAILABILITY_TABLE: &str = "business_availability";

/// The tables, in the order of set-up.
pub(crate) const TABLES: [&str; 5] = [
    "business_users",
    "business_products",
    "business_orders",
    "business_logs",
    AVAILABILITY_TABLE,
];

/// A statement comes after such a line where a file holds several.
const MARKER: &str = "-- statement:";

macro_rules! statement {
    ($name:literal) => {
        bare(include_str!(concat!("../../../../sql/", $name, ".sql")))
    };
}

/// The statements of the probes, the check and the audit, without their comments: those would be sent, parsed and logged with every operation.
pub(crate) struct Statements {
    pub(crate) idle_check: Statement,
    pub(crate) identity: Question,
    pub(crate) identity_aurora_name: Question,
    pub(crate) probe_server: Question,
    pub(crate) probe_aurora_name: Question,
    pub(crate) probe_lag: Question,
    pub(crate) probe_aurora_lag: Question,
    pub(crate) availability: AvailabilityStatements,
    pub(crate) clock: Question,
    pub(crate) connections: Question,
    pub(crate) audit_state: String,
    pub(crate) audit_own_state: String,
    pub(crate) audit_has_rows: String,
    pub(crate) audit_writes: String,
    pub(crate) audit_sessions: String,
    pub(crate) audit_live: String,
    pub(crate) audit_standbys: String,
    pub(crate) audit_place: String,
    pub(crate) audit_runs_of_logs: String,
    pub(crate) audit_runs_of_orders: String,
}

/// Those of the availability probes, `$1` in them for the name of the path.
pub(crate) struct AvailabilityStatements {
    /// The read, without its row.
    read: Question,
    /// The same on Aurora.
    read_on_aurora: Question,
    /// Each with the waits for a synchronous standby.
    read_with_waits: Question,
    read_with_waits_on_aurora: Question,
    pub(crate) rows: String,
    pub(crate) from: String,
    pub(crate) write: String,
    pub(crate) returning: String,
    /// What is returned on Aurora in addition.
    pub(crate) aurora_name: String,
    pub(crate) is_there: String,
}

impl AvailabilityStatements {
    fn new() -> Self {
        let statements = split(include_str!("../../../../sql/availability.sql"));
        let columns = |names: &[&str]| {
            let columns: Vec<_> = statements
                .iter()
                .filter(|(name, _)| names.contains(name))
                .cloned()
                .collect();
            question(&columns)
        };
        let server = [
            "row",
            "address",
            "port",
            "in_recovery",
            "postmaster_start_us",
            "is_aurora",
        ];
        let read = [&server[..], &["lag_us"]].concat();
        let on_aurora = [&server[..], &["aurora_name", "aurora_lag_ms"]].concat();
        let with_waits = |names: &[&str]| columns(&[names, &["sync_rep_waits"]].concat());
        let aurora_name = named(&statements, "aurora_name");
        Self {
            read: columns(&read),
            read_on_aurora: columns(&on_aurora),
            read_with_waits: with_waits(&read),
            read_with_waits_on_aurora: with_waits(&on_aurora),
            rows: named(&statements, "rows"),
            from: named(&statements, "from"),
            write: named(&statements, "write"),
            returning: named(&statements, "returning"),
            aurora_name: aurora_name.replacen("SELECT", ",", 1),
            is_there: statement!("check/availability"),
        }
    }

    /// The read, without its row.
    pub(crate) const fn read(&self, on_aurora: bool, with_waits: bool) -> &Question {
        match (on_aurora, with_waits) {
            (false, false) => &self.read,
            (true, false) => &self.read_on_aurora,
            (false, true) => &self.read_with_waits,
            (true, true) => &self.read_with_waits_on_aurora,
        }
    }
}

/// The statements that are no operation's.
pub(crate) static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| {
    let identity = split(include_str!("../../../../sql/identity.sql"));
    let probe = split(include_str!("../../../../sql/probe.sql"));
    let clock = split(include_str!("../../../../sql/clock.sql"));
    let connections = split(include_str!("../../../../sql/check/connections.sql"));
    let audit = split(include_str!("../../../../sql/audit/state.sql"));
    let runs = split(include_str!("../../../../sql/audit/unaudited.sql"));
    // The rest of the files that begin with what is asked in one statement.
    let (server, aurora) = identity.split_at(identity.len().saturating_sub(1));
    let (probe_server, apart) = probe.split_at(probe.len().saturating_sub(3));
    Statements {
        idle_check: Statement::new(statement!("idle_check")),
        identity: question(server),
        identity_aurora_name: question(aurora),
        probe_server: question(probe_server),
        probe_aurora_name: alone(apart, "aurora_name"),
        probe_lag: alone(apart, "lag_us"),
        probe_aurora_lag: alone(apart, "aurora_lag_ms"),
        availability: AvailabilityStatements::new(),
        clock: question(&clock),
        connections: question(&connections),
        audit_state: named(&audit, "state"),
        audit_own_state: named(&audit, "own_state"),
        audit_has_rows: named(&audit, "has_rows"),
        audit_writes: statement!("audit/writes"),
        audit_sessions: statement!("audit/sessions"),
        audit_live: statement!("audit/live"),
        audit_standbys: statement!("audit/standbys"),
        audit_place: statement!("audit/place"),
        audit_runs_of_logs: named(&runs, "of_logs"),
        audit_runs_of_orders: named(&runs, "of_orders"),
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

/// One question of all these statements.
fn question(statements: &[(&str, String)]) -> Question {
    let owned = |(name, text): &(&str, String)| ((*name).to_owned(), text.clone());
    Question::new(statements.iter().map(owned))
}

/// A question of the statement of that name.
fn alone(statements: &[(&str, String)], name: &str) -> Question {
    Question::new([(name.to_owned(), named(statements, name))])
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
            (&s.idle_check.text, "SELECT 1"),
            (&s.audit_state, "SELECT pg_is_in_recovery()"),
            (&s.audit_own_state, "SELECT pg_is_in_recovery()"),
            (&s.audit_has_rows, "SELECT EXISTS"),
            (&s.audit_writes, "SELECT code, orders, logs"),
            (&s.audit_sessions, "SELECT count(*)"),
            (&s.audit_live, "SELECT count(*)"),
            (&s.audit_standbys, "SELECT count(*)"),
            (&s.audit_place, "SELECT current_database()"),
            (&s.audit_runs_of_logs, "SELECT run_id"),
            (&s.audit_runs_of_orders, "SELECT DISTINCT"),
            (&s.availability.rows, "SELECT count(*)"),
            (&s.availability.from, "FROM business_availability"),
            (&s.availability.write, "UPDATE business_availability"),
            (&s.availability.returning, "RETURNING host"),
            (
                &s.availability.aurora_name,
                ", aurora_db_instance_identifier",
            ),
            (&s.availability.is_there, "SELECT to_regclass"),
        ] {
            assert!(statement.starts_with(begins), "{statement:?}");
            assert!(
                !statement.contains(';') && !statement.contains("--"),
                "{statement}"
            );
        }
    }

    #[test]
    fn every_question_is_there() {
        let s = &*STATEMENTS;
        let address = "SELECT host(inet_server_addr()) AS address, inet_server_port() AS port, ";
        let name = "SELECT aurora_db_instance_identifier() AS aurora_name";
        for (question, begins, ends) in [
            (&s.identity, address, " IS NOT NULL AS is_aurora"),
            (&s.identity_aurora_name, name, "AS aurora_name"),
            (&s.probe_server, address, "AS has_replica_status"),
            (&s.probe_aurora_name, name, "AS aurora_name"),
            (&s.probe_lag, "SELECT CASE", "END AS lag_us"),
            (
                &s.probe_aurora_lag,
                "SELECT (SELECT rep",
                "AS aurora_lag_ms",
            ),
            (&s.clock, address, "AS clock_us"),
            (
                s.availability.read(false, false),
                "SELECT path, host(",
                "END AS lag_us",
            ),
            (
                s.availability.read(true, false),
                "SELECT path, host(",
                "AS aurora_lag_ms",
            ),
            (
                s.availability.read(false, true),
                "SELECT path, host(",
                "END AS sync_rep_waits",
            ),
            (
                s.availability.read(true, true),
                "SELECT path, host(",
                "END AS sync_rep_waits",
            ),
            (
                &s.connections,
                "SELECT current_setting('max",
                "AS is_superuser",
            ),
        ] {
            let statement = question.statement();
            assert!(statement.starts_with(begins), "{statement}");
            assert!(statement.ends_with(ends), "{statement}");
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
