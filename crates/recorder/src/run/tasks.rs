//! What runs during a recording, and how it stops.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::config::RunConfig;
use crate::connect::Connector;
use crate::failover::campaign::{CampaignRun, Outcome};
use crate::output::event_sink::EventSink;
use crate::output::live;
use crate::output::terminal;
use crate::pgbench::Running;
use crate::run::disk_watch;
use crate::run::workloads;
use crate::workload::Workload;

/// How long the end waits for a failover command that still runs.
const TRIGGER_GRACE: Duration = Duration::from_secs(10);
/// A wait this short gets no line.
const UNANNOUNCED: Duration = Duration::from_millis(100);

/// What runs during a recording.
pub(crate) struct Tasks {
    /// Turns true when the recording ends.
    stop: watch::Sender<bool>,
    workers: JoinSet<()>,
    probes: JoinSet<()>,
    /// They end by themselves once the recording stops: each question has its row then.
    availability: JoinSet<()>,
    trigger: Option<JoinHandle<()>>,
    /// Of the campaign, where there is one.
    pub(crate) outcome: Arc<Outcome>,
    loads: Vec<Running>,
    disk: JoinHandle<()>,
    live: JoinHandle<()>,
    /// Apart from the others' stop: the last view shows the rows that the workers write when they stop.
    live_stop: watch::Sender<bool>,
}

impl Tasks {
    /// Starts everything but pgbench, which runs since its warm-up.
    pub(crate) fn start(
        config: &RunConfig,
        workloads: &[Arc<Workload>],
        loads: Vec<Running>,
        sink: &EventSink,
        logs: PathBuf,
        start: Instant,
        stop: watch::Sender<bool>,
    ) -> Self {
        let mut workers = JoinSet::new();
        for workload in workloads {
            for worker in 0..config.workers {
                workers.spawn(Arc::clone(workload).work(worker, start, stop.subscribe()));
            }
            workloads::keep_ready(workload, config, &stop, &mut workers);
        }
        let (probes, availability) = start_probes(config, sink, &stop);
        let outcome = Arc::new(Outcome::default());
        let (live_stop, live_stopping) = watch::channel(false);
        let monitor = || Arc::clone(&sink.monitor);
        let handle = || sink.handle.clone();
        Self {
            workers,
            probes,
            availability,
            trigger: start_trigger(config, &outcome, sink, logs, start, stop.subscribe()),
            outcome,
            loads,
            disk: tokio::spawn(disk_watch::watch(
                handle(),
                monitor(),
                Arc::clone(&sink.log),
            )),
            live: tokio::spawn(live::run(
                monitor(),
                handle(),
                config.duration,
                live_stopping,
            )),
            live_stop,
            stop,
        }
    }

    /// Has the workers, probes and the trigger stop. Does not wait.
    pub(crate) fn stop(&mut self) {
        self.stop.send_replace(true);
        self.probes.abort_all();
    }

    /// Waits until every operation has its row; gives the number of workers that panicked.
    pub(crate) async fn join_workload(&mut self) -> u64 {
        let mut lost_workers = 0;
        while let Some(ended) = self.workers.join_next().await {
            lost_workers += u64::from(ended.is_err());
        }
        self.probes.shutdown().await;
        while self.availability.join_next().await.is_some() {}
        self.live_stop.send_replace(true);
        lost_workers
    }

    /// Waits for what ends after the workload: the live view, pgbench, the failover command.
    pub(crate) async fn join_others(&mut self, sink: &EventSink) {
        // A view that failed has nothing more to show.
        let _ = (&mut self.live).await;
        for load in self.loads.drain(..) {
            load.stop().await;
        }
        let Some(trigger) = &mut self.trigger else {
            return;
        };
        // A campaign that waits for its next failover ends at once.
        if timeout(UNANNOUNCED, &mut *trigger).await.is_ok() {
            return;
        }
        terminal::line(format!(
            "waiting up to {TRIGGER_GRACE:?} for the failover command to end (Ctrl-C skips the wait)"
        ));
        if timeout(TRIGGER_GRACE, trigger).await.is_err() {
            let text = "the failover command is still running; it is not stopped";
            sink.log.line(text);
            terminal::line(text);
        }
    }

    /// Kills every pgbench that still runs.
    pub(crate) fn drop_loads(&mut self) {
        self.loads.clear();
    }

    /// Stops what watches the disk; the recording is complete.
    pub(crate) fn end(self) {
        self.disk.abort();
    }
}

/// The probes, and the availability probes.
fn start_probes(
    config: &RunConfig,
    sink: &EventSink,
    stop: &watch::Sender<bool>,
) -> (JoinSet<()>, JoinSet<()>) {
    let availability = config.availability.as_ref();
    let is_asked = |connector: &Connector| {
        availability.is_some_and(|probes| !probes.kinds(connector).is_empty())
    };
    let mut probes = JoinSet::new();
    let names = config.probing.start(is_asked, sink, &mut probes);
    let asking = availability.map(|availability| availability.start(&names, sink, stop));
    (probes, asking.unwrap_or_default())
}

fn start_trigger(
    config: &RunConfig,
    outcome: &Arc<Outcome>,
    sink: &EventSink,
    logs: PathBuf,
    start: Instant,
    stop: watch::Receiver<bool>,
) -> Option<JoinHandle<()>> {
    let trigger = config.trigger.clone()?;
    let sink = sink.clone();
    Some(match config.campaign.clone() {
        None => tokio::spawn(trigger.run(start, logs, sink, stop)),
        Some(campaign) => {
            let campaign = CampaignRun {
                campaign,
                trigger,
                groups: config.operation_groups(),
                logs,
                sink,
                outcome: Arc::clone(outcome),
                stop,
            };
            tokio::spawn(campaign.run(start))
        }
    })
}
