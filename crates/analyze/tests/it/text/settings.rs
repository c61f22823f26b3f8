//! The settings that decide what a downtime looks like, and what happened around it.

use recording::vocabulary::Path;
use recording::{ConnectionSettings, Endpoint, Failover};

use super::{chinese, english, sections};
use crate::support::summaries::{event, sample};

fn connection() -> ConnectionSettings {
    ConnectionSettings {
        tcp_keepalive_idle_us: None,
        tcp_keepalive_interval_us: None,
        tcp_keepalive_count: None,
        tcp_user_timeout_us: None,
        pool_min_idle: 0,
        pool_max_lifetime_us: None,
        pool_idle_check_us: None,
        dns_cache_us: None,
        on_read_only: "keep".to_owned(),
        reconnect_backoff_min_us: 0,
        reconnect_backoff_max_us: 0,
    }
}

/// The lines of the report that tell of how connections are made and kept.
fn told(report: &str, labels: &[&str]) -> String {
    let lines = report
        .lines()
        .filter(|line| labels.iter().any(|label| line.contains(label)));
    lines.collect::<Vec<_>>().join("\n")
}

const LABELS: [&str; 9] = [
    "  Pool",
    "  TCP",
    "  On read-only",
    "  Reconnect",
    "  DNS cache",
    "  Load limit",
    "  Probe",
    "reader endpoint",
    "endpoint ",
];

#[test]
fn what_is_not_set_is_the_systems_or_never() {
    let mut summary = sample();
    summary.recording.connection = Some(connection());
    insta::assert_snapshot!(told(&english(&summary), &LABELS), @r"
    Pool                  size 5 per path
    Pool upkeep           min idle 0, max lifetime never, idle check never
    TCP keepalive         system default
    TCP user timeout      system default
    On read-only (25006)  keep
    Reconnect back-off    none
    Probe interval        off
    Direct endpoint       writer.lab.test:65432/postgres, user app, sslmode prefer
    Proxy endpoint        127.0.0.1:64320/postgres, user app, sslmode prefer
    ");
}

#[test]
fn every_setting_is_told() {
    let mut summary = sample();
    let recording = &mut summary.recording;
    recording.connection = Some(ConnectionSettings {
        tcp_keepalive_idle_us: Some(10_000_000),
        tcp_keepalive_interval_us: None,
        tcp_keepalive_count: Some(3),
        tcp_user_timeout_us: Some(8_500_000),
        pool_min_idle: 2,
        pool_max_lifetime_us: Some(1_800_000_000),
        pool_idle_check_us: Some(500_000),
        dns_cache_us: Some(60_000_000),
        on_read_only: "reconnect".to_owned(),
        reconnect_backoff_min_us: 100_000,
        reconnect_backoff_max_us: 5_000_000,
    });
    recording.probe_interval_us = Some(500_000);
    recording.max_tps_per_1000 = Some(120_500);
    recording.endpoints.push(Endpoint {
        path: Path::Direct,
        host: "reader.lab.test".to_owned(),
        reader: true,
        ..recording.endpoints[0].clone()
    });
    insta::assert_snapshot!(told(&english(&summary), &LABELS), @r"
    Pool                    size 5 per path
    Pool upkeep             min idle 2, max lifetime 1,800 s, idle check 500 ms
    TCP keepalive           idle 10 s, interval system default, count 3
    TCP user timeout        8.5 s
    On read-only (25006)    reconnect
    Reconnect back-off      100 ms to 5 s
    DNS cache               answers kept for 60 s at least, whatever the TTL
    Load limit              120.5 operations/s, all paths together
    Probe interval          500 ms
    Direct endpoint         writer.lab.test:65432/postgres, user app, sslmode prefer
    Proxy endpoint          127.0.0.1:64320/postgres, user app, sslmode prefer
    Direct reader endpoint  reader.lab.test:65432/postgres, user app, sslmode prefer
    ");
    let labels = ["连接池", "TCP", "只读", "重连", "上限", "探测", "端点"];
    insta::assert_snapshot!(told(&chinese(&summary), &labels), @r"
    - 连接池: 每条路径 5 个连接
    - 超时: 建立连接 5秒 (每个阶段), 等待连接池 5秒, 操作 10秒
    - 连接池维护: 最少空闲 2, 最长寿命 1,800秒, 空闲检查 500毫秒
    - TCP keepalive: 空闲 10秒, 间隔 系统默认, 次数 3
    - TCP user timeout: 8.5秒
    - 遇只读错误 (25006): reconnect
    - 重连退避: 100毫秒 至 5秒
    - 负载上限: 所有路径合计每秒 120.5 个操作
    - 探测间隔: 500毫秒
    - Direct 端点: writer.lab.test:65432/postgres, 用户 app, sslmode prefer
    - Proxy 端点: 127.0.0.1:64320/postgres, 用户 app, sslmode prefer
    - Direct 只读端点: reader.lab.test:65432/postgres, 用户 app, sslmode prefer
      分辨率超过停机时间的 30%, 停机时间只宜视为上限: Proxy 事务。
    ");
}

#[test]
fn an_endpoint_that_went_on_without_tls() {
    let mut summary = sample();
    assert!(!english(&summary).contains("ithout TLS"));
    let error = "TLS handshake: the server's certificate expired on 2021-01-01; renew it";
    summary.recording.endpoints[1].tls_error = Some(error.to_owned());
    let report = english(&summary);
    insta::assert_snapshot!(told(&report, &["Proxy endpoint", "went on without it"]), @r"
    Proxy endpoint      127.0.0.1:64320/postgres, user app, sslmode prefer, without TLS, which failed: TLS handshake: the server's certificate expired on 2021-01-01; renew it
    Without TLS: sslmode=prefer went on without it after a failed handshake. Connecting took the time of
    ");
    let report = chinese(&summary);
    for text in [
        "sslmode prefer, TLS 失败, 未加密连接: TLS handshake: the server's certificate expired",
        "未加密: TLS 握手失败后",
    ] {
        assert!(report.contains(text), "{report}");
    }
}

#[test]
fn of_a_recording_from_before_nothing_is_told() {
    let report = english(&sample());
    for label in [
        "TCP",
        "Probe",
        "Load limit",
        "On read-only",
        "Campaign",
        "Heal",
    ] {
        assert!(!report.contains(label), "{label} in\n{report}");
    }
}

#[test]
fn a_campaign_is_told_with_its_commands() {
    let mut summary = sample();
    summary.recording.failover = Some(Failover {
        command: "lab failover --kind crash".to_owned(),
        after_us: 60_000_000,
        every_us: Some(120_000_000),
        count: None,
        heal_command: Some("lab\nheal".to_owned()),
        settle_us: Some(30_000_000),
    });
    insta::assert_snapshot!(told(&english(&summary), &["Campaign", "Heal"]), @r"
    Campaign            every 120 s at the earliest, each path healthy for 30 s before the next
    Heal command        lab heal
    ");
    insta::assert_snapshot!(told(&chinese(&summary), &["连续", "修复"]), @r"
    - 连续故障转移: 间隔至少 120秒, 每条路径健康 30秒 后进行下一次
    - 修复命令: lab heal
    ");
}

#[test]
fn events_are_listed_with_what_they_say() {
    let mut summary = sample();
    let mut mark = event(61_000, "mark", None);
    mark.detail = "pulled\nthe plug".to_owned();
    let mut role = event(65_000, "role_changed", None);
    role.path = Some("direct".to_owned());
    role.detail = "10.0.0.2:5432 (writer) -> 10.0.0.2:5432 (reader)".to_owned();
    let later = event(66_000, "moon_rose", Some(7));
    let load = event(1_000, "load_started", None);
    summary.events.extend([mark, role, later]);
    summary.events.insert(0, load);
    insta::assert_snapshot!(sections(&english(&summary), &["Events"]), @r"
    Events
      time (UTC)    offset (s)  path    event                      text
      20:44:00.000     +60.000          failover triggered
      20:44:00.450     +60.450          failover command finished  status 0
      20:44:01.000     +61.000          mark 1                     pulled the plug
      20:44:05.000     +65.000  direct  role changed               10.0.0.2:5432 (writer) -> 10.0.0.2:5432 (reader)
      20:44:06.000     +66.000          moon_rose                  status 7
    ");
    insta::assert_snapshot!(sections(&chinese(&summary), &["事件"]), @r"
    事件:
      时间 (UTC)    偏移 (秒)  路径    事件              内容
      20:44:00.000    +60.000          触发故障转移
      20:44:00.450    +60.450          故障转移命令结束  退出码 0
      20:44:01.000    +61.000          标记 1            pulled the plug
      20:44:05.000    +65.000  Direct  角色变更          10.0.0.2:5432 (writer) -> 10.0.0.2:5432 (reader)
      20:44:06.000    +66.000          moon_rose         退出码 7
    ");
}

#[test]
fn many_events_are_cut_and_counted() {
    let mut summary = sample();
    summary.events = (0..75)
        .map(|second| event(second * 1_000, "address_changed", None))
        .collect();
    let events = sections(&english(&summary), &["Events"]);
    assert_eq!(events.lines().count(), 1 + 1 + 60 + 1);
    assert!(
        events.ends_with("not listed: 15 x address changed; --format json has all"),
        "{events}"
    );
}

#[test]
fn one_trigger_alone_makes_no_list() {
    assert!(!english(&sample()).contains("Events\n"));
}
