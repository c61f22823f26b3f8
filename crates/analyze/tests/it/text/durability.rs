//! The sections on durability: every kind of finding, on one path that lost writes and one that lost none.

use analyze::summary::{AuditFacts, AuditSummary, Durability, Durable, Group, LostWrite, Summary};
use recording::vocabulary::Path;
use recording::{PathAudit, Server, SumAudit, Timestamp};

use crate::support::summaries::{at, group, headline, outage, rates, sample};
use crate::text::{chinese, english, sections};

/// The sample, in which the direct path lost 1,072 writes, the last of them as its outage began.
fn audited() -> Summary {
    let mut summary = sample();
    summary.audit = AuditSummary::Audited(AuditFacts {
        time: at(420_000),
        duration_us: 31_000_000,
        waited_us: 30_000_000,
        via: "proxy".to_owned(),
        server: Some(Server {
            path: Path::Proxy,
            address: Some("127.0.0.3".to_owned()),
            port: Some(65432),
            version: Some("15.18".to_owned()),
            in_recovery: Some(false),
            postmaster_start_time: None,
            timeline: Some(2),
            aurora_instance_identifier: None,
        }),
        missing_servers: Vec::new(),
        sessions_left: Some(0),
        token_found: Some(true),
    });
    let [direct, proxy] = summary.paths.as_mut_slice() else {
        panic!("two paths")
    };
    let lost = |number: i64, finding: &str| LostWrite {
        time: at(58_000 + number * 100),
        operation_name: if finding == "torn" {
            "place_order"
        } else {
            "insert_log"
        }
        .to_owned(),
        operation_id: 4_000 + number,
        finding: finding.to_owned(),
        server: Some("127.0.0.2:65432".to_owned()),
        timeline: Some(1),
    };
    direct.durability = Some(Durability {
        found: PathAudit {
            acknowledged: 12_345,
            lost: 1_072,
            torn: 3,
            acknowledged_torn: 1,
            duplicated: 2,
            phantom: 5,
            unrecorded: 4,
            unknown: 7,
            committed: 4,
            not_committed: 1,
            logins: Some(SumAudit::new(0, 1_040, 3, 1_000)),
            stock: Some(SumAudit::new(90_000, -40, 0, 89_990)),
            ..PathAudit::new(Path::Direct)
        },
        first_lost: Some(at(58_000)),
        last_lost: Some(at(60_010)),
        lost_span_us: Some(2_010_000),
        lost_writes: vec![lost(0, "lost"), lost(1, "torn"), lost(2, "lost")],
    });
    let mut groups = direct.groups.clone();
    for (index, name) in [(1, Group::Write), (3, Group::Writer)] {
        let mut longer = outage(
            57_900,
            14_410,
            220,
            &[("lost", None, 1_073), ("refused", None, 28)],
        );
        longer.evidence = 1_105;
        groups[index] = group(name, vec![longer]);
    }
    groups[3].at_least = true;
    let mut types = direct.types.clone();
    types[1].rates = rates(250, 180, 69, 1, 60.0);
    direct.durable = Some(Durable {
        overall: rates(1_250, 1_155, 92, 2, 45.0),
        types,
        headline: headline(&groups),
        groups,
    });
    proxy.durability = Some(Durability {
        found: PathAudit {
            acknowledged: 11_900,
            ..PathAudit::new(Path::Proxy)
        },
        first_lost: None,
        last_lost: None,
        lost_span_us: None,
        lost_writes: Vec::new(),
    });
    summary
}

const ENGLISH: [&str; 5] = [
    "Verdict",
    "Durability (RPO)",
    "Durable figures",
    "Durable recovery",
    "Lost writes",
];
const CHINESE: [&str; 5] = ["结论", "持久性", "持久指标", "持久恢复过程", "丢失的写操作"];

#[test]
fn every_kind_of_finding() {
    insta::assert_snapshot!(sections(&english(&audited()), &ENGLISH), @"");
}

#[test]
fn every_kind_of_finding_in_chinese() {
    insta::assert_snapshot!(sections(&chinese(&audited()), &CHINESE), @"");
}

/// Whatever stands in the audit, a text of it stays in its line.
#[test]
fn foreign_text_stays_in_its_place() {
    let mut summary = audited();
    let AuditSummary::Audited(facts) = &mut summary.audit else {
        panic!("audited")
    };
    facts.via = "x\n\nVerdict\u{1b}[2J".to_owned();
    facts.missing_servers = vec!["a\nb".to_owned(), "c".to_owned()];
    facts.sessions_left = Some(12);
    facts.time = Timestamp(facts.time.micros());
    let durability = summary.paths[0].durability.as_mut().unwrap();
    durability.lost_writes[0].operation_name = "x\u{7}\ny".to_owned();
    durability.lost_writes[0].finding = "of a later version".to_owned();
    let report = english(&summary);
    assert!(
        !report.contains('\u{1b}') && !report.contains('\u{7}'),
        "{report}"
    );
    let section = sections(&report, &["Durability (RPO)"]);
    assert!(section.contains("through x Verdict [2J; "), "{section}");
    assert!(section.contains("the wait was over: a b, c."), "{section}");
    assert!(section.contains("the wait was over: 12."), "{section}");
    assert!(
        sections(&report, &["Lost writes"]).contains("x y"),
        "{report}"
    );
}
