//! The manifest of a run that begins.

use command_line::duration::micros;
use recording::vocabulary::Path;
use recording::{
    Clock, ClockOffset, ClockRecord, ConnectionSettings, Endpoint, FORMAT_VERSION, Failover,
    LoadSettings, Manifest, Pool, RunId, State, Timestamp,
};

use crate::config::RunConfig;
use crate::connect::Connector;
use crate::redact::redact;
use crate::tcp::TcpSettings;

/// What the recording says of itself while it runs.
#[must_use]
pub(crate) fn build(
    config: &RunConfig,
    run_id: &RunId,
    clock: &Clock,
    offsets: &[ClockOffset],
) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        run_id: run_id.as_str().to_owned(),
        host: config.host.clone(),
        state: State::Recording,
        start_time: Timestamp(clock.now_us()),
        duration_us: None,
        requested_duration_us: Some(micros(config.duration)),
        clock: ClockRecord {
            anchor_time: Timestamp(clock.anchor_us()),
            drift_us: None,
            offsets: offsets.to_vec(),
        },
        mode: config.mode,
        weights: config.weights,
        workers: config.workers,
        schedule: config.schedule.record(),
        seed: config.seed,
        protocol: "extended".to_owned(),
        pool: Pool {
            size: config.pool_size,
        },
        timeouts: config.timeouts(),
        connection: Some(connection(config)),
        probe_interval_us: None,
        max_tps_per_1000: None,
        endpoints: config.connectors.iter().map(endpoint).collect(),
        servers: Vec::new(),
        labels: config.labels.clone(),
        failover: config.trigger.as_ref().map(|trigger| Failover {
            command: redact(&trigger.command),
            after_us: micros(trigger.after),
            every_us: None,
            count: None,
            heal_command: None,
            settle_us: None,
        }),
        load: config.load.as_ref().map(|load| LoadSettings {
            clients: load.clients,
            jobs: load.jobs,
            scale: load.scale,
            mode: load.mode.as_str().to_owned(),
            warmup_us: micros(load.warmup),
        }),
        parts: Vec::new(),
        dropped_rows: std::collections::BTreeMap::new(),
        write_failures: Vec::new(),
    }
}

/// How connections are made and kept. The TCP settings are the same on every path.
fn connection(config: &RunConfig) -> ConnectionSettings {
    let first = config.connectors.first();
    let tcp = first.map_or_else(TcpSettings::default, |connector| connector.endpoint().tcp);
    ConnectionSettings {
        tcp_keepalive_idle_us: tcp.keepalive_idle.map(micros),
        tcp_keepalive_interval_us: tcp.keepalive_interval.map(micros),
        tcp_keepalive_count: tcp.keepalive_count,
        tcp_user_timeout_us: tcp.user_timeout.map(micros),
        pool_min_idle: 0,
        pool_max_lifetime_us: None,
        pool_idle_check_us: None,
        on_read_only: "reconnect".to_owned(),
        reconnect_backoff_min_us: 0,
        reconnect_backoff_max_us: 0,
    }
}

fn endpoint(connector: &Connector) -> Endpoint {
    let endpoint = connector.endpoint();
    Endpoint {
        path: connector.path(),
        host: endpoint.host.clone(),
        port: endpoint.port,
        database: endpoint.database.clone(),
        user: endpoint.user.clone(),
        sslmode: endpoint.sslmode.as_str().to_owned(),
        reader: false,
    }
}

/// The letter of a path in order numbers, which must stay within 50 characters.
#[must_use]
pub(crate) const fn path_letter(path: Path) -> char {
    match path {
        Path::Direct => 'd',
        Path::Proxy => 'p',
    }
}
