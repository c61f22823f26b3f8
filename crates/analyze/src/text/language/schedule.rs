//! The words of a recording's schedule, in each language.

use recording::Arrival;

#[derive(Debug, Clone, Copy)]
pub(crate) struct ScheduleWords {
    /// The shortest and the longest think time.
    pub(crate) closed_loop: fn(&str, &str) -> String,
    /// Arrivals per second, how they are spread, the most operations at once, and the ramp where there is one.
    pub(crate) open_loop: fn(&str, Arrival, &str, Option<&str>) -> String,
    pub(crate) warm_up: &'static str,
    /// Its length, and whether the figures leave it out.
    pub(crate) warm_up_text: fn(&str, bool) -> String,
    pub(crate) lag: &'static str,
    /// Path, median, 99th percentile and longest.
    pub(crate) lag_text: fn(&str, &str, &str, &str) -> String,
    pub(crate) not_begun: &'static str,
    /// Path, how many, and of how many.
    pub(crate) not_begun_text: fn(&str, &str, &str) -> String,
    /// The most operations at once, in place of the number of workers.
    pub(crate) in_flight: fn(&str) -> String,
    /// Of a recorder whose machine did not keep the rate.
    pub(crate) lag_note: &'static str,
}

pub(crate) const ENGLISH: ScheduleWords = ScheduleWords {
    closed_loop: |min, max| format!("closed loop, think time {min} to {max}"),
    open_loop: |rate, arrival, most, ramp| {
        let ramp = ramp.map(|ramp| format!(", ramp {ramp}"));
        let ramp = ramp.unwrap_or_default();
        let arrival = arrival.as_str();
        format!("open loop, {rate} arrivals/s per path, {arrival}{ramp}, at most {most} at once")
    },
    warm_up: "Warm-up",
    warm_up_text: |length, is_left_out| match is_left_out {
        true => format!("{length}, left out of the figures"),
        false => format!("{length}, in the figures"),
    },
    lag: "Schedule lag",
    lag_text: |path, median, p99, max| format!("{path}: median {median}, p99 {p99}, longest {max}"),
    not_begun: "Not begun",
    not_begun_text: |path, waiting, all| {
        format!(
            "{path}: {waiting} of {all} operations had not begun when the recording ended: they arrived faster than they were served"
        )
    },
    in_flight: |most| format!("at most {most} in flight"),
    lag_note: "Schedule lag: the recorder's machine did not keep the rate. Operations began late by its own fault, and response times hold that lag.",
};

pub(crate) const CHINESE: ScheduleWords = ScheduleWords {
    closed_loop: |min, max| format!("闭环, 操作间隔 {min} 至 {max}"),
    open_loop: |rate, arrival, most, ramp| {
        let ramp = ramp.map(|ramp| format!(", 爬升 {ramp}"));
        let ramp = ramp.unwrap_or_default();
        let arrival = match arrival {
            Arrival::Constant => "等间隔",
            Arrival::Poisson => "泊松",
        };
        format!("开环, 每条路径每秒到达 {rate} 个操作 ({arrival}){ramp}, 最多 {most} 个同时进行")
    },
    warm_up: "预热",
    warm_up_text: |length, is_left_out| match is_left_out {
        true => format!("{length}, 不计入各项数字"),
        false => format!("{length}, 计入各项数字"),
    },
    lag: "调度延迟",
    lag_text: |path, median, p99, max| format!("{path}: 中位数 {median}, p99 {p99}, 最长 {max}"),
    not_begun: "未开始",
    not_begun_text: |path, waiting, all| {
        format!("{path}: 录制结束时 {all} 个操作中有 {waiting} 个尚未开始: 到达速度快于处理速度")
    },
    in_flight: |most| format!("最多 {most} 个同时进行"),
    lag_note: "调度延迟: 录制端主机未能保持设定的到达速率; 操作因此延后开始, 响应时间包含这部分延迟。",
};
