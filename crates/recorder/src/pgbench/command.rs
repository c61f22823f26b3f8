//! How pgbench is called: the endpoint in libpq's environment variables, the password in a file.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::endpoint::Password;
use crate::pgbench::error::PgbenchError;
use crate::pgbench::options::{LoadMode, LoadOptions, Target};
use crate::pgbench::passfile::PassFile;
use crate::pgbench::program::Program;

/// What a child gets of our own environment. Not the rest: URLs with passwords may stand in it, and settings of libpq
/// that the endpoint does not have.
const INHERITED: [&str; 8] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "TZ",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "OPENSSL_CONF",
];

/// Calls pgbench against one endpoint.
pub(super) struct Caller {
    program: Program,
    /// Certificates are checked against it.
    host: String,
    environment: Vec<(&'static str, OsString)>,
}

impl Caller {
    /// For the endpoint `target`.
    ///
    /// # Errors
    /// [`PgbenchError::NoSystemRoots`] where the endpoint asks for what this version can't do.
    pub(super) fn new(program: &Program, target: &Target) -> Result<Self, PgbenchError> {
        let mut environment = vec![
            ("PGPORT", OsString::from(target.port.to_string())),
            ("PGDATABASE", target.database.clone().into()),
            ("PGUSER", target.user.clone().into()),
            ("PGSSLMODE", target.sslmode.clone().into()),
            ("PGCHANNELBINDING", target.channel_binding.clone().into()),
            ("PGAPPNAME", target.application_name.clone().into()),
            ("PGCONNECT_TIMEOUT", "5".into()),
            // Its messages are looked at: they have to be the English ones.
            ("LC_ALL", "C".into()),
        ];
        if let Some(file) = &target.sslrootcert {
            if file == Path::new("system") && program.major < 16 {
                return Err(PgbenchError::NoSystemRoots(program.version().to_owned()));
            }
            environment.push(("PGSSLROOTCERT", file.into()));
        }
        // The last of a name holds.
        environment.extend(target.settings.iter().cloned());
        Ok(Self {
            program: program.clone(),
            host: target.host.clone(),
            environment,
        })
    }

    /// pgbench with `arguments`, connecting to the first of `addresses` that takes it, and the file of its password, to be kept until it has connected.
    /// pgbench dies with the handle of its process.
    ///
    /// # Errors
    /// [`PgbenchError::Io`] where the file can't be written.
    pub(super) fn command(
        &self,
        addresses: &[IpAddr],
        password: Option<&Password>,
        arguments: &[OsString],
    ) -> Result<(Command, PassFile), PgbenchError> {
        let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        let pass_file = PassFile::new(password.map(|password| password.0.as_str()))?;
        let mut command = Command::new(&self.program.file);
        command
            .args(arguments)
            .env_clear()
            .envs(
                INHERITED
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            // libpq checks certificates against the name; PGHOSTADDR says where to connect. It wants as many of one as of the other.
            .env(
                "PGHOST",
                vec![self.host.as_str(); addresses.len()].join(","),
            )
            .env("PGHOSTADDR", addresses.join(","))
            .env("PGPASSFILE", pass_file.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for the recorder alone: it stops pgbench when the recording is at its end.
            .process_group(0)
            .kill_on_drop(true);
        Ok((command, pass_file))
    }
}

/// The arguments of the load. `-T` is longer than any run: the recorder says when it ends.
pub(super) fn load_arguments(options: &LoadOptions) -> Vec<OsString> {
    let clients = options.clients.to_string();
    // pgbench refuses more threads than clients.
    let jobs = options.jobs.min(options.clients).to_string();
    let mut arguments = transactions(options);
    arguments.extend(["-P", "1", "-T", "86400", "-c", &clients, "-j", &jobs].map(OsString::from));
    arguments
}

/// The arguments of one transaction.
pub(super) fn single_arguments(options: &LoadOptions) -> Vec<OsString> {
    let mut arguments = transactions(options);
    arguments.extend(["-c", "1", "-t", "1"].map(OsString::from));
    arguments
}

/// What is run, and how: unnamed statements, which go through poolers and pin no session.
fn transactions(options: &LoadOptions) -> Vec<OsString> {
    let mut arguments = ["-n", "-M", "extended"].map(OsString::from).to_vec();
    match &options.mode {
        LoadMode::TpcB => arguments.extend(["-b", "tpcb-like"].map(OsString::from)),
        LoadMode::ReadOnly => arguments.push("-S".into()),
        LoadMode::Custom(script) => {
            // A script may use :scale, which pgbench finds out by itself only for its built-in scripts.
            arguments.extend(["-s".into(), options.scale.to_string().into(), "-f".into()]);
            // With its weight, or an @ in the name would be taken for one.
            let mut file = script.clone().into_os_string();
            file.push("@1");
            arguments.push(file);
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn arguments() {
        let mut options = LoadOptions {
            clients: 2,
            jobs: 4,
            scale: 3,
            mode: LoadMode::TpcB,
            warmup: Duration::ZERO,
        };
        let text = |arguments: Vec<OsString>| arguments.join(" ".as_ref()).into_string().unwrap();
        assert_eq!(
            text(load_arguments(&options)),
            "-n -M extended -b tpcb-like -P 1 -T 86400 -c 2 -j 2"
        );
        options.mode = LoadMode::ReadOnly;
        assert_eq!(
            text(load_arguments(&options)),
            "-n -M extended -S -P 1 -T 86400 -c 2 -j 2"
        );
        options.mode = LoadMode::Custom("/tmp/a@b.sql".into());
        assert_eq!(
            text(single_arguments(&options)),
            "-n -M extended -s 3 -f /tmp/a@b.sql@1 -c 1 -t 1"
        );
    }
}
