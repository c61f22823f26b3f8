//! What all binaries share: how durations are typed, and how numbers, foreign text, colours and exit codes are shown.

pub mod duration;
pub mod process;
pub mod terminal;
pub mod text;
