//! The options of `cargo xtask bench truth`, which `xtask` hands on to the program that runs it (`examples/truth`).

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use command_line::duration;

#[derive(Debug, Clone, Args)]
pub(crate) struct TruthArgs {
    /// Outages to inject. Fewer are faster, but cover each kind less often
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub(crate) outages: usize,
    /// Seed of the kinds, lengths and times: the same seed repeats the same faults. It is printed [default: random]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Only these kinds, to look at one more closely: those of `lab failover --kind`, and silent-host, dead-connections, lost-answers,
    /// lock-timeout, revoke, pause, pause-at-edge [default: all]
    #[arg(long, value_name = "KIND,KIND", value_delimiter = ',')]
    pub(crate) kinds: Vec<String>,
    /// Length of the shortest outage
    #[arg(long, value_name = "DURATION", default_value = "300ms", value_parser = duration::parse)]
    pub(crate) shortest: Duration,
    /// Length of the longest outage; lengths are log-uniform between the two
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse)]
    pub(crate) longest: Duration,
    /// Record this long without a fault, too: no outage may be reported. 0 leaves it out. Several runs with --outages 0 add up
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = duration::parse)]
    pub(crate) steady: Duration,
    /// Record under the recorder's default load of 3 workers per path, and not under four loads in turn
    #[arg(long)]
    pub(crate) default_load: bool,
    /// Folder for the recordings, to keep them [default: a temporary folder, which stays only where a figure is wrong]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

impl TruthArgs {
    /// The same, as words of a command line.
    #[allow(dead_code, reason = "only `xtask` hands it on")]
    pub(crate) fn words(&self) -> Vec<String> {
        let seconds = |duration: Duration| duration.as_secs_f64().to_string();
        let mut words = vec![
            "--outages".to_owned(),
            self.outages.to_string(),
            "--shortest".to_owned(),
            seconds(self.shortest),
            "--longest".to_owned(),
            seconds(self.longest),
            "--steady".to_owned(),
            seconds(self.steady),
        ];
        if self.default_load {
            words.push("--default-load".to_owned());
        }
        let mut option = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                words.extend([name.to_owned(), value]);
            }
        };
        option("--seed", self.seed.map(|seed| seed.to_string()));
        option(
            "--kinds",
            (!self.kinds.is_empty()).then(|| self.kinds.join(",")),
        );
        let out = self.out.as_ref();
        option("--out", out.map(|out| out.display().to_string()));
        words
    }
}
