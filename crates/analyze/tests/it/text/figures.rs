//! One figure wherever it stands: bounds, pauses, what is not known, and like against like.

use analyze::summary::{Group, Metric, Span, Summary, Unobserved, UnobservedReason};

use super::edges::{direct_alone, unasked};
use crate::support::summaries::{at, group, headline, outage, quiet, sample};
use crate::text::{english, sections};

/// Paths whose worse groups differ: reads stand beside reads, writes beside writes, and a bound is compared with nothing.
#[test]
fn like_is_compared_with_like() {
    let mut summary = sample();
    let path = &mut summary.paths[0];
    let writer = path
        .groups
        .iter_mut()
        .find(|group| group.group == Group::Writer);
    writer.unwrap().at_least = true;
    path.headline = headline(&path.groups);
    summary.paths[1].headline.as_mut().unwrap().group = Group::Read;
    for line in &mut summary.comparison.as_mut().unwrap().lines {
        if matches!(line.metric, Metric::Downtime | Metric::WriterDowntime) {
            (line.change_percent, line.direct_at_least) = (None, true);
        }
    }
    let report = english(&summary);
    let verdict = sections(&report, &["Verdict"]);
    assert!(
        verdict.contains("writes down at least 12.30 s (-0.12 s)"),
        "{verdict}"
    );
    let comparison = sections(&report, &["Proxy against direct"]);
    let rows: Vec<&str> = comparison.lines().skip(2).take(3).map(str::trim).collect();
    assert!(rows[0].starts_with("downtime of reads "), "{comparison}");
    assert!(rows[0].ends_with("141.7 % longer (worse)"), "{comparison}");
    assert_eq!(
        rows[1],
        "downtime of writes        at least 12.30 s (-0.12 s)  3.10 s (-0.15 s)                         -"
    );
    assert!(rows[2].starts_with("success rate "), "{comparison}");
}

/// Reads that failed in two episodes on one path and in one on the other.
#[test]
fn sums_over_different_numbers_of_episodes_are_not_compared() {
    let mut summary = sample();
    let reads = [
        outage(60_100, 1_200, 100, &[]),
        outage(90_000, 500, 100, &[]),
    ];
    summary.paths[0].groups[0] = group(Group::Read, reads.to_vec());
    for line in &mut summary.comparison.as_mut().unwrap().lines {
        if line.metric == Metric::ReadDowntime {
            line.change_percent = None;
        }
    }
    let english = sections(&english(&summary), &["Proxy against direct"]);
    let said = "-  not compared: episodes direct 2, proxy 1\n";
    assert!(english.contains(said), "{english}");
    let chinese = super::chinese(&summary);
    let said = "-  不比较: 故障次数 Direct 2, Proxy 1\n";
    assert!(chinese.contains(said), "{chinese}");
}

/// One figure wherever it stands, the pauses of the recorder with it.
#[test]
fn pauses_are_printed_with_the_downtime_that_they_are_in() {
    let mut summary = sample();
    summary.pauses = [(61_000, 4_000), (200_000, 1_500)]
        .map(|(from, length)| Span {
            start: at(from),
            end: at(from + length),
        })
        .to_vec();
    let path = &mut summary.paths[0];
    for name in [Group::Writer, Group::All] {
        let found = path.groups.iter_mut().find(|group| group.group == name);
        let mut paused = outage(60_010, 12_300, 4_500, &[("refused", None, 28)]);
        paused.paused_us = 4_000_000;
        *found.unwrap() = group(name, vec![paused]);
    }
    path.headline = headline(&path.groups);
    let figure = "12.30 s (-4.50 s, paused 4.00 s)";
    let report = english(&summary);
    for heading in [
        "Verdict",
        "Downtime",
        "Outages",
        "Recovery",
        "Proxy against direct",
    ] {
        let section = sections(&report, &[heading]);
        assert!(section.contains(figure), "{section}");
    }
    let header =
        "Pauses   the recorder did not run 2 times, 5.50 s in all: nothing is known of that time\n";
    assert!(report.contains(header), "{report}");
    assert!(
        report.contains("\n  Pauses: the recorder was stopped"),
        "{report}"
    );
    let chinese = super::chinese(&summary);
    let line = "- 停机对象与分辨率: 写入停机 12.30秒 (-4.50秒, 其中暂停 4.00秒)\n";
    assert!(chinese.contains(line), "{chinese}");
    assert!(
        chinese.contains("- 记录程序暂停: 2 次, 共 5.50秒: 对这段时间一无所知\n"),
        "{chinese}"
    );
    let mut alone = quiet();
    alone.pauses.clone_from(&summary.pauses);
    let verdict = sections(&english(&alone), &["Verdict"]);
    assert!(
        verdict.contains("no outage found, paused 5.50 s\n"),
        "{verdict}"
    );
    let without = english(&sample());
    assert!(
        !without.contains("aused") && !without.contains("Pauses"),
        "{without}"
    );
}

/// All workers hung in writes: nothing is known of reads, and that is no bound of the writes.
#[test]
fn no_worker_was_free_to_ask() {
    let mut reads = group(Group::Read, Vec::new());
    (reads.downtime_us, reads.unobserved) = (None, true);
    reads.unobserved_spans = vec![Unobserved {
        reason: UnobservedReason::NoFreeWorker,
        ..unasked()
    }];
    let writes = group(Group::Writer, vec![outage(60_000, 5_000, 200, &[])]);
    let summary = direct_alone(Some(vec![reads.clone(), writes]));
    let report = english(&summary);
    let verdict = sections(&report, &["Verdict"]);
    let line = "direct  writes down 5.00 s (-0.20 s)  reads -  in 1 episode";
    assert!(verdict.contains(line), "{verdict}");
    let note = "No data of reads, probes answered: no worker was free to ask.";
    assert!(report.contains(note), "{report}");
    assert!(!report.contains("No data: in an outage of all"), "{report}");
    assert!(super::chinese(&summary).contains("读未观测到, 探测有应答: 没有空闲线程可发出请求。"));
    // Alone, they are the headline.
    let verdict = sections(&english(&direct_alone(Some(vec![reads]))), &["Verdict"]);
    let line = "direct  reads down -    no data: probes answered, no worker was free to ask";
    assert!(verdict.contains(line), "{verdict}");
}

/// What a reader meets in the figures is explained, and only then.
#[test]
fn notes_explain_what_the_figures_show() {
    let notes = |summary: &Summary| sections(&english(summary), &["How to read this"]);
    let shown = |summary: &Summary| {
        let notes = notes(summary);
        [
            "The group writer is",
            "An outage begins",
            "Baseline: the 30 s",
        ]
        .map(|note| notes.contains(note))
    };
    // The sample's writers were down for less than its writes, from before the trigger on; a minute lies before that.
    let mut summary = sample();
    summary.events[0].time = at(60_015);
    assert_eq!(shown(&summary), [true, true, false]);
    assert_eq!(shown(&quiet()), [false, false, false]);
    let early = outage(12_000, 900, 100, &[("refused", None, 3)]);
    let early = Group::ALL.map(|name| group(name, vec![early.clone()]));
    let early = direct_alone(Some(early.to_vec()));
    assert_eq!(shown(&early), [false, false, true]);
}

/// What is not nothing is not written as 0.
#[test]
fn a_short_time_is_not_0() {
    let mut summary = direct_alone(None);
    summary.paths[0].groups[0] = group(Group::Read, vec![outage(60_100, 1_200, 0, &[])]);
    summary.paths[0].groups[0].resolution_us = 206;
    let downtime = sections(&english(&summary), &["Downtime"]);
    assert!(downtime.contains("1.20 s (-206 us)"), "{downtime}");
    let response = &mut summary.paths[0].overall.response;
    (response.min_us, response.mean_us) = (Some(206), Some(1_806.0));
    let chinese = super::chinese(&summary);
    assert!(chinese.contains("- 最小响应时间: 206微秒\n"), "{chinese}");
    assert!(chinese.contains("- 平均响应时间: 1.81毫秒\n"), "{chinese}");
}
