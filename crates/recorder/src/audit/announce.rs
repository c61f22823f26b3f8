//! What an audit does that takes its time, in words.

use std::io::IsTerminal;
use std::time::Duration;

use crate::output::log::Log;
use crate::output::terminal;

/// What takes longer is said.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says it on a terminal, and in the log of the run at whose end the audit is.
#[derive(Clone, Copy)]
pub(crate) struct Announcer<'l>(pub(crate) Option<&'l Log>);

impl Announcer<'_> {
    pub(crate) fn say(self, what: &str) {
        if let Some(log) = self.0 {
            log.line(&format!("audit: {what}"));
        }
        if std::io::stderr().is_terminal() {
            let way_out = match self.0 {
                Some(_) => " (Ctrl-C skips the audit)",
                None => "",
            };
            terminal::line(format!("audit: {what} ...{way_out}"));
        }
    }

    /// Does the work, and says so where it takes long.
    pub(crate) async fn patiently<T>(self, what: &str, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(PATIENCE) => self.say(what),
        }
        work.await
    }
}
