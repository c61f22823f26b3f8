//! Every kind of fault, as a client sees it: errors, SQLSTATEs, hangs and refusals.

use std::time::Duration;

use crate::common::{
    LIMIT, connect,
    faults::{Paths, Progress, Seen, ask, assert_healthy, break_and_look, code, options, start},
};
use lab::{FailoverKind, FailoverOptions, StepKind, testing::wait_until_async};
use tokio::sync::{mpsc, watch};
use tokio_postgres::error::SqlState;

/// The kinds in which the writer's processes are gone at once: what its clients see of that.
async fn the_writer_goes(kind: FailoverKind, idle_sees: Seen, busy_sees: Seen) {
    let mut lab = start(false).await;
    let look = |paths: Paths, mut progress: Progress| async move {
        let (idle, asked) = (paths.direct().await, paths.busy().await);
        let gone = match kind {
            FailoverKind::Crash => StepKind::Crash,
            _ => StepKind::Stopped,
        };
        progress.reaches(gone).await;
        assert_eq!(asked.await.unwrap(), busy_sees, "{kind:?}: in flight");
        assert_eq!(ask(&idle, "select 1").await, idle_sees, "{kind:?}: idle");
        assert_eq!(paths.knock_direct().await, Seen::Refused, "{kind:?}: new");
        progress.reaches(StepKind::ReturnedAsReader).await;
        // The trap: the old address reads, and refuses to write.
        let stale = paths.direct().await;
        assert_eq!(ask(&stale, "select 1").await, Seen::Answer);
        let read_only = SqlState::READ_ONLY_SQL_TRANSACTION.code().to_owned();
        assert_eq!(
            ask(&stale, "insert into written values (1)").await,
            Seen::Code(read_only)
        );
    };
    break_and_look(&mut lab, options(kind), look).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_ends_connections_without_a_message_and_refuses_new_ones() {
    the_writer_goes(FailoverKind::Crash, Seen::End, Seen::End).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fast_stop_answers_57p01() {
    let message = code(&SqlState::ADMIN_SHUTDOWN);
    // The driver gives an idle connection's last message to the connection, not to the next query.
    the_writer_goes(FailoverKind::Stop, Seen::End, message).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_immediate_stop_ends_connections_after_a_mere_warning() {
    the_writer_goes(FailoverKind::Immediate, Seen::End, Seen::End).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_writer_hangs_and_is_killed_when_its_loss_is_detected() {
    let mut lab = start(false).await;
    let look = |paths: Paths, mut progress: Progress| async move {
        let idle = paths.direct().await;
        progress.reaches(StepKind::Frozen).await;
        let (known, new) = tokio::join!(ask(&idle, "select 1"), paths.knock_direct());
        assert_eq!((known, new), (Seen::Hang, Seen::Hang));
        progress.reaches(StepKind::Fenced).await;
        assert_eq!(paths.knock_direct().await, Seen::Refused);
        progress.reaches(StepKind::ProxyResumed).await;
        assert_eq!(paths.knock_proxy().await, Seen::Answer);
    };
    let steps = break_and_look(&mut lab, options(FailoverKind::Freeze), look).await;
    let kinds: Vec<StepKind> = steps.iter().map(|step| step.step).collect();
    assert_eq!(
        kinds[..3],
        [StepKind::Frozen, StepKind::Detected, StepKind::Fenced]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_thaws_in_time_costs_no_failover() {
    let mut lab = start(false).await;
    let writer = lab.writer();
    let wish = FailoverOptions {
        kind: FailoverKind::Freeze,
        thaw_after: Some(Duration::from_secs(1)),
        ..FailoverOptions::default()
    };
    let steps = lab.failover(&wish, |_| ()).await.unwrap();
    let kinds: Vec<StepKind> = steps.iter().map(|step| step.step).collect();
    assert_eq!(
        kinds,
        [StepKind::Frozen, StepKind::Thawed, StepKind::Healthy]
    );
    assert_eq!(lab.writer(), writer);
    assert_healthy(&mut lab).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_thaws_late_acknowledges_no_write_any_more() {
    let mut lab = start(false).await;
    let wish = FailoverOptions {
        thaw_after: Some(Duration::from_secs(6)),
        return_after: Duration::from_secs(10),
        dns_after: Duration::from_secs(10),
        ..options(FailoverKind::Freeze)
    };
    let look = |paths: Paths, mut progress: Progress| async move {
        let stale = paths.direct().await;
        progress.reaches(StepKind::Promoted).await;
        progress.reaches(StepKind::Thawed).await;
        assert_eq!(ask(&stale, "select 1").await, Seen::Answer);
        // Synchronous replication: no reader follows it, so it waits for ever. No split brain.
        let written = ask(&stale, "insert into written values (7)").await;
        assert_eq!(written, Seen::Hang);
    };
    break_and_look(&mut lab, wish, look).await;
    let app = connect(&lab.proxy_url(), None).await.unwrap();
    let lost = app.query("select from written where i = 7", &[]).await;
    assert_eq!(lost.unwrap_or_default().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_drops_everything_closes_nothing() {
    let mut lab = start(true).await;
    let look = |paths: Paths, mut progress: Progress| async move {
        let idle = paths.direct().await;
        progress.reaches(StepKind::Blackholed).await;
        let (known, new) = tokio::join!(ask(&idle, "select 1"), paths.knock_direct());
        assert_eq!((known, new), (Seen::Hang, Seen::Hang));
        progress.reaches(StepKind::Fenced).await;
        // Fenced, and no client notices: a dead host refuses nothing.
        assert_eq!(paths.knock_direct().await, Seen::Hang);
        progress.reaches(StepKind::ProxyResumed).await;
        assert_eq!(paths.knock_proxy().await, Seen::Answer);
        progress.reaches(StepKind::ReturnedAsReader).await;
        assert_eq!(paths.knock_direct().await, Seen::Answer);
    };
    let wish = FailoverOptions {
        return_after: Duration::from_secs(8),
        dns_after: Duration::from_secs(9),
        ..options(FailoverKind::Blackhole)
    };
    break_and_look(&mut lab, wish, look).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switchover_is_no_error_behind_the_proxy() {
    let mut lab = start(false).await;
    let (stop, stopped) = watch::channel(false);
    let (sender, mut errors) = mpsc::unbounded_channel();
    let proxied = connect(&lab.proxy_url(), None).await.unwrap();
    let load = tokio::spawn(async move {
        let mut acknowledged = 0;
        while !*stopped.borrow() {
            match proxied
                .batch_execute("insert into written values (1)")
                .await
            {
                Ok(()) => acknowledged += 1,
                Err(error) => sender.send(error.to_string()).unwrap(),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        acknowledged
    });
    let look = |paths: Paths, mut progress: Progress| async move {
        let asked = paths.busy().await;
        progress.reaches(StepKind::Stopped).await;
        assert_eq!(asked.await.unwrap(), code(&SqlState::ADMIN_SHUTDOWN));
        assert_eq!(paths.knock_direct().await, Seen::Refused);
    };
    break_and_look(&mut lab, options(FailoverKind::Switchover), look).await;
    stop.send(true).unwrap();
    let acknowledged: i64 = load.await.unwrap();
    assert_eq!(errors.recv().await, None, "behind the proxy");
    let app = connect(&lab.proxy_url(), None).await.unwrap();
    let row = app.query_one("select count(*) from written where i = 1", &[]);
    assert_eq!(row.await.unwrap().get::<_, i64>(0), acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demoted_writer_answers_at_once_and_refuses_writes_with_25006() {
    let mut lab = start(false).await;
    let look = |paths: Paths, mut progress: Progress| async move {
        progress.reaches(StepKind::ReturnedAsReader).await;
        let stale = paths.direct().await;
        assert_eq!(ask(&stale, "select 1").await, Seen::Answer);
        let refused = code(&SqlState::READ_ONLY_SQL_TRANSACTION);
        let write = "insert into written values (1)";
        assert_eq!(ask(&stale, write).await, refused);
        progress.reaches(StepKind::ProxyResumed).await;
        assert_eq!(paths.knock_proxy().await, Seen::Answer);
        assert_eq!(ask(&stale, write).await, refused, "DNS is stale still");
    };
    let wish = FailoverOptions {
        dns_after: Duration::from_secs(7),
        ..options(FailoverKind::ReadOnly)
    };
    let steps = break_and_look(&mut lab, wish, look).await;
    let place = |kind| steps.iter().position(|step| step.step == kind).unwrap();
    assert!(place(StepKind::ReturnedAsReader) < place(StepKind::Promoted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_refuses_for_a_while_and_comes_back_in_place() {
    let mut lab = start(false).await;
    let look = |paths: Paths, mut progress: Progress| async move {
        let asked = paths.busy().await;
        progress.reaches(StepKind::Stopped).await;
        assert_eq!(asked.await.unwrap(), code(&SqlState::ADMIN_SHUTDOWN));
        assert_eq!(paths.knock_direct().await, Seen::Refused);
        progress.reaches(StepKind::Restarted).await;
        assert_eq!(paths.knock_direct().await, Seen::Answer);
    };
    break_and_look(&mut lab, options(FailoverKind::Restart), look).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flapping_writer_crashes_as_often_as_asked() {
    let mut lab = start(false).await;
    let look = |paths: Paths, mut progress: Progress| async move {
        for crash in 1..=2 {
            progress.nth(StepKind::Crash, crash).await;
            assert_eq!(paths.knock_direct().await, Seen::Refused, "crash {crash}");
            progress.nth(StepKind::Restarted, crash).await;
            assert_eq!(paths.knock_direct().await, Seen::Answer, "crash {crash}");
        }
    };
    let wish = FailoverOptions {
        flaps: 2,
        ..options(FailoverKind::Flap)
    };
    let steps = break_and_look(&mut lab, wish, look).await;
    let crashes = steps.iter().filter(|step| step.step == StepKind::Crash);
    assert_eq!(crashes.count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_restarts_leaves_the_direct_path_alone() {
    let mut lab = start(false).await;
    let look = |paths: Paths, mut progress: Progress| async move {
        let (proxied, direct) = (paths.proxy().await, paths.direct().await);
        progress.reaches(StepKind::ProxyStopped).await;
        assert_eq!(ask(&proxied, "select 1").await, Seen::End);
        assert_eq!(paths.knock_proxy().await, Seen::Refused);
        let write = "insert into written values (1)";
        assert_eq!(ask(&direct, write).await, Seen::Answer);
        progress.reaches(StepKind::ProxyStarted).await;
        assert_eq!(paths.knock_proxy().await, Seen::Answer);
    };
    break_and_look(&mut lab, options(FailoverKind::ProxyRestart), look).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_answers_late_and_makes_no_error() {
    let mut lab = start(true).await;
    let wish = FailoverOptions {
        kind: FailoverKind::Slow,
        latency: Duration::from_millis(300),
        down_for: Duration::from_secs(5),
        ..FailoverOptions::default()
    };
    let look = |paths: Paths, mut progress: Progress| async move {
        let clients = [paths.direct().await, paths.proxy().await];
        progress.reaches(StepKind::Slowed).await;
        for client in &clients {
            let asked = std::time::Instant::now();
            assert_eq!(ask(client, "select 1").await, Seen::Answer);
            // There and back; how much longer depends on the machine.
            let took = asked.elapsed();
            assert!(took >= Duration::from_millis(600), "{took:?}");
        }
        progress.reaches(StepKind::Restored).await;
    };
    break_and_look(&mut lab, wish, look).await;
    wait_until_async("an answer that is not late", LIMIT, async || {
        let client = connect(&lab.proxy_url(), None).await.unwrap();
        let asked = std::time::Instant::now();
        client.batch_execute("select 1").await.unwrap();
        asked.elapsed() < Duration::from_millis(300)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_narrow_network_takes_its_time() {
    let mut lab = start(true).await;
    let wish = FailoverOptions {
        kind: FailoverKind::Slow,
        latency: Duration::ZERO,
        bandwidth: Some(50_000),
        down_for: Duration::from_secs(5),
        ..FailoverOptions::default()
    };
    let look = |paths: Paths, mut progress: Progress| async move {
        let client = paths.direct().await;
        progress.reaches(StepKind::Slowed).await;
        let asked = std::time::Instant::now();
        // 60,000 bytes at 50,000 a second.
        let row = client.query_one("select repeat('x', 60000)", &[]).await;
        assert_eq!(row.unwrap().get::<_, String>(0).len(), 60_000);
        let took = asked.elapsed();
        assert!(took >= Duration::from_secs(1), "{took:?}");
    };
    break_and_look(&mut lab, wish, look).await;
}

#[tokio::test]
async fn what_a_lab_cannot_break_is_refused_before_anything_is_broken() {
    let mut lab = start(false).await;
    for kind in [FailoverKind::Slow, FailoverKind::Blackhole] {
        let error = lab.failover(&options(kind), |_| ()).await.unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        assert!(error.to_string().contains("`lab up --relay`"), "{error}");
    }
    let thaw = FailoverOptions {
        thaw_after: Some(Duration::from_secs(1)),
        ..FailoverOptions::default()
    };
    let error = lab.failover(&thaw, |_| ()).await.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    assert!(!lab::steps_file(lab.dir()).exists());
    assert_healthy(&mut lab).await;
}
