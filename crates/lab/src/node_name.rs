//! What the nodes are called, and their addresses.

use std::{fmt, net::Ipv4Addr};

use serde::{Deserialize, Serialize};

/// A node: one of the pair, either of which may be the writer, or a further reader, which never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeName {
    /// The node at 127.0.0.2, the writer at first.
    A,
    /// The node at 127.0.0.3, the reader at first.
    B,
    /// The second reader, at 127.0.0.4.
    C,
    /// The third reader, at 127.0.0.5.
    D,
    /// The fourth reader, at 127.0.0.6.
    E,
    /// The fifth reader, at 127.0.0.7.
    F,
}

impl NodeName {
    /// Every node that a lab may have; the first two are the pair.
    pub const ALL: [Self; 6] = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::F];

    /// The node's address; the port is the same for all, so that the DNS answer is all that changes in a failover.
    #[must_use]
    pub fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(127, 0, 0, 2 + self as u8)
    }

    /// Where its server listens when a relay has its address.
    pub(crate) fn address_behind_relay(self) -> Ipv4Addr {
        Ipv4Addr::new(127, 0, 1, 2 + self as u8)
    }

    /// Of the pair, the node that is not this one; for a further reader the node that is the writer at first.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            _ => Self::A,
        }
    }

    /// Its place among all nodes.
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// `a` to `f`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::D => "d",
            Self::E => "e",
            Self::F => "f",
        }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
