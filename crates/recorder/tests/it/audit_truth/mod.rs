//! What an audit finds is what the servers' own data say: after failovers that lose commits and after some that lose none, behind a leader
//! that is fenced late, and behind a proxy that hides what became of a commit.

mod truth;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::common::{
    BUSY, Row, Running, TestLab, assert_one_line, assert_success, number, only_recording,
    wait_for_recording, wait_until,
};
use lab::testing::alone::copy_data;
use lab::testing::interceptor::{Case, Interceptor, Reaction, told};
use lab::{FailoverKind, FailoverOptions, Lab, LabOptions, Replication, Step, StepKind};
use recording::vocabulary::{FindingKind, Path};
use tokio::runtime::Runtime;
use truth::{Audited, Data, Write, key, writer_url};

/// Mostly what an audit can tell one by one.
const WRITES: [&str; 20] = [
    "--availability-interval",
    "0",
    "--duration",
    "300",
    "--read-weight",
    "10",
    "--write-weight",
    "50",
    "--transaction-weight",
    "40",
    "--concurrent-workers",
    "4",
    "--pool-size",
    "4",
    "--operation-timeout",
    "1s",
    "--connect-timeout",
    "1s",
    "--pool-timeout",
    "1s",
];

/// Failovers with each kind of replication: one in each test run, more in `cargo xtask soak`.
fn rounds() -> u32 {
    std::env::var("PGOUTAGE_AUDITS").map_or(1, |rounds| rounds.parse().unwrap())
}

fn start(replication: Replication) -> TestLab {
    let runtime = Runtime::new().unwrap();
    let options = LabOptions {
        ttl: Duration::from_secs(1),
        replication,
        ..LabOptions::default()
    };
    let lab = runtime.block_on(Lab::start(options)).unwrap();
    let test = TestLab {
        runtime,
        lab,
        folder: tempfile::tempdir().unwrap(),
    };
    assert_success(&test.recorder(&["setup", "--users", "100", "--products", "100"]));
    test
}

/// A failover under load.
struct Failover {
    audited: Audited,
    steps: Vec<Step>,
    /// What the old writer had when its last process was dead.
    before: Data,
}

impl Failover {
    fn record(test: &mut TestLab, name: &str, options: &FailoverOptions) -> Self {
        let runs = test.folder.path().join(name);
        let flags = [&BUSY[..], &WRITES].concat();
        let arguments = test.run_arguments(&flags, runs.to_str().unwrap());
        let running = Running::spawn(&mut test.command(&arguments));
        wait_for_recording(&runs);
        let run_id = only_recording(&runs).manifest().run_id.to_string();
        await_orders(test, &run_id, 30);

        let (folder, old) = (test.lab.dir().to_owned(), test.lab.writer());
        let mut copy = PathBuf::new();
        let on_step = |step: &Step| {
            if matches!(step.step, StepKind::Crash | StepKind::Fenced) {
                copy = copy_data(&folder, old, &format!("before-{name}")).unwrap();
            }
        };
        let failover = test.lab.failover(options, on_step);
        let steps = test.runtime.block_on(failover).unwrap();
        await_orders(test, &run_id, 10);
        running.signal("INT");
        assert_success(&running.output());

        let alone = test.runtime.block_on(test.lab.start_alone(&copy)).unwrap();
        let before = Data::of(test, &alone.url);
        drop(alone);
        std::fs::remove_dir_all(&copy).unwrap();
        Self {
            audited: Audited::new(test, only_recording(&runs)),
            steps,
            before,
        }
    }

    fn time_us(&self, kind: StepKind) -> i64 {
        let step = self.steps.iter().find(|step| step.step == kind);
        step.unwrap_or_else(|| panic!("{kind} in {:?}", self.steps))
            .time_us
    }

    /// Everything that was acknowledged had been there, on the old writer or on the new one, and what is lost on the old one.
    fn check(&self, test: &TestLab) -> BTreeSet<Write> {
        let lost = self.audited.check(test);
        let had = self.audited.writes(&["ok"], &self.before, true);
        assert!(
            lost.is_subset(&had),
            "never there: {:?}",
            lost.difference(&had)
        );
        lost
    }
}

/// Waits until each path has made so many orders more: the load runs.
fn await_orders(test: &TestLab, run_id: &str, more: usize) {
    for path in ["d", "p"] {
        let query = format!(
            "select order_number from business_orders where order_number like '{run_id}-{path}-%'"
        );
        let orders = || test.texts(&query).len();
        let before = orders();
        wait_until("orders", || orders() >= before + more);
    }
}

fn crash(hold: Option<Duration>) -> FailoverOptions {
    FailoverOptions {
        hold,
        promote_after: Duration::from_millis(800),
        return_after: Duration::from_secs(1),
        dns_after: Duration::from_millis(1_500),
        ..FailoverOptions::default()
    }
}

fn of_path(writes: &BTreeSet<Write>, path: &str) -> usize {
    writes.iter().filter(|(of, _)| of == path).count()
}

/// Asynchronous replication and a held reader: what the audit finds lost is what the old writer had and the new one has not.
#[test]
fn exactly_what_a_failover_loses_is_found() {
    let mut test = start(Replication::Async);
    for round in 1..=rounds() {
        let options = crash(Some(Duration::from_secs(2)));
        let failover = Failover::record(&mut test, &format!("held-{round}"), &options);
        let lost = failover.check(&test);
        for path in ["direct", "proxy"] {
            let lost = of_path(&lost, path);
            eprintln!("round {round}, {path}: {lost} lost");
            assert!(lost > 10, "{path}: {lost}");
        }
        check_logins(&failover);
    }
}

/// They can't be told apart, so as many are lost as the two servers differ by. Of the direct path: what it began after the crash is on
/// the new writer, and what it began before is not, where a proxy may have kept it waiting.
fn check_logins(failover: &Failover) {
    let audited = &failover.audited;
    let mut sums = audited.sums();
    let (path, baseline) = sums.find(|(path, _)| path.path == Path::Direct).unwrap();
    let logins = path.logins.unwrap();
    let crash = failover.time_us(StepKind::Crash);
    let is_after = |row: &&Row| {
        row["path"] == "direct"
            && row["operation_name"] == "update_login"
            && row["outcome"] == "ok"
            && number(row, "start_time").unwrap() > crash
    };
    let after = audited.operations.iter().filter(is_after).count() as i64;
    let most = failover.before.logins_of(baseline) + after - logins.found;
    let lost = most - logins.possible..=most;
    assert!(
        logins.lost > 0 && lost.contains(&logins.lost),
        "{lost:?}, {path:?}"
    );
}

/// Synchronous replication: a crash loses nothing, and the audit says so.
#[test]
fn nothing_is_found_lost_where_commits_wait_for_the_reader() {
    let mut test = start(Replication::Sync);
    for round in 1..=rounds() {
        let failover = Failover::record(&mut test, &format!("crash-{round}"), &crash(None));
        assert_eq!(failover.check(&test), BTreeSet::new(), "round {round}");
        for path in &failover.audited.audit.paths {
            assert!(path.acknowledged > 40, "{path:?}");
            let lost = [path.logins, path.stock].map(|sum| sum.unwrap().lost);
            assert_eq!(lost, [0, 0], "{path:?}");
        }
    }
}

/// The writer is frozen, its reader promoted, and it thaws after 6 s; it is fenced before DNS leads to the new one.
fn fenced_after(time: Duration) -> FailoverOptions {
    FailoverOptions {
        kind: FailoverKind::Freeze,
        promote_after: Duration::ZERO,
        thaw_after: Some(Duration::from_secs(6)),
        return_after: time,
        dns_after: time + Duration::from_secs(1),
        ..FailoverOptions::default()
    }
}

/// A leader that thaws late: what it acknowledges until it is fenced is no success that lasts.
#[test]
fn what_a_leader_fenced_late_acknowledges_is_lost() {
    let mut test = start(Replication::Async);
    let old = test.lab.writer().address().to_string();
    let options = fenced_after(Duration::from_secs(9));
    let failover = Failover::record(&mut test, "late", &options);
    let lost = failover.check(&test);
    let (thawed, fenced) = (
        failover.time_us(StepKind::Thawed),
        failover.time_us(StepKind::Fenced),
    );
    assert!(failover.time_us(StepKind::Promoted) < thawed);
    // Until DNS changes, the direct path leads to the old writer alone.
    let meanwhile = |row: &&Row| {
        let of_path = row["path"] == "direct" && row["outcome"] == "ok";
        of_path
            && number(row, "start_time").unwrap() > thawed
            && number(row, "end_time").unwrap() < fenced
    };
    let audited = &failover.audited;
    let acknowledged = audited.operations.iter().filter(meanwhile);
    let acknowledged: BTreeSet<Write> = acknowledged
        .filter(|row| failover.before.has(&audited.recording, row).is_some())
        .map(key)
        .collect();
    assert!(acknowledged.len() > 10, "{}", acknowledged.len());
    assert!(
        acknowledged.is_subset(&lost),
        "successes that last: {:?}",
        acknowledged.difference(&lost)
    );
    let on_direct = audited.findings.iter().filter(|row| {
        let is_lost = row["finding"] == FindingKind::Lost.as_str();
        is_lost && row["path"] == "direct"
    });
    for row in on_direct {
        assert_eq!(row["server_address"], old, "{row:?}");
    }
}

/// The run ends while the direct path still leads to the old leader, which acknowledges: that is not the writer to ask.
#[test]
fn a_leader_that_is_not_fenced_yet_is_not_asked() {
    let mut test = start(Replication::Async);
    let running = test.spawn_run(&[&BUSY[..], &WRITES].concat());
    test.wait_for_recording();
    let recording = test.recording();
    await_orders(&test, &recording.manifest().run_id, 10);
    let folder = recording.folder().to_str().unwrap();
    let audits = ["1s", "60s"].map(|wait| test.command(&["audit", folder, "--wait", wait]));
    let (thawed, is_thawed) = std::sync::mpsc::channel();
    let asking = std::thread::spawn(move || {
        is_thawed.recv().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        running.signal("INT");
        assert_success(&running.output());
        audits.map(|mut audit| audit.output().unwrap())
    });
    let on_step = |step: &Step| {
        if step.step == StepKind::Thawed {
            thawed.send(()).unwrap();
        }
    };
    let options = fenced_after(Duration::from_secs(14));
    let failover = test.lab.failover(&options, on_step);
    test.runtime.block_on(failover).unwrap();
    let [early, late] = asking.join().unwrap();
    assert_one_line(&early, 1, &["is a former writer", "timeline"]);
    assert_success(&late);
    let lost = Audited::read(test.recording()).check(&test);
    assert!(of_path(&lost, "direct") > 10, "{lost:?}");
}

/// The direct path alone sees the old leader alone, which thaws and acknowledges: the audit that asks it says what it lacks.
#[test]
fn a_run_that_saw_no_promotion_warns() {
    let mut test = start(Replication::Async);
    let flags = [&BUSY[..], &WRITES, &["--mode", "direct"]].concat();
    let running = test.spawn_run(&flags);
    test.wait_for_operation();
    let recording = test.recording();
    let folder = recording.folder().to_str().unwrap();
    let mut early = test.command(&["audit", folder, "--wait", "1s"]);
    let (thawed, is_thawed) = std::sync::mpsc::channel();
    let asking = std::thread::spawn(move || {
        is_thawed.recv().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        running.signal("INT");
        assert_success(&running.output());
        early.output().unwrap()
    });
    let on_step = |step: &Step| {
        if step.step == StepKind::Thawed {
            thawed.send(()).unwrap();
        }
    };
    let options = fenced_after(Duration::from_secs(14));
    let failover = test.lab.failover(&options, on_step);
    test.runtime.block_on(failover).unwrap();
    let output = asking.join().unwrap();
    assert_success(&output);
    let text = crate::common::stdout(&output);
    let warning = "warning: no promotion is seen since before the first failure of the run";
    assert!(text.contains(warning), "{text}");
    let early = Audited::read(test.recording()).audit;
    assert_eq!(
        (early.promotion_seen, early.standbys),
        (Some(false), Some(0))
    );

    let late = Audited::new(&test, test.recording());
    assert!(late.check(&test).len() > 5, "{:?}", late.audit);
    assert_eq!(late.audit.promotion_seen, Some(true));
}

/// A recording through a proxy that treats every second commit as one of `cases`.
fn intercepted(cases: Vec<Case>) -> (TestLab, Audited) {
    let test = TestLab::start_set_up();
    let url = writer_url(&test);
    let (before, rest) = url.split_once('@').unwrap();
    let (server, after) = rest.split_once('/').unwrap();
    let interceptor = Interceptor::start(server.parse().unwrap(), cases);
    let interceptor = test.runtime.block_on(interceptor).unwrap();
    let flags = [&BUSY[..], &WRITES, &["--mode", "proxy"]].concat();
    let runs = test.runs();
    let mut command = test.command(&test.run_arguments(&flags, runs.to_str().unwrap()));
    let address = interceptor.address;
    command.env("PGOUTAGE_PROXY_URL", format!("{before}@{address}/{after}"));
    let running = Running::spawn(&mut command);
    wait_until("commits", || interceptor.seen() > 100);
    running.signal("INT");
    assert_success(&running.output());
    let audited = Audited::new(&test, test.recording());
    (test, audited)
}

/// Writes with an identity whose outcome is `unknown`, apart from those that the recording's end cut off.
fn unknown(audited: &Audited) -> Vec<&Row> {
    let nothing = Data::default();
    let has_identity = |row: &&Row| nothing.has(&audited.recording, row).is_some();
    let unknown = audited.operations.iter().filter(has_identity);
    unknown.filter(|row| row["outcome"] == "unknown").collect()
}

#[test]
fn an_answer_that_was_swallowed_or_changed_is_found_committed() {
    let cases = vec![
        Case::silent(Reaction::DoneButTold),
        Case::silent(Reaction::DoneInSilence),
        Case {
            reaction: Reaction::DoneButTold,
            bytes: |_| {
                let text = "error receiving data from server: SocketError";
                let fields = [
                    (b'S', "FATAL"),
                    (b'V', "FATAL"),
                    (b'C', "58000"),
                    (b'M', text),
                ];
                told(b'E', &fields)
            },
        },
    ];
    let (test, audited) = intercepted(cases);
    assert_eq!(audited.check(&test), BTreeSet::new());
    let (unknown, committed) = (unknown(&audited), audited.found(FindingKind::Committed));
    let classes: BTreeSet<&str> = unknown.iter().map(|row| &*row["error_class"]).collect();
    let expected = ["connection_lost", "operation_timeout", "proxy"];
    assert_eq!(classes, BTreeSet::from(expected));
    for row in unknown {
        assert!(committed.contains(&key(row)), "{row:?}");
    }
}

#[test]
fn a_commit_that_was_dropped_is_found_not_committed() {
    let (test, audited) = intercepted(vec![Case::silent(Reaction::NotDoneAndTold)]);
    assert_eq!(audited.check(&test), BTreeSet::new());
    let not_committed = audited.found(FindingKind::NotCommitted);
    let unknown = unknown(&audited);
    assert!(unknown.len() > 10, "{}", unknown.len());
    for row in unknown {
        assert!(not_committed.contains(&key(row)), "{row:?}");
    }
}
