//! Every reported outage against the witness's.
//!
//! The goal: the witness's outage lies within [downtime - resolution, downtime] of the report, to within one sampling interval and one
//! ordinary response. What the witness does not know itself is its resolution: some outage of [its downtime - resolution, its downtime]
//! has to lie there.

use super::lanes::Path;
use super::recorded::Recorded;
use super::samples::{MIN_OUTAGE_US, MIN_STALL_US, Outage, Span};

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
    /// Mean time between two operations of the group, microseconds.
    pub(crate) interval_us: i64,
}

/// A reported outage and the witness's; more than one of each where they overlap, as a success that one of them had and the other
/// had not splits an outage in two without changing the sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figure {
    /// Of both.
    pub(crate) span: Span,
    /// What was injected in there, microseconds.
    pub(crate) injected_us: Option<i64>,
    /// The witness's downtime and its resolution, microseconds.
    pub(crate) witness: Option<(i64, i64)>,
    /// The reported downtime and its resolution, microseconds.
    pub(crate) reported: Option<(i64, i64)>,
    /// How long after the witness was served the recorder's pool still had a connection that the proxy led to a reader, refused with 25006,
    /// microseconds. That is no error: the recorder's application was down for it, and the definition takes each refusal through a proxy
    /// for a moment at which the path was down.
    pub(crate) refused_us: i64,
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
        let (reported_us, resolution_us) = self.reported?;
        let (witness_us, witness_resolution_us) = self.witness?;
        let too_long_us = reported_us - resolution_us - witness_us;
        let too_short_us = witness_us - witness_resolution_us - reported_us;
        Some(match (too_long_us > 0, too_short_us > 0) {
            (true, _) => too_long_us,
            (_, true) => -too_short_us,
            _ => 0,
        })
    }

    /// The goal.
    fn is_within(&self) -> bool {
        let beyond_us = self.beyond_us().unwrap_or(0);
        (-self.allowed_us..=self.allowed_us + self.refused_us).contains(&beyond_us)
    }
}

impl Case<'_> {
    /// The shortest outage that so many operations can show there, microseconds: by definition one of 100 ms; with a single piece of
    /// evidence one of ten median gaps; nothing but refusals, one of five operations.
    fn shortest_us(&self, span: Span) -> i64 {
        let refused = self.refused.iter();
        let refused = refused.filter(|(refused, _)| refused.overlap_us(&span) > 0);
        let least = refused.map(|(_, least_us)| *least_us).max();
        least.unwrap_or(MIN_OUTAGE_US.max(10 * self.interval_us))
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
            let shortest_us = self.shortest_us(span).max(MIN_STALL_US + MIN_OUTAGE_US);
            if !is_seen && span.length_us() > shortest_us {
                figures.push(Figure {
                    span,
                    injected_us: Some(span.length_us()),
                    witness: None,
                    reported: None,
                    refused_us: 0,
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
            witness: (!cluster.witnessed.is_empty()).then(|| sum(&cluster.witnessed)),
            reported: (!cluster.reported.is_empty()).then(|| sum(&cluster.reported)),
            refused_us: self.refused_us(&cluster),
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
            (None, _) if injected_us >= shortest_us.max(MIN_STALL_US + MIN_OUTAGE_US) => {
                Verdict::Missed
            }
            (None, _) => Verdict::TooShort,
        };
        figure
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

#[cfg(test)]
mod tests {
    use super::*;

    const fn span(start_us: i64, end_us: i64) -> Span {
        Span { start_us, end_us }
    }

    fn outage(from_ms: i64, to_ms: i64, resolution_ms: i64) -> Outage {
        Outage {
            span: span(from_ms * 1_000, to_ms * 1_000),
            resolution_us: resolution_ms * 1_000,
            evidence: 2,
        }
    }

    /// With an interval of 20 ms, and a witness without any gap where it saw no outage.
    fn case<'a>(
        recorded: &'a Recorded,
        reported: &'a [Outage],
        witnessed: &'a [Outage],
        injected: &'a [Span],
    ) -> Case<'a> {
        Case {
            path: Path::Direct,
            reported,
            unobserved: &[],
            pauses: &[],
            witnessed,
            injected,
            disturbed: &[],
            refused: &[],
            recorded,
            interval_us: 20_000,
        }
    }

    fn judge(reported: &[Outage], witnessed: &[Outage], injected: &[Span]) -> Vec<Figure> {
        let recorded = Recorded::default();
        case(&recorded, reported, witnessed, injected).judge(|_| 25_000)
    }

    fn verdicts(figures: &[Figure]) -> Vec<Verdict> {
        figures.iter().map(|figure| figure.verdict).collect()
    }

    #[test]
    fn the_goal() {
        // It knows of 1.97 to 2.0 s.
        let witness = [outage(1_000, 3_000, 30)];
        let injected = [span(1_010_000, 2_990_000)];
        let figure = |from_ms, to_ms, resolution_ms| {
            let reported = [outage(from_ms, to_ms, resolution_ms)];
            judge(&reported, &witness, &injected).remove(0)
        };
        let long = figure(960, 3_060, 50);
        assert_eq!(long.verdict, Verdict::Outside, "2.05 to 2.1 s");
        assert_eq!(long.beyond_us(), Some(50_000));
        let right = figure(960, 3_030, 50);
        assert_eq!(right.verdict, Verdict::Within, "2.02 to 2.07 s");
        assert_eq!(right.allowed_us, 20_000);
        assert_eq!(
            (right.error_us(), right.beyond_us()),
            (Some(70_000), Some(20_000))
        );
        assert_eq!(right.injected_us, Some(1_980_000));
        assert_eq!(figure(960, 3_031, 50).verdict, Verdict::Outside);
        let wide = figure(500, 4_500, 2_500);
        assert_eq!((wide.verdict, wide.beyond_us()), (Verdict::Within, Some(0)));
        // Too short is beyond too: a resolution is no excuse.
        let short = figure(1_000, 2_950, 500);
        assert_eq!(
            (short.verdict, short.beyond_us()),
            (Verdict::Within, Some(-20_000))
        );
        assert_eq!(figure(1_000, 2_949, 500).verdict, Verdict::Outside);
    }

    #[test]
    fn what_only_the_report_has_is_false_and_what_it_lacks_is_missed() {
        assert_eq!(
            verdicts(&judge(&[outage(1_000, 1_300, 300)], &[], &[])),
            [Verdict::False],
            "whatever its resolution"
        );
        assert_eq!(
            verdicts(&judge(&[], &[outage(1_000, 1_300, 10)], &[])),
            [Verdict::Missed]
        );
        assert_eq!(
            verdicts(&judge(&[], &[outage(1_000, 1_150, 10)], &[])),
            [Verdict::TooShort],
            "ten intervals are 200 ms"
        );
        assert_eq!(
            verdicts(&judge(&[], &[outage(1_000, 1_600, 590)], &[])),
            [Verdict::TooShort],
            "it knows of 10 ms"
        );
        assert_eq!(
            verdicts(&judge(&[], &[], &[span(1_000_000, 2_000_000)])),
            [Verdict::Missed],
            "injected, and neither saw it"
        );
        assert_eq!(
            verdicts(&judge(&[], &[], &[span(1_000_000, 1_400_000)])),
            [],
            "a wait below the floor is none by definition"
        );
    }

    #[test]
    fn where_the_witness_was_served_the_lower_bound_is_held_against_its_longest_gap() {
        let injected = [span(1_000_000, 1_300_000)];
        let of = |resolution_ms| {
            let reported = [outage(1_000, 1_300, resolution_ms)];
            verdicts(&judge(&reported, &[], &injected))
        };
        assert_eq!(of(10), [Verdict::Outside]);
        assert_eq!(of(300), [Verdict::Within]);
        let recorded = Recorded::default();
        let reported = [outage(1_000, 1_300, 300)];
        let disturbed = Case {
            disturbed: &injected,
            ..case(&recorded, &reported, &[], &[])
        };
        assert_eq!(verdicts(&disturbed.judge(|_| 25_000)), [Verdict::Within]);
        let hung = [outage(1_000, 1_700, 10)];
        let of = |reported: &[Outage]| {
            let case = Case {
                disturbed: &injected,
                ..case(&recorded, reported, &hung, &[])
            };
            verdicts(&case.judge(|_| 0))
        };
        assert_eq!(of(&[outage(1_000, 1_150, 10)]), [Verdict::Within]);
        assert_eq!(of(&[outage(1_000, 1_800, 10)]), [Verdict::Outside]);
        assert_eq!(of(&[]), [Verdict::TooShort]);
    }

    #[test]
    fn refusals_need_their_time() {
        let recorded = Recorded::default();
        let witnessed = [outage(1_000, 2_500, 10)];
        let of = |least_us| {
            let refused = [(span(1_000_000, 2_500_000), least_us)];
            let case = Case {
                refused: &refused,
                ..case(&recorded, &[], &witnessed, &[])
            };
            verdicts(&case.judge(|_| 0))
        };
        assert_eq!(of(2_000_000), [Verdict::TooShort]);
        assert_eq!(of(1_200_000), [Verdict::Missed]);
    }

    #[test]
    fn a_group_without_data_in_the_report_is_not_missed() {
        let recorded = Recorded::default();
        let witnessed = [outage(1_000, 1_600, 10)];
        let unobserved = Case {
            unobserved: &[span(900_000, 1_500_000)],
            ..case(&recorded, &[], &witnessed, &[])
        };
        assert_eq!(verdicts(&unobserved.judge(|_| 0)), [Verdict::Unobserved]);
        let paused = |pauses: &[Span]| {
            let case = Case {
                pauses,
                ..case(&recorded, &[], &witnessed, &[])
            };
            verdicts(&case.judge(|_| 0))
        };
        assert_eq!(paused(&[span(1_100_000, 1_700_000)]), [Verdict::Unobserved]);
        let edge = [span(900_000, 1_300_000)];
        assert_eq!(paused(&edge), [Verdict::Missed], "300 ms were seen");
    }

    #[test]
    fn a_success_that_splits_an_outage_changes_nothing_and_health_between_two_does() {
        let witness = [outage(1_000, 2_000, 10), outage(2_000, 3_000, 10)];
        let one = judge(&[outage(1_000, 3_000, 10)], &witness, &[]);
        assert_eq!(verdicts(&one), [Verdict::Within]);
        let after_it = [outage(1_000, 2_900, 10), outage(2_900, 3_000, 100)];
        let one = judge(&after_it, &[outage(1_000, 2_900, 10)], &[]);
        assert_eq!(verdicts(&one), [Verdict::Within]);
        let apart = [outage(1_000, 2_000, 10), outage(2_500, 3_000, 10)];
        let one = judge(&[outage(1_000, 3_000, 10)], &apart, &[]);
        assert_eq!(verdicts(&one), [Verdict::Outside]);
        let both = judge(&apart, &apart, &[]);
        assert_eq!(verdicts(&both), [Verdict::Within, Verdict::Within]);
    }
}
