//! The proxy that tests put before a server: what its client sees of a commit, and what the server has.

use std::{collections::BTreeMap, net::SocketAddr};

use crate::common::{
    connect,
    faults::{HANG, Seen, seen, start},
};
use lab::testing::interceptor::{Case, Interceptor, Reaction, told};
use tokio::{task::JoinSet, time::timeout};
use tokio_postgres::{Client, Error, types::Type};

/// How a row is committed.
#[derive(Debug, Clone, Copy)]
enum Way {
    Simple,
    Extended,
    Prepared,
    Transaction,
}

async fn commit(client: &Client, way: Way, i: i32) -> Result<(), Error> {
    let insert = "insert into written values ($1)";
    let text = insert.replace("$1", &i.to_string());
    match way {
        Way::Simple => client.batch_execute(&text).await,
        Way::Extended => client
            .execute_typed(insert, &[(&i, Type::INT4)])
            .await
            .map(drop),
        Way::Prepared => {
            let named = client.prepare(insert).await?;
            client.execute(&named, &[&i]).await.map(drop)
        }
        Way::Transaction => {
            for statement in ["begin", &text, "commit"] {
                client.batch_execute(statement).await?;
            }
            Ok(())
        }
    }
}

const CASES: [(Case, &str, bool); 4] = [
    (Case::silent(Reaction::DoneButTold), "end", true),
    (Case::silent(Reaction::DoneInSilence), "hang", true),
    (Case::silent(Reaction::NotDoneAndTold), "end", false),
    (
        Case {
            reaction: Reaction::DoneButTold,
            bytes: |_| told(b'E', &[(b'S', "FATAL"), (b'C', "58000"), (b'M', "cut off")]),
        },
        "58000",
        true,
    ),
];

/// Two commits: the first goes through, the second is the case. What the client saw of that.
async fn second(server: SocketAddr, url: String, case: Case, way: Way, i: i32) -> Seen {
    let interceptor = Interceptor::start(server, vec![case]).await.unwrap();
    let (before, after) = url.split_once(&server.to_string()).unwrap();
    let url = format!("{before}{}{after}", interceptor.address);
    let client = connect(&url, None).await.unwrap();
    commit(&client, way, i).await.unwrap();
    let seen = match timeout(HANG, commit(&client, way, i + 1)).await {
        Ok(Ok(())) => Seen::Answer,
        Ok(Err(error)) => seen(&error),
        Err(_) => Seen::Hang,
    };
    assert_eq!(interceptor.seen(), 2, "{way:?}");
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_is_hidden_or_dropped_in_every_protocol() {
    let lab = start(false).await;
    let url = lab.admin_url(lab.writer());
    let (_, server) = url.split_once('@').unwrap();
    let server: SocketAddr = server.split_once('/').unwrap().0.parse().unwrap();
    let (mut commits, mut expected, mut i) = (JoinSet::new(), BTreeMap::new(), 0);
    for (case, sees, is_there) in CASES {
        for way in [Way::Simple, Way::Extended, Way::Prepared, Way::Transaction] {
            i += 2;
            expected.insert(i, true);
            expected.insert(i + 1, is_there);
            let second = second(server, url.clone(), case, way, i);
            commits.spawn(async move { (second.await, sees, way) });
        }
    }
    while let Some(done) = commits.join_next().await {
        let (seen, sees, way) = done.unwrap();
        let expected = match sees {
            "end" => Seen::End,
            "hang" => Seen::Hang,
            code => Seen::Code(code.to_owned()),
        };
        assert_eq!(seen, expected, "{way:?}");
    }
    let client = connect(&url, None).await.unwrap();
    let rows = client.query("select i from written", &[]).await.unwrap();
    let found: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    for (i, is_there) in expected {
        let count = found.iter().filter(|found| **found == i).count();
        assert_eq!(count, usize::from(is_there), "{i}");
    }
}
