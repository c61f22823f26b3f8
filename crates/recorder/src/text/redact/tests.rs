//! What is masked, what is not, and that no secret survives whatever it is made of.

use proptest::prelude::*;

use super::*;

/// A text, and what is shown of it.
const SHOWN: &[(&str, &str)] = &[
    ("lab failover --kind crash", "lab failover --kind crash"),
    // URLs.
    (
        "postgres://app:geheim@db/shop",
        "postgres://app:***@db/shop",
    ),
    (
        "psql 'postgres://app:ge@h/eim@db/shop' -c 'select 1'",
        "psql 'postgres://app:***@db/shop' -c 'select 1'",
    ),
    (
        "psql \"postgres://app:it's@db/shop\"",
        "psql \"postgres://app:***@db/shop\"",
    ),
    ("postgres://app@db:5432/shop", "postgres://app@db:5432/shop"),
    (
        "postgres://app:ge,heim@a:1,b:2/shop",
        "postgres://app:***@a:1,b:2/shop",
    ),
    ("postgres://app@a:1,b:2/shop", "postgres://app@a:1,b:2/shop"),
    ("http://host:80/path", "http://host:80/path"),
    ("a://u:p@h b://v:q@i", "a://u:***@h b://v:***@i"),
    (
        "postgres://db/shop?user=a&password=geheim&x=1",
        "postgres://db/shop?user=a&password=***&x=1",
    ),
    (
        "'postgres://db/shop?password=geheim&x=1'",
        "'postgres://db/shop?password=***&x=1'",
    ),
    // Assignments.
    ("PGPASSWORD=geheim psql", "PGPASSWORD=*** psql"),
    ("MYSQL_PWD=geheim mysql", "MYSQL_PWD=*** mysql"),
    (
        "AWS_SECRET_ACCESS_KEY=abc/d+e= aws rds",
        "AWS_SECRET_ACCESS_KEY=*** aws rds",
    ),
    ("aws_session_token=\"a b\" x=1", "aws_session_token=*** x=1"),
    ("password='ge heim' x", "password=*** x"),
    ("PGPASSWORD=ge\\ heim psql", "PGPASSWORD=*** psql"),
    ("PGPASSWORD='it'\\''s' psql", "PGPASSWORD=*** psql"),
    ("PGPASSWORD=geheim; psql", "PGPASSWORD=***; psql"),
    ("(PGPASSWORD=geheim)", "(PGPASSWORD=***)"),
    (
        "psql 'host=a password=geheim user=b'",
        "psql 'host=a password=*** user=b'",
    ),
    (
        "psql 'user=b password=geheim' -c 'select 1'",
        "psql 'user=b password=***' -c 'select 1'",
    ),
    (
        "psql 'host=a password = ge&heim;x user=b'",
        "psql 'host=a password = *** user=b'",
    ),
    (
        "psql \"password='ge heim' user=b\"",
        "psql \"password=*** user=b\"",
    ),
    // Options.
    ("x --password geheim -v", "x --password *** -v"),
    ("x --password=geheim -v", "x --password=*** -v"),
    ("x --Api-Token  'a b' -v", "x --Api-Token  *** -v"),
    ("x --token \\\n  geheim -v", "x --token \\\n  *** -v"),
    (
        "a='\\' PGPASSWORD=ge\"he im\"; b",
        "a='\\' PGPASSWORD=***; b",
    ),
    ("x --secret-id=a", "x --secret-id=***"),
    ("psql --no-password -c x", "psql --no-password -c x"),
    ("psql --password", "psql --password"),
    // An apostrophe in prose is no quote.
    (
        "# can't wait\nPGPASSWORD='ge heim' psql",
        "# can't wait\nPGPASSWORD=*** psql",
    ),
    // Words, not values.
    (
        "duplicate key value violates unique constraint \"business_orders_order_number_key\"",
        "duplicate key value violates unique constraint \"business_orders_order_number_key\"",
    ),
    (
        "password authentication failed for user \"app\"",
        "password authentication failed for user \"app\"",
    ),
    (
        "Key (order_number)=(x-d-1) already exists.",
        "Key (order_number)=(x-d-1) already exists.",
    ),
];

#[test]
fn secrets_go_and_all_else_stays() {
    for (text, expected) in SHOWN {
        assert_eq!(redact(text), *expected);
        assert_eq!(redact(expected), *expected, "once is enough");
    }
}

#[test]
fn names_of_secrets() {
    for name in [
        "PGPASSWORD",
        "passwd",
        "MYSQL_PWD",
        "client-secret",
        "Token",
        "api_key",
    ] {
        assert!(is_secret_name(name), "{name}");
    }
    for name in ["case", "user", "host", "ticket", "pass"] {
        assert!(!is_secret_name(name), "{name}");
    }
}

#[test]
fn urls_with_a_password() {
    for (text, expected) in [
        ("--direct-url=postgres://a:b@c/d", true),
        ("x postgres://a@c/d postgres://a:b@c/d", true),
        ("postgres://a@c:5432/d", false),
        ("--token x", false),
        ("host=c password = x", true),
        ("postgres://c/d?password=x", true),
        ("host=c sslkey=x password=", false),
    ] {
        assert_eq!(has_password(text), expected, "{text}");
    }
}

/// As a careful user writes it for a shell.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

proptest! {
    #[test]
    fn no_password_of_a_url_survives(
        user in "[a-z]{1,8}",
        password in "[A-Z0-9@:/?#%;&'\"=]{4,20}",
        before in "[a-z ]{0,9}",
    ) {
        let text = format!("{before} postgres://{user}:{password}@host/db and more");
        prop_assert!(!redact(&text).contains(&password));
    }

    #[test]
    fn no_value_of_a_secret_name_survives(
        before in "([a-z]{1,5} ){0,2}",
        name in "(PG|db_|x-)?([Pp]assword|PASSWD|Pwd|secret|TOKEN|Key)(_id|-2|)",
        form in 0..3,
        secret in "[A-Z0-9 @:/?#%;&'\"=|()$\\\\]{4,20}",
    ) {
        let value = shell_quoted(&secret);
        let text = match form {
            0 => format!("{before}{name}={value} x"),
            1 => format!("{before}--{name} {value} x"),
            _ => format!("{before}--{name}={value} x"),
        };
        let shown = redact(&text);
        let kept = shown.strip_prefix(&before).and_then(|rest| rest.split_once(&name));
        let (_, kept) = kept.expect("the name stays");
        prop_assert!(kept.starts_with("=***") || kept.starts_with(" ***"), "{shown}");
        prop_assert!(!shown.contains(&secret), "{shown}");
        // Not a piece of it either.
        prop_assert!(!kept.contains(|c: char| c.is_ascii_uppercase()), "{shown}");
    }

    #[test]
    fn never_panics(text in "\\PC{0,60}", key in "(--password |password=|://|PGPASSWORD='|\\\\)") {
        let _ = redact(&format!("{text}{key}{text}"));
    }
}
