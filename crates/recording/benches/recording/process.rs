//! CPU time and memory of this process, from `/proc`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::Result;

/// CPU time of the writer's thread so far. It is exact only while that thread sleeps: the kernel adds the time of a running thread
/// at its next tick.
pub(crate) fn writer_cpu() -> Result<Duration> {
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        // The kernel keeps 15 bytes of a thread's name, `recording-writer`.
        if fs::read_to_string(task.join("comm"))?.trim_end() == "recording-write" {
            return thread_cpu(&task);
        }
    }
    Err("no thread of the name recording-writer".into())
}

/// CPU time of this thread, up to the last tick.
pub(crate) fn own_cpu() -> Result<Duration> {
    thread_cpu(Path::new("/proc/thread-self"))
}

fn thread_cpu(task: &Path) -> Result<Duration> {
    let statistics = fs::read_to_string(task.join("schedstat"))?;
    let nanoseconds = statistics.split_whitespace().next();
    let nanoseconds = nanoseconds.ok_or("schedstat is empty")?.parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// Resident memory now, bytes.
pub(crate) fn resident() -> Result<u64> {
    status("VmRSS:")
}

/// The most that was resident so far, bytes.
pub(crate) fn peak_resident() -> Result<u64> {
    status("VmHWM:")
}

fn status(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: u64 = kibibytes
        .ok_or(format!("no {name} in /proc/self/status"))?
        .parse()?;
    Ok(kibibytes * 1_024)
}
