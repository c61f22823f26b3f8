//! Flags of `recorder run`: how connections are kept and made anew, and how statements are sent.

use std::time::Duration;

use clap::Args;
use command_line::duration;

use crate::pool::settings::OnReadOnly;
use crate::sql::protocol::Protocol;

const CONNECTIONS: &str = "Pool and protocol";

/// Set them as your application does: each of them decides what a downtime looks like.
#[derive(Debug, Args)]
pub struct PoolArgs {
    /// Minimum idle: how many idle connections each pool keeps ready
    ///
    /// If fewer are idle and --pool-size allows it, the pool connects in the background, one connection after the other. It does so during an
    /// outage too, with the back-off of --reconnect-backoff-min, so that an operation finds a connection to the new server. 0: an operation
    /// that needs a connection makes it.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = CONNECTIONS)]
    pub pool_min_idle: u32,
    /// Maximum lifetime of a connection, less a random part of up to 10 % [default: none]
    ///
    /// The random part keeps connections from expiring all at once. An older connection is replaced at checkout or when it is returned, never
    /// during an operation. With --on-read-only keep, this limits how long a connection to a demoted server stays in use.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub pool_max_lifetime: Option<Duration>,
    /// Validate on checkout: test a connection that was idle this long before an operation gets it [default: none]
    ///
    /// The test is SELECT 1 in the protocol in use. A connection that does not answer within --connect-timeout is dropped, and another is taken
    /// or made. All of that is checkout time and ends at the operation's limit. 0 tests before every operation.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub pool_idle_check: Option<Duration>,
    /// What to do with a connection whose server refuses a write as read-only (SQLSTATE 25006)
    #[arg(long, value_enum, value_name = "ACTION", default_value_t, help_heading = CONNECTIONS)]
    pub on_read_only: OnReadOnly,
    /// Longest back-off after a first failed attempt to connect; 0 is no back-off
    ///
    /// After a failed attempt, the next attempt to the same endpoint waits a random time between 0 and a bound. The bound starts here, doubles
    /// with each failure in a row up to --reconnect-backoff-max, and is reset by a success. Attempts that were in flight together count as one
    /// failure. The wait is checkout time and ends at the operation's limit. Back-off protects the server and makes downtime longer: a
    /// recovered server is found later, by up to the bound. Fewer operations fail meanwhile, so the resolution is coarser too.
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub reconnect_backoff_min: Duration,
    /// Longest back-off after repeated failures; no effect if --reconnect-backoff-min is 0
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub reconnect_backoff_max: Duration,
    /// How statements are sent
    #[arg(long, value_enum, default_value_t, help_heading = CONNECTIONS)]
    pub protocol: Protocol,
}
