//! What an audit says, in lines.

use std::collections::BTreeSet;
use std::path::Path as FilePath;

use command_line::text::thousands;
use recording::vocabulary::{FindingKind, Outcome};
use recording::{
    AUDIT_FILE, Audit, Finding, Manifest, PathAudit, Recording, Server, SumAudit, Timestamp,
    WriteError,
};

use crate::audit::settle::Settled;
use crate::audit::writes::Recorded;
use crate::connect::identity::name;

/// The lines of an audit.
pub(crate) struct Report {
    lines: Vec<String>,
    /// Why it is not in the recording.
    not_written: Option<String>,
}

impl Report {
    /// Of a recording that is of reads alone.
    pub(super) fn nothing(folder: &FilePath) -> Self {
        let line = format!("{}: no writes in it, nothing to audit", folder.display());
        Self {
            lines: vec![line],
            not_written: None,
        }
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
        let is_promoted = audit.promotion_seen == Some(true) && settled.server.timeline.is_some();
        lines.push(asked_line(&settled.server, is_promoted));
        let manifest = recording.manifest();
        lines.extend(before_the_failover(manifest, audit, recorded));
        lines.extend(alone(manifest, audit));
        lines.extend(notes_on_servers(audit, settled));
        lines.extend(notes_on_rows(recording, audit, recorded));
        Self {
            lines,
            not_written: None,
        }
    }

    /// It is in the folder, and this is to be told besides.
    pub(super) fn written(&mut self, folder: &FilePath, note: Option<String>) {
        let file = folder.join(AUDIT_FILE);
        self.lines.push(format!("written to {}", file.display()));
        self.lines.extend(note);
    }

    /// It is not.
    pub(super) fn not_written(&mut self, error: &WriteError) {
        self.not_written = Some(format!("not written: {error}; make room and audit again"));
    }

    /// What is wrong where the recording has no audit now, or that of before.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.not_written.as_deref()
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

fn asked_line(server: &Server, is_promoted: bool) -> String {
    let mut line = format!("asked: {} (writer)", name(server));
    if let Some(timeline) = server.timeline {
        line += &format!(", timeline {timeline}");
    }
    if is_promoted {
        line += ", promoted since the run began";
    }
    line
}

/// Whether the run and the server that was asked know of a promotion since the run began; `None` where timelines do not tell.
pub(super) fn promotion_seen(manifest: &Manifest, server: &Server) -> Option<bool> {
    let mut timelines = manifest.servers.iter().filter_map(|it| it.timeline);
    let first = timelines.next()?;
    let has_others = timelines.any(|timeline| timeline != first);
    match server.timeline {
        _ if has_others => Some(true),
        now => now.map(|now| now != first),
    }
}

/// A former writer that is cut off, and takes writes still, answers as the present one does.
fn before_the_failover(manifest: &Manifest, audit: &Audit, recorded: &Recorded) -> Option<String> {
    let why = match (&manifest.failover, recorded.has_failures) {
        (Some(_), _) => "the failover",
        (None, true) => "the first failure of the run",
        (None, false) => return None,
    };
    (audit.promotion_seen == Some(false)).then(|| {
        format!("warning: no promotion is seen since before {why}: if the server that was asked is cut off, its writes may still be lost; audit again when the failover is over")
    })
}

/// No standby follows the writer of a run that had several servers.
fn alone(manifest: &Manifest, audit: &Audit) -> Option<String> {
    let servers = manifest.servers.iter().chain(&audit.server);
    let places = servers.filter_map(|it| Some((it.address.as_deref()?, it.port?)));
    let is_one = places.collect::<BTreeSet<_>>().len() <= 1;
    (audit.standbys == Some(0) && !is_one).then(|| {
        "warning: no standby follows the server that was asked, and the run had other servers: if one of them was promoted, audit again when the failover is over"
            .to_owned()
    })
}

fn notes_on_servers(audit: &Audit, settled: &Settled) -> Vec<String> {
    let mut notes = Vec::new();
    let waited = format!("{:.1} s", settled.waited.as_secs_f64());
    for writer in &settled.writers {
        let present = name(&settled.server);
        notes.push(format!(
            "warning: two servers accept writes: {writer}, a server of the run, and {present}, which was asked"
        ));
    }
    let silent = settled
        .missing
        .iter()
        .filter(|(server, _)| !settled.writers.contains(server));
    notes.extend(silent.map(|(server, why)| {
        format!("a former writer is not back as a reader after {waited}: {server}: {why}")
    }));
    notes.extend(settled.not_looked_at.iter().map(|server| {
        format!("not looked at: {server}: a former writer by the recording, but neither the endpoint's names nor the run's connections led there")
    }));
    match audit.sessions_left {
        Some(0) => {}
        Some(left) => notes.push(format!(
            "sessions of the run that have a statement or a transaction open after {waited}: {left}; what they write later is not counted"
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
    // The sums are those of the shop's tables.
    if manifest.workload.is_some() {
        return notes;
    }
    let lacks = |sum: fn(&PathAudit) -> Option<SumAudit>| {
        let mut paths = audit.paths.iter();
        paths.any(|path| sum(path).is_none())
    };
    let what = match (lacks(|path| path.logins), lacks(|path| path.stock)) {
        (true, true) => "logins and stock are",
        (true, false) => "logins are",
        (false, true) => "stock is",
        (false, false) => return notes,
    };
    let why = match &audit.sums_disturbed_by {
        Some(why) => why,
        None if manifest.baseline.is_none() => {
            "the recording does not say what they were before the run"
        }
        None => "the recording does not say how much",
    };
    notes.push(format!("{what} not compared: {why}"));
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
        let server = on(Some(2));
        let promoted = "asked: 10.0.0.1:5432 (writer), timeline 2, promoted since the run began";
        assert_eq!(asked_line(&server, true), promoted);
        assert_eq!(
            asked_line(&on(None), false),
            "asked: 10.0.0.1:5432 (writer)"
        );
        let mut manifest = Manifest::new("20261122T204300Z-7f3a", "host");
        assert_eq!(promotion_seen(&manifest, &server), None);
        manifest.servers = vec![on(Some(1)), on(None), on(Some(1))];
        assert_eq!(promotion_seen(&manifest, &on(Some(1))), Some(false));
        assert_eq!(promotion_seen(&manifest, &on(Some(2))), Some(true));
        assert_eq!(promotion_seen(&manifest, &on(None)), None);

        let mut audit = Audit::new("20261122T204300Z-7f3a", Timestamp(1), "direct");
        let mut recorded = Recorded::default();
        let warning = |manifest: &Manifest, audit: &Audit, recorded: &Recorded| {
            before_the_failover(manifest, audit, recorded)
        };
        audit.promotion_seen = Some(false);
        assert_eq!(warning(&manifest, &audit, &recorded), None);
        // A failover by hand: the run tells by what failed.
        recorded.has_failures = true;
        let by_hand = warning(&manifest, &audit, &recorded).unwrap();
        assert!(by_hand.contains("before the first failure of the run"));
        recorded.has_failures = false;
        manifest.failover = Some(recording::Failover {
            command: "lab failover".to_owned(),
            after_us: 1,
            every_us: None,
            count: None,
            heal_command: None,
            settle_us: None,
        });
        let triggered = warning(&manifest, &audit, &recorded).unwrap();
        assert!(triggered.contains("before the failover"));
        for seen in [Some(true), None] {
            audit.promotion_seen = seen;
            assert_eq!(warning(&manifest, &audit, &recorded), None);
        }
        manifest.servers.push(on(Some(2)));
        assert_eq!(promotion_seen(&manifest, &on(None)), Some(true));
        assert_eq!(promotion_seen(&manifest, &on(Some(2))), Some(true));

        // One server, then two.
        audit.standbys = Some(0);
        assert_eq!(alone(&manifest, &audit), None);
        manifest.servers[0].port = Some(5433);
        assert!(alone(&manifest, &audit).is_some());
        for standbys in [Some(1), None] {
            audit.standbys = standbys;
            assert_eq!(alone(&manifest, &audit), None);
        }
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
