//! Figures of a group of a path: downtime, the service's, recovery, and over its failovers.

use crate::figures::catalogue::metric::{About, Metric, counted, downtime, sure};
use crate::figures::line::Bounded;
use crate::stats::bootstrap::median;
use crate::summary::{
    AuditSummary, Episode, EpisodeKind, GroupFailover, GroupSummary, Outage, PathSummary, Service,
    Summary,
};

#[derive(Clone, Copy)]
pub(super) struct OfGroup<'a> {
    pub(super) summary: &'a Summary,
    pub(super) path: &'a PathSummary,
    pub(super) group: &'a GroupSummary,
}

type GroupMetric = Metric<fn(&OfGroup<'_>) -> Option<Bounded>>;

const DOWNTIME: &str = "Downtime";
const SERVICE: &str = "Service downtime";
const RECOVERY: &str = "Recovery";
const FAILOVERS: &str = "Several failovers";

pub(super) fn metrics() -> impl Iterator<Item = &'static GroupMetric> {
    [OF_DOWNTIME, OF_SERVICE, OF_RECOVERY, OF_FAILOVERS]
        .into_iter()
        .flatten()
}

const OF_DOWNTIME: &[GroupMetric] = &[
    Metric {
        is: About::time("downtime", DOWNTIME, "sum of its outages"),
        of: |of| {
            let group = of.group;
            downtime(group.downtime_us, group.resolution_us, group.is_bound())
        },
    },
    Metric {
        is: About::time(
            "resolution",
            DOWNTIME,
            "how much shorter than its downtime the true one may be",
        ),
        of: |of| {
            of.group.downtime_us?;
            Some(sure(of.group.resolution_us as f64, of.group.is_bound()))
        },
    },
    Metric {
        is: About::share("availability", DOWNTIME, "1 - downtime / duration"),
        of: |of| {
            let group = of.group;
            let downtime = (group.downtime_us.unwrap_or(0), group.resolution_us);
            availability(group.availability?, downtime, group.is_bound())
        },
    },
    Metric {
        is: About::count("outages", DOWNTIME, "outages, without those of a warm-up"),
        of: |of| of.seen(outages(of.group).count()),
    },
    Metric {
        is: About::time("longest_outage", DOWNTIME, "downtime of its longest outage"),
        of: longest_outage,
    },
    Metric {
        is: About::count("episodes", DOWNTIME, "episodes, without a warm-up"),
        of: |of| of.seen(of.group.counted_episodes()),
    },
    Metric {
        is: About::count(
            "blips",
            DOWNTIME,
            "availability failures outside every outage",
        ),
        of: |of| {
            Some(counted(
                of.group.blips.len() as u64,
                of.path.is_partial || of.group.unobserved,
            ))
        },
    },
    Metric {
        is: About::count(
            "brownouts",
            DOWNTIME,
            "gaps that are no outages, in which operations waited",
        ),
        of: |of| {
            Some(counted(
                of.group.brownouts.len() as u64,
                of.path.is_partial || of.group.unobserved,
            ))
        },
    },
    Metric {
        is: About::time("brownout_time", DOWNTIME, "sum of its brownouts"),
        of: |of| {
            let is_partial = of.path.is_partial || of.group.unobserved;
            downtime(Some(of.group.brownout_us), 0, is_partial)
        },
    },
    Metric {
        is: About::time(
            "durable_downtime",
            "Durability (RPO)",
            "downtime with acknowledged writes that are lost as failures; only of an audited recording",
        ),
        of: |of| {
            let is_audited = matches!(of.summary.audit, AuditSummary::Audited(_));
            of.path.durability.as_ref().filter(|_| is_audited)?;
            let durable = of.path.durable_group(of.group.group)?;
            downtime(
                durable.downtime_us,
                durable.resolution_us,
                durable.is_bound(),
            )
        },
    },
];

const OF_SERVICE: &[GroupMetric] = &[
    Metric {
        is: About::time(
            "service_downtime",
            SERVICE,
            "how long a client that connects anew was not served; only of `read` and `writer`",
        ),
        of: |of| {
            let service = of.service()?;
            downtime(service.downtime_us, service.resolution_us, service.at_least)
        },
    },
    Metric {
        is: About::share(
            "service_availability",
            SERVICE,
            "1 - service downtime / duration",
        ),
        of: |of| {
            let service = of.service()?;
            let downtime = (service.downtime_us?, service.resolution_us);
            availability(service.availability?, downtime, service.at_least)
        },
    },
    Metric {
        is: About::count(
            "service_episodes",
            SERVICE,
            "episodes of the service, without a warm-up",
        ),
        of: |of| {
            let service = of.service()?;
            service.downtime_us?;
            let count = service.counted_episodes() as u64;
            Some(counted(count, service.is_partial))
        },
    },
    Metric {
        is: About::time(
            "own_share",
            SERVICE,
            "downtime - service downtime: what the application added; `-` where one of the two saw no outage",
        ),
        of: |of| {
            let share = of.service()?.own_share?;
            Some(Bounded {
                value: share.us as f64,
                least: Some(share.least_us as f64),
                most: Some(share.most_us as f64),
            })
        },
    },
];

const OF_RECOVERY: &[GroupMetric] = &[
    Metric {
        is: About::time(
            "time_to_full_throughput",
            RECOVERY,
            "the longest of its episodes, 0 without one; `-` where one was not seen to recover, or has no baseline",
        ),
        of: |of| of.slowest(|episode| episode.time_to_full_throughput_us),
    },
    Metric {
        is: About::time(
            "time_to_normal_latency",
            RECOVERY,
            "the longest of its episodes, 0 without one; `-` where one was not seen to recover, or has no baseline",
        ),
        of: |of| of.slowest(|episode| episode.time_to_normal_latency_us),
    },
];

const OF_FAILOVERS: &[GroupMetric] = &[
    Metric {
        is: About::time(
            "downtime_max",
            FAILOVERS,
            "the longest downtime of a failover",
        ),
        of: |of| of.failovers().longest(of.path.is_partial),
    },
    Metric {
        is: About::time(
            "downtime_median",
            FAILOVERS,
            "median downtime of the failovers of which it is known",
        ),
        of: |of| of.failovers().median(of.path.is_partial),
    },
    Metric {
        is: About::time(
            "service_downtime_max",
            FAILOVERS,
            "the longest service downtime of a failover",
        ),
        of: |of| of.service_failovers()?.longest(of.service()?.is_partial),
    },
    Metric {
        is: About::time(
            "service_downtime_median",
            FAILOVERS,
            "median service downtime of the failovers of which it is known",
        ),
        of: |of| of.service_failovers()?.median(of.service()?.is_partial),
    },
];

impl<'a> OfGroup<'a> {
    fn service(&self) -> Option<&'a Service> {
        self.group.service.as_ref()
    }

    /// A count of outages or episodes; `None` where nothing is known of the group.
    fn seen(&self, count: usize) -> Option<Bounded> {
        self.group.downtime_us?;
        let may_lack_some = self.path.is_partial || self.group.unobserved;
        Some(counted(count as u64, may_lack_some))
    }

    /// The longest of a time of recovery.
    fn slowest(&self, time_us: fn(&Episode) -> Option<i64>) -> Option<Bounded> {
        self.group.downtime_us.filter(|_| !self.group.unobserved)?;
        let episodes = self.group.episodes.iter();
        let counted = episodes.filter(|episode| episode.kind != EpisodeKind::WarmUp);
        let times: Option<Vec<i64>> = counted.map(time_us).collect();
        let slowest = times?.into_iter().max().unwrap_or(0);
        Some(sure(slowest as f64, self.path.is_partial))
    }

    fn of_group(&self) -> impl Iterator<Item = Option<&'a GroupFailover>> {
        let kind = self.group.group;
        let failovers = self.path.failovers.iter();
        failovers.map(move |failover| failover.groups.iter().find(|of| of.group == kind))
    }

    fn failovers(&self) -> Downtimes {
        let of = |group: Option<&GroupFailover>| {
            let group = group?;
            Some(Downtime::new(
                group.downtime_us?,
                group.resolution_us,
                group.at_most_us,
                group.at_least,
            ))
        };
        Downtimes(self.of_group().map(of).collect())
    }

    /// `None` where the service was not probed.
    fn service_failovers(&self) -> Option<Downtimes> {
        self.service()?;
        let of = |group: Option<&GroupFailover>| {
            let service = group?.service.as_ref()?;
            Some(Downtime::new(
                service.downtime_us?,
                service.resolution_us,
                service.at_most_us,
                service.at_least,
            ))
        };
        Some(Downtimes(self.of_group().map(of).collect()))
    }
}

/// Outages that are in the downtime: all but those of a warm-up.
fn outages(group: &GroupSummary) -> impl Iterator<Item = &Outage> {
    let mut episodes = group.episodes.iter();
    let warm_up = episodes.rfind(|episode| episode.kind == EpisodeKind::WarmUp);
    let warm_until = warm_up.map(|episode| episode.span.end);
    let outages = group.outages.iter();
    outages.filter(move |outage| Some(outage.span.end) > warm_until)
}

fn longest_outage(of: &OfGroup<'_>) -> Option<Bounded> {
    of.group.downtime_us?;
    let of_outage = |outage: &Outage| {
        let (us, resolution_us) = (outage.downtime_us, outage.resolution_us);
        Some(Downtime::new(us, resolution_us, None, false))
    };
    let all = Downtimes(outages(of.group).map(of_outage).collect());
    match all.0.is_empty() {
        true => downtime(Some(0), 0, of.group.is_bound()),
        false => all.longest(of.group.is_bound()),
    }
}

/// 1 - downtime / duration, of a downtime and its resolution.
fn availability(
    value: f64,
    (downtime_us, resolution_us): (i64, i64),
    is_bound: bool,
) -> Option<Bounded> {
    let known_us = downtime_us - resolution_us.min(downtime_us);
    let most = match downtime_us {
        0 => value,
        _ => 1.0 - (1.0 - value) * known_us as f64 / downtime_us as f64,
    };
    Some(Bounded {
        value,
        least: (!is_bound).then_some(value),
        most: Some(most),
    })
}

/// The downtime of one failover, and between which values the truth is, microseconds.
#[derive(Clone, Copy)]
struct Downtime {
    us: i64,
    least_us: i64,
    /// `None` for a lower bound.
    most_us: Option<i64>,
}

impl Downtime {
    fn new(us: i64, resolution_us: i64, at_most_us: Option<i64>, is_bound: bool) -> Self {
        Self {
            us,
            least_us: us - resolution_us.min(us),
            most_us: (!is_bound).then(|| at_most_us.unwrap_or(us)),
        }
    }
}

/// Those of several failovers; `None` where one is not known.
struct Downtimes(Vec<Option<Downtime>>);

impl Downtimes {
    fn longest(&self, is_partial: bool) -> Option<Bounded> {
        let known = || self.0.iter().flatten();
        let most: Option<Vec<i64>> = self.0.iter().map(|one| one.as_ref()?.most_us).collect();
        let most = most.filter(|_| !is_partial);
        Some(Bounded {
            value: known().map(|one| one.us).max()? as f64,
            least: known().map(|one| one.least_us as f64).reduce(f64::max),
            most: most.and_then(|most| Some(most.into_iter().max()? as f64)),
        })
    }

    fn median(&self, is_partial: bool) -> Option<Bounded> {
        let seen = self.0.iter().flatten();
        let known: Vec<&Downtime> = seen.filter(|one| one.most_us.is_some()).collect();
        let of = |time: fn(&Downtime) -> i64| {
            let times: Vec<i64> = known.iter().map(|one| time(one)).collect();
            median(&times).map(|us| us as f64)
        };
        let are_all_known = known.len() == self.0.len();
        Some(Bounded {
            value: of(|one| one.us)?,
            least: of(|one| one.least_us).filter(|_| are_all_known),
            most: of(|one| one.most_us.unwrap_or(one.us)).filter(|_| are_all_known && !is_partial),
        })
    }
}
