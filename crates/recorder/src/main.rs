//! The binary: everything is in the library.

use std::process::ExitCode;

/// A failover is a storm of failures, and glibc's allocator keeps what it took in each of them: some MiB more after every one. This one
/// gives memory back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    ExitCode::from(recorder::run_command_line(
        version::with_commit!(),
        &arguments,
    ))
}
