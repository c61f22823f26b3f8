//! How far this host's clock is from the database server's, asked as NTP asks: recordings of several hosts come onto one axis
//! by it. Nothing here fails a run: a server that does not answer leaves no measurement.

use std::time::Duration;

use recording::vocabulary::Path;
use recording::{Clock, ClockOffset, Timestamp};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::connect::{ConnectProgress, Connector, Session};
use crate::output::log::Log;
use crate::output::terminal;
use crate::sql::STATEMENTS;
use crate::sql::question::Refused;

/// The first of them plans the statement and takes longer; one of the others meets neither scheduler nor network at work.
const ROUND_TRIPS: u32 = 8;
/// How much longer the check before a run may take per path.
pub(crate) const LIMIT_BEFORE: Duration = Duration::from_millis(500);
/// On connecting and asking at the end of a run, of several hosts for each of them.
const LIMIT_AT_THE_END: Duration = Duration::from_secs(2);
/// An offset from which on the user is told, microseconds: what two people who compare their graphs would notice.
const NOTABLE_US: i64 = 100_000;

/// A question and its answer; times are UTC microseconds.
#[derive(Clone)]
struct RoundTrip {
    /// On the recording's clock.
    before_us: i64,
    /// On the recording's clock.
    after_us: i64,
    /// On the server's clock, somewhere between the two.
    server_us: i64,
    address: Option<String>,
    port: Option<i32>,
}

impl RoundTrip {
    const fn length_us(&self) -> i64 {
        self.after_us - self.before_us
    }
}

/// Asks the server on an idle connection what time it is, at most until `deadline`; `None` where it does not say.
pub(crate) async fn measure(
    session: &Session,
    path: Path,
    clock: Clock,
    deadline: Instant,
) -> Option<ClockOffset> {
    let mut trips = Vec::new();
    // Only the first round trip is the longer for what is refused.
    let refused = Refused::default();
    for _ in 0..ROUND_TRIPS {
        match timeout_at(deadline, round_trip(session, clock, &refused)).await {
            Ok(Some(trip)) => trips.push(trip),
            _ => break,
        }
    }
    shortest(path, &trips)
}

async fn round_trip(session: &Session, clock: Clock, refused: &Refused) -> Option<RoundTrip> {
    let before_us = clock.now_us();
    let answer = STATEMENTS.clock.ask(&session.client, refused).await;
    let after_us = clock.now_us();
    let said = answer.ok()?;
    Some(RoundTrip {
        before_us,
        after_us,
        server_us: said.number("clock_us")?,
        address: said.text("address"),
        port: said.number("port"),
    })
}

/// What the shortest round trip says, as [`ClockOffset`] defines it.
fn shortest(path: Path, trips: &[RoundTrip]) -> Option<ClockOffset> {
    let trip = trips.iter().min_by_key(|trip| trip.length_us())?;
    let middle_us = trip.before_us + trip.length_us() / 2;
    Some(ClockOffset {
        time: Timestamp(middle_us),
        path,
        server_address: trip.address.clone(),
        server_port: trip.port,
        round_trips: u32::try_from(trips.len()).unwrap_or(u32::MAX),
        offset_us: trip.server_us.saturating_sub(middle_us),
        // Rounded up: a bound that is a little wide still holds.
        uncertainty_us: (trip.length_us() + 1) / 2,
    })
}

/// Asks every path's server once more, on connections of its own and on all paths at the same time.
pub(crate) async fn measure_at_the_end(connectors: &[Connector], clock: Clock) -> Vec<ClockOffset> {
    let begun = Instant::now();
    let mut measuring = JoinSet::new();
    for connector in connectors {
        // Of several hosts each has the limit: a silent one must not hide those behind it.
        let hosts = connector.endpoint().hosts.len();
        let connector = match hosts {
            1 => connector.clone(),
            _ => connector.clone().with_limit(LIMIT_AT_THE_END),
        };
        let hosts = u32::try_from(hosts).unwrap_or(u32::MAX);
        let deadline = begun + LIMIT_AT_THE_END.saturating_mul(hosts);
        measuring.spawn(async move {
            let mut progress = ConnectProgress::default();
            let connecting = timeout_at(deadline, connector.connect(0, &mut progress));
            let session = connecting.await.ok()?.ok()?;
            measure(&session, connector.path(), clock, deadline).await
        });
    }
    let mut offsets: Vec<ClockOffset> = measuring.join_all().await.into_iter().flatten().collect();
    offsets.sort_by_key(|offset| offset.path);
    offsets
}

/// Writes every measurement into the log.
pub(crate) fn log(offsets: &[ClockOffset], paths: &[Path], when: &str, log: &Log) {
    for path in paths {
        let of_path = offsets.iter().find(|offset| offset.path == *path);
        let text = match of_path {
            Some(offset) => described(offset),
            None => "no clock offset: the server did not answer".to_owned(),
        };
        log.line(&format!("{path}, {when}: {text}"));
    }
}

/// Tells the user of a clock that is wrong, this host's or the server's: reports of several hosts would not fit together.
pub(crate) fn warn(offsets: &[ClockOffset], start: Timestamp) {
    if let Some(text) = ClockOffset::best(offsets, start).and_then(warning) {
        terminal::line(text);
    }
}

/// What to tell of a clock that is wrong.
pub(crate) fn warning(offset: &ClockOffset) -> Option<String> {
    let away_us = offset.offset_us.saturating_abs();
    let is_notable = away_us > NOTABLE_US && away_us > offset.uncertainty_us;
    is_notable.then(|| {
        format!(
            "warning: this host's clock is {} the database server's (± {}); use NTP or chrony on both",
            away(offset),
            time(offset.uncertainty_us)
        )
    })
}

/// The measurement in words.
pub(crate) fn described(offset: &ClockOffset) -> String {
    let server = match (&offset.server_address, offset.server_port) {
        (Some(address), Some(port)) => format!("the clock of {address}:{port}"),
        _ => "the server's".to_owned(),
    };
    format!(
        "this host's clock is {} {server} (± {}, shortest of {} round trips)",
        away(offset),
        time(offset.uncertainty_us),
        offset.round_trips
    )
}

/// `37.0 s ahead of`: what is added to our times to get the server's is negative where we are ahead.
fn away(offset: &ClockOffset) -> String {
    let length = time(offset.offset_us.saturating_abs());
    if offset.offset_us < 0 {
        format!("{length} ahead of")
    } else {
        format!("{length} behind")
    }
}

fn time(us: i64) -> String {
    match us {
        1_000_000.. => format!("{:.1} s", us as f64 / 1e6),
        100.. => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{us} us"),
    }
}

#[cfg(test)]
mod tests;
