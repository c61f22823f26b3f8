//! The client's own certificate (`sslcert`, `sslkey`), as libpq reads it.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::connect::tls::pem;
use crate::connect::x509::Certificate;
use crate::endpoint::ClientCertificate;

/// What is shown to servers that ask for a certificate.
///
/// # Errors
/// One line that names the file.
pub(super) fn load(
    files: &ClientCertificate,
    provider: &CryptoProvider,
) -> Result<Arc<dyn ResolvesClientCert>, String> {
    let ClientCertificate { certificate, key } = files;
    let chain = pem::read_certificates(certificate)
        .map_err(|reason| format!("sslcert={}: {reason}", certificate.display()))?;
    let in_key = |reason: String| format!("sslkey={}: {reason}", key.display());
    let loaded = read_key(key).map_err(in_key)?;
    let signing = provider.key_provider.load_private_key(loaded);
    let signing = signing.map_err(|_| {
        in_key("keys of this kind are not supported; use RSA of 2048 bits or more, ECDSA on P-256 or P-384, or Ed25519".to_owned())
    })?;
    // rustls would refuse certificates of version 1 here.
    let of_certificate = chain
        .first()
        .and_then(|first| Certificate::read(first).map(|read| read.key_info.to_vec()));
    let of_key = signing.public_key().map(|key| key.to_vec());
    if of_key.is_some() && of_key != of_certificate {
        return Err(in_key(format!(
            "does not belong to the certificate in sslcert={}",
            certificate.display()
        )));
    }
    let certified = CertifiedKey::new(chain, signing);
    Ok(Arc::new(SingleCertAndKey::from(certified)))
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let metadata = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("not a file".to_owned());
    }
    if is_open_to_others(&metadata) {
        return Err("other users can read or change the key, so it is not used; run chmod 0600 on it (0640 if root owns it)".to_owned());
    }
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    let is_encrypted = ["ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"]
        .iter()
        .any(|mark| {
            bytes
                .windows(mark.len())
                .any(|window| window == mark.as_bytes())
        });
    if is_encrypted {
        return Err(
            "encrypted keys are not supported; decrypt it: openssl pkey -in KEY -out NEW"
                .to_owned(),
        );
    }
    PrivateKeyDer::from_pem_slice(&bytes)
        .or_else(|_| PrivateKeyDer::try_from(bytes).map_err(|_| "it has no private key".to_owned()))
}

/// As libpq has it: a key of root's may be readable to its group.
fn is_open_to_others(metadata: &Metadata) -> bool {
    let forbidden = match metadata.uid() {
        0 => 0o037,
        _ => 0o077,
    };
    metadata.permissions().mode() & forbidden != 0
}
