//! The words of the service's downtime, in each language: what a client that connects anew would have met.

/// What a row of several failovers is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measured {
    Application,
    Service,
    OwnShare,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceWords {
    /// A downtime, as the verdict words it, of the application.
    pub(crate) for_the_application: fn(&str) -> String,
    /// The same of the service.
    pub(crate) for_a_fresh_client: fn(&str) -> String,
    pub(crate) own_share_of: fn(&str) -> String,
    pub(crate) downtime: &'static str,
    pub(crate) own_share: &'static str,
    /// The milestone after which a client that connects anew was served.
    pub(crate) to_fresh_client: &'static str,
    pub(crate) outages_heading: &'static str,
    pub(crate) no_failover: &'static str,
    pub(crate) measured: fn(Measured) -> &'static str,
    pub(crate) without_episode: fn(&str) -> String,
    pub(crate) open_left_out: fn(&str) -> String,
    pub(crate) proxy_shorter: fn(&str, &str) -> String,
    /// In the lists of the original design's sample.
    pub(crate) label: &'static str,
    pub(crate) probes: &'static str,
    /// Whether writes were asked for too, the interval, the limit.
    pub(crate) probes_text: fn(bool, &str, &str) -> String,
    pub(crate) note: &'static str,
}

pub(crate) const ENGLISH: ServiceWords = ServiceWords {
    for_the_application: |down| format!("{down} for the application"),
    for_a_fresh_client: |down| format!("{down} for a fresh client"),
    own_share_of: |share| format!("own share {share}"),
    downtime: "service downtime",
    own_share: "own share",
    to_fresh_client: "to fresh client",
    outages_heading: "Service outages (a client that connects anew was not served)",
    no_failover: "no failover",
    measured: |measured| match measured {
        Measured::Application => "application",
        Measured::Service => "service",
        Measured::OwnShare => "own share",
    },
    without_episode: |count| format!("with {count} without a service outage, counted as 0 s"),
    open_left_out: |count| {
        format!("without {count} of which only a bound of the service's downtime is known")
    },
    proxy_shorter: |shorter, n| {
        format!("The service was back sooner behind the proxy in {shorter} of {n}.")
    },
    label: "Service downtime",
    probes: "Availability probes",
    probes_text: |writes, interval, limit| {
        let what = if writes {
            "a read and a write"
        } else {
            "a read"
        };
        format!("{what} per path every {interval}, each at most {limit}")
    },
    note: "Service downtime: what a client that connects anew would have met, by the availability probes. Own share: application - service, \
           what the application's pools, name caches, limits and back-off added; it lies between the figures in brackets, and is negative \
           where the application was served first. A stale name is the service's, a cache of the application is not.",
};

pub(crate) const CHINESE: ServiceWords = ServiceWords {
    for_the_application: |down| format!("应用: {down}"),
    for_a_fresh_client: |down| format!("新建连接: {down}"),
    own_share_of: |share| format!("应用自身 {share}"),
    downtime: "服务停机时间",
    own_share: "应用自身",
    to_fresh_client: "至新连接可用",
    outages_heading: "服务停机明细 (新建连接得不到服务)",
    no_failover: "非故障转移",
    measured: |measured| match measured {
        Measured::Application => "应用",
        Measured::Service => "服务",
        Measured::OwnShare => "应用自身",
    },
    without_episode: |count| format!("含 {count} 次未见服务停机的故障转移, 按 0秒 计"),
    open_left_out: |count| format!("未计入 {count} 次, 其服务停机时间仅知界限"),
    proxy_shorter: |shorter, n| format!("{n} 次中有 {shorter} 次 Proxy 后的服务恢复更早。"),
    label: "服务停机 (新建连接)",
    probes: "可用性探测",
    probes_text: |writes, interval, limit| {
        let what = if writes {
            "一次读和一次写"
        } else {
            "一次读"
        };
        format!("每条路径每 {interval} {what}, 每次至多 {limit}")
    },
    note: "服务停机时间: 由可用性探测得出, 即重新建立连接的客户端会遇到的停机。应用自身: 应用停机 - 服务停机, 即应用的连接池、域名缓存、超时与退避 \
           所增加的部分; 介于括号内两数之间, 应用先恢复时为负。域名未更新属于服务停机, 应用自己的缓存不属于。",
};
