//! What the availability probes of a path say of the service, beside each group that they ask for.

use recording::vocabulary::OperationType;

use crate::metrics::failovers::of_service::Answers;
use crate::metrics::service::detect;
use crate::metrics::service::summary::{Known, service};
use crate::reduce::availability::Question;
use crate::summary::{Group, GroupSummary};

/// Gives each group of a kind that was probed the service's figures, and returns when its probes were answered.
pub(super) fn add(
    groups: &mut [GroupSummary],
    questions: &[Question],
    known: &Known<'_>,
) -> Answers {
    let mut answers = Answers::default();
    for group in groups {
        let kind = match group.group {
            Group::Read => OperationType::Read,
            Group::Writer => OperationType::Write,
            Group::Write | Group::Transaction | Group::All => continue,
        };
        let of_kind = questions.iter().filter(|question| question.kind == kind);
        let of_kind: Vec<&Question> = of_kind.collect();
        if of_kind.is_empty() {
            continue;
        }
        let found = detect(&of_kind, known.recording, known.pauses, known.thresholds);
        let mut of_group = service(&found, of_kind.len(), known);
        of_group.own_share = group.own_share(&of_group);
        group.service = Some(of_group);
        answers.times_us.insert(group.group, found.answers_us);
    }
    answers
}
