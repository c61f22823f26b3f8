//! Increments that were lost with the writes around them, by the order of the log (`docs/definitions.md`, Implied losses).

use std::collections::BTreeSet;

use recording::{PathAudit, SumAudit};

use crate::summary::{ImpliedLosses, most_lost};

/// An acknowledged write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AcknowledgedWrite {
    pub(crate) operation_id: i64,
    pub(crate) operation_name: String,
    /// When its first statement was sent, UTC microseconds.
    pub(crate) first_statement_us: i64,
    pub(crate) end_us: i64,
    /// Pieces of stock.
    pub(crate) quantity: i64,
}

/// The sum that an increment goes into, and how much it adds; `None` for a write with an identity.
fn increment(write: &AcknowledgedWrite) -> Option<(bool, i64)> {
    match write.operation_name.as_str() {
        "update_login" => Some((true, 1)),
        "update_stock" => Some((false, write.quantity)),
        _ => None,
    }
}

/// The increments among `writes` that were lost between two of the writes of which `lost` has the numbers, and these numbers.
///
/// What was committed after a lost commit of the same server is lost with it. So an increment is lost that began after one lost write
/// was acknowledged, and ended before another was, where no write that is there began between these two.
pub(crate) fn between_losses(
    writes: &[AcknowledgedWrite],
    lost: &[i64],
    found: &PathAudit,
) -> (ImpliedLosses, Vec<i64>) {
    let lost: BTreeSet<i64> = lost.iter().copied().collect();
    let (mut lost_ends, mut kept_starts) = (Vec::new(), Vec::new());
    for write in writes {
        if lost.contains(&write.operation_id) {
            lost_ends.push(write.end_us);
        } else if increment(write).is_none() {
            kept_starts.push(write.first_statement_us);
        }
    }
    lost_ends.sort_unstable();
    kept_starts.sort_unstable();
    let is_implied = |write: &AcknowledgedWrite| {
        let after = lost_ends.partition_point(|end| *end < write.first_statement_us);
        let until = lost_ends.partition_point(|end| *end < write.end_us);
        let (Some(from), Some(to)) = (lost_ends[..after].last(), lost_ends.get(until)) else {
            return false;
        };
        let next = kept_starts.partition_point(|start| start < from);
        kept_starts.get(next).is_none_or(|start| start > to)
    };
    let (mut implied, mut ids) = (ImpliedLosses::default(), Vec::new());
    let (mut has_logins, mut has_stock) = (false, false);
    for write in writes {
        let Some((is_login, amount)) = increment(write).filter(|_| is_implied(write)) else {
            continue;
        };
        if is_login {
            implied.logins += amount;
            has_logins = true;
        } else {
            implied.stock += amount;
            has_stock = true;
        }
        implied.operations += 1;
        ids.push(write.operation_id);
    }
    let needed = [
        (has_logins, implied.logins, found.logins),
        (has_stock, implied.stock, found.stock),
    ];
    let needed = || needed.iter().filter(|(is_needed, ..)| *is_needed);
    let exceeds = |(_, amount, sum): &(bool, i64, Option<SumAudit>)| {
        sum.is_some_and(|sum| *amount > most_lost(&sum))
    };
    let is_refuted = needed().any(exceeds);
    // Without its sum nothing can be asserted of an increment; against it, rows were deleted, and not lost.
    if is_refuted || needed().any(|(_, _, sum)| sum.is_none()) {
        let none = ImpliedLosses {
            is_refuted,
            ..ImpliedLosses::default()
        };
        return (none, Vec::new());
    }
    (implied, ids)
}

#[cfg(test)]
mod tests {
    use recording::vocabulary::Path;

    use super::*;

    /// A write that takes 10.
    fn write(operation_id: i64, operation_name: &str, from: i64) -> AcknowledgedWrite {
        AcknowledgedWrite {
            operation_id,
            operation_name: operation_name.to_owned(),
            first_statement_us: from,
            end_us: from + 10,
            quantity: 3,
        }
    }

    fn sums(logins: (i64, i64), stock: (i64, i64)) -> PathAudit {
        let sum = |(lost, possible): (i64, i64)| Some(SumAudit::new(0, lost, possible, 0));
        PathAudit {
            logins: sum(logins),
            stock: sum(stock),
            ..PathAudit::new(Path::Direct)
        }
    }

    fn of(writes: &[AcknowledgedWrite], found: &PathAudit) -> (i64, i64, bool, Vec<i64>) {
        let (implied, ids) = between_losses(writes, &[1, 2], found);
        (implied.logins, implied.stock, implied.is_refuted, ids)
    }

    #[test]
    fn what_lies_between_two_losses_is_lost() {
        let lost = [write(1, "create_order", 100), write(2, "insert_log", 200)];
        let with = |more: &[AcknowledgedWrite]| [&lost[..], more].concat();
        let found = sums((5, 0), (50, 0));
        let login = |from| write(7, "update_login", from);
        // Begun after the first was acknowledged, at 110, and ended before the second was, at 210.
        assert_eq!(of(&with(&[login(111)]), &found), (1, 0, false, vec![7]));
        assert_eq!(of(&with(&[login(200)]), &found), (1, 0, false, vec![7]));
        let stock = write(8, "update_stock", 150);
        let both = [login(120), stock];
        assert_eq!(of(&with(&both), &found), (1, 3, false, vec![7, 8]));
        for from in [90, 110, 201, 300] {
            assert_eq!(of(&with(&[login(from)]), &found), (0, 0, false, vec![]));
        }
        // A write that is there began in between: another server, or another failover.
        for (from, is_between) in [(109, false), (110, true), (210, true), (211, false)] {
            let kept = write(9, "create_order", from);
            let expected = if is_between { vec![] } else { vec![7] };
            assert_eq!(of(&with(&[login(150), kept]), &found).3, expected, "{from}");
        }
    }

    #[test]
    fn the_sum_has_the_last_say() {
        let writes = [
            write(1, "create_order", 100),
            write(2, "insert_log", 200),
            write(7, "update_login", 120),
            write(8, "update_stock", 150),
        ];
        assert_eq!(of(&writes, &sums((0, 1), (0, 3))).3, [7, 8]);
        for found in [sums((0, 0), (0, 3)), sums((1, 0), (2, 0))] {
            assert_eq!(of(&writes, &found), (0, 0, true, vec![]));
        }
        let none = PathAudit::new(Path::Direct);
        assert_eq!(of(&writes, &none), (0, 0, false, vec![]));
    }
}
