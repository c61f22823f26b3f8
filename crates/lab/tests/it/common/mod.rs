//! What the tests of the lab share: looking at it from outside, as a client or the operating system does.

pub(crate) mod faults;
pub(crate) mod program;

use std::{
    fs,
    net::Ipv4Addr,
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio_postgres::{Client, Config, Error, NoTls};

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

/// Every process that stands in `dir`: the servers do. Asked of the kernel, not of the lab.
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

/// Waits until `done`, for a long time: how fast it comes is no part of any test.
pub(crate) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "{what} did not come in 30 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// UTC, microseconds since 1970.
pub(crate) fn now_us() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros() as i64
}

/// The same for what is asked of a server.
pub(crate) async fn wait_until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done().await {
        assert!(Instant::now() < deadline, "{what} did not come in 30 s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
