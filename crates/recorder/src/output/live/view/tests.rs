use recording::vocabulary::ErrorClass;

use super::*;
use crate::monitor::state::{LastError, Totals};

fn read_only() -> LastError {
    LastError {
        class: ErrorClass::ReadOnly,
        sqlstate: Some("25006".to_owned()),
        text: None,
    }
}

fn direct() -> Snapshot {
    Snapshot {
        path: Path::Direct,
        totals: Totals {
            operations: 1234,
            succeeded: 1200,
            failed: 30,
            unknown: 2,
            unfinished: 2,
            not_begun: 0,
            rejected: 0,
            shortages: 0,
        },
        reads: Some(GroupView {
            gap_us: 120_000,
            down_since_us: None,
        }),
        writes: Some(GroupView {
            gap_us: 3_420_000,
            down_since_us: Some(1_795_380_180_000_000),
        }),
        succeeded_per_s: 14.2,
        failed_per_s: 3.0,
        p99_us: Some(12_345),
        last_error: Some((read_only(), 200_000)),
        history: [(4, 0), (8, 0), (8, 1), (0, 9), (0, 0), (1, 0)]
            .map(|(succeeded, failed)| Second { succeeded, failed })
            .to_vec(),
        load: Some(LoadState {
            tps: 812.4,
            latency_us: Some(11_230),
            restarts: 1,
        }),
        reads_go_apart: false,
        lag: None,
    }
}

fn fresh() -> Snapshot {
    Snapshot {
        path: Path::Proxy,
        totals: Totals::default(),
        reads: None,
        writes: None,
        succeeded_per_s: 0.0,
        failed_per_s: 0.0,
        p99_us: None,
        last_error: None,
        history: Vec::new(),
        load: None,
        reads_go_apart: false,
        lag: None,
    }
}

fn view(paths: Vec<Snapshot>) -> View {
    View {
        elapsed_us: 75_900_000,
        duration: Duration::from_secs(300),
        campaign: None,
        paths,
        dropped_rows: 0,
        trouble: None,
    }
}

fn text(view: &View, width: usize) -> Vec<String> {
    view.lines(width)
        .iter()
        .map(|line| line.render(width, false).trim_end().to_owned())
        .collect()
}

#[test]
fn a_failover_as_it_looks() {
    assert_eq!(
        text(&view(vec![direct(), fresh()]), 80),
        [
            // 25.3 % of the 47 columns that are left
            "recording  01:15 / 05:00  ███████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   25 %",
            "",
            "direct    reads up, writes DOWN 3.4 s since 20:43:00 UTC",
            "          14.2 ok/s, 3.0 failed/s   p99 12.3 ms   97.40 % of 1,234 ok",
            "          gap reads 0.1 s, writes 3.4 s",
            "          30 failed, 2 unknown   last error read_only 25006, 0.2 s ago",
            "          pgbench 812 tps, 11.2 ms, 1 restart",
            "          ▄██× ▁",
            "",
            "proxy     reads -, writes -",
            "          0.0 ok/s   p99 -",
            "          gap reads -, writes -",
            "          no failures",
            "",
        ]
    );
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut view = view(vec![direct(), fresh()]);
    view.dropped_rows = 12;
    view.trouble = Some("/data/runs/x: No space left on device (os error 28)".to_owned());
    for width in 1..200 {
        for line in view.lines(width) {
            assert!(line.render(width, false).chars().count() <= width);
        }
    }
}

#[test]
fn lost_rows_are_said_in_red() {
    let mut view = view(vec![]);
    view.dropped_rows = 1200;
    view.trouble = Some("disk full".to_owned());
    let last = view.lines(80).pop().unwrap().render(80, true);
    assert_eq!(
        last,
        "\x1b[1;31m1,200 rows lost: the disk does not keep up; disk full\x1b[0m"
    );
    assert_eq!(
        view.plain(),
        ["1,200 rows lost: the disk does not keep up; disk full"]
    );
}

#[test]
fn a_machine_that_does_not_keep_the_rate_is_told() {
    let lag = |p99_us| {
        let mut path = fresh();
        path.lag = Some(ScheduleLag {
            path: Path::Proxy,
            operations: 500,
            median_us: 90,
            p99_us: Some(p99_us),
            max_us: 61_000,
        });
        // A terminal of the usual width shows all of it.
        text(&view(vec![path]), 80).join("\n")
    };
    let told = "schedule lag p99 35 ms: this machine does not keep the rate";
    assert!(lag(35_200).contains(told), "{}", lag(35_200));
    assert!(lag(99_999_000).contains("keep the rate"));
    assert!(!lag(9_900).contains("lag"));
}

#[test]
fn a_line_per_path_without_a_terminal() {
    assert_eq!(
        view(vec![direct(), fresh()]).plain(),
        [
            "01:15 direct reads up, writes DOWN 3.4 s since 20:43:00 UTC   14.2 ok/s, 3.0 failed/s   p99 12.3 ms   \
             97.40 % of 1,234 ok   30 failed, 2 unknown   last error read_only 25006, 0.2 s ago   pgbench 812 tps, 11.2 ms, 1 restart",
            "01:15 proxy  reads -, writes -   0.0 ok/s   p99 -",
        ]
    );
}

#[test]
fn colours_say_what_words_say() {
    let lines = view(vec![direct()]).lines(100);
    let coloured: Vec<_> = lines.iter().map(|line| line.render(100, true)).collect();
    assert!(
        coloured[2].contains("\x1b[32mup\x1b[0m")
            && coloured[2].contains("\x1b[1;31mDOWN 3.4 s\x1b[0m")
    );
}

#[test]
fn warm_up() {
    let load = Some(LoadState {
        tps: 812.0,
        latency_us: None,
        restarts: 0,
    });
    let line = warm_up_line(
        23_400_000,
        Duration::from_secs(60),
        &[(Path::Direct, load), (Path::Proxy, None)],
        80,
    );
    assert_eq!(
        line.render(80, false),
        "warming up  00:23 / 01:00  ███████████░░░░░░░░░░░░░░░░░░   39 %   direct 812 tps"
    );
}

#[test]
fn times_and_numbers() {
    assert_eq!(
        [0, 65, 3_905].map(clock_time),
        ["00:00", "01:05", "1:05:05"]
    );
    assert_eq!(
        [0, 99_949_999, 100_000_000].map(seconds),
        ["0.0 s", "99.9 s", "01:40"]
    );
    assert_eq!(
        [0, 999_940, 1_000_000].map(milliseconds),
        ["0.0 ms", "999.9 ms", "1.0 s"]
    );
}

/// `other` alone says nothing to a user.
#[test]
fn an_error_without_a_class_of_its_own_is_told_by_its_text() {
    let mut path = direct();
    let told = |path: &Snapshot| {
        let lines = view(vec![path.clone()]).plain();
        let line = lines.iter().find(|line| line.contains("last error"));
        line.unwrap()
            .split("last error ")
            .nth(1)
            .unwrap()
            .to_owned()
    };
    path.last_error = Some((
        LastError {
            class: ErrorClass::Other,
            sqlstate: Some("42P01".to_owned()),
            text: Some("relation \"a\"\ndoes not exist".to_owned()),
        },
        1_200_000,
    ));
    assert!(
        told(&path).starts_with("other 42P01, 1.2 s ago: relation \"a\" does not exist"),
        "{}",
        told(&path)
    );
}
