//! A crash failover from end to end, seen by writers on both paths.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::common::{connect, now_us};
use lab::{
    FailoverOptions, Lab, LabOptions, NodeName, Replication, Step, StepKind, WRITER_NAME, lookup,
};
use tokio_postgres::Client;

/// What a writer saw.
#[derive(Debug, Default, Clone)]
struct Seen {
    /// Rows whose insert was acknowledged, and when.
    acknowledged: Vec<(i64, i64)>,
    /// SQLSTATEs, and `connection` for errors without one.
    errors: Vec<String>,
}

/// Inserts rows with ids from `first` on until `stop`; after any error it connects again.
async fn write_rows(
    url: String,
    dns: Option<std::net::SocketAddr>,
    first: i64,
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
) {
    let mut client: Option<Client> = None;
    let mut id = first;
    while !stop.load(Ordering::Relaxed) {
        let result = match &client {
            Some(client) => client
                .batch_execute(&format!("insert into written values ({id})"))
                .await
                .map(|()| {
                    seen.lock().unwrap().acknowledged.push((id, now_us()));
                }),
            None => {
                let address = dns
                    .and_then(|dns| lookup(dns, WRITER_NAME).unwrap())
                    .map(|(address, _)| address);
                connect(&url, address).await.map(|made| client = Some(made))
            }
        };
        // An id is never tried twice: a write in doubt may be there.
        id += 1;
        if let Err(error) = result {
            let code = error
                .code()
                .map_or("connection", |code| code.code())
                .to_owned();
            seen.lock().unwrap().errors.push(code);
            client = None;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn time_of(steps: &[Step], kind: StepKind) -> i64 {
    steps
        .iter()
        .find(|step| step.step == kind)
        .unwrap_or_else(|| panic!("no {kind} in {steps:?}"))
        .time_us
}

/// The first acknowledgement after `time_us`.
fn first_after(seen: &Seen, time_us: i64) -> i64 {
    seen.acknowledged
        .iter()
        .map(|&(_, at)| at)
        .find(|&at| at > time_us)
        .expect("an acknowledged write after it")
}

/// What was seen of a failover from outside.
struct Observed {
    steps: Vec<Step>,
    /// Through the proxy.
    proxied: Seen,
    direct: Seen,
    /// When the name server was queried, when it answered, and what.
    answers: Vec<(i64, i64, (Ipv4Addr, u32))>,
}

impl Observed {
    fn at(&self, kind: StepKind) -> i64 {
        time_of(&self.steps, kind)
    }
}

const OLD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const NEW: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Crashes the writer while both paths are written on and the name server is queried.
async fn observe(lab: &mut Lab) -> Observed {
    let dns = lab.dns_server();
    let stop = Arc::new(AtomicBool::new(false));
    let write = |url: String, dns, first| {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let task = write_rows(url, dns, first, Arc::clone(&stop), Arc::clone(&seen));
        (tokio::spawn(task), seen)
    };
    let proxied = write(lab.proxy_url(), None, 1);
    let direct = write(lab.direct_url(), Some(dns), 1_000_000);
    let watcher = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let mut answers = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let asked_us = now_us();
                let answer = lookup(dns, WRITER_NAME).unwrap().unwrap();
                answers.push((asked_us, now_us(), answer));
                std::thread::sleep(Duration::from_millis(5));
            }
            answers
        }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;

    // DNS late enough that the old writer is back before it even on a busy machine.
    let options = FailoverOptions {
        dns_after: Duration::from_secs(7),
        ..FailoverOptions::default()
    };
    let mut reported = Vec::new();
    let on_step = |step: &Step| reported.push(step.clone());
    let steps = lab.failover(&options, on_step).await.unwrap();
    assert_eq!(reported, steps);
    tokio::time::sleep(Duration::from_millis(700)).await;
    stop.store(true, Ordering::Relaxed);
    proxied.0.await.unwrap();
    direct.0.await.unwrap();
    Observed {
        steps,
        proxied: proxied.1.lock().unwrap().clone(),
        direct: direct.1.lock().unwrap().clone(),
        answers: watcher.join().unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_failover_loses_nothing_and_leaves_a_reader_behind_the_old_address() {
    let mut lab = Lab::start(LabOptions::default()).await.unwrap();
    let app = connect(&lab.proxy_url(), None).await.unwrap();
    app.batch_execute("create table written (id bigint primary key)")
        .await
        .unwrap();
    // A client that stays idle through it all: the proxy keeps its connection.
    let idle = app;
    let observed = observe(&mut lab).await;
    assert_steps(&lab, &observed);
    assert_dns_and_paths(&observed);
    assert_no_loss(&lab, &observed).await;
    assert_old_writer_is_reader(&lab).await;

    // The proxy: the idle client is still there, and now served by the new writer.
    let behind = idle
        .query_typed("select host(inet_server_addr())", &[])
        .await
        .unwrap();
    assert_eq!(behind[0].get::<_, String>(0), NEW.to_string());
}

/// Each step once, as they are returned and kept on disk. Steps that do not wait for each other may come in any order on a busy machine.
fn assert_steps(lab: &Lab, observed: &Observed) {
    let (steps, at) = (&observed.steps, |kind| observed.at(kind));
    assert_eq!(steps.first().unwrap().step, StepKind::Crash);
    assert_eq!(steps.last().unwrap().step, StepKind::Healthy);
    for (earlier, later) in [
        (StepKind::Crash, StepKind::Detected),
        (StepKind::Detected, StepKind::ProxyPaused),
        (StepKind::Detected, StepKind::Promoted),
        (StepKind::ProxyPaused, StepKind::ProxyResumed),
        (StepKind::Promoted, StepKind::ProxyResumed),
        (StepKind::Promoted, StepKind::DnsChanged),
        (StepKind::Promoted, StepKind::ReturnedAsReader),
    ] {
        assert!(
            at(earlier) <= at(later),
            "{earlier:?}, {later:?}: {steps:?}"
        );
    }
    let mut names: Vec<_> = steps.iter().map(|step| step.step.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "crash",
        "detected",
        "dns_changed",
        "healthy",
        "promoted",
        "proxy_paused",
        "proxy_resumed",
        "returned_as_reader",
    ];
    assert_eq!(names, expected);
    assert!(steps.is_sorted_by_key(|step| step.time_us), "{steps:?}");
    let kept = std::fs::read_to_string(lab::steps_file(lab.dir())).unwrap();
    let kept: Vec<Step> = kept
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(kept, *steps);
    for (kind, after_us) in [
        (StepKind::Promoted, 1_000_000),
        (StepKind::ReturnedAsReader, 2_000_000),
        (StepKind::DnsChanged, 7_000_000),
    ] {
        assert!(at(kind) - at(StepKind::Crash) >= after_us, "{steps:?}");
    }
}

/// The old address in every answer before DNS is changed, the new one in every answer after it; no write is acknowledged while there is no
/// writer, and the proxy is back long before DNS.
fn assert_dns_and_paths(observed: &Observed) {
    let (crash, changed) = (
        observed.at(StepKind::Crash),
        observed.at(StepKind::DnsChanged),
    );
    for &(asked_us, answered_us, answer) in &observed.answers {
        // The step is noted just after the change.
        if answered_us < changed - 50_000 {
            assert_eq!(answer, (OLD, 5), "before the change");
        } else if asked_us > changed {
            assert_eq!(answer, (NEW, 5), "after the change");
        }
    }
    let (proxied, direct) = (&observed.proxied, &observed.direct);
    // An answer sent just before the crash may be read a moment after it.
    let proxy_back = first_after(proxied, crash + 200_000);
    let direct_back = first_after(direct, crash + 200_000);
    assert!(
        proxy_back > crash + 1_000_000,
        "no write can succeed before the promotion"
    );
    assert!(
        proxy_back < changed && direct_back >= changed - 50_000,
        "proxy {proxy_back}, direct {direct_back}, DNS {changed}"
    );
    // The trap: the old writer answers again, and refuses writes.
    let is_refused = |seen: &Seen| seen.errors.iter().any(|code| code == "25006");
    assert!(is_refused(direct), "{:?}", direct.errors);
    assert!(!is_refused(proxied), "{:?}", proxied.errors);
}

/// Synchronous replication: every acknowledged row is on the new writer.
async fn assert_no_loss(lab: &Lab, observed: &Observed) {
    assert_eq!(lab.writer(), NodeName::B);
    let admin = connect(&lab.admin_url(NodeName::B), None).await.unwrap();
    let rows = admin
        .query_typed("select id from written", &[])
        .await
        .unwrap();
    let found: std::collections::HashSet<i64> = rows.iter().map(|row| row.get(0)).collect();
    for seen in [&observed.proxied, &observed.direct] {
        let acknowledged = seen.acknowledged.iter();
        let lost: Vec<_> = acknowledged.filter(|(id, _)| !found.contains(id)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        // Enough of them for a loss to show, on a busy machine too.
        assert!(seen.acknowledged.len() > 10);
    }
}

/// It reads, refuses writes, and is what the new writer waits for.
async fn assert_old_writer_is_reader(lab: &Lab) {
    let reader = connect(&lab.direct_url(), Some(OLD)).await.unwrap();
    reader
        .simple_query("select count(*) from written")
        .await
        .unwrap();
    let refused = reader
        .batch_execute("insert into written values (-1)")
        .await
        .unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "25006");
    let admin = connect(&lab.admin_url(NodeName::B), None).await.unwrap();
    let sync = admin.query_typed(
        "select sync_state from pg_stat_replication where application_name = 'a'",
        &[],
    );
    assert_eq!(sync.await.unwrap()[0].get::<_, String>(0), "sync");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_go_back_and_forth_with_asynchronous_replication() {
    let options = LabOptions {
        replication: Replication::Async,
        ..LabOptions::default()
    };
    let mut lab = Lab::start(options).await.unwrap();
    let quick = FailoverOptions {
        promote_after: Duration::ZERO,
        dns_after: Duration::from_millis(100),
        dns_jitter: Duration::from_millis(200),
        return_after: Duration::ZERO,
        ..FailoverOptions::default()
    };
    for writer in [NodeName::B, NodeName::A] {
        let steps = lab.failover(&quick, |_| ()).await.unwrap();
        assert_eq!(lab.writer(), writer);
        // Ordered at once, yet never before it is detected.
        assert!(time_of(&steps, StepKind::Promoted) > time_of(&steps, StepKind::Detected));
        let dns_us = time_of(&steps, StepKind::DnsChanged) - time_of(&steps, StepKind::Crash);
        assert!(dns_us >= 100_000, "{dns_us}");
        assert_eq!(
            lookup(lab.dns_server(), WRITER_NAME).unwrap().unwrap().0,
            writer.address()
        );
        let app = connect(&lab.proxy_url(), None).await.unwrap();
        app.batch_execute("create table if not exists t (i int); insert into t values (1)")
            .await
            .unwrap();
    }
    assert!(lab.is_running());
}

#[tokio::test]
async fn a_pair_that_is_not_healthy_is_not_broken_further() {
    let mut lab = Lab::start(LabOptions::default()).await.unwrap();
    lab.kill_writer().await.unwrap();
    let error = lab
        .failover(&FailoverOptions::default(), |_| ())
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the pair is not healthy, so nothing was broken"),
        "{error}"
    );
    assert!(!lab::steps_file(lab.dir()).exists());
}
