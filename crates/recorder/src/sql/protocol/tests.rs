use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use lab::{Lab, LabOptions};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use recording::vocabulary::{ErrorPhase, Path};
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;

use super::*;
use crate::connect::{ConnectProgress, Connector, Resolver, Session};
use crate::definition::Definition;
use crate::endpoint::Endpoint;
use crate::workload::draws::Draw;
use crate::workload::execute::{OperationProgress, Served, execute};

const ALL: [Protocol; 3] = [Protocol::Simple, Protocol::Extended, Protocol::Prepared];
const READS: [&str; 5] = [
    "user_list",
    "order_statistics",
    "product_search",
    "user_orders",
    "recent_logs",
];

fn written(text: &str, values: &[Value<'_>]) -> String {
    // What it held before is gone.
    let mut out = "before".to_owned();
    Statement::new(text.to_owned()).write(values, &mut out);
    out
}

#[test]
fn literals_stand_where_the_parameters_stood() {
    for (text, values, expected) in [
        (
            "SELECT $2, $1-$1",
            &[Value::Text("-5"), Value::Text("7")][..],
            "SELECT '7', '-5'-'-5'",
        ),
        (
            "a = $1 AND b = $2::inet",
            &[Value::Text("it's"), Value::Text("")],
            "a = 'it''s' AND b = ''::inet",
        ),
        // Read the same with standard_conforming_strings on and off.
        (
            "LIKE $1",
            &[Value::Text(r"\'; DROP TABLE x; --")],
            r"LIKE  E'\\''; DROP TABLE x; --'",
        ),
        // A value that looks like a parameter is none.
        (
            "$1 $2",
            &[Value::Text("$2"), Value::Text("$1")],
            "'$2' '$1'",
        ),
        ("cost $ $1", &[Value::Null], "cost $ NULL"),
        // Of a name, as PostgreSQL reads it.
        ("a$1 b$1.c $1", &[Value::Null], "a$1 b$1.c NULL"),
        ("no $0, no $3", &[Value::Text("1")], "no $0, no $3"),
        // What stands in quotes or in a comment is no parameter.
        (
            "'$1' \"$1\" $a$ $1 $a$ E'\\'$1' /* $1 /* */ $1 */ $1 -- $1",
            &[Value::Text("x")],
            "'$1' \"$1\" $a$ $1 $a$ E'\\'$1' /* $1 /* */ $1 */ 'x' -- $1",
        ),
    ] {
        assert_eq!(written(text, values), expected);
    }
}

/// A lab with the business tables.
fn lab(runtime: &Runtime) -> Lab {
    let lab = runtime.block_on(Lab::start(LabOptions::default())).unwrap();
    let (url, server) = (lab.direct_url(), lab.dns_server().to_string());
    let arguments = [
        "recorder",
        "--direct-url",
        &url,
        "--dns-server",
        &server,
        "setup",
        "--users",
        "20",
        "--products",
        "20",
        "--orders",
        "200",
        "--logs",
        "100",
    ];
    assert_eq!(
        crate::run_command_line("0.1.0", &arguments.map(OsString::from)),
        0
    );
    lab
}

async fn connect(lab: &Lab, path: Path) -> Session {
    let limit = Duration::from_secs(20);
    let url = match path {
        Path::Direct => lab.direct_url(),
        Path::Proxy => lab.proxy_url(),
    };
    let resolver = Resolver::new(Some(lab.dns_server()), limit).unwrap();
    let connector = Connector::new(
        path,
        Endpoint::parse(&url, &crate::endpoint::environment::Environment::of(&[])).unwrap(),
        resolver,
        limit,
    )
    .unwrap();
    connector
        .connect(0, &mut ConnectProgress::default())
        .await
        .unwrap()
}

fn draw(name: &str, quantity: i32, identity: &str) -> Draw {
    let operations = &Definition::shop().operations;
    let operation = operations.iter().find(|it| it.name == name).unwrap();
    let quantity = match name {
        "update_stock" => -3,
        _ => quantity,
    };
    Draw::of(operation, |value| match value {
        "user_id" => "4".to_owned(),
        "product_id" => "8".to_owned(),
        "category" => "books".to_owned(),
        "action" => "logout".to_owned(),
        "amount_cents" => "12345".to_owned(),
        "quantity" => quantity.to_string(),
        "address" => "10.1.2.3".to_owned(),
        _ => identity.to_owned(),
    })
}

/// Runs one operation twice on the same connection, as a prepared statement is prepared in the first; what it served, and the
/// connection's progress at its end.
async fn run_twice(
    session: &Session,
    protocol: Protocol,
    (name, quantity): (&str, i32),
    identity: &str,
) -> [Served; 2] {
    let mut text = String::new();
    let mut served = Vec::new();
    for time in 1..=2 {
        let drawn = &draw(name, quantity, &format!("{identity}-{time}"));
        let mut progress = OperationProgress {
            phase: ErrorPhase::Statement,
            may_commit: false,
            in_transaction: false,
        };
        let mut executor = Executor {
            client: &session.client,
            protocol,
            text: &mut text,
        };
        let done = execute(&mut executor, drawn, &mut progress).await;
        served.push(done.unwrap_or_else(|error| panic!("{protocol:?} {drawn:?}: {error:?}")));
        assert!(!progress.in_transaction, "{protocol:?} {drawn:?}");
        let writes = !READS.contains(&name) && *served.last().unwrap() != Served::Rejected;
        assert_eq!(progress.may_commit, writes, "{protocol:?} {drawn:?}");
    }
    served.try_into().unwrap()
}

/// What the operations changed, without what differs by protocol and time.
async fn stored(admin: &tokio_postgres::Client, identity: &str) -> Vec<String> {
    let statement = format!(
        "select concat_ws(' ', 'order', user_id, replace(order_number, '{identity}', ''), amount, status) from business_orders \
           where order_number like '{identity}-%' \
         union all select concat_ws(' ', 'log', user_id, action, replace(details, '{identity}', ''), ip_address) from business_logs \
           where details like '{identity}-%' \
         union all select concat_ws(' ', 'login', id, login_count) from business_users where login_count > 0 or last_login > now() - interval '1 hour' \
         union all select concat_ws(' ', 'stock', id, stock) from business_products where stock <> 1000 \
         order by 1"
    );
    let rows = admin.query(&statement, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Each of the ten operations, in each protocol, directly; and in those that pgbouncer takes from any client, through it.
#[test]
fn every_protocol_does_the_same() {
    let runtime = Runtime::new().unwrap();
    let lab = lab(&runtime);
    runtime.block_on(async {
        let (admin, connection) = tokio_postgres::connect(&lab.admin_url(lab.writer()), NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        let ways: Vec<_> = ALL
            .map(|protocol| (Path::Direct, protocol))
            .into_iter()
            .chain([Protocol::Simple, Protocol::Extended].map(|protocol| (Path::Proxy, protocol)))
            .collect();
        // First what changes nothing.
        let mut read: BTreeMap<&str, Vec<[Served; 2]>> = BTreeMap::new();
        for (path, protocol) in &ways {
            let session = connect(&lab, *path).await;
            for name in READS {
                let served = run_twice(&session, *protocol, (name, 1), "-").await;
                read.entry(name).or_default().push(served);
            }
            let named = "select count(*) from pg_prepared_statements where name <> ''";
            let named: i64 = session.client.query_typed(named, &[]).await.unwrap()[0].get(0);
            let expected = match protocol {
                Protocol::Prepared => READS.len() as i64,
                _ => 0,
            };
            assert_eq!(named, expected, "{protocol:?}: prepared once each");
        }
        assert_read(&read);
        let mut written = Vec::new();
        for (number, (path, protocol)) in ways.iter().enumerate() {
            let reset = "update business_users set login_count = 0, last_login = null; \
                         update business_products set stock = 1000";
            admin.batch_execute(reset).await.unwrap();
            let session = connect(&lab, *path).await;
            // No blank, no percent sign: it stands in a LIKE.
            let identity = format!("it's-{number}");
            let mut served = Vec::new();
            for (name, quantity) in [
                ("update_login", 1),
                ("create_order", 1),
                ("update_stock", 1),
                ("insert_log", 1),
                // More than there is in stock.
                ("place_order", 100_000),
                ("place_order", 2),
            ] {
                let identity = format!("{identity}-{name}-{quantity}");
                served.push(run_twice(&session, *protocol, (name, quantity), &identity).await);
            }
            let quoted = identity.replace('\'', "''");
            written.push((protocol, served, stored(&admin, &quoted).await));
        }
        assert_alike(&written);
    });
}

/// By operation, what it gave each way.
fn assert_read(read: &BTreeMap<&str, Vec<[Served; 2]>>) {
    for (name, served) in read {
        assert!(
            matches!(served[0][0], Served::Done(1..)),
            "{name}: {served:?}"
        );
        assert!(
            served.iter().all(|twice| *twice == served[0]),
            "{name}: {served:?}"
        );
    }
}

/// What the operations of one way gave, and what they changed.
type Written<'a> = (&'a Protocol, Vec<[Served; 2]>, Vec<String>);

fn assert_alike(written: &[Written<'_>]) {
    let (_, served, rows) = &written[0];
    let one = [Served::Done(1); 2];
    let rejected = [Served::Rejected; 2];
    assert_eq!(
        *served,
        [one, one, one, one, rejected, [Served::Done(3); 2]]
    );
    for row in [
        "log 4 logout -insert_log-1-1 10.1.2.3",
        "log 4 purchase -place_order-2-2",
        "login 4 2",
        "order 4 -create_order-1-2 123.45 pending",
        "stock 8 990",
    ] {
        assert!(rows.iter().any(|found| found == row), "{row:?} in {rows:?}");
    }
    assert_eq!(rows.len(), 4 + 4 + 1 + 1, "{rows:?}");
    for other in &written[1..] {
        assert_eq!((&other.1, &other.2), (served, rows), "{:?}", other.0);
    }
}

/// Whatever the text is, the server reads it as that text, with either meaning of a backslash.
#[test]
fn the_server_reads_every_literal_as_its_value() {
    let runtime = Runtime::new().unwrap();
    let lab = runtime.block_on(Lab::start(LabOptions::default())).unwrap();
    let clients = ["on", "off"].map(|setting| {
        runtime.block_on(async {
            let client = connect(&lab, Path::Direct).await;
            let set = format!("set standard_conforming_strings = {setting}");
            client.client.batch_execute(&set).await.unwrap();
            client
        })
    });
    let statement = "SELECT $1::text,0-$2::numeric,0-$3::numeric,$4";
    let texts = prop_oneof![
        // What a literal, a comment or a parameter is made of.
        r"(['\\\$\-/*;%_ E\n\r\t]|[a-z0-9]|''|\$1|--|DROP TABLE){0,30}",
        r"[^\x00]{0,60}",
    ];
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(
            &(texts.clone(), any::<i32>(), any::<i64>(), texts),
            |(text, int4, int8, last)| {
                let numbers = [int4.to_string(), int8.to_string()];
                let values = [
                    Value::Text(&text),
                    Value::Text(&numbers[0]),
                    Value::Text(&numbers[1]),
                    Value::Text(&last),
                ];
                let query = written(statement, &values);
                for session in &clients {
                    let messages = runtime.block_on(session.client.simple_query(&query));
                    let messages = messages
                        .map_err(|error| TestCaseError::fail(format!("{query}: {error:?}")))?;
                    let rows: Vec<_> = messages
                        .iter()
                        .filter_map(|message| match message {
                            SimpleQueryMessage::Row(row) => Some(row),
                            _ => None,
                        })
                        .collect();
                    prop_assert_eq!(rows.len(), 1);
                    prop_assert_eq!(rows[0].get(0), Some(text.as_str()));
                    let negated = (-i128::from(int4)).to_string();
                    prop_assert_eq!(rows[0].get(1), Some(negated.as_str()));
                    let negated = (-i128::from(int8)).to_string();
                    prop_assert_eq!(rows[0].get(2), Some(negated.as_str()));
                    prop_assert_eq!(rows[0].get(3), Some(last.as_str()));
                }
                Ok(())
            },
        )
        .unwrap();

    // What no literal can hold never leaves this client, and the connection goes on.
    let refused = written("SELECT $1", &[Value::Text("a\0b")]);
    runtime.block_on(async {
        let client = &clients[0].client;
        let error = client.simple_query(&refused).await.unwrap_err();
        assert!(
            error.as_db_error().is_none() && !error.is_closed(),
            "{error:?}"
        );
        client.simple_query("SELECT 1").await.unwrap();
    });
}
