//! What can be broken: every kind of fault of `lab failover`, and what this bench breaks itself.

use clap::ValueEnum;
use lab::FailoverKind;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One of the lab's.
    Failover(FailoverKind),
    /// The URL has two hosts. The first stops answering when the second, the writer, crashes, and stays silent when that is back.
    SilentHost,
    /// The connections to the servers go silent, as behind a NAT that forgot them, until they are cut. New ones are served.
    DeadConnections,
    /// Requests reach the servers, and the answers are lost.
    LostAnswers,
    /// Every table is locked; the application gives up on a lock after 200 ms (55P03).
    LockTimeout,
    /// The application loses its rights on every table (42501).
    Revoke,
    /// The recorder is stopped, and nothing else is.
    Pause,
    /// The writer crashes and is started again; the recorder is stopped over the beginning or the end of that.
    PauseAtEdge,
}

/// What this bench breaks itself, by its name on the command line.
const OWN: [(Kind, &str); 7] = [
    (Kind::SilentHost, "silent-host"),
    (Kind::DeadConnections, "dead-connections"),
    (Kind::LostAnswers, "lost-answers"),
    (Kind::LockTimeout, "lock-timeout"),
    (Kind::Revoke, "revoke"),
    (Kind::Pause, "pause"),
    (Kind::PauseAtEdge, "pause-at-edge"),
];

impl Kind {
    pub(crate) fn all() -> Vec<Self> {
        let of_the_lab = FailoverKind::value_variants().iter().copied();
        let own = OWN.into_iter().map(|(kind, _)| kind);
        of_the_lab.map(Self::Failover).chain(own).collect()
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|kind| kind.name() == name)
    }

    /// As the command line calls it.
    pub(crate) fn name(self) -> String {
        if let Self::Failover(kind) = self {
            let value = kind.to_possible_value();
            return value.map_or_else(String::new, |value| value.get_name().to_owned());
        }
        let own = OWN.into_iter().find(|(kind, _)| *kind == self);
        own.map_or_else(String::new, |(_, name)| name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in Kind::all() {
            assert_eq!(Kind::named(&kind.name()), Some(kind));
        }
        let names = Kind::all().into_iter().map(Kind::name);
        assert_eq!(
            names.collect::<std::collections::BTreeSet<_>>().len(),
            Kind::all().len()
        );
        assert_eq!(Kind::named("earthquake"), None);
    }
}
