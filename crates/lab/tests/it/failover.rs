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

/// Inserts rows with ids from `first` on until told to stop; after any error it connects again.
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_failover_loses_nothing_and_leaves_a_reader_behind_the_old_address() {
    let mut lab = Lab::start(LabOptions::default()).await.unwrap();
    let dns = lab.dns_server();
    let [old, new] = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)];
    let app = connect(&lab.proxy_url(), None).await.unwrap();
    app.batch_execute("create table written (id bigint primary key)")
        .await
        .unwrap();
    // A client that stays idle through it all: the proxy keeps its connection.
    let idle = app;

    let stop = Arc::new(AtomicBool::new(false));
    let (proxied, direct) = (
        Arc::new(Mutex::new(Seen::default())),
        Arc::new(Mutex::new(Seen::default())),
    );
    let writers = [
        tokio::spawn(write_rows(
            lab.proxy_url(),
            None,
            1,
            Arc::clone(&stop),
            Arc::clone(&proxied),
        )),
        tokio::spawn(write_rows(
            lab.direct_url(),
            Some(dns),
            1_000_000,
            Arc::clone(&stop),
            Arc::clone(&direct),
        )),
    ];
    let answers = Arc::new(Mutex::new(Vec::new()));
    let watcher = std::thread::spawn({
        let (stop, answers) = (Arc::clone(&stop), Arc::clone(&answers));
        move || {
            while !stop.load(Ordering::Relaxed) {
                let asked_us = now_us();
                let answer = lookup(dns, WRITER_NAME).unwrap().unwrap();
                answers.lock().unwrap().push((asked_us, now_us(), answer));
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;

    // DNS late enough that the old writer is back before it even on a busy machine.
    let options = FailoverOptions {
        dns_after: Duration::from_secs(7),
        ..FailoverOptions::default()
    };
    let mut told = Vec::new();
    let steps = lab
        .failover(&options, |step| told.push(step.clone()))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    watcher.join().unwrap();

    // The steps: each of them once, told as they are returned and kept on disk. What does not wait for another may come in any
    // order where the machine is busy.
    let at = |kind| time_of(&steps, kind);
    let mut kinds: Vec<_> = steps.iter().map(|step| step.step).collect();
    assert_eq!(kinds.first(), Some(&StepKind::Crash));
    assert_eq!(kinds.last(), Some(&StepKind::Healthy));
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
    let names = |kinds: &mut [StepKind]| {
        kinds.sort_by_key(|kind| kind.as_str());
        kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()
    };
    let mut expected = [
        StepKind::Crash,
        StepKind::Detected,
        StepKind::ProxyPaused,
        StepKind::Promoted,
        StepKind::ProxyResumed,
        StepKind::ReturnedAsReader,
        StepKind::DnsChanged,
        StepKind::Healthy,
    ];
    assert_eq!(names(&mut kinds), names(&mut expected));
    assert!(
        steps
            .windows(2)
            .all(|pair| pair[0].time_us <= pair[1].time_us),
        "{steps:?}"
    );
    assert_eq!(told, steps);
    let kept = std::fs::read_to_string(lab::steps_file(lab.dir())).unwrap();
    assert_eq!(
        kept.lines()
            .map(|line| serde_json::from_str::<Step>(line).unwrap())
            .collect::<Vec<_>>(),
        steps
    );
    let crash = at(StepKind::Crash);
    assert!(at(StepKind::Promoted) - crash >= 1_000_000, "{steps:?}");
    assert!(
        at(StepKind::ReturnedAsReader) - crash >= 2_000_000,
        "{steps:?}"
    );
    assert!(at(StepKind::DnsChanged) - crash >= 7_000_000, "{steps:?}");

    // DNS: the old address in every answer before the flip, the new one in every answer after it.
    let flip = at(StepKind::DnsChanged);
    for &(asked_us, answered_us, answer) in answers.lock().unwrap().iter() {
        // The note is written just after the flip.
        if answered_us < flip - 50_000 {
            assert_eq!(answer, (old, 5), "before the flip");
        } else if asked_us > flip {
            assert_eq!(answer, (new, 5), "after the flip");
        }
    }

    // Both paths: nothing acknowledged while there was no writer; the proxy is back long before DNS.
    let (proxied, direct) = (
        proxied.lock().unwrap().clone(),
        direct.lock().unwrap().clone(),
    );
    // An answer sent just before the crash may be read a moment after it.
    let proxy_back = first_after(&proxied, crash + 200_000);
    let direct_back = first_after(&direct, crash + 200_000);
    assert!(
        proxy_back > crash + 1_000_000,
        "no write can succeed before the promotion"
    );
    assert!(
        proxy_back < flip && direct_back >= flip - 50_000,
        "proxy {proxy_back}, direct {direct_back}, flip {flip}"
    );
    // The trap: the old writer answers again, and refuses writes.
    assert!(
        direct.errors.iter().any(|code| code == "25006"),
        "{:?}",
        direct.errors
    );
    assert!(
        !proxied.errors.iter().any(|code| code == "25006"),
        "{:?}",
        proxied.errors
    );

    // Synchronous replication: every acknowledged row is on the new writer.
    assert_eq!(lab.writer(), NodeName::B);
    let admin = connect(&lab.admin_url(NodeName::B), None).await.unwrap();
    let rows = admin
        .query_typed("select id from written", &[])
        .await
        .unwrap();
    let found: std::collections::HashSet<i64> = rows.iter().map(|row| row.get(0)).collect();
    let acknowledged = [&proxied, &direct]
        .into_iter()
        .flat_map(|seen| &seen.acknowledged);
    let lost: Vec<_> = acknowledged.filter(|(id, _)| !found.contains(id)).collect();
    assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
    // Enough of them for a loss to show, on a busy machine too.
    assert!(proxied.acknowledged.len() > 10 && direct.acknowledged.len() > 10);

    // The old writer: reads, refuses writes, and is what the new one waits for.
    let reader = connect(&lab.direct_url(), Some(old)).await.unwrap();
    reader
        .simple_query("select count(*) from written")
        .await
        .unwrap();
    let refused = reader
        .batch_execute("insert into written values (-1)")
        .await
        .unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "25006");
    let sync = admin.query_typed(
        "select sync_state from pg_stat_replication where application_name = 'a'",
        &[],
    );
    assert_eq!(sync.await.unwrap()[0].get::<_, String>(0), "sync");

    // The proxy: the idle client is still there, and now served by the new writer.
    let behind = idle
        .query_typed("select host(inet_server_addr())", &[])
        .await
        .unwrap();
    assert_eq!(behind[0].get::<_, String>(0), new.to_string());
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
