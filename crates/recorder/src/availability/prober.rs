//! The task of one kind of question to one endpoint: asks as the schedule says, and records what came.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use recording::AvailabilityProbe;
use recording::vocabulary::Outcome;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::availability::ask::{Asked, Asker, Connected, End, lacks_its_own};
use crate::availability::roles::Roles;
use crate::availability::schedule::{Number, Schedule};
use crate::output::event_sink::EventSink;
use crate::shutdown::stopped;

/// Asks until the recording ends.
pub(super) struct Prober {
    asker: Arc<Asker>,
    /// `None` where the endpoint is one for reads: any reader is as good as another there.
    roles: Option<Arc<Mutex<Roles>>>,
    sink: EventSink,
    every: Duration,
    schedule: Schedule,
    kept: Option<Connected>,
    asking: JoinSet<Asked>,
    /// It was said that questions could not be asked.
    is_said: bool,
    /// Dropped, the question is given up.
    in_flight: BTreeMap<Number, oneshot::Sender<()>>,
}

impl Prober {
    pub(super) fn new(
        asker: Asker,
        roles: Option<Arc<Mutex<Roles>>>,
        sink: EventSink,
        every: Duration,
    ) -> Self {
        Self {
            asker: Arc::new(asker),
            roles,
            sink,
            every,
            schedule: Schedule::new(every),
            kept: None,
            asking: JoinSet::new(),
            is_said: false,
            in_flight: BTreeMap::new(),
        }
    }

    /// Asks until the recording ends; every question has its row then.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut ticks = interval(self.every);
        // What was missed is passed over, not made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                Some(asked) = self.asking.join_next() => {
                    // A question that panicked has no answer.
                    if let Ok(asked) = asked {
                        self.end(asked);
                    }
                }
                _ = ticks.tick() => self.tick(),
            }
        }
        self.in_flight.clear();
        while let Some(asked) = self.asking.join_next().await {
            if let Ok(asked) = asked {
                self.record(asked);
            }
        }
    }

    fn tick(&mut self) {
        let kept = self.kept.as_ref();
        let is_current = kept.is_some_and(|kept| self.asker.is_current(kept));
        let question = self.schedule.tick(Instant::now(), is_current);
        let connected = self.kept.take().filter(|_| is_current);
        let Some(question) = question else {
            // It is at rest still.
            self.kept = connected.filter(|_| self.schedule.keeps());
            return;
        };
        let (give_up, given_up) = oneshot::channel();
        self.in_flight.insert(question.number, give_up);
        let asker = Arc::clone(&self.asker);
        self.asking.spawn(asker.ask(question, connected, given_up));
    }

    fn end(&mut self, asked: Asked) {
        let number = asked.number;
        self.in_flight.remove(&number);
        if !self.is_said && lacks_its_own(&asked.row) {
            self.is_said = true;
            self.say(&asked.row);
        }
        match self.record(asked) {
            End::Answered { connected, fits } => {
                let answered = self.schedule.answered(number, fits);
                for number in answered.given_up {
                    self.in_flight.remove(&number);
                }
                if answered.is_kept {
                    self.kept = Some(*connected);
                }
            }
            End::Failed => self.schedule.failed(number),
            End::GivenUp => {}
        }
        self.kept = self.kept.take().filter(|_| self.schedule.keeps());
    }

    /// Once: it may be so at every tick.
    fn say(&self, row: &AvailabilityProbe) {
        let (path, kind) = (row.path, row.operation_type);
        let why = row.failure.as_ref().map_or("", |failure| &failure.message);
        let text = format!(
            "availability probes of {path} ({kind}) could not ask: {why}; the service's downtime is not known while that lasts"
        );
        self.sink.log.line(&text);
        self.sink.monitor.note(text);
    }

    fn record(&self, asked: Asked) -> End {
        let Asked { row, end, .. } = asked;
        if let Some(roles) = &self.roles
            && row.outcome != Outcome::Unfinished
            && !lacks_its_own(&row)
        {
            let is_answered = row.outcome == Outcome::Ok || row.server.is_some();
            let mut roles = roles.lock();
            for (kind, detail) in roles.see(row.operation_type, is_answered, row.server.as_ref()) {
                let time = row.time + row.duration_us;
                self.sink.event(time, Some(row.path), kind, detail);
            }
        }
        self.sink.handle.availability(row);
        end
    }
}
