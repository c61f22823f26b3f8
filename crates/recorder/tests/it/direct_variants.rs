//! What an application can do on the direct path that changes its downtime: a cache that outlives the TTL, and several hosts in the URL.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::common::{
    Row, Running, TestLab, assert_one_line, assert_success, number, only_recording, rows, stderr,
    stdout, wait_for_recording, wait_until,
};
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use lab::{FailoverOptions, NodeName, StepKind};
use recorder::connect::{ConnectError, ConnectProgress, Connector, Resolver};
use recorder::endpoint::Endpoint;
use recorder::endpoint::environment::Environment;
use recording::vocabulary::{self, ErrorClass};
use recording::{Recording, Table};
use serde_json::Value;
use socket2::{Domain, Socket, Type};

const WRITES: [&str; 12] = [
    "--mode",
    "direct",
    "--duration",
    "180",
    "--read-weight",
    "0",
    "--transaction-weight",
    "50",
    "--min-operation-interval",
    "10ms",
    "--max-operation-interval",
    "30ms",
];

/// The direct path's URL with these hosts in place of the name; `parameters` go behind those that it has.
fn url_of(test: &TestLab, hosts: &[&str], parameters: &str) -> String {
    let url = test.lab.direct_url();
    let (before, rest) = url.split_once('@').unwrap();
    let (name, after) = rest.split_once('/').unwrap();
    let (_, port) = name.split_once(':').unwrap();
    let hosts: Vec<String> = hosts.iter().map(|host| format!("{host}:{port}")).collect();
    let separator = if after.contains('?') { '&' } else { '?' };
    format!(
        "{before}@{}/{after}{separator}{parameters}",
        hosts.join(",")
    )
}

/// A recorder into a folder of its own.
fn spawn(test: &TestLab, folder: &Path, url: &str, flags: &[&str]) -> Running {
    let start = ["run", "--out", folder.to_str().unwrap()];
    let mut command = test.command(&[&start[..], flags, &WRITES].concat());
    Running::spawn(command.env("PGOUTAGE_DIRECT_URL", url))
}

/// Orders that a recording's own writes have made so far.
fn orders(test: &TestLab, folder: &Path) -> usize {
    let run = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let run_id = run.file_name().into_string().unwrap();
    let orders =
        format!("select order_number from business_orders where order_number like '{run_id}-%'");
    test.texts(&orders).len()
}

fn finished(recording: &Recording) -> Vec<Row> {
    let mut operations = rows(recording, Table::Operations);
    operations.retain(|row| row["outcome"] != "unfinished");
    operations
}

fn after(rows: &[Row], time: i64) -> impl Iterator<Item = &Row> {
    rows.iter()
        .filter(move |row| number(row, "start_time").is_some_and(|start| start > time))
}

/// The old writer is back as a reader, and its name leads elsewhere: who keeps the answer goes on to be refused.
#[test]
fn a_cache_that_outlives_the_ttl_goes_on_to_the_old_address() {
    let mut test = TestLab::start_set_up();
    let folders = ["ttl", "cache"].map(|name| test.folder.path().join(name));
    let flags: [&[&str]; 2] = [&[], &["--dns-cache", "10m"]];
    let url = test.lab.direct_url();
    let running: Vec<Running> = folders
        .iter()
        .zip(flags)
        .map(|(folder, flags)| spawn(&test, folder, &url, flags))
        .collect();
    folders.iter().for_each(|folder| wait_for_recording(folder));
    let options = FailoverOptions {
        return_after: Duration::from_secs(1),
        dns_after: Duration::from_secs(3),
        ..FailoverOptions::default()
    };
    let steps = test.runtime.block_on(test.lab.failover(&options, |_| {}));
    let steps = steps.unwrap();
    let flipped = steps
        .iter()
        .find(|step| step.step == StepKind::DnsChanged)
        .unwrap()
        .time_us;
    let before = orders(&test, &folders[0]);
    wait_until("orders by the new name", || {
        orders(&test, &folders[0]) > before + 20
    });
    // The name's probes look once a second.
    std::thread::sleep(Duration::from_secs(2));
    for recorder in running {
        recorder.signal("INT");
        assert_success(&recorder.output());
    }
    let [ttl, cache] = folders.map(|folder| only_recording(&folder));
    let of_cache = |recording: &Recording| {
        let connection = recording.manifest().connection.clone();
        connection.unwrap().dns_cache_us
    };
    assert_eq!(of_cache(&ttl), None);
    assert_eq!(of_cache(&cache), Some(600_000_000));

    let operations = finished(&ttl);
    let served = operations[operations.len() - 10..].iter();
    assert!(
        served.clone().all(|row| row["success"] == "true"),
        "{served:?}"
    );
    // Both had an answer from before the flip; that of one second is over long before the recording's end.
    let refused = finished(&cache);
    let refused: Vec<&Row> = after(&refused, flipped + 1_000_000).collect();
    assert!(refused.len() > 20, "{}", refused.len());
    for row in refused {
        assert_eq!(row["error_class"], "read_only", "{row:?}");
    }
    let attempts = rows(&cache, Table::Connections);
    let attempts: Vec<&Row> = after(&attempts, flipped).collect();
    assert!(attempts.len() > 20, "{}", attempts.len());
    for row in attempts {
        assert_eq!(row["endpoint_address"], "127.0.0.2", "{row:?}");
    }
    check_name_probes(&cache);
}

/// The probes ask the name server, whatever the workload keeps.
fn check_name_probes(cache: &Recording) {
    let probes = rows(cache, Table::Probes);
    let mut names = probes.iter().filter(|row| row["probe"] == "dns");
    let last = names.next_back().unwrap();
    assert_eq!(last["dns_addresses"], "127.0.0.3", "{last:?}");
    assert_eq!(last["dns_ttl_s"], "1", "{last:?}");
}

/// The name still leads to the old writer, and is not looked up.
#[test]
fn several_hosts_lead_to_the_new_writer_without_dns() {
    let mut test = TestLab::start_set_up();
    let folder = test.folder.path().join("hosts");
    let url = url_of(
        &test,
        &["127.0.0.2", "127.0.0.3"],
        "target_session_attrs=read-write",
    );
    let running = spawn(&test, &folder, &url, &[]);
    wait_for_recording(&folder);
    wait_until("orders", || orders(&test, &folder) > 20);
    let options = FailoverOptions {
        return_after: Duration::from_secs(1),
        dns_after: Duration::from_secs(8),
        ..FailoverOptions::default()
    };
    let steps = test.runtime.block_on(test.lab.failover(&options, |_| {}));
    let steps = steps.unwrap();
    let time_of = |kind: StepKind| steps.iter().find(|step| step.step == kind).unwrap().time_us;
    running.signal("INT");
    assert_success(&running.output());
    let recording = only_recording(&folder);

    let endpoint = &recording.manifest().endpoints[0];
    let hosts: Vec<&str> = endpoint.hosts().map(|(host, _)| host).collect();
    assert_eq!(hosts, ["127.0.0.2", "127.0.0.3"]);
    assert_eq!(endpoint.target_session_attrs.as_deref(), Some("read-write"));
    let connections = rows(&recording, Table::Connections);
    assert_eq!(connections[0]["endpoint_host"], "127.0.0.2");
    // A writer is who is promoted; a flip of the name is not waited for.
    let found: Vec<&Row> = connections
        .iter()
        .filter(|row| row["success"] == "true" && row["endpoint_host"] == "127.0.0.3")
        .collect();
    assert!(!found.is_empty(), "{connections:?}");
    for row in found {
        assert_eq!(row["server_in_recovery"], "false", "{row:?}");
        assert!(
            number(row, "end_time").unwrap() < time_of(StepKind::DnsChanged),
            "{row:?}"
        );
    }
    // Before it, neither host was of use, and both are named. (An attempt that the crash itself cut has the class of its own end.)
    let is_no_writer = |row: &&Row| {
        row.get("error_class")
            .is_some_and(|class| class == "no_writer")
    };
    let failed = connections.iter().find(is_no_writer);
    let message = &failed.expect("an attempt that found no writer")["error_message"];
    for text in ["127.0.0.2:", "; 127.0.0.3:", "the session is read-only"] {
        assert!(message.contains(text), "{message}");
    }
    let operations = finished(&recording);
    let refused = operations.iter().find(|row| {
        row.get("error_class")
            .is_some_and(|class| class == "read_only")
    });
    assert_eq!(refused, None);
    let late: Vec<&Row> = after(&operations, time_of(StepKind::ReturnedAsReader)).collect();
    assert!(late.len() > 20, "{}", late.len());
    let served = late.iter().filter(|row| row["success"] == "true").count();
    assert!(served * 10 > late.len() * 9, "{served} of {}", late.len());
}

/// A connector with this limit on each phase.
fn connector(test: &TestLab, url: &str, limit: Duration) -> Connector {
    let endpoint = Endpoint::parse(url, &Environment::of(&[])).unwrap();
    let resolver = Resolver::new(Some(test.lab.dns_server()), limit).unwrap();
    Connector::new(vocabulary::Path::Direct, endpoint, resolver, limit).unwrap()
}

/// What an attempt comes to: the host that was taken, or why none was.
fn attempt(test: &TestLab, url: &str) -> Result<String, ConnectError> {
    let connector = connector(test, url, Duration::from_secs(30));
    let mut progress = ConnectProgress::default();
    test.runtime
        .block_on(connector.connect(1, &mut progress))
        .map(|_session| connector.endpoint().hosts[progress.host].name.clone())
}

#[test]
fn hosts_are_tried_as_libpq_does() {
    let test = TestLab::start_set_up();
    let (writer, reader) = ("127.0.0.2", "127.0.0.3");
    // No server listens there; no such name.
    let (nobody, unknown) = ("127.0.0.9", "nobody.lab.test");
    let of = |hosts: &[&str], parameters: &str| attempt(&test, &url_of(&test, hosts, parameters));
    for (target, hosts, taken) in [
        ("any", [reader, writer], reader),
        ("read-write", [reader, writer], writer),
        ("primary", [reader, writer], writer),
        ("read-only", [writer, reader], reader),
        ("standby", [writer, reader], reader),
        ("prefer-standby", [writer, reader], reader),
        ("prefer-standby", [nobody, writer], writer),
        ("read-write", [nobody, writer], writer),
        ("any", [unknown, writer], writer),
    ] {
        let parameters = format!("target_session_attrs={target}");
        let found = of(&hosts, &parameters).unwrap();
        assert_eq!(found, taken, "{target} of {hosts:?}");
    }
    for (target, hosts, texts) in [
        (
            "read-write",
            [reader, nobody],
            ["the session is read-only; 127.0.0.9:", "refused"],
        ),
        (
            "standby",
            [nobody, writer],
            ["refused", "the server is not in recovery"],
        ),
        (
            "any",
            [nobody, unknown],
            ["refused", "nobody.lab.test: no such name"],
        ),
    ] {
        let failed = of(&hosts, &format!("target_session_attrs={target}")).unwrap_err();
        for text in texts {
            assert!(failed.message.contains(text), "{text}: {failed:?}");
        }
    }
    check_wrong_password(&test, &[writer, reader]);
    // One name, and a server that it must not lead to.
    let reader_name = url_of(
        &test,
        &["reader.lab.test"],
        "target_session_attrs=read-write",
    );
    let failed = attempt(&test, &reader_name).unwrap_err();
    assert_eq!(failed.message, "the session is read-only");
    assert_eq!(failed.class, ErrorClass::NoWriter);

    let random: Vec<String> = (0..40)
        .map(|_| of(&[writer, reader], "load_balance_hosts=random").unwrap())
        .collect();
    for host in [writer, reader] {
        assert!(random.iter().any(|taken| taken == host), "{random:?}");
    }
}

/// A wrong password is wrong for good: the second host is not asked.
fn check_wrong_password(test: &TestLab, hosts: &[&str; 2]) {
    let url = url_of(test, hosts, "target_session_attrs=any");
    let (scheme, rest) = url.split_once("app:").unwrap();
    let (password, rest) = rest.split_once('@').unwrap();
    let failed = attempt(test, &format!("{scheme}app:not-{password}@{rest}")).unwrap_err();
    assert_eq!(failed.class, ErrorClass::Auth);
    assert!(!failed.message.contains(hosts[1]), "{failed:?}");
}

/// A host that takes no connection and refuses none: its queue is full, and the kernel drops what comes after.
struct SilentHost {
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl SilentHost {
    fn start(address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&address.into()).unwrap();
        socket.listen(0).unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
            queue.push(stream);
            assert!(queue.len() < 16, "the queue does not fill");
        }
        Self {
            _listener: socket.into(),
            _queue: queue,
        }
    }

    /// At the port of the lab's servers.
    fn of_lab(test: &TestLab) -> (Self, &'static str) {
        let url = test.lab.direct_url();
        let port = url.split_once('@').unwrap().1;
        let port = port.split_once(':').unwrap().1;
        let port = port.split('/').next().unwrap();
        let address = format!("127.0.0.8:{port}").parse().unwrap();
        (Self::start(address), "127.0.0.8")
    }
}

/// The class is that of the hosts, not of the order in which they were asked.
#[test]
fn the_class_of_several_hosts_is_not_that_of_the_last() {
    let test = TestLab::start_set_up();
    let (_silent_host, silent) = SilentHost::of_lab(&test);
    // None listens at the second.
    let (reader, refusing) = ("127.0.0.3", "127.0.0.9");
    for (hosts, class, tells) in [
        (vec![refusing, reader], ErrorClass::NoWriter, reader),
        (vec![reader, refusing], ErrorClass::NoWriter, reader),
        (vec![silent, reader], ErrorClass::NoWriter, reader),
        (vec![silent, refusing], ErrorClass::ConnectTimeout, silent),
        (vec![refusing, silent], ErrorClass::Refused, refusing),
        (vec![reader], ErrorClass::NoWriter, reader),
    ] {
        let url = url_of(&test, &hosts, "target_session_attrs=read-write");
        let connector = connector(&test, &url, Duration::from_secs(2));
        // Again with what the first one left behind: a silent host is asked last then.
        for _ in 0..2 {
            let mut progress = ConnectProgress::default();
            let attempt = connector.connect(1, &mut progress);
            let failed = test.runtime.block_on(attempt).err().unwrap();
            assert_eq!(failed.class, class, "{hosts:?}: {failed:?}");
            assert_eq!(hosts[progress.host], tells, "{hosts:?}");
            if hosts.len() > 1 {
                for host in &hosts {
                    assert!(failed.message.contains(host), "{hosts:?}: {failed:?}");
                }
            }
        }
    }
}

/// An attempt goes on where the last one was cut off, and does not come back to the silent host for a while.
#[test]
fn a_silent_first_host_is_waited_for_once() {
    let test = TestLab::start_set_up();
    let (_silent_host, silent) = SilentHost::of_lab(&test);
    let (writer, reader) = ("127.0.0.2", "127.0.0.3");
    let url = url_of(
        &test,
        &[silent, reader, writer],
        "target_session_attrs=read-write",
    );
    let connector = connector(&test, &url, Duration::from_secs(2));
    let connect = |limit: Duration| {
        let mut progress = ConnectProgress::default();
        let attempt = async {
            let attempt = connector.connect(1, &mut progress);
            matches!(tokio::time::timeout(limit, attempt).await, Ok(Ok(_)))
        };
        let is_connected = test.runtime.block_on(attempt);
        (is_connected, progress.host, progress.earlier)
    };
    // Each operation gives up before the host's limit; without a memory all of them would.
    let mut given_up = 0;
    let reached = loop {
        let (is_connected, host, earlier) = connect(Duration::from_millis(900));
        if is_connected {
            break (host, earlier);
        }
        given_up += 1;
        assert!(given_up < 20, "attempts never came past host {host}");
    };
    assert_eq!(reached.0, 2);
    let last = reached.1.last().unwrap();
    assert!(
        last.starts_with(reader) || last.starts_with(silent),
        "{last}"
    );
    let forever = Duration::from_secs(60);
    for _ in 0..3 {
        let (is_connected, host, earlier) = connect(forever);
        assert!(is_connected && host == 2, "{earlier:?}");
        // The reader alone was asked before.
        assert_eq!(earlier.len(), 1, "{earlier:?}");
        assert!(earlier[0].starts_with(reader), "{earlier:?}");
    }
    // Another connector knows nothing of it.
    let fresh = connector.without_cache(Duration::from_secs(2));
    let mut progress = ConnectProgress::default();
    let attempt = fresh.connect(1, &mut progress);
    assert!(test.runtime.block_on(attempt).is_ok());
    assert_eq!(progress.earlier.len(), 2, "{progress:?}");
}

/// With an operation's limit that is no longer than that of connecting, no operation came past a silent first host.
#[test]
fn a_run_comes_past_a_silent_first_host() {
    let test = TestLab::start_set_up();
    let (_silent_host, silent) = SilentHost::of_lab(&test);
    let url = url_of(
        &test,
        &[silent, "127.0.0.3", "127.0.0.2"],
        "target_session_attrs=read-write",
    );
    let folder = test.folder.path().join("silent");
    let limits = [
        "--operation-timeout",
        "1s",
        "--connect-timeout",
        "1s",
        "--skip-check",
        "--probe-interval",
        "0",
    ];
    let running = spawn(&test, &folder, &url, &limits);
    wait_for_recording(&folder);
    wait_until("orders", || orders(&test, &folder) > 20);
    running.signal("INT");
    assert_success(&running.output());
    let recording = only_recording(&folder);
    let connections = rows(&recording, Table::Connections);
    let (made, failed): (Vec<&Row>, Vec<&Row>) =
        connections.iter().partition(|row| row["success"] == "true");
    for row in made {
        assert_eq!(row["endpoint_host"], "127.0.0.2", "{row:?}");
    }
    // What was cut off tells where it stood.
    for row in failed.iter().filter(|row| row.contains_key("error_class")) {
        assert_eq!(row["error_class"], "operation_timeout", "{row:?}");
    }
    let waited_for = |row: &&Row| {
        row["endpoint_host"] == silent
            || row["error_message"].contains(&format!("before: {silent}"))
    };
    assert!(failed.iter().any(waited_for), "{connections:?}");
}

/// A name server that gives every name the same addresses, in this order. Its thread ends with the process.
fn name_server(addresses: &'static [[u8; 4]]) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut datagram = [0; 1_500];
        while let Ok((length, from)) = socket.recv_from(&mut datagram) {
            let question = Message::from_vec(&datagram[..length]).unwrap();
            let query = &question.queries[0];
            let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
            answer.add_query(query.clone());
            if query.query_type() == RecordType::A {
                for address in addresses {
                    let data = RData::from(IpAddr::from(*address));
                    answer.add_answer(Record::from_rdata(query.name().clone(), 5, data));
                }
            }
            let _ = socket.send_to(&answer.to_vec().unwrap(), from);
        }
    });
    address
}

/// The limit of a probe is for each address of a name. With one for the name, it was cut off at the silent address, long before
/// --connect-timeout led the attempt to the next one.
#[test]
fn a_probe_comes_past_a_silent_address_of_a_name() {
    let test = TestLab::start_set_up();
    let (_silent_host, _) = SilentHost::of_lab(&test);
    let name_server = name_server(&[[127, 0, 0, 8], [127, 0, 0, 2]]).to_string();
    let url = url_of(&test, &["two.lab.test"], "connect_timeout=8");
    let folder = test.folder.path().join("two");
    let flags = [
        "run",
        "--out",
        folder.to_str().unwrap(),
        "--mode",
        "direct",
        "--duration",
        "6",
        "--operation-timeout",
        "30s",
        "--skip-check",
        "--availability-interval",
        "0",
        "--dns-server",
        &name_server,
    ];
    let mut command = test.command(&flags);
    let output = command.env("PGOUTAGE_DIRECT_URL", url).output().unwrap();
    assert_success(&output);
    let probes = rows(&only_recording(&folder), Table::Probes);
    let answered = |row: &&Row| row["probe"] == "server" && row["success"] == "true";
    let addresses: Vec<&str> = probes
        .iter()
        .filter(answered)
        .map(|row| row["server_address"].as_str())
        .collect();
    assert!(addresses.contains(&"127.0.0.2"), "{probes:?}");
}

/// The rows of one check on the direct path: result and what was found.
fn checked(test: &TestLab, url: &str, flags: &[&str], check: &str) -> Vec<(String, String)> {
    let arguments = [&["check", "--json", "--mode", "direct"][..], flags].concat();
    let output = test
        .command(&arguments)
        .env("PGOUTAGE_DIRECT_URL", url)
        .output()
        .unwrap();
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let rows = document["checks"].as_array().unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter()
        .filter(|row| row["check"] == check)
        .map(|row| (text(row, "result"), text(row, "found")))
        .collect()
}

#[test]
fn check_tells_of_every_host_and_of_what_is_kept() {
    let test = TestLab::start_set_up();
    let both = [NodeName::B, NodeName::A].map(|node| node.address().to_string());
    let both = both.each_ref().map(String::as_str);
    let url = url_of(&test, &both, "target_session_attrs=read-write");
    let role = checked(&test, &url, &[], "role");
    assert_eq!(role, [("ok".to_owned(), "writer".to_owned())]);
    // With the default of 5 s, two hosts may take as long as an operation lives: that is another row.
    let short = ["--connect-timeout", "1s"];
    let [(_, found), _] = &checked(&test, &url, &[], "hosts")[..] else {
        panic!("the time that two hosts take, and the other host");
    };
    assert!(
        found.starts_with("2 hosts with --connect-timeout 5s each may take 10s"),
        "{found}"
    );
    let [(result, found)] = &checked(&test, &url, &short, "hosts")[..] else {
        panic!("one other host");
    };
    assert_eq!(result, "ok");
    assert!(found.starts_with("127.0.0.3:"), "{found}");
    assert_eq!(checked(&test, &url, &[], "dns").len(), 2);
    // The first host is the reader.
    let role = checked(
        &test,
        &url_of(&test, &both, "load_balance_hosts=disable"),
        &[],
        "role",
    );
    assert_eq!(role[0].0, "fail", "{role:?}");
    let kept = checked(
        &test,
        &test.lab.direct_url(),
        &["--dns-cache", "60s"],
        "dns",
    );
    let expected = "127.0.0.2, TTL 1 s, cached for at least 60s (--dns-cache)";
    assert_eq!(kept, [("ok".to_owned(), expected.to_owned())]);

    let with_nobody = url_of(
        &test,
        &["127.0.0.2", "127.0.0.9"],
        "target_session_attrs=any",
    );
    let hosts = checked(&test, &with_nobody, &short, "hosts");
    assert_eq!(hosts[0].0, "warn", "{hosts:?}");
    assert!(hosts[0].1.contains("refused"), "{hosts:?}");
    let role = checked(&test, &with_nobody, &[], "role");
    assert_eq!(role[0].0, "warn", "{role:?}");
}

/// In a folder of its own, without a server: nothing is connected to.
fn refused(url: &str, flags: &[&str], folder: &Path) -> std::process::Output {
    let runs: PathBuf = folder.join("runs");
    let start = ["run", "--mode", "direct", "--out", runs.to_str().unwrap()];
    let output = Command::new(env!("CARGO_BIN_EXE_recorder"))
        .args([&start[..], flags].concat())
        .env_clear()
        .env("PGOUTAGE_DIRECT_URL", url)
        .output()
        .unwrap();
    assert!(!runs.exists(), "{}", stderr(&output));
    output
}

#[test]
fn mistakes_are_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let good = "postgres://u:geheim@a:1,b:2/d?target_session_attrs=read-write";
    for (url, flags, texts) in [
        (
            good,
            &["--dns-cache", "0"][..],
            ["--dns-cache 0ns", "write whole seconds"],
        ),
        (
            good,
            &["--dns-cache", "1500ms"],
            ["--dns-cache 1.5s", "write whole seconds"],
        ),
        (
            good,
            &["--dns-cache", "25h"],
            ["--dns-cache", "from 1s to 24h"],
        ),
        (
            good,
            &["--enable-pgbench"],
            ["--direct-url", "pgbench supports neither"],
        ),
        (
            "postgres://u:geheim@a,b/d?target_session_attrs=master",
            &[],
            ["--direct-url: target_session_attrs=master", "read-write"],
        ),
        (
            "postgres://u:geheim@a,b/d?load_balance_hosts=round-robin",
            &[],
            ["load_balance_hosts=round-robin", "write disable or random"],
        ),
        (
            "postgres://u:geheim@a,,b/d",
            &[],
            ["--direct-url", "an empty host"],
        ),
        (
            "postgres://u:geheim@a:x,b/d",
            &[],
            ["--direct-url", "the port is not a number from 1 to 65535"],
        ),
    ] {
        let output = refused(url, flags, folder.path());
        assert_one_line(&output, 2, &texts);
        assert!(!stderr(&output).contains("geheim"), "{}", stderr(&output));
    }
}
