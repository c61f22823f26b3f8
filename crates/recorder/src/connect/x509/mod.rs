//! What a certificate says: the fields of X.509 (RFC 5280, section 4.1) that are shown to people, or that a check of our own needs.
//!
//! Read by hand: rustls' own reader takes no version 1, which is what the recipe of PostgreSQL's manual makes, and the parsers that there
//! are switch on features of `syn` and `const-oid` that have polars built a second time.

use std::net::IpAddr;

use chrono::NaiveDateTime;

/// The tags of DER that are met.
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// Kinds of alternative names.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// id-at-commonName, id-at-organizationName.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const ORGANIZATION: [u8; 3] = [0x55, 0x04, 0x0a];
/// id-ce: what the extensions of RFC 5280 begin with.
const EXTENSION: [u8; 2] = [0x55, 0x1d];
/// id-ce-subjectAltName, id-ce-basicConstraints, id-ce-keyUsage, id-ce-extKeyUsage.
const ALTERNATIVE_NAMES: [u8; 3] = [0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];
const KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x25];
/// The last numbers of the extensions that OpenSSL knows, and so takes where they are critical: subjectKeyIdentifier, keyUsage, subjectAltName,
/// basicConstraints, nameConstraints, cRLDistributionPoints, certificatePolicies, policyMappings, authorityKeyIdentifier, policyConstraints,
/// extKeyUsage, inhibitAnyPolicy.
const KNOWN_EXTENSIONS: [u8; 12] = [14, 15, 17, 19, 30, 31, 32, 33, 35, 36, 37, 54];
/// id-kp-serverAuth, 1.3.6.1.5.5.7.3.1.
const SERVER_AUTH: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 3, 1];
/// Bits of keyUsage: digitalSignature, keyEncipherment, keyAgreement; keyCertSign.
const TLS_USE: u8 = 0x80 | 0x20 | 0x08;
const SIGNING_USE: u8 = 0x04;
/// rsaEncryption, 1.2.840.113549.1.1.1.
const RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

/// A certificate, read but not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate<'a> {
    /// What the issuer signed, with its tag and length.
    pub(crate) signed_part: &'a [u8],
    /// The content of the AlgorithmIdentifier of that signature.
    pub(crate) signature_algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
    /// 1 to 3.
    pub(crate) version: u8,
    /// The content of the issuer's name.
    pub(crate) issuer: &'a [u8],
    /// The content of its own name.
    pub(crate) subject: &'a [u8],
    /// Seconds since 1970.
    pub(crate) not_before_s: i64,
    /// Seconds since 1970.
    pub(crate) not_after_s: i64,
    /// The SubjectPublicKeyInfo, with its tag and length.
    pub(crate) key_info: &'a [u8],
    /// It has some, whatever its version.
    pub(crate) has_extensions: bool,
    /// One of the critical ones has no meaning to us.
    pub(crate) has_unknown_critical: bool,
    /// What it says of itself as an authority; `None` where it says nothing.
    pub(crate) basic_constraints: Option<BasicConstraints>,
    /// The first byte of keyUsage; nothing is allowed where it can't be read.
    key_usage: Option<u8>,
    /// Whether extendedKeyUsage has servers among its uses; `None` where it has no such list.
    server_use: Option<bool>,
    /// Names of hosts among the alternative names, as they are.
    pub(crate) dns_names: Vec<&'a [u8]>,
    /// Addresses among the alternative names: four bytes, or sixteen.
    pub(crate) addresses: Vec<&'a [u8]>,
}

/// Whether a certificate may sign others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    /// It says that it may.
    pub(crate) is_authority: bool,
    /// How many authorities may stand below it, before the server's certificate.
    pub(crate) path_length: Option<usize>,
}

/// A public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublicKey<'a> {
    /// The content of its AlgorithmIdentifier.
    pub(crate) algorithm: &'a [u8],
    /// The key.
    pub(crate) bits: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads a certificate; `None` where it is none.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut certificate = DerReader(DerReader(der).take(SEQUENCE)?);
        let signed_part = certificate.take_whole(SEQUENCE)?;
        let signature_algorithm = certificate.take(SEQUENCE)?;
        let signature = bits(certificate.take(BIT_STRING)?)?;
        let mut fields = DerReader(DerReader(signed_part).take(SEQUENCE)?);
        // Version 1 says no version; the others count from 0.
        let version = match fields.take(VERSION) {
            None => 1,
            Some(version) => DerReader(version).take(INTEGER)?.last()?.checked_add(1)?,
        };
        let _serial = fields.take(INTEGER)?;
        let _algorithm = fields.take(SEQUENCE)?;
        let issuer = fields.take(SEQUENCE)?;
        let mut validity = DerReader(fields.take(SEQUENCE)?);
        let subject = fields.take(SEQUENCE)?;
        let key_info = fields.take_whole(SEQUENCE)?;
        let mut read = Self {
            signed_part,
            signature_algorithm,
            signature,
            version,
            issuer,
            subject,
            not_before_s: validity.next().and_then(time)?,
            not_after_s: validity.next().and_then(time)?,
            key_info,
            has_extensions: false,
            has_unknown_critical: false,
            basic_constraints: None,
            key_usage: None,
            server_use: None,
            dns_names: Vec::new(),
            addresses: Vec::new(),
        };
        while let Some((tag, content)) = fields.next() {
            // Between the two there are unique identifiers at most.
            if tag == EXTENSIONS {
                read.has_extensions = true;
                read.extensions(DerReader(content).take(SEQUENCE)?)?;
            }
        }
        Some(read)
    }

    fn extensions(&mut self, extensions: &'a [u8]) -> Option<()> {
        let mut extensions = DerReader(extensions);
        while let Some(extension) = extensions.take(SEQUENCE) {
            let mut extension = DerReader(extension);
            let kind = extension.take(OBJECT_IDENTIFIER)?;
            let is_critical = extension.take(BOOLEAN).is_some_and(is_true);
            let value = extension.take(OCTET_STRING)?;
            if kind == ALTERNATIVE_NAMES {
                self.alternative_names(DerReader(value).take(SEQUENCE)?);
            } else if kind == BASIC_CONSTRAINTS {
                let mut says = DerReader(DerReader(value).take(SEQUENCE)?);
                self.basic_constraints = Some(BasicConstraints {
                    is_authority: says.take(BOOLEAN).is_some_and(is_true),
                    path_length: says.take(INTEGER).map(path_length),
                });
            } else if kind == KEY_USAGE {
                let bits = DerReader(value).take(BIT_STRING);
                self.key_usage = Some(bits.and_then(|bits| bits.get(1)).map_or(0, |byte| *byte));
            } else if kind == EXTENDED_KEY_USAGE {
                let mut uses = DerReader(DerReader(value).take(SEQUENCE).unwrap_or_default());
                let mut each = std::iter::from_fn(|| uses.take(OBJECT_IDENTIFIER));
                self.server_use = Some(each.any(|usage| usage == SERVER_AUTH));
            }
            let number = kind.strip_prefix(&EXTENSION);
            let is_known = matches!(number, Some([number]) if KNOWN_EXTENSIONS.contains(number));
            self.has_unknown_critical |= is_critical && !is_known;
        }
        Some(())
    }

    fn alternative_names(&mut self, names: &'a [u8]) {
        let mut names = DerReader(names);
        while let Some((kind, name)) = names.next() {
            match kind {
                DNS_NAME => self.dns_names.push(name),
                IP_ADDRESS => self.addresses.push(name),
                _ => {}
            }
        }
    }

    /// It says that it may sign others.
    pub(crate) fn is_authority(&self) -> bool {
        self.basic_constraints.is_some_and(|says| says.is_authority)
    }

    /// Its key may sign certificates: keyUsage says so, or is not there.
    pub(crate) fn may_sign(&self) -> bool {
        self.key_usage.is_none_or(|bits| bits & SIGNING_USE != 0)
    }

    /// Its key may be used for TLS: keyUsage says so, or is not there.
    pub(crate) fn may_do_tls(&self) -> bool {
        self.key_usage.is_none_or(|bits| bits & TLS_USE != 0)
    }

    /// It is for servers: extendedKeyUsage says so, or is not there.
    pub(crate) fn is_for_servers(&self) -> bool {
        self.server_use.unwrap_or(true)
    }

    /// It is its own issuer, or so it says.
    pub(crate) fn is_self_signed(&self) -> bool {
        self.issuer == self.subject
    }

    /// The issuer's common name, else its organization.
    pub(crate) fn signed_by(&self) -> String {
        let name = attribute(self.issuer, COMMON_NAME, DerReader::last_value)
            .or_else(|| attribute(self.issuer, ORGANIZATION, DerReader::last_value));
        match name {
            // Foreign text on its way to a terminal.
            Some(name) => command_line::text::one_line(&String::from_utf8_lossy(name)),
            None => "an authority without a name".to_owned(),
        }
    }

    /// Its own common name; of several the first, as libpq takes it.
    pub(crate) fn common_name(&self) -> Option<&'a [u8]> {
        attribute(self.subject, COMMON_NAME, DerReader::first_value)
    }

    /// Every name of the certificate that a host's name or address is held against, for people.
    pub(crate) fn names(&self) -> Vec<String> {
        let text = |name: &&[u8]| command_line::text::one_line(&String::from_utf8_lossy(name));
        let mut names: Vec<String> = self.dns_names.iter().map(text).collect();
        let addresses = self.addresses.iter().filter_map(|bytes| address(bytes));
        names.extend(addresses.map(|address| address.to_string()));
        if names.is_empty() {
            names.extend(self.common_name().as_ref().map(text));
        }
        names
    }

    pub(crate) fn public_key(&self) -> Option<PublicKey<'a>> {
        PublicKey::read(DerReader(self.key_info).take(SEQUENCE)?)
    }
}

impl<'a> PublicKey<'a> {
    /// Reads the content of a SubjectPublicKeyInfo.
    pub(crate) fn read(content: &'a [u8]) -> Option<Self> {
        let mut parts = DerReader(content);
        Some(Self {
            algorithm: parts.take(SEQUENCE)?,
            bits: bits(parts.take(BIT_STRING)?)?,
        })
    }

    /// The length of an RSA key, bits; `None` for other kinds.
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        (DerReader(self.algorithm).take(OBJECT_IDENTIFIER)? == RSA).then_some(())?;
        let modulus = DerReader(DerReader(self.bits).take(SEQUENCE)?).take(INTEGER)?;
        let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
        let first = modulus.get(zeros)?;
        Some((modulus.len() - zeros) * 8 - first.leading_zeros() as usize)
    }
}

/// The identifier in the content of an AlgorithmIdentifier.
pub(crate) fn algorithm_of(identifier: &[u8]) -> Option<&[u8]> {
    DerReader(identifier).take(OBJECT_IDENTIFIER)
}

/// An address as a certificate writes it.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn is_true(boolean: &[u8]) -> bool {
    boolean != [0]
}

/// A number below zero, which is a mistake, allows nothing.
fn path_length(integer: &[u8]) -> usize {
    if integer.first().is_none_or(|first| *first >= 0x80) {
        return 0;
    }
    let add = |sum: usize, byte: &u8| sum.saturating_mul(256).saturating_add(usize::from(*byte));
    integer.iter().fold(0, add)
}

/// The content of a bit string of whole bytes.
fn bits(content: &[u8]) -> Option<&[u8]> {
    match content.split_first()? {
        (0, bits) => Some(bits),
        _ => None,
    }
}

/// Elements of DER, one after the other.
#[derive(Clone, Copy)]
struct DerReader<'a>(&'a [u8]);

impl<'a> DerReader<'a> {
    /// The content of the next element, if it has that tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        match self.0.first() {
            Some(found) if *found == tag => self.next().map(|(_, content)| content),
            _ => None,
        }
    }

    /// The same with its tag and length.
    fn take_whole(&mut self, tag: u8) -> Option<&'a [u8]> {
        let before = self.0;
        self.take(tag)?;
        before.get(..before.len() - self.0.len())
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

    fn first_value(found: Option<&'a [u8]>, next: &'a [u8]) -> &'a [u8] {
        found.unwrap_or(next)
    }

    fn last_value(_: Option<&'a [u8]>, next: &'a [u8]) -> &'a [u8] {
        next
    }
}

/// Which of the values of one kind in a name: `choose` has the one so far, and the next.
fn attribute<'a>(
    name: &'a [u8],
    kind: [u8; 3],
    choose: fn(Option<&'a [u8]>, &'a [u8]) -> &'a [u8],
) -> Option<&'a [u8]> {
    let mut sets = DerReader(name);
    let mut value = None;
    while let Some(set) = sets.take(SET) {
        let mut pair = DerReader(DerReader(set).take(SEQUENCE)?);
        if pair.take(OBJECT_IDENTIFIER)? == kind {
            let (_, next) = pair.next()?;
            value = Some(choose(value, next));
        }
    }
    value
}

/// Seconds since 1970.
fn time((tag, text): (u8, &[u8])) -> Option<i64> {
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
pub(crate) mod tests;
