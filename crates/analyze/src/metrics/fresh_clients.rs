//! Where a path led clients that connect anew, and who answered them: the availability probes at one endpoint (`docs/decomposition.md`).

use std::net::IpAddr;

use recording::Endpoint;

use crate::reduce::availability::Question;

/// The probes of a path at the endpoint of its reads, or at its own.
pub(crate) struct FreshClients<'a> {
    /// Every probe of the path, in order of time.
    pub(crate) questions: &'a [Question],
    /// The endpoint meant for reads, where any server will do; at the other one it is to be a writer.
    pub(crate) for_reads: bool,
    /// That endpoint, where it is known.
    pub(crate) endpoint: Option<&'a Endpoint>,
}

impl<'a> FreshClients<'a> {
    /// When a connection was first begun in (from, to] that led to another address than the last one before.
    pub(crate) fn led_elsewhere_us(&self, from_us: i64, to_us: i64) -> Option<i64> {
        if !self.goes_by_a_name() {
            return None;
        }
        let (before, within) = self.around(from_us, to_us);
        let address = |question: &'a Question| question.address.as_ref();
        let last = before.iter().rev().filter(|of| self.is_here(of));
        let last = last.filter_map(address).next()?;
        let mut fresh = within
            .iter()
            .filter(|question| question.fresh && self.is_here(question));
        let elsewhere = fresh.find(|question| address(question).is_some_and(|at| at != last))?;
        Some(elsewhere.time_us)
    }

    /// When another server than the last one before first answered in (from, to].
    pub(crate) fn new_server_us(&self, from_us: i64, to_us: i64) -> Option<i64> {
        let (before, within) = self.around(from_us, to_us);
        let serves = |question: &&Question| {
            let is_one = self.for_reads || question.in_recovery == Some(false);
            question.is_answered() && is_one && self.is_here(question)
        };
        // What was on its way at the begin is of either side.
        let mut answers = before.iter().rev().filter(serves);
        let last = answers.find(|answer| answer.end_us <= from_us && answer.server.is_some())?;
        let last = last.server.as_ref()?;
        let on_their_way = before.iter().filter(|question| question.end_us > from_us);
        let others = on_their_way.chain(within).filter(serves).filter(|answer| {
            let server = answer.server.as_ref();
            answer.end_us <= to_us && server.is_some_and(|server| server.differs_from(last))
        });
        others.map(|answer| answer.end_us).min()
    }

    /// Those up to `from_us`, and those from there to `to_us`.
    fn around(&self, from_us: i64, to_us: i64) -> (&'a [Question], &'a [Question]) {
        let until = |time_us: i64| {
            let questions = self.questions;
            questions.partition_point(|question| question.time_us <= time_us)
        };
        let (from, to) = (until(from_us), until(to_us));
        (
            self.questions.get(..from).unwrap_or_default(),
            self.questions.get(from..to).unwrap_or_default(),
        )
    }

    fn is_here(&self, question: &Question) -> bool {
        question.reader == self.for_reads
    }

    /// One name: another of several hosts is not another address of a name.
    fn goes_by_a_name(&self) -> bool {
        self.endpoint.is_none_or(|endpoint| {
            endpoint.more_hosts.is_empty() && endpoint.host.parse::<IpAddr>().is_err()
        })
    }
}
