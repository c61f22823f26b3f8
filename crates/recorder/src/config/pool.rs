//! The pool's settings, checked.

use crate::cli::PoolArgs;
use crate::pool::backoff::Backoff;
use crate::pool::settings::PoolSettings;

impl PoolSettings {
    /// Checks the flags; `size` is the pool's.
    ///
    /// # Errors
    /// One line that says what to change.
    pub fn new(args: &PoolArgs, size: u32) -> Result<Self, String> {
        if args.pool_min_idle > size {
            return Err(format!(
                "--pool-min-idle {} is above --pool-size {size}",
                args.pool_min_idle
            ));
        }
        if args.pool_max_lifetime.is_some_and(|time| time.is_zero()) {
            return Err("--pool-max-lifetime 0: must be longer".to_owned());
        }
        let backoff = Backoff {
            min: args.reconnect_backoff_min,
            max: args.reconnect_backoff_max,
        };
        if backoff.min > backoff.max {
            return Err(format!(
                "--reconnect-backoff-min {:?} is longer than --reconnect-backoff-max {:?}",
                backoff.min, backoff.max
            ));
        }
        Ok(Self {
            min_idle: args.pool_min_idle,
            max_lifetime: args.pool_max_lifetime,
            idle_check: args.pool_idle_check,
            on_read_only: args.on_read_only,
            backoff,
        })
    }
}
