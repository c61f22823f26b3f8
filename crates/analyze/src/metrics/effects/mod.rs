//! Where an outage hurts (`docs/definitions.md`, Where it hurts).

mod hung_writes;
mod stuck_connections;
mod waits;
mod without_writer;
mod writes_refused;

use crate::error::AnalyzeError;
use crate::reduce::answers::Answer;
use crate::reduce::availability::Question;
use crate::reduce::operations::PathOperations;
use crate::reduce::suspect::Suspect;
use crate::reduce::timeline::Timeline;
use crate::summary::{Effects, PathFailover, Span, Thresholds};

/// What the effects of a path's outages are told by.
pub(crate) struct Seen<'a> {
    pub(crate) timeline: &'a Timeline,
    pub(crate) operations: &'a PathOperations<'a>,
    pub(crate) thresholds: &'a Thresholds,
    /// The availability probes, in order of time.
    pub(crate) questions: &'a [Question],
    /// What probes heard at the endpoint that is not meant for reads, in order of time.
    pub(crate) answers: &'a [Answer],
    /// When the writer changed, by these answers.
    pub(crate) changes_us: &'a [i64],
    /// When a new writer was first seen, each time.
    pub(crate) new_writers_us: &'a [i64],
    pub(crate) failovers: &'a [PathFailover],
    /// The episodes of the headline's group, in order.
    pub(crate) episodes: &'a [Span],
}

pub(crate) fn effects(seen: &Seen<'_>) -> Result<Effects, AnalyzeError> {
    let refusals = refusals(seen.timeline);
    Ok(Effects {
        waits: waits::waits(seen)?,
        writes_refused: writes_refused::writes_refused(seen, &refusals)?,
        stuck_connections: stuck_connections::stuck_connections(seen, &refusals)?,
        hung_writes: hung_writes::hung_writes(seen),
        without_writer: without_writer::without_writer(seen),
    })
}

/// The writes and transactions that reached a reader, in order of their ends.
fn refusals(timeline: &Timeline) -> Vec<&Suspect> {
    let suspects = timeline.suspects.iter();
    let mut refusals: Vec<_> = suspects.filter(|found| found.is_refused_write()).collect();
    refusals.sort_by_key(|refusal| refusal.end_us);
    refusals
}

/// The servers of their connections, in order of first appearance.
fn servers_of(timeline: &Timeline, suspects: &[&Suspect]) -> Vec<String> {
    let mut servers = Vec::new();
    for suspect in suspects {
        let number = suspect.connection;
        let server = number.and_then(|number| timeline.servers.get(&number));
        add(&mut servers, server.cloned());
    }
    servers
}

fn add(servers: &mut Vec<String>, server: Option<String>) {
    servers.extend(server.filter(|server| !servers.contains(server)));
}
