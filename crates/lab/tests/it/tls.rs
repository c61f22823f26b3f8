//! A lab with TLS: applications connect with it only, and its certificate has every name and address.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use crate::common::connect;
use lab::{FailoverOptions, Lab, LabOptions, Software};
use tokio_postgres::error::SqlState;

const IS_TLS: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

/// Queries with libpq, which verifies as the URL wants. `address` replaces DNS.
fn psql(url: &str, address: &str, query: &str) -> Output {
    let program = Software::find().unwrap().pg_bindir.join("psql");
    Command::new(program)
        .args(["-X", "-A", "-t", "-c", query, url])
        .env("PGHOSTADDR", address)
        .output()
        .expect("psql, which comes with PostgreSQL's server")
}

fn answer(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .trim()
        .to_owned()
}

fn refusal(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn applications_need_it_on_every_path_and_can_verify_it() {
    let mut lab = Lab::start(LabOptions {
        tls: true,
        ..LabOptions::default()
    })
    .await
    .unwrap();
    let (direct, proxy, reader) = (lab.direct_url(), lab.proxy_url(), lab.reader_url());
    let authority = lab.dir().join("tls/ca.pem");
    for url in [&direct, &proxy, &reader] {
        let wish = format!("sslmode=verify-full&sslrootcert={}", authority.display());
        assert!(url.ends_with(&wish), "{url}");
    }
    for (url, address) in [
        (&direct, "127.0.0.2"),
        (&proxy, "127.0.0.1"),
        (&reader, "127.0.0.3"),
    ] {
        // Through the proxy this is the proxy's own connection to the server, which has TLS too.
        assert_eq!(answer(&psql(url, address, IS_TLS)), "t", "{url}");
    }

    // Without it both the server and the proxy refuse.
    let plain = |url: &str| url.split_once('?').unwrap().0.to_owned() + "?sslmode=disable";
    let address = Some(lab.writer().address());
    let refused = connect(&plain(&direct), address).await.unwrap_err();
    let code = Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert_eq!(refused.code(), code, "{refused:?}");
    let refused = connect(&plain(&proxy), None).await.unwrap_err();
    assert!(refused.as_db_error().is_some(), "{refused:?}");

    // A name that the certificate does not have, and an authority that did not sign it.
    let elsewhere = direct.replace("writer.lab.test", "writer.example.com");
    let refused = refusal(&psql(&elsewhere, "127.0.0.2", "select 1"));
    assert!(refused.contains("does not match host name"), "{refused}");
    let other = Lab::start(LabOptions {
        tls: true,
        ..LabOptions::default()
    })
    .await
    .unwrap();
    let theirs = other.dir().join("tls/ca.pem");
    let strangers = direct.replace(
        &authority.display().to_string(),
        &theirs.display().to_string(),
    );
    let refused = refusal(&psql(&strangers, "127.0.0.2", "select 1"));
    assert!(refused.contains("certificate verify failed"), "{refused}");
    drop(other);
    assert_key_is_private(&authority.with_file_name("server.key"));

    // And with the next writer.
    let quick = FailoverOptions {
        dns_after: Duration::ZERO,
        return_after: Duration::ZERO,
        promote_after: Duration::ZERO,
        ..FailoverOptions::default()
    };
    lab.failover(&quick, |_| ()).await.unwrap();
    let write = "create table written (i int)";
    assert_eq!(answer(&psql(&direct, "127.0.0.3", write)), "CREATE TABLE");
    assert_eq!(answer(&psql(&proxy, "127.0.0.1", IS_TLS)), "t");
}

fn assert_key_is_private(key: &Path) {
    let metadata = fs::metadata(key).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let data = fs::metadata(key.parent().unwrap().with_file_name("a")).unwrap();
    assert_eq!(metadata.uid(), data.uid(), "the servers' account has it");
}
