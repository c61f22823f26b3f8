//! What is wrong with the database that an audit asks.

use crate::connect::Connector;
use crate::database::Trouble;
use crate::error::RecorderError;

/// One line with the endpoint: exit code 2 for what the user can mend, else 1.
pub(super) fn error(connector: &Connector, trouble: Trouble) -> RecorderError {
    let Trouble {
        found,
        remedy,
        is_mistake,
    } = trouble;
    let line = format!("{}: {found}; {remedy}", connector.endpoint());
    match is_mistake {
        true => RecorderError::Usage(line),
        false => RecorderError::Failed(line),
    }
}
