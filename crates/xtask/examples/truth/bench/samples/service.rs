//! The outages of the service that clients which connect anew lived through: version 2 of `docs/definitions.md` (Service downtime), written
//! once more, without any code of `analyze`.

use super::sample::{Answer, Sample, Span};
use super::{MIN_AT_AN_END_US, MIN_OUTAGE_US, Outage, edges, inside, median};

/// What took longer was not served at once, microseconds.
const SLOW_US: i64 = 100_000;

/// `samples` are those of clients of one path and group, each on a connection of its own, in the order in which they came.
pub(crate) fn service_outages(samples: &[Sample], within: Span) -> Vec<Outage> {
    let samples = inside(samples, within);
    let edges = edges(&samples, within);
    let mut lengths: Vec<i64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let gaps = lengths.len();
    let median_gap_us = median(&mut lengths);
    let answered = samples.iter().filter(|sample| sample.answer == Answer::Yes);
    let usual_us = median(&mut answered.map(Sample::length_us).collect::<Vec<_>>());
    let slow_us = SLOW_US.max(3 * usual_us);

    let mut found = Vec::new();
    for (number, pair) in edges.windows(2).enumerate() {
        let span = Span {
            start_us: pair[0],
            end_us: pair[1],
        };
        if span.length_us() < MIN_OUTAGE_US {
            continue;
        }
        let evidence: Vec<&Sample> = samples
            .iter()
            .filter(|sample| is_evidence(sample, span, slow_us))
            .collect();
        let is_at_an_end = number == 0 || number + 1 == gaps;
        let one_is_enough = span.length_us() > 10 * median_gap_us
            || (is_at_an_end && span.length_us() > MIN_AT_AN_END_US)
            || gaps == 1;
        if evidence.len() >= 2 || (evidence.len() == 1 && one_is_enough) {
            found.push(Outage {
                span,
                resolution_us: resolution_us(&samples, &evidence, span),
                evidence: evidence.len(),
            });
        }
    }
    found
}

/// It failed in the gap, or took long there. What took long already when the gap began tells nothing in it.
fn is_evidence(sample: &Sample, gap: Span, slow_us: i64) -> bool {
    let is_failure = !matches!(sample.answer, Answer::Yes | Answer::Unfinished);
    let has_failed_in_it =
        is_failure && gap.start_us < sample.end_us && sample.end_us <= gap.end_us;
    let span = Span {
        start_us: sample.start_us,
        end_us: sample.end_us,
    };
    let is_slow_in_it = span.length_us() > slow_us && gap.overlap_us(&span) > SLOW_US;
    gap.start_us - sample.start_us <= slow_us && (has_failed_in_it || is_slow_in_it)
}

/// Head: until the first of them asked. Tail: since the last one asked that was not served at once, or was overtaken.
fn resolution_us(samples: &[Sample], evidence: &[&Sample], gap: Span) -> i64 {
    let is_overtaken = |sample: &&Sample| {
        let mut later = samples
            .iter()
            .filter(|later| later.answer == Answer::Yes && later.start_us > sample.start_us);
        later.any(|later| later.end_us < sample.end_us)
    };
    let asked = evidence.iter().map(|sample| sample.start_us).min();
    let head = (asked.unwrap_or(gap.start_us) - gap.start_us).max(0);
    let is_inside =
        |sample: &&Sample| gap.start_us < sample.start_us && sample.start_us <= gap.end_us;
    let overtaken = samples.iter().filter(is_inside).filter(is_overtaken);
    let down = evidence.iter().copied().filter(is_inside);
    let last = down.chain(overtaken).map(|sample| sample.start_us).max();
    let tail = gap.end_us - last.unwrap_or(gap.start_us);
    (head + tail).min(gap.length_us())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Span = Span {
        start_us: 0,
        end_us: 5_000_000,
    };

    fn sample(start_ms: i64, length_ms: i64, answer: Answer) -> Sample {
        Sample {
            start_us: start_ms * 1_000,
            asked_us: None,
            end_us: (start_ms + length_ms) * 1_000,
            first_us: None,
            answer,
        }
    }

    /// One every 100 ms, served after 10 ms but where `answer` says otherwise.
    fn seen(answer: impl Fn(i64) -> Option<(i64, Answer)>) -> Vec<Outage> {
        let samples: Vec<Sample> = (0..50)
            .map(|number| {
                let (length_ms, answered) = answer(number * 100).unwrap_or((10, Answer::Yes));
                sample(number * 100, length_ms, answered)
            })
            .collect();
        service_outages(&samples, WITHIN)
    }

    #[test]
    fn refused_from_1_to_2_s() {
        let refused = |at: i64| (1_000..2_000).contains(&at).then_some((1, Answer::Other));
        let outages = seen(refused);
        assert_eq!(outages.len(), 1);
        let outage = outages[0];
        // From 0.91 to 2.01 s; asked from 1.0 s on, for the last time at 1.9 s.
        assert_eq!(
            (outage.span.start_us, outage.span.end_us, outage.evidence),
            (910_000, 2_010_000, 10)
        );
        assert_eq!(outage.resolution_us, 200_000);
    }

    #[test]
    fn a_hang_ends_with_the_first_answer() {
        // Frozen from 0.95 to 1.33 s: what waits is answered then, and the client of 1.1 s is forgotten.
        let frozen = |at: i64| match at {
            1_000 | 1_200 | 1_300 => Some((1_330 - at, Answer::Yes)),
            1_100 => Some((500, Answer::Silence)),
            _ => None,
        };
        let outages = seen(frozen);
        assert_eq!(outages.len(), 1);
        assert_eq!(outages[0].span.length_us(), 1_330_000 - 910_000);
        // Since 1.2 s: that client waited for 130 ms; the one of 1.3 s for 30.
        assert_eq!(outages[0].resolution_us, 90_000 + 130_000);
    }

    #[test]
    fn one_that_is_overtaken_was_not_served() {
        let lost = |at: i64| match at {
            1_000 | 1_100 | 1_200 => Some((500, Answer::Silence)),
            1_300 => Some((90, Answer::Yes)),
            1_400 => Some((5, Answer::Yes)),
            _ => None,
        };
        let outages = seen(lost);
        assert_eq!(outages.len(), 1);
        assert_eq!(outages[0].span.end_us, 1_390_000);
        assert_eq!(outages[0].resolution_us, 90_000 + 190_000);
    }

    #[test]
    fn a_slow_network_and_a_single_failure_are_no_outage() {
        assert_eq!(seen(|_| Some((150, Answer::Yes))), []);
        let one = |at: i64| (at == 1_000).then_some((1, Answer::Other));
        assert_eq!(seen(one), []);
    }
}
