//! Several readers: all follow whoever is the writer, and the reader's name leads to each.

use std::{collections::BTreeSet, fs, net::Ipv4Addr, process::Command};

use crate::common::{connect, processes_in, wait_until};
use lab::{
    FailoverKind, FailoverOptions, Lab, LabOptions, NodeName, READER_NAME, StepKind, lookup,
};
use std::time::Duration;

/// To a server's postmaster; where that is killed, its other processes go by themselves.
fn signal(name: &str, lab: &Lab, node: NodeName) {
    let data = lab.dir().join(node.as_str());
    let file = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let pid = file.lines().next().unwrap();
    let sent = Command::new("kill").args([name, pid]).status();
    assert!(sent.unwrap().success());
}

/// What the reader's name leads to, asked often enough to see all.
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
        wait_until("the row at a reader", async || {
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
async fn every_reader_follows_through_failovers_and_hands() {
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

    // One that has more than the new writer cannot go on from there: it is made anew.
    signal("-KILL", &lab, D);
    signal("-STOP", &lab, C);
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
