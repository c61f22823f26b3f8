//! Arithmetic on round trips made by hand, then a real server over both paths.

use std::time::{SystemTime, UNIX_EPOCH};

use lab::{Lab, LabOptions};

use super::*;
use crate::connect::Resolver;
use crate::endpoint::Endpoint;
use crate::endpoint::environment::Environment;

/// Both clocks are read in whole microseconds, rounded down.
const ROUNDING_US: i64 = 2;
const AHEAD_US: i64 = 37_000_000;

fn trip(before_us: i64, after_us: i64, server_us: i64) -> RoundTrip {
    RoundTrip {
        before_us,
        after_us,
        server_us,
        address: Some("127.0.0.2".to_owned()),
        port: Some(5432),
    }
}

fn offset(offset_us: i64, uncertainty_us: i64) -> ClockOffset {
    ClockOffset {
        time: Timestamp(0),
        path: Path::Direct,
        server_address: Some("127.0.0.2".to_owned()),
        server_port: Some(5432),
        round_trips: 8,
        offset_us,
        uncertainty_us,
    }
}

#[test]
fn the_shortest_round_trip_wins() {
    assert_eq!(shortest(Path::Proxy, &[]), None);
    let trips = [
        trip(1_000, 1_900, 5_000),
        trip(2_000, 2_101, 4_050),
        trip(3_000, 3_200, 9_000),
    ];
    let found = shortest(Path::Proxy, &trips).unwrap();
    assert_eq!(
        (found.time, found.path, found.round_trips),
        (Timestamp(2_050), Path::Proxy, 3)
    );
    assert_eq!((found.offset_us, found.uncertainty_us), (2_000, 51));
}

#[test]
fn whenever_in_the_round_trip_the_server_looked_at_its_clock_the_offset_is_right_to_within_the_uncertainty()
 {
    for (before_us, after_us) in [(0, 100), (7, 108), (5, 5), (5, 6)] {
        for looked_at in before_us..=after_us {
            for true_offset in [-AHEAD_US, 0, 12] {
                let trip = trip(before_us, after_us, looked_at + true_offset);
                let found = shortest(Path::Direct, &[trip]).unwrap();
                assert!((found.offset_us - true_offset).abs() <= found.uncertainty_us);
            }
        }
    }
}

#[test]
fn the_user_is_told_of_what_is_far_and_certain() {
    let text = |offset_us, uncertainty_us| warning(&offset(offset_us, uncertainty_us));
    assert_eq!(
        text(-AHEAD_US, 200).as_deref(),
        Some(
            "warning: this host's clock is 37.0 s ahead of the database server's (± 0.2 ms); use NTP or chrony on both"
        )
    );
    assert_eq!(
        text(100_001, 50).as_deref(),
        Some(
            "warning: this host's clock is 100.0 ms behind the database server's (± 50 us); use NTP or chrony on both"
        )
    );
    for (offset_us, uncertainty_us) in [(100_000, 50), (-100_000, 50), (240_000, 240_000)] {
        assert_eq!(text(offset_us, uncertainty_us), None);
    }
    // What a hostile server says is no reason to panic.
    assert!(text(i64::MIN, 1).is_some());
    assert_eq!(
        described(&offset(12, 60)),
        "this host's clock is 12 us behind the clock of 127.0.0.2:5432 (± 60 us, shortest of 8 round trips)"
    );
}

fn connector(lab: &Lab, path: Path) -> Connector {
    let limit = Duration::from_secs(5);
    let url = match path {
        Path::Direct => lab.direct_url(),
        Path::Proxy => lab.proxy_url(),
    };
    let endpoint = Endpoint::parse(&url, &Environment::of(&[])).unwrap();
    let resolver = Resolver::new(Some(lab.dns_server()), limit).unwrap();
    Connector::new(path, endpoint, resolver, limit).unwrap()
}

fn ahead_us() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    AHEAD_US + i64::try_from(now.as_micros()).unwrap()
}

#[tokio::test]
async fn a_real_server_on_both_paths_and_one_that_does_not_answer() {
    let mut lab = Lab::start(LabOptions::default()).await.unwrap();
    let connectors = [Path::Direct, Path::Proxy].map(|path| connector(&lab, path));
    for (clock, expected_us) in [(Clock::start(), 0), (Clock::with_wall(ahead_us), -AHEAD_US)] {
        let before_us = clock.now_us();
        let offsets = measure_at_the_end(&connectors, clock).await;
        assert_eq!(
            offsets.iter().map(|offset| offset.path).collect::<Vec<_>>(),
            Path::ALL
        );
        for offset in &offsets {
            let wrong_us = (offset.offset_us - expected_us).abs();
            assert!(
                wrong_us <= offset.uncertainty_us + ROUNDING_US,
                "{offset:?}"
            );
            assert!((1..LIMIT_AT_THE_END.as_micros() as i64).contains(&offset.uncertainty_us));
            assert!((before_us..=clock.now_us()).contains(&offset.time.micros()));
            // The same server answers on both paths, and the proxy does not answer for it.
            assert_eq!(offset.server_address.as_deref(), Some("127.0.0.2"));
            assert!(offset.server_port.is_some());
        }
    }

    // A proxy that holds the question back: given up at the deadline, not waited for.
    let mut progress = ConnectProgress::default();
    let session = connectors[1].connect(0, &mut progress).await.unwrap();
    lab.pause_proxy().await.unwrap();
    let deadline = Instant::now() + Duration::from_millis(300);
    let held = measure(&session, Path::Proxy, Clock::start(), deadline).await;
    assert_eq!(held, None);
    assert!(Instant::now() >= deadline);
    lab.resume_proxy().await.unwrap();

    // The direct path is refused; the proxy takes the connection and waits for its writer.
    lab.kill_writer().await.unwrap();
    assert_eq!(measure_at_the_end(&connectors, Clock::start()).await, []);
}
