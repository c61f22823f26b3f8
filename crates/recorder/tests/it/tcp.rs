//! The TCP settings on the sockets of a real run, as the kernel shows them.

use std::collections::BTreeSet;

use crate::common::{TestLab, assert_one_line, assert_success, stderr, wait_until};

/// The keep-alive timers of a process's sockets that lead to `port`: seconds until the next question.
fn keepalive_timers(process: u32, port: u16) -> Vec<f64> {
    let folder = format!("/proc/{process}/fd");
    let sockets: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|target| {
            let name = target.to_str()?.strip_prefix("socket:[")?;
            Some(name.strip_suffix(']')?.to_owned())
        })
        .collect();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let timer = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let leads_there = fields[2].ends_with(&format!(":{port:04X}"));
        // `tr:tm->when`: which timer, and hundredths of a second until it goes off. 2 is the keep-alive's.
        let (which, when) = fields[5].split_once(':').unwrap();
        let is_ours = leads_there && which == "02" && sockets.contains(fields[9]);
        is_ours.then(|| f64::from(u32::from_str_radix(when, 16).unwrap()) / 100.0)
    };
    table.lines().skip(1).filter_map(timer).collect()
}

fn port(url: &str) -> u16 {
    let (_, rest) = url.rsplit_once(':').unwrap();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[test]
fn settings_are_on_the_sockets_and_in_the_manifest() {
    let test = TestLab::start_set_up();
    let flags = [
        "--duration",
        "300",
        "--tcp-keepalives-idle",
        "1000s",
        "--tcp-keepalives-interval",
        "7",
        "--tcp-keepalives-count",
        "4",
        "--tcp-user-timeout",
        "9500ms",
    ];
    let running = test.spawn_run(&flags);
    for url in [test.lab.direct_url(), test.lab.proxy_url()] {
        let mut timers = Vec::new();
        wait_until("sockets at rest", || {
            timers = keepalive_timers(running.id(), port(&url));
            !timers.is_empty()
        });
        // The system's would be two hours.
        for timer in timers {
            assert!(timer > 0.0 && timer <= 1_000.0, "{timer} s");
        }
    }
    // A run in which no operation has begun is a failed one.
    test.wait_for_operation();
    running.signal("INT");
    assert_success(&running.output());
    let recording = test.recording();
    let settings = recording.manifest().connection.as_ref().unwrap();
    assert_eq!(settings.tcp_keepalive_idle_us, Some(1_000_000_000));
    assert_eq!(settings.tcp_keepalive_interval_us, Some(7_000_000));
    assert_eq!(settings.tcp_keepalive_count, Some(4));
    assert_eq!(settings.tcp_user_timeout_us, Some(9_500_000));
}

#[test]
fn settings_in_the_urls() {
    let test = TestLab::start_set_up();
    let with = |url: String, parameters: &str| {
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}{parameters}")
    };
    let runs = test.runs();
    let run = |direct: &str, proxy: &str, flags: &[&str]| {
        let flags = [&["--duration", "1"], flags].concat();
        test.command(&test.run_arguments(&flags, runs.to_str().unwrap()))
            .env("PGOUTAGE_DIRECT_URL", with(test.lab.direct_url(), direct))
            .env("PGOUTAGE_PROXY_URL", with(test.lab.proxy_url(), proxy))
            .output()
            .unwrap()
    };
    let different = run("keepalives_idle=30", "keepalives_idle=40", &[]);
    assert_one_line(&different, 2, &["differ in TCP settings"]);
    let flags: &[&str] = &["--tcp-keepalives-idle", "1500ms"];
    assert_one_line(
        &run("", "", flags),
        2,
        &["keep-alive idle: write whole seconds"],
    );
    assert!(!runs.exists());
    // The URL comes before the flag, in its own units.
    let url = "keepalives_idle=30&tcp_user_timeout=2500";
    let output = run(
        url,
        url,
        &["--tcp-user-timeout", "9s", "--tcp-keepalives-count", "3"],
    );
    assert_success(&output);
    let recording = test.recording();
    let settings = recording.manifest().connection.as_ref().unwrap();
    assert_eq!(
        settings.tcp_keepalive_idle_us,
        Some(30_000_000),
        "{}",
        stderr(&output)
    );
    assert_eq!(settings.tcp_user_timeout_us, Some(2_500_000));
    assert_eq!(settings.tcp_keepalive_count, Some(3));
    assert_eq!(settings.tcp_keepalive_interval_us, None);
}
