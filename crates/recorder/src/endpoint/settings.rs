//! The parameters of an endpoint's URL, with libpq's names, words and units. What the URL leaves out comes from libpq's
//! environment variables.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use super::{ChannelBinding, RootCertificates, SslMode, TargetSession};
use crate::environment::Environment;
use crate::tcp::TcpSettings;

/// What is understood, and the variable that fills it in.
const PARAMETERS: [(&str, Option<&str>); 9] = [
    ("sslmode", Some("PGSSLMODE")),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("keepalives_count", None),
    ("tcp_user_timeout", None),
];

/// What the parameters say together.
pub(super) struct Settings {
    pub sslmode: SslMode,
    pub roots: RootCertificates,
    pub channel_binding: ChannelBinding,
    pub target: TargetSession,
    pub in_random_order: bool,
    pub tcp: TcpSettings,
}

/// A value, and where it stands.
struct Value {
    place: &'static str,
    text: String,
}

impl Value {
    fn wrong(&self, remedy: &str) -> String {
        format!("{}={}: {remedy}", self.place, self.text)
    }

    /// A whole number; 0 leaves it to the system, as with libpq.
    fn number<T: FromStr + PartialEq + From<u8>>(&self, what: &str) -> Result<Option<T>, String> {
        let number: T = self
            .text
            .parse()
            .map_err(|_| self.wrong(&format!("write {what}, or 0 for the system's")))?;
        Ok(Some(number).filter(|number| *number != T::from(0)))
    }
}

/// Every value that is given.
struct Values(BTreeMap<&'static str, Value>);

impl Values {
    fn read(url: &Url, environment: &Environment) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        for (key, value) in url.query_pairs() {
            let Some((name, _)) = PARAMETERS.iter().find(|(name, _)| *name == key) else {
                return Err(unknown(&key));
            };
            let text = value.into_owned();
            values.insert(*name, Value { place: name, text });
        }
        for (name, variable) in PARAMETERS {
            let Some(place) = variable.filter(|_| !values.contains_key(name)) else {
                continue;
            };
            if let Some(text) = environment.get(place)? {
                values.insert(name, Value { place, text });
            }
        }
        Ok(Self(values))
    }

    /// One of some words.
    fn word<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        words: &str,
    ) -> Result<Option<T>, String> {
        let read = |value: &Value| parse(&value.text).ok_or_else(|| value.wrong(words));
        self.0.get(name).map(read).transpose()
    }

    fn number<T: FromStr + PartialEq + From<u8>>(
        &self,
        name: &str,
        what: &str,
    ) -> Result<Option<T>, String> {
        self.0
            .get(name)
            .map_or(Ok(None), |value| value.number(what))
    }

    fn place<'a>(&self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, |value| value.place)
    }
}

fn unknown(key: &str) -> String {
    if key == "password" {
        return "put the password before the host (postgres://user:password@host), or into PGPASSWORD \
                or ~/.pgpass"
            .to_owned();
    }
    let names = PARAMETERS.map(|(name, _)| name).join(", ");
    format!("the parameter {key:?} of the URL is not supported; these are: {names}")
}

impl Settings {
    /// Reads the parameters and holds them against each other.
    ///
    /// # Errors
    /// One line that names the parameter or the variable.
    pub(super) fn read(url: &Url, environment: &Environment) -> Result<Self, String> {
        let values = Values::read(url, environment)?;
        let sslmode = values.word(
            "sslmode",
            SslMode::parse,
            "write disable, prefer, require, verify-ca or verify-full",
        )?;
        let channel_binding = values
            .word(
                "channel_binding",
                ChannelBinding::parse,
                "write disable, prefer or require",
            )?
            .unwrap_or_default();
        let target = values
            .word(
                "target_session_attrs",
                TargetSession::parse,
                "write any, read-write, read-only, primary, standby or prefer-standby",
            )?
            .unwrap_or_default();
        let is_random = |word: &str| match word {
            "disable" => Some(false),
            "random" => Some(true),
            _ => None,
        };
        let in_random_order = values
            .word("load_balance_hosts", is_random, "write disable or random")?
            .unwrap_or_default();
        let roots = match values.0.get("sslrootcert").map(|value| value.text.as_str()) {
            None => RootCertificates::None,
            Some("system") => RootCertificates::System,
            Some(file) => RootCertificates::File(PathBuf::from(file)),
        };
        let at_mode = |mode: SslMode| format!("{}={}", values.place("sslmode"), mode.as_str());
        // The rule of libpq: a public authority signs for anybody, so the name must be checked too.
        let (default, weakest) = match roots {
            RootCertificates::System => (SslMode::VerifyFull, SslMode::VerifyFull),
            _ => (SslMode::Prefer, SslMode::Disable),
        };
        let sslmode = sslmode.unwrap_or(default);
        if sslmode < weakest {
            return Err(format!(
                "{} is too weak for {}=system; use verify-full",
                at_mode(sslmode),
                values.place("sslrootcert")
            ));
        }
        if sslmode >= SslMode::VerifyCa && roots == RootCertificates::None {
            return Err(format!(
                "{} needs sslrootcert=FILE (the authority's certificate) or sslrootcert=system",
                at_mode(sslmode)
            ));
        }
        if sslmode == SslMode::Disable && channel_binding == ChannelBinding::Require {
            return Err(format!(
                "{}=require needs TLS, and {} forbids it",
                values.place("channel_binding"),
                at_mode(sslmode)
            ));
        }
        let seconds = |name| {
            let seconds = values.number::<u16>(name, "whole seconds, at most 32767")?;
            let valid = seconds.filter(|seconds| *seconds > 32_767).is_none();
            valid
                .then(|| seconds.map(|seconds| Duration::from_secs(seconds.into())))
                .ok_or_else(|| format!("{name}: write at most 32767 seconds"))
        };
        let tcp = TcpSettings {
            keepalive_idle: seconds("keepalives_idle")?,
            keepalive_interval: seconds("keepalives_interval")?,
            keepalive_count: values
                .number::<u8>("keepalives_count", "a number up to 127")?
                .map(u32::from),
            user_timeout: values
                .number::<u32>("tcp_user_timeout", "milliseconds")?
                .map(|milliseconds| Duration::from_millis(milliseconds.into())),
        };
        tcp.check()?;
        Ok(Self {
            sslmode,
            roots,
            channel_binding,
            target,
            in_random_order,
            tcp,
        })
    }
}
