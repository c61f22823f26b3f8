//! Several readers: all follow the current writer, and the reader's name resolves to each.

use std::{collections::BTreeSet, net::Ipv4Addr, time::Duration};

use crate::common::{LIMIT, connect, postmaster, processes_in};
use lab::{
    FailoverKind, FailoverOptions, Lab, LabOptions, NodeName, READER_NAME, StepKind, lookup,
    testing::wait_until_async,
};
use rustix::process::Signal;

/// To a server's postmaster; where that is killed, its other processes end by themselves.
fn signal(signal: Signal, lab: &Lab, node: NodeName) {
    let pid = postmaster(&lab.dir().join(node.as_str()));
    crate::common::signal(signal, &[pid]);
}

/// What the reader's name resolves to, queried often enough to see all.
fn named_readers(lab: &Lab) -> BTreeSet<Ipv4Addr> {
    let ask = |_| lookup(lab.dns_server(), READER_NAME).unwrap().unwrap().0;
    (0..200).map(ask).collect()
}

/// A row that the writer takes comes out of each of `readers`, which take none themselves.
async fn assert_followed(lab: &Lab, value: i32, readers: &[NodeName]) {
    let writer = connect(&lab.direct_url(), Some(lab.writer().address()))
        .await
        .unwrap();
    writer
        .batch_execute("create table if not exists seen (i int)")
        .await
        .unwrap();
    let insert = format!("insert into seen values ({value})");
    writer.batch_execute(&insert).await.unwrap();
    for reader in readers {
        let client = connect(&lab.reader_url(), Some(reader.address()))
            .await
            .unwrap();
        let query = format!("select 1 from seen where i = {value}");
        wait_until_async("the row at a reader", LIMIT, async || {
            client
                .simple_query(&query)
                .await
                .is_ok_and(|messages| messages.len() > 2)
        })
        .await;
        let refused = client.batch_execute(&insert).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "25006", "{reader}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reader_follows_through_failovers_and_kills_by_hand() {
    use NodeName::{A, B, C, D};
    let mut lab = Lab::start(LabOptions {
        readers: 3,
        ..LabOptions::default()
    })
    .await
    .unwrap();
    assert_followed(&lab, 1, &[B, C, D]).await;
    let addresses = |nodes: &[NodeName]| nodes.iter().map(|node| node.address()).collect();
    assert_eq!(named_readers(&lab), addresses(&[B, C, D]));

    let quick = |kind| FailoverOptions {
        kind,
        dns_after: Duration::ZERO,
        return_after: Duration::ZERO,
        promote_after: Duration::ZERO,
        ..FailoverOptions::default()
    };
    let steps = lab
        .failover(&quick(FailoverKind::Crash), |_| ())
        .await
        .unwrap();
    let followed = steps.iter().filter(|step| step.step == StepKind::Follows);
    assert_eq!(followed.count(), 2, "{steps:?}");
    assert_eq!(lab.writer(), B);
    assert_followed(&lab, 2, &[A, C, D]).await;
    assert_eq!(named_readers(&lab), addresses(&[A, C, D]));

    lab.failover(&quick(FailoverKind::Switchover), |_| ())
        .await
        .unwrap();
    assert_followed(&lab, 3, &[B, C, D]).await;

    // One that has more log than the new writer cannot follow it: it becomes a fresh copy.
    signal(Signal::KILL, &lab, D);
    signal(Signal::STOP, &lab, C);
    let writer = connect(&lab.admin_url(lab.writer()), None).await.unwrap();
    // Its other processes outlive the killed one for a moment.
    let stream = "select from pg_stat_replication where application_name = 'd'";
    wait_until_async("the end of its stream", LIMIT, async || {
        writer.query(stream, &[]).await.unwrap().is_empty()
    })
    .await;
    assert!(
        lab.failover(&quick(FailoverKind::Crash), |_| ())
            .await
            .is_err()
    );
    let steps = lab.heal(|_| ()).await.unwrap();
    assert!(
        steps.iter().any(|step| step.step == StepKind::Follows),
        "{steps:?}"
    );
    assert!(lab.is_running());
    assert_followed(&lab, 4, &[B, C, D]).await;
    let dir = lab.dir().to_owned();
    drop(lab);
    assert_eq!(processes_in(&dir), Vec::<u32>::new());
}
