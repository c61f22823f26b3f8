//! The sections on where an outage hurts: every figure that they print stands in the fixture.

use analyze::summary::{
    ConnectError, ConnectionFigures, Effects, ErrorCount, HungWrites, NamedRates, Rates, Span,
    StuckConnections, Summary, SyncRepWait, WaitFigures, WaitTimes, Waits, WithoutWriter,
    WritesRefused,
};

use crate::support::summaries::{START_US, at, quiet, sample};
use crate::text::{chinese, english, sections};

fn span(from_ms: i64, to_ms: i64) -> Span {
    Span::new(START_US + from_ms * 1_000, START_US + to_ms * 1_000)
}

fn times(p50_us: Option<i64>, p95_us: Option<i64>, max_us: i64) -> WaitTimes {
    WaitTimes {
        p50_us,
        p95_us,
        p99_us: None,
        max_us: Some(max_us),
    }
}

fn figures(span_us: i64, successes: u64, checkout: WaitTimes, execute: WaitTimes) -> WaitFigures {
    WaitFigures {
        span_us,
        successes,
        checkout,
        execute,
        checkout_share: Some(0.623),
        execute_share: Some(0.37),
    }
}

fn hurt() -> Summary {
    let mut summary = sample();
    let types = &summary.paths[0].types;
    let rates = |index: usize| -> Rates { types[index].rates.clone() };
    let named = |name: &str, rates: Rates| NamedRates {
        name: name.to_owned(),
        rates,
    };
    let names = vec![named("user_list", rates(0)), named("place_order", rates(2))];
    let servers = || vec!["127.0.0.2:65432".to_owned()];
    let refused = WritesRefused {
        span: span(62_000, 71_900),
        refusals: 41,
        reads_served: 260,
        writes_served: 0,
        open_at_end: true,
        servers: servers(),
    };
    let path = &mut summary.paths[0];
    path.impacts[0].operations = vec![
        NamedRates {
            name: "user_list".to_owned(),
            rates: Rates {
                successes: 875,
                ..names[0].rates.clone()
            },
        },
        names[1].clone(),
    ];
    path.operations = names;
    path.effects = Effects {
        waits: Some(Waits {
            before: figures(
                30_000_000,
                300,
                times(Some(17), Some(26), 65),
                times(Some(941), Some(2_176), 10_642),
            ),
            during: figures(
                12_300_000,
                1,
                times(None, None, 505_022),
                times(None, None, 890),
            ),
            after: WaitFigures::default(),
        }),
        writes_refused: vec![refused],
        stuck_connections: vec![StuckConnections {
            new_writer: at(61_000),
            until: at(71_900),
            refusals: 41,
            connections: 5,
            peak: at(64_000),
            peak_stuck: 3,
            peak_used: 5,
            servers: servers(),
        }],
        hung_writes: vec![HungWrites {
            span: span(60_500, 62_400),
            probes: 10,
            reads_answered: 38,
            operations: 3,
            unreplicated: 1,
            servers: servers(),
            reads_with_waits_stated: 4,
            sync_rep_wait: None,
        }],
        without_writer: vec![WithoutWriter {
            span: span(60_100, 80_200),
            failover: None,
            old: Some("127.0.0.2:65432".to_owned()),
            new: None,
            on_either_path: Some(span(60_100, 61_260)),
        }],
    };
    let connections = ConnectionFigures {
        span_us: 60_000_000,
        attempts: 3,
        failed: 0,
        per_second: Some(0.05),
        most_in_a_second: 3,
        p50_us: Some(2_750),
        p95_us: None,
        max_us: Some(9_100),
    };
    path.connections.during = Some(ConnectionFigures {
        span_us: 12_300_000,
        attempts: 38,
        failed: 36,
        per_second: Some(3.09),
        most_in_a_second: 20,
        ..connections.clone()
    });
    path.connections.before = connections;
    path.connections.errors = vec![ConnectError {
        phase: "tcp".to_owned(),
        error: ErrorCount {
            class: "refused".to_owned(),
            sqlstate: None,
            count: 36,
            first: at(60_150),
            last: at(71_000),
            message: "Connection refused\n(os error 111)".to_owned(),
            message_count: 30,
            other_messages: 1,
            servers: servers(),
        },
    }];
    summary
}

const ENGLISH: [&str; 10] = [
    "Operations by name",
    "Effect on each operation type",
    "Reads served",
    "Connections that still",
    "Without a writer",
    "Writes hung",
    "Waiting for a connection",
    "Errors in each outage",
    "Connections before",
    "Failed attempts",
];

#[test]
fn every_section() {
    insta::assert_snapshot!(sections(&english(&hurt()), &ENGLISH), @r"
    Operations by name (response times of successes, ms)
      operation    path    total  success rate  failed  unknown  unfinished   TPS    p50     p95     p99       max
      user_list    direct    875       98.06 %      17        0           0  2.86  36.00  120.00  200.00  2,000.00
      place_order  direct    125       94.35 %       6        1           1  0.39  81.00  270.00  450.00  4,500.00

    Effect on each operation type
      direct, failover 1: 20:44:00.000 to 20:44:13.010 (13.01 s), from the failover trigger to full throughput
      type           attempted  succeeded  failed  unknown  unfinished  success rate        p99
      write                 40         28       9        2           1       71.79 %          -
      - place_order        125        117       6        1           1       94.35 %  450.00 ms
      proxy, failover 1: 20:44:00.000 to 20:44:03.830 (3.83 s), from the failover trigger to full throughput
      type   attempted  succeeded  failed  unknown  unfinished  success rate  p99
      write         40         28       9        2           1       71.79 %    -

    Reads served, writes refused (25006: the path led to a reader)
      path    from (UTC)    offset (s)  until         length  writes refused  reads served  writes served  readers
      direct  20:44:02.000     +62.000  20:44:11.900  9.90 s              41           260              0  127.0.0.2:65432
        no write succeeded after it

    Connections that still led to a reader after a new writer was seen
      path    new writer seen (UTC)  last refusal    after  writes refused  connections  largest share in 1 s        readers
      direct  20:44:01.000           20:44:11.900  10.90 s              41            5  3 of 5 (60 %) at +64.000 s  127.0.0.2:65432

    Without a writer, as the probes saw it (last answer of the old one to first answer of the new one)
      path    part of  from (UTC)    offset (s)  until          length  neither path had one  old writer       new writer
      direct  -        20:44:00.100     +60.100  20:44:20.200  20.10 s                1.16 s  127.0.0.2:65432  -

    Writes hung while the writer answered reads (as in a wait for a synchronous standby, SyncRep)
      path    from (UTC)    offset (s)  length  probes' writes  operations  unreplicated  reads answered  writer
      direct  20:44:00.500     +60.500  1.90 s              10           3             1              38  127.0.0.2:65432

    Waiting for a connection and executing, around the episodes (successes, ms)
      path    span    length  successes  part        p50    p95  p99      max  of response
      direct  before    30 s        300  checkout  0.017  0.026    -    0.065       62.3 %
                                         execute   0.941  2.176    -   10.642       37.0 %
              during  12.3 s          1  checkout      -      -    -  505.022       62.3 %
                                         execute       -      -    -    0.890       37.0 %

    Errors in each outage
      path    group   outage from (UTC)  class            SQLSTATE  count  first (UTC)   last (UTC)    server
      direct  read    20:44:00.100       refused          -            17  20:44:00.120  20:44:01.280  -
        made by hand: refused
              writer  20:44:00.010       refused          -            28  20:44:00.030  20:44:12.290  -
        made by hand: refused
                                         read_only        25006         4  20:44:00.030  20:44:12.290  -
        made by hand: read_only
      proxy   read    20:44:00.050       connection_lost  08P01         3  20:44:00.070  20:44:02.930  -
        made by hand: connection_lost
              writer  20:44:00.030       connection_lost  08P01         3  20:44:00.050  20:44:03.110  -
        made by hand: connection_lost

    Connections before, during and after the episodes
      path    span    length  attempts  per s  most in 1 s  failed  median (ms)  p95 (ms)  max (ms)
      direct  before    60 s         3   0.05            3       0         2.75         -      9.10
              during  12.3 s        38   3.09           20      36         2.75         -      9.10

    Failed attempts to connect
      path    phase  class    SQLSTATE  count  first (UTC)   last (UTC)    address
      direct  tcp    refused  -            36  20:44:00.150  20:44:11.000  127.0.0.2:65432
        Connection refused (os error 111) (30 of 36; 1 other text)
    ");
}

#[test]
fn every_section_in_chinese() {
    let headings = [
        "各操作统计",
        "读正常而写被拒绝",
        "新写节点出现后",
        "没有写节点的时间",
        "写节点应答读而写操作挂起",
        "等待连接与执行",
        "各次停机中的错误",
        "故障前后的连接",
        "失败的连接尝试",
    ];
    insta::assert_snapshot!(sections(&chinese(&hurt()), &headings), @r"
    各操作统计 (成功操作的响应时间, 毫秒):
      操作         路径    总数  成功率  失败  结果未知  未完成   TPS    p50     p95     p99      最大
      user_list    Direct   875  98.06%    17         0       0  2.86  36.00  120.00  200.00  2,000.00
      place_order  Direct   125  94.35%     6         1       1  0.39  81.00  270.00  450.00  4,500.00

    读正常而写被拒绝 (25006: 路径指向只读节点):
      路径    开始 (UTC)    偏移 (秒)  结束            时长  被拒绝的写  成功的读  成功的写  只读节点
      Direct  20:44:02.000    +62.000  20:44:11.900  9.90秒          41       260         0  127.0.0.2:65432
        此后没有成功的写

    新写节点出现后仍连到只读节点的连接:
      路径    新写节点出现 (UTC)  最后一次拒绝     历时  被拒绝的写  连接数  1 秒内最大占比                   只读节点
      Direct  20:44:01.000        20:44:11.900  10.90秒          41       5  5 个中的 3 个 (60%), +64.000 秒  127.0.0.2:65432

    没有写节点的时间 (由探测得出: 旧写节点最后应答至新写节点首次应答):
      路径    归属  开始 (UTC)    偏移 (秒)  结束             时长  两条路径均无写节点  旧写节点         新写节点
      Direct  -     20:44:00.100    +60.100  20:44:20.200  20.10秒              1.16秒  127.0.0.2:65432  -

    写节点应答读而写操作挂起 (与等待同步备库 SyncRep 的表现相同):
      路径    开始 (UTC)    偏移 (秒)    时长  探测的写  操作  未复制  应答的读  写节点
      Direct  20:44:00.500    +60.500  1.90秒        10     3       1        38  127.0.0.2:65432

    等待连接与执行, 故障前后 (成功操作, 毫秒):
      路径    时段      时长  成功操作  部分        p50    p95  p99     最大  占响应时间
      Direct  故障前    30秒       300  等待连接  0.017  0.026    -    0.065       62.3%
                                        执行      0.941  2.176    -   10.642       37.0%
              故障中  12.3秒         1  等待连接      -      -    -  505.022       62.3%
                                        执行          -      -    -    0.890       37.0%

    各次停机中的错误:
      路径    分组            停机开始 (UTC)  类别             SQLSTATE  次数  首次 (UTC)    末次 (UTC)    服务器
      Direct  读              20:44:00.100    refused          -           17  20:44:00.120  20:44:01.280  -
        made by hand: refused
              写入 (写+事务)  20:44:00.010    refused          -           28  20:44:00.030  20:44:12.290  -
        made by hand: refused
                                              read_only        25006        4  20:44:00.030  20:44:12.290  -
        made by hand: read_only
      Proxy   读              20:44:00.050    connection_lost  08P01        3  20:44:00.070  20:44:02.930  -
        made by hand: connection_lost
              写入 (写+事务)  20:44:00.030    connection_lost  08P01        3  20:44:00.050  20:44:03.110  -
        made by hand: connection_lost

    故障前后的连接:
      路径    时段      时长  尝试次数  每秒  1 秒内最多  失败  中位数 (毫秒)  p95 (毫秒)  最大 (毫秒)
      Direct  故障前    60秒         3  0.05           3     0           2.75           -         9.10
              故障中  12.3秒        38  3.09          20    36           2.75           -         9.10

    失败的连接尝试:
      路径    阶段  类别     SQLSTATE  次数  首次 (UTC)    末次 (UTC)    地址
      Direct  tcp   refused  -           36  20:44:00.150  20:44:11.000  127.0.0.2:65432
        Connection refused (os error 111) (36 次中的 30 次; 另有 1 种内容)
    ");
}

/// What a wait for a synchronous standby adds; one session, and a server that is not known.
#[test]
fn a_synchronous_replication_wait_is_named() {
    let seen = |sessions, servers: &[&str]| {
        let mut summary = hurt();
        summary.paths[0].effects.hung_writes[0].sync_rep_wait = Some(SyncRepWait {
            span: span(60_702, 62_210),
            answers: 3,
            most_sessions: sessions,
            servers: servers.iter().map(|of| (*of).to_owned()).collect(),
        });
        summary
    };
    let summary = seen(21, &["127.0.0.2:65432"]);
    insta::assert_snapshot!(sections(&english(&summary), &["Writes hung"]), @r"
    Writes hung while the writer answered reads (as in a wait for a synchronous standby, SyncRep)
      path    from (UTC)    offset (s)  length  probes' writes  operations  unreplicated  reads answered  writer
      direct  20:44:00.500     +60.500  1.90 s              10           3             1              38  127.0.0.2:65432
        synchronous replication wait (SyncRep), seen from 20:44:00.702 to 20:44:02.210 on 127.0.0.2:65432: at most 21 sessions at a time
    ");
    insta::assert_snapshot!(sections(&chinese(&summary), &["写节点应答读而写操作挂起"]), @r"
    写节点应答读而写操作挂起 (与等待同步备库 SyncRep 的表现相同):
      路径    开始 (UTC)    偏移 (秒)    时长  探测的写  操作  未复制  应答的读  写节点
      Direct  20:44:00.500    +60.500  1.90秒        10     3       1        38  127.0.0.2:65432
        同步复制等待 (SyncRep): 20:44:00.702 至 20:44:02.210 在 127.0.0.2:65432 上观察到, 同时等待的会话最多 21 个
    ");
    let one = sections(&english(&seen(1, &[])), &["Writes hung"]);
    let words = "seen from 20:44:00.702 to 20:44:02.210: at most 1 session at a time";
    assert!(one.contains(words), "{one}");
}

#[test]
fn without_an_outage_there_are_none() {
    let report = english(&quiet());
    for heading in ENGLISH {
        assert!(!report.contains(heading), "{heading}\n{report}");
    }
}

#[test]
fn texts_of_a_recording_are_one_line() {
    let mut summary = hurt();
    let path = &mut summary.paths[0];
    path.operations[0].name = "a\nb\u{1b}[31m".to_owned();
    path.effects.writes_refused[0].servers = vec!["10.0.0.1\n10.0.0.2".to_owned()];
    let report = sections(&english(&summary), &["Operations by name", "Reads served"]);
    assert!(!report.contains('\u{1b}'), "{report}");
    let in_place = |line: &str| {
        let heading = line.starts_with("Operations by name") || line.starts_with("Reads served");
        heading || line.is_empty() || line.starts_with("  ")
    };
    assert!(report.lines().all(in_place), "{report}");
}
