//! What the handshake is made with: ring, and the curve P-521, which ring does not have, verified by aws-lc.
//!
//! Not aws-lc for all of it: rustls' feature for that would have polars, which reaches rustls too, built a second time.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::signature::{
    ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1,
    EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use tokio_rustls::rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

type Algorithm = &'static dyn SignatureVerificationAlgorithm;

/// ECDSA on P-521 with one hash.
#[derive(Debug)]
struct P521 {
    algorithm: &'static EcdsaVerificationAlgorithm,
    signature: AlgorithmIdentifier,
}

static SHA256: P521 = P521 {
    algorithm: &ECDSA_P521_SHA256_ASN1,
    signature: alg_id::ECDSA_SHA256,
};
static SHA384: P521 = P521 {
    algorithm: &ECDSA_P521_SHA384_ASN1,
    signature: alg_id::ECDSA_SHA384,
};
static SHA512: P521 = P521 {
    algorithm: &ECDSA_P521_SHA512_ASN1,
    signature: alg_id::ECDSA_SHA512,
};

impl SignatureVerificationAlgorithm for P521 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(self.algorithm, public_key)
            .verify(message, signature)
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

/// Those of ring, then ours: TLS 1.3 takes the first of a scheme, and ring's must stay that.
static ALGORITHMS: LazyLock<WebPkiSupportedAlgorithms> = LazyLock::new(|| {
    let known = ring::default_provider().signature_verification_algorithms;
    let mut all = known.all.to_vec();
    all.extend([&SHA256 as Algorithm, &SHA384, &SHA512]);
    let mut mapping: Vec<(SignatureScheme, &'static [Algorithm])> = known.mapping.to_vec();
    for (scheme, algorithms) in &mut mapping {
        // In TLS 1.2 the scheme names the hash alone.
        let added: Algorithm = match *scheme {
            SignatureScheme::ECDSA_NISTP256_SHA256 => &SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384 => &SHA384,
            _ => continue,
        };
        *algorithms = [*algorithms, &[added]].concat().leak();
    }
    static OF_P521: [Algorithm; 1] = [&SHA512];
    mapping.push((SignatureScheme::ECDSA_NISTP521_SHA512, &OF_P521));
    WebPkiSupportedAlgorithms {
        all: all.leak(),
        mapping: mapping.leak(),
    }
});

/// The provider of every handshake.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        signature_verification_algorithms: *ALGORITHMS,
        ..ring::default_provider()
    })
}
