//! What a run shall do: the command line, checked as a whole.

pub(crate) mod descriptors;
mod failovers;
mod paths;
mod pool;
pub(crate) mod schedule;
pub mod weights;

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use command_line::duration::micros;
use recording::vocabulary::Path;
use recording::{Mode, RunId, Timeouts, Weights};

use crate::availability::{Asking, Availability};
use crate::cli::{EndpointArgs, RunArgs};
use crate::config::descriptors::Needed;
use crate::connect::Connector;
use crate::connect::application_name;
use crate::definition::Definition;
use crate::error::RecorderError;
use crate::failover::Trigger;
use crate::failover::campaign::{Campaign, OperationGroup};
use crate::pgbench::{LoadMode, LoadOptions};
use crate::pool::settings::PoolSettings;
use crate::probe::Probing;
use crate::sql::protocol::Protocol;
use crate::text::redact;
use crate::workload::Limits;
use crate::workload::schedule::{ClosedLoop, Schedule};
use failovers::{campaign, duration, trigger};
use paths::check_same_tcp;
pub use paths::maintenance_connector;
pub(crate) use paths::{audit_connector, connect_limit, connectors, readers};

/// A run, checked.
#[derive(Clone)]
pub struct RunConfig {
    /// Which paths.
    pub mode: Mode,
    /// How long; with a campaign that ends the recording by itself, the longest.
    pub duration: Duration,
    /// False where the user gave no duration and the campaign's end is the recording's.
    pub is_duration_asked: bool,
    /// Workers per path: operations that may run at once.
    pub workers: u32,
    /// What runs.
    pub workload: &'static Definition,
    /// Shares of the types, adding up to 100.
    pub weights: Weights,
    /// What was changed of what the user asked for, in words.
    pub notes: Vec<String>,
    /// When operations begin.
    pub schedule: Schedule,
    /// Time at the beginning that figures leave out.
    pub warm_up: Option<Duration>,
    /// Seed of the operations.
    pub seed: u64,
    /// Connections per path.
    pub pool_size: usize,
    /// How they are kept.
    pub pool: PoolSettings,
    /// How statements are sent.
    pub protocol: Protocol,
    /// Limits on operations.
    pub limits: Limits,
    /// Limit on each phase of connecting.
    pub connect_limit: Duration,
    /// Folder of recordings.
    pub out: PathBuf,
    /// How often the journal is made durable.
    pub sync_interval: Duration,
    /// Label of this machine.
    pub host: String,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
    /// The failover trigger.
    pub trigger: Option<Trigger>,
    /// Repeats the trigger.
    pub campaign: Option<Campaign>,
    /// Operations that may begin per second, all paths together.
    pub max_tps: Option<f64>,
    /// Only what the run can't do without is checked before it.
    pub skip_check: bool,
    /// pgbench.
    pub load: Option<LoadOptions>,
    /// How long the audit at the end waits; `None` where there is none.
    pub audit_wait: Option<Duration>,
    /// A connector for each path of the mode.
    pub connectors: Vec<Connector>,
    /// A connector for the reads of each path that has an endpoint for them.
    pub readers: Vec<Connector>,
    /// Probes of the paths.
    pub probing: Probing,
    /// Availability probes, where they are wanted.
    pub availability: Option<Availability>,
}

impl RunConfig {
    /// Checks the command line as a whole. Connects to nothing.
    ///
    /// # Errors
    /// [`RecorderError::Usage`], one line.
    pub fn new(endpoints: &EndpointArgs, args: RunArgs) -> Result<Self, RecorderError> {
        let mode = args.mode.mode();
        let mut notes = Vec::new();
        let workload = workload(args.workload.file.path())?;
        let weights = normal_weights(workload, &args, &mut notes)?;
        let campaign = campaign(&args.campaign)?;
        let duration = duration(&args, campaign.as_ref());
        check_times(&args, duration)?;
        let trigger = trigger(&args, duration, campaign.as_ref())?;
        let warm_up = warm_up(&args, duration, trigger.as_ref())?;
        let load = load(&args)?;
        notes.extend(notes_on_rates(&args, duration));
        let labels = labels(&args.labels, &mut notes)?;
        let pool = PoolSettings::new(&args.pool, args.pool_size).map_err(RecorderError::usage)?;
        let connect_limit = connect_limit(endpoints, mode.paths(), args.connect_timeout)?;
        let connectors = connectors(endpoints, mode.paths(), connect_limit)?;
        let readers = readers(endpoints, &connectors, connect_limit)?;
        check_same_tcp(connectors.iter().chain(&readers))?;
        if load.is_some() {
            check_no_choice(&connectors)?;
        }
        let (probing, availability) = probes(&args, weights, &connectors, &readers)?;
        Ok(Self {
            mode,
            duration,
            is_duration_asked: args.duration.is_some()
                || campaign
                    .as_ref()
                    .is_none_or(|campaign| campaign.count.is_none()),
            workload,
            workers: schedule::workers(&args.open_loop, args.concurrent_workers),
            weights,
            notes,
            schedule: schedule::schedule(&args.open_loop, think_times(&args)),
            warm_up,
            seed: args.seed.unwrap_or_else(rand::random),
            pool_size: args.pool_size as usize,
            pool,
            protocol: args.pool.protocol,
            limits: Limits {
                operation: args.operation_timeout,
                pool: args.pool_timeout,
            },
            connect_limit,
            out: args.out,
            sync_interval: args.sync_interval,
            host: host(args.host)?,
            labels,
            trigger,
            campaign,
            max_tps: args.safety.max_tps,
            skip_check: args.safety.skip_check,
            audit_wait: (!args.audit.no_audit).then_some(args.audit.audit_wait),
            load,
            connectors,
            readers,
            probing,
            availability,
        })
    }

    /// The same, all its sessions called after the run in `pg_stat_activity`. Connectors are made from the command line, which knows no run yet.
    #[must_use]
    pub(crate) fn named(mut self, run_id: &RunId) -> Self {
        let name = |connector: Connector| {
            let name = application_name::of_run(run_id.as_str(), connector.path());
            connector.named(name)
        };
        self.connectors = self.connectors.into_iter().map(name).collect();
        self.readers = self.readers.into_iter().map(name).collect();
        self.probing = self.probing.named(name);
        self.availability = self.availability.map(|probes| probes.named(name));
        self
    }

    /// True where the workload writes at all.
    #[must_use]
    pub(crate) fn writes(&self) -> bool {
        has_writes(self.weights)
    }

    /// The file descriptors that the run takes.
    #[must_use]
    pub(crate) fn descriptors(&self) -> Needed {
        descriptors::needed(descriptors::Users {
            endpoints: self.connectors.len() + self.readers.len(),
            connections: descriptors::of_pool(self.workers, self.pool_size, self.pool.min_idle),
            loads: match self.load {
                Some(_) => self.connectors.len(),
                None => 0,
            },
            pgbench_clients: self.load.as_ref().map_or(0, |load| load.clients as usize),
            probes: self.availability.as_ref().map_or(0, Availability::count),
        })
    }

    /// Every endpoint: those of the paths, then those of their reads.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Connector> {
        self.connectors.iter().chain(&self.readers)
    }

    /// The connector of a path's reads, where they have an endpoint of their own.
    #[must_use]
    pub fn reader(&self, path: Path) -> Option<&Connector> {
        self.readers.iter().find(|reader| reader.path() == path)
    }

    /// The groups of operations that the weights give a share, on each path.
    pub(crate) fn operation_groups(&self) -> Vec<OperationGroup> {
        let writes = self.writes();
        let groups = [(true, self.weights.read > 0.0), (false, writes)];
        let of_path = |path: &Path| {
            let path = *path;
            let groups = groups.iter().filter(|(_, has_share)| *has_share);
            groups.map(move |(reads, _)| OperationGroup {
                path,
                reads: *reads,
            })
        };
        self.mode.paths().iter().flat_map(of_path).collect()
    }

    /// The limits as they stand in the manifest.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        Timeouts {
            connect_us: micros(self.connect_limit),
            pool_us: micros(self.limits.pool),
            operation_us: micros(self.limits.operation),
        }
    }
}

/// The workload of a file, or the built-in one.
///
/// # Errors
/// [`RecorderError::Usage`], one line.
pub(crate) fn workload(file: Option<&FilePath>) -> Result<&'static Definition, RecorderError> {
    match file {
        Some(file) => Definition::of_file(file).map_err(RecorderError::Usage),
        None => Ok(Definition::shop()),
    }
}

fn has_writes(weights: Weights) -> bool {
    weights.write + weights.transaction > 0.0
}

/// The probes, and the availability probes where they are wanted.
fn probes(
    args: &RunArgs,
    weights: Weights,
    connectors: &[Connector],
    readers: &[Connector],
) -> Result<(Probing, Option<Availability>), RecorderError> {
    let endpoints = || connectors.iter().chain(readers);
    let probing = Probing::new(&args.probe, endpoints()).map_err(RecorderError::usage)?;
    let asking = Asking::new(&args.availability, has_writes(weights));
    let asking = asking.map_err(RecorderError::usage)?;
    let availability = asking.map(|asking| Availability::new(asking, endpoints()));
    Ok((probing, availability))
}

fn normal_weights(
    workload: &Definition,
    args: &RunArgs,
    notes: &mut Vec<String>,
) -> Result<Weights, RecorderError> {
    if !workload.is_shop() {
        return Ok(workload.weights());
    }
    let normal = weights::normalise(
        args.workload.read_weight,
        args.workload.write_weight,
        args.workload.transaction_weight,
    )
    .map_err(RecorderError::usage)?;
    let weights = normal.weights;
    if normal.changed {
        notes.push(format!(
            "the weights do not add up to 100; normalised to read {:.1} %, write {:.1} %, transaction {:.1} %",
            weights.read, weights.write, weights.transaction
        ));
    }
    Ok(weights)
}

fn check_times(args: &RunArgs, duration: Duration) -> Result<(), RecorderError> {
    if args.min_operation_interval > args.max_operation_interval {
        return Err(RecorderError::usage(format!(
            "--min-operation-interval {:?} is longer than --max-operation-interval {:?}",
            args.min_operation_interval, args.max_operation_interval
        )));
    }
    for (flag, time) in [
        ("--duration", duration),
        ("--operation-timeout", args.operation_timeout),
        ("--pool-timeout", args.pool_timeout),
    ] {
        if time.is_zero() {
            return Err(RecorderError::usage(format!(
                "{flag} 0: must be longer than 0"
            )));
        }
    }
    Ok(())
}

fn think_times(args: &RunArgs) -> ClosedLoop {
    ClosedLoop {
        min_interval: args.min_operation_interval,
        max_interval: args.max_operation_interval,
    }
}

fn warm_up(
    args: &RunArgs,
    duration: Duration,
    trigger: Option<&Trigger>,
) -> Result<Option<Duration>, RecorderError> {
    let warm_up = args.warm_up.warm_up;
    for (flag, time) in [
        ("--duration", Some(duration)),
        ("--failover-after", trigger.map(|trigger| trigger.after)),
    ] {
        if let Some(time) = time.filter(|time| *time <= warm_up && !warm_up.is_zero()) {
            return Err(RecorderError::usage(format!(
                "--warm-up {warm_up:?} is not shorter than {flag} {time:?}: figures leave the warm-up out; change one of the two"
            )));
        }
    }
    Ok((!warm_up.is_zero()).then_some(warm_up))
}

fn notes_on_rates(args: &RunArgs, duration: Duration) -> impl Iterator<Item = String> {
    let is_apart = args.enable_pgbench && args.safety.max_tps.is_some();
    let apart = is_apart.then(|| "--max-tps does not limit pgbench".to_owned());
    apart
        .into_iter()
        .chain(schedule::ramp_note(&args.open_loop, duration))
}

fn load(args: &RunArgs) -> Result<Option<LoadOptions>, RecorderError> {
    if !args.enable_pgbench {
        return Ok(None);
    }
    let mode = LoadMode::new(args.pgbench_mode, args.pgbench_script.clone())
        .map_err(|error| RecorderError::usage(error.to_string()))?;
    Ok(Some(LoadOptions {
        clients: args.pgbench_clients,
        jobs: args.pgbench_jobs,
        scale: args.pgbench_scale,
        mode,
        warmup: args.warmup_time,
    }))
}

/// pgbench connects to one address of one host, whatever the role of its server.
fn check_no_choice(connectors: &[Connector]) -> Result<(), RecorderError> {
    let mut choosing = connectors.iter().filter(|it| it.endpoint().has_a_choice());
    choosing.next().map_or(Ok(()), |connector| {
        Err(RecorderError::usage(format!(
            "{}: pgbench supports neither several hosts nor target_session_attrs; remove them, or --enable-pgbench",
            connector.flag()
        )))
    })
}

fn labels(
    given: &[String],
    notes: &mut Vec<String>,
) -> Result<BTreeMap<String, String>, RecorderError> {
    let mut labels = BTreeMap::new();
    for label in given {
        let Some((key, value)) = label.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(RecorderError::usage(format!(
                "--label {label:?}: write --label key=value"
            )));
        };
        if value.trim().is_empty() {
            return Err(RecorderError::usage(format!(
                "--label {key}: its value is empty; write --label key=value"
            )));
        }
        let shown = match redact::is_secret_name(key) {
            true => redact::MASK.to_owned(),
            false => redact::redact(value),
        };
        if shown != value {
            notes.push(format!(
                "--label {key}: looks like a secret; it is recorded as {shown}"
            ));
        }
        if labels.insert(key.to_owned(), shown).is_some() {
            return Err(RecorderError::usage(format!("--label {key}: given twice")));
        }
    }
    Ok(labels)
}

/// The name of this machine in the recording. An empty one would tell it from no other.
fn host(given: Option<String>) -> Result<String, RecorderError> {
    match given {
        Some(name) if name.trim().is_empty() => Err(RecorderError::usage(
            "--host is empty: name this machine, or leave --host out",
        )),
        Some(name) => Ok(name),
        None => Ok(machine_name()),
    }
}

fn machine_name() -> String {
    let name = hostname::get().ok();
    name.map(|name| name.to_string_lossy().trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
