//! The sums of logins and stock: what they may be held against, and when.

use command_line::text::thousands;
use recording::{Manifest, PathBaseline, State, SumAudit};

use crate::audit::ask;
use crate::audit::findings::PathFindings;
use crate::audit::writes::{PathWrites, Recorded};

/// Why the sums are not those of this run's known changes alone.
pub(super) fn disturbance(
    state: &ask::State,
    manifest: &Manifest,
    recorded: &Recorded,
    paths: &[PathFindings],
) -> Option<String> {
    if let Some(run) = &state.other_run {
        return Some(format!("another run wrote into the tables: {run}"));
    }
    let was_killed = matches!(manifest.state, State::Recording | State::Recovered);
    let dropped = manifest.dropped_rows.get("operations").copied();
    let is_incomplete = was_killed
        || dropped.is_some_and(|rows| rows > 0)
        || recorded.left_out > 0
        || paths.iter().any(|path| path.audit.unrecorded > 0);
    is_incomplete.then(|| "rows of the recording are missing".to_owned())
}

/// The sums of a path.
pub(super) struct Compared {
    pub(super) logins: Option<SumAudit>,
    pub(super) stock: Option<SumAudit>,
    /// What is no loss of this run.
    pub(super) impossible: Option<String>,
}

pub(super) fn compare(
    path: &PathFindings,
    writes: &PathWrites,
    at_start: &PathBaseline,
    [logins, stock]: [i64; 2],
) -> Compared {
    let mut impossible = None;
    let mut possible = |name: &str, sum: SumAudit, most: i64| {
        if sum.lost <= most {
            return Some(sum);
        }
        impossible = Some(format!(
            "{} path, {name}: {} are missing, and the run added {}: another program changed these rows",
            writes.path,
            thousands(sum.lost),
            thousands(most)
        ));
        None
    };
    let of_run = writes.logins;
    let sum = SumAudit::new(
        at_start.logins,
        of_run.acknowledged,
        of_run.possible,
        logins,
    );
    let logins = possible("logins", sum, of_run.acknowledged);
    let stock = writes.stock.and_then(|of_run| {
        let sum = SumAudit::new(
            at_start.stock,
            of_run.acknowledged.saturating_sub(path.taken),
            of_run.possible.saturating_add(path.perhaps_taken),
            stock,
        );
        possible("stock", sum, writes.received)
    });
    Compared {
        logins,
        stock,
        impossible,
    }
}

#[cfg(test)]
mod tests {
    use recording::PathAudit;
    use recording::vocabulary::Path;

    use super::*;
    use crate::audit::writes::Sums;

    #[test]
    fn more_than_the_run_added_is_not_lost_by_it() {
        let writes = PathWrites {
            logins: Sums {
                acknowledged: 10,
                possible: 1,
            },
            // 20 pieces put in, 30 sold.
            stock: Some(Sums {
                acknowledged: -10,
                possible: 0,
            }),
            received: 20,
            ..PathWrites::new(Path::Direct)
        };
        let at_start = PathBaseline {
            path: Path::Direct,
            first_user_id: 1,
            last_user_id: 2,
            logins: 100,
            first_product_id: 1,
            last_product_id: 2,
            stock: 1_000,
        };
        let mut path = PathFindings::new(PathAudit::new(Path::Direct), Vec::new());
        let lost = |path: &PathFindings, found| {
            let compared = compare(path, &writes, &at_start, found);
            let lost = |sum: Option<SumAudit>| sum.map(|sum| (sum.lost, sum.excess));
            (
                lost(compared.logins),
                lost(compared.stock),
                compared.impossible,
            )
        };
        let some = |lost, excess| Some((lost, excess));
        assert_eq!(lost(&path, [110, 990]), (some(0, 0), some(0, 0), None));
        assert_eq!(lost(&path, [100, 970]), (some(10, 0), some(20, 0), None));
        let (logins, stock, why) = lost(&path, [99, 969]);
        assert_eq!((logins, stock), (None, None));
        let why = why.unwrap();
        assert!(
            why.contains("stock: 21 are missing, and the run added 20"),
            "{why}"
        );
        // Acknowledged purchases that are not there: 4 pieces were taken or not.
        path.perhaps_taken = 4;
        for found in 990..=994 {
            assert_eq!(lost(&path, [110, found]).1, some(0, 0));
        }
        assert_eq!(lost(&path, [110, 995]).1, some(0, 1));
        // 3 pieces more were taken by purchases of which the recording did not know.
        path.taken = 3;
        assert_eq!(lost(&path, [110, 986]).1, some(1, 0));
    }
}
