//! The Chinese report: first what the original design's sample has, in its wording, then the rest.

use unicode_width::UnicodeWidthStr;

use crate::support::summaries::{headline, quiet, sample};
use crate::text::{chinese, sections};

/// The sample of `original-design.md`, without its trailing spaces.
const SAMPLE: &str = "\
业务场景测试结果对比报告
================================

测试配置:
- 持续时间: 300秒
- 并发线程: 3
- 操作权重: 读70% 写20% 事务10%

Direct 连接结果:
- 总操作数: 1,250
- 总体成功率: 97.2%
- 读操作: 875 (成功率: 98.1%)
- 写操作: 250 (成功率: 95.6%)
- 事务操作: 125 (成功率: 94.4%)
- 平均响应时间: 0.045秒
- 检测停机时间: 12.3秒

Proxy 连接结果:
- 总操作数: 1,180
- 总体成功率: 98.8%
- 读操作: 826 (成功率: 99.2%)
- 写操作: 236 (成功率: 98.3%)
- 事务操作: 118 (成功率: 97.5%)
- 平均响应时间: 0.052秒
- 检测停机时间: 3.1秒

性能对比:
- Proxy 停机时间减少: 74.8%
- Proxy 事务成功率提升: 3.3%
- Proxy 平均响应时间增加: 15.6%
";

#[test]
fn every_section_opens_with_the_lines_of_the_sample() {
    let report = chinese(&sample());
    let mut rest = report.as_str();
    for section in SAMPLE.split_inclusive("\n\n") {
        // Which recording it is, and the verdict, stand before the configuration.
        let heading = section.lines().next().unwrap();
        rest = &rest[rest.find(heading).unwrap()..];
        let (found, after) = rest.split_once("\n\n").unwrap();
        assert!(
            found.starts_with(section.trim_end()),
            "{section}\nis not the start of\n{found}"
        );
        rest = after;
    }
}

#[test]
fn the_whole_report() {
    insta::assert_snapshot!(chinese(&sample()), @r"
    业务场景测试结果对比报告
    ================================

    - 记录编号: 20261122T204300Z-7f3a
    - 开始时间: 2026-11-22 20:43:00.000 UTC
    - 记录状态: 完整
    - 记录主机: bastion-1

    结论:
      Direct  写入停机 12.30秒 (-0.12秒)  读 1.20秒 (-0.10秒)  共 1 次故障
      Proxy   写入停机 3.10秒 (-0.15秒)   读 2.90秒 (-0.15秒)  共 1 次故障

    测试配置:
    - 持续时间: 300秒
    - 并发线程: 3
    - 操作权重: 读70% 写20% 事务10%

    Direct 连接结果:
    - 总操作数: 1,250
    - 总体成功率: 97.2%
    - 读操作: 875 (成功率: 98.1%)
    - 写操作: 250 (成功率: 95.6%)
    - 事务操作: 125 (成功率: 94.4%)
    - 平均响应时间: 0.045秒
    - 检测停机时间: 12.3秒
    - 停机对象与分辨率: 写入停机 12.30秒 (-0.12秒)
    - 未完成操作: 1
    - 最大响应时间: 2.250秒
    - 最小响应时间: 4.50毫秒
    - 响应时间百分位: p50 0.041秒, p90 0.090秒, p95 0.135秒, p99 0.225秒, p99.9 0.900秒
    - TPS (每秒成功操作数): 4.05
    - 稳态 TPS (停机时段以外): 4.34

    Proxy 连接结果:
    - 总操作数: 1,180
    - 总体成功率: 98.8%
    - 读操作: 826 (成功率: 99.2%)
    - 写操作: 236 (成功率: 98.3%)
    - 事务操作: 118 (成功率: 97.5%)
    - 平均响应时间: 0.052秒
    - 检测停机时间: 3.1秒
    - 停机对象与分辨率: 写入停机 3.10秒 (-0.15秒)
    - 最大响应时间: 2.600秒
    - 最小响应时间: 5.20毫秒
    - 响应时间百分位: p50 0.047秒, p90 0.104秒, p95 0.156秒, p99 0.260秒, p99.9 1.040秒
    - TPS (每秒成功操作数): 3.89
    - 稳态 TPS (停机时段以外): 4.16

    性能对比:
    - Proxy 停机时间减少: 74.8%
    - Proxy 事务成功率提升: 3.3%
    - Proxy 平均响应时间增加: 15.6%
    - 百分比变化: 均为相对 Direct 的变化, 不是百分点; 百分点另列
    - Proxy 读停机时间增加: 141.7%
    - Proxy 写入停机时间减少: 74.8%
    - Proxy 总体成功率提升: 1.7%
    - Proxy 读操作成功率提升: 1.1%
    - Proxy 写操作成功率提升: 2.8%
    - Proxy TPS下降: 4.0%
    - Proxy 总体成功率变化 (百分点): +1.6个百分点
    - Proxy 读操作成功率变化 (百分点): +1.1个百分点
    - Proxy 写操作成功率变化 (百分点): +2.7个百分点
    - Proxy 事务成功率变化 (百分点): +3.1个百分点

    持久性 (RPO):
      未审计 (recorder audit RUN): 已确认的写操作是否丢失未知

    性能对比明细:
      指标                     Direct             Proxy                      变化  Proxy 相对 Direct
      读停机时间     1.20秒 (-0.10秒)  2.90秒 (-0.15秒)                   +141.7%  增加 141.7% (更差)
      写入停机时间  12.30秒 (-0.12秒)  3.10秒 (-0.15秒)                    -74.8%  减少 74.8% (更好)
      总体成功率               97.20%            98.81%  +1.6个百分点, 相对 +1.7%  提升 1.6个百分点 (更好)
      读操作成功率             98.06%            99.15%  +1.1个百分点, 相对 +1.1%  提升 1.1个百分点 (更好)
      写操作成功率             95.60%            98.31%  +2.7个百分点, 相对 +2.8%  提升 2.7个百分点 (更好)
      事务成功率               94.35%            97.46%  +3.1个百分点, 相对 +3.3%  提升 3.1个百分点 (更好)
      平均响应时间          45.00毫秒         52.00毫秒                    +15.6%  增加 15.6% (更差)
      TPS                        4.05              3.89                     -4.0%  下降 4.0% (更差)
      n = 1 次故障转移, 不给出置信区间。

    各分组停机时间:
      分组            路径             停机时间  停机次数  故障次数   可用率  瞬时失败  响应缓慢
      读              Direct   1.20秒 (-0.10秒)         1         1  99.600%         0         0
                      Proxy    2.90秒 (-0.15秒)         1         1  99.033%         0         0
      写              Direct  12.34秒 (-0.48秒)         1         1  95.887%         0         0
                      Proxy    3.20秒 (-0.40秒)         1         1  98.933%         0         0
      事务            Direct  12.90秒 (-0.90秒)         1         1  95.700%         0         0
                      Proxy    3.30秒 (-1.20秒)         1         1  98.900%         0         0
      写入 (写+事务)  Direct  12.30秒 (-0.12秒)         1         1  95.900%         0         0
                      Proxy    3.10秒 (-0.15秒)         1         1  98.967%         0         0
      全部            Direct   1.19秒 (-0.10秒)         1         1  99.603%         0         0
                      Proxy    2.89秒 (-0.14秒)         1         1  99.037%         0         0

    停机明细:
      路径    分组            开始 (UTC)    偏移 (秒)  结束                   停机时间  证据数  期间的错误
      Direct  读              20:44:00.100    +60.100  20:44:01.300   1.20秒 (-0.10秒)      17  refused 17
              写              20:44:00.000    +60.000  20:44:12.340  12.34秒 (-0.48秒)      32  refused 28, read_only 25006 4
              事务            20:43:59.500    +59.500  20:44:12.400  12.90秒 (-0.90秒)      28  refused 28
              写入 (写+事务)  20:44:00.010    +60.010  20:44:12.310  12.30秒 (-0.12秒)      32  refused 28, read_only 25006 4
              全部            20:44:00.110    +60.110  20:44:01.300   1.19秒 (-0.10秒)      28  refused 28
      Proxy   读              20:44:00.050    +60.050  20:44:02.950   2.90秒 (-0.15秒)       3  connection_lost 08P01 3
              写              20:44:00.020    +60.020  20:44:03.220   3.20秒 (-0.40秒)       3  connection_lost 08P01 3
              事务            20:44:00.030    +60.030  20:44:03.330   3.30秒 (-1.20秒)       1  仅有阻塞
              写入 (写+事务)  20:44:00.030    +60.030  20:44:03.130   3.10秒 (-0.15秒)       3  connection_lost 08P01 3
              全部            20:44:00.060    +60.060  20:44:02.950   2.89秒 (-0.14秒)       3  connection_lost 08P01 3

    恢复过程:
      路径    分组            故障  归属      开始 (UTC)    偏移 (秒)           停机时间  停机次数  基线 TPS    基线 p99  恢复全部吞吐用时  恢复正常延迟用时
      Direct  写入 (写+事务)     1  其他停机  20:44:00.010    +60.010  12.30秒 (-0.12秒)         1      4.25  210.00毫秒           13.00秒                 -
      Proxy   写入 (写+事务)     1  其他停机  20:44:00.030    +60.030   3.10秒 (-0.15秒)         1      4.25  210.00毫秒            3.80秒                 -

    对各类操作的影响:
      Direct 故障转移 1: 20:44:00.000 至 20:44:13.010 (13.01秒), 从触发故障转移到恢复全部吞吐
      类型    尝试  成功  失败  结果未知  未完成  成功率  p99
      写操作    40    28     9         2       1  71.79%    -
      Proxy 故障转移 1: 20:44:00.000 至 20:44:03.830 (3.83秒), 从触发故障转移到恢复全部吞吐
      类型    尝试  成功  失败  结果未知  未完成  成功率  p99
      写操作    40    28     9         2       1  71.79%    -

    错误分类:
      路径    类别                  SQLSTATE  次数  首次 (UTC)    末次 (UTC)
      Direct  starting_or_stopping  57P01       17  20:44:00.120  20:44:11.900
        FATAL: terminating connection due to administrator command
      Proxy   starting_or_stopping  57P01        7  20:44:00.120  20:44:11.900
        FATAL: terminating connection due to administrator command

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

    连接:
      路径    尝试次数  失败  中位数 (毫秒)  最大 (毫秒)  应答地址
      Direct        41    36           2.75         9.10  127.0.0.2:65432, 127.0.0.3:65432
      Proxy         41    36           2.75         9.10  127.0.0.2:65432, 127.0.0.3:65432

    操作统计:
      类型      路径     总数  成功率  业务拒绝  失败  结果未知  未完成   TPS  稳态 TPS
      全部      Direct  1,250  97.20%        12    33         2       1  4.05      4.34
                Proxy   1,180  98.81%        11    12         2       0  3.89      4.16
      读操作    Direct    875  98.06%         8    17         0       0  2.86      3.06
                Proxy     826  99.15%         8     7         0       0  2.73      2.92
      写操作    Direct    250  95.60%         2    10         1       0  0.80      0.85
                Proxy     236  98.31%         2     3         1       0  0.77      0.83
      事务操作  Direct    125  94.35%         1     6         1       1  0.39      0.42
                Proxy     118  97.46%         1     2         1       0  0.38      0.41

    响应时间 (毫秒):
      操作            路径    样本数   平均  最小      最大    p50     p90     p95     p99     p99.9
      成功操作        Direct   1,214  45.00  4.50  2,250.00  40.50   90.00  135.00  225.00    900.00
                      Proxy    1,166  52.00  5.20  2,600.00  46.80  104.00  156.00  260.00  1,040.00
      全部已完成操作  Direct   1,249  45.00  4.50  2,250.00  40.50   90.00  135.00  225.00    900.00
                      Proxy    1,180  52.00  5.20  2,600.00  46.80  104.00  156.00  260.00  1,040.00
      成功的读操作    Direct     858  40.00  4.00  2,000.00  36.00   80.00  120.00  200.00         -
                      Proxy      819  46.00  4.60  2,300.00  41.40   92.00  138.00  230.00         -
      成功的写操作    Direct     239  60.00  6.00  3,000.00  54.00  120.00  180.00  300.00         -
                      Proxy      232  70.00  7.00  3,500.00  63.00  140.00  210.00  350.00         -
      成功的事务操作  Direct     117  90.00  9.00  4,500.00  81.00  180.00  270.00  450.00         -
                      Proxy      115  99.00  9.90  4,950.00  89.10  198.00  297.00  495.00         -

    其他设置:
    - 调度方式: 闭环, 操作间隔 100毫秒 至 500毫秒
    - 连接池: 每条路径 5 个连接
    - 超时: 建立连接 5秒 (每个阶段), 等待连接池 5秒, 操作 10秒
    - 随机种子: 42
    - 协议: extended
    - Direct 端点: writer.lab.test:65432/postgres, 用户 app, sslmode prefer
    - Proxy 端点: 127.0.0.1:64320/postgres, 用户 app, sslmode prefer
    - Direct 应答服务器: 127.0.0.2:65432, 写节点, PostgreSQL 15.18
    - 故障转移命令: lab failover --kind crash (计划于开始后 60秒)
    - 故障转移触发时间: 20:44:00.000 UTC (+60.000秒)
    - 命令结束时间: 20:44:00.450 UTC (+60.450秒), 退出码 0
    - 记录程序版本: 0.1.0
    - 指标定义: 第 2 版, 见 docs/definitions.md
    - 时钟漂移: -180微秒

    说明:
      停机时间: 从最后一次成功到首次恢复成功, 括号内为分辨率。真实停机时间介于 停机时间 - 分辨率 与
        停机时间 之间, 误差不超过一次普通响应时间。
      分辨率超过停机时间的 30%, 停机时间只宜视为上限: Proxy 事务。
      操作越少, 看到的越少: 每秒 10 个操作时, 0.3秒 的停机已接近可见极限。本次稳态速率: Direct 4.3/秒,
        Proxy 4.2/秒。
      写入 (写+事务) 分组: 写与事务任一成功即为可用, 因此其停机时间可能短于写或事务单独的停机时间。
      停机从最后一次成功算起, 因此可能早于触发时间: 该次成功与触发之间没有操作成功。
      -: 无法给出的数据, 并非 0; 百分位 q 至少需要 1/(1-q) 个样本 (p99 需要 100 个)。
      阈值: 停机至少 100毫秒, 操作比平常慢 500毫秒 以上可视为阻塞, 间隔小于 1秒 的停机合并为一次故障。
    ");
}

#[test]
fn no_failover() {
    let report = chinese(&quiet());
    assert!(report.contains("- 检测停机时间: 0.0秒\n"), "{report}");
    assert!(report.contains("- Proxy 停机时间变化: -\n"), "{report}");
    insta::assert_snapshot!(sections(&report, &["结论:"]), @r"
    结论:
      Direct  未发现停机
      Proxy   未发现停机
      两条路径均未发现故障转移。
    ");
}

#[test]
fn bounds_and_what_was_not_observed() {
    let mut summary = sample();
    let writer = &mut summary.paths[0].groups[3];
    writer.at_least = true;
    writer.outages[0].open_at_end = true;
    let proxied = &mut summary.paths[1].groups[3];
    proxied.outages.clear();
    proxied.episodes.clear();
    proxied.downtime_us = None;
    proxied.unobserved = true;
    for path in &mut summary.paths {
        path.headline = headline(&path.groups);
    }
    let report = chinese(&summary);
    assert!(report.contains(
        "- 检测停机时间: 至少 12.3秒\n- 停机对象与分辨率: 写入停机 至少 12.30秒 (-0.12秒)\n"
    ));
    assert!(
        report.contains("- 停机对象与分辨率: 读停机 2.90秒 (-0.15秒), 写入 -\n"),
        "{report}"
    );
    assert!(report.contains("至多 98.967%"), "{report}");
}

/// In a table whose last column is on the right, every row ends in the same terminal column.
#[test]
fn columns_align_by_terminal_width() {
    let report = chinese(&sample());
    for heading in [
        "操作统计:",
        "响应时间 (毫秒):",
        "各分组停机时间:",
        "恢复过程:",
    ] {
        let section = sections(&report, &[heading]);
        let ends: Vec<usize> = section
            .lines()
            .skip(1)
            .map(UnicodeWidthStr::width)
            .collect();
        assert!(
            ends.len() > 2 && ends.iter().all(|end| *end == ends[0]),
            "{ends:?}\n{section}"
        );
    }
}

/// A proxy that is worse is not praised by the words around the figure.
#[test]
fn the_words_follow_the_sign() {
    let mut summary = sample();
    for line in &mut summary.comparison.as_mut().unwrap().lines {
        line.change_percent = line.change_percent.map(|change| -change);
    }
    let report = chinese(&summary);
    for line in [
        "- Proxy 停机时间增加: 74.8%\n",
        "- Proxy 事务成功率下降: 3.3%\n",
        "- Proxy 平均响应时间减少: 15.6%\n",
    ] {
        assert!(report.contains(line), "{line}{report}");
    }
}
