//! `--mode`.

use clap::ValueEnum;
use recording::Mode;

/// Which paths to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// Both paths at the same time
    Both,
    /// Only the direct path
    Direct,
    /// Only the proxy path
    Proxy,
}

impl ModeArg {
    /// As it stands in the manifest.
    #[must_use]
    pub const fn mode(self) -> Mode {
        match self {
            Self::Both => Mode::Both,
            Self::Direct => Mode::Direct,
            Self::Proxy => Mode::Proxy,
        }
    }
}
