//! pgbench as background load: preparing it before the recording, on each path.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::config::RunConfig;
use crate::connect::Connector;
use crate::endpoint::{Endpoint, RootCertificates};
use crate::error::RecorderError;
use crate::monitor::Monitor;
use crate::output::live;
use crate::pgbench::{self, PgbenchError, Running, Target};

/// A file that is not there.
const NO_FILE: &str = "/nonexistent/pgoutage";

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

/// What else the endpoint asks for, in the variables of the libpq that pgbench has.
fn settings(endpoint: &Endpoint) -> Vec<(&'static str, OsString)> {
    let (least, most) = endpoint.tls_versions;
    let (certificate, key) = match &endpoint.client_certificate {
        Some(files) => (files.certificate.clone(), files.key.clone()),
        // None of the home folder's either: no file is read as no certificate.
        None => (PathBuf::from(NO_FILE), PathBuf::from(NO_FILE)),
    };
    let sends_host_name = if endpoint.sends_host_name { "1" } else { "0" };
    let mut settings = vec![
        ("PGSSLCERT", certificate.into()),
        ("PGSSLKEY", key.into()),
        ("PGSSLSNI", sends_host_name.into()),
        ("PGSSLMINPROTOCOLVERSION", least.as_str().into()),
        ("PGSSLMAXPROTOCOLVERSION", most.as_str().into()),
    ];
    let options = endpoint.options.as_ref();
    settings.extend(options.map(|options| ("PGOPTIONS", options.into())));
    settings
}

fn target(connector: &Connector) -> Target {
    let endpoint = connector.endpoint();
    // Where there is a choice of hosts, pgbench is refused.
    let first = &endpoint.hosts[0];
    let for_password = connector.clone();
    let (resolver, host) = (connector.resolver().clone(), first.name.clone());
    let fixed_address = first.address();
    Target {
        path: connector.path(),
        host: first.name.clone(),
        port: first.port,
        application_name: connector.application_name().to_owned(),
        database: endpoint.database.clone(),
        user: endpoint.user.clone(),
        password: Arc::new(move || {
            let connector = for_password.clone();
            Box::pin(async move {
                let password = connector.password(0).await;
                password.map_err(|error| error.message)
            })
        }),
        sslmode: endpoint.sslmode.as_str().to_owned(),
        channel_binding: endpoint.channel_binding.as_str().to_owned(),
        sslrootcert: match &endpoint.roots {
            RootCertificates::None => None,
            RootCertificates::System => Some(PathBuf::from("system")),
            RootCertificates::File(file) => Some(file.clone()),
        },
        settings: settings(endpoint),
        resolve: Arc::new(move || {
            let (resolver, host) = (resolver.clone(), host.clone());
            Box::pin(async move {
                match fixed_address {
                    Some(address) => vec![address],
                    None => resolver.addresses(&host).await.unwrap_or_default(),
                }
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::environment::Environment;

    #[test]
    fn pgbench_is_told_what_the_string_says() {
        let of = |text: &str| {
            let endpoint = Endpoint::parse(text, &Environment::of(&[])).unwrap();
            let told = settings(&endpoint).into_iter();
            told.map(|(name, value)| format!("{name}={}", value.display()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of(
                "host=h user=a sslcert=/c sslkey=/k sslsni=0 ssl_min_protocol_version=TLSv1.3 options=-cx=y"
            ),
            [
                "PGSSLCERT=/c",
                "PGSSLKEY=/k",
                "PGSSLSNI=0",
                "PGSSLMINPROTOCOLVERSION=TLSv1.3",
                "PGSSLMAXPROTOCOLVERSION=TLSv1.3",
                "PGOPTIONS=-cx=y",
            ]
        );
        assert_eq!(of("host=h user=a").len(), 5);
    }
}
