//! What the audit of a recording found, path by path.

use command_line::text::one_line;
use polars::prelude::*;
use recording::vocabulary::{FindingKind, Outcome, Path};
use recording::{Audit, PathAudit, Timestamp};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::values::{integers, texts};
use crate::summary::{AuditFacts, AuditSummary, Durability, ImpliedLosses, LostWrite};

/// Lost writes listed per path; the file of the findings has all.
const LISTED: usize = 20;

/// The audit, as far as it can be used.
pub(crate) struct Audited {
    pub(crate) summary: AuditSummary,
    pub(crate) paths: Vec<PathFindings>,
}

/// What was found on a path.
pub(crate) struct PathFindings {
    pub(crate) path: Path,
    pub(crate) durability: Durability,
    /// The operations whose success is taken back, each once.
    pub(crate) not_durable: Vec<i64>,
    /// When each was acknowledged, UTC microseconds, ascending.
    pub(crate) lost_us: Vec<i64>,
}

impl Audited {
    pub(crate) fn on(&self, path: Path) -> Option<&PathFindings> {
        self.paths.iter().find(|found| found.path == path)
    }
}

/// Reads the audit. One that can't be used is none, whatever is wrong with it.
pub(crate) fn read(loaded: &Loaded) -> Audited {
    let unusable = |reason: String| AuditSummary::Unusable {
        reason: one_line(&reason),
    };
    let without = |summary| Audited {
        summary,
        paths: Vec::new(),
    };
    let audit = match loaded.audit() {
        Ok(Some(audit)) => audit,
        Ok(None) => return without(AuditSummary::NotAudited),
        Err(error) => return without(unusable(error.to_string())),
    };
    let run_id = &loaded.manifest().run_id;
    if audit.run_id != *run_id {
        let reason = format!("it is of recording {}, and this is {run_id}", audit.run_id);
        return without(unusable(reason));
    }
    let paths = audit.paths.iter();
    let paths: Result<Vec<_>, _> = paths.map(|found| of_path(loaded, found)).collect();
    match paths {
        Ok(paths) => Audited {
            summary: AuditSummary::Audited(Box::new(facts(audit))),
            paths,
        },
        Err(error) => without(unusable(error.to_string())),
    }
}

fn facts(audit: Audit) -> AuditFacts {
    AuditFacts {
        time: audit.time,
        duration_us: audit.duration_us,
        waited_us: audit.waited_us,
        via: audit.via,
        server: audit.server,
        missing_servers: audit.missing_servers,
        sessions_left: audit.sessions_left,
        token_found: audit.token_found,
        promotion_seen: audit.promotion_seen,
        other_writers: audit.other_writers,
        standbys: audit.standbys,
        sums_disturbed_by: audit.sums_disturbed_by,
    }
}

fn of_path(loaded: &Loaded, found: &PathAudit) -> Result<PathFindings, AnalyzeError> {
    let word = |kind: FindingKind| col("finding").eq(lit(kind.as_str()));
    let is_ok = col("outcome").eq(lit(Outcome::Ok.as_str()));
    let is_lost = word(FindingKind::Lost).or(word(FindingKind::Torn));
    let of_path = col("path").eq(lit(found.path.as_str()));
    let frame = loaded.findings()?.filter(of_path.and(is_ok).and(is_lost));
    let sorted = frame.sort(["end_time", "operation_id"], SortMultipleOptions::default());
    let frame = loaded.collect(sorted)?;
    let lost = lost(&frame).map_err(|source| loaded.read_error(source))?;
    let (first_us, last_us) = (lost.ends_us.first().copied(), lost.ends_us.last().copied());
    Ok(PathFindings {
        path: found.path,
        durability: Durability {
            found: found.clone(),
            first_lost: first_us.map(Timestamp),
            last_lost: last_us.map(Timestamp),
            lost_span_us: None,
            implied: ImpliedLosses::default(),
            lost_writes: lost.listed,
        },
        not_durable: lost.ids,
        lost_us: lost.ends_us,
    })
}

/// Lost and torn writes that were acknowledged, in order of that.
struct Lost {
    ends_us: Vec<i64>,
    /// Each once, in order.
    ids: Vec<i64>,
    listed: Vec<LostWrite>,
}

fn lost(frame: &DataFrame) -> PolarsResult<Lost> {
    let names = texts(frame, "operation_name")?;
    let kinds = texts(frame, "finding")?;
    let addresses = texts(frame, "server_address")?;
    let ids = integers(frame, "operation_id")?;
    let ends = integers(frame, "end_time")?;
    let ports = integers(frame, "server_port")?;
    let timelines = integers(frame, "server_timeline")?;
    let write = |row: usize| {
        let server = |address: &str| match ports[row] {
            Some(port) => format!("{address}:{port}"),
            None => address.to_owned(),
        };
        Some(LostWrite {
            time: Timestamp(ends[row]?),
            operation_name: names[row].unwrap_or_default().to_owned(),
            operation_id: ids[row]?,
            finding: kinds[row].unwrap_or_default().to_owned(),
            server: addresses[row].map(server),
            timeline: timelines[row],
        })
    };
    let listed = (0..frame.height()).filter_map(write).take(LISTED).collect();
    let mut each_once: Vec<i64> = ids.iter().copied().flatten().collect();
    each_once.sort_unstable();
    each_once.dedup();
    Ok(Lost {
        ends_us: ends.into_iter().flatten().collect(),
        ids: each_once,
        listed,
    })
}
