//! Every word of the charts. A language is one value of [`ChartWords`]; the charts know none.

pub(super) mod chinese;
pub(super) mod english;
mod sample;
mod topics;

use recording::vocabulary::Outcome;

use crate::charts::words::sample::Sample;
use crate::summary::Group;
use crate::text::language::Words;

pub(crate) use topics::{Nothing, Part};

/// Declares the words, and a list of all of them for tests and for looking whether a font has their characters.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        /// The words of one language.
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct ChartWords {
            /// Those of the report: of downtimes and availabilities, which charts print as it does.
            pub(crate) report: &'static Words,
            $($(#[$doc])* pub(crate) $name: $kind,)*
        }

        impl ChartWords {
            /// Every text with the name of its field, those that are filled in with something in it.
            pub(crate) fn texts(&self) -> Vec<(&'static str, String)> {
                let mut texts = Vec::new();
                $(texts.extend(self.$name.samples().into_iter().map(|text| (stringify!($name), text)));)*
                texts
            }
        }
    };
}

catalogue! {
    // Units, with what stands between them and a number.
    second: &'static str,
    millisecond: &'static str,
    microsecond: &'static str,

    // The head of every chart.
    path_name: fn(&str) -> String,
    /// What is down when a group is.
    subject: fn(Group) -> &'static str,
    group_name: fn(Group) -> &'static str,
    /// What is down, and its downtime.
    down: fn(&str, &str) -> String,
    in_episodes: fn(&str) -> String,
    left_out: &'static str,
    nothing_asked: &'static str,
    no_data_of: fn(&str) -> String,
    no_outage: &'static str,
    one_write_lost: &'static str,
    writes_lost: fn(&str) -> String,
    started: fn(&str) -> String,
    recorded: fn(&str) -> String,
    /// The length of the part that is shown, and of the whole.
    recorded_part: fn(&str, &str) -> String,
    /// The same where it is all but the warm-up.
    recorded_warm: fn(&str, &str) -> String,
    definitions: fn(&str) -> String,
    incomplete: fn(&str) -> String,
    missing_left_out: fn(&str) -> String,
    damaged_part: &'static str,
    unknown_type: &'static str,
    and: &'static str,
    rows_lost: fn(&str) -> String,
    operations_missing: &'static str,
    needs_font: &'static str,
    no_operation: &'static str,
    no_success: &'static str,

    // Axes, moments and marks.
    since_start: fn(&str) -> String,
    /// The same where the time of day in a zone stands below it.
    since_start_and_time: fn(&str, &str) -> String,
    failover_triggered: &'static str,
    new_writer: &'static str,
    new_writer_first_seen: fn(&str) -> String,
    new_writer_on_its_path: &'static str,
    at_least: fn(&str) -> String,
    group_down: fn(&str) -> String,
    outage_label: fn(&str, &str) -> String,
    recorder_paused: &'static str,
    marks: &'static str,
    many_marks: fn(&str) -> String,

    // Response time.
    response_time: &'static str,
    response_axis: &'static str,
    each_is_one: &'static str,
    darker_the_more: &'static str,
    brighter_the_more: &'static str,
    ok: &'static str,
    outcome: fn(Outcome) -> &'static str,
    in_one_place: fn(&str) -> String,
    from_to: fn(&str, &str) -> String,
    ok_then_lost: fn(&str) -> String,
    fresh_client_served: &'static str,

    // Operations per second.
    throughput: &'static str,
    throughput_axis: &'static str,
    bar_of_a_second: &'static str,
    bar_of_seconds: fn(&str) -> String,
    failed_or_unknown: &'static str,
    /// The rate at which the operations of an open loop arrive.
    arrivals: &'static str,

    // Percentiles.
    percentiles: &'static str,
    percentiles_note: &'static str,
    percentiles_axis: &'static str,
    successes: &'static str,
    max: &'static str,

    // Availability.
    availability: &'static str,
    availability_note: &'static str,
    availability_note_service: &'static str,
    downtime_column: &'static str,
    availability_column: &'static str,
    brownout_column: &'static str,
    up: &'static str,
    is_down: &'static str,
    brownout: &'static str,
    no_data: &'static str,
    acknowledged_then_lost: &'static str,
    service: &'static str,
    server: &'static str,
    address: &'static str,
    reader_server: &'static str,
    reader_address: &'static str,
    writer_answered: &'static str,
    reader_answered: &'static str,
    as_writer: fn(&str) -> String,
    as_reader: fn(&str) -> String,
    servers_key: fn(&str) -> String,

    // Error classes.
    errors: &'static str,
    errors_note: fn(&str) -> String,
    errors_axis: fn(&str) -> String,
    other_classes: fn(&str) -> String,

    // What a downtime is made of.
    parts: &'static str,
    parts_note: &'static str,
    parts_axis: &'static str,
    part: fn(Part) -> &'static str,
    until: &'static str,
    failover_number: fn(&str) -> String,
    no_outage_at_most: fn(&str) -> String,
    not_observed: &'static str,
    healthy_between: &'static str,
    trigger: &'static str,
    resolution: &'static str,
    more_failovers: fn(&str) -> String,

    // A campaign.
    campaign: &'static str,
    campaign_note: fn(&str) -> String,
    campaign_axis: &'static str,
    median_of: fn(&str) -> String,
    interval: fn(&str, &str) -> String,
    no_interval: &'static str,
    lower_bound: &'static str,
    not_recorded: &'static str,
    no_failover_seen: &'static str,
    no_dot: &'static str,
    difference: fn(&str) -> String,
    proxy_shorter: fn(&str, &str) -> String,

    // The overview.
    overview_alone: fn(&str, &str) -> String,
    overview_both: fn(&str, &str, &str) -> String,
    application: &'static str,
    of_service: &'static str,
    overview_note: &'static str,
    overview_service: &'static str,
    several_failovers: fn(&str) -> String,
}

impl ChartWords {
    /// A length of time in seconds, as reports write it: `12.3 s`, `0.31 s`.
    pub(crate) fn seconds(&self, us: i64) -> String {
        let seconds = us as f64 / 1e6;
        let decimals = if seconds.abs() < 9.995 { 2 } else { 1 };
        format!("{seconds:.decimals$}{}", self.second)
    }

    /// A response time with three figures in the unit that suits it: `850 µs`, `3.12 ms`, `12.3 s`.
    pub(crate) fn response_time_of(&self, us: i64) -> String {
        let us = us as f64;
        let (value, unit) = match us {
            ..999.5 => return format!("{us:.0}{}", self.microsecond),
            ..999_500.0 => (us / 1e3, self.millisecond),
            _ => (us / 1e6, self.second),
        };
        let decimals = if value < 9.995 {
            2
        } else {
            usize::from(value < 99.95)
        };
        format!("{value:.decimals$}{unit}")
    }

    /// A round duration without decimals.
    pub(crate) fn round_duration(&self, us: i64) -> String {
        match us {
            ..1_000 => format!("{us}{}", self.microsecond),
            1_000..1_000_000 => format!("{}{}", us / 1_000, self.millisecond),
            _ => format!("{}{}", us / 1_000_000, self.second),
        }
    }
}

#[cfg(test)]
mod tests;
