//! A campaign: several failovers in one recording. Each waits until the one before it is healed, and where that fails no more follow.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use command_line::duration::micros;
use parking_lot::Mutex;
use recording::vocabulary::{EventKind, Path};
use tokio::sync::{Notify, watch};
use tokio::time::timeout_at;

use crate::failover::{FAILOVER_EVENTS, NOT_RUN, Trigger, run_recorded};
use crate::output::event_sink::EventSink;
use crate::shutdown::stopped;

/// Between two looks at the health of the paths.
const HEALTH_INTERVAL: Duration = Duration::from_millis(50);
/// A group whose last success is older than this does not count as served, however short the settle time.
const LEAST_SILENCE: Duration = Duration::from_secs(1);

/// The settings of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Shortest time from one start of the failover command to the next.
    pub every: Option<Duration>,
    /// Failovers after which the recording ends; `None` where the duration alone decides.
    pub count: Option<u32>,
    /// The command that makes the cluster healthy again, for `sh -c`.
    pub heal_command: Option<String>,
    /// How long every path must be served without a failure before the next.
    pub settle: Duration,
    /// How long after a failover's start the settle time must have begun.
    pub heal_timeout: Duration,
}

impl Campaign {
    /// The longest that a campaign of `count` failovers can take, the first of them `after` the start.
    #[must_use]
    pub fn longest(&self, after: Duration, count: u32) -> Duration {
        let one = self.heal_timeout.saturating_add(self.settle);
        let between = one.max(self.every.unwrap_or_default());
        // The settle time after a stop rule, and a second for what else there is to do.
        let last = one
            .saturating_add(self.settle)
            .saturating_add(Duration::from_secs(1));
        after
            .saturating_add(between.saturating_mul(count - 1))
            .saturating_add(last)
    }
}

/// The operations of one path that a reader can serve too, or those that need the writer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OperationGroup {
    pub path: Path,
    /// True for the reads.
    pub reads: bool,
}

impl std::fmt::Display for OperationGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let group = if self.reads { "reads" } else { "writes" };
        write!(f, "{group} on the {} path", self.path)
    }
}

/// How a campaign ended, for the run that waits for it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    finished: Notify,
    /// One line.
    text: Mutex<Option<String>>,
}

impl Outcome {
    /// Resolves when the campaign wants the recording to end.
    pub(crate) async fn finished(&self) {
        self.finished.notified().await;
    }

    /// How the campaign ended, once it has.
    pub(crate) fn text(&self) -> Option<String> {
        self.text.lock().clone()
    }

    fn finish(&self, text: String) {
        *self.text.lock() = Some(text);
        // Where the recording has ended already, nothing waits for this.
        self.finished.notify_one();
    }
}

/// Why no further failover comes.
enum Stop {
    /// The recording ends.
    Ended,
    /// A stop rule, in words.
    Rule(String),
}

pub(crate) struct CampaignRun {
    pub campaign: Campaign,
    /// The failover command, and when it runs first.
    pub trigger: Trigger,
    /// What must be served before the next failover.
    pub groups: Vec<OperationGroup>,
    /// The folder of the commands' output.
    pub logs: PathBuf,
    pub sink: EventSink,
    pub outcome: Arc<Outcome>,
    /// Turns true when the recording ends.
    pub stop: watch::Receiver<bool>,
}

impl CampaignRun {
    /// Runs failovers until there were enough, a stop rule holds, or the recording ends.
    pub(crate) async fn run(mut self, start: Instant) {
        let mut next = start + self.trigger.after;
        let mut number = 0;
        let mut settled = None;
        loop {
            self.show_wait(next, settled);
            let healed = match self.sleep_until(next).await {
                Ok(()) => {
                    number += 1;
                    next = Instant::now() + self.campaign.every.unwrap_or_default();
                    self.failover(number).await
                }
                Err(stop) => Err(stop),
            };
            match healed {
                Ok(text) => settled = Some(text),
                Err(stop) => return self.stop_after(number, stop).await,
            }
            if self.campaign.count == Some(number) {
                return self.finish(format!("all {number} failovers have healed"));
            }
        }
    }

    fn show_wait(&self, next: Instant, settled: Option<String>) {
        let wait_s = next.saturating_duration_since(Instant::now()).as_secs_f64();
        self.sink.monitor.campaign(match settled {
            None => format!("first failover {wait_s:.0} s after the start"),
            Some(settled) => format!("{settled}; next failover in {wait_s:.0} s"),
        });
    }

    /// Ends the campaign after failover `number`.
    async fn stop_after(&mut self, number: u32, stop: Stop) {
        let text = match stop {
            Stop::Ended if number == 0 => NOT_RUN.to_owned(),
            Stop::Ended => format!("the recording ended after failover {}", self.of(number)),
            Stop::Rule(rule) => {
                let text = format!("{rule}, after failover {}", self.of(number));
                self.show(number, "stopped");
                self.sink
                    .command(EventKind::CampaignStopped, None, text.clone());
                // The recording then shows whether, and how, it recovers.
                let _ = self
                    .sleep_until(Instant::now() + self.campaign.settle)
                    .await;
                format!("the campaign was stopped: {text}")
            }
        };
        self.finish(text);
    }

    /// One failover, until it is healed; gives a line about it.
    async fn failover(&mut self, number: u32) -> Result<String, Stop> {
        let triggered = Instant::now();
        let deadline = triggered + self.campaign.heal_timeout;
        self.sink.monitor.failover_triggered();
        self.show(number, "running the failover command");
        let command = self.trigger.command.clone();
        self.command("failover", &command, FAILOVER_EVENTS, deadline)
            .await?;
        self.show(number, "waiting for every path to serve");
        self.await_health(Duration::ZERO, deadline).await?;
        if let Some(command) = self.campaign.heal_command.clone() {
            self.show(number, "running the heal command");
            let events = (EventKind::HealTriggered, EventKind::HealTriggerFinished);
            self.command("heal", &command, events, deadline).await?;
        }
        self.show(number, "settling");
        self.await_health(self.campaign.settle, deadline).await?;
        let text = format!(
            "failover {} settled in {:.1} s",
            self.of(number),
            triggered.elapsed().as_secs_f64()
        );
        self.sink.command(EventKind::Settled, None, text.clone());
        Ok(text)
    }

    /// Runs a command of the user's; one that is not done at the deadline is left running.
    async fn command(
        &self,
        name: &str,
        command: &str,
        (started, finished): (EventKind, EventKind),
        deadline: Instant,
    ) -> Result<(), Stop> {
        let log = self.logs.join(format!("{name}-command.log"));
        let running = run_recorded(command, log, &self.sink, started, finished);
        let limit = self.campaign.heal_timeout;
        match timeout_at(deadline.into(), running).await {
            Ok(None) => Ok(()),
            Ok(Some(failure)) => Err(Stop::Rule(format!("the {name} command {failure}"))),
            Err(_) => Err(Stop::Rule(format!(
                "the {name} command was still running {limit:?} after the failover's start"
            ))),
        }
    }

    /// Waits until every group was served without a failure for `settle`, counted from now at the earliest.
    async fn await_health(&mut self, settle: Duration, deadline: Instant) -> Result<(), Stop> {
        let from_us = self.sink.clock.now_us();
        let deadline_us = self.sink.clock.at_us(deadline);
        loop {
            let now_us = self.sink.clock.now_us();
            let healthy = self.healthy_since(from_us, now_us, settle);
            match healthy {
                Ok(since_us) if now_us - since_us >= micros(settle) => return Ok(()),
                Ok(since_us) if since_us <= deadline_us => {}
                Err(_) if now_us <= deadline_us => {}
                // It was healthy too late, or it is not.
                unhealthy => {
                    let what = unhealthy
                        .err()
                        .map_or("every path".to_owned(), |group| group.to_string());
                    return Err(Stop::Rule(format!(
                        "{what}: not healthy within {:?} of the failover's start",
                        self.campaign.heal_timeout
                    )));
                }
            }
            self.sleep_until(Instant::now() + HEALTH_INTERVAL).await?;
        }
    }

    /// Since when every group has been served without a failure; else a group that is not served.
    fn healthy_since(
        &self,
        from_us: i64,
        now_us: i64,
        settle: Duration,
    ) -> Result<i64, OperationGroup> {
        // Operations that hang are no failures until their limit is over.
        let silence_us = micros(LEAST_SILENCE.max(settle / 2));
        let mut since_us = from_us;
        for group in &self.groups {
            let [reads, writes] = self.sink.monitor.served(group.path);
            let served = if group.reads { reads } else { writes };
            let is_served = served.and_then(|served| {
                let last_us = served.last_success_us?;
                let is_recent = last_us > from_us && now_us - last_us <= silence_us;
                served.up_since_us.filter(|_| is_recent)
            });
            since_us = since_us.max(is_served.ok_or(*group)?);
        }
        Ok(since_us)
    }

    async fn sleep_until(&mut self, time: Instant) -> Result<(), Stop> {
        tokio::select! {
            biased;
            () = stopped(&mut self.stop) => Err(Stop::Ended),
            () = tokio::time::sleep_until(time.into()) => Ok(()),
        }
    }

    fn finish(&self, text: String) {
        self.sink.log.line(&text);
        self.sink.monitor.note(text.clone());
        self.outcome.finish(text);
    }

    /// `3 of 10`, or `3`.
    fn of(&self, number: u32) -> String {
        match self.campaign.count {
            Some(count) => format!("{number} of {count}"),
            None => number.to_string(),
        }
    }

    fn show(&self, number: u32, what: &str) {
        let text = format!("failover {}: {what}", self.of(number));
        self.sink.monitor.campaign(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_campaign() {
        let s = Duration::from_secs;
        let mut campaign = Campaign {
            every: None,
            count: Some(3),
            heal_command: None,
            settle: s(30),
            heal_timeout: s(300),
        };
        assert_eq!(campaign.longest(s(60), 3), s(60 + 3 * 330 + 30 + 1));
        campaign.every = Some(s(600));
        assert_eq!(campaign.longest(s(60), 3), s(60 + 2 * 600 + 330 + 30 + 1));
        assert_eq!(campaign.longest(s(60), 1), s(60 + 330 + 30 + 1));
    }
}
