//! The four figures that every outage has: reads and writes, past the proxy and through it.

use std::fmt;

/// Which way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Path {
    Direct,
    Proxy,
}

/// Of which operations: the two groups that a headline can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Read,
    Writer,
}

/// A group of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lane {
    pub(crate) path: Path,
    pub(crate) group: Group,
}

pub(crate) const LANES: [Lane; 4] = [
    lane(Path::Direct, Group::Read),
    lane(Path::Direct, Group::Writer),
    lane(Path::Proxy, Group::Read),
    lane(Path::Proxy, Group::Writer),
];

const fn lane(path: Path, group: Group) -> Lane {
    Lane { path, group }
}

impl Path {
    /// As the report calls it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Proxy => "proxy",
        }
    }
}

impl Group {
    /// As the report calls it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Writer => "writer",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path.as_str(), self.group.as_str())
    }
}
