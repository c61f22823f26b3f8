//! Names as the name server is asked for them.

use hickory_resolver::proto::ProtoError;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::proto::rr::domain::Label;

/// A name as it is: DNS carries any byte, and what is a host name is not for the client to say (`my_db` of docker compose). Only a label that
/// is not ASCII is written by the rules of IDNA.
///
/// # Errors
/// Where a label is empty, or longer than DNS can carry.
pub(super) fn name(host: &str) -> Result<Name, ProtoError> {
    let (labels, is_whole) = match host.strip_suffix('.') {
        Some(labels) => (labels, true),
        None => (host, false),
    };
    let label = |label: &str| match label.is_ascii() {
        true => Label::from_raw_bytes(label.as_bytes()),
        false => Label::from_utf8(label),
    };
    let labels: Vec<Label> = labels.split('.').map(label).collect::<Result<_, _>>()?;
    let mut name = Name::from_labels(labels)?;
    name.set_fqdn(is_whole);
    Ok(name)
}

/// The search list of resolv.conf.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Domains that are put behind a name, in their order.
    pub(super) domains: Vec<Name>,
    /// A name with so many dots is asked for as it is first.
    pub(super) ndots: usize,
}

impl Search {
    /// The names to ask for, one after the other. Both addresses of one are asked for before the next: an AAAA of another name than the A
    /// would be another host.
    pub(super) fn names(&self, name: &Name) -> Vec<Name> {
        let mut whole = name.clone();
        whole.set_fqdn(true);
        if name.is_fqdn() {
            return vec![whole];
        }
        let is_first = name.num_labels() as usize > self.ndots || name.is_localhost();
        let mut names = Vec::new();
        for domain in &self.domains {
            let Ok(mut longer) = name.clone().append_domain(domain) else {
                continue;
            };
            longer.set_fqdn(true);
            if !names.contains(&longer) {
                names.push(longer);
            }
        }
        let at = if is_first { 0 } else { names.len() };
        names.insert(at, whole);
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_out_as_they_are() {
        for (host, sent) in [
            ("my_db", "my_db"),
            ("_x.my_db.Test", "_x.my_db.Test"),
            ("db-1.test.", "db-1.test."),
            ("-db-", "-db-"),
            ("b\u{fc}cher.test", "xn--bcher-kva.test"),
            ("my_db.b\u{fc}cher", "my_db.xn--bcher-kva"),
        ] {
            let name = name(host).unwrap();
            let labels: Vec<_> = name.iter().map(String::from_utf8_lossy).collect();
            let dot = if name.is_fqdn() { "." } else { "" };
            assert_eq!(labels.join(".") + dot, sent);
        }
        for host in ["", "a..b", &"a".repeat(64)] {
            assert!(name(host).is_err(), "{host}");
        }
    }

    #[test]
    fn the_search_list() {
        let search = Search {
            domains: ["a.test", "b.test"].map(|it| name(it).unwrap()).to_vec(),
            ndots: 1,
        };
        let of = |host: &str| {
            let names = search.names(&name(host).unwrap());
            names.iter().map(Name::to_ascii).collect::<Vec<_>>()
        };
        assert_eq!(of("my_db"), ["my_db.a.test.", "my_db.b.test.", "my_db."]);
        assert_eq!(
            of("my_db.c"),
            ["my_db.c.", "my_db.c.a.test.", "my_db.c.b.test."]
        );
        assert_eq!(of("my_db."), ["my_db."]);
        assert_eq!(of("localhost")[0], "localhost.");
    }
}
