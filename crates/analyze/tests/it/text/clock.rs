//! The host's clock against the database server's.

use recording::ClockOffset;
use recording::vocabulary::Path;

use crate::support::summaries::{at, sample};
use crate::text::{chinese, english};
use analyze::text::{Language, TextOptions, document, render};

/// Every time is of the zone that the header names, and none of UTC is left.
#[test]
fn times_are_of_the_zone_that_was_asked_for() {
    let summary = sample();
    let report = |language, zone: &str| {
        let document = document(&summary, language, zone.parse().unwrap());
        document.text(false)
    };
    let utc = render(&summary, &TextOptions::default());
    assert_eq!(utc, report(Language::En, "UTC"));
    assert!(!utc.contains("Time zone"));
    let kolkata = report(Language::En, "Asia/Kolkata");
    let line = |line: &&str| line.trim_start().starts_with("Time zone ");
    let line = kolkata.lines().find(line).unwrap();
    assert!(line.ends_with(" Asia/Kolkata, UTC+5:30"), "{line}");
    let chinese = report(Language::Zh, "Asia/Kolkata");
    assert!(
        chinese.contains("时区: Asia/Kolkata, UTC+5:30"),
        "{chinese}"
    );
    for report in [kolkata, chinese] {
        assert_eq!(
            report.matches("UTC").count(),
            report.matches("UTC+5:30").count()
        );
        // The trigger, at 20:44:00 UTC.
        assert!(
            report.contains("02:14:00.000") && !report.contains("20:44:00"),
            "{report}"
        );
    }
}

#[test]
fn every_measurement_stands_after_the_drift() {
    let mut summary = sample();
    let offset = |path, ms, offset_us, uncertainty_us| ClockOffset {
        time: at(ms),
        path,
        server_address: Some("127.0.0.2".to_owned()),
        server_port: Some(65432),
        round_trips: 8,
        offset_us,
        uncertainty_us,
    };
    summary.recording.clock_offsets = vec![
        offset(Path::Direct, -900, -37_000_120, 85),
        ClockOffset {
            server_address: None,
            server_port: None,
            ..offset(Path::Proxy, -400, 12, 1_200)
        },
        offset(Path::Direct, 300_020, 0, 90),
    ];
    let about = |report: &str, label: &str| -> String {
        let lines = report.lines().filter(|line| line.contains(label));
        lines.map(|line| format!("{}\n", line.trim())).collect()
    };
    insta::assert_snapshot!(about(&english(&summary), "Clock"), @r"
    Clock drift         -180 us
    Clock offset        37 s ahead of 127.0.0.2:65432 (± 85 us), direct, before the start
    Clock offset        12 us behind the server (± 1.2 ms), proxy, before the start
    Clock offset        0 s behind 127.0.0.2:65432 (± 90 us), direct, at the end
    ");
    insta::assert_snapshot!(about(&chinese(&summary), "时钟"), @r"
    - 时钟漂移: -180微秒
    - 时钟偏差: 比 127.0.0.2:65432 快 37秒 (± 85微秒), Direct, 开始前测得
    - 时钟偏差: 比 数据库服务器 慢 12微秒 (± 1.2毫秒), Proxy, 开始前测得
    - 时钟偏差: 比 127.0.0.2:65432 慢 0秒 (± 90微秒), Direct, 结束时测得
    ");
}
