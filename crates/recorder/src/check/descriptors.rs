//! Open files: every connection is one, and what the operating system allows this program may be less than a run needs.

use super::{Check, Row, Verdict};
use crate::descriptors::{self, Limits, Needed};
use crate::text::thousands;

/// The row of this host. pgbench's clients are those of one process for each path, which inherits the limit.
pub(super) fn row(needed: Needed, pgbench_clients: Option<u32>) -> Row {
    let pgbench = u64::from(pgbench_clients.unwrap_or_default());
    judge(descriptors::limits(), needed.least.max(pgbench))
}

fn judge(limits: Limits, needed: u64) -> Row {
    let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    let number = |limit: Option<u64>| limit.map_or_else(|| "any number".to_owned(), count);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    let now = number(limits.soft);
    let run = format!("the run needs {} at least", count(needed));
    let (result, found, remedy) = match (is_enough(limits.soft), is_enough(limits.hard)) {
        (true, _) => (Verdict::Ok, format!("{now} allowed; {run}"), None),
        (false, true) => (
            Verdict::Ok,
            format!(
                "{now} allowed, and {} where a program asks; {run} and asks for them",
                number(limits.hard)
            ),
            None,
        ),
        (false, false) => (
            Verdict::Fail,
            format!("{} allowed; {run}", number(limits.hard)),
            Some(
                "raise the limit (ulimit -n, LimitNOFILE of systemd), or lessen --pool-size or --pgbench-clients"
                    .to_owned(),
            ),
        ),
    };
    Row {
        path: None,
        reader: false,
        check: Check::OpenFiles,
        result,
        found,
        remedy,
        is_mistake: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_or_not() {
        let judged = |soft, hard| {
            let row = judge(Limits { soft, hard }, 148);
            (row.result, row.found)
        };
        assert_eq!(judged(Some(148), Some(148)).0, Verdict::Ok);
        assert_eq!(judged(None, None).0, Verdict::Ok);
        let (verdict, found) = judged(Some(45), Some(1_048_576));
        assert_eq!(verdict, Verdict::Ok);
        assert!(
            found.starts_with("45 allowed, and 1,048,576 where"),
            "{found}"
        );
        let (verdict, found) = judged(Some(45), Some(147));
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(found, "147 allowed; the run needs 148 at least");
    }
}
