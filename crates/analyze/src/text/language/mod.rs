//! Every word of the report. A language is one value of [`Words`]; the sections know none.

pub(crate) mod chinese;
mod classes;
pub(super) mod durability;
pub(super) mod effects;
pub(crate) mod english;
pub(super) mod many;
pub(super) mod page;
pub(super) mod part;
pub(super) mod rules;
pub(super) mod schedule;
pub(super) mod service;

use recording::vocabulary::{ErrorClass, EventKind};

use crate::summary::{Group, Incidents, Metric, RecordingProgress, UnobservedReason};
use crate::text::format::Units;
use crate::text::language::durability::DurabilityWords;
use crate::text::language::effects::EffectWords;
use crate::text::language::many::ManyWords;
use crate::text::language::page::PageWords;
use crate::text::language::part::PartWords;
use crate::text::language::rules::RuleWords;
use crate::text::language::schedule::ScheduleWords;
use crate::text::language::service::ServiceWords;
use crate::text::table::List;

/// What the sample of the original design opens with; languages without it open with the verdict.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SampleWords {
    pub(crate) path: fn(&str) -> String,
    /// The heading of the settings that the sample does not have.
    pub(crate) other_settings: &'static str,
    pub(crate) total: &'static str,
    pub(crate) success_rate: &'static str,
    pub(crate) type_figures: fn(&str, &str) -> String,
    pub(crate) unfinished: &'static str,
    pub(crate) mean_response: &'static str,
    pub(crate) max_response: &'static str,
    pub(crate) min_response: &'static str,
    pub(crate) percentiles: &'static str,
    pub(crate) downtime: &'static str,
    pub(crate) downtime_of: &'static str,
    pub(crate) lost_writes: &'static str,
    pub(crate) durable_downtime: &'static str,
    pub(crate) tps: &'static str,
    pub(crate) steady_tps: &'static str,
    pub(crate) comparison: &'static str,
    /// Metric, and whether the proxy's figure is smaller.
    pub(crate) change: fn(Metric, Option<bool>) -> String,
    pub(crate) points: fn(Metric) -> String,
    /// That changes are relative: label and text.
    pub(crate) relative: (&'static str, &'static str),
}

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) units: Units,
    pub(crate) list: List,
    pub(crate) sample: Option<SampleWords>,

    pub(crate) title: &'static str,
    pub(crate) heading: fn(&str) -> String,
    pub(crate) path_name: fn(&str) -> String,
    pub(crate) type_name: fn(&str) -> String,
    pub(crate) group_name: fn(Group) -> &'static str,
    pub(crate) at_least: fn(&str) -> String,
    pub(crate) at_most: fn(&str) -> String,
    /// A length of time in which the recorder did not run.
    pub(crate) paused: fn(&str) -> String,
    pub(crate) none: &'static str,
    pub(crate) more: fn(&str) -> String,

    // What was recorded.
    pub(crate) run: &'static str,
    pub(crate) started: &'static str,
    pub(crate) time_zone: &'static str,
    pub(crate) state: &'static str,
    pub(crate) state_text: fn(RecordingProgress) -> &'static str,
    pub(crate) interrupted_at: fn(&str, &str) -> String,
    pub(crate) host: &'static str,
    pub(crate) recorder: &'static str,
    pub(crate) definitions: &'static str,
    pub(crate) definitions_text: fn(u32) -> String,
    pub(crate) pauses: &'static str,
    /// How many, and their sum.
    pub(crate) pauses_text: fn(usize, &str) -> String,
    pub(crate) journal: &'static str,
    pub(crate) journal_text: fn(&str, &str) -> String,
    pub(crate) clock_drift: &'static str,
    pub(crate) clock_offset: &'static str,
    /// Length, this host is ahead of the server, server, uncertainty.
    pub(crate) clock_offset_text: fn(&str, bool, &str, &str) -> String,
    pub(crate) the_server: &'static str,
    pub(crate) before_the_start: &'static str,
    pub(crate) after_the_start: &'static str,
    pub(crate) warning: &'static str,
    pub(crate) dropped: fn(&str, &str) -> String,
    pub(crate) damaged_journals: fn(&str) -> String,
    pub(crate) disk: &'static str,
    /// From, until where it has ended, the operating system's message.
    pub(crate) disk_text: fn(&str, Option<&str>, &str) -> String,
    /// File, reason, missing rows where they are known.
    pub(crate) damaged_part: fn(&str, &str, Option<&str>) -> String,
    /// Rows, column, and its word where it has one.
    pub(crate) left_out: fn(&str, &str, Option<&str>) -> String,
    pub(crate) configuration: &'static str,
    pub(crate) duration: &'static str,
    pub(crate) requested: &'static str,
    pub(crate) workers: &'static str,
    pub(crate) weights: &'static str,
    pub(crate) weights_text: fn(&str, &str, &str) -> String,
    pub(crate) workload: &'static str,
    pub(crate) schedule: &'static str,
    pub(crate) pool: &'static str,
    pub(crate) pool_text: fn(&str) -> String,
    pub(crate) timeouts: &'static str,
    pub(crate) timeouts_text: fn(&str, &str, &str) -> String,
    pub(crate) seed: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) upkeep: &'static str,
    /// Connections kept idle, highest age, idleness before a check.
    pub(crate) upkeep_text: fn(&str, &str, &str) -> String,
    pub(crate) never: &'static str,
    pub(crate) system_default: &'static str,
    pub(crate) keepalive: &'static str,
    /// Idleness, interval, unanswered questions.
    pub(crate) keepalive_text: fn(&str, &str, &str) -> String,
    pub(crate) user_timeout: &'static str,
    pub(crate) on_read_only: &'static str,
    pub(crate) backoff: &'static str,
    pub(crate) backoff_text: fn(&str, &str) -> String,
    pub(crate) dns_cache: &'static str,
    pub(crate) dns_cache_text: fn(&str) -> String,
    pub(crate) max_tps: &'static str,
    pub(crate) max_tps_text: fn(&str) -> String,
    pub(crate) probe_interval: &'static str,
    pub(crate) probes_off: &'static str,
    pub(crate) endpoint: fn(&str) -> String,
    pub(crate) reader_endpoint: fn(&str) -> String,
    pub(crate) endpoint_text: fn(&str, &str, &str) -> String,
    /// Why TLS failed.
    pub(crate) went_on_without_tls: fn(&str) -> String,
    pub(crate) servers: fn(&str) -> String,
    pub(crate) writer_server: &'static str,
    pub(crate) reader_server: &'static str,
    pub(crate) unknown_address: &'static str,
    pub(crate) failover: &'static str,
    pub(crate) failover_text: fn(&str, &str) -> String,
    pub(crate) campaign: &'static str,
    pub(crate) every: fn(&str) -> String,
    pub(crate) times: fn(&str) -> String,
    pub(crate) settle: fn(&str) -> String,
    pub(crate) heal_command: &'static str,
    pub(crate) triggered: &'static str,
    pub(crate) more_events: fn(&str) -> String,
    pub(crate) trigger_finished: &'static str,
    pub(crate) not_triggered: &'static str,
    pub(crate) trigger_left_out: &'static str,
    pub(crate) exit_status: fn(i32) -> String,
    pub(crate) pgbench_settings: fn(&str, &str, &str, &str, &str) -> String,
    pub(crate) labels: &'static str,

    // Verdict.
    pub(crate) verdict: &'static str,
    pub(crate) down: fn(Group, &str) -> String,
    pub(crate) other_group: fn(Group, &str) -> String,
    pub(crate) in_episodes: fn(usize) -> String,
    pub(crate) not_recovered: &'static str,
    pub(crate) no_outage: &'static str,
    pub(crate) not_observed: fn(UnobservedReason) -> &'static str,
    pub(crate) no_operations: &'static str,
    pub(crate) path_left_out: &'static str,
    pub(crate) trigger_failed: fn(&str) -> String,
    pub(crate) campaign_stopped: fn(&str) -> String,
    pub(crate) no_failover: &'static str,
    pub(crate) no_failover_on_either: &'static str,
    pub(crate) anecdote: &'static str,
    pub(crate) several: &'static str,

    pub(crate) durability: DurabilityWords,
    pub(crate) service: ServiceWords,
    pub(crate) part: PartWords,
    pub(crate) scheduling: ScheduleWords,
    pub(crate) page: PageWords,
    pub(crate) many: ManyWords,
    pub(crate) rules: RuleWords,
    pub(crate) effects: EffectWords,

    // Failovers and events.
    pub(crate) failovers_heading: &'static str,
    pub(crate) number: &'static str,
    pub(crate) triggered_column: &'static str,
    pub(crate) to_last_success: &'static str,
    pub(crate) to_first_failure: &'static str,
    pub(crate) to_address: &'static str,
    pub(crate) to_new_writer: &'static str,
    pub(crate) to_first_success: &'static str,
    pub(crate) healthy_between: &'static str,
    pub(crate) to_full_throughput: &'static str,
    pub(crate) several_heading: &'static str,
    pub(crate) interval: &'static str,
    pub(crate) from_to: fn(&str, &str) -> String,
    pub(crate) direct_minus_proxy: &'static str,
    pub(crate) open_left_out: fn(&str) -> String,
    /// How many failovers without an episode count as 0.
    pub(crate) without_episode: fn(&str) -> String,
    pub(crate) proxy_shorter: fn(&str, &str) -> String,
    pub(crate) unpaired: fn(&str) -> String,
    pub(crate) one_pair: &'static str,
    pub(crate) no_pair: &'static str,
    pub(crate) no_episode: &'static str,
    pub(crate) interval_note: &'static str,
    pub(crate) events_heading: &'static str,
    pub(crate) event: &'static str,
    pub(crate) text: &'static str,
    pub(crate) event_name: fn(EventKind) -> &'static str,
    /// How many of each kind are not listed.
    pub(crate) more_of: fn(&[(String, String)]) -> String,

    // Operations and response times.
    pub(crate) operations: &'static str,
    pub(crate) type_column: &'static str,
    pub(crate) path_column: &'static str,
    pub(crate) all_types: &'static str,
    pub(crate) total: &'static str,
    pub(crate) success_rate: &'static str,
    pub(crate) succeeded: &'static str,
    pub(crate) rejected: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) unfinished: &'static str,
    pub(crate) tps: &'static str,
    pub(crate) steady_tps: &'static str,
    pub(crate) response_times: fn(&str) -> String,
    pub(crate) samples: &'static str,
    pub(crate) successes: &'static str,
    pub(crate) all_finished: &'static str,
    pub(crate) successes_of: fn(&str) -> String,
    pub(crate) mean: &'static str,
    pub(crate) min: &'static str,
    pub(crate) max: &'static str,

    // Downtime.
    pub(crate) downtime_heading: &'static str,
    pub(crate) group: &'static str,
    pub(crate) downtime: &'static str,
    pub(crate) outages: &'static str,
    pub(crate) episodes: &'static str,
    pub(crate) availability: &'static str,
    pub(crate) blips: &'static str,
    pub(crate) brownouts: &'static str,
    pub(crate) outages_heading: &'static str,
    pub(crate) from: &'static str,
    pub(crate) until: &'static str,
    pub(crate) offset: &'static str,
    pub(crate) evidence: &'static str,
    pub(crate) errors_inside: &'static str,
    pub(crate) open_at_start: &'static str,
    pub(crate) stalls_only: &'static str,
    pub(crate) blips_heading: &'static str,
    pub(crate) brownouts_heading: &'static str,
    pub(crate) time: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) length: &'static str,

    // Recovery and effect.
    pub(crate) recovery_heading: &'static str,
    pub(crate) episode: &'static str,
    pub(crate) part_of: &'static str,
    pub(crate) failover_number: fn(usize) -> String,
    pub(crate) other_outage: &'static str,
    pub(crate) warm_up: &'static str,
    pub(crate) baseline_tps: &'static str,
    pub(crate) baseline_p99: &'static str,
    pub(crate) full_throughput: &'static str,
    pub(crate) normal_latency: &'static str,
    pub(crate) impact_heading: &'static str,
    /// Path, what the window is of, from, to, length.
    pub(crate) window: fn(&str, &str, &str, &str, &str) -> String,
    /// From the trigger, to full throughput.
    pub(crate) window_ends: fn(bool, bool) -> String,
    pub(crate) attempted: &'static str,

    // Errors and connections.
    pub(crate) errors_heading: &'static str,
    pub(crate) class: &'static str,
    /// The text, how many had it, of how many, and the number of other texts.
    pub(crate) commonest_text: fn(&str, &str, &str, u64) -> String,
    /// What a class means, where its name alone may mislead.
    pub(crate) class_text: fn(ErrorClass) -> Option<&'static str>,
    pub(crate) count: &'static str,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) connections_heading: &'static str,
    pub(crate) attempts: &'static str,
    pub(crate) median: &'static str,
    pub(crate) addresses: &'static str,

    // pgbench.
    pub(crate) load_heading: &'static str,
    pub(crate) span: &'static str,
    pub(crate) before: &'static str,
    pub(crate) during: &'static str,
    pub(crate) after: &'static str,
    pub(crate) whole_recording: &'static str,
    pub(crate) latency: &'static str,
    pub(crate) progress_lines: &'static str,
    pub(crate) restarts: fn(&str, &str) -> String,

    // Comparison.
    pub(crate) comparison_heading: &'static str,
    pub(crate) figure: &'static str,
    pub(crate) metric: fn(Metric) -> &'static str,
    pub(crate) change: &'static str,
    /// A change of a rate in per cent, which is not one in points.
    pub(crate) relative: fn(&str) -> String,
    pub(crate) in_words: &'static str,
    pub(crate) unchanged: &'static str,
    /// Metric, magnitude, the proxy's figure is smaller, the proxy is better.
    pub(crate) difference: fn(Metric, &str, bool, bool) -> String,
    /// Episodes on the direct and on the proxied path.
    pub(crate) not_compared: fn(usize, usize) -> String,
    /// Of the direct and of the proxied path.
    pub(crate) no_verdict: fn(Incidents, Incidents) -> String,
    /// The same of both.
    pub(crate) compared_failovers: fn(Incidents) -> String,

    // How to read it.
    pub(crate) notes_heading: &'static str,
    pub(crate) note_downtime: &'static str,
    pub(crate) note_parts: &'static str,
    pub(crate) note_without_tls: &'static str,
    pub(crate) note_none: &'static str,
    pub(crate) note_baseline_p99: &'static str,
    pub(crate) note_unobserved: fn(UnobservedReason) -> &'static str,
    pub(crate) note_pauses: &'static str,
    pub(crate) note_writer: &'static str,
    pub(crate) note_baseline: &'static str,
    pub(crate) note_before_trigger: &'static str,
    pub(crate) note_thresholds: fn(&str, &str, &str) -> String,
    pub(crate) note_coarse: fn(&str) -> String,
    pub(crate) coarse_group: fn(&str, Group) -> String,
    pub(crate) note_slow: fn(&str) -> String,
    pub(crate) path_rate: fn(&str, &str) -> String,
    pub(crate) separator: &'static str,
}

/// Upper-case first letter: how the original design's sample names a path.
pub(crate) fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
