//! The sections on durability: every kind of finding, on one path that lost writes and one that lost none.

use analyze::summary::{
    AuditFacts, AuditSummary, Durability, Durable, Group, ImpliedLosses, LostWrite, Summary,
};
use recording::vocabulary::Path;
use recording::{PathAudit, Server, SumAudit, Timestamp, WorkloadRecord};

use crate::support::summaries::{at, group, headline, outage, rates, sample};
use crate::text::{chinese, english, sections};

/// The sample, in which the direct path lost 1,072 writes, the last of them as its outage began.
fn audited() -> Summary {
    let mut summary = sample();
    summary.audit = AuditSummary::Audited(Box::new(AuditFacts {
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
        promotion_seen: None,
        other_writers: Vec::new(),
        standbys: None,
        sums_disturbed_by: None,
    }));
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
        implied: ImpliedLosses::default(),
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
        implied: ImpliedLosses::default(),
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
    insta::assert_snapshot!(sections(&english(&audited()), &ENGLISH), @r"
    Verdict
      direct  writes down 12.30 s (-0.12 s)  reads 1.20 s (-0.10 s)  in 1 episode
      proxy   writes down 3.10 s (-0.15 s)   reads 2.90 s (-0.15 s)  in 1 episode
      1,072 acknowledged writes, a part of 1 acknowledged purchase and at least 40 logins were lost on the direct path; writes down at least 14.41 s (-0.22 s) counting lost writes as failures.

    Durability (RPO)
      path    acknowledged   lost  first lost (UTC)  offset (s)  first to last lost                torn  unknown  committed  not committed  duplicated  phantom  unrecorded
      direct        12,345  1,072  20:43:58.000         +58.000              2.01 s  3 (1 acknowledged)        7          4              1           2        5           4
        logins: 40 to 43 lost
        stock: 30 pieces more than this run can have left: another program changed these rows, or a purchase left the stock as it was
      proxy         11,900      0  -                          -                   -                   0        0          0              0           0        0           0
        logins: not audited, as the recording has no sum from before the start
        stock: not audited, as the recording has no sum from before the start
      Audited 2026-11-22 20:50:00.000 UTC, through proxy; the writer was 127.0.0.3:65432, timeline 2.

    Durable figures (lost writes are failures)
      path    group            downtime            durable downtime  outages      availability  success rate  durable rate   TPS
      direct  write   12.34 s (-0.48 s)           14.41 s (-0.22 s)        1          95.197 %       95.60 %       72.00 %  0.60
              writer  12.30 s (-0.12 s)  at least 14.41 s (-0.22 s)        1  at most 95.197 %             -             -     -
              all      1.19 s (-0.10 s)            1.19 s (-0.10 s)        1          99.603 %       97.20 %       92.47 %  3.85

    Durable recovery (lost writes are failures)
      path    group   episode  from (UTC)    offset (s)   durable downtime  outages  full throughput after  normal latency after
      direct  writer        1  20:43:57.900     +57.900  14.41 s (-0.22 s)        1                15.11 s                     -

    Lost writes (acknowledged, and not there)
      path    acknowledged (UTC)  offset (s)  operation    operation id  finding  server           timeline
      direct  20:43:58.000           +58.000  insert_log           4000  lost     127.0.0.2:65432         1
              20:43:58.100           +58.100  place_order          4001  torn     127.0.0.2:65432         1
              20:43:58.200           +58.200  insert_log           4002  lost     127.0.0.2:65432         1
        1,070 more are in audit/findings.parquet
    ");
}

#[test]
fn every_kind_of_finding_in_chinese() {
    insta::assert_snapshot!(sections(&chinese(&audited()), &CHINESE), @r"
    结论:
      Direct  写入停机 12.30秒 (-0.12秒)  读 1.20秒 (-0.10秒)  共 1 次故障
      Proxy   写入停机 3.10秒 (-0.15秒)   读 2.90秒 (-0.15秒)  共 1 次故障
      Direct 路径丢失 1,072 个已确认的写操作, 1 笔已确认购买的一部分 和 至少 40 次登录; 丢失的写计为失败时, 写入停机 至少 14.41秒 (-0.22秒)。

    持久性 (RPO):
      路径    已确认   丢失  首次丢失 (UTC)  偏移 (秒)  首次至末次丢失          残缺  结果未知  其中已提交  其中未提交  重复  幻影  无记录
      Direct  12,345  1,072  20:43:58.000      +58.000          2.01秒  3 (已确认 1)         7           4           1     2     5       4
        登录: 丢失 40 至 43 次
        库存: 比本次运行可能的多 30 件: 其他程序修改过这些行, 或有购买未扣库存
      Proxy   11,900      0  -                       -               -             0         0           0           0     0     0       0
        登录: 未审计, 记录中没有开始前的总和
        库存: 未审计, 记录中没有开始前的总和
      审计时间 2026-11-22 20:50:00.000 UTC, 经由 proxy; 应答的写节点: 127.0.0.3:65432, 时间线 2。

    持久指标 (丢失的写计为失败):
      路径    分组                     停机时间            持久停机时间  停机次数        可用率  成功率  持久成功率   TPS
      Direct  写              12.34秒 (-0.48秒)       14.41秒 (-0.22秒)         1       95.197%  95.60%      72.00%  0.60
              写入 (写+事务)  12.30秒 (-0.12秒)  至少 14.41秒 (-0.22秒)         1  至多 95.197%       -           -     -
              全部             1.19秒 (-0.10秒)        1.19秒 (-0.10秒)         1       99.603%  97.20%      92.47%  3.85

    持久恢复过程 (丢失的写计为失败):
      路径    分组            故障  开始 (UTC)    偏移 (秒)       持久停机时间  停机次数  恢复全部吞吐用时  恢复正常延迟用时
      Direct  写入 (写+事务)     1  20:43:57.900    +57.900  14.41秒 (-0.22秒)         1           15.11秒                 -

    丢失的写操作 (已确认, 但不在数据库中):
      路径    确认时间 (UTC)  偏移 (秒)  操作         操作编号  结论  服务器           时间线
      Direct  20:43:58.000      +58.000  insert_log       4000  丢失  127.0.0.2:65432       1
              20:43:58.100      +58.100  place_order      4001  残缺  127.0.0.2:65432       1
              20:43:58.200      +58.200  insert_log       4002  丢失  127.0.0.2:65432       1
        另有 1,070 条, 见 audit/findings.parquet
    ");
}

/// The Chinese report opens with a section per path.
#[test]
fn a_path_that_lost_writes_says_so_at_its_top() {
    let report = chinese(&audited());
    let direct = sections(&report, &["Direct 连接结果"]);
    assert!(direct.contains("- 丢失的已确认写操作: 1,072\n"), "{direct}");
    let durable = "- 持久停机时间 (丢失的写计为失败): 写入停机 至少 14.41秒 (-0.22秒)\n";
    assert!(direct.contains(durable), "{direct}");
    assert!(!sections(&report, &["Proxy 连接结果"]).contains("丢失"));
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

/// What writes there are is the user's to say: no word of the shop.
#[test]
fn a_workload_of_the_users_own_has_no_purchases() {
    let mut summary = audited();
    let shop = [english(&summary), chinese(&summary)];
    assert!(shop[0].contains("order, log and purchase") && shop[1].contains("购买"));
    summary.recording.workload = Some(WorkloadRecord {
        name: "bank".to_owned(),
        sha256: "0".repeat(64),
        operations: Vec::new(),
    });
    let (english, chinese) = (english(&summary), chinese(&summary));
    for told in [
        "a part of 1 acknowledged transaction and",
        "every acknowledged and every unknown write with an identity",
    ] {
        let joined = english.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(told), "{english}");
    }
    assert!(chinese.contains("1 个已确认事务的一部分"), "{chinese}");
    for word in ["purchase", "the order", "an order", "orders"] {
        assert!(!english.contains(word), "{word} in {english}");
    }
    for word in ["购买", "订单"] {
        assert!(!chinese.contains(word), "{word} in {chinese}");
    }
}
