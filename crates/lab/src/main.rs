//! The command line of the lab: parse, dispatch, exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use lab::{
    FailoverOptions, LabError, LabOptions,
    args::{Cli, Command},
};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

async fn run(command: Command) -> Result<(), LabError> {
    match command {
        Command::Up(args) => {
            let dir = args.dir();
            lab::up::up(&LabOptions::from(args), &dir).await?;
            print(&lab::up::describe(&dir)?)?;
        }
        Command::Status(args) => {
            let dir = &args.dir.dir;
            let status = match args.wait {
                Some(limit) => lab::healthy::await_healthy(dir, limit).await?,
                None => lab::status::status(dir).await?,
            };
            print(&if args.json {
                status.json()?
            } else {
                status.to_string()
            })?;
        }
        Command::Failover(args) => {
            let mut crash_us = None;
            let on_step = |step: &lab::Step| {
                let crash_us = *crash_us.get_or_insert(step.time_us);
                print(&(step.line(crash_us) + "\n"))
            };
            lab::control::failover(&args.dir.dir, &FailoverOptions::from(&args), on_step).await?;
        }
        Command::Down(args) => lab::down::down(&args.dir.dir, args.keep).await?,
        Command::Demo(args) => print(&lab::demo::demo(&args.out).await?)?,
        Command::Install => {
            let found = lab::ensure_installed()?;
            print(&format!(
                "PostgreSQL in {}, pgbouncer {}\n",
                found.pg_bindir.display(),
                found.pgbouncer.display()
            ))?;
        }
        Command::Serve(args) => lab::serve::serve(LabOptions::from(args)).await?,
    }
    Ok(())
}

/// To standard output. A reader that has seen enough (`lab status | head -1`) is no failure.
fn print(text: &str) -> Result<(), LabError> {
    let mut stdout = io::stdout();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(LabError::Io {
            what: "writing to standard output".to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
