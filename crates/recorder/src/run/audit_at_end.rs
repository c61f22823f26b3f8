//! The audit at the end of a run.

use std::path::Path as FilePath;

use command_line::text::shell_word;
use recording::{Recording, Summary};

use crate::audit::{self, Asked};
use crate::config::RunConfig;
use crate::connect::application_name;
use crate::output::log::Log;
use crate::output::terminal;
use crate::run::signals::Signals;

/// Audits the recording through the direct path, or the only one, until a signal comes. `hurried` is a signal that came before. What
/// fails is said in a line, and changes nothing else.
pub(crate) async fn run(
    config: &RunConfig,
    folder: &FilePath,
    summary: &Result<Summary, String>,
    hurried: Option<&'static str>,
    log: &Log,
    signals: &mut Signals,
) {
    let Some((wait, connector)) = config.audit_wait.zip(config.connectors.first()) else {
        return;
    };
    if !config.writes() {
        return;
    }
    let name = application_name::of_command("audit");
    let asked = Asked {
        connector: connector.without_memory().named(name),
        via: connector.path().as_str(),
        wait,
        log: Some(log),
    };
    let auditing = async {
        if summary.is_err() {
            return Err("the recording is not complete".to_owned());
        }
        let recording = Recording::open(folder).map_err(|error| error.to_string())?;
        let report = audit::run(recording, &asked).await;
        report.map_err(|error| error.to_string())
    };
    let audited = match hurried {
        Some(signal) => Err(signal.to_owned()),
        None => tokio::select! {
            audited = auditing => audited,
            signal = signals.next() => Err(signal.to_owned()),
        },
    };
    let note = |line: &str| {
        log.line(line);
        terminal::line(line);
    };
    match audited {
        Ok(report) => {
            let lines = report.lines().iter().map(String::as_str);
            lines.chain(report.failure()).for_each(note);
        }
        Err(why) => note(&format!(
            "not audited: {why}; to audit: recorder audit {}",
            shell_word(&folder.to_string_lossy())
        )),
    }
}
