//! A lab whose writer does TLS, with certificates of authorities of our own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use recorder::connect::{ConnectError, ConnectProgress, Connector, Resolver};
use recorder::endpoint::Endpoint;
use recorder::endpoint::environment::Environment;
use recording::vocabulary;

use super::{TestLab, wait_until};

/// The settings of `openssl ca`, the only one of its commands that makes a certificate of the past.
const AUTHORITY: &str = "\
[ca]
default_ca = authority
[authority]
database = index
serial = serial
new_certs_dir = .
policy = policy
default_md = sha256
unique_subject = no
[policy]
commonName = supplied
";

/// The writer's name.
pub const NAME: &str = "writer.lab.test";

pub(super) fn openssl(folder: &Path, arguments: &str) {
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

/// Makes `<name>.pem` and `<name>.key`, an authority.
fn authority(folder: &Path, name: &str) {
    openssl(
        folder,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"
        ),
    );
}

/// Makes `<file>.crt` and `<file>.key`, a server's certificate that `authority` signed.
fn certificate(
    folder: &Path,
    file: &str,
    authority: &str,
    host: &str,
    hash: &str,
    is_expired: bool,
) {
    openssl(
        folder,
        &format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={host} -keyout {file}.key -out {file}.csr"
        ),
    );
    std::fs::write(folder.join("names"), format!("subjectAltName=DNS:{host}\n")).unwrap();
    let dates = match is_expired {
        true => " -startdate 20200101000000Z -enddate 20210101000000Z",
        false => " -days 2",
    };
    openssl(
        folder,
        &format!(
            "ca -batch -notext -config authority.cnf -cert {authority}.pem -keyfile {authority}.key -md {hash} -extfile names -in {file}.csr -out {file}.crt{dates}"
        ),
    );
}

/// Makes the authorities `good` and `other`, and of `good` the certificates `right`, `long` (signed with SHA-384), `misnamed` and
/// `expired`; of `other` the certificate `between`.
pub fn make(folder: &Path) {
    std::fs::write(folder.join("authority.cnf"), AUTHORITY).unwrap();
    std::fs::write(folder.join("index"), "").unwrap();
    std::fs::write(folder.join("serial"), "01\n").unwrap();
    authority(folder, "good");
    authority(folder, "other");
    certificate(folder, "right", "good", NAME, "sha256", false);
    certificate(folder, "long", "good", NAME, "sha384", false);
    certificate(
        folder,
        "misnamed",
        "good",
        "elsewhere.lab.test",
        "sha256",
        false,
    );
    certificate(folder, "expired", "good", NAME, "sha256", true);
    certificate(folder, "between", "other", NAME, "sha256", false);
}

/// Makes `<file>.key` and `<file>.csr`, a key and who asks for a certificate of it.
pub(super) fn request(folder: &Path, file: &str, subject: &str, curve: &str) {
    openssl(
        folder,
        &format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:{curve} -nodes -subj /CN={subject} -keyout {file}.key -out {file}.csr"
        ),
    );
}

/// Has an authority sign the request of `<file>`; without extensions it becomes a certificate of version 1.
pub(super) fn sign(folder: &Path, file: &str, authority: &str, extensions: Option<&str>) {
    let mut arguments = format!(
        "x509 -req -in {file}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -days 2 -out {file}.crt"
    );
    if let Some(extensions) = extensions {
        std::fs::write(folder.join("extensions"), extensions).unwrap();
        arguments += " -extfile extensions";
    }
    openssl(folder, &arguments);
}

/// Makes, after [`make`], what other places than AWS have: of `good` the certificates `v1` (as the recipe of PostgreSQL's manual makes it), `common-name`
/// (version 3 without alternative names) and `p521`; `chained`, `chained-v1` and `authority` of [`chain`]; self-signed `own` (CA:TRUE) and `own-v1`;
/// and `rsa1024`.
pub fn make_more(folder: &Path) {
    request(folder, "v1", NAME, "prime256v1");
    sign(folder, "v1", "good", None);
    request(folder, "common-name", NAME, "prime256v1");
    sign(
        folder,
        "common-name",
        "good",
        Some("basicConstraints=CA:FALSE\n"),
    );
    chain(folder);
    request(folder, "p521", NAME, "secp521r1");
    sign(
        folder,
        "p521",
        "good",
        Some(&format!("subjectAltName=DNS:{NAME}\n")),
    );
    let own = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -addext basicConstraints=critical,CA:TRUE";
    openssl(
        folder,
        &format!("{own} -subj /CN={NAME} -keyout own.key -out own.crt"),
    );
    request(folder, "own-v1", NAME, "prime256v1");
    openssl(
        folder,
        "x509 -req -in own-v1.csr -signkey own-v1.key -days 2 -out own-v1.crt",
    );
    openssl(
        folder,
        &format!(
            "req -x509 -newkey rsa:1024 -nodes -days 2 -subj /CN={NAME} -keyout rsa1024.key -out rsa1024.crt"
        ),
    );
}

/// Makes `middle.pem`, an authority that `good` signed, and of it the certificates `chained` and `chained-v1`, shown together with its own; and
/// `authority`, a server's certificate that says CA:TRUE.
fn chain(folder: &Path) {
    let names = format!("subjectAltName=DNS:{NAME}\n");
    request(folder, "middle", "middle", "prime256v1");
    sign(
        folder,
        "middle",
        "good",
        Some("basicConstraints=critical,CA:TRUE\n"),
    );
    let signer = std::fs::read(folder.join("middle.crt")).unwrap();
    std::fs::write(folder.join("middle.pem"), &signer).unwrap();
    for (file, extensions) in [("chained", Some(names.as_str())), ("chained-v1", None)] {
        request(folder, file, NAME, "prime256v1");
        sign(folder, file, "middle", extensions);
        let file = folder.join(format!("{file}.crt"));
        let own = std::fs::read(&file).unwrap();
        std::fs::write(&file, [own.as_slice(), &signer].concat()).unwrap();
    }
    request(folder, "authority", NAME, "prime256v1");
    sign(
        folder,
        "authority",
        "good",
        Some(&format!("basicConstraints=critical,CA:TRUE\n{names}")),
    );
}

/// Makes `<file>.crt` and `<file>.key`, a client's, for that user.
pub fn make_client(folder: &Path, file: &str, user: &str, is_v1: bool) {
    request(folder, file, user, "prime256v1");
    let extensions = (!is_v1).then_some("basicConstraints=CA:FALSE\n");
    sign(folder, file, "good", extensions);
}

/// Makes `<to>`, the revocation list of `good`: nothing is revoked.
pub fn make_revocation_list(folder: &Path, to: &str) {
    openssl(
        folder,
        &format!(
            "ca -gencrl -config authority.cnf -cert good.pem -keyfile good.key -crldays 2 -out {to}"
        ),
    );
}

/// Makes `<to>.key`, the key of `<file>` behind a pass phrase.
pub fn encrypt_key(folder: &Path, file: &str, to: &str) {
    openssl(
        folder,
        &format!("pkey -in {file}.key -aes128 -passout pass:x -out {to}.key"),
    );
}

/// OpenSSL's own server, with its demands on keys lowered, behind a port that answers the request for TLS as PostgreSQL does.
pub struct OpenSsl {
    child: Child,
    address: SocketAddr,
}

impl OpenSsl {
    pub fn serve(folder: &Path, certificate: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new("openssl")
            .args([
                "s_server",
                "-quiet",
                "-cipher",
                "DEFAULT@SECLEVEL=0",
                "-accept",
            ])
            .arg(format!("127.0.0.1:{port}"))
            .args([
                "-cert",
                &format!("{certificate}.crt"),
                "-key",
                &format!("{certificate}.key"),
            ])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl");
        wait_until("openssl s_server", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let mut request = [0; 8];
                client.read_exact(&mut request).unwrap();
                client.write_all(b"S").unwrap();
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                let (mut to_server, mut to_client) =
                    (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut client, &mut to_server));
                let mut server = server;
                std::thread::spawn(move || std::io::copy(&mut server, &mut to_client));
            }
        });
        Self { child, address }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl TestLab {
    /// Lets the writer take client certificates that this authority signed.
    pub fn trust_clients_of(&self, authority: &str) {
        let data = self
            .texts("select current_setting('data_directory')")
            .remove(0);
        let target = Path::new(&data).join("clients.pem");
        let from = self.folder.path().join(format!("{authority}.pem"));
        std::fs::copy(from, &target).unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o644)).unwrap();
        self.reload("alter system set ssl_ca_file = 'clients.pem'");
    }

    /// Runs a change of the writer's settings and waits until its postmaster has taken it: new connections see it then.
    pub fn reload(&self, change: &str) {
        let loaded = || self.texts("select pg_conf_load_time()::text").remove(0);
        let before = loaded();
        let admin = self.admin();
        self.runtime.block_on(async {
            if !change.is_empty() {
                admin.batch_execute(change).await.unwrap();
            }
            admin
                .batch_execute("select pg_reload_conf()")
                .await
                .unwrap();
        });
        wait_until("the settings", || loaded() != before);
    }

    /// Lets the writer do TLS with the certificate `<file>.crt` that [`make`] made.
    pub fn serve_certificate(&self, file: &str) {
        let data = self
            .texts("select current_setting('data_directory')")
            .remove(0);
        let owner = std::fs::metadata(&data).unwrap();
        for extension in ["crt", "key"] {
            let from = self.folder.path().join(format!("{file}.{extension}"));
            let target = Path::new(&data).join(format!("server.{extension}"));
            std::fs::copy(from, &target).unwrap();
            chown(&target, Some(owner.uid()), Some(owner.gid())).unwrap();
            std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        self.reload("alter system set ssl = on");
    }

    /// Puts rules before the writer's own in `pg_hba.conf`, in place of those put there before.
    pub fn set_access_rules(&self, rules: &str) {
        const MARK: &str = "# the rules of the lab\n";
        let file = self.texts("select current_setting('hba_file')").remove(0);
        let text = std::fs::read_to_string(&file).unwrap();
        let own = text.split_once(MARK).map_or(text.as_str(), |(_, own)| own);
        std::fs::write(&file, format!("{rules}\n{MARK}{own}")).unwrap();
        self.reload("");
    }

    /// The direct path's URL with these parameters and no others.
    pub fn url_with(&self, parameters: &str) -> String {
        let url = self.lab.direct_url();
        let base = url.split_once('?').map_or(url.as_str(), |(base, _)| base);
        format!("{base}?{parameters}")
    }

    /// One attempt to connect, in this process: whether the server says that it is over TLS, or how it failed.
    pub fn connect(&self, url: &str) -> Result<bool, ConnectError> {
        let limit = Duration::from_secs(30);
        let endpoint = Endpoint::parse(url, &Environment::of(&[])).unwrap();
        let resolver = Resolver::new(Some(self.lab.dns_server()), limit).unwrap();
        let connector =
            Connector::new(vocabulary::Path::Direct, endpoint, resolver, limit).unwrap();
        self.runtime.block_on(async {
            let session = connector
                .connect(1, &mut ConnectProgress::default())
                .await?;
            let is_tls = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
            let row = session.client.query_one(is_tls, &[]).await.unwrap();
            Ok(row.get(0))
        })
    }
}
