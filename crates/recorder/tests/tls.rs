//! `sslmode` with libpq's meanings, against a real server with certificates of our own authorities.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{TestLab, assert_one_line, assert_success, certificates};
use recording::vocabulary::{ConnectPhase, ErrorClass};

/// What is expected of an attempt.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// It connects, over TLS.
    Tls,
    /// It connects, without.
    Plain,
    /// It fails with class `tls`, and the message says so.
    Fails(&'static str),
}

use Expected::{Fails, Plain, Tls};

const MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];
const UNTRUSTED: Expected = Fails("none of the authorities");
const EXPIRED: Expected = Fails("certificate expired");
const MISNAMED: Expected = Fails("not valid for name");
const NO_TLS: Expected = Fails("does no TLS");

/// The server's certificate, the trusted authority, and what each mode does with the two. With an authority given `require` is
/// `verify-ca`, and `prefer` does without TLS where the certificate is no good, as in libpq.
const MATRIX: [(&str, &str, [Expected; 5]); 5] = [
    ("right", "good", [Plain, Tls, Tls, Tls, Tls]),
    (
        "right",
        "other",
        [Plain, Plain, UNTRUSTED, UNTRUSTED, UNTRUSTED],
    ),
    ("misnamed", "good", [Plain, Tls, Tls, Tls, MISNAMED]),
    ("expired", "good", [Plain, Plain, EXPIRED, EXPIRED, EXPIRED]),
    ("none", "good", [Plain, Plain, NO_TLS, NO_TLS, NO_TLS]),
];

#[test]
fn every_sslmode_with_every_certificate() {
    let test = TestLab::start();
    certificates::make(test.folder.path());
    let folder = test.folder.path().display();
    let mut serving = "";
    for (certificate, authority, expected) in MATRIX {
        match certificate {
            "none" => test.reload("alter system set ssl = off"),
            _ if certificate == serving => {}
            _ => test.serve_certificate(certificate),
        }
        serving = certificate;
        for (mode, expected) in MODES.into_iter().zip(expected) {
            let parameters = format!("sslmode={mode}&sslrootcert={folder}/{authority}.pem");
            check(&test, certificate, &parameters, expected);
        }
        // Without an authority nothing is checked, and `verify-*` is a mistake (see the tests of the URL).
        let any = if certificate == "none" { NO_TLS } else { Tls };
        check(&test, certificate, "sslmode=require", any);
    }
}

fn check(test: &TestLab, certificate: &str, parameters: &str, expected: Expected) {
    let case = format!("certificate {certificate}, {parameters}");
    match (test.connect(&test.url_with(parameters)), expected) {
        (Ok(is_tls), Tls | Plain) => assert_eq!(is_tls, matches!(expected, Tls), "{case}"),
        (Err(error), Fails(reason)) => {
            assert_eq!(error.class, ErrorClass::Tls, "{case}: {error:?}");
            assert_eq!(error.phase, ConnectPhase::Tls, "{case}: {error:?}");
            assert!(error.message.contains(reason), "{case}: {error:?}");
        }
        (found, _) => panic!("{case}: expected {expected:?}, found {found:?}"),
    }
}

/// The command line: what a user reads, and what is tried again without TLS.
#[test]
fn what_the_user_is_told() {
    let test = TestLab::start();
    let folder = test.folder.path().to_str().unwrap().to_owned();
    certificates::make(test.folder.path());
    test.serve_certificate("right");
    let cleanup = |parameters: &str, variables: &[(&str, &str)]| {
        let mut command = test.command(&["cleanup", "--yes"]);
        command.env("PGOUTAGE_DIRECT_URL", test.url_with(parameters));
        command.envs(variables.iter().copied()).output().unwrap()
    };
    let good = format!("sslrootcert={folder}/good.pem");
    let other = format!("sslrootcert={folder}/other.pem");
    assert_success(&cleanup(&format!("sslmode=verify-full&{good}"), &[]));
    let untrusted = cleanup(&format!("sslmode=verify-full&{other}"), &[]);
    assert_one_line(
        &untrusted,
        2,
        &["TLS handshake", "check sslmode and sslrootcert"],
    );
    assert_one_line(&cleanup("sslrootcert=system", &[]), 2, &["direct"]);
    let missing = cleanup("sslmode=verify-ca&sslrootcert=/no/such.pem", &[]);
    assert_one_line(&missing, 2, &["/no/such.pem"]);

    // The same from libpq's variables; the URL comes first.
    let in_file = format!("{folder}/other.pem");
    let variables = [
        ("PGSSLMODE", "verify-ca"),
        ("PGSSLROOTCERT", in_file.as_str()),
    ];
    assert_one_line(&cleanup("", &variables), 2, &["none of the authorities"]);
    assert_success(&cleanup(&good, &variables));
    let wrong = cleanup("", &[("PGSSLMODE", "allow")]);
    assert_one_line(&wrong, 2, &["PGSSLMODE=allow", "--direct-url"]);

    // `prefer` takes TLS where it is to be had.
    test.set_access_rules("hostnossl all app 127.0.0.0/8 reject");
    assert_success(&cleanup("sslmode=prefer", &[]));
    assert_one_line(&cleanup("sslmode=disable", &[]), 2, &["pg_hba.conf"]);
    // And goes on without it where the server refuses this user over TLS.
    test.set_access_rules("hostssl all app 127.0.0.0/8 reject");
    assert_success(&cleanup("sslmode=prefer", &[]));
    assert_one_line(&cleanup("sslmode=require", &[]), 2, &["pg_hba.conf"]);
}
