//! The report's English.

use recording::vocabulary::EventKind;

use crate::summary::{Group, Incidents, Metric, RecordingProgress, UnobservedReason};
use crate::text::format::{Units, count};
use crate::text::language::{Words, capitalized};
use crate::text::language::{classes, durability, effects, page, part, rules, schedule, service};
use crate::text::table::List;

pub(crate) const ENGLISH: Words = Words {
    units: Units {
        gap: " ",
        microsecond: "us",
        millisecond: "ms",
        second: "s",
        percentage_points: "pp",
    },
    list: List::Columns,
    sample: None,

    title: "Failover report",
    heading: str::to_owned,
    path_name: str::to_owned,
    type_name: str::to_owned,
    group_name: Group::as_str,
    at_least: |figure| format!("at least {figure}"),
    at_most: |figure| format!("at most {figure}"),
    paused: |length| format!("paused {length}"),
    none: "none",
    more: |count| format!("{count} more: --format json has all"),

    run: "Run",
    started: "Started",
    time_zone: "Time zone",
    state: "State",
    state_text: |state| match state {
        RecordingProgress::Complete => "complete",
        RecordingProgress::Interrupted => "interrupted: a signal ended it early",
        RecordingProgress::InProgress => "in progress: figures up to its last flush",
        RecordingProgress::Killed => {
            "without an end: its recorder was killed, or this is a copy of a recording in progress; figures up to its last flush"
        }
        RecordingProgress::Recovered => {
            "recovered: its recorder was killed, figures up to its last flush"
        }
    },
    interrupted_at: |state, offset| format!("{state} (at {offset} s)"),
    host: "Host",
    recorder: "Recorder",
    definitions: "Definitions",
    definitions_text: |version| format!("version {version}, see docs/definitions.md"),
    pauses: "Pauses",
    pauses_text: |count, length| {
        let times = if count == 1 {
            "once"
        } else {
            &format!("{count} times")
        };
        format!("the recorder did not run {times}, {length} in all: nothing is known of that time")
    },
    journal: "Journal",
    journal_text: |rows, bytes| {
        format!("{rows} rows of parts that are not sealed, {bytes} bytes unread")
    },
    clock_drift: "Clock drift",
    clock_offset: "Clock offset",
    clock_offset_text: |length, ahead, server, uncertainty| {
        let to = if ahead { "ahead of" } else { "behind" };
        format!("{length} {to} {server} (± {uncertainty})")
    },
    the_server: "the server",
    before_the_start: "before the start",
    after_the_start: "at the end",
    warning: "WARNING",
    dropped: |rows, table| format!("rows lost: {rows} of {table}; the figures are incomplete"),
    damaged_journals: |bytes| {
        format!(
            "damaged: {bytes} bytes of the journals of operations, left out; the figures are incomplete"
        )
    },
    disk: "Disk",
    disk_text: |from, until, error| {
        let until = until.map_or_else(|| "on".to_owned(), |until| format!("until {until}"));
        format!("refused rows from {from} {until} ({error})")
    },
    damaged_part: |file, reason, rows| {
        let missing = rows.map_or("an unknown number of rows is missing".to_owned(), |rows| {
            format!("{rows} rows are missing")
        });
        format!("left out as damaged: {file} ({reason}); {missing}, the figures are incomplete")
    },
    left_out: |rows, column, word| match word {
        Some(word) => format!(
            "left out: {rows} operations with {column} \"{word}\", which this version does not know"
        ),
        None => format!("left out: {rows} operations without {column}"),
    },
    configuration: "Test configuration",
    duration: "Duration",
    requested: "Requested",
    workers: "Workers per path",
    weights: "Weights",
    weights_text: |read, write, transaction| {
        format!("read {read}, write {write}, transaction {transaction}")
    },
    workload: "Workload",
    schedule: "Schedule",
    pool: "Pool",
    pool_text: |size| format!("size {size} per path"),
    timeouts: "Timeouts",
    timeouts_text: |connect, pool, operation| {
        format!("connect {connect} (each phase), pool {pool}, operation {operation}")
    },
    seed: "Seed",
    protocol: "Protocol",
    upkeep: "Pool upkeep",
    upkeep_text: |idle, lifetime, check| {
        format!("min idle {idle}, max lifetime {lifetime}, idle check {check}")
    },
    never: "never",
    system_default: "system default",
    keepalive: "TCP keepalive",
    keepalive_text: |idle, interval, probes| {
        format!("idle {idle}, interval {interval}, count {probes}")
    },
    user_timeout: "TCP user timeout",
    on_read_only: "On read-only (25006)",
    backoff: "Reconnect back-off",
    backoff_text: |min, max| format!("{min} to {max}"),
    dns_cache: "DNS cache",
    dns_cache_text: |least| format!("answers kept for {least} at least, whatever the TTL"),
    max_tps: "Load limit",
    max_tps_text: |rate| format!("{rate} operations/s, all paths together"),
    probe_interval: "Probe interval",
    probes_off: "off",
    endpoint: |path| format!("{} endpoint", capitalized(path)),
    reader_endpoint: |path| format!("{} reader endpoint", capitalized(path)),
    endpoint_text: |address, user, sslmode| format!("{address}, user {user}, sslmode {sslmode}"),
    went_on_without_tls: |error| format!("without TLS, which failed: {error}"),
    servers: |path| format!("{} answered by", capitalized(path)),
    writer_server: "writer",
    reader_server: "reader",
    unknown_address: "address unknown",
    failover: "Failover command",
    failover_text: |command, after| format!("{command} (due {after} after the start)"),
    campaign: "Campaign",
    every: |time| format!("every {time} at the earliest"),
    times: |count| format!("at most {count} times"),
    settle: |time| format!("each path healthy for {time} before the next"),
    heal_command: "Heal command",
    triggered: "Failover triggered",
    more_events: |count| format!("{count} more times: see Failovers and Events"),
    trigger_finished: "Command finished",
    not_triggered: "never: the recording holds no such event",
    trigger_left_out: "not known: events are left out as damaged",
    exit_status: |status| format!("status {status}"),
    pgbench_settings: |mode, clients, jobs, scale, warmup| {
        format!("{mode}, clients {clients}, jobs {jobs}, scale {scale}, warm-up {warmup}")
    },
    labels: "Labels",

    verdict: "Verdict",
    down: |group, downtime| format!("{} down {downtime}", served(group)),
    other_group: |group, downtime| format!("{} {downtime}", served(group)),
    in_episodes: |episodes| match episodes {
        1 => "in 1 episode".to_owned(),
        _ => format!("in {episodes} episodes"),
    },
    not_recovered: "not recovered when the recording ended",
    no_outage: "no outage found",
    not_observed: |reason| match reason {
        UnobservedReason::NothingAsked => {
            "no data: no success and no failure of them while everything else was down"
        }
        UnobservedReason::NoFreeWorker => "no data: probes answered, no worker was free to ask",
    },
    no_operations: "no operations recorded: nothing to judge",
    path_left_out: "left out as damaged: no data",
    trigger_failed: |status| {
        format!("The failover command failed (exit code {status}): see logs/failover-command.log.")
    },
    campaign_stopped: |reason| format!("The campaign was stopped before its end: {reason}"),
    no_failover: "No failover seen.",
    no_failover_on_either: "No failover seen on either path.",
    anecdote: "n = 1: one failover is an anecdote, so no interval is given.",
    several: "The figures of each failover stand under Failovers.",

    durability: durability::ENGLISH,
    service: service::ENGLISH,
    part: part::ENGLISH,
    scheduling: schedule::ENGLISH,
    page: page::ENGLISH,
    many: super::many::ENGLISH,
    rules: rules::ENGLISH,
    effects: effects::ENGLISH,

    failovers_heading: "Failovers",
    number: "no.",
    triggered_column: "triggered (UTC)",
    to_last_success: "to last success",
    to_first_failure: "to first failure",
    to_address: "to new address",
    to_new_writer: "to new writer",
    to_first_success: "to first success",
    healthy_between: "healthy between",
    to_full_throughput: "to full throughput",
    several_heading: "Downtime over several failovers",
    interval: "95 % interval of the median",
    from_to: |from, to| format!("{from} to {to}"),
    direct_minus_proxy: "direct - proxy",
    open_left_out: |count| {
        format!(
            "without {count} of which only a bound is known: open at the recording's start or end, down already, or not observed"
        )
    },
    without_episode: |count| format!("with {count} without an outage, counted as 0 s"),
    proxy_shorter: |shorter, n| format!("The proxy was shorter in {shorter} of {n}."),
    unpaired: |count| {
        format!(
            "Failovers without a pair, because only one path shows them or a downtime is only a bound: {count}."
        )
    },
    one_pair: "n = 1 pair: no interval is given.",
    no_pair: "No failover was recorded from start to end on both paths: no paired difference.",
    no_episode: "No path was down in any failover: no verdict.",
    interval_note: "Intervals: percentile bootstrap of the median, 10,000 resamples, fixed seed.",
    events_heading: "Events",
    event: "event",
    text: "text",
    event_name,
    more_of: |kinds| {
        let kinds: Vec<String> = kinds
            .iter()
            .map(|(name, count)| format!("{count} x {name}"))
            .collect();
        format!("not listed: {}; --format json has all", kinds.join(", "))
    },

    operations: "Operations",
    type_column: "type",
    path_column: "path",
    all_types: "all",
    total: "total",
    success_rate: "success rate",
    succeeded: "succeeded",
    rejected: "rejected",
    failed: "failed",
    unknown: "unknown",
    unfinished: "unfinished",
    tps: "TPS",
    steady_tps: "steady TPS",
    response_times: |unit| format!("Response times ({unit})"),
    samples: "samples",
    successes: "successes",
    all_finished: "all finished",
    successes_of: |name| format!("{name} successes"),
    mean: "mean",
    min: "min",
    max: "max",

    downtime_heading: "Downtime",
    group: "group",
    downtime: "downtime",
    outages: "outages",
    episodes: "episodes",
    availability: "availability",
    blips: "blips",
    brownouts: "brownouts",
    outages_heading: "Outages",
    from: "from (UTC)",
    until: "until",
    offset: "offset (s)",
    evidence: "evidence",
    errors_inside: "errors inside",
    open_at_start: "down from the start",
    stalls_only: "stalls only",
    blips_heading: "Blips (failures outside every outage; no downtime)",
    brownouts_heading: "Brownouts (gaps that are no outage, from the first to the last moment at which an operation waited)",
    time: "time (UTC)",
    operation: "operation",
    length: "length",

    recovery_heading: "Recovery",
    episode: "episode",
    part_of: "part of",
    failover_number: |number| format!("failover {number}"),
    other_outage: "other outage",
    warm_up: "warm-up: not in the downtime",
    baseline_tps: "baseline TPS",
    baseline_p99: "baseline p99",
    full_throughput: "full throughput after",
    normal_latency: "normal latency after",
    impact_heading: "Effect on each operation type",
    window: |path, cause, from, to, length| format!("{path}, {cause}: {from} to {to} ({length})"),
    window_ends: |trigger, throughput| {
        let from = if trigger {
            "failover trigger"
        } else {
            "first episode's start"
        };
        let to = if throughput {
            "full throughput"
        } else {
            "the last episode's end (full throughput not seen)"
        };
        format!("from the {from} to {to}")
    },
    attempted: "attempted",

    errors_heading: "Errors",
    class: "class",
    commonest_text: |text, these, all, others| {
        let texts = if others == 1 { "text" } else { "texts" };
        format!("{text} ({these} of {all}; {} other {texts})", count(others))
    },
    class_text: classes::english,
    count: "count",
    first: "first (UTC)",
    last: "last (UTC)",
    connections_heading: "Connections",
    attempts: "attempts",
    median: "median",
    addresses: "addresses that answered",

    load_heading: "Background load (pgbench)",
    span: "span",
    before: "before",
    during: "during",
    after: "after",
    whole_recording: "whole recording",
    latency: "latency",
    progress_lines: "progress lines",
    restarts: |path, restarts| format!("pgbench restarts on {path}: {restarts}"),

    comparison_heading: "Proxy against direct",
    figure: "figure",
    metric: |metric| match metric {
        Metric::Downtime => "downtime",
        Metric::ReadDowntime => "downtime of reads",
        Metric::WriterDowntime => "downtime of writes",
        Metric::ServiceReadDowntime => "service downtime of reads",
        Metric::ServiceWriterDowntime => "service downtime of writes",
        Metric::DurableWriterDowntime => "durable downtime of writes",
        Metric::LostWrites => "lost writes",
        Metric::SuccessRate => "success rate",
        Metric::ReadSuccessRate => "read success rate",
        Metric::WriteSuccessRate => "write success rate",
        Metric::TransactionSuccessRate => "transaction success rate",
        Metric::MeanResponse => "mean response time",
        Metric::P50Response => "p50 response time",
        Metric::P99Response => "p99 response time",
        Metric::MaxResponse => "max response time",
        Metric::Tps => "TPS",
    },
    change: "change",
    relative: |percent| format!("{percent} relative"),
    in_words: "the proxy is",
    unchanged: "the same",
    difference: |metric, magnitude, smaller, better| {
        let direction = match (metric, smaller) {
            _ if is_downtime(metric) && smaller => "shorter",
            _ if is_downtime(metric) => "longer",
            _ if is_time(metric) && smaller => "faster",
            _ if is_time(metric) => "slower",
            (Metric::LostWrites, true) => "fewer",
            (Metric::LostWrites, false) => "more",
            (_, true) => "lower",
            (_, false) => "higher",
        };
        format!(
            "{magnitude} {direction} ({})",
            if better { "better" } else { "worse" }
        )
    },
    not_compared: |direct, proxy| format!("not compared: episodes direct {direct}, proxy {proxy}"),
    no_verdict: |direct, proxy| match [direct, proxy] == [Incidents::default(); 2] {
        true => "No failover and no other outage seen: no verdict on which path is down longer."
            .to_owned(),
        false => format!(
            "Failovers seen: direct {}, proxy {}; other outages: direct {}, proxy {}. They can't be paired, so there is no verdict on which is down longer.",
            direct.failovers, proxy.failovers, direct.other_outages, proxy.other_outages
        ),
    },
    compared_failovers: |of_each| match (of_each.failovers, of_each.other_outages) {
        (1, 0) => "n = 1 failover, no interval.".to_owned(),
        (0, 1) => "n = 1 outage that is no failover, no interval.".to_owned(),
        (failovers, 0) => {
            format!("n = {failovers} failovers; downtimes are sums over all of them.")
        }
        (failovers, others) => format!(
            "n = {} failovers and other outages; downtimes are sums over all of them.",
            failovers + others
        ),
    },

    notes_heading: "How to read this",
    note_downtime: "Downtime: last success to first success, printed with its resolution (-). The true outage lies \
                    between downtime - resolution and downtime, to within one ordinary response time.",
    note_parts: "Failovers: the downtime is the sum of the failover's episodes; 0 s (at most G) is a trigger without one, G the longest \
                 time without a success after it. Each part of the downtime ends at the milestone that it is named after, and all parts from the last \
                 success to the first add up to it; the time up to a milestone that was not seen (-) is in the next part. Not \
                 downtime: trigger to last success (0 where that came before the trigger), healthy time between outages, first \
                 success to full throughput.",
    note_baseline_p99: "Normal latency is measured against the p99 of the 30 s before, which needs 100 successes: `-` where the \
                        group had fewer.",
    note_without_tls: "Without TLS: sslmode=prefer went on without it after a failed handshake. Connecting took the time of both, and \
                       an application that requires TLS would not have connected.",
    note_none: "-: a figure that can't be given, never 0; a percentile q needs 1/(1-q) samples (p99: 100).",
    note_unobserved: |reason| match reason {
        UnobservedReason::NothingAsked => {
            "No data: in an outage of all operations this group had neither success nor failure; its downtime there is not \
             known, its availability is `at most`. An outage of its own beside that makes its downtime `at least`."
        }
        UnobservedReason::NoFreeWorker => {
            "No data of reads, probes answered: no worker was free to ask. Every worker hung in a write or a transaction while \
             probes of the server were answered, so it is not known whether reads were served."
        }
    },
    note_pauses: "Pauses: the recorder was stopped, or had no processor; nothing was asked, and no answer was read. Outages are decided \
                  without the pauses. A downtime has those in it, and says how long they were (paused); those outside outages \
                  are left out of availability.",
    note_writer: "The group writer is writes and transactions together, and up as soon as one of either succeeds. So its downtime can be \
                  shorter than that of write or transaction alone.",
    note_baseline: "Baseline: the 30 s before an episode, other episodes left out. Where the recording has less than that, it is \
                    taken from what there is; below 5 s there is none (-).",
    note_before_trigger: "An outage begins at the last success, so it may begin before its trigger: no operation succeeded between the \
                          two.",
    note_thresholds: |outage, stall, merge| {
        format!(
            "Thresholds: an outage is at least {outage}, a stalled operation takes at least {stall} longer than \
             usual, outages less than {merge} apart are one episode."
        )
    },
    note_coarse: |groups| {
        format!(
            "More than 30 % of the downtime is resolution, so read it as an upper bound: {groups}."
        )
    },
    coarse_group: |path, group| format!("{path} {}", group.as_str()),
    note_slow: |paths| {
        format!(
            "At a low rate short outages are not visible: at 10 operations/s the limit is about 0.3 s. \
             Steady rate here: {paths}."
        )
    },
    path_rate: |path, rate| format!("{path} {rate}/s"),
    separator: ", ",
};

fn event_name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::FailoverTriggered => "failover triggered",
        EventKind::FailoverTriggerFinished => "failover command finished",
        EventKind::LoadStarted => "load started",
        EventKind::LoadRestarted => "load restarted",
        EventKind::LoadStopped => "load stopped",
        EventKind::Interrupted => "interrupted",
        EventKind::HealTriggered => "heal command started",
        EventKind::HealTriggerFinished => "heal command finished",
        EventKind::Settled => "settled",
        EventKind::CampaignStopped => "campaign stopped",
        EventKind::RoleChanged => "role changed",
        EventKind::AddressChanged => "address changed",
        EventKind::ServerRestarted => "server restarted",
        EventKind::Mark => "mark",
        EventKind::ClientPaused => "recorder paused",
    }
}

/// The operations that go down with a group.
fn served(group: Group) -> &'static str {
    match group {
        Group::Read => "reads",
        Group::Write | Group::Writer => "writes",
        Group::Transaction => "transactions",
        Group::All => "all operations",
    }
}

fn is_downtime(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Downtime
            | Metric::ReadDowntime
            | Metric::WriterDowntime
            | Metric::DurableWriterDowntime
            | Metric::ServiceReadDowntime
            | Metric::ServiceWriterDowntime
    )
}

fn is_time(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::MeanResponse | Metric::P50Response | Metric::P99Response | Metric::MaxResponse
    )
}
