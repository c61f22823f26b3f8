//! The manifest of a run that begins.

use command_line::duration::micros;
use recording::{
    Clock, ClockOffset, ClockRecord, ConnectionSettings, Endpoint, Failover, LoadSettings,
    Manifest, MoreHost, Pool, RunId, Timestamp,
};

use crate::availability::Availability;
use crate::config::RunConfig;
use crate::connect::Connector;
use crate::endpoint::TargetSession;
use crate::endpoint::tcp::TcpSettings;
use crate::text::redact::redact;

/// What the recording says of itself while it runs.
#[must_use]
pub(crate) fn build(
    config: &RunConfig,
    run_id: &RunId,
    clock: &Clock,
    offsets: &[ClockOffset],
    tls_errors: &[Option<String>],
) -> Manifest {
    Manifest {
        start_time: Timestamp(clock.now_us()),
        requested_duration_us: config.is_duration_asked.then_some(micros(config.duration)),
        clock: ClockRecord {
            anchor_time: Timestamp(clock.anchor_us()),
            drift_us: None,
            offsets: offsets.to_vec(),
        },
        mode: config.mode,
        weights: config.weights,
        workload: config.workload.record(),
        workers: config.workers,
        schedule: config.schedule.record(),
        warm_up_us: config.warm_up.map(micros),
        seed: config.seed,
        protocol: config.protocol.as_str().to_owned(),
        pool: Pool {
            size: config.pool_size,
        },
        timeouts: config.timeouts(),
        connection: Some(connection_settings(config)),
        probe_interval_us: config.probing.every().map(micros),
        availability: config.availability.as_ref().map(Availability::settings),
        max_tps_per_1000: config.max_tps.map(|tps| (tps * 1e3).round() as i64),
        endpoints: config
            .endpoints()
            .enumerate()
            .map(|(at, connector)| endpoint(connector, tls_errors.get(at).cloned().flatten()))
            .collect(),
        labels: config.labels.clone(),
        failover: failover(config),
        load: config.load.as_ref().map(|load| LoadSettings {
            clients: load.clients,
            jobs: load.jobs,
            scale: load.scale,
            mode: load.mode.as_str().to_owned(),
            warmup_us: micros(load.warmup),
        }),
        ..Manifest::new(run_id.as_str(), config.host.clone())
    }
}

fn failover(config: &RunConfig) -> Option<Failover> {
    let trigger = config.trigger.as_ref()?;
    let campaign = config.campaign.as_ref();
    let heal_command = campaign.and_then(|campaign| campaign.heal_command.as_deref());
    Some(Failover {
        command: redact(&trigger.command),
        after_us: micros(trigger.after),
        every_us: campaign.map(|campaign| micros(campaign.every.unwrap_or_default())),
        count: campaign.and_then(|campaign| campaign.count),
        heal_command: heal_command.map(redact),
        settle_us: campaign.map(|campaign| micros(campaign.settle)),
    })
}

fn endpoint(connector: &Connector, tls_error: Option<String>) -> Endpoint {
    let endpoint = connector.endpoint();
    // An endpoint has one at least.
    let (first, more) = (&endpoint.hosts[0], &endpoint.hosts[1..]);
    Endpoint {
        path: connector.path(),
        host: first.name.clone(),
        port: first.port,
        database: endpoint.database.clone(),
        user: endpoint.user.clone(),
        sslmode: endpoint.sslmode.as_str().to_owned(),
        reader: connector.is_reader(),
        more_hosts: more
            .iter()
            .map(|host| MoreHost {
                host: host.name.clone(),
                port: host.port,
            })
            .collect(),
        target_session_attrs: Some(endpoint.target)
            .filter(|target| *target != TargetSession::Any)
            .map(|target| target.as_str().to_owned()),
        tls_error,
    }
}

fn connection_settings(config: &RunConfig) -> ConnectionSettings {
    let pool = &config.pool;
    // The same on every path.
    let first = config.connectors.first();
    let tcp = first.map_or_else(TcpSettings::default, |connector| connector.endpoint().tcp);
    ConnectionSettings {
        tcp_keepalive_idle_us: tcp.keepalive_idle.map(micros),
        tcp_keepalive_interval_us: tcp.keepalive_interval.map(micros),
        tcp_keepalive_count: tcp.keepalive_count,
        tcp_user_timeout_us: tcp.user_timeout.map(micros),
        dns_cache_us: first
            .and_then(|connector| connector.resolver().kept_at_least())
            .map(micros),
        pool_min_idle: pool.min_idle,
        pool_max_lifetime_us: pool.max_lifetime.map(micros),
        pool_idle_check_us: pool.idle_check.map(micros),
        on_read_only: pool.on_read_only.as_str().to_owned(),
        reconnect_backoff_min_us: micros(pool.backoff.min),
        reconnect_backoff_max_us: micros(pool.backoff.max),
    }
}
