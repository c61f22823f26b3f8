//! Names that no name server answers for: a time to live of theirs would be made up. The resolver gives every answer one.

use super::Resolver;

const HOSTS_FILE: &str = "/etc/hosts";

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TtlOf {
    /// Seconds, as the name server said.
    NameServer(u32),
    /// The hosts file has the name.
    HostsFile,
    /// The name or number is this host's own.
    ThisHost,
}

impl TtlOf {
    /// Where a name server said it.
    pub(crate) const fn seconds(self) -> Option<u32> {
        match self {
            Self::NameServer(seconds) => Some(seconds),
            Self::HostsFile | Self::ThisHost => None,
        }
    }
}

/// What the time to live of the resolver's answer for `host` is worth.
pub(crate) fn ttl_of(resolver: &Resolver, host: &str, answered_s: u32) -> TtlOf {
    if is_this_host(host) {
        return TtlOf::ThisHost;
    }
    let is_in_hosts_file =
        || std::fs::read(HOSTS_FILE).is_ok_and(|file| names(&String::from_utf8_lossy(&file), host));
    // A name server of the user's own is asked for every name.
    match resolver.server().is_none() && is_in_hosts_file() {
        true => TtlOf::HostsFile,
        false => TtlOf::NameServer(answered_s),
    }
}

/// True for `localhost`, the names below it (RFC 6761), and loopback addresses in the short form that C's `inet_aton` reads, `127.1`.
pub(crate) fn is_this_host(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_short_loopback = host.starts_with("127.") && host.split('.').all(is_number);
    host == "localhost" || host.ends_with(".localhost") || is_short_loopback
}

/// True where the hosts file has the name.
fn names(file: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    file.lines().any(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut names = line.split_whitespace().skip(1);
        names.any(|name| name.trim_end_matches('.').eq_ignore_ascii_case(host))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_of_the_hosts_file() {
        let file = "127.0.0.1\tlocalhost\n# 10.0.0.9 old\n10.0.0.1 DB db.example. # 10.0.0.2 none\n10.0.0.3\n";
        for (name, is_there) in [
            ("db", true),
            ("DB.example", true),
            ("db.example.", true),
            ("old", false),
            ("none", false),
            ("10.0.0.1", false),
            ("example", false),
        ] {
            assert_eq!(names(file, name), is_there, "{name}");
        }
    }

    #[test]
    fn this_host() {
        for host in ["localhost", "LocalHost.", "a.localhost", "127.1", "127.0.1"] {
            assert!(is_this_host(host), "{host}");
        }
        for host in [
            "localhost.example",
            "notlocalhost",
            "10.1",
            "127.db",
            "128.1",
        ] {
            assert!(!is_this_host(host), "{host}");
        }
    }

    #[test]
    fn a_name_server_of_the_users_is_believed() {
        let server = Some(([127, 0, 0, 1], 53).into());
        let resolver = Resolver::new(server, Duration::from_secs(1)).unwrap();
        assert_eq!(ttl_of(&resolver, "db", 86_400), TtlOf::NameServer(86_400));
        assert_eq!(ttl_of(&resolver, "localhost", 86_400), TtlOf::ThisHost);
    }
}
