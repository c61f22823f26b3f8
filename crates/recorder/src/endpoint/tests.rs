use std::time::Duration;

use super::*;
use proptest::prelude::*;

/// Without any variable.
fn parse(text: &str) -> Result<Endpoint, String> {
    Endpoint::parse(text, &Environment::of(&[]))
}

fn hosts(endpoint: &Endpoint) -> Vec<(&str, u16)> {
    let hosts = endpoint.hosts.iter();
    hosts.map(|host| (host.name.as_str(), host.port)).collect()
}

#[test]
fn several_hosts() {
    let endpoint = parse(
        "postgres://app:a%2Cb@one.test:6432,[::1]:6433,10.0.0.3/shop?target_session_attrs=read-write&load_balance_hosts=random",
    )
    .unwrap();
    assert_eq!(
        hosts(&endpoint),
        [("one.test", 6432), ("::1", 6433), ("10.0.0.3", 5432)]
    );
    assert_eq!(endpoint.password, Some(Password("a,b".to_owned())));
    assert_eq!(endpoint.target, TargetSession::ReadWrite);
    assert!(endpoint.in_random_order && endpoint.has_a_choice());
    assert_eq!(
        endpoint.to_string(),
        "app@one.test:6432,[::1]:6433,10.0.0.3:5432/shop"
    );
    assert!(!format!("{endpoint:?}").contains("a,b"));
    assert_eq!(
        hosts(&parse("postgres://a@h1%2Ch2/d").unwrap()),
        [("h1", 5432), ("h2", 5432)]
    );
    // A comma in a password names no second host.
    let one = parse("postgres://app:a,b@h/d").unwrap();
    assert_eq!(hosts(&one), [("h", 5432)]);
    for word in [
        "any",
        "read-write",
        "read-only",
        "primary",
        "standby",
        "prefer-standby",
    ] {
        let url = format!("postgres://u@a,b/d?target_session_attrs={word}");
        assert_eq!(parse(&url).unwrap().target.as_str(), word);
    }
}

#[test]
fn several_hosts_of_the_variables() {
    let of = |url: &str, variables: &[(&str, &str)]| {
        let endpoint = Endpoint::parse(url, &Environment::of(variables)).unwrap();
        endpoint.to_string()
    };
    let names = ("PGHOST", "a,b");
    assert_eq!(of("postgres://u@/d", &[names]), "u@a:5432,b:5432/d");
    assert_eq!(
        of("postgres://u@/d", &[names, ("PGPORT", "1")]),
        "u@a:1,b:1/d"
    );
    assert_eq!(
        of("postgres://u@/d", &[names, ("PGPORT", "1,2")]),
        "u@a:1,b:2/d"
    );
    // As with libpq: a list in the URL is a list of ports too.
    assert_eq!(
        of("postgres://u@a,b:2/d", &[("PGPORT", "1")]),
        "u@a:5432,b:2/d"
    );
    let endpoint = Endpoint::parse(
        "postgres://u@h/d",
        &Environment::of(&[
            ("PGTARGETSESSIONATTRS", "standby"),
            ("PGLOADBALANCEHOSTS", "random"),
        ]),
    )
    .unwrap();
    assert_eq!(endpoint.target, TargetSession::Standby);
    assert!(endpoint.in_random_order && endpoint.has_a_choice());
}

#[test]
fn each_host_has_the_password_of_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgpass");
    std::fs::write(&file, "a:1:*:*:of-a\nb:2:*:*:of-b\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    let environment = Environment::of(&[("PGPASSFILE", file.to_str().unwrap())]);
    let mut endpoint = Endpoint::parse("postgres://u@a:1,b:2,c:3/d", &environment).unwrap();
    endpoint.find_password(&environment).unwrap();
    let found: Vec<Option<&str>> = endpoint
        .hosts
        .iter()
        .map(|host| endpoint.password_for(host).map(|found| found.0.as_str()))
        .collect();
    assert_eq!(found, [Some("of-a"), Some("of-b"), None]);
}

#[test]
fn a_full_url() {
    let endpoint = parse(
        "postgresql://app:p%40ss%3A1@db.example.com:6432/shop%20x?sslmode=verify-ca&sslrootcert=/etc/ca.pem",
    )
    .unwrap();
    assert_eq!(hosts(&endpoint), [("db.example.com", 6432)]);
    assert_eq!(endpoint.database, "shop x");
    assert_eq!(endpoint.user, "app");
    assert_eq!(endpoint.password, Some(Password("p@ss:1".to_owned())));
    assert_eq!(endpoint.sslmode, SslMode::VerifyCa);
    assert_eq!(endpoint.roots, RootCertificates::File("/etc/ca.pem".into()));
    assert_eq!(endpoint.to_string(), "app@db.example.com:6432/shop x");
    assert!(!format!("{endpoint:?}").contains("p@ss"));
}

#[test]
fn what_is_left_out() {
    let endpoint = parse("postgres://app@[::1]").unwrap();
    assert_eq!(hosts(&endpoint), [("::1", 5432)]);
    assert_eq!(endpoint.target, TargetSession::Any);
    assert!(!endpoint.in_random_order && !endpoint.has_a_choice());
    assert_eq!(endpoint.database, "app");
    assert_eq!(endpoint.sslmode, SslMode::Prefer);
    assert_eq!(endpoint.to_string(), "app@[::1]:5432/app");
    assert_eq!(endpoint.channel_binding, ChannelBinding::Prefer);
    assert_eq!(endpoint.tcp, TcpSettings::default());
    let system = parse("postgres://a@h/d?sslrootcert=system").unwrap();
    assert_eq!(system.sslmode, SslMode::VerifyFull);
}

/// Everything that is refused, with a part of what is said.
const REFUSED: [(&str, &str); 62] = [
    ("geheim", "not a connection string"),
    ("", "not a connection string"),
    ("mysql://a:geheim@h/d", "must begin with postgres://"),
    (
        "jdbc:postgresql://h/d?user=a",
        "must begin with postgres://",
    ),
    ("postgres:///d", "has no host"),
    ("postgres://h/d", "has no user"),
    ("postgres://a:geheim@h1,,h2/d", "an empty host"),
    ("postgres://a:geheim@h1,/d", "an empty host"),
    ("postgres://a:geheim@:1,h2/d", "an empty host"),
    (
        "postgres://a:geheim@h1,h2:99999/d",
        "the port is not a number",
    ),
    ("postgres://a:geheim@h1,%2Ftmp/d", "socket folder"),
    (
        "postgres://a:geheim@%2Ftmp/d",
        "local sockets are not supported",
    ),
    ("host=/var/run/postgresql user=a", "host is a socket folder"),
    (
        "postgres://a:geheim@h1,h2/d?target_session_attrs=master",
        "target_session_attrs=master: write any, read-write",
    ),
    (
        "postgres://a:geheim@h1,h2/d?load_balance_hosts=yes",
        "load_balance_hosts=yes: write disable or random",
    ),
    ("postgres://a:geheim@h/d?sslmode=allow", "sslmode=allow"),
    (
        "postgres://a:geheim@h/d?sslmode=verify-full",
        "needs sslrootcert",
    ),
    (
        "postgres://a:geheim@h/d?sslmode=require&sslrootcert=system",
        "too weak",
    ),
    (
        "hostaddr=127.0.0.1 user=a sslmode=verify-full sslrootcert=f",
        "needs host=NAME",
    ),
    ("postgres://a:geheim@h:99999/d", "the port is not a number"),
    (
        "postgres://a:%ff@h/d",
        "the password in the URL is not UTF-8",
    ),
    ("postgres://a:geheim@/d", "has no host"),
    (
        "postgres://a:geheim@h/d?channel_binding=always",
        "channel_binding=always",
    ),
    (
        "postgres://a:geheim@h/d?sslmode=disable&channel_binding=require",
        "needs TLS",
    ),
    (
        "postgres://a:geheim@h/d?keepalives_idle=1.5",
        "keepalives_idle=1.5: write whole seconds",
    ),
    (
        "postgres://a:geheim@h/d?keepalives_interval=40000",
        "keepalives_interval",
    ),
    ("postgres://a:geheim@h/d?keepalives_count=200", "count"),
    (
        "postgres://a:geheim@h/d?tcp_user_timeout=-1",
        "tcp_user_timeout=-1",
    ),
    (
        "postgres://a:geheim@h/d?connect_timeout=5s",
        "connect_timeout=5s: write whole seconds",
    ),
    // What is special in a password, raw: the hint comes before what it seems to break.
    ("postgres://a:gehe/im@h/d", "%2F for /"),
    ("postgres://a:12/34@h/d", "percent-encode"),
    ("postgres://a:gehe/im@h/d?sslmode=allow", "percent-encode"),
    ("postgres://a:gehe/im?x=1#y@h:1/d", "percent-encode"),
    ("postgres://a:geheim@x@h/d", "%40 for @"),
    ("postgres://a:geheim@x/y@h/d", "percent-encode"),
    ("postgres://a:geheim@x?y@h/d", "percent-encode"),
    ("postgres://a@server:geheim@h/d", "percent-encode"),
    ("postgres://a:100%geheim@h/d", "write %25"),
    ("postgres://a:geheim%@h/d", "write %25"),
    ("postgres://a:%00geheim@h/d", "write %25"),
    // A password where the host should be.
    ("postgres://a:geheim/d", "the port is not a number"),
    ("postgres://a@[::1/d", "without its \"]\""),
    ("postgres://a@[]/d", "empty IPv6"),
    ("postgres://a@[::1]x/d", "behind an IPv6 address"),
    ("postgres://a@h/d?sslmode", "no \"=\""),
    ("postgres://a@h/d?a=b=c", "second \"=\""),
    ("postgres://a@h/d?colour=red", "\"colour\" is not a keyword"),
    ("host=h user=a colour=red", "\"colour\" is not a keyword"),
    ("host=h user=a password=zwei geheim", "without \"=\"; quote"),
    ("host=h user=a password=zwei geheim=1", "after the password"),
    ("host=h user=a password='geheim", "not closed"),
    (
        "postgres://a:x@h/d?password=a&geheim=b",
        "after the password",
    ),
    (
        "host=h,i hostaddr=127.0.0.1 user=a",
        "has 2 hosts and hostaddr has 1",
    ),
    ("host=h port=1,2 user=a", "port has 2 ports for 1 hosts"),
    ("hostaddr=name user=a", "not an IP address"),
    (
        "host=h user=a service=none",
        "service=none: no service file",
    ),
    // Known, and not supported.
    ("host=h user=a gssencmode=require", "GSSAPI"),
    (
        "host=h user=a sslnegotiation=direct",
        "direct TLS is not supported",
    ),
    (
        "host=h user=a sslcrl=f",
        "sslcrl: revocation lists are not read",
    ),
    (
        "host=h user=a sslpassword=geheim sslkey=f",
        "sslpassword: encrypted keys",
    ),
    ("host=h user=a keepalives=0", "always on"),
    ("host=h user=a sslcert=f", "its key is missing"),
];

#[test]
fn refused_with_the_reason_and_without_the_secret() {
    for (text, reason) in REFUSED {
        let error = parse(text).unwrap_err();
        assert!(error.contains(reason), "{text}: {error}");
        assert!(
            !error.contains("geheim") && !error.contains('\n'),
            "{error}"
        );
    }
}

#[test]
fn special_characters_that_need_no_encoding() {
    // As libpq reads them: only "/" and "@" end a password too early.
    for (text, password) in [
        ("postgres://a:x?y@h/d", "x?y"),
        ("postgres://a:x#y@h/d", "x#y"),
        ("postgres://a:x:y@h/d", "x:y"),
        ("postgres://a:x+y@h/d", "x+y"),
        ("postgres://a@h/d?password=x+y", "x+y"),
        ("host=h user=a password = 'it\\'s two' ", "it's two"),
        (r"host=h user=a password=a\ b\\c", r"a b\c"),
    ] {
        let endpoint = parse(text).unwrap();
        assert_eq!(
            endpoint.password,
            Some(Password(password.to_owned())),
            "{text}"
        );
        assert_eq!(hosts(&endpoint), [("h", 5432)]);
    }
    assert_eq!(parse("postgres://a@h/d#x").unwrap().database, "d#x");
}

#[test]
fn keywords_say_what_a_url_says() {
    let of_keywords = parse(
        "host=one.test,::1 port=1,2 dbname='shop x' user=app password=p sslmode=require application_name=mine \
         connect_timeout=7 options='-c geqo=off' keepalives=1 gssencmode=disable krbsrvname=x client_encoding=UTF8",
    )
    .unwrap();
    let of_url = parse(
        "postgres://app:p@one.test:1,[::1]:2/shop%20x?ssl=true&application_name=mine&connect_timeout=7&options=-c%20geqo%3Doff",
    )
    .unwrap();
    assert_eq!(of_keywords, of_url);
    assert_eq!(of_url.connect_timeout, Some(Duration::from_secs(7)));
    assert_eq!(of_url.application_name.as_deref(), Some("mine"));
    assert_eq!(of_url.options.as_deref(), Some("-c geqo=off"));
    let never = parse("host=h user=a connect_timeout=0 fallback_application_name=x").unwrap();
    assert!(never.connect_timeout > Some(Duration::from_secs(3_600)));
    assert_eq!(never.application_name.as_deref(), Some("x"));
    let fixed = parse("host=db hostaddr=127.0.0.9 user=a").unwrap();
    assert_eq!(hosts(&fixed), [("db", 5432)]);
    assert_eq!(fixed.hosts[0].address(), "127.0.0.9".parse().ok());
    let alone = parse("hostaddr=127.0.0.9 user=a").unwrap();
    assert_eq!(hosts(&alone), [("127.0.0.9", 5432)]);
}

#[test]
fn a_service_comes_between_the_string_and_the_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    std::fs::write(
        &file,
        "[shop]\nhost=of-service\nuser=u\nport=7\npassword=s\n",
    )
    .unwrap();
    let file = ("PGSERVICEFILE", file.to_str().unwrap());
    let variables = [file, ("PGUSER", "of-variable"), ("PGDATABASE", "d")];
    let endpoint = |text: &str, more: &[(&str, &str)]| {
        let variables = [&variables[..], more].concat();
        Endpoint::parse(text, &Environment::of(&variables))
    };
    let found = endpoint("service=shop port=8", &[]).unwrap();
    assert_eq!(found.to_string(), "u@of-service:8/d");
    assert_eq!(found.password, Some(Password("s".to_owned())));
    let found = endpoint("postgres://", &[("PGSERVICE", "shop")]).unwrap();
    assert_eq!(found.to_string(), "u@of-service:7/d");
    let error = endpoint("postgres://?service=other", &[]).unwrap_err();
    assert!(error.contains("service=other: it is not in "), "{error}");
}

#[test]
fn the_files_of_the_home_folder() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".postgresql");
    std::fs::create_dir(&folder).unwrap();
    for file in ["root.crt", "postgresql.crt", "postgresql.key"] {
        std::fs::write(folder.join(file), "").unwrap();
    }
    let environment = Environment::of(&[("HOME", home.path().to_str().unwrap())]);
    let endpoint = Endpoint::parse("host=h user=a sslmode=verify-ca", &environment).unwrap();
    assert_eq!(
        endpoint.roots,
        RootCertificates::File(folder.join("root.crt"))
    );
    let files = ClientCertificate {
        certificate: folder.join("postgresql.crt"),
        key: folder.join("postgresql.key"),
    };
    assert_eq!(endpoint.client_certificate, Some(files));
    let none = Endpoint::parse("host=h user=a sslcertmode=disable", &environment).unwrap();
    assert_eq!(none.client_certificate, None);
}

#[test]
fn a_revocation_list_of_the_home_folder_is_not_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".postgresql");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("root.crl"), "").unwrap();
    let environment = Environment::of(&[("HOME", home.path().to_str().unwrap())]);
    let read = |text: &str| Endpoint::parse(&format!("host=h user=a {text}"), &environment);
    for checked in [
        "sslrootcert=f",
        "sslmode=require sslrootcert=f",
        "sslmode=verify-full sslrootcert=f",
    ] {
        let error = read(checked).unwrap_err();
        assert!(
            error.contains("root.crl: revocation lists are not read") && !error.contains('\n'),
            "{checked}: {error}"
        );
    }
    // libpq does not read it either.
    for unchecked in ["", "sslmode=disable sslrootcert=f", "sslrootcert=system"] {
        assert!(read(unchecked).is_ok(), "{unchecked}");
    }
    std::fs::write(folder.join("root.crt"), "").unwrap();
    assert!(read("").unwrap_err().contains("root.crl"));
}

/// The variables of `postgres:///` and of what it leaves out.
const VARIABLES: [(&str, &str); 7] = [
    ("PGHOST", "db.example.com"),
    ("PGPORT", "6432"),
    ("PGUSER", "app"),
    ("PGDATABASE", "shop"),
    ("PGSSLMODE", "verify-ca"),
    ("PGSSLROOTCERT", "/etc/ca.pem"),
    ("PGCHANNELBINDING", "require"),
];

#[test]
fn variables_fill_in_what_the_url_leaves_out() {
    let environment = Environment::of(&VARIABLES);
    for url in [
        "postgres:///",
        "postgres://",
        "postgresql:///shop",
        "postgres://app@",
        "postgres://app@/shop",
        "postgres://:6432/",
    ] {
        let endpoint = Endpoint::parse(url, &environment).unwrap();
        assert_eq!(
            endpoint.to_string(),
            "app@db.example.com:6432/shop",
            "{url}"
        );
        assert_eq!(endpoint.sslmode, SslMode::VerifyCa);
        assert_eq!(endpoint.roots, RootCertificates::File("/etc/ca.pem".into()));
        assert_eq!(endpoint.channel_binding, ChannelBinding::Require);
    }
}

#[test]
fn the_url_comes_before_the_variables() {
    let environment = Environment::of(&VARIABLES);
    let url =
        "postgres://me@[::1]:5433/mine?sslmode=require&sslrootcert=/my.pem&channel_binding=disable";
    let endpoint = Endpoint::parse(url, &environment).unwrap();
    assert_eq!(endpoint, parse(url).unwrap());
    // A user of the URL's has a database of the variable's, as with libpq.
    let endpoint = Endpoint::parse("postgres://me@h", &environment).unwrap();
    assert_eq!(endpoint.to_string(), "me@h:6432/shop");
    // Empty is not set.
    let empty = VARIABLES.map(|(name, _)| (name, ""));
    let endpoint = Endpoint::parse("postgres://me@h", &Environment::of(&empty)).unwrap();
    assert_eq!(endpoint, parse("postgres://me@h").unwrap());
}

#[test]
fn a_wrong_variable_is_named() {
    for (name, value, reason) in [
        ("PGHOST", "h1,,h2", "PGHOST names an empty host"),
        ("PGPORT", "1,2", "PGPORT has 2 ports for 1 hosts"),
        (
            "PGTARGETSESSIONATTRS",
            "x",
            "PGTARGETSESSIONATTRS=x: write any",
        ),
        ("PGHOST", "/tmp", "PGHOST is a socket folder"),
        ("PGSSLCRL", "f", "PGSSLCRL: revocation lists"),
        ("PGHOSTADDR", "db", "PGHOSTADDR=db: not an IP address"),
        ("PGPORT", "70000", "PGPORT=70000"),
        ("PGPORT", "0", "PGPORT=0"),
        ("PGSSLMODE", "allow", "PGSSLMODE=allow: write disable"),
        ("PGSSLMODE", "verify-full", "PGSSLMODE=verify-full needs"),
        (
            "PGCHANNELBINDING",
            "yes",
            "PGCHANNELBINDING=yes: write disable",
        ),
    ] {
        let environment = Environment::of(
            &[("PGHOST", "h"), ("PGUSER", "u")]
                .into_iter()
                .filter(|(other, _)| *other != name)
                .chain([(name, value)])
                .collect::<Vec<_>>(),
        );
        let error = Endpoint::parse("postgres:///d", &environment).unwrap_err();
        assert!(error.contains(reason), "{name}: {error}");
    }
    let environment = Environment::of(&[("PGSSLMODE", "require"), ("PGSSLROOTCERT", "system")]);
    let error = Endpoint::parse("postgres://u@h/d", &environment).unwrap_err();
    assert_eq!(
        error,
        "PGSSLMODE=require is too weak for PGSSLROOTCERT=system; use verify-full"
    );
}

#[test]
fn the_password_of_the_variable_comes_before_that_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgpass");
    std::fs::write(&file, "*:*:*:*:of-the-file\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    let in_file = ("PGPASSFILE", file.to_str().unwrap());
    let found = |url: &str, variables: &[(&str, &str)]| {
        let environment = Environment::of(variables);
        let mut endpoint = Endpoint::parse(url, &environment).unwrap();
        endpoint.find_password(&environment).unwrap();
        let found = endpoint.password_for(&endpoint.hosts[0]);
        found.map(|password| password.0.clone())
    };
    let in_variable = ("PGPASSWORD", "of-the-variable");
    let both = [in_file, in_variable];
    assert_eq!(
        found("postgres://u:of-the-url@h", &both).as_deref(),
        Some("of-the-url")
    );
    assert_eq!(
        found("postgres://u@h", &both).as_deref(),
        Some("of-the-variable")
    );
    assert_eq!(
        found("postgres://u@h", &[in_file]).as_deref(),
        Some("of-the-file")
    );
    assert_eq!(
        found("postgres://u@h", &[("PGPASSFILE", "/no/such/file")]),
        None
    );
}

#[test]
fn tcp_settings_in_units_of_libpq() {
    let endpoint = parse("postgres://u@h/d?keepalives_idle=30&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=9500").unwrap();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(
        endpoint.tcp,
        TcpSettings {
            keepalive_idle: seconds(30),
            keepalive_interval: seconds(5),
            keepalive_count: Some(3),
            user_timeout: Some(Duration::from_millis(9_500)),
        }
    );
    let system = parse("postgres://u@h/d?keepalives_idle=0&tcp_user_timeout=0").unwrap();
    assert_eq!(system.tcp, TcpSettings::default());
}

#[test]
fn name_servers() {
    assert_eq!(
        parse_dns_server("127.0.0.1:5353"),
        Ok("127.0.0.1:5353".parse().unwrap())
    );
    assert_eq!(parse_dns_server("::1"), Ok("[::1]:53".parse().unwrap()));
    assert!(parse_dns_server("dns.example.com").is_err());
}

/// Without its scheme a URL is read as keywords, and its login stands where a keyword is expected.
#[test]
fn a_url_without_its_scheme_shows_no_password() {
    for text in [
        "app:hunter2@db/shop?sslmode=require",
        "postgres:/app:hunter2@db/shop?sslmode=require",
        "jdbc:postgresql:app:hunter2@db?user=x",
        "hunter2hunter2hunter2hunter2hunter2hunter2hunter2=x",
        "postgres://app@db/shop?x hunter2=1",
    ] {
        let error = parse(text).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
        assert!(error.contains("write postgres://"), "{error}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in "(postgres://)?(.{0,40}|[a@:,\\[\\]/?%1]{0,20})") {
        let _ = parse(&text);
    }

    /// Whatever is in a password, no error shows it.
    #[test]
    fn no_error_shows_a_password(before in "[a-z/@?#:%= &']{0,4}", after in "[a-z/@?#:%= &']{0,4}") {
        let url = format!("postgres://app:{before}geheim{after}@h/d?sslmode=allow");
        let keywords = format!("host=h user=a password={before}geheim{after} sslmode=allow");
        for text in [url, keywords] {
            let error = parse(&text).unwrap_err();
            prop_assert!(!error.contains("geheim"), "{}: {}", text, error);
        }
    }
}
