//! What the README claims: connection strings mean what they mean to libpq. Each is read by us and by `psql`, against the same server in the same
//! test; both connect to the same, as the same, or both refuse. The exceptions are listed, each with its reason (docs/connecting.md).

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use crate::common::{TestLab, certificates, unfit_certificates};
use recorder::connect::{ConnectProgress, Connector, Resolver};
use recorder::endpoint::Endpoint;
use recorder::endpoint::environment::Environment;
use recording::vocabulary;

/// What a session is, and how it was made.
const WHO: &str = "select concat_ws('|', current_user, current_database(), host(inet_server_addr()), inet_server_port(), s.ssl, s.version, s.client_dn, \
                   current_setting('application_name'), current_setting('geqo')) from pg_stat_ssl s where pid = pg_backend_pid()";

/// What a session says of itself; `None` where there is none, whatever the reason.
type Answer = Option<String>;

/// How the two compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Both connect, to the same.
    Connect,
    /// Both refuse.
    Refuse,
    /// psql connects and we refuse; why.
    WeRefuse(&'static str),
    /// psql 15 refuses what later versions take, as we do; why.
    OldPsql(&'static str),
}

use Expected::{Connect, OldPsql, Refuse, WeRefuse};

/// A connection string and libpq's variables. `{w}` and `{r}` are the addresses of writer and reader, `{p}` their port, `{pw}` app's password, `{f}`
/// the test's folder.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    Expected,
);

#[rustfmt::skip]
const URLS: [Case; 43] = [
    ("postgres://app:{pw}@{w}:{p}/postgres", &[], Connect),
    ("postgresql://app:{pw}@{w}:{p}/postgres", &[], Connect),
    ("postgres://{w}:{p}/postgres?user=app&password={pw}", &[], Connect),
    ("postgres:///postgres?host={w}&port={p}&user=app&password={pw}", &[], Connect),
    ("postgres://app:{pw}@/postgres?host={w}&port={p}", &[], Connect),
    ("postgres://%61pp:{pw}@{w}:{p}/%70ostgres", &[], Connect),
    ("postgres://app:{pw}@{w}:{p}", &[], Refuse),
    ("postgres://app:{pw}@{w}:{p}", &[("PGDATABASE", "postgres")], Connect),
    ("postgres://app:{pw}@{w}/postgres", &[("PGPORT", "{p}")], Connect),
    ("postgres://app:{pw}@{w}:/postgres", &[("PGPORT", "{p}")], Connect),
    ("postgres://:{p}/", &[("PGHOST", "{w}"), ("PGUSER", "app"), ("PGPASSWORD", "{pw}"), ("PGDATABASE", "postgres")], Connect),
    // Next to other hosts PGPORT fills in nothing.
    ("postgres://app:{pw}@{w},{r}/postgres", &[("PGPORT", "{p}")], Refuse),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslmode=disable", &[], Connect),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslmode=prefer", &[], Connect),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslmode=require&", &[], Connect),
    ("postgres://app:{pw}@{w}:{p}/postgres?ssl=true", &[], Connect),
    ("postgres://app:{pw}@{w}:{p}/postgres?ssl=yes", &[], Refuse),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslmode=bogus", &[], Refuse),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslmode=allow", &[], WeRefuse("it tries without TLS first")),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslmode=verify-full", &[], Refuse),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslmode=verify-ca&sslrootcert={f}/good.pem", &[], Connect),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslmode=verify-full&sslrootcert={f}/good.pem", &[], Refuse),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslrootcert={f}/other.pem", &[], Connect),
    ("postgres://app:{pw}@{w}:{p}/postgres?sslmode=require&sslrootcert={f}/none.pem", &[], WeRefuse("a file that is named has to be there")),
    ("postgres://app:{pw}@{w}:{p}/postgres?application_name=a%20b", &[("PGAPPNAME", "no")], Connect),
    ("postgres://app:{pw}@{w}:{p}/postgres?application_name=a+b", &[], Connect),
    ("postgres://app:{pw}@{w}:{p}/postgres?options=-c%20geqo%3Doff", &[], Connect),
    ("postgres://app:{pw}@{w}:{p}/postgres?options=-cgeqo=off", &[], Refuse),
    ("postgres://app:{pw}@{w}:{p},{r}:{p}/postgres", &[], Connect),
    ("postgres://app:{pw}@127.0.0.99:{p},{w}:{p}/postgres", &[], Connect),
    ("postgres://app:{pw}@{r}:{p},{w}:{p}/postgres?target_session_attrs=read-write", &[], Connect),
    ("postgres://app:{pw}@{w}:{p},{r}:{p}/postgres?target_session_attrs=standby", &[], Connect),
    ("postgres://app:{pw}@{r}:{p}/postgres?target_session_attrs=primary", &[], Refuse),
    ("postgres://app:{pw}@[::1]:{p}/postgres", &[], Refuse),
    ("postgres://raw:a?b#c:d+e@{w}:{p}/postgres", &[], Connect),
    ("postgres://special:a%2Fb%40c%25d%20e%27f%5Cg@{w}:{p}/postgres", &[], Connect),
    ("postgres://special:a/b%40c%25d%20e%27f%5Cg@{w}:{p}/postgres", &[], Refuse),
    ("postgres://special:a%2Fb@c%25d%20e%27f%5Cg@{w}:{p}/postgres", &[], Refuse),
    ("postgres://special:a%2Fb%40c%d%20e%27f%5Cg@{w}:{p}/postgres", &[], Refuse),
    ("postgres://app:{pw}@{w}:{p}/postgres?colour=red", &[], Refuse),
    ("postgres://app:{pw}@{w}:{p}/postgres#x", &[], Refuse),
    ("postgres://app:{pw}@{w}:70000/postgres", &[], Refuse),
    ("mysql://app:{pw}@{w}:{p}/postgres", &[], Refuse),
];

/// Of all that follow: host, port, user and database are from here, where the string does not say otherwise.
const HERE: [(&str, &str); 5] = [
    ("PGHOST", "{w}"),
    ("PGPORT", "{p}"),
    ("PGUSER", "app"),
    ("PGDATABASE", "postgres"),
    ("PGPASSWORD", "{pw}"),
];

#[rustfmt::skip]
const KEYWORDS: [Case; 47] = [
    ("host={w} port={p} user=app dbname=postgres password={pw}", &[], Connect),
    ("  host = {w}\tport ={p} user= app dbname = 'postgres' ", &[], Connect),
    ("user=special password='a/b@c%d e\\'f\\\\g'", &[], Connect),
    ("user=special password=a/b@c%d\\ e\\'f\\\\g", &[], Connect),
    ("user=special password=a/b@c%d e'f\\\\g", &[], Refuse),
    ("user=app password='x", &[], Refuse),
    ("port=1 port={p}", &[], Connect),
    ("port=0", &[], Refuse),
    ("port=1,{p}", &[], Refuse),
    ("host={r},{w} port={p} target_session_attrs=read-write", &[], Connect),
    ("target_session_attrs=bogus", &[], Refuse),
    ("load_balance_hosts=random", &[], OldPsql("since PostgreSQL 16")),
    ("host='' hostaddr={w}", &[], Connect),
    ("host=name.invalid hostaddr={w}", &[], Connect),
    ("host=writer.lab.test hostaddr={w} sslmode=verify-full sslrootcert={f}/good.pem", &[], Connect),
    ("host=a,b hostaddr={w}", &[], Refuse),
    ("hostaddr=name", &[], Refuse),
    ("host=/var/run/postgresql", &[], Refuse),
    ("service=shop", &[("PGSERVICEFILE", "{f}/services")], Connect),
    ("service=shop application_name=mine", &[("PGSERVICEFILE", "{f}/services")], Connect),
    ("service=none", &[("PGSERVICEFILE", "{f}/services")], Refuse),
    ("application_name=''", &[("PGSERVICE", "shop"), ("PGSERVICEFILE", "{f}/services")], Connect),
    ("passfile={f}/pgpass", &[("PGPASSWORD", "")], Connect),
    ("sslmode=prefer", &[("PGPASSWORD", ""), ("PGPASSFILE", "{f}/pgpass")], Connect),
    ("passfile={f}/open-pgpass", &[("PGPASSWORD", "")], Refuse),
    ("user=certified sslmode=require sslcert={f}/client.crt sslkey={f}/client.key", &[("PGPASSWORD", "")], Connect),
    ("user=certified sslmode=require sslcert={f}/client-v1.crt sslkey={f}/client-v1.key", &[("PGPASSWORD", "")], Connect),
    ("user=certified sslmode=require", &[("PGPASSWORD", "")], Refuse),
    ("user=certified sslmode=require sslcert={f}/client.crt sslkey={f}/open.key", &[("PGPASSWORD", "")], Refuse),
    ("user=certified sslmode=require sslcert={f}/client.crt sslkey={f}/right.key", &[("PGPASSWORD", "")], Refuse),
    ("user=certified sslmode=require sslcert={f}/client.crt sslkey={f}/encrypted.key", &[("PGPASSWORD", "")], Refuse),
    ("sslcert={f}/client.crt sslkey={f}/client.key sslpassword=unused", &[], WeRefuse("encrypted keys are not supported")),
    ("sslmode=require channel_binding=require", &[], Connect),
    ("sslmode=disable channel_binding=require", &[], Refuse),
    ("ssl_min_protocol_version=TLSv1.3 sslmode=require sslsni=0", &[], Connect),
    ("ssl_max_protocol_version=TLSv1.2 sslmode=require", &[], Connect),
    ("ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2 sslmode=require", &[], Refuse),
    ("connect_timeout=5 keepalives=1 keepalives_idle=30 keepalives_count=3 tcp_user_timeout=9000", &[], Connect),
    ("connect_timeout=five", &[], Refuse),
    ("keepalives=0", &[], WeRefuse("keep-alives are always on")),
    ("gssencmode=disable krbsrvname=x client_encoding=UTF8 sslcompression=0 replication=off", &[], Connect),
    ("options='-c geqo=off'", &[], Connect),
    ("replication=database", &[], Refuse),
    ("require_auth=scram-sha-256", &[], Refuse),
    ("sslmode=verify-ca sslrootcert={f}/good.pem", &[("HOME", "{f}/revoking")], WeRefuse("revocation lists are not read")),
    ("sslmode=disable sslrootcert={f}/good.pem", &[("HOME", "{f}/revoking")], Connect),
    ("sslmode=require", &[("HOME", "{f}/revoking")], Connect),
];

struct Bench {
    test: TestLab,
    resolver: Resolver,
    /// What stands for what in the cases.
    words: [(&'static str, String); 5],
}

impl Bench {
    fn start() -> Self {
        let test = TestLab::start();
        let url = test.lab.direct_url();
        let (_, rest) = url.split_once("://").unwrap();
        let (login, _) = rest.split_once('@').unwrap();
        let text = |statement: &str| test.texts(statement).remove(0);
        let reader = test.lab.writer().other().address().to_string();
        let words = [
            ("{w}", text("select host(inet_server_addr())")),
            ("{r}", reader),
            ("{p}", text("select inet_server_port()::text")),
            ("{pw}", login.split_once(':').unwrap().1.to_owned()),
            ("{f}", test.folder.path().to_str().unwrap().to_owned()),
        ];
        let limit = Duration::from_secs(20);
        let resolver = Resolver::new(Some(test.lab.dns_server()), limit).unwrap();
        std::fs::create_dir(test.folder.path().join("home")).unwrap();
        certificates::make(test.folder.path());
        Self {
            test,
            resolver,
            words,
        }
    }

    fn fill(&self, text: &str) -> String {
        let fill = |text: String, (word, value): &(&str, String)| text.replace(word, value);
        self.words.iter().fold(text.to_owned(), fill)
    }

    fn variables(&self, given: &[(&str, &str)]) -> Vec<(String, String)> {
        let home = self.test.folder.path().join("home");
        let mut variables = vec![("HOME".to_owned(), home.to_str().unwrap().to_owned())];
        for (name, value) in given {
            variables.retain(|(known, _)| known != name);
            variables.push(((*name).to_owned(), self.fill(value)));
        }
        variables
    }

    /// libpq's own.
    fn psql(&self, text: &str, variables: &[(String, String)]) -> Result<String, String> {
        let output = Command::new("psql")
            .args(["-X", "-w", "-A", "-t", "-d", text, "-c", WHO])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("LC_ALL", "C")
            .envs(variables.iter().cloned())
            .output()
            .expect("psql, which comes with PostgreSQL");
        match output.status.success() {
            // Where nothing names the session, psql does.
            true => Ok(String::from_utf8(output.stdout)
                .unwrap()
                .trim_end_matches('\n')
                .replace("|psql|", "||")),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    fn ours(&self, text: &str, variables: &[(String, String)]) -> Result<String, String> {
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let environment = Environment::of(&variables);
        let mut endpoint = Endpoint::parse(text, &environment)?;
        endpoint.find_password(&environment)?;
        let path = vocabulary::Path::Direct;
        let limit = Duration::from_secs(20);
        let connector = Connector::new(path, endpoint, self.resolver.clone(), limit)?;
        self.test.runtime.block_on(async {
            let connected = connector.connect(1, &mut ConnectProgress::default()).await;
            let session = connected.map_err(|error| error.message)?;
            let row = session.client.query_one(WHO, &[]).await;
            let answer: String = row.map_err(|error| error.to_string())?.get(0);
            // Where nothing names the session, the recorder does.
            Ok(answer.replace("|pgoutage|", "||"))
        })
    }
}

/// What is wrong with a case, if anything.
fn judge(
    expected: Expected,
    psql: &Result<String, String>,
    ours: &Result<String, String>,
) -> Option<String> {
    let (of_psql, of_ours): (Answer, Answer) = (psql.clone().ok(), ours.clone().ok());
    let is_so = match expected {
        Connect => of_psql.is_some() && of_psql == of_ours,
        Refuse => of_psql.is_none() && of_ours.is_none(),
        WeRefuse(_) => of_psql.is_some() && of_ours.is_none(),
        OldPsql(_) => of_psql.is_none() && of_ours.is_some(),
    };
    (!is_so).then(|| format!("{expected:?}\n    psql: {psql:?}\n    ours: {ours:?}"))
}

/// Roles, files and rules that the cases speak of.
fn prepare(bench: &Bench) {
    let test = &bench.test;
    let folder = test.folder.path();
    let roles = "create role raw login password 'a?b#c:d+e'; create role special login password 'a/b@c%d e''f\\g'; \
                 create role certified login";
    test.runtime
        .block_on(test.admin().batch_execute(roles))
        .unwrap();
    test.serve_certificate("right");
    test.trust_clients_of("good");
    test.set_access_rules("hostssl all certified 127.0.0.0/8 cert");
    certificates::make_client(folder, "client", "certified", false);
    certificates::make_client(folder, "client-v1", "certified", true);
    certificates::encrypt_key(folder, "client", "encrypted");
    std::fs::create_dir_all(folder.join("revoking/.postgresql")).unwrap();
    certificates::make_revocation_list(folder, "revoking/.postgresql/root.crl");
    let write = |name: &str, text: &[u8], mode: u32| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write(
        "open.key",
        &std::fs::read(folder.join("client.key")).unwrap(),
        0o644,
    );
    let line = bench.fill("{w}:{p}:postgres:app:{pw}\n");
    // One byte of another encoding hides nothing.
    let lines = [
        b"caf\xe9:1:x:y:secret\nnonsense\n".as_slice(),
        line.as_bytes(),
    ]
    .concat();
    write("pgpass", &lines, 0o600);
    write("open-pgpass", line.as_bytes(), 0o644);
    let service = "# \u{e9}\n[other]\nhost=127.0.0.99\n[shop]\nhost={w}\nport={p}\napplication_name=of service\n";
    write("services", bench.fill(service).as_bytes(), 0o600);
}

#[test]
fn connection_strings_mean_what_they_mean_to_psql() {
    let bench = Bench::start();
    prepare(&bench);
    let mut wrong = String::new();
    let of_urls = URLS.iter().map(|case| (case, &[][..]));
    let of_keywords = KEYWORDS.iter().map(|case| (case, &HERE[..]));
    for ((text, variables, expected), here) in of_urls.chain(of_keywords) {
        let text = bench.fill(text);
        let variables = bench.variables(&[here, variables].concat());
        let (psql, ours) = (bench.psql(&text, &variables), bench.ours(&text, &variables));
        if let Some(what) = judge(*expected, &psql, &ours) {
            writeln!(wrong, "{text}: {what}").unwrap();
        }
        // A refusal of ours is one line, and shows no password.
        if let Err(error) = ours {
            let secret = bench.fill("{pw}");
            assert!(
                !error.contains(&secret) && !error.contains('\n'),
                "{text}: {error}"
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

const MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// The server's certificate, and the file of those trusted.
const CERTIFICATES: [(&str, &str); 38] = [
    ("right", "good.pem"),
    ("right", "other.pem"),
    ("misnamed", "good.pem"),
    ("expired", "good.pem"),
    // The recipe of PostgreSQL's manual: version 1, a common name only.
    ("v1", "good.pem"),
    ("v1", "other.pem"),
    ("common-name", "good.pem"),
    ("p521", "good.pem"),
    // Trusted as they are.
    ("own", "own.crt"),
    ("own-v1", "own-v1.crt"),
    ("own", "good.pem"),
    // With an authority between it and the trusted one; by itself that one is not enough.
    ("chained", "good.pem"),
    ("chained", "middle.pem"),
    ("chained-v1", "good.pem"),
    ("authority", "good.pem"),
    // Self-signed certificates that are trusted as they are, and may sign no others.
    ("by-not-ca", "not-ca.pem"),
    ("v1-by-not-ca", "not-ca.pem"),
    // But of version 1 it may.
    ("by-own-v1", "own-v1.pem"),
    ("by-no-sign", "no-sign.pem"),
    ("by-undeclared", "undeclared.pem"),
    ("by-client-root", "client-root.pem"),
    ("by-critical-root", "critical-root.pem"),
    ("by-future", "future.pem"),
    ("by-past", "past.pem"),
    // How many authorities may stand below the trusted one.
    ("by-path0", "path0.pem"),
    ("by-below-path0", "path0.pem"),
    ("by-path1", "path1.pem"),
    ("by-below-path1", "path1.pem"),
    // The one between may sign no others.
    ("by-weak", "good.pem"),
    ("by-weak", "weak.pem"),
    // What a server's own may be used for, trusted as it is and signed.
    ("own-not-ca", "own-not-ca.pem"),
    ("own-client", "own-client.pem"),
    ("own-critical", "own-critical.pem"),
    ("own-sign-only", "own-sign-only.pem"),
    ("own-not-ca", "own-client.pem"),
    ("sign-only", "good.pem"),
    ("client-use", "good.pem"),
    ("critical", "good.pem"),
];

/// What psql takes and we refuse where a file of trusted ones is given: certificate, and why.
const NOT_TAKEN: [(&str, &str); 3] = [
    (
        "by-undeclared",
        "of version 3, an authority has to say CA:TRUE",
    ),
    (
        "chained-v1",
        "version 1 needs its signer in the file itself",
    ),
    (
        "authority",
        "CA:TRUE is for authorities, unless it is in the file itself",
    ),
];

/// rustls tells the server the curves of its key exchanges only, and with TLS 1.2 the certificate's must be among them.
const NEEDS_TLS_1_3: &str = "p521";

/// What is wrong with a certificate in a mode, if anything.
fn judge_certificate(
    certificate: &str,
    mode: &str,
    psql: &Result<String, String>,
    ours: &Result<String, String>,
) -> Option<String> {
    let expected = match (
        NOT_TAKEN.iter().find(|(not, _)| *not == certificate),
        mode,
        psql,
    ) {
        (None, _, Ok(_)) | (_, "disable", _) => Connect,
        (None, _, Err(_)) => Refuse,
        // It goes on without TLS.
        (Some(_), "prefer", Ok(with_tls)) => {
            let plain = ours
                .as_ref()
                .is_ok_and(|ours| ours.contains("|f|") && with_tls.contains("|t|"));
            return (!plain).then(|| format!("psql: {psql:?}, ours: {ours:?}"));
        }
        (Some((_, why)), _, _) => WeRefuse(why),
    };
    judge(expected, psql, ours)
}

#[test]
fn certificates_are_worth_what_they_are_worth_to_psql() {
    let bench = Bench::start();
    certificates::make_more(bench.test.folder.path());
    unfit_certificates::make(bench.test.folder.path());
    let variables = bench.variables(&[]);
    let both = |text: &str| {
        let text = format!("port={{p}} user=app password={{pw}} dbname=postgres {text}");
        let text = bench.fill(&text);
        (bench.psql(&text, &variables), bench.ours(&text, &variables))
    };
    let mut wrong = String::new();
    for (certificate, trusted) in CERTIFICATES {
        bench.test.serve_certificate(certificate);
        for mode in MODES {
            let (psql, ours) = both(&format!(
                "host=writer.lab.test hostaddr={{w}} sslmode={mode} sslrootcert={{f}}/{trusted}"
            ));
            if let Some(what) = judge_certificate(certificate, mode, &psql, &ours) {
                writeln!(wrong, "{certificate}, {trusted}, {mode}: {what}").unwrap();
            }
        }
        // Nothing is asked of a certificate where nothing is trusted, but for its key.
        for newest in ["TLSv1.2", "TLSv1.3"] {
            let (psql, ours) = both(&format!(
                "host={{w}} sslmode=require ssl_max_protocol_version={newest}"
            ));
            let expected = match (certificate, newest) {
                (NEEDS_TLS_1_3, "TLSv1.2") => WeRefuse("P-521 needs TLS 1.3"),
                // The server itself makes no use of such a key.
                ("sign-only" | "own-sign-only", "TLSv1.2") => Refuse,
                _ => Connect,
            };
            if let Some(what) = judge(expected, &psql, &ours) {
                writeln!(wrong, "{certificate}, nothing trusted, {newest}: {what}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
