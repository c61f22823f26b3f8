//! Recordings out of the ordinary.

use analyze::summary::{
    EventSummary, Group, GroupSummary, ResponseTimes, Span, Summary, Unobserved, UnobservedReason,
};
use recording::vocabulary::EventKind;
use recording::{Mode, Timestamp, WriteFailure};

use crate::support::summaries::{at, group, headline, outage, path, quiet, rates, sample};
use crate::text::{english, sections};

/// The sample's direct path alone, with these groups.
pub(super) fn direct_alone(groups: Option<Vec<GroupSummary>>) -> Summary {
    let mut summary = sample();
    summary.recording.mode = Mode::Direct;
    summary.recording.endpoints.truncate(1);
    summary.paths.truncate(1);
    summary.comparison = None;
    if let Some(groups) = groups {
        summary.paths[0].headline = headline(&groups);
        summary.paths[0].groups = groups;
    }
    summary
}

/// The last outage of all, in which a group was not asked.
pub(super) fn unasked() -> Unobserved {
    Unobserved {
        span: Span {
            start: at(250_000),
            end: at(300_012),
        },
        reason: UnobservedReason::NothingAsked,
    }
}

#[test]
fn one_path_has_the_same_report_without_comparison() {
    let summary = direct_alone(None);
    let report = english(&summary);
    assert!(!report.to_lowercase().contains("proxy"), "{report}");
    insta::assert_snapshot!(sections(&report, &["Verdict", "Operations", "Recovery"]), @r"
    Verdict
      direct  writes down 12.30 s (-0.12 s)  reads 1.20 s (-0.10 s)  in 1 episode

    Operations
      type         path    total  success rate  rejected  failed  unknown  unfinished   TPS  steady TPS
      all          direct  1,250       97.20 %        12      33        2           1  4.05        4.34
      read         direct    875       98.06 %         8      17        0           0  2.86        3.06
      write        direct    250       95.60 %         2      10        1           0  0.80        0.85
      transaction  direct    125       94.35 %         1       6        1           1  0.39        0.42

    Recovery
      path    group   episode  part of       from (UTC)    offset (s)           downtime  outages  baseline TPS  baseline p99  full throughput after  normal latency after
      direct  writer        1  other outage  20:44:00.010     +60.010  12.30 s (-0.12 s)        1          4.25     210.00 ms                13.00 s                     -
    ");
    let chinese = super::chinese(&summary);
    assert!(
        !chinese.contains("Proxy") && !chinese.contains("性能对比"),
        "{chinese}"
    );
}

#[test]
fn no_failover_is_said_plainly() {
    let report = english(&quiet());
    for absent in ["Outages\n", "Recovery\n", "Effect on"] {
        assert!(!report.contains(absent), "{report}");
    }
    insta::assert_snapshot!(sections(&report, &["Verdict", "Errors", "Proxy against direct"]), @r"
    Verdict
      direct  no outage found
      proxy   no outage found
      No failover seen on either path.

    Errors
      none

    Proxy against direct
      figure                      direct     proxy                    change  the proxy is
      downtime of reads           0.00 s    0.00 s                         -
      downtime of writes          0.00 s    0.00 s                         -
      success rate               97.20 %   98.81 %  +1.6 pp, +1.7 % relative  1.6 pp higher (better)
      read success rate          98.06 %   99.15 %  +1.1 pp, +1.1 % relative  1.1 pp higher (better)
      write success rate         95.60 %   98.31 %  +2.7 pp, +2.8 % relative  2.7 pp higher (better)
      transaction success rate   94.35 %   97.46 %  +3.1 pp, +3.3 % relative  3.1 pp higher (better)
      mean response time        45.00 ms  52.00 ms                   +15.6 %  15.6 % slower (worse)
      TPS                           4.05      3.89                    -4.0 %  4.0 % lower (worse)
      No failover and no other outage seen: no verdict on which path is down longer.
    ");
}

/// Writes were down to the end; no read ran while everything was down.
#[test]
fn open_at_the_end_and_unobserved() {
    let mut open = outage(250_000, 50_012, 300, &[("operation_timeout", None, 9)]);
    open.open_at_end = true;
    let mut reads = group(Group::Read, Vec::new());
    reads.downtime_us = None;
    (reads.unobserved, reads.unobserved_spans) = (true, vec![unasked()]);
    // One outage of its own, and one in which no operation of the group ran.
    let mut purchases = group(Group::Transaction, vec![outage(20_000, 900, 400, &[])]);
    (purchases.unobserved, purchases.unobserved_spans) = (true, vec![unasked()]);
    let groups = vec![
        reads,
        purchases,
        group(Group::Writer, vec![open.clone()]),
        group(Group::All, vec![open]),
    ];
    let summary = direct_alone(Some(groups));
    insta::assert_snapshot!(
        sections(&english(&summary), &["Verdict", "Downtime", "Outages", "Recovery", "How to read this"]),
        @r"
        Verdict
          direct  writes down at least 50.01 s (-0.30 s)  reads -  in 1 episode, not recovered when the recording ended

        Downtime
          group        path                      downtime  outages  episodes       availability  blips  brownouts
          read         direct                           -        0         0  at most 100.000 %      0          0
          transaction  direct   at least 0.90 s (-0.40 s)        1         1   at most 99.700 %      0          0
          writer       direct  at least 50.01 s (-0.30 s)        1         1   at most 83.330 %      0          0
          all          direct  at least 50.01 s (-0.30 s)        1         1   at most 83.330 %      0          0

        Outages
          path    group        from (UTC)    offset (s)  until                           downtime  evidence  errors inside
          direct  transaction  20:43:20.000     +20.000  20:43:20.900            0.90 s (-0.40 s)         1  stalls only
                  writer       20:47:10.000    +250.000  20:48:00.012  at least 50.01 s (-0.30 s)         9  not recovered when the recording ended, operation_timeout 9
                  all          20:47:10.000    +250.000  20:48:00.012  at least 50.01 s (-0.30 s)         9  not recovered when the recording ended, operation_timeout 9

        Recovery
          path    group   episode  part of       from (UTC)    offset (s)                    downtime  outages  baseline TPS  baseline p99  full throughput after  normal latency after
          direct  writer        1  other outage  20:47:10.000    +250.000  at least 50.01 s (-0.30 s)        1             -             -                      -                     -

        How to read this
          Downtime: last success to first success, printed with its resolution (-). The true outage lies
            between downtime - resolution and downtime, to within one ordinary response time.
          More than 30 % of the downtime is resolution, so read it as an upper bound: direct transaction.
          At a low rate short outages are not visible: at 10 operations/s the limit is about 0.3 s. Steady
            rate here: direct 4.3/s.
          No data: in an outage of all operations this group had neither success nor failure; its downtime
            there is not known, its availability is `at most`. An outage of its own beside that makes its
            downtime `at least`.
          -: a figure that can't be given, never 0; a percentile q needs 1/(1-q) samples (p99: 100).
          Thresholds: an outage is at least 100 ms, a stalled operation takes at least 500 ms longer than
            usual, outages less than 1 s apart are one episode.
        "
    );
}

#[test]
fn nothing_ever_succeeded() {
    let mut down = outage(0, 300_012, 900, &[("refused", None, 60)]);
    (down.open_at_start, down.open_at_end) = (true, true);
    let groups = Group::ALL
        .map(|name| group(name, vec![down.clone()]))
        .to_vec();
    let none = |failed| rates(failed, 0, failed, 0, 0.0);
    let types = [
        ("read", none(42)),
        ("write", none(12)),
        ("transaction", none(6)),
    ];
    let mut summary = direct_alone(None);
    summary.paths = vec![path("direct", types, groups, 0.0)];
    let overall = &mut summary.paths[0].overall;
    overall.steady_tps = None;
    overall.response_finished = ResponseTimes {
        samples: 60,
        mean_us: Some(310.0),
        ..ResponseTimes::default()
    };
    insta::assert_snapshot!(
        sections(&english(&summary), &["Verdict", "Operations", "Response times", "Downtime", "Outages"]),
        @r"
        Verdict
          direct  writes down at least 300.01 s (-0.90 s)  reads at least 300.01 s (-0.90 s)  in 1 episode, not recovered when the recording ended

        Operations
          type         path    total  success rate  rejected  failed  unknown  unfinished   TPS  steady TPS
          all          direct     60        0.00 %         0      60        0           0  0.00           -
          read         direct     42        0.00 %         0      42        0           0  0.00        0.00
          write        direct     12        0.00 %         0      12        0           0  0.00        0.00
          transaction  direct      6        0.00 %         0       6        0           0  0.00        0.00

        Response times (us)
          operation              path    samples  mean  min  max  p50  p90  p95  p99  p99.9
          successes              direct        0     -    -    -    -    -    -    -      -
          all finished           direct       60   310    -    -    -    -    -    -      -
          read successes         direct        0     -    -    -    -    -    -    -      -
          write successes        direct        0     -    -    -    -    -    -    -      -
          transaction successes  direct        0     -    -    -    -    -    -    -      -

        Downtime
          group        path                       downtime  outages  episodes     availability  blips  brownouts
          read         direct  at least 300.01 s (-0.90 s)        1         1  at most 0.000 %      0          0
          write        direct  at least 300.01 s (-0.90 s)        1         1  at most 0.000 %      0          0
          transaction  direct  at least 300.01 s (-0.90 s)        1         1  at most 0.000 %      0          0
          writer       direct  at least 300.01 s (-0.90 s)        1         1  at most 0.000 %      0          0
          all          direct  at least 300.01 s (-0.90 s)        1         1  at most 0.000 %      0          0

        Outages
          path    group        from (UTC)    offset (s)  until                            downtime  evidence  errors inside
          direct  read         20:43:00.000      +0.000  20:48:00.012  at least 300.01 s (-0.90 s)        60  down from the start, not recovered when the recording ended, refused 60
                  write        20:43:00.000      +0.000  20:48:00.012  at least 300.01 s (-0.90 s)        60  down from the start, not recovered when the recording ended, refused 60
                  transaction  20:43:00.000      +0.000  20:48:00.012  at least 300.01 s (-0.90 s)        60  down from the start, not recovered when the recording ended, refused 60
                  writer       20:43:00.000      +0.000  20:48:00.012  at least 300.01 s (-0.90 s)        60  down from the start, not recovered when the recording ended, refused 60
                  all          20:43:00.000      +0.000  20:48:00.012  at least 300.01 s (-0.90 s)        60  down from the start, not recovered when the recording ended, refused 60
        "
    );
}

#[test]
fn twenty_operations_give_few_percentiles() {
    let types = [
        ("read", rates(14, 14, 0, 0, 0.4)),
        ("write", rates(4, 4, 0, 0, 0.6)),
        ("transaction", rates(2, 1, 0, 0, 0.9)),
    ];
    let mut summary = direct_alone(None);
    let groups = Group::ALL.map(|name| group(name, Vec::new())).to_vec();
    summary.paths = vec![path("direct", types, groups, 0.5)];
    insta::assert_snapshot!(sections(&english(&summary), &["Operations", "Response times"]), @r"
    Operations
      type         path    total  success rate  rejected  failed  unknown  unfinished   TPS  steady TPS
      all          direct     20      100.00 %         0       0        0           1  0.06        0.07
      read         direct     14      100.00 %         0       0        0           0  0.05        0.05
      write        direct      4      100.00 %         0       0        0           0  0.01        0.01
      transaction  direct      2      100.00 %         0       0        0           1  0.00        0.00

    Response times (ms)
      operation              path    samples   mean    min     max    p50    p90  p95  p99  p99.9
      successes              direct       19  0.500  0.050  25.000  0.450  1.000    -    -      -
      all finished           direct       19  0.500  0.050  25.000  0.450  1.000    -    -      -
      read successes         direct       14  0.400  0.040  20.000  0.360  0.800    -    -      -
      write successes        direct        4  0.600  0.060  30.000  0.540      -    -    -      -
      transaction successes  direct        1  0.900  0.090  45.000      -      -    -    -      -
    ");
}

#[test]
fn several_episodes_stand_one_by_one() {
    let cut = [("starting_or_stopping", Some("57P01"), 3)];
    let outages = vec![
        outage(30_000, 4_100, 200, &cut),
        outage(130_000, 3_900, 150, &cut),
        outage(230_000, 310, 120, &cut),
    ];
    let mut summary = direct_alone(Some(vec![group(Group::Writer, outages)]));
    summary.recording.duration_us = 2 * 86_400_000_000;
    insta::assert_snapshot!(sections(&english(&summary), &["Verdict", "Outages", "Recovery"]), @r"
    Verdict
      direct  writes down 8.31 s (-0.47 s)    in 3 episodes

    Outages
      path    group   from (UTC)               offset (s)  until                            downtime  evidence  errors inside
      direct  writer  2026-11-22 20:43:30.000     +30.000  2026-11-22 20:43:34.100  4.10 s (-0.20 s)         3  starting_or_stopping 57P01 3
                      2026-11-22 20:45:10.000    +130.000  2026-11-22 20:45:13.900  3.90 s (-0.15 s)         3  starting_or_stopping 57P01 3
                      2026-11-22 20:46:50.000    +230.000  2026-11-22 20:46:50.310  0.31 s (-0.12 s)         3  starting_or_stopping 57P01 3

    Recovery
      path    group   episode  part of       from (UTC)               offset (s)          downtime  outages  baseline TPS  baseline p99  full throughput after  normal latency after
      direct  writer        1  other outage  2026-11-22 20:43:30.000     +30.000  4.10 s (-0.20 s)        1          4.25     210.00 ms                 4.80 s                     -
                            2  other outage  2026-11-22 20:45:10.000    +130.000  3.90 s (-0.15 s)        1          4.25     210.00 ms                 4.60 s                     -
                            3  other outage  2026-11-22 20:46:50.000    +230.000  0.31 s (-0.12 s)        1          4.25     210.00 ms                 1.01 s                     -
    ");
}

/// A name that changes every second hides neither the trigger nor what it brought about.
#[test]
fn the_list_of_events_keeps_what_tells_of_a_failover() {
    let mut summary = direct_alone(None);
    let event = |second: i64, kind: EventKind, detail: &str| EventSummary {
        time: Timestamp(crate::support::summaries::START_US + second * 1_000_000),
        path: Some("direct".to_owned()),
        event: kind.as_str().to_owned(),
        duration_us: None,
        status: None,
        detail: detail.to_owned(),
    };
    let mut events: Vec<EventSummary> = (0..90)
        .map(|second| event(second, EventKind::AddressChanged, "reader.test: a -> b"))
        .collect();
    events.push(EventSummary {
        event: "weather_changed".to_owned(),
        ..event(95, EventKind::Mark, "rain")
    });
    for (second, kind) in [
        (60, EventKind::FailoverTriggered),
        (61, EventKind::FailoverTriggerFinished),
        (70, EventKind::RoleChanged),
        (71, EventKind::ServerRestarted),
        (72, EventKind::Mark),
        (73, EventKind::Settled),
        (74, EventKind::HealTriggered),
        (75, EventKind::HealTriggerFinished),
        (80, EventKind::CampaignStopped),
        (81, EventKind::Interrupted),
    ] {
        events.push(event(second, kind, "kept"));
    }
    events.sort_by_key(|event| event.time);
    summary.events = events;
    let listed = sections(&english(&summary), &["Events"]);
    let kept = listed.lines().filter(|line| line.ends_with("kept"));
    assert_eq!(kept.count(), 10, "{listed}");
    assert_eq!(listed.matches("reader.test").count(), 50, "{listed}");
    let told = "not listed: 40 x address changed, 1 x weather_changed; --format json has all";
    assert!(listed.contains(told), "{listed}");
    let chinese = super::chinese(&summary);
    let told = "未列出: 地址变更 40 次, weather_changed 1 次; 全部见 --format json";
    assert!(chinese.contains(told), "{chinese}");
}

/// One text stands for its kind: the commonest, and how many others there are.
#[test]
fn the_commonest_text_of_a_kind_says_how_many_others_there_are() {
    let mut summary = direct_alone(None);
    let error = &mut summary.paths[0].errors[0];
    error.message = "could not open relation".to_owned();
    (error.count, error.message_count, error.other_messages) = (1_163, 1_150, 12);
    let text = "could not open relation (1,150 of 1,163; 12 other texts)";
    assert!(english(&summary).contains(text));
    let text = "could not open relation (1,163 次中的 1,150 次; 另有 12 种内容)";
    assert!(super::chinese(&summary).contains(text));
}

/// What a class means is printed where it occurred and only there.
#[test]
fn classes_that_may_mislead_are_explained() {
    for class in ["client", "no_writer", "statement_timeout", "unreplicated"] {
        let mut summary = direct_alone(None);
        let told = |summary: &Summary| {
            [english(summary), super::chinese(summary)]
                .map(|report| report.contains(&format!("{class}: ")))
        };
        assert_eq!(told(&summary), [false, false], "{class}");
        summary.paths[0].errors[0].class = class.to_owned();
        assert_eq!(told(&summary), [true, true], "{class}");
    }
}

#[test]
fn a_recording_without_operations_has_no_verdict() {
    let mut summary = direct_alone(Some(Vec::new()));
    summary.paths[0].impacts.clear();
    insta::assert_snapshot!(sections(&english(&summary), &["Verdict"]), @r"
    Verdict
      direct  no operations recorded: nothing to judge
    ");
    summary.paths.clear();
    assert!(english(&summary).contains("Verdict\n  no operations recorded: nothing to judge\n"));
}

/// The disk refused rows for 8 s, then for ever.
#[test]
fn a_disk_that_refused_rows() {
    let second = |after: i64| Timestamp(crate::support::summaries::START_US + after * 1_000_000);
    let mut summary = direct_alone(None);
    let failure = |from: i64, until: Option<i64>| WriteFailure {
        from: second(from),
        until: until.map(second),
        error: "No space left on device (os error 28)".to_owned(),
    };
    let failures = &mut summary.recording.write_failures;
    failures.extend([failure(1, Some(9)), failure(20, None)]);
    let told = |summary: &Summary, report: fn(&Summary) -> String| -> Vec<String> {
        let report = report(summary);
        let lines = report.lines().map(|line| line.trim_start().to_owned());
        lines
            .filter(|line| line.starts_with("Disk") || line.starts_with("- 磁盘"))
            .collect()
    };
    let english = told(&summary, english);
    let words = [
        "refused rows from 20:43:01.000 until 20:43:09.000 (No space left on device (os error 28))",
        "refused rows from 20:43:20.000 on (No space left on device (os error 28))",
    ];
    assert_eq!(english.len(), 2, "{english:?}");
    for (line, words) in english.iter().zip(words) {
        assert!(line.ends_with(words), "{line}");
    }
    assert_eq!(
        told(&summary, super::chinese),
        [
            "- 磁盘: 自 20:43:01.000 至 20:43:09.000 拒绝写入 (No space left on device (os error 28))",
            "- 磁盘: 自 20:43:20.000 起拒绝写入 (No space left on device (os error 28))",
        ]
    );
    let failures = &mut summary.recording.write_failures;
    failures.extend((30..36).map(|from| failure(from, Some(from))));
    let english = told(&summary, super::english);
    assert_eq!(english.len(), 6, "{english:?}");
    assert!(english[5].ends_with("3 more: --format json has all"));
}

#[test]
fn damage_of_journals_is_a_warning_and_not_what_was_being_written() {
    let mut summary = direct_alone(None);
    summary.recording.journal_rows = 5;
    (
        summary.recording.unread_bytes,
        summary.recording.damaged_bytes,
    ) = (1_300, 1_234);
    let report = english(&summary);
    assert!(
        report.contains("5 rows of parts that are not sealed, 66 bytes unread"),
        "{report}"
    );
    let line = report
        .lines()
        .find(|line| line.contains("WARNING"))
        .unwrap();
    assert!(
        line.contains("damaged: 1,234 bytes of the journals of operations"),
        "{line}"
    );
    let chinese = super::chinese(&summary);
    assert!(
        chinese.contains("- 警告: 操作日志有 1,234 字节已损坏"),
        "{chinese}"
    );
}
