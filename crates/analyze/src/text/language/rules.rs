//! The words of rules and of figures by name, in each language. Names of figures and rules themselves are the same in all.

use crate::summary::Unit;

#[derive(Debug, Clone, Copy)]
pub(crate) struct RuleWords {
    pub(crate) name: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) value: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) holds: &'static str,
    pub(crate) fails: &'static str,
    /// How many rules hold, of how many.
    pub(crate) held: fn(&str, &str) -> String,
    /// Of a value that reads like the one that it is compared with.
    pub(crate) exactly: fn(&str) -> String,
    pub(crate) absent: &'static str,
    pub(crate) unsure: &'static str,
    pub(crate) lower_bound: &'static str,
    pub(crate) upper_bound: &'static str,
    pub(crate) between: fn(&str, &str) -> String,
    pub(crate) figure: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) unit_name: fn(Unit) -> &'static str,
    pub(crate) least: &'static str,
    pub(crate) most: &'static str,
}

pub(crate) const ENGLISH: RuleWords = RuleWords {
    name: "name",
    rule: "rule",
    value: "value",
    verdict: "verdict",
    holds: "holds",
    fails: "FAILS",
    held: |held, all| format!("rules that hold: {held} of {all}"),
    exactly: |value| format!("the value is {value}"),
    absent: "the figure can't be given; write `or absent` if that is all right",
    unsure: "the truth is not known: operations are missing, or the audit may have missed something",
    lower_bound: "the value is a lower bound: the truth may be more",
    upper_bound: "the value is an upper bound: the truth may be less",
    between: |least, most| {
        format!("the truth is between {least} and {most}, and the rule has to hold for all of it")
    },
    figure: "figure",
    unit: "unit",
    unit_name: |unit| match unit {
        Unit::Us => "time",
        Unit::Fraction => "fraction",
        Unit::PerSecond => "per second",
        Unit::Count => "count",
    },
    least: "not below",
    most: "not above",
};

pub(crate) const CHINESE: RuleWords = RuleWords {
    name: "名称",
    rule: "规则",
    value: "值",
    verdict: "结论",
    holds: "通过",
    fails: "未通过",
    held: |held, all| format!("{all} 条规则中 {held} 条通过"),
    exactly: |value| format!("该值为 {value}"),
    absent: "该指标无法给出; 如可接受, 请加上 `or absent`",
    unsure: "真实值未知: 缺少部分操作, 或审计可能有遗漏",
    lower_bound: "该值为下限: 真实值可能更大",
    upper_bound: "该值为上限: 真实值可能更小",
    between: |least, most| format!("真实值在 {least} 与 {most} 之间, 规则须对整个范围成立"),
    figure: "指标",
    unit: "单位",
    unit_name: |unit| match unit {
        Unit::Us => "时间",
        Unit::Fraction => "比例",
        Unit::PerSecond => "每秒",
        Unit::Count => "计数",
    },
    least: "不低于",
    most: "不高于",
};
