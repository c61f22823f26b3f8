//! The hosts of an endpoint and which of their servers will do, with libpq's grammar and words.

use url::{Host as UrlHost, ParseError, Url};

use super::{NO_HOST, Password, decode, parse_url};
use crate::environment::Environment;

/// The port of a host that has none.
const DEFAULT_PORT: u16 = 5432;

/// One of the hosts of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Name or address.
    pub name: String,
    /// TCP port.
    pub port: u16,
    /// The password that the password file has for it.
    pub password: Option<Password>,
}

impl Host {
    fn new(name: String, port: u16) -> Self {
        Self {
            name,
            port,
            password: None,
        }
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

/// Which server a connection may stay with; the words and meanings of libpq's `target_session_attrs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetSession {
    /// The first one that lets us in.
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

/// The URL, and its hosts where it names several: [`Url`] knows no such thing, and reads [`NO_HOST`] in their place.
///
/// # Errors
/// One line.
pub(super) fn parse_with_hosts(text: &str) -> Result<(Url, Option<Vec<Host>>), String> {
    let Some((start, end)) =
        host_part(text).filter(|(start, end)| text[*start..*end].contains(','))
    else {
        return Ok((parse_url(text)?, None));
    };
    let url = parse_url(&format!("{}{NO_HOST}{}", &text[..start], &text[end..]))?;
    let hosts = text[start..end].split(',').map(|item| {
        let item =
            Url::parse(&format!("{}://{item}", url.scheme())).map_err(|error| match error {
                ParseError::EmptyHost => "the URL names an empty host".to_owned(),
                error => format!("not a URL (one of its hosts: {error})"),
            })?;
        let name = name(&item)?.ok_or("the URL names an empty host")?;
        usable(&name, "the URL")?;
        // As with libpq: beside other hosts PGPORT fills in nothing.
        Ok(Host::new(name, item.port().unwrap_or(DEFAULT_PORT)))
    });
    let hosts = hosts.collect::<Result<_, String>>()?;
    Ok((url, Some(hosts)))
}

/// Where in the URL host and port stand.
pub(super) fn host_part(text: &str) -> Option<(usize, usize)> {
    let start = text.find("://")? + 3;
    let end = text[start..]
        .find(['/', '?', '#'])
        .map_or(text.len(), |length| start + length);
    let host = text[start..end]
        .rfind('@')
        .map_or(start, |at| start + at + 1);
    Some((host, end))
}

/// The hosts of a URL that names one or none, which PGHOST and PGPORT then fill in.
///
/// # Errors
/// One line that names the URL or the variable.
pub(super) fn of_url(url: &Url, environment: &Environment) -> Result<Vec<Host>, String> {
    let (names, place) = match name(url)? {
        Some(name) => (vec![name], "the URL"),
        None => match environment.get("PGHOST")? {
            Some(names) => (names.split(',').map(str::to_owned).collect(), "PGHOST"),
            None => return Err("the URL names no host, and PGHOST is not set".to_owned()),
        },
    };
    for name in &names {
        usable(name, place)?;
    }
    let ports = match url.port() {
        Some(port) => vec![port],
        None => match environment.get("PGPORT")? {
            Some(text) => text.split(',').map(port_of).collect::<Result<_, _>>()?,
            None => vec![DEFAULT_PORT],
        },
    };
    match ports.as_slice() {
        [port] => Ok(names
            .into_iter()
            .map(|name| Host::new(name, *port))
            .collect()),
        ports if ports.len() == names.len() => {
            let hosts = names.into_iter().zip(ports);
            Ok(hosts.map(|(name, port)| Host::new(name, *port)).collect())
        }
        ports => Err(format!(
            "PGPORT names {} ports for {} hosts: write one for all, or one for each",
            ports.len(),
            names.len()
        )),
    }
}

/// The name or address in a URL.
fn name(url: &Url) -> Result<Option<String>, String> {
    let name = match url.host() {
        Some(UrlHost::Domain(NO_HOST)) | None => return Ok(None),
        Some(UrlHost::Domain(name)) => decode(name, "host")?,
        Some(UrlHost::Ipv4(address)) => address.to_string(),
        Some(UrlHost::Ipv6(address)) => address.to_string(),
    };
    Ok(Some(name).filter(|name| !name.is_empty()))
}

fn usable(name: &str, place: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("{place} names an empty host"));
    }
    if name.contains(',') {
        return Err(format!(
            "{place} names a host with a comma in it: write the comma between two hosts as it is"
        ));
    }
    if name.starts_with(['/', '@']) {
        return Err(format!(
            "{place} names a socket folder; give a host name or an address"
        ));
    }
    Ok(())
}

fn port_of(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| format!("PGPORT={text}: write a port, from 1 to 65535"))
}
