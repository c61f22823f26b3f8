//! What an audit found, and what the servers have.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{Row, TestLab, assert_success, identity, number, rows, rows_of};
use lab::WRITER_NAME;
use recording::vocabulary::FindingKind;
use recording::{Audit, PathAudit, PathBaseline, Recording, Table};
use tokio_postgres::NoTls;

/// The writer itself, for the application.
pub fn writer_url(test: &TestLab) -> String {
    let address = test.lab.writer().address().to_string();
    test.lab.direct_url().replace(WRITER_NAME, &address)
}

/// A write of the recording: its path and its number.
pub type Write = (String, i64);

pub fn key(row: &Row) -> Write {
    let number = number(row, "operation_id").unwrap();
    (row["path"].clone(), number)
}

/// What a server has.
#[derive(Default)]
pub struct Data {
    /// How often each identity is in each table.
    orders: BTreeMap<String, i64>,
    logs: BTreeMap<String, i64>,
    /// `login_count` of each user, and `stock` of each product.
    logins: BTreeMap<i32, i64>,
    stock: BTreeMap<i32, i64>,
}

impl Data {
    pub fn of(test: &TestLab, url: &str) -> Self {
        test.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
            tokio::spawn(connection);
            let mut data = Self::default();
            for (found, query) in [
                (&mut data.orders, "select order_number from business_orders"),
                (&mut data.logs, "select details from business_logs"),
            ] {
                for row in client.query(query, &[]).await.unwrap() {
                    *found.entry(row.get(0)).or_default() += 1;
                }
            }
            for (found, query) in [
                (
                    &mut data.logins,
                    "select id, login_count::bigint from business_users",
                ),
                (
                    &mut data.stock,
                    "select id, stock::bigint from business_products",
                ),
            ] {
                for row in client.query(query, &[]).await.unwrap() {
                    found.insert(row.get(0), row.get(1));
                }
            }
            data
        })
    }

    /// Is the write there, whole and once? `None` where it leaves no identity.
    pub fn has(&self, recording: &Recording, row: &Row) -> Option<bool> {
        let identity = identity(recording, row);
        let count = |table: &BTreeMap<String, i64>| table.get(&identity).copied().unwrap_or(0);
        let count = match row["operation_name"].as_str() {
            "create_order" => count(&self.orders),
            "insert_log" => count(&self.logs),
            "place_order" => {
                assert_eq!(count(&self.orders), count(&self.logs), "torn: {row:?}");
                count(&self.orders)
            }
            _ => return None,
        };
        assert!(count <= 1, "duplicated: {row:?}");
        Some(count == 1)
    }
}

fn sum(rows: &BTreeMap<i32, i64>, first: i32, last: i32) -> i64 {
    rows.range(first..=last).map(|(_, count)| count).sum()
}

impl Data {
    pub fn logins_of(&self, path: &PathBaseline) -> i64 {
        sum(&self.logins, path.first_user_id, path.last_user_id)
    }

    pub fn stock_of(&self, path: &PathBaseline) -> i64 {
        sum(&self.stock, path.first_product_id, path.last_product_id)
    }
}

/// A recording and its audit.
pub struct Audited {
    pub recording: Recording,
    pub operations: Vec<Row>,
    pub audit: Audit,
    pub findings: Vec<Row>,
}

impl Audited {
    /// Audits the recording at the writer that there is now.
    pub fn new(test: &TestLab, recording: Recording) -> Self {
        let folder = recording.folder().to_str().unwrap().to_owned();
        let url = writer_url(test);
        assert_success(&test.recorder(&["audit", &folder, "--url", &url]));
        let audited = Self::read(recording);
        assert_eq!(audited.audit.via, "url");
        audited
    }

    /// The audit that the recording has.
    pub fn read(recording: Recording) -> Self {
        let folder = recording.folder();
        Self {
            operations: rows(&recording, Table::Operations),
            audit: Audit::read(folder).unwrap().unwrap(),
            findings: rows_of(&Audit::findings_path(folder)),
            recording,
        }
    }

    pub fn found(&self, kind: FindingKind) -> BTreeSet<Write> {
        let of_kind = self
            .findings
            .iter()
            .filter(|row| row["finding"] == kind.as_str());
        of_kind.map(key).collect()
    }

    /// Writes with an identity that ended so, and that are in `data`, or are not.
    pub fn writes(&self, outcomes: &[&str], data: &Data, are_there: bool) -> BTreeSet<Write> {
        let ended = |row: &&Row| outcomes.contains(&row["outcome"].as_str());
        let of_data = |row: &&Row| data.has(&self.recording, row) == Some(are_there);
        let found = self.operations.iter().filter(ended).filter(of_data);
        found.map(key).collect()
    }

    /// Holds every finding and every count against what the present writer has; returns what is lost.
    pub fn check(&self, test: &TestLab) -> BTreeSet<Write> {
        let data = Data::of(test, &test.lab.admin_url(test.lab.writer()));
        let open = &["unknown", "unfinished"];
        let expected = [
            (FindingKind::Lost, self.writes(&["ok"], &data, false)),
            (FindingKind::Committed, self.writes(open, &data, true)),
            (FindingKind::NotCommitted, self.writes(open, &data, false)),
            // What certainly failed is not there, and `Data::has` has looked for the others.
            (FindingKind::Phantom, BTreeSet::new()),
            (FindingKind::Torn, BTreeSet::new()),
            (FindingKind::Duplicated, BTreeSet::new()),
            (FindingKind::Unrecorded, BTreeSet::new()),
        ];
        let phantoms = self.writes(&["failed", "rejected"], &data, true);
        assert_eq!(phantoms, BTreeSet::new(), "the recorder's mistake");
        for (kind, expected) in &expected {
            assert_eq!(self.found(*kind), *expected, "{}", kind.as_str());
        }
        let all: usize = expected.iter().map(|(_, writes)| writes.len()).sum();
        assert_eq!(self.findings.len(), all);
        assert_eq!(self.audit.findings(), all as u64);

        let acknowledged = [true, false].map(|there| self.writes(&["ok"], &data, there));
        for path in &self.audit.paths {
            let of_path = |writes: &BTreeSet<Write>| {
                let is_of_path = |(of, _): &&Write| *of == path.path.as_str();
                writes.iter().filter(is_of_path).count() as u64
            };
            let [(_, lost), (_, committed), (_, not_committed), ..] = &expected;
            let counted = [
                path.acknowledged,
                path.lost,
                path.unknown,
                path.committed,
                path.not_committed,
            ];
            let expected = [
                acknowledged.iter().map(of_path).sum(),
                of_path(lost),
                of_path(committed) + of_path(not_committed),
                of_path(committed),
                of_path(not_committed),
            ];
            assert_eq!(counted, expected, "{path:?}");
        }
        self.check_circumstances(test);
        for (path, baseline) in self.sums() {
            let (logins, stock) = (path.logins.unwrap(), path.stock.unwrap());
            assert_eq!(logins.found, data.logins_of(baseline));
            assert_eq!(stock.found, data.stock_of(baseline));
            assert_eq!((logins.excess, stock.excess), (0, 0), "{path:?}");
        }
        let [(_, lost), ..] = expected;
        lost
    }

    /// What was found on each path, and what its rows held before the first operation.
    pub fn sums(&self) -> impl Iterator<Item = (&PathAudit, &PathBaseline)> {
        let baseline = self.recording.manifest().baseline.as_ref().unwrap();
        self.audit.paths.iter().map(|path| {
            let mut of = baseline.paths.iter();
            (path, of.find(|of| of.path == path.path).unwrap())
        })
    }

    fn check_circumstances(&self, test: &TestLab) {
        let server = self.audit.server.as_ref().unwrap();
        let address = test.lab.writer().address().to_string();
        assert_eq!(server.address.as_deref(), Some(&*address));
        assert_eq!(self.audit.token_found, Some(true));
        assert_eq!(self.audit.missing_servers, Vec::<String>::new());
        assert_eq!(self.audit.sessions_left, Some(0));
    }
}
