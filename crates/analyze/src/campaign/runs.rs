//! Which recordings are of one run.

use recording::{Endpoint, Timestamp};

use crate::campaign::found::{Run, RunRecording, TogetherBy};
use crate::gaps::{PlacedRecording, place};
use crate::summary::{RecordingSummary, Summary};

/// The label that says of which run a recording is.
const LABEL: &str = "run";

/// A recording of a run, and where it stands on the server's clock.
#[derive(Clone)]
pub(crate) struct Member<'a> {
    pub(crate) summary: &'a Summary,
    pub(crate) placed: PlacedRecording,
}

impl<'a> Member<'a> {
    fn new(summary: &'a Summary) -> Self {
        Self {
            summary,
            placed: place(summary),
        }
    }

    fn label(&self) -> Option<&'a str> {
        let labels = &self.summary.recording.labels;
        labels.get(LABEL).map(String::as_str)
    }

    /// What shows that the two are of one run.
    fn with(&self, other: &Self) -> Option<TogetherBy> {
        let (own, others) = (&self.placed.span, &other.placed.span);
        let shorter_us = own.length_us().min(others.length_us());
        // At least half of the shorter one: clocks of hosts that were not compared may be some seconds apart.
        if shorter_us <= 0 || own.overlap_us(others) < shorter_us - shorter_us / 2 {
            return None;
        }
        if let (Some(label), Some(others)) = (self.label(), other.label()) {
            return (label == others).then_some(TogetherBy::Label);
        }
        let of = |member: &Self| Servers::new(&member.summary.recording);
        of(self).meet(&of(other)).then_some(TogetherBy::Servers)
    }
}

/// What is known of the servers of a recording.
struct Servers<'a> {
    /// Address, port, and when the server started, where that is known.
    answered: Vec<(&'a str, i32, Option<Timestamp>)>,
    endpoints: Vec<(&'a str, u16)>,
}

impl<'a> Servers<'a> {
    fn new(recording: &'a RecordingSummary) -> Self {
        let servers = recording.servers.iter().filter_map(|server| {
            let address = server.address.as_deref()?;
            Some((address, server.port?, server.postmaster_start_time))
        });
        let asked_for_time = recording.clock_offsets.iter().filter_map(|offset| {
            let address = offset.server_address.as_deref()?;
            Some((address, offset.server_port?, None))
        });
        let endpoints = recording.endpoints.iter();
        Self {
            answered: servers.chain(asked_for_time).collect(),
            endpoints: endpoints.flat_map(Endpoint::hosts).collect(),
        }
    }

    /// By the servers that answered; where none did in one of the two, by the names that led there.
    fn meet(&self, other: &Self) -> bool {
        if self.answered.is_empty() || other.answered.is_empty() {
            let mut endpoints = self.endpoints.iter();
            return endpoints.any(|endpoint| other.endpoints.contains(endpoint));
        }
        let is_same = |own: &(&str, i32, Option<Timestamp>)| {
            other.answered.iter().any(|others| {
                let is_other_start = own
                    .2
                    .zip(others.2)
                    .is_some_and(|(own, others)| own != others);
                (own.0, own.1) == (others.0, others.1) && !is_other_start
            })
        };
        self.answered.iter().any(is_same)
    }
}

/// Members of a run, in order of their start, and what showed that they are.
pub(crate) type OneRun<'a> = (Vec<Member<'a>>, Option<TogetherBy>);

/// The recordings of each run, the runs in order of their start. Two are of one run if they overlap in time on the server's clock, by at
/// least half of the shorter one, and have a server in common; where both have a label `run`, it decides instead of the servers. What is of one
/// run with a third is so with each other.
pub(crate) fn of_one_run(summaries: &[Summary]) -> Vec<OneRun<'_>> {
    let mut runs: Vec<OneRun<'_>> = Vec::new();
    for member in summaries.iter().map(Member::new) {
        let mut joined: OneRun<'_> = (Vec::new(), None);
        let mut apart = Vec::new();
        for run in runs {
            let by = run.0.iter().find_map(|other| member.with(other));
            if by.is_some() {
                joined.0.extend(run.0);
                // That of the weaker sign: servers.
                joined.1 = [joined.1, run.1, by].into_iter().flatten().max();
            } else {
                apart.push(run);
            }
        }
        joined.0.push(member);
        apart.push(joined);
        runs = apart;
    }
    let order = |member: &Member<'_>| {
        let placed = &member.placed;
        (
            placed.span.start,
            placed.host.clone(),
            placed.run_id.clone(),
        )
    };
    for (members, _) in &mut runs {
        members.sort_by_key(order);
    }
    runs.sort_by_key(|(members, _)| members.first().map(order));
    runs
}

/// As the report names them.
pub(crate) fn described(runs: &[OneRun<'_>]) -> Vec<Run> {
    let recording = |member: &Member<'_>| RunRecording {
        placed: member.placed.clone(),
        mode: member.summary.recording.mode,
        failovers: member.summary.failovers.failovers.len(),
    };
    let run = |(index, (members, together_by)): (usize, &OneRun<'_>)| Run {
        number: index + 1,
        together_by: *together_by,
        recordings: members.iter().map(recording).collect(),
    };
    runs.iter().enumerate().map(run).collect()
}
