//! What all binaries share: how durations are typed, and how numbers, foreign text, colours, progress and exit codes are shown; completions and manual pages.

pub mod duration;
pub mod generated;
pub mod process;
pub mod progress;
pub mod terminal;
pub mod text;
