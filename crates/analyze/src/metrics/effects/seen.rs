//! What the effects of a path's outages are told by.

use crate::reduce::answers::Answer;
use crate::reduce::availability::Question;
use crate::reduce::operations::PathOperations;
use crate::reduce::suspect::Suspect;
use crate::reduce::timeline::Timeline;
use crate::summary::{PathFailover, Span, Thresholds};

/// Of one path.
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

/// Refusals that belong together, in order of their ends, and the time that they are looked at in.
pub(super) type Run<'r> = (Span, &'r [&'r Suspect]);

pub(super) fn spans(runs: &[Run<'_>]) -> Vec<Span> {
    runs.iter().map(|(span, _)| *span).collect()
}

/// The servers of their connections, in order of first appearance.
pub(super) fn servers_of(timeline: &Timeline, suspects: &[&Suspect]) -> Vec<String> {
    let mut servers = Vec::new();
    for suspect in suspects {
        let number = suspect.connection;
        let server = number.and_then(|number| timeline.servers.get(&number));
        add(&mut servers, server.cloned());
    }
    servers
}

pub(super) fn add(servers: &mut Vec<String>, server: Option<String>) {
    servers.extend(server.filter(|server| !servers.contains(server)));
}
