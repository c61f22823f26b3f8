//! The flags of `recorder run` for several failovers in one recording.

use std::time::Duration;

use clap::Args;
use command_line::duration;

const FAILOVER: &str = "Failover";

/// A campaign: the failover command is repeated, each time after the last failover is healed.
#[derive(Debug, Clone, Default, Args)]
pub struct CampaignArgs {
    /// Repeat the failover command; shortest time from one start to the next
    ///
    /// A failover is healed when its command exited with 0, every path serves again, the heal command exited with 0, and no path failed for
    /// --settle. Only then the next one starts. The campaign stops if the settle time has not begun within --heal-timeout, or if a command
    /// exits with another code than 0. The recording then continues for one more --settle and ends.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, requires = "failover_command", help_heading = FAILOVER)]
    pub failover_every: Option<Duration>,
    /// Number of failovers; the recording ends when the last one is healed
    ///
    /// Without --failover-every each failover starts as soon as the one before is healed. --duration is then the longest time that the
    /// recording may take. Its default is the longest time that this many failovers can take.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000), requires = "failover_command", help_heading = FAILOVER)]
    pub failover_count: Option<u32>,
    /// Shell command that heals the cluster or waits until it is healthy, such as `lab status --wait 60s` or `aws rds wait
    /// db-cluster-available ...`
    ///
    /// Runs after each failover of a campaign, when every path serves again. Recorded like the failover command; its output goes to
    /// logs/heal-command.log.
    #[arg(long, value_name = "COMMAND", help_heading = FAILOVER)]
    pub heal_command: Option<String>,
    /// How long every path must serve without a failure before the next failover of a campaign [default: 30s]
    ///
    /// If the failover command returns before the failover begins, as AWS's does, make this longer than that delay.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = FAILOVER)]
    pub settle: Option<Duration>,
    /// Time limit, from a failover's start, for the settle time to begin; after it the campaign stops [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = FAILOVER)]
    pub heal_timeout: Option<Duration>,
}
