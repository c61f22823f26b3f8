//! What the tests of the lab share: its view from outside, as a client or the operating system has it.

pub(crate) mod faults;
pub(crate) mod program;

use std::{
    fs,
    net::Ipv4Addr,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio_postgres::{Client, Config, Error, NoTls};

/// For what has to come, however long it takes on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Connects to `url`, at `address` if the name in it is one that only the lab knows.
pub(crate) async fn connect(url: &str, address: Option<Ipv4Addr>) -> Result<Client, Error> {
    let mut config: Config = url.parse().unwrap();
    if let Some(address) = address {
        config.hostaddr(address.into());
    }
    config.connect_timeout(Duration::from_secs(5));
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Every process whose working folder is in `dir`, as that of the servers is; from the kernel, not from the lab.
pub(crate) fn processes_in(dir: &Path) -> Vec<u32> {
    let pids = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(dir))
    })
    .collect()
}

pub(crate) fn signal(signal: Signal, pids: &[u32]) {
    for &pid in pids {
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        // One that is gone already needs no signal.
        let _ = kill_process(pid, signal);
    }
}

/// The process id in a server's data folder.
pub(crate) fn postmaster(data: &Path) -> u32 {
    let file = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

/// UTC, microseconds since 1970.
pub(crate) fn now_us() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros() as i64
}
