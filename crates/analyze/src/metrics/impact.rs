//! What each failover did to each operation type (`semantics.md`, Recovery: impact window).

use crate::error::AnalyzeError;
use crate::metrics::rates::{self, Durations};
use crate::reduce::operations::PathOperations;
use crate::summary::{Episode, Impact, Span};

/// One entry per episode, from its trigger to full throughput.
pub(crate) fn impacts(
    operations: &PathOperations<'_>,
    episodes: &[Episode],
) -> Result<Vec<Impact>, AnalyzeError> {
    let mut impacts = Vec::with_capacity(episodes.len());
    for episode in episodes {
        let (start, end) = (episode.span.start.micros(), episode.span.end.micros());
        let decomposition = episode.decomposition.as_ref();
        let trigger = decomposition.and_then(|decomposition| decomposition.trigger);
        let full = episode
            .time_to_full_throughput_us
            .map(|after| start + after);
        let from = trigger.map_or(start, |trigger| trigger.time.micros());
        let window = Span::new(from, full.unwrap_or(end));
        let cells = operations.histogram_inside(&window)?;
        let length = window.length_us();
        let durations = Durations {
            whole_us: length,
            steady_us: length,
        };
        impacts.push(Impact {
            window,
            from_trigger: trigger.is_some(),
            to_full_throughput: full.is_some(),
            types: rates::by_type(&cells, &cells, durations),
        });
    }
    Ok(impacts)
}
