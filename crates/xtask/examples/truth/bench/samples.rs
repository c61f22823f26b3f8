//! What a witness saw, and the outages in it: the definition of `docs/definitions.md` (Downtime), applied to the witness's own samples and
//! written once more, without any code of `analyze`.

/// The shortest gap that may be an outage, microseconds (`--min-outage`).
pub(crate) const MIN_OUTAGE_US: i64 = 100_000;
/// How much longer than usual an attempt must take to count as stalled, microseconds (`--min-stall`).
pub(crate) const MIN_STALL_US: i64 = 500_000;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The server did it.
    Yes,
    /// An error, of whatever kind.
    No,
    /// Nothing, within the witness's limit.
    Silence,
}

/// One attempt of a witness; UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) answer: Answer,
}

impl Sample {
    fn length_us(&self) -> i64 {
        self.end_us - self.start_us
    }

    /// Until when it knows that there was no service.
    fn known_down_us(&self) -> i64 {
        match self.answer {
            Answer::Silence => self.start_us,
            Answer::Yes | Answer::No => self.end_us,
        }
    }
}

/// From one moment to another; UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
}

impl Span {
    pub(crate) fn length_us(&self) -> i64 {
        self.end_us - self.start_us
    }

    pub(crate) fn overlap_us(&self, other: &Self) -> i64 {
        self.end_us.min(other.end_us) - self.start_us.max(other.start_us)
    }

    pub(crate) fn widened(&self, before_us: i64, after_us: i64) -> Self {
        Self {
            start_us: self.start_us - before_us,
            end_us: self.end_us + after_us,
        }
    }
}

/// An outage, as the witness or the report has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outage {
    /// Last success to first success.
    pub(crate) span: Span,
    /// The part of it for which there is no evidence, microseconds.
    pub(crate) resolution_us: i64,
    /// Attempts that failed or stalled in it.
    pub(crate) evidence: usize,
}

/// The outages that a witness lived through in `within`. `samples` are those of one loop, in their order.
pub(crate) fn outages(samples: &[Sample], within: Span) -> Vec<Outage> {
    let samples = inside(samples, within);
    let edges = edges(samples, within);
    let mut lengths: Vec<i64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let median_gap_us = median(&mut lengths);
    let successes = samples.iter().filter(|sample| sample.answer == Answer::Yes);
    let usual_us = median(&mut successes.map(Sample::length_us).collect::<Vec<_>>());
    let stall_us = (MIN_STALL_US + usual_us).max(3 * usual_us);

    let mut found = Vec::new();
    for pair in edges.windows(2) {
        let span = Span {
            start_us: pair[0],
            end_us: pair[1],
        };
        if span.length_us() < MIN_OUTAGE_US {
            continue;
        }
        // The attempts that ended in the gap (a success ends it), and nothing else: one loop makes one attempt after the other.
        let from = samples.partition_point(|sample| sample.end_us <= span.start_us);
        let ended_in_it = samples[from..]
            .iter()
            .take_while(|sample| sample.end_us <= span.end_us);
        let is_evidence = |sample: &&Sample| match sample.answer {
            Answer::No | Answer::Silence => true,
            Answer::Yes => sample.length_us() > stall_us,
        };
        let evidence: Vec<&Sample> = ended_in_it.filter(is_evidence).collect();
        let is_outage = match evidence.len() {
            0 => false,
            1 => span.length_us() > 10 * median_gap_us,
            _ => true,
        };
        if is_outage {
            found.push(Outage {
                span,
                resolution_us: resolution_us(span, &evidence),
                evidence: evidence.len(),
            });
        }
    }
    found
}

/// The longest time without a success around `span`, whatever was in it; microseconds.
pub(crate) fn longest_gap_us(samples: &[Sample], within: Span, span: Span) -> i64 {
    let edges = edges(inside(samples, within), within);
    let gaps = edges.windows(2).map(|pair| Span {
        start_us: pair[0],
        end_us: pair[1],
    });
    let around = gaps.filter(|gap| gap.overlap_us(&span) > 0);
    around.map(|gap| gap.length_us()).max().unwrap_or(0)
}

/// Nothing but successes, and some of them, since `since_us`?
pub(crate) fn is_calm(samples: &[Sample], since_us: i64) -> bool {
    let from = samples.partition_point(|sample| sample.end_us < since_us);
    let latest = &samples[from..];
    latest.len() >= 5 && latest.iter().all(|sample| sample.answer == Answer::Yes)
}

/// Nearest rank; 0 of nothing.
pub(crate) fn median(values: &mut [i64]) -> i64 {
    if values.is_empty() {
        return 0;
    }
    let rank = values.len().div_ceil(2) - 1;
    *values.select_nth_unstable(rank).1
}

fn inside(samples: &[Sample], within: Span) -> &[Sample] {
    let from = samples.partition_point(|sample| sample.end_us <= within.start_us);
    let to = samples.partition_point(|sample| sample.end_us < within.end_us);
    &samples[from..to.max(from)]
}

/// The successes, between the two ends of what is looked at.
fn edges(samples: &[Sample], within: Span) -> Vec<i64> {
    let successes = samples
        .iter()
        .filter(|sample| sample.answer == Answer::Yes)
        .map(|sample| sample.end_us);
    let mut edges = vec![within.start_us];
    edges.extend(successes);
    edges.push(within.end_us);
    edges
}

/// Head and tail. A stalled success was waiting up to the very end.
fn resolution_us(span: Span, evidence: &[&Sample]) -> i64 {
    let asked = evidence.iter().map(|sample| sample.start_us).min();
    let head = (asked.unwrap_or(span.start_us) - span.start_us).max(0);
    let waited_to_the_end = evidence
        .iter()
        .any(|sample| sample.answer == Answer::Yes && sample.end_us == span.end_us);
    let known = evidence.iter().map(|sample| sample.known_down_us()).max();
    let known = known
        .unwrap_or(span.start_us)
        .clamp(span.start_us, span.end_us);
    let tail = match waited_to_the_end {
        true => 0,
        false => span.end_us - known,
    };
    (head + tail).min(span.length_us())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts of 1 ms every 20 ms, up to `to`; those in `down` end as `answer`.
    fn every_20_ms(to: i64, down: Span, answer: Answer) -> Vec<Sample> {
        (0..to / 20_000)
            .map(|number| {
                let start_us = number * 20_000;
                let is_down = (down.start_us..down.end_us).contains(&start_us);
                Sample {
                    start_us,
                    end_us: start_us + 1_000,
                    answer: if is_down { answer } else { Answer::Yes },
                }
            })
            .collect()
    }

    const fn span(start_us: i64, end_us: i64) -> Span {
        Span { start_us, end_us }
    }

    const ALL: Span = span(0, 10_000_000);

    #[test]
    fn refusals_are_an_outage_from_success_to_success() {
        let samples = every_20_ms(10_000_000, span(2_000_000, 4_000_000), Answer::No);
        let found = outages(&samples, ALL);
        let expected = Outage {
            span: span(1_981_000, 4_001_000),
            // 19 ms before the first was refused began, and 20 ms after the last was refused.
            resolution_us: 19_000 + 20_000,
            evidence: 100,
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn silence_is_known_to_be_down_only_at_its_start() {
        let mut samples = every_20_ms(2_000_000, span(0, 0), Answer::No);
        samples.push(Sample {
            start_us: 2_000_000,
            end_us: 2_600_000,
            answer: Answer::Silence,
        });
        samples.push(Sample {
            start_us: 2_600_000,
            end_us: 2_605_000,
            answer: Answer::Yes,
        });
        let found = outages(&samples, span(0, 2_700_000));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].span, span(1_981_000, 2_605_000));
        assert_eq!(found[0].resolution_us, 19_000 + 605_000);
    }

    #[test]
    fn a_success_that_waited_ends_an_outage_exactly_and_a_short_wait_is_none() {
        let wait = |us: i64| {
            let mut samples = every_20_ms(2_000_000, span(0, 0), Answer::No);
            samples.push(Sample {
                start_us: 2_000_000,
                end_us: 2_000_000 + us,
                answer: Answer::Yes,
            });
            outages(&samples, span(0, 3_000_000))
        };
        let found = wait(700_000);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].resolution_us, 19_000);
        assert_eq!(wait(400_000), [], "a brownout by definition");
    }

    #[test]
    fn idleness_and_a_single_error_are_no_outage() {
        let samples = every_20_ms(10_000_000, span(2_000_000, 2_020_000), Answer::No);
        assert_eq!(outages(&samples, ALL), []);
        let idle: Vec<Sample> = every_20_ms(10_000_000, span(0, 0), Answer::No)
            .into_iter()
            .filter(|sample| !(2_000_000..4_000_000).contains(&sample.start_us))
            .collect();
        assert_eq!(outages(&idle, ALL), []);
        assert_eq!(
            longest_gap_us(&idle, ALL, span(3_000_000, 3_100_000)),
            2_020_000
        );
    }

    #[test]
    fn calm_is_success_after_success() {
        let samples = every_20_ms(10_000_000, span(8_000_000, 8_100_000), Answer::No);
        assert!(is_calm(&samples, 8_500_000));
        assert!(!is_calm(&samples, 8_000_000));
        assert!(!is_calm(&samples, 9_999_000), "nothing was asked since");
        assert!(!is_calm(&[], 0));
    }

    #[test]
    fn what_is_still_down_at_the_end_is_an_outage_up_to_there() {
        let samples = every_20_ms(10_000_000, span(8_000_000, 10_000_000), Answer::No);
        let found = outages(&samples, ALL);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].span, span(7_981_000, 10_000_000));
    }
}
