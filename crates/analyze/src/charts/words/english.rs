//! The charts in English.

use recording::vocabulary::Outcome;

use crate::charts::words::{ChartWords, Part};
use crate::summary::Group;
use crate::text::language::english;

pub(crate) const ENGLISH: ChartWords = ChartWords {
    report: &english::ENGLISH,
    second: " s",
    millisecond: " ms",
    microsecond: " µs",

    path_name: str::to_owned,
    subject: |group| match group {
        Group::Read => "reads",
        Group::Write => "single writes",
        Group::Transaction => "transactions",
        Group::Writer => "writes",
        Group::All => "everything",
    },
    group_name: Group::as_str,
    down: |subject, downtime| format!("{subject} down {downtime}"),
    in_episodes: |episodes| format!("in {episodes} episodes"),
    left_out: "left out as damaged",
    nothing_asked: "no reads, no writes",
    no_data_of: |subject| format!("no data of {subject}"),
    no_outage: "no outage of reads or writes",
    one_write_lost: "1 write lost",
    writes_lost: |count| format!("{count} writes lost"),
    started: |time| format!("started {time}"),
    recorded: |length| format!("{length} recorded"),
    recorded_part: |length, whole| format!("{length} of {whole} recorded"),
    recorded_warm: |length, whole| format!("{length} of {whole} recorded, without the warm-up"),
    definitions: |version| format!("definitions {version}"),
    incomplete: |what| format!("INCOMPLETE: {what}"),
    missing_left_out: |what| format!("left out {what}"),
    damaged_part: "damaged part",
    unknown_type: "operation of unknown type",
    and: " and ",
    rows_lost: |rows| format!("{rows} x row lost"),
    operations_missing: "operations are missing",
    needs_font: "boxes stand for characters that need --font FILE",
    no_operation: "no operation was recorded",
    no_success: "no operation succeeded",

    since_start: |unit| format!("time since the start, {unit}"),
    since_start_and_time: |unit, zone| {
        format!("time since the start, {unit}; below it the time of day, {zone}")
    },
    failover_triggered: "failover triggered",
    new_writer: "new writer",
    new_writer_first_seen: |path| format!("new writer first seen on {path}"),
    new_writer_on_its_path: "new writer first seen on that path",
    at_least: |length| format!("at least {length}"),
    group_down: |subject| format!("{subject} down"),
    outage_label: |subject, length| format!("{subject} down {length}"),
    recorder_paused: "recorder paused",
    marks: "marks",
    many_marks: |count| format!("marks 1 to {count}: the events of the report have their texts"),

    response_time: "Response time",
    response_axis: "response time, logarithmic",
    each_is_one: "each dot or sign is one operation, at the moment it ended",
    darker_the_more: "operations at the moment they ended, the darker the more",
    brighter_the_more: "operations at the moment they ended, the brighter the more",
    ok: "ok",
    outcome: |outcome| match outcome {
        Outcome::Unknown => "unknown",
        Outcome::Unfinished => "unfinished",
        Outcome::Failed | Outcome::Ok | Outcome::Rejected => "failed",
    },
    in_one_place: |range| format!("{range} in one place"),
    from_to: |from, to| format!("{from} to {to}"),
    ok_then_lost: |count| format!("{count} ok, then lost or torn"),
    fresh_client_served: "fresh client served",

    throughput: "Operations per second",
    throughput_axis: "operations per second",
    bar_of_a_second: "each bar is one second, an operation counts where it ended",
    bar_of_seconds: |seconds| {
        format!("each bar is the mean of {seconds} s, an operation counts where it ended")
    },
    failed_or_unknown: "failed or unknown",
    arrivals: "arrivals",

    percentiles: "Response time by percentile",
    percentiles_note: "successes only; a curve ends at the last percentile for which it has enough samples",
    percentiles_axis: "percentile, logarithmic towards 100 %",
    successes: "successes",
    max: "max",

    availability: "Availability",
    availability_note: "downtime: last success to first success, and in brackets its resolution",
    availability_note_service: "downtime: last success to first success (resolution); service: of a client that connects anew",
    downtime_column: "downtime",
    availability_column: "availability",
    brownout_column: "brownout",
    up: "up",
    is_down: "down",
    brownout: "brownout: operations waited, no outage",
    no_data: "no data: the group was not asked",
    acknowledged_then_lost: "acknowledged, then lost or torn",
    service: "service",
    server: "server",
    address: "address",
    reader_server: "reader's server",
    reader_address: "reader's address",
    writer_answered: "a writer answered",
    reader_answered: "a reader answered",
    as_writer: |server| format!("{server} writer"),
    as_reader: |server| format!("{server} reader"),
    servers_key: |servers| format!("servers: {servers}"),

    errors: "Failures by error class",
    errors_note: |length| {
        format!(
            "each bar is {length}, a failure counts where it ended; the most frequent class at the bottom"
        )
    },
    errors_axis: |length| format!("failures in {length}"),
    other_classes: |count| format!("{count} other classes"),

    parts: "What the downtime is made of",
    parts_note: "from last success to first success; a part ends at the milestone that it is named after",
    parts_axis: "seconds since the failover was triggered, or since the last success where it was not",
    part: |part| match part {
        Part::FirstFailure => "first failure",
        Part::AddressChanged => "new address",
        Part::NewWriter => "new writer",
        Part::FreshClient => "fresh client",
        Part::FirstSuccess => "first success",
    },
    until: "until …",
    failover_number: |number| format!("failover {number}"),
    no_outage_at_most: |length| format!("no outage, at most {length}"),
    not_observed: "no data",
    healthy_between: "served in between",
    trigger: "trigger",
    resolution: "resolution: the downtime may be shorter by this",
    more_failovers: |count| format!("and {count} more failovers: analyze report lists them all"),

    campaign: "Downtime, failover by failover",
    campaign_note: |subject| {
        format!(
            "downtime of {subject}; a line joins both paths in one failover, its thin ends are the resolution"
        )
    },
    campaign_axis: "downtime, seconds",
    median_of: |n| format!("median of {n}"),
    interval: |low, high| format!("95 % interval {low} to {high}"),
    no_interval: "no interval: n = 1",
    lower_bound: "lower bound: not in the median",
    not_recorded: "not recorded",
    no_failover_seen: "no failover seen",
    no_dot: "Where a path has no dot, it was not recorded, or no downtime of it is known: analyze report says which.",
    difference: |figures| format!("direct - proxy: median {figures}"),
    proxy_shorter: |shorter, n| format!("The proxy was shorter in {shorter} of {n}."),

    overview_alone: |path, what| format!("{path}: {what}"),
    overview_both: |subject, direct, proxy| {
        format!("{subject} down {direct} direct and {proxy} through the proxy")
    },
    application: "application",
    of_service: "service",
    overview_note: "Downtime: last success to first success; the thin line is its resolution.",
    overview_service: "Service: what a client that connects anew would have met.",
    several_failovers: |count| format!("{count} failovers"),
};
