//! `analyze report` of several recordings.

use super::*;
use analyze::campaign::{Campaign, Distribution, Measured, Paired, TogetherBy};
use analyze::summary::{Group, Summary, Thresholds};
use recording::vocabulary::EventKind::RoleChanged;

const DIRECT: [f64; 5] = [5.0, 6.0, 4.0, 7.0, 5.5];
const PROXY: [f64; 5] = [2.0, 1.5, 2.5, 0.0, 6.0];

fn five() -> Vec<HandMade> {
    let runs = DIRECT.into_iter().zip(PROXY).enumerate();
    runs.map(|(number, (direct, proxy))| run(number, direct, proxy))
        .collect()
}

fn campaign(runs: Vec<HandMade>) -> Campaign {
    let summaries: Vec<Summary> = runs.into_iter().map(HandMade::summary).collect();
    Campaign::new(&summaries, Thresholds::default())
}

fn figure<'c>(campaign: &'c Campaign, path: &str, measured: Measured) -> &'c Distribution {
    let mut figures = campaign.figures.iter();
    let is_it = |of: &&Distribution| {
        (of.path.as_str(), of.group, of.measured) == (path, Group::Writer, measured)
    };
    figures.find(is_it).unwrap()
}

fn paired(campaign: &Campaign, measured: Measured) -> &Paired {
    let mut paired = campaign.paired.iter();
    paired
        .find(|of| (of.group, of.measured) == (Group::Writer, measured))
        .unwrap()
}

#[test]
fn five_runs_of_one_failover_have_medians_ranges_and_intervals() {
    let campaign = campaign(five());
    assert_eq!(campaign.runs.len(), 5);
    assert!(campaign.runs.iter().all(|run| run.together_by.is_none()));
    assert_eq!(campaign.failovers.len(), 5);
    let direct = figure(&campaign, "direct", Measured::Downtime);
    let spread = direct.spread.unwrap();
    assert_eq!((spread.n, spread.median_us), (5, us(5.5)));
    assert_eq!((spread.min_us, spread.max_us), (us(4.0), us(7.0)));
    // Of five the interval of the median is the range: the smallest is the median of a sample with probability 0.058.
    let interval = spread.interval.unwrap();
    assert_eq!((interval.low_us, interval.high_us), (us(4.0), us(7.0)));
    let proxy = figure(&campaign, "proxy", Measured::Downtime);
    let spread = proxy.spread.unwrap();
    // One failover went unnoticed: 0 1.5 2 2.5 6.
    assert_eq!((spread.n, spread.median_us, spread.min_us), (5, us(2.0), 0));
    assert_eq!((proxy.without_episode, proxy.left_out), (1, 0));
    // 3, 4.5, 1.5, 7, -0.5.
    let differences = paired(&campaign, Measured::Downtime);
    assert_eq!((differences.spread.n, differences.unpaired), (5, 0));
    assert_eq!(differences.spread.median_us, us(3.0));
    assert_eq!(
        (differences.spread.min_us, differences.spread.max_us),
        (us(-0.5), us(7.0))
    );
    assert_eq!(differences.proxy_shorter, 4);
}

#[test]
fn detection_is_from_the_trigger_and_recovery_from_the_outage_on() {
    let campaign = campaign(five());
    // The first failure ends 0.1 s after the outage began, 0.05 s after the trigger.
    let found = figure(&campaign, "direct", Measured::TriggerToFirstFailure);
    let spread = found.spread.unwrap();
    assert_eq!(
        (spread.n, spread.min_us, spread.max_us),
        (5, us(0.15), us(0.15))
    );
    // What went unnoticed has no first failure, and is not missing one.
    let found = figure(&campaign, "proxy", Measured::TriggerToFirstFailure);
    assert_eq!((found.spread.unwrap().n, found.left_out), (4, 0));
    // As the reports of the recordings have it.
    let of_reports = five().into_iter().map(|made| {
        let path = made.direct();
        let group = crate::support::group(&path, Group::Writer);
        group.episodes[0].time_to_full_throughput_us.unwrap()
    });
    let mut of_reports: Vec<i64> = of_reports.collect();
    of_reports.sort_unstable();
    let spread = figure(&campaign, "direct", Measured::FullThroughput)
        .spread
        .unwrap();
    assert_eq!((spread.n, spread.median_us), (5, of_reports[2]));
    assert_eq!(
        (spread.min_us, spread.max_us),
        (of_reports[0], of_reports[4])
    );
    // No probes: no new writer was seen, no service was asked.
    let measured = |measured| campaign.figures.iter().any(|of| of.measured == measured);
    assert!(!measured(Measured::TriggerToNewWriter) && !measured(Measured::ServiceDowntime));
}

#[test]
fn runs_have_the_figures_that_one_recording_of_all_failovers_has() {
    let single = run(0, 5.0, 2.0).summary();
    let campaign = Campaign::new(std::slice::from_ref(&single), Thresholds::default());
    let [direct, _] = single.failovers.downtime.as_slice() else {
        panic!("two paths");
    };
    let spread = figure(&campaign, "direct", Measured::Downtime)
        .spread
        .unwrap();
    assert_eq!((spread.n, spread.median_us), (direct.n, direct.median_us));
    assert_eq!(spread.interval, None, "n = 1");
    let difference = single.failovers.paired.as_ref().unwrap();
    let of_campaign = paired(&campaign, Measured::Downtime);
    assert_eq!(of_campaign.spread.median_us, difference.median_us);
    assert_eq!(of_campaign.proxy_shorter, difference.proxy_shorter);
}

/// A host of a fleet: its clock is ahead, and that was measured. Only the first triggers the failover; the others see the writer change.
fn host(name: &'static str, ahead_us: i64, down: f64, triggers: bool) -> HandMade {
    let run_id: &'static str = format!("20261122T204300Z-{name}").leak();
    let mut made = HandMade::new(90.0);
    if triggers {
        made = made.trigger(29.95);
    } else {
        made = made
            .on(Direct)
            .told(32.0, RoleChanged, "10.0.0.2 (writer) -> 10.0.0.3 (writer)");
    }
    let made = writes(reads(made, Direct), Direct, down);
    made.on_host(name, run_id, ahead_us)
        .measured(Direct, -1.0, -ahead_us, 80)
}

fn fleet() -> Vec<HandMade> {
    vec![
        host("app-1", us(37.0), 5.0, true),
        host("app-2", -us(12.0), 5.4, false),
        host("app-3", 250, 4.8, false),
    ]
}

#[test]
fn three_hosts_of_one_run_count_once_with_the_worst_of_each_figure() {
    let campaign = campaign(fleet());
    let [run] = campaign.runs.as_slice() else {
        panic!("one run");
    };
    assert_eq!(
        (run.recordings.len(), run.together_by),
        (3, Some(TogetherBy::Servers))
    );
    let [failover] = campaign.failovers.as_slice() else {
        panic!("one failover");
    };
    assert_eq!((failover.hosts, failover.hosts_recording), (3, 3));
    // On the server's clock, 37 s before that of the host that triggered it.
    assert_eq!(
        failover.trigger.unwrap().micros(),
        crate::support::START_US + us(29.95)
    );
    let downtime = failover
        .figure("direct", Group::Writer, Measured::Downtime)
        .unwrap();
    assert_eq!(
        (downtime.us, downtime.host.as_str()),
        (Some(us(5.4)), "app-2")
    );
    assert_eq!((downtime.hosts, downtime.at_least), (3, false));
    let spread = figure(&campaign, "direct", Measured::Downtime)
        .spread
        .unwrap();
    assert_eq!((spread.n, spread.interval), (1, None));
    // Another host's trigger, by the server's clock.
    let found = failover
        .figure("direct", Group::Writer, Measured::TriggerToFirstFailure)
        .unwrap();
    assert_eq!((found.us, found.hosts), (Some(us(0.15)), 3));
}

#[test]
fn a_host_that_did_not_see_the_end_makes_it_a_bound() {
    let mut runs = fleet();
    runs[1] = HandMade::new(90.0)
        .steady("update_login", 0.1, 0.1, 300, 0.005)
        .failed("update_login", 30.05, 30.1, Refused)
        .failed("update_login", 60.0, 60.1, Refused)
        .on(Direct)
        .told(32.0, RoleChanged, "10.0.0.2 (writer) -> 10.0.0.3 (writer)")
        .on_host("app-2", "20261122T204300Z-open", 0)
        .measured(Direct, -1.0, 0, 80);
    let campaign = campaign(runs);
    let downtime = campaign.failovers[0]
        .figure("direct", Group::Writer, Measured::Downtime)
        .unwrap();
    assert_eq!((downtime.us, downtime.at_least), (Some(us(60.0)), true));
    let found = figure(&campaign, "direct", Measured::Downtime);
    assert_eq!((found.spread, found.left_out), (None, 1));
}

#[test]
fn what_makes_recordings_one_run() {
    let runs = |runs: Vec<HandMade>| {
        let sizes = campaign(runs)
            .runs
            .into_iter()
            .map(|run| run.recordings.len());
        sizes.collect::<Vec<_>>()
    };
    assert_eq!(runs(fleet()), [3]);
    let label = |made: HandMade, set: fn(&mut recording::Manifest)| made.set(set);
    // A label that both have decides instead of the servers.
    let [first, second, third]: [HandMade; 3] = fleet().try_into().ok().unwrap();
    let one =
        |manifest: &mut recording::Manifest| drop(manifest.labels.insert("run".into(), "1".into()));
    let two =
        |manifest: &mut recording::Manifest| drop(manifest.labels.insert("run".into(), "2".into()));
    assert_eq!(
        runs(vec![
            label(first, one),
            label(second, two),
            label(third, one)
        ]),
        [2, 1]
    );
    // Without a server in common they are of different clusters.
    let unmeasured =
        |number| run(number, 5.0, 2.0).on_host("bastion-2", format!("run-{number}").leak(), 0);
    assert_eq!(runs(vec![unmeasured(1), unmeasured(2)]), [1, 1]);
    let named = |manifest: &mut recording::Manifest| {
        manifest.endpoints.push(recording::Endpoint {
            path: Direct,
            host: "writer.lab.test".to_owned(),
            port: 5432,
            database: "shop".to_owned(),
            user: "shop".to_owned(),
            sslmode: "disable".to_owned(),
            reader: false,
            more_hosts: Vec::new(),
            target_session_attrs: None,
            tls_error: None,
        });
    };
    assert_eq!(
        runs(vec![unmeasured(1).set(named), unmeasured(2).set(named)]),
        [2]
    );
    // One after the other on the same servers.
    let later = |ahead| {
        host("app-1", ahead, 5.0, true)
            .measured(Direct, -1.0, 0, 80)
            .set(named)
    };
    let after = later(us(50.0))
        .on_host("app-1", "later", us(600.0))
        .measured(Direct, -2.0, 0, 10);
    assert_eq!(runs(vec![later(0), after]), [1, 1]);
}

#[test]
fn a_report_of_a_folder_is_of_all_recordings_in_it() {
    let root = tempfile::tempdir().unwrap();
    write_all(&root.path().join("runs"), five());
    let report = printed(&["report", "runs"], root.path());
    insta::assert_snapshot!(report, @r"
    Failovers over several recordings
    =================================

    Verdict
      direct  writes down 5.50 s in the median of 5 failovers (4.00 s to 7.00 s)
      proxy   writes down 2.00 s in the median of 5 failovers (0.00 s to 6.00 s)
      Writes were down for a shorter time behind the proxy in 4 of 5.

    Over all failovers
      figure                    group   path    n  median     min     max   95 % interval
      downtime                  read    direct  5  0.00 s  0.00 s  0.00 s  0.00 to 0.00 s
        with 5 without an outage, counted as 0 s
                                        proxy   5  0.00 s  0.00 s  0.00 s  0.00 to 0.00 s
        with 5 without an outage, counted as 0 s
                                writer  direct  5  5.50 s  4.00 s  7.00 s  4.00 to 7.00 s
                                        proxy   5  2.00 s  0.00 s  6.00 s  0.00 to 6.00 s
        with 1 without an outage, counted as 0 s
      trigger to first failure  writer  direct  5  0.15 s  0.15 s  0.15 s  0.15 to 0.15 s
                                        proxy   4  0.15 s  0.15 s  0.15 s  0.15 to 0.15 s
      start to full throughput  writer  direct  5  5.50 s  4.00 s  7.00 s  4.00 to 7.00 s
                                        proxy   4  2.25 s  1.50 s  6.00 s  1.50 to 6.00 s

    Direct - proxy, failover by failover
      figure                    group   n   median      min      max     95 % interval  proxy shorter in
      downtime                  writer  5  +3.00 s  -0.50 s  +7.00 s  -0.50 to +7.00 s            4 of 5
      start to full throughput  writer  4  +2.25 s  -0.50 s  +4.50 s  -0.50 to +4.50 s            3 of 4
        left out: 1, because only one path shows it or a figure is unknown

    Failovers
      no.  run  from (UTC)    path    group                  downtime  first failure after  new writer after  full throughput after
        1    1  20:43:29.950  direct  read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer         5.00 s (-0.25 s)               0.15 s                 -                 5.00 s
                              proxy   read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer         2.00 s (-0.25 s)               0.15 s                 -                 2.00 s
        2    2  20:53:29.950  direct  read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer         6.00 s (-0.25 s)               0.15 s                 -                 6.00 s
                              proxy   read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer         1.50 s (-0.25 s)               0.15 s                 -                 1.50 s
        3    3  21:03:29.950  direct  read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer         4.00 s (-0.25 s)               0.15 s                 -                 4.00 s
                              proxy   read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer         2.50 s (-0.25 s)               0.15 s                 -                 2.50 s
        4    4  21:13:29.950  direct  read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer         7.00 s (-0.25 s)               0.15 s                 -                 7.00 s
                              proxy   read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer  0.00 s (at most 0.10 s)                    -                 -                      -
        5    5  21:23:29.950  direct  read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer         5.50 s (-0.25 s)               0.15 s                 -                 5.50 s
                              proxy   read    0.00 s (at most 0.35 s)                    -                 -                      -
                                      writer         6.00 s (-0.25 s)               0.15 s                 -                 6.00 s

    Runs
      run  host       recording              started (UTC)                length  paths  failovers  clock
        1  bastion-1  20261122T204300Z-0000  2026-11-22 20:43:00.000 UTC    90 s  both           1  host's
        2  bastion-1  20261122T204300Z-0001  2026-11-22 20:53:00.000 UTC    90 s  both           1  host's
        3  bastion-1  20261122T204300Z-0002  2026-11-22 21:03:00.000 UTC    90 s  both           1  host's
        4  bastion-1  20261122T204300Z-0003  2026-11-22 21:13:00.000 UTC    90 s  both           1  host's
        5  bastion-1  20261122T204300Z-0004  2026-11-22 21:23:00.000 UTC    90 s  both           1  host's

    How to read this
      Downtime: last success to first success, printed with its resolution (-). The true outage lies
        between downtime - resolution and downtime, to within one ordinary response time.
      Trigger to first failure, and to new writer: detection, only of failovers with a trigger. Start to
        full throughput: recovery, from the first outage's start. A failover that a path did not notice
        counts as a downtime of 0 s, and in no other figure.
      Runs: recordings that overlap in time by at least half of the shorter one, and that have a server in
        common (or the same label `run`, where both have one), are one run, and each of its failovers
        counts once.
      Clock of the host: no offset to the server's clock was measured. Whether such a recording overlaps
        others is by its host's clock.
      Interval of the median: percentile bootstrap, 10,000 resamples, fixed seed. Of fewer than about 8
        failovers it is little more than the range: read it as a hint.
      Thresholds: an outage is at least 100 ms, a stalled operation takes at least 500 ms longer than
        usual, outages less than 1 s apart are one episode.
      Definitions: version 2, see docs/definitions.md.
    ");
    // As named one by one, and as JSON.
    let named = [
        "report",
        "runs/run-0",
        "runs/run-1",
        "runs/run-2",
        "runs/run-3",
        "runs/run-4",
    ];
    assert_eq!(printed(&named, root.path()), report);
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["report", "runs", "--json"], root.path())).unwrap();
    assert_eq!(json["figures"][2]["median_us"], us(5.5));
    assert_eq!(json["failovers"].as_array().unwrap().len(), 5);
}

#[test]
fn a_fleet_reads_well_in_both_languages() {
    let root = tempfile::tempdir().unwrap();
    for (name, made) in ["app-1", "app-2", "app-3"].into_iter().zip(fleet()) {
        write_all(&root.path().join(name), [made]);
    }
    insta::assert_snapshot!(printed(&["report", "."], root.path()), @r"
    Failovers over several recordings
    =================================

    Verdict
      direct  writes down 5.40 s in 1 failover
      n = 1: one failover is an anecdote, so no interval is given.

    Over all failovers
      figure                    group   path    n  median     min     max  95 % interval
      downtime                  read    direct  1  0.00 s  0.00 s  0.00 s              -
        with 1 without an outage, counted as 0 s
                                writer  direct  1  5.40 s  5.40 s  5.40 s              -
      trigger to first failure  writer  direct  1  0.15 s  0.15 s  0.15 s              -
      trigger to new writer     writer  direct  1  2.05 s  2.05 s  2.05 s              -
      start to full throughput  writer  direct  1  5.40 s  5.40 s  5.40 s              -

    Failovers
      no.  run  from (UTC)    path    group                  downtime  first failure after  new writer after  full throughput after  seen by
        1    1  20:43:29.950  direct  read    0.00 s (at most 0.35 s)                    -                 -                      -  3 of 3 hosts, worst app-3
                                      writer         5.40 s (-0.25 s)               0.15 s            2.05 s                 5.40 s  3 of 3 hosts, worst app-2

    Runs
      run  host   recording               started (UTC)                length  paths   failovers  clock
        1  app-1  20261122T204300Z-app-1  2026-11-22 20:43:00.000 UTC    90 s  direct          1  server's
           app-2  20261122T204300Z-app-2  2026-11-22 20:43:00.000 UTC    90 s  direct          1  server's
           app-3  20261122T204300Z-app-3  2026-11-22 20:43:00.000 UTC    90 s  direct          1  server's
      The recordings of run 1 are one run: they overlap in time and were of the same servers.

    How to read this
      Downtime: last success to first success, printed with its resolution (-). The true outage lies
        between downtime - resolution and downtime, to within one ordinary response time.
      Trigger to first failure, and to new writer: detection, only of failovers with a trigger. Start to
        full throughput: recovery, from the first outage's start. A failover that a path did not notice
        counts as a downtime of 0 s, and in no other figure.
      Runs: recordings that overlap in time by at least half of the shorter one, and that have a server in
        common (or the same label `run`, where both have one), are one run, and each of its failovers
        counts once.
      Several hosts of one run: each figure is that of the host for which it is longest. It is a bound
        where one of them is.
      Thresholds: an outage is at least 100 ms, a stalled operation takes at least 500 ms longer than
        usual, outages less than 1 s apart are one episode.
      Definitions: version 2, see docs/definitions.md.
    ");
    insta::assert_snapshot!(printed(&["report", ".", "--lang", "zh"], root.path()), @r"
    多次录制的故障转移
    ================================

    结论:
    - Direct: 写入停机 5.40秒 (1 次故障转移)
      n = 1: 一次故障转移只是个例, 不给出置信区间。

    所有故障转移的统计:
      指标              分组            路径    n  中位数    最小    最大  95% 区间
      停机时间          读              Direct  1  0.00秒  0.00秒  0.00秒         -
        含 1 次未见停机的故障转移, 按 0秒 计
                        写入 (写+事务)  Direct  1  5.40秒  5.40秒  5.40秒         -
      触发至首次失败    写入 (写+事务)  Direct  1  0.15秒  0.15秒  0.15秒         -
      触发至新写节点    写入 (写+事务)  Direct  1  2.05秒  2.05秒  2.05秒         -
      开始至恢复吞吐量  写入 (写+事务)  Direct  1  5.40秒  5.40秒  5.40秒         -

    故障转移明细:
      序号  测试  开始 (UTC)    路径    分组                        停机时间  至首次失败  至新写节点  至恢复吞吐量  观察到的主机
         1     1  20:43:29.950  Direct  读              0.00秒 (至多 0.35秒)           -           -             -  3 台中 3 台, 最差 app-3
                                        写入 (写+事务)      5.40秒 (-0.25秒)      0.15秒      2.05秒        5.40秒  3 台中 3 台, 最差 app-2

    测试列表:
      测试  主机   录制                    开始 (UTC)                   时长  路径  故障转移  时钟
         1  app-1  20261122T204300Z-app-1  2026-11-22 20:43:00.000 UTC  90秒  直连         1  服务器
            app-2  20261122T204300Z-app-2  2026-11-22 20:43:00.000 UTC  90秒  直连         1  服务器
            app-3  20261122T204300Z-app-3  2026-11-22 20:43:00.000 UTC  90秒  直连         1  服务器
      测试 1 的各次录制为同一次测试: 时间重叠且服务器相同。

    说明:
      停机时间: 从最后一次成功到首次恢复成功, 括号内为分辨率。真实停机时间介于 停机时间 - 分辨率 与
        停机时间 之间, 误差不超过一次普通响应时间。
      触发至首次失败、触发至新写节点: 发现故障, 仅计有触发时刻的故障转移。开始至恢复吞吐量: 恢复,
        自首次停机开始。路径未察觉的故障转移停机时间按 0秒 计, 不计入其他各项。
      测试: 时间上重叠至少为较短者的一半, 且有共同服务器 (双方都有标签 run 时则须标签相同)
        的录制为同一次测试, 其每次故障转移只计一次。
      同一次测试有多台主机时, 各项取最差主机的值; 其中有界限值时即为界限。
      阈值: 停机至少 100毫秒, 操作比平常慢 500毫秒 以上可视为阻塞, 间隔小于 1秒 的停机合并为一次故障。
      指标定义: 第 2 版, 见 docs/definitions.md.
    ");
}

#[test]
fn a_folder_with_one_recording_is_that_recording() {
    let root = tempfile::tempdir().unwrap();
    write_all(&root.path().join("runs"), [run(0, 5.0, 2.0)]);
    let of_folder = printed(&["report", "runs"], root.path());
    assert_eq!(of_folder, printed(&["report", "runs/run-0"], root.path()));
    assert!(of_folder.contains("Test configuration"));
}

#[test]
fn what_cannot_be_read_is_one_line_and_the_rest_is_reported() {
    let root = tempfile::tempdir().unwrap();
    write_all(&root.path().join("runs"), five());
    let part = root
        .path()
        .join("runs/run-2/operations/direct-00001.parquet");
    fs::write(&part, "damaged").unwrap();
    let output = analyze(&["report", "runs"], root.path());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("run-2") && said.contains("--allow-damaged"),
        "{said}"
    );
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("median of 4 failovers"), "{report}");
}

#[test]
fn without_a_failover_there_is_no_figure() {
    let root = tempfile::tempdir().unwrap();
    let quiet = |number: usize| {
        let made = writes(HandMade::new(90.0), Direct, 0.0);
        made.on_host(
            "bastion-1",
            format!("quiet-{number}").leak(),
            us(600.0) * number as i64,
        )
    };
    write_all(&root.path().join("runs"), [quiet(0), quiet(1)]);
    let report = printed(&["report", "runs"], root.path());
    assert!(
        report.contains("No failover was seen in any recording."),
        "{report}"
    );
    assert!(!report.contains("Over all failovers"));
}

/// Both paths in each failover, of writes and of reads.
#[test]
fn the_page_and_the_markdown_of_several_recordings_have_charts() {
    let found = campaign(five());
    let svgs = analyze::charts::svgs_of_runs(&found, &Default::default()).unwrap();
    let names: Vec<&str> = svgs.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["campaign", "campaign-reads"]);
    // The longest downtime, and how often the proxy was shorter.
    let longest = figure(&found, "direct", Measured::Downtime)
        .spread
        .unwrap()
        .max_us;
    let longest = format!("{:.2} s", longest as f64 / 1e6);
    assert!(svgs[0].1.contains(&longest), "{longest}");
    assert!(svgs[0].1.contains("The proxy was shorter in "));
    let folder = tempfile::tempdir().unwrap();
    let files = analyze::charts::draw_runs(&found, folder.path(), &Default::default()).unwrap();
    assert_eq!(files.len(), 4);
    assert!(files.iter().all(|file| file.is_file()));
    // One failover has no pairs to compare.
    let one = campaign(five().into_iter().take(1).collect());
    assert!(
        analyze::charts::svgs_of_runs(&one, &Default::default())
            .unwrap()
            .is_empty()
    );
}
