//! What changed from one answer to the next: pure rules over observations. The first observation is no change, and a failure is none
//! either: what answers after it is compared with what answered before it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use recording::vocabulary::EventKind;
use recording::{Server, Timestamp};

use crate::connect::Family;

/// What a name leads to, as far as it is known.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) addresses: BTreeSet<IpAddr>,
    /// The family that answered for the first time, after the other one: its addresses may have been there all the time.
    pub(super) is_new: Option<Family>,
}

/// What happened, and from what to what.
pub(crate) type Change = (EventKind, String);

/// Who answered last, in which role.
struct Answered {
    name: Option<String>,
    in_recovery: bool,
}

impl Answered {
    fn describe(&self) -> String {
        let role = match self.in_recovery {
            true => "reader",
            false => "writer",
        };
        let name = self
            .name
            .as_deref()
            .unwrap_or("a server without an address");
        format!("{name} ({role})")
    }
}

/// What is known of the servers that answered on a path.
#[derive(Default)]
pub(crate) struct Answers {
    last: Option<Answered>,
    /// By address and port: behind a proxy several servers may answer in turn, and only the same one can have been restarted.
    started: BTreeMap<(String, i32), Timestamp>,
}

impl Answers {
    /// Takes note of an answer, and tells what it changes.
    pub(crate) fn see(&mut self, server: &Server) -> Vec<Change> {
        let restarted = self.restarted(server);
        let role_changed = self.role_changed(server);
        restarted.into_iter().chain(role_changed).collect()
    }

    fn restarted(&mut self, server: &Server) -> Option<Change> {
        let started = server.postmaster_start_time?;
        let (address, port) = (server.address.clone()?, server.port?);
        let before = self.started.insert((address, port), started)?;
        let name = name(server)?;
        (before != started).then(|| {
            let detail = format!("{name}: started {before} -> {started}");
            (EventKind::ServerRestarted, detail)
        })
    }

    /// Another reader in a reader's place is no change: there may be many. Of writers there is one, so that another one means that
    /// the writer is elsewhere now.
    fn role_changed(&mut self, server: &Server) -> Option<Change> {
        let now = Answered {
            name: name(server),
            in_recovery: server.in_recovery?,
        };
        let is_other_role = |before: &Answered| before.in_recovery != now.in_recovery;
        let is_other_writer = |before: &Answered| {
            !now.in_recovery
                && before.name.is_some()
                && now.name.is_some()
                && before.name != now.name
        };
        let change = self.last.as_ref().and_then(|before| {
            let detail = || format!("{} -> {}", before.describe(), now.describe());
            let is_change = is_other_role(before) || is_other_writer(before);
            is_change.then(|| (EventKind::RoleChanged, detail()))
        });
        self.last = Some(now);
        change
    }
}

/// What a server is called: its instance on Aurora, else its address and port.
pub(crate) fn name(server: &Server) -> Option<String> {
    let address = || Some(format!("{}:{}", server.address.as_ref()?, server.port?));
    server.aurora_instance_identifier.clone().or_else(address)
}

/// What is known of a name's addresses.
#[derive(Default)]
pub(super) struct Addresses {
    last: Option<BTreeSet<IpAddr>>,
}

impl Addresses {
    /// Takes note of the addresses of `host`, and tells whether they changed.
    pub(super) fn see(&mut self, host: &str, whole: Whole) -> Option<Change> {
        let Whole {
            addresses: now,
            is_new,
        } = whole;
        let mut before = self.last.replace(now.clone())?;
        let newly_heard = now.iter().copied();
        before.extend(newly_heard.filter(|address| is_new == Some(Family::of(*address))));
        (before != now).then(|| {
            let detail = format!("{host}: {} -> {}", list(&before), list(&now));
            (EventKind::AddressChanged, detail)
        })
    }
}

/// The addresses in their order, commas between.
pub(super) fn list(addresses: &BTreeSet<IpAddr>) -> String {
    let texts: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use recording::vocabulary::Path;

    use super::*;

    const START_US: i64 = 1_795_380_180_000_000;

    fn server(address: &str, in_recovery: bool, started_s: i64) -> Server {
        Server {
            path: Path::Direct,
            address: Some(address.to_owned()),
            port: Some(5432),
            version: None,
            in_recovery: Some(in_recovery),
            postmaster_start_time: Some(Timestamp(START_US + started_s * 1_000_000)),
            timeline: None,
            aurora_instance_identifier: None,
        }
    }

    fn seen(answers: &[Server]) -> Vec<Vec<Change>> {
        let mut known = Answers::default();
        answers.iter().map(|answer| known.see(answer)).collect()
    }

    fn kinds(answers: &[Server]) -> Vec<Vec<EventKind>> {
        let kinds = |changes: Vec<Change>| changes.into_iter().map(|(kind, _)| kind).collect();
        seen(answers).into_iter().map(kinds).collect()
    }

    #[test]
    fn the_first_answer_and_the_same_again_are_no_change() {
        let same = server("10.0.0.1", false, 0);
        assert_eq!(
            kinds(&[same.clone(), same.clone(), same]),
            [vec![], vec![], vec![]]
        );
    }

    #[test]
    fn a_writer_that_comes_back_as_a_reader_was_restarted_and_has_another_role() {
        let changes = seen(&[server("10.0.0.1", false, 0), server("10.0.0.1", true, 9)]);
        assert_eq!(
            changes[1],
            [
                (
                    EventKind::ServerRestarted,
                    "10.0.0.1:5432: started 2026-11-22T20:43:00.000000Z -> 2026-11-22T20:43:09.000000Z"
                        .to_owned()
                ),
                (
                    EventKind::RoleChanged,
                    "10.0.0.1:5432 (writer) -> 10.0.0.1:5432 (reader)".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn a_promotion_in_place_and_a_writer_elsewhere() {
        let promoted = [server("10.0.0.1", true, 0), server("10.0.0.1", false, 0)];
        assert_eq!(kinds(&promoted)[1], [EventKind::RoleChanged]);
        let elsewhere = seen(&[server("10.0.0.1", false, 0), server("10.0.0.2", false, 5)]);
        assert_eq!(
            elsewhere[1],
            [(
                EventKind::RoleChanged,
                "10.0.0.1:5432 (writer) -> 10.0.0.2:5432 (writer)".to_owned()
            )]
        );
    }

    #[test]
    fn readers_in_turn_are_no_change_and_each_is_compared_with_itself() {
        let answers = [
            server("10.0.0.1", true, 0),
            server("10.0.0.2", true, 7),
            server("10.0.0.1", true, 0),
            server("10.0.0.2", true, 8),
            server("10.0.0.1", true, 0),
        ];
        let restarted = vec![EventKind::ServerRestarted];
        assert_eq!(kinds(&answers), [vec![], vec![], vec![], restarted, vec![]]);
    }

    #[test]
    fn what_a_server_does_not_say_is_not_compared() {
        let mut silent = server("10.0.0.1", false, 0);
        (silent.address, silent.in_recovery) = (None, None);
        silent.postmaster_start_time = None;
        let mut nameless = server("10.0.0.9", false, 3);
        nameless.address = None;
        let answers = [
            server("10.0.0.1", false, 0),
            silent,
            nameless,
            server("10.0.0.1", false, 0),
        ];
        assert!(kinds(&answers).iter().all(Vec::is_empty));
    }

    #[test]
    fn an_instance_of_aurora_is_called_by_its_name() {
        let named = |name: &str, address: &str| Server {
            timeline: None,
            aurora_instance_identifier: Some(name.to_owned()),
            ..server(address, false, 0)
        };
        // Its address may change: it is the same instance.
        let changes = seen(&[
            named("shop-1", "10.0.0.1"),
            named("shop-1", "10.0.0.3"),
            named("shop-2", "10.0.0.2"),
        ]);
        assert_eq!(changes[1], []);
        assert_eq!(
            changes[2],
            [(
                EventKind::RoleChanged,
                "shop-1 (writer) -> shop-2 (writer)".to_owned()
            )]
        );
    }

    #[test]
    fn addresses_are_compared_as_sets() {
        let set = |texts: &[&str]| Whole {
            addresses: texts.iter().map(|text| text.parse().unwrap()).collect(),
            is_new: None,
        };
        let mut known = Addresses::default();
        assert_eq!(known.see("db", set(&["10.0.0.2", "10.0.0.10"])), None);
        assert_eq!(known.see("db", set(&["10.0.0.10", "10.0.0.2"])), None);
        let changed = known.see("db", set(&["10.0.0.10"]));
        let detail = "db: 10.0.0.2,10.0.0.10 -> 10.0.0.10".to_owned();
        assert_eq!(changed, Some((EventKind::AddressChanged, detail)));
        assert_eq!(known.see("db", set(&["10.0.0.10"])), None);
    }
}
