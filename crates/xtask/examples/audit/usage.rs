//! What a process takes.

use std::fs;
use std::time::Duration;

/// CPU time and peak memory of a process, as `/proc` tells them. One that has ended and was not waited for has its time, and no memory any
/// more.
pub(crate) fn usage(pid: u32) -> Option<(Duration, Option<u64>)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may have blanks in it: user and system time are the 12th and 13th, in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let cpu = Duration::from_millis(10 * (ticks(11)? + ticks(12)?));
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
    Some((cpu, peak.map(|kib| kib * 1024)))
}
