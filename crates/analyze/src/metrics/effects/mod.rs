//! Where an outage hurts (`docs/definitions.md`, Where it hurts).

mod hung_writes;
mod seen;
mod stuck_connections;
mod waits;
mod without_writer;
mod writes_refused;

pub(crate) use seen::Seen;
pub(crate) use without_writer::put_together;

use crate::error::AnalyzeError;
use crate::metrics::effects::seen::spans;
use crate::reduce::operations::around::Around;
use crate::reduce::suspect::Suspect;
use crate::reduce::timeline::Timeline;
use crate::summary::Effects;

pub(crate) fn effects(seen: &Seen<'_>) -> Result<Effects, AnalyzeError> {
    let refusals = refusals(seen.timeline);
    let runs = writes_refused::runs(seen, &refusals);
    let stuck = stuck_connections::after_new_writers(seen, &refusals);
    let [before, after] = waits::around(seen);
    let found = seen.operations.around(&Around {
        waits: [&before, seen.episodes, &after],
        served: &spans(&runs),
        used: &spans(&stuck),
    })?;
    Ok(Effects {
        waits: waits::waits([&before, seen.episodes, &after], &found.waits),
        writes_refused: writes_refused::writes_refused(seen, &runs, &found.served),
        stuck_connections: stuck_connections::stuck_connections(seen, &stuck, &found.used),
        hung_writes: hung_writes::hung_writes(seen),
        without_writer: without_writer::without_writer(seen),
    })
}

/// The writes and transactions that reached a reader, in order of their ends.
fn refusals(timeline: &Timeline) -> Vec<&Suspect> {
    let suspects = timeline.suspects.iter();
    let mut refusals: Vec<_> = suspects.filter(|found| found.is_refused_write()).collect();
    refusals.sort_by_key(|refusal| refusal.end_us);
    refusals
}
