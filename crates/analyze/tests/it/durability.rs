//! What an audit changes in the figures: an acknowledged write that was lost is no success (`docs/definitions.md`, Durability).

use std::fs;
use std::path::Path as FilePath;
use std::process::Command;

use analyze::summary::{
    AuditSummary, Group, GroupSummary, Metric, PathSummary, Summary, Thresholds,
};
use analyze::text::{Language, TextOptions, render};
use recording::vocabulary::ErrorClass::{ConnectionLost, Refused};
use recording::vocabulary::FindingKind::{Committed, Duplicated, Lost, NotCommitted, Torn};
use recording::vocabulary::Outcome::{Ok as Acknowledged, Unknown};
use recording::vocabulary::Path::{Direct, Proxy};
use recording::{Audit, SumAudit};

use crate::support::audited::{audit, last_orders, orders_with_a_gap};
use crate::support::{HandMade, Made, START_US, analyze, group, us};

const ORDER: (&str, recording::vocabulary::Outcome) = ("create_order", Acknowledged);

/// Outages as (start, end, resolution) in microseconds since the recording's start.
fn outages(group: &GroupSummary) -> Vec<(i64, i64, i64)> {
    let after = |time: recording::Timestamp| time.micros() - START_US;
    let outages = group.outages.iter();
    outages
        .map(|outage| {
            let (start, end) = (after(outage.span.start), after(outage.span.end));
            assert_eq!(outage.downtime_us, end - start);
            (start, end, outage.resolution_us)
        })
        .collect()
}

fn durable(path: &PathSummary, of: Group) -> &GroupSummary {
    assert!(path.durable.is_some());
    path.durable_group(of).unwrap()
}

fn direct(summary: &Summary) -> &PathSummary {
    &summary.paths[0]
}

fn english(summary: &Summary) -> String {
    render(summary, &TextOptions::default())
}

/// The section under a heading.
fn section<'r>(report: &'r str, heading: &str) -> &'r str {
    let mut sections = report.split("\n\n");
    let found = sections.find(|section| section.starts_with(heading));
    found
        .unwrap_or_else(|| panic!("no section {heading:?} in\n{report}"))
        .trim_end()
}

/// The writer went on acknowledging for 2 s what it lost, and was down for 3 s more.
#[test]
fn lost_writes_before_an_outage_make_it_longer() {
    let made = orders_with_a_gap().write();
    let found = audit(&made, &[(Direct, 270)]).found(Direct, Lost, ORDER, last_orders());
    let summary = found.summary();
    let path = direct(&summary);
    for of in [Group::Write, Group::Writer, Group::All] {
        // Asked 0.2 s after the last success; known to be down up to the last failure at 12.75 s.
        let outage = (us(10.0), us(13.0), us(0.2) + us(0.25));
        assert_eq!(outages(group(path, of)), [outage]);
        // The last success that is there ended at 8.0 s, and the first that is lost began at 8.095 s.
        let outage = (us(8.0), us(13.0), us(0.095) + us(0.25));
        assert_eq!(outages(durable(path, of)), [outage]);
        let evidence = durable(path, of).outages[0].evidence;
        assert_eq!(evidence, 20 + 2);
    }
    let figures = path.durable.as_ref().unwrap();
    let headline = |headline: &Option<analyze::summary::Headline>| {
        let headline = headline.as_ref().unwrap();
        (headline.group, headline.downtime_us, headline.at_least)
    };
    assert_eq!(
        headline(&path.headline),
        (Group::Writer, Some(us(3.0)), false)
    );
    assert_eq!(
        headline(&figures.headline),
        (Group::Writer, Some(us(5.0)), false)
    );
    // Rates: 20 of the 270 successes of 272 operations are none.
    assert_eq!(path.overall.success_rate, Some(270.0 / 272.0));
    assert_eq!(figures.overall.success_rate, Some(250.0 / 272.0));
    assert_eq!((path.overall.failed, figures.overall.failed), (2, 22));
    assert_eq!(figures.types[0].rates.successes, 250);
    // Recovery: ten per second before, and from the first success after.
    let to_full = |group: &GroupSummary| group.episodes[0].time_to_full_throughput_us;
    assert_eq!(to_full(group(path, Group::Writer)), Some(us(3.0)));
    assert_eq!(to_full(durable(path, Group::Writer)), Some(us(5.0)));

    let durability = path.durability.as_ref().unwrap();
    assert_eq!(
        (durability.found.acknowledged, durability.found.lost),
        (270, 20)
    );
    let at = |time: Option<recording::Timestamp>| time.unwrap().micros() - START_US;
    assert_eq!(at(durability.first_lost), us(8.1));
    assert_eq!(at(durability.last_lost), us(10.0));
    assert_eq!(durability.lost_span_us, Some(us(1.9)));
    // Where a write was lost all other figures stay what they were.
    let plain = orders_with_a_gap().direct();
    assert_eq!(
        (&path.groups, &path.overall),
        (&plain.groups, &plain.overall)
    );

    let report = english(&summary);
    insta::assert_snapshot!(section(&report, "Verdict"), @r"
    Verdict
      direct  writes down 3.00 s (-0.45 s)    in 1 episode
      20 acknowledged writes were lost on the direct path; writes down 5.00 s (-0.34 s) counting lost writes as failures.
    ");
    insta::assert_snapshot!(section(&report, "Durability (RPO)"), @r"
    Durability (RPO)
      path    acknowledged  lost  first lost (UTC)  offset (s)  first to last lost  torn  unknown
      direct           270    20  20:43:08.100          +8.100              1.90 s     0        0
        logins: not audited, as the recording has no sum from before the start
        stock: not audited, as the recording has no sum from before the start
      Audited 2026-11-22 20:44:40.000 UTC, through direct; the writer was 10.0.0.3:5432, timeline 2.
    ");
    insta::assert_snapshot!(section(&report, "Durable figures"), @r"
    Durable figures (lost writes are failures)
      path    group           downtime  durable downtime  outages  availability  success rate  durable rate   TPS
      direct  write   3.00 s (-0.45 s)  5.00 s (-0.34 s)        1      83.333 %       99.26 %       91.91 %  8.33
              writer  3.00 s (-0.45 s)  5.00 s (-0.34 s)        1      83.333 %             -             -     -
              all     3.00 s (-0.45 s)  5.00 s (-0.34 s)        1      83.333 %       99.26 %       91.91 %  8.33
    ");
    insta::assert_snapshot!(section(&report, "Durable recovery"), @r"
    Durable recovery (lost writes are failures)
      path    group   episode  from (UTC)    offset (s)  durable downtime  outages  full throughput after  normal latency after
      direct  writer        1  20:43:08.000      +8.000  5.00 s (-0.34 s)        1                 5.00 s                     -
    ");
    let listed = section(&report, "Lost writes");
    assert_eq!(listed.lines().count(), 2 + 20, "{listed}");
}

/// Nothing failed, and the new writer has not what the old one acknowledged last.
#[test]
fn a_failover_without_a_failure_may_have_lost_writes() {
    let made = HandMade::new(30.0)
        .steady("create_order", 0.1, 0.1, 300, 0.005)
        .write();
    let lost = (71..=100).map(|id| (id, id as f64 / 10.0));
    let summary = audit(&made, &[(Direct, 300)])
        .found(Direct, Lost, ORDER, lost)
        .summary();
    let path = direct(&summary);
    assert_eq!(outages(group(path, Group::Writer)), []);
    let outage = (us(7.0), us(10.1), us(0.095) + us(0.1));
    assert_eq!(outages(durable(path, Group::Writer)), [outage]);
    let report = english(&summary);
    insta::assert_snapshot!(section(&report, "Verdict"), @r"
    Verdict
      direct  no outage found
      30 acknowledged writes were lost on the direct path; writes down 3.10 s (-0.20 s) counting lost writes as failures.
    ");
    // 20 are listed.
    let listed = section(&report, "Lost writes");
    assert_eq!(listed.lines().count(), 2 + 20 + 1, "{listed}");
    assert!(
        listed.ends_with("10 more are in audit/findings.parquet"),
        "{listed}"
    );
}

/// An order whose log is missing: one of several purchases, so that it makes no outage.
#[test]
fn a_purchase_of_which_a_part_is_there_is_no_success() {
    let made = HandMade::new(30.0)
        .steady("place_order", 0.5, 0.5, 59, 0.02)
        .write();
    let summary = audit(&made, &[(Direct, 59)])
        .found(Direct, Torn, ("place_order", Acknowledged), [(20, 10.0)])
        .summary();
    let path = direct(&summary);
    let figures = path.durable.as_ref().unwrap();
    assert_eq!(figures.overall.success_rate, Some(58.0 / 59.0));
    let purchases = durable(path, Group::Transaction);
    assert!(purchases.outages.is_empty());
    let [blip] = purchases.blips.as_slice() else {
        panic!("one blip")
    };
    assert_eq!(
        (blip.time.micros() - START_US, blip.class.as_str()),
        (us(10.0), "lost")
    );
    let report = english(&summary);
    let verdict = section(&report, "Verdict");
    assert!(
        verdict.contains("a part of 1 acknowledged purchase was lost on the direct path."),
        "{verdict}"
    );
    assert!(section(&report, "Lost writes").contains(" place_order "));
}

/// What became of an unknown write, and one that is there twice, changes no success.
#[test]
fn other_findings_change_no_figure() {
    let made = orders_with_a_gap()
        .unknown("create_order", 10.3, 10.4, ConnectionLost)
        .unknown("create_order", 10.5, 10.6, ConnectionLost)
        .unknown("place_order", 10.7, 10.8, ConnectionLost)
        .write();
    let plain = made.analyze().summary;
    let unknown = ("create_order", Unknown);
    let summary = audit(&made, &[(Direct, 270)])
        .found(Direct, Committed, unknown, [(273, 10.4)])
        .found(Direct, NotCommitted, unknown, [(274, 10.6)])
        .found(Direct, Torn, ("place_order", Unknown), [(275, 10.8)])
        .found(Direct, Duplicated, ORDER, [(7, 0.7)])
        .but(|audit| audit.paths[0].unknown = 3)
        .summary();
    let (path, before) = (direct(&summary), direct(&plain));
    assert!(path.durable.is_none());
    assert_eq!(
        (&path.groups, &path.overall),
        (&before.groups, &before.overall)
    );
    let durability = path.durability.as_ref().unwrap();
    assert_eq!(
        (durability.first_lost, durability.lost_span_us),
        (None, None)
    );
    assert!(durability.lost_writes.is_empty());
    let report = english(&summary);
    assert!(
        !report.contains("were lost on") && !report.contains("Lost writes"),
        "{report}"
    );
    insta::assert_snapshot!(section(&report, "Durability (RPO)"), @r"
    Durability (RPO)
      path    acknowledged  lost  first lost (UTC)  offset (s)  first to last lost  torn  unknown  committed  not committed  duplicated
      direct           270     0  -                          -                   -     1        3          1              1           1
        logins: not audited, as the recording has no sum from before the start
        stock: not audited, as the recording has no sum from before the start
      Audited 2026-11-22 20:44:40.000 UTC, through direct; the writer was 10.0.0.3:5432, timeline 2.
    ");
}

#[test]
fn without_an_audit_nothing_is_known() {
    let made = orders_with_a_gap().write();
    let summary = made.analyze().summary;
    assert_eq!(summary.audit, AuditSummary::NotAudited);
    let path = direct(&summary);
    assert!(path.durability.is_none() && path.durable.is_none());
    insta::assert_snapshot!(section(&english(&summary), "Durability (RPO)"), @r"
    Durability (RPO)
      not audited (recorder audit RUN): whether acknowledged writes were lost is not known
    ");
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["audit"], serde_json::json!({"state": "not_audited"}));
    assert!(json["paths"][0].get("durability").is_none());

    let reads = HandMade::new(5.0)
        .steady("user_list", 0.1, 0.1, 49, 0.005)
        .summary();
    insta::assert_snapshot!(section(&english(&reads), "Durability (RPO)"), @r"
    Durability (RPO)
      no write was recorded: nothing to audit
    ");
}

/// Of an audit that can't be used the report says why, and goes on as without one.
#[test]
fn an_audit_that_cannot_be_used_is_none() {
    type Damage = fn(&FilePath);
    let damages: [(&str, Damage); 5] = [
        ("the audit can't be read", |folder| {
            fs::write(folder.join("audit.json"), "{\"audit_version\": 1, ").unwrap();
        }),
        ("a later version wrote it", |folder| {
            fs::write(folder.join("audit.json"), "{\"audit_version\": 2}").unwrap();
        }),
        ("one was interrupted", |folder| {
            let findings = Audit::findings_path(folder);
            let mut bytes = fs::read(&findings).unwrap();
            bytes.push(0);
            fs::write(&findings, bytes).unwrap();
        }),
        ("findings.parquet", |folder| {
            fs::remove_file(Audit::findings_path(folder)).unwrap();
        }),
        ("it is of recording another", |folder| {
            let file = folder.join("audit.json");
            let text = fs::read_to_string(&file).unwrap();
            fs::write(file, text.replace("20261122T204300Z-7f3a", "another")).unwrap();
        }),
    ];
    for (reason, damage) in damages {
        let made = orders_with_a_gap().write();
        let found = audit(&made, &[(Direct, 270)]).found(Direct, Lost, ORDER, last_orders());
        found.write();
        damage(&made.folder);
        let summary = made.analyze().summary;
        let AuditSummary::Unusable { reason: said } = &summary.audit else {
            panic!("{reason}: {:?}", summary.audit)
        };
        assert!(
            said.contains(reason) && !said.contains('\n'),
            "{reason}: {said}"
        );
        let path = direct(&summary);
        assert!(
            path.durability.is_none() && path.durable.is_none(),
            "{reason}"
        );
        let report = english(&summary);
        let durability = section(&report, "Durability (RPO)");
        assert!(durability.contains("not audited: "), "{durability}");
        assert!(!durability.contains("0 lost"), "{durability}");
        let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
            .arg("report")
            .arg(&made.folder)
            .output()
            .unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{reason}"
        );
    }
}

/// What makes the findings weaker is said.
#[test]
fn a_token_servers_and_sessions_that_are_missing_are_noted() {
    let made = orders_with_a_gap().write();
    let summary = audit(&made, &[(Direct, 270)])
        .found(Direct, Lost, ORDER, last_orders())
        .but(|audit| {
            audit.token_found = Some(false);
            audit.sessions_left = Some(2);
            audit.missing_servers = vec!["10.0.0.2:5432".to_owned()];
            audit.promotion_seen = Some(false);
            audit.other_writers = vec!["10.0.0.4:5432".to_owned()];
            audit.standbys = Some(0);
            audit.sums_disturbed_by = Some("another run wrote into the tables".to_owned());
        })
        .summary();
    assert!(direct(&summary).durable.is_some());
    insta::assert_snapshot!(section(&english(&summary), "Durability (RPO)"), @r"
    Durability (RPO)
      path    acknowledged  lost  first lost (UTC)  offset (s)  first to last lost  torn  unknown
      direct           270    20  20:43:08.100          +8.100              1.90 s     0        0
        logins: not audited: another run wrote into the tables
        stock: not audited: another run wrote into the tables
      Audited 2026-11-22 20:44:40.000 UTC, through direct; the writer was 10.0.0.3:5432, timeline 2.
      A failover was triggered, or operations failed, and no promotion is seen since the run began: if the server that was asked is cut off, what it has may still be lost. Audit again when the failover is over.
      Other servers of the run accept writes and were not asked: 10.0.0.4:5432. Audit again when one writer is left.
      The run's token is not in the tables: rows were deleted there, or it was lost too. What counts as lost here may have been deleted.
      Former writers that were not back when the wait was over: 10.0.0.2:5432. A writer that still runs there was not asked.
      Sessions of the run that were still there when the wait was over: 2. What they commit later does not count.
    ");
}

/// One of the few operations of any kind was lost: a short outage of all, in which no read was asked. Reads were served all the while.
#[test]
fn lost_writes_tell_nothing_of_reads() {
    let made = HandMade::new(30.0)
        .steady("user_list", 0.05, 0.01, 985, 0.005)
        .ok("create_order", 9.96, 9.97)
        .steady("user_list", 10.15, 0.01, 1_980, 0.005)
        .ok("create_order", 29.96, 29.97)
        .write();
    let summary = audit(&made, &[(Direct, 2)])
        .found(Direct, Lost, ORDER, [(986, 9.97)])
        .found(Direct, Torn, ORDER, [(2_967, 29.97)])
        .summary();
    let path = direct(&summary);
    let reads = durable(path, Group::Read);
    assert_eq!(reads, group(path, Group::Read));
    assert!(!reads.unobserved && !reads.is_bound());
    assert_eq!(durable(path, Group::Writer).outages.len(), 1);
    assert_eq!(durable(path, Group::All).outages.len(), 1);
}

/// Logins between two lost writes were lost with them, where their sum agrees.
#[test]
fn logins_between_two_lost_writes_are_lost() {
    let made = orders_with_a_gap()
        .steady("update_login", 0.15, 0.1, 100, 0.005)
        .write();
    let durable_downtime = |logins: SumAudit| {
        let found = audit(&made, &[(Direct, 270)]).found(Direct, Lost, ORDER, last_orders());
        let summary = found
            .but(|audit| {
                audit.paths[0].logins = Some(logins);
                audit.paths[0].stock = Some(SumAudit::new(0, 0, 0, 0));
            })
            .summary();
        let path = direct(&summary);
        let implied = path.durability.as_ref().unwrap().implied;
        let figures = durable(path, Group::Writer);
        let failed = path.durable.as_ref().unwrap().overall.failed;
        assert_eq!(failed, 2 + 20 + implied.operations);
        (
            implied.logins,
            implied.is_refuted,
            figures.outages[0].span.start.micros() - START_US,
            figures.at_least,
        )
    };
    // The lost orders were acknowledged from 8.1 to 10.0 s; logins end in between, and at 8.05 and 10.05 s.
    let sum = |missing: i64| SumAudit::new(1_000, 100, 0, 1_100 - missing);
    assert_eq!(durable_downtime(sum(19)), (19, false, us(8.05), false));
    assert_eq!(durable_downtime(sum(20)), (19, false, us(8.05), true));
    assert_eq!(durable_downtime(sum(18)), (0, true, us(10.05), true));
}

/// Which logins were lost is not known: they stay successes, and the durable downtime is a lower bound.
#[test]
fn lost_increments_make_a_lower_bound() {
    let made = orders_with_a_gap()
        .steady("user_list", 0.15, 0.1, 298, 0.005)
        .write();
    let summary = audit(&made, &[(Direct, 270)])
        .found(Direct, Lost, ORDER, last_orders())
        .but(|audit| {
            audit.paths[0].logins = Some(SumAudit::new(1_000, 60, 2, 1_020));
            audit.paths[0].stock = Some(SumAudit::new(5_000, -60, 0, 4_943));
        })
        .summary();
    let path = direct(&summary);
    let bounds = |groups: &[GroupSummary]| -> Vec<(Group, bool)> {
        groups
            .iter()
            .map(|group| (group.group, group.at_least))
            .collect()
    };
    let groups = [Group::Read, Group::Write, Group::Writer, Group::All];
    assert_eq!(bounds(&path.groups), groups.map(|group| (group, false)));
    let bounded = bounds(&path.durable.as_ref().unwrap().groups);
    assert_eq!(bounded, groups.map(|group| (group, group != Group::Read)));
    // Without the sums it is not known that none was lost.
    let made = orders_with_a_gap()
        .steady("update_stock", 0.15, 5.0, 6, 0.005)
        .write();
    let lost = |sum: Option<SumAudit>| {
        let found = audit(&made, &[(Direct, 270)]).found(Direct, Lost, ORDER, last_orders());
        let summary = found.but(|audit| audit.paths[0].stock = sum).summary();
        durable(direct(&summary), Group::Writer).at_least
    };
    assert!(lost(None));
    assert!(!lost(Some(SumAudit::new(5_000, 60, 0, 5_060))));
    let report = english(&summary);
    let verdict = section(&report, "Verdict");
    let said = "20 acknowledged writes and at least 40 logins were lost on the direct path; \
                writes down at least 5.00 s (-0.34 s) counting lost writes as failures.";
    assert!(verdict.contains(said), "{verdict}");
    let durability = section(&report, "Durability (RPO)");
    assert!(
        durability.contains("logins: 40 to 42 lost\n"),
        "{durability}"
    );
    assert!(
        durability.contains("stock: 3 pieces more than"),
        "{durability}"
    );
    assert!(section(&report, "How to read this").contains("is a lower bound."));
}

/// Both paths lived through one failover; only the direct one lost writes.
#[test]
fn the_paths_are_compared() {
    let both = orders_with_a_gap().on(Proxy);
    let made = both
        .steady("create_order", 0.1, 0.1, 100, 0.005)
        .failed("create_order", 10.2, 10.25, Refused)
        .failed("create_order", 11.7, 11.75, Refused)
        .steady("create_order", 12.0, 0.1, 180, 0.005)
        .trigger(9.9)
        .write();
    let summary = audit(&made, &[(Direct, 270), (Proxy, 280)])
        .found(Direct, Lost, ORDER, last_orders())
        .summary();
    let comparison = summary.comparison.as_ref().unwrap();
    let line = |metric| {
        let mut lines = comparison.lines.iter();
        let line = lines.find(|line| line.metric == metric).unwrap();
        (
            line.direct.unwrap(),
            line.proxy.unwrap(),
            line.change_percent.unwrap(),
        )
    };
    assert_eq!(line(Metric::LostWrites), (20.0, 0.0, -100.0));
    assert_eq!(line(Metric::DurableWriterDowntime), (5e6, 2e6, -60.0));
    let (direct, proxy, _) = line(Metric::WriterDowntime);
    assert_eq!((direct, proxy), (3e6, 2e6));
    assert!(summary.paths[1].durable.is_none());
    let report = english(&summary);
    insta::assert_snapshot!(section(&report, "Verdict"), @r"
    Verdict
      direct  writes down 3.00 s (-0.45 s)    in 1 episode
      proxy   writes down 2.00 s (-0.45 s)    in 1 episode
      20 acknowledged writes were lost on the direct path; writes down 5.00 s (-0.34 s) counting lost writes as failures.
      n = 1: one failover is an anecdote, so no interval is given.
    ");
    let compared = section(&report, "Proxy against direct");
    let rows: Vec<&str> = compared.lines().skip(2).take(3).map(str::trim).collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    downtime of writes          3.00 s (-0.45 s)  2.00 s (-0.45 s)                 -33.3 %  33.3 % shorter (better)
    durable downtime of writes  5.00 s (-0.34 s)  2.00 s (-0.45 s)                 -60.0 %  60.0 % shorter (better)
    lost writes                               20                 0                -100.0 %  100.0 % fewer (better)
    ");
    let chinese = render(
        &summary,
        &TextOptions {
            language: Language::Zh,
            color: false,
            columns: None,
        },
    );
    insta::assert_snapshot!(section(&chinese, "结论"), @r"
    结论:
      Direct  写入停机 3.00秒 (-0.45秒)    共 1 次故障
      Proxy   写入停机 2.00秒 (-0.45秒)    共 1 次故障
      Direct 路径丢失 20 个已确认的写操作; 丢失的写计为失败时, 写入停机 5.00秒 (-0.34秒)。
      n = 1: 一次故障转移只是个例, 不给出置信区间。
    ");
    insta::assert_snapshot!(section(&chinese, "持久性 (RPO)"), @r"
    持久性 (RPO):
      路径    已确认  丢失  首次丢失 (UTC)  偏移 (秒)  首次至末次丢失  残缺  结果未知
      Direct     270    20  20:43:08.100       +8.100          1.90秒     0         0
        登录: 未审计, 记录中没有开始前的总和
        库存: 未审计, 记录中没有开始前的总和
      Proxy      280     0  -                       -               -     0         0
        登录: 未审计, 记录中没有开始前的总和
        库存: 未审计, 记录中没有开始前的总和
      审计时间 2026-11-22 20:44:40.000 UTC, 经由 direct; 应答的写节点: 10.0.0.3:5432, 时间线 2。
    ");
}

/// Another threshold, or the lost write a success of another's gap: nothing but the rows decides.
#[test]
fn a_lost_write_among_others_is_a_blip() {
    let made: Made = HandMade::new(30.0)
        .steady("create_order", 0.1, 0.1, 299, 0.005)
        .write();
    audit(&made, &[(Direct, 299)])
        .found(Direct, Lost, ORDER, [(150, 15.0)])
        .write();
    let thresholds = Thresholds::default();
    let summary = analyze(&made.folder, thresholds).summary;
    let writes = durable(direct(&summary), Group::Write);
    assert!(writes.outages.is_empty());
    assert_eq!(writes.blips.len(), 1);
}
