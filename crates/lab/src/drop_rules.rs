//! Real packet loss: rules that drop every packet to and from one address, in a network namespace of the lab's own.
//!
//! Never in the machine's own namespace: that firewall is somebody else's.

use std::{
    fs,
    net::Ipv4Addr,
    path::Path,
    process::{Command, Stdio},
};

use crate::{account::effective_user, error::LabError};

/// The table that holds the rules; nothing else stands in it.
const TABLE: &str = "pgoutage_lab";

/// Rules that are in force; they go when this is dropped.
#[derive(Debug)]
pub(crate) struct DropRules(());

impl DropRules {
    /// Are we root in a network namespace that is not the machine's, and is there `nft`?
    pub(crate) fn are_possible() -> bool {
        is_apart() && effective_user().is_ok_and(|user| user == 0) && program().is_some()
    }

    /// Drops every packet to and from `port` of `address`.
    pub(crate) fn drop_all(address: Ipv4Addr, port: u16) -> Result<Self, LabError> {
        let rules = format!(
            "add table inet {TABLE}
add chain inet {TABLE} input {{ type filter hook input priority 0; }}
add rule inet {TABLE} input ip daddr {address} tcp dport {port} drop
add rule inet {TABLE} input ip saddr {address} tcp sport {port} drop
"
        );
        run(&rules)?;
        Ok(Self(()))
    }
}

impl Drop for DropRules {
    fn drop(&mut self) {
        if let Err(error) = run(&format!("delete table inet {TABLE}\n")) {
            eprintln!("lab: {error}");
        }
    }
}

/// Is this network namespace another one than the machine's?
fn is_apart() -> bool {
    let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
    match (namespace("1"), namespace("self")) {
        (Some(machine), Some(own)) => machine != own,
        // A container may hide who its process 1 is: one that leads nowhere is nobody else's.
        _ => fs::read_to_string("/proc/self/net/dev").is_ok_and(|table| has_only_loopback(&table)),
    }
}

/// Reads `/proc/net/dev`: two lines of headings, then a line for each interface (proc(5)).
fn has_only_loopback(table: &str) -> bool {
    let mut interfaces = table
        .lines()
        .skip(2)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim());
    interfaces.next() == Some("lo") && interfaces.next().is_none()
}

fn program() -> Option<&'static Path> {
    ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"]
        .into_iter()
        .map(Path::new)
        .find(|program| program.is_file())
}

fn run(rules: &str) -> Result<(), LabError> {
    let program = program().ok_or_else(|| LabError::Missing {
        what: "nft".to_owned(),
        remedy: "apt-get install -y nftables".to_owned(),
    })?;
    let output = Command::new(program)
        .arg(rules)
        .stdin(Stdio::null())
        .output()
        .map_err(LabError::io("running nft"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(LabError::Program {
        what: "nft".to_owned(),
        detail: words.lines().next().unwrap_or("it said nothing").to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::has_only_loopback;

    const HEADINGS: &str = "Inter-|   Receive |  Transmit\n face |bytes packets|bytes packets\n";

    #[test]
    fn a_namespace_with_a_way_out_is_told_apart() {
        let lo = "    lo:     0       0     0       0\n";
        assert!(has_only_loopback(&format!("{HEADINGS}{lo}")));
        for other in ["", &format!("{lo}  eth0: 1 1 1 1\n"), "  eth0: 1 1 1 1\n"] {
            assert!(!has_only_loopback(&format!("{HEADINGS}{other}")), "{other}");
        }
    }
}
