//! Open files: every connection is one, and what the operating system allows this program may be less than a run needs.

use crate::check::row::{Check, Row, Verdict};
use crate::config::descriptors;
use crate::config::descriptors::{Limits, Needed};
use command_line::text::thousands;

/// The row of this host: what `recorder run` would say of the same run.
pub(super) fn row(needed: Needed) -> Row {
    judge(descriptors::limits(), needed)
}

fn judge(limits: Limits, needed: Needed) -> Row {
    let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    let number = |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), count);
    let (result, found, remedy) = match descriptors::can_raise(limits, needed) {
        Ok(()) => {
            let (now, least) = (number(limits.soft), count(needed.least));
            let found = match limits.soft.is_none_or(|soft| soft >= needed.enough) {
                true => format!("limit {now}; the run needs at least {least}"),
                false => format!(
                    "limit {now}, hard limit {}; the run needs at least {least} and raises its limit to {}",
                    number(limits.hard),
                    count(needed.enough)
                ),
            };
            (Verdict::Ok, found, None)
        }
        Err(too_few) => {
            let result = match too_few.is_hopeless() {
                true => Verdict::Fail,
                false => Verdict::Warn,
            };
            (result, too_few.found(), Some(too_few.remedy()))
        }
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
    fn below_the_least_a_run_fails_and_below_enough_it_is_warned() {
        let needed = Needed {
            least: 148,
            enough: 448,
        };
        let judged = |soft, hard| judge(Limits { soft, hard }, needed);
        assert_eq!(judged(Some(448), Some(448)).result, Verdict::Ok);
        assert_eq!(judged(None, None).result, Verdict::Ok);
        let row = judged(Some(45), Some(1_048_576));
        assert_eq!(row.result, Verdict::Ok);
        assert_eq!(
            row.found,
            "limit 45, hard limit 1,048,576; the run needs at least 148 and raises its limit to 448"
        );
        for (hard, result) in [
            (447, Verdict::Warn),
            (148, Verdict::Warn),
            (147, Verdict::Fail),
        ] {
            let row = judged(Some(45), Some(hard));
            assert_eq!(row.result, result, "{hard}");
            let remedy = row.remedy.unwrap();
            assert!(remedy.contains("ulimit -Hn 448"), "{remedy}");
            assert!(
                row.found
                    .contains(&format!("limit on open files is {hard}")),
                "{}",
                row.found
            );
        }
    }
}
