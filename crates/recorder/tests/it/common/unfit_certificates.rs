//! Certificates that are not what they are used for, as servers' own and as those trusted, and next to them those that are just good enough.

use std::path::Path;

use super::certificates::{NAME, openssl, request, sign};

/// One of another's making, which nothing but its maker knows.
const UNKNOWN: &str = "1.2.3.4.5=critical,DER:0500";
const CA: &str = "basicConstraints=critical,CA:TRUE";

/// Makes `<file>.pem`, self-signed, and the same as `<file>.crt`.
fn self_signed(folder: &Path, file: &str, subject: &str, extensions: &str) {
    request(folder, file, subject, "prime256v1");
    std::fs::write(folder.join("extensions"), extensions).unwrap();
    openssl(
        folder,
        &format!(
            "x509 -req -in {file}.csr -signkey {file}.key -days 2 -extfile extensions -out {file}.pem"
        ),
    );
    let [pem, crt] = ["pem", "crt"].map(|extension| folder.join(format!("{file}.{extension}")));
    std::fs::copy(pem, crt).unwrap();
}

/// The same with dates of its own.
fn dated(folder: &Path, file: &str, start: &str, end: &str) {
    request(folder, file, file, "prime256v1");
    std::fs::write(folder.join("extensions"), CA).unwrap();
    openssl(
        folder,
        &format!(
            "ca -batch -notext -config authority.cnf -selfsign -keyfile {file}.key -in {file}.csr -extfile extensions -startdate {start} -enddate {end} -out {file}.pem"
        ),
    );
}

/// Makes `<file>.crt` for the writer, which `signer` signed; the signer's own certificate is shown with it where `is_shown`.
fn server(folder: &Path, file: &str, signer: &str, extensions: &str, is_shown: bool) {
    request(folder, file, NAME, "prime256v1");
    let extensions = format!("subjectAltName=DNS:{NAME}\n{extensions}");
    sign(folder, file, signer, Some(&extensions));
    if is_shown {
        let path = folder.join(format!("{file}.crt"));
        let both = [
            std::fs::read(&path).unwrap(),
            std::fs::read(folder.join(format!("{signer}.pem"))).unwrap(),
        ];
        std::fs::write(path, both.concat()).unwrap();
    }
}

/// Makes `<file>.pem`, an authority that another signed.
fn between(folder: &Path, file: &str, signer: &str, extensions: &str) {
    request(folder, file, file, "prime256v1");
    sign(folder, file, signer, Some(extensions));
    let [crt, pem] = ["crt", "pem"].map(|extension| folder.join(format!("{file}.{extension}")));
    std::fs::copy(crt, pem).unwrap();
}

/// Makes them all, after those of [`super::certificates::make_more`]; the table of `tests/libpq.rs` says what each is for.
pub fn make(folder: &Path) {
    let names = format!("subjectAltName=DNS:{NAME}");
    let roots = [
        ("not-ca", "basicConstraints=critical,CA:FALSE".to_owned()),
        (
            "no-sign",
            format!("{CA}\nkeyUsage=critical,digitalSignature"),
        ),
        ("undeclared", "keyUsage=critical,keyCertSign".to_owned()),
        ("client-root", format!("{CA}\nextendedKeyUsage=clientAuth")),
        ("critical-root", format!("{CA}\n{UNKNOWN}")),
        (
            "path0",
            format!("{CA},pathlen:0\nkeyUsage=critical,keyCertSign"),
        ),
        ("path1", format!("{CA},pathlen:1")),
    ];
    for (file, extensions) in roots {
        self_signed(folder, file, file, &extensions);
        server(folder, &format!("by-{file}"), file, "", false);
    }
    make_own(folder, &names);
    make_dated(folder);
    make_by_good(folder);
}

/// Certificates of version 1, and servers' that are their own roots.
fn make_own(folder: &Path, names: &str) {
    request(folder, "v1-by-not-ca", NAME, "prime256v1");
    sign(folder, "v1-by-not-ca", "not-ca", None);
    let [crt, pem] = ["own-v1.crt", "own-v1.pem"].map(|file| folder.join(file));
    std::fs::copy(crt, pem).unwrap();
    server(folder, "by-own-v1", "own-v1", "", false);
    let own = [
        ("own-not-ca", "basicConstraints=CA:FALSE"),
        ("own-client", "extendedKeyUsage=clientAuth"),
        ("own-critical", UNKNOWN),
        (
            "own-sign-only",
            "basicConstraints=CA:TRUE\nkeyUsage=keyCertSign",
        ),
    ];
    for (file, extensions) in own {
        self_signed(folder, file, NAME, &format!("{names}\n{extensions}"));
    }
}

fn make_dated(folder: &Path) {
    dated(folder, "future", "20400101000000Z", "20450101000000Z");
    dated(folder, "past", "20200101000000Z", "20210101000000Z");
    server(folder, "by-future", "future", "", false);
    server(folder, "by-past", "past", "", false);
}

/// With a good root, and something wrong below it.
fn make_by_good(folder: &Path) {
    server(
        folder,
        "sign-only",
        "good",
        "keyUsage=critical,keyCertSign",
        false,
    );
    server(
        folder,
        "client-use",
        "good",
        "extendedKeyUsage=clientAuth",
        false,
    );
    server(folder, "critical", "good", UNKNOWN, false);
    for root in ["path0", "path1"] {
        let middle = format!("below-{root}");
        between(folder, &middle, root, CA);
        server(folder, &format!("by-{middle}"), &middle, "", true);
    }
    between(
        folder,
        "weak",
        "good",
        &format!("{CA}\nkeyUsage=critical,digitalSignature"),
    );
    server(folder, "by-weak", "weak", "", true);
}
