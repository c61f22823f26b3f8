//! TLS for the lab: an authority of its own, and a certificate that both servers and the proxy show.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::{
    account::Account,
    dns::{READER_NAME, WRITER_NAME},
    error::LabError,
    node_name::NodeName,
};

/// The folder of the certificates, in the lab's.
fn dir(lab: &Path) -> PathBuf {
    lab.join("tls")
}

/// The authority's certificate: what clients trust (`sslrootcert`).
pub(crate) fn authority(lab: &Path) -> PathBuf {
    dir(lab).join("ca.pem")
}

/// The certificate of the servers and the proxy.
pub(crate) fn certificate(lab: &Path) -> PathBuf {
    dir(lab).join("server.pem")
}

/// Its key, which only the servers' account can read: PostgreSQL wants it so.
pub(crate) fn key(lab: &Path) -> PathBuf {
    dir(lab).join("server.key")
}

/// Makes an authority, whose key is forgotten at once, and a certificate for every name and address of the lab.
pub(crate) fn make(lab: &Path, account: &Account) -> Result<(), LabError> {
    let (authority_pem, certificate_pem, key_pem) =
        sign().map_err(|error| LabError::State(format!("making certificates: {error}")))?;
    let dir = dir(lab);
    fs::create_dir(&dir).map_err(LabError::io(format!("making {}", dir.display())))?;
    for (path, text) in [
        (authority(lab), authority_pem),
        (certificate(lab), certificate_pem),
    ] {
        fs::write(&path, text).map_err(LabError::io(format!("writing {}", path.display())))?;
    }
    account.write_private(&key(lab), &key_pem)
}

fn sign() -> Result<(String, String, String), rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority
        .distinguished_name
        .push(DnType::CommonName, "pgoutage lab authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let addresses = NodeName::ALL.map(|node| node.address().to_string());
    let names = [WRITER_NAME, READER_NAME, "localhost", "127.0.0.1"].map(str::to_owned);
    let mut server =
        CertificateParams::new(names.into_iter().chain(addresses).collect::<Vec<_>>())?;
    server
        .distinguished_name
        .push(DnType::CommonName, WRITER_NAME);
    // Every lab's authority has the same name: only this shows a client that another one signed.
    server.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &authority)?;
    Ok((authority.pem(), certificate.pem(), key.serialize_pem()))
}
