//! Whether a certificate is a host's, by the rules of libpq (`fe-secure-common.c`, `fe-secure-openssl.c`), which takes the common name where
//! no alternative name is of the host's kind.

use std::net::IpAddr;

use crate::connect::x509::{Certificate, address};

/// True where the certificate is for that name or address.
pub(super) fn fits(certificate: &Certificate<'_>, host: &str) -> bool {
    let of_host: Option<IpAddr> = host.parse().ok();
    let has_own_kind = match of_host {
        Some(_) => !certificate.addresses.is_empty(),
        None => !certificate.dns_names.is_empty(),
    };
    let mut names = certificate.dns_names.iter();
    let mut addresses = certificate.addresses.iter();
    names.any(|name| matches(name, host))
        || of_host.is_some_and(|host| addresses.any(|bytes| address(bytes) == Some(host)))
        || (!has_own_kind
            && certificate
                .common_name()
                .is_some_and(|name| matches(name, host)))
}

/// A `*.` stands for one label, and nothing else does.
fn matches(pattern: &[u8], host: &str) -> bool {
    let host = host.as_bytes();
    // A name with a zero in it is a trick: other programs stop reading there.
    if pattern.contains(&0) {
        return false;
    }
    if pattern.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(suffix) = pattern.strip_prefix(b"*") else {
        return false;
    };
    if suffix.first() != Some(&b'.') || suffix.len() >= host.len() {
        return false;
    }
    let (label, end) = host.split_at(host.len() - suffix.len());
    end.eq_ignore_ascii_case(suffix) && !label.contains(&b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_label_and_no_more() {
        for (pattern, host, expected) in [
            ("db.shop.test", "DB.shop.test", true),
            ("*.shop.test", "db.shop.test", true),
            ("*.SHOP.test", "db.shop.test", true),
            ("*.shop.test", "a.db.shop.test", false),
            ("*.shop.test", "shop.test", false),
            ("*.shop.test", ".shop.test", false),
            ("*shop.test", "xshop.test", false),
            ("d*.shop.test", "db.shop.test", false),
            ("*", "db", false),
            ("db.shop.test\0.evil.test", "db.shop.test", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("", "db", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), host), expected, "{pattern}");
        }
    }
}
