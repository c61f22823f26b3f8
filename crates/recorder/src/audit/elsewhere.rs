//! Whether the tables that were asked are those of the run at all: what is missing there would all count as lost.

use recording::vocabulary::Path;
use recording::{Manifest, path_token};

use crate::audit::ask::State;
use crate::audit::findings::PathFindings;
use crate::audit::identities::{Identities, Part};
use crate::audit::writes::Recorded;

/// True where the tables had the token of the run before its first operation.
pub(super) fn is_marked(manifest: &Manifest) -> bool {
    let baseline = manifest.baseline.as_ref();
    baseline.is_some_and(|baseline| baseline.token_written)
}

/// Why these tables have nothing to do with the run, if they have nothing to do with it.
pub(super) fn of_run(state: &State, manifest: &Manifest, recorded: &Recorded) -> Option<String> {
    let acknowledged = recorded.paths.iter().any(|path| path.acknowledged > 0);
    if state.has_rows || !(is_marked(manifest) || acknowledged) {
        return None;
    }
    let token = match is_marked(manifest) {
        true => ", not even its token",
        false => "",
    };
    Some(format!(
        "the tables have no row of this run{token}: they were made anew since, this is another database, or all of it was lost"
    ))
}

/// Why one table is not that which a path wrote into. A failover may lose every write of a path; its token, which was written through the same
/// connection before the first operation, is there then.
pub(super) fn of_path(
    state: &State,
    manifest: &Manifest,
    recorded: &Recorded,
    identities: &Identities,
    found: &[PathFindings],
) -> Option<String> {
    let parts = recorded.paths.iter().zip(found).flat_map(|(path, found)| {
        let parts = Part::ALL.into_iter().zip(path.acknowledged_parts);
        parts.map(move |(part, acknowledged)| (path.path, part, found.has_none(part, acknowledged)))
    });
    for (path, part, has_none) in parts {
        let is_there = is_there(state, manifest, path);
        // The tokens are logs: they say nothing of an `business_orders` of another schema.
        let is_lost = is_there && (part == Part::Log || !state.are_apart);
        if has_none && !is_lost {
            let way = match path {
                Path::Direct => "the direct URL",
                Path::Proxy => "the proxy",
            };
            return Some(format!(
                "no row of the {path} path in {}: does {way} lead to another database, or does search_path name another schema?",
                identities.table(part as usize - 1)
            ));
        }
    }
    None
}

/// True where the path is known to have led to the tables. Older recorders wrote one token for all paths.
fn is_there(state: &State, manifest: &Manifest, path: Path) -> bool {
    let token = path_token(&manifest.run_id, path);
    let baseline = manifest.baseline.as_ref();
    let is_marked = baseline.is_some_and(|baseline| baseline.path_tokens.contains(&path));
    match is_marked {
        true => state.path_tokens.contains(&token),
        false => state.has_token && manifest.mode.paths().len() == 1,
    }
}

#[cfg(test)]
mod tests {
    use recording::{Baseline, PathAudit};

    use super::*;
    use crate::audit::ask::Found;
    use crate::audit::writes::{Code, PathWrites};

    const RUN: &str = "20261122T204300Z-7f3a";

    /// Both paths have an acknowledged order and an acknowledged log; of the proxy's the order is missing.
    fn case(orders_of_proxy: i32) -> (Recorded, Vec<PathFindings>) {
        let paths = [Path::Direct, Path::Proxy];
        let writes = paths.map(|path| PathWrites {
            acknowledged: 2,
            acknowledged_parts: [1, 1],
            ..PathWrites::new(path)
        });
        let recorded = Recorded {
            paths: writes.into(),
            ..Recorded::default()
        };
        let missing = Found {
            operation_id: 1,
            code: Code::parse(1).unwrap(),
            orders: orders_of_proxy,
            logs: 0,
        };
        let found = [vec![], vec![missing]];
        let found = paths.into_iter().zip(found);
        let found = found.map(|(path, found)| PathFindings::new(PathAudit::new(path), found));
        (recorded, found.collect())
    }

    #[test]
    fn a_table_without_a_row_of_a_path_is_another_unless_the_token_is_there() {
        let (recorded, found) = case(0);
        let mut manifest = Manifest::new(RUN, "host");
        let mut state = State {
            is_reader: false,
            has_token: true,
            has_rows: true,
            path_tokens: vec![path_token(RUN, Path::Direct)],
            are_apart: false,
            other_run: None,
        };
        let why = of_path(&state, &manifest, &recorded, &Identities::shop(), &found).unwrap();
        assert!(
            why.starts_with("no row of the proxy path in business_orders: does the proxy lead"),
            "{why}"
        );
        manifest.baseline = Some(Baseline {
            token_written: true,
            path_tokens: vec![Path::Direct, Path::Proxy],
            paths: Vec::new(),
        });
        assert!(of_path(&state, &manifest, &recorded, &Identities::shop(), &found).is_some());
        // All that the path wrote was lost.
        state.path_tokens.push(path_token(RUN, Path::Proxy));
        assert_eq!(
            of_path(&state, &manifest, &recorded, &Identities::shop(), &found),
            None
        );
        // The token is in business_logs of one schema, and business_orders is that of another.
        state.are_apart = true;
        assert!(of_path(&state, &manifest, &recorded, &Identities::shop(), &found).is_some());
        let (recorded, found) = case(1);
        assert_eq!(
            of_path(&state, &manifest, &recorded, &Identities::shop(), &found),
            None
        );
    }
}
