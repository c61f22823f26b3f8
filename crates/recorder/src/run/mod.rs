//! `recorder run`: check, begin, wait for the end, complete the recording.

mod audit_at_end;
mod availability;
mod connection_log;
mod disk_watch;
mod end;
mod manifest;
mod output_dir;
mod pauses;
mod pgbench;
mod preflight;
mod report;
mod signals;
mod tasks;
mod workloads;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use command_line::duration::micros;
use recording::vocabulary::EventKind;
use recording::{
    Clock, Completion, Event, Manifest, RecordingWriter, RunId, Server, State, Timestamp,
    WriterOptions,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

use crate::cli::{EndpointArgs, RunArgs};
use crate::config::RunConfig;
use crate::config::descriptors;
use crate::database::clock_offset;
use crate::definition::keys::PathKeys;
use crate::error::RecorderError;
use crate::mark::Marks;
use crate::monitor::Monitor;
use crate::output::event_sink::EventSink;
use crate::output::log::Log;
use crate::output::terminal;
use crate::pgbench::Running;
use crate::run::connection_log::Observer;
use crate::run::pauses::{Pauses, Watch};
use crate::run::preflight::Checked;
use crate::run::signals::Signals;
use crate::run::tasks::Tasks;
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
        let checked = Checked::look(&config, &run_id, clock).await?;
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
    let recording = PreparedRun::prepare(config, &run_id, clock, monitor, checked, loads)?;
    recording.run(stop, &mut signals).await
}

/// A recording that has its folder.
struct PreparedRun {
    config: RunConfig,
    writer: RecordingWriter,
    equipment: Equipment,
    loads: Vec<Running>,
}

/// How the workload ended.
struct Ended {
    state: State,
    duration_us: i64,
    /// Workers that panicked.
    lost_workers: u64,
    pauses: Pauses,
    /// The signal that ended the wait for what ends after the workload.
    hurried: Option<&'static str>,
}

/// What a recording writes with, next to its writer.
struct Equipment {
    sink: EventSink,
    marks: Marks,
    observer: Arc<Observer>,
    new_servers: UnboundedReceiver<Server>,
    workloads: Vec<Arc<Workload>>,
}

impl Equipment {
    /// # Errors
    /// One line, where a file can't be made.
    fn new(
        config: &RunConfig,
        run_id: &RunId,
        clock: Clock,
        monitor: Arc<Monitor>,
        keys: Vec<PathKeys>,
        writer: &RecordingWriter,
    ) -> Result<Self, String> {
        let sink = EventSink {
            handle: writer.handle(),
            clock,
            monitor,
            log: Arc::new(Log::create(&logs(writer), clock)?),
        };
        let marks = Marks::watch(writer.folder(), sink.clone())
            .map_err(|error| format!("marks are not possible: {error}"))?;
        let (server_sender, new_servers) = unbounded_channel();
        let observer = Observer::new(writer.handle(), Arc::clone(&sink.log), server_sender);
        let monitor = &sink.monitor;
        let workloads = workloads::make(config, clock, monitor, writer, &observer, keys, run_id)?;
        Ok(Self {
            sink,
            marks,
            observer,
            new_servers,
            workloads,
        })
    }
}

/// The folder of texts for people.
fn logs(writer: &RecordingWriter) -> PathBuf {
    writer.folder().join("logs")
}

impl PreparedRun {
    /// Makes the folder and what writes into it. No operation runs yet.
    fn prepare(
        mut config: RunConfig,
        run_id: &RunId,
        clock: Clock,
        monitor: Arc<Monitor>,
        checked: Checked,
        mut loads: Vec<Running>,
    ) -> Result<Self, RecorderError> {
        let Checked {
            keys,
            baseline,
            offsets,
            round_trips,
            tls_errors,
            lacks,
        } = checked;
        let left_out = lacks.leave_out(&mut config);
        let manifest = Manifest {
            baseline,
            ..manifest::build(&config, run_id, &clock, &offsets, &tls_errors)
        };
        clock_offset::warn(&offsets, manifest.start_time);
        let options = WriterOptions {
            sync_interval: config.sync_interval,
            clock: Some(clock),
            ..WriterOptions::default()
        };
        let writer = RecordingWriter::create(&config.out.join(run_id.as_str()), manifest, options)
            .map_err(|error| output_dir::not_begun(&config.out, &error))?;
        let equipped =
            Equipment::new(&config, run_id, clock, monitor, keys, &writer).and_then(|equipment| {
                for load in &mut loads {
                    load.begin_recording(writer.handle(), clock, &logs(&writer))
                        .map_err(|error| error.to_string())?;
                }
                Ok(equipment)
            });
        let equipment = match equipped {
            Ok(equipment) => equipment,
            Err(error) => {
                writer.discard();
                return Err(output_dir::not_begun(&config.out, &error));
            }
        };
        let EventSink { monitor, log, .. } = &equipment.sink;
        report::begun(&config, writer.folder(), &round_trips, log);
        report::availability(&config, left_out.as_deref(), log);
        report::password_failures(&config, monitor, log);
        clock_offset::log(&offsets, config.mode.paths(), "before the start", log);
        Ok(Self {
            config,
            writer,
            equipment,
            loads,
        })
    }

    /// Runs the workload until its end, and completes the recording.
    async fn run(
        mut self,
        stop: watch::Sender<bool>,
        signals: &mut Signals,
    ) -> Result<(), RecorderError> {
        let (config, sink) = (&self.config, &self.equipment.sink);
        let workloads = &self.equipment.workloads;
        workloads::warm_up(workloads, config.workers).await;

        let start = Instant::now();
        let start_time = Timestamp(sink.clock.at_us(start));
        self.writer
            .change_manifest(move |manifest| manifest.start_time = start_time);
        let pauses = Watch::start(sink.clone(), start);
        let (loads, logs) = (std::mem::take(&mut self.loads), logs(&self.writer));
        workloads::let_in(config, workloads, sink, start, &stop);
        let mut tasks = Tasks::start(config, workloads, loads, sink, logs, start, stop);
        let interrupted = self.wait(start, &tasks, signals).await;
        let workloads = &self.equipment.workloads;
        workloads.iter().for_each(|workload| workload.close());
        tasks.stop();
        let end = Instant::now();
        let duration_us = micros(end.saturating_duration_since(start));
        let sink = &self.equipment.sink;
        sink.monitor.end(sink.clock.at_us(end));
        if let Some(signal) = interrupted {
            self.record_signal(signal);
        }
        let lost_workers = tasks.join_workload().await;
        for workload in &self.equipment.workloads {
            workload.record_waiting(start).await;
        }
        let lags = self.equipment.sink.monitor.schedule_lags();
        self.writer
            .change_manifest(move |manifest| manifest.schedule_lag = lags);
        let pauses = pauses.end().await;
        self.note_new_servers();
        // Every operation has its row now. Should the recorder be killed while it waits for others, they are in place.
        self.writer
            .change_manifest(move |manifest| manifest.duration_us = Some(duration_us));
        self.writer.seal();
        let hurried = self.wait_for_others(&mut tasks, signals).await;
        let state = match interrupted {
            Some(_) => State::Interrupted,
            None => State::Complete,
        };
        let ended = Ended {
            state,
            duration_us,
            lost_workers,
            pauses,
            hurried,
        };
        self.complete(tasks, ended, signals).await
    }

    /// Until the duration or the campaign is over, or a signal comes; its name.
    async fn wait(
        &mut self,
        start: Instant,
        tasks: &Tasks,
        signals: &mut Signals,
    ) -> Option<&'static str> {
        let end = tokio::time::Instant::from_std(start + self.config.duration);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end) => return None,
                () = tasks.outcome.finished() => return None,
                signal = signals.next() => return Some(signal),
                Some(server) = self.equipment.new_servers.recv() => {
                    self.writer.change_manifest(move |manifest| manifest.servers.push(server));
                }
            }
        }
    }

    fn record_signal(&self, signal: &str) {
        let sink = &self.equipment.sink;
        sink.log
            .line(&format!("{signal}: ending the recording early"));
        sink.handle.event(Event {
            time: sink.clock.now_us(),
            path: None,
            kind: EventKind::Interrupted,
            duration_us: None,
            status: None,
            detail: signal.to_owned(),
        });
    }

    /// Writes into the manifest the servers that answered first since the last time.
    fn note_new_servers(&mut self) {
        while let Ok(server) = self.equipment.new_servers.try_recv() {
            self.writer
                .change_manifest(move |manifest| manifest.servers.push(server));
        }
    }

    /// Measures the clocks once more, and waits for what ends after the workload, until a signal comes; its name.
    async fn wait_for_others(
        &self,
        tasks: &mut Tasks,
        signals: &mut Signals,
    ) -> Option<&'static str> {
        let (config, sink) = (&self.config, &self.equipment.sink);
        // In the manifest as soon as it is measured: a signal then takes only the wait for the others away.
        let measuring = async {
            let offsets = clock_offset::measure_at_the_end(&config.connectors, sink.clock).await;
            clock_offset::log(&offsets, config.mode.paths(), "at the end", &sink.log);
            self.writer
                .change_manifest(|manifest| manifest.clock.offsets.extend(offsets));
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(tasks.join_others(sink), measuring) } => None,
            signal = signals.next() => {
                // Dropped, each pgbench ends now: what follows may wait for a disk.
                tasks.drop_loads();
                sink.log.line(&format!("{signal}: not waiting any longer for pgbench and the failover command"));
                Some(signal)
            }
        }
    }

    async fn complete(
        self,
        tasks: Tasks,
        ended: Ended,
        signals: &mut Signals,
    ) -> Result<(), RecorderError> {
        let Equipment {
            sink,
            marks,
            observer,
            ..
        } = self.equipment;
        marks.close().await;
        let completion = Completion {
            state: ended.state,
            duration_us: ended.duration_us,
            drift_us: sink.clock.drift_us(),
        };
        let folder = self.writer.folder().to_path_buf();
        let summary = end::seal(self.writer, completion, &folder, signals).await;
        let campaign = tasks.outcome.text();
        tasks.end();
        let (config, EventSink { monitor, log, .. }) = (&self.config, &sink);
        report::ended(
            config, monitor, log, completion, &summary, &folder, campaign,
        );
        report::shortages(config, monitor, &observer, log);
        report::schedule_lag(monitor, log);
        report::pauses(ended.pauses, log);
        audit_at_end::run(config, &folder, &summary, ended.hurried, log, signals).await;
        report::next(&folder);
        log.close();
        let printed = terminal::result(folder.display());
        end::exit(&summary, ended.lost_workers).and(printed)
    }
}
