//! `v1-made-words`: every word of the format, and texts that are hard.

use std::collections::BTreeMap;

use recording::vocabulary::Path::{Direct, Proxy};
use recording::vocabulary::{ConnectPhase, ErrorClass, ErrorPhase, EventKind, Outcome};
use recording::{ConnectFailure, Connection, Failure, Manifest, Schedule, Timestamp, WriteFailure};

use super::made::{connected, event, finish};
use crate::support::{HandMade, Made, START_US, us};

/// A failure: class, operation, its outcome, phase, SQLSTATE, and a text.
type Case = (
    ErrorClass,
    &'static str,
    Outcome,
    ErrorPhase,
    Option<&'static str>,
    &'static str,
);

/// Each class at least once, `other` as a wrong statement too.
pub(crate) const CASES: [Case; 17] = {
    use ErrorClass as Class;
    use ErrorPhase::{Begin, Checkout, Commit, Statement};
    use Outcome::{Failed, Unknown};
    [
        (
            Class::Dns,
            "user_list",
            Failed,
            Checkout,
            None,
            "\"writer.example\" has no 'address': it's `gone`",
        ),
        (
            Class::Refused,
            "order_statistics",
            Failed,
            Checkout,
            None,
            r"C:\tmp\new | 100 % {{curly}} $(id) <b>&amp;</b>",
        ),
        (
            Class::Unreachable,
            "product_search",
            Failed,
            Checkout,
            None,
            "没有到主机的路由（主库）",
        ),
        (
            Class::ConnectTimeout,
            "user_orders",
            Failed,
            Checkout,
            None,
            "🐘 went away 💥, 𠮷野家 too",
        ),
        (
            Class::Tls,
            "recent_logs",
            Failed,
            Checkout,
            None,
            "cafe\u{301} e\u{301}te\u{301}, שלום, \u{200b}zero width",
        ),
        (
            Class::Auth,
            "update_login",
            Failed,
            Checkout,
            Some("28P01"),
            "",
        ),
        (
            Class::PoolTimeout,
            "create_order",
            Failed,
            Checkout,
            None,
            "a\ttab, a \u{1b}[31mred\u{1b}[0m word, a bell\u{7}",
        ),
        (
            Class::ConnectionLost,
            "update_stock",
            Unknown,
            Commit,
            Some("08006"),
            "connection lost",
        ),
        (
            Class::OperationTimeout,
            "place_order",
            Unknown,
            Commit,
            None,
            "operation timeout",
        ),
        (
            Class::StartingOrStopping,
            "place_order",
            Failed,
            Begin,
            Some("57P03"),
            "数据库系统正在启动",
        ),
        (
            Class::ReadOnly,
            "insert_log",
            Failed,
            Statement,
            Some("25006"),
            "read only",
        ),
        (
            Class::TooManyConnections,
            "user_list",
            Failed,
            Checkout,
            Some("53300"),
            "too many clients",
        ),
        (
            Class::Proxy,
            "user_list",
            Failed,
            Statement,
            Some("08P01"),
            "query_wait_timeout",
        ),
        (
            Class::Conflict,
            "place_order",
            Failed,
            Commit,
            Some("40001"),
            "could not serialize",
        ),
        (
            Class::Constraint,
            "create_order",
            Failed,
            Statement,
            Some("23505"),
            "duplicate key",
        ),
        (
            Class::Other,
            "user_list",
            Failed,
            Statement,
            Some("42P01"),
            "relation is not there",
        ),
        (
            Class::Other,
            "user_list",
            Failed,
            Statement,
            Some("XX000"),
            "internal error",
        ),
    ]
};

/// The words of events that there were when this recording was made: it stays as it is.
pub(crate) fn event_kinds() -> &'static [EventKind] {
    &EventKind::ALL[..6]
}

/// Every operation that there is.
const NAMES: [&str; 10] = [
    "user_list",
    "order_statistics",
    "product_search",
    "user_orders",
    "recent_logs",
    "update_login",
    "create_order",
    "insert_log",
    "update_stock",
    "place_order",
];

/// Half a minute of an open loop, in which rows were dropped. On the direct path each of [`CASES`] comes
/// once, a second apart, while the others go on; on the proxy's nothing fails, every other purchase is rejected, and at the end two operations still run
/// and three have no worker.
pub(crate) fn words() -> Made {
    let mut made = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .steady("update_login", 0.25, 1.0, 30, 0.005);
    for second in 0..30 {
        let end = f64::from(second) + 0.65;
        made = match second % 2 {
            1 => made.rejected(end - 0.02, end),
            _ => made.ok("place_order", end - 0.02, end),
        };
    }
    for (number, (class, name, outcome, phase, sqlstate, text)) in CASES.into_iter().enumerate() {
        let at = 1.0 + number as f64;
        made = made.failed(name, at, at + 0.04, class).but(|row| {
            row.outcome = outcome;
            if phase == ErrorPhase::Checkout {
                row.connection_id = None;
                row.checkout_us = Some(40_000);
                row.execute_us = None;
            }
            row.failure = Some(Box::new(Failure {
                phase,
                class,
                sqlstate: sqlstate.map(str::to_owned),
                // One of them is long.
                message: match class {
                    ErrorClass::Proxy => text.repeat(200),
                    _ => text.to_owned(),
                },
            }));
        });
    }
    made = made.sealed().on(Proxy);
    for number in 0..299 {
        let end = 0.1 + f64::from(number) * 0.1;
        let name = NAMES[number as usize % NAMES.len()];
        made = match (name, number / 10 % 2) {
            ("place_order", 1) => made.rejected(end - 0.02, end),
            _ => made.ok(name, end - 0.02, end),
        };
        // It waited for a worker.
        made = made.but(|row| row.start_time = row.start_time.map(|time| time + 1_000));
    }
    made = made
        .unfinished("user_list", 29.91)
        .unfinished("update_stock", 29.92);
    for at in [29.93, 29.95, 29.97] {
        made = made.unfinished("user_list", at).but(|row| {
            row.worker = None;
            row.start_time = None;
            row.connection_id = None;
        });
    }
    let made = made
        .load(1.0, 812.5, 1_200)
        .measured(Direct, -0.5, -1_500, 40)
        .measured(Proxy, 30.2, -1_480, 90)
        .on_host("golden", "20261122T204300Z-0003", 0);
    let (made, writer) = made.begin();
    let handle = writer.handle();
    for connection in connections() {
        handle.connection(connection);
    }
    for (second, kind) in (1_u32..).zip(event_kinds()) {
        let mut event = event(*kind, f64::from(second), "\"说明\" 🐘, it's");
        event.path = (second % 2 == 0).then_some(Direct);
        event.status = (*kind == EventKind::FailoverTriggerFinished).then_some(-9);
        handle.event(event);
    }
    let made = finish((made, writer), 30.0);
    rewrite_manifest(&made);
    made
}

/// Every phase in which an attempt to connect can fail, one that the end cut off, and a server that said nothing.
fn connections() -> Vec<Connection> {
    let failed = |(number, phase): (i64, &ConnectPhase)| Connection {
        connection_id: number,
        start_time: START_US + number * 1_000_000,
        end_time: START_US + number * 1_000_000 + 5_000,
        address: None,
        dns_us: None,
        tcp_us: None,
        startup_us: None,
        server: None,
        failure: Some(ConnectFailure {
            phase: *phase,
            class: Some(ErrorClass::ConnectTimeout),
            sqlstate: None,
            message: "太慢了".to_owned(),
        }),
        ..connected(Direct)
    };
    let mut connections = vec![connected(Direct)];
    connections.extend((2..).zip(ConnectPhase::ALL).map(failed));
    connections.push(Connection {
        server: None,
        tls_us: Some(900),
        ..connected(Proxy)
    });
    let cut_off = failed((2, &ConnectPhase::Identify));
    connections.push(Connection {
        path: Proxy,
        failure: cut_off.failure.map(|failure| ConnectFailure {
            class: None,
            ..failure
        }),
        ..connected(Proxy)
    });
    connections.last_mut().unwrap().connection_id = 2;
    connections
}

/// What only the recorder would have known.
fn rewrite_manifest(made: &Made) {
    let mut manifest = Manifest::read(&made.folder).unwrap();
    let at = |seconds| Timestamp(START_US + us(seconds));
    manifest.schedule = Schedule::OpenLoop {
        rate_per_1000_s: 10_567,
        arrival: recording::Arrival::Constant,
        ramp_us: 0,
    };
    manifest.labels = BTreeMap::from([
        ("环境".to_owned(), "\"测试\" = 🐘".to_owned()),
        ("ticket".to_owned(), String::new()),
    ]);
    manifest.failover = Some(recording::Failover {
        command: "aws rds failover-db-cluster --token *** --note '再来'".to_owned(),
        after_us: us(1.0),
        every_us: None,
        count: None,
        heal_command: None,
        settle_us: None,
    });
    manifest.dropped_rows = BTreeMap::from([("operations".to_owned(), 3), ("load".to_owned(), 1)]);
    let error = "operations/direct-00001.parquet.open: No space left on device (os error 28)";
    manifest.write_failures = vec![
        WriteFailure {
            from: at(10.0),
            until: Some(at(12.5)),
            error: error.to_owned(),
        },
        WriteFailure {
            from: at(28.0),
            until: None,
            error: error.to_owned(),
        },
    ];
    manifest.write(&made.folder).unwrap();
}
