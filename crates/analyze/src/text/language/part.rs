//! The words of a part of a recording, in each language.

#[derive(Debug, Clone, Copy)]
pub(crate) struct PartWords {
    pub(crate) label: &'static str,
    /// From, to, its length, and the length of the whole where that is known.
    pub(crate) time: fn(&str, &str, &str, Option<&str>) -> String,
    /// The only path.
    pub(crate) path: fn(&str) -> String,
    /// The only types of operations.
    pub(crate) types: fn(&str) -> String,
    pub(crate) audit_is_of_all: &'static str,
    /// Of a part that begins in an outage of no failover.
    pub(crate) cut_outage: &'static str,
}

pub(crate) const ENGLISH: PartWords = PartWords {
    label: "Part",
    time: |from, to, length, whole| match whole {
        Some(whole) => format!("{from} to {to}, {length} of {whole}"),
        None => format!("{from} to {to}, {length}"),
    },
    path: |path| format!("only path {path}"),
    types: |types| format!("only figures of type {types}"),
    audit_is_of_all: "The figures are of a part of the recording. The audit is of the whole recording: its counts are not of the part alone.",
    cut_outage: "The part begins in an outage. Whether it is of a failover is not known here: its trigger, or its change of the writer, may be before the part.",
};

pub(crate) const CHINESE: PartWords = PartWords {
    label: "范围",
    time: |from, to, length, whole| match whole {
        Some(whole) => format!("{from} 至 {to},{length}(共 {whole})"),
        None => format!("{from} 至 {to},{length}"),
    },
    path: |path| format!("仅路径 {path}"),
    types: |types| format!("仅 {types} 类操作的数字"),
    audit_is_of_all: "以上数字只针对录制的一部分;审计针对整个录制,其计数不限于该部分。",
    cut_outage: "该部分始于一次停机之中。它是否属于某次故障转移, 从该部分无法得知: 触发或写节点的变化可能在此之前。",
};
