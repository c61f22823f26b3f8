//! The outages of a group by the words of `docs/definitions.md`, each gap against each operation. Times are microseconds since the
//! recording's start.

use analyze::summary::{Group, Thresholds};
use recording::vocabulary::{ErrorClass, OperationType, Outcome, Path};

use super::{Case, Drawn, LENGTH_US, MEDIAN_US};

const FLOOR_US: i64 = 500_000;
const LATE_US: i64 = FLOOR_US + MEDIAN_US;

/// What is found for a group: outages with resolution and evidence, brownouts, blips, unobserved time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) outages: Vec<((i64, i64), i64, u64)>,
    pub(super) brownouts: Vec<(i64, i64)>,
    pub(super) blips: usize,
    pub(super) unobserved: Vec<(i64, i64)>,
}

pub(super) struct ByDefinition<'a> {
    pub(super) case: &'a Case,
}

#[derive(Clone, Copy)]
struct Gap {
    from: i64,
    to: i64,
    first: bool,
    last: bool,
}

/// What an operation is in a gap.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Failure,
    Stall,
    Refusal { alone: bool },
}

impl ByDefinition<'_> {
    pub(super) fn median_gap_us(&self, group: Group) -> i64 {
        let gaps = self.gaps(group);
        let lengths = gaps.iter().map(|gap| self.running(gap.from, gap.to));
        let mut lengths: Vec<i64> = lengths.collect();
        lengths.sort_unstable();
        lengths[lengths.len().div_ceil(2) - 1]
    }

    pub(super) fn found(&self, group: Group, of_all: &[(i64, i64)]) -> Found {
        assert_eq!(Thresholds::default().min_stall_us, FLOOR_US);
        let gaps = self.gaps(group);
        let median = self.median_gap_us(group);
        let mut found = Found {
            outages: Vec::new(),
            brownouts: Vec::new(),
            blips: 0,
            unobserved: Vec::new(),
        };
        let mut counted = Vec::new();
        let mut reached = 0;
        for gap in &gaps {
            let from = gap.from.max(reached);
            let gap = &Gap {
                from,
                first: gap.first && from == gap.from,
                ..*gap
            };
            let length = self.running(gap.from, gap.to);
            if length < 100_000 {
                continue;
            }
            let evidence = self.evidence(group, gap);
            let one_is_enough = length > 10 * median
                || of_all
                    .iter()
                    .any(|(from, to)| *from < gap.to && gap.from < *to)
                || ((gap.first || gap.last) && length > 1_000_000)
                || (gap.first && gap.last)
                || (self.case.workers == 1
                    && evidence
                        .iter()
                        .any(|(drawn, _)| self.is_stalled(drawn, group, gap)));
            let is_outage = evidence.len() > 1 || (evidence.len() == 1 && one_is_enough);
            if is_outage && group == Group::Read && self.no_worker_was_free(gap, &evidence) {
                found.unobserved.push((gap.from, gap.to));
            } else if is_outage {
                reached = gap.to;
                let resolution = self.resolution(gap, &evidence);
                found
                    .outages
                    .push(((gap.from, gap.to), resolution, evidence.len() as u64));
                let failures = evidence.iter().filter(|(_, role)| *role == Role::Failure);
                counted.extend(failures.map(|(drawn, _)| std::ptr::from_ref(*drawn)));
            } else {
                found.brownouts.extend(self.brownout(group, gap));
            }
        }
        let mut reached = 0;
        for brownout in &mut found.brownouts {
            let inside = |outage: &&((i64, i64), i64, u64)| {
                outage.0.0 < brownout.1 && brownout.1 <= outage.0.1
            };
            let outage = found.outages.iter().find(inside);
            *brownout = (
                brownout.0.max(reached),
                outage.map_or(brownout.1, |outage| outage.0.0),
            );
            reached = reached.max(brownout.1);
        }
        found.brownouts.retain(|(from, to)| from < to);
        let is_blip = |drawn: &&Drawn| {
            self.is_availability_failure(drawn, group)
                && !counted.contains(&std::ptr::from_ref(*drawn))
        };
        found.blips = self.of(group).filter(is_blip).count();
        for (from, to) in of_all {
            let (first, last) = (*from == 0, *to == LENGTH_US);
            let gap = Gap {
                from: *from,
                to: *to,
                first,
                last,
            };
            let known = found
                .outages
                .iter()
                .map(|outage| outage.0)
                .chain(found.unobserved.clone());
            let down_all_through = known
                .into_iter()
                .any(|(start, end)| start <= *from && *to <= end);
            if self.evidence(group, &gap).is_empty() && !down_all_through {
                found.unobserved.push((*from, *to));
            }
        }
        found.unobserved.sort_unstable();
        found
    }

    fn of(&self, group: Group) -> impl Iterator<Item = &Drawn> {
        let operations = self.case.operations.iter();
        operations.filter(move |drawn| group.contains(drawn.kind))
    }

    fn paused(&self, from: i64, to: i64) -> i64 {
        let pauses = self.case.pauses.iter();
        pauses
            .map(|pause| (pause.1.min(to) - pause.0.max(from)).max(0))
            .sum()
    }

    fn running(&self, from: i64, to: i64) -> i64 {
        to - from - self.paused(from, to)
    }

    /// The start of the first and the end of the last pause in an interval.
    fn pauses_in(&self, from: i64, to: i64) -> Option<(i64, i64)> {
        let in_it = |pause: &&(i64, i64)| pause.0 < to && from < pause.1;
        let mut met = self.case.pauses.iter().filter(in_it);
        let first = met.next()?;
        Some((first.0, met.next_back().unwrap_or(first).1))
    }

    fn end(drawn: &Drawn) -> i64 {
        drawn.end().map_or(LENGTH_US, |end| end.min(LENGTH_US))
    }

    fn scheduled(drawn: &Drawn) -> i64 {
        drawn.scheduled.min(LENGTH_US)
    }

    /// What ended after the recording was unfinished in it.
    fn outcome(drawn: &Drawn) -> Outcome {
        let ended = drawn.end().is_some_and(|end| end <= LENGTH_US);
        if ended {
            drawn.outcome
        } else {
            Outcome::Unfinished
        }
    }

    fn has_failed(drawn: &Drawn) -> bool {
        matches!(Self::outcome(drawn), Outcome::Failed | Outcome::Unknown)
    }

    fn response(&self, drawn: &Drawn) -> i64 {
        self.running(drawn.scheduled, Self::end(drawn).max(drawn.scheduled))
    }

    fn is_late_by_execute(&self, drawn: &Drawn) -> bool {
        let from = drawn.statement().filter(|at| *at <= Self::end(drawn));
        from.is_some_and(|from| self.running(from, Self::end(drawn)) > LATE_US)
    }

    /// The start of the last pause in its execute, where its answer was read within 100 ms of the pause's end.
    pub(super) fn served_since(&self, drawn: &Drawn) -> Option<i64> {
        let (from, to) = (drawn.first_statement(), Self::end(drawn));
        let in_it = |pause: &&(i64, i64)| pause.0 < to && from < pause.1;
        let last = self.case.pauses.iter().rfind(in_it)?;
        (self.running(last.1.min(to), to) <= 100_000).then_some(last.0)
    }

    fn gaps(&self, group: Group) -> Vec<Gap> {
        let succeeded = |drawn: &&Drawn| Self::outcome(drawn).is_success();
        let mut successes: Vec<(i64, i64)> = self
            .of(group)
            .filter(succeeded)
            .map(|drawn| {
                let end = Self::end(drawn);
                (end, self.served_since(drawn).unwrap_or(end))
            })
            .collect();
        successes.sort_unstable_by_key(|(end, served)| (*end, std::cmp::Reverse(*served)));
        let count = successes.len();
        let gap = |index: usize| {
            let before = &successes[..index];
            Gap {
                from: before.iter().map(|success| success.1).max().unwrap_or(0),
                to: successes.get(index).map_or(LENGTH_US, |success| success.0),
                first: index == 0,
                last: index == count,
            }
        };
        (0..=count).map(gap).collect()
    }

    fn is_exempt(drawn: &Drawn, group: Group) -> bool {
        Self::has_failed(drawn)
            && match drawn.class {
                ErrorClass::Conflict | ErrorClass::Constraint | ErrorClass::Client => true,
                ErrorClass::Other => matches!(
                    drawn.sqlstate.map(|code| &code[..2]),
                    Some("0A" | "21" | "22" | "42" | "44" | "P0")
                ),
                ErrorClass::ReadOnly => group == Group::All,
                _ => false,
            }
    }

    fn is_availability_failure(&self, drawn: &Drawn, group: Group) -> bool {
        let own_limit = matches!(
            drawn.class,
            ErrorClass::OperationTimeout | ErrorClass::ConnectTimeout | ErrorClass::PoolTimeout
        );
        let paused = self.pauses_in(drawn.scheduled, Self::end(drawn)).is_some();
        Self::has_failed(drawn)
            && !Self::is_exempt(drawn, group)
            && drawn.class != ErrorClass::StatementTimeout
            && !(own_limit && paused)
    }

    fn ended_in(drawn: &Drawn, gap: &Gap) -> bool {
        let end = Self::end(drawn);
        Self::has_failed(drawn)
            && (gap.from < end || (gap.first && gap.from == end))
            && end <= gap.to
    }

    fn was_late(&self, drawn: &Drawn, gap: &Gap) -> bool {
        drawn.scheduled < gap.from && self.running(drawn.scheduled, gap.from) > LATE_US
    }

    fn overlap(&self, drawn: &Drawn, gap: &Gap) -> i64 {
        let from = Self::scheduled(drawn).max(gap.from);
        self.running(from, Self::end(drawn).min(gap.to).max(from))
    }

    fn is_stalled(&self, drawn: &Drawn, group: Group, gap: &Gap) -> bool {
        !Self::is_exempt(drawn, group)
            && !self.was_late(drawn, gap)
            && self.response(drawn) > LATE_US
            && self.overlap(drawn, gap) > FLOOR_US
    }

    fn is_refusal(drawn: &Drawn, group: Group) -> bool {
        let (class, code) = (drawn.class, drawn.sqlstate.unwrap_or_default());
        match class {
            ErrorClass::ReadOnly => group == Group::All,
            ErrorClass::StatementTimeout => true,
            ErrorClass::Conflict => code == "55P03",
            ErrorClass::Other => ["0A", "42", "P0"]
                .iter()
                .any(|class| code.starts_with(class)),
            _ => false,
        }
    }

    fn evidence(&self, group: Group, gap: &Gap) -> Vec<(&Drawn, Role)> {
        let telling: Vec<&Drawn> = self
            .of(group)
            .filter(|drawn| !self.was_late(drawn, gap))
            .collect();
        let refused =
            |drawn: &&&Drawn| Self::ended_in(drawn, gap) && Self::is_refusal(drawn, group);
        let counted = telling.iter().filter(|drawn| {
            Self::ended_in(drawn, gap)
                && (Self::is_refusal(drawn, group) || self.is_availability_failure(drawn, group))
        });
        let counted: Vec<_> = counted.collect();
        let succeeds = |kind: OperationType| {
            self.of(group)
                .any(|drawn| drawn.kind == kind && Self::outcome(drawn).is_success())
        };
        let of_every_type = OperationType::ALL
            .iter()
            .filter(|kind| group.contains(**kind) && succeeds(**kind))
            .all(|kind| counted.iter().any(|drawn| drawn.kind == *kind));
        let only_refusals =
            self.running(gap.from, gap.to) >= 1_000_000 && counted.len() >= 5 && of_every_type;
        let mut evidence: Vec<(&Drawn, Role)> = Vec::new();
        for drawn in &telling {
            if only_refusals && refused(&drawn) {
                continue;
            }
            if Self::ended_in(drawn, gap) && self.is_availability_failure(drawn, group) {
                evidence.push((drawn, Role::Failure));
            } else if self.is_stalled(drawn, group, gap) {
                evidence.push((drawn, Role::Stall));
            }
        }
        if only_refusals {
            let alone = evidence.is_empty();
            let refusals = telling.iter().filter(refused);
            evidence.extend(refusals.map(|drawn| (*drawn, Role::Refusal { alone })));
        }
        evidence
    }

    fn resolution(&self, gap: &Gap, evidence: &[(&Drawn, Role)]) -> i64 {
        let telling = || {
            evidence
                .iter()
                .filter(|piece| piece.1 != Role::Refusal { alone: false })
        };
        let asked = |(drawn, _): &(&Drawn, Role)| {
            let pause = self.pauses_in(drawn.scheduled, Self::end(drawn));
            pause.map_or(Self::scheduled(drawn), |pause| pause.1)
        };
        let head = telling().map(asked).min().unwrap_or(gap.to) - gap.from;
        let moments = telling().filter_map(|(drawn, role)| {
            let moment = self.moment(drawn, *role, gap)?;
            let pause = self.pauses_in(drawn.scheduled, Self::end(drawn));
            Some(pause.map_or(moment, |pause| moment.min(pause.0)))
        });
        let length = gap.to - gap.from;
        let tail = moments
            .max()
            .map(|moment| gap.to - moment.clamp(gap.from, gap.to));
        tail.map_or(length, |tail| (head.max(0) + tail).min(length))
    }

    fn moment(&self, drawn: &Drawn, role: Role, gap: &Gap) -> Option<i64> {
        let direct = self.case.path == Path::Direct;
        let used_since = self.case.used_since(drawn);
        let end = Self::end(drawn);
        let first_statement = drawn.statement().filter(|at| *at <= end);
        let waited = drawn.class == ErrorClass::StatementTimeout || drawn.sqlstate == Some("55P03");
        match role {
            Role::Refusal { .. } if waited => first_statement,
            Role::Failure | Role::Refusal { .. } => match drawn.class {
                ErrorClass::PoolTimeout => None,
                ErrorClass::ConnectionLost if used_since.is_some() => None,
                ErrorClass::OperationTimeout if used_since.is_some() => None,
                ErrorClass::StartingOrStopping if direct && used_since.is_some() => None,
                ErrorClass::ReadOnly if direct && used_since.is_some() => used_since,
                ErrorClass::ConnectTimeout | ErrorClass::OperationTimeout => Some(drawn.start()),
                ErrorClass::ConnectionLost | ErrorClass::Unreachable
                    if first_statement.is_none() =>
                {
                    Some(drawn.start())
                }
                _ => Some(end),
            },
            Role::Stall => match Self::outcome(drawn) {
                Outcome::Ok | Outcome::Rejected if !self.is_late_by_execute(drawn) => None,
                Outcome::Ok | Outcome::Rejected if end == gap.to && !gap.last => Some(gap.to),
                Outcome::Unfinished if gap.last => first_statement.map(|_| LENGTH_US),
                Outcome::Failed | Outcome::Unknown
                    if drawn.class == ErrorClass::StatementTimeout && used_since.is_some() =>
                {
                    None
                }
                _ => first_statement.filter(|at| *at <= gap.to),
            },
        }
    }

    fn brownout(&self, group: Group, gap: &Gap) -> Option<(i64, i64)> {
        let waited = |drawn: &&Drawn| {
            !Self::is_exempt(drawn, group)
                && !self.was_late(drawn, gap)
                && self.response(drawn) > 100_000
                && self.overlap(drawn, gap) > 0
        };
        let in_gap = |drawn: &Drawn| {
            (
                Self::scheduled(drawn).max(gap.from),
                Self::end(drawn).min(gap.to),
            )
        };
        let spans: Vec<_> = self.of(group).filter(waited).map(in_gap).collect();
        let from = spans.iter().map(|span| span.0).min()?;
        Some((from, spans.iter().map(|span| span.1).max()?))
    }

    fn no_worker_was_free(&self, gap: &Gap, evidence: &[(&Drawn, Role)]) -> bool {
        let only_waited = evidence.iter().all(|(drawn, role)| match role {
            Role::Failure => drawn.class == ErrorClass::PoolTimeout,
            Role::Stall => true,
            Role::Refusal { .. } => false,
        });
        let probes = || {
            self.case
                .probes
                .iter()
                .filter(|(at, _)| gap.from < *at && *at <= gap.to)
        };
        let counted = || probes().filter(|(at, _)| *at <= gap.to - 500_000);
        let all_hung = |at: i64| {
            let hung = self.of(Group::Writer).filter(|drawn| {
                let in_execute = drawn.first_statement() <= at && at <= Self::end(drawn);
                in_execute && self.is_late_by_execute(drawn)
            });
            hung.count() >= self.case.workers as usize
        };
        only_waited
            && counted().next().is_some()
            && probes().all(|(_, answered)| *answered)
            && counted().all(|(at, _)| all_hung(*at))
    }
}
