//! Whether a pair is healthy: what `lab status --wait` waits for.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::LabError;
use crate::options::Replication;
use crate::status::{NodeStatus, Role, Status, status};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);

/// Looks at the lab in `dir` until the pair is healthy, for `limit` at most; at least once.
///
/// # Errors
/// No lab runs there, or the pair is not healthy in time: what is missing.
pub(crate) async fn await_healthy(dir: &Path, limit: Duration) -> Result<Status, LabError> {
    let deadline = Instant::now() + limit;
    loop {
        let status = status(dir).await?;
        match missing(&status) {
            None => return Ok(status),
            Some(missing) if Instant::now() >= deadline => {
                return Err(LabError::State(format!(
                    "the pair is not healthy after {limit:?}: {missing}; `lab status` shows it"
                )));
            }
            Some(_) => sleep(LOOK).await,
        }
    }
}

/// The first thing that a healthy pair has and this one lacks: a writer, a reader that streams from it in the way that was chosen,
/// further readers that stream too, and a proxy and a name server that lead to them.
fn missing(status: &Status) -> Option<String> {
    let by_role = |role| status.nodes.iter().find(|node| node.role == role);
    let Some(writer) = by_role(Role::Writer) else {
        return Some("no server takes writes".to_owned());
    };
    if by_role(Role::Reader).is_none() {
        return Some("no server is a reader".to_owned());
    }
    for reader in status.nodes.iter().filter(|node| node.node != writer.node) {
        let is_of_the_pair = reader.node == writer.node.other();
        let state = match status.replication {
            Replication::Sync if is_of_the_pair => "sync",
            _ => "async",
        };
        if reader.role != Role::Reader {
            return Some(format!("node {} is not a reader", reader.node));
        }
        let follower = format!("{} {state}", reader.node);
        if !writer.followers.contains(&follower) {
            return Some(format!("reader {} does not follow ({state})", reader.node));
        }
    }
    if status.proxy.points_to.as_ref() != Some(&writer.address) || status.proxy.paused {
        return Some("the proxy does not lead to the writer".to_owned());
    }
    let leads_to = |answer: Option<std::net::Ipv4Addr>, node: &NodeStatus| {
        let host = node.address.split(':').next();
        answer.map(|address| address.to_string()).as_deref() == host
    };
    let mut readers = status.nodes.iter().filter(|node| node.role == Role::Reader);
    if !leads_to(status.dns.writer, writer)
        || !readers.any(|reader| leads_to(status.dns.reader, reader))
    {
        return Some("DNS does not lead to the writer and a reader".to_owned());
    }
    None
}
