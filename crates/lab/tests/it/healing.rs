//! Random faults one after the other, some of them by hand and in the middle of others; `heal` mends them each time.

use std::{fs, path::Path, time::Duration};

use crate::common::{connect, processes_in, signal};
use lab::{FailoverKind, FailoverOptions, Lab, LabOptions, WRITER_NAME, lookup};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use rustix::process::Signal;

/// All of them; each time with other options.
const KINDS: [FailoverKind; 11] = [
    FailoverKind::Crash,
    FailoverKind::Stop,
    FailoverKind::Immediate,
    FailoverKind::Switchover,
    FailoverKind::Freeze,
    FailoverKind::Blackhole,
    FailoverKind::Flap,
    FailoverKind::ProxyRestart,
    FailoverKind::Slow,
    FailoverKind::ReadOnly,
    FailoverKind::Restart,
];

fn seed() -> u64 {
    std::env::var("PGOUTAGE_SEED")
        .map_or_else(|_| rand::rng().random(), |seed| seed.parse().unwrap())
}

/// How many sequences: three in each test run, 50 for `PGOUTAGE_SEQUENCES=50`.
fn sequences() -> u32 {
    std::env::var("PGOUTAGE_SEQUENCES").map_or(3, |count| count.parse().unwrap())
}

fn draw(random: &mut StdRng) -> FailoverOptions {
    let mut up_to = |most_ms: u64| Duration::from_millis(random.random_range(0..=most_ms));
    let drawn = FailoverOptions {
        promote_after: up_to(1_500),
        dns_after: up_to(2_500),
        return_after: up_to(2_500),
        down_for: up_to(1_500),
        up_for: up_to(500),
        latency: up_to(300),
        latency_jitter: up_to(100),
        jitter: up_to(300),
        ..FailoverOptions::default()
    };
    let kind = *KINDS.choose(random).unwrap();
    let thaw_after = Duration::from_millis(random.random_range(200..5_000));
    let thaws = kind == FailoverKind::Freeze && random.random_bool(0.5);
    FailoverOptions {
        kind,
        flaps: random.random_range(1..=2),
        thaw_after: thaws.then_some(thaw_after),
        seed: Some(random.random()),
        ..drawn
    }
}

/// Postmasters and pgbouncer: those of the lab's processes whose parent is not one of them.
fn roots(dir: &Path) -> Vec<u32> {
    let all = processes_in(dir);
    let parent = |pid: u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields = stat.rsplit_once(')')?.1;
        fields.split_whitespace().nth(1)?.parse().ok()
    };
    let is_root = |pid: &u32| parent(*pid).is_some_and(|parent| !all.contains(&parent));
    all.iter().copied().filter(is_root).collect()
}

/// Processes killed or frozen by hand, without the lab.
fn meddle(lab: &Lab, random: &mut StdRng) -> String {
    let roots = roots(lab.dir());
    let how = match random.random_bool(0.5) {
        true => Signal::KILL,
        false => Signal::STOP,
    };
    let some: Vec<u32> = roots
        .into_iter()
        .filter(|_| random.random_bool(0.5))
        .collect();
    signal(how, &some);
    format!("{how:?} {some:?}")
}

async fn assert_healthy(lab: &mut Lab, story: &str) {
    assert!(lab.is_running(), "{story}");
    let answer = lookup(lab.dns_server(), WRITER_NAME).unwrap().unwrap().0;
    assert_eq!(answer, lab.writer().address(), "{story}");
    for (url, address) in [(lab.direct_url(), Some(answer)), (lab.proxy_url(), None)] {
        let write = async {
            let client = connect(&url, address).await?;
            client.batch_execute("insert into written values (0)").await
        };
        write
            .await
            .unwrap_or_else(|error| panic!("{story}: {error}"));
    }
    // Both report the roles that the lab reports, and the reader follows.
    let writer = connect(&lab.admin_url(lab.writer()), None).await.unwrap();
    let followers = "select count(*) from pg_stat_replication where state = 'streaming' and sync_state = 'sync'";
    let row = writer.query_one(followers, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1, "{story}");
    let reader = connect(&lab.admin_url(lab.writer().other()), None)
        .await
        .unwrap();
    let row = reader
        .query_one("select pg_is_in_recovery()", &[])
        .await
        .unwrap();
    assert!(row.get::<_, bool>(0), "{story}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_faults_and_kills_by_hand_end_in_a_healthy_pair() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let mut lab = Lab::start(LabOptions {
        relay: true,
        ..LabOptions::default()
    })
    .await
    .unwrap();
    let app = connect(&lab.proxy_url(), None).await.unwrap();
    app.batch_execute("create table written (i int)")
        .await
        .unwrap();
    drop(app);
    for sequence in 1..=sequences() {
        let mut story = format!("PGOUTAGE_SEED={seed}, sequence {sequence}:");
        for _ in 0..random.random_range(1..=3) {
            let options = draw(&mut random);
            story += &format!(" {:?}", options.kind);
            // Sometimes it is given up halfway, as by a client that ends.
            let patience = match random.random_bool(0.4) {
                true => Duration::from_millis(random.random_range(0..4_000)),
                false => Duration::from_secs(90),
            };
            let ended = tokio::time::timeout(patience, lab.failover(&options, |_| ())).await;
            match ended {
                Ok(Ok(_)) => {}
                // What is broken already is not broken further.
                Ok(Err(error)) => story += &format!(" ({error})"),
                Err(_) => story += &format!(" (given up after {patience:?})"),
            }
        }
        if random.random_bool(0.5) {
            story += &format!("; by hand: {}", meddle(&lab, &mut random));
        }
        eprintln!("{story}");
        let healed = lab.heal(|_| ()).await;
        healed.unwrap_or_else(|error| panic!("{story}: {error}"));
        assert_healthy(&mut lab, &story).await;
    }
}
