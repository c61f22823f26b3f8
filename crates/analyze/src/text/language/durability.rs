//! The words of the sections on durability, in each language.

use recording::vocabulary::FindingKind;

/// A sum that an audit checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sum {
    Logins,
    Stock,
}

/// What of the acknowledged writes is lost on a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loss {
    Writes,
    /// Purchases of the shop of which a part is there.
    Torn,
    /// The same of transactions of the user's own.
    TornTransactions,
    /// At least so many, or so much.
    AtLeast(Sum),
    Exactly(Sum),
}

/// So much of it, as a number and as text.
pub(crate) type Lost = (Loss, u64, String);

#[derive(Debug, Clone, Copy)]
pub(crate) struct DurabilityWords {
    pub(crate) heading: &'static str,
    pub(crate) not_audited: &'static str,
    /// Why the audit can't be used.
    pub(crate) unusable: fn(&str) -> String,
    pub(crate) no_writes: &'static str,
    pub(crate) acknowledged: &'static str,
    pub(crate) lost: &'static str,
    /// When the first lost write was acknowledged.
    pub(crate) first_lost: &'static str,
    pub(crate) first_to_last: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) committed: &'static str,
    pub(crate) not_committed: &'static str,
    pub(crate) torn: &'static str,
    /// How many are torn, and how many of these were acknowledged.
    pub(crate) torn_text: fn(&str, &str) -> String,
    pub(crate) duplicated: &'static str,
    pub(crate) phantom: &'static str,
    pub(crate) unrecorded: &'static str,
    /// So much, from the least to the most.
    pub(crate) sum_lost: fn(Sum, &str, &str) -> String,
    pub(crate) sum_excess: fn(Sum, &str) -> String,
    pub(crate) sum_fine: fn(Sum) -> String,
    /// And why, where that is known.
    pub(crate) sum_unknown: fn(Sum, Option<&str>) -> String,
    /// When, the way to the database, and who answered, where that is known.
    pub(crate) audited: fn(&str, &str, Option<&str>) -> String,
    pub(crate) timeline: fn(&str) -> String,
    pub(crate) no_token: &'static str,
    pub(crate) missing_servers: fn(&str) -> String,
    pub(crate) sessions_left: fn(&str) -> String,
    pub(crate) no_promotion: &'static str,
    pub(crate) no_standby: &'static str,
    /// The addresses of other servers that accept writes.
    pub(crate) other_writers: fn(&str) -> String,
    pub(crate) lost_heading: &'static str,
    pub(crate) acknowledged_at: &'static str,
    pub(crate) finding: &'static str,
    pub(crate) finding_name: fn(FindingKind) -> &'static str,
    pub(crate) id: &'static str,
    pub(crate) server: &'static str,
    pub(crate) timeline_column: &'static str,
    pub(crate) more: fn(&str) -> String,
    pub(crate) durable_heading: &'static str,
    /// The columns next to the figures with lost writes as successes.
    pub(crate) durable_downtime: &'static str,
    pub(crate) durable_rate: &'static str,
    pub(crate) durable_recovery_heading: &'static str,
    /// The path, what is lost on it and how much of each, and the downtime with lost writes as failures where it is another one.
    pub(crate) verdict: fn(&str, &[Lost], Option<&str>) -> String,
    /// Of so many acknowledged writes none is lost.
    /// Of how many; true where they are the shop's.
    pub(crate) none_lost: fn(&str, bool) -> String,
    /// By the order of the log more increments are lost than by the sums.
    pub(crate) refuted: &'static str,
    /// What the audit's words mean; true where the writes are the shop's.
    pub(crate) note: fn(bool) -> &'static str,
    pub(crate) note_increments: &'static str,
}

pub(crate) const ENGLISH: DurabilityWords = DurabilityWords {
    heading: "Durability (RPO)",
    not_audited: "not audited (recorder audit RUN): whether acknowledged writes were lost is not known",
    unusable: |reason| {
        format!("not audited: {reason}; whether acknowledged writes were lost is not known")
    },
    no_writes: "no write was recorded: nothing to audit",
    acknowledged: "acknowledged",
    lost: "lost",
    first_lost: "first lost (UTC)",
    first_to_last: "first to last lost",
    unknown: "unknown",
    committed: "committed",
    not_committed: "not committed",
    torn: "torn",
    torn_text: |torn, acknowledged| format!("{torn} ({acknowledged} acknowledged)"),
    duplicated: "duplicated",
    phantom: "phantom",
    unrecorded: "unrecorded",
    sum_lost: |sum, least, most| {
        let number = match least == most {
            true => least.to_owned(),
            false => format!("{least} to {most}"),
        };
        match sum {
            Sum::Logins => format!("logins: {number} lost"),
            Sum::Stock => format!("stock: {number} pieces lost"),
        }
    },
    sum_excess: |sum, number| match sum {
        Sum::Logins => {
            format!(
                "logins: {number} more than this run can have made: another program changed these rows"
            )
        }
        Sum::Stock => format!(
            "stock: {number} pieces more than this run can have left: another program changed these rows, or a purchase left the \
             stock as it was"
        ),
    },
    sum_fine: |sum| match sum {
        Sum::Logins => "logins: none lost, by their sum".to_owned(),
        Sum::Stock => "stock: none lost, by its sum".to_owned(),
    },
    sum_unknown: |sum, why| {
        let sum = match sum {
            Sum::Logins => "logins",
            Sum::Stock => "stock",
        };
        match why {
            Some(why) => format!("{sum}: not audited: {why}"),
            None => {
                format!("{sum}: not audited, as the recording has no sum from before the start")
            }
        }
    },
    audited: |time, via, server| match server {
        Some(server) => format!("Audited {time}, through {via}; the writer was {server}."),
        None => format!("Audited {time}, through {via}."),
    },
    timeline: |timeline| format!("timeline {timeline}"),
    no_token: "The run's token is not in the tables: rows were deleted there, or it was lost too. What counts as lost here may have \
               been deleted.",
    missing_servers: |servers| {
        format!(
            "Former writers that were not back when the wait was over: {servers}. A writer that still runs there was not asked."
        )
    },
    sessions_left: |sessions| {
        format!(
            "Sessions of the run that were still there when the wait was over: {sessions}. What they commit later does not count."
        )
    },
    no_promotion: "A failover was triggered, or operations failed, and no promotion is seen since the run began: if the server that was asked is cut off, what it has may still \
                   be lost. Audit again when the failover is over.",
    no_standby: "The run had other servers, and no standby follows the one that was asked: if another one was promoted, audit again when the \
                 failover is over.",
    other_writers: |servers| {
        format!(
            "Other servers of the run accept writes and were not asked: {servers}. Audit again when one writer is left."
        )
    },
    lost_heading: "Lost writes (acknowledged, and not there)",
    acknowledged_at: "acknowledged (UTC)",
    finding: "finding",
    finding_name: FindingKind::as_str,
    id: "operation id",
    server: "server",
    timeline_column: "timeline",
    more: |count| format!("{count} more are in audit/findings.parquet"),
    durable_heading: "Durable figures (lost writes are failures)",
    durable_downtime: "durable downtime",
    durable_rate: "durable rate",
    durable_recovery_heading: "Durable recovery (lost writes are failures)",
    verdict: |path, losses, durable| {
        let of_sum = |sum, text: &str, one| match sum {
            Sum::Logins if one => "1 login".to_owned(),
            Sum::Logins => format!("{text} logins"),
            Sum::Stock if one => "1 piece of stock".to_owned(),
            Sum::Stock => format!("{text} pieces of stock"),
        };
        let item = |(loss, number, text): &Lost| {
            let one = *number == 1;
            match loss {
                Loss::Writes if one => "1 acknowledged write".to_owned(),
                Loss::Writes => format!("{text} acknowledged writes"),
                Loss::Torn if one => "a part of 1 acknowledged purchase".to_owned(),
                Loss::Torn => format!("a part of each of {text} acknowledged purchases"),
                Loss::TornTransactions if one => "a part of 1 acknowledged transaction".to_owned(),
                Loss::TornTransactions => {
                    format!("a part of each of {text} acknowledged transactions")
                }
                Loss::AtLeast(sum) => format!("at least {}", of_sum(*sum, text, one)),
                Loss::Exactly(sum) => of_sum(*sum, text, one),
            }
        };
        let items: Vec<String> = losses.iter().map(item).collect();
        let were = match losses {
            [(_, 1, _)] => "was",
            _ => "were",
        };
        let lost = format!(
            "{} {were} lost on the {path} path",
            listed(&items, ", ", " and ")
        );
        match durable {
            Some(durable) => format!("{lost}; {durable} counting lost writes as failures."),
            None => format!("{lost}."),
        }
    },
    none_lost: |acknowledged, of_shop| match of_shop {
        true => {
            format!("None of the {acknowledged} acknowledged orders, logs and purchases was lost.")
        }
        false => {
            format!("None of the {acknowledged} acknowledged writes with an identity was lost.")
        }
    },
    refuted: "By the order of the log more logins or stock would be lost than by their sums: rows were deleted, or another program changed them. \
              No loss of them is implied.",
    note: |of_shop| match of_shop {
        true => {
            "Durability: the audit looked for every acknowledged and every unknown order, log and purchase in the database. Lost: acknowledged and not there. \
             Torn: a purchase of which one part is there, the order or its log. Phantom: failed or rejected, and there. Unrecorded: there, \
             without a row in the recording. A success that is lost is no success: durable figures count it as a failure."
        }
        false => {
            "Durability: the audit looked for every acknowledged and every unknown write with an identity in the database. Lost: acknowledged and not there. \
             Torn: a transaction that writes its identity into two tables, of which one part is there. Phantom: failed or rejected, and there. \
             Unrecorded: there, without a row in the recording. A success that is lost is no success: durable figures count it as a failure."
        }
    },
    note_increments: "Logins and changes of stock can't be told apart one by one. Those between two lost writes were lost with them, and count \
                      as failures; more of them may be lost, so that the durable downtime of writes is a lower bound.",
};

pub(crate) const CHINESE: DurabilityWords = DurabilityWords {
    heading: "持久性 (RPO)",
    not_audited: "未审计 (recorder audit RUN): 已确认的写操作是否丢失未知",
    unusable: |reason| format!("未审计: {reason}; 已确认的写操作是否丢失未知"),
    no_writes: "没有记录写操作: 无可审计",
    acknowledged: "已确认",
    lost: "丢失",
    first_lost: "首次丢失 (UTC)",
    first_to_last: "首次至末次丢失",
    unknown: "结果未知",
    committed: "其中已提交",
    not_committed: "其中未提交",
    torn: "残缺",
    torn_text: |torn, acknowledged| format!("{torn} (已确认 {acknowledged})"),
    duplicated: "重复",
    phantom: "幻影",
    unrecorded: "无记录",
    sum_lost: |sum, least, most| {
        let number = match least == most {
            true => least.to_owned(),
            false => format!("{least} 至 {most}"),
        };
        match sum {
            Sum::Logins => format!("登录: 丢失 {number} 次"),
            Sum::Stock => format!("库存: 丢失 {number} 件"),
        }
    },
    sum_excess: |sum, number| match sum {
        Sum::Logins => format!("登录: 比本次运行可能的多 {number} 次: 其他程序修改过这些行"),
        Sum::Stock => {
            format!("库存: 比本次运行可能的多 {number} 件: 其他程序修改过这些行, 或有购买未扣库存")
        }
    },
    sum_fine: |sum| match sum {
        Sum::Logins => "登录: 总和相符, 无丢失".to_owned(),
        Sum::Stock => "库存: 总和相符, 无丢失".to_owned(),
    },
    sum_unknown: |sum, why| {
        let sum = match sum {
            Sum::Logins => "登录",
            Sum::Stock => "库存",
        };
        match why {
            Some(why) => format!("{sum}: 未审计: {why}"),
            None => format!("{sum}: 未审计, 记录中没有开始前的总和"),
        }
    },
    audited: |time, via, server| match server {
        Some(server) => format!("审计时间 {time}, 经由 {via}; 应答的写节点: {server}。"),
        None => format!("审计时间 {time}, 经由 {via}。"),
    },
    timeline: |timeline| format!("时间线 {timeline}"),
    no_token: "表中没有本次运行的标记: 有行被删除, 或标记也已丢失。此处计为丢失的写操作可能是被删除的。",
    missing_servers: |servers| {
        format!("等待结束时尚未恢复为备库的原写节点: {servers}。如其仍在运行, 未被查询。")
    },
    sessions_left: |sessions| {
        format!("等待结束时本次运行仍有 {sessions} 个会话; 其后提交的内容未计入。")
    },
    no_promotion: "触发过故障转移或有操作失败, 且自运行开始后未见提升: 如被查询的服务器已被隔离, 其内容仍可能丢失。故障转移结束后请再次审计。",
    no_standby: "本次运行有其他服务器, 而被查询的服务器没有备库跟随: 如另一台已被提升, 故障转移结束后请再次审计。",
    other_writers: |servers| {
        format!("本次运行的其他服务器仍接受写入, 未被查询: {servers}。只剩一个写节点后请再次审计。")
    },
    lost_heading: "丢失的写操作 (已确认, 但不在数据库中)",
    acknowledged_at: "确认时间 (UTC)",
    finding: "结论",
    finding_name: |kind| match kind {
        FindingKind::Lost => "丢失",
        FindingKind::Torn => "残缺",
        FindingKind::Duplicated => "重复",
        FindingKind::Committed => "已提交",
        FindingKind::NotCommitted => "未提交",
        FindingKind::Phantom => "幻影",
        FindingKind::Unrecorded => "无记录",
    },
    id: "操作编号",
    server: "服务器",
    timeline_column: "时间线",
    more: |count| format!("另有 {count} 条, 见 audit/findings.parquet"),
    durable_heading: "持久指标 (丢失的写计为失败)",
    durable_downtime: "持久停机时间",
    durable_rate: "持久成功率",
    durable_recovery_heading: "持久恢复过程 (丢失的写计为失败)",
    verdict: |path, losses, durable| {
        let item = |(loss, _, text): &Lost| match loss {
            Loss::Writes => format!("{text} 个已确认的写操作"),
            Loss::Torn => format!("{text} 笔已确认购买的一部分"),
            Loss::TornTransactions => format!("{text} 个已确认事务的一部分"),
            Loss::AtLeast(Sum::Logins) => format!("至少 {text} 次登录"),
            Loss::AtLeast(Sum::Stock) => format!("至少 {text} 件库存"),
            Loss::Exactly(Sum::Logins) => format!("{text} 次登录"),
            Loss::Exactly(Sum::Stock) => format!("{text} 件库存"),
        };
        let items: Vec<String> = losses.iter().map(item).collect();
        let lost = format!("{path} 路径丢失 {}", listed(&items, ", ", " 和 "));
        match durable {
            Some(durable) => format!("{lost}; 丢失的写计为失败时, {durable}。"),
            None => format!("{lost}。"),
        }
    },
    none_lost: |acknowledged, of_shop| match of_shop {
        true => format!("已确认的 {acknowledged} 个订单、日志与购买均未丢失。"),
        false => format!("已确认的 {acknowledged} 个带标识的写操作均未丢失。"),
    },
    refuted: "按日志顺序推断的登录或库存丢失多于其总和所示: 有行被删除, 或其他程序修改过这些行。不作推断。",
    note: |of_shop| match of_shop {
        true => {
            "持久性: 审计在数据库中查找每个已确认和结果未知的写操作。丢失: 已确认但不在数据库中。残缺: 一笔购买只有订单或只有其日志。\
             幻影: 失败或被拒绝, 却在数据库中。无记录: 在数据库中, 但记录里没有。丢失的成功不是成功: 持久指标将其计为失败。"
        }
        false => {
            "持久性: 审计在数据库中查找每个已确认和结果未知且带标识的写操作。丢失: 已确认但不在数据库中。残缺: 一个向两张表写入标识的事务只有其中一部分。\
             幻影: 失败或被拒绝, 却在数据库中。无记录: 在数据库中, 但记录里没有。丢失的成功不是成功: 持久指标将其计为失败。"
        }
    },
    note_increments: "登录与库存变更无法逐个区分。位于两次丢失之间的随之丢失, 计为失败; 其他的也可能已丢失, 因此写入的持久停机时间是下限。",
};

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[String], comma: &str, and: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{}{and}{last}", first.join(comma)),
    }
}
