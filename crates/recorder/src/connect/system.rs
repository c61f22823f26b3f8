//! What the operating system says of names: the hosts file, and which name servers to ask. Read when the first name is looked up, as who is
//! given addresses needs neither, and anew when one of the files changes, as libc does.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::system_conf::read_system_conf;

use crate::connect::shortage;

/// Where the system's files are.
pub(super) struct Files {
    pub(super) hosts: PathBuf,
    /// Only looked at here: hickory reads its own path.
    pub(super) resolv_conf: PathBuf,
}

impl Default for Files {
    /// Where Unix has them.
    fn default() -> Self {
        Self {
            hosts: "/etc/hosts".into(),
            resolv_conf: "/etc/resolv.conf".into(),
        }
    }
}

/// Time of change and length of a file; `None` for one that is not there.
type Stamp = Option<(Option<SystemTime>, u64)>;

/// What tells that one of the files was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamps([Stamp; 2]);

impl Files {
    pub(super) fn stamps(&self) -> Stamps {
        let stamp = |file: &Path| {
            let metadata = std::fs::metadata(file).ok()?;
            Some((metadata.modified().ok(), metadata.len()))
        };
        Stamps([stamp(&self.hosts), stamp(&self.resolv_conf)])
    }
}

/// The hosts file. hickory has a reader of its own, which leaves out names that are no host names to it, and the whole file for one byte
/// that is no UTF-8.
#[derive(Debug, Default)]
pub(super) struct HostsFile(Vec<(IpAddr, Vec<String>)>);

impl HostsFile {
    /// One that can't be read is none, as with libc.
    ///
    /// # Errors
    /// Where this host has no descriptor left: then nothing is known of the file.
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        match std::fs::read(file) {
            Ok(bytes) => Ok(Self::parse(&bytes)),
            Err(error) if shortage::is_shortage(&error) => Err(error),
            Err(_) => Ok(Self::default()),
        }
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let line = |line: &str| {
            let mut words = line.split('#').next()?.split_whitespace();
            let address = words.next()?.parse().ok()?;
            Some((address, words.map(str::to_owned).collect()))
        };
        Self(text.lines().filter_map(line).collect())
    }

    /// The addresses of a name, in the order of the file; a name there is as it is written.
    pub(super) fn addresses(&self, host: &str) -> Vec<IpAddr> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let mut found = Vec::new();
        for (address, names) in &self.0 {
            let is_there = names.iter().any(|name| name.eq_ignore_ascii_case(host));
            if is_there && !found.contains(address) {
                found.push(*address);
            }
        }
        found
    }
}

/// The system's name servers.
pub(super) struct NameServers {
    pub(super) config: ResolverConfig,
    pub(super) options: ResolverOpts,
    /// Why the server of this host is asked, where the system names none.
    pub(super) missing: Option<String>,
}

impl NameServers {
    /// Those of resolv.conf. Where it names none, or is not there, the one on this host, as libc does (resolv.conf(5)).
    ///
    /// # Errors
    /// Where this host has no descriptor left: then nothing is known of them.
    pub(super) fn of_system() -> Result<Self, NetError> {
        match read_system_conf() {
            Ok((config, options)) => Ok(Self {
                config,
                options,
                missing: None,
            }),
            Err(error) if shortage::is_in_chain(&error) => Err(error),
            Err(error) => {
                let local = NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into());
                let reason = match &error {
                    NetError::Io(error) => error.to_string(),
                    error => error.to_string(),
                };
                Ok(Self {
                    config: ResolverConfig::from_parts(None, vec![], vec![local]),
                    options: ResolverOpts::default(),
                    missing: Some(reason),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_are_written() {
        let file = HostsFile::parse(
            b"# 10.0.0.9 my_db\n::1 localhost\n127.0.0.1\tlocalhost loop # 10.0.0.8\n\
              10.0.0.1 my_db My+Db -x-\n10.0.0.1 my_db\nfe80::1%lo0 link\n\xff\xfe\n10.0.0.2 after b\xfccher\n",
        );
        let of = |host: &str| {
            let addresses = file.addresses(host);
            addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("localhost"), ["::1", "127.0.0.1"]);
        for name in ["my_db", "MY_DB", "my+db", "-x-", "my_db."] {
            assert_eq!(of(name), ["10.0.0.1"], "{name}");
        }
        assert_eq!(of("after"), ["10.0.0.2"]);
        for name in ["link", "db", "10.0.0.8", ""] {
            assert!(of(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_empty() {
        let file = HostsFile::read(Path::new("/nonexistent/hosts")).unwrap();
        assert!(file.addresses("localhost").is_empty());
    }
}
