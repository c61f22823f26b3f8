//! The commands but for `run` and `check`: one file each.

pub(crate) mod audit;
pub(crate) mod cleanup;
pub(crate) mod mark;
pub(crate) mod recover;
pub(crate) mod setup;
pub(crate) mod verify;
