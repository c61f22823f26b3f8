//! Hours in minutes: as many operations as ten workers per path can do, and failover after failover. Memory stays flat, no descriptor and
//! no connection is left behind, and no row is lost.
//! `PGOUTAGE_ENDURANCE` says for how many seconds, 40 if nothing does, and `PGOUTAGE_ENDURANCE_EVERY` how many lie between two failovers;
//! `cargo xtask soak` takes half an hour.
//!
//! What is counted is counted between failovers, when everything should be as it was. Nothing here depends on how fast the machine is.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::{Running, TestLab, assert_success, stderr, wait_until, words};
use lab::{FailoverOptions, NodeName};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use parquet::schema::types::Type;
use recording::vocabulary::Path;
use recording::{Recording, Table};

/// Workers and connections per path.
const WORKERS: usize = 10;
/// Between two failovers of the long run.
const EVERY: Duration = Duration::from_secs(180);
/// How long after a failover it is counted: the old writer is back, the pools are full again.
const SETTLED: Duration = Duration::from_secs(12);
/// Until every buffer has been through a whole life: parts are sealed at this age, and begun anew. Memory grows up to that, and then not.
const WARM_UP: Duration = Duration::from_secs(600);
/// Connections of a path in addition to its pool: those of the availability probes, and one that is being replaced.
const BESIDE_THE_POOL: usize = 4;

/// What the recorder and the servers hold at one moment.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// Seconds since the recorder was started.
    at_s: u64,
    resident_kib: usize,
    descriptors: usize,
    threads: usize,
    /// Connections at the current writer that are not the test's own.
    at_the_server: usize,
}

fn seconds() -> u64 {
    std::env::var("PGOUTAGE_ENDURANCE").map_or(40, |seconds| seconds.parse().unwrap())
}

fn every() -> Duration {
    let seconds = std::env::var("PGOUTAGE_ENDURANCE_EVERY");
    seconds.map_or(EVERY, |seconds| {
        Duration::from_secs(seconds.parse().unwrap())
    })
}

fn status(pid: u32, name: &str) -> usize {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.unwrap().split_whitespace().next().unwrap();
    number.parse().unwrap()
}

fn sample(test: &TestLab, pid: u32, begun: Instant) -> Sample {
    // One question of ours among them.
    let count = "select count(*)::text from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()";
    Sample {
        at_s: begun.elapsed().as_secs(),
        resident_kib: status(pid, "VmRSS:"),
        descriptors: std::fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .count(),
        threads: status(pid, "Threads:"),
        at_the_server: test.texts(count)[0].parse().unwrap(),
    }
}

/// One bit per operation of a path: those that have a row.
struct Rows {
    has_row: Vec<bool>,
    twice: usize,
}

impl Rows {
    fn of(recording: &Recording, path: Path) -> Self {
        let mut rows = Self {
            has_row: Vec::new(),
            twice: 0,
        };
        for part in recording.parts(Table::Operations).unwrap() {
            let reader = SerializedFileReader::new(File::open(part).unwrap()).unwrap();
            let whole = reader.metadata().file_metadata().schema();
            let wanted = |field: &&Arc<Type>| ["path", "operation_id"].contains(&field.name());
            let fields = whole.get_fields().iter().filter(wanted).cloned().collect();
            let schema = Type::group_type_builder(whole.name()).with_fields(fields);
            let schema = schema.build().unwrap();
            for row in reader.get_row_iter(Some(schema)).unwrap() {
                let row = row.unwrap();
                if row.get_string(0).unwrap() == path.as_str() {
                    rows.add(row.get_long(1).unwrap());
                }
            }
        }
        rows
    }

    fn add(&mut self, operation_id: i64) {
        let place = usize::try_from(operation_id).unwrap();
        if place >= self.has_row.len() {
            self.has_row.resize(place + 1, false);
        }
        self.twice += usize::from(self.has_row[place]);
        self.has_row[place] = true;
    }

    /// Operations are numbered from 1 without a gap.
    fn assert_whole(&self, path: Path) {
        assert_eq!(self.twice, 0, "{path}: rows that are there twice");
        let missing = self.has_row.iter().skip(1).filter(|is_there| !**is_there);
        assert_eq!(missing.count(), 0, "{path}: operations without a row");
    }
}

/// Every order that the database has of this recording belongs to an operation that has its row.
fn assert_no_order_without_row(
    test: &TestLab,
    recording: &Recording,
    path: Path,
    rows: &Rows,
) -> usize {
    let prefix = format!("{}-{}-", recording.manifest().run_id, &path.as_str()[..1]);
    let orders = test.texts(&format!(
        "select order_number from business_orders where order_number like '{prefix}%'"
    ));
    for order in &orders {
        let number: usize = order[prefix.len()..].parse().unwrap();
        assert!(
            rows.has_row.get(number) == Some(&true),
            "{order} has no row"
        );
    }
    orders.len()
}

fn median(values: impl Iterator<Item = usize>) -> usize {
    let mut values: Vec<usize> = values.collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// Memory: the later half of what is behind the warm-up against the earlier one, where the run is long enough for that.
fn assert_memory_is_flat(samples: &[Sample]) {
    let is_warm = |sample: &&Sample| sample.at_s >= WARM_UP.as_secs();
    let warm: Vec<usize> = samples
        .iter()
        .filter(is_warm)
        .map(|sample| sample.resident_kib)
        .collect();
    let last_s = samples.last().map_or(0, |sample| sample.at_s);
    if last_s < 3 * WARM_UP.as_secs() - SETTLED.as_secs() {
        eprintln!("{last_s} s are too short to tell whether memory is flat");
        return;
    }
    let (earlier, later) = warm.split_at(warm.len() / 2);
    let before = median(earlier.iter().copied());
    let after = median(later.iter().copied());
    eprintln!("resident memory behind the warm-up: {before} KiB, then {after} KiB (medians)");
    assert!(
        after <= before + before / 10 + 2_048,
        "resident memory grew from {before} to {after} KiB"
    );
}

/// The rest: the later half against the earlier one.
fn assert_flat(samples: &[Sample]) {
    let (earlier, later) = samples.split_at(samples.len() / 2);
    let growth =
        |of: fn(&Sample) -> usize| (median(earlier.iter().map(of)), median(later.iter().map(of)));
    let most_descriptors = samples
        .iter()
        .map(|sample| sample.descriptors)
        .max()
        .unwrap();
    // Both pools, the other connections, and the recorder's files, pipes and timers.
    let allowed = 2 * (WORKERS + BESIDE_THE_POOL) + 40;
    assert!(
        most_descriptors <= allowed,
        "{most_descriptors} descriptors open, {allowed} expected at most"
    );
    let (before, after) = growth(|sample| sample.descriptors);
    assert!(
        after <= before + 3,
        "open descriptors grew from {before} to {after}"
    );
    let (before, after) = growth(|sample| sample.threads);
    assert!(after <= before + 2, "threads grew from {before} to {after}");
    for sample in samples {
        // The direct pool, the proxy's own connections (20 at most, as the lab sets it), and the other connections.
        let allowed = WORKERS + 20 + 2 * BESIDE_THE_POOL;
        assert!(
            sample.at_the_server <= allowed,
            "{sample:?}: {allowed} connections expected at most"
        );
    }
}

/// The recorder is gone: its connections too, at both servers and in the proxy.
fn wait_for_no_connections(test: &TestLab) {
    for node in [NodeName::A, NodeName::B] {
        let admin = test.admin_of(node);
        wait_until(
            "the server to see the end of every direct connection",
            || {
                let count = "select count(*) from pg_stat_activity where backend_type = 'client backend' \
                         and pid <> pg_backend_pid() and query like '%business_%' and state <> 'idle'";
                let row = test.runtime.block_on(admin.query_one(count, &[])).unwrap();
                row.get::<_, i64>(0) == 0
            },
        );
    }
}

fn print(samples: &[Sample], what: &str) {
    let first = samples[0];
    let last = samples[samples.len() - 1];
    eprintln!(
        "{what}; resident {} KiB after {} s, {} KiB after {} s, at most {} KiB; \
         descriptors {} to {}, threads {} to {}, connections at the writer {} to {}",
        first.resident_kib,
        first.at_s,
        last.resident_kib,
        last.at_s,
        samples
            .iter()
            .map(|sample| sample.resident_kib)
            .max()
            .unwrap(),
        first.descriptors,
        last.descriptors,
        first.threads,
        last.threads,
        first.at_the_server,
        last.at_the_server,
    );
    // Some twenty of them: whether memory climbs or steps is seen here.
    let some = samples.iter().step_by(samples.len().div_ceil(20));
    let some: Vec<String> = some
        .map(|sample| format!("{} s {}", sample.at_s, sample.resident_kib))
        .collect();
    eprintln!("resident KiB: {}", some.join(", "));
}

/// No row is missing; a line for each path.
fn check_paths(test: &TestLab, recording: &Recording) -> Vec<String> {
    let mut told = Vec::new();
    for path in Path::ALL {
        let rows = Rows::of(recording, *path);
        rows.assert_whole(*path);
        let orders = assert_no_order_without_row(test, recording, *path, &rows);
        assert!(orders > 0, "{path}: nothing was tested");
        let operations = rows.has_row.len() - 1;
        told.push(format!(
            "{path}: {operations} operations, {orders} orders in the database, none without its row"
        ));
    }
    told
}

#[test]
fn nothing_leaks_and_no_row_is_lost_however_many_failovers() {
    let mut test = TestLab::start_set_up();
    let duration = seconds();
    let every = every().min(Duration::from_secs(duration / 3));
    let failovers = u32::try_from(duration / every.as_secs()).unwrap() - 1;
    let flags = format!(
        "--duration {duration} --concurrent-workers {WORKERS} --pool-size {WORKERS} \
         --min-operation-interval 0 --max-operation-interval 0"
    );
    let mut recorder: Running = test.spawn_run(&words(&flags));
    test.wait_for_recording();
    let (pid, begun) = (recorder.id(), Instant::now());
    let mut samples = Vec::new();
    for failover in 0..=failovers {
        let until = begun + every * (failover + 1) - Duration::from_secs(2);
        // Several looks, when all has settled: one may meet a connection that is just being replaced.
        let settled = begun + every * failover + SETTLED.min(every / 2);
        std::thread::sleep(settled.saturating_duration_since(Instant::now()));
        while Instant::now() < until && recorder.is_running() {
            samples.push(sample(&test, pid, begun));
            std::thread::sleep(Duration::from_secs(1));
        }
        if failover < failovers {
            let writer = test.lab.writer();
            test.runtime
                .block_on(test.lab.failover(&FailoverOptions::default(), |_| {}))
                .unwrap();
            assert_ne!(test.lab.writer(), writer, "the roles are exchanged");
        }
    }
    let output = recorder.output();
    assert_success(&output);

    let recording = test.recording();
    let manifest = recording.manifest();
    assert!(
        manifest.dropped_rows.is_empty(),
        "{:?}",
        manifest.dropped_rows
    );
    assert!(
        manifest.write_failures.is_empty(),
        "{:?}",
        manifest.write_failures
    );
    let told = check_paths(&test, &recording);
    wait_for_no_connections(&test);
    assert!(samples.len() >= 4, "{} samples only", samples.len());
    print(
        &samples,
        &format!("{duration} s, {failovers} failovers; {}", told.join("; ")),
    );
    assert_memory_is_flat(&samples);
    assert_flat(&samples);
    assert!(stderr(&output).contains("rows lost: 0"));
}
