//! One recording with several faults in it, under one load.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use lab::Lab;
use tokio::time::sleep;

use super::breaks::{self, Breaker, Made};
use super::fresh::Fresh;
use super::load::Load;
use super::plan::{self, Fault};
use super::recorder::Recorder;
use super::witness::Witness;

/// Healthy time at both ends of a recording: no outage may be open there.
const CALM: Duration = Duration::from_secs(3);

/// A recording, and what was done to it.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) load: Load,
    pub(crate) folder: PathBuf,
    pub(crate) made: Vec<Made>,
}

/// What is recorded: the faults one after the other, or some time without any.
pub(crate) struct Plan<'a> {
    pub(crate) load: Load,
    pub(crate) faults: &'a [Fault],
    pub(crate) steady: Duration,
    /// The recorder's URL has a first host that is not there, and may be silent ([`breaks::silent_host`]).
    pub(crate) has_silent_host: bool,
}

/// Where batches are recorded.
pub(crate) struct Bench<'a> {
    pub(crate) lab: &'a mut Lab,
    pub(crate) witness: &'a Witness,
    pub(crate) fresh: &'a Fresh,
    /// The folder for the recordings.
    pub(crate) out: &'a Path,
    /// The folder of `recorder` and `analyze`.
    pub(crate) programs: &'a Path,
}

impl Bench<'_> {
    /// Records what is planned. `on_fault` gets each fault as it begins.
    pub(crate) async fn record(
        &mut self,
        plan: &Plan<'_>,
        mut on_fault: impl FnMut(&Fault),
    ) -> Result<Batch> {
        self.witness.await_calm().await?;
        let direct_url = match plan.has_silent_host {
            true => breaks::with_silent_host(self.lab)?,
            false => self.lab.direct_url(),
        };
        // It is interrupted at the end; where this bench is killed, it must not run for ever.
        let longest = plan::estimate(plan.faults) * 2 + plan.steady + Duration::from_secs(600);
        let mut command = Recorder::command(self.lab, &direct_url, self.programs);
        command
            .args(["--duration", &longest.as_secs().to_string()])
            .args(plan.load.flags());
        let mut recorder = Recorder::start(command, self.out).await?;
        self.witness.await_calm().await?;
        sleep(CALM + plan.steady).await;
        let mut made = Vec::new();
        for fault in plan.faults {
            self.witness.renew();
            self.witness.await_calm().await?;
            self.fresh.ask(true);
            sleep(fault.calm).await;
            on_fault(fault);
            let mut breaker = Breaker {
                lab: &mut *self.lab,
                witness: self.witness,
                recorder: &recorder,
                load: plan.load,
            };
            made.push(breaker.make(fault).await?);
            self.witness.await_calm().await?;
            self.fresh.ask(false);
        }
        self.witness.await_calm().await?;
        sleep(CALM).await;
        recorder.end().await?;
        Ok(Batch {
            load: plan.load,
            folder: recorder.folder,
            made,
        })
    }
}
