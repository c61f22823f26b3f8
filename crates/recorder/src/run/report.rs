//! What `recorder run` says at its beginning and its end, on stderr and in its log.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use recording::{Completion, State, Summary};

use crate::check::load_estimate::LoadEstimate;
use crate::config::RunConfig;
use crate::connect::shortage;
use crate::monitor::Monitor;
use crate::output::log::Log;
use crate::output::terminal;
use crate::run::connection_log::Observer;
use crate::run::pauses::Pauses;
use crate::text::redact::redact;
use command_line::text::{shell_word, thousands};

/// The recording begins.
pub(crate) fn begun(
    config: &RunConfig,
    folder: &FilePath,
    round_trips: &[Option<Duration>],
    log: &Log,
) {
    let paths = config.mode.paths();
    let names: Vec<&str> = paths.iter().map(|path| path.as_str()).collect();
    let load = LoadEstimate::new(
        paths.iter().copied().zip(round_trips.iter().copied()),
        config.workload,
        config.schedule,
        config.workers,
        config.pool_size,
        config.max_tps,
    );
    let clients = config.load.as_ref().map(|load| load.clients);
    for line in load.lines(Some(config.weights), clients) {
        log.line(&line);
        terminal::line(line);
    }
    let count = config.campaign.as_ref().and_then(|campaign| campaign.count);
    let until = match count {
        Some(count) => format!(
            "until {count} failovers have healed, at most {:?},",
            config.duration
        ),
        None => format!("for {:?}", config.duration),
    };
    terminal::line(format!(
        "recording {} {until} into {} (Ctrl-C ends the recording early)",
        names.join(" and "),
        folder.display()
    ));
    for reader in &config.readers {
        terminal::line(format!(
            "{}: reads go to {}",
            reader.path(),
            reader.endpoint()
        ));
    }
    log_settings(config, &names.join(" and "), log);
    log_failovers(config, log);
}

/// What the run does on its paths.
fn log_settings(config: &RunConfig, paths: &str, log: &Log) {
    log.line(&format!(
        "recorder {} started: {} for {:?}, {} workers per path, weights {}/{}/{} (read/write/transaction), {}, seed {}, pool size {}, time limits: operation {:?}, connect {:?}, pool {:?}",
        env!("CARGO_PKG_VERSION"),
        paths,
        config.duration,
        config.workers,
        config.weights.read,
        config.weights.write,
        config.weights.transaction,
        config.schedule.words(),
        config.seed,
        config.pool_size,
        config.limits.operation,
        config.connect_limit,
        config.limits.pool,
    ));
    log.line(&format!(
        "protocol {}, {}",
        config.protocol.as_str(),
        config.pool
    ));
    if let Some(least) = config
        .connectors
        .first()
        .and_then(|connector| connector.resolver().kept_at_least())
    {
        log.line(&format!("DNS answers are cached for at least {least:?}"));
    }
    for connector in config.connectors.iter().chain(&config.readers) {
        let reads = if connector.is_reader() { " reads" } else { "" };
        log.line(&format!(
            "{}{reads}: {}, sslmode {}, target_session_attrs {}",
            connector.path(),
            connector.endpoint(),
            connector.endpoint().sslmode.as_str(),
            connector.endpoint().target.as_str()
        ));
    }
}

fn log_failovers(config: &RunConfig, log: &Log) {
    if let Some(trigger) = &config.trigger {
        log.line(&format!(
            "failover command after {:?}: {}",
            trigger.after,
            redact(&trigger.command)
        ));
    }
    if let Some(campaign) = &config.campaign {
        log.line(&format!(
            "campaign: {} failovers, at least {:?} apart, settle time {:?}, heal timeout {:?}, heal command: {}",
            campaign.count.map_or_else(|| "unlimited".to_owned(), thousands),
            campaign.every.unwrap_or_default(),
            campaign.settle,
            campaign.heal_timeout,
            campaign.heal_command.as_deref().map_or_else(|| "none".to_owned(), redact),
        ));
    }
}

/// What the availability probes ask, and what was left out of it.
pub(crate) fn availability(config: &RunConfig, left_out: Option<&str>, log: &Log) {
    if let Some(line) = left_out {
        log.line(line);
        terminal::line(line);
    }
    if let Some(probes) = &config.availability {
        let asking = probes.asking();
        log.line(&format!(
            "availability probes: {}, {} statements per second on all paths",
            asking.words(),
            asking.per_second(probes.count()).round()
        ));
    }
}

/// From now on the log and the live view have it when a password command begins to fail, and when it works again.
pub(crate) fn password_failures(config: &RunConfig, monitor: &Arc<Monitor>, log: &Arc<Log>) {
    for connector in config.endpoints() {
        for command in connector.password_commands() {
            let (path, monitor, log) = (connector.path(), Arc::clone(monitor), Arc::clone(log));
            command.listen(Box::new(move |text| {
                let text = format!("{path}: {text}");
                log.line(&text);
                monitor.note(text);
            }));
        }
    }
}

/// The recording is over.
pub(crate) fn ended(
    config: &RunConfig,
    monitor: &Monitor,
    log: &Log,
    completion: Completion,
    summary: &Result<Summary, String>,
    folder: &FilePath,
    campaign: Option<String>,
) {
    let note = |line: &str| {
        log.line(line);
        terminal::line(line);
    };
    let how = match completion.state {
        State::Interrupted => "interrupted after",
        _ => "recorded",
    };
    note(&format!(
        "{how} {:.1} s",
        completion.duration_us as f64 / 1e6
    ));
    for path in config.mode.paths() {
        let totals = monitor.totals(*path);
        let finished = totals.operations - totals.unfinished;
        let rate = match finished {
            0 => "-".to_owned(),
            _ => format!("{:.2} %", totals.succeeded as f64 / finished as f64 * 100.0),
        };
        note(&format!(
            "{path}: {} operations, success rate {rate}; {} failed, {} unknown, {} unfinished",
            thousands(totals.operations),
            thousands(totals.failed),
            thousands(totals.unknown),
            thousands(totals.unfinished),
        ));
        if totals.not_begun > 0 {
            note(&format!(
                "{path}: {} of {} operations had not begun when the recording ended: they arrived faster than they were served",
                thousands(totals.not_begun),
                thousands(totals.operations),
            ));
        }
        let longest: Vec<String> = ["reads", "writes"]
            .iter()
            .zip(monitor.served(*path))
            .filter_map(|(group, served)| {
                let longest_s = served?.longest_gap_us as f64 / 1e6;
                Some(format!("{group} {longest_s:.2} s"))
            })
            .collect();
        if !longest.is_empty() {
            note(&format!(
                "{path}: longest time without a success: {}",
                longest.join(", ")
            ));
        }
    }
    if config.trigger.is_some() {
        note(&format!("failovers triggered: {}", monitor.failovers()));
    }
    if let Some(campaign) = campaign {
        note(&campaign);
    }
    note_rows(summary, folder, note);
}

/// What to do with the recording.
pub(crate) fn next(folder: &FilePath) {
    terminal::line(format!(
        "next: analyze report {}",
        shell_word(&folder.to_string_lossy())
    ));
}

/// The rows that are written, dropped, or in the journal only.
fn note_rows(summary: &Result<Summary, String>, folder: &FilePath, note: impl Fn(&str)) {
    if let Ok(summary) = summary {
        let rows = |table: &recording::Table| summary.rows.get(table).copied().unwrap_or(0);
        let tables: Vec<String> = recording::Table::ALL
            .iter()
            .map(|table| format!("{} {}", thousands(rows(table)), table.as_str()))
            .collect();
        let dropped: u64 = summary.dropped.values().sum();
        note(&format!(
            "rows written: {}; rows lost: {}",
            tables.join(", "),
            thousands(dropped)
        ));
        for failure in &summary.failures {
            let until = failure.until.map(|until| format!(" until {until}"));
            note(&format!(
                "writes failed from {}{}: {}",
                failure.from,
                until.unwrap_or_default(),
                failure.error
            ));
        }
        if summary.journal_rows > 0 {
            note(&format!(
                "{} rows are only in the journal; to seal them: recorder recover {}",
                thousands(summary.journal_rows),
                shell_word(&folder.to_string_lossy())
            ));
        }
    }
}

/// What failed for want of descriptors, ports or memory on this host: it says nothing of the database, and hides what it would have said.
pub(crate) fn shortages(config: &RunConfig, monitor: &Monitor, observer: &Observer, log: &Log) {
    let paths = config.mode.paths().iter();
    let operations: u64 = paths.map(|path| monitor.totals(*path).shortages).sum();
    let attempts = observer.shortages();
    if operations + attempts == 0 {
        return;
    }
    let line = format!(
        "warning: {} operations and {} attempts to connect failed because this host ran out of file descriptors, ports or memory (class client). They say nothing about the database; {}",
        thousands(operations),
        thousands(attempts),
        shortage::REMEDY
    );
    log.line(&line);
    terminal::line(line);
}

/// Where this machine did not keep the schedule of an open loop.
pub(crate) fn schedule_lag(monitor: &Monitor, log: &Log) {
    for lag in monitor.schedule_lags() {
        let ms = |us: i64| us as f64 / 1e3;
        let p99 = lag.p99_us.map(|us| format!(", p99 {:.2} ms", ms(us)));
        let figures = format!(
            "{}: schedule lag: median {:.2} ms{}, longest {:.2} ms",
            lag.path,
            ms(lag.median_us),
            p99.unwrap_or_default(),
            ms(lag.max_us)
        );
        log.line(&figures);
        if lag.is_notable() {
            terminal::line(format!(
                "warning: {figures}: this machine does not keep the rate, and response times hold its lag. Lower --rate, or leave the recorder a processor"
            ));
        }
    }
}

/// How much the recorder was paused: its figures hold these times too.
pub(crate) fn pauses(pauses: Pauses, log: &Log) {
    if let Some(line) = pauses.warning() {
        log.line(&line);
        terminal::line(line);
    }
}
