//! The words that only a report with links and charts has, in each language.

#[derive(Debug, Clone, Copy)]
pub(crate) struct PageWords {
    /// The language's code, as HTML has it.
    pub(crate) code: &'static str,
    /// What stands between two paths' headlines.
    pub(crate) and: &'static str,
    pub(crate) skip: &'static str,
    pub(crate) contents: &'static str,
    pub(crate) charts: &'static str,
    /// What a chart shows, by the name of its file.
    pub(crate) chart: fn(&str) -> &str,
}

pub(crate) const ENGLISH: PageWords = PageWords {
    code: "en",
    and: "; ",
    skip: "Skip to the report",
    contents: "Contents",
    charts: "Charts",
    chart: |file| match file {
        "response-time" => "Response time over time",
        "operations-per-second" => "Operations per second",
        "percentiles" => "Percentiles of the response time",
        "availability" => "Availability per path and type of operation",
        "errors" => "Failures by class over time",
        "downtime-parts" => "What each downtime is made of",
        "campaign" => "Downtime of each failover",
        "campaign-reads" => "Downtime of reads in each failover",
        "overview" => "Downtime per path and group",
        other => other,
    },
};

pub(crate) const CHINESE: PageWords = PageWords {
    code: "zh",
    and: "; ",
    skip: "跳至报告正文",
    contents: "目录",
    charts: "图表",
    chart: |file| match file {
        "response-time" => "响应时间变化",
        "operations-per-second" => "每秒操作数",
        "percentiles" => "响应时间百分位",
        "availability" => "各路径和操作类型的可用性",
        "errors" => "各类错误随时间的变化",
        "downtime-parts" => "停机时间的组成",
        "campaign" => "每次故障转移的停机时间",
        "campaign-reads" => "每次故障转移的读停机时间",
        "overview" => "各路径和分组的停机时间",
        other => other,
    },
};
