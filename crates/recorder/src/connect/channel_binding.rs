//! The channel binding `tls-server-end-point` (RFC 5929): a hash of the server's certificate, which SCRAM then proves to the
//! server. Whoever stands between with a certificate of his own can't pass the login on.

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// Tags of DER.
const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// Signature algorithms whose name holds a hash, as DER writes them, and that hash. After the RFC, MD5 and SHA-1 count as SHA-256.
const ALGORITHMS: [(&[u8], Hash); 11] = [
    // 1.2.840.113549.1.1: RSA with MD5, SHA-1, SHA-256, SHA-384, SHA-512, SHA-224.
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5], Hash::Sha256),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11],
        Hash::Sha256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12],
        Hash::Sha384,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13],
        Hash::Sha512,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 14],
        Hash::Sha224,
    ),
    // 1.2.840.10045.4: ECDSA with SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1], Hash::Sha224),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3], Hash::Sha384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], Hash::Sha512),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The binding to a certificate in DER. `None` where its signature algorithm names no hash, as Ed25519 and RSA-PSS: servers do
/// not agree on what to hash then, and the RFC leaves it open.
pub(super) fn tls_server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    Some(match hash_of(certificate)? {
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

/// `Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, ... }, ... }`
fn hash_of(certificate: &[u8]) -> Option<Hash> {
    let (certificate, _) = take(SEQUENCE, certificate)?;
    let (_, after_signed_part) = take(SEQUENCE, certificate)?;
    let (algorithm, _) = take(SEQUENCE, after_signed_part)?;
    let (identifier, _) = take(OBJECT_IDENTIFIER, algorithm)?;
    let known = ALGORITHMS.iter().find(|(known, _)| *known == identifier)?;
    Some(known.1)
}

/// The content of the first element, which must have that tag, and what follows it.
fn take(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // The low bits say how many bytes of length follow; no certificate needs more than three.
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = length
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    (found == tag).then_some(())?;
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    }

    /// As much of a certificate as is looked at.
    fn certificate(algorithm: &[u8]) -> Vec<u8> {
        let signed_part = element(SEQUENCE, &[7; 300]);
        let algorithm = element(SEQUENCE, &element(OBJECT_IDENTIFIER, algorithm));
        element(SEQUENCE, &[signed_part, algorithm].concat())
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        for (algorithm, length) in [
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4][..], 32),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5], 32),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11], 32),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12], 48),
            (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], 64),
            (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1], 28),
        ] {
            let binding = tls_server_end_point(&certificate(algorithm));
            assert_eq!(
                binding.map(|binding| binding.len()),
                Some(length),
                "{algorithm:?}"
            );
        }
        // Ed25519, RSA-PSS.
        for algorithm in [
            &[0x2b, 0x65, 0x70][..],
            &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10],
        ] {
            assert_eq!(tls_server_end_point(&certificate(algorithm)), None);
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = tls_server_end_point(&bytes);
        }

        #[test]
        fn never_panics_on_a_damaged_certificate(at in 0_usize..330, byte: u8, cut in 0_usize..330) {
            let mut bytes = certificate(&[0x2b, 0x65, 0x70]);
            let length = bytes.len();
            bytes[at % length] = byte;
            let _ = tls_server_end_point(&bytes[..cut % length]);
        }
    }
}
