//! `recorder check`: whether a run can do what it shall, asked before it is begun. Every endpoint is asked at the same time, and
//! each question has a limit: a server that hangs gives a failed row.

mod answers;
mod availability;
pub(crate) mod columns;
mod descriptors;
mod dns;
mod examine;
mod limits;
pub(crate) mod load_estimate;
mod questions;
mod role;
mod row;
mod settings;
mod statements;
mod table;
mod transaction;

use std::time::Duration;

use recording::Clock;
use recording::vocabulary::Path;
use tokio::task::JoinSet;

use crate::availability::{Asking, Availability};
use crate::check::load_estimate::LoadEstimate;
use crate::check::row::{Check, Examined, Row, Sizing, Verdict};
use crate::cli::EndpointArgs;
use crate::cli::check::CheckArgs;
use crate::config::descriptors::{Needed, Users};
use crate::config::{self, RunConfig};
use crate::connect::Connector;
use crate::connect::application_name;
use crate::database::Trouble;
use crate::definition::Definition;
use crate::error::RecorderError;
use crate::output::terminal;
use crate::workload::schedule::{ClosedLoop, Schedule};

/// Examines all endpoints at the same time; the answers in the order of `connectors`.
pub(crate) async fn examine(
    connectors: impl Iterator<Item = &Connector>,
    sizing: Sizing,
    clock: Clock,
) -> Vec<Examined> {
    let connectors: Vec<Connector> = connectors.cloned().collect();
    let mut examining = JoinSet::new();
    let endpoints = connectors.len();
    let readers = connectors.iter().filter(|connector| connector.is_reader());
    let readers: Vec<Path> = readers.map(Connector::path).collect();
    for (at, connector) in connectors.into_iter().enumerate() {
        let reads_go_apart = !connector.is_reader() && readers.contains(&connector.path());
        examining.spawn(async move {
            (
                at,
                examine::examine(connector, sizing, endpoints, reads_go_apart, clock).await,
            )
        });
    }
    let mut examined = examining.join_all().await;
    examined.sort_by_key(|(at, _)| *at);
    examined.into_iter().map(|(_, examined)| examined).collect()
}

/// Checks before a run. Warnings are said; of failures the first is the error.
///
/// # Errors
/// One line with the path, what is wrong, and what to do.
pub(crate) async fn before_run(
    config: &RunConfig,
    clock: Clock,
) -> Result<Vec<Examined>, RecorderError> {
    let sizing = Sizing {
        workload: config.workload,
        writes: config.weights.write + config.weights.transaction > 0.0,
        transactions: config.weights.transaction > 0.0,
        pool_size: config.pool_size,
        pgbench_clients: config.load.as_ref().map(|load| load.clients),
        limit: config.limits.operation,
        protocol: config.protocol,
        connect: config.connect_limit,
        operation: config.limits.operation,
        asking: config.availability.as_ref().map(Availability::asking),
        longest_idle: match config.pool.min_idle {
            0 => longest_idle(config.schedule.longest_rest(), config.limits.operation),
            // One that is kept ready may not be needed until the end.
            _ => config.pool.max_lifetime.unwrap_or(config.duration),
        },
    };
    let examined = examine(config.endpoints(), sizing, clock).await;
    let mut failures = Vec::new();
    for (connector, examined) in config.endpoints().zip(&examined) {
        let failed = examined
            .rows
            .iter()
            .filter(|row| row.result == Verdict::Fail);
        failures.extend(failed.map(|row| (connector, row)));
    }
    if let Some((connector, first)) = failures.first() {
        let trouble = Trouble {
            found: first.found.clone(),
            remedy: first.remedy.clone().unwrap_or_default(),
            is_mistake: first.is_mistake,
        };
        let more = match failures.len() - 1 {
            0 => String::new(),
            1 => " (and 1 more failure; see: recorder check)".to_owned(),
            more => format!(" (and {more} more failures; see: recorder check)"),
        };
        return Err(trouble.error_with(connector, &more));
    }
    for (connector, examined) in config.endpoints().zip(&examined) {
        warn(connector, &examined.rows);
    }
    Ok(examined)
}

/// How long a connection may lie in the pool: its worker thinks, and the next operations may hang on others.
fn longest_idle(longest_think_time: Duration, operation: Duration) -> Duration {
    longest_think_time.saturating_add(operation)
}

/// Says the warnings.
fn warn(connector: &Connector, rows: &[Row]) {
    for row in rows {
        // The clock is told with the recording's start, and what availability probes there are, too.
        let is_told = matches!(row.check, Check::Clock | Check::Availability);
        if row.result == Verdict::Warn && !is_told {
            let remedy = row.remedy.as_deref().unwrap_or_default();
            terminal::line(format!(
                "warning: {} path{}: {}; {remedy}",
                connector.path(),
                if row.reader {
                    " (endpoint for reads)"
                } else {
                    ""
                },
                row.found
            ));
        }
    }
}

/// `recorder check`, as the user wrote it.
///
/// # Errors
/// [`RecorderError::Usage`] for the command line, [`RecorderError::Failed`] where a check fails.
pub(crate) async fn run(endpoints: &EndpointArgs, args: &CheckArgs) -> Result<(), RecorderError> {
    let workload = config::workload(args.file.path())?;
    let paths = args.mode.mode().paths();
    let limit = config::connect_limit(endpoints, paths, args.connect_timeout)?;
    let connectors = config::connectors(endpoints, paths, limit)?;
    let readers = config::readers(endpoints, &connectors, limit)?;
    let named = |connector: Connector| connector.named(application_name::of_command("check"));
    let connectors: Vec<Connector> = connectors.into_iter().map(named).collect();
    let readers: Vec<Connector> = readers.into_iter().map(named).collect();
    let weights = workload.weights();
    let writes = weights.write + weights.transaction > 0.0;
    let asking = Asking::new(&args.availability, writes).map_err(RecorderError::usage)?;
    let host = descriptors::row(needed(args, &connectors, &readers, asking));
    let sizing = sizing(args, workload, limit, asking);
    let examined = examine(connectors.iter().chain(&readers), sizing, Clock::start()).await;
    let round_trips = examined.iter().map(|examined| examined.round_trip);
    let load = LoadEstimate::new(
        paths.iter().copied().zip(round_trips),
        workload,
        schedule(args),
        workers(args),
        args.pool_size as usize,
        None,
    );
    let rows = examined.iter().flat_map(|examined| &examined.rows);
    let rows: Vec<&Row> = rows.chain([&host]).collect();
    tell(args, &rows, &load)
}

/// When the operations of the run that is asked for begin.
fn schedule(args: &CheckArgs) -> Schedule {
    let think_times = ClosedLoop {
        min_interval: args.min_operation_interval,
        max_interval: args.max_operation_interval,
    };
    config::schedule::schedule(&args.open_loop, think_times)
}

/// How many of them may run at once on a path.
fn workers(args: &CheckArgs) -> u32 {
    config::schedule::workers(&args.open_loop, args.concurrent_workers)
}

/// The descriptors of the run that is asked for. It keeps none ready: that is an option of `recorder run` alone.
fn needed(
    args: &CheckArgs,
    connectors: &[Connector],
    readers: &[Connector],
    asking: Option<Asking>,
) -> Needed {
    let pool_size = args.pool_size as usize;
    let endpoints = connectors.iter().chain(readers);
    let probes = asking.map(|asking| Availability::new(asking, endpoints).count());
    crate::config::descriptors::needed(Users {
        endpoints: connectors.len() + readers.len(),
        connections: crate::config::descriptors::of_pool(workers(args), pool_size, 0),
        loads: match args.enable_pgbench {
            true => connectors.len(),
            false => 0,
        },
        pgbench_clients: args.pgbench_clients as usize,
        probes: probes.unwrap_or(0),
    })
}

fn sizing(
    args: &CheckArgs,
    workload: &'static Definition,
    limit: Duration,
    asking: Option<Asking>,
) -> Sizing {
    let weights = workload.weights();
    Sizing {
        workload,
        writes: weights.write + weights.transaction > 0.0,
        transactions: weights.transaction > 0.0,
        pool_size: args.pool_size as usize,
        pgbench_clients: args.enable_pgbench.then_some(args.pgbench_clients),
        limit,
        protocol: args.protocol,
        connect: limit,
        operation: args.operation_timeout,
        asking,
        longest_idle: longest_idle(schedule(args).longest_rest(), args.operation_timeout),
    }
}

/// Prints the rows; the error is that some failed.
fn tell(args: &CheckArgs, rows: &[&Row], load: &LoadEstimate) -> Result<(), RecorderError> {
    let failed = rows
        .iter()
        .filter(|row| row.result == Verdict::Fail)
        .count();
    let clients = args.enable_pgbench.then_some(args.pgbench_clients);
    let printed = match args.json {
        true => table::json(rows, load),
        false => {
            let table = table::text(rows, table::is_coloured());
            Ok(format!("{table}\n{}", load.lines(None, clients).join("\n")))
        }
    };
    terminal::result(printed.map_err(RecorderError::Failed)?)?;
    match failed {
        0 => Ok(()),
        1 => Err(RecorderError::Failed("1 check failed".to_owned())),
        _ => Err(RecorderError::Failed(format!("{failed} checks failed"))),
    }
}
