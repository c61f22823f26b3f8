//! What an audit says, in lines.

use std::path::Path as FilePath;

use command_line::text::thousands;
use recording::vocabulary::{FindingKind, Outcome};
use recording::{
    AUDIT_FILE, Audit, Finding, Manifest, PathAudit, Recording, Server, State, SumAudit, Timestamp,
};

use crate::audit::settle::Settled;
use crate::audit::writes::Recorded;
use crate::connect::identity::describe;

/// The lines of an audit.
pub(crate) struct Report {
    lines: Vec<String>,
}

impl Report {
    /// Of a recording that is of reads alone.
    pub(super) fn nothing(folder: &FilePath) -> Self {
        let line = format!("{}: no writes in it, nothing to audit", folder.display());
        Self { lines: vec![line] }
    }

    pub(super) fn new(
        recording: &Recording,
        audit: &Audit,
        findings: &[Finding],
        recorded: &Recorded,
        settled: &Settled,
    ) -> Self {
        let mut lines: Vec<String> = audit.paths.iter().map(path_line).collect();
        lines.extend(times_line(findings));
        lines.push(asked_line(&settled.server));
        lines.extend(before_the_failover(recording.manifest(), &settled.server));
        lines.extend(notes_on_servers(audit, settled));
        lines.extend(notes_on_rows(recording, audit, recorded));
        let file = recording.folder().join(AUDIT_FILE);
        lines.push(format!("written to {}", file.display()));
        Self { lines }
    }

    /// The same with a line more, if there is one.
    pub(super) fn with(mut self, line: Option<String>) -> Self {
        self.lines.extend(line);
        self
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }
}

fn path_line(path: &PathAudit) -> String {
    let mut line = format!(
        "{}: {} writes acknowledged: {} lost, {} torn, {} duplicated",
        path.path,
        thousands(path.acknowledged),
        thousands(path.lost),
        thousands(path.torn),
        thousands(path.duplicated)
    );
    if path.unknown > 0 {
        line += &format!(
            "; {} unknown: {} committed, {} not",
            thousands(path.unknown),
            thousands(path.committed),
            thousands(path.not_committed)
        );
    }
    for (count, what) in [
        (path.phantom, "failed or rejected, and there"),
        (path.unrecorded, "there, without a row in the recording"),
    ] {
        if count > 0 {
            line += &format!("; {} {what}", thousands(count));
        }
    }
    for (name, sum) in [("logins", path.logins), ("stock", path.stock)] {
        line += &sum.map_or_else(String::new, |sum| sum_text(name, sum));
    }
    line
}

/// Nothing of a sum that is as it has to be.
fn sum_text(name: &str, sum: SumAudit) -> String {
    match (sum.lost, sum.excess) {
        (0, 0) => String::new(),
        (0, excess) => format!(
            "; {name}: {} more than the recording explains",
            thousands(excess)
        ),
        (lost, _) => format!("; {name}: at least {} lost", thousands(lost)),
    }
}

/// When the acknowledged writes were acknowledged that are not there, or not whole.
fn times_line(findings: &[Finding]) -> Option<String> {
    let is_loss = |row: &&Finding| {
        let is_torn = row.kind == FindingKind::Torn && row.outcome == Some(Outcome::Ok);
        row.kind == FindingKind::Lost || is_torn
    };
    let times = || {
        findings
            .iter()
            .filter(is_loss)
            .filter_map(|row| row.end_time)
    };
    let (first, last) = (times().min()?, times().max()?);
    Some(format!(
        "lost or torn writes were acknowledged from {} to {}",
        Timestamp(first),
        Timestamp(last)
    ))
}

fn asked_line(server: &Server) -> String {
    let timeline = server
        .timeline
        .map_or_else(String::new, |timeline| format!(", timeline {timeline}"));
    format!("asked: {}{timeline}", describe(server))
}

/// A former writer that is cut off, and takes writes still, answers as the present one does.
fn before_the_failover(manifest: &Manifest, server: &Server) -> Option<String> {
    manifest.failover.as_ref()?;
    let mut timelines = manifest.servers.iter().filter_map(|it| it.timeline);
    let first = timelines.next()?;
    let is_one = timelines.all(|timeline| timeline == first);
    (is_one && server.timeline == Some(first)).then(|| {
        "warning: no promotion is seen since before the failover: if the server that was asked is cut off, its writes may still be lost; audit again when the failover is over"
            .to_owned()
    })
}

fn notes_on_servers(audit: &Audit, settled: &Settled) -> Vec<String> {
    let mut notes = Vec::new();
    let waited = format!("{:.1} s", settled.waited.as_secs_f64());
    for writer in &settled.writers {
        let present = settled.server.address.as_deref().unwrap_or("?");
        let port = settled.server.port.unwrap_or_default();
        notes.push(format!(
            "warning: two servers accept writes: {writer}, which wrote in the run, and {present}:{port}, which was asked"
        ));
    }
    let silent = settled
        .missing
        .iter()
        .filter(|(server, _)| !settled.writers.contains(server));
    notes.extend(silent.map(|(server, why)| {
        format!("a former writer is not back as a reader after {waited}: {server}: {why}")
    }));
    match audit.sessions_left {
        Some(0) => {}
        Some(left) => notes.push(format!(
            "sessions of the run that still do something after {waited}: {left}; what they write later is not counted"
        )),
        None => notes.push(
            "pg_stat_activity does not tell whether sessions of the run are left; what they write later is not counted"
                .to_owned(),
        ),
    }
    notes
}

fn notes_on_rows(recording: &Recording, audit: &Audit, recorded: &Recorded) -> Vec<String> {
    let manifest = recording.manifest();
    let mut notes = Vec::new();
    if audit.token_found == Some(false) {
        notes.push(
            "the run's token is not in business_logs, and rows of the run are: it was lost or deleted"
                .to_owned(),
        );
    }
    if recorded.left_out > 0 {
        notes.push(format!(
            "{} rows of writes are left out: a later version wrote their words, or they have no number",
            thousands(recorded.left_out)
        ));
    }
    let dropped = manifest.dropped_rows.get("operations").copied();
    let was_killed = matches!(manifest.state, State::Recording | State::Recovered);
    if was_killed || dropped.is_some_and(|rows| rows > 0) {
        notes.push(
            "rows of the recording are missing: what they wrote is there without a row, and in the sums"
                .to_owned(),
        );
    }
    let lacks = |sum: fn(&PathAudit) -> Option<SumAudit>| {
        let mut paths = audit.paths.iter();
        paths.any(|path| sum(path).is_none())
    };
    if lacks(|path| path.logins) {
        notes.push(
            "logins and stock are not compared: the recording does not say what they were before the run"
                .to_owned(),
        );
    } else if lacks(|path| path.stock) {
        notes.push("stock is not compared: the recording does not say how many pieces".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use recording::vocabulary::Path;

    use super::*;

    #[test]
    fn a_failover_without_a_promotion_is_said() {
        let on = |timeline| Server {
            path: Path::Direct,
            address: Some("10.0.0.1".to_owned()),
            port: Some(5432),
            version: Some("16.1".to_owned()),
            in_recovery: Some(false),
            postmaster_start_time: None,
            timeline,
            aurora_instance_identifier: None,
        };
        assert_eq!(
            asked_line(&on(Some(2))),
            "asked: 10.0.0.1:5432 (writer, PostgreSQL 16.1), timeline 2"
        );
        let mut manifest = Manifest::new("20261122T204300Z-7f3a", "host");
        manifest.servers = vec![on(Some(1)), on(None), on(Some(1))];
        assert_eq!(before_the_failover(&manifest, &on(Some(1))), None);
        manifest.failover = Some(recording::Failover {
            command: "lab failover".to_owned(),
            after_us: 1,
            every_us: None,
            count: None,
            heal_command: None,
            settle_us: None,
        });
        assert!(before_the_failover(&manifest, &on(Some(1))).is_some());
        assert_eq!(before_the_failover(&manifest, &on(Some(2))), None);
        assert_eq!(before_the_failover(&manifest, &on(None)), None);
        manifest.servers.push(on(Some(2)));
        assert_eq!(before_the_failover(&manifest, &on(Some(2))), None);
    }

    #[test]
    fn the_line_of_a_path() {
        let clean = PathAudit {
            acknowledged: 1_204,
            logins: Some(SumAudit::new(5, 3, 0, 8)),
            ..PathAudit::new(Path::Direct)
        };
        assert_eq!(
            path_line(&clean),
            "direct: 1,204 writes acknowledged: 0 lost, 0 torn, 0 duplicated"
        );
        let broken = PathAudit {
            acknowledged: 10,
            lost: 3,
            torn: 2,
            duplicated: 1,
            unknown: 9,
            committed: 4,
            not_committed: 5,
            phantom: 6,
            unrecorded: 7,
            logins: Some(SumAudit::new(100, 50, 3, 129)),
            stock: Some(SumAudit::new(100, 50, 3, 155)),
            ..PathAudit::new(Path::Proxy)
        };
        assert_eq!(
            path_line(&broken),
            "proxy: 10 writes acknowledged: 3 lost, 2 torn, 1 duplicated; 9 unknown: 4 committed, 5 not; \
             6 failed or rejected, and there; 7 there, without a row in the recording; logins: at least 21 lost; \
             stock: 2 more than the recording explains"
        );
    }
}
