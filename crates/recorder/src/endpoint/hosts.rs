//! The hosts of an endpoint and which of their servers will do, with libpq's grammar and words.

use std::net::IpAddr;

use crate::endpoint::password::Password;
use crate::endpoint::values::{Value, Values};

/// The port of a host that has none.
const DEFAULT_PORT: u16 = 5432;

/// One of the hosts of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Name or address.
    pub name: String,
    /// TCP port.
    pub port: u16,
    /// Where to connect to without looking the name up (`hostaddr`).
    pub fixed_address: Option<IpAddr>,
    /// The password that the password file has for it.
    pub password: Option<Password>,
}

impl Host {
    /// The address that needs no look-up: the one that is given, or the host is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.fixed_address.or_else(|| literal(&self.name))
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name.contains(':') {
            true => write!(f, "[{}]:{}", self.name, self.port),
            false => write!(f, "{}:{}", self.name, self.port),
        }
    }
}

/// The address that a host's text is, also in the short forms that getaddrinfo takes (`127.1`).
#[must_use]
pub fn literal(host: &str) -> Option<IpAddr> {
    host.parse().ok().or_else(|| match url::Host::parse(host) {
        Ok(url::Host::Ipv4(address)) => Some(address.into()),
        _ => None,
    })
}

/// Which server a connection may stay with; the words and meanings of libpq's `target_session_attrs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetSession {
    /// The first one that takes the connection.
    #[default]
    Any,
    /// One that takes writes.
    ReadWrite,
    /// One that refuses writes.
    ReadOnly,
    /// One that is not in recovery.
    Primary,
    /// One that is in recovery.
    Standby,
    /// One that is in recovery; where there is none, any.
    PreferStandby,
}

impl TargetSession {
    const ALL: [Self; 6] = [
        Self::Any,
        Self::ReadWrite,
        Self::ReadOnly,
        Self::Primary,
        Self::Standby,
        Self::PreferStandby,
    ];

    /// libpq's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
            Self::Primary => "primary",
            Self::Standby => "standby",
            Self::PreferStandby => "prefer-standby",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.as_str() == word)
    }

    /// What the hosts are asked for, round after round, until one of them will do.
    #[must_use]
    pub const fn rounds(self) -> &'static [Self] {
        match self {
            Self::Any => &[Self::Any],
            Self::ReadWrite => &[Self::ReadWrite],
            Self::ReadOnly => &[Self::ReadOnly],
            Self::Primary => &[Self::Primary],
            Self::Standby => &[Self::Standby],
            Self::PreferStandby => &[Self::Standby, Self::Any],
        }
    }

    /// True where a server of that role can't be what is asked for.
    #[must_use]
    pub const fn excludes(self, in_recovery: bool) -> bool {
        match self {
            Self::Any | Self::PreferStandby => false,
            Self::ReadWrite | Self::Primary => in_recovery,
            Self::ReadOnly | Self::Standby => !in_recovery,
        }
    }
}

/// The hosts of an endpoint: the lists `host`, `hostaddr` and `port`, held against each other.
///
/// # Errors
/// One line that names the keyword or the variable.
pub(super) fn read(values: &Values) -> Result<Vec<Host>, String> {
    let list = |name: &str| -> Option<Vec<String>> {
        let text = &values.given(name)?.text;
        Some(text.split(',').map(|item| item.trim().to_owned()).collect())
    };
    let (names, addresses) = match (list("host"), list("hostaddr")) {
        (None, None) => {
            return Err(
                "the connection string has no host, and PGHOST is not set; local sockets are not supported"
                    .to_owned(),
            );
        }
        (Some(names), None) => {
            let none = vec![String::new(); names.len()];
            (names, none)
        }
        (None, Some(addresses)) => (addresses.clone(), addresses),
        (Some(names), Some(addresses)) if names.len() == addresses.len() => (names, addresses),
        (Some(names), Some(addresses)) => {
            return Err(format!(
                "{} has {} hosts and {} has {} addresses: the numbers must match",
                values.place("host"),
                names.len(),
                values.place("hostaddr"),
                addresses.len()
            ));
        }
    };
    let ports = ports(values, names.len())?;
    let hosts = names.into_iter().zip(addresses).zip(ports);
    hosts
        .map(|((name, address), port)| {
            let address = Some(address).filter(|address| !address.is_empty());
            let address = address.map(|text| address_of(&text, values)).transpose()?;
            let name = match (name.is_empty(), address) {
                (true, Some(address)) => address.to_string(),
                _ => name,
            };
            usable(&name, values.place("host"))?;
            Ok(Host {
                name,
                port,
                fixed_address: address,
                password: None,
            })
        })
        .collect()
}

/// A port for each host.
fn ports(values: &Values, hosts: usize) -> Result<Vec<u16>, String> {
    let Some(given) = values.given("port") else {
        return Ok(vec![DEFAULT_PORT; hosts]);
    };
    let ports = given
        .text
        .split(',')
        .map(|text| port_of(text.trim(), given));
    let ports = ports.collect::<Result<Vec<u16>, String>>()?;
    match ports.as_slice() {
        [port] => Ok(vec![*port; hosts]),
        _ if ports.len() == hosts => Ok(ports),
        _ => Err(format!(
            "{} has {} ports for {hosts} hosts: write one for all, or one for each",
            given.place,
            ports.len()
        )),
    }
}

/// As with libpq, the place of a port that is left empty in a list is that of the usual one.
fn port_of(text: &str, given: &Value) -> Result<u16, String> {
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| match given.place.as_str() {
        // In a URL without a host this is where the password stands.
        "port" => {
            "the port is not a number from 1 to 65535; write postgres://user@host:5432/database"
                .to_owned()
        }
        _ => given.wrong("write a port, from 1 to 65535"),
    })
}

fn address_of(text: &str, values: &Values) -> Result<IpAddr, String> {
    text.parse().map_err(|_| {
        format!(
            "{}={text}: not an IP address; put a name into host",
            values.place("hostaddr")
        )
    })
}

fn usable(name: &str, place: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("{place} names an empty host"));
    }
    if name.starts_with(['/', '@']) {
        return Err(format!(
            "{place} is a socket folder; local sockets are not supported, give a host name or an address"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_their_short_forms() {
        for text in ["127.1", "127.0.0.1", "0x7f.1", "2130706433"] {
            assert_eq!(literal(text), Some([127, 0, 0, 1].into()), "{text}");
        }
        assert_eq!(literal("::1"), "::1".parse().ok());
        for text in ["my_db", "db.test", "127.0.0.1.test", "1.2.3.4.5", ""] {
            assert_eq!(literal(text), None, "{text}");
        }
    }
}
