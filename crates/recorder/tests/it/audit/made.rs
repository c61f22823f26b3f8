//! A made recording next to rows that the test makes: every operation with every outcome and every number of rows.

use std::path::{Path as FilePath, PathBuf};

use super::{Findings, audit, execute, of_path, read};
use crate::common::{TestLab, assert_one_line, assert_success, rows_of, stdout};
use recording::vocabulary::{OperationType, Outcome, Path};
use recording::{
    Audit, Baseline, Completion, Connection, Manifest, Operation, PathBaseline, RecordingWriter,
    Server, State, SumAudit, Target, Timestamp, Weights, WriterOptions,
};

pub const RUN: &str = "20261122T204300Z-7f3a";
const START_US: i64 = 1_795_380_180_000_000;
/// What a purchase takes, and what is put in.
const TAKEN: i64 = 2;
const PUT_IN: i64 = 5;

/// Name, outcome, orders and logs that are there, what is to be found.
type Case = (
    &'static str,
    Outcome,
    (usize, usize),
    &'static [&'static str],
);

const CASES: [Case; 21] = [
    ("create_order", Outcome::Ok, (1, 0), &[]),
    ("create_order", Outcome::Ok, (0, 0), &["lost"]),
    ("create_order", Outcome::Ok, (2, 0), &["duplicated"]),
    ("create_order", Outcome::Failed, (0, 0), &[]),
    ("create_order", Outcome::Failed, (1, 0), &["phantom"]),
    ("create_order", Outcome::Unknown, (1, 0), &["committed"]),
    (
        "create_order",
        Outcome::Unfinished,
        (0, 0),
        &["not_committed"],
    ),
    ("insert_log", Outcome::Ok, (0, 1), &[]),
    ("insert_log", Outcome::Ok, (0, 0), &["lost"]),
    ("insert_log", Outcome::Ok, (0, 3), &["duplicated"]),
    (
        "insert_log",
        Outcome::Unknown,
        (0, 2),
        &["committed", "duplicated"],
    ),
    ("insert_log", Outcome::Failed, (0, 1), &["phantom"]),
    ("place_order", Outcome::Ok, (1, 1), &[]),
    ("place_order", Outcome::Ok, (0, 0), &["lost"]),
    ("place_order", Outcome::Ok, (1, 0), &["torn"]),
    ("place_order", Outcome::Ok, (0, 1), &["torn"]),
    ("place_order", Outcome::Rejected, (0, 0), &[]),
    ("place_order", Outcome::Rejected, (1, 1), &["phantom"]),
    ("place_order", Outcome::Unknown, (1, 1), &["committed"]),
    ("place_order", Outcome::Unknown, (0, 1), &["torn"]),
    (
        "place_order",
        Outcome::Unfinished,
        (0, 0),
        &["not_committed"],
    ),
];

pub fn operation(path: Path, id: i64, name: &'static str, outcome: Outcome) -> Operation {
    let time = START_US + id;
    Operation {
        path,
        worker: Some(0),
        operation_id: id,
        operation_type: match name {
            "place_order" => OperationType::Transaction,
            _ => OperationType::Write,
        },
        operation_name: name,
        scheduled_time: time,
        start_time: Some(time),
        end_time: (outcome != Outcome::Unfinished).then_some(time + 500),
        checkout_us: Some(1),
        execute_us: Some(499),
        outcome,
        affected_rows: (outcome == Outcome::Ok).then_some(1),
        target: Target {
            user_id: Some(1),
            product_id: Some(1),
            quantity: match name {
                "place_order" => Some(2),
                "update_stock" => Some(5),
                _ => None,
            },
        },
        connection_id: Some(4),
        failure: None,
    }
}

pub fn server(address: &str, port: i32, timeline: i32) -> Server {
    Server {
        path: Path::Direct,
        address: Some(address.to_owned()),
        port: Some(port),
        version: None,
        in_recovery: Some(false),
        postmaster_start_time: None,
        timeline: Some(timeline),
        aurora_instance_identifier: None,
    }
}

pub fn manifest() -> Manifest {
    let mut manifest = Manifest {
        start_time: Timestamp(START_US),
        weights: Weights {
            read: 0.0,
            write: 50.0,
            transaction: 50.0,
        },
        ..Manifest::new(RUN, "host")
    };
    manifest.clock.anchor_time = manifest.start_time;
    manifest
}

/// A recording of these operations, in a folder of the test.
pub fn write(test: &TestLab, name: &str, manifest: Manifest, rows: Vec<Operation>) -> PathBuf {
    let folder = test.folder.path().join(name);
    let servers = manifest.servers.clone();
    let writer = RecordingWriter::create(&folder, manifest, WriterOptions::default()).unwrap();
    let handle = writer.handle();
    handle.connection(Connection {
        path: Path::Direct,
        connection_id: 4,
        start_time: START_US,
        end_time: START_US + 9,
        host: "db".to_owned(),
        address: None,
        port: 5432,
        reader: false,
        dns_us: None,
        tcp_us: None,
        tls_us: None,
        tls_error: None,
        startup_us: None,
        server: Some(server("10.0.0.7", 5432, 3)),
        failure: None,
    });
    // The run connected to its servers, but to none of the addresses that are kept for documentation.
    for (id, server) in (5..).zip(servers) {
        let address = server.address.filter(|at| !at.starts_with("192.0.2."));
        handle.connection(Connection {
            path: Path::Direct,
            connection_id: id,
            start_time: START_US,
            end_time: START_US + 9,
            host: "db".to_owned(),
            address,
            port: 5432,
            reader: false,
            dns_us: None,
            tcp_us: None,
            tls_us: None,
            tls_error: None,
            startup_us: None,
            server: None,
            failure: None,
        });
    }
    rows.into_iter().for_each(|row| handle.operation(row));
    let completion = Completion {
        state: State::Complete,
        duration_us: 60_000_000,
        drift_us: 0,
    };
    assert!(writer.finish(completion).unwrap().is_complete());
    folder
}

pub fn letter(path: Path) -> &'static str {
    &path.as_str()[..1]
}

/// Half of the lab's 100 users and products.
fn halves(path: Path) -> (i32, i32) {
    match path {
        Path::Direct => (1, 50),
        Path::Proxy => (51, 100),
    }
}

fn baseline(test: &TestLab) -> Baseline {
    let paths = Path::ALL.iter().map(|path| {
        let (first, last) = halves(*path);
        let sum = |column: &str, table: &str| -> i64 {
            let sum = format!(
                "select sum({column})::text from {table} where id between {first} and {last}"
            );
            test.texts(&sum)[0].parse().unwrap()
        };
        PathBaseline {
            path: *path,
            first_user_id: first,
            last_user_id: last,
            logins: sum("login_count", "business_users"),
            first_product_id: first,
            last_product_id: last,
            stock: sum("stock", "business_products"),
        }
    });
    Baseline {
        token_written: true,
        path_tokens: Vec::new(),
        paths: paths.collect(),
    }
}

/// Rows of the tables that carry an identity.
fn insert(orders: usize, logs: usize, identity: &str) -> String {
    let order = format!(
        "insert into business_orders (user_id, order_number, amount) values (1, '{identity}', 1);"
    );
    let log = format!("insert into business_logs (action, details) values ('x', '{identity}');");
    order.repeat(orders) + &log.repeat(logs)
}

/// The cases on one path, from `first` on, with gaps: some are further apart than one statement asks for.
fn cases(path: Path, first: i64) -> (Vec<Operation>, String, Findings) {
    let (mut rows, mut statements, mut expected) = (Vec::new(), String::new(), Findings::new());
    for (number, (name, outcome, (orders, logs), findings)) in (0..).zip(CASES) {
        let id = first + number * 3_000_001;
        rows.push(operation(path, id, name, outcome));
        let identity = format!("{RUN}-{}-{id}", letter(path));
        statements += &insert(orders, logs, &identity);
        let words = findings.iter().map(|word| (*word).to_owned());
        expected.extend(words.map(|word| (path.as_str().to_owned(), id, word)));
    }
    (rows, statements, expected)
}

/// Increments without identity: three acknowledged ones and one unknown, of each kind.
fn increments(path: Path, first: i64) -> Vec<Operation> {
    let kinds = ["update_login", "update_stock"];
    let outcomes = [Outcome::Ok, Outcome::Ok, Outcome::Ok, Outcome::Unknown];
    let all = kinds.iter().flat_map(|kind| outcomes.map(|it| (*kind, it)));
    (first..)
        .zip(all)
        .map(|(id, (kind, outcome))| operation(path, id, kind, outcome))
        .collect()
}

/// Purchases of which a row is there took stock; three times goods were received.
fn stock_of_the_cases() -> i64 {
    let purchases = CASES
        .iter()
        .filter(|(name, _, (orders, logs), _)| *name == "place_order" && orders + logs > 0);
    3 * PUT_IN - TAKEN * purchases.count() as i64
}

/// Rows of another run, which wrote before this one.
const OTHER_RUN: &str = "20261122T204300Z-0000";

/// Rows of another program, and of what is no number of an operation.
fn foreign() -> String {
    let endings = [
        "d-",
        "d-x1",
        "d-01",
        "d-1x",
        "d-99999999999999999999",
        "d--1",
        "x-1",
    ];
    let rows = endings.map(|ending| insert(1, 1, &format!("{RUN}-{ending}")));
    rows.concat()
}

/// Rows of the run of which the recording has none: among the others, beyond the last operation, and twice.
fn unrecorded() -> (String, Findings) {
    let (mut statements, mut found) = (String::new(), Findings::new());
    for (id, orders, words) in [
        (55, 1, &["unrecorded"][..]),
        (900_000_000, 1, &["unrecorded"]),
        (56, 2, &["unrecorded", "duplicated"]),
    ] {
        statements += &insert(orders, 0, &format!("{RUN}-p-{id}"));
        let words = words.iter().map(|word| (*word).to_owned());
        found.extend(words.map(|word| ("proxy".to_owned(), id, word)));
    }
    (statements, found)
}

/// Of an open loop: no worker took them before the end, so that nothing of them was sent.
fn waiting(path: Path, first: i64) -> impl Iterator<Item = Operation> {
    let names = [
        "create_order",
        "insert_log",
        "place_order",
        "update_login",
        "update_stock",
    ];
    (first..).zip(names).map(move |(id, name)| Operation {
        worker: None,
        start_time: None,
        ..operation(path, id, name, Outcome::Unfinished)
    })
}

#[test]
fn every_write_in_every_state_is_found() {
    let test = TestLab::start_set_up();
    let manifest = Manifest {
        baseline: Some(baseline(&test)),
        ..manifest()
    };
    let (mut rows, mut expected) = (Vec::new(), Findings::new());
    let earlier = insert(1, 1, &format!("{OTHER_RUN}-d-4"));
    let mut statements = format!(
        "alter table business_orders drop constraint business_orders_order_number_key;
         {earlier}
         insert into business_logs (action, details) values ('pgoutage run', '{RUN}');"
    );
    for (path, first) in [(Path::Direct, 1), (Path::Proxy, 7)] {
        let (operations, made, found) = cases(path, first);
        rows.extend(operations);
        rows.extend(increments(path, 100));
        rows.extend(waiting(path, 200));
        statements += &made;
        expected.extend(found);
    }
    statements += &foreign();
    // All logins of the direct path are there, and the unknown one; of the proxy's two of three are gone.
    let stock = stock_of_the_cases();
    statements += &format!(
        "update business_users set login_count = login_count + 4 where id = 3;
         update business_users set login_count = login_count + 1 where id = 53;
         update business_products set stock = stock + {stock} where id = 3;
         update business_products set stock = stock + {stock} + 7 where id = 53;"
    );
    execute(&test, &statements);
    let folder = write(&test, "made", manifest, rows);

    let output = audit(&test, &folder, &[]);
    assert_success(&output);
    let (found, findings) = read(&folder);
    assert_eq!(findings, expected);
    assert_eq!(
        (found.token_found, found.via.as_str()),
        (Some(true), "direct")
    );
    check_counts(&found, &expected);
    check_sums(&found);
    check_details(&folder);
    let text = stdout(&output);
    for part in [
        "direct: 10 writes acknowledged: 3 lost, 3 torn, 3 duplicated; 6 unknown: 3 committed, 2 not; 3 failed or rejected, and there\n",
        "; logins: at least 2 lost; stock: 2 more than the recording explains\n",
        "lost or torn writes were acknowledged from 2026-11-22T20:43:03.000502Z",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }

    check_unrecorded(&test, &folder, expected);
}

/// Through the proxy the same, and rows more that the recording does not know: what they belong to is in the sums.
fn check_unrecorded(test: &TestLab, folder: &FilePath, mut expected: Findings) {
    let (made, more) = unrecorded();
    execute(test, &made);
    expected.extend(more);
    let output = audit(test, folder, &["--via", "proxy"]);
    assert_success(&output);
    let (again, findings) = read(folder);
    assert_eq!(findings, expected);
    assert_eq!(again.via, "proxy");
    check_counts(&again, &expected);
    let rows = rows_of(&Audit::findings_path(folder));
    let unrecorded = rows
        .iter()
        .find(|row| row["finding"] == "unrecorded")
        .unwrap();
    assert!(!unrecorded.contains_key("outcome") && !unrecorded.contains_key("end_time"));
    let why = "rows of the recording are missing";
    assert_eq!(again.sums_disturbed_by.as_deref(), Some(why));
    let mut paths = again.paths.iter();
    assert!(paths.all(|path| path.logins.is_none() && path.stock.is_none()));
    let text = stdout(&output);
    for part in [
        "3 there, without a row in the recording\n".to_owned(),
        format!("logins and stock are not compared: {why}\n"),
    ] {
        assert!(text.contains(&part), "{part:?} in {text}");
    }
}

fn check_counts(found: &Audit, expected: &Findings) {
    for path in &found.paths {
        let count = |word: &str| {
            let of_word =
                |(of, _, it): &&(String, i64, String)| of == path.path.as_str() && it == word;
            expected.iter().filter(of_word).count() as u64
        };
        assert_eq!(path.lost, count("lost"));
        assert_eq!(path.torn, count("torn"));
        assert_eq!(path.duplicated, count("duplicated"));
        assert_eq!(path.committed, count("committed"));
        assert_eq!(path.not_committed, count("not_committed"));
        assert_eq!(path.phantom, count("phantom"));
        assert_eq!(path.unrecorded, count("unrecorded"));
        assert_eq!((path.acknowledged, path.unknown), (10, 6));
        assert_eq!(path.acknowledged_torn, 2);
    }
}

fn check_sums(found: &Audit) {
    let bounds = |sum: Option<SumAudit>| {
        let sum = sum.unwrap();
        assert_eq!(
            sum,
            SumAudit::new(sum.at_start, sum.acknowledged, sum.possible, sum.found)
        );
        (sum.acknowledged, sum.possible, sum.lost, sum.excess)
    };
    let (direct, proxy) = (of_path(found, "direct"), of_path(found, "proxy"));
    assert_eq!(bounds(direct.logins), (3, 1, 0, 0));
    assert_eq!(bounds(proxy.logins), (3, 1, 2, 0));
    // One acknowledged purchase is not there at all: its pieces were taken or not.
    let stock = stock_of_the_cases() - TAKEN;
    let possible = PUT_IN + TAKEN;
    assert_eq!(bounds(direct.stock), (stock, possible, 0, 0));
    // 7 more, of which the unknown change explains 5.
    assert_eq!(bounds(proxy.stock), (stock, possible, 0, 2));
}

/// A finding has what the recording tells of the operation, and the server that it used.
fn check_details(folder: &FilePath) {
    let rows = rows_of(&Audit::findings_path(folder));
    let lost = rows.iter().find(|row| row["finding"] == "lost").unwrap();
    let id: i64 = lost["operation_id"].parse().unwrap();
    let time = |column: &str| lost[column].parse::<i64>().unwrap();
    assert_eq!(
        (time("start_time"), time("end_time")),
        (START_US + id, START_US + id + 500)
    );
    for (column, text) in [
        ("run_id", RUN),
        ("path", "direct"),
        ("operation_name", "create_order"),
        ("outcome", "ok"),
        ("orders_found", "0"),
        ("connection_id", "4"),
        ("server_address", "10.0.0.7"),
        ("server_port", "5432"),
        ("server_timeline", "3"),
    ] {
        assert_eq!(lost[column], text, "{column}");
    }
}

/// Older recorders wrote neither sums nor quantities; recordings of reads alone have nothing to audit.
#[test]
fn recordings_with_less_in_them() {
    let test = TestLab::start_set_up();
    execute(&test, &insert(1, 0, &format!("{RUN}-d-1")));
    let mut stock = operation(Path::Direct, 3, "update_stock", Outcome::Ok);
    stock.target = Target::default();
    let rows = vec![
        operation(Path::Direct, 1, "create_order", Outcome::Ok),
        operation(Path::Direct, 2, "create_order", Outcome::Ok),
        stock,
    ];
    let old = write(&test, "old", manifest(), rows.clone());
    let output = audit(&test, &old, &[]);
    assert_success(&output);
    let (found, findings) = read(&old);
    assert_eq!(
        findings,
        Findings::from([("direct".to_owned(), 2, "lost".to_owned())])
    );
    let direct = of_path(&found, "direct");
    assert_eq!(
        (direct.logins, direct.stock, found.token_found),
        (None, None, None)
    );
    assert!(stdout(&output).contains("logins and stock are not compared: "));

    let without_quantity = Manifest {
        baseline: Some(baseline(&test)),
        ..manifest()
    };
    let folder = write(&test, "without-quantity", without_quantity, rows);
    let output = audit(&test, &folder, &[]);
    assert_success(&output);
    let direct = of_path(&read(&folder).0, "direct").clone();
    assert!(direct.logins.is_some() && direct.stock.is_none());
    let text = stdout(&output);
    assert!(text.contains("stock is not compared: "), "{text}");
    // The token is not there, but a row is.
    assert!(
        text.contains("the run's token is not in business_logs"),
        "{text}"
    );

    let reads = Manifest::new(RUN, "host");
    let folder = write(&test, "reads", reads, Vec::new());
    let output = audit(&test, &folder, &[]);
    assert_success(&output);
    assert!(stdout(&output).ends_with("reads: no writes in it, nothing to audit\n"));
    assert_eq!(Audit::read(&folder).unwrap(), None);

    let nothing = test.folder.path().join("nothing");
    assert_one_line(&audit(&test, &nothing, &[]), 2, &["no such folder"]);
}

#[test]
fn an_audit_that_can_not_be_written_is_told() {
    let test = TestLab::start_set_up();
    execute(&test, &insert(1, 0, &format!("{RUN}-d-1")));
    let rows = [1, 2].map(|id| operation(Path::Direct, id, "create_order", Outcome::Ok));
    let folder = write(&test, "full", manifest(), rows.to_vec());
    // In the place of the folder: to a superuser no folder is read-only.
    std::fs::write(folder.join("audit"), "").unwrap();
    let output = audit(&test, &folder, &[]);
    assert_one_line(&output, 1, &["not written: ", "make room and audit again"]);
    let text = stdout(&output);
    assert!(
        text.contains("direct: 2 writes acknowledged: 1 lost") && !text.contains("written to"),
        "{text}"
    );
    assert!(!folder.join("audit.json").exists());
    // `cleanup` is not told of it.
    let marks = "select details from business_logs where action = 'pgoutage audit'";
    assert_eq!(test.texts(marks), Vec::<String>::new());

    std::fs::remove_file(folder.join("audit")).unwrap();
    let parts = std::fs::read_dir(folder.join("operations")).unwrap();
    for part in parts {
        std::fs::remove_file(part.unwrap().path()).unwrap();
    }
    let output = audit(&test, &folder, &[]);
    assert_one_line(&output, 1, &["missing", "an audit needs every part"]);
}
