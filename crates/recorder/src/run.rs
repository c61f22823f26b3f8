//! `recorder run`: check, begin, wait for the end, complete the recording.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Instant;

use command_line::duration::micros;
use recording::vocabulary::EventKind;
use recording::{
    Clock, ClockOffset, Completion, Event, RecordingWriter, RunId, Server, State, Timestamp,
    WriterOptions,
};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::cli::{EndpointArgs, RunArgs};
use crate::config::RunConfig;
use crate::connect::Connector;
use crate::database::{self, PathKeys};
use crate::draw::Draws;
use crate::error::RecorderError;
use crate::failover::Witnesses;
use crate::live::{self, Monitor};
use crate::logfile::Log;
use crate::observer::{Observer, describe};
use crate::pgbench::Running;
use crate::signals::Signals;
use crate::workload::Workload;
use crate::{clock_offset, disk, end, load, manifest, out, pool, report, say};

/// `recorder run`, as the user wrote it.
///
/// # Errors
/// As [`record`].
pub(crate) async fn run(endpoints: &EndpointArgs, args: RunArgs) -> Result<(), RecorderError> {
    record(RunConfig::new(endpoints, args)?, Clock::start()).await
}

/// Records what `config` says, all times on `clock`, and prints the recording's folder as the last line on stdout.
///
/// # Errors
/// [`RecorderError::Usage`] and [`RecorderError::NothingRecorded`] leave no folder behind; [`RecorderError::Failed`] says what
/// of the recording is lost.
pub async fn record(config: RunConfig, clock: Clock) -> Result<(), RecorderError> {
    out::probe(&config.out)?;
    config.notes.iter().for_each(say::line);
    let nothing = |error: std::io::Error| RecorderError::NothingRecorded(error.to_string());
    let mut signals = Signals::listen().map_err(nothing)?;
    let monitor = Monitor::new(config.mode.paths(), clock);
    let (stop, stopping) = watch::channel(false);
    let ready = async {
        if config.load.is_some() {
            load::find()?;
        }
        let checked = check(&config, clock).await?;
        Ok((
            checked,
            load::start(&config, &monitor, stopping.clone()).await?,
        ))
    };
    let (checked, loads) = tokio::select! {
        ready = ready => ready?,
        signal = signals.next() => {
            let text = format!("{signal} before the recording began: nothing is recorded");
            return Err(RecorderError::NothingRecorded(text));
        }
    };
    let recording = Recording::begin(config, clock, monitor, checked, loads, stop).await?;
    recording.run(&mut signals).await
}

/// What the check before the run found.
struct Checked {
    /// Of each path, in the order of the connectors.
    keys: Vec<PathKeys>,
    /// Of the paths whose server told its clock.
    offsets: Vec<ClockOffset>,
}

/// Connects to every path once, so that the user's mistakes are told before a folder is made.
async fn check(config: &RunConfig, clock: Clock) -> Result<Checked, RecorderError> {
    let (mut keys, mut offsets, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    for connector in &config.connectors {
        let limit = config.limits.operation;
        let (session, server) = database::connect(connector, limit).await?;
        keys.push(database::read_keys(connector, &session, limit).await?);
        // Before any load, pgbench's warm-up included: a busy host would measure worse.
        let deadline = tokio::time::Instant::now() + clock_offset::LIMIT_BEFORE;
        offsets.extend(clock_offset::measure(&session, connector.path(), clock, deadline).await);
        if let Some(server) = server {
            let note = match server.in_recovery {
                Some(true) => ": a reader refuses every write",
                _ => "",
            };
            let (path, endpoint) = (connector.path(), connector.endpoint());
            answered.push(format!("{path}: {endpoint} is {}{note}", describe(&server)));
        }
    }
    // Only now: a mistake on the second path is one line.
    answered.iter().for_each(say::line);
    Ok(Checked { keys, offsets })
}

/// A recording under way.
struct Recording {
    config: RunConfig,
    clock: Clock,
    monitor: Arc<Monitor>,
    log: Arc<Log>,
    writer: RecordingWriter,
    start: Instant,
    stop: watch::Sender<bool>,
    workloads: Vec<Arc<Workload>>,
    workers: JoinSet<()>,
    disk: JoinHandle<()>,
    live: JoinHandle<()>,
    live_stop: watch::Sender<bool>,
    trigger: Option<JoinHandle<()>>,
    loads: Vec<Running>,
    new_servers: mpsc::UnboundedReceiver<Server>,
}

impl Recording {
    /// Makes the folder and starts everything.
    async fn begin(
        config: RunConfig,
        clock: Clock,
        monitor: Arc<Monitor>,
        checked: Checked,
        mut loads: Vec<Running>,
        stop: watch::Sender<bool>,
    ) -> Result<Self, RecorderError> {
        let run_id = RunId::new(clock.now_us(), rand::random());
        let folder = config.out.join(run_id.as_str());
        let manifest = manifest::build(&config, &run_id, &clock, &checked.offsets);
        clock_offset::warn(&checked.offsets, manifest.start_time);
        let options = WriterOptions {
            sync_interval: config.sync_interval,
            clock: Some(clock),
            ..WriterOptions::default()
        };
        let writer = RecordingWriter::create(&folder, manifest, options)
            .map_err(|error| RecorderError::NothingRecorded(error.to_string()))?;
        let logs = folder.join("logs");
        let log = Arc::new(Log::create(&logs, clock).map_err(RecorderError::Failed)?);
        let (server_sender, new_servers) = mpsc::unbounded_channel();
        let observer = Observer::new(writer.handle(), Arc::clone(&log), server_sender);
        let workloads = workloads(
            &config,
            clock,
            &monitor,
            &writer,
            &observer,
            checked.keys,
            &run_id,
        )?;
        for load in &mut loads {
            load.begin_recording(writer.handle(), clock, &logs)
                .map_err(|error| RecorderError::Failed(error.to_string()))?;
        }
        report::begun(&config, &folder, &log);
        report::password_failures(&config, &monitor, &log);
        let paths = config.mode.paths();
        clock_offset::log(&checked.offsets, paths, "before the start", &log);
        warm_up(&workloads, config.workers).await;

        let start = Instant::now();
        let start_time = Timestamp(clock.at_us(start));
        writer.change_manifest(move |manifest| manifest.start_time = start_time);
        let mut workers = JoinSet::new();
        for workload in &workloads {
            for worker in 0..config.workers {
                workers.spawn(Arc::clone(workload).work(worker, stop.subscribe()));
            }
        }
        let trigger = config.trigger.clone().map(|trigger| {
            let witnesses = Witnesses {
                handle: writer.handle(),
                clock,
                monitor: Arc::clone(&monitor),
                log: Arc::clone(&log),
            };
            tokio::spawn(trigger.run(start, logs, witnesses, stop.subscribe()))
        });
        let disk = disk::watch(writer.handle(), Arc::clone(&monitor), Arc::clone(&log));
        let disk = tokio::spawn(disk);
        // Apart from the others' stop: the last view shows the rows that the workers write when they stop.
        let (live_stop, _) = watch::channel(false);
        let live = tokio::spawn(live::run(
            Arc::clone(&monitor),
            writer.handle(),
            config.duration,
            live_stop.subscribe(),
        ));
        Ok(Self {
            config,
            clock,
            monitor,
            log,
            writer,
            start,
            stop,
            workloads,
            workers,
            disk,
            live,
            live_stop,
            trigger,
            loads,
            new_servers,
        })
    }

    async fn run(mut self, signals: &mut Signals) -> Result<(), RecorderError> {
        let interrupted = self.wait(signals).await;
        self.workloads.iter().for_each(|workload| workload.close());
        self.stop.send_replace(true);
        let duration_us = micros(self.start.elapsed());
        if let Some(signal) = interrupted {
            self.log.line(&format!("{signal}: ending early"));
            self.writer.handle().event(Event {
                time: self.clock.now_us(),
                path: None,
                kind: EventKind::Interrupted,
                status: None,
                detail: signal.to_owned(),
            });
        }
        let mut lost_workers = 0;
        while let Some(ended) = self.workers.join_next().await {
            lost_workers += u64::from(ended.is_err());
        }
        self.live_stop.send_replace(true);
        self.note_new_servers();
        // Every operation has its row now. Whoever kills the recorder while it waits for others must find them in place.
        self.writer
            .change_manifest(move |manifest| manifest.duration_us = Some(duration_us));
        self.writer.seal();
        let closing = end::close(self.live, self.loads, self.trigger, &self.log);
        let (config, writer, log) = (&self.config, &self.writer, &self.log);
        // In place as soon as it is known: whoever does not want to wait for the others keeps it.
        let measuring = async {
            let offsets = clock_offset::measure_at_the_end(&config.connectors, self.clock).await;
            clock_offset::log(&offsets, config.mode.paths(), "at the end", log);
            writer.change_manifest(|manifest| manifest.clock.offsets.extend(offsets));
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(closing, measuring) } => {}
            signal = signals.next() => {
                self.log.line(&format!("{signal}: no longer waiting for pgbench and the failover command"));
            }
        }
        let completion = Completion {
            state: if interrupted.is_some() {
                State::Interrupted
            } else {
                State::Complete
            },
            duration_us,
            drift_us: self.clock.drift_us(),
        };
        let folder = self.writer.folder().to_path_buf();
        let writer = self.writer;
        let summary = end::finish(writer, completion, signals).await;
        self.disk.abort();
        report::ended(
            &self.config,
            &self.monitor,
            &self.log,
            completion,
            &summary,
            &folder,
        );
        self.log.close();
        let printed = say::result(folder.display());
        end::verdict(&summary, lost_workers).and(printed)
    }

    /// Writes into the manifest who answered first since the last time.
    fn note_new_servers(&mut self) {
        while let Ok(server) = self.new_servers.try_recv() {
            self.writer
                .change_manifest(move |manifest| manifest.servers.push(server));
        }
    }

    /// Until the duration is over, or a signal comes; its name.
    async fn wait(&mut self, signals: &mut Signals) -> Option<&'static str> {
        let end = tokio::time::Instant::from_std(self.start + self.config.duration);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end) => return None,
                signal = signals.next() => return Some(signal),
                Some(server) = self.new_servers.recv() => {
                    self.writer.change_manifest(move |manifest| manifest.servers.push(server));
                }
            }
        }
    }
}

/// Makes the connections that the workers will ask for: as many logins at once would look like a slow start of the service.
/// One that fails is made again by the operation that needs it, and is that one's failure.
async fn warm_up(workloads: &[Arc<Workload>], workers: u32) {
    let mut connecting = JoinSet::new();
    for workload in workloads {
        for _ in 0..workers.min(u32::try_from(workload.pool.status().max_size).unwrap_or(u32::MAX))
        {
            let workload = Arc::clone(workload);
            connecting.spawn(async move { workload.connect().await });
        }
    }
    // All are held until the last is made, or the same one would be handed out twice.
    connecting.join_all().await;
}

fn workloads(
    config: &RunConfig,
    clock: Clock,
    monitor: &Arc<Monitor>,
    writer: &RecordingWriter,
    observer: &Arc<Observer>,
    keys: Vec<PathKeys>,
    run_id: &RunId,
) -> Result<Vec<Arc<Workload>>, RecorderError> {
    let draws = Draws::new(config.seed, config.weights);
    let workload = |(connector, keys): (&Connector, PathKeys)| {
        let path = connector.path();
        let pool = pool::build(
            connector.clone(),
            clock,
            config.pool_size,
            observer.on_attempt(),
        )
        .map_err(RecorderError::Failed)?;
        Ok(Arc::new(Workload {
            path,
            pool,
            users: keys.users,
            products: keys.products,
            draws,
            schedule: config.schedule,
            limits: config.limits,
            identity_prefix: format!("{run_id}-{}", manifest::path_letter(path)),
            last_operation: AtomicI64::new(0),
            clock,
            handle: writer.handle(),
            monitor: Arc::clone(monitor),
        }))
    };
    config.connectors.iter().zip(keys).map(workload).collect()
}
