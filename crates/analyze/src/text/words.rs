//! Every word of the report. A language is one value of [`Words`]; the sections know none.

use recording::vocabulary::{ErrorClass, EventKind};

use super::format::Units;
use super::table::List;
use crate::summary::{Group, Metric, Progress};

/// What the sample of the original design opens with; languages without it open with the verdict.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleWords {
    pub(super) path: fn(&str) -> String,
    pub(super) total: &'static str,
    pub(super) success_rate: &'static str,
    pub(super) type_figures: fn(&str, &str) -> String,
    pub(super) unfinished: &'static str,
    pub(super) mean_response: &'static str,
    pub(super) max_response: &'static str,
    pub(super) min_response: &'static str,
    pub(super) percentiles: &'static str,
    pub(super) downtime: &'static str,
    pub(super) downtime_of: &'static str,
    pub(super) tps: &'static str,
    pub(super) steady_tps: &'static str,
    pub(super) comparison: &'static str,
    /// Metric, and whether the proxy's figure is smaller.
    pub(super) change: fn(Metric, Option<bool>) -> String,
    pub(super) points: fn(Metric) -> String,
}

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    pub(super) units: Units,
    pub(super) list: List,
    pub(super) sample: Option<SampleWords>,

    pub(super) title: &'static str,
    pub(super) heading: fn(&str) -> String,
    pub(super) path_name: fn(&str) -> String,
    pub(super) type_name: fn(&str) -> String,
    pub(super) group_name: fn(Group) -> &'static str,
    pub(super) at_least: fn(&str) -> String,
    pub(super) at_most: fn(&str) -> String,
    pub(super) none: &'static str,
    pub(super) more: fn(&str) -> String,

    // What was recorded.
    pub(super) run: &'static str,
    pub(super) started: &'static str,
    pub(super) state: &'static str,
    pub(super) state_text: fn(Progress) -> &'static str,
    pub(super) interrupted_at: fn(&str, &str) -> String,
    pub(super) host: &'static str,
    pub(super) recorder: &'static str,
    pub(super) journal: &'static str,
    pub(super) journal_text: fn(&str, &str) -> String,
    pub(super) clock_drift: &'static str,
    pub(super) clock_offset: &'static str,
    /// Length, this host is ahead of the server, server, uncertainty.
    pub(super) clock_offset_text: fn(&str, bool, &str, &str) -> String,
    pub(super) the_server: &'static str,
    pub(super) before_the_start: &'static str,
    pub(super) after_the_start: &'static str,
    pub(super) warning: &'static str,
    pub(super) dropped: fn(&str, &str) -> String,
    pub(super) damaged_journals: fn(&str) -> String,
    pub(super) disk: &'static str,
    /// From, until where it took them again, what the operating system said.
    pub(super) disk_text: fn(&str, Option<&str>, &str) -> String,
    /// File, reason, missing rows where they are known.
    pub(super) damaged_part: fn(&str, &str, Option<&str>) -> String,
    /// Rows, column, and its word where it has one.
    pub(super) left_out: fn(&str, &str, Option<&str>) -> String,
    pub(super) configuration: &'static str,
    pub(super) duration: &'static str,
    pub(super) requested: &'static str,
    pub(super) workers: &'static str,
    pub(super) weights: &'static str,
    pub(super) weights_text: fn(&str, &str, &str) -> String,
    pub(super) schedule: &'static str,
    pub(super) closed_loop: fn(&str, &str) -> String,
    pub(super) open_loop: fn(&str) -> String,
    pub(super) pool: &'static str,
    pub(super) pool_text: fn(&str) -> String,
    pub(super) timeouts: &'static str,
    pub(super) timeouts_text: fn(&str, &str, &str) -> String,
    pub(super) seed: &'static str,
    pub(super) protocol: &'static str,
    pub(super) upkeep: &'static str,
    /// Connections kept idle, highest age, idleness before a check.
    pub(super) upkeep_text: fn(&str, &str, &str) -> String,
    pub(super) never: &'static str,
    pub(super) system_default: &'static str,
    pub(super) keepalive: &'static str,
    /// Idleness, interval, unanswered questions.
    pub(super) keepalive_text: fn(&str, &str, &str) -> String,
    pub(super) user_timeout: &'static str,
    pub(super) on_read_only: &'static str,
    pub(super) backoff: &'static str,
    pub(super) backoff_text: fn(&str, &str) -> String,
    pub(super) dns_cache: &'static str,
    pub(super) dns_cache_text: fn(&str) -> String,
    pub(super) max_tps: &'static str,
    pub(super) max_tps_text: fn(&str) -> String,
    pub(super) probe_interval: &'static str,
    pub(super) probes_off: &'static str,
    pub(super) endpoint: fn(&str) -> String,
    pub(super) reader_endpoint: fn(&str) -> String,
    pub(super) endpoint_text: fn(&str, &str, &str) -> String,
    /// Why TLS failed.
    pub(super) went_on_without_tls: fn(&str) -> String,
    pub(super) servers: fn(&str) -> String,
    pub(super) writer_server: &'static str,
    pub(super) reader_server: &'static str,
    pub(super) unknown_address: &'static str,
    pub(super) failover: &'static str,
    pub(super) failover_text: fn(&str, &str) -> String,
    pub(super) campaign: &'static str,
    pub(super) every: fn(&str) -> String,
    pub(super) times: fn(&str) -> String,
    pub(super) settle: fn(&str) -> String,
    pub(super) heal_command: &'static str,
    pub(super) triggered: &'static str,
    pub(super) more_events: fn(&str) -> String,
    pub(super) trigger_finished: &'static str,
    pub(super) not_triggered: &'static str,
    pub(super) trigger_left_out: &'static str,
    pub(super) exit_status: fn(i32) -> String,
    pub(super) pgbench_settings: fn(&str, &str, &str, &str, &str) -> String,
    pub(super) labels: &'static str,

    // Verdict.
    pub(super) verdict: &'static str,
    pub(super) down: fn(Group, &str) -> String,
    pub(super) beside: fn(Group, &str) -> String,
    pub(super) in_episodes: fn(usize) -> String,
    pub(super) not_recovered: &'static str,
    pub(super) no_outage: &'static str,
    pub(super) not_observed: &'static str,
    pub(super) no_operations: &'static str,
    pub(super) path_left_out: &'static str,
    pub(super) trigger_failed: fn(&str) -> String,
    pub(super) campaign_stopped: fn(&str) -> String,
    pub(super) no_failover: &'static str,
    pub(super) no_failover_on_either: &'static str,
    pub(super) anecdote: &'static str,
    pub(super) several: &'static str,

    // Failovers and events.
    pub(super) failovers_heading: &'static str,
    pub(super) number: &'static str,
    pub(super) triggered_column: &'static str,
    pub(super) to_last_success: &'static str,
    pub(super) to_first_failure: &'static str,
    pub(super) to_address: &'static str,
    pub(super) to_new_writer: &'static str,
    pub(super) to_first_success: &'static str,
    pub(super) healthy_between: &'static str,
    pub(super) to_full_throughput: &'static str,
    pub(super) several_heading: &'static str,
    pub(super) interval: &'static str,
    pub(super) from_to: fn(&str, &str) -> String,
    pub(super) direct_minus_proxy: &'static str,
    pub(super) open_left_out: fn(&str) -> String,
    pub(super) proxy_shorter: fn(&str, &str) -> String,
    pub(super) unpaired: fn(&str) -> String,
    pub(super) one_pair: &'static str,
    pub(super) no_pair: &'static str,
    pub(super) interval_note: &'static str,
    pub(super) events_heading: &'static str,
    pub(super) event: &'static str,
    pub(super) text: &'static str,
    pub(super) event_name: fn(EventKind) -> &'static str,
    /// How many of each kind are not listed.
    pub(super) more_of: fn(&[(String, String)]) -> String,

    // Operations and response times.
    pub(super) operations: &'static str,
    pub(super) type_column: &'static str,
    pub(super) path_column: &'static str,
    pub(super) all_types: &'static str,
    pub(super) total: &'static str,
    pub(super) success_rate: &'static str,
    pub(super) succeeded: &'static str,
    pub(super) rejected: &'static str,
    pub(super) failed: &'static str,
    pub(super) unknown: &'static str,
    pub(super) unfinished: &'static str,
    pub(super) tps: &'static str,
    pub(super) steady_tps: &'static str,
    pub(super) response_times: fn(&str) -> String,
    pub(super) samples: &'static str,
    pub(super) successes: &'static str,
    pub(super) all_finished: &'static str,
    pub(super) successes_of: fn(&str) -> String,
    pub(super) mean: &'static str,
    pub(super) min: &'static str,
    pub(super) max: &'static str,

    // Downtime.
    pub(super) downtime_heading: &'static str,
    pub(super) group: &'static str,
    pub(super) downtime: &'static str,
    pub(super) outages: &'static str,
    pub(super) episodes: &'static str,
    pub(super) availability: &'static str,
    pub(super) blips: &'static str,
    pub(super) brownouts: &'static str,
    pub(super) outages_heading: &'static str,
    pub(super) from: &'static str,
    pub(super) until: &'static str,
    pub(super) offset: &'static str,
    pub(super) evidence: &'static str,
    pub(super) errors_inside: &'static str,
    pub(super) open_at_start: &'static str,
    pub(super) stalls_only: &'static str,
    pub(super) blips_heading: &'static str,
    pub(super) brownouts_heading: &'static str,
    pub(super) time: &'static str,
    pub(super) operation: &'static str,
    pub(super) length: &'static str,

    // Recovery and effect.
    pub(super) recovery_heading: &'static str,
    pub(super) episode: &'static str,
    pub(super) baseline_tps: &'static str,
    pub(super) baseline_p99: &'static str,
    pub(super) full_throughput: &'static str,
    pub(super) normal_latency: &'static str,
    pub(super) impact_heading: &'static str,
    /// Path, episode, from, to, length.
    pub(super) window: fn(&str, usize, &str, &str, &str) -> String,
    /// From the trigger, to full throughput.
    pub(super) window_ends: fn(bool, bool) -> String,
    pub(super) attempted: &'static str,

    // Errors and connections.
    pub(super) errors_heading: &'static str,
    pub(super) class: &'static str,
    /// The text, how many had it, of how many, and the number of other texts.
    pub(super) commonest_text: fn(&str, &str, &str, u64) -> String,
    /// What a class says of the failures, where its word alone may mislead.
    pub(super) class_text: fn(ErrorClass) -> Option<&'static str>,
    pub(super) count: &'static str,
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    pub(super) connections_heading: &'static str,
    pub(super) attempts: &'static str,
    pub(super) median: &'static str,
    pub(super) addresses: &'static str,

    // pgbench.
    pub(super) load_heading: &'static str,
    pub(super) span: &'static str,
    pub(super) before: &'static str,
    pub(super) during: &'static str,
    pub(super) after: &'static str,
    pub(super) whole_recording: &'static str,
    pub(super) latency: &'static str,
    pub(super) progress_lines: &'static str,
    pub(super) restarts: fn(&str, &str) -> String,

    // Comparison.
    pub(super) comparison_heading: &'static str,
    pub(super) figure: &'static str,
    pub(super) metric: fn(Metric) -> &'static str,
    pub(super) of_group: fn(&str, Group) -> String,
    pub(super) of_groups: fn(&str, Group, Group) -> String,
    pub(super) change: &'static str,
    pub(super) in_words: &'static str,
    pub(super) unchanged: &'static str,
    /// Metric, magnitude, the proxy's figure is smaller, the proxy is better.
    pub(super) difference: fn(Metric, &str, bool, bool) -> String,
    /// Path and group, whose downtime may have become the longer one.
    pub(super) not_compared: fn(&str, Group) -> String,
    pub(super) no_verdict: fn(usize, usize) -> String,
    pub(super) compared_failovers: fn(usize) -> String,

    // How to read it.
    pub(super) notes_heading: &'static str,
    pub(super) note_downtime: &'static str,
    pub(super) note_parts: &'static str,
    pub(super) note_without_tls: &'static str,
    pub(super) note_none: &'static str,
    pub(super) note_baseline_p99: &'static str,
    pub(super) note_unobserved: &'static str,
    pub(super) note_thresholds: fn(&str, &str, &str) -> String,
    pub(super) note_coarse: fn(&str) -> String,
    pub(super) coarse_group: fn(&str, Group) -> String,
    pub(super) note_slow: fn(&str) -> String,
    pub(super) path_rate: fn(&str, &str) -> String,
    pub(super) separator: &'static str,
}

/// Upper-case first letter: how the original design's sample names a path.
pub(super) fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
