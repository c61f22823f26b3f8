//! What each command does, what it prints, and its exit code.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use clap::CommandFactory;

use crate::{
    args::{Cli, Command, DownArgs, StatusArgs},
    control, demo, down,
    error::LabError,
    healthy, marks,
    options::{FailoverOptions, LabOptions},
    serve,
    software::ensure_installed,
    status,
    step::{Step, StepKind},
    up,
};

/// Runs a command line. Errors go to standard error, in one line.
pub async fn run(cli: Cli) -> ExitCode {
    match dispatch(cli.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

async fn dispatch(command: Command) -> Result<(), LabError> {
    match command {
        Command::Up(args) => {
            let dir = args.dir();
            up::up(&LabOptions::from(args), &dir).await?;
            print(&up::describe(&dir)?)
        }
        Command::Status(args) => show_status(&args).await,
        Command::Failover(args) => {
            let options = FailoverOptions::from(&args);
            let hold = options.hold.unwrap_or_default();
            let mut printer = StepPrinter::new(args.recording.recording.as_deref(), hold);
            control::failover(&args.dir.dir, &options, |step| printer.print(step)).await
        }
        Command::Heal(args) => {
            let recording = args.recording.recording.as_deref();
            let mut printer = StepPrinter::new(recording, Duration::ZERO);
            control::heal(&args.dir.dir, |step| printer.print(step)).await
        }
        Command::Env(args) => print(&up::describe(&args.dir)?),
        Command::Down(args) => stop(&args).await,
        Command::Demo(args) => print(&demo::demo(&args.out).await?),
        Command::Install => {
            let found = ensure_installed()?;
            print(&format!(
                "PostgreSQL in {}, pgbouncer {}\n",
                found.pg_bindir.display(),
                found.pgbouncer.display()
            ))
        }
        Command::Completions(args) => args
            .run(Cli::command())
            .map_err(LabError::io("writing to standard output")),
        Command::Man(args) => args
            .run(Cli::command())
            .map_err(|detail| LabError::Program {
                what: "lab man".to_owned(),
                detail,
            }),
        Command::Serve(args) => serve::serve(LabOptions::from(args)).await,
    }
}

async fn show_status(args: &StatusArgs) -> Result<(), LabError> {
    let dir = &args.dir.dir;
    let status = match args.wait {
        Some(limit) => healthy::await_healthy(dir, limit).await?,
        None => status::status(dir).await?,
    };
    match args.json {
        true => print(&status.json()?),
        false => print(&status.to_string()),
    }
}

async fn stop(args: &DownArgs) -> Result<(), LabError> {
    if !args.all {
        return down::down(&args.dir.dir, args.keep).await;
    }
    let stopped = |dir: &Path| print(&format!("stopped the lab in {}\n", dir.display()));
    match down::down_all(args.keep, stopped).await? {
        0 => print("no lab of yours was found\n"),
        _ => Ok(()),
    }
}

/// Prints steps, and puts them into a recording in progress.
struct StepPrinter<'a> {
    recording: Option<&'a Path>,
    /// How long before the fault the reader is held.
    hold: Duration,
    fault_us: Option<i64>,
}

impl<'a> StepPrinter<'a> {
    fn new(recording: Option<&'a Path>, hold: Duration) -> Self {
        Self {
            recording,
            hold,
            fault_us: None,
        }
    }

    fn print(&mut self, step: &Step) -> Result<(), LabError> {
        let fault_us = match step.step {
            // Before the fault, which is not known yet.
            StepKind::Held => step.time_us + self.hold.as_micros() as i64,
            _ => *self.fault_us.get_or_insert(step.time_us),
        };
        print(&(step.line(fault_us) + "\n"))?;
        // The fault goes on, with or without a recording that takes marks.
        if let Some(recording) = self.recording
            && let Err(error) = marks::put(recording, step)
        {
            eprintln!("lab: {error}");
            self.recording = None;
        }
        Ok(())
    }
}

/// To standard output. A reader that stops early (`lab status | head -1`) is no failure.
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
