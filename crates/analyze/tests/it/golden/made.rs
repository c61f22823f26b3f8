//! The hand-made golden recordings, made; `known.rs` says what has to be found in them.

use std::ops::RangeInclusive;

use recording::vocabulary::ErrorClass::{
    Conflict, ConnectionLost, OperationTimeout, ReadOnly, Refused,
};
use recording::vocabulary::EventKind;
use recording::vocabulary::Path::{self, Direct, Proxy};
use recording::{
    Completion, Connection, Event, Manifest, RecordingWriter, Server, State, Timestamp,
};

use super::later::later;
use super::words::words;
use crate::support::{HandMade, Made, START_US, us};

type Make = fn() -> Made;

/// Name in `data/golden`, and what makes it.
pub(crate) const MADE: [(&str, Make); 4] = [
    ("v1-made-queue", queue),
    ("v1-made-edges", edges),
    ("v1-made-words", words),
    ("v1-later-minor", later),
];

/// Ends a recording of so many seconds.
pub(crate) fn finish((made, writer): (Made, RecordingWriter), seconds: f64) -> Made {
    let completion = Completion {
        state: State::Complete,
        duration_us: us(seconds),
        drift_us: 250,
    };
    assert!(writer.finish(completion).unwrap().is_complete());
    made
}

/// An event of the whole recording, so many seconds after its start.
pub(crate) fn event(kind: EventKind, at: f64, detail: &str) -> Event {
    Event {
        time: START_US + us(at),
        path: None,
        kind,
        duration_us: None,
        status: None,
        detail: detail.to_owned(),
    }
}

/// The first connection of a path, to a server that said who it is.
pub(crate) fn connected(path: Path) -> Connection {
    let (address, port) = (Some("192.0.2.10".to_owned()), 5432);
    Connection {
        path,
        connection_id: 1,
        start_time: START_US,
        end_time: START_US + us(0.004),
        host: "writer.example".to_owned(),
        address: address.clone(),
        port,
        reader: false,
        dns_us: Some(700),
        tcp_us: Some(300),
        tls_us: None,
        tls_error: None,
        startup_us: Some(2_500),
        server: Some(Server {
            path,
            address,
            port: Some(port),
            version: Some("16.4".to_owned()),
            in_recovery: Some(false),
            postmaster_start_time: Some(Timestamp(START_US - us(3_600.0))),
            timeline: None,
            aurora_instance_identifier: Some("instance-1".to_owned()),
        }),
        failure: None,
    }
}

/// What ends in these milliseconds of a minute in which a read ends every 100 ms, a write every 500 ms and a purchase every
/// second, those of the 9th, 19th, ... second rejected.
fn traffic(made: HandMade, ends_ms: RangeInclusive<i64>) -> HandMade {
    let every = |name, step: i64, first: i64, response: i64| {
        let ends = (0..).map(move |number| first + number * step);
        let ends = ends.take_while(|end| *end < 60_000);
        ends.map(move |end| (end - response, end, name))
    };
    let mut operations: Vec<_> = every("user_list", 100, 100, 5)
        .chain(every("update_login", 500, 500, 5))
        .chain(every("place_order", 1_000, 750, 20))
        .filter(|(_, end, _)| ends_ms.contains(end))
        .collect();
    operations.sort_unstable();
    let seconds = |ms: i64| ms as f64 / 1_000.0;
    operations
        .into_iter()
        .fold(made, |made, (scheduled, end, name)| {
            let times = (seconds(scheduled), seconds(end));
            if name == "place_order" && end / 1_000 % 10 == 9 {
                made.rejected(times.0, times.1)
            } else {
                made.ok(name, times.0, times.1)
            }
        })
}

/// Nothing fails. Through the proxy everything waits from 20 s to 26 s: two reads and a write, and no worker is left to send a
/// purchase. Straight, one read waits for a third of a second.
fn queue() -> Made {
    let direct = traffic(HandMade::new(60.0), 0..=40_000).ok("user_list", 40.05, 40.4);
    let direct = traffic(direct, 40_401..=60_000);
    let proxy = traffic(direct.sealed().on(Proxy), 0..=15_000).sealed();
    let proxy = traffic(proxy, 15_001..=20_000)
        .ok("user_list", 20.05, 26.0)
        .ok("user_list", 20.15, 26.001)
        .ok("update_login", 20.45, 26.002);
    let both = traffic(proxy, 26_003..=30_000).sealed();
    let mut both = traffic(both, 30_001..=60_000).trigger(19.9);
    for second in 1..=60 {
        let at = f64::from(second);
        both = match second {
            21..=26 => both.on(Direct).load(at, 500.0, 2_000),
            _ => (both.on(Direct).load(at, 500.0, 2_000))
                .on(Proxy)
                .load(at, 400.0, 2_500),
        };
    }
    let both = both.on_host("golden", "20261122T204300Z-0001", 0);
    let (made, writer) = both.begin();
    writer.handle().connection(connected(Direct));
    writer.handle().connection(connected(Proxy));
    let made = finish((made, writer), 60.0);
    // Two that a disk did not take: numbers need not follow one another.
    let mut manifest = Manifest::read(&made.folder).unwrap();
    for part in &mut manifest.parts {
        if part.file == "operations/proxy-00003.parquet" {
            let renamed = "operations/proxy-00005.parquet";
            std::fs::rename(made.folder.join(&part.file), made.folder.join(renamed)).unwrap();
            part.file = renamed.to_owned();
        }
    }
    manifest.write(&made.folder).unwrap();
    made
}

/// The direct path alone, and nothing but its operations: down at the start; a blip; reads down from 20 s to 25 s, which `all` does
/// not show; the writer a reader from 29.5 s to 36.5 s; and from 50 s on everything hangs. No purchase is sent while all of
/// it is down.
fn edges() -> Made {
    let mut made = HandMade::new(60.0)
        .failed("user_list", 0.0, 0.0, Refused)
        .failed("update_login", 1.0, 1.5, Refused)
        .failed("user_list", 2.0, 2.1, Refused)
        .steady("user_list", 3.0, 0.1, 171, 0.005)
        .steady("update_login", 3.5, 1.0, 27, 0.005)
        .ok("place_order", 5.0, 5.02)
        .failed("user_list", 10.55, 10.56, Refused)
        .failed_with("place_order", (12.0, 12.3), Conflict, "40001")
        .sealed()
        .failed("user_list", 20.1, 20.2, ConnectionLost)
        .failed("user_list", 21.0, 24.9, OperationTimeout);
    for number in 0..6 {
        let end = 30.5 + f64::from(number);
        made = made.failed_with("update_login", (end - 0.005, end), ReadOnly, "25006");
    }
    let made = made
        .steady("update_login", 36.5, 1.0, 14, 0.005)
        .steady("user_list", 25.0, 0.1, 251, 0.005)
        .unfinished("user_list", 50.05)
        .failed("user_list", 50.1, 60.2, ConnectionLost)
        .unfinished("user_list", 50.15)
        .unfinished("update_login", 50.4)
        .on_host("golden", "20261122T204300Z-0002", 0);
    finish(made.begin(), 60.0)
}
