//! The workloads of all paths: making them, and the connections that they begin with.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Instant;

use recording::{Clock, RecordingWriter, RunId, identity_prefix};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::RunConfig;
use crate::connect::Connector;
use crate::definition::keys::PathKeys;
use crate::monitor::Monitor;
use crate::output::event_sink::EventSink;
use crate::pool::min_idle;
use crate::pool::{self, Plan};
use crate::run::connection_log::Observer;
use crate::workload::Workload;
use crate::workload::draws::Draws;
use crate::workload::pacer::Pacer;
use crate::workload::queue::{self, Queue};
use crate::workload::schedule::Schedule;
use crate::workload::turns::Turns;

/// Makes the connections that the workers will ask for: as many logins at once would look like a slow start of the service.
/// One that fails is made again by the operation that needs it, and is that one's failure.
pub(crate) async fn warm_up(workloads: &[Arc<Workload>], workers: u32) {
    let mut connecting = JoinSet::new();
    for workload in workloads {
        for pool in workload.pools() {
            let size = u32::try_from(pool.status().max_size).unwrap_or(u32::MAX);
            for _ in 0..workers.min(size) {
                let (workload, pool) = (Arc::clone(workload), pool.clone());
                connecting.spawn(async move { workload.connect(&pool).await });
            }
        }
    }
    // All are held until the last is made, or the same one would be handed out twice.
    connecting.join_all().await;
}

/// The workload of each path; none has connected yet.
///
/// # Errors
/// One line where a pool can't be made.
pub(crate) fn make(
    config: &RunConfig,
    clock: Clock,
    monitor: &Arc<Monitor>,
    writer: &RecordingWriter,
    observer: &Arc<Observer>,
    keys: Vec<PathKeys>,
    run_id: &RunId,
) -> Result<Vec<Arc<Workload>>, String> {
    let draws = Draws::new(config.seed, config.workload, config.weights);
    let pacer = config.max_tps.map(|tps| Arc::new(Pacer::new(tps)));
    let turns = || match config.schedule {
        Schedule::Closed(schedule) => Turns::Closed {
            schedule,
            pacer: pacer.clone(),
            last_operation: AtomicI64::new(0),
        },
        Schedule::Open(schedule) => {
            Turns::Open(Arc::new(Queue::new(schedule.arrivals(draws.arrivals()))))
        }
    };
    let workload = |(connector, keys): (&Connector, PathKeys)| {
        let path = connector.path();
        let last_id = Arc::new(AtomicI64::new(0));
        let pool = |connector: &Connector| {
            pool::build(Plan {
                // What the check met is not known to the pool.
                connector: connector.without_memory(),
                clock,
                size: config.pool_size,
                settings: config.pool,
                protocol: config.protocol,
                check_limit: config.connect_limit,
                last_id: Arc::clone(&last_id),
                random: draws.pool(path, connector.is_reader()),
                on_attempt: observer.on_attempt(),
            })
        };
        Ok(Arc::new(Workload {
            path,
            pool: pool(connector)?,
            reader_pool: config.reader(path).map(pool).transpose()?,
            protocol: config.protocol,
            on_read_only: config.pool.on_read_only,
            keys,
            draws: draws.clone(),
            turns: turns(),
            limits: config.limits,
            identity_prefix: identity_prefix(run_id.as_str(), path),
            clock,
            handle: writer.handle(),
            monitor: Arc::clone(monitor),
        }))
    };
    config.connectors.iter().zip(keys).map(workload).collect()
}

/// Has the operations of an open loop arrive, the same on all paths.
pub(crate) fn let_in(
    config: &RunConfig,
    workloads: &[Arc<Workload>],
    sink: &EventSink,
    start: Instant,
    stop: &watch::Sender<bool>,
) {
    let Schedule::Open(schedule) = config.schedule else {
        return;
    };
    let arrivals =
        schedule.arrivals(Draws::new(config.seed, config.workload, config.weights).arrivals());
    let duration = config.duration;
    // One at the very end is none of the recording.
    let arrivals = arrivals.take_while(move |after| *after < duration);
    let queues = workloads
        .iter()
        .filter_map(|workload| workload.turns.queue());
    queue::let_in(
        queues.cloned().collect(),
        arrivals,
        start,
        stop.subscribe(),
        sink.clone(),
    );
}

/// Starts among `workers` who keeps idle connections of a path ready, where they are asked for.
pub(crate) fn keep_ready(
    workload: &Workload,
    config: &RunConfig,
    stop: &watch::Sender<bool>,
    workers: &mut JoinSet<()>,
) {
    let (min_idle, limit) = (config.pool.min_idle as usize, config.limits.operation);
    for pool in workload.pools().filter(|_| min_idle > 0) {
        let pool = pool.clone();
        workers.spawn(min_idle::keep_ready(
            pool,
            min_idle,
            limit,
            stop.subscribe(),
        ));
    }
}
