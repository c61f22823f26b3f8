//! SIGINT, SIGTERM and SIGHUP; SIGXFSZ and SIGUSR1, which must not end a recording.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The number of SIGXFSZ on Linux and macOS.
const SIGXFSZ: i32 = 25;

/// The signals; once this is made they no longer end the process by themselves.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// None where the parent has it ignored: with `nohup` the recording shall outlive the terminal.
    hangup: Option<Signal>,
    /// Else a file at its size limit (`ulimit -f`) would end the process; heard, it is a write that fails.
    _file_size: Signal,
    /// A mark in a recording, which has its own handler; before the recording starts, the signal must not end the process.
    _mark: Signal,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let hangup = match is_hangup_ignored() {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
            _file_size: signal(SignalKind::from_raw(SIGXFSZ))?,
            _mark: signal(SignalKind::user_defined1())?,
        })
    }

    /// Waits for the next one and gives its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            () = received(&mut self.hangup) => "SIGHUP",
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// Reads the process's mask of ignored signals; where there is no `/proc`, as on macOS, none counts as ignored.
fn is_hangup_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hangup(&status))
}

fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bit_of_the_mask_is_sighup() {
        for (status, expected) in [
            (
                "SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n",
                false,
            ),
            ("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0\n", true),
            ("SigIgn:\n", false),
            ("", false),
        ] {
            assert_eq!(ignores_hangup(status), expected, "{status}");
        }
    }
}
