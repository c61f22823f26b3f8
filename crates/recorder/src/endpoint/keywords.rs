//! The keywords of libpq's connection strings, up to PostgreSQL 18: which of them the recorder uses, and what it says of the others.

/// What becomes of a keyword.
#[derive(Debug, Clone, Copy)]
pub(super) enum Support {
    Used,
    /// Without effect here, or on TCP at all.
    NoEffect,
    /// These values ask for nothing that the recorder does not do anyway; for others, what to do.
    Only(&'static [&'static str], &'static str),
    /// What to do without it.
    Refused(&'static str),
}

use Support::{NoEffect, Only, Refused, Used};

/// A keyword, the variable that fills it in, and what becomes of it.
type Keyword = (&'static str, Option<&'static str>, Support);

const OAUTH: Support =
    Refused("OAuth logins are not supported; use a password or a client certificate");

pub(super) const KEYWORDS: [Keyword; 55] = [
    ("host", Some("PGHOST"), Used),
    ("hostaddr", Some("PGHOSTADDR"), Used),
    ("port", Some("PGPORT"), Used),
    ("dbname", Some("PGDATABASE"), Used),
    ("user", Some("PGUSER"), Used),
    // PGPASSWORD is read later: --password-command comes before it.
    ("password", None, Used),
    ("passfile", Some("PGPASSFILE"), Used),
    ("service", Some("PGSERVICE"), Used),
    ("servicefile", Some("PGSERVICEFILE"), Used),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT"), Used),
    ("application_name", Some("PGAPPNAME"), Used),
    ("fallback_application_name", None, Used),
    ("options", Some("PGOPTIONS"), Used),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS"), Used),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS"), Used),
    ("channel_binding", Some("PGCHANNELBINDING"), Used),
    (
        "keepalives",
        None,
        Only(
            &["1"],
            "keep-alives are always on; remove it, or set a long keepalives_idle",
        ),
    ),
    ("keepalives_idle", None, Used),
    ("keepalives_interval", None, Used),
    ("keepalives_count", None, Used),
    ("tcp_user_timeout", None, Used),
    ("sslmode", Some("PGSSLMODE"), Used),
    ("sslrootcert", Some("PGSSLROOTCERT"), Used),
    ("sslcert", Some("PGSSLCERT"), Used),
    ("sslkey", Some("PGSSLKEY"), Used),
    (
        "sslcertmode",
        Some("PGSSLCERTMODE"),
        Only(
            &["allow", "disable"],
            "write allow or disable; clientcert in the server's pg_hba.conf asks for a certificate too",
        ),
    ),
    (
        "sslpassword",
        None,
        Refused("encrypted keys are not supported; decrypt the key: openssl pkey -in KEY -out NEW"),
    ),
    (
        "sslcrl",
        Some("PGSSLCRL"),
        Refused("revocation lists are not read; remove it"),
    ),
    (
        "sslcrldir",
        Some("PGSSLCRLDIR"),
        Refused("revocation lists are not read; remove it"),
    ),
    ("sslsni", Some("PGSSLSNI"), Used),
    (
        "ssl_min_protocol_version",
        Some("PGSSLMINPROTOCOLVERSION"),
        Used,
    ),
    (
        "ssl_max_protocol_version",
        Some("PGSSLMAXPROTOCOLVERSION"),
        Used,
    ),
    ("sslcompression", Some("PGSSLCOMPRESSION"), NoEffect),
    (
        "sslnegotiation",
        Some("PGSSLNEGOTIATION"),
        Only(&["postgres"], "direct TLS is not supported; remove it"),
    ),
    (
        "sslkeylogfile",
        None,
        Refused("session keys are not logged; remove it"),
    ),
    (
        "gssencmode",
        Some("PGGSSENCMODE"),
        Only(
            &["disable", "prefer"],
            "encryption by GSSAPI is not supported; write gssencmode=disable and use TLS",
        ),
    ),
    ("krbsrvname", Some("PGKRBSRVNAME"), NoEffect),
    ("gsslib", Some("PGGSSLIB"), NoEffect),
    (
        "gssdelegation",
        Some("PGGSSDELEGATION"),
        Only(
            &["0"],
            "GSSAPI logins are not supported; use a password or a client certificate",
        ),
    ),
    ("requirepeer", Some("PGREQUIREPEER"), NoEffect),
    (
        "require_auth",
        Some("PGREQUIREAUTH"),
        Refused("not supported; channel_binding=require makes sure that only SCRAM is used"),
    ),
    (
        "client_encoding",
        Some("PGCLIENTENCODING"),
        Only(
            &["UTF8", "utf8", "UTF-8", "utf-8", "auto"],
            "only UTF8 is supported; remove it",
        ),
    ),
    (
        "replication",
        None,
        Only(
            &["false", "off", "no", "0"],
            "replication connections are not supported; remove it",
        ),
    ),
    (
        "min_protocol_version",
        Some("PGMINPROTOCOLVERSION"),
        Only(
            &["3.0"],
            "only version 3.0 of the protocol is supported; remove it",
        ),
    ),
    (
        "max_protocol_version",
        Some("PGMAXPROTOCOLVERSION"),
        NoEffect,
    ),
    (
        "scram_client_key",
        None,
        Refused("not supported; use the password"),
    ),
    (
        "scram_server_key",
        None,
        Refused("not supported; use the password"),
    ),
    ("oauth_issuer", None, OAUTH),
    ("oauth_client_id", None, OAUTH),
    ("oauth_client_secret", None, OAUTH),
    ("oauth_scope", None, OAUTH),
    // Gone from libpq with PostgreSQL 14, which knows them no more.
    (
        "authtype",
        None,
        Refused("libpq no longer has it; remove it"),
    ),
    ("tty", None, Refused("libpq no longer has it; remove it")),
    (
        "requiressl",
        None,
        Refused("libpq has dropped it; write sslmode=require"),
    ),
    ("ssl", None, Refused("write sslmode=require")),
];

/// True where libpq knows the keyword.
pub(super) fn is_known(word: &str) -> bool {
    KEYWORDS.iter().any(|(name, _, _)| *name == word)
}

/// How to write it.
pub(super) const FORMS: &str =
    "write postgres://user@host:5432/database, or 'host=... port=5432 dbname=... user=...'";

/// The keyword as the table has it.
///
/// # Errors
/// One line that shows the word.
pub(super) fn find(word: &str) -> Result<&'static str, String> {
    let known = KEYWORDS.iter().find(|(name, _, _)| *name == word);
    known.map(|(name, _, _)| *name).ok_or_else(|| {
        // Of a URL without its scheme the first "keyword" is the login.
        let is_word = word.len() <= 40
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_word {
            return format!("the word before a \"=\" is not a keyword of libpq; {FORMS}");
        }
        format!("{word:?} is not a keyword of libpq's connection strings")
    })
}

/// True where a value is nothing to be shown.
pub(super) fn is_secret(word: &str) -> bool {
    matches!(
        word,
        "password"
            | "sslpassword"
            | "oauth_client_secret"
            | "scram_client_key"
            | "scram_server_key"
    )
}
