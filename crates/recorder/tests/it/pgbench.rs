//! pgbench as background load: real servers, a real proxy, a crash failover in the middle.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use lab::{FailoverOptions, Lab, LabOptions, StepKind};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use recording::vocabulary::Path;
use recording::{Manifest, Recording, Table};

use crate::common::words;

const LIMIT: Duration = Duration::from_secs(60);

fn recorder(lab: &Lab, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recorder"));
    command
        .args(arguments)
        .env("PGOUTAGE_DIRECT_URL", lab.direct_url())
        .env("PGOUTAGE_PROXY_URL", lab.proxy_url())
        .env("PGOUTAGE_DNS_SERVER", lab.dns_server().to_string())
        .env_remove("PGOUTAGE_PG_BINDIR")
        .stdin(Stdio::null());
    command
}

/// The recorder; killed if the test ends before it does.
struct Running(Option<Child>);

impl Running {
    fn pid(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    fn has_ended(&mut self) -> bool {
        self.0.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    fn terminate(mut self) -> Output {
        let pid = self.pid().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits for `condition`, while the recorder lives.
fn wait_for(running: &mut Running, what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + LIMIT;
    while !condition() {
        if running.has_ended() {
            let output = running.0.take().unwrap().wait_with_output().unwrap();
            panic!(
                "the recorder ended before {what}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        assert!(
            Instant::now() < until,
            "{what} did not happen within {LIMIT:?}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The processes `pgbench` whose parent is `parent`.
fn pgbench_children(parent: u32) -> Vec<PathBuf> {
    let is_child = |process: &PathBuf| {
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        let has = |line: String| status.lines().any(|of_status| of_status == line);
        has("Name:\tpgbench".to_owned()) && has(format!("PPid:\t{parent}"))
    };
    fs::read_dir("/proc")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(is_child)
        .collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// The files below `folder`.
fn files(folder: &FilePath) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// The rows of a table.
fn rows(recording: &Recording, table: Table) -> Vec<BTreeMap<String, Field>> {
    let mut rows = Vec::new();
    for part in recording.parts(table).unwrap() {
        let reader = SerializedFileReader::new(fs::File::open(part).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            rows.push(
                row.get_column_iter()
                    .map(|(name, field)| (name.clone(), field.clone()))
                    .collect(),
            );
        }
    }
    rows
}

type Line = BTreeMap<String, Field>;

fn of_path(rows: &[Line], path: Path) -> Vec<&Line> {
    rows.iter()
        .filter(|row| matches!(&row["path"], Field::Str(of_row) if of_row == path.as_str()))
        .collect()
}

fn text<'a>(row: &'a Line, column: &str) -> &'a str {
    let Field::Str(text) = &row[column] else {
        panic!("{column} is {:?}", row[column])
    };
    text
}

fn time(row: &Line) -> i64 {
    let Field::TimestampMicros(time) = row["time"] else {
        panic!("time is {:?}", row["time"])
    };
    time
}

fn start_number(row: &Line) -> i32 {
    let Field::Int(number) = row["start_number"] else {
        panic!("{:?}", row["start_number"])
    };
    number
}

fn is_working(row: &Line) -> bool {
    matches!(row["tps"], Field::Double(tps) if tps > 0.0)
}

async fn count(lab: &Lab, table: &str) -> i64 {
    let url = lab.admin_url(lab.writer());
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let row = client
        .query_one(&format!("select count(*) from {table}"), &[])
        .await
        .unwrap();
    connection.abort();
    row.get(0)
}

/// The start of pgbench, and the progress lines of it, that its log shows last.
fn last_start(log: &FilePath) -> (usize, usize) {
    let log = fs::read_to_string(log).unwrap_or_default();
    let starts = log
        .lines()
        .filter(|line| line.starts_with("# ") && line.contains(": pgbench -n"))
        .count();
    let last = log
        .lines()
        .rev()
        .take_while(|line| !line.contains(": pgbench -n"));
    (
        starts,
        last.filter(|line| line.starts_with("progress: ") && !line.contains(" 0.0 tps"))
            .count(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn load_before_and_after_a_crash_failover() {
    let mut lab = Lab::start(LabOptions::default()).await.unwrap();
    let password = password_of(&lab);
    set_up(&lab);

    let folder = tempfile::tempdir().unwrap();
    let run = words(
        "run --duration 300 --enable-pgbench --warmup-time 1 --pgbench-scale 1 --pgbench-clients 2 --out",
    );
    let child = recorder(&lab, &run)
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut running = Running(Some(child));
    let logs = || pgbench_logs(folder.path());
    // The first second and the warm-up's are no rows; those behind them are.
    wait_for(&mut running, "load before the failover", || {
        logs().is_some_and(|logs| logs.iter().all(|log| last_start(log).1 >= 5))
    });

    check_command_lines(&pgbench_children(running.pid()), &password);

    let steps = lab
        .failover(&FailoverOptions::default(), |_| ())
        .await
        .unwrap();
    let step = |kind| steps.iter().find(|step| step.step == kind).unwrap().time_us;
    let (crash, promoted) = (step(StepKind::Crash), step(StepKind::Promoted));
    wait_for(&mut running, "load after the failover", || {
        logs().is_some_and(|logs| {
            logs.iter()
                .map(|log| last_start(log))
                .all(|(starts, progress)| starts > 1 && progress >= 2)
        })
    });
    let children = pgbench_children(running.pid());
    let output = running.terminate();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        children.iter().all(|child| !child.exists()),
        "pgbench outlived the recorder"
    );

    let run_folder = String::from_utf8(output.stdout.clone()).unwrap();
    let run_folder = PathBuf::from(run_folder.lines().last().unwrap());
    let recording = Recording::open(&run_folder).unwrap();
    check_settings(recording.manifest());
    let (load, events) = (
        rows(&recording, Table::Load),
        rows(&recording, Table::Events),
    );
    for path in [Path::Direct, Path::Proxy] {
        let (load, events) = (of_path(&load, path), of_path(&events, path));
        check_load(path, &load, (crash, promoted));
        check_load_events(path, &load, &events, crash);
        check_log(path, &load, &run_folder);
    }

    check_tables(&lab).await;
    check_password(&password, &output, &run_folder);
}

async fn check_tables(lab: &Lab) {
    for (table, at_least) in [
        ("business_orders", 100),
        ("business_logs", 100),
        ("pgbench_history", 1),
    ] {
        assert!(count(lab, table).await >= at_least, "{table}");
    }
    for (table, exactly) in [
        ("business_users", 50),
        ("business_products", 50),
        ("pgbench_branches", 1),
    ] {
        assert_eq!(count(lab, table).await, exactly, "{table}");
    }
}

/// The password is nowhere.
fn check_password(password: &str, output: &Output, run_folder: &FilePath) {
    assert!(!contains(&output.stdout, password) && !contains(&output.stderr, password));
    for file in files(run_folder) {
        assert!(
            !contains(&fs::read(&file).unwrap(), password),
            "the password is in {}",
            file.display()
        );
    }
}

fn set_up(lab: &Lab) {
    let sizes = words("setup --users 50 --products 50 --orders 100 --logs 100");
    let setup = recorder(lab, &sizes).output().unwrap();
    assert!(
        setup.status.success(),
        "{}",
        String::from_utf8_lossy(&setup.stderr)
    );
}

fn password_of(lab: &Lab) -> String {
    lab.direct_url()
        .split_once(':')
        .unwrap()
        .1
        .split([':', '@'])
        .nth(1)
        .unwrap()
        .to_owned()
}

fn check_command_lines(children: &[PathBuf], password: &str) {
    assert_eq!(children.len(), 2, "one pgbench per path");
    for child in children {
        for file in ["cmdline", "environ"] {
            let bytes = fs::read(child.join(file)).unwrap();
            assert!(
                !bytes.is_empty() && !contains(&bytes, password),
                "{file} of pgbench"
            );
        }
    }
}

fn check_settings(manifest: &Manifest) {
    let settings = manifest.load.clone().unwrap();
    assert_eq!(
        (settings.clients, settings.scale, settings.mode.as_str()),
        (2, 1, "tpc-b")
    );
}

/// Of both paths, once there is a recording.
fn pgbench_logs(runs: &FilePath) -> Option<[PathBuf; 2]> {
    let logs = fs::read_dir(runs).ok()?.next()?.ok()?.path().join("logs");
    Some(["direct", "proxy"].map(|path| logs.join(format!("pgbench-{path}.log"))))
}

fn check_load(path: Path, load: &[&Line], (crash, promoted): (i64, i64)) {
    assert!(
        load.iter()
            .any(|row| time(row) < crash && is_working(row) && start_number(row) == 1),
        "{path}: before"
    );
    assert!(
        load.iter()
            .any(|row| time(row) > promoted && is_working(row) && start_number(row) > 1),
        "{path}: after"
    );
}

fn check_load_events(path: Path, load: &[&Line], events: &[&Line], crash: i64) {
    let kinds: Vec<_> = events.iter().map(|event| text(event, "event")).collect();
    let of_kind = |kind| {
        events
            .iter()
            .filter(|event| text(event, "event") == kind)
            .count()
    };
    assert_eq!(
        (of_kind("load_started"), of_kind("load_stopped")),
        (1, 1),
        "{kinds:?}"
    );
    let starts = load.iter().map(|row| start_number(row)).max().unwrap();
    assert_eq!(
        i32::try_from(of_kind("load_restarted")).unwrap(),
        starts - 1,
        "{path}: each restart is an event"
    );
    let started = events
        .iter()
        .find(|event| text(event, "event") == "load_started")
        .unwrap();
    assert!(
        load.iter().all(|row| time(row) >= time(started)),
        "{path}: the warm-up is no row"
    );
    let first = events
        .iter()
        .find(|event| text(event, "event") == "load_restarted")
        .unwrap();
    assert!(
        time(first) >= crash && text(first, "detail").contains("aborted"),
        "{first:?}"
    );
}

fn check_log(path: Path, load: &[&Line], run_folder: &FilePath) {
    let log = fs::read_to_string(run_folder.join(format!("logs/pgbench-{path}.log"))).unwrap();
    let progress = log
        .lines()
        .filter(|line| line.starts_with("progress: "))
        .count();
    assert!(
        progress > load.len(),
        "{path}: the log has the warm-up too: {progress} and {}",
        load.len()
    );
}

#[test]
fn without_pgbench_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("runs");
    let output = Command::new(env!("CARGO_BIN_EXE_recorder"))
        .args(["run", "--mode", "direct", "--enable-pgbench", "--out"])
        .arg(&out)
        .env("PGOUTAGE_DIRECT_URL", "postgres://app@127.0.0.1:1/postgres")
        .env("PGOUTAGE_PG_BINDIR", folder.path())
        .env_remove("PGOUTAGE_PROXY_URL")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("pgbench") && said.contains("PGOUTAGE_PG_BINDIR"),
        "{said}"
    );
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert!(!out.exists());
}

/// Said before anything is connected to: there is no server either.
#[test]
fn a_folder_for_the_password_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("runs");
    let output = Command::new(env!("CARGO_BIN_EXE_recorder"))
        .args(["run", "--mode", "direct", "--enable-pgbench", "--out"])
        .arg(&out)
        .env("PGOUTAGE_DIRECT_URL", "postgres://app@127.0.0.1:1/postgres")
        .env("TMPDIR", "/no/such/folder")
        .env_remove("PGOUTAGE_PROXY_URL")
        .env_remove("PGOUTAGE_PG_BINDIR")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("TMPDIR /no/such/folder: ") && said.contains("pgbench's password"),
        "{said}"
    );
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert!(!out.exists());
}
