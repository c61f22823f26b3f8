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
    /// Idle connections per path that are kept ready
    ///
    /// Where fewer are idle, and --pool-size has room, more are made in the background, one after the other: also during an outage, then
    /// with the back-off of --reconnect-backoff-min. An operation finds the new server's connection made. 0: connections are made by
    /// the operations that need them.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = CONNECTIONS)]
    pub pool_min_idle: u32,
    /// Longest life of a connection, less up to 10 % so that not all go at once [default: none]
    ///
    /// An older one is replaced when an operation would get it or gives it back, never in mid-operation. It bounds how long a
    /// connection to a demoted server lives where --on-read-only is keep.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub pool_max_lifetime: Option<Duration>,
    /// Idleness after which a connection is asked for a sign of life before an operation gets it [default: none]
    ///
    /// It is asked SELECT 1 in the protocol in use. One that does not answer within --connect-timeout is dropped, and another taken or
    /// made: all of it is time of the operation's checkout, and ends with the operation's limit. 0 asks before every operation.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub pool_idle_check: Option<Duration>,
    /// What becomes of a connection whose server refuses a write as read-only (SQLSTATE 25006)
    #[arg(long, value_enum, value_name = "ACTION", default_value_t, help_heading = CONNECTIONS)]
    pub on_read_only: OnReadOnly,
    /// Bound of the wait after a first failed attempt to connect; 0 for no wait
    ///
    /// After a failed attempt the next one to the same endpoint waits a random time between nothing and a bound, which doubles with
    /// each further failure in a row up to --reconnect-backoff-max; a success ends it. Attempts that were under way together count as one
    /// failure. The wait is time of the operation's checkout and ends with the operation's limit. It spares the server, and costs: a
    /// server that is back is found up to the bound later, so the downtime grows by as much, and fewer operations end in failure
    /// meanwhile, so its resolution gets coarser.
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub reconnect_backoff_min: Duration,
    /// Largest bound of the wait after failed attempts to connect; without effect where --reconnect-backoff-min is 0
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration::parse, help_heading = CONNECTIONS)]
    pub reconnect_backoff_max: Duration,
    /// How statements are sent
    #[arg(long, value_enum, default_value_t, help_heading = CONNECTIONS)]
    pub protocol: Protocol,
}
