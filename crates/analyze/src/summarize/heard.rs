//! What a path's probes heard at the endpoint that is not meant for reads.

use recording::vocabulary::Path;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::metrics::changes;
use crate::reduce::answers::{self, Answer};
use crate::reduce::availability::Question;
use crate::summary::EventSummary;

/// An event of a change comes so much later than the answer that shows it, at most, microseconds.
const LATE_US: i64 = 2_000_000;

pub(super) struct Heard {
    /// In order of time.
    pub(super) answers: Vec<Answer>,
    /// When the path's writer changed, by these answers; by the events where there are none. UTC microseconds.
    pub(super) changes_us: Vec<i64>,
}

impl Heard {
    /// `questions` are the path's availability probes.
    pub(super) fn read(
        loaded: &Loaded,
        path: Path,
        events: &[EventSummary],
        questions: &[Question],
    ) -> Result<Self, AnalyzeError> {
        let mut answers = answers::read(loaded, path)?;
        let of_availability = answers::of_availability(questions);
        // Answers to the server probes alone are far apart.
        let held_us = match of_availability.is_empty() {
            true => 0,
            false => changes::HELD_US,
        };
        answers.extend(of_availability);
        answers.sort_by_key(|answer| answer.time_us);
        let probe_interval_us = loaded.manifest().probe_interval_us;
        let of_events = || changes::of_events(path.as_str(), events, probe_interval_us);
        let changes_us = match answers.first() {
            None => of_events(),
            Some(first) => {
                let mut of_answers = changes::of_answers(&answers, held_us);
                if begins_later(loaded) {
                    add_before(&mut of_answers, first.time_us, of_events());
                }
                of_answers
            }
        };
        Ok(Self {
            answers,
            changes_us,
        })
    }
}

/// True of a part that begins after its recording.
fn begins_later(loaded: &Loaded) -> bool {
    let part = loaded.cut().time();
    part.is_some_and(|part| part.start > loaded.manifest().start_time)
}

/// The first answer of a part shows no change: which server answered before is not in the part. The recorder heard it, and its events tell.
fn add_before(changes_us: &mut Vec<i64>, first_us: i64, of_events: Vec<i64>) {
    let is_shown = |told: &i64| changes_us.iter().any(|us| (us - told).abs() <= LATE_US);
    let told = of_events.into_iter();
    let told: Vec<i64> = told
        .filter(|told| *told <= first_us + LATE_US && !is_shown(told))
        .collect();
    changes_us.extend(told);
    changes_us.sort_unstable();
}
