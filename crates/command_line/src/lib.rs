//! What the command lines of all binaries share, so that `--settle 30s` and `--duration 5m` mean the same everywhere.

pub mod duration;
