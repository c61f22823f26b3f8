//! The settings that decide what a downtime looks like: how connections are kept, what is probed, how a campaign goes on.

use command_line::text::one_line;
use recording::{ConnectionSettings, Failover};

use crate::text::format::{count, decimal};
use crate::text::page::Page;
use crate::text::table::{Items, item};

/// How connections are made and kept, what limits the load and what is probed; empty for a recording without these settings.
pub(crate) fn connection_items(page: &Page<'_>) -> Items {
    let (words, recording) = (page.words, &page.summary.recording);
    let mut items = Vec::new();
    if let Some(connection) = &recording.connection {
        items.extend(kept_items(page, connection));
    }
    if let Some(limit) = recording.max_tps_per_1000 {
        let rate = decimal(limit as f64 / 1000.0, 3);
        let rate = rate.trim_end_matches('0').trim_end_matches('.');
        items.push(item(words.max_tps, (words.max_tps_text)(rate)));
    }
    if let Some(asked) = recording.availability {
        let setting = |us| words.units.setting(us);
        let text = (words.service.probes_text)(
            asked.writes,
            &setting(asked.interval_us),
            &setting(asked.limit_us),
        );
        items.push(item(words.service.probes, text));
    }
    match recording.probe_interval_us {
        Some(us) if us > 0 => items.push(item(words.probe_interval, words.units.setting(us))),
        // Recordings with settings of connections have those of probes too.
        _ if recording.connection.is_some() => {
            items.push(item(words.probe_interval, words.probes_off));
        }
        _ => {}
    }
    items
}

fn kept_items(page: &Page<'_>, connection: &ConnectionSettings) -> Items {
    let words = page.words;
    let setting = |us| words.units.setting(us);
    let or_default = |us: Option<i64>| us.map_or(words.system_default.to_owned(), setting);
    let or_never = |us: Option<i64>| us.map_or(words.never.to_owned(), setting);
    let idle = connection.tcp_keepalive_idle_us;
    let interval = connection.tcp_keepalive_interval_us;
    let probes = connection.tcp_keepalive_count;
    let keepalive = if idle.is_none() && interval.is_none() && probes.is_none() {
        words.system_default.to_owned()
    } else {
        let probes = probes.map_or(words.system_default.to_owned(), |probes| {
            count(probes.into())
        });
        (words.keepalive_text)(&or_default(idle), &or_default(interval), &probes)
    };
    let backoff = if connection.reconnect_backoff_min_us > 0 {
        (words.backoff_text)(
            &setting(connection.reconnect_backoff_min_us),
            &setting(connection.reconnect_backoff_max_us),
        )
    } else {
        words.none.to_owned()
    };
    let upkeep = (words.upkeep_text)(
        &count(connection.pool_min_idle.into()),
        &or_never(connection.pool_max_lifetime_us),
        &or_never(connection.pool_idle_check_us),
    );
    let mut items = vec![
        item(words.upkeep, upkeep),
        item(words.keepalive, keepalive),
        item(
            words.user_timeout,
            or_default(connection.tcp_user_timeout_us),
        ),
        item(words.on_read_only, one_line(&connection.on_read_only)),
        item(words.backoff, backoff),
    ];
    if let Some(us) = connection.dns_cache_us {
        items.push(item(words.dns_cache, (words.dns_cache_text)(&setting(us))));
    }
    items
}

/// How a campaign of failovers was to go on; nothing where the failover was to be triggered once.
pub(crate) fn campaign_items(page: &Page<'_>, failover: &Failover) -> Items {
    let words = page.words;
    let setting = |us| words.units.setting(us);
    let facts = [
        failover.every_us.map(|us| (words.every)(&setting(us))),
        failover
            .count
            .map(|times| (words.times)(&count(times.into()))),
        failover.settle_us.map(|us| (words.settle)(&setting(us))),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    let mut items = Vec::new();
    if !facts.is_empty() {
        items.push(item(words.campaign, facts.join(words.separator)));
    }
    if let Some(command) = &failover.heal_command {
        items.push(item(words.heal_command, one_line(command)));
    }
    items
}
