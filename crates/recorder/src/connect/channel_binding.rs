//! The channel binding `tls-server-end-point` (RFC 5929): a hash of the server's certificate, which SCRAM then proves to the
//! server. A man in the middle with a certificate of its own can't pass the login on.

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::connect::x509::{Certificate, algorithm_of};

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

fn hash_of(certificate: &[u8]) -> Option<Hash> {
    let certificate = Certificate::read(certificate)?;
    let identifier = algorithm_of(certificate.signature_algorithm)?;
    let known = ALGORITHMS.iter().find(|(known, _)| *known == identifier)?;
    Some(known.1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    use crate::connect::x509::tests::{certificate, name};

    /// A certificate that says it is signed so.
    fn certificate_of(algorithm: &[u8]) -> Vec<u8> {
        let name = name(&[0x55, 0x04, 0x03], "db");
        certificate(&name, &name, b"261215171100Z", &[], algorithm)
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
            let binding = tls_server_end_point(&certificate_of(algorithm));
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
            assert_eq!(tls_server_end_point(&certificate_of(algorithm)), None);
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = tls_server_end_point(&bytes);
        }

        #[test]
        fn never_panics_on_a_damaged_certificate(at in 0_usize..330, byte: u8, cut in 0_usize..330) {
            let mut bytes = certificate_of(&[0x2b, 0x65, 0x70]);
            let length = bytes.len();
            bytes[at % length] = byte;
            let _ = tls_server_end_point(&bytes[..cut % length]);
        }
    }
}
