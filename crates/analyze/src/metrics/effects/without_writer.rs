//! From the last answer of one writer to the first answer of another.

use recording::Timestamp;

use crate::metrics::effects::Seen;
use crate::reduce::answers::Answer;
use crate::summary::{Span, WithoutWriter};

pub(super) fn without_writer(seen: &Seen<'_>) -> Vec<WithoutWriter> {
    let of_writers = seen.answers.iter().filter(|answer| !answer.in_recovery);
    let writers: Vec<&Answer> = of_writers.collect();
    let change = |time_us: &i64| {
        let at = writers.partition_point(|answer| answer.time_us < *time_us);
        let new = writers.get(at).filter(|new| new.time_us == *time_us)?;
        let old = writers.get(at.checked_sub(1)?)?;
        let mut failovers = seen.failovers.iter();
        let failover = failovers.position(|of| of.changes.contains(&Timestamp(*time_us)));
        // A change of the role alone: the same writer is back.
        new.server.differs_from(&old.server).then(|| WithoutWriter {
            span: Span::new(old.time_us, new.time_us),
            failover: failover.map(|index| index + 1),
            old: old.server.name(),
            new: new.server.name(),
        })
    };
    seen.changes_us.iter().filter_map(change).collect()
}
