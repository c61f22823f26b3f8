use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::*;
use crate::connect::tls::provider;
use crate::connect::x509::tests::{
    authority, certificate, extended_key_usage, key_usage, name, of_version_2,
};

const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const CLIENT_AUTH: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 3, 2];

fn with(extensions: &[Vec<u8>]) -> Vec<u8> {
    let own = name(&COMMON_NAME, "x");
    certificate(&own, &own, b"261215171100Z", &extensions.concat(), &[1, 2])
}

#[test]
fn few_self_signed_certificates_are_authorities() {
    let may = |der: &[u8]| may_be_anchor(&Certificate::read(der).unwrap());
    assert!(may(&with(&[])));
    assert!(may(&with(&[authority(None)])));
    assert!(may(&with(&[authority(Some(0)), key_usage(0x04)])));
    assert!(!may(&with(&[authority(None), key_usage(0x80)])));
    assert!(!may(&with(&[key_usage(0x04)])));
    assert!(!may(&with(&[
        authority(None),
        extended_key_usage(&CLIENT_AUTH)
    ])));
    assert!(!may(&of_version_2(with(&[authority(None)]))));
}

#[test]
fn version_2_is_not_taken_for_version_1() {
    let der = of_version_2(with(&[key_usage(0x04)]));
    let error = check_version(&Certificate::read(&der).unwrap()).unwrap_err();
    assert!(error.to_string().contains("has version 2"), "{error}");
    // Nor where it is trusted as it is.
    let der = CertificateDer::from(der);
    let trust = Trust::of("in sslrootcert", vec![der.clone()]);
    let algorithms = provider::provider().signature_verification_algorithms;
    let read = Certificate::read(&der).unwrap();
    let checked = trust.check(&der, &read, &[], UnixTime::now(), &algorithms);
    assert!(checked.unwrap_err().to_string().contains("has version 2"));
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// A recorder that runs for months reads its authorities once.
#[test]
fn an_authority_expires_while_the_recorder_runs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(
        folder,
        &format!("req -x509 {key} -days 2 -subj /CN=root -keyout root.key -out root.pem"),
    );
    std::fs::write(folder.join("v3"), "basicConstraints=CA:FALSE\n").unwrap();
    for (file, extensions) in [("v1", ""), ("v3", " -extfile v3")] {
        openssl(
            folder,
            &format!("req {key} -subj /CN=db -keyout {file}.key -out {file}.csr"),
        );
        openssl(
            folder,
            &format!(
                "x509 -req -in {file}.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -out {file}.pem{extensions}"
            ),
        );
    }
    let roots = RootCertificates::File(folder.join("root.pem"));
    let trust = Trust::read(&roots).unwrap().unwrap();
    let algorithms = provider::provider().signature_verification_algorithms;
    for file in ["v1.pem", "v3.pem"] {
        let der = crate::connect::tls::pem::read_certificates(&folder.join(file))
            .unwrap()
            .remove(0);
        let read = Certificate::read(&der).unwrap();
        let after = |days: u64| {
            let now = Duration::from_secs(UnixTime::now().as_secs() + days * 86_400);
            trust.check(
                &der,
                &read,
                &[],
                UnixTime::since_unix_epoch(now),
                &algorithms,
            )
        };
        assert!(
            after(0).is_ok() && after(1).is_ok(),
            "{file}: {:?}",
            after(0)
        );
        let error = after(3).unwrap_err().to_string();
        assert!(
            error.contains("not signed by any valid authority in sslrootcert"),
            "{error}"
        );
    }
}
