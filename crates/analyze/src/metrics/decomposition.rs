//! What a downtime is made of: from the trigger to full throughput, milestone by milestone (`docs/decomposition.md`).
//!
//! The parts within an outage telescope: each begins where the one before it ends, the first at the last success, the last at the
//! first one. So they add up to the downtime, whatever was seen in between and in whatever order.

use recording::vocabulary::EventKind;
use recording::{Endpoint, Timestamp};

use crate::metrics::fresh_clients::FreshClients;
use crate::reduce::attempts::{self, Attempt};
use crate::reduce::availability::Question;
use crate::summary::{
    DecomposedOutage, Decomposition, Episode, EventSummary, Group, Milestone, Outage, Parts, Source,
};

/// A recorder's probes see a change late: at the next probe, or when the name is looked up the next time. So late at most,
/// microseconds.
const PROBE_LAG_US: i64 = 2_000_000;

/// Where the milestones of a path are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Observations<'a> {
    /// `direct` or `proxy`.
    pub path: &'a str,
    /// Every event, in order of time.
    pub events: &'a [EventSummary],
    /// The path's attempts to connect, in order of their ends.
    pub attempts: &'a [Attempt],
    /// The endpoint that only the reads of the path went to, where there was one.
    pub reader: Option<&'a Endpoint>,
    /// The path's own endpoint, where it is known.
    pub writer: Option<&'a Endpoint>,
    /// The recorder looked up the path's names by itself and recorded changes as events.
    pub is_probed: bool,
    /// The path's availability probes, in order of time.
    pub questions: &'a [Question],
    /// The service's outages of the group, in order.
    pub service_outages: &'a [Outage],
}

/// Decomposes the downtime of an episode; `outages` are its outages, `trigger_us` what its failover comes from, and `before_us` the
/// end of that failover's episode before it.
#[must_use]
pub fn decompose(
    episode: &Episode,
    outages: &[Outage],
    group: Group,
    trigger_us: Option<i64>,
    before_us: Option<i64>,
    observations: &Observations<'_>,
) -> Decomposition {
    let attempts = attempts::of_group(
        observations.attempts,
        observations.reader,
        observations.writer,
        group,
    );
    let reads_from_readers = observations.reader.is_some() && group == Group::Read;
    let search = Search {
        observations,
        attempts,
        needs_writer: !reads_from_readers,
    };
    let start = episode.span.start.micros();
    // What the trigger brings about may come before the last success: an address may change while old connections still live.
    let mut from = before_us
        .or(trigger_us)
        .map_or(start, |from| from.min(start));
    let mut decomposed = Vec::with_capacity(outages.len());
    for outage in outages {
        decomposed.push(search.outage(outage, from));
        from = outage.span.end.micros();
    }
    let parts = decomposed
        .iter()
        .map(|outage| outage.parts)
        .reduce(Parts::plus)
        .unwrap_or_default();
    let open_at_start = outages.first().is_some_and(|outage| outage.open_at_start);
    let from_trigger = |length: fn(i64, i64) -> i64| {
        let trigger = trigger_us.filter(|_| !open_at_start)?;
        Some(length(trigger, start).max(0))
    };
    Decomposition {
        trigger: trigger_us.map(|time_us| milestone(time_us, Source::Events)),
        trigger_to_last_success_us: from_trigger(|trigger, start| start - trigger),
        before_trigger_us: from_trigger(|trigger, start| trigger - start),
        open_at_end: outages.last().is_some_and(|outage| outage.open_at_end),
        open_at_start,
        healthy_between_us: episode.span.length_us() - parts.total_us(),
        to_full_throughput_us: episode
            .time_to_full_throughput_us
            .map(|after| after - episode.span.length_us()),
        parts,
        outages: decomposed,
    }
}

const fn milestone(time_us: i64, source: Source) -> Milestone {
    Milestone {
        time: Timestamp(time_us),
        source,
    }
}

/// The parts from `start_us` to `end_us`. A milestone before the one above it, or outside the outage, is moved to where the
/// order holds.
fn parts(start_us: i64, end_us: i64, milestones: [Option<Milestone>; 4]) -> Parts {
    let mut reached = start_us;
    let [
        first_failure_us,
        address_changed_us,
        new_writer_us,
        fresh_client_served_us,
    ] = milestones.map(|milestone| {
        let time_us = milestone?.time.micros().clamp(reached, end_us);
        let part = time_us - reached;
        reached = time_us;
        Some(part)
    });
    Parts {
        first_failure_us,
        address_changed_us,
        new_writer_us,
        fresh_client_served_us,
        first_success_us: end_us - reached,
    }
}

struct Search<'a> {
    observations: &'a Observations<'a>,
    attempts: Vec<&'a Attempt>,
    needs_writer: bool,
}

impl Search<'_> {
    /// Milestones are looked for in (from, end of the outage].
    fn outage(&self, outage: &Outage, from_us: i64) -> DecomposedOutage {
        let (start, end) = (outage.span.start.micros(), outage.span.end.micros());
        let of_operations = |time: Timestamp| Milestone {
            time,
            source: Source::Operations,
        };
        let first_failure = outage.first_failure.map(of_operations);
        let address_changed = self.address_changed(from_us, end);
        let new_writer = self.new_writer(from_us, end);
        let fresh_client_served = self.fresh_client_served(start, end);
        let milestones = [
            first_failure,
            address_changed,
            new_writer,
            fresh_client_served,
        ];
        DecomposedOutage {
            span: outage.span,
            last_success: (!outage.open_at_start).then(|| of_operations(outage.span.start)),
            first_failure,
            address_changed,
            new_writer,
            fresh_client_served,
            first_success: (!outage.open_at_end).then(|| of_operations(outage.span.end)),
            parts: parts(start, end, milestones),
        }
    }

    /// The first sign in (from, to] that the name leads elsewhere: the earliest of the probes and of the attempts.
    fn address_changed(&self, from_us: i64, to_us: i64) -> Option<Milestone> {
        let by_probe = self
            .events(EventKind::AddressChanged, from_us, to_us + PROBE_LAG_US)
            .find(|event| self.is_of_the_groups_name(event));
        // A name may have several addresses: where the probes saw no change, an attempt at another of them is
        // no change.
        if self.observations.is_probed && by_probe.is_none() {
            return None;
        }
        let by_attempt = self.led_elsewhere_us(from_us, to_us);
        let by_attempt = by_attempt.map(|time_us| milestone(time_us, Source::Connections));
        let by_probe = by_probe.map(|event| Milestone {
            time: event.time,
            source: Source::Events,
        });
        let by_fresh_client = self.probes().led_elsewhere_us(from_us, to_us);
        let by_fresh_client =
            by_fresh_client.map(|time_us| milestone(time_us, Source::Availability));
        let earlier = by_probe
            .into_iter()
            .chain(by_attempt)
            .chain(by_fresh_client);
        earlier
            .min_by_key(|sign| sign.time)
            .filter(|sign| sign.time.micros() <= to_us)
    }

    /// True where an event `address_changed`, whose detail begins with the name, is of the name that the group goes by.
    fn is_of_the_groups_name(&self, event: &EventSummary) -> bool {
        let Some(reader) = self.observations.reader else {
            return true;
        };
        let name = event.detail.split_once(": ").map(|(name, _)| name);
        let is_of = |endpoint: &Endpoint| endpoint.hosts().any(|(host, _)| name == Some(host));
        match self.observations.writer {
            // The two may share hosts.
            Some(writer) if self.needs_writer => is_of(writer),
            _ => is_of(reader) != self.needs_writer,
        }
    }

    /// When an attempt first got another address than the last one before.
    fn led_elsewhere_us(&self, from_us: i64, to_us: i64) -> Option<i64> {
        let named = || {
            let attempts = self.attempts.iter();
            attempts.filter(|attempt| attempt.address.is_some() && attempt.asked_for_a_name())
        };
        let before = named().rfind(|attempt| attempt.resolved_us <= from_us)?;
        named()
            .filter(|attempt| from_us < attempt.resolved_us && attempt.resolved_us <= to_us)
            // Another host of the same endpoint is not another address of a name.
            .filter(|attempt| attempt.endpoint == before.endpoint)
            .filter(|attempt| attempt.address != before.address)
            .map(|attempt| attempt.resolved_us)
            .min()
    }

    /// The first connection in (from, to] to another server than before that can do what the group needs, or the first answer of one to an
    /// availability probe; where there is neither, the first event.
    fn new_writer(&self, from_us: i64, to_us: i64) -> Option<Milestone> {
        let serves = |attempt: &&&Attempt| !self.needs_writer || attempt.in_recovery == Some(false);
        let connected = || {
            let attempts = self.attempts.iter().filter(serves);
            attempts.filter_map(|attempt| Some((attempt.end_us, attempt.server.as_ref()?)))
        };
        let before = connected().rfind(|(end_us, _)| *end_us <= from_us);
        let first = before.and_then(|(_, before)| {
            connected().find(|(end_us, server)| {
                from_us < *end_us && *end_us <= to_us && server.differs_from(before)
            })
        });
        let by_attempt = first.map(|(end_us, _)| milestone(end_us, Source::Connections));
        let answer_us = self.probes().new_server_us(from_us, to_us);
        let by_answer = answer_us.map(|time_us| milestone(time_us, Source::Availability));
        let earlier = by_attempt.into_iter().chain(by_answer);
        if let Some(sign) = earlier.min_by_key(|sign| sign.time) {
            return Some(sign);
        }
        let of = |kind| self.events(kind, from_us, to_us);
        let signs = of(EventKind::RoleChanged).chain(of(EventKind::ServerRestarted));
        signs
            .filter(|event| !self.needs_writer || !self.is_reader_at(event.time))
            .map(|event| Milestone {
                time: event.time,
                source: Source::Events,
            })
            .min_by_key(|sign| sign.time)
    }

    /// The end of the last outage of the service in (from, to]: from then on a client that connects anew was served.
    fn fresh_client_served(&self, from_us: i64, to_us: i64) -> Option<Milestone> {
        let outages = self.observations.service_outages.iter();
        let ended = outages.filter(|outage| !outage.open_at_end);
        let ends = ended.map(|outage| outage.span.end.micros());
        let last = ends.filter(|end| from_us < *end && *end <= to_us).max()?;
        Some(milestone(last, Source::Availability))
    }

    fn probes(&self) -> FreshClients<'_> {
        let observations = self.observations;
        FreshClients {
            questions: observations.questions,
            for_reads: !self.needs_writer,
            endpoint: match self.needs_writer {
                true => observations.writer,
                false => observations.reader,
            },
        }
    }

    /// True where the last change of role up to then was one to a reader: an old writer that comes back in its new role was started
    /// again as well, and is no new writer.
    fn is_reader_at(&self, time: Timestamp) -> bool {
        let changes = self.events(EventKind::RoleChanged, i64::MIN, time.micros());
        changes.last().is_some_and(names_a_reader)
    }

    /// The path's events of a kind in (from, to].
    fn events(
        &self,
        kind: EventKind,
        from_us: i64,
        to_us: i64,
    ) -> impl Iterator<Item = &EventSummary> {
        let path = self.observations.path;
        self.observations.events.iter().filter(move |event| {
            let time = event.time.micros();
            event.event == kind.as_str()
                && event.path.as_deref() == Some(path)
                && from_us < time
                && time <= to_us
        })
    }
}

/// True for an event after which a reader answers: `10.0.0.2:5432 (writer) -> 10.0.0.2:5432 (reader)`.
fn names_a_reader(event: &EventSummary) -> bool {
    event.detail.trim_end().ends_with("(reader)")
}
