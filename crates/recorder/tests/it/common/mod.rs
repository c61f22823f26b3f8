//! A lab, the real binary, and the rows that it wrote.

pub mod certificates;
pub mod checks;
pub mod mounts;
pub mod proxy_answers;
pub mod unfit_certificates;
pub mod user;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use lab::{Lab, LabOptions, NodeName};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use recording::{Recording, Table};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

/// A row: column to text; null is not in it.
pub type Row = BTreeMap<String, String>;

/// Think times that give some hundred operations in a few seconds.
pub const BUSY: [&str; 4] = [
    "--min-operation-interval",
    "20ms",
    "--max-operation-interval",
    "60ms",
];

/// What would fill in or change the endpoints of a test.
const LIBPQ: [&str; 21] = [
    "PGHOST",
    "PGPORT",
    "PGUSER",
    "PGDATABASE",
    "PGPASSWORD",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGCHANNELBINDING",
    "PGTARGETSESSIONATTRS",
    "PGLOADBALANCEHOSTS",
    "PGHOSTADDR",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSYSCONFDIR",
    "PGCONNECT_TIMEOUT",
    "PGAPPNAME",
    "PGOPTIONS",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGGSSENCMODE",
    "PGOUTAGE_PASSWORD_COMMAND",
];

/// A lab of a test, and a runtime to talk to it.
pub struct TestLab {
    pub runtime: Runtime,
    pub lab: Lab,
    pub folder: tempfile::TempDir,
}

impl TestLab {
    pub fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let options = LabOptions {
            ttl: Duration::from_secs(1),
            ..LabOptions::default()
        };
        let lab = runtime.block_on(Lab::start(options)).unwrap();
        Self {
            runtime,
            lab,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A lab with the business tables.
    pub fn start_set_up() -> Self {
        let test = Self::start();
        assert_success(&test.recorder(&["setup", "--users", "100", "--products", "100"]));
        // A reader has the last of it some time later.
        let written = test.texts("select pg_current_wal_lsn()::text").remove(0);
        let reader = test.admin_of(test.lab.writer().other());
        let has_replayed = format!("select pg_last_wal_replay_lsn() >= '{written}'::pg_lsn");
        wait_until("the reader to have the tables", || {
            let rows = test.runtime.block_on(reader.query(&has_replayed, &[]));
            rows.unwrap()[0].get(0)
        });
        test
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recorder"));
        command
            .args(arguments)
            .env("PGOUTAGE_DIRECT_URL", self.lab.direct_url())
            .env("PGOUTAGE_PROXY_URL", self.lab.proxy_url())
            .env("PGOUTAGE_DNS_SERVER", self.lab.dns_server().to_string())
            .env("PGPASSFILE", self.folder.path().join("no-pgpass"))
            .env_remove("PGOUTAGE_DIRECT_READER_URL")
            .env_remove("PGOUTAGE_PROXY_READER_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in LIBPQ {
            command.env_remove(name);
        }
        command
    }

    pub fn recorder(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn runs(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    /// `recorder run` into the test's folder, without the audit: where a test leaves no writer behind, that would wait for one.
    pub fn run_arguments<'a>(&self, more: &[&'a str], out: &'a str) -> Vec<&'a str> {
        let mut arguments = vec!["run", "--no-audit", "--out", out];
        arguments.extend(more);
        arguments
    }

    /// `recorder run` in the background.
    pub fn spawn_run(&self, more: &[&str]) -> Running {
        let runs = self.runs();
        let arguments = self.run_arguments(more, runs.to_str().unwrap());
        Running::spawn(&mut self.command(&arguments))
    }

    /// Waits until a recording has begun.
    pub fn wait_for_recording(&self) {
        wait_for_recording(&self.runs());
    }

    /// Waits until the recording has an operation.
    pub fn wait_for_operation(&self) {
        wait_for_operation(&self.runs());
    }

    /// The only recording that the test made.
    pub fn recording(&self) -> Recording {
        only_recording(&self.runs())
    }

    /// A superuser's connection to the writer.
    pub fn admin(&self) -> Client {
        self.admin_of(self.lab.writer())
    }

    pub fn admin_of(&self, node: NodeName) -> Client {
        let url = self.lab.admin_url(node);
        self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        })
    }

    /// Lets every statement hang that writes, until the connection is dropped or rolls back. The tables are locked in an order in
    /// which no operation of the workload meets the lock half-way.
    pub fn hold_tables(&self) -> Client {
        let client = self.admin();
        let lock = "begin; lock business_products, business_orders, business_users, business_logs in exclusive mode";
        self.runtime.block_on(client.batch_execute(lock)).unwrap();
        client
    }

    /// One column of a query, as text.
    pub fn texts(&self, statement: &str) -> Vec<String> {
        let client = self.admin();
        let rows = self.runtime.block_on(client.query(statement, &[])).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// A recorder that does not outlive its test.
pub struct Running(Option<Child>);

impl Running {
    pub fn spawn(command: &mut Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    pub fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Closes our ends of its stdout and stderr.
    pub fn close_pipes(&mut self) {
        let child = self.0.as_mut().unwrap();
        child.stdout = None;
        child.stderr = None;
    }

    pub fn is_running(&mut self) -> bool {
        self.0.as_mut().unwrap().try_wait().unwrap().is_none()
    }

    pub fn output(mut self) -> Output {
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

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn assert_success(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

/// One line on stderr that holds every text, and the exit code.
pub fn assert_one_line(output: &Output, code: i32, texts: &[&str]) {
    let line = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    for text in texts {
        assert!(line.contains(text), "{text:?} in {line:?}");
    }
}

/// Every row of a table, part after part.
pub fn rows(recording: &Recording, table: Table) -> Vec<Row> {
    let parts = recording.parts(table).unwrap();
    parts.iter().flat_map(|part| rows_of(part)).collect()
}

/// Every event but the pauses of the recorder, of which a busy machine makes some.
pub fn events(recording: &Recording) -> Vec<Row> {
    let mut events = rows(recording, Table::Events);
    events.retain(|row| row["event"] != "client_paused");
    events
}

/// Every row of a Parquet file.
pub fn rows_of(part: &Path) -> Vec<Row> {
    let reader = SerializedFileReader::new(File::open(part).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        let row = row.unwrap();
        let columns = row.get_column_iter().filter_map(|(name, field)| {
            let text = match field {
                Field::Null => return None,
                Field::Str(text) => text.clone(),
                Field::TimestampMicros(time) => time.to_string(),
                other => other.to_string(),
            };
            Some((name.clone(), text))
        });
        columns.collect()
    })
    .collect()
}

/// A column as a number.
pub fn number(row: &Row, column: &str) -> Option<i64> {
    row.get(column).map(|text| text.parse().unwrap())
}

/// The identity that an operation writes into its row.
pub fn identity(recording: &Recording, row: &Row) -> String {
    let letter = &row["path"][..1];
    format!(
        "{}-{letter}-{}",
        recording.manifest().run_id,
        row["operation_id"]
    )
}

/// The words of a command line that needs no quotes.
pub fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Waits until something is so, for as long as a busy machine may take.
#[track_caller]
pub fn wait_until(what: &str, is_so: impl FnMut() -> bool) {
    lab::testing::wait_until(what, Duration::from_secs(30), is_so);
}

/// Waits until a recording has begun in that folder.
pub fn wait_for_recording(runs: &Path) {
    wait_until("the recording", || {
        std::fs::read_dir(runs).is_ok_and(|mut runs| {
            runs.any(|run| run.unwrap().path().join("manifest.json").exists())
        })
    });
}

/// Waits until the only recording in that folder has an operation. Sessions alone say nothing of it: the recorder takes its sums
/// and looks at plans before the first one.
pub fn wait_for_operation(runs: &Path) {
    wait_for_recording(runs);
    wait_until("an operation", || {
        let mut operations = 0;
        let read = only_recording(runs).each_operation(&mut |_| operations += 1);
        read.is_ok() && operations > 0
    });
}

/// The only recording in a folder.
pub fn only_recording(runs: &Path) -> Recording {
    let mut folders: Vec<_> = std::fs::read_dir(runs).unwrap().collect();
    assert_eq!(folders.len(), 1);
    Recording::open(&folders.remove(0).unwrap().path()).unwrap()
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
