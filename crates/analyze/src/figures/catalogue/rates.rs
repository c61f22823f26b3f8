//! Counts, rates and response times: of a path, of a type of its operations, of one of its operations.

use crate::figures::catalogue::metric::{About, Metric, at_least, counted, sure};
use crate::figures::line::Bounded;
use crate::summary::Rates;

/// Rates, and what is known of them.
#[derive(Clone, Copy)]
pub(super) struct OfRates<'a> {
    pub(super) rates: &'a Rates,
    /// Operations are missing.
    pub(super) is_partial: bool,
    /// All of them are: the counts of 0 are no figures.
    pub(super) is_left_out: bool,
}

impl OfRates<'_> {
    fn counted(&self, count: u64) -> Option<Bounded> {
        (!self.is_left_out).then(|| counted(count, self.is_partial))
    }

    fn sure(&self, value: Option<f64>) -> Option<Bounded> {
        Some(sure(value?, self.is_partial))
    }

    /// What is missing can only add to it.
    fn least(&self, value: Option<f64>) -> Option<Bounded> {
        let value = value?;
        Some(match self.is_partial {
            true => at_least(value),
            false => Bounded::exact(value),
        })
    }

    /// What is missing can only take from it.
    fn most(&self, value: Option<f64>) -> Option<Bounded> {
        let exact = Bounded::exact(value?);
        Some(match self.is_partial {
            true => Bounded {
                least: None,
                ..exact
            },
            false => exact,
        })
    }
}

const SECTION: &str = "Rates and times";

type RatesMetric = Metric<fn(&OfRates<'_>) -> Option<Bounded>>;

pub(super) fn metrics() -> impl Iterator<Item = &'static RatesMetric> {
    let times = [SUCCESSES, STEADY, FINISHED];
    COUNTS.iter().chain(times.into_iter().flatten())
}

const COUNTS: &[RatesMetric] = &[
    Metric {
        is: About::count("total", SECTION, "operations, `unfinished` ones included").neutral(),
        of: |of| of.counted(of.rates.total),
    },
    Metric {
        is: About::count("finished", SECTION, "operations but `unfinished` ones").neutral(),
        of: |of| of.counted(of.rates.finished),
    },
    Metric {
        is: About::count(
            "successes",
            SECTION,
            "operations that ended `ok` or `rejected`",
        )
        .higher(),
        of: |of| of.counted(of.rates.successes),
    },
    Metric {
        is: About::count(
            "rejected",
            SECTION,
            "of the successes, those that the business said no to",
        )
        .neutral(),
        of: |of| of.counted(of.rates.rejected),
    },
    Metric {
        is: About::count(
            "failed",
            "Outcome of an operation",
            "operations that certainly did not commit",
        ),
        of: |of| of.counted(of.rates.failed),
    },
    Metric {
        is: About::count(
            "unknown",
            "Outcome of an operation",
            "operations that may have committed",
        ),
        of: |of| of.counted(of.rates.unknown),
    },
    Metric {
        is: About::count(
            "unfinished",
            "Outcome of an operation",
            "operations that still ran when the recording ended",
        ),
        of: |of| of.counted(of.rates.unfinished),
    },
    Metric {
        is: About::share("success_rate", SECTION, "successes of finished operations"),
        of: |of| of.sure(of.rates.success_rate),
    },
    Metric {
        is: About::rate("tps", SECTION, "successes per second of the recording"),
        of: |of| of.least(of.rates.tps),
    },
    Metric {
        is: About::rate(
            "tps_steady",
            SECTION,
            "successes per second outside all episodes of the path",
        ),
        of: |of| of.sure(of.rates.steady_tps),
    },
];

/// Response times of the operations that a field of [`Rates`] is of.
macro_rules! response_times {
    ($field:ident, $suffix:literal, $of:literal) => {
        &[
            Metric {
                is: About::response(
                    concat!("p50", $suffix),
                    SECTION,
                    concat!("median response time of ", $of),
                ),
                of: |of| of.sure(micros(of.rates.$field.p50_us)),
            },
            Metric {
                is: About::response(
                    concat!("p90", $suffix),
                    SECTION,
                    concat!("90th percentile of the response time of ", $of),
                ),
                of: |of| of.sure(micros(of.rates.$field.p90_us)),
            },
            Metric {
                is: About::response(
                    concat!("p95", $suffix),
                    SECTION,
                    concat!("95th percentile of the response time of ", $of),
                ),
                of: |of| of.sure(micros(of.rates.$field.p95_us)),
            },
            Metric {
                is: About::response(
                    concat!("p99", $suffix),
                    SECTION,
                    concat!("99th percentile of the response time of ", $of),
                ),
                of: |of| of.sure(micros(of.rates.$field.p99_us)),
            },
            Metric {
                is: About::response(
                    concat!("p99_9", $suffix),
                    SECTION,
                    concat!("99.9th percentile of the response time of ", $of),
                ),
                of: |of| of.sure(micros(of.rates.$field.p99_9_us)),
            },
            Metric {
                is: About::response(
                    concat!("mean", $suffix),
                    SECTION,
                    concat!("mean response time of ", $of),
                ),
                of: |of| of.sure(of.rates.$field.mean_us),
            },
            Metric {
                is: About::response(
                    concat!("min", $suffix),
                    SECTION,
                    concat!("shortest response time of ", $of),
                ),
                of: |of| of.most(micros(of.rates.$field.min_us)),
            },
            Metric {
                is: About::response(
                    concat!("max", $suffix),
                    SECTION,
                    concat!("longest response time of ", $of),
                ),
                of: |of| of.least(micros(of.rates.$field.max_us)),
            },
        ]
    };
}

const SUCCESSES: &[RatesMetric] = response_times!(response, "", "successes");
const STEADY: &[RatesMetric] = response_times!(
    response_steady,
    "_steady",
    "successes that ended outside all episodes of the path"
);
const FINISHED: &[RatesMetric] =
    response_times!(response_finished, "_finished", "all finished operations");

fn micros(us: Option<i64>) -> Option<f64> {
    us.map(|us| us as f64)
}
