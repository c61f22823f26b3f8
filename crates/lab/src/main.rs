//! The command line of the lab: parse, dispatch, exit code.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use clap::Parser;
use lab::{
    FailoverOptions, LabError, LabOptions, Step,
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
            let mut told = Told::new(args.recording.recording.as_deref());
            let options = FailoverOptions::from(&args);
            lab::control::failover(&args.dir.dir, &options, |step| told.tell(step)).await?;
        }
        Command::Heal(args) => {
            let mut told = Told::new(args.recording.recording.as_deref());
            lab::control::heal(&args.dir.dir, |step| told.tell(step)).await?;
        }
        Command::Env(args) => print(&lab::up::describe(&args.dir)?)?,
        Command::Down(args) if args.all => print(&lab::down::down_all(args.keep).await?)?,
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

/// Where steps go: standard output, and a recording in progress.
struct Told<'a> {
    recording: Option<&'a Path>,
    first_us: Option<i64>,
}

impl<'a> Told<'a> {
    fn new(recording: Option<&'a Path>) -> Self {
        Self {
            recording,
            first_us: None,
        }
    }

    fn tell(&mut self, step: &Step) -> Result<(), LabError> {
        let first_us = *self.first_us.get_or_insert(step.time_us);
        print(&(step.line(first_us) + "\n"))?;
        // The fault is under way: a recording that takes no marks does not stop it.
        if let Some(recording) = self.recording
            && let Err(error) = lab::marks::put(recording, step)
        {
            eprintln!("lab: {error}");
            self.recording = None;
        }
        Ok(())
    }
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
