//! `sslmode` with libpq's meanings, against a real server with a certificate of our own authority.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use std::os::unix::fs::MetadataExt;

use common::{TestLab, assert_one_line, assert_success};

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .expect("this test needs openssl (Debian: apt-get install openssl)");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn authority(folder: &Path, name: &str) {
    openssl(
        folder,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"
        ),
    );
}

/// Gives the lab's writer a certificate for its DNS name and turns TLS on.
fn turn_tls_on(test: &TestLab) {
    let folder = test.folder.path();
    authority(folder, "good");
    authority(folder, "other");
    openssl(
        folder,
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=writer -keyout server.key -out server.csr",
    );
    std::fs::write(folder.join("names"), "subjectAltName=DNS:writer.lab.test\n").unwrap();
    openssl(
        folder,
        "x509 -req -in server.csr -CA good.pem -CAkey good.key -CAcreateserial -days 2 -extfile names -out server.pem",
    );
    let data = test
        .texts("select current_setting('data_directory')")
        .remove(0);
    let owner = std::fs::metadata(&data).unwrap();
    for (from, to) in [("server.pem", "server.crt"), ("server.key", "server.key")] {
        let target = Path::new(&data).join(to);
        std::fs::copy(folder.join(from), &target).unwrap();
        chown(&target, Some(owner.uid()), Some(owner.gid())).unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let admin = test.admin();
    test.runtime.block_on(async {
        admin
            .batch_execute("alter system set ssl = on")
            .await
            .unwrap();
        admin
            .batch_execute("select pg_reload_conf()")
            .await
            .unwrap();
    });
    common::wait_until("TLS", || {
        test.texts("select current_setting('ssl')") == ["on"]
    });
}

#[test]
fn every_sslmode() {
    let test = TestLab::start();
    let folder = test.folder.path().to_str().unwrap().to_owned();
    let url = test.lab.direct_url();
    let (base, _) = url.split_once('?').unwrap();
    let by_address = base.replace("writer.lab.test", "127.0.0.2");
    let connect = |base: &str, parameters: &str| {
        let url = format!("{base}?{parameters}");
        test.command(&["cleanup", "--yes"])
            .env("PGOUTAGE_DIRECT_URL", url)
            .output()
            .unwrap()
    };

    // A server without TLS.
    assert_success(&connect(base, ""));
    assert_success(&connect(base, "sslmode=disable"));
    assert_one_line(
        &connect(base, "sslmode=require"),
        2,
        &["does no TLS", "sslmode=require"],
    );

    turn_tls_on(&test);
    let good = format!("sslrootcert={folder}/good.pem");
    let other = format!("sslrootcert={folder}/other.pem");
    assert_success(&connect(base, "sslmode=require"));
    assert_success(&connect(base, &format!("sslmode=require&{good}")));
    assert_one_line(
        &connect(base, &format!("sslmode=require&{other}")),
        2,
        &["TLS handshake", "sslrootcert"],
    );
    assert_success(&connect(base, &format!("sslmode=verify-ca&{good}")));
    assert_success(&connect(&by_address, &format!("sslmode=verify-ca&{good}")));
    assert_one_line(
        &connect(base, &format!("sslmode=verify-ca&{other}")),
        2,
        &["TLS handshake"],
    );
    assert_success(&connect(base, &format!("sslmode=verify-full&{good}")));
    assert_one_line(
        &connect(&by_address, &format!("sslmode=verify-full&{good}")),
        2,
        &["not valid for name"],
    );
    assert_one_line(
        &connect(base, &format!("sslmode=verify-full&{other}")),
        2,
        &["TLS handshake"],
    );
    assert_one_line(&connect(base, "sslrootcert=system"), 2, &["direct"]);
    assert_one_line(
        &connect(base, "sslmode=verify-ca&sslrootcert=/no/such.pem"),
        2,
        &["/no/such.pem"],
    );

    // `prefer` takes TLS where it is to be had, and checks nothing.
    let hba = test.texts("select current_setting('hba_file')").remove(0);
    let rules = std::fs::read_to_string(&hba).unwrap();
    let set_rules = |rules: &str| {
        std::fs::write(&hba, rules).unwrap();
        let admin = test.admin();
        test.runtime
            .block_on(admin.batch_execute("select pg_reload_conf()"))
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
    };
    set_rules(&format!("hostnossl all app 127.0.0.0/8 reject\n{rules}"));
    assert_success(&connect(base, &format!("sslmode=prefer&{other}")));
    assert_one_line(&connect(base, "sslmode=disable"), 2, &["pg_hba.conf"]);
    // And goes on without it where the server refuses this user over TLS.
    set_rules(&format!("hostssl all app 127.0.0.0/8 reject\n{rules}"));
    assert_success(&connect(base, "sslmode=prefer"));
    assert_one_line(&connect(base, "sslmode=require"), 2, &["pg_hba.conf"]);
}
