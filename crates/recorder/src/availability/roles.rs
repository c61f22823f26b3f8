//! What the answers of a path say of its writer: one stream, so that reads which a proxy spreads over readers are no change of role.

use std::collections::BTreeSet;

use recording::Server;
use recording::vocabulary::OperationType;

use crate::probe::changes::{Answers, Change, name};

/// What became of the last write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writes {
    /// None has ended yet.
    None,
    Answered,
    Failed,
    /// They are not asked for, or do not say who answered.
    Silent,
}

/// The answers on an endpoint that is not one for reads alone.
pub(super) struct Roles {
    answers: Answers,
    writes: Writes,
    /// Readers that answered while another server took writes: they say nothing of the writer, now and later.
    readers: BTreeSet<Option<String>>,
}

impl Roles {
    pub(super) fn new(asks_writes: bool) -> Self {
        Self {
            answers: Answers::default(),
            writes: match asks_writes {
                true => Writes::None,
                false => Writes::Silent,
            },
            readers: BTreeSet::new(),
        }
    }

    /// Takes note of an answer with who gave it, or of a failure, and tells what it changes.
    pub(super) fn see(
        &mut self,
        kind: OperationType,
        is_answered: bool,
        server: Option<&Server>,
    ) -> Vec<Change> {
        if kind == OperationType::Write {
            self.writes = match (is_answered, server) {
                (true, Some(_)) => Writes::Answered,
                (true, None) => Writes::Silent,
                (false, _) if self.writes == Writes::Silent => Writes::Silent,
                (false, _) => Writes::Failed,
            };
            return server.map_or_else(Vec::new, |server| self.answers.see(server));
        }
        let Some(server) = server else {
            return Vec::new();
        };
        let is_reader = server.in_recovery == Some(true);
        let tells = match self.writes {
            Writes::Silent => true,
            Writes::None => false,
            Writes::Answered => {
                if is_reader {
                    self.readers.insert(name(server));
                }
                false
            }
            // The writer may be a reader now, and one of the readers the writer.
            Writes::Failed => !is_reader || !self.readers.contains(&name(server)),
        };
        match tells {
            true => self.answers.see(server),
            false => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use recording::vocabulary::{EventKind, Path};

    use super::*;

    const READ: OperationType = OperationType::Read;
    const WRITE: OperationType = OperationType::Write;

    /// A server by the last number of its address.
    fn server(last: u8, in_recovery: bool) -> Server {
        Server {
            path: Path::Proxy,
            address: Some(format!("10.0.0.{last}")),
            port: Some(5432),
            version: None,
            in_recovery: Some(in_recovery),
            postmaster_start_time: None,
            timeline: None,
            aurora_instance_identifier: None,
        }
    }

    fn changes(asks_writes: bool, seen: &[(OperationType, Option<(u8, bool)>)]) -> Vec<usize> {
        let mut roles = Roles::new(asks_writes);
        let mut changed = Vec::new();
        for (at, (kind, answer)) in seen.iter().enumerate() {
            let server = answer.map(|(last, in_recovery)| server(last, in_recovery));
            for (kind, _) in roles.see(*kind, server.is_some(), server.as_ref()) {
                assert_eq!(kind, EventKind::RoleChanged);
                changed.push(at);
            }
        }
        changed
    }

    #[test]
    fn reads_that_are_spread_are_no_change() {
        let spread = [
            (READ, Some((2, true))),
            (WRITE, Some((1, false))),
            (READ, Some((2, true))),
            (READ, Some((1, false))),
            (READ, Some((3, true))),
            // An outage of the writer alone, and the same writer again.
            (WRITE, None),
            (READ, Some((2, true))),
            (READ, Some((3, true))),
            (WRITE, Some((1, false))),
        ];
        assert_eq!(changes(true, &spread), Vec::<usize>::new());
    }

    #[test]
    fn a_writer_that_answers_as_a_reader_and_then_another_writer() {
        let failover = [
            (WRITE, Some((1, false))),
            (READ, Some((1, false))),
            (WRITE, None),
            (READ, None),
            // The stale name.
            (READ, Some((1, true))),
            (WRITE, None),
            (READ, Some((1, true))),
            (WRITE, Some((2, false))),
            (READ, Some((2, false))),
        ];
        assert_eq!(changes(true, &failover), [4, 7]);
    }

    #[test]
    fn a_reader_that_is_promoted_is_seen_by_its_reads_while_writes_fail() {
        let promoted = [
            (WRITE, Some((1, false))),
            (READ, Some((2, true))),
            (WRITE, None),
            (READ, Some((2, true))),
            (READ, Some((2, false))),
            (WRITE, Some((2, false))),
        ];
        assert_eq!(changes(true, &promoted), [4]);
    }

    #[test]
    fn without_writes_the_reads_tell() {
        let reads = [(READ, Some((1, false))), (READ, Some((2, false)))];
        assert_eq!(changes(false, &reads), [1]);
        assert_eq!(changes(true, &reads), Vec::<usize>::new());
    }

    #[test]
    fn where_writes_do_not_say_who_answered_the_reads_tell() {
        let mut roles = Roles::new(true);
        assert_eq!(roles.see(WRITE, true, None), []);
        assert_eq!(roles.see(READ, true, Some(&server(1, false))), []);
        assert_eq!(roles.see(WRITE, false, None), []);
        assert_eq!(roles.see(READ, true, Some(&server(1, true))).len(), 1);
    }
}
