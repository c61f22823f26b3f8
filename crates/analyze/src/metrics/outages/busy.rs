//! A gap of reads in which every worker hung in a write or a transaction: no worker was free to ask.

use recording::vocabulary::OperationType;

use crate::metrics::outages::gap::{Gap, Kind};
use crate::reduce::suspect::Suspect;
use crate::reduce::timeline::Timeline;
use crate::summary::{Group, Thresholds};

/// So late in a gap the operations that held the workers may have ended already, microseconds.
const LAST_US: i64 = 500_000;

/// True where reads only waited for a worker or the pool, while the path's server answered every probe.
pub(super) fn no_worker_was_free(
    gap: &Gap<'_>,
    timeline: &Timeline,
    thresholds: &Thresholds,
    group: Group,
) -> bool {
    let only_waited = gap.evidence.iter().all(|piece| match piece.kind {
        Kind::Stall => true,
        Kind::Failure => piece.suspect.is_pool_timeout(),
        Kind::Refusal { .. } => false,
    });
    if group != Group::Read || !only_waited {
        return false;
    }
    let (start, end) = (gap.span.start.micros(), gap.span.end.micros());
    let probes = || {
        let probes = timeline.server_probes.iter();
        probes.filter(|probe| start < probe.time_us && probe.time_us <= end)
    };
    let answered = || probes().filter(|probe| probe.time_us <= end - LAST_US);
    let hung: Vec<&Suspect> = timeline
        .suspects
        .iter()
        .filter(|suspect| suspect.operation_type != OperationType::Read)
        .filter(|suspect| {
            let threshold_us = timeline.stall_threshold_us(&suspect.operation_name, thresholds);
            suspect.execute_us.is_some_and(|us| us > threshold_us)
        })
        .collect();
    let all_workers_hung = |at_us: i64| {
        let in_execute = |suspect: &&&Suspect| {
            suspect.first_statement_us.is_some_and(|from| from <= at_us) && at_us <= suspect.end_us
        };
        hung.iter().filter(in_execute).count() >= timeline.slots as usize
    };
    answered().next().is_some()
        && probes().all(|probe| probe.is_answered)
        && answered().all(|probe| all_workers_hung(probe.time_us))
}
