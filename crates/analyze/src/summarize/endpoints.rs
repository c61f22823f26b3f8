//! Who answered behind each endpoint of a path, and where its name led, over time.

use recording::vocabulary::{ErrorClass, OperationType, Path, ProbeKind};

use polars::prelude::*;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::attempts::Identity;
use crate::reduce::availability::Question;
use crate::reduce::values::{booleans, integers, texts};
use crate::summary::Span;
use crate::summary::series::{AddressSpan, EndpointSeries, ServerSpan};

/// What was seen again this many usual distances later, or this much later at most, was there in between.
const BRIDGED: i64 = 4;
const BRIDGED_US: i64 = 1_000_000;
/// Of more spans than these, as where a proxy spreads reads over several servers, only every so many of the time are looked at.
const MOST_SPANS: usize = 4_000;
const LOOKED_AT: i64 = 2_000;

/// Something that was seen at an endpoint; nothing where it did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sighting<T> {
    reader: bool,
    span: Span,
    seen: Option<T>,
}

/// A server, and whether it was in recovery.
type Server = (String, Option<bool>);

/// The endpoints of a path of which something is known: the path's own, and the one that is meant for reads. `questions` are the path's
/// availability probes.
pub(super) fn of_path(
    loaded: &Loaded,
    path: Path,
    questions: &[Question],
    recording: &Span,
) -> Result<Vec<EndpointSeries>, AnalyzeError> {
    let probes = Probes::read(loaded, path)?;
    let servers = match questions.is_empty() {
        true => probes.servers,
        false => questions.iter().filter_map(server).collect(),
    };
    // What a kept connection leads to says nothing of the name.
    let addresses = match probes.addresses.is_empty() {
        true => questions.iter().filter_map(address).collect(),
        false => probes.addresses,
    };
    let endpoint = |reader: bool| EndpointSeries {
        reader,
        servers: spans(&servers, reader, recording)
            .map(|(span, (server, in_recovery))| ServerSpan {
                span,
                server,
                in_recovery,
            })
            .collect(),
        addresses: spans(&addresses, reader, recording)
            .map(|(span, address)| AddressSpan { span, address })
            .collect(),
    };
    let is_known =
        |endpoint: &EndpointSeries| !endpoint.servers.is_empty() || !endpoint.addresses.is_empty();
    Ok([false, true]
        .map(endpoint)
        .into_iter()
        .filter(is_known)
        .collect())
}

/// The server that answered a question. A write that was refused says nothing of who is there: a reader refuses it and answers reads.
fn server(question: &Question) -> Option<Sighting<Server>> {
    let is_of_the_client = question
        .error
        .as_ref()
        .is_some_and(|error| error.class == ErrorClass::Client.as_str());
    let seen = question.server.as_ref().filter(|_| question.is_answered());
    if is_of_the_client || (seen.is_none() && question.kind != OperationType::Read) {
        return None;
    }
    Some(Sighting {
        reader: question.reader,
        span: Span::new(question.time_us, question.end_us),
        seen: seen.map(|server| (name(server), question.in_recovery)),
    })
}

fn address(question: &Question) -> Option<Sighting<String>> {
    let address = question.address.as_ref()?.to_string();
    Some(Sighting {
        reader: question.reader,
        span: Span::new(question.time_us, question.end_us),
        seen: Some(address),
    })
}

/// How a server is called: its name on Aurora, or its address and port.
fn name(server: &Identity) -> String {
    if let Some(instance) = &server.aurora_instance {
        return instance.clone();
    }
    match (&server.address, server.port) {
        (Some(address), Some(port)) => format!("{address}:{port}"),
        (Some(address), None) => address.clone(),
        _ => "-".to_owned(),
    }
}

/// The rows of the table `probes`.
#[derive(Default)]
struct Probes {
    servers: Vec<Sighting<Server>>,
    addresses: Vec<Sighting<String>>,
}

impl Probes {
    fn read(loaded: &Loaded, path: Path) -> Result<Self, AnalyzeError> {
        let Some(frame) = loaded.probes()? else {
            return Ok(Self::default());
        };
        let of_path = col("path").eq(lit(path.as_str()));
        let frame = loaded.collect(frame.filter(of_path))?;
        Self::of(&frame).map_err(|source| loaded.read_error(source))
    }

    fn of(frame: &DataFrame) -> PolarsResult<Self> {
        let kinds = texts(frame, "probe")?;
        let times = integers(frame, "time")?;
        let durations = integers(frame, "duration_us")?;
        let readers = booleans(frame, "reader")?;
        let successes = booleans(frame, "success")?;
        let names = texts(frame, "dns_addresses")?;
        let servers = texts(frame, "server_address")?;
        let ports = integers(frame, "server_port")?;
        let instances = texts(frame, "aurora_instance_identifier")?;
        let in_recovery = booleans(frame, "server_in_recovery")?;
        let mut found = Self::default();
        for row in 0..frame.height() {
            let (Some(kind), Some(time)) = (kinds[row], times[row]) else {
                continue;
            };
            let answered = successes[row].unwrap_or(false);
            let reader = readers[row].unwrap_or(false);
            let end = time.saturating_add(durations[row].unwrap_or(0).max(0));
            let span = Span::new(time, end);
            if kind == ProbeKind::Dns.as_str() {
                let seen = names[row].filter(|_| answered).map(str::to_owned);
                found.addresses.push(Sighting { reader, span, seen });
            } else if kind == ProbeKind::Server.as_str() {
                let server = Identity {
                    address: servers[row].map(str::to_owned),
                    port: ports[row],
                    start_us: None,
                    aurora_instance: instances[row].map(str::to_owned),
                };
                let seen = answered.then(|| (name(&server), in_recovery[row]));
                found.servers.push(Sighting { reader, span, seen });
            }
        }
        Ok(found)
    }
}

/// From when to when each thing was seen at an endpoint, in order of time; up to the recording's end where no other question was due before it.
fn spans<T: Clone + PartialEq>(
    sightings: &[Sighting<T>],
    reader: bool,
    recording: &Span,
) -> impl Iterator<Item = (Span, T)> + use<T> {
    let of_endpoint = sightings.iter().filter(|seen| seen.reader == reader);
    let mut sightings: Vec<&Sighting<T>> = of_endpoint.collect();
    sightings.sort_by_key(|seen| seen.span.end);
    let mut spans = joined(&sightings, recording);
    if spans.len() > MOST_SPANS {
        let ends = sightings.first().zip(sightings.last());
        let length_us = ends.map_or(0, |(first, last)| {
            last.span.end.micros() - first.span.end.micros()
        });
        let step_us = (length_us / LOOKED_AT).max(1);
        let step = |seen: &&Sighting<T>| seen.span.end.micros().div_euclid(step_us);
        // In turn the first, the second, ... of each step: always the first may always be the same server.
        let looked_at: Vec<&Sighting<T>> = sightings
            .chunk_by(|one, next| step(one) == step(next))
            .enumerate()
            .map(|(index, of_step)| of_step[index % of_step.len()])
            .collect();
        spans = joined(&looked_at, recording);
    }
    spans.into_iter()
}

fn joined<T: Clone + PartialEq>(sightings: &[&Sighting<T>], recording: &Span) -> Vec<(Span, T)> {
    let mut distances: Vec<i64> = sightings
        .windows(2)
        .map(|pair| pair[1].span.end.micros() - pair[0].span.end.micros())
        .collect();
    distances.sort_unstable();
    let usual_us = distances.get(distances.len() / 2).copied().unwrap_or(0);
    let bridged_us = (BRIDGED * usual_us).max(BRIDGED_US);
    let mut spans: Vec<(Span, T)> = Vec::new();
    let mut is_open = false;
    for sighting in sightings {
        let Some(seen) = &sighting.seen else {
            is_open = false;
            continue;
        };
        let is_near = |span: &Span| sighting.span.start.micros() - span.end.micros() <= bridged_us;
        match spans.last_mut() {
            Some((span, last)) if is_open && last == seen && is_near(span) => {
                span.end = span.end.max(sighting.span.end);
            }
            _ => spans.push((sighting.span, seen.clone())),
        }
        is_open = true;
    }
    if let Some((span, _)) = spans.last_mut() {
        let rest_us = recording.end.micros() - span.end.micros();
        if is_open && (0..=bridged_us).contains(&rest_us) {
            span.end = recording.end;
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: i64, what: Option<&'static str>) -> Sighting<&'static str> {
        Sighting {
            reader: false,
            span: Span::new(at * 100_000, at * 100_000 + 2_000),
            seen: what,
        }
    }

    fn of(sightings: &[Sighting<&'static str>]) -> Vec<(i64, i64, &'static str)> {
        let tenths = |(span, what): (Span, &'static str)| {
            (
                span.start.micros() / 100_000,
                span.end.micros() / 100_000,
                what,
            )
        };
        spans(sightings, false, &Span::new(0, 3_500_000))
            .map(tenths)
            .collect()
    }

    #[test]
    fn a_span_ends_where_another_answers_or_none() {
        let a = || Some("a");
        let found = [
            seen(0, a()),
            seen(1, a()),
            seen(2, None),
            seen(3, a()),
            seen(4, Some("b")),
            seen(5, a()),
            seen(9, a()),
            // Nothing was asked for longer than that.
            seen(30, a()),
        ];
        let spans = [
            (0, 1, "a"),
            (3, 3, "a"),
            (4, 4, "b"),
            (5, 9, "a"),
            (30, 35, "a"),
        ];
        assert_eq!(of(&found), spans);
    }

    #[test]
    fn there_are_never_very_many() {
        let at = |index: i64| seen(index, Some(if index % 2 == 0 { "a" } else { "b" }));
        let found: Vec<_> = (0..20_000).map(at).collect();
        let spans = of(&found);
        assert!(
            spans.len() <= MOST_SPANS && spans.len() > 100,
            "{}",
            spans.len()
        );
    }
}
