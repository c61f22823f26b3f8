//! The user that the servers run as: PostgreSQL and pgbouncer refuse root, so root starts them as the user `postgres`.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
    process::{Command, Stdio},
};

use crate::{error::LabError, process::Signal};

/// The user that Debian's PostgreSQL packages make.
const SERVER_USER: &str = "postgres";

/// The account of the servers: ourselves, or `postgres` when we are root.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// uid and gid to drop to.
    drop_to: Option<(u32, u32)>,
}

impl Account {
    pub(crate) fn detect() -> Result<Self, LabError> {
        if effective_user()? != 0 {
            return Ok(Self { drop_to: None });
        }
        let missing = || LabError::Missing {
            what: format!("the user `{SERVER_USER}` (root may not run PostgreSQL)"),
            remedy: format!("adduser --system --group --no-create-home {SERVER_USER}"),
        };
        // An arbitrary uid will not do: initdb wants a passwd entry. getent also knows what is not in /etc/passwd.
        let output = Command::new("getent")
            .args(["passwd", SERVER_USER])
            .stderr(Stdio::null())
            .output()
            .map_err(LabError::io("asking getent for the user postgres"))?;
        let entry = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut fields = entry.trim().split(':').skip(2).map(str::parse);
        match (fields.next(), fields.next()) {
            (Some(Ok(uid)), Some(Ok(gid))) => Ok(Self {
                drop_to: Some((uid, gid)),
            }),
            _ => Err(missing()),
        }
    }

    /// A command that runs as this account, and gets `death_signal` when this process dies, in whatever way. `setpriv` sets that
    /// signal after the change of user, which would clear it.
    pub(crate) fn command(&self, program: &Path, death_signal: Signal) -> Command {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig").arg(death_signal.name());
        if let Some((uid, gid)) = self.drop_to {
            command
                .arg(format!("--reuid={uid}"))
                .arg(format!("--regid={gid}"));
            command.args(["--clear-groups", "--inh-caps=-all"]);
        }
        command.arg("--").arg(program);
        // C: so that what a server says when it fails can be recognised.
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C")
            .current_dir("/");
        // More locales than the system's, for servers with another lc_messages.
        if let Some(locales) = std::env::var_os("LOCPATH") {
            command.env("LOCPATH", locales);
        }
        command
    }

    /// Gives a file or folder to this account.
    pub(crate) fn give(&self, path: &Path) -> Result<(), LabError> {
        match self.drop_to {
            Some((uid, gid)) => chown(path, Some(uid), Some(gid)).map_err(LabError::io(format!(
                "giving {} to the servers",
                path.display()
            ))),
            None => Ok(()),
        }
    }

    /// Makes a folder that only this account (and root) can look into.
    pub(crate) fn make_private_dir(&self, path: &Path) -> Result<(), LabError> {
        let failed = || LabError::io(format!("making {}", path.display()));
        fs::create_dir(path).map_err(failed())?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed())?;
        self.give(path)
    }

    /// Writes a file that only this account (and root) can read.
    pub(crate) fn write_private(&self, path: &Path, text: &str) -> Result<(), LabError> {
        write_private(path, text)?;
        self.give(path)
    }

    /// Can this account reach the folder? Each folder above it has to let it through.
    pub(crate) fn can_enter(&self, dir: &Path) -> Result<bool, LabError> {
        let mut command = self.command(Path::new("/usr/bin/test"), Signal::Kill);
        command.arg("-x").arg(dir).stdin(Stdio::null());
        let status = command
            .status()
            .map_err(LabError::io("running setpriv (package util-linux)"))?;
        Ok(status.success())
    }
}

/// Our effective user, who owns `/proc/self`.
pub(crate) fn effective_user() -> Result<u32, LabError> {
    fs::metadata("/proc/self")
        .map(|metadata| metadata.uid())
        .map_err(LabError::io("reading /proc/self (the lab needs Linux)"))
}

/// Writes a file of mode 0600 in one step: it never exists in part, or with another mode.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), LabError> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let temporary = path.with_extension("tmp");
    let write = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&temporary, path)
    };
    write().map_err(LabError::io(format!("writing {}", path.display())))
}
