//! What a path's probes heard at the endpoint that is not meant for reads.

use recording::vocabulary::Path;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::metrics::changes;
use crate::reduce::answers::{self, Answer};
use crate::reduce::availability::Question;
use crate::summary::EventSummary;

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
        let changes_us = if answers.is_empty() {
            let probe_interval_us = loaded.manifest().probe_interval_us;
            changes::of_events(path.as_str(), events, probe_interval_us)
        } else {
            changes::of_answers(&answers, held_us)
        };
        Ok(Self {
            answers,
            changes_us,
        })
    }
}
