//! An endpoint for reads: its name leads to each reader in turn, answer by answer. Those turns are no change; a reader that comes or
//! goes is one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use recording::vocabulary::EventKind;

use crate::probe::changes::Change;
use crate::probe::changes::list;

/// Between two questions to the name server.
pub(super) const NAME_INTERVAL: Duration = Duration::from_secs(1);

/// An address that did not come for so long is gone.
const MEMORY: Duration = Duration::from_secs(60);
/// A name that gave the same answer for so long, from its first on, does not take turns.
const SAME: Duration = Duration::from_secs(10);

/// The addresses of the answers of the last minute.
#[derive(Default)]
pub(super) struct Rotation {
    /// Time in which answers came, since the first: while the name server is silent, nothing is missed.
    answered: Duration,
    /// When the last one came.
    last: Option<Instant>,
    /// Each address, and the value of `answered` when it came last.
    came: BTreeMap<IpAddr, Duration>,
    /// Two answers differed.
    takes_turns: bool,
}

impl Rotation {
    /// Takes note of the addresses of `host`, and tells whether they are others than those of the last minute.
    pub(super) fn see(
        &mut self,
        host: &str,
        now: BTreeSet<IpAddr>,
        asked: Instant,
    ) -> Option<Change> {
        if let Some(last) = self.last.replace(asked) {
            let passed = asked.saturating_duration_since(last);
            self.answered += passed.min(2 * NAME_INTERVAL);
        }
        let before: BTreeSet<IpAddr> = self.came.keys().copied().collect();
        // Before that, an address that comes for the first time may be one whose turn it is.
        let knows_all = self.answered >= MEMORY || (!self.takes_turns && self.answered >= SAME);
        self.takes_turns |= !before.is_empty() && before != now;
        self.came
            .extend(now.iter().map(|address| (*address, self.answered)));
        let oldest = self.answered.saturating_sub(MEMORY);
        self.came.retain(|_, came| *came >= oldest);
        let after: BTreeSet<IpAddr> = self.came.keys().copied().collect();
        let has_gone = !before.is_subset(&after);
        let has_come = knows_all && !after.is_subset(&before);
        (!before.is_empty() && (has_gone || has_come)).then(|| {
            let detail = format!(
                "{host}: {} -> {} (answers of a minute)",
                list(&before),
                list(&after)
            );
            (EventKind::AddressChanged, detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks once a second; each answer with the number of seconds for which it comes.
    fn told(answers: &[(&[u8], u64)]) -> Vec<(u64, String)> {
        let (mut known, begun, mut second) = (Rotation::default(), Instant::now(), 0);
        let mut told = Vec::new();
        for (answer, seconds) in answers {
            for _ in 0..*seconds {
                let now = answer
                    .iter()
                    .map(|last| IpAddr::from([10, 0, 0, *last]))
                    .collect();
                let asked = begun + Duration::from_secs(second);
                let change = known.see("db", now, asked);
                told.extend(change.map(|(_, detail)| (second, detail)));
                second += 1;
            }
        }
        told
    }

    fn turns(answers: &[&'static [u8]], rounds: usize) -> Vec<(&'static [u8], u64)> {
        let round = answers.iter().map(|answer| (*answer, 1));
        round.cycle().take(answers.len() * rounds).collect()
    }

    #[test]
    fn turns_are_no_change() {
        assert_eq!(told(&turns(&[&[1], &[2], &[3]], 200)), []);
        // Several in each answer, too.
        assert_eq!(told(&turns(&[&[1, 2], &[2, 3]], 200)), []);
    }

    #[test]
    fn a_reader_that_comes_or_goes_is_a_change() {
        let mut answers = turns(&[&[1], &[2]], 40);
        answers.extend(turns(&[&[1], &[3]], 40));
        let change = |from: &str, to: &str| format!("db: {from} -> {to} (answers of a minute)");
        let (both, all, last) = (
            "10.0.0.1,10.0.0.2",
            "10.0.0.1,10.0.0.2,10.0.0.3",
            "10.0.0.1,10.0.0.3",
        );
        assert_eq!(
            told(&answers),
            // The second one came last at 79 s.
            [(81, change(both, all)), (140, change(all, last))]
        );
    }

    #[test]
    fn without_turns_the_first_change_is_seen_early() {
        let seen = told(&[(&[1], 20), (&[2], 30)]);
        let expected = "db: 10.0.0.1 -> 10.0.0.1,10.0.0.2 (answers of a minute)".to_owned();
        assert_eq!(seen, [(20, expected)]);
    }

    #[test]
    fn a_silent_name_server_is_no_change() {
        let mut known = Rotation::default();
        let begun = Instant::now();
        let mut see = |last: u8, second: u64| {
            let now = BTreeSet::from([IpAddr::from([10, 0, 0, last])]);
            known.see("db", now, begun + Duration::from_secs(second))
        };
        for second in 0..100 {
            let last = u8::try_from(second % 2).unwrap();
            assert_eq!(see(last, second), None);
        }
        assert_eq!(see(0, 1_000), None);
        assert_eq!(see(1, 1_001), None);
    }
}
