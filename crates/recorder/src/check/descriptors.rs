//! Open files: every connection is one, and what the operating system allows this program may be less than a run needs.

use super::{Check, Row, Sizing, Verdict, limits};
use crate::text::thousands;

/// Where Linux says what it allows; elsewhere there is no row.
const LIMITS: &str = "/proc/self/limits";
/// What a run has open beside its connections: journals, parts, the log, the terminal, the runtime, look-ups of names.
const OWN_FILES: i64 = 64;

/// What the operating system allows; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowed {
    /// What holds now.
    now: Option<i64>,
    /// What a program may raise it to.
    at_most: Option<i64>,
}

/// The row of this host; `None` where the system does not say.
pub(super) fn row(sizing: Sizing, endpoints: usize) -> Option<Row> {
    let allowed = read(&std::fs::read_to_string(LIMITS).ok()?)?;
    Some(judge(allowed, needed(sizing, endpoints)))
}

fn needed(sizing: Sizing, endpoints: usize) -> i64 {
    let of_recorder = Sizing {
        pgbench_clients: None,
        ..sizing
    };
    let endpoints = i64::try_from(endpoints).unwrap_or(i64::MAX);
    let own = limits::wanted(of_recorder).saturating_mul(endpoints);
    // pgbench is a process of its own for each path, with the same limit.
    let pgbench = i64::from(sizing.pgbench_clients.unwrap_or_default());
    own.max(pgbench).saturating_add(OWN_FILES)
}

fn judge(allowed: Allowed, needed: i64) -> Row {
    let number = |limit: Option<i64>| limit.map_or_else(|| "any number".to_owned(), thousands);
    let is_enough = |limit: Option<i64>| limit.is_none_or(|limit| limit >= needed);
    let (now, run) = (
        number(allowed.now),
        format!("the run needs up to {}", thousands(needed)),
    );
    let (result, found, remedy) = match (is_enough(allowed.now), is_enough(allowed.at_most)) {
        (true, _) => (Verdict::Ok, format!("{now} allowed; {run}"), None),
        (false, true) => (
            Verdict::Ok,
            format!(
                "{now} allowed, and {} where a program asks; {run} and asks for them",
                number(allowed.at_most)
            ),
            None,
        ),
        (false, false) => (
            Verdict::Fail,
            format!("{} allowed; {run}", number(allowed.at_most)),
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

/// Reads `Max open files  1024  1048576  files`.
fn read(limits: &str) -> Option<Allowed> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    let mut words = line.split_whitespace();
    let mut next = || match words.next()? {
        "unlimited" => Some(None),
        number => number.parse().ok().map(Some),
    };
    Some(Allowed {
        now: next()?,
        at_most: next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says() {
        let text = "Limit                     Soft Limit           Hard Limit           Units\n\
            Max processes             127                  unlimited            processes\n\
            Max open files            1024                 1048576              files\n";
        let allowed = |now, at_most| Some(Allowed { now, at_most });
        assert_eq!(read(text), allowed(Some(1_024), Some(1_048_576)));
        let text = "Max open files  1024  unlimited  files";
        assert_eq!(read(text), allowed(Some(1_024), None));
        assert_eq!(read("Max open files  many"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn enough_or_not() {
        let judged = |now, at_most| {
            let row = judge(Allowed { now, at_most }, 148);
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
        assert_eq!(found, "147 allowed; the run needs up to 148");
    }
}
