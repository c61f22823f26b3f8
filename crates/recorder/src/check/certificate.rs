//! What a server's certificate says of itself: the few fields of X.509 (RFC 5280, section 4.1) that a person wants to see. It is
//! read, not trusted: what a certificate is worth, rustls has decided before.
//!
//! Read by hand: the parsers that there are switch on features of `syn` and `const-oid` that have polars built a second time.

use chrono::NaiveDateTime;

/// The tags of DER that are met.
const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
/// id-at-commonName, id-at-organizationName.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const ORGANIZATION: [u8; 3] = [0x55, 0x04, 0x0a];

/// Who signed it, and until when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The issuer's common name, else its organization.
    pub(super) signed_by: String,
    /// Nobody else vouches for it.
    pub(super) is_self_signed: bool,
    /// Seconds since 1970.
    pub(super) not_after_s: i64,
}

/// Reads a certificate; `None` where it is none.
pub(super) fn read(der: &[u8]) -> Option<Certificate> {
    let mut certificate = Reader(Reader(der).take(SEQUENCE)?);
    let mut fields = Reader(certificate.take(SEQUENCE)?);
    // Version 1 says no version.
    fields.take(VERSION);
    let _serial = fields.take(INTEGER)?;
    let _algorithm = fields.take(SEQUENCE)?;
    let issuer = fields.take(SEQUENCE)?;
    let mut validity = Reader(fields.take(SEQUENCE)?);
    let _not_before = validity.next()?;
    let (tag, not_after) = validity.next()?;
    let subject = fields.take(SEQUENCE)?;
    let name = attribute(issuer, COMMON_NAME).or_else(|| attribute(issuer, ORGANIZATION));
    Some(Certificate {
        signed_by: name.unwrap_or_else(|| "a nameless authority".to_owned()),
        is_self_signed: issuer == subject,
        not_after_s: time(tag, not_after)?,
    })
}

/// Elements of DER, one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the next element, if it has that tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        match self.0.first() {
            Some(found) if *found == tag => self.next().map(|(_, content)| content),
            _ => None,
        }
    }

    /// The tag and the content of the next element.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let length = match usize::from(*first) {
            short @ 0..=0x7f => short,
            // So many bytes of length follow; a certificate needs no more than three.
            long @ 0x81..=0x83 => {
                let (bytes, after) = rest.split_at_checked(long - 0x80)?;
                rest = after;
                bytes
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }
}

/// The last value of that kind in a name: the most specific one.
fn attribute(name: &[u8], kind: [u8; 3]) -> Option<String> {
    let mut sets = Reader(name);
    let mut value = None;
    while let Some(set) = sets.take(SET) {
        let mut pair = Reader(Reader(set).take(SEQUENCE)?);
        if pair.take(OBJECT_IDENTIFIER)? == kind {
            value = pair.next();
        }
    }
    // Foreign text on its way to a terminal.
    value.map(|(_, text)| crate::text::one_line(&String::from_utf8_lossy(text)))
}

/// Seconds since 1970.
fn time(tag: u8, text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        // Two digits of a year, up to 2049.
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?;
    Some(time.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    fn name(kind: [u8; 3], text: &str) -> Vec<u8> {
        let pair = [
            element(OBJECT_IDENTIFIER, &kind),
            element(0x0c, text.as_bytes()),
        ];
        element(SET, &element(SEQUENCE, &pair.concat()))
    }

    fn certificate(issuer: &[u8], subject: &[u8], not_after: Vec<u8>) -> Vec<u8> {
        let validity = [element(UTC_TIME, b"260101000000Z"), not_after].concat();
        let fields = [
            element(INTEGER, &[1]),
            element(SEQUENCE, &[]),
            element(SEQUENCE, issuer),
            element(SEQUENCE, &validity),
            element(SEQUENCE, subject),
        ];
        element(SEQUENCE, &element(SEQUENCE, &fields.concat()))
    }

    #[test]
    fn names_and_times() {
        let root = [name(ORGANIZATION, "Amazon"), name(COMMON_NAME, "RDS\nCA")].concat();
        let host = name(COMMON_NAME, "db");
        let read = |der: Vec<u8>| read(&der).unwrap();
        let late = certificate(&root, &host, element(GENERALIZED_TIME, b"20610518183458Z"));
        let found = read(late);
        assert_eq!(found.signed_by, "RDS CA");
        assert!(!found.is_self_signed);
        // `date -d 2061-05-18T18:34:58Z +%s`
        assert_eq!(found.not_after_s, 2_883_666_898);
        let own = name(ORGANIZATION, "Shop");
        let found = read(certificate(&own, &own, element(UTC_TIME, b"261215171100Z")));
        assert_eq!(
            (found.signed_by.as_str(), found.is_self_signed),
            ("Shop", true)
        );
        assert_eq!(found.not_after_s, 1_797_354_660);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64), at in 0_usize..120, byte: u8) {
            let _ = read(&bytes);
            let own = name(COMMON_NAME, "x");
            let mut der = certificate(&own, &own, element(UTC_TIME, b"261215171100Z"));
            let at = at % der.len();
            der[at] = byte;
            let _ = read(&der);
            let _ = read(&der[..at]);
        }
    }
}
