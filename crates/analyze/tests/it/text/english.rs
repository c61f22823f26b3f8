//! The English report of an ordinary recording of both paths.

use analyze::summary::{Blip, LoadFigures, LoadSummary, Span, Summary};
use analyze::text::{Language, TextOptions, render};
use recording::{LoadSettings, State};

use crate::support::summaries::{START_US, at, event, sample};
use crate::text::{english, sections};

/// The sample with pgbench, a label, a blip and brownouts.
fn ordinary() -> Summary {
    let mut summary = sample();
    summary
        .recording
        .labels
        .insert("ticket".to_owned(), "OPS-17".to_owned());
    summary.recording.load = Some(LoadSettings {
        clients: 10,
        jobs: 2,
        scale: 10,
        mode: "tpc-b".to_owned(),
        warmup_us: 60_000_000,
    });
    let figures = |span_us, lines, tps, latency_us| LoadFigures {
        span_us,
        lines,
        tps,
        latency_us,
    };
    summary.paths[0].load = Some(LoadSummary {
        before: figures(60_010_000, 60, Some(1_812.4), Some(5_510.0)),
        during: Some(figures(12_300_000, 2, Some(31.5), Some(48_200.0))),
        after: Some(figures(227_702_000, 226, Some(1_790.2), Some(5_580.0))),
        restarts: 3,
    });
    summary.paths[1].load = Some(LoadSummary {
        before: figures(300_012_000, 0, None, None),
        during: None,
        after: None,
        restarts: 0,
    });
    let reads = &mut summary.paths[1].groups[0];
    reads.blips = vec![Blip {
        time: at(142_250),
        operation_name: "user_orders".into(),
        class: "connection_lost".into(),
        sqlstate: None,
    }];
    let from = |index: i64| START_US + 200_000_000 + index * 5_000_000;
    reads.brownouts = (0..12)
        .map(|index| Span::new(from(index), from(index) + 310_000))
        .collect();
    reads.brownout_us = 12 * 310_000;
    summary
}

#[test]
fn the_whole_report() {
    insta::assert_snapshot!(english(&ordinary()), @r"
    Failover report
    ================================

      Run      20261122T204300Z-7f3a
      Started  2026-11-22 20:43:00.000 UTC
      State    complete
      Host     bastion-1

    Verdict
      direct  writes down 12.30 s (-0.12 s)  reads 1.20 s (-0.10 s)  in 1 episode
      proxy   writes down 3.10 s (-0.15 s)   reads 2.90 s (-0.15 s)  in 1 episode

    Durability (RPO)
      not audited (recorder audit RUN): whether acknowledged writes were lost is not known

    Proxy against direct
      figure                               direct             proxy                    change  the proxy is
      downtime of reads          1.20 s (-0.10 s)  2.90 s (-0.15 s)                  +141.7 %  141.7 % longer (worse)
      downtime of writes        12.30 s (-0.12 s)  3.10 s (-0.15 s)                   -74.8 %  74.8 % shorter (better)
      success rate                        97.20 %           98.81 %  +1.6 pp, +1.7 % relative  1.6 pp higher (better)
      read success rate                   98.06 %           99.15 %  +1.1 pp, +1.1 % relative  1.1 pp higher (better)
      write success rate                  95.60 %           98.31 %  +2.7 pp, +2.8 % relative  2.7 pp higher (better)
      transaction success rate            94.35 %           97.46 %  +3.1 pp, +3.3 % relative  3.1 pp higher (better)
      mean response time                 45.00 ms          52.00 ms                   +15.6 %  15.6 % slower (worse)
      TPS                                    4.05              3.89                    -4.0 %  4.0 % lower (worse)
      n = 1 failover, no interval.

    Downtime
      group        path             downtime  outages  episodes  availability  blips    brownouts
      read         direct   1.20 s (-0.10 s)        1         1      99.600 %      0            0
                   proxy    2.90 s (-0.15 s)        1         1      99.033 %      1  12 (3.72 s)
      write        direct  12.34 s (-0.48 s)        1         1      95.887 %      0            0
                   proxy    3.20 s (-0.40 s)        1         1      98.933 %      0            0
      transaction  direct  12.90 s (-0.90 s)        1         1      95.700 %      0            0
                   proxy    3.30 s (-1.20 s)        1         1      98.900 %      0            0
      writer       direct  12.30 s (-0.12 s)        1         1      95.900 %      0            0
                   proxy    3.10 s (-0.15 s)        1         1      98.967 %      0            0
      all          direct   1.19 s (-0.10 s)        1         1      99.603 %      0            0
                   proxy    2.89 s (-0.14 s)        1         1      99.037 %      0            0

    Outages
      path    group        from (UTC)    offset (s)  until                  downtime  evidence  errors inside
      direct  read         20:44:00.100     +60.100  20:44:01.300   1.20 s (-0.10 s)        17  refused 17
              write        20:44:00.000     +60.000  20:44:12.340  12.34 s (-0.48 s)        32  refused 28, read_only 25006 4
              transaction  20:43:59.500     +59.500  20:44:12.400  12.90 s (-0.90 s)        28  refused 28
              writer       20:44:00.010     +60.010  20:44:12.310  12.30 s (-0.12 s)        32  refused 28, read_only 25006 4
              all          20:44:00.110     +60.110  20:44:01.300   1.19 s (-0.10 s)        28  refused 28
      proxy   read         20:44:00.050     +60.050  20:44:02.950   2.90 s (-0.15 s)         3  connection_lost 08P01 3
              write        20:44:00.020     +60.020  20:44:03.220   3.20 s (-0.40 s)         3  connection_lost 08P01 3
              transaction  20:44:00.030     +60.030  20:44:03.330   3.30 s (-1.20 s)         1  stalls only
              writer       20:44:00.030     +60.030  20:44:03.130   3.10 s (-0.15 s)         3  connection_lost 08P01 3
              all          20:44:00.060     +60.060  20:44:02.950   2.89 s (-0.14 s)         3  connection_lost 08P01 3

    Blips (failures outside every outage; no downtime)
      path   group  time (UTC)    offset (s)  operation    class
      proxy  read   20:45:22.250    +142.250  user_orders  connection_lost

    Brownouts (gaps that are no outage, from the first to the last moment at which an operation waited)
      path   group  from (UTC)    offset (s)  length
      proxy  read   20:46:20.000    +200.000  0.31 s
                    20:46:25.000    +205.000  0.31 s
                    20:46:30.000    +210.000  0.31 s
                    20:46:35.000    +215.000  0.31 s
                    20:46:40.000    +220.000  0.31 s
                    20:46:45.000    +225.000  0.31 s
                    20:46:50.000    +230.000  0.31 s
                    20:46:55.000    +235.000  0.31 s
                    20:47:00.000    +240.000  0.31 s
                    20:47:05.000    +245.000  0.31 s
        2 more: --format json has all

    Recovery
      path    group   episode  part of       from (UTC)    offset (s)           downtime  outages  baseline TPS  baseline p99  full throughput after  normal latency after
      direct  writer        1  other outage  20:44:00.010     +60.010  12.30 s (-0.12 s)        1          4.25     210.00 ms                13.00 s                     -
      proxy   writer        1  other outage  20:44:00.030     +60.030   3.10 s (-0.15 s)        1          4.25     210.00 ms                 3.80 s                     -

    Effect on each operation type
      direct, failover 1: 20:44:00.000 to 20:44:13.010 (13.01 s), from the failover trigger to full throughput
      type   attempted  succeeded  failed  unknown  unfinished  success rate  p99
      write         40         28       9        2           1       71.79 %    -
      proxy, failover 1: 20:44:00.000 to 20:44:03.830 (3.83 s), from the failover trigger to full throughput
      type   attempted  succeeded  failed  unknown  unfinished  success rate  p99
      write         40         28       9        2           1       71.79 %    -

    Errors
      path    class                 SQLSTATE  count  first (UTC)   last (UTC)
      direct  starting_or_stopping  57P01        17  20:44:00.120  20:44:11.900
        FATAL: terminating connection due to administrator command
      proxy   starting_or_stopping  57P01         7  20:44:00.120  20:44:11.900
        FATAL: terminating connection due to administrator command

    Errors in each outage
      path    group   outage from (UTC)  class            SQLSTATE  count  first (UTC)   last (UTC)    server
      direct  read    20:44:00.100       refused          -            17  20:44:00.120  20:44:01.280  -
        made by hand: refused
              writer  20:44:00.010       refused          -            28  20:44:00.030  20:44:12.290  -
        made by hand: refused
                                         read_only        25006         4  20:44:00.030  20:44:12.290  -
        made by hand: read_only
      proxy   read    20:44:00.050       connection_lost  08P01         3  20:44:00.070  20:44:02.930  -
        made by hand: connection_lost
              writer  20:44:00.030       connection_lost  08P01         3  20:44:00.050  20:44:03.110  -
        made by hand: connection_lost

    Connections
      path    attempts  failed  median (ms)  max (ms)  addresses that answered
      direct        41      36         2.75      9.10  127.0.0.2:65432, 127.0.0.3:65432
      proxy         41      36         2.75      9.10  127.0.0.2:65432, 127.0.0.3:65432

    Operations
      type         path    total  success rate  rejected  failed  unknown  unfinished   TPS  steady TPS
      all          direct  1,250       97.20 %        12      33        2           1  4.05        4.34
                   proxy   1,180       98.81 %        11      12        2           0  3.89        4.16
      read         direct    875       98.06 %         8      17        0           0  2.86        3.06
                   proxy     826       99.15 %         8       7        0           0  2.73        2.92
      write        direct    250       95.60 %         2      10        1           0  0.80        0.85
                   proxy     236       98.31 %         2       3        1           0  0.77        0.83
      transaction  direct    125       94.35 %         1       6        1           1  0.39        0.42
                   proxy     118       97.46 %         1       2        1           0  0.38        0.41

    Response times (ms)
      operation              path    samples   mean   min       max    p50     p90     p95     p99     p99.9
      successes              direct    1,214  45.00  4.50  2,250.00  40.50   90.00  135.00  225.00    900.00
                             proxy     1,166  52.00  5.20  2,600.00  46.80  104.00  156.00  260.00  1,040.00
      all finished           direct    1,249  45.00  4.50  2,250.00  40.50   90.00  135.00  225.00    900.00
                             proxy     1,180  52.00  5.20  2,600.00  46.80  104.00  156.00  260.00  1,040.00
      read successes         direct      858  40.00  4.00  2,000.00  36.00   80.00  120.00  200.00         -
                             proxy       819  46.00  4.60  2,300.00  41.40   92.00  138.00  230.00         -
      write successes        direct      239  60.00  6.00  3,000.00  54.00  120.00  180.00  300.00         -
                             proxy       232  70.00  7.00  3,500.00  63.00  140.00  210.00  350.00         -
      transaction successes  direct      117  90.00  9.00  4,500.00  81.00  180.00  270.00  450.00         -
                             proxy       115  99.00  9.90  4,950.00  89.10  198.00  297.00  495.00         -

    Background load (pgbench)
      path    span              length       TPS  latency (ms)  progress lines
      direct  before              60 s  1,812.40          5.51              60
              during            12.3 s     31.50         48.20               2
              after            227.7 s  1,790.20          5.58             226
        pgbench restarts on direct: 3
      proxy   whole recording    300 s         -             -               0

    Test configuration
      Duration            300 s
      Workers per path    3
      Weights             read 70 %, write 20 %, transaction 10 %
      Schedule            closed loop, think time 100 ms to 500 ms
      Pool                size 5 per path
      Timeouts            connect 5 s (each phase), pool 5 s, operation 10 s
      Seed                42
      Protocol            extended
      Direct endpoint     writer.lab.test:65432/postgres, user app, sslmode prefer
      Proxy endpoint      127.0.0.1:64320/postgres, user app, sslmode prefer
      Direct answered by  127.0.0.2:65432, writer, PostgreSQL 15.18
      Failover command    lab failover --kind crash (due 60 s after the start)
      Failover triggered  20:44:00.000 UTC (+60.000 s)
      Command finished    20:44:00.450 UTC (+60.450 s), status 0
      pgbench             tpc-b, clients 10, jobs 2, scale 10, warm-up 60 s
      Labels              ticket=OPS-17
      Recorder            0.1.0
      Definitions         version 2, see docs/definitions.md
      Clock drift         -180 us

    How to read this
      Downtime: last success to first success, printed with its resolution (-). The true outage lies
        between downtime - resolution and downtime, to within one ordinary response time.
      More than 30 % of the downtime is resolution, so read it as an upper bound: proxy transaction.
      At a low rate short outages are not visible: at 10 operations/s the limit is about 0.3 s. Steady
        rate here: direct 4.3/s, proxy 4.2/s.
      The group writer is writes and transactions together, and up as soon as one of either succeeds. So
        its downtime can be shorter than that of write or transaction alone.
      An outage begins at the last success, so it may begin before its trigger: no operation succeeded
        between the two.
      -: a figure that can't be given, never 0; a percentile q needs 1/(1-q) samples (p99: 100).
      Thresholds: an outage is at least 100 ms, a stalled operation takes at least 500 ms longer than
        usual, outages less than 1 s apart are one episode.
    ");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let summary = ordinary();
    for language in [Language::En, Language::Zh] {
        let mut coloured = render(
            &summary,
            &TextOptions {
                language,
                color: true,
                columns: None,
            },
        );
        assert!(coloured.contains("\u{1b}[31m") && coloured.contains("\u{1b}[32m"));
        for code in ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[2m", "\u{1b}[0m"] {
            coloured = coloured.replace(code, "");
        }
        assert_eq!(
            coloured,
            render(
                &summary,
                &TextOptions {
                    language,
                    color: false,
                    columns: None,
                }
            )
        );
    }
}

#[test]
fn no_line_ends_with_a_space() {
    for report in [english(&ordinary()), super::chinese(&ordinary())] {
        assert!(
            report.lines().all(|line| line == line.trim_end()),
            "{report}"
        );
        assert!(!report.contains("\n\n\n") && report.ends_with('\n') && !report.ends_with("\n\n"));
    }
}

#[test]
fn what_is_wrong_with_a_recording_stands_at_its_top() {
    let mut summary = sample();
    summary.recording.state = State::Interrupted;
    summary.recording.progress = analyze::summary::RecordingProgress::Interrupted;
    summary.recording.duration_us = 121_530_000;
    summary
        .recording
        .dropped_rows
        .insert("operations".to_owned(), 1_204);
    summary.events = vec![
        event(60_000, "failover_triggered", None),
        event(61_000, "failover_trigger_finished", Some(254)),
    ];
    summary.events.push(event(121_500, "interrupted", None));
    let report = english(&summary);
    let top: String = report.lines().take(16).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(top, @r"
    Failover report
    ================================

      Run      20261122T204300Z-7f3a
      Started  2026-11-22 20:43:00.000 UTC
      State    interrupted: a signal ended it early (at +121.500 s)
      Host     bastion-1
      WARNING  rows lost: 1,204 of operations; the figures are incomplete

    Verdict
      direct  writes down 12.30 s (-0.12 s)  reads 1.20 s (-0.10 s)  in 1 episode
      proxy   writes down 3.10 s (-0.15 s)   reads 2.90 s (-0.15 s)  in 1 episode
      The failover command failed (exit code 254): see logs/failover-command.log.

    Durability (RPO)
      not audited (recorder audit RUN): whether acknowledged writes were lost is not known
    ");
    assert!(report.contains("(+61.000 s), status 254\n"), "{report}");

    summary.events.clear();
    assert!(
        english(&summary)
            .contains("Failover triggered  never: the recording holds no such event\n")
    );
}

/// A server's text can't break the layout or write to the terminal.
#[test]
fn foreign_text_stays_in_its_place() {
    let mut summary = sample();
    summary.recording.host = "a\u{1b}[2J\nVerdict".to_owned();
    summary.paths[0].errors[0].message = "x\n\nErrors\n\u{7}y".to_owned();
    let report = english(&summary);
    assert!(!report.contains('\u{1b}') && !report.contains('\u{7}'));
    assert!(
        sections(&report, &["Errors"]).contains("    x Errors y\n"),
        "{report}"
    );
}
