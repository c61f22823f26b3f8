//! What is found of each write, and what the recording tells of it.

use std::collections::{BTreeMap, BTreeSet};

use recording::vocabulary::{FindingKind, Outcome, Path};
use recording::{Finding, OpenError, OperationRow, PathAudit, Recording};

use crate::audit::ask::Found;
use crate::audit::identities::{Identities, Part, Write};
use crate::audit::writes::Fate;

/// The findings of a write of that fate, from how many of its rows are there: mostly none, two where one that is there more
/// than once is something else besides.
fn judge(write: Write, fate: Fate, orders: i32, logs: i32) -> [Option<FindingKind>; 2] {
    let parts: &[i32] = match write {
        Write::First => &[orders],
        Write::Second => &[logs],
        Write::Both => &[orders, logs],
    };
    let is_there = parts.iter().all(|rows| *rows > 0);
    let is_absent = parts.iter().all(|rows| *rows == 0);
    let kind = match fate {
        _ if !is_there && !is_absent => Some(FindingKind::Torn),
        Fate::Acknowledged => is_absent.then_some(FindingKind::Lost),
        Fate::NotCommitted => is_there.then_some(FindingKind::Phantom),
        Fate::Unknown if is_there => Some(FindingKind::Committed),
        Fate::Unknown => Some(FindingKind::NotCommitted),
    };
    let is_doubled = parts.iter().any(|rows| *rows > 1);
    [kind, is_doubled.then_some(FindingKind::Duplicated)]
}

/// What was found on one path.
pub(crate) struct PathFindings {
    /// The counts, as yet without sums.
    pub(crate) audit: PathAudit,
    pub(crate) rows: Vec<Finding>,
    /// Pieces that purchases took which the recording does not know as acknowledged.
    pub(crate) taken: i64,
    /// Pieces of acknowledged purchases that are not there: not taken where those were lost, taken where their rows were deleted.
    pub(crate) perhaps_taken: i64,
    /// In the order of the operations.
    found: Vec<Found>,
}

impl PathFindings {
    /// Of what the database said of a path.
    pub(crate) fn new(audit: PathAudit, mut found: Vec<Found>) -> Self {
        found.sort_unstable_by_key(|found| found.operation_id);
        Self {
            audit,
            rows: Vec::new(),
            taken: 0,
            perhaps_taken: 0,
            found,
        }
    }

    /// True where of the acknowledged writes, all of which are to have that part, none has it, nor has any other write of the path.
    pub(crate) fn has_none(&self, part: Part, acknowledged: u64) -> bool {
        let rows = |found: &Found| match part {
            Part::Order => found.orders,
            Part::Log => found.logs,
        };
        let missing = self
            .found
            .iter()
            .filter(|found| found.code.is_acknowledged_with(part) && rows(found) == 0);
        acknowledged > 0
            && missing.count() as u64 == acknowledged
            && self.found.iter().all(|found| rows(found) == 0)
    }

    fn add_operation(&mut self, row: &OperationRow<'_>, identities: &Identities) {
        let (Some(write), Some(outcome)) = (
            identities.write(row.operation_name),
            Outcome::parse(row.outcome),
        ) else {
            return;
        };
        let place = self
            .found
            .binary_search_by_key(&row.operation_id, |found| found.operation_id);
        let Ok(place) = place else { return };
        let found = self.found[place];
        if write == Write::Both {
            let pieces = i64::from(row.quantity.unwrap_or(0));
            // Order, log and change of stock are one transaction: where one of them is there, the pieces were taken.
            match (outcome, found.orders + found.logs) {
                (Outcome::Ok, 0) => self.perhaps_taken += pieces,
                (Outcome::Ok, _) | (_, 0) => {}
                _ => self.taken += pieces,
            }
        }
        let fate = Fate::new(outcome, row.start_time);
        for kind in judge(write, fate, found.orders, found.logs) {
            let Some(kind) = kind else { continue };
            self.audit.count(kind, Some(outcome));
            self.rows.push(Finding {
                path: self.audit.path,
                operation_id: row.operation_id,
                operation_name: Some(row.operation_name.to_owned()),
                kind,
                outcome: Some(outcome),
                start_time: row.start_time,
                end_time: row.end_time,
                orders_found: found.orders,
                logs_found: found.logs,
                connection_id: row.connection_id,
                server_address: None,
                server_port: None,
                server_timeline: None,
            });
        }
    }

    /// Writes of which the recording has no row.
    fn add_unrecorded(&mut self) {
        for found in self.found.iter().filter(|found| !found.code.is_recorded()) {
            let is_doubled = found.orders > 1 || found.logs > 1;
            let doubled = is_doubled.then_some(FindingKind::Duplicated);
            for kind in [FindingKind::Unrecorded].into_iter().chain(doubled) {
                self.audit.count(kind, None);
                self.rows.push(Finding {
                    path: self.audit.path,
                    operation_id: found.operation_id,
                    operation_name: None,
                    kind,
                    outcome: None,
                    start_time: None,
                    end_time: None,
                    orders_found: found.orders,
                    logs_found: found.logs,
                    connection_id: None,
                    server_address: None,
                    server_port: None,
                    server_timeline: None,
                });
            }
        }
    }
}

/// Takes from the recording what it tells of the writes that were found.
///
/// # Errors
/// As [`Recording::each_operation`].
pub(crate) fn complete(
    recording: &Recording,
    identities: &Identities,
    paths: &mut [PathFindings],
) -> Result<(), OpenError> {
    fn of<'p>(paths: &'p mut [PathFindings], word: &str) -> Option<&'p mut PathFindings> {
        let path = Path::parse(word)?;
        paths.iter_mut().find(|it| it.audit.path == path)
    }
    let is_recorded = |path: &PathFindings| path.found.iter().any(|found| found.code.is_recorded());
    if paths.iter().any(is_recorded) {
        recording.each_operation(&mut |row| {
            if let Some(path) = of(paths, row.path) {
                path.add_operation(row, identities);
            }
        })?;
    }
    for path in &mut *paths {
        path.add_unrecorded();
        path.rows.sort_by_key(|row| row.operation_id);
    }
    let connections = paths.iter().flat_map(|path| &path.rows);
    let wanted: BTreeSet<(Path, i64)> = connections
        .filter_map(|row| Some((row.path, row.connection_id?)))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut servers = BTreeMap::new();
    recording.each_connection(&mut |row| {
        let key = Path::parse(row.path).map(|path| (path, row.connection_id));
        if let Some(key) = key.filter(|key| wanted.contains(key)) {
            let address = row.server_address.map(str::to_owned);
            servers.insert(key, (address, row.server_port, row.server_timeline));
        }
    })?;
    for row in paths.iter_mut().flat_map(|path| &mut path.rows) {
        let key = row.connection_id.map(|id| (row.path, id));
        if let Some((address, port, timeline)) = key.and_then(|key| servers.get(&key)) {
            row.server_address.clone_from(address);
            (row.server_port, row.server_timeline) = (*port, *timeline);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_write_in_every_state() {
        use FindingKind::{Committed, Duplicated, Lost, NotCommitted, Phantom, Torn};
        use Outcome::{Failed, Ok, Rejected, Unfinished, Unknown};
        use Write::{Both, First, Second};
        type Case<'c> = (Write, &'c [Outcome], (i32, i32), &'c [FindingKind]);
        let cases: &[Case<'_>] = &[
            (First, &[Ok], (1, 0), &[]),
            (First, &[Ok], (0, 0), &[Lost]),
            (First, &[Ok], (2, 0), &[Duplicated]),
            // A log that carries an order's identity is not ours.
            (First, &[Ok], (0, 1), &[Lost]),
            (First, &[Failed, Rejected], (0, 0), &[]),
            (First, &[Failed, Rejected], (1, 0), &[Phantom]),
            (First, &[Failed], (2, 0), &[Phantom, Duplicated]),
            (First, &[Unknown, Unfinished], (1, 0), &[Committed]),
            (First, &[Unknown, Unfinished], (0, 0), &[NotCommitted]),
            (Second, &[Ok], (0, 1), &[]),
            (Second, &[Ok], (0, 0), &[Lost]),
            (Second, &[Ok], (0, 3), &[Duplicated]),
            (Second, &[Failed], (0, 1), &[Phantom]),
            (Second, &[Unknown], (0, 2), &[Committed, Duplicated]),
            (Second, &[Unfinished], (0, 0), &[NotCommitted]),
            (Both, &[Ok], (1, 1), &[]),
            (Both, &[Ok], (0, 0), &[Lost]),
            (Both, &[Ok], (1, 2), &[Duplicated]),
            (Both, &[Ok], (2, 0), &[Torn, Duplicated]),
            (
                Both,
                &[Ok, Failed, Rejected, Unknown, Unfinished],
                (1, 0),
                &[Torn],
            ),
            (
                Both,
                &[Ok, Failed, Rejected, Unknown, Unfinished],
                (0, 1),
                &[Torn],
            ),
            (Both, &[Failed, Rejected], (0, 0), &[]),
            (Both, &[Failed, Rejected], (1, 1), &[Phantom]),
            (Both, &[Unknown, Unfinished], (1, 1), &[Committed]),
            (Both, &[Unknown, Unfinished], (0, 0), &[NotCommitted]),
        ];
        for (write, outcomes, (orders, logs), expected) in cases {
            for outcome in *outcomes {
                let fate = Fate::new(*outcome, Some(1));
                let found = judge(*write, fate, *orders, *logs);
                let found: Vec<FindingKind> = found.into_iter().flatten().collect();
                assert_eq!(
                    found, *expected,
                    "{write:?} {outcome} {orders} orders {logs} logs"
                );
            }
        }
        // It was never sent: what is there in its name is not its own.
        let waiting = Fate::new(Unfinished, None);
        assert_eq!(judge(Both, waiting, 0, 0), [None, None]);
        assert_eq!(judge(Both, waiting, 1, 1), [Some(Phantom), None]);
    }
}
