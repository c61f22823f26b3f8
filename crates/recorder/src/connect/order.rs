//! The order in which the addresses of a name are tried, where it has both IPv4 and IPv6: that of getaddrinfo, which libpq follows
//! (RFC 6724, section 6). Within a family the name server's order stays, as rule 10 has it; rule 9 (the longest common prefix), which would
//! undo the rotation of a name server, is left out, as musl does.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Addresses in the order of getaddrinfo.
#[must_use]
pub(super) fn sorted(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let is_mixed = addresses.iter().any(IpAddr::is_ipv4) && addresses.iter().any(IpAddr::is_ipv6);
    if is_mixed {
        addresses.sort_by_cached_key(|address| rank(*address, source(*address)));
    }
    addresses
}

/// The address that this host would send from; `None` where it can't send there at all. Nothing is sent.
#[must_use]
pub(super) fn source(to: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match to {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Any port: the kernel looks for a route, and that is all.
    socket.connect((to, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
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
        [first, ..] if first & 0xfe00 == 0xfc00 => (3, 13),
        _ => (40, 1),
    }
}

/// 2 for a link, 14 for the world (section 3.1): private addresses of IPv4 are of the world.
fn scope(address: IpAddr) -> u8 {
    let is_of_link = match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    };
    if is_of_link { 2 } else { 14 }
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
    fn one_family_keeps_its_order() {
        let addresses = ["10.0.0.3", "127.0.0.1", "10.0.0.2"].map(address).to_vec();
        assert_eq!(sorted(addresses.clone()), addresses);
    }

    #[test]
    fn where_this_host_can_send() {
        assert_eq!(source(address("127.0.0.1")), Some(address("127.0.0.1")));
    }
}
