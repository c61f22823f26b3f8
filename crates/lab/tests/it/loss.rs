//! Commits that a client saw acknowledged and that the new writer does not have: those of a held reader's writer, and of a leader that is
//! fenced late.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::common::{
    connect,
    faults::{Paths, Progress, Seen, ask, assert_healthy, break_and_look},
    program::{TestLab, one_line_error, stdout},
};
use lab::{
    FailoverKind, FailoverOptions, Lab, LabOptions, Replication, Step, StepKind,
    testing::alone::copy_data,
};
use tokio::sync::Notify;
use tokio_postgres::Client;

async fn start(replication: Replication) -> Lab {
    let options = LabOptions {
        replication,
        ..LabOptions::default()
    };
    let lab = Lab::start(options).await.unwrap();
    let app = connect(&lab.proxy_url(), None).await.unwrap();
    let table = "create table written (i int)";
    app.batch_execute(table).await.unwrap();
    lab
}

/// As fast as it goes.
fn held(kind: FailoverKind, time: Duration) -> FailoverOptions {
    FailoverOptions {
        kind,
        hold: Some(time),
        promote_after: Duration::ZERO,
        dns_after: Duration::ZERO,
        return_after: Duration::ZERO,
        ..FailoverOptions::default()
    }
}

/// A row that was acknowledged.
#[derive(Debug, Clone, Copy)]
struct Acknowledged {
    i: i32,
    /// It was sent when the reader was held already.
    in_hold: bool,
}

/// What the lab has done so far.
#[derive(Default)]
struct Stage {
    is_held: AtomicBool,
    is_broken: AtomicBool,
}

/// Inserts numbers from `first` on until an insert fails, or was sent before the fault and may have been answered after it: a proxy keeps a
/// statement, and the new writer takes it.
async fn write(client: Client, first: i32, stage: Arc<Stage>) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    for i in first.. {
        let in_hold = stage.is_held.load(Ordering::Relaxed);
        let insert = format!("insert into written values ({i})");
        let is_acknowledged = client.batch_execute(&insert).await.is_ok();
        if !is_acknowledged || stage.is_broken.load(Ordering::Relaxed) {
            break;
        }
        acknowledged.push(Acknowledged { i, in_hold });
    }
    acknowledged
}

async fn written(url: &str) -> BTreeSet<i32> {
    let client = connect(url, None).await.unwrap();
    let rows = client.query("select i from written", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_while_the_reader_is_held_is_lost() {
    let mut lab = start(Replication::Async).await;
    for (round, kind) in [FailoverKind::Crash, FailoverKind::Immediate]
        .into_iter()
        .enumerate()
    {
        let (old, folder) = (lab.writer(), lab.dir().to_owned());
        let stage = Arc::new(Stage::default());
        let first = 1 + round as i32 * 10_000_000;
        let direct = connect(&lab.direct_url(), Some(old.address())).await;
        let direct = write(direct.unwrap(), first, Arc::clone(&stage));
        let proxied = connect(&lab.proxy_url(), None).await.unwrap();
        let proxied = write(proxied, first + 5_000_000, Arc::clone(&stage));
        let load = [tokio::spawn(direct), tokio::spawn(proxied)];
        tokio::time::sleep(Duration::from_millis(300)).await;

        let mut copy = PathBuf::new();
        let on_step = |step: &Step| match step.step {
            StepKind::Held => stage.is_held.store(true, Ordering::Relaxed),
            // Its last process is dead, and its data not replaced yet.
            StepKind::Crash | StepKind::Stopped => {
                stage.is_broken.store(true, Ordering::Relaxed);
                copy = copy_data(&folder, old, &format!("before-{round}")).unwrap();
            }
            _ => {}
        };
        let wish = held(kind, Duration::from_millis(800));
        let steps = lab.failover(&wish, on_step).await.unwrap();
        assert_steps(&steps);

        let alone = lab.start_alone(&copy).await.unwrap();
        let (before, after) = (
            written(&alone.url).await,
            written(&lab.admin_url(lab.writer())).await,
        );
        for load in load {
            let acknowledged = load.await.unwrap();
            for row in &acknowledged {
                assert!(before.contains(&row.i), "{kind:?}: {row:?} was never there");
                assert!(
                    !(row.in_hold && after.contains(&row.i)),
                    "{kind:?}: {row:?}"
                );
            }
            let lost = acknowledged.iter().filter(|row| row.in_hold).count();
            assert!(lost > 10, "{kind:?}: {lost} of {}", acknowledged.len());
            assert!(acknowledged.iter().any(|row| after.contains(&row.i)));
        }
        assert_healthy(&mut lab).await;
        assert_asynchronous(&lab).await;
    }
}

/// The hold comes first, and offsets are those from the fault.
fn assert_steps(steps: &[Step]) {
    assert_eq!(steps[0].step, StepKind::Held);
    assert!(steps[1].time_us - steps[0].time_us >= 800_000, "{steps:?}");
    let text = lab::lines(steps);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains(" s  held "), "{text}");
    assert!(lines[0].contains("Z   -"), "{text}");
    assert!(lines[1].contains(" +0.000000 s "), "{text}");
}

/// The writer's commits wait for no reader.
async fn assert_asynchronous(lab: &Lab) {
    let writer = connect(&lab.admin_url(lab.writer()), None).await.unwrap();
    let row = writer.query_one("show synchronous_standby_names", &[]);
    assert_eq!(row.await.unwrap().get::<_, &str>(0), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_is_given_up_is_healed() {
    let mut lab = start(Replication::Async).await;
    let writer = lab.writer();
    let wish = held(FailoverKind::Crash, Duration::from_secs(600));
    let is_held = Notify::new();
    tokio::select! {
        ended = lab.failover(&wish, |_| is_held.notify_one()) => panic!("{ended:?}"),
        () = is_held.notified() => {}
    }
    let steps = lab.heal(|_| ()).await.unwrap();
    let kinds: Vec<StepKind> = steps.iter().map(|step| step.step).collect();
    assert_eq!(kinds, [StepKind::ReturnedAsReader, StepKind::Healthy]);
    assert_eq!(lab.writer(), writer);
    assert_healthy(&mut lab).await;
    assert_asynchronous(&lab).await;
}

#[tokio::test]
async fn a_hold_that_would_lose_nothing_is_refused_before_anything_is_broken() {
    let mut lab = start(Replication::Sync).await;
    let time = Duration::from_secs(1);
    let thaws = FailoverOptions {
        thaw_after: Some(time),
        ..held(FailoverKind::Freeze, time)
    };
    for (wish, expected) in [
        (
            held(FailoverKind::Crash, time),
            "`lab up --replication async`",
        ),
        (held(FailoverKind::Switchover, time), "that lose the writer"),
        (held(FailoverKind::Restart, time), "that lose the writer"),
        (thaws, "exclude each other"),
    ] {
        let error = lab.failover(&wish, |_| ()).await.unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(!lab::steps_file(lab.dir()).exists());
    assert_healthy(&mut lab).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_fenced_late_acknowledges_what_is_lost() {
    let mut lab = start(Replication::Async).await;
    let wish = FailoverOptions {
        kind: FailoverKind::Freeze,
        promote_after: Duration::ZERO,
        thaw_after: Some(Duration::from_secs(6)),
        return_after: Duration::from_secs(9),
        dns_after: Duration::from_secs(10),
        ..FailoverOptions::default()
    };
    let look = |paths: Paths, mut progress: Progress| async move {
        let stale = paths.direct().await;
        progress.reaches(StepKind::Promoted).await;
        progress.reaches(StepKind::Thawed).await;
        let insert = |i: i32| format!("insert into written values ({i})");
        assert_eq!(ask(&stale, &insert(7)).await, Seen::Answer);
        // DNS still names it.
        let new = paths.direct().await;
        assert_eq!(ask(&new, &insert(8)).await, Seen::Answer);
        let proxied = paths.proxy().await;
        assert_eq!(ask(&proxied, &insert(9)).await, Seen::Answer);
        progress.reaches(StepKind::Fenced).await;
        assert_eq!(ask(&stale, &insert(10)).await, Seen::End);
    };
    break_and_look(&mut lab, wish, look).await;
    let found = written(&lab.admin_url(lab.writer())).await;
    // The rows of 0 are those of a look at both paths.
    assert_eq!(found, BTreeSet::from([0, 9]));
}

#[test]
fn the_program_holds_and_says_so() {
    let test = TestLab::new();
    let up = ["up", "--port", "0", "--proxy-port", "0", "--dns-port", "0"];
    let up = test.run(&[&up[..], &["--replication", "async"]].concat());
    assert!(stdout(&up).contains("asynchronous replication"), "{up:?}");
    let status = stdout(&test.run(&["status", "--json"]));
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["replication"], "async");
    let kind = test.run(&["failover", "--kind", "slow", "--hold", "1s"]);
    one_line_error(
        &kind,
        2,
        "--hold is only for the kinds that lose the writer",
    );

    let fast = ["--dns-after", "0", "--return-after", "0"];
    let failover = test.run(&[&["failover", "--hold", "500ms"][..], &fast].concat());
    let printed = stdout(&failover);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].contains("Z   -0.500000 s  held "), "{failover:?}");
    assert!(lines[1].contains("Z   +0.000000 s  crash "), "{printed}");
    assert!(printed.contains(" s  healthy "), "{printed}");
    let status = stdout(&test.run(&["status", "--wait", "30s"]));
    assert!(status.contains("writer, followed by a async"), "{status}");
}
