//! Audits of hand-made recordings.

use analyze::summary::Summary;
use recording::vocabulary::{FindingKind, Outcome, Path};
use recording::{Audit, Finding, Manifest, PathAudit, Server, Timestamp};

use super::{HandMade, Made, START_US, us};

/// An audit that is being made up.
pub(crate) struct AuditOf<'m> {
    made: &'m Made,
    audit: Audit,
    findings: Vec<Finding>,
}

/// An audit 100 s after the start that found every write of these paths.
pub(crate) fn audit<'m>(made: &'m Made, paths: &[(Path, u64)]) -> AuditOf<'m> {
    let run_id = Manifest::read(&made.folder).unwrap().run_id;
    let mut audit = Audit::new(run_id, Timestamp(START_US + us(100.0)), "direct");
    audit.token_found = Some(true);
    audit.sessions_left = Some(0);
    audit.server = Some(Server {
        path: Path::Direct,
        address: Some("10.0.0.3".to_owned()),
        port: Some(5432),
        version: Some("17.2".to_owned()),
        in_recovery: Some(false),
        postmaster_start_time: None,
        timeline: Some(2),
        aurora_instance_identifier: None,
    });
    audit.paths = paths
        .iter()
        .map(|(path, acknowledged)| PathAudit {
            acknowledged: *acknowledged,
            ..PathAudit::new(*path)
        })
        .collect();
    AuditOf {
        made,
        audit,
        findings: Vec::new(),
    }
}

impl AuditOf<'_> {
    /// A finding of each of these operations of a name, which ended so (seconds after the start).
    pub(crate) fn found(
        mut self,
        path: Path,
        kind: FindingKind,
        (name, outcome): (&str, Outcome),
        operations: impl IntoIterator<Item = (i64, f64)>,
    ) -> Self {
        let mut paths = self.audit.paths.iter_mut();
        let of_path = paths.find(|found| found.path == path).unwrap();
        for (operation_id, end) in operations {
            of_path.count(kind, Some(outcome));
            let end_time = START_US + us(end);
            self.findings.push(Finding {
                path,
                operation_id,
                operation_name: Some(name.to_owned()),
                kind,
                outcome: Some(outcome),
                start_time: Some(end_time - 5_000),
                end_time: Some(end_time),
                orders_found: i32::from(kind == FindingKind::Torn),
                logs_found: 0,
                connection_id: Some(1),
                server_address: Some("10.0.0.2".to_owned()),
                server_port: Some(5432),
                server_timeline: Some(1),
            });
        }
        self
    }

    /// Another fact of the audit.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Audit)) -> Self {
        change(&mut self.audit);
        self
    }

    /// Writes it, and analyzes the recording.
    pub(crate) fn summary(self) -> Summary {
        let made = self.made;
        self.write();
        made.analyze().summary
    }

    pub(crate) fn write(mut self) {
        let manifest = Manifest::read(&self.made.folder).unwrap();
        self.audit
            .write(&self.made.folder, &manifest, &self.findings)
            .unwrap();
    }
}

/// An order every 100 ms, of 5 ms each, that end from 0.1 to 10.0 s; one that fails at 10.25 s and one at 12.75 s; and orders again that end
/// from 13.0 s on: writes down for 3 s of 30.
pub(crate) fn orders_with_a_gap() -> HandMade {
    use recording::vocabulary::ErrorClass::Refused;
    HandMade::new(30.0)
        .steady("create_order", 0.1, 0.1, 100, 0.005)
        .failed("create_order", 10.2, 10.25, Refused)
        .failed("create_order", 12.7, 12.75, Refused)
        .steady("create_order", 13.0, 0.1, 170, 0.005)
}

/// The 20 orders of [`orders_with_a_gap`] that were acknowledged from 8.1 to 10.0 s: id and end.
pub(crate) fn last_orders() -> impl Iterator<Item = (i64, f64)> {
    (81..=100).map(|id| (id, id as f64 / 10.0))
}
