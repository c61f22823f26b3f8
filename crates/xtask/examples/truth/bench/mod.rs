//! The truth bench: a lab, a witness, and recordings with faults in them; then every figure is judged.

mod batch;
mod breaks;
mod fresh;
mod injected;
mod judge;
mod kinds;
mod lanes;
mod load;
mod plan;
mod recorded;
mod recorder;
mod reported;
mod rows;
mod samples;
mod table;
#[path = "../../../src/bench/truth_args.rs"]
mod truth_args;
mod witness;

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use lab::{Lab, LabOptions};
use rand::RngExt;

use batch::{Batch, Bench, Plan};
use fresh::Fresh;
use kinds::Kind;
use load::{DEFAULT_LOAD, LOADS, Load};
use rows::{Row, Witnesses};
use witness::Witness;

pub(crate) use truth_args::TruthArgs;

/// No recording has more faults than this, so that the figures do not all depend on one.
const FAULTS_PER_RECORDING: usize = 10;

/// What came out.
pub(crate) struct Outcome {
    /// The table and the lines below it.
    pub(crate) text: String,
    /// No figure is wrong, none missed, none false.
    pub(crate) is_right: bool,
}

/// Why there is no outcome.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line's fault: one line.
    Usage(String),
    /// The bench could not do its work.
    Bench(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Bench(error)
    }
}

/// Everything that was injected, and how it was judged.
pub(crate) struct Done {
    pub(crate) seed: u64,
    pub(crate) lengths: (Duration, Duration),
    pub(crate) steady: Duration,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) batches: Vec<Batch>,
    pub(crate) rows: Vec<Row>,
    pub(crate) out: PathBuf,
}

/// Runs the bench with `recorder` and `analyze` from the folder `programs`.
///
/// # Errors
/// A mistake in the command line, a lab that does not start or heal, a recorder or `analyze` that fails; or it was interrupted.
pub(crate) fn run(args: &TruthArgs, programs: &Path) -> Result<Outcome, Failure> {
    let kinds = kinds(&args.kinds)?;
    let lengths = (args.shortest, args.longest);
    if lengths.0.is_zero() || lengths.0 > lengths.1 {
        return Err(Failure::Usage(
            "--shortest must be more than 0 and at most --longest".to_owned(),
        ));
    }
    if args.outages == 0 && args.steady.is_zero() {
        return Err(Failure::Usage(
            "nothing to do: --outages 0 needs a --steady time".to_owned(),
        ));
    }
    let seed = args.seed.unwrap_or_else(|| rand::rng().random());
    let faults = plan::faults(args.outages, &kinds, lengths, seed);
    let minutes = (plan::estimate(&faults) + args.steady).as_secs_f64() / 60.0;
    eprintln!(
        "truth: {} outages, seed {seed}, about {minutes:.0} minutes",
        faults.len()
    );

    let folder = Folder::prepare(args.out.as_deref())?;
    let runtime = tokio::runtime::Runtime::new().context("a runtime")?;
    let (batches, rows) = runtime.block_on(async {
        tokio::select! {
            done = record_and_judge(&faults, args, folder.path(), programs) => done,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        }
    })?;
    let done = Done {
        seed,
        lengths,
        steady: args.steady,
        kinds,
        batches,
        rows,
        out: folder.path().to_owned(),
    };
    let is_right =
        !done.rows.iter().any(|row| row.figure.verdict.is_wrong()) && table::is_fine(&done);
    let file = done.out.join("figures.tsv");
    fs::write(&file, table::every_figure(&done)).with_context(|| file.display().to_string())?;
    let text = table::table(&done);
    folder.end(is_right);
    Ok(Outcome { text, is_right })
}

/// The kinds of that name; all where none is given.
fn kinds(names: &[String]) -> Result<Vec<Kind>, Failure> {
    if names.is_empty() {
        return Ok(Kind::all());
    }
    let named = |name: &String| {
        Kind::named(name).ok_or_else(|| {
            let all = Kind::all().into_iter().map(Kind::name);
            Failure::Usage(format!(
                "--kinds {name}: there is no such kind; the kinds are {}",
                all.collect::<Vec<_>>().join(", ")
            ))
        })
    };
    names.iter().map(named).collect()
}

async fn record_and_judge(
    faults: &[plan::Fault],
    args: &TruthArgs,
    out: &Path,
    programs: &Path,
) -> Result<(Vec<Batch>, Vec<Row>)> {
    // A resolver may keep nothing: otherwise a client that looks the name up just before its change would get the new address a TTL later
    // than one that looks it up just after. That is a difference of two clients, not an error of either.
    let options = LabOptions {
        relay: true,
        ttl: Duration::ZERO,
        ..LabOptions::default()
    };
    let mut lab = Lab::start(options).await?;
    breaks::set_lock_timeout(&lab).await?;
    recorder::set_up(&lab, programs)?;
    let witness = Witness::start(&lab).await?;
    let fresh = Fresh::start(&lab)?;

    let (silent, others): (Vec<plan::Fault>, Vec<plan::Fault>) = faults
        .iter()
        .cloned()
        .partition(|fault| fault.kind == Kind::SilentHost);
    let loads: &[Load] = match args.default_load {
        true => &[DEFAULT_LOAD],
        false => &LOADS,
    };
    let plans = plans(&others, &silent, args.steady, loads);
    let mut bench = Bench {
        lab: &mut lab,
        witness: &witness,
        fresh: &fresh,
        out,
        programs,
    };
    let is_watched = std::io::stderr().is_terminal();
    let (mut batches, mut rows, mut number) = (Vec::new(), Vec::new(), 0);
    for plan in plans {
        let load = plan.load;
        let on_fault = |fault: &plan::Fault| {
            number += 1;
            if is_watched {
                let (kind, length) = (fault.kind.name(), fault.length.as_secs_f64());
                let of = faults.len();
                eprintln!(
                    "{number:>4} of {of}  {kind:<16} {length:6.2} s  ({})",
                    load.name
                );
            }
        };
        let batch = bench.record(&plan, on_fault).await?;
        let witnesses = Witnesses {
            witness: &witness,
            fresh: &fresh,
        };
        rows.extend(rows::judge(&batch, batches.len(), witnesses, programs)?);
        batches.push(batch);
    }
    Ok((batches, rows))
}

/// One recording after the other, each with the next load. A URL with two hosts is for recordings of its own.
fn plans<'a>(
    others: &'a [plan::Fault],
    silent: &'a [plan::Fault],
    steady: Duration,
    loads: &[Load],
) -> Vec<Plan<'a>> {
    let mut plans = Vec::new();
    if !steady.is_zero() {
        plans.push(Plan {
            load: *loads.get(1).unwrap_or(&DEFAULT_LOAD),
            faults: &[],
            steady,
            has_silent_host: false,
        });
    }
    for (faults, has_silent_host) in [(others, false), (silent, true)] {
        let size = faults
            .len()
            .div_ceil(loads.len())
            .clamp(1, FAULTS_PER_RECORDING);
        for (faults, load) in faults.chunks(size).zip(loads.iter().cycle()) {
            plans.push(Plan {
                load: *load,
                faults,
                steady: Duration::ZERO,
                has_silent_host,
            });
        }
    }
    plans
}

/// Where the recordings go.
enum Folder {
    Given(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Folder {
    fn prepare(given: Option<&Path>) -> Result<Self> {
        let Some(given) = given else {
            let made = tempfile::Builder::new().prefix("pgoutage-truth-").tempdir();
            return Ok(Self::Temporary(made.context("a temporary folder")?));
        };
        fs::create_dir_all(given).with_context(|| format!("making {}", given.display()))?;
        let path = given
            .canonicalize()
            .with_context(|| given.display().to_string())?;
        Ok(Self::Given(path))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }

    /// Keeps the recordings of wrong figures.
    fn end(self, is_right: bool) {
        if let Self::Temporary(folder) = self
            && !is_right
        {
            let _ = folder.keep();
        }
    }
}
