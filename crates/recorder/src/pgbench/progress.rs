//! The lines that pgbench prints with `-P 1`.
//!
//! `progress: 4.0 s, 586.6 tps, lat 37.401 ms stddev 413.208, 0 failed`: 14 has no `failed`; with some options more
//! fields follow (`lag`, `skipped`, `retried`, `retries`); a second without transactions has 0.000, in some versions
//! `nan`, for its latency.

/// What one line says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ProgressLine {
    /// Transactions per second.
    pub(super) tps: f64,
    /// Mean latency, microseconds; `None` where no transaction ended in that second.
    pub(super) latency_us: Option<i64>,
    /// Standard deviation of the latency, microseconds.
    pub(super) latency_stddev_us: Option<i64>,
    /// Failed transactions, from version 15.
    pub(super) failed: Option<i64>,
}

/// Reads a line of pgbench's output; `None` where it is no line of progress.
pub(super) fn parse(line: &str) -> Option<ProgressLine> {
    let mut fields = line.trim().strip_prefix("progress: ")?.split(", ");
    number(fields.next()?.strip_suffix(" s")?)?;
    let tps = number(fields.next()?.strip_suffix(" tps")?)?;
    let (mean, deviation) = fields
        .next()?
        .strip_prefix("lat ")?
        .split_once(" ms stddev ")?;
    let mut failed = None;
    for field in fields {
        if let Some(count) = field.strip_suffix(" failed") {
            failed = Some(count.parse().ok().filter(|count| *count >= 0)?);
        }
    }
    let any = tps > 0.0;
    Some(ProgressLine {
        tps,
        latency_us: microseconds(mean)?.filter(|_| any),
        latency_stddev_us: microseconds(deviation)?.filter(|_| any),
        failed,
    })
}

/// A finite number that is not negative.
fn number(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// Milliseconds as microseconds; `Some(None)` for what is no number by pgbench's own account.
fn microseconds(text: &str) -> Option<Option<i64>> {
    if text.parse::<f64>().is_ok_and(f64::is_nan) {
        return Some(None);
    }
    // A float that is too large becomes the largest integer.
    #[expect(clippy::cast_possible_truncation)]
    number(text).map(|milliseconds| Some((milliseconds * 1000.0).round() as i64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn progress(
        tps: f64,
        latency_us: Option<i64>,
        latency_stddev_us: Option<i64>,
        failed: Option<i64>,
    ) -> Option<ProgressLine> {
        Some(ProgressLine {
            tps,
            latency_us,
            latency_stddev_us,
            failed,
        })
    }

    #[test]
    fn lines_of_every_version() {
        let cases = [
            // 14
            (
                "progress: 1.0 s, 2158.7 tps, lat 1.822 ms stddev 0.899",
                progress(2158.7, Some(1822), Some(899), None),
            ),
            // 15 and later
            (
                "progress: 1.0 s, 673.0 tps, lat 5.912 ms stddev 5.716, 0 failed",
                progress(673.0, Some(5912), Some(5716), Some(0)),
            ),
            (
                "progress: 12.0 s, 20.0 tps, lat 37.4 ms stddev 413.208, 7 failed\n",
                progress(20.0, Some(37_400), Some(413_208), Some(7)),
            ),
            // a second without transactions
            (
                "progress: 4.0 s, 0.0 tps, lat 0.000 ms stddev 0.000, 0 failed",
                progress(0.0, None, None, Some(0)),
            ),
            (
                "progress: 4.0 s, 0.0 tps, lat -nan ms stddev -nan",
                progress(0.0, None, None, None),
            ),
            (
                "progress: 4.0 s, 3.0 tps, lat 2.000 ms stddev NaN",
                progress(3.0, Some(2000), None, None),
            ),
            // --rate, --latency-limit, --max-tries
            (
                "progress: 2.0 s, 9.0 tps, lat 1.500 ms stddev 0.100, 1 failed, lag 0.024 ms, 3 skipped, 2 retried, 5 retries",
                progress(9.0, Some(1500), Some(100), Some(1)),
            ),
            (
                "progress: 2.0 s, 9.0 tps, lat 1.500 ms stddev 0.100, lag 0.024 ms, 3 skipped",
                progress(9.0, Some(1500), Some(100), None),
            ),
            // --progress-timestamp
            (
                "progress: 1795380180.123 s, 1.0 tps, lat 1.000 ms stddev 0.000, 0 failed",
                progress(1.0, Some(1000), Some(0), Some(0)),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(parse(line), expected, "{line}");
        }
    }

    #[test]
    fn lines_that_are_none() {
        for line in [
            "",
            "progress: ",
            "pgbench (15.18 (Debian 15.18-0+deb12u1))",
            "pgbench: error: client 3 aborted in command 4 (SQL) of script 0; perhaps the backend died while processing",
            "progress: 1.0 s, -1.0 tps, lat 1.0 ms stddev 1.0",
            "progress: 1.0 s, inf tps, lat 1.0 ms stddev 1.0",
            "progress: 1.0 s, 1.0 tps, lat 1.0 ms",
            "progress: 1.0 s, 1.0 tps, lat x ms stddev 1.0",
            "progress: 1.0 s, 1.0 tps, lat 1.0 ms stddev 1.0, many failed",
            "progress: 1.0 s, 1.0 tps, lat 1.0 ms stddev 1.0, -2 failed",
            "progress: one s, 1.0 tps, lat 1.0 ms stddev 1.0",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(line in "(progress: )?[-0-9.einfa]{0,8}( s, )?[-0-9.e]{0,40}( tps, lat )?.{0,20}( ms stddev )?.{0,20}") {
            if let Some(progress) = parse(&line) {
                prop_assert!(progress.tps.is_finite() && progress.tps >= 0.0);
                prop_assert!(progress.latency_us.is_none_or(|latency| latency >= 0));
            }
        }

        #[test]
        fn reads_what_pgbench_writes(tenths in 1_u32..10_000_000, latency in 0_i64..100_000_000, deviation in 0_i64..100_000_000, failed in 0_i64..1000) {
            let tps = f64::from(tenths) / 10.0;
            let milliseconds = |us: i64| format!("{}.{:03}", us / 1000, us % 1000);
            let line = format!("progress: 1.0 s, {tps:.1} tps, lat {} ms stddev {}, {failed} failed", milliseconds(latency), milliseconds(deviation));
            let read = parse(&line).unwrap();
            prop_assert!((read.tps - tps).abs() < 0.01);
            prop_assert_eq!((read.latency_us, read.latency_stddev_us, read.failed), (Some(latency), Some(deviation), Some(failed)));
        }
    }
}
