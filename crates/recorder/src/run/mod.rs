//! `recorder run`: check, begin, wait for the end, complete the recording.

mod connection_log;
mod disk_watch;
mod end;
mod manifest;
mod output_dir;
mod pgbench;
mod preflight;
mod report;
mod signals;
mod workloads;

use std::sync::Arc;
use std::time::Instant;

use command_line::duration::micros;
use recording::vocabulary::EventKind;
use recording::{
    Clock, Completion, Event, RecordingWriter, RunId, Server, State, Timestamp, WriterOptions,
};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::cli::{EndpointArgs, RunArgs};
use crate::config::RunConfig;
use crate::config::descriptors;
use crate::database::clock_offset;
use crate::error::RecorderError;
use crate::failover::campaign::{Course, Ending};
use crate::mark::Marks;
use crate::monitor::Monitor;
use crate::output::event_sink::EventSink;
use crate::output::live;
use crate::output::log::Log;
use crate::output::terminal;
use crate::pgbench::Running;
use crate::run::connection_log::Observer;
use crate::run::preflight::Checked;
use crate::run::signals::Signals;
use crate::workload::Workload;

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
    let nothing = |error: std::io::Error| RecorderError::NothingRecorded(error.to_string());
    let mut signals = Signals::listen().map_err(nothing)?;
    // Known before the first connection: every session is called after it.
    let run_id = RunId::new(clock.now_us(), rand::random());
    let config = config.named(&run_id);
    if let Err(too_few) = descriptors::raise(config.descriptors()) {
        let line = format!("{}; {}", too_few.found(), too_few.remedy());
        // --skip-check asks for a run whatever a check would say.
        match too_few.is_hopeless() && !config.skip_check {
            true => return Err(RecorderError::Usage(line)),
            false => terminal::line(format!("warning: {line}")),
        }
    }
    output_dir::probe(&config.out)?;
    config.notes.iter().for_each(terminal::line);
    let monitor = Monitor::new(config.mode.paths(), clock);
    for reader in &config.readers {
        monitor.reads_go_apart(reader.path());
    }
    let (stop, stopping) = watch::channel(false);
    let ready = async {
        if config.load.is_some() {
            pgbench::find()?;
        }
        let checked = Checked::look(&config, clock).await?;
        Ok((
            checked,
            pgbench::start(&config, &monitor, stopping.clone()).await?,
        ))
    };
    let (checked, loads) = tokio::select! {
        ready = ready => ready?,
        signal = signals.next() => {
            let text = format!("{signal} before the recording started: nothing was recorded");
            return Err(RecorderError::NothingRecorded(text));
        }
    };
    let recording = Recording::begin(config, run_id, clock, monitor, checked, loads, stop).await?;
    recording.run(&mut signals).await
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
    /// Of the campaign, where there is one.
    ending: Arc<Ending>,
    loads: Vec<Running>,
    probes: JoinSet<()>,
    marks: Marks,
    observer: Arc<Observer>,
    new_servers: mpsc::UnboundedReceiver<Server>,
}

impl Recording {
    /// Makes the folder and starts everything.
    async fn begin(
        config: RunConfig,
        run_id: RunId,
        clock: Clock,
        monitor: Arc<Monitor>,
        checked: Checked,
        mut loads: Vec<Running>,
        stop: watch::Sender<bool>,
    ) -> Result<Self, RecorderError> {
        let folder = config.out.join(run_id.as_str());
        let manifest = manifest::build(
            &config,
            &run_id,
            &clock,
            &checked.offsets,
            &checked.tls_errors,
        );
        clock_offset::warn(&checked.offsets, manifest.start_time);
        let options = WriterOptions {
            sync_interval: config.sync_interval,
            clock: Some(clock),
            ..WriterOptions::default()
        };
        let writer = RecordingWriter::create(&folder, manifest, options)
            .map_err(|error| output_dir::not_begun(&config.out, &error))?;
        let logs = folder.join("logs");
        let (server_sender, new_servers) = mpsc::unbounded_channel();
        let prepare = || -> Result<_, String> {
            let log = Arc::new(Log::create(&logs, clock)?);
            let sink = EventSink {
                handle: writer.handle(),
                clock,
                monitor: Arc::clone(&monitor),
                log: Arc::clone(&log),
            };
            let marks = Marks::watch(&folder, sink.clone())
                .map_err(|error| format!("marks are not possible: {error}"))?;
            let observer = Observer::new(writer.handle(), Arc::clone(&log), server_sender);
            let workloads = workloads::make(
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
                    .map_err(|error| error.to_string())?;
            }
            Ok((log, sink, marks, observer, workloads))
        };
        let (log, sink, marks, observer, workloads) = match prepare() {
            Ok(prepared) => prepared,
            Err(error) => {
                writer.discard();
                return Err(output_dir::not_begun(&config.out, &error));
            }
        };
        report::begun(&config, &folder, &checked.round_trips, &log);
        report::password_failures(&config, &monitor, &log);
        let paths = config.mode.paths();
        clock_offset::log(&checked.offsets, paths, "before the start", &log);
        workloads::warm_up(&workloads, config.workers).await;

        let start = Instant::now();
        let start_time = Timestamp(clock.at_us(start));
        writer.change_manifest(move |manifest| manifest.start_time = start_time);
        let mut workers = JoinSet::new();
        for workload in &workloads {
            for worker in 0..config.workers {
                workers.spawn(Arc::clone(workload).work(worker, stop.subscribe()));
            }
            workloads::keep_ready(workload, &config, &stop, &mut workers);
        }
        let probing = config.probing.as_ref();
        let probes = probing.map_or_else(JoinSet::new, |probing| probing.start(&sink));
        let ending = Arc::new(Ending::default());
        let trigger = config.trigger.clone().map(|trigger| {
            let sink = EventSink {
                handle: writer.handle(),
                clock,
                monitor: Arc::clone(&monitor),
                log: Arc::clone(&log),
            };
            let stop = stop.subscribe();
            match config.campaign.clone() {
                None => tokio::spawn(trigger.run(start, logs, sink, stop)),
                Some(campaign) => {
                    let course = Course {
                        campaign,
                        trigger,
                        asked: config.asked(),
                        logs,
                        sink,
                        ending: Arc::clone(&ending),
                        stop,
                    };
                    tokio::spawn(course.run(start))
                }
            }
        });
        let disk = disk_watch::watch(writer.handle(), Arc::clone(&monitor), Arc::clone(&log));
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
            ending,
            loads,
            probes,
            marks,
            observer,
            new_servers,
        })
    }

    async fn run(mut self, signals: &mut Signals) -> Result<(), RecorderError> {
        let interrupted = self.wait(signals).await;
        self.workloads.iter().for_each(|workload| workload.close());
        self.stop.send_replace(true);
        self.probes.abort_all();
        let duration_us = micros(self.start.elapsed());
        if let Some(signal) = interrupted {
            self.log
                .line(&format!("{signal}: ending the recording early"));
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
        self.probes.shutdown().await;
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
                self.log.line(&format!("{signal}: not waiting any longer for pgbench and the failover command"));
            }
        }
        self.marks.close().await;
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
            self.ending.text(),
        );
        report::shortages(&self.config, &self.monitor, &self.observer, &self.log);
        self.log.close();
        let printed = terminal::result(folder.display());
        end::verdict(&summary, lost_workers).and(printed)
    }

    /// Writes into the manifest who answered first since the last time.
    fn note_new_servers(&mut self) {
        while let Ok(server) = self.new_servers.try_recv() {
            self.writer
                .change_manifest(move |manifest| manifest.servers.push(server));
        }
    }

    /// Until the duration or the campaign is over, or a signal comes; its name.
    async fn wait(&mut self, signals: &mut Signals) -> Option<&'static str> {
        let end = tokio::time::Instant::from_std(self.start + self.config.duration);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end) => return None,
                () = self.ending.over() => return None,
                signal = signals.next() => return Some(signal),
                Some(server) = self.new_servers.recv() => {
                    self.writer.change_manifest(move |manifest| manifest.servers.push(server));
                }
            }
        }
    }
}
