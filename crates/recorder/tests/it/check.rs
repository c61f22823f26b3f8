//! `recorder check`, and what `run` makes of it.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::common::checks::{assert_row, check, check_row, run, with_settings_of};
use crate::common::{Running, TestLab, assert_one_line, assert_success, stderr, stdout};
use tokio_postgres::NoTls;

#[test]
fn a_healthy_pair_and_what_can_be_wrong_with_it() {
    let test = TestLab::start();
    let check = |flags: &[&str]| test.recorder(&[&["check", "--json"][..], flags].concat());
    let none = check(&[]);
    assert_eq!(none.status.code(), Some(1), "{}", stderr(&none));
    assert_row(&none, "direct", "tables", "fail", "recorder setup");
    assert_eq!(stderr(&none), "recorder: 2 checks failed\n");

    assert_success(&test.recorder(&["setup", "--users", "100", "--products", "100"]));
    let table = test.recorder(&["check"]);
    assert_success(&table);
    let text = stdout(&table);
    assert!(text.starts_with("path    check"), "{text}");
    assert!(!text.contains('\x1b') && !text.contains("FAIL"), "{text}");
    assert!(
        text.contains("load, operations per second: direct up to "),
        "{text}"
    );

    let good = check(&[]);
    assert_success(&good);
    assert_healthy(&good);

    // More than the server has.
    let many = check(&["--pool-size", "5000", "--concurrent-workers", "5000"]);
    assert_eq!(many.status.code(), Some(1));
    assert_row(&many, "direct", "connections", "fail", "--pool-size");
    assert_row(&many, "proxy", "connections", "warn", "proxy shares");
    let pgbench = check(&["--enable-pgbench", "--pgbench-clients", "20"]);
    assert_row(&pgbench, "direct", "connections", "ok", "up to 29");

    // A user who may not do everything.
    let admin = test.admin();
    let execute = |sql: &str| test.runtime.block_on(admin.batch_execute(sql)).unwrap();
    execute(
        "revoke insert on business_logs from app; revoke usage on sequence business_orders_id_seq from app",
    );
    let revoked = check(&["--mode", "direct"]);
    let missing = "missing: INSERT on business_logs, USAGE on public.business_orders_id_seq";
    assert_row(&revoked, "direct", "privileges", "fail", missing);
    let runs = test.runs();
    let run = |flags: &[&str]| {
        let base = ["--duration", "1", "--mode", "direct"];
        let arguments = [&base[..], flags].concat();
        test.recorder(&test.run_arguments(&arguments, runs.to_str().unwrap()))
    };
    assert_one_line(&run(&[]), 2, &["direct path, ", missing, "GRANT"]);
    assert!(!runs.exists());
    // Reads alone need no more.
    assert_success(&run(&["--write-weight", "0", "--transaction-weight", "0"]));
    execute(
        "grant insert on business_logs to app; grant usage on sequence business_orders_id_seq to app",
    );

    // The endpoints exchanged by mistake.
    let exchanged = test
        .command(&["check", "--json"])
        .env("PGOUTAGE_DIRECT_URL", test.lab.proxy_url())
        .env("PGOUTAGE_PROXY_URL", test.lab.direct_url())
        .output()
        .unwrap();
    assert_success(&exchanged);
    assert_row(&exchanged, "direct", "proxy", "warn", "--direct-url");
    assert_row(&exchanged, "proxy", "proxy", "warn", "--proxy-url");
}

fn assert_healthy(good: &Output) {
    for (path, check, text) in [
        ("direct", "dns", "127.0.0.2, TTL 1 s"),
        ("direct", "tcp", "127.0.0.2:"),
        ("direct", "tls", "none (sslmode "),
        ("direct", "login", "as app in "),
        ("direct", "server", "PostgreSQL 1"),
        ("direct", "role", "writer"),
        ("direct", "session", "no time limits"),
        ("direct", "proxy", "looks direct"),
        ("proxy", "proxy", "looks like a proxy"),
        ("direct", "round_trip", "median "),
        (
            "direct",
            "connections",
            "the run needs up to 9, 18 on all paths; 18 more per path while it does not answer",
        ),
        (
            "proxy",
            "tables",
            "users 100, products 100, orders 10,000, logs 10,000",
        ),
        ("direct", "transaction", "ROLLBACK work"),
        ("proxy", "transaction", "ROLLBACK work"),
        ("proxy", "privileges", "complete for the workload"),
        ("direct", "columns", "as created by recorder setup"),
        ("proxy", "columns", "as created by recorder setup"),
        ("", "open_files", "the run needs at least 38"),
        (
            "direct",
            "availability",
            "probes add 40 statements per second (reads and writes every 50ms); up to 20 connections while it does not answer",
        ),
    ] {
        assert_row(good, path, check, "ok", text);
    }
    // Aurora was not asked for.
    let (_, found, _) = check_row(good, "direct", "server");
    assert!(!found.contains("Aurora"), "{found}");
    let (clock, found, _) = check_row(good, "direct", "clock");
    assert!(
        clock != "fail" && found.contains("this host's clock is"),
        "{found}"
    );
}

#[test]
fn a_reader_is_no_main_endpoint() {
    let test = TestLab::start_set_up();
    let url = test
        .lab
        .direct_url()
        .replace("writer.lab.test", "reader.lab.test");
    let runs = test.runs();
    let command = |arguments: &[&str]| {
        let mut command = test.command(arguments);
        command.env("PGOUTAGE_DIRECT_URL", &url);
        command.output().unwrap()
    };
    let check = command(&["check", "--json"]);
    assert_eq!(check.status.code(), Some(1));
    assert_row(&check, "direct", "role", "fail", "every write will fail");
    assert_row(&check, "proxy", "role", "ok", "writer");
    let flags = ["--mode", "direct", "--duration", "1"];
    let mut run = test.run_arguments(&flags, runs.to_str().unwrap());
    assert_one_line(&command(&run), 2, &["direct path", "every write will fail"]);
    assert!(!runs.exists());
    run.push("--skip-check");
    let skipped = command(&run);
    assert_success(&skipped);
    assert!(stderr(&skipped).contains("every write will fail"));
}

#[test]
fn what_does_not_answer_is_a_failed_row() {
    let test = TestLab::start_set_up();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("postgres://app:geheim@{}/x", listener.local_addr().unwrap());
    let holder = test.admin();
    let lock = "begin; lock business_users";
    test.runtime.block_on(holder.batch_execute(lock)).unwrap();
    let begun = Instant::now();
    let output = test
        .command(&["check", "--json", "--connect-timeout", "700ms"])
        .env("PGOUTAGE_DIRECT_URL", silent)
        .output()
        .unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(output.status.code(), Some(1));
    // It takes connections and says nothing; with sslmode=prefer the first question is that for TLS.
    assert_row(&output, "direct", "tls", "fail", "no answer within 700ms");
    assert_row(
        &output,
        "proxy",
        "tables",
        "fail",
        "the server did not answer",
    );
    assert_row(&output, "proxy", "connections", "ok", " free (");
    assert!(!stdout(&output).contains("geheim"));
}

#[test]
fn the_certificate_is_told() {
    let test = TestLab::start_set_up();
    let data = test
        .texts("select current_setting('data_directory')")
        .remove(0);
    let data = Path::new(&data);
    let made = Command::new("openssl")
        .args(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 20".split(' '),
        )
        .args(
            "-subj /O=Shop/CN=writer.lab.test -addext subjectAltName=DNS:writer.lab.test -addext basicConstraints=critical,CA:FALSE"
                .split(' '),
        )
        .args("-keyout server.key -out server.crt".split(' '))
        .current_dir(data)
        .output()
        .expect("this test needs openssl (Debian: apt-get install openssl)");
    assert!(made.status.success());
    let owner = std::fs::metadata(data).unwrap();
    for file in ["server.key", "server.crt"] {
        let file = data.join(file);
        chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let admin = test.admin();
    let run = |sql: &str| test.runtime.block_on(admin.batch_execute(sql)).unwrap();
    run("alter system set ssl = on");
    run("select pg_reload_conf()");
    crate::common::wait_until("TLS", || {
        test.texts("select current_setting('ssl')") == ["on"]
    });

    let url = test.lab.direct_url();
    let (base, _) = url.split_once('?').unwrap();
    let root = data.join("server.crt").display().to_string();
    for (parameters, text) in [
        ("sslmode=require".to_owned(), "not checked"),
        (
            format!("sslmode=verify-full&sslrootcert={root}"),
            "signature and name verified",
        ),
    ] {
        let output = test
            .command(&["check", "--json", "--mode", "direct"])
            .env("PGOUTAGE_DIRECT_URL", format!("{base}?{parameters}"))
            .output()
            .unwrap();
        assert_success(&output);
        assert_row(&output, "direct", "tls", "warn", text);
        assert_row(
            &output,
            "direct",
            "tls",
            "warn",
            "TLSv1.3, self-signed by writer.lab.test, valid until 2",
        );
        assert_row(&output, "direct", "tls", "warn", "less than 30 days");
    }
}

/// Sets pgbouncer's mode, as its owner would.
fn set_pool_mode(test: &TestLab, mode: &str) {
    let ini = test.lab.dir().join("pgbouncer/pgbouncer.ini");
    let text = std::fs::read_to_string(&ini).unwrap();
    let lines = text
        .lines()
        .map(|line| match line.starts_with("pool_mode") {
            true => format!("pool_mode = {mode}\n"),
            false => format!("{line}\n"),
        });
    std::fs::write(&ini, lines.collect::<String>()).unwrap();
    let admin = test.lab.admin_url(test.lab.writer());
    let (user, _) = admin.split_once('@').unwrap();
    let proxy = test.lab.proxy_url();
    let (_, host) = proxy.split_once('@').unwrap();
    let (host, _) = host.split_once('/').unwrap();
    test.runtime.block_on(async {
        let url = format!("{user}@{host}/pgbouncer");
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.simple_query("RELOAD").await.unwrap();
    });
}

#[test]
fn a_pooler_that_refuses_transactions_is_named() {
    let test = TestLab::start_set_up();
    for protocol in ["simple", "extended", "prepared"] {
        let output = check(&test, &["--protocol", protocol]);
        assert_success(&output);
        assert_row(&output, "proxy", "transaction", "ok", "ROLLBACK work");
    }
    set_pool_mode(&test, "statement");
    for protocol in ["simple", "extended"] {
        let output = check(&test, &["--protocol", protocol]);
        assert_eq!(output.status.code(), Some(1));
        assert_row(&output, "direct", "transaction", "ok", "ROLLBACK work");
        for text in ["statement pooling", "pool_mode = transaction"] {
            assert_row(&output, "proxy", "transaction", "fail", text);
        }
        // All else is known.
        assert_row(&output, "proxy", "columns", "ok", "");
        assert_eq!(stderr(&output), "recorder: 1 check failed\n");
    }
    let output = run(&test, &[]);
    assert_one_line(&output, 2, &["proxy path", "pool_mode = transaction"]);
    assert!(!test.runs().exists());
    // Without purchases no transaction is needed.
    assert_success(&run(&test, &["--transaction-weight", "0"]));
}

#[test]
fn what_was_not_reached_has_no_row_and_options_are_the_cause_they_are() {
    let test = TestLab::start_set_up();
    let flags = ["--mode", "direct", "--password-command", "false"];
    let url = test.lab.direct_url();
    let (login, host) = url.rsplit_once('@').unwrap();
    let user = login.rsplit_once(':').unwrap().0;
    let output = test
        .command(&[&["check", "--json"][..], &flags].concat())
        .env("PGOUTAGE_DIRECT_URL", format!("{user}@{host}"))
        .output()
        .unwrap();
    assert_row(&output, "direct", "login", "fail", "password command");
    let document = stdout(&output);
    assert!(!document.contains("\"tcp\""), "{document}");
    assert!(!document.contains("\"tls\""), "{document}");

    let url = test.lab.proxy_url();
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options=-cgeqo%3Doff");
    let output = test
        .command(&["check", "--json", "--mode", "proxy"])
        .env("PGOUTAGE_PROXY_URL", url)
        .output()
        .unwrap();
    let text = "remove options from --proxy-url";
    assert_row(&output, "proxy", "login", "fail", text);
}

#[test]
fn a_proxy_without_a_writer_is_told_as_that() {
    let mut test = TestLab::start_set_up();
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    let output = check(&test, &["--mode", "proxy", "--connect-timeout", "3s"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("no writer"), "{text}");
    assert!(
        text.contains("check the servers behind the proxy"),
        "{text}"
    );
    assert!(!text.contains("try again"), "{text}");

    // HAProxy takes a connection and closes it where it has no server.
    let config = test.folder.path().join("haproxy.cfg");
    let place = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = place.local_addr().unwrap();
    let direct = test
        .lab
        .direct_url()
        .replace("writer.lab.test", "127.0.0.2");
    let server = direct.split('@').nth(1).unwrap().split('/').next().unwrap();
    let text = format!(
        "defaults\n mode tcp\n timeout connect 2s\n timeout client 5s\n timeout server 5s\n\
         listen f\n bind {address}\n server s {server} check inter 100 fall 1\n"
    );
    std::fs::write(&config, text).unwrap();
    drop(place);
    let mut haproxy = Command::new("/usr/sbin/haproxy");
    haproxy.arg("-f").arg(&config);
    haproxy.stdout(Stdio::null()).stderr(Stdio::null());
    let haproxy = Running::spawn(&mut haproxy);
    crate::common::wait_until("HAProxy without a server", || {
        use std::io::Read;
        let connected = std::net::TcpStream::connect(address);
        connected.is_ok_and(|mut stream| stream.read(&mut [0]).is_ok_and(|read| read == 0))
    });
    let output = test
        .command(&["check", "--json", "--mode", "proxy"])
        .env(
            "PGOUTAGE_PROXY_URL",
            format!("postgres://app:x@{address}/postgres"),
        )
        .output()
        .unwrap();
    drop(haproxy);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("no writer"), "{text}");
    assert!(
        text.contains("check the servers behind the proxy"),
        "{text}"
    );
}

#[test]
fn too_few_open_files_are_told_before() {
    let test = TestLab::start_set_up();
    let with_few = |arguments: &[&str]| {
        let recorder = test.command(arguments);
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 60 && exec \"$0\" \"$@\""]);
        with_settings_of(&mut command, &recorder);
        command.output().unwrap()
    };
    let output = with_few(&[
        "check",
        "--json",
        "--pool-size",
        "40",
        "--concurrent-workers",
        "40",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let text = "the limit on open files is 60; the run needs at least 112";
    assert_row(&output, "", "open_files", "fail", text);
    // As many connections as workers ask for; enough for these, and not for all that connect anew at once.
    let output = with_few(&["check", "--json", "--pool-size", "40"]);
    assert_eq!(output.status.code(), Some(0));
    let text = "the run may need 378 when it reconnects";
    assert_row(&output, "", "open_files", "warn", text);
    // On an open loop ten times the workers may ask, or as many as are said.
    let open = ["check", "--json", "--pool-size", "40", "--rate", "100"];
    let output = with_few(&open);
    assert_eq!(output.status.code(), Some(1));
    let text = "the limit on open files is 60; the run needs at least 92";
    assert_row(&output, "", "open_files", "fail", text);
    let load: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(load["load"]["operations_per_s"], 200.0, "{load}");
    let output = with_few(&[&open[..], &["--max-in-flight", "3"]].concat());
    let text = "the run may need 378 when it reconnects";
    assert_row(&output, "", "open_files", "warn", text);
    let runs = test.runs();
    let flags = "--duration 1 --pool-size 40 --concurrent-workers 40";
    let flags: Vec<&str> = flags.split(' ').collect();
    let output = with_few(&test.run_arguments(&flags, runs.to_str().unwrap()));
    assert_one_line(&output, 2, &["the limit on open files is 60", "ulimit -Hn"]);
    assert!(!runs.exists());
}
