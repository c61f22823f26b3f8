//! The messages between `lab` and its background process: JSON, one a line.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
};

use crate::{error::LabError, options::FailoverOptions, state::LabState, step::Step};

/// The longest path that a Unix socket takes.
const LONGEST_SOCKET_PATH: usize = 107;

/// From the background process to `lab up`, on its standard output.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Startup {
    Progress(String),
    Ready,
    Failed { message: String, exit_code: u8 },
}

/// To the background process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    Failover(Box<FailoverOptions>),
    Heal,
}

/// Back from it, as things happen.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    Step(Step),
    Done,
    Failed { message: String, exit_code: u8 },
}

pub(crate) fn line(message: &impl Serialize) -> Result<String, LabError> {
    serde_json::to_string(message)
        .map(|text| text + "\n")
        .map_err(|error| LabError::State(error.to_string()))
}

/// Where the background process of the lab in `dir` listens.
pub(crate) fn socket(dir: &Path) -> Result<PathBuf, LabError> {
    let path = dir.join("control.sock");
    match path.as_os_str().len() {
        0..=LONGEST_SOCKET_PATH => Ok(path),
        length => Err(LabError::Folder {
            dir: dir.to_owned(),
            reason: format!(
                "{} is {length} bytes long, a socket's path may have {LONGEST_SOCKET_PATH}; choose a shorter --dir",
                path.display()
            ),
        }),
    }
}

/// Requests a fault of the lab in `dir`; `on_step` gets each step. Returns when the pair is healthy again.
///
/// # Errors
/// No lab runs there, it is busy with another request, it cannot do that, or a step failed.
pub(crate) async fn failover(
    dir: &Path,
    options: &FailoverOptions,
    on_step: impl FnMut(&Step) -> Result<(), LabError>,
) -> Result<(), LabError> {
    // Here too, so that a mistake gets exit code 2.
    options.validate()?;
    request(dir, &Request::Failover(Box::new(*options)), on_step).await
}

/// Has the lab in `dir` make its pair healthy again; `on_step` gets each step. Returns when it is.
///
/// # Errors
/// As [`failover`].
pub(crate) async fn heal(
    dir: &Path,
    on_step: impl FnMut(&Step) -> Result<(), LabError>,
) -> Result<(), LabError> {
    request(dir, &Request::Heal, on_step).await
}

async fn request(
    dir: &Path,
    what: &Request,
    mut on_step: impl FnMut(&Step) -> Result<(), LabError>,
) -> Result<(), LabError> {
    LabState::load_running(dir)?;
    let path = socket(dir)?;
    let stream = UnixStream::connect(&path)
        .await
        .map_err(LabError::io(format!(
            "connecting to the lab at {}",
            path.display()
        )))?;
    let (reading, mut writing) = stream.into_split();
    let lost = || LabError::io("talking to the lab");
    writing
        .write_all(line(what)?.as_bytes())
        .await
        .map_err(lost())?;
    let mut lines = BufReader::new(reading).lines();
    while let Some(text) = lines.next_line().await.map_err(lost())? {
        match serde_json::from_str(&text) {
            Ok(Reply::Step(step)) => on_step(&step)?,
            Ok(Reply::Done) => return Ok(()),
            Ok(Reply::Failed { message, exit_code }) => {
                return Err(LabError::Background { message, exit_code });
            }
            Err(error) => {
                return Err(LabError::State(format!(
                    "the lab answered {text:?}: {error}"
                )));
            }
        }
    }
    Err(LabError::State(
        "the lab ended before it was done; the logs in its folder say why".to_owned(),
    ))
}
