//! What a hand-made recording's availability probes asked, and what came of it.

use recording::vocabulary::{ErrorClass, OperationType, Outcome};
use recording::{AvailabilityProbe, ProbeFailure, Server, Timestamp};

use super::around::Answer;
use super::{HandMade, START_US, us};

impl HandMade {
    /// A probe of the current path that is answered on a kept connection; `change` says what else.
    pub(crate) fn ask(
        mut self,
        kind: OperationType,
        at: f64,
        took: f64,
        change: impl FnOnce(&mut AvailabilityProbe),
    ) -> Self {
        let mut row = AvailabilityProbe {
            path: self.path,
            time: START_US + us(at),
            operation_type: kind,
            reader: false,
            fresh: false,
            duration_us: us(took),
            connect_us: None,
            outcome: Outcome::Ok,
            address: None,
            server: None,
            replication_lag_us: None,
            sync_rep_waits: None,
            failure: None,
        };
        change(&mut row);
        self.asked.push(row);
        self
    }

    /// Kept connections answer `kind` from one tick to another, that excluded: one every 50 ms, within 2 ms.
    pub(crate) fn served(self, kind: OperationType, (from, until): (f64, f64), by: Answer) -> Self {
        (0..ticks(from, until)).fold(self, |made, index| {
            made.ask(kind, from + 0.05 * index as f64, 0.002, |row| {
                answered(row, by);
            })
        })
    }

    /// The answers to reads that end between two moments state, one in 500 ms, that so many sessions wait for a synchronous standby.
    pub(crate) fn sync_rep_waits(mut self, (from, until): (f64, f64), sessions: i32) -> Self {
        let (from_us, until_us) = (START_US + us(from), START_US + us(until));
        let reads = self.asked.iter_mut().filter(|row| {
            let end_us = row.time + row.duration_us;
            row.operation_type == OperationType::Read && (from_us..until_us).contains(&end_us)
        });
        for row in reads.step_by(10) {
            row.sync_rep_waits = Some(sessions);
        }
        self
    }

    /// A fresh connection that is answered.
    pub(crate) fn served_anew(self, kind: OperationType, at: f64, took: f64, by: Answer) -> Self {
        self.ask(kind, at, took, |row| {
            row.fresh = true;
            answered(row, by);
        })
    }

    /// Fresh connections are refused from one tick to another, that excluded: one every 50 ms, within 1 ms.
    pub(crate) fn turned_away(self, kind: OperationType, (from, until): (f64, f64)) -> Self {
        (0..ticks(from, until)).fold(self, |made, index| {
            made.ask(kind, from + 0.05 * index as f64, 0.001, |row| {
                row.fresh = true;
                row.address = Some("10.0.0.2".to_owned());
                failed(row, Outcome::Failed, ErrorClass::Refused);
            })
        })
    }
}

fn ticks(from: f64, until: f64) -> usize {
    ((until - from) * 20.0).round() as usize
}

pub(crate) fn failed(row: &mut AvailabilityProbe, outcome: Outcome, class: ErrorClass) {
    row.outcome = outcome;
    row.failure = Some(ProbeFailure {
        class,
        sqlstate: (class == ErrorClass::ReadOnly).then(|| "25006".to_owned()),
        message: "made by hand".to_owned(),
    });
}

fn answered(row: &mut AvailabilityProbe, Answer(byte, started, in_recovery): Answer) {
    row.address = Some(format!("10.0.0.{byte}"));
    row.server = Some(Server {
        path: row.path,
        address: Some(format!("10.0.0.{byte}")),
        port: Some(5432),
        version: None,
        in_recovery: Some(in_recovery),
        postmaster_start_time: Some(Timestamp(START_US + started * 1_000_000)),
        timeline: None,
        aurora_instance_identifier: None,
    });
}
