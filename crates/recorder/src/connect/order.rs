//! The order in which the addresses of a name are tried: that of getaddrinfo, which libpq follows
//! (RFC 6724, section 6). Addresses that its rules rank alike, as they do the usual ones of a family, stay in the order of the answer (rule 10);
//! rule 9 (the longest common prefix), which would undo the rotation of a name server, is left out, as musl does. Of one family alone,
//! those that this host can't reach come last (rule 1).

use std::cmp::Reverse;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use crate::connect::shortage;

/// Addresses in the order of getaddrinfo.
#[must_use]
pub(super) fn sorted(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    match addresses.len() {
        0 | 1 => addresses,
        _ => sorted_by(addresses, ask_source),
    }
}

/// `source` tells what this host would send from. Where it can't be asked, for want of descriptors, no address is known to be worse than
/// another, and the order stays.
fn sorted_by(addresses: Vec<IpAddr>, source: impl Fn(IpAddr) -> io::Result<IpAddr>) -> Vec<IpAddr> {
    let mut with_source = Vec::with_capacity(addresses.len());
    for to in &addresses {
        match source(*to) {
            Ok(from) => with_source.push((*to, Some(from))),
            Err(error) if shortage::is_shortage(&error) => return addresses,
            Err(_) => with_source.push((*to, None)),
        }
    }
    let is_mixed = addresses.iter().any(IpAddr::is_ipv4) && addresses.iter().any(IpAddr::is_ipv6);
    match is_mixed {
        true => with_source.sort_by_cached_key(|(to, from)| rank(*to, *from)),
        false => with_source.sort_by_key(|(_, from)| from.is_none()),
    }
    with_source.into_iter().map(|(to, _)| to).collect()
}

/// The address that this host would send from; `None` where it can't send there at all. Nothing is sent.
#[must_use]
pub(super) fn source(to: IpAddr) -> Option<IpAddr> {
    ask_source(to).ok()
}

fn ask_source(to: IpAddr) -> io::Result<IpAddr> {
    let any: IpAddr = match to {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    // Any port: the kernel looks for a route, and that is all.
    socket.connect((to, 9))?;
    Ok(socket.local_addr()?.ip())
}

/// What sorts first is tried first: rules 1, 2, 5, 6 and 8.
fn rank(to: IpAddr, from: Option<IpAddr>) -> impl Ord {
    let differs = |of: fn(IpAddr) -> u8| from.is_none_or(|from| of(from) != of(to));
    (
        from.is_none(),
        differs(scope),
        differs(|address| policy(address).1),
        Reverse(policy(to).0),
        scope(to),
    )
}

/// Precedence and label of the default policy table (section 2.1).
fn policy(address: IpAddr) -> (u8, u8) {
    let address = match address {
        IpAddr::V4(_) => return (35, 4),
        IpAddr::V6(address) => address,
    };
    match address.segments() {
        _ if address.is_loopback() => (50, 0),
        [0, 0, 0, 0, 0, 0xffff, ..] => (35, 4),
        [0x2002, ..] => (30, 2),
        [0x2001, 0, ..] => (5, 5),
        [0, 0, 0, 0, 0, 0, ..] => (1, 3),
        [first, ..] if first & 0xfe00 == 0xfc00 => (3, 13),
        [first, ..] if first & 0xffc0 == 0xfec0 => (1, 11),
        [0x3ffe, ..] => (1, 12),
        _ => (40, 1),
    }
}

/// 2 for a link, 5 for a site, 14 for the world (section 3.1): private addresses of IPv4 are of the world.
fn scope(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(address) if address.is_loopback() || address.is_link_local() => 2,
        IpAddr::V6(address) if address.is_loopback() || address.is_unicast_link_local() => 2,
        IpAddr::V6(address) if address.segments()[0] & 0xffc0 == 0xfec0 => 5,
        _ => 14,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Each line: two destinations with the address that would be sent from; the first comes first.
    #[test]
    fn the_examples_of_the_rfc() {
        for [first, second] in [
            // Section 10.2, as far as it mixes families.
            [
                ("2001:db8:1::1", Some("2001:db8:1::2")),
                ("198.51.100.121", Some("169.254.13.78")),
            ],
            [
                ("198.51.100.121", Some("198.51.100.117")),
                ("2001:db8:1::1", Some("fe80::1")),
            ],
            [
                ("2001:db8:1::1", Some("2001:db8:1::2")),
                ("10.1.2.3", Some("10.1.2.4")),
            ],
            // 6to4 loses to IPv4, as its label and that of a native source differ.
            [
                ("10.1.2.3", Some("10.1.2.4")),
                ("2002:c633:6401::1", Some("2001:db8:1::2")),
            ],
            // localhost.
            [("::1", Some("::1")), ("127.0.0.1", Some("127.0.0.1"))],
            // No IPv6 here.
            [("127.0.0.1", Some("127.0.0.1")), ("::1", None)],
            [("10.1.2.3", Some("10.1.2.4")), ("2001:db8::1", None)],
        ] {
            let rank = |(to, from): (&str, Option<&str>)| rank(address(to), from.map(address));
            assert!(rank(first) < rank(second), "{first:?} {second:?}");
        }
    }

    #[test]
    fn the_policy_table_of_the_rfc() {
        for (text, expected) in [
            ("::1", (50, 0)),
            ("2001:db8::1", (40, 1)),
            ("::ffff:10.0.0.1", (35, 4)),
            ("10.0.0.1", (35, 4)),
            ("2002::1", (30, 2)),
            ("2001::1", (5, 5)),
            ("fd00::1", (3, 13)),
            ("::10.0.0.1", (1, 3)),
            ("fec0::1", (1, 11)),
            ("feff::1", (1, 11)),
            ("3ffe::1", (1, 12)),
        ] {
            assert_eq!(policy(address(text)), expected, "{text}");
        }
    }

    #[test]
    fn of_one_family_the_unreachable_come_last() {
        let addresses = ["10.0.0.3", "10.0.0.1", "10.0.0.2"].map(address).to_vec();
        let found = sorted_by(addresses, |to| match to == address("10.0.0.3") {
            true => Err(io::Error::from(io::ErrorKind::NetworkUnreachable)),
            false => Ok(to),
        });
        assert_eq!(found, ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map(address));
    }

    #[test]
    fn without_descriptors_the_order_stays() {
        let addresses = ["10.0.0.1", "2001:db8::1"].map(address).to_vec();
        let no_route = |_| Err(io::Error::from(io::ErrorKind::NetworkUnreachable));
        let swapped = sorted_by(addresses.clone(), no_route);
        assert_ne!(swapped, addresses);
        let no_descriptor = |_| {
            Err(io::Error::from_raw_os_error(
                rustix::io::Errno::MFILE.raw_os_error(),
            ))
        };
        assert_eq!(sorted_by(addresses.clone(), no_descriptor), addresses);
    }

    #[test]
    fn one_family_keeps_its_order() {
        let addresses = ["127.0.0.3", "127.0.0.1", "127.0.0.2"]
            .map(address)
            .to_vec();
        assert_eq!(sorted(addresses.clone()), addresses);
    }

    #[test]
    fn where_this_host_can_send() {
        assert_eq!(source(address("127.0.0.1")), Some(address("127.0.0.1")));
    }
}
