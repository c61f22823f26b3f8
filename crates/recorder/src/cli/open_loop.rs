//! The flags for arrivals at a rate, which `recorder check` has too, and for what figures leave out.

use std::time::Duration;

use clap::{Args, ValueEnum};
use command_line::duration;
use recording::Arrival;

/// An open loop.
#[derive(Debug, Clone, Args)]
pub struct RateArgs {
    /// Begin N operations per second on each path, whether earlier ones have ended or not (open loop)
    ///
    /// Without it each worker waits for its answer, and thinks, before it begins its next operation (closed loop): then the load falls with the
    /// database, and few operations meet an outage. With it the load stays, as that of many users does. Both paths have the same arrivals. An
    /// operation that finds no worker free waits, and its response time counts from its arrival. At most 100000.
    #[arg(long, value_name = "N", value_parser = rate, conflicts_with_all = ["min_operation_interval", "max_operation_interval"], help_heading = "Workload")]
    pub rate: Option<f64>,
    /// How the arrivals of --rate are spread
    #[arg(
        long,
        value_enum,
        default_value = "constant",
        requires = "rate",
        help_heading = "Workload"
    )]
    pub arrival: ArrivalArg,
    /// Operations of a path that may run at once with --rate [default: ten times --concurrent-workers]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), requires = "rate", help_heading = "Workload")]
    pub max_in_flight: Option<u32>,
    /// Have the rate of --rate grow evenly from 0 for this long
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration::parse, requires = "rate", help_heading = "Workload")]
    pub ramp: Duration,
}

/// Arrivals per second and path, at most.
const MOST_PER_S: f64 = 100_000.0;

/// A rate of at least one operation per 1,000 seconds, which is the manifest's unit. Of what arrives far faster than it is begun, nothing would become
/// known but that it waited.
fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    number
        .filter(|number| (0.001..=MOST_PER_S).contains(number))
        .ok_or_else(|| {
            format!("must be a number of operations per second and path, at least 0.001 and at most {MOST_PER_S}, such as 200")
        })
}

/// The warm-up.
#[derive(Debug, Clone, Args)]
pub struct WarmUpArgs {
    /// Record this much of the beginning, and leave it out of figures: caches are cold, and plans are new
    ///
    /// It is part of --duration. `analyze` leaves it out; `analyze report --from 0` shows it.
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration::parse, help_heading = "Workload")]
    pub warm_up: Duration,
}

/// How arrivals are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ArrivalArg {
    /// The same time apart
    Constant,
    /// As those of many independent users: some close together, some far apart
    Poisson,
}

impl ArrivalArg {
    /// As it is recorded.
    #[must_use]
    pub const fn arrival(self) -> Arrival {
        match self {
            Self::Constant => Arrival::Constant,
            Self::Poisson => Arrival::Poisson,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_rate_of_arrivals() {
        for (text, expected) in [
            ("200", 200.0),
            ("0.001", 0.001),
            ("100000", 1e5),
            ("1e5", 1e5),
        ] {
            assert_eq!(rate(text), Ok(expected));
        }
        for text in ["0", "-1", "100001", "1e9", "NaN", "inf", "x", ""] {
            let error = rate(text).unwrap_err();
            assert!(error.contains("at most 100000"), "{text}: {error}");
        }
    }
}
