//! What a lab is made of: folder, ports, secrets, software, account. None of it changes while the lab runs.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rand::{RngExt, distr::Alphanumeric};

use crate::{
    account::{Account, effective_user},
    error::LabError,
    node_name::NodeName,
    software::Software,
    state,
};

/// The folder of a lab unless `--dir` names another folder.
pub(crate) fn default_dir() -> PathBuf {
    std::env::temp_dir().join("pgoutage-lab")
}

/// Below Linux's range for outgoing connections, so that none of them sits on a port that a server will want.
const AUTOMATIC_PORTS: std::ops::Range<u16> = 20_000..32_000;

#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) dir: PathBuf,
    pub(crate) account: Account,
    pub(crate) software: Software,
    pub(crate) port: u16,
    pub(crate) proxy_port: u16,
    /// Each server has a relay in front of it.
    pub(crate) has_relay: bool,
    /// The servers and the proxy do TLS, and let the application in with it only.
    pub(crate) has_tls: bool,
    pub(crate) superuser_password: String,
    pub(crate) app_password: String,
}

impl Site {
    /// Where a server itself listens: behind its relay, or at the address that clients use.
    pub(crate) fn server_address(&self, node: NodeName) -> Ipv4Addr {
        match self.has_relay {
            true => node.address_behind_relay(),
            false => node.address(),
        }
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.dir.join("log").join(format!("{name}.log"))
    }
}

/// Letters and digits only: it goes into URLs and configuration files without quoting. 143 bits.
pub(crate) fn random_word(length: usize) -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(length)
        .map(char::from)
        .collect()
}

/// A lab's folder, removed in the end if it was ours to choose.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    remove: bool,
}

impl Folder {
    /// Makes the folder, or takes over one that a dead lab left.
    pub(crate) fn prepare(wanted: Option<&Path>, account: &Account) -> Result<Self, LabError> {
        let path = match wanted {
            Some(dir) => {
                std::path::absolute(dir).map_err(LabError::io(format!("{}", dir.display())))?
            }
            None => std::env::temp_dir().join(format!("pgoutage-lab-{}", random_word(8))),
        };
        let refuse = |reason: String| LabError::Folder {
            dir: path.clone(),
            reason,
        };
        if path.exists() {
            clear_leftover(&path)?;
        }
        let was_there = path.exists();
        match fs::create_dir_all(path.join("log")) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(refuse(
                    "you may not write there; choose another with --dir".to_owned(),
                ));
            }
            Err(error) => return Err(refuse(format!("{error}; choose another with --dir"))),
        }
        let mut folder = Self {
            path,
            // Until it proves good: what was made for nothing goes again.
            remove: !was_there,
        };
        fs::set_permissions(&folder.path, fs::Permissions::from_mode(0o755)).map_err(
            LabError::io(format!("opening {} to the servers", folder.path.display())),
        )?;
        if !account.can_enter(&folder.path)? {
            return Err(LabError::Folder {
                dir: folder.path.clone(),
                reason: "the servers run as the user postgres, which cannot enter a folder above it; choose another with --dir".to_owned(),
            });
        }
        folder.remove = wanted.is_none();
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.remove
            && let Err(error) = remove_behind(&self.path)
        {
            eprintln!("lab: removing {}: {error}", self.path.display());
        }
    }
}

/// Starts removing a folder and does not wait: on a disk that discards freed blocks (ext4 with `discard`) a
/// data folder takes 3 s. `rm` goes on when we end, and does not mind another one in the same folder.
pub(crate) fn remove_behind(dir: &Path) -> io::Result<()> {
    remove_command(dir).spawn().map(drop)
}

/// Removes a folder and waits until it is gone.
pub(crate) fn remove(dir: &Path) -> Result<(), LabError> {
    let status = remove_command(dir)
        .status()
        .map_err(LabError::io("running rm"))?;
    if status.success() {
        return Ok(());
    }
    Err(LabError::Folder {
        dir: dir.to_owned(),
        reason: "rm -rf could not remove it".to_owned(),
    })
}

fn remove_command(dir: &Path) -> Command {
    let mut command = Command::new("rm");
    command
        .arg("-rf")
        .arg("--")
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// Empties a folder that is empty or a dead lab's; anything else is not ours to touch.
fn clear_leftover(dir: &Path) -> Result<(), LabError> {
    let refuse = |reason: String| LabError::Folder {
        dir: dir.to_owned(),
        reason,
    };
    let metadata =
        fs::metadata(dir).map_err(LabError::io(format!("looking at {}", dir.display())))?;
    if !metadata.is_dir() {
        return Err(refuse("it is a file; choose another with --dir".to_owned()));
    }
    if metadata.uid() != effective_user()? {
        return Err(refuse(
            "it belongs to another user; choose another with --dir".to_owned(),
        ));
    }
    if let Some(pid) = state::running_owner(dir) {
        return Err(LabError::AlreadyRunning {
            dir: dir.to_owned(),
            pid,
        });
    }
    // `lab up` checks the folder and opens the log before the background process checks it again.
    let own_log = dir.join("log");
    let only = |dir: &Path, entry: &Path| -> Result<bool, LabError> {
        let found = fs::read_dir(dir).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        Ok(found
            .map_err(|error| refuse(error.to_string()))?
            .iter()
            .all(|found| found.path() == entry))
    };
    if only(dir, &own_log)? && (!own_log.exists() || only(&own_log, &own_log.join("serve.log"))?) {
        return Ok(());
    }
    if !state::path(dir).exists() {
        return Err(refuse(
            "it holds files that do not belong to a lab; choose another with --dir, or empty it"
                .to_owned(),
        ));
    }
    state::stop_leftovers(dir)?;
    remove(dir)
}

/// Ports held until just before their servers start, so that another lab takes others.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) port: u16,
    listeners: Vec<(Ipv4Addr, TcpListener)>,
}

impl Reservation {
    /// Holds `wanted` (0: any free port) on each of `addresses`.
    pub(crate) fn take(
        wanted: u16,
        addresses: &[Ipv4Addr],
        option: &'static str,
    ) -> Result<Self, LabError> {
        if wanted != 0 {
            return Self::hold(wanted, addresses, option);
        }
        let mut last = None;
        for _ in 0..200 {
            match Self::hold(rand::rng().random_range(AUTOMATIC_PORTS), addresses, option) {
                Err(error @ LabError::PortTaken { .. }) => last = Some(error),
                other => return other,
            }
        }
        Err(last.unwrap_or_else(|| LabError::State("no free port found".to_owned())))
    }

    fn hold(port: u16, addresses: &[Ipv4Addr], option: &'static str) -> Result<Self, LabError> {
        let mut listeners = Vec::new();
        for &host in addresses {
            let address = SocketAddr::from((host, port));
            match TcpListener::bind(address) {
                Ok(listener) => listeners.push((host, listener)),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Err(LabError::PortTaken { address, option });
                }
                Err(source) => {
                    return Err(LabError::Io {
                        what: format!("binding {address}"),
                        source,
                    });
                }
            }
        }
        Ok(Self { port, listeners })
    }

    /// Frees one address for its server, which starts now.
    pub(crate) fn release(&mut self, host: Ipv4Addr) {
        self.listeners.retain(|(held, _)| *held != host);
    }
}

/// Every address on which the servers' port has to be free.
pub(crate) fn node_addresses(nodes: &[NodeName], has_relay: bool) -> Vec<Ipv4Addr> {
    let behind = nodes
        .iter()
        .filter(|_| has_relay)
        .map(|node| node.address_behind_relay());
    let before = nodes.iter().map(|node| node.address());
    before.chain(behind).collect()
}
