use super::*;
use proptest::prelude::*;

const SOON: &[u8] = b"261215171100Z";
const SIGNED: &[u8] = &[1, 2];

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

pub(crate) fn name(kind: &[u8], text: &str) -> Vec<u8> {
    let pair = [
        element(OBJECT_IDENTIFIER, kind),
        element(0x0c, text.as_bytes()),
    ];
    element(SET, &element(SEQUENCE, &pair.concat()))
}

fn key_info() -> Vec<u8> {
    let modulus = [&[0_u8, 0x80][..], &[1; 127]].concat();
    let key = [element(INTEGER, &modulus), element(INTEGER, &[1, 0, 1])].concat();
    let bits = [&[0][..], &element(SEQUENCE, &key)].concat();
    let algorithm = element(SEQUENCE, &element(OBJECT_IDENTIFIER, &RSA));
    element(SEQUENCE, &[algorithm, element(BIT_STRING, &bits)].concat())
}

/// A certificate of version 1, of version 3 with these extensions.
pub(crate) fn certificate(
    issuer: &[u8],
    subject: &[u8],
    not_after: &[u8],
    extensions: &[u8],
    algorithm: &[u8],
) -> Vec<u8> {
    // Four digits of the year, or two.
    let kind = match not_after.len() {
        15 => GENERALIZED_TIME,
        _ => UTC_TIME,
    };
    let validity = [
        element(UTC_TIME, b"260101000000Z"),
        element(kind, not_after),
    ]
    .concat();
    let version = element(VERSION, &element(INTEGER, &[2]));
    let mut fields = vec![
        element(INTEGER, &[1]),
        element(SEQUENCE, &[]),
        element(SEQUENCE, issuer),
        element(SEQUENCE, &validity),
        element(SEQUENCE, subject),
        key_info(),
    ];
    if !extensions.is_empty() {
        fields.insert(0, version);
        fields.push(element(EXTENSIONS, &element(SEQUENCE, extensions)));
    }
    let whole = [
        element(SEQUENCE, &fields.concat()),
        element(SEQUENCE, &element(OBJECT_IDENTIFIER, algorithm)),
        element(BIT_STRING, &[0, 9, 9]),
    ];
    element(SEQUENCE, &whole.concat())
}

#[test]
fn names_and_times() {
    let root = [name(&ORGANIZATION, "Amazon"), name(&COMMON_NAME, "RDS\nCA")].concat();
    let host = [name(&COMMON_NAME, "db"), name(&COMMON_NAME, "later")].concat();
    let der = certificate(&root, &host, b"20610518183458Z", &[], SIGNED);
    let found = Certificate::read(&der).unwrap();
    assert_eq!(found.signed_by(), "RDS CA");
    assert_eq!(found.common_name(), Some(&b"db"[..]));
    assert_eq!(found.names(), ["db"]);
    assert_eq!((found.version, found.is_self_signed()), (1, false));
    // `date -d 2061-05-18T18:34:58Z +%s`
    assert_eq!(found.not_after_s, 2_883_666_898);
    assert_eq!(found.not_before_s, 1_767_225_600);
    assert_eq!(found.signature, [9, 9]);
    assert_eq!(found.public_key().unwrap().rsa_bits(), Some(1024));
    let own = name(&ORGANIZATION, "Shop");
    let der = certificate(&own, &own, SOON, &[], SIGNED);
    let found = Certificate::read(&der).unwrap();
    assert_eq!(found.signed_by(), "Shop");
    assert!(found.is_self_signed());
    assert_eq!(found.not_after_s, 1_797_354_660);
}

pub(crate) fn extension(kind: &[u8], is_critical: bool, value: &[u8]) -> Vec<u8> {
    let parts = [
        element(OBJECT_IDENTIFIER, kind),
        element(BOOLEAN, &[if is_critical { 0xff } else { 0 }]),
        element(OCTET_STRING, value),
    ];
    element(SEQUENCE, &parts.concat())
}

/// CA:TRUE.
pub(crate) fn authority(path_length: Option<u8>) -> Vec<u8> {
    let mut says = element(BOOLEAN, &[0xff]);
    says.extend(
        path_length
            .iter()
            .flat_map(|most| element(INTEGER, &[*most])),
    );
    extension(&BASIC_CONSTRAINTS, true, &element(SEQUENCE, &says))
}

/// The first byte of keyUsage.
pub(crate) fn key_usage(bits: u8) -> Vec<u8> {
    extension(&KEY_USAGE, true, &element(BIT_STRING, &[0, bits]))
}

/// extendedKeyUsage with one use.
pub(crate) fn extended_key_usage(usage: &[u8]) -> Vec<u8> {
    let uses = element(SEQUENCE, &element(OBJECT_IDENTIFIER, usage));
    extension(&EXTENDED_KEY_USAGE, false, &uses)
}

/// Of version 3, it says that it is of version 2.
pub(crate) fn of_version_2(mut der: Vec<u8>) -> Vec<u8> {
    let version = element(VERSION, &element(INTEGER, &[2]));
    let at = der.windows(version.len()).position(|part| part == version);
    der[at.unwrap() + version.len() - 1] = 1;
    der
}

#[test]
fn what_it_may_be_used_for() {
    let own = name(&COMMON_NAME, "x");
    let uses = |extensions: &[u8]| {
        let der = certificate(&own, &own, SOON, extensions, SIGNED);
        let found = Certificate::read(&der).unwrap();
        assert_eq!(found.has_extensions, !extensions.is_empty());
        let (signs, does_tls) = (found.may_sign(), found.may_do_tls());
        let of_use = (signs, does_tls, found.is_for_servers());
        (of_use, found.has_unknown_critical)
    };
    let client_auth = [0x2b, 6, 1, 5, 5, 7, 3, 2];
    let broken = extension(&KEY_USAGE, true, &element(INTEGER, &[0xff]));
    let unknown = |is_critical| extension(&[0x2a, 3, 4, 5], is_critical, &[5, 0]);
    let cases = [
        (Vec::new(), (true, true, true), false),
        (authority(None), (true, true, true), false),
        (key_usage(0x80), (false, true, true), false),
        (key_usage(0x20), (false, true, true), false),
        (key_usage(0x08), (false, true, true), false),
        (key_usage(0x06), (true, false, true), false),
        (broken, (false, false, true), false),
        (extended_key_usage(&SERVER_AUTH), (true, true, true), false),
        (extended_key_usage(&client_auth), (true, true, false), false),
        (unknown(true), (true, true, true), true),
        (unknown(false), (true, true, true), false),
    ];
    for (extensions, of_use, is_unknown) in cases {
        assert_eq!(uses(&extensions), (of_use, is_unknown), "{extensions:x?}");
    }
    assert_eq!(path_length(&[0]), 0);
    assert_eq!(path_length(&[0xff]), 0);
    assert_eq!(path_length(&[1, 0]), 256);
    assert_eq!(path_length(&[0x7f; 20]), usize::MAX);
}

#[test]
fn extensions() {
    let names = [
        element(DNS_NAME, b"*.shop.test"),
        element(IP_ADDRESS, &[10, 0, 0, 1]),
    ]
    .concat();
    let both = [
        authority(Some(1)),
        extension(&ALTERNATIVE_NAMES, true, &element(SEQUENCE, &names)),
    ];
    let own = name(&COMMON_NAME, "x");
    let der = certificate(&own, &own, SOON, &both.concat(), SIGNED);
    let found = Certificate::read(&der).unwrap();
    assert_eq!((found.version, found.is_authority()), (3, true));
    assert_eq!(found.basic_constraints.unwrap().path_length, Some(1));
    assert_eq!(found.dns_names, [b"*.shop.test"]);
    assert_eq!(found.names(), ["*.shop.test", "10.0.0.1"]);
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64), at in 0_usize..400, byte: u8) {
        let _ = Certificate::read(&bytes);
        let own = name(&COMMON_NAME, "x");
        let mut der = certificate(&own, &own, SOON, &own, SIGNED);
        let at = at % der.len();
        der[at] = byte;
        if let Some(read) = Certificate::read(&der) {
            let _ = (read.names(), read.signed_by(), read.public_key().map(|key| key.rsa_bits()));
        }
        let _ = Certificate::read(&der[..at]);
    }
}
