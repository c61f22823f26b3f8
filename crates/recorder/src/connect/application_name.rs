//! The names under which the recorder's sessions stand in `pg_stat_activity`. They go with the start-up message, which poolers pass on:
//! a SET of its own would pin a session behind RDS Proxy.

use recording::vocabulary::Path;

/// PostgreSQL cuts longer names (NAMEDATALEN - 1), and would cut off what tells the paths apart.
const MAX_BYTES: usize = 63;

/// Of sessions that were given no other.
pub(crate) const PLAIN: &str = "pgoutage";

/// Of the sessions of a run on one path: `pgoutage/<run id>/<path>`.
#[must_use]
pub(crate) fn of_run(run_id: &str, path: Path) -> String {
    shaped(run_id, &format!("/{path}"))
}

/// Of the sessions of another command, such as `check`: `pgoutage/<command>`.
#[must_use]
pub(crate) fn of_command(command: &str) -> String {
    shaped(command, "")
}

/// The middle is what is cut.
fn shaped(middle: &str, end: &str) -> String {
    const START: &str = "pgoutage/";
    let room = MAX_BYTES.saturating_sub(START.len() + end.len());
    // The server replaces what is not printable ASCII, byte by byte.
    let middle: String = middle
        .chars()
        .map(|letter| {
            if letter.is_ascii_graphic() {
                letter
            } else {
                '?'
            }
        })
        .take(room)
        .collect();
    format!("{START}{middle}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit() {
        assert_eq!(
            of_run("20261122T204300Z-7f3a", Path::Direct),
            "pgoutage/20261122T204300Z-7f3a/direct"
        );
        assert_eq!(of_command("check"), "pgoutage/check");
        let long = shaped(&"ü".repeat(100), "/proxy");
        assert_eq!(long.len(), MAX_BYTES);
        assert!(long.starts_with("pgoutage/??") && long.ends_with("?/proxy"));
    }
}
