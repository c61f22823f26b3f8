//! From the last answer of one writer to the first answer of another.

use recording::Timestamp;

use crate::metrics::effects::seen::Seen;
use crate::reduce::answers::Answer;
use crate::summary::{Failovers, PathSummary, Span, WithoutWriter};

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
            on_either_path: None,
        })
    };
    seen.changes_us.iter().filter_map(change).collect()
}

/// Puts together what the two paths saw of one change: a path whose name is stale sees the new writer late.
pub(crate) fn put_together(paths: &mut [PathSummary], failovers: &Failovers) {
    let [one, other] = paths else { return };
    let number = |path: &str, change: &WithoutWriter| failovers.number_of(path, change.failover?);
    for of_one in &mut one.effects.without_writer {
        let failover = number(&one.path, of_one);
        // A server may be started twice in one failover: of the changes to it, the one at that time.
        let together = |of_other: &WithoutWriter| Span {
            start: of_one.span.start.max(of_other.span.start),
            end: of_one.span.end.min(of_other.span.end),
        };
        let mut of_others = other.effects.without_writer.iter_mut();
        let is_the_same = |of_other: &&mut WithoutWriter| {
            let span = together(of_other);
            failover.is_some()
                && number(&other.path, of_other) == failover
                && of_other.new == of_one.new
                && of_other.on_either_path.is_none()
                && span.start < span.end
        };
        if let Some(of_other) = of_others.find(is_the_same) {
            let known = Some(together(of_other));
            (of_one.on_either_path, of_other.on_either_path) = (known, known);
        }
    }
}
