//! pgbench beside the workload: making it ready before the recording, on each path.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::config::RunConfig;
use crate::connect::Connector;
use crate::endpoint::RootCertificates;
use crate::error::RecorderError;
use crate::live::{self, Monitor};
use crate::pgbench::{self, PgbenchError, Running, Target};

/// Makes pgbench's tables where needed, starts it on each path and waits for the warm-up to pass. Nothing without
/// `--enable-pgbench`.
///
/// # Errors
/// [`RecorderError::Usage`] where pgbench is missing or can't run as asked.
pub(crate) async fn start(
    config: &RunConfig,
    monitor: &Arc<Monitor>,
    stop: watch::Receiver<bool>,
) -> Result<Vec<Running>, RecorderError> {
    let Some(options) = &config.load else {
        return Ok(Vec::new());
    };
    let failed = |error: PgbenchError| RecorderError::Usage(error.to_string());
    let program = find()?;
    let targets: Vec<Target> = config.connectors.iter().map(target).collect();
    for target in &targets {
        pgbench::prepare(&program, options, target)
            .await
            .map_err(failed)?;
    }
    let mut running = Vec::new();
    for target in targets {
        let monitor = Arc::clone(monitor);
        running.push(
            pgbench::start(&program, options, target, monitor)
                .await
                .map_err(failed)?,
        );
    }
    if !live::warm_up(monitor, options.warmup, stop).await {
        return Err(RecorderError::NothingRecorded(
            "stopped during the warm-up".to_owned(),
        ));
    }
    Ok(running)
}

/// Looks for pgbench, and for a place for its password, so that what is missing is said before anything is touched.
///
/// # Errors
/// [`RecorderError::Usage`] with the package that has it, or the folder that can't be written.
pub(crate) fn find() -> Result<pgbench::Program, RecorderError> {
    let found = pgbench::find().and_then(|program| pgbench::try_password_file().map(|()| program));
    found.map_err(|error| RecorderError::Usage(error.to_string()))
}

fn target(connector: &Connector) -> Target {
    let endpoint = connector.endpoint();
    // Where there is a choice of hosts, pgbench is refused.
    let first = &endpoint.hosts[0];
    let for_password = connector.clone();
    let (resolver, host) = (connector.resolver().clone(), first.name.clone());
    Target {
        path: connector.path(),
        host: first.name.clone(),
        port: first.port,
        database: endpoint.database.clone(),
        user: endpoint.user.clone(),
        password: Arc::new(move || {
            let connector = for_password.clone();
            Box::pin(async move { connector.password(0).await })
        }),
        sslmode: endpoint.sslmode.as_str().to_owned(),
        channel_binding: endpoint.channel_binding.as_str().to_owned(),
        sslrootcert: match &endpoint.roots {
            RootCertificates::None => None,
            RootCertificates::System => Some(PathBuf::from("system")),
            RootCertificates::File(file) => Some(file.clone()),
        },
        resolve: Arc::new(move || {
            let (resolver, host) = (resolver.clone(), host.clone());
            Box::pin(async move { resolver.addresses(&host).await.ok()?.first().copied() })
        }),
    }
}
