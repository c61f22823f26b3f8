//! The flags of `recorder run` for several failovers in one recording.

use std::time::Duration;

use clap::Args;
use command_line::duration;

const FAILOVER: &str = "Failover";

/// A campaign: the failover command again and again, each time after the last failover is healed.
#[derive(Debug, Clone, Default, Args)]
pub struct CampaignArgs {
    /// Run the failover command again and again, this long after its last start at the earliest
    ///
    /// A next failover waits until the last one is healed: the command ended with 0, every path served its operations again, the
    /// heal command ended with 0, and no path failed for --settle. The campaign stops where that does not come about
    /// (--heal-timeout), or where a command ends with another exit code than 0; the recording then goes on for
    /// one more --settle, and ends.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, requires = "failover_command", help_heading = FAILOVER)]
    pub failover_every: Option<Duration>,
    /// End the recording after so many failovers, when the last is healed
    ///
    /// Without --failover-every each comes as soon as the last is healed. --duration is then the longest that the recording may
    /// take; not given, it is as long as so many failovers can take at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000), requires = "failover_command", help_heading = FAILOVER)]
    pub failover_count: Option<u32>,
    /// Shell command that leads back to a healthy cluster, such as `lab status --wait 60s` or `aws rds wait
    /// db-cluster-available ...`
    ///
    /// Run after each failover of a campaign, when every path serves again. It is recorded as the failover command is; its
    /// output goes to logs/heal-command.log.
    #[arg(long, value_name = "COMMAND", help_heading = FAILOVER)]
    pub heal_command: Option<String>,
    /// How long every path must serve without a failure before the next failover of a campaign [default: 30s]
    ///
    /// A command that returns before its failover begins, as AWS's does, needs more than the time until it begins.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = FAILOVER)]
    pub settle: Option<Duration>,
    /// How long after a failover's start every path must serve again for good, or the campaign stops [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = FAILOVER)]
    pub heal_timeout: Option<Duration>,
}
