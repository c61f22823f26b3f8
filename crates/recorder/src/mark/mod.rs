//! Marks of the user in a recording: `recorder mark`, from another process, and SIGUSR1.
//!
//! `recorder mark` appends a line to the file [`GIVEN`], which the recorder reads on several times a second. Each time it has recorded
//! what it read, it appends to [`READ`] how far it has read, and when. The flush after that time makes the marks safe from a kill.

mod file;
mod watch;

pub(crate) use file::{GIVEN, Mark, Position, READ, line, remove_files};
pub(crate) use watch::Marks;
