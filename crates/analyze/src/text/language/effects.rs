//! The words of where an outage hurts, in each language: by operation, by error, by connection.

#[derive(Debug, Clone, Copy)]
pub(crate) struct EffectWords {
    /// With the unit of the response times.
    pub(crate) names_heading: fn(&str) -> String,

    pub(crate) outage_errors_heading: &'static str,
    pub(crate) outage_from: &'static str,
    pub(crate) server: &'static str,

    pub(crate) connection_spans_heading: &'static str,
    pub(crate) per_second: &'static str,
    pub(crate) most_in_a_second: &'static str,
    pub(crate) connect_errors_heading: &'static str,
    pub(crate) phase: &'static str,
    pub(crate) address: &'static str,

    /// With the unit of the times.
    pub(crate) waits_heading: fn(&str) -> String,
    pub(crate) part: &'static str,
    pub(crate) checkout: &'static str,
    pub(crate) execute: &'static str,
    pub(crate) share: &'static str,

    pub(crate) refused_heading: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) reads_served: &'static str,
    pub(crate) writes_served: &'static str,
    pub(crate) refused_by: &'static str,
    pub(crate) no_write_after: &'static str,

    pub(crate) stuck_heading: &'static str,
    pub(crate) new_writer: &'static str,
    pub(crate) last_refusal: &'static str,
    pub(crate) after: &'static str,
    pub(crate) connections: &'static str,
    pub(crate) peak: &'static str,
    /// Refused, used, the share, when.
    pub(crate) peak_text: fn(&str, &str, &str, &str) -> String,

    pub(crate) without_writer_heading: &'static str,
    pub(crate) on_either_path: &'static str,
    pub(crate) old_writer: &'static str,
    pub(crate) new_writer_server: &'static str,

    pub(crate) hung_heading: &'static str,
    pub(crate) hung_probes: &'static str,
    pub(crate) hung_operations: &'static str,
    pub(crate) reads_answered: &'static str,
    pub(crate) unreplicated: &'static str,
    pub(crate) writer: &'static str,
    pub(crate) sync_rep_wait: fn(&SyncRepWords<'_>) -> String,
}

/// What the note on a wait for a synchronous standby says.
pub(crate) struct SyncRepWords<'w> {
    pub(crate) from: &'w str,
    pub(crate) to: &'w str,
    /// Names; empty where none is known.
    pub(crate) servers: &'w str,
    pub(crate) sessions: u32,
}

pub(crate) const ENGLISH: EffectWords = EffectWords {
    names_heading: |unit| format!("Operations by name (response times of successes, {unit})"),

    outage_errors_heading: "Errors in each outage",
    outage_from: "outage from (UTC)",
    server: "server",

    connection_spans_heading: "Connections before, during and after the episodes",
    per_second: "per s",
    most_in_a_second: "most in 1 s",
    connect_errors_heading: "Failed attempts to connect",
    phase: "phase",
    address: "address",

    waits_heading: |unit| {
        format!("Waiting for a connection and executing, around the episodes (successes, {unit})")
    },
    part: "part",
    checkout: "checkout",
    execute: "execute",
    share: "of response",

    refused_heading: "Reads served, writes refused (25006: the path led to a reader)",
    refused: "writes refused",
    reads_served: "reads served",
    writes_served: "writes served",
    refused_by: "readers",
    no_write_after: "no write succeeded after it",

    stuck_heading: "Connections that still led to a reader after a new writer was seen",
    new_writer: "new writer seen (UTC)",
    last_refusal: "last refusal",
    after: "after",
    connections: "connections",
    peak: "largest share in 1 s",
    peak_text: |stuck, used, share, at| format!("{stuck} of {used} ({share}) at {at} s"),

    without_writer_heading: "Without a writer, as the probes saw it (last answer of the old one to first answer of the new one)",
    on_either_path: "neither path had one",
    old_writer: "old writer",
    new_writer_server: "new writer",

    hung_heading: "Writes hung while the writer answered reads (as in a wait for a synchronous standby, SyncRep)",
    hung_probes: "probes' writes",
    hung_operations: "operations",
    reads_answered: "reads answered",
    unreplicated: "unreplicated",
    writer: "writer",
    sync_rep_wait: |wait| {
        let (from, to, sessions) = (wait.from, wait.to, wait.sessions);
        let servers = match wait.servers {
            "" => String::new(),
            servers => format!(" on {servers}"),
        };
        let plural = if sessions == 1 { "" } else { "s" };
        format!(
            "synchronous replication wait (SyncRep), seen from {from} to {to}{servers}: at most {sessions} session{plural} at a time"
        )
    },
};

pub(crate) const CHINESE: EffectWords = EffectWords {
    names_heading: |unit| format!("各操作统计 (成功操作的响应时间, {unit})"),

    outage_errors_heading: "各次停机中的错误",
    outage_from: "停机开始 (UTC)",
    server: "服务器",

    connection_spans_heading: "故障前后的连接",
    per_second: "每秒",
    most_in_a_second: "1 秒内最多",
    connect_errors_heading: "失败的连接尝试",
    phase: "阶段",
    address: "地址",

    waits_heading: |unit| format!("等待连接与执行, 故障前后 (成功操作, {unit})"),
    part: "部分",
    checkout: "等待连接",
    execute: "执行",
    share: "占响应时间",

    refused_heading: "读正常而写被拒绝 (25006: 路径指向只读节点)",
    refused: "被拒绝的写",
    reads_served: "成功的读",
    writes_served: "成功的写",
    refused_by: "只读节点",
    no_write_after: "此后没有成功的写",

    stuck_heading: "新写节点出现后仍连到只读节点的连接",
    new_writer: "新写节点出现 (UTC)",
    last_refusal: "最后一次拒绝",
    after: "历时",
    connections: "连接数",
    peak: "1 秒内最大占比",
    peak_text: |stuck, used, share, at| format!("{used} 个中的 {stuck} 个 ({share}), {at} 秒"),

    without_writer_heading: "没有写节点的时间 (由探测得出: 旧写节点最后应答至新写节点首次应答)",
    on_either_path: "两条路径均无写节点",
    old_writer: "旧写节点",
    new_writer_server: "新写节点",

    hung_heading: "写节点应答读而写操作挂起 (与等待同步备库 SyncRep 的表现相同)",
    hung_probes: "探测的写",
    hung_operations: "操作",
    reads_answered: "应答的读",
    unreplicated: "未复制",
    writer: "写节点",
    sync_rep_wait: |wait| {
        let (from, to, sessions) = (wait.from, wait.to, wait.sessions);
        let servers = match wait.servers {
            "" => String::new(),
            servers => format!("在 {servers} 上"),
        };
        format!(
            "同步复制等待 (SyncRep): {from} 至 {to} {servers}观察到, 同时等待的会话最多 {sessions} 个"
        )
    },
};
