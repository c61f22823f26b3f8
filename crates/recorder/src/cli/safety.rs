//! The flags of `recorder run` that keep it from doing harm to a production cluster.

use clap::Args;

/// What is checked and limited.
#[derive(Debug, Clone, Default, Args)]
pub struct SafetyArgs {
    /// Begin no more than N operations per second, all paths together
    ///
    /// Protects a production cluster. An operation over the limit waits before it begins; the wait is not in its response time. pgbench is not
    /// limited.
    #[arg(long, value_name = "N", value_parser = tps, conflicts_with = "rate", help_heading = "Workload")]
    pub max_tps: Option<f64>,
    /// Start without the preflight check
    ///
    /// The run still makes sure that it can connect to each path and that the tables exist.
    #[arg(long, help_heading = "Limits")]
    pub skip_check: bool,
}

/// A rate of at least one operation per 1,000 seconds, which is the manifest's unit.
pub(super) fn tps(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    number
        .filter(|number| (0.001..=1e9).contains(number))
        .ok_or_else(|| {
            "must be a number of operations per second, at least 0.001, such as 50".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_rate() {
        assert_eq!(tps("50"), Ok(50.0));
        assert_eq!(tps("0.5"), Ok(0.5));
        for text in ["0", "-1", "NaN", "inf", "x", ""] {
            assert!(tps(text).is_err(), "{text}");
        }
    }
}
