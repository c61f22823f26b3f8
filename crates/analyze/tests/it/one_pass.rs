//! What the one pass over the operations finds, against plain lists of all of them: on random recordings of several parts.

use analyze::summary::{Episode, Group, GroupSummary, NamedRates, PathSummary, Rates, Span};
use proptest::prelude::*;
use recording::Operation;
use recording::vocabulary::{ErrorClass, OperationType, Outcome, Path};

use crate::support::HandMade;

const NAMES: [&str; 4] = ["user_list", "create_order", "update_stock", "place_order"];
const CLASSES: [ErrorClass; 3] = [
    ErrorClass::ConnectionLost,
    ErrorClass::ReadOnly,
    ErrorClass::Conflict,
];

/// Random numbers, the same for each seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Some operations a second on both paths, with an outage or two, slow ones, and what never ended.
fn random(seed: u64) -> HandMade {
    let mut random = Random(seed | 1);
    let seconds = 25 + random.below(60);
    let per_second = 3 + random.below(25);
    let mut made = HandMade::new(seconds as f64);
    for path in [Path::Direct, Path::Proxy] {
        made = made.on(path);
        let outages: Vec<(u64, u64)> = (0..random.below(3))
            .map(|_| (random.below(seconds), 100 + random.below(6_000)))
            .collect();
        let every = 1_000 / per_second;
        for index in 0..seconds * per_second {
            let at = index * every + random.below(every);
            let name = NAMES[random.below(4) as usize];
            let long = [3, 40, 400, 2_500]
                [usize::from(random.one_in(30)) * 2 + usize::from(random.one_in(3))];
            let took = 1 + random.below(long);
            // Nothing ends after the recording: that is what other tests are for.
            let end = (at + took).min(seconds * 1_000);
            let (scheduled, end) = (at as f64 / 1e3, end as f64 / 1e3);
            let is_down = outages
                .iter()
                .any(|(from, length)| (from * 1_000..from * 1_000 + length).contains(&at));
            made = match (is_down, random.below(300)) {
                (true, _) | (_, 0..4) => {
                    made.failed(name, scheduled, end, CLASSES[random.below(3) as usize])
                }
                (_, 4) => made.unfinished(name, scheduled),
                (_, 5) => made.unknown(name, scheduled, end, CLASSES[0]),
                (_, 6..12) => made.rejected(scheduled, end),
                _ => made.ok(name, scheduled, end),
            };
            if random.one_in(400) {
                made = made.sealed();
            }
        }
    }
    made
}

/// An operation in a plain list. Times are UTC microseconds.
#[derive(Debug, Clone)]
struct Row {
    path: Path,
    kind: OperationType,
    name: &'static str,
    outcome: Outcome,
    class: Option<ErrorClass>,
    scheduled_us: i64,
    end_us: Option<i64>,
}

impl Row {
    fn of(row: &Operation) -> Self {
        Self {
            path: row.path,
            kind: row.operation_type,
            name: row.operation_name,
            outcome: row.outcome,
            class: row.failure.as_ref().map(|failure| failure.class),
            scheduled_us: row.scheduled_time,
            end_us: row.end_time,
        }
    }

    /// `None` where it never ended.
    fn response_us(&self) -> Option<i64> {
        self.end_us.map(|end_us| end_us - self.scheduled_us)
    }

    fn ended_in(&self, span: &Span) -> bool {
        let (from, to) = (span.start.micros(), span.end.micros());
        self.end_us
            .is_some_and(|end_us| from < end_us && end_us <= to)
    }
}

/// The value at rank ceil(q n), where there are 1/(1-q) of them.
fn percentile(mut values: Vec<i64>, percent: usize) -> Option<i64> {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100);
    let has_enough = values.len() * (100 - percent) >= 100;
    has_enough.then(|| values[rank - 1])
}

/// Compares the counts and times of some operations; `rows` are all of them, `seconds` the time in which they were.
fn assert_rates(found: &Rates, rows: &[&Row], seconds: f64) {
    let count = |outcome: Outcome| rows.iter().filter(|row| row.outcome == outcome).count() as u64;
    let successes = || rows.iter().filter(|row| row.outcome.is_success());
    let times: Vec<i64> = successes().filter_map(|row| row.response_us()).collect();
    let expected = (
        rows.len() as u64,
        count(Outcome::Ok) + count(Outcome::Rejected),
        count(Outcome::Rejected),
        (
            count(Outcome::Failed),
            count(Outcome::Unknown),
            count(Outcome::Unfinished),
        ),
    );
    let counted = (found.failed, found.unknown, found.unfinished);
    assert_eq!(
        (found.total, found.successes, found.rejected, counted),
        expected
    );
    let response = &found.response;
    assert_eq!(response.min_us, times.iter().copied().min());
    assert_eq!(response.max_us, times.iter().copied().max());
    assert_eq!(response.p50_us, percentile(times.clone(), 50));
    assert_eq!(response.p90_us, percentile(times.clone(), 90));
    assert_eq!(response.p99_us, percentile(times, 99));
    let finished: Vec<i64> = rows.iter().filter_map(|row| row.response_us()).collect();
    assert_eq!(found.response_finished.p95_us, percentile(finished, 95));
    assert_close(
        found.tps,
        (seconds > 0.0).then(|| found.successes as f64 / seconds),
    );
}

fn assert_close(found: Option<f64>, expected: Option<f64>) {
    let is_close = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs(),
        (found, expected) => found == expected,
    };
    assert!(is_close, "{found:?} {expected:?}");
}

/// What was found of a path, against its operations.
struct Plain<'a> {
    rows: Vec<&'a Row>,
    recording: Span,
}

impl<'a> Plain<'a> {
    fn of(&self, is_one: impl Fn(&Row) -> bool) -> Vec<&'a Row> {
        self.rows
            .iter()
            .copied()
            .filter(|row| is_one(row))
            .collect()
    }

    fn assert(&self, found: &PathSummary) {
        let seconds = self.recording.length_us() as f64 / 1e6;
        assert_rates(&found.overall, &self.rows, seconds);
        for NamedRates { name, rates } in &found.types {
            assert_rates(rates, &self.of(|row| row.kind.as_str() == name), seconds);
        }
        for NamedRates { name, rates } in &found.operations {
            assert_rates(rates, &self.of(|row| row.name == name), seconds);
        }
        self.assert_steady(found);
        self.assert_errors(found);
        self.assert_impacts(found);
        for group in &found.groups {
            for (index, episode) in group.episodes.iter().enumerate() {
                self.assert_recovery(group, index, episode);
            }
        }
    }

    /// Outside of every episode of any group.
    fn assert_steady(&self, found: &PathSummary) {
        let episodes = || found.groups.iter().flat_map(|group| &group.episodes);
        let steady = self.of(|row| {
            row.outcome.is_success() && !episodes().any(|episode| row.ended_in(&episode.span))
        });
        let mut away: Vec<Span> = episodes().map(|episode| episode.span).collect();
        away.sort_by_key(|span| span.start);
        let (mut away_us, mut reached) = (0, i64::MIN);
        for span in away {
            let (start, end) = (span.start.micros().max(reached), span.end.micros());
            away_us += (end - start).max(0);
            reached = reached.max(end);
        }
        let seconds = (self.recording.length_us() - away_us) as f64 / 1e6;
        let expected = (seconds > 0.0).then(|| steady.len() as f64 / seconds);
        assert_close(found.overall.steady_tps, expected);
        let times: Vec<i64> = steady.iter().filter_map(|row| row.response_us()).collect();
        let response = &found.overall.response_steady;
        assert_eq!(response.samples, times.len() as u64);
        assert_eq!(response.max_us, times.iter().copied().max());
        assert_eq!(response.p50_us, percentile(times.clone(), 50));
        assert_eq!(response.p99_us, percentile(times, 99));
    }

    fn assert_errors(&self, found: &PathSummary) {
        let count: u64 = found.errors.iter().map(|error| error.count).sum();
        assert_eq!(count, self.of(|row| row.class.is_some()).len() as u64);
        for error in &found.errors {
            let rows = self.of(|row| row.class.is_some_and(|class| class.as_str() == error.class));
            let ends = || rows.iter().filter_map(|row| row.end_us);
            assert_eq!(error.count, rows.len() as u64);
            assert_eq!(Some(error.first.micros()), ends().min());
            assert_eq!(Some(error.last.micros()), ends().max());
        }
    }

    fn assert_impacts(&self, found: &PathSummary) {
        let mut after = i64::MIN;
        for impact in &found.impacts {
            let end = impact.window.end.micros();
            let rows = self.of(|row| {
                let never_ended = row.end_us.is_none();
                row.ended_in(&impact.window)
                    || (never_ended && after < row.scheduled_us && row.scheduled_us <= end)
            });
            let seconds = impact.window.length_us() as f64 / 1e6;
            let counted: u64 = impact.types.iter().map(|of| of.rates.total).sum();
            assert_eq!(counted, rows.len() as u64);
            for NamedRates { name, rates } in &impact.types {
                let of_type = rows.iter().filter(|row| row.kind.as_str() == name);
                assert_rates(rates, &of_type.copied().collect::<Vec<_>>(), seconds);
            }
            after = end;
        }
    }

    /// The baseline of the 30 s before an episode, and the first window after it that is as good.
    fn assert_recovery(&self, group: &GroupSummary, index: usize, episode: &Episode) {
        let of_group = self.of(|row| row.outcome.is_success() && is_in(group.group, row.kind));
        let ended = |is_one: &dyn Fn(i64) -> bool| -> Vec<i64> {
            let rows = of_group.iter().filter(|row| row.end_us.is_some_and(is_one));
            rows.filter_map(|row| row.response_us()).collect()
        };
        let (start, end) = (episode.span.start.micros(), episode.span.end.micros());
        let from = (start - 30_000_000).max(self.recording.start.micros());
        let others = &group.episodes[..index];
        let is_away = |at: i64| {
            let mut others = others.iter();
            others.any(|other| other.span.start.micros() < at && at <= other.span.end.micros())
        };
        let before = ended(&|at| from < at && at <= start && !is_away(at));
        let away: i64 = others
            .iter()
            .map(|other| other.span.overlap_us(&Span::new(from, start)))
            .sum();
        let length = start - from - away;
        if episode.at_least || length < 5_000_000 {
            assert_eq!(episode.baseline_tps, None);
            assert_eq!(episode.time_to_full_throughput_us, None);
            return;
        }
        let tps = before.len() as f64 / (length as f64 / 1e6);
        let p99 = percentile(before, 99);
        assert_close(episode.baseline_tps, Some(tps));
        assert_eq!(episode.baseline_p99_us, p99);
        let window = [5, 10, 30]
            .into_iter()
            .find(|seconds| tps * f64::from(*seconds) >= 50.0);
        let next = group.episodes.get(index + 1);
        let limit = next.map_or(self.recording.end.micros(), |next| next.span.start.micros());
        let first = |is_good: &dyn Fn(f64, Vec<i64>) -> bool| {
            let seconds = window?;
            let length = i64::from(seconds) * 1_000_000;
            let starts = (0..).map(|step| end + step * 1_000_000);
            let mut starts = starts.take_while(|from| from + length <= limit);
            let good = starts.find(|from| {
                let times = ended(&|at| *from <= at && at < from + length);
                is_good(times.len() as f64 / f64::from(seconds), times)
            });
            good.map(|from| from - start)
        };
        let full = first(&|now, _| now >= 0.9 * tps);
        assert_eq!(episode.time_to_full_throughput_us, full);
        let normal = first(&|_, mut times| {
            times.sort_unstable();
            let rank = (times.len() * 99).div_ceil(100);
            p99.is_some_and(|p99| rank > 0 && times[rank - 1] <= 2 * p99)
        });
        assert_eq!(episode.time_to_normal_latency_us, normal);
    }
}

fn is_in(group: Group, kind: OperationType) -> bool {
    match group {
        Group::Read => kind == OperationType::Read,
        Group::Write => kind == OperationType::Write,
        Group::Transaction => kind == OperationType::Transaction,
        Group::Writer => kind != OperationType::Read,
        Group::All => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_figure_is_that_of_plain_lists(seed in any::<u64>()) {
        let made = random(seed);
        let rows: Vec<Row> = made.rows().iter().map(Row::of).collect();
        let summary = made.summary();
        let start_us = summary.recording.start_time.micros();
        let recording = Span::new(start_us, start_us + summary.recording.duration_us);
        for path in &summary.paths {
            let of_path = rows.iter().filter(|row| row.path.as_str() == path.path);
            let rows = of_path.collect();
            Plain { rows, recording }.assert(path);
        }
    }
}
