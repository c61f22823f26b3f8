//! When the failover is triggered, how often, and how long the recording is with that.

use std::time::Duration;

use crate::cli::RunArgs;
use crate::cli::campaign::CampaignArgs;
use crate::error::RecorderError;
use crate::failover::Trigger;
use crate::failover::campaign::Campaign;

/// The recording's length where the user does not say it.
const DEFAULT_DURATION: Duration = Duration::from_secs(300);
/// The default of `--settle`.
const DEFAULT_SETTLE: Duration = Duration::from_secs(30);
/// The default of `--heal-timeout`.
const DEFAULT_HEAL_TIMEOUT: Duration = Duration::from_secs(300);

pub(super) fn campaign(args: &CampaignArgs) -> Result<Option<Campaign>, RecorderError> {
    if args.failover_every.is_none() && args.failover_count.is_none() {
        for (flag, is_given) in [
            ("--heal-command", args.heal_command.is_some()),
            ("--settle", args.settle.is_some()),
            ("--heal-timeout", args.heal_timeout.is_some()),
        ] {
            if is_given {
                return Err(RecorderError::usage(format!(
                    "{flag} needs --failover-count or --failover-every"
                )));
            }
        }
        return Ok(None);
    }
    if let Some(command) = &args.heal_command
        && command.trim().is_empty()
    {
        return Err(RecorderError::usage("--heal-command is empty"));
    }
    let heal_timeout = args.heal_timeout.unwrap_or(DEFAULT_HEAL_TIMEOUT);
    if heal_timeout.is_zero() {
        return Err(RecorderError::usage("--heal-timeout 0: must be longer"));
    }
    Ok(Some(Campaign {
        every: args.failover_every,
        count: args.failover_count,
        heal_command: args.heal_command.clone(),
        settle: args.settle.unwrap_or(DEFAULT_SETTLE),
        heal_timeout,
    }))
}

pub(super) fn duration(args: &RunArgs, campaign: Option<&Campaign>) -> Duration {
    let longest = || {
        let campaign = campaign?;
        Some(campaign.longest(args.failover_after?, campaign.count?))
    };
    args.duration.or_else(longest).unwrap_or(DEFAULT_DURATION)
}

pub(super) fn trigger(
    args: &RunArgs,
    duration: Duration,
    campaign: Option<&Campaign>,
) -> Result<Option<Trigger>, RecorderError> {
    let (Some(command), Some(after)) = (&args.failover_command, args.failover_after) else {
        return Ok(None);
    };
    if command.trim().is_empty() {
        return Err(RecorderError::usage("--failover-command is empty"));
    }
    if after >= duration {
        return Err(RecorderError::usage(format!(
            "--failover-after {after:?} is not shorter than --duration {duration:?}: the command would never run; change one of the two"
        )));
    }
    if let Some(campaign) = campaign
        && let Some(count) = campaign.count
    {
        let between = campaign.every.unwrap_or_default().max(campaign.settle);
        let least = after
            .saturating_add(between.saturating_mul(count - 1))
            .saturating_add(campaign.settle);
        if least > duration {
            return Err(RecorderError::usage(format!(
                "{count} failovers take at least {least:?}, and --duration is {duration:?}: remove --duration, or reduce --failover-count, --failover-every or --settle"
            )));
        }
    }
    Ok(Some(Trigger {
        command: command.clone(),
        after,
    }))
}
