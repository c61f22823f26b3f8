//! Every reported outage against the witness's.
//!
//! The goal: the witness's outage lies within [downtime - resolution, downtime] of the report, to within one sampling interval and one
//! ordinary response. What the witness does not know itself is its resolution: some outage of [its downtime - resolution, its downtime]
//! has to lie there.

use super::lanes::Path;
use super::recorded::Recorded;
use super::samples::{Outage, Span};

#[cfg(test)]
mod tests;

/// What is right and wrong with a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The goal is met.
    Within,
    /// It is not.
    Outside,
    /// Reported, though nothing was broken there and the witness had no outage.
    False,
    /// Injected, or known to the witness, long enough to be an outage, and not reported.
    Missed,
    /// The report itself has no data: `-`.
    Unobserved,
    /// Seen by the witness; what it knows of it is too short for so few operations.
    TooShort,
}

impl Verdict {
    /// Does the detector or the definition need a change?
    pub(crate) fn is_wrong(self) -> bool {
        matches!(self, Self::Outside | Self::False | Self::Missed)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Outside => "OUTSIDE",
            Self::False => "FALSE",
            Self::Missed => "MISSED",
            Self::Unobserved => "unobserved",
            Self::TooShort => "too short",
        }
    }
}

/// What the injected outages tell of the clients whose figures are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    /// They are of other clients.
    Unknown,
    /// None was served before they ended.
    AtLeast,
    /// And each was served when they had ended.
    Exact,
}

/// One group of one path in one recording: the reported, witnessed, injected and recorded view.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) path: Path,
    /// What `analyze` reports, in order.
    pub(crate) reported: &'a [Outage],
    /// Where the report has no data of this group.
    pub(crate) unobserved: &'a [Span],
    /// Where the report says that the recorder was stopped.
    pub(crate) pauses: &'a [Span],
    /// What the witness saw, in order.
    pub(crate) witnessed: &'a [Outage],
    /// What the lab's steps say that this group can't have been served in.
    pub(crate) injected: &'a [Span],
    /// Where a client may have noticed something though new ones were served.
    pub(crate) disturbed: &'a [Span],
    /// Where everything was refused, and from which length on that is an outage, microseconds.
    pub(crate) refused: &'a [(Span, i64)],
    /// What the recording's rows say of it.
    pub(crate) recorded: &'a Recorded,
    /// Mean time between two operations of the group, or two availability probes, microseconds.
    pub(crate) interval_us: i64,
    /// The shortest outage that so many of them can show, microseconds.
    pub(crate) shortest_us: i64,
    /// The shortest outage that shows where they hang and none fails, microseconds.
    pub(crate) shortest_hang_us: i64,
    /// What `injected` tells of these figures, and how long each of them took to begin, microseconds.
    pub(crate) truth: Truth,
    pub(crate) beginnings_us: &'a [i64],
    /// How much sooner each of them may have ended for this group, microseconds.
    pub(crate) endings_us: &'a [i64],
    /// How much longer the recorder's URL may take than the witness's, which leads to the writer alone, microseconds.
    pub(crate) detour_us: i64,
}

/// A reported outage and the witness's; more than one of each where they overlap, as a success that one of them had and the other
/// had not splits an outage in two without changing the sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figure {
    /// Of both.
    pub(crate) span: Span,
    /// What was injected in there, microseconds.
    pub(crate) injected_us: Option<i64>,
    /// As far as it tells something the goal holds for it too.
    pub(crate) truth: Truth,
    /// It may be so much longer, as it took so long to begin, microseconds.
    pub(crate) beginning_us: i64,
    /// It may be so much shorter, as the group was served before its end was noted, microseconds.
    pub(crate) ending_us: i64,
    /// The witness's downtime and its resolution, microseconds.
    pub(crate) witness: Option<(i64, i64)>,
    /// The reported downtime and its resolution, microseconds.
    pub(crate) reported: Option<(i64, i64)>,
    /// How long after the witness was served the recorder's pool still had a connection that the proxy led to a reader, refused with 25006,
    /// microseconds. That is no error: the recorder's application was down for it, and the definition takes each refusal through a proxy
    /// for a moment at which the path was down.
    pub(crate) refused_us: i64,
    /// How much longer the recorder's URL may take, microseconds.
    pub(crate) detour_us: i64,
    /// How much the witness's outage may lie outside, microseconds: one sampling interval for each outage, and one ordinary response.
    pub(crate) allowed_us: i64,
    pub(crate) verdict: Verdict,
}

impl Figure {
    /// Reported less witness, microseconds; `None` where one of them has nothing.
    pub(crate) fn error_us(&self) -> Option<i64> {
        Some(self.reported?.0 - self.witness?.0)
    }

    /// How much the report's bounds lie beyond the witness's, microseconds: too long (positive), too short (negative), or not at all.
    pub(crate) fn beyond_us(&self) -> Option<i64> {
        let (witness_us, witness_resolution_us) = self.witness?;
        self.beyond(witness_us - witness_resolution_us, witness_us)
    }

    /// The same beyond what was injected, as far as that tells something.
    pub(crate) fn beyond_injected_us(&self) -> Option<i64> {
        let injected_us = self.injected_us?;
        let least_us = injected_us - self.ending_us;
        match self.truth {
            Truth::Unknown => None,
            Truth::AtLeast => self.beyond(least_us, i64::MAX),
            Truth::Exact => self.beyond(least_us, injected_us + self.beginning_us),
        }
    }

    /// Reported less what is true: what was injected, where that is exact, and else what the witness has.
    pub(crate) fn error_to_truth_us(&self) -> Option<i64> {
        match self.injected_us.filter(|_| self.truth == Truth::Exact) {
            Some(injected_us) => Some(self.reported?.0 - injected_us),
            None => self.error_us(),
        }
    }

    /// Nothing was injected, and no client that connects anew was there at that moment; but another witness was kept waiting for so long. Then
    /// the machine was slow, and the report's lower bound is held against that.
    pub(crate) fn hold_against(&mut self, waited_us: i64) {
        let least_us = self.reported.map(|(us, resolution_us)| us - resolution_us);
        if self.verdict == Verdict::False && least_us <= Some(waited_us + self.allowed_us) {
            self.witness = Some((waited_us, waited_us));
            self.verdict = Verdict::Within;
        }
    }

    fn beyond(&self, least_us: i64, most_us: i64) -> Option<i64> {
        let (reported_us, resolution_us) = self.reported?;
        let too_long_us = (reported_us - resolution_us).saturating_sub(most_us);
        let too_short_us = least_us - reported_us;
        Some(match (too_long_us > 0, too_short_us > 0) {
            (true, _) => too_long_us,
            (_, true) => -too_short_us,
            _ => 0,
        })
    }

    /// The goal.
    fn is_within(&self) -> bool {
        let most_us = self.allowed_us + self.refused_us + self.detour_us;
        let is_allowed =
            |beyond_us: Option<i64>| (-self.allowed_us..=most_us).contains(&beyond_us.unwrap_or(0));
        is_allowed(self.beyond_us()) && is_allowed(self.beyond_injected_us())
    }
}

impl Case<'_> {
    /// The shortest outage that so many operations can show there, microseconds; nothing but refusals, one of five operations.
    fn shortest_us(&self, span: Span) -> i64 {
        let refused = self.refused.iter();
        let refused = refused.filter(|(refused, _)| refused.overlap_us(&span) > 0);
        let least = refused.map(|(_, least_us)| *least_us).max();
        least.unwrap_or(self.shortest_us)
    }

    /// Every outage, once. `longest_gap_us` is how long the witness was without a success around a span.
    pub(crate) fn judge(&self, longest_gap_us: impl Fn(Span) -> i64) -> Vec<Figure> {
        let mut figures: Vec<Figure> = self
            .clusters()
            .into_iter()
            .map(|cluster| self.figure(cluster, &longest_gap_us))
            .collect();
        for &span in self.injected {
            let is_seen = overlaps(figures.iter().map(|figure| &figure.span), span);
            // A wait below the floor of a stall is none by definition.
            let shortest_us = self.shortest_us(span).max(self.shortest_hang_us);
            if !is_seen && span.length_us() > shortest_us {
                figures.push(Figure {
                    span,
                    injected_us: Some(span.length_us()),
                    truth: self.truth,
                    beginning_us: 0,
                    ending_us: 0,
                    witness: None,
                    reported: None,
                    refused_us: 0,
                    detour_us: self.detour_us,
                    allowed_us: 0,
                    verdict: match self.is_unobserved(span) {
                        true => Verdict::Unobserved,
                        false => Verdict::Missed,
                    },
                });
            }
        }
        figures
    }

    /// The outages of both, those together that overlap or have nothing but a success between them.
    fn clusters(&self) -> Vec<Cluster> {
        let reported = self.reported.iter().map(|outage| (true, *outage));
        let witnessed = self.witnessed.iter().map(|outage| (false, *outage));
        let mut all: Vec<(bool, Outage)> = reported.chain(witnessed).collect();
        all.sort_by_key(|(_, outage)| outage.span.start_us);
        let mut clusters: Vec<Cluster> = Vec::new();
        for (is_reported, outage) in all {
            let joins = clusters
                .last()
                .is_some_and(|cluster| outage.span.start_us <= cluster.span.end_us);
            if !joins {
                clusters.push(Cluster::at(outage.span));
            }
            if let Some(cluster) = clusters.last_mut() {
                cluster.add(is_reported, outage);
            }
        }
        clusters
    }

    fn figure(&self, cluster: Cluster, longest_gap_us: impl Fn(Span) -> i64) -> Figure {
        let sum = |outages: &[Outage]| -> (i64, i64) {
            let down = outages.iter().map(|outage| outage.span.length_us()).sum();
            (
                down,
                outages.iter().map(|outage| outage.resolution_us).sum(),
            )
        };
        let injected_us: i64 = self
            .injected
            .iter()
            .filter(|span| span.overlap_us(&cluster.span) > 0)
            .map(Span::length_us)
            .sum();
        let service_us: i64 = cluster
            .reported
            .last()
            .map_or(0, |last| self.recorded.service_us(last.span.end_us));
        let mut figure = Figure {
            span: cluster.span,
            injected_us: (injected_us > 0).then_some(injected_us),
            truth: self.truth,
            beginning_us: self.sum_us(self.beginnings_us, cluster.span),
            ending_us: self.sum_us(self.endings_us, cluster.span),
            witness: (!cluster.witnessed.is_empty()).then(|| sum(&cluster.witnessed)),
            reported: (!cluster.reported.is_empty()).then(|| sum(&cluster.reported)),
            refused_us: self.refused_us(&cluster),
            detour_us: self.detour_us,
            allowed_us: self.interval_us * cluster.reported.len() as i64 + service_us,
            verdict: Verdict::False,
        };
        let is_disturbed = injected_us == 0 && overlaps(self.disturbed, cluster.span);
        figure.witness = match (figure.reported, figure.witness) {
            // Its attempt hung on a connection that the proxy gave it, while other clients were served: that excludes nothing.
            (_, Some((us, _))) if is_disturbed => Some((us, us)),
            // The witness happened to be served: it knows of no outage, and can't exclude one between two successes.
            (Some(_), None) if is_disturbed || injected_us > 0 => {
                let gap_us = longest_gap_us(cluster.span);
                Some((gap_us, gap_us))
            }
            (_, witness) => witness,
        };
        let shortest_us = self.shortest_us(cluster.span);
        figure.verdict = match (figure.reported, figure.witness) {
            (Some(_), Some(_)) if figure.is_within() => Verdict::Within,
            (Some(_), Some(_)) => Verdict::Outside,
            (Some(_), None) => Verdict::False,
            (None, _) if self.is_unobserved(cluster.span) => Verdict::Unobserved,
            (None, Some((us, resolution_us))) if us - resolution_us >= shortest_us => {
                Verdict::Missed
            }
            (None, _) if injected_us >= shortest_us.max(self.shortest_hang_us) => Verdict::Missed,
            (None, _) => Verdict::TooShort,
        };
        figure
    }

    /// The sum over the outages that were injected in there of what `each_us` has of them.
    fn sum_us(&self, each_us: &[i64], span: Span) -> i64 {
        let met = self
            .injected
            .iter()
            .zip(each_us)
            .filter(|(of, _)| of.overlap_us(&span) > 0);
        met.map(|(_, us)| us).sum()
    }

    /// Does the report say that it has no data there? A pause is no excuse for an outage that goes on outside of it.
    fn is_unobserved(&self, span: Span) -> bool {
        let paused = self
            .pauses
            .iter()
            .map(|pause| pause.overlap_us(&span).max(0));
        let paused_us: i64 = paused.sum();
        let is_hidden = paused_us > 0 && span.length_us() - paused_us < self.shortest_us(span);
        is_hidden || overlaps(self.unobserved, span)
    }

    /// Past the proxy, such a connection tells only of the moment at which it was made.
    fn refused_us(&self, cluster: &Cluster) -> i64 {
        let last_refused_us = match self.path {
            Path::Direct => None,
            Path::Proxy => self.recorded.last_refused_us(cluster.span),
        };
        match (last_refused_us, cluster.witnessed.last()) {
            (Some(refused_us), Some(last)) => (refused_us - last.span.end_us).max(0),
            _ => 0,
        }
    }
}

fn overlaps<'a>(spans: impl IntoIterator<Item = &'a Span>, span: Span) -> bool {
    let mut spans = spans.into_iter();
    spans.any(|of| of.overlap_us(&span) > 0)
}

struct Cluster {
    span: Span,
    reported: Vec<Outage>,
    witnessed: Vec<Outage>,
}

impl Cluster {
    fn at(span: Span) -> Self {
        Self {
            span,
            reported: Vec::new(),
            witnessed: Vec::new(),
        }
    }

    fn add(&mut self, is_reported: bool, outage: Outage) {
        self.span.end_us = self.span.end_us.max(outage.span.end_us);
        match is_reported {
            true => self.reported.push(outage),
            false => self.witnessed.push(outage),
        }
    }
}
