//! What `recorder check` finds before a run would meet it, and what the probes know where a server, or a host, says little.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::common::checks::{assert_row, check, check_row, check_rows, run, with_settings_of};
use crate::common::{
    BUSY, Row, Running, TestLab, assert_one_line, assert_success, only_recording, rows, stderr,
};
use lab::{Lab, LabOptions};
use recording::Table;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

const READS_ONLY: [&str; 4] = ["--write-weight", "0", "--transaction-weight", "0"];

fn sql(test: &TestLab, statements: &str) {
    let admin = test.admin();
    let done = test.runtime.block_on(admin.batch_execute(statements));
    done.unwrap();
}

/// The direct endpoint as another user.
fn url_of(test: &TestLab, user: &str, password: &str) -> String {
    let url = test.lab.direct_url();
    let (_, rest) = url.split_once('@').unwrap();
    format!("postgres://{user}:{password}@{rest}")
}

fn connect(test: &TestLab, url: &str) -> Client {
    let address = url.replace("writer.lab.test", "127.0.0.2");
    test.runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&address, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    })
}

fn free(output: &Output) -> i64 {
    let (_, found, _) = check_row(output, "direct", "connections");
    let free = found.split_whitespace().next().unwrap();
    free.replace(',', "").parse().unwrap()
}

#[test]
fn connections_of_others_are_not_free() {
    let test = TestLab::start_set_up();
    sql(
        &test,
        "create role shop login password 'shop'; grant app to shop",
    );
    sql(&test, "create database elsewhere");
    let direct = |flags: &[&str]| check(&test, &[&["--mode", "direct"][..], flags].concat());
    let before = free(&direct(&[]));
    let url = url_of(&test, "shop", "shop");
    let held: Vec<Client> = (0..15).map(|_| connect(&test, &url)).collect();
    assert_eq!(free(&direct(&[])), before - 15);
    let elsewhere = connect(&test, &url.replace("/postgres?", "/elsewhere?"));
    assert_eq!(free(&direct(&[])), before - 16);
    drop(elsewhere);

    // What the limits of the user and of the database already hold.
    sql(&test, "alter role shop connection limit 20");
    let as_shop = || {
        let mut command = test.command(&["check", "--json", "--mode", "direct"]);
        command.env("PGOUTAGE_DIRECT_URL", &url).output().unwrap()
    };
    let text = "5 of 20 free (the user's limit)";
    assert_row(&as_shop(), "direct", "connections", "fail", text);
    sql(
        &test,
        "alter role shop connection limit -1; alter database postgres connection limit 21",
    );
    let output = as_shop();
    assert_row(
        &output,
        "direct",
        "connections",
        "fail",
        " of 21 free (the database's limit)",
    );
    // The pooler may hold some more.
    assert!(free(&output) <= 6, "{}", free(&output));
    sql(&test, "alter database postgres connection limit -1");
    drop(held);

    // What the user may not know is told.
    sql(&test, "revoke select on pg_stat_database from public");
    let output = direct(&[]);
    assert_success(&output);
    assert_row(&output, "direct", "connections", "warn", "at most ");
    assert_row(
        &output,
        "direct",
        "connections",
        "warn",
        "pg_stat_database and",
    );
}

#[test]
fn settings_of_the_session_that_work_against_a_run() {
    let test = TestLab::start_set_up();
    let direct = |flags: &[&str]| check(&test, &[&["--mode", "direct"][..], flags].concat());
    sql(
        &test,
        "alter role app set default_transaction_read_only = on",
    );
    let output = direct(&[]);
    assert_eq!(output.status.code(), Some(1));
    let remedy = "ALTER ROLE app RESET default_transaction_read_only, or --write-weight 0";
    for text in ["writer, but every write of this session will fail", remedy] {
        assert_row(&output, "direct", "role", "fail", text);
    }
    let output = run(&test, &["--mode", "direct"]);
    assert_one_line(&output, 2, &["direct path", remedy]);
    let reads = [&["--mode", "direct"][..], &READS_ONLY].concat();
    assert_success(&run(&test, &reads));

    sql(
        &test,
        "alter role app reset default_transaction_read_only;
         alter database postgres set default_transaction_read_only = on",
    );
    let remedy = "ALTER DATABASE postgres RESET";
    assert_row(&direct(&[]), "direct", "role", "fail", remedy);
    sql(
        &test,
        "begin read write; alter database postgres reset default_transaction_read_only; commit",
    );

    sql(
        &test,
        "alter role app set statement_timeout = '2s'; alter role app set lock_timeout = '1500ms';
         alter role app set idle_in_transaction_session_timeout = '3s'; alter role app set idle_session_timeout = '4s'",
    );
    let output = direct(&[]);
    assert_success(&output);
    let rows = check_rows(&output, "direct", "session");
    assert_eq!(rows.len(), 4, "{rows:?}");
    for value in [
        "statement_timeout 2s is shorter than --operation-timeout 10s",
        "lock_timeout 1.5s is shorter",
        "idle_in_transaction_session_timeout 3s is shorter",
        "idle_session_timeout 4s is shorter than the time that a pooled connection may be idle (10.5s)",
    ] {
        let row = rows.iter().find(|row| row.1.starts_with(value));
        let (result, _, remedy) = row.unwrap_or_else(|| panic!("{value} in {rows:?}"));
        assert_eq!(result, "warn");
        assert!(remedy.starts_with("ALTER ROLE app RESET "), "{remedy}");
    }
    let output = direct(&["--operation-timeout", "1s"]);
    assert_row(
        &output,
        "direct",
        "session",
        "ok",
        "longer than the run's own limits: ",
    );
}

#[test]
fn tables_that_are_not_ours() {
    let test = TestLab::start_set_up();
    let skip = ["--skip-check", "--mode", "direct"];
    let fails = |change: &str, texts: &[&str]| {
        sql(&test, change);
        let output = check(&test, &[]);
        assert_eq!(output.status.code(), Some(1), "{change}");
        for path in ["direct", "proxy"] {
            for text in texts {
                assert_row(&output, path, "columns", "fail", text);
            }
        }
        let output = run(&test, &[]);
        assert_one_line(&output, 2, &[&["direct path, "], texts].concat());
    };
    fails(
        "alter table business_products alter id type bigint",
        &[
            "business_products.id is bigint, not integer",
            "recorder setup",
        ],
    );
    // Nothing of the program's own types, also where nothing is checked.
    let output = run(&test, &skip);
    let texts = [
        "business_products.id is int8, not integer",
        "recorder setup",
    ];
    assert_one_line(&output, 2, &texts);
    sql(&test, "alter table business_products alter id type integer");
    fails(
        "alter table business_orders drop constraint business_orders_user_id_fkey;
         alter table business_orders alter user_id type uuid using gen_random_uuid()",
        &[
            "uuid = integer",
            "business_orders.user_id is uuid (setup: integer)",
        ],
    );
    sql(
        &test,
        "alter table business_orders alter user_id type integer using 1",
    );
    fails(
        "alter table business_orders alter order_number type varchar(20)",
        &["business_orders.order_number has room for 20 characters, and the workload writes 34"],
    );
    sql(
        &test,
        "alter table business_orders alter order_number type varchar(50)",
    );
    fails(
        "alter table business_logs add tenant uuid not null default gen_random_uuid();
         alter table business_logs alter tenant drop default",
        &["business_logs.tenant is NOT NULL without a default"],
    );
    sql(&test, "alter table business_logs drop tenant");
    assert!(!test.runs().exists());

    other_types_that_will_do(&test);
}

/// They are told, and do.
fn other_types_that_will_do(test: &TestLab) {
    sql(
        test,
        "alter table business_products alter stock type bigint;
         alter table business_logs alter user_id type bigint; alter table business_logs alter ip_address type text",
    );
    let output = check(test, &[]);
    assert_success(&output);
    let others = "compatible, other types: ";
    assert_row(&output, "direct", "columns", "ok", others);
    let weights = [
        "--read-weight",
        "0",
        "--write-weight",
        "50",
        "--transaction-weight",
        "50",
    ];
    assert_success(&run(test, &weights));
    let operations = rows(&test.recording(), Table::Operations);
    assert!(
        operations
            .iter()
            .any(|row| row["operation_name"] == "place_order")
    );
    for row in operations {
        assert!(!row.contains_key("error_message"), "{row:?}");
    }
}

#[test]
fn what_a_server_refuses_to_say_is_left_out() {
    let test = TestLab::start_set_up();
    sql(
        &test,
        "create function aurora_db_instance_identifier() returns text language sql as $$ select 'shop-1' $$;
         revoke execute on function aurora_db_instance_identifier() from public",
    );
    let record = |name: &str| {
        let runs = test.folder.path().join(name);
        let flags = [
            &BUSY[..],
            &["--duration", "2", "--availability-interval", "0"],
        ]
        .concat();
        assert_success(&test.recorder(&test.run_arguments(&flags, runs.to_str().unwrap())));
        let recording = only_recording(&runs);
        let mut probes = rows(&recording, Table::Probes);
        probes.retain(|row| row["probe"] == "server" && row["success"] == "true");
        let connections = rows(&recording, Table::Connections);
        for path in ["direct", "proxy"] {
            let of_path = |rows: &[Row]| rows.iter().filter(|row| row["path"] == path).count();
            assert!(of_path(&probes) >= 2, "{path}: {probes:?}");
            assert!(of_path(&connections) >= 1, "{path}");
        }
        [probes, connections].concat()
    };
    for row in record("instance") {
        assert_eq!(row["server_address"], "127.0.0.2", "{row:?}");
        assert_eq!(row["server_in_recovery"], "false");
        assert!(row.contains_key("server_start_time"));
        assert!(!row.contains_key("aurora_instance_identifier"));
    }
    let output = check(&test, &[]);
    assert_success(&output);
    for text in ["Aurora, instance unknown", "GRANT EXECUTE"] {
        assert_row(&output, "direct", "server", "warn", text);
    }

    sql(
        &test,
        "revoke execute on function inet_server_addr() from public;
         revoke execute on function pg_postmaster_start_time() from public",
    );
    for row in record("address") {
        assert_eq!(row["server_in_recovery"], "false", "{row:?}");
        assert!(row.contains_key("server_port"), "{row:?}");
        assert!(!row.contains_key("server_address"), "{row:?}");
        assert!(!row.contains_key("server_start_time"), "{row:?}");
    }
    let output = check(&test, &[]);
    assert_success(&output);
    assert_row(&output, "direct", "role", "ok", "writer");
    let (_, found, _) = check_row(&output, "direct", "clock");
    assert!(found.contains("this host's clock is"), "{found}");
}

#[test]
fn a_silent_first_host_hides_no_other() {
    let test = TestLab::start_set_up();
    let url = test.lab.direct_url();
    let port = url.split(':').nth(3).unwrap().split('/').next().unwrap();
    // The kernel takes connections, and nothing more comes.
    let silent = TcpListener::bind(format!("127.0.0.9:{port}")).unwrap();
    let hosts = format!("127.0.0.9:{port},127.0.0.2:{port}");
    let url = url.replace(&format!("writer.lab.test:{port}"), &hosts);
    let runs = test.runs();
    let flags = [
        "--mode",
        "direct",
        "--duration",
        "8",
        "--connect-timeout",
        "2s",
        "--operation-timeout",
        "4s",
        "--availability-interval",
        "0",
    ];
    let arguments = test.run_arguments(&flags, runs.to_str().unwrap());
    let mut command = test.command(&arguments);
    let output = Running::spawn(command.env("PGOUTAGE_DIRECT_URL", &url)).output();
    drop(silent);
    assert_success(&output);
    let warning =
        "2 hosts with --connect-timeout 2s each may take 4s, and --operation-timeout is 4s";
    assert!(stderr(&output).contains(warning), "{}", stderr(&output));
    let mut probes = rows(&test.recording(), Table::Probes);
    probes.retain(|row| row["probe"] == "server" && row["success"] == "true");
    assert!(probes.len() >= 2, "{probes:?}");
    for row in probes {
        assert_eq!(row["server_address"], "127.0.0.2");
    }
}

#[test]
fn names_that_no_name_server_answers_for_have_no_ttl() {
    let test = TestLab::start_set_up();
    let url = test.lab.proxy_url().replace("@127.0.0.1:", "@localhost:");
    let mut command = test.command(&["check", "--json", "--mode", "proxy"]);
    command
        .env("PGOUTAGE_PROXY_URL", &url)
        .env_remove("PGOUTAGE_DNS_SERVER");
    let output = command.output().unwrap();
    assert_success(&output);
    let (result, found, _) = check_row(&output, "proxy", "dns");
    assert_eq!(result, "ok", "{found}");
    assert!(
        found.contains("not from a name server") && !found.contains("TTL"),
        "{found}"
    );

    // In a mount namespace of its own, a hosts file of its own.
    let hosts = test.folder.path().join("hosts");
    std::fs::write(&hosts, "127.0.0.1 localhost\n127.0.0.1 shop-db.example\n").unwrap();
    let url = url.replace("@localhost:", "@shop-db.example:");
    let inside = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
        command.args(["--mount", "sh", "-c", script]);
        command.arg(&hosts);
        let recorder = test.command(arguments);
        with_settings_of(&mut command, &recorder);
        command
            .env("PGOUTAGE_PROXY_URL", &url)
            .env_remove("PGOUTAGE_DNS_SERVER");
        command.stdin(Stdio::null()).output().unwrap()
    };
    let output = inside(&["check", "--json", "--mode", "proxy"]);
    if stderr(&output).contains("unshare") {
        eprintln!("nothing more was tested: {}", stderr(&output));
        return;
    }
    assert_success(&output);
    let (result, found, _) = check_row(&output, "proxy", "dns");
    assert_eq!(
        (result.as_str(), found.as_str()),
        ("ok", "127.0.0.1, not from a name server")
    );
    let runs = test.runs();
    let flags = ["--mode", "proxy", "--duration", "3"];
    assert_success(&inside(&test.run_arguments(&flags, runs.to_str().unwrap())));
    let mut probes = rows(&test.recording(), Table::Probes);
    probes.retain(|row| row["probe"] == "dns" && row["success"] == "true");
    assert!(!probes.is_empty());
    for row in probes {
        assert_eq!(row["dns_addresses"], "127.0.0.1");
        assert!(!row.contains_key("dns_ttl_s"), "{row:?}");
    }
}

#[test]
fn the_turns_of_a_reader_endpoint_are_no_events() {
    let runtime = Runtime::new().unwrap();
    let options = LabOptions {
        ttl: Duration::from_secs(1),
        readers: 2,
        ..LabOptions::default()
    };
    let lab = runtime.block_on(Lab::start(options)).unwrap();
    let test = TestLab {
        runtime,
        lab,
        folder: tempfile::tempdir().unwrap(),
    };
    assert_success(&test.recorder(&["setup", "--users", "100", "--products", "100"]));
    let url = test.lab.direct_url();
    let reader = url.replace("@writer.lab.test:", "@reader.lab.test:");
    let runs = test.runs();
    let flags = ["--mode", "direct", "--duration", "60"];
    let mut command = test.command(&test.run_arguments(&flags, runs.to_str().unwrap()));
    command.env("PGOUTAGE_DIRECT_READER_URL", &reader);
    let running = Running::spawn(&mut command);
    test.wait_for_recording();
    std::thread::sleep(Duration::from_secs(12));
    running.signal("TERM");
    assert_success(&running.output());
    let recording = test.recording();
    let mut probes = rows(&recording, Table::Probes);
    probes.retain(|row| row["probe"] == "dns" && row["reader"] == "true");
    let answers: BTreeSet<&str> = probes
        .iter()
        .filter_map(|row| row.get("dns_addresses").map(String::as_str))
        .collect();
    assert!(answers.len() >= 2, "{answers:?}");
    let mut events = rows(&recording, Table::Events);
    events.retain(|row| row["event"] == "address_changed");
    assert_eq!(events, Vec::<Row>::new());
}
