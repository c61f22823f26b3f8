//! Which hosts and addresses of an endpoint fall silent, remembered from one attempt to the next.
//!
//! A pool that connects in the background (HikariCP, pgxpool, r2d2, bb8) lets an attempt run on when the operation that asked for it
//! has given up: a silent first host costs its limit once, and the next operation finds the attempt at the second host. Here an
//! operation's limit ends its attempt, so that every row of `connections` is one operation's; begun anew at the first host each time, no
//! attempt would ever reach the second where the operation's limit is no longer than that of connecting. So an attempt goes on where
//! the last one stopped: the time that a host has had already counts, and it is passed over at the moment at which the attempt
//! of such a pool would have passed it over, no earlier. The figures are those of that pool.
//!
//! A host that was silent is asked last for [`RECHECK`], as pgjdbc does (`hostRecheckSeconds`, 10 by default); libpq remembers nothing.
//! An endpoint with one host and one address has nothing else to ask: there nothing is remembered.

use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use recording::vocabulary::ConnectPhase;

/// How long a silent host is asked last: pgjdbc's default of `hostRecheckSeconds`.
pub(super) const RECHECK: Duration = Duration::from_secs(10);

/// Where silence is met: a host, and its address once that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// Where it stands among the endpoint's hosts.
    pub host: usize,
    /// `None` in the look-up of its name.
    pub address: Option<IpAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Silent {
    /// The phase without an answer.
    phase: ConnectPhase,
    /// From when on it counts as silent. Before that it was asked by an attempt that was cut off, and has this long to answer.
    from: Instant,
}

impl Silent {
    fn is_silent(&self, now: Instant) -> bool {
        self.from <= now
    }

    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.from) >= RECHECK
    }
}

/// What the attempts of one endpoint know.
#[derive(Debug, Default)]
pub(super) struct Silence(Mutex<HashMap<Place, Silent>>);

impl Silence {
    /// Puts silent hosts behind the others; of several, the one that was asked last comes last.
    pub(super) fn order_hosts(&self, hosts: &mut [usize], now: Instant) {
        let marks = self.marks();
        let silent_from = |host: &usize| {
            let of_host = marks.iter().filter(|(place, _)| place.host == *host);
            silent(of_host.map(|(_, mark)| mark), now)
        };
        hosts.sort_by_key(silent_from);
    }

    /// The same for the addresses of a host; each comes with its place in the order of the resolver.
    pub(super) fn order_addresses(
        &self,
        host: usize,
        addresses: &mut [(usize, IpAddr)],
        now: Instant,
    ) {
        let marks = self.marks();
        addresses.sort_by_key(|(_, address)| {
            let place = Place {
                host,
                address: Some(*address),
            };
            silent(marks.get(&place).into_iter(), now)
        });
    }

    /// Begins a phase that may last `limit`, less what an attempt before has waited already.
    pub(super) fn ask(
        &self,
        place: Place,
        phase: ConnectPhase,
        limit: Duration,
    ) -> TimedAttempt<'_> {
        let now = Instant::now();
        let left = self.marks().get(&place).and_then(|mark| {
            let is_pending = mark.phase == phase && !mark.is_silent(now);
            is_pending.then(|| mark.from - now)
        });
        TimedAttempt {
            silence: self,
            place,
            phase,
            begun: now,
            limit,
            left,
            is_over: false,
        }
    }

    /// There was an answer in this phase, whichever.
    fn answered(&self, place: Place, phase: ConnectPhase) {
        let mut marks = self.marks();
        // A server that is silent in a later phase still answers in the earlier ones: such an answer does not clear it.
        if marks
            .get(&place)
            .is_some_and(|mark| mark.phase as u8 <= phase as u8)
        {
            marks.remove(&place);
        }
    }

    /// The limit passed.
    fn fell_silent(&self, place: Place, phase: ConnectPhase, now: Instant) {
        let mut marks = self.marks();
        marks.retain(|_, mark| !mark.is_over(now));
        marks.insert(place, Silent { phase, from: now });
    }

    /// The attempt was given up while it waited.
    fn cut_off(&self, place: Place, phase: ConnectPhase, silent_from: Instant, now: Instant) {
        let mut marks = self.marks();
        let known = marks.get(&place).filter(|mark| !mark.is_over(now));
        let from = match known {
            // Silent as before; others that are silent too have their turn next.
            Some(mark) if mark.is_silent(now) => now,
            // The first attempt that was cut off there decides.
            Some(mark) if mark.phase == phase => mark.from.min(silent_from),
            _ => silent_from,
        };
        marks.insert(place, Silent { phase, from });
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<Place, Silent>> {
        self.0.lock()
    }
}

/// Since when it is silent; `None`, which sorts first, where it is not.
fn silent<'a>(marks: impl Iterator<Item = &'a Silent>, now: Instant) -> Option<Instant> {
    marks
        .filter(|mark| mark.is_silent(now) && !mark.is_over(now))
        .map(|mark| mark.from)
        .max()
}

/// A phase in which an answer is waited for. Dropped without [`TimedAttempt::end`], it was cut off.
#[derive(Debug)]
pub(super) struct TimedAttempt<'a> {
    silence: &'a Silence,
    place: Place,
    phase: ConnectPhase,
    begun: Instant,
    limit: Duration,
    left: Option<Duration>,
    is_over: bool,
}

impl TimedAttempt<'_> {
    /// How long it may last.
    pub(super) fn limit(&self) -> Duration {
        self.left.map_or(self.limit, |left| left.min(self.limit))
    }

    /// True where an attempt before has used some of the time.
    pub(super) const fn goes_on(&self) -> bool {
        self.left.is_some()
    }

    /// It is over, with an answer or without.
    pub(super) fn end(mut self, was_silent: bool) {
        self.is_over = true;
        match was_silent {
            true => self
                .silence
                .fell_silent(self.place, self.phase, Instant::now()),
            false => self.silence.answered(self.place, self.phase),
        }
    }
}

impl Drop for TimedAttempt<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let silent_from = self.begun + self.limit();
            self.silence
                .cut_off(self.place, self.phase, silent_from, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(3_600);

    fn host(host: usize) -> Place {
        Place {
            host,
            address: Some([127, 0, 0, 9].into()),
        }
    }

    fn order(silence: &Silence, now: Instant) -> Vec<usize> {
        let mut hosts = vec![0, 1, 2];
        silence.order_hosts(&mut hosts, now);
        hosts
    }

    #[test]
    fn a_silent_host_is_asked_last_for_a_while() {
        let silence = Silence::default();
        let now = Instant::now();
        silence.ask(host(0), ConnectPhase::Tcp, LIMIT).end(true);
        assert_eq!(order(&silence, Instant::now()), [1, 2, 0]);
        silence.ask(host(1), ConnectPhase::Startup, LIMIT).end(true);
        assert_eq!(order(&silence, Instant::now()), [2, 0, 1]);
        // Asked last and silent again, it is behind the other one.
        drop(silence.ask(host(0), ConnectPhase::Tcp, LIMIT));
        assert_eq!(order(&silence, Instant::now()), [2, 1, 0]);
        assert_eq!(order(&silence, now + LIMIT), [0, 1, 2]);
        // It answers TCP as before; only the answer that it owed is one.
        silence.ask(host(1), ConnectPhase::Tcp, LIMIT).end(false);
        assert_eq!(order(&silence, Instant::now()), [2, 1, 0]);
        silence
            .ask(host(1), ConnectPhase::Startup, LIMIT)
            .end(false);
        assert_eq!(order(&silence, Instant::now()), [1, 2, 0]);
    }

    #[test]
    fn what_was_cut_off_goes_on() {
        let silence = Silence::default();
        let first = silence.ask(host(0), ConnectPhase::Tcp, LIMIT);
        assert!(!first.goes_on() && first.limit() == LIMIT);
        let begun = first.begun;
        drop(first);
        // It keeps its place until its time is over, and has what is left of it.
        assert_eq!(order(&silence, Instant::now()), [0, 1, 2]);
        let second = silence.ask(host(0), ConnectPhase::Tcp, LIMIT);
        assert!(second.goes_on() && second.limit() < LIMIT);
        drop(second);
        let after = begun + LIMIT;
        assert_eq!(order(&silence, after), [1, 2, 0]);
        assert_eq!(order(&silence, after + RECHECK), [0, 1, 2]);
        // Another phase has its whole time.
        let startup = silence.ask(host(0), ConnectPhase::Startup, LIMIT);
        assert!(!startup.goes_on());
        startup.end(false);
        assert!(!silence.ask(host(0), ConnectPhase::Tcp, LIMIT).goes_on());
    }

    #[test]
    fn addresses_are_ordered_alike() {
        let silence = Silence::default();
        let [one, two] = [[127, 0, 0, 8], [127, 0, 0, 9]].map(IpAddr::from);
        let mut addresses = [(0, two), (1, one)];
        silence.ask(host(0), ConnectPhase::Tcp, LIMIT).end(true);
        silence.order_addresses(0, &mut addresses, Instant::now());
        assert_eq!(addresses, [(1, one), (0, two)]);
        silence.order_addresses(1, &mut addresses, Instant::now());
        assert_eq!(addresses, [(1, one), (0, two)]);
    }
}
