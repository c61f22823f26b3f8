//! What an audit waits for.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use super::made::{RUN, manifest, operation, server, write};
use super::{Findings, audit, execute, read};
use crate::common::{Running, TestLab, assert_one_line, assert_success, stdout, wait_until};
use lab::{FailoverOptions, Step, StepKind};
use recording::vocabulary::{Outcome, Path};
use recording::{Manifest, Server};
use tokio_postgres::NoTls;

const WAIT_1_S: [&str; 2] = ["--wait", "1s"];

/// A recording of one acknowledged order, and a second one whose row is there.
fn one_order(test: &TestLab, name: &str, servers: Vec<Server>) -> PathBuf {
    let rows = [1, 2].map(|id| operation(Path::Direct, id, "create_order", Outcome::Ok));
    let manifest = Manifest {
        servers,
        duration_us: Some(1),
        ..manifest()
    };
    write(test, name, manifest, rows.to_vec())
}

fn insert(id: i64) -> String {
    format!(
        "insert into business_orders (user_id, order_number, amount) values (1, '{RUN}-d-{id}', 1)"
    )
}

fn lost(ids: &[i64]) -> Findings {
    ids.iter()
        .map(|id| ("direct".to_owned(), *id, "lost".to_owned()))
        .collect()
}

/// A session under the run's name that has written and not committed.
#[test]
fn what_a_session_of_the_run_writes_late_counts() {
    let test = TestLab::start_set_up();
    execute(&test, &insert(2));
    let folder = one_order(&test, "late", Vec::new());
    let name = format!("pgoutage/{RUN}/direct").replace('/', "%2F");
    // As the run's own user: of another's sessions it does not see what they do.
    let url = test
        .lab
        .direct_url()
        .replace("writer.lab.test", "127.0.0.2");
    let url = format!("{url}&application_name={name}");
    let session = test.runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("begin").await.unwrap();
        client.batch_execute(&insert(1)).await.unwrap();
        client
    });

    let output = audit(&test, &folder, &WAIT_1_S);
    assert_success(&output);
    let (found, findings) = read(&folder);
    assert_eq!((found.sessions_left, findings), (Some(1), lost(&[1])));
    assert!(
        stdout(&output).contains("sessions of the run that have a statement or a transaction open")
    );
    // Another user does not see what the session does, but that it is in a transaction.
    execute(
        &test,
        "create role auditor login password 'geheim'; grant select on business_users, business_orders, business_products, business_logs to auditor",
    );
    let direct = test.lab.direct_url();
    let (_, rest) = direct.split_once('@').unwrap();
    let url = format!("postgres://auditor:geheim@{rest}");
    assert_success(&audit(&test, &folder, &["--wait", "1s", "--url", &url]));
    assert_eq!(read(&folder).0.sessions_left, Some(1));

    let waiting =
        Running::spawn(&mut test.command(&["audit", folder.to_str().unwrap(), "--wait", "60s"]));
    wait_until("the audit", || {
        let asked = "select query from pg_stat_activity where application_name = 'pgoutage/audit'";
        test.texts(asked)
            .iter()
            // What follows the question is seen for as long as it waits.
            .any(|query| query.contains("pg_stat_activity") || query == "ROLLBACK")
    });
    test.runtime
        .block_on(session.batch_execute("commit"))
        .unwrap();
    assert_success(&waiting.output());
    let (found, findings) = read(&folder);
    assert_eq!((found.sessions_left, findings), (Some(0), lost(&[])));
    assert!(found.waited_us > 0);
}

/// Hands every connection at `place` on to the writer: a second address of it.
fn forward(place: SocketAddr, writer: SocketAddr) {
    let listener = TcpListener::bind(place).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(writer).unwrap();
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                std::thread::spawn(move || {
                    let mut bytes = [0; 8_192];
                    while let Ok(read @ 1..) = from.read(&mut bytes) {
                        if to.write_all(&bytes[..read]).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
}

/// The port of a URL of the lab.
fn port(url: &str) -> u16 {
    let (_, port) = url.rsplit_once(':').unwrap();
    port.split('/').next().unwrap().parse().unwrap()
}

/// What stands between the user and the host of a URL.
fn password(url: &str) -> &str {
    let (_, rest) = url.split_once("://app:").unwrap();
    rest.split_once('@').unwrap().0
}

#[test]
fn former_writers_are_to_be_readers() {
    let test = TestLab::start_set_up();
    execute(&test, &insert(2));
    let url = test.lab.direct_url();
    let port_here = port(&url);
    let second_address: SocketAddr = format!("127.0.0.88:{port_here}").parse().unwrap();
    let writer = format!("127.0.0.2:{port_here}").parse().unwrap();
    forward(second_address, writer);
    // A second writer, with the same user.
    let other = TestLab::start();
    let password = format!("alter role app password '{}'", password(&url));
    execute(&other, &password);
    let port_there = port(&other.lab.direct_url());

    let former = vec![
        // The present one, by another address.
        server("127.0.0.88", i32::from(port_here), 1),
        // A reader by now.
        server("127.0.0.3", i32::from(port_here), 1),
        // A writer still.
        server("127.0.0.2", i32::from(port_there), 1),
        // Gone.
        server("127.0.0.99", i32::from(port_here), 1),
        // Only the manifest names it: the password is not taken there.
        server("192.0.2.1", 5432, 1),
    ];
    let folder = one_order(&test, "former", former);
    let output = audit(&test, &folder, &WAIT_1_S);
    assert_success(&output);
    let (found, findings) = read(&folder);
    assert_eq!(findings, lost(&[1]));
    let writing = format!("127.0.0.2:{port_there}");
    let gone = format!("127.0.0.99:{port_here}");
    let unknown = "192.0.2.1:5432".to_owned();
    assert_eq!(
        found.missing_servers,
        [writing.clone(), gone.clone(), unknown.clone()]
    );
    assert_eq!(found.other_writers, std::slice::from_ref(&writing));
    assert_eq!(
        (found.promotion_seen, found.standbys),
        (Some(false), Some(1))
    );
    let text = stdout(&output);
    let warning = format!(
        "warning: two servers accept writes: {writing}, a server of the run, and {writer}, which was asked"
    );
    assert!(text.contains(&warning), "{text}");
    assert!(text.contains(&format!(" s: {gone}: ")), "{text}");
    assert!(
        text.contains(&format!("not looked at: {unknown}: ")),
        "{text}"
    );

    // A reader of the run that is a writer now; one that is gone has nothing to tell.
    let readers = [("127.0.0.2", port_there), ("127.0.0.99", port_here)];
    let readers = readers.map(|(address, port)| Server {
        in_recovery: Some(true),
        timeline: None,
        ..server(address, i32::from(port), 1)
    });
    let folder = one_order(&test, "promoted", readers.to_vec());
    assert_success(&audit(&test, &folder, &WAIT_1_S));
    let (found, _) = read(&folder);
    assert_eq!(found.other_writers, [writing]);
    assert_eq!(found.missing_servers, Vec::<String>::new());
    assert_eq!(found.promotion_seen, None);
}

/// The old writer is away when the name leads to the new one, and comes back later.
#[test]
fn after_a_failover_the_old_writer_is_waited_for() {
    let mut test = TestLab::start_set_up();
    execute(&test, &insert(2));
    let port = i32::from(port(&test.lab.direct_url()));
    let folder = one_order(&test, "failover", vec![server("127.0.0.2", port, 1)]);
    let options = FailoverOptions {
        promote_after: Duration::from_millis(500),
        dns_after: Duration::from_secs(1),
        return_after: Duration::from_secs(6),
        ..FailoverOptions::default()
    };
    let mut command = test.command(&["audit", folder.to_str().unwrap(), "--wait", "60s"]);
    let mut waiting = None;
    let on_step = |step: &Step| {
        if step.step == StepKind::DnsChanged {
            waiting = Some(Running::spawn(&mut command));
        }
    };
    test.runtime
        .block_on(test.lab.failover(&options, on_step))
        .unwrap();
    assert_success(&waiting.unwrap().output());
    let (found, findings) = read(&folder);
    assert_eq!((found.missing_servers.len(), findings), (0, lost(&[1])));
    assert_eq!(found.server.unwrap().timeline, Some(2));
    assert_eq!(found.promotion_seen, Some(true));
    assert!(found.waited_us > 1_000_000, "{}", found.waited_us);

    // A run that saw a later timeline than the server that answers.
    let folder = one_order(&test, "later", vec![server("127.0.0.3", port, 3)]);
    let output = audit(&test, &folder, &WAIT_1_S);
    let text = "a former writer: it is on timeline 2, and the run saw timeline 3";
    assert_one_line(&output, 1, &[text]);
    assert!(!folder.join("audit.json").exists());
}

#[test]
fn without_a_writer_there_is_no_audit() {
    let mut test = TestLab::start_set_up();
    let folder = one_order(&test, "dead", Vec::new());
    let reader = test.lab.reader_url();
    let output = audit(&test, &folder, &["--wait", "1s", "--url", &reader]);
    let said = crate::common::stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("the server that answers is a reader"),
        "{said}"
    );
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    assert_one_line(&audit(&test, &folder, &WAIT_1_S), 1, &["refused"]);
    assert!(!folder.join("audit.json").exists());
    let none = test
        .command(&["audit", folder.to_str().unwrap(), "--via", "proxy"])
        .env("PGOUTAGE_PROXY_URL", "")
        .output()
        .unwrap();
    assert_one_line(
        &none,
        2,
        &["--via proxy: no endpoint", "PGOUTAGE_PROXY_URL"],
    );
}
