//! `recorder audit`: what became of every write of a recording.

use recording::Recording;

use crate::audit::{self, Asked};
use crate::cli::EndpointArgs;
use crate::cli::audit::{AuditArgs, Via};
use crate::config::audit_connector;
use crate::error::RecorderError;
use crate::output::terminal;

/// Audits the recording and says what was found. Losses are a finding, not a failure.
///
/// # Errors
/// [`RecorderError::Usage`] where there is no recording that is over or the endpoint is wrong, [`RecorderError::Failed`] where it could not be
/// audited.
pub(crate) async fn run(endpoints: &EndpointArgs, args: &AuditArgs) -> Result<(), RecorderError> {
    let recording = Recording::open(&args.recording).map_err(|error| match error.is_usage() {
        true => RecorderError::Usage(error.to_string()),
        false => RecorderError::Failed(error.to_string()),
    })?;
    let (connector, via) =
        audit_connector(endpoints, args.via.map(Via::path), args.url.as_deref())?;
    let asked = Asked {
        connector,
        via,
        wait: args.wait,
        log: None,
    };
    let report = audit::run(recording, &asked).await?;
    terminal::result(report.lines().join("\n"))?;
    match report.failure() {
        Some(failure) => Err(RecorderError::Failed(failure.to_owned())),
        None => Ok(()),
    }
}
