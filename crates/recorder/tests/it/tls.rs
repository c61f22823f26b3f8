//! `sslmode` with libpq's meanings, against a real server with certificates of our own authorities.

use std::process::Command;

use crate::common::{
    TestLab, assert_one_line, assert_success, certificates, only_recording, rows, stderr, stdout,
};
use recording::Table;
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
const UNTRUSTED: Expected = Fails("not signed by any valid authority");
const EXPIRED: Expected = Fails("certificate expired");
const MISNAMED: Expected = Fails("is for elsewhere.lab.test, not for writer.lab.test");
const NO_TLS: Expected = Fails("has no TLS");

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
        &["TLS handshake", "check sslmode, sslrootcert and sslcert"],
    );
    assert_one_line(&cleanup("sslrootcert=system", &[]), 2, &["direct"]);
    let of_system = [("SSL_CERT_FILE", format!("{folder}/other.pem"))];
    let of_system = of_system
        .each_ref()
        .map(|(name, file)| (*name, file.as_str()));
    let said = "not signed by any valid authority of this system (sslrootcert=system)";
    assert_one_line(&cleanup("sslrootcert=system", &of_system), 2, &[said]);
    let missing = cleanup("sslmode=verify-ca&sslrootcert=/no/such.pem", &[]);
    assert_one_line(&missing, 2, &["/no/such.pem"]);

    // The same from libpq's variables; the URL comes first.
    let in_file = format!("{folder}/other.pem");
    let variables = [
        ("PGSSLMODE", "verify-ca"),
        ("PGSSLROOTCERT", in_file.as_str()),
    ];
    assert_one_line(
        &cleanup("", &variables),
        2,
        &["not signed by any valid authority"],
    );
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

/// A handshake that failed is told wherever one looks.
#[test]
fn a_prefer_that_fell_back_is_told() {
    let test = TestLab::start_set_up();
    certificates::make(test.folder.path());
    test.serve_certificate("right");
    let folder = test.folder.path().display();
    let url = test.url_with(&format!("sslrootcert={folder}/other.pem"));
    let recorder = |arguments: &[&str]| {
        let mut command = test.command(arguments);
        command.env("PGOUTAGE_DIRECT_URL", &url).output().unwrap()
    };
    let said = "sslmode=prefer continued without it: TLS handshake: the server's certificate is not signed by any valid authority";
    let checked = stdout(&recorder(&["check", "--mode", "direct"]));
    let row = checked.lines().find(|line| line.contains(said));
    assert!(row.is_some_and(|row| row.contains("warn")), "{checked}");
    for skip in [&[][..], &["--skip-check"]] {
        let runs = test.folder.path().join(format!("runs{}", skip.len()));
        let run = [
            "run",
            "--mode",
            "direct",
            "--duration",
            "1",
            "--out",
            runs.to_str().unwrap(),
        ];
        let output = recorder(&[&run, skip].concat());
        assert_success(&output);
        let warned = "TLS handshake: the server's certificate is not signed by any valid authority";
        assert!(stderr(&output).contains(warned), "{}", stderr(&output));
        let recording = only_recording(&runs);
        let error = recording.manifest().endpoints[0].tls_error.clone();
        assert!(error.is_some_and(|error| error.contains("not signed by any valid authority")));
        let connections = rows(&recording, Table::Connections);
        assert!(!connections.is_empty());
        for row in connections {
            assert!(
                row["tls_error"].contains("not signed by any valid authority"),
                "{row:?}"
            );
        }
    }
}

/// The handshake is good, and `pg_hba.conf` refuses what comes over it: the session is plain, and nothing says otherwise.
#[test]
fn a_prefer_that_was_refused_over_tls_is_told() {
    let test = TestLab::start_set_up();
    certificates::make(test.folder.path());
    test.serve_certificate("right");
    test.set_access_rules("hostssl all app 127.0.0.0/8 reject");
    let recorder = |arguments: &[&str]| {
        let mut command = test.command(arguments);
        let url = test.url_with("sslmode=prefer");
        command.env("PGOUTAGE_DIRECT_URL", url).output().unwrap()
    };
    let checked = stdout(&recorder(&["check", "--mode", "direct"]));
    let said = "sslmode=prefer continued without it: ";
    let row = checked.lines().find(|line| line.contains(said));
    assert!(
        row.is_some_and(|row| row.contains("warn") && row.contains("pg_hba.conf")),
        "{checked}"
    );
    assert!(!checked.contains("TLSv1"), "{checked}");
    let runs = test.folder.path().join("runs");
    let out = runs.to_str().unwrap();
    let run = ["run", "--mode", "direct", "--duration", "1", "--out", out];
    let output = recorder(&run);
    assert_success(&output);
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    let recording = only_recording(&runs);
    let connections = rows(&recording, Table::Connections);
    assert!(!connections.is_empty());
    for row in connections {
        // The times are those of the plain attempt, which has no TLS.
        assert!(!row.contains_key("tls_us"), "{row:?}");
        assert!(
            row.contains_key("tcp_us") && row.contains_key("startup_us"),
            "{row:?}"
        );
        assert!(row["tls_error"].contains("pg_hba.conf"), "{row:?}");
    }
}

/// Of those that psql takes where OpenSSL is told to: the cause and the way out are in the line.
#[test]
fn a_short_rsa_key_is_refused_by_its_length() {
    let folder = tempfile::tempdir().unwrap();
    certificates::make(folder.path());
    certificates::make_more(folder.path());
    let server = certificates::OpenSsl::serve(folder.path(), "rsa1024");
    let url = format!("postgres://app@{}/d?sslmode=require", server.address());
    let output = Command::new(env!("CARGO_BIN_EXE_recorder"))
        .args(["check", "--mode", "direct"])
        .env("PGOUTAGE_DIRECT_URL", url)
        .output()
        .unwrap();
    let said = stdout(&output);
    assert!(
        said.contains("the server's RSA key has 1024 bits")
            && said.contains("Give the server another key"),
        "{said} {}",
        stderr(&output)
    );
}
