//! What a run shall do: the command line, checked as a whole.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use command_line::duration::micros;
use recording::vocabulary::Path;
use recording::{Mode, Timeouts, Weights};

use crate::child_environment;
use crate::cli::{EndpointArgs, ModeArg, RunArgs};
use crate::connect::{Connector, Resolver};
use crate::endpoint::Endpoint;
use crate::environment::Environment;
use crate::error::RecorderError;
use crate::failover::Trigger;
use crate::password_command::PasswordCommand;
use crate::pgbench::{LoadMode, LoadOptions};
use crate::redact;
use crate::schedule::ClosedLoop;
use crate::weights;
use crate::workload::Limits;

/// The limit on each phase of connecting for `setup` and `cleanup`.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A run, checked.
#[derive(Clone)]
pub struct RunConfig {
    /// Which paths.
    pub mode: Mode,
    /// How long.
    pub duration: Duration,
    /// Workers per path.
    pub workers: u32,
    /// Shares, adding up to 100.
    pub weights: Weights,
    /// What was changed of what the user asked for, in words.
    pub notes: Vec<String>,
    /// When operations begin.
    pub schedule: ClosedLoop,
    /// Seed of the operations.
    pub seed: u64,
    /// Connections per path.
    pub pool_size: usize,
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
    /// pgbench.
    pub load: Option<LoadOptions>,
    /// A connector for each path of the mode.
    pub connectors: Vec<Connector>,
}

fn usage(text: impl Into<String>) -> RecorderError {
    RecorderError::Usage(text.into())
}

impl RunConfig {
    /// Checks the command line as a whole. Connects to nothing.
    ///
    /// # Errors
    /// [`RecorderError::Usage`], one line.
    pub fn new(endpoints: &EndpointArgs, args: RunArgs) -> Result<Self, RecorderError> {
        let mode = match args.mode {
            ModeArg::Both => Mode::Both,
            ModeArg::Direct => Mode::Direct,
            ModeArg::Proxy => Mode::Proxy,
        };
        let normal =
            weights::normalise(args.read_weight, args.write_weight, args.transaction_weight)
                .map_err(usage)?;
        let weights = normal.weights;
        let mut notes = Vec::new();
        if normal.changed {
            notes.push(format!(
                "the weights do not add up to 100: taken as read {:.1} %, write {:.1} %, transaction {:.1} %",
                weights.read, weights.write, weights.transaction
            ));
        }
        if args.min_operation_interval > args.max_operation_interval {
            return Err(usage(format!(
                "--min-operation-interval {:?} is longer than --max-operation-interval {:?}",
                args.min_operation_interval, args.max_operation_interval
            )));
        }
        for (flag, time) in [
            ("--duration", args.duration),
            ("--operation-timeout", args.operation_timeout),
            ("--connect-timeout", args.connect_timeout),
            ("--pool-timeout", args.pool_timeout),
        ] {
            if time.is_zero() {
                return Err(usage(format!("{flag} 0: must be longer")));
            }
        }
        let trigger = trigger(&args)?;
        let load = load(&args)?;
        let labels = labels(&args.labels, &mut notes)?;
        let connectors = connectors(endpoints, mode.paths(), args.connect_timeout)?;
        check_same_tcp(&connectors)?;
        Ok(Self {
            mode,
            duration: args.duration,
            workers: args.concurrent_workers,
            weights,
            notes,
            schedule: ClosedLoop {
                min_interval: args.min_operation_interval,
                max_interval: args.max_operation_interval,
            },
            seed: args.seed.unwrap_or_else(rand::random),
            pool_size: args.pool_size as usize,
            limits: Limits {
                operation: args.operation_timeout,
                pool: args.pool_timeout,
            },
            connect_limit: args.connect_timeout,
            out: args.out,
            sync_interval: args.sync_interval,
            host: args.host.unwrap_or_else(machine_name),
            labels,
            trigger,
            load,
            connectors,
        })
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

/// The connector of `setup` and `cleanup`: the direct endpoint, else the proxy's.
///
/// # Errors
/// [`RecorderError::Usage`], one line.
pub fn maintenance_connector(endpoints: &EndpointArgs) -> Result<Connector, RecorderError> {
    let path = match (url(endpoints, Path::Direct), url(endpoints, Path::Proxy)) {
        (Some(_), _) => Path::Direct,
        (None, Some(_)) => Path::Proxy,
        (None, None) => {
            return Err(usage(
                "no endpoint: give --direct-url or --proxy-url, or set PGOUTAGE_DIRECT_URL or PGOUTAGE_PROXY_URL",
            ));
        }
    };
    let mut connectors = connectors(endpoints, &[path], CONNECT_LIMIT)?;
    connectors.pop().ok_or_else(|| usage("no endpoint"))
}

/// The URL of a path; an empty one, as an unset variable of a script leaves it, is none.
fn url(endpoints: &EndpointArgs, path: Path) -> Option<&str> {
    let url = match path {
        Path::Direct => &endpoints.direct_url,
        Path::Proxy => &endpoints.proxy_url,
    };
    url.as_deref().filter(|url| !url.is_empty())
}

fn connectors(
    endpoints: &EndpointArgs,
    paths: &[Path],
    limit: Duration,
) -> Result<Vec<Connector>, RecorderError> {
    let resolver = Resolver::new(endpoints.dns_server, limit).map_err(usage)?;
    let connector = |path: &Path| {
        let url = url(endpoints, *path).ok_or_else(|| {
            let variable = format!("PGOUTAGE_{}_URL", path.as_str().to_ascii_uppercase());
            usage(format!(
                "no endpoint for the {path} path: give --{path}-url, set {variable}, or choose another --mode"
            ))
        })?;
        connect_to(*path, url, endpoints, &resolver, limit)
            .map_err(|reason| usage(format!("--{path}-url: {reason}")))
    };
    paths.iter().map(connector).collect()
}

/// The connector of one URL, with what flags and environment add to it.
fn connect_to(
    path: Path,
    url: &str,
    endpoints: &EndpointArgs,
    resolver: &Resolver,
    limit: Duration,
) -> Result<Connector, String> {
    let environment = Environment::of_process();
    let settings = &endpoints.connection;
    let mut endpoint = Endpoint::parse(url, &environment)?;
    endpoint.tcp = endpoint.tcp.or(settings.tcp()?);
    let command = settings.password_command.as_deref();
    let command = command.filter(|command| !command.is_empty() && endpoint.password.is_none());
    let command = match command {
        Some(command) => {
            let lifetime = settings.password_lifetime;
            Some(PasswordCommand::new(command, lifetime, &endpoint)?)
        }
        None => {
            endpoint.find_password(&environment)?;
            None
        }
    };
    let connector = Connector::new(path, endpoint, resolver.clone(), limit)?;
    Ok(match command {
        Some(command) => connector.with_password_command(command),
        None => connector,
    })
}

/// With other settings on one path the comparison would be one of settings.
fn check_same_tcp(connectors: &[Connector]) -> Result<(), RecorderError> {
    let settings = |connector: &Connector| connector.endpoint().tcp;
    match connectors
        .windows(2)
        .all(|two| settings(&two[0]) == settings(&two[1]))
    {
        true => Ok(()),
        false => Err(usage(
            "the URLs have different TCP settings (keepalives_*, tcp_user_timeout), and paths with different ones can't be \
             compared: give both the same, or use the flags --tcp-*",
        )),
    }
}

fn trigger(args: &RunArgs) -> Result<Option<Trigger>, RecorderError> {
    let (Some(command), Some(after)) = (&args.failover_command, args.failover_after) else {
        return Ok(None);
    };
    if command.trim().is_empty() {
        return Err(usage("--failover-command is empty"));
    }
    if after >= args.duration {
        return Err(usage(format!(
            "--failover-after {after:?} is not before the end of the recording (--duration {:?})",
            args.duration
        )));
    }
    Ok(Some(Trigger {
        command: command.clone(),
        after,
    }))
}

fn load(args: &RunArgs) -> Result<Option<LoadOptions>, RecorderError> {
    if !args.enable_pgbench {
        return Ok(None);
    }
    let mode = LoadMode::new(args.pgbench_mode, args.pgbench_script.clone())
        .map_err(|error| usage(error.to_string()))?;
    Ok(Some(LoadOptions {
        clients: args.pgbench_clients,
        jobs: args.pgbench_jobs,
        scale: args.pgbench_scale,
        mode,
        warmup: args.warmup_time,
    }))
}

fn labels(
    given: &[String],
    notes: &mut Vec<String>,
) -> Result<BTreeMap<String, String>, RecorderError> {
    let mut labels = BTreeMap::new();
    for label in given {
        let Some((key, value)) = label.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(usage(format!("--label {label:?}: write --label key=value")));
        };
        let shown = match redact::is_secret_name(key) {
            true => redact::MASK.to_owned(),
            false => redact::redact(value),
        };
        if shown != value {
            notes.push(format!(
                "--label {key}: looks like a secret, recorded as {shown}"
            ));
        }
        if labels.insert(key.to_owned(), shown).is_some() {
            return Err(usage(format!("--label {key}: given twice")));
        }
    }
    Ok(labels)
}

fn machine_name() -> String {
    let from_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    // Where there is no /proc, as on macOS.
    let from_command = || {
        let mut command = std::process::Command::new("hostname");
        child_environment::remove_secrets(&mut command);
        let output = command.output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    from_kernel
        .or_else(from_command)
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
