//! What is of a failover and what is not, in hand-made recordings. Cites `docs/definitions.md`, Several failovers.

use crate::support::around::{Answer, NEW_WRITER, OLD_WRITER};
use crate::support::{HandMade, START_US, group, us};
use analyze::summary::EpisodeKind::{self, Failover, OtherOutage, WarmUp};
use analyze::summary::{Group, GroupFailover, Metric, PathFailover, PathSummary, Summary};
use analyze::text::{TextOptions, render};
use recording::vocabulary::ErrorClass::Refused;
use recording::vocabulary::EventKind::{
    FailoverTriggerFinished, HealTriggered, RoleChanged, Settled,
};
use recording::vocabulary::Path::{Direct, Proxy};

/// One operation every 100 ms, but for gaps (start, end), each with two failures. A gap starts a multiple of 100 ms after the end of
/// the one before it.
fn every_100_ms(
    mut made: HandMade,
    name: &'static str,
    until: f64,
    gaps: &[(f64, f64)],
) -> HandMade {
    let mut from = 0.1;
    for (start, end) in gaps {
        let count = ((start - from) * 10.0).round() as usize + 1;
        made = made
            .steady(name, from, 0.1, count, 0.005)
            .failed(name, start + 0.05, start + 0.1, Refused)
            .failed(name, start + 0.12, start + 0.15, Refused);
        from = *end;
    }
    let count = ((until - from) * 10.0).round() as usize;
    made.steady(name, from, 0.1, count, 0.005)
}

fn writes(made: HandMade, until: f64, gaps: &[(f64, f64)]) -> HandMade {
    every_100_ms(made, "update_login", until, gaps)
}

fn of(failover: &PathFailover, of: Group) -> &GroupFailover {
    failover
        .groups
        .iter()
        .find(|found| found.group == of)
        .unwrap()
}

fn kinds(path: &PathSummary, of: Group) -> Vec<EpisodeKind> {
    let episodes = group(path, of).episodes.iter();
    episodes.map(|episode| episode.kind).collect()
}

/// Downtime of each failover of a path's writes.
fn downtimes(path: &PathSummary) -> Vec<Option<i64>> {
    let failovers = path.failovers.iter();
    failovers
        .map(|failover| of(failover, Group::Writer).downtime_us)
        .collect()
}

/// The old writer answers up to `until`, the new one from `from` to `end`.
fn promoted(made: HandMade, until: f64, from: f64, end: f64) -> HandMade {
    let answers = |seconds: f64| (seconds * 2.0) as usize;
    made.answers(0.5, &vec![OLD_WRITER; answers(until)])
        .answers(from, &vec![NEW_WRITER; answers(end - from)])
}

#[test]
fn a_lock_long_after_the_trigger_is_no_failover_and_takes_no_trigger() {
    let made = HandMade::new(150.0).trigger(30.0);
    let made = promoted(made, 31.0, 42.0, 149.0);
    let path = writes(made, 150.0, &[(31.0, 43.0), (101.0, 121.0)]).direct();
    assert_eq!(kinds(&path, Group::Writer), [Failover, OtherOutage]);
    assert_eq!(downtimes(&path), [Some(us(12.0))]);
    let failover = &path.failovers[0];
    // Up to 5 s after the last change.
    assert_eq!(failover.span.end.micros(), START_US + us(47.0));
    assert_eq!(failover.changes.len(), 1);
    // The lock counts in the downtime all the same.
    let writer = group(&path, Group::Writer);
    assert_eq!(writer.downtime_us, Some(us(32.0)));
    let trigger = |episode: usize| {
        let decomposition = writer.episodes[episode].decomposition.as_ref();
        decomposition
            .unwrap()
            .trigger
            .map(|trigger| trigger.time.micros())
    };
    assert_eq!([trigger(0), trigger(1)], [Some(START_US + us(30.0)), None]);
    let impacts = path.impacts.iter().map(|impact| impact.failover);
    assert_eq!(impacts.collect::<Vec<_>>(), [Some(1), None]);

    // Without probes, the first of settled and heal ends the failover.
    for end in [Settled, HealTriggered] {
        let made = HandMade::new(150.0)
            .trigger(30.0)
            .told_of_all(90.0, end, "");
        let path = writes(made, 150.0, &[(31.0, 43.0), (101.0, 121.0)]).direct();
        assert_eq!(kinds(&path, Group::Writer), [Failover, OtherOutage]);
    }
    // Without either, it lasts 120 s from the command's end.
    let made = HandMade::new(300.0)
        .trigger(30.0)
        .told_of_all(32.0, FailoverTriggerFinished, "");
    let path = writes(made, 300.0, &[(31.0, 43.0), (151.0, 153.0), (162.0, 164.0)]).direct();
    assert_eq!(
        kinds(&path, Group::Writer),
        [Failover, Failover, OtherOutage]
    );
    assert_eq!(downtimes(&path), [Some(us(14.0))]);
}

#[test]
fn sessions_that_were_cut_before_the_promotion_belong_to_it() {
    let made = HandMade::new(120.0)
        .trigger(30.0)
        .connect(0.05, 2, Some(OLD_WRITER))
        .connect(32.4, 3, Some(NEW_WRITER));
    let made = promoted(made, 31.0, 37.0, 119.0);
    let path = writes(made, 120.0, &[(31.0, 32.5), (35.0, 38.0)]).direct();
    assert_eq!(kinds(&path, Group::Writer), [Failover, Failover]);
    assert_eq!(downtimes(&path), [Some(us(4.5))]);
    assert_eq!(of(&path.failovers[0], Group::Writer).episodes, [1, 2]);
    let episodes = &group(&path, Group::Writer).episodes;
    let decomposed = episodes
        .iter()
        .map(|episode| episode.decomposition.as_ref().unwrap());
    let writers: Vec<bool> = decomposed
        .map(|found| {
            assert_eq!(found.trigger.unwrap().time.micros(), START_US + us(30.0));
            found.outages[0].new_writer.is_some()
        })
        .collect();
    // What was seen in the first episode is not looked for again.
    assert_eq!(writers, [true, false]);
    let [impact] = path.impacts.as_slice() else {
        panic!("one window");
    };
    assert_eq!(impact.window.start.micros(), START_US + us(30.0));
    assert_eq!(impact.window.end.micros(), START_US + us(38.0));
}

#[test]
fn a_trigger_that_a_path_hides_counts_as_0_at_most_the_longest_gap() {
    let mut made = HandMade::new(120.0).trigger(30.0).on(Direct);
    made = writes(made, 120.0, &[(31.0, 36.0)]).on(Proxy);
    // A pause of 0.4 s without a failure, and one of 2 s long after the failover.
    made = promoted(made, 31.0, 35.0, 119.0)
        .steady("update_login", 0.1, 0.1, 310, 0.005)
        .steady("update_login", 31.4, 0.1, 500, 0.005)
        .steady("update_login", 83.3, 0.1, 360, 0.005);
    let summary = made.summary();
    let proxy = &summary.paths[1];
    let hidden = of(&proxy.failovers[0], Group::Writer);
    assert!(hidden.episodes.is_empty());
    assert_eq!(
        (hidden.downtime_us, hidden.at_most_us),
        (Some(0), Some(us(0.4)))
    );
    let found = &summary.failovers;
    assert_eq!(found.downtime[1].n, 1);
    assert_eq!(
        (
            found.downtime[1].median_us,
            found.downtime[1].without_episode
        ),
        (0, 1)
    );
    let paired = found.paired.as_ref().unwrap();
    assert_eq!(
        (paired.n, paired.median_us, paired.proxy_shorter),
        (1, us(5.0), 1)
    );
    let report = render(&summary, &TextOptions::default());
    assert!(report.contains("0.00 s (at most 0.40 s)"), "{report}");
    assert!(proxy.impacts.is_empty());

    // Hidden from both: no verdict.
    let mut made = HandMade::new(120.0).trigger(30.0).on(Direct);
    made = writes(made, 120.0, &[]).on(Proxy);
    let summary = writes(made, 120.0, &[]).summary();
    assert_eq!(summary.failovers.failovers.len(), 1);
    assert_eq!(summary.failovers.paired, None);
    let report = render(&summary, &TextOptions::default());
    assert!(!report.contains("No failover seen"), "{report}");
}

#[test]
fn warm_up_ends_within_the_first_second() {
    let down_until = |end: f64| {
        HandMade::new(60.0)
            .failed("update_login", 0.05, 0.1, Refused)
            .failed("update_login", 0.3, 0.4, Refused)
            .steady(
                "update_login",
                end,
                0.1,
                ((60.0 - end) * 10.0) as usize,
                0.005,
            )
    };
    let down = down_until(8.0).direct();
    let writer = group(&down, Group::Writer);
    assert_eq!(kinds(&down, Group::Writer), [OtherOutage]);
    assert_eq!((writer.downtime_us, writer.at_least), (Some(us(8.0)), true));

    let summary = down_until(0.8).summary();
    let path = &summary.paths[0];
    let writer = group(path, Group::Writer);
    assert_eq!(kinds(path, Group::Writer), [WarmUp]);
    assert_eq!(writer.outages.len(), 1);
    assert_eq!((writer.downtime_us, writer.resolution_us), (Some(0), 0));
    assert_eq!((writer.availability, writer.at_least), (Some(1.0), false));
    let headline = path.headline.as_ref().unwrap();
    assert_eq!((headline.downtime_us, headline.episodes), (Some(0), 0));
    let report = render(&summary, &TextOptions::default());
    assert!(report.contains("warm-up: not in the downtime"), "{report}");

    // A failover that was triggered at once is none.
    let path = down_until(0.8).trigger(0.2).direct();
    assert_eq!(kinds(&path, Group::Writer), [Failover]);
    assert_eq!(group(&path, Group::Writer).downtime_us, Some(us(0.8)));
}

#[test]
fn reads_and_writers_never_choose_different_episodes() {
    let made = HandMade::new(150.0)
        .trigger(30.0)
        .told_of_all(60.0, Settled, "")
        // 8 s after the reads were back, and 4 s after the writes were.
        .told(79.0, RoleChanged, "10.0.0.2 (writer) -> 10.0.0.3 (writer)");
    let made = every_100_ms(
        made,
        "user_list",
        150.0,
        &[(31.0, 33.0), (70.0, 71.0), (100.0, 102.0)],
    );
    let path = writes(made, 150.0, &[(31.5, 40.0), (70.5, 75.0), (100.1, 104.0)]).direct();
    for of_group in [Group::Read, Group::Writer, Group::Write, Group::All] {
        assert_eq!(
            kinds(&path, of_group),
            [Failover, Failover, OtherOutage],
            "{of_group:?}"
        );
        for (index, failover) in path.failovers.iter().enumerate() {
            assert_eq!(of(failover, of_group).episodes, [index + 1]);
        }
    }
    let triggered = path
        .failovers
        .iter()
        .map(|failover| failover.trigger.is_some());
    assert_eq!(triggered.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn without_triggers_each_change_makes_one_failover() {
    // Sessions cut, the first promotion, the second, and a lock 4 s after that: two failovers, though each is near the next.
    let gaps = [
        (30.0, 30.5),
        (33.0, 36.0),
        (40.0, 43.0),
        (46.5, 48.5),
        (60.0, 61.0),
    ];
    let made = HandMade::new(100.0)
        .told(35.0, RoleChanged, "10.0.0.2 (writer) -> 10.0.0.3 (writer)")
        .told(43.2, RoleChanged, "10.0.0.3 (writer) -> 10.0.0.4 (writer)");
    let path = writes(made, 100.0, &gaps).direct();
    assert_eq!(downtimes(&path), [Some(us(3.5)), Some(us(5.0))]);
    let kinds = kinds(&path, Group::Writer);
    assert_eq!(kinds, [Failover, Failover, Failover, Failover, OtherOutage]);
}

#[test]
fn a_proxy_that_spreads_statements_makes_no_failover_of_a_blip() {
    let readers = [Answer(3, -3_500, true), Answer(4, -3_400, true)];
    let mut state = 11_u64;
    let mut by_chance = |answers: [Answer; 3]| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        answers[(state >> 33) as usize % 3]
    };
    let spread: Vec<Answer> = (0..598)
        .map(|_| by_chance([OLD_WRITER, readers[0], readers[1]]))
        .collect();
    let in_turn: Vec<Answer> = (0..598)
        .map(|index| [OLD_WRITER, readers[0], readers[1], readers[0]][index % 4])
        .collect();
    let blips: Vec<(f64, f64)> = (1..14)
        .map(|index| (f64::from(index) * 20.0, f64::from(index) * 20.0 + 0.3))
        .collect();
    for answers in [spread, in_turn] {
        let made = HandMade::new(300.0).answers(0.5, &answers);
        let path = writes(made, 300.0, &blips).direct();
        assert_eq!(kinds(&path, Group::Writer), [OtherOutage; 13]);
        assert!(path.failovers.is_empty(), "{:#?}", path.failovers);
    }
}

#[test]
fn a_trigger_takes_all_of_its_episodes_and_not_the_nearest_blip() {
    let mut made = HandMade::new(120.0).trigger(30.0).on(Direct);
    made = writes(made, 120.0, &[(30.1, 41.71)]).on(Proxy);
    let summary = writes(made, 120.0, &[(30.1, 30.32), (31.62, 42.95)]).summary();
    let proxy = &summary.paths[1];
    assert_eq!(kinds(proxy, Group::Writer), [Failover, Failover]);
    assert_eq!(downtimes(proxy), [Some(us(11.55))]);
    let paired = summary.failovers.paired.as_ref().unwrap();
    assert_eq!(
        (paired.n, paired.unpaired, paired.median_us),
        (1, 0, us(0.06))
    );
    // One line for both.
    let report = render(&summary, &TextOptions::default());
    assert!(report.contains("11.55 s (-"), "{report}");
}

#[test]
fn a_trigger_while_the_path_is_down_has_no_downtime_of_its_own() {
    let made = HandMade::new(150.0).trigger(10.0).trigger(70.0);
    let summary = writes(made, 150.0, &[(12.0, 80.0)]).summary();
    let path = &summary.paths[0];
    assert_eq!(downtimes(path), [Some(us(68.0)), None]);
    let downtime = &summary.failovers.downtime[0];
    assert_eq!((downtime.n, downtime.open), (1, 1));
    // One that the outage's last success, but no failure, came before is its own.
    let made = HandMade::new(150.0).trigger(10.0).trigger(70.05);
    let path = writes(made, 150.0, &[(70.0, 80.0)]).direct();
    assert_eq!(downtimes(&path), [Some(0), Some(us(10.0))]);
}

/// The sums of several windows are those of the recording, as far as it lies in them.
/// A failover of one path and another outage of the other are two things.
#[test]
fn a_failover_is_not_compared_with_another_outage() {
    let direct = promoted(HandMade::new(180.0), 24.0, 25.0, 179.0);
    let made = writes(direct, 180.0, &[(20.0, 28.1)]).on(Proxy);
    let summary = writes(made, 180.0, &[(110.0, 111.1)]).summary();
    let comparison = summary.comparison.as_ref().unwrap();
    let counts = [comparison.direct_incidents, comparison.proxy_incidents]
        .map(|of_path| (of_path.failovers, of_path.other_outages));
    assert_eq!(counts, [(1, 0), (0, 1)]);
    let downtimes = comparison
        .lines
        .iter()
        .filter(|line| matches!(line.metric, Metric::Downtime | Metric::WriterDowntime));
    assert!(
        downtimes.clone().count() == 2
            && downtimes.clone().all(|line| line.change_percent.is_none())
    );
    let text = render(&summary, &TextOptions::default());
    let verdict =
        "Failovers seen: direct 1, proxy 0; other outages: direct 0, proxy 1. They can't be paired";
    assert!(text.contains(verdict), "{text}");
}

/// Where one path's headline is of writes and the other's of reads, the pairs are of writes.
#[test]
fn pairs_are_of_one_group() {
    let both = |made: HandMade, reads: &[(f64, f64)], of_writes: &[(f64, f64)]| {
        let made = every_100_ms(made, "user_list", 120.0, reads);
        writes(made, 120.0, of_writes)
    };
    let made = HandMade::new(120.0).trigger(30.0).trigger(75.0);
    let made = both(made, &[], &[(30.2, 35.3), (75.2, 80.3)]).on(Proxy);
    let summary = both(
        made,
        &[(30.2, 33.3), (75.2, 78.3)],
        &[(30.2, 31.3), (75.2, 76.3)],
    )
    .summary();
    let headlines = summary
        .paths
        .iter()
        .map(|path| path.headline.as_ref().unwrap().group);
    assert_eq!(headlines.collect::<Vec<_>>(), [Group::Writer, Group::Read]);
    let paired = summary.failovers.paired.as_ref().unwrap();
    assert_eq!(
        (paired.group, paired.n, paired.median_us),
        (Group::Writer, 2, us(4.0))
    );
    let downtime = summary.failovers.downtime.iter();
    let downtime: Vec<_> = downtime
        .map(|of| (of.path.as_str(), of.group, of.median_us))
        .collect();
    let expected = [
        ("direct", Group::Writer, us(5.1)),
        ("proxy", Group::Writer, us(1.1)),
        ("proxy", Group::Read, us(3.1)),
    ];
    assert_eq!(downtime, expected);
}

fn assert_impacts_add_up(summary: &Summary, attempted: u64, unfinished: u64) {
    let impacts = &summary.paths[0].impacts;
    let rates = || {
        let types = impacts.iter().flat_map(|impact| &impact.types);
        types.map(|named| &named.rates)
    };
    for of in rates() {
        assert_eq!(
            of.total,
            of.successes + of.failed + of.unknown + of.unfinished
        );
    }
    assert_eq!(rates().map(|of| of.total).sum::<u64>(), attempted);
    assert_eq!(rates().map(|of| of.unfinished).sum::<u64>(), unfinished);
    for pair in impacts.windows(2) {
        assert!(pair[0].window.end <= pair[1].window.start);
    }
}

#[test]
fn impact_rows_add_up() {
    let made = HandMade::new(150.0)
        .trigger(30.0)
        .told_of_all(60.0, Settled, "")
        .trigger(90.0)
        .unfinished("place_order", 31.2)
        .unfinished("place_order", 91.2)
        .unknown("place_order", 31.5, 32.0, Refused);
    let summary = writes(made, 150.0, &[(31.0, 36.0), (91.0, 93.0)]).summary();
    let windows = summary.paths[0]
        .impacts
        .iter()
        .map(|impact| impact.window.length_us());
    assert_eq!(windows.collect::<Vec<_>>(), [us(6.0), us(3.0)]);
    // In each window ten writes from the trigger on, two failures, the success at the end, and what place_order asked.
    assert_impacts_add_up(&summary, 2 * 13 + 3, 2);
}
