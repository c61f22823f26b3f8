//! Downtimes and availabilities as they are printed: in every section, table and chart alike.

use crate::gaps::{PlacedOutage, Together};
use crate::summary::{
    Episode, Group, GroupSummary, Headline, Outage, OwnShare, PathSummary, Service, Summary,
    UnobservedReason,
};
use crate::text::format::{NONE, decimal, optional};
use crate::text::language::Words;
use crate::text::page::Page;

/// A resolution below this is not written in seconds with two places: it would read 0.
const LEAST_IN_SECONDS_US: i64 = 5_000;

/// A downtime, with all that is printed with it. Microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Downtime {
    pub(crate) us: i64,
    pub(crate) resolution_us: i64,
    /// Pauses of the recorder in it.
    pub(crate) paused_us: i64,
    pub(crate) at_least: bool,
}

impl Downtime {
    /// A group's; `None` where it was unobserved.
    pub(crate) fn of_group(group: &GroupSummary) -> Option<Self> {
        Some(Self {
            us: group.downtime_us?,
            resolution_us: group.resolution_us,
            paused_us: group.paused_us,
            at_least: group.is_bound(),
        })
    }

    /// The service's; `None` where nothing could be asked.
    pub(crate) fn of_service(service: &Service) -> Option<Self> {
        Some(Self {
            us: service.downtime_us?,
            resolution_us: service.resolution_us,
            paused_us: service.paused_us,
            at_least: service.at_least,
        })
    }

    /// A path's headline; `None` where it was unobserved.
    pub(crate) fn of_headline(headline: &Headline) -> Option<Self> {
        Some(Self {
            us: headline.downtime_us?,
            resolution_us: headline.resolution_us,
            paused_us: headline.paused_us,
            at_least: headline.at_least,
        })
    }
}

impl From<&Outage> for Downtime {
    fn from(outage: &Outage) -> Self {
        Self {
            us: outage.downtime_us,
            resolution_us: outage.resolution_us,
            paused_us: outage.paused_us,
            at_least: outage.open_at_start || outage.open_at_end,
        }
    }
}

impl From<&Episode> for Downtime {
    fn from(episode: &Episode) -> Self {
        Self {
            us: episode.downtime_us,
            resolution_us: episode.resolution_us,
            paused_us: episode.paused_us,
            at_least: episode.at_least,
        }
    }
}

impl From<&PlacedOutage> for Downtime {
    fn from(outage: &PlacedOutage) -> Self {
        Self {
            us: outage.downtime_us,
            resolution_us: outage.resolution_us,
            paused_us: outage.paused_us,
            at_least: outage.at_least,
        }
    }
}

/// The longest of those that overlap.
impl From<&Together> for Downtime {
    fn from(together: &Together) -> Self {
        Self {
            us: together.longest_downtime_us,
            resolution_us: together.longest_resolution_us,
            paused_us: together.longest_paused_us,
            at_least: together.at_least,
        }
    }
}

/// `at least 4.10 s (-3.20 s, paused 3.00 s)`, or `-`. The one way in which a downtime is printed, wherever it stands; one of 0 has no
/// resolution.
pub(super) fn figure(words: &Words, downtime: impl Into<Option<Downtime>>) -> String {
    let Some(downtime) = downtime.into() else {
        return NONE.to_owned();
    };
    let units = words.units;
    let mut text = units.seconds(downtime.us, 2);
    if downtime.us > 0 {
        let mut known = vec![format!("-{}", resolution(words, downtime.resolution_us))];
        if downtime.paused_us > 0 {
            known.push((words.paused)(&units.seconds(downtime.paused_us, 2)));
        }
        text = format!("{text} ({})", known.join(words.separator));
    }
    if downtime.at_least {
        (words.at_least)(&text)
    } else {
        text
    }
}

/// [`figure`] in a chart.
pub(crate) fn in_chart(words: &Words, downtime: impl Into<Option<Downtime>>) -> String {
    figure(words, downtime)
}

/// A failover's: down so long, or `0.00 s (at most 0.12 s)`, or not known.
pub(crate) fn of_failover(
    words: &Words,
    downtime: Option<Downtime>,
    at_most_us: Option<i64>,
) -> String {
    match (downtime, at_most_us) {
        (Some(downtime), Some(at_most_us)) => {
            let seconds = |us| words.units.seconds(us, 2);
            let at_most = (words.at_most)(&seconds(at_most_us));
            format!("{} ({at_most})", seconds(downtime.us))
        }
        (downtime, _) => figure(words, downtime),
    }
}

fn resolution(words: &Words, us: i64) -> String {
    match us {
        1..LEAST_IN_SECONDS_US => words.units.setting(us),
        _ => words.units.seconds(us, 2),
    }
}

/// The availability of a group: `99.600 %`, and whether it is an upper bound.
fn availability(words: &Words, group: &GroupSummary) -> Option<(String, bool)> {
    let text = words.units.percent(group.availability?, 3);
    Some((text, group.is_bound()))
}

/// [`availability`], of a downtime that is a lower bound as an upper one; `-` where it can't be given.
pub(super) fn availability_text(words: &Words, group: &GroupSummary) -> String {
    match availability(words, group) {
        None => NONE.to_owned(),
        Some((text, false)) => text,
        Some((text, true)) => (words.at_most)(&text),
    }
}

/// [`availability`] in a chart, which has room for a sign only.
pub(crate) fn availability_in_chart(words: &Words, group: &GroupSummary) -> String {
    match availability(words, group) {
        None => NONE.to_owned(),
        Some((text, false)) => text,
        Some((text, true)) => format!("≤ {text}"),
    }
}

/// The same of the service.
pub(crate) fn service_availability_in_chart(words: &Words, service: &Service) -> String {
    match service.availability {
        None => NONE.to_owned(),
        Some(share) if service.at_least => format!("≤ {}", words.units.percent(share, 3)),
        Some(share) => words.units.percent(share, 3),
    }
}

/// A group's downtime.
pub(super) fn downtime(page: &Page<'_>, group: &GroupSummary) -> String {
    figure(page.words, Downtime::of_group(group))
}

/// The path's headline, and the figures of its group.
pub(super) fn headline_group(path: &PathSummary) -> Option<(&Headline, &GroupSummary)> {
    let headline = path.headline.as_ref()?;
    Some((headline, group_of(path, headline.group)?))
}

/// Why nothing is known of a group for some time, each reason once.
pub(super) fn unobserved(group: &GroupSummary) -> impl Iterator<Item = UnobservedReason> {
    let reasons = [
        UnobservedReason::NothingAsked,
        UnobservedReason::NoFreeWorker,
    ];
    let found = reasons.map(|reason| {
        let mut spans = group.unobserved_spans.iter();
        spans.any(|unobserved| unobserved.reason == reason)
    });
    let found = reasons.into_iter().zip(found);
    found.filter_map(|(reason, is_found)| is_found.then_some(reason))
}

/// The figures of a group of a path.
pub(super) fn group_of(path: &PathSummary, group: Group) -> Option<&GroupSummary> {
    path.groups.iter().find(|found| found.group == group)
}

/// `writes down 3.50 s (-1.00 s), reads -`: the headline of a path, and beside it the other of reads and writes where nothing is known
/// of that.
pub(super) fn headline(words: &Words, headline: &Headline) -> String {
    let down = (words.down)(
        headline.group,
        &figure(words, Downtime::of_headline(headline)),
    );
    match headline.other_unobserved {
        Some(other) => [down, (words.other_group)(other, NONE)].join(words.separator),
        None => down,
    }
}

/// True where a path was asked by availability probes.
pub(super) fn is_probed(summary: &Summary) -> bool {
    let mut groups = summary.paths.iter().flat_map(|path| &path.groups);
    groups.any(|group| group.service.is_some())
}

/// The service's downtime of a group; `-` where it was not probed.
pub(super) fn service_downtime(page: &Page<'_>, group: &GroupSummary) -> String {
    let service = group.service.as_ref();
    figure(page.words, service.and_then(Downtime::of_service))
}

/// `4.52 s (4.21 to 4.61 s)`
pub(super) fn own_share(page: &Page<'_>, share: OwnShare) -> String {
    let words = page.words;
    let seconds = |us| words.units.seconds(us, 2);
    let least = decimal(share.least_us as f64 / 1e6, 2);
    let between = (words.from_to)(&least, &seconds(share.most_us));
    format!("{} ({between})", seconds(share.us))
}

/// The same without its bounds.
pub(super) fn own_share_alone(page: &Page<'_>, group: &GroupSummary) -> String {
    let service = group.service.as_ref();
    let share = service.and_then(|service| service.own_share);
    optional(share, |share| page.words.units.seconds(share.us, 2))
}
