//! What proxies answer for themselves, and what servers say in other languages: which writes may be called `failed`.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::common::proxy_answers::{CASES, Expected};
use crate::common::user::Ordinary;
use crate::common::{Row, TestLab, assert_success, identity, rows, wait_until};
use lab::testing::interceptor::Interceptor;
use recorder::classify;
use recorder::connect::{ConnectError, ConnectProgress, Connector, Resolver, Session};
use recorder::endpoint::Endpoint;
use recorder::endpoint::environment::Environment;
use recording::Table;
use recording::vocabulary::{self, ConnectPhase, ErrorClass, Outcome};

/// Statements as text: so a proxy of our own can read which of them commits.
/// Without availability probes: their writes would get the proxy's answers too.
const WRITES: [&str; 16] = [
    "--availability-interval",
    "0",
    "--protocol",
    "simple",
    "--mode",
    "proxy",
    "--duration",
    "120",
    "--read-weight",
    "0",
    "--transaction-weight",
    "50",
    "--min-operation-interval",
    "10ms",
    "--max-operation-interval",
    "30ms",
];

/// The program of a proxy, which `cargo xtask test` installs; it does not outlive its test.
struct Proxy(Child);

impl Proxy {
    fn spawn(command: &mut Command, package: &str) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Self(child.unwrap_or_else(|error| panic!("{error}: apt-get install -y {package}")))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The writer itself, past names.
fn writer(test: &TestLab) -> SocketAddr {
    let url = test.lab.admin_url(test.lab.writer());
    let (_, rest) = url.split_once('@').unwrap();
    rest.split_once('/').unwrap().0.parse().unwrap()
}

/// The application's URL with another address.
fn url_at(test: &TestLab, address: SocketAddr, sslmode: &str) -> String {
    let url = test.lab.proxy_url();
    let (before, rest) = url.split_once('@').unwrap();
    let (_, after) = rest.split_once('/').unwrap();
    let after = after.replace("sslmode=disable", &format!("sslmode={sslmode}"));
    format!("{before}@{address}/{after}")
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn connect(test: &TestLab, path: vocabulary::Path, url: &str) -> Result<Session, ConnectError> {
    let limit = Duration::from_secs(30);
    let endpoint = Endpoint::parse(url, &Environment::of(&[])).unwrap();
    let resolver = Resolver::new(Some(test.lab.dns_server()), limit).unwrap();
    let connector = Connector::new(path, endpoint, resolver, limit).unwrap();
    let attempt = async { connector.connect(1, &mut ConnectProgress::default()).await };
    test.runtime.block_on(attempt)
}

fn with<'a>(operations: &'a [Row], column: &str, word: &str) -> Vec<&'a Row> {
    let has = |row: &&Row| row.get(column).is_some_and(|found| found == word);
    operations.iter().filter(has).collect()
}

/// pgcat answered COMMIT with FATAL 58000 where the server had committed, and each such order was called `failed`.
#[test]
fn what_a_proxy_says_for_itself_proves_no_rollback() {
    let test = TestLab::start_set_up();
    let (mut expected, mut cases_of_proxy) = (Vec::new(), Vec::new());
    for Expected {
        case,
        text,
        sqlstate,
        class,
        outcome,
    } in CASES
    {
        cases_of_proxy.push(case);
        expected.push((text, sqlstate, class, outcome));
    }
    let enough = 2 * 8 * expected.len();
    let proxy = Interceptor::start(writer(&test), cases_of_proxy);
    let proxy = test.runtime.block_on(proxy).unwrap();
    let runs = test.runs();
    let mut command = test.command(&test.run_arguments(&WRITES, runs.to_str().unwrap()));
    command.env(
        "PGOUTAGE_PROXY_URL",
        url_at(&test, proxy.address, "disable"),
    );
    let running = crate::common::Running::spawn(&mut command);
    wait_until("enough of each case", || proxy.seen() > enough);
    running.signal("INT");
    assert_success(&running.output());

    let recording = test.recording();
    let operations = rows(&recording, Table::Operations);
    let orders: BTreeSet<String> = test
        .texts("select order_number from business_orders")
        .into_iter()
        .collect();
    let mut failures: Vec<&Row> = operations
        .iter()
        .filter(|row| matches!(row["outcome"].as_str(), "failed" | "unknown"))
        .collect();
    for (text, sqlstate, class, outcome) in expected {
        let (of_case, others): (Vec<_>, Vec<_>) = failures
            .into_iter()
            .partition(|row| row["error_message"].contains(text));
        failures = others;
        assert!(of_case.len() >= 3, "{text}: {of_case:?}");
        for row in &of_case {
            let found = [&row["sqlstate"], &row["error_class"], &row["outcome"]];
            assert_eq!(found, [sqlstate, class, outcome], "{row:?}");
            if matches!(
                row["operation_name"].as_str(),
                "place_order" | "create_order"
            ) {
                let is_there = orders.contains(&identity(&recording, row));
                assert_eq!(is_there, outcome == "unknown", "{row:?}");
            }
        }
        // Without the ids that Odyssey puts into each.
        let texts: BTreeSet<&str> = of_case
            .iter()
            .map(|row| row["error_message"].as_str())
            .collect();
        assert_eq!(texts.len(), 1, "{texts:?}");
    }
    assert!(failures.is_empty(), "{failures:?}");
}

/// HAProxy before the writer; it asks every 100 ms whether there is one.
fn haproxy(test: &TestLab, address: SocketAddr) -> Proxy {
    let configuration = format!(
        "defaults
    mode tcp
    retries 0
    timeout connect 1s
    timeout client 1m
    timeout server 1m
listen proxy
    bind {address}
    server writer {} check inter 100ms fall 1 rise 1
",
        writer(test)
    );
    let file = test.folder.path().join("haproxy.cfg");
    std::fs::write(&file, configuration).unwrap();
    let sbin = Path::new("/usr/sbin/haproxy");
    let program = if sbin.exists() {
        sbin
    } else {
        Path::new("haproxy")
    };
    let mut command = Command::new(program);
    command.args(["-db", "-q", "-f"]).arg(&file);
    Proxy::spawn(command.stderr(Stdio::null()), "haproxy")
}

/// It accepts, and closes before a byte: a server that is dying does so too, but never one behind a proxy that answers.
#[test]
fn a_proxy_without_a_server_is_told_from_a_server_that_dies() {
    let mut test = TestLab::start_set_up();
    let address = free_address();
    let _haproxy = haproxy(&test, address);
    let url = url_at(&test, address, "disable");
    wait_until("HAProxy", || {
        connect(&test, vocabulary::Path::Proxy, &url).is_ok()
    });
    let runs = test.runs();
    let mut command = test.command(&test.run_arguments(&WRITES, runs.to_str().unwrap()));
    let running = crate::common::Running::spawn(command.env("PGOUTAGE_PROXY_URL", &url));
    wait_until("orders", || {
        test.texts("select id::text from business_orders where order_number not like 'seed%'")
            .len()
            > 20
    });
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    wait_until("HAProxy to know that its server is gone", || {
        let attempt = connect(&test, vocabulary::Path::Proxy, &url);
        attempt.is_err_and(|error| error.class == ErrorClass::Proxy && has_no_server(&error))
    });
    std::thread::sleep(Duration::from_millis(500));
    running.signal("INT");
    assert_success(&running.output());

    check_without_server(&test, address);
    let recording = test.recording();
    let operations = rows(&recording, Table::Operations);
    let refused = with(&operations, "error_class", "proxy");
    assert!(!refused.is_empty(), "{operations:?}");
    for row in refused {
        assert_eq!(
            (&*row["error_phase"], &*row["outcome"]),
            ("checkout", "failed"),
            "{row:?}"
        );
    }
    // What ran went with the server: HAProxy tells nothing of that.
    let connections = rows(&recording, Table::Connections);
    assert!(
        !with(&connections, "error_class", "proxy").is_empty(),
        "{connections:?}"
    );
}

fn has_no_server(error: &ConnectError) -> bool {
    error.message.contains("it has no server for it")
}

fn check_without_server(test: &TestLab, address: SocketAddr) {
    for (path, sslmode, phase, class) in [
        (
            vocabulary::Path::Proxy,
            "disable",
            ConnectPhase::Startup,
            ErrorClass::Proxy,
        ),
        (
            vocabulary::Path::Proxy,
            "require",
            ConnectPhase::Tls,
            ErrorClass::Proxy,
        ),
        (
            vocabulary::Path::Proxy,
            "prefer",
            ConnectPhase::Tls,
            ErrorClass::Proxy,
        ),
        // The same on the direct path: there it can only be the server.
        (
            vocabulary::Path::Direct,
            "disable",
            ConnectPhase::Startup,
            ErrorClass::ConnectionLost,
        ),
        (
            vocabulary::Path::Direct,
            "require",
            ConnectPhase::Tls,
            ErrorClass::ConnectionLost,
        ),
    ] {
        let error = connect(test, path, &url_at(test, address, sslmode))
            .err()
            .unwrap();
        assert_eq!(
            (error.phase, error.class),
            (phase, class),
            "{sslmode}: {error:?}"
        );
        assert_eq!(
            has_no_server(&error),
            class == ErrorClass::Proxy,
            "{error:?}"
        );
    }
}

/// pgbouncer with a pool mode of its own before the writer.
fn pgbouncer(test: &TestLab, user: &Ordinary, address: SocketAddr, pool_mode: &str) -> Proxy {
    let folder = user.own(pool_mode);
    let (writer, url) = (writer(test), test.lab.proxy_url());
    let (_, rest) = url.split_once("app:").unwrap();
    let (password, _) = rest.split_once('@').unwrap();
    let users = folder.join("users.txt");
    std::fs::write(&users, format!("\"app\" \"{password}\"\n")).unwrap();
    let configuration = format!(
        "[databases]
postgres = host={} port={} dbname=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {}
unix_socket_dir =
auth_type = trust
auth_file = {}
pool_mode = {pool_mode}
ignore_startup_parameters = extra_float_digits
",
        writer.ip(),
        writer.port(),
        address.port(),
        users.display()
    );
    let file = folder.join("pgbouncer.ini");
    std::fs::write(&file, configuration).unwrap();
    let sbin = Path::new("/usr/sbin/pgbouncer");
    let program = if sbin.exists() {
        sbin
    } else {
        Path::new("pgbouncer")
    };
    let mut command = Command::new(program);
    command.arg(&file);
    Proxy::spawn(user.command(&command).stderr(Stdio::null()), "pgbouncer")
}

/// BEGIN is refused, and nothing failed over: the connection was not lost, the proxy ended it.
#[test]
fn a_pooler_that_has_no_transactions_says_so_itself() {
    let test = TestLab::start();
    let (user, address) = (Ordinary::new(), free_address());
    let _pgbouncer = pgbouncer(&test, &user, address, "statement");
    let url = url_at(&test, address, "disable");
    let path = vocabulary::Path::Proxy;
    wait_until("pgbouncer", || connect(&test, path, &url).is_ok());
    let session = connect(&test, path, &url).unwrap();
    let error = test.runtime.block_on(session.client.batch_execute("BEGIN"));
    let failed = session.explain(&error.unwrap_err());
    let symptom = failed.symptom();
    assert_eq!(classify::class(symptom), ErrorClass::Proxy, "{failed:?}");
    assert_eq!(classify::outcome(symptom, false), Outcome::Failed);
    assert!(
        failed.lost && classify::ends_connection(ErrorClass::Proxy),
        "{failed:?}"
    );
    assert!(
        failed
            .message
            .contains("transaction blocks not allowed in statement pooling mode"),
        "{failed:?}"
    );
}

/// Languages, and what PostgreSQL says in each to a division by zero.
const LANGUAGES: [(&str, &str); 3] = [
    ("de_DE", "Division durch Null"),
    ("fr_FR", "division par zéro"),
    ("ja_JP", "0 による除算"),
];

/// Compiles the locales into a folder of the test's own: PostgreSQL brings its texts in every language, the system mostly none.
#[test]
fn no_language_of_the_server_changes_what_a_commit_is() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::user::set_mode(folder.path(), 0o755);
    for (language, _) in LANGUAGES {
        let mut command = Command::new("localedef");
        command.args(["-i", language, "-f", "UTF-8"]);
        command.arg(folder.path().join(format!("{language}.UTF-8")));
        let made = command
            .output()
            .expect("localedef: apt-get install -y locales");
        assert!(
            made.status.success(),
            "apt-get install -y locales: {made:?}"
        );
    }
    // The lab's servers inherit where locales are; to set that for this process would be unsafe.
    let inner = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "proxies::in_other_languages",
            "--ignored",
            "--nocapture",
        ])
        .env("LOCPATH", folder.path())
        .output()
        .unwrap();
    let (output, errors) = (crate::common::stdout(&inner), crate::common::stderr(&inner));
    assert!(
        inner.status.success() && output.contains("1 passed"),
        "{output}{errors}"
    );
}

#[test]
#[ignore = "run by the test above, with locales"]
fn in_other_languages() {
    let test = TestLab::start_set_up();
    let admin = test.admin();
    let run = |statement: &str| {
        test.runtime
            .block_on(admin.batch_execute(statement))
            .unwrap();
    };
    for (language, by_zero) in LANGUAGES {
        run(&format!(
            "alter system set lc_messages = '{language}.UTF-8'"
        ));
        run("alter system set synchronous_standby_names = 'nobody'");
        run("select pg_reload_conf()");
        let session = || connect(&test, vocabulary::Path::Direct, &test.lab.direct_url()).unwrap();
        // Sessions that begin now have both settings.
        wait_until(language, || {
            let session = session();
            let error = test
                .runtime
                .block_on(session.client.batch_execute("select 1/0"));
            let failed = session.explain(&error.unwrap_err());
            failed.message.contains(by_zero)
        });
        for (signal, class) in [
            ("pg_cancel_backend", ErrorClass::Unreplicated),
            ("pg_terminate_backend", ErrorClass::StartingOrStopping),
        ] {
            let session = session();
            let waits = "select pid::text from pg_stat_activity where usename = 'app' and wait_event = 'SyncRep'";
            let write = session.client.batch_execute(
                "update business_users set login_count = login_count + 1 where id = 1",
            );
            let end = async {
                wait_for_one(&admin, waits).await;
                let end = format!(
                    "select {signal}(pid) from pg_stat_activity where usename = 'app' and wait_event = 'SyncRep'"
                );
                admin.query(&end, &[]).await.unwrap();
            };
            let (written, ()) = test.runtime.block_on(async { tokio::join!(write, end) });
            let found = match written {
                // The server says yes, and before that, that no standby has it.
                Ok(()) => {
                    let warning = session.unreplicated_commit().expect(language);
                    classify::class(classify::Symptom::Answer(warning.answer()))
                }
                Err(error) => {
                    let failed = session.explain(&error);
                    assert_eq!(
                        classify::outcome(failed.symptom(), true),
                        Outcome::Unknown,
                        "{failed:?}"
                    );
                    classify::class(failed.symptom())
                }
            };
            assert_eq!(found, class, "{language}, {signal}");
        }
    }
    run("alter system reset synchronous_standby_names");
    run("select pg_reload_conf()");
}

async fn wait_for_one(admin: &tokio_postgres::Client, question: &str) {
    for _ in 0..1_500 {
        if !admin.query(question, &[]).await.unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited 30 s for {question}");
}
