//! Each failover of a run once, however many of its hosts saw it, and the figures of the host for which it was worst.

use std::collections::BTreeSet;

use recording::Timestamp;

use crate::campaign::found::{FailoverFigure, Measured, RunFailover};
use crate::campaign::runs::{Member, OneRun};
use crate::gaps::{Axis, HEADLINE_GROUPS, moved};
use crate::metrics::failovers::PAIR_WITHIN_US;
use crate::summary::{
    Episode, Failover, Group, GroupFailover, GroupSummary, Milestone, PathFailover, PathSummary,
    Span,
};

/// A failover as one recording shows it.
#[derive(Clone, Copy)]
struct Seen<'a> {
    member: &'a Member<'a>,
    failover: &'a Failover,
    /// From its trigger, or its first episode, to the end of the last one, on the axis.
    span: Span,
    /// On the axis.
    trigger: Option<Timestamp>,
}

impl<'a> Seen<'a> {
    fn new(member: &'a Member<'a>, failover: &'a Failover) -> Option<Self> {
        let of_paths = || {
            let paths = member.summary.paths.iter();
            paths.filter_map(|path| of_path(path, failover))
        };
        let span = Span {
            start: of_paths().map(|of| of.span.start).min()?,
            end: of_paths().map(|of| of.span.end).max()?,
        };
        let on_axis = |span: &Span| moved(span, member.placed.offset.as_ref());
        let at = |time: Timestamp| {
            on_axis(&Span {
                start: time,
                end: time,
            })
            .start
        };
        Some(Self {
            member,
            failover,
            span: on_axis(&span),
            trigger: failover.trigger.map(at),
        })
    }

    /// True where the two may be one failover: they overlap, or start at most 30 s apart.
    fn is_near(&self, other: &Self) -> bool {
        self.span.overlaps(&other.span) || self.apart_us(other) <= PAIR_WITHIN_US
    }

    fn apart_us(&self, other: &Self) -> i64 {
        let (own, others) = (self.span.start.micros(), other.span.start.micros());
        own.saturating_sub(others).saturating_abs()
    }
}

fn of_path<'a>(path: &'a PathSummary, failover: &Failover) -> Option<&'a PathFailover> {
    path.failovers.get(failover.on(&path.path)?.checked_sub(1)?)
}

/// The failovers of all runs, in order of time within each.
pub(super) fn of_runs(runs: &[OneRun<'_>]) -> Vec<RunFailover> {
    let mut failovers = Vec::new();
    for (index, (members, _)) in runs.iter().enumerate() {
        let hosts: BTreeSet<&str> = members
            .iter()
            .map(|member| member.placed.host.as_str())
            .collect();
        for seen in once_each(members) {
            failovers.extend(described(
                &seen,
                failovers.len() + 1,
                index + 1,
                hosts.len(),
            ));
        }
    }
    failovers
}

/// What the recordings of a run show of each failover. Those with a trigger come first, as the others are placed by them: a failover of a
/// recording is joined with the nearest one that may be the same, and of which the recording has none yet.
fn once_each<'a>(members: &'a [Member<'a>]) -> Vec<Vec<Seen<'a>>> {
    let of_member = |member: &'a Member<'a>| {
        let failovers = member.summary.failovers.failovers.iter();
        failovers.filter_map(|failover| Seen::new(member, failover))
    };
    let mut all: Vec<Seen<'a>> = members.iter().flat_map(of_member).collect();
    all.sort_by_key(|seen| (seen.trigger.is_none(), seen.span.start));
    let mut found: Vec<Vec<Seen<'a>>> = Vec::new();
    for seen in all {
        let is_of_another = |one: &Seen<'_>| !std::ptr::eq(one.member, seen.member);
        let mut places: Vec<usize> = (0..found.len()).collect();
        places.retain(|place| {
            found[*place].iter().all(is_of_another) && found[*place][0].is_near(&seen)
        });
        match places
            .into_iter()
            .min_by_key(|place| found[*place][0].apart_us(&seen))
        {
            Some(place) => found[place].push(seen),
            None => found.push(vec![seen]),
        }
    }
    found.sort_by_key(|seen| seen.iter().map(|one| one.span.start).min());
    found
}

fn described(
    seen: &[Seen<'_>],
    number: usize,
    run: usize,
    hosts_recording: usize,
) -> Option<RunFailover> {
    let hosts: BTreeSet<&str> = seen
        .iter()
        .map(|one| one.member.placed.host.as_str())
        .collect();
    // The one that has the trigger, or the earliest: they are in that order.
    let first = seen.first()?;
    let mut figures = Vec::new();
    for path in ["direct", "proxy"] {
        for group in HEADLINE_GROUPS {
            for measured in Measured::ALL {
                let of_hosts = seen.iter().filter_map(|one| {
                    let on_path = OnPath::new(one, path, group)?;
                    on_path.figure(measured, first)
                });
                figures.extend(worst(of_hosts.collect()));
            }
        }
    }
    Some(RunFailover {
        number,
        run,
        trigger: first.trigger,
        start: first.trigger.unwrap_or(first.span.start),
        hosts: hosts.len(),
        hosts_recording,
        figures,
    })
}

/// The longest; a lower bound where one of them is, as that one may be longer.
fn worst(figures: Vec<FailoverFigure>) -> Option<FailoverFigure> {
    let hosts: BTreeSet<&str> = figures.iter().map(|figure| figure.host.as_str()).collect();
    let hosts = hosts.len();
    let at_least = figures
        .iter()
        .any(|figure| figure.at_least || figure.us.is_none());
    let most_us = figures.iter().filter_map(|figure| figure.at_most_us).max();
    let longest = figures.into_iter().max_by_key(|figure| figure.us)?;
    Some(FailoverFigure {
        hosts,
        at_least: at_least && longest.us.is_some(),
        // Where no host was down, the longest that one may have been.
        at_most_us: longest.at_most_us.and(most_us).filter(|_| !at_least),
        ..longest
    })
}

/// A failover in a group of a path, as one recording has it.
struct OnPath<'a> {
    seen: &'a Seen<'a>,
    path: &'a PathSummary,
    group: &'a GroupSummary,
    of_group: &'a GroupFailover,
    episodes: Vec<&'a Episode>,
}

impl<'a> OnPath<'a> {
    fn new(seen: &'a Seen<'a>, path: &str, group: Group) -> Option<Self> {
        let mut paths = seen.member.summary.paths.iter();
        let path = paths.find(|found| found.path == path)?;
        let group = path.groups.iter().find(|found| found.group == group)?;
        let mut groups = of_path(path, seen.failover)?.groups.iter();
        let of_group = groups.find(|found| found.group == group.group)?;
        let episodes = of_group.episodes.iter();
        let episodes = episodes.filter_map(|number| group.episodes.get(number.checked_sub(1)?));
        Some(Self {
            seen,
            path,
            group,
            of_group,
            episodes: episodes.collect(),
        })
    }

    fn figure(&self, measured: Measured, first: &Seen<'_>) -> Option<FailoverFigure> {
        match measured {
            Measured::Downtime => Some(self.downtime()),
            Measured::ServiceDowntime => self.service_downtime(),
            Measured::TriggerToFirstFailure => {
                self.since_trigger(measured, first, |outage| outage.first_failure)
            }
            Measured::TriggerToNewWriter => {
                self.since_trigger(measured, first, |outage| outage.new_writer)
            }
            Measured::FullThroughput => self.full_throughput(),
        }
    }

    fn of(&self, measured: Measured, us: Option<i64>) -> FailoverFigure {
        FailoverFigure {
            path: self.path.path.clone(),
            group: self.group.group,
            measured,
            us,
            resolution_us: 0,
            paused_us: 0,
            at_least: false,
            at_most_us: None,
            host: self.seen.member.placed.host.clone(),
            hosts: 1,
        }
    }

    fn downtime(&self) -> FailoverFigure {
        let of = self.of_group;
        FailoverFigure {
            resolution_us: of.resolution_us,
            paused_us: of.paused_us,
            // What is missing of its operations may have been down too.
            at_least: of.at_least || self.path.is_partial,
            at_most_us: of.at_most_us,
            ..self.of(Measured::Downtime, of.downtime_us)
        }
    }

    fn service_downtime(&self) -> Option<FailoverFigure> {
        let of = self.of_group.service.as_ref()?;
        let service = self.group.service.as_ref();
        Some(FailoverFigure {
            resolution_us: of.resolution_us,
            paused_us: of.paused_us,
            at_least: of.at_least || service.is_some_and(|service| service.is_partial),
            at_most_us: of.at_most_us,
            ..self.of(Measured::ServiceDowntime, of.downtime_us)
        })
    }

    /// From the failover's trigger, which another recording may have, to the first such moment. Then both clocks are to be known.
    fn since_trigger(
        &self,
        measured: Measured,
        first: &Seen<'_>,
        moment: fn(&crate::summary::DecomposedOutage) -> Option<Milestone>,
    ) -> Option<FailoverFigure> {
        let axes = [first, self.seen].map(|one| one.member.placed.axis);
        let is_same = std::ptr::eq(first.member, self.seen.member);
        if !is_same && axes != [Axis::Server; 2] {
            return None;
        }
        let decomposed = self
            .episodes
            .iter()
            .filter_map(|episode| episode.decomposition.as_ref());
        let time = decomposed
            .flat_map(|found| &found.outages)
            .find_map(moment)?
            .time;
        let offset = self.seen.member.placed.offset.as_ref();
        let at = moved(
            &Span {
                start: time,
                end: time,
            },
            offset,
        )
        .start;
        // The clocks of two hosts agree to within microseconds: nothing is seen before its cause.
        let us = at.micros().saturating_sub(first.trigger?.micros()).max(0);
        Some(self.of(measured, Some(us)))
    }

    fn full_throughput(&self) -> Option<FailoverFigure> {
        let (first, last) = (self.episodes.first()?, self.episodes.last()?);
        let since_first_us = last.span.start.micros() - first.span.start.micros();
        let us = last
            .time_to_full_throughput_us
            .map(|us| since_first_us + us);
        Some(self.of(Measured::FullThroughput, us))
    }
}
