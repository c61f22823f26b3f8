//! The report's Chinese: the sections and the wording of the original design's sample, then the rest.

use recording::vocabulary::EventKind;

use crate::summary::{Group, Incidents, Metric, RecordingProgress, UnobservedReason};
use crate::text::format::{Units, count};
use crate::text::language::{SampleWords, Words, capitalized};
use crate::text::language::{classes, durability, effects, page, part, rules, schedule, service};
use crate::text::table::List;

const SAMPLE: SampleWords = SampleWords {
    path: |path| format!("{} 连接结果", capitalized(path)),
    other_settings: "其他设置",
    total: "总操作数",
    success_rate: "总体成功率",
    type_figures: |count, rate| format!("{count} (成功率: {rate})"),
    unfinished: "未完成操作",
    mean_response: "平均响应时间",
    max_response: "最大响应时间",
    min_response: "最小响应时间",
    percentiles: "响应时间百分位",
    downtime: "检测停机时间",
    downtime_of: "停机对象与分辨率",
    lost_writes: "丢失的已确认写操作",
    durable_downtime: "持久停机时间 (丢失的写计为失败)",
    tps: "TPS (每秒成功操作数)",
    steady_tps: "稳态 TPS (停机时段以外)",
    comparison: "性能对比",
    change: |metric, smaller| {
        let direction = match (is_rate(metric), smaller) {
            (_, None) => "变化",
            (true, Some(true)) => "下降",
            (true, Some(false)) => "提升",
            (false, Some(true)) => "减少",
            (false, Some(false)) => "增加",
        };
        format!("Proxy {}{direction}", metric_name(metric))
    },
    points: |metric| format!("Proxy {}变化 (百分点)", metric_name(metric)),
    relative: (
        "百分比变化",
        "均为相对 Direct 的变化, 不是百分点; 百分点另列",
    ),
};

pub(crate) const CHINESE: Words = Words {
    units: Units {
        gap: "",
        microsecond: "微秒",
        millisecond: "毫秒",
        second: "秒",
        percentage_points: "个百分点",
    },
    list: List::Dashes,
    sample: Some(SAMPLE),

    title: "业务场景测试结果对比报告",
    heading: |heading| format!("{heading}:"),
    path_name: capitalized,
    type_name: |name| {
        match name {
            "read" => "读操作",
            "write" => "写操作",
            "transaction" => "事务操作",
            other => other,
        }
        .to_owned()
    },
    group_name,
    at_least: |figure| format!("至少 {figure}"),
    at_most: |figure| format!("至多 {figure}"),
    paused: |length| format!("其中暂停 {length}"),
    none: "无",
    more: |count| format!("另有 {count} 条, 见 --format json"),

    run: "记录编号",
    started: "开始时间",
    time_zone: "时区",
    state: "记录状态",
    state_text: |state| match state {
        RecordingProgress::Complete => "完整",
        RecordingProgress::Interrupted => "提前中断: 因信号提前结束",
        RecordingProgress::InProgress => "正在记录: 数据截至最后一次写盘",
        RecordingProgress::Killed => {
            "没有结束: 记录程序被强制终止, 或这是正在进行的记录的副本; 数据截至最后一次写盘"
        }
        RecordingProgress::Recovered => "已恢复: 记录程序曾被强制终止, 数据截至最后一次写盘",
    },
    interrupted_at: |state, offset| format!("{state} (于 {offset}秒)"),
    host: "记录主机",
    recorder: "记录程序版本",
    definitions: "指标定义",
    definitions_text: |version| format!("第 {version} 版, 见 docs/definitions.md"),
    pauses: "记录程序暂停",
    pauses_text: |count, length| format!("{count} 次, 共 {length}: 对这段时间一无所知"),
    journal: "日志",
    journal_text: |rows, bytes| format!("未封存部分的 {rows} 行, {bytes} 字节未能读取"),
    clock_drift: "时钟漂移",
    clock_offset: "时钟偏差",
    clock_offset_text: |length, ahead, server, uncertainty| {
        let to = if ahead { "快" } else { "慢" };
        format!("比 {server} {to} {length} (± {uncertainty})")
    },
    the_server: "数据库服务器",
    before_the_start: "开始前测得",
    after_the_start: "结束时测得",
    warning: "警告",
    dropped: |rows, table| format!("记录时丢失了 {table} 表的 {rows} 行: 以下数据不完整"),
    damaged_journals: |bytes| format!("操作日志有 {bytes} 字节已损坏, 未计入: 以下数据不完整"),
    disk: "磁盘",
    disk_text: |from, until, error| {
        let until = until.map_or_else(
            || "起拒绝写入".to_owned(),
            |until| format!("至 {until} 拒绝写入"),
        );
        format!("自 {from} {until} ({error})")
    },
    damaged_part: |file, reason, rows| {
        let missing = rows.map_or("缺少的行数未知".to_owned(), |rows| {
            format!("缺少 {rows} 行")
        });
        format!("已损坏的部分未计入: {file} ({reason}); {missing}, 以下数据不完整")
    },
    left_out: |rows, column, word| match word {
        Some(word) => {
            format!("未计入: {rows} 个操作的 {column} 为 \"{word}\", 此版本无法识别")
        }
        None => format!("未计入: {rows} 个操作没有 {column}"),
    },
    configuration: "测试配置",
    duration: "持续时间",
    requested: "计划持续时间",
    workers: "并发线程",
    weights: "操作权重",
    weights_text: |read, write, transaction| format!("读{read} 写{write} 事务{transaction}"),
    workload: "负载",
    schedule: "调度方式",
    pool: "连接池",
    pool_text: |size| format!("每条路径 {size} 个连接"),
    timeouts: "超时",
    timeouts_text: |connect, pool, operation| {
        format!("建立连接 {connect} (每个阶段), 等待连接池 {pool}, 操作 {operation}")
    },
    seed: "随机种子",
    protocol: "协议",
    upkeep: "连接池维护",
    upkeep_text: |idle, lifetime, check| {
        format!("最少空闲 {idle}, 最长寿命 {lifetime}, 空闲检查 {check}")
    },
    never: "无",
    system_default: "系统默认",
    keepalive: "TCP keepalive",
    keepalive_text: |idle, interval, probes| format!("空闲 {idle}, 间隔 {interval}, 次数 {probes}"),
    user_timeout: "TCP user timeout",
    on_read_only: "遇只读错误 (25006)",
    backoff: "重连退避",
    backoff_text: |min, max| format!("{min} 至 {max}"),
    dns_cache: "DNS 缓存",
    dns_cache_text: |least| format!("应答至少保留 {least}，不论 TTL"),
    max_tps: "负载上限",
    max_tps_text: |rate| format!("所有路径合计每秒 {rate} 个操作"),
    probe_interval: "探测间隔",
    probes_off: "关闭",
    endpoint: |path| format!("{} 端点", capitalized(path)),
    reader_endpoint: |path| format!("{} 只读端点", capitalized(path)),
    endpoint_text: |address, user, sslmode| format!("{address}, 用户 {user}, sslmode {sslmode}"),
    went_on_without_tls: |error| format!("TLS 失败, 未加密连接: {error}"),
    servers: |path| format!("{} 应答服务器", capitalized(path)),
    writer_server: "写节点",
    reader_server: "只读节点",
    unknown_address: "地址未知",
    failover: "故障转移命令",
    failover_text: |command, after| format!("{command} (计划于开始后 {after})"),
    campaign: "连续故障转移",
    every: |time| format!("间隔至少 {time}"),
    times: |count| format!("至多 {count} 次"),
    settle: |time| format!("每条路径健康 {time} 后进行下一次"),
    heal_command: "修复命令",
    triggered: "故障转移触发时间",
    more_events: |count| format!("另有 {count} 次, 见故障转移明细与事件"),
    trigger_finished: "命令结束时间",
    not_triggered: "未触发: 记录中没有该事件",
    trigger_left_out: "未知: 事件已损坏, 未计入",
    exit_status: |status| format!("退出码 {status}"),
    pgbench_settings: |mode, clients, jobs, scale, warmup| {
        format!("{mode}, {clients} 个客户端, {jobs} 个线程, 比例因子 {scale}, 预热 {warmup}")
    },
    labels: "标签",

    verdict: "结论",
    down: |group, downtime| format!("{}停机 {downtime}", served(group)),
    other_group: |group, downtime| format!("{} {downtime}", served(group)),
    in_episodes: |episodes| format!("共 {episodes} 次故障"),
    not_recovered: "记录结束时仍未恢复",
    no_outage: "未发现停机",
    not_observed: |reason| match reason {
        UnobservedReason::NothingAsked => "未观测到: 其他操作全部停机期间没有此类请求",
        UnobservedReason::NoFreeWorker => "未观测到: 探测有应答, 但没有空闲线程可发出请求",
    },
    no_operations: "没有操作记录, 无法判断",
    path_left_out: "已损坏, 未计入: 对其一无所知",
    trigger_failed: |status| {
        format!("故障转移命令失败 (退出码 {status}): 见 logs/failover-command.log。")
    },
    campaign_stopped: |reason| format!("连续故障转移提前停止: {reason}"),
    no_failover: "未发现故障转移。",
    no_failover_on_either: "两条路径均未发现故障转移。",
    anecdote: "n = 1: 一次故障转移只是个例, 不给出置信区间。",
    several: "各次故障转移的数据见故障转移明细。",

    durability: durability::CHINESE,
    service: service::CHINESE,
    part: part::CHINESE,
    scheduling: schedule::CHINESE,
    page: page::CHINESE,
    many: super::many::CHINESE,
    rules: rules::CHINESE,
    effects: effects::CHINESE,

    failovers_heading: "故障转移明细",
    number: "序号",
    triggered_column: "触发 (UTC)",
    to_last_success: "至最后成功",
    to_first_failure: "至首次失败",
    to_address: "至地址变更",
    to_new_writer: "至连上新写节点",
    to_first_success: "至首次成功",
    healthy_between: "其间正常",
    to_full_throughput: "至全部吞吐",
    several_heading: "多次故障转移的停机时间",
    interval: "中位数的 95% 区间",
    from_to: |from, to| format!("{from} 至 {to}"),
    direct_minus_proxy: "Direct - Proxy",
    open_left_out: |count| {
        format!(
            "未计入 {count} 次, 其停机时间仅知界限: 记录开始或结束时仍在停机, 触发前已停机, 或未观测到"
        )
    },
    without_episode: |count| format!("含 {count} 次未见停机的故障转移, 按 0秒 计"),
    proxy_shorter: |shorter, n| format!("{n} 次中有 {shorter} 次 Proxy 停机更短。"),
    unpaired: |count| {
        format!("无法配对的故障转移 (仅一条路径可见, 或停机时间仅知界限): {count} 次。")
    },
    one_pair: "仅有 n = 1 对, 不给出区间。",
    no_pair: "没有一次故障转移在两条路径上都完整可见: 不给出配对差值。",
    no_episode: "各次故障转移中两条路径均未停机: 不作判断。",
    interval_note: "区间: 中位数的百分位 bootstrap, 重抽样 10,000 次, 随机种子固定。",
    events_heading: "事件",
    event: "事件",
    text: "内容",
    event_name,
    more_of: |kinds| {
        let kinds: Vec<String> = kinds
            .iter()
            .map(|(name, count)| format!("{name} {count} 次"))
            .collect();
        format!("未列出: {}; 全部见 --format json", kinds.join(", "))
    },

    operations: "操作统计",
    type_column: "类型",
    path_column: "路径",
    all_types: "全部",
    total: "总数",
    success_rate: "成功率",
    succeeded: "成功",
    rejected: "业务拒绝",
    failed: "失败",
    unknown: "结果未知",
    unfinished: "未完成",
    tps: "TPS",
    steady_tps: "稳态 TPS",
    response_times: |unit| format!("响应时间 ({unit})"),
    samples: "样本数",
    successes: "成功操作",
    all_finished: "全部已完成操作",
    successes_of: |name| format!("成功的{name}"),
    mean: "平均",
    min: "最小",
    max: "最大",

    downtime_heading: "各分组停机时间",
    group: "分组",
    downtime: "停机时间",
    outages: "停机次数",
    episodes: "故障次数",
    availability: "可用率",
    blips: "瞬时失败",
    brownouts: "响应缓慢",
    outages_heading: "停机明细",
    from: "开始 (UTC)",
    until: "结束",
    offset: "偏移 (秒)",
    evidence: "证据数",
    errors_inside: "期间的错误",
    open_at_start: "自记录开始即停机",
    stalls_only: "仅有阻塞",
    blips_heading: "瞬时失败 (停机以外的失败, 不计停机时间)",
    brownouts_heading: "响应缓慢 (不构成停机的间隔, 从首个到末个有操作在等待的时刻)",
    time: "时间 (UTC)",
    operation: "操作",
    length: "时长",

    recovery_heading: "恢复过程",
    episode: "故障",
    part_of: "归属",
    failover_number: |number| format!("故障转移 {number}"),
    other_outage: "其他停机",
    warm_up: "预热: 不计入停机时间",
    baseline_tps: "基线 TPS",
    baseline_p99: "基线 p99",
    full_throughput: "恢复全部吞吐用时",
    normal_latency: "恢复正常延迟用时",
    impact_heading: "对各类操作的影响",
    window: |path, cause, from, to, length| format!("{path} {cause}: {from} 至 {to} ({length})"),
    window_ends: |trigger, throughput| {
        let from = if trigger {
            "触发故障转移"
        } else {
            "首次停机开始"
        };
        let to = if throughput {
            "恢复全部吞吐"
        } else {
            "最后一次停机结束 (未见恢复全部吞吐)"
        };
        format!("从{from}到{to}")
    },
    attempted: "尝试",

    errors_heading: "错误分类",
    class: "类别",
    commonest_text: |text, these, all, others| {
        format!(
            "{text} ({all} 次中的 {these} 次; 另有 {} 种内容)",
            count(others)
        )
    },
    class_text: classes::chinese,
    count: "次数",
    first: "首次 (UTC)",
    last: "末次 (UTC)",
    connections_heading: "连接",
    attempts: "尝试次数",
    median: "中位数",
    addresses: "应答地址",

    load_heading: "同时运行的 pgbench",
    span: "时段",
    before: "故障前",
    during: "故障中",
    after: "故障后",
    whole_recording: "整个记录",
    latency: "延迟",
    progress_lines: "进度行数",
    restarts: |path, restarts| format!("{path}: pgbench 重启 {restarts} 次"),

    comparison_heading: "性能对比明细",
    figure: "指标",
    metric: metric_name,
    change: "变化",
    relative: |percent| format!("相对 {percent}"),
    in_words: "Proxy 相对 Direct",
    unchanged: "相同",
    difference: |metric, magnitude, smaller, better| {
        let direction = match (is_rate(metric), smaller) {
            (true, true) => "下降",
            (true, false) => "提升",
            (false, true) => "减少",
            (false, false) => "增加",
        };
        format!(
            "{direction} {magnitude} ({})",
            if better { "更好" } else { "更差" }
        )
    },
    not_compared: |direct, proxy| format!("不比较: 故障次数 Direct {direct}, Proxy {proxy}"),
    no_verdict: |direct, proxy| match [direct, proxy] == [Incidents::default(); 2] {
        true => "未发现故障转移或其他停机: 不判断哪条路径停机更久。".to_owned(),
        false => format!(
            "发现的故障转移: Direct {} 次, Proxy {} 次; 其他停机: Direct {} 次, Proxy {} 次。无法配对: 不判断哪条路径停机更久。",
            direct.failovers, proxy.failovers, direct.other_outages, proxy.other_outages
        ),
    },
    compared_failovers: |of_each| match (of_each.failovers, of_each.other_outages) {
        (1, 0) => "n = 1 次故障转移, 不给出置信区间。".to_owned(),
        (0, 1) => "n = 1 次停机 (并非故障转移), 不给出置信区间。".to_owned(),
        (failovers, 0) => format!("n = {failovers} 次故障转移; 停机时间为各次之和。"),
        (failovers, others) => format!(
            "n = {} 次故障转移与其他停机; 停机时间为各次之和。",
            failovers + others
        ),
    },

    notes_heading: "说明",
    note_downtime: "停机时间: 从最后一次成功到首次恢复成功, 括号内为分辨率。真实停机时间介于 停机时间 - 分辨率 \
                    与 停机时间 之间, 误差不超过一次普通响应时间。",
    note_parts: "故障转移明细: 停机时间为该次故障转移各次停机之和; 0秒 (至多 G) 指触发后未见停机, G 为其后最长的无成功时间。停机时间的每一段到其名称所示的时刻为止, 从最后成功到首次成功的各段之和即停机时间; \
                 未见到的时刻 (-) 其用时计入下一段。不属于停机时间: 触发至最后成功 (最后成功早于触发时为 0), 各次停机之间的正常时间, \
                 首次成功至恢复全部吞吐。",
    note_baseline_p99: "延迟恢复以故障前 30 秒的 p99 为基准, 至少需要 100 次成功; 次数不足时为 -。",
    note_without_tls: "未加密: TLS 握手失败后, sslmode=prefer 改用明文连接。建立连接的用时包含两次尝试; 强制要求 TLS 的应用将无法连接。",
    note_none: "-: 无法给出的数据, 并非 0; 百分位 q 至少需要 1/(1-q) 个样本 (p99 需要 100 个)。",
    note_unobserved: |reason| match reason {
        UnobservedReason::NothingAsked => {
            "未观测到: 全部操作停机期间该分组既无成功也无失败; 其停机时间未知, 可用率为上限 (至多)。若该分组另有停机, \
             其停机时间为下限 (至少)。"
        }
        UnobservedReason::NoFreeWorker => {
            "读未观测到, 探测有应答: 没有空闲线程可发出请求。所有线程都阻塞在写操作或事务中, 而对服务器的探测均有应答, \
             因此不知道读是否可用。"
        }
    },
    note_pauses: "暂停: 记录程序被停止或得不到处理器, 其间没有发出请求, 也没有读取应答。是否停机的判断不计暂停; 停机时间含其中的暂停, \
                  并注明其时长; 停机以外的暂停不计入可用率的时长。",
    note_writer: "写入 (写+事务) 分组: 写与事务任一成功即为可用, 因此其停机时间可能短于写或事务单独的停机时间。",
    note_baseline: "基线: 故障前 30 秒, 不含其他故障。记录不足 30 秒时取已有部分; 不足 5 秒时无基线 (-)。",
    note_before_trigger: "停机从最后一次成功算起, 因此可能早于触发时间: 该次成功与触发之间没有操作成功。",
    note_thresholds: |outage, stall, merge| {
        format!(
            "阈值: 停机至少 {outage}, 操作比平常慢 {stall} 以上可视为阻塞, 间隔小于 {merge} 的停机合并为一次故障。"
        )
    },
    note_coarse: |groups| format!("分辨率超过停机时间的 30%, 停机时间只宜视为上限: {groups}。"),
    coarse_group: |path, group| format!("{path} {}", group_name(group)),
    note_slow: |paths| {
        format!(
            "操作越少, 看到的越少: 每秒 10 个操作时, 0.3秒 的停机已接近可见极限。本次稳态速率: {paths}。"
        )
    },
    path_rate: |path, rate| format!("{path} {rate}/秒"),
    separator: ", ",
};

fn event_name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::FailoverTriggered => "触发故障转移",
        EventKind::FailoverTriggerFinished => "故障转移命令结束",
        EventKind::LoadStarted => "负载开始",
        EventKind::LoadRestarted => "负载重启",
        EventKind::LoadStopped => "负载停止",
        EventKind::Interrupted => "中断",
        EventKind::HealTriggered => "修复命令开始",
        EventKind::HealTriggerFinished => "修复命令结束",
        EventKind::Settled => "恢复稳定",
        EventKind::CampaignStopped => "连续故障转移停止",
        EventKind::RoleChanged => "角色变更",
        EventKind::AddressChanged => "地址变更",
        EventKind::ServerRestarted => "服务器重启",
        EventKind::Mark => "标记",
        EventKind::ClientPaused => "记录程序暂停",
    }
}

/// The operations that go down with a group.
fn served(group: Group) -> &'static str {
    match group {
        Group::Read => "读",
        Group::Write | Group::Writer => "写入",
        Group::Transaction => "事务",
        Group::All => "全部操作",
    }
}

fn group_name(group: Group) -> &'static str {
    match group {
        Group::Read => "读",
        Group::Write => "写",
        Group::Transaction => "事务",
        Group::Writer => "写入 (写+事务)",
        Group::All => "全部",
    }
}

fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Downtime => "停机时间",
        Metric::ReadDowntime => "读停机时间",
        Metric::WriterDowntime => "写入停机时间",
        Metric::ServiceReadDowntime => "服务读停机时间",
        Metric::ServiceWriterDowntime => "服务写入停机时间",
        Metric::DurableWriterDowntime => "写入持久停机时间",
        Metric::LostWrites => "丢失的写操作数",
        Metric::SuccessRate => "总体成功率",
        Metric::ReadSuccessRate => "读操作成功率",
        Metric::WriteSuccessRate => "写操作成功率",
        Metric::TransactionSuccessRate => "事务成功率",
        Metric::MeanResponse => "平均响应时间",
        Metric::P50Response => "p50 响应时间",
        Metric::P99Response => "p99 响应时间",
        Metric::MaxResponse => "最大响应时间",
        Metric::Tps => "TPS",
    }
}

/// Rates go up and down, times grow and shrink.
fn is_rate(metric: Metric) -> bool {
    use Metric::{ReadSuccessRate, SuccessRate, Tps, TransactionSuccessRate, WriteSuccessRate};
    matches!(
        metric,
        SuccessRate | ReadSuccessRate | WriteSuccessRate | TransactionSuccessRate | Tps
    )
}
