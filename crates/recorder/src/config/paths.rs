//! Where the paths lead: connectors, made from URLs, flags and environment.

use std::collections::BTreeSet;
use std::time::Duration;

use recording::vocabulary::Path;

use crate::cli::EndpointArgs;
use crate::connect::application_name;
use crate::connect::password_command::PasswordCommand;
use crate::connect::{Connector, Resolver};
use crate::endpoint::Endpoint;
use crate::endpoint::environment::Environment;
use crate::error::RecorderError;
use crate::output::terminal;

/// The limit on each phase of connecting where neither the user nor a connection string has one.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The connector of the commands `setup`, `cleanup` and `audit`: the direct endpoint, else the proxy's.
///
/// # Errors
/// [`RecorderError::Usage`], one line.
pub fn maintenance_connector(
    endpoints: &EndpointArgs,
    command: &str,
) -> Result<Connector, RecorderError> {
    let path = match (url(endpoints, Path::Direct), url(endpoints, Path::Proxy)) {
        (Some(_), _) => Path::Direct,
        (None, Some(_)) => Path::Proxy,
        (None, None) => {
            return Err(RecorderError::usage(
                "no endpoint: give --direct-url or --proxy-url, or set PGOUTAGE_DIRECT_URL or PGOUTAGE_PROXY_URL",
            ));
        }
    };
    connector_of(endpoints, path, command)
}

/// The connector of a path for a command that needs one connection.
fn connector_of(
    endpoints: &EndpointArgs,
    path: Path,
    command: &str,
) -> Result<Connector, RecorderError> {
    let limit = connect_limit(endpoints, &[path], None)?;
    let mut connectors = connectors(endpoints, &[path], limit)?;
    let connector = connectors
        .pop()
        .ok_or_else(|| RecorderError::usage("no endpoint"))?;
    Ok(connector.named(application_name::of_command(command)))
}

/// The URL of a path; an empty one, as an unset variable of a script leaves it, is none.
fn url(endpoints: &EndpointArgs, path: Path) -> Option<&str> {
    let url = match path {
        Path::Direct => &endpoints.direct_url,
        Path::Proxy => &endpoints.proxy_url,
    };
    url.as_deref().filter(|url| !url.is_empty())
}

/// The URL of the reads of a path.
fn reader_url(endpoints: &EndpointArgs, path: Path) -> Option<&str> {
    let url = match path {
        Path::Direct => &endpoints.readers.direct_reader_url,
        Path::Proxy => &endpoints.readers.proxy_reader_url,
    };
    url.as_deref().filter(|url| !url.is_empty())
}

/// The limit on each phase of connecting, the same on every path: the flag's, else that of the connection strings.
///
/// # Errors
/// [`RecorderError::Usage`] for a flag of 0, and where the strings differ.
pub(crate) fn connect_limit(
    endpoints: &EndpointArgs,
    paths: &[Path],
    flag: Option<Duration>,
) -> Result<Duration, RecorderError> {
    if let Some(limit) = flag {
        return match limit.is_zero() {
            true => Err(RecorderError::usage("--connect-timeout 0: must be longer")),
            false => Ok(limit),
        };
    }
    let environment = Environment::of_process();
    let urls = paths
        .iter()
        .flat_map(|path| [url(endpoints, *path), reader_url(endpoints, *path)]);
    // What is wrong with one is said where it is connected to.
    let mut limits = urls
        .flatten()
        .filter_map(|url| Endpoint::parse(url, &environment).ok())
        .map(|endpoint| endpoint.connect_timeout.unwrap_or(CONNECT_LIMIT));
    let first = limits.next().unwrap_or(CONNECT_LIMIT);
    match limits.all(|other| other == first) {
        true => Ok(first),
        false => Err(RecorderError::usage(
            "the connection strings differ in connect_timeout, so the paths could not be compared: use one value, or --connect-timeout",
        )),
    }
}

/// The connector of an audit: the endpoint of `url`, else that of `via`, else that of the maintenance commands. And the word for it in the audit.
///
/// # Errors
/// [`RecorderError::Usage`], one line.
pub(crate) fn audit_connector(
    endpoints: &EndpointArgs,
    via: Option<Path>,
    audit_url: Option<&str>,
) -> Result<(Connector, &'static str), RecorderError> {
    const COMMAND: &str = "audit";
    let connector = match (audit_url, via) {
        (Some(audit_url), _) => {
            let parsed = Endpoint::parse(audit_url, &Environment::of_process());
            let limit = parsed.ok().and_then(|endpoint| endpoint.connect_timeout);
            let limit = limit.unwrap_or(CONNECT_LIMIT);
            let resolver = resolver(endpoints, limit)?;
            let connector = connect_to(Path::Direct, audit_url, endpoints, &resolver, limit)
                .map_err(|reason| RecorderError::usage(format!("--url: {reason}")))?;
            let connector = connector.given_by("--url");
            warn(std::slice::from_ref(&connector), &[]);
            return Ok((
                connector.named(application_name::of_command(COMMAND)),
                "url",
            ));
        }
        (None, Some(path)) if url(endpoints, path).is_none() => {
            let variable = variable(path);
            return Err(RecorderError::usage(format!(
                "--via {path}: no endpoint: give --{path}-url, or set {variable}"
            )));
        }
        (None, Some(path)) => connector_of(endpoints, path, COMMAND)?,
        (None, None) => maintenance_connector(endpoints, COMMAND)?,
    };
    let path = connector.path();
    Ok((connector, path.as_str()))
}

/// The variable that has the URL of a path.
fn variable(path: Path) -> String {
    format!("PGOUTAGE_{}_URL", path.as_str().to_ascii_uppercase())
}

fn resolver(endpoints: &EndpointArgs, limit: Duration) -> Result<Resolver, RecorderError> {
    let server = endpoints.dns_server;
    match endpoints.connection.dns_cache {
        Some(least) => Resolver::keeping(server, limit, least),
        None => Resolver::new(server, limit),
    }
    .map_err(RecorderError::usage)
}

pub(crate) fn connectors(
    endpoints: &EndpointArgs,
    paths: &[Path],
    limit: Duration,
) -> Result<Vec<Connector>, RecorderError> {
    let resolver = resolver(endpoints, limit)?;
    let connector = |path: &Path| {
        let url = url(endpoints, *path).ok_or_else(|| {
            let variable = variable(*path);
            RecorderError::usage(format!(
                "no endpoint for the {path} path: give --{path}-url, set {variable}, or use another --mode"
            ))
        })?;
        connect_to(*path, url, endpoints, &resolver, limit)
            .map_err(|reason| RecorderError::usage(format!("--{path}-url: {reason}")))
    };
    let connectors: Vec<Connector> = paths.iter().map(connector).collect::<Result<_, _>>()?;
    warn(&connectors, &[]);
    Ok(connectors)
}

/// Says what the files of the endpoints are warned about, each line once.
fn warn(connectors: &[Connector], warned: &[Connector]) {
    let of = |connectors: &[Connector]| -> BTreeSet<String> {
        let warnings = connectors
            .iter()
            .flat_map(|connector| connector.endpoint().warnings.clone());
        warnings.collect()
    };
    for warning in of(connectors).difference(&of(warned)) {
        terminal::line(format!("warning: {warning}"));
    }
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
    if path == Path::Proxy && endpoint.options.is_some() {
        endpoint.warnings.push(
            "proxy path: options pins each session of RDS Proxy to one server connection, so the proxy cannot share connections. pgbouncer refuses options unless ignore_startup_parameters allows it"
                .to_owned(),
        );
    }
    let command = settings.password_command.as_deref();
    let command = command.filter(|command| !command.is_empty() && endpoint.password.is_none());
    let commands: Vec<PasswordCommand> = match command {
        Some(command) => {
            let lifetime = settings.password_lifetime;
            let of_host = |host| PasswordCommand::new(command, lifetime, &endpoint, host);
            endpoint
                .hosts
                .iter()
                .map(of_host)
                .collect::<Result<_, _>>()?
        }
        None => {
            endpoint.find_password(&environment)?;
            Vec::new()
        }
    };
    let connector = Connector::new(path, endpoint, resolver.clone(), limit)?;
    Ok(connector.with_password_commands(commands))
}

/// With other settings on one path the comparison would be one of settings.
pub(super) fn check_same_tcp<'a>(
    connectors: impl Iterator<Item = &'a Connector>,
) -> Result<(), RecorderError> {
    let mut settings = connectors.map(|connector| connector.endpoint().tcp);
    let first = settings.next();
    match settings.all(|others| Some(others) == first) {
        true => Ok(()),
        false => Err(RecorderError::usage(
            "the URLs differ in TCP settings (keepalives_*, tcp_user_timeout), so the paths could not be compared: use the same values, or the flags --tcp-*",
        )),
    }
}

/// Of each path whose reads have an endpoint of their own; an empty URL is none, as with [`url`].
pub(crate) fn readers(
    endpoints: &EndpointArgs,
    connectors: &[Connector],
    limit: Duration,
) -> Result<Vec<Connector>, RecorderError> {
    let reader = |connector: &Connector| {
        let path = connector.path();
        let url = reader_url(endpoints, path)?;
        // The same resolver: what one looked up, the other need not ask.
        let reader = connect_to(path, url, endpoints, connector.resolver(), limit);
        let in_url =
            |reason: String| RecorderError::usage(format!("--{path}-reader-url: {reason}"));
        Some(reader.map(Connector::for_reads).map_err(in_url))
    };
    let readers: Vec<Connector> = connectors
        .iter()
        .filter_map(reader)
        .collect::<Result<_, _>>()?;
    warn(&readers, connectors);
    Ok(readers)
}
