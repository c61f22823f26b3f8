//! The threads that the work is spread over.

use std::io;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Runs `main` on this thread, and the tasks that it spawns on `threads` others. What `main` waits for, as a terminal or a disk, holds up no task.
///
/// # Errors
/// The operating system's, where it has no thread or descriptor left.
pub(crate) fn block_on<T>(threads: usize, main: impl Future<Output = T>) -> io::Result<T> {
    if threads > 1 {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(threads).enable_all().build()?;
        let done = runtime.block_on(main);
        // A task that waits for a disk that does not answer must not hold up the end.
        runtime.shutdown_background();
        return Ok(done);
    }
    // For one thread there is a scheduler that shares nothing with others: a fifth less CPU for an operation.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (end, ended) = oneshot::channel::<()>();
    thread::Builder::new()
        .name("tasks".to_owned())
        .spawn(move || {
            // Ends where `end` is dropped.
            let _ = runtime.block_on(ended);
            runtime.shutdown_background();
        })?;
    let done = handle.block_on(main);
    drop(end);
    Ok(done)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_main_future_that_blocks_holds_up_no_task() {
        for threads in [1, 2] {
            let done = block_on(threads, async {
                let (send, receive) = std::sync::mpsc::channel();
                let task = tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    let _ = send.send(7);
                });
                // Blocks this thread until the task is done.
                let received = receive.recv_timeout(Duration::from_secs(60));
                task.await.unwrap();
                received
            });
            assert_eq!(done.unwrap(), Ok(7), "{threads}");
        }
    }
}
