//! What the names of an endpoint lead to, as the name server said last.

use std::collections::BTreeSet;
use std::net::IpAddr;

use tokio::sync::watch;

/// So many addresses are allowed for where a name has not resolved yet.
const UNRESOLVED: usize = 2;

/// Of each of an endpoint's hosts, in their order; empty where no name server said yet.
#[derive(Clone)]
pub(crate) struct Names(pub(super) Vec<watch::Receiver<BTreeSet<IpAddr>>>);

impl Names {
    /// True where one of them leads to that address, or may.
    pub(crate) fn lead_to(&self, address: IpAddr) -> bool {
        self.0.iter().any(|addresses| {
            let addresses = addresses.borrow();
            addresses.is_empty() || addresses.contains(&address)
        })
    }

    /// How many addresses an attempt to connect in so many rounds may ask one after the other: a silent one must not hide those behind it.
    pub(crate) fn tries(&self, rounds: usize) -> u32 {
        let known: Vec<usize> = self.0.iter().map(|of| of.borrow().len()).collect();
        tries(&known, rounds)
    }
}

/// How many addresses `rounds` over hosts with so many known addresses ask.
fn tries(known: &[usize], rounds: usize) -> u32 {
    let of_host = |known: &usize| match known {
        0 => UNRESOLVED,
        known => *known,
    };
    let addresses: usize = known.iter().map(of_host).sum();
    u32::try_from(addresses * rounds).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_of_each_host_has_its_time() {
        assert_eq!(tries(&[1], 1), 1);
        assert_eq!(tries(&[2], 1), 2);
        assert_eq!(tries(&[0], 1), 2);
        assert_eq!(tries(&[1, 3, 0], 2), 12);
    }
}
