//! Reaching the server as libpq does, and under its own name: addresses, names, what the own host lacks, `pg_stat_activity`.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::common::{
    BUSY, Row, Running, TestLab, assert_one_line, assert_success, number, rows, stderr, wait_until,
};
use recorder::connect::{ConnectError, ConnectProgress, Connector, Resolver};
use recorder::endpoint::Endpoint;
use recorder::endpoint::environment::Environment;
use recording::vocabulary::{ErrorClass, Path};
use recording::{Recording, Table};

/// The same command, begun by a shell that does `script` before.
fn through_shell(command: &Command, start: &[&str], script: &str) -> Command {
    let mut shell = Command::new(start[0]);
    shell
        .args(&start[1..])
        .arg(format!("{script} && exec \"$0\" \"$@\""))
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// The direct path's URL with another host and port in it.
fn direct_url_at(test: &TestLab, host: &str) -> String {
    let url = test.lab.direct_url();
    let (before, rest) = url.split_once('@').unwrap();
    let (_, after) = rest.split_once('/').unwrap();
    format!("{before}@{host}/{after}")
}

/// Where the lab's writer listens.
fn writer_address(test: &TestLab) -> SocketAddr {
    let url = test.lab.direct_url();
    let (_, rest) = url.split_once('@').unwrap();
    let (_, port) = rest.split('/').next().unwrap().split_once(':').unwrap();
    SocketAddr::new([127, 0, 0, 2].into(), port.parse().unwrap())
}

/// Hands every connection on to `server`; its threads end with the test's process.
fn relay(listener: TcpListener, server: SocketAddr) {
    let copy = |mut from: TcpStream, mut to: TcpStream| {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Both);
    };
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(server).unwrap();
            let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || copy(client, server));
            thread::spawn(move || copy(back.0, back.1));
        }
    });
}

fn attempt(test: &TestLab, url: &str) -> (Option<ConnectError>, ConnectProgress) {
    let limit = Duration::from_secs(30);
    let endpoint = Endpoint::parse(url, &Environment::of(&[])).unwrap();
    let resolver = Resolver::new(Some(test.lab.dns_server()), limit).unwrap();
    let connector = Connector::new(Path::Direct, endpoint, resolver, limit).unwrap();
    let mut progress = ConnectProgress::default();
    let attempt = connector.connect(1, &mut progress);
    let failed = test.runtime.block_on(attempt).err();
    (failed, progress)
}

/// `localhost` is 127.0.0.1 and ::1, and a server may listen on one of them alone.
#[test]
fn every_address_of_a_name_is_tried() {
    let test = TestLab::start_set_up();
    let server = writer_address(&test);
    let families = ["127.0.0.1", "::1"];
    let reached: Vec<bool> = families
        .iter()
        .map(|address| {
            let Ok(listener) = TcpListener::bind((*address, 0)) else {
                eprintln!("not tested: {address} is not there");
                return false;
            };
            let port = listener.local_addr().unwrap().port();
            relay(listener, server);
            let (failed, progress) =
                attempt(&test, &direct_url_at(&test, &format!("localhost:{port}")));
            assert!(failed.is_none(), "{failed:?}");
            assert_eq!(progress.address, address.parse().ok());
            true
        })
        .collect();
    assert!(reached[0], "no IPv4");
    // None listens: every address is told of.
    let (failed, _) = attempt(&test, &direct_url_at(&test, "localhost:1"));
    let failed = failed.unwrap();
    assert!(
        matches!(failed.class, ErrorClass::Refused | ErrorClass::Unreachable),
        "{failed:?}"
    );
    for address in ["127.0.0.1:1: ", "[::1]:1: "] {
        assert!(failed.message.contains(address), "{failed:?}");
    }
}

/// Runs the recorder where resolv.conf is empty and the hosts file is this one; `None` where mounts are not allowed.
struct OwnEtc {
    script: String,
}

impl OwnEtc {
    fn new(test: &TestLab, hosts: &str) -> Option<Self> {
        let is_allowed = Command::new("unshare")
            .args(["-m", "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !is_allowed {
            eprintln!("nothing was tested: mounts are not allowed here");
            return None;
        }
        let file = |name: &str, text: &str| -> PathBuf {
            let file = test.folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        let script = format!(
            "mount --bind {} /etc/resolv.conf && mount --bind {} /etc/hosts",
            file("resolv.conf", "# none\n").display(),
            file("hosts", hosts).display()
        );
        Some(Self { script })
    }

    /// With the system's name servers.
    fn command(&self, test: &TestLab, url: &str, arguments: &[&str]) -> Command {
        let mut command = test.command(arguments);
        command
            .env("PGOUTAGE_DIRECT_URL", url)
            .env_remove("PGOUTAGE_DNS_SERVER");
        through_shell(&command, &["unshare", "-m", "sh", "-c"], &self.script)
    }
}

/// Without a name server whatever needs none goes: addresses, and names in the hosts file, with an underscore too.
#[test]
fn no_name_server_is_needed_for_what_is_known() {
    let test = TestLab::start_set_up();
    let Some(etc) = OwnEtc::new(&test, "127.0.0.2 my_db other\n127.0.0.1 localhost\n") else {
        return;
    };
    let port = writer_address(&test).port();
    let runs = test.runs();
    for host in ["127.0.0.2", "127.2", "my_db"] {
        let url = direct_url_at(&test, &format!("{host}:{port}"));
        let out = runs.join(host);
        let arguments = ["run", "--mode", "direct", "--duration", "2", "--out"];
        let arguments = [&arguments[..], &[out.to_str().unwrap()], &BUSY].concat();
        let output = etc.command(&test, &url, &arguments).output().unwrap();
        assert_success(&output);
        let recording = crate::common::only_recording(&out);
        let operations = rows(&recording, Table::Operations);
        let served = operations.iter().filter(|row| row["success"] == "true");
        assert!(served.count() > 10, "{host}");
        let probes = rows(&recording, Table::Probes);
        let names: Vec<&Row> = probes.iter().filter(|row| row["probe"] == "dns").collect();
        assert_eq!(names.is_empty(), host != "my_db", "{names:?}");
        for row in names {
            assert_eq!(row["dns_addresses"], "127.0.0.2");
            // No name server gave one, so there is none.
            assert!(!row.contains_key("dns_ttl_s"), "{row:?}");
        }
        let connections = rows(&recording, Table::Connections);
        let looked_up = connections[0].contains_key("dns_us");
        assert_eq!(looked_up, host == "my_db", "{:?}", connections[0]);
    }
    // What is known nowhere: the line says who was asked, and why.
    let url = direct_url_at(&test, &format!("no_such_db:{port}"));
    let arguments = ["run", "--mode", "direct", "--connect-timeout", "10s"];
    let output = etc.command(&test, &url, &arguments).output().unwrap();
    let texts = [
        "no_such_db: ",
        "the system has no name server configured",
        "--dns-server",
    ];
    assert_one_line(&output, 2, &texts);
}

/// A name server that says nothing is not the database.
#[test]
fn a_silent_name_server_is_named() {
    let test = TestLab::start_set_up();
    let name_server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = name_server.local_addr().unwrap().to_string();
    for command in ["check", "run"] {
        let arguments = [
            command,
            "--mode",
            "direct",
            "--connect-timeout",
            "1s",
            "--dns-server",
            &address,
        ];
        let output = test.recorder(&arguments);
        let text = stderr(&output) + &crate::common::stdout(&output);
        assert!(
            text.contains("writer.lab.test: the name server did not answer within 1s"),
            "{text}"
        );
        assert!(!text.contains("the server did not answer"), "{text}");
    }
}

fn of_class<'a>(rows: &'a [Row], class: &str) -> Vec<&'a Row> {
    let is_of = |row: &&Row| row.get("error_class").is_some_and(|found| found == class);
    rows.iter().filter(is_of).collect()
}

const FORTY: [&str; 8] = [
    "--mode",
    "direct",
    "--duration",
    "3",
    "--concurrent-workers",
    "40",
    "--pool-size",
    "40",
];

/// A run with 40 connections where the shell has set the limit on descriptors.
fn limited(test: &TestLab, ulimit: &str, flags: &[&str]) -> Command {
    let runs = test.runs();
    let arguments = [&FORTY[..], flags, &BUSY].concat();
    let arguments = test.run_arguments(&arguments, runs.to_str().unwrap());
    through_shell(&test.command(&arguments), &["sh", "-c"], ulimit)
}

#[test]
fn the_limit_on_descriptors_is_raised_or_told() {
    let test = TestLab::start_set_up();
    // No way up: one line, and nothing is recorded.
    let output = limited(&test, "ulimit -n 45", &[]).output().unwrap();
    let texts = ["the limit on open files is 45", "ulimit -Hn", "--pool-size"];
    assert_one_line(&output, 2, &texts);
    assert!(!test.runs().exists() || std::fs::read_dir(test.runs()).unwrap().next().is_none());
    // The soft limit alone is no limit.
    let output = limited(&test, "ulimit -Sn 45", &[]).output().unwrap();
    assert_success(&output);
    let recording = test.recording();
    let connections = rows(&recording, Table::Connections);
    let made = connections.iter().filter(|row| row["success"] == "true");
    assert!(made.count() >= 40, "{connections:?}");
    assert!(!stderr(&output).contains("class client"));
}

/// Let through all the same, it is a class of its own, and told at the end.
#[test]
fn a_host_without_descriptors_is_no_outage() {
    let test = TestLab::start_set_up();
    // Without availability probes: what they take, the look-ups of the pool would lack.
    let flags = ["--skip-check", "--availability-interval", "0"];
    let output = limited(&test, "ulimit -n 32", &flags).output().unwrap();
    assert_success(&output);
    let text = stderr(&output);
    let recording: Recording = test.recording();
    let operations = rows(&recording, Table::Operations);
    let connections = rows(&recording, Table::Connections);
    let [failed, attempts] = [&operations, &connections].map(|rows| of_class(rows, "client"));
    assert!(!failed.is_empty() && !attempts.is_empty(), "{text}");
    for row in operations.iter().filter(|row| row["success"] == "false") {
        // Waiting for the others' connections is no failure of the kind.
        let class = row.get("error_class").map(String::as_str);
        assert!(matches!(class, Some("client") | None), "{row:?}");
    }
    let told = text.lines().filter(|line| line.contains("class client"));
    let told: Vec<&str> = told.collect();
    let [told] = told[..] else {
        panic!("one line: {text}");
    };
    let attempts = format!("and {} attempts to connect", attempts.len());
    assert!(told.contains(&attempts), "{told}");
    assert!(
        told.contains(&format!("{} operations", failed.len())),
        "{told}"
    );
    assert!(told.contains("ulimit -n"), "{told}");
}

/// A DBA finds the sessions of a run, of each path, and those of other commands.
#[test]
fn sessions_have_a_name() {
    let test = TestLab::start_set_up();
    let names = "select distinct application_name from pg_stat_activity where usename = 'app'";
    let flags = [
        "--duration",
        "60",
        "--probe-interval",
        "100ms",
        "--enable-pgbench",
        "--pgbench-clients",
        "2",
        "--pgbench-jobs",
        "1",
        "--pgbench-scale",
        "1",
        "--warmup-time",
        "1",
    ];
    let arguments = [&flags[..], &BUSY].concat();
    let running: Running = test.spawn_run(&arguments);
    test.wait_for_recording();
    let run_id = test.recording().manifest().run_id.clone();
    let wanted = ["direct", "proxy"].map(|path| format!("pgoutage/{run_id}/{path}"));
    wait_until("the names of both paths", || {
        let names = test.texts(names);
        wanted.iter().all(|name| names.contains(name))
    });
    // Once the check's sessions are gone, nothing goes without a name: pool and probes alike. A pooler's sessions are called as their last client.
    wait_until("nothing but those names", || {
        let names = test.texts(names);
        names.iter().all(|name| wanted.contains(name))
    });
    let of_pgbench = "select distinct application_name from pg_stat_activity \
                      where usename = 'app' and query like '%pgbench_%'";
    // Not both at one moment: a session shows its last statement, and BEGIN is one too.
    let mut seen = Vec::new();
    wait_until("pgbench on both paths", || {
        seen.extend(test.texts(of_pgbench));
        wanted.iter().all(|name| seen.contains(name))
    });
    assert!(seen.iter().all(|name| wanted.contains(name)), "{seen:?}");
    let count = format!(
        "select count(*)::text from pg_stat_activity where application_name = '{}'",
        wanted[0]
    );
    // Three workers, two of pgbench's, and the probe.
    wait_until("the probe too", || {
        test.texts(&count)[0].parse::<u32>().unwrap() >= 6
    });
    running.signal("INT");
    assert_success(&running.output());
    let start = number(&rows(&test.recording(), Table::Operations)[0], "start_time");
    assert!(start.is_some());

    let lock = "select pg_advisory_lock(hashtext('pgoutage setup'))";
    let holder = test.admin();
    test.runtime.block_on(holder.query(lock, &[])).unwrap();
    let setup = Running::spawn(&mut test.command(&["setup"]));
    wait_until("the set-up's name", || {
        test.texts(names).contains(&"pgoutage/setup".to_owned())
    });
    drop(holder);
    assert_success(&setup.output());
}
