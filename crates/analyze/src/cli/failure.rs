//! How a command fails: one line on stderr, and the exit code.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use command_line::text::one_line;

use crate::charts::ChartError;
use crate::error::AnalyzeError;

pub(super) enum Failure {
    /// The command line is wrong.
    Usage(String),
    Analyze(AnalyzeError),
    Charts(ChartError),
    /// Already reported, with this exit code.
    Reported(u8),
    Output(io::Error),
    /// Manual pages can't be written.
    Pages(String),
    /// A file that the user named can't be written.
    File(PathBuf, io::Error),
}

impl From<AnalyzeError> for Failure {
    fn from(error: AnalyzeError) -> Self {
        Self::Analyze(error)
    }
}

impl From<ChartError> for Failure {
    fn from(error: ChartError) -> Self {
        Self::Charts(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    pub(super) fn report(self) -> ExitCode {
        match self {
            Self::Usage(text) => {
                eprintln!("analyze: {text}");
                ExitCode::from(2)
            }
            Self::Analyze(error) => ExitCode::from(report(&error)),
            Self::Charts(error) => {
                let advice = match error {
                    ChartError::Folder { .. } | ChartError::Write { .. } => {
                        "; name another folder with --out"
                    }
                    _ => "",
                };
                eprintln!("analyze: {}{advice}", one_line(&error.to_string()));
                ExitCode::from(if error.is_usage() { 2 } else { 1 })
            }
            Self::File(file, error) => {
                let text = format!("cannot write {}: {error}", file.display());
                eprintln!("analyze: {}; name another file with --out", one_line(&text));
                ExitCode::FAILURE
            }
            Self::Pages(text) => {
                eprintln!("analyze: {}", one_line(&text));
                ExitCode::FAILURE
            }
            Self::Reported(code) => ExitCode::from(code),
            // The reader of a pipe stopped reading: that is not a failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Output(error) => {
                eprintln!("analyze: standard output: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

/// Prints what is wrong with a recording, and returns the exit code for it.
pub(super) fn report(error: &AnalyzeError) -> u8 {
    // Text from a hostile recording is still one line.
    eprintln!("analyze: {}", one_line(&error.to_string()));
    if error.is_usage() { 2 } else { 1 }
}
