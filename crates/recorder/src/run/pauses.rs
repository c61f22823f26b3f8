//! Pauses of the recorder: times in which its runtime did nothing, because the process was stopped (Ctrl-Z, SIGSTOP), its host had no
//! processor for it, or all its threads were busy. Nothing was asked meanwhile and no answer was read.
//!
//! A task among the workers ticks. That it is late shows that they were late too.

use std::mem::replace;
use std::time::{Duration, Instant};

use command_line::text::thousands;
use recording::Clock;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::output::event_sink::EventSink;

/// Between two ticks.
const TICK: Duration = Duration::from_millis(10);
/// Ticks so far apart are a pause, microseconds.
const LEAST_US: i64 = 100_000;

/// From the last tick before a pause to the first one after it, microseconds on the recording's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pause {
    from_us: i64,
    duration_us: i64,
}

/// The last tick, microseconds on the recording's clock.
struct LastTick(i64);

impl LastTick {
    /// The pause that ends with a tick at `now_us`.
    fn tick(&mut self, now_us: i64) -> Option<Pause> {
        let from_us = replace(&mut self.0, now_us);
        let duration_us = now_us - from_us;
        (duration_us >= LEAST_US).then_some(Pause {
            from_us,
            duration_us,
        })
    }
}

/// How much a recorder was paused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pauses {
    number: u64,
    total_us: i64,
    longest_us: i64,
}

impl Pauses {
    fn add(&mut self, pause: Pause) {
        self.number += 1;
        self.total_us += pause.duration_us;
        self.longest_us = self.longest_us.max(pause.duration_us);
    }

    /// What the user has to know of them; nothing where there were none.
    pub(crate) fn warning(&self) -> Option<String> {
        let seconds = |us: i64| us as f64 / 1e6;
        let how_much = match self.number {
            0 => return None,
            1 => format!("once, for {:.1} s", seconds(self.total_us)),
            number => format!(
                "{} times, {:.1} s in all, {:.1} s at the longest",
                thousands(number),
                seconds(self.total_us),
                seconds(self.longest_us)
            ),
        };
        Some(format!(
            "warning: the recorder was paused {how_much}: it was stopped (Ctrl-Z, SIGSTOP) or had no processor. An outage or slow operation that overlaps a pause may come from the pause. Do not stop the recorder, and leave it a processor"
        ))
    }
}

/// Looks for pauses until it is ended.
pub(crate) struct Watch {
    /// Dropped, it has the task tick once more and end.
    stop: oneshot::Sender<()>,
    recorded: JoinHandle<Pauses>,
}

impl Watch {
    /// Begins with a first tick at `start`, on the runtime that it is called on.
    pub(crate) fn start(sink: EventSink, start: Instant) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (sender, mut pauses) = unbounded_channel();
        tokio::spawn(tick(sink.clock, start, stopped, sender));
        // A task of its own: the one that ticks must not wait for a lock.
        let recorded = tokio::spawn(async move {
            let mut sum = Pauses::default();
            while let Some(pause) = pauses.recv().await {
                sum.add(pause);
                sink.pause(pause.from_us, pause.duration_us);
            }
            sum
        });
        Self { stop, recorded }
    }

    /// Ends it; every pause until now is recorded.
    pub(crate) async fn end(self) -> Pauses {
        drop(self.stop);
        self.recorded.await.unwrap_or_default()
    }
}

async fn tick(
    clock: Clock,
    start: Instant,
    mut stopped: oneshot::Receiver<()>,
    pauses: UnboundedSender<Pause>,
) {
    let mut last = LastTick(clock.at_us(start));
    loop {
        let is_last = timeout(TICK, &mut stopped).await.is_ok();
        if let Some(pause) = last.tick(clock.now_us()) {
            // Its receiver goes only with the runtime.
            let _ = pauses.send(pause);
        }
        if is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_100_ms_apart_are_a_pause() {
        let mut last = LastTick(1_000);
        assert_eq!(last.tick(11_000), None);
        assert_eq!(last.tick(110_999), None);
        let pause = |from_us, duration_us| {
            Some(Pause {
                from_us,
                duration_us,
            })
        };
        assert_eq!(last.tick(210_999), pause(110_999, 100_000));
        assert_eq!(last.tick(5_210_999), pause(210_999, 5_000_000));
        assert_eq!(last.tick(5_210_999), None);
    }

    #[test]
    fn the_warning_says_how_much() {
        let warning = |durations: &[i64]| {
            let mut pauses = Pauses::default();
            for duration_us in durations {
                pauses.add(Pause {
                    from_us: 0,
                    duration_us: *duration_us,
                });
            }
            let warning = pauses.warning()?;
            // More would be cut off in the log.
            assert!(warning.len() < 300, "{warning}");
            let (how_much, _) = warning.split_once(": it was stopped").unwrap();
            Some(how_much.to_owned())
        };
        assert_eq!(warning(&[]), None);
        assert_eq!(
            warning(&[1_512_345]).unwrap(),
            "warning: the recorder was paused once, for 1.5 s"
        );
        assert_eq!(
            warning(&[1_500_000, 4_000_000]).unwrap(),
            "warning: the recorder was paused 2 times, 5.5 s in all, 4.0 s at the longest"
        );
        let many = warning(&[86_400_000_000; 12_345]).unwrap();
        assert!(many.contains("12,345 times, 1066608000.0 s in all, 86400.0 s at"));
    }

    proptest! {
        #[test]
        fn pauses_are_the_long_gaps_and_nothing_else(
            gaps in prop::collection::vec(prop_oneof![0..20_000_i64, 99_000..101_000_i64, 0..9_000_000_i64], 0..50)
        ) {
            let mut last = LastTick(7);
            let mut sum = Pauses::default();
            let mut now_us = 7;
            for gap_us in &gaps {
                let from_us = now_us;
                now_us += gap_us;
                let pause = last.tick(now_us);
                let expected = Pause { from_us, duration_us: *gap_us };
                prop_assert_eq!(pause, (*gap_us >= LEAST_US).then_some(expected));
                pause.into_iter().for_each(|pause| sum.add(pause));
            }
            let long: Vec<i64> = gaps.into_iter().filter(|gap_us| *gap_us >= LEAST_US).collect();
            prop_assert_eq!(sum.number, long.len() as u64);
            prop_assert_eq!(sum.total_us, long.iter().sum::<i64>());
            prop_assert_eq!(sum.longest_us, long.into_iter().max().unwrap_or_default());
        }
    }
}
