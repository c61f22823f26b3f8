//! `FORMAT.md` against the code: recordings are written as documented.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path as FilePath;

use crate::support::{START_US, done, manifest, operation};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use parquet::basic::{
    Compression, Encoding, LogicalType, Repetition, TimeUnit as ParquetUnit, Type,
};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use recording::vocabulary::{
    ConnectPhase, ErrorClass, ErrorPhase, EventKind, FindingKind, OperationType, Outcome, Path,
    ProbeKind,
};
use recording::{
    AvailabilityProbe, ConnectFailure, Connection, DnsAnswer, Event, FORMAT_VERSION, Failure, Load,
    Mode, Operation, Probe, ProbeFailure, Recording, RecordingWriter, Server, State, Table,
    Timestamp, WriterOptions,
};

/// The document, by the headings of its sections.
struct Document(BTreeMap<String, String>);

/// A line of a table, cell by cell, without the backquotes of words.
type Line = Vec<String>;

impl Document {
    fn read() -> Self {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
        let text = fs::read_to_string(FilePath::new(&package).join("FORMAT.md")).unwrap();
        let mut sections = BTreeMap::new();
        let mut heading = String::new();
        for line in text.lines() {
            if let Some(next) = line.strip_prefix("## ").or(line.strip_prefix("### ")) {
                next.clone_into(&mut heading);
                let twice = sections.insert(heading.clone(), String::new());
                assert!(twice.is_none(), "two sections {heading:?}");
            } else if let Some(section) = sections.get_mut(&heading) {
                *section += line;
                *section += "\n";
            }
        }
        Self(sections)
    }

    /// The names of the sections `kind: name`.
    fn names(&self, kind: &str) -> BTreeSet<&str> {
        let prefix = format!("{kind}: `");
        let headings = self.0.keys();
        headings
            .filter_map(|heading| heading.strip_prefix(&prefix)?.strip_suffix('`'))
            .collect()
    }

    /// The lines of a section's table, whose head has to be `head`.
    fn table(&self, heading: &str, head: &[&str]) -> Vec<Line> {
        let section = self
            .0
            .get(heading)
            .unwrap_or_else(|| panic!("FORMAT.md has no section {heading:?}"));
        let cells = |line: &str| -> Line {
            let inner = line.trim_matches('|');
            inner
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect()
        };
        let mut lines = section
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(cells);
        assert_eq!(lines.next().unwrap(), head, "{heading}");
        let lines: Vec<Line> = lines.skip(1).collect();
        for line in &lines {
            assert_eq!(line.len(), head.len(), "{heading}: {line:?}");
            assert!(
                line.iter().all(|cell| !cell.is_empty()),
                "{heading}: {line:?}"
            );
        }
        lines
    }

    fn columns(&self, table: &str) -> Vec<Line> {
        self.table(
            &format!("Table: `{table}`"),
            &["column", "type", "null", "encoding", "meaning"],
        )
    }
}

/// `word` of a cell "`word`".
fn word(cell: &str) -> &str {
    let inner = cell
        .strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'));
    inner.unwrap_or_else(|| panic!("{cell} is not one word in backquotes"))
}

fn schema(table: Table) -> SchemaRef {
    match table {
        Table::Operations => recording::operations(),
        Table::Connections => recording::connections(),
        Table::Probes => recording::probes(),
        Table::Availability => recording::availability(),
        Table::Events => recording::events(),
        Table::Load => recording::load(),
    }
}

/// What the document calls a type.
fn name_of(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 => "string",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::Float64 => "double",
        DataType::Boolean => "boolean",
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if **zone == *"UTC" => "timestamp",
        other => panic!("FORMAT.md has no name for {other}"),
    }
}

#[test]
fn tables_and_columns_are_those_of_the_code() {
    let document = Document::read();
    let of_recording = Table::ALL.map(|table| (table.as_str(), schema(table)));
    let all = of_recording
        .into_iter()
        .chain([("findings", recording::findings())]);
    let all: BTreeMap<&str, SchemaRef> = all.collect();
    assert_eq!(
        document.names("Table"),
        all.keys().copied().collect::<BTreeSet<_>>()
    );
    for (table, schema) in all {
        let documented: Vec<_> = document
            .columns(table)
            .iter()
            .map(|line| {
                (
                    word(&line[0]).to_owned(),
                    line[1].clone(),
                    line[2] != "never",
                )
            })
            .collect();
        let in_code: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| {
                (
                    field.name().clone(),
                    name_of(field.data_type()).to_owned(),
                    field.is_nullable(),
                )
            })
            .collect();
        assert_eq!(documented, in_code, "{table}");
    }
}

fn words<W: Copy>(all: &[W], as_str: fn(W) -> &'static str) -> Vec<String> {
    all.iter().map(|word| as_str(*word).to_owned()).collect()
}

/// The words of `state` and `mode`, which have no list of their own: a `match` fails to compile where one is added.
fn states_and_modes() -> [(&'static str, Vec<String>); 2] {
    let states = [
        State::Recording,
        State::Complete,
        State::Interrupted,
        State::Recovered,
    ];
    let modes = [Mode::Both, Mode::Direct, Mode::Proxy];
    let listed = |state: State| match state {
        State::Recording | State::Complete | State::Interrupted | State::Recovered => true,
    };
    assert!(states.into_iter().all(listed));
    let has_paths = |mode: Mode| match mode {
        Mode::Both | Mode::Direct | Mode::Proxy => !mode.paths().is_empty(),
    };
    assert!(modes.into_iter().all(has_paths));
    let word_of = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    let states = states.map(|state| word_of(serde_json::to_value(state).unwrap()));
    let modes = modes.map(|mode| word_of(serde_json::to_value(mode).unwrap()));
    [("state", states.to_vec()), ("mode", modes.to_vec())]
}

#[test]
fn words_are_those_of_the_code() {
    let mut in_code: BTreeMap<&str, Vec<String>> = states_and_modes().into();
    in_code.extend([
        ("path", words(Path::ALL, Path::as_str)),
        (
            "operation_type",
            words(OperationType::ALL, OperationType::as_str),
        ),
        ("outcome", words(Outcome::ALL, Outcome::as_str)),
        ("error_phase", words(ErrorPhase::ALL, ErrorPhase::as_str)),
        (
            "connect_phase",
            words(ConnectPhase::ALL, ConnectPhase::as_str),
        ),
        ("error_class", words(ErrorClass::ALL, ErrorClass::as_str)),
        ("probe", words(ProbeKind::ALL, ProbeKind::as_str)),
        ("event", words(EventKind::ALL, EventKind::as_str)),
        ("finding", words(FindingKind::ALL, FindingKind::as_str)),
    ]);
    let document = Document::read();
    let documented: BTreeMap<&str, Vec<String>> = document
        .names("Words")
        .into_iter()
        .map(|name| {
            let lines = document.table(&format!("Words: `{name}`"), &["word", "meaning"]);
            (
                name,
                lines.iter().map(|line| word(&line[0]).to_owned()).collect(),
            )
        })
        .collect();
    assert_eq!(documented, in_code);
}

#[test]
fn the_version_is_that_of_the_code() {
    let document = Document::read();
    let sentence = format!("`format_version` in the manifest is {FORMAT_VERSION}.");
    assert!(document.0["Versions"].contains(&sentence), "{sentence}");
}

#[test]
fn parts_are_written_as_documented() {
    let document = Document::read();
    let types: BTreeMap<String, String> = document
        .table(
            "Types",
            &[
                "type", "Arrow", "Parquet", "DuckDB", "pandas", "Polars", "Spark",
            ],
        )
        .into_iter()
        .map(|line| (word(&line[0]).to_owned(), line[2].clone()))
        .collect();
    let root = tempfile::tempdir().unwrap();
    let recording = recording_without_nulls(&root.path().join("run"));
    let types_section = document.0["Types"].replace('\n', " ");
    let statistics = types_section
        .split_once("statistics per column chunk of ")
        .and_then(|(_, rest)| rest.split_once(", no bloom filters"))
        .map(|(list, _)| list.replace(" and ", ", "))
        .unwrap();
    let statistics: Vec<&str> = statistics.split(", ").collect();
    let mut used = BTreeSet::new();
    for table in Table::ALL {
        let documented = document.columns(table.as_str());
        let parts = recording.parts(table).unwrap();
        assert!(!parts.is_empty(), "{}", table.as_str());
        for part in parts {
            let metadata = metadata(&part);
            assert_eq!(metadata.file_metadata().version(), 1, "format 1.0");
            assert!(
                metadata.file_metadata().key_value_metadata().is_none(),
                "no ARROW:schema, nothing else"
            );
            let group = metadata.row_group(0);
            for (line, column) in documented.iter().zip(group.columns()) {
                let what = format!("{} {}", part.display(), line[0]);
                assert_eq!(types[&line[1]], parquet_type(column), "{what}");
                let has_statistics = statistics.contains(&line[0].as_str());
                assert_eq!(column.statistics().is_some(), has_statistics, "{what}");
                check_column(line, column, &what);
                used.insert(line[1].clone());
            }
            assert_eq!(documented.len(), group.num_columns());
        }
    }
    assert_eq!(
        used,
        types.into_keys().collect(),
        "each type is one of a column"
    );
}

/// A column of a part against its line of the table.
fn check_column(line: &Line, column: &ColumnChunkMetaData, what: &str) {
    assert_eq!(word(&line[0]), column.column_path().string(), "{what}");
    let kind = column.column_descr().self_type();
    let required = kind.get_basic_info().repetition() == Repetition::REQUIRED;
    assert_eq!(line[2] == "never", required, "{what}");
    assert_eq!(line[3], encoding(column), "{what}");
    assert!(
        matches!(column.compression(), Compression::ZSTD(_)),
        "{what}"
    );
    assert!(column.bloom_filter_offset().is_none(), "{what}");
}

fn metadata(part: &FilePath) -> ParquetMetaData {
    let file = File::open(part).unwrap();
    ParquetMetaDataReader::new()
        .parse_and_finish(&file)
        .unwrap()
}

/// As the table of types has it.
fn parquet_type(column: &ColumnChunkMetaData) -> String {
    let physical = match column.column_type() {
        Type::BYTE_ARRAY => "BYTE_ARRAY",
        Type::INT32 => "INT32",
        Type::INT64 => "INT64",
        Type::DOUBLE => "DOUBLE",
        Type::BOOLEAN => "BOOLEAN",
        other => panic!("{other}"),
    };
    match column.column_descr().logical_type_ref() {
        None => format!("`{physical}`"),
        Some(LogicalType::String) => format!("`{physical}`, `STRING`"),
        Some(LogicalType::Timestamp(time))
            if time.is_adjusted_to_u_t_c && time.unit == ParquetUnit::MICROS =>
        {
            format!("`{physical}`, `TIMESTAMP(MICROS, UTC)`")
        }
        Some(other) => panic!("{other:?}"),
    }
}

/// How the values of a chunk are encoded, as the tables have it.
fn encoding(column: &ColumnChunkMetaData) -> &'static str {
    let encodings: BTreeSet<String> = column
        .encodings()
        .map(|encoding| encoding.to_string())
        .collect();
    let has = |encoding: Encoding| encodings.contains(&encoding.to_string());
    match (
        has(Encoding::RLE_DICTIONARY),
        has(Encoding::DELTA_BINARY_PACKED),
        has(Encoding::PLAIN),
    ) {
        // The dictionary's own page is plain.
        (true, false, true) => "dictionary",
        (false, true, false) => "delta",
        (false, false, true) => "plain",
        _ => panic!("{encodings:?}"),
    }
}

/// A recording with a value in every column of every table.
fn recording_without_nulls(folder: &FilePath) -> Recording {
    let writer = RecordingWriter::create(folder, manifest(), WriterOptions::default()).unwrap();
    let handle = writer.handle();
    for path in Path::ALL {
        for operation_id in 1..=50 {
            let mut row = operation(*path, operation_id);
            row.failure = Some(Box::new(Failure {
                phase: ErrorPhase::Commit,
                class: ErrorClass::Conflict,
                sqlstate: Some("40001".to_owned()),
                message: "could not serialize access".to_owned(),
            }));
            handle.operation(Operation {
                outcome: Outcome::Failed,
                ..row
            });
        }
    }
    handle.connection(connection());
    handle.probe(probe());
    handle.availability(availability());
    handle.event(Event {
        time: START_US,
        path: Some(Path::Proxy),
        kind: EventKind::FailoverTriggerFinished,
        duration_us: Some(1_700),
        status: Some(0),
        detail: "exit code 0".to_owned(),
    });
    handle.load(Load {
        path: Path::Proxy,
        time: START_US,
        start_number: 1,
        tps: 812.5,
        latency_us: Some(1_200),
        latency_stddev_us: Some(300),
        failed: Some(0),
    });
    assert!(writer.finish(done()).unwrap().is_complete());
    Recording::open(folder).unwrap()
}

fn server() -> Server {
    Server {
        path: Path::Direct,
        address: Some("127.0.0.2".to_owned()),
        port: Some(5432),
        version: Some("16.1".to_owned()),
        in_recovery: Some(true),
        postmaster_start_time: Some(Timestamp(START_US)),
        timeline: Some(1),
        aurora_instance_identifier: Some("shop-1".to_owned()),
    }
}

fn connection() -> Connection {
    Connection {
        path: Path::Direct,
        connection_id: 1,
        start_time: START_US,
        end_time: START_US + 9_000,
        host: "writer.lab.test".to_owned(),
        address: Some("127.0.0.2".to_owned()),
        port: 5432,
        reader: true,
        dns_us: Some(1),
        tcp_us: Some(2),
        tls_us: Some(3),
        tls_error: Some("TLS handshake: bad certificate".to_owned()),
        startup_us: Some(4),
        server: Some(server()),
        failure: Some(ConnectFailure {
            phase: ConnectPhase::Identify,
            class: Some(ErrorClass::Other),
            sqlstate: Some("42883".to_owned()),
            message: "no such function".to_owned(),
        }),
    }
}

fn availability() -> AvailabilityProbe {
    AvailabilityProbe {
        path: Path::Direct,
        time: START_US,
        operation_type: OperationType::Write,
        reader: true,
        fresh: true,
        duration_us: 700,
        connect_us: Some(400),
        outcome: Outcome::Unknown,
        address: Some("127.0.0.2".to_owned()),
        server: Some(server()),
        replication_lag_us: Some(1_500),
        sync_rep_waits: Some(3),
        failure: Some(ProbeFailure {
            class: ErrorClass::OperationTimeout,
            sqlstate: Some("57P03".to_owned()),
            message: "no answer within 1s".to_owned(),
        }),
    }
}

fn probe() -> Probe {
    Probe {
        path: Path::Direct,
        time: START_US,
        kind: ProbeKind::Server,
        target: "writer.lab.test".to_owned(),
        reader: false,
        duration_us: 700,
        server: Some(server()),
        replication_lag_us: Some(1_500),
        dns: Some(DnsAnswer {
            addresses: "127.0.0.2,127.0.0.3".to_owned(),
            ttl_s: Some(5),
        }),
        failure: Some(ProbeFailure {
            class: ErrorClass::OperationTimeout,
            sqlstate: Some("57P03".to_owned()),
            message: "no answer within 1s".to_owned(),
        }),
    }
}
