//! From the outages of the service to its figures.

use crate::metrics::failovers::of_path::is_warm_up;
use crate::metrics::service::Found;
use crate::reduce::pauses::Pauses;
use crate::summary::{EpisodeKind, Outage, Service, ServiceEpisode, Span, Thresholds};

/// What is known of the recording besides the probes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) recording: &'a Span,
    /// The same from the start of the whole recording, where this is a part.
    pub(crate) from_the_start: &'a Span,
    /// UTC microseconds, ascending.
    pub(crate) triggers_us: &'a [i64],
    pub(crate) pauses: &'a Pauses,
    pub(crate) thresholds: &'a Thresholds,
    /// Rows of the probes are missing.
    pub(crate) is_partial: bool,
}

/// The figures of `probes` questions. Which of the episodes are of a failover, and the own share, follow later.
pub(crate) fn service(found: &Found, probes: usize, known: &Known<'_>) -> Service {
    let episodes = episodes(&found.outages, known);
    let mut spans = episodes.iter();
    let warm_up = spans.rfind(|episode| episode.kind == EpisodeKind::WarmUp);
    let warm_until = warm_up.map(|episode| episode.span.end);
    let counted = || {
        let outages = found.outages.iter();
        outages.filter(|outage| Some(outage.span.end) > warm_until)
    };
    let downtime_us: i64 = counted().map(|outage| outage.downtime_us).sum();
    let paused_us: i64 = counted().map(|outage| outage.paused_us).sum();
    let (start, end) = (known.recording.start.micros(), known.recording.end.micros());
    let duration_us = end - start - (known.pauses.within_us(start, end) - paused_us);
    let is_judged = found.is_known && duration_us > 0;
    Service {
        downtime_us: found.is_known.then_some(downtime_us),
        resolution_us: counted().map(|outage| outage.resolution_us).sum(),
        paused_us,
        at_least: known.is_partial || counted().any(is_open),
        is_partial: known.is_partial,
        availability: is_judged.then(|| 1.0 - downtime_us as f64 / duration_us as f64),
        probes: probes as u64,
        outages: found.outages.clone(),
        episodes,
        own_share: None,
    }
}

fn is_open(outage: &Outage) -> bool {
    outage.open_at_start || outage.open_at_end
}

/// Outages less than `merge_within_us` of health apart are one.
fn episodes(outages: &[Outage], known: &Known<'_>) -> Vec<ServiceEpisode> {
    let mut episodes: Vec<ServiceEpisode> = Vec::new();
    for outage in outages {
        let own = ServiceEpisode {
            span: outage.span,
            downtime_us: outage.downtime_us,
            resolution_us: outage.resolution_us,
            paused_us: outage.paused_us,
            outages: 1,
            kind: EpisodeKind::default(),
            at_least: is_open(outage),
        };
        let health_us = |last: &ServiceEpisode| own.span.start.micros() - last.span.end.micros();
        match episodes.last_mut() {
            Some(last) if health_us(last) < known.thresholds.merge_within_us => {
                last.span.end = own.span.end;
                last.downtime_us += own.downtime_us;
                last.resolution_us += own.resolution_us;
                last.paused_us += own.paused_us;
                last.outages += 1;
                last.at_least |= own.at_least;
            }
            _ => episodes.push(own),
        }
    }
    for episode in &mut episodes {
        if is_warm_up(&episode.span, known.triggers_us, known.from_the_start) {
            episode.kind = EpisodeKind::WarmUp;
        }
    }
    episodes
}
