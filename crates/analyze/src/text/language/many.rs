//! The words of several recordings, in each language: campaigns, comparisons, lists.

use recording::Mode;

use crate::campaign::{Measured, TogetherBy};
use crate::compare::{FamilyKind, Verdict};
use crate::figures::Test;
use crate::listing::ListedAudit;
use crate::summary::{Group, RecordingProgress};

#[derive(Debug, Clone, Copy)]
pub(crate) struct ManyWords {
    // A campaign.
    pub(crate) title: &'static str,
    pub(crate) runs_heading: &'static str,
    pub(crate) run: &'static str,
    pub(crate) host: &'static str,
    pub(crate) recording: &'static str,
    pub(crate) paths: &'static str,
    pub(crate) mode: fn(Mode) -> &'static str,
    pub(crate) failovers: &'static str,
    pub(crate) clock: &'static str,
    pub(crate) server_clock: &'static str,
    pub(crate) host_clock: &'static str,
    /// The numbers of runs of several recordings, and what showed it.
    pub(crate) one_run: fn(&str, TogetherBy) -> String,
    pub(crate) measured: fn(Measured) -> &'static str,
    pub(crate) to_first_failure: &'static str,
    pub(crate) to_new_writer: &'static str,
    pub(crate) to_full_throughput: &'static str,
    pub(crate) worst_host: &'static str,
    /// Hosts that show it, of how many, the one for which it is worst.
    pub(crate) hosts: fn(usize, usize, &str) -> String,
    /// Median, least, greatest, how many failovers.
    pub(crate) median_of: fn(&str, &str, &str, usize) -> String,
    pub(crate) overall_heading: &'static str,
    pub(crate) interval: &'static str,
    pub(crate) left_out: fn(usize) -> String,
    pub(crate) paired_heading: &'static str,
    pub(crate) shorter: &'static str,
    pub(crate) of: fn(usize, usize) -> String,
    pub(crate) unpaired: fn(usize) -> String,
    pub(crate) shorter_for: fn(Group, usize, usize) -> String,
    pub(crate) no_failover: &'static str,
    /// Settings with their values.
    pub(crate) settings_vary: fn(&str) -> String,
    pub(crate) note_run: &'static str,
    pub(crate) note_worst: &'static str,
    pub(crate) note_host_clock: &'static str,
    pub(crate) note_measured: &'static str,
    pub(crate) note_few: &'static str,

    // A comparison.
    pub(crate) compare_title: &'static str,
    pub(crate) settings_heading: &'static str,
    pub(crate) setting: &'static str,
    pub(crate) base: fn(usize) -> String,
    pub(crate) new: fn(usize) -> String,
    pub(crate) base_alone: &'static str,
    pub(crate) new_alone: &'static str,
    pub(crate) set: &'static str,
    pub(crate) value: &'static str,
    /// Values with how many recordings have each.
    pub(crate) varies: fn(&str) -> String,
    pub(crate) and_more: fn(usize) -> String,
    pub(crate) no_setting_differs: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
    pub(crate) family: fn(FamilyKind) -> &'static str,
    pub(crate) no_downtime_differs: &'static str,
    pub(crate) no_other_differs: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) verdict_name: fn(Verdict) -> &'static str,
    pub(crate) adjusted: &'static str,
    pub(crate) test: &'static str,
    pub(crate) test_name: fn(Test) -> &'static str,
    /// A figure of a recording of which a part is missing.
    pub(crate) about: fn(&str) -> String,
    pub(crate) runs_with: fn(usize) -> String,
    /// Lines that were tested, how many chance alone makes small, how many are, how many stay after the adjustment.
    pub(crate) chance: fn(usize, &str, usize, usize) -> String,
    pub(crate) without_difference: fn(usize) -> String,
    pub(crate) not_listed: fn(usize) -> String,
    pub(crate) too_few: fn(usize, usize) -> String,
    pub(crate) bounds: fn(usize) -> String,
    pub(crate) failovers_differ: &'static str,
    pub(crate) note_columns: &'static str,
    pub(crate) note_tests: &'static str,
    pub(crate) note_adjusted: &'static str,
    pub(crate) note_hosts: &'static str,

    // A list.
    pub(crate) list_title: &'static str,
    pub(crate) started: &'static str,
    pub(crate) audit: &'static str,
    pub(crate) audit_text: fn(ListedAudit) -> String,
    pub(crate) state: &'static str,
    pub(crate) state_name: fn(RecordingProgress) -> &'static str,
    pub(crate) unreadable: &'static str,
    pub(crate) labels: &'static str,
    pub(crate) listed: fn(usize, usize) -> String,
    pub(crate) nothing_listed: &'static str,
    pub(crate) note_list: &'static str,
}

pub(crate) const ENGLISH: ManyWords = ManyWords {
    title: "Failovers over several recordings",
    runs_heading: "Runs",
    run: "run",
    host: "host",
    recording: "recording",
    paths: "paths",
    mode: |mode| match mode {
        Mode::Both => "both",
        Mode::Direct => "direct",
        Mode::Proxy => "proxy",
    },
    failovers: "failovers",
    clock: "clock",
    server_clock: "server's",
    host_clock: "host's",
    one_run: |runs, by| {
        let by = match by {
            TogetherBy::Label => "they overlap in time and have the same label `run`",
            TogetherBy::Servers => "they overlap in time and were of the same servers",
        };
        format!("The recordings of run {runs} are one run: {by}.")
    },
    measured: |measured| match measured {
        Measured::Downtime => "downtime",
        Measured::ServiceDowntime => "service downtime",
        Measured::TriggerToFirstFailure => "trigger to first failure",
        Measured::TriggerToNewWriter => "trigger to new writer",
        Measured::FullThroughput => "start to full throughput",
    },
    to_first_failure: "first failure after",
    to_new_writer: "new writer after",
    to_full_throughput: "full throughput after",
    worst_host: "seen by",
    hosts: |saw, of, worst| format!("{saw} of {of} hosts, worst {worst}"),
    median_of: |median, least, most, n| match n {
        1 => format!("{median} in 1 failover"),
        _ => format!("{median} in the median of {n} failovers ({least} to {most})"),
    },
    overall_heading: "Over all failovers",
    interval: "95 % interval",
    left_out: |count| format!("left out: {count}, because the figure is unknown or only a bound"),
    paired_heading: "Direct - proxy, failover by failover",
    shorter: "proxy shorter in",
    of: |part, all| format!("{part} of {all}"),
    unpaired: |count| {
        format!("left out: {count}, because only one path shows it or a figure is unknown")
    },
    shorter_for: |group, shorter, n| {
        let group = match group {
            Group::Read => "Reads",
            _ => "Writes",
        };
        format!("{group} were down for a shorter time behind the proxy in {shorter} of {n}.")
    },
    no_failover: "No failover was seen in any recording.",
    settings_vary: |settings| format!("Settings differ between the recordings: {settings}."),
    note_run: "Runs: recordings that overlap in time by at least half of the shorter one, and that have a server in common (or the same label \
               `run`, where both have one), are one run, and each of its failovers counts once.",
    note_worst: "Several hosts of one run: each figure is that of the host for which it is longest. It is a bound where one of them is.",
    note_host_clock: "Clock of the host: no offset to the server's clock was measured. Whether such a recording overlaps others is by its host's clock.",
    note_measured: "Trigger to first failure, and to new writer: detection, only of failovers with a trigger. Start to full throughput: recovery, from the \
                    first outage's start. A failover that a path did not notice counts as a downtime of 0 s, and in no other figure.",
    note_few: "Interval of the median: percentile bootstrap, 10,000 resamples, fixed seed. Of fewer than about 8 failovers it is little more than the range: \
               read it as a hint.",

    compare_title: "Two sets of runs",
    settings_heading: "Differing configuration",
    setting: "setting",
    base: |runs| format!("base ({runs} {})", if runs == 1 { "run" } else { "runs" }),
    new: |runs| format!("new ({runs} {})", if runs == 1 { "run" } else { "runs" }),
    base_alone: "base",
    new_alone: "new",
    set: "set",
    value: "value",
    varies: |values| format!("varies: {values}"),
    and_more: |count| format!("and {count} more"),
    no_setting_differs: "No setting differs between the sets.",
    yes: "yes",
    no: "no",
    family: |kind| match kind {
        FamilyKind::Downtime => "Downtime of the application",
        FamilyKind::Service => "Downtime of the service",
        FamilyKind::Key => "Other key figures",
        FamilyKind::Other => "All other figures",
        FamilyKind::Operations => "Single operations",
    },
    no_downtime_differs: "No downtime differs significantly. That is no proof that they are the same.",
    no_other_differs: "No other downtime differs significantly.",
    verdict: "verdict",
    verdict_name: |verdict| match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Different => "different",
    },
    adjusted: "adjusted p",
    test: "test",
    test_name: |test| match test {
        Test::MannWhitney => "Mann-Whitney",
        Test::TwoProportions => "two proportions",
    },
    about: |figure| format!("about {figure}"),
    runs_with: |runs| format!("of {runs} runs"),
    chance: |tested, by_chance, small, adjusted| {
        format!(
            "Lines tested: {tested}. With p < 0.05: {small}; chance alone would give {by_chance}. Different after the adjustment for \
             that: {adjusted}."
        )
    },
    without_difference: |count| {
        format!("{count} more show no significant difference: --all lists them.")
    },
    not_listed: |count| format!("{count} more figures: --all lists them."),
    too_few: |base, new| {
        format!(
            "Nothing is tested: that takes 5 runs a side, and there are {base} and {new}. These differences may be chance."
        )
    },
    bounds: |count| format!("{count} not tested, as a value is only a bound."),
    failovers_differ: "The recordings have different numbers of failovers. What grows with them (sums, counts, the longest) is not compared; downtimes are the medians of \
                       each recording's failovers.",
    note_columns: "base and new: the median of the runs, in brackets their least and greatest. change: from median to median.",
    note_tests: "p: the chance of a difference like this, or a larger one, where there is none; two-sided. Mann-Whitney: exact up to 40 runs, ties \
                 included. Two proportions: counts are summed over the runs, by z (Fisher's exact test where an expected count is below 5); as \
                 operations of one run fail together, p is not below that of all ways to exchange the runs between the sets.",
    note_adjusted: "adjusted p: by Benjamini and Hochberg, within each table: of the lines called different, at most 5 % are expected not to be. (Holm's \
                    method could find nothing in tables of this length with 5 runs a side.) better and worse stand where it is below 0.05 and the \
                    change does not read 0. No verdict is no proof of equality.",
    note_hosts: "A run of several hosts has the figures of the host for which each is worst; counts of successes are summed over them.",

    list_title: "Recordings",
    started: "started (UTC)",
    audit: "audit",
    audit_text: |audit| match audit {
        ListedAudit::NotAudited => "not audited".to_owned(),
        ListedAudit::Unusable => "unusable".to_owned(),
        ListedAudit::Audited { lost: 0 } => "none lost".to_owned(),
        ListedAudit::Audited { lost } => format!("{lost} lost"),
    },
    state: "state",
    state_name: |state| match state {
        RecordingProgress::Complete => "complete",
        RecordingProgress::InProgress => "in progress",
        RecordingProgress::Killed => "killed",
        RecordingProgress::Interrupted => "interrupted",
        RecordingProgress::Recovered => "recovered",
    },
    unreadable: "unreadable",
    labels: "labels",
    listed: |count, unreadable| match unreadable {
        0 => format!("{count} listed."),
        _ => format!("{count} listed, {unreadable} of them unreadable."),
    },
    nothing_listed: "No recording has these labels.",
    note_list: "direct, proxy: the worse downtime of reads and writes, with its resolution. killed: without an end, and no recorder on this machine writes it.",
};

pub(crate) const CHINESE: ManyWords = ManyWords {
    title: "多次录制的故障转移",
    runs_heading: "测试列表",
    run: "测试",
    host: "主机",
    recording: "录制",
    paths: "路径",
    mode: |mode| match mode {
        Mode::Both => "两条",
        Mode::Direct => "直连",
        Mode::Proxy => "Proxy",
    },
    failovers: "故障转移",
    clock: "时钟",
    server_clock: "服务器",
    host_clock: "主机",
    one_run: |runs, by| {
        let by = match by {
            TogetherBy::Label => "时间重叠且标签 run 相同",
            TogetherBy::Servers => "时间重叠且服务器相同",
        };
        format!("测试 {runs} 的各次录制为同一次测试: {by}。")
    },
    measured: |measured| match measured {
        Measured::Downtime => "停机时间",
        Measured::ServiceDowntime => "服务停机时间",
        Measured::TriggerToFirstFailure => "触发至首次失败",
        Measured::TriggerToNewWriter => "触发至新写节点",
        Measured::FullThroughput => "开始至恢复吞吐量",
    },
    to_first_failure: "至首次失败",
    to_new_writer: "至新写节点",
    to_full_throughput: "至恢复吞吐量",
    worst_host: "观察到的主机",
    hosts: |saw, of, worst| format!("{of} 台中 {saw} 台, 最差 {worst}"),
    median_of: |median, least, most, n| match n {
        1 => format!("{median} (1 次故障转移)"),
        _ => format!("{median} ({n} 次故障转移的中位数, {least} 至 {most})"),
    },
    overall_heading: "所有故障转移的统计",
    interval: "95% 区间",
    left_out: |count| format!("未计入 {count} 次, 其值未知或仅知界限"),
    paired_heading: "直连 - Proxy, 逐次比较",
    shorter: "Proxy 更短",
    of: |part, all| format!("{part} / {all}"),
    unpaired: |count| format!("未计入 {count} 次, 仅一条路径可见或其值未知"),
    shorter_for: |group, shorter, n| {
        let group = match group {
            Group::Read => "读",
            _ => "写",
        };
        format!("{n} 次中有 {shorter} 次 Proxy 的{group}停机时间更短。")
    },
    no_failover: "所有录制中均未见故障转移。",
    settings_vary: |settings| format!("各录制的设置不同: {settings}。"),
    note_run: "测试: 时间上重叠至少为较短者的一半, 且有共同服务器 (双方都有标签 run 时则须标签相同) 的录制为同一次测试, 其每次故障转移只计一次。",
    note_worst: "同一次测试有多台主机时, 各项取最差主机的值; 其中有界限值时即为界限。",
    note_host_clock: "主机时钟: 未测得与服务器时钟的偏差, 是否重叠按主机自身时钟判断。",
    note_measured: "触发至首次失败、触发至新写节点: 发现故障, 仅计有触发时刻的故障转移。开始至恢复吞吐量: 恢复, 自首次停机开始。路径未察觉的故障转移停机时间按 0秒 \
                    计, 不计入其他各项。",
    note_few: "中位数的区间: 百分位自助法, 10,000 次重抽样, 固定种子。少于约 8 次时, 区间与最小至最大的范围相差无几, 只作参考。",

    compare_title: "两组测试的比较",
    settings_heading: "不同的配置",
    setting: "配置项",
    base: |runs| format!("基准 ({runs} 次)"),
    new: |runs| format!("新 ({runs} 次)"),
    base_alone: "基准",
    new_alone: "新",
    set: "组",
    value: "值",
    varies: |values| format!("不一: {values}"),
    and_more: |count| format!("另有 {count} 个"),
    no_setting_differs: "两组配置相同。",
    yes: "是",
    no: "否",
    family: |kind| match kind {
        FamilyKind::Downtime => "应用停机时间",
        FamilyKind::Service => "服务停机时间",
        FamilyKind::Key => "其他主要指标",
        FamilyKind::Other => "其余指标",
        FamilyKind::Operations => "各操作",
    },
    no_downtime_differs: "各停机时间均无显著差异; 但这不证明它们相同。",
    no_other_differs: "其他停机时间均无显著差异。",
    verdict: "结论",
    verdict_name: |verdict| match verdict {
        Verdict::Better => "更好",
        Verdict::Worse => "更差",
        Verdict::Different => "不同",
    },
    adjusted: "校正 p",
    test: "检验",
    test_name: |test| match test {
        Test::MannWhitney => "Mann-Whitney",
        Test::TwoProportions => "两比例",
    },
    about: |figure| format!("约 {figure}"),
    runs_with: |runs| format!("{runs} 次"),
    chance: |tested, by_chance, small, adjusted| {
        format!(
            "检验了 {tested} 项。p < 0.05 的有 {small} 项 (纯属偶然时预计 {by_chance} 项); 校正后 {adjusted} 项有差异。"
        )
    },
    without_difference: |count| format!("另有 {count} 项无显著差异, 用 --all 列出。"),
    not_listed: |count| format!("另有 {count} 项, 用 --all 列出。"),
    too_few: |base, new| {
        format!("未作检验: 每组至少需 5 次测试, 现有 {base} 次和 {new} 次。这些差异可能出于偶然。")
    },
    bounds: |count| format!("{count} 项未检验, 因有值仅为界限。"),
    failovers_differ: "各次录制的故障转移次数不同: 其总和不作比较, 停机时间取每次录制中各次故障转移的中位数。",
    note_columns: "基准与新: 各次测试的中位数, 括号内为最小与最大。变化: 中位数之间。",
    note_tests: "p: 若并无差异, 出现如此或更大差异的概率, 双侧。Mann-Whitney: 40 次以内为精确值, 含并列。两比例: 计数按测试累加, 用 z 检验 (期望数小于 5 时用 \
                 Fisher 精确检验); 同一次测试中的操作一同失败, 故 p 不小于在两组间交换测试的置换检验所得。",
    note_adjusted: "校正 p: Benjamini-Hochberg, 在各表之内。控制所判差异中误判的比例; 每组 5 次测试时, Holm 法在这样长的表中找不出任何差异。小于 0.05 且变化不为 0 时才给出结论。\
                    没有结论不等于相同。",
    note_hosts: "多台主机的测试, 各项取最差主机的值; 成功次数按主机累加。",

    list_title: "录制列表",
    started: "开始 (UTC)",
    audit: "审计",
    audit_text: |audit| match audit {
        ListedAudit::NotAudited => "未审计".to_owned(),
        ListedAudit::Unusable => "不可用".to_owned(),
        ListedAudit::Audited { lost: 0 } => "无丢失".to_owned(),
        ListedAudit::Audited { lost } => format!("丢失 {lost}"),
    },
    state: "状态",
    state_name: |state| match state {
        RecordingProgress::Complete => "完成",
        RecordingProgress::InProgress => "进行中",
        RecordingProgress::Killed => "被终止",
        RecordingProgress::Interrupted => "提前结束",
        RecordingProgress::Recovered => "已修复",
    },
    unreadable: "无法读取",
    labels: "标签",
    listed: |count, unreadable| match unreadable {
        0 => format!("共 {count} 个。"),
        _ => format!("共 {count} 个, 其中 {unreadable} 个无法读取。"),
    },
    nothing_listed: "没有带这些标签的录制。",
    note_list: "各路径: 读与写中较长的停机时间及其分辨率。被终止: 没有结束, 且本机没有录制程序在写。",
};
