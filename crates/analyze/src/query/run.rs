//! Planning a query and running it.

use std::fmt;
use std::io;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use polars::error::set_warning_function;
use polars::prelude::*;
use polars::sql::SQLContext;
use recording::{Panicked, guarded};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::query::catalogue::{self, Entry, Names};
use crate::query::engine;
use crate::query::mistake::Mistake;
use crate::query::output::sink::{Enough, Output};
use crate::query::sql::Sql;
use crate::query::tables::{Figures, Tables};
use crate::summary::Thresholds;

/// Stack of the thread that plans and starts a query, bytes: the engine's recursion is as deep as the query is nested. Memory is taken
/// as it is used.
const STACK: usize = 512 << 20;

/// Why a query has no result.
pub enum QueryError {
    /// The query is wrong.
    Mistake(Mistake),
    /// A recording can't be analyzed.
    Analyze(AnalyzeError),
    /// Files of the recordings can't be decoded. These are the recordings without them, where that is allowed and nothing was written yet.
    LeftOut(Vec<Loaded>),
    /// The result can't be written.
    Output(io::Error),
    /// A file can't be written.
    File { path: PathBuf, source: io::Error },
    /// The file belongs to a recording.
    Recorded(PathBuf),
    /// Files of an earlier export are in the folder.
    Exists(Vec<PathBuf>),
    /// The query can't be run on this machine now.
    Engine(String),
}

impl From<AnalyzeError> for QueryError {
    fn from(error: AnalyzeError) -> Self {
        Self::Analyze(error)
    }
}

/// What there is in some recordings, with the columns that only they know.
///
/// # Errors
/// [`QueryError::Engine`] where their tables do not fit together.
pub fn entries_of(loaded: &[Loaded]) -> Result<Vec<Entry>, QueryError> {
    let tables = tables(loaded, &Figures::default())?;
    Ok(catalogue::with_later(catalogue::entries(), &tables))
}

pub(super) fn tables(loaded: &[Loaded], figures: &Figures) -> Result<Tables, QueryError> {
    guarded(|| Tables::of(loaded, figures))
        .map_err(|panicked| QueryError::Engine(panicked.message().to_owned()))?
        .map_err(|error| QueryError::Engine(error.to_string()))
}

/// The figures of the views that are asked. What can't be decoded is told first, where it may be left out: each pass would leave it out silently.
pub(super) fn figures(
    loaded: &[Loaded],
    thresholds: Thresholds,
    asks: impl Fn(&str) -> bool,
) -> Result<Figures, QueryError> {
    let any = ["outages", "episodes", "seconds"].into_iter().any(&asks);
    if any
        && loaded.iter().any(Loaded::allows_damage)
        && let Some(rest) = whole_ones(loaded)?
    {
        return Err(QueryError::LeftOut(rest));
    }
    Ok(Figures::of(loaded, thresholds, asks)?)
}

/// Runs a query over recordings, and gives its rows to `output`.
///
/// # Errors
/// [`QueryError`]; some rows may have been given before.
pub fn run(
    sql: &Sql,
    loaded: &[Loaded],
    thresholds: Thresholds,
    output: &mut dyn Output,
) -> Result<(), QueryError> {
    let figures = figures(loaded, thresholds, |view| sql.names(view))?;
    let tables = tables(loaded, &figures)?;
    let names = Names::of(&tables);
    let (frame, schema) = on_a_large_stack(|| plan(sql, &tables))?
        .map_err(|error| QueryError::Mistake(error.in_words(sql, &names)))?;
    // Only once there are rows: what can't be decoded may come first, and is then left out.
    let mut begun = false;
    let outcome = rows(frame, |rows| {
        if !begun {
            output.begin(&schema)?;
        }
        begun = true;
        output.add(rows)
    });
    match outcome {
        Ok(()) if begun => output.end().map_err(QueryError::Output),
        Ok(()) => {
            let begun = output.begin(&schema);
            begun
                .and_then(|()| output.end())
                .map_err(QueryError::Output)
        }
        Err(Broken::Output(error)) => Err(QueryError::Output(error)),
        Err(Broken::Engine(error)) => {
            let rest = whole_ones(loaded)?;
            match rest {
                Some(rest) if !begun => Err(QueryError::LeftOut(rest)),
                _ => Err(QueryError::Mistake(error.in_words(sql, &names))),
            }
        }
    }
}

/// The recordings without the files that can't be decoded, where there are such: then these are to blame, and not the query.
pub(super) fn whole_ones(loaded: &[Loaded]) -> Result<Option<Vec<Loaded>>, AnalyzeError> {
    let mut rest = loaded.to_vec();
    let mut any = false;
    for recording in &mut rest {
        if let Some(whole) = recording.without_undecodable()? {
            *recording = whole;
            any = true;
        }
    }
    Ok(any.then_some(rest))
}

/// What the engine says: an error, or a panic.
pub(super) enum Said {
    Error(PolarsError),
    Panic(Panicked),
}

impl Said {
    fn in_words(self, sql: &Sql, names: &Names) -> Mistake {
        match self {
            Self::Error(error) => engine::in_words(error, sql, names),
            Self::Panic(panicked) => Mistake::new(format!(
                "the query engine failed on this query: {}",
                panicked.message()
            )),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panic(panicked) => f.write_str(panicked.message()),
        }
    }
}

fn plan(sql: &Sql, tables: &Tables) -> Result<(LazyFrame, SchemaRef), Said> {
    // What the engine will drop one day is of no use to who asks.
    set_warning_function(|_, _| {});
    let planned = guarded(|| -> PolarsResult<(LazyFrame, SchemaRef)> {
        let mut context = SQLContext::new();
        for table in tables.iter() {
            context.register(table.name, table.frame.clone());
        }
        let mut frame = context.execute(&sql.for_engine())?;
        let schema = frame.collect_schema()?;
        Ok((frame, schema))
    });
    planned.map_err(Said::Panic)?.map_err(Said::Error)
}

/// Why rows did not come to their end.
pub(super) enum Broken {
    Engine(Said),
    Output(io::Error),
}

/// A batch of rows, or how the query ended.
enum Sent {
    Rows(DataFrame),
    Ended(Result<(), Said>),
}

/// Reads the rows of a frame, batch by batch and in their order, until `add` has enough. No more than two batches are in memory.
pub(super) fn rows(
    frame: LazyFrame,
    mut add: impl FnMut(&DataFrame) -> io::Result<Enough>,
) -> Result<(), Broken> {
    let (send, received) = sync_channel(1);
    let ended = send.clone();
    // The engine stops where a batch can't be sent any more.
    let each = PlanCallback::new(move |rows| Ok(send.send(Sent::Rows(rows)).is_err()));
    let frame = frame
        .sink_batches(each, true, None)
        .map_err(|error| Broken::Engine(Said::Error(error)))?;
    thread::scope(|scope| {
        let read = move || read(frame, &ended);
        thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, read)
            .map_err(Broken::Output)?;
        for sent in received {
            match sent {
                Sent::Rows(rows) if add(&rows).map_err(Broken::Output)? == Enough::Yes => break,
                Sent::Rows(_) => {}
                Sent::Ended(outcome) => return outcome.map_err(Broken::Engine),
            }
        }
        Ok(())
    })
}

/// Runs a frame whose rows go to a channel, and sends how that ended: a channel that is only closed would look like the end of the rows.
fn read(frame: LazyFrame, ended: &SyncSender<Sent>) {
    let outcome = guarded(|| frame.collect_with_engine(Engine::Streaming).map(drop));
    let outcome = outcome
        .map_err(Said::Panic)
        .and_then(|outcome| outcome.map_err(Said::Error));
    // Where the reader has enough, it is not there any more.
    let _ = ended.send(Sent::Ended(outcome));
}

fn on_a_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, QueryError> {
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .map_err(|error| QueryError::Engine(format!("no thread can be started: {error}")))?;
        Ok(worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
