//! What a client sees of a lab while it breaks.

use std::{future::Future, net::Ipv4Addr, time::Duration};

use lab::{
    FailoverKind, FailoverOptions, Lab, LabOptions, Step, StepKind, WRITER_NAME, lookup,
    testing::wait_until_async,
};
use tokio::sync::{oneshot, watch};
use tokio_postgres::{Client, Error, error::SqlState};

use super::{LIMIT, connect};

/// How long a client waits before it counts as a hang: nothing else in a lab takes nearly as long.
pub(crate) const HANG: Duration = Duration::from_secs(2);

/// What came of something that a client asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Answer,
    /// With the server's code.
    Code(String),
    /// The connection ended without a message.
    End,
    /// The port refuses.
    Refused,
    /// No answer at all.
    Hang,
}

pub(crate) fn seen(error: &Error) -> Seen {
    if let Some(code) = error.code() {
        return Seen::Code(code.code().to_owned());
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return Seen::Refused;
        }
        cause = error.source();
    }
    Seen::End
}

pub(crate) async fn ask(client: &Client, statement: &str) -> Seen {
    match tokio::time::timeout(HANG, client.batch_execute(statement)).await {
        Ok(Ok(())) => Seen::Answer,
        Ok(Err(error)) => seen(&error),
        Err(_) => Seen::Hang,
    }
}

/// A new connection, and one query.
pub(crate) async fn knock(url: &str, address: Option<Ipv4Addr>) -> Seen {
    match tokio::time::timeout(HANG, connect(url, address)).await {
        Ok(Ok(client)) => ask(&client, "select 1").await,
        Ok(Err(error)) => seen(&error),
        Err(_) => Seen::Hang,
    }
}

/// What a client may know of a lab without holding it.
#[derive(Clone)]
pub(crate) struct Paths {
    pub(crate) direct: String,
    pub(crate) proxy: String,
    pub(crate) writer: Ipv4Addr,
}

impl Paths {
    pub(crate) async fn direct(&self) -> Client {
        connect(&self.direct, Some(self.writer)).await.unwrap()
    }

    pub(crate) async fn proxy(&self) -> Client {
        connect(&self.proxy, None).await.unwrap()
    }

    /// A statement that is in flight when this returns.
    pub(crate) async fn busy(&self) -> tokio::task::JoinHandle<Seen> {
        let (busy, other) = (self.direct().await, self.direct().await);
        let asked = tokio::spawn(async move {
            let ended = busy.batch_execute("select pg_sleep(60)").await;
            ended.map_or_else(|error| seen(&error), |()| Seen::Answer)
        });
        let count = "select count(*) from pg_stat_activity where state = 'active' and query = 'select pg_sleep(60)'";
        wait_until_async("the statement", LIMIT, async || {
            other.query_one(count, &[]).await.unwrap().get::<_, i64>(0) == 1
        })
        .await;
        asked
    }

    pub(crate) async fn knock_direct(&self) -> Seen {
        knock(&self.direct, Some(self.writer)).await
    }

    pub(crate) async fn knock_proxy(&self) -> Seen {
        knock(&self.proxy, None).await
    }
}

/// The steps so far, for a test that looks at the lab meanwhile.
pub(crate) struct Progress {
    pub(crate) steps: watch::Receiver<Vec<StepKind>>,
    /// Nothing is broken before the test waits for it.
    pub(crate) begin: Option<oneshot::Sender<()>>,
}

impl Progress {
    /// Waits for the `count`th step of a kind.
    pub(crate) async fn nth(&mut self, kind: StepKind, count: usize) {
        let is_done =
            |steps: &Vec<StepKind>| steps.iter().filter(|step| **step == kind).count() >= count;
        if let Some(begin) = self.begin.take() {
            begin.send(()).unwrap();
        }
        self.steps
            .wait_for(is_done)
            .await
            .unwrap_or_else(|_| panic!("{kind} did not come"));
    }

    pub(crate) async fn reaches(&mut self, kind: StepKind) {
        self.nth(kind, 1).await;
    }
}

pub(crate) async fn start(relay: bool) -> Lab {
    let lab = Lab::start(LabOptions {
        relay,
        ..LabOptions::default()
    });
    let lab = lab.await.unwrap();
    let app = connect(&lab.proxy_url(), None).await.unwrap();
    app.batch_execute("create table written (i int)")
        .await
        .unwrap();
    lab
}

/// Breaks the lab while `look` looks at it; returns the steps when both are done. The pair is healthy then, and its names and proxy lead
/// to the writer that the kind leaves.
pub(crate) async fn break_and_look<F: Future<Output = ()>>(
    lab: &mut Lab,
    options: FailoverOptions,
    look: impl FnOnce(Paths, Progress) -> F,
) -> Vec<Step> {
    let before = lab.writer();
    let paths = Paths {
        direct: lab.direct_url(),
        proxy: lab.proxy_url(),
        writer: before.address(),
    };
    let (sender, receiver) = watch::channel(Vec::new());
    let (begin, begun) = oneshot::channel();
    let failover = async {
        begun.await.unwrap();
        let on_step = |step: &Step| sender.send_modify(|steps| steps.push(step.step));
        lab.failover(&options, on_step).await.unwrap()
    };
    let (steps, ()) = tokio::join!(
        failover,
        look(
            paths,
            Progress {
                steps: receiver,
                begin: Some(begin)
            }
        )
    );
    assert_eq!(lab.writer() != before, options.kind.exchanges_roles());
    assert_healthy(lab).await;
    steps
}

/// Both paths lead to a server that takes writes.
pub(crate) async fn assert_healthy(lab: &mut Lab) {
    let answer = lookup(lab.dns_server(), WRITER_NAME).unwrap().unwrap().0;
    assert_eq!(answer, lab.writer().address());
    for (url, address) in [(lab.direct_url(), Some(answer)), (lab.proxy_url(), None)] {
        let client = connect(&url, address).await.unwrap();
        let written = client.batch_execute("insert into written values (0)").await;
        written.unwrap_or_else(|error| panic!("{url}: {error}"));
    }
    assert!(lab.is_running());
}

pub(crate) fn options(kind: FailoverKind) -> FailoverOptions {
    FailoverOptions {
        kind,
        // Time for a look at each stage.
        promote_after: Duration::from_secs(4),
        return_after: Duration::from_secs(5),
        dns_after: Duration::from_secs(5),
        ..FailoverOptions::default()
    }
}

pub(crate) fn code(code: &SqlState) -> Seen {
    Seen::Code(code.code().to_owned())
}
