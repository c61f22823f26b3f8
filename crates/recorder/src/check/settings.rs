//! Settings of the session that work against a run: a limit of the server's that is shorter than the run's own, and transactions that
//! are read-only on a writer.

use std::time::Duration;

use command_line::duration::micros;

use crate::check::examine::{End, Examination};
use crate::check::questions;
use crate::check::questions::Setting;
use crate::check::row::{Check, Sizing, Verdict};
use crate::connect::Session;
use crate::endpoint::Endpoint;

impl Examination {
    /// Asks for them; where the server refuses that, nothing is known.
    pub(super) async fn ask_settings(&mut self, session: &Session) -> Result<Vec<Setting>, End> {
        let (limit, asked) = (self.sizing.limit, questions::settings(session));
        self.rows
            .ask(Check::Session, "its settings", limit, session, asked)
            .await
    }

    /// A row for each limit that is too short; one that all is well where none is.
    pub(super) fn session_limits(&mut self, settings: &[Setting]) {
        let limits: Vec<&Setting> = settings
            .iter()
            .filter(|setting| setting.name.ends_with("_timeout"))
            .collect();
        if limits.is_empty() {
            let remedy = "check statement_timeout and the other limits of the session";
            let found = "the server does not report its timeouts for sessions and statements";
            return self.rows.warn(Check::Session, found, remedy);
        }
        let is_reader = self.rows.connector.is_reader();
        let short: Vec<(&Setting, TooShort)> = limits
            .iter()
            .filter_map(|setting| Some((*setting, too_short(setting, self.sizing, is_reader)?)))
            .collect();
        for (setting, TooShort { than, effect }) in &short {
            let value = setting.milliseconds().unwrap_or_default();
            let found = format!(
                "{} {} is shorter than {than}: {effect}",
                setting.name,
                time(value)
            );
            let remedy = to_reset(setting, self.rows.connector.endpoint());
            self.rows
                .push(Check::Session, Verdict::Warn, found, Some(remedy));
        }
        if short.is_empty() {
            let set: Vec<String> = limits
                .iter()
                .filter_map(|setting| {
                    let value = setting.milliseconds().filter(|value| *value > 0)?;
                    Some(format!("{} {}", setting.name, time(value)))
                })
                .collect();
            let found = match set.is_empty() {
                true => "the server has no time limits".to_owned(),
                false => format!("longer than the run's own limits: {}", set.join(", ")),
            };
            self.rows.ok(Check::Session, found);
        }
    }
}

/// Where the transactions of the session are read-only: which setting makes them so, and what to do.
pub(super) fn read_only(settings: &[Setting], endpoint: &Endpoint) -> Option<(String, String)> {
    let is_on = |name: &str| {
        settings
            .iter()
            .find(|setting| setting.name == name && setting.value == "on")
    };
    is_on("transaction_read_only")?;
    Some(match is_on("default_transaction_read_only") {
        Some(default) => (
            format!("{} is on", default.name),
            to_reset(default, endpoint),
        ),
        None => (
            "transaction_read_only is on".to_owned(),
            "find where it is set: the server's configuration, the role, or the pooler".to_owned(),
        ),
    })
}

/// Where a setting comes from is where it can be changed.
fn to_reset(setting: &Setting, endpoint: &Endpoint) -> String {
    let name = &setting.name;
    let (user, database) = (quoted(&endpoint.user), quoted(&endpoint.database));
    match setting.source.as_str() {
        "user" => format!("ALTER ROLE {user} RESET {name}"),
        "database" => format!("ALTER DATABASE {database} RESET {name}"),
        "database user" => format!("ALTER ROLE {user} IN DATABASE {database} RESET {name}"),
        "global" => format!("ALTER ROLE ALL RESET {name}"),
        "client" | "session" if endpoint.options.is_some() => format!(
            "{name} is set by the connection: check its options (connection string, PGOPTIONS), then the pooler's settings"
        ),
        "client" | "session" => {
            format!("{name} is set by the connection: check the pooler's settings")
        }
        _ => format!("change {name} in the server's configuration, or ALTER ROLE {user} SET it"),
    }
}

/// What PostgreSQL reads as something else, unquoted, where the name of a role or database stands.
const KEYWORDS: [&str; 12] = [
    "all",
    "current_role",
    "current_user",
    "default",
    "end",
    "group",
    "none",
    "order",
    "public",
    "session_user",
    "table",
    "user",
];

/// A name as it stands in SQL.
fn quoted(name: &str) -> String {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let is_plain = name.starts_with(is_letter)
        && name
            .chars()
            .all(|other| is_letter(other) || other.is_ascii_digit());
    match is_plain && !KEYWORDS.contains(&name) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// Than what a limit is shorter, and what comes of it.
#[derive(Debug, PartialEq, Eq)]
struct TooShort {
    than: String,
    effect: &'static str,
}

fn too_short(setting: &Setting, sizing: Sizing, is_reader: bool) -> Option<TooShort> {
    let operation = || {
        (
            sizing.operation,
            format!("--operation-timeout {:?}", sizing.operation),
        )
    };
    let ((bound, than), effect) = match setting.name.as_str() {
        "statement_timeout" => (
            operation(),
            "the server cancels statements (57014) before your own limit",
        ),
        // Reads wait for no row locks.
        "lock_timeout" if sizing.writes && !is_reader => (
            operation(),
            "the server cancels waits for locks (55P03) before your own limit",
        ),
        "idle_in_transaction_session_timeout" if sizing.transactions && !is_reader => (
            operation(),
            "the server closes connections that are idle in a transaction",
        ),
        "transaction_timeout" => (
            operation(),
            "the server closes connections whose transaction takes longer",
        ),
        "idle_session_timeout" => {
            let idle = sizing.longest_idle;
            (
                (
                    idle,
                    format!("the time that a pooled connection may be idle ({idle:?})"),
                ),
                "the server closes idle connections that are still in the pool",
            )
        }
        _ => return None,
    };
    let value = setting.milliseconds().filter(|value| *value > 0)?;
    let is_shorter = value.saturating_mul(1_000) < micros(bound);
    is_shorter.then_some(TooShort { than, effect })
}

fn time(milliseconds: i64) -> String {
    let milliseconds = u64::try_from(milliseconds).unwrap_or_default();
    format!("{:?}", Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Definition;
    use crate::endpoint::environment::Environment;
    use crate::sql::protocol::Protocol;

    fn setting(name: &str, value: &str, source: &str) -> Setting {
        Setting {
            name: name.to_owned(),
            value: value.to_owned(),
            source: source.to_owned(),
        }
    }

    fn sizing() -> Sizing {
        Sizing {
            workload: Definition::shop(),
            asking: None,
            writes: true,
            transactions: true,
            pool_size: 5,
            pgbench_clients: None,
            limit: Duration::from_secs(5),
            protocol: Protocol::Extended,
            connect: Duration::from_secs(5),
            operation: Duration::from_secs(10),
            longest_idle: Duration::from_millis(10_500),
        }
    }

    #[test]
    fn each_limit_against_what_it_concerns() {
        let than = |name: &str, value: &str, sizing: Sizing, is_reader: bool| {
            too_short(&setting(name, value, "user"), sizing, is_reader).map(|found| found.than)
        };
        let operation = Some("--operation-timeout 10s".to_owned());
        for name in [
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "transaction_timeout",
        ] {
            assert_eq!(than(name, "9999", sizing(), false), operation, "{name}");
            assert_eq!(than(name, "10000", sizing(), false), None, "{name}");
            assert_eq!(than(name, "0", sizing(), false), None, "{name}: none");
        }
        let reads = Sizing {
            writes: false,
            transactions: false,
            ..sizing()
        };
        assert_eq!(than("lock_timeout", "1", reads, false), None);
        assert_eq!(than("lock_timeout", "1", sizing(), true), None);
        assert_eq!(
            than("idle_session_timeout", "10499", sizing(), false),
            Some("the time that a pooled connection may be idle (10.5s)".to_owned())
        );
        assert_eq!(than("idle_session_timeout", "10500", sizing(), false), None);
        assert_eq!(than("another_timeout", "1", sizing(), false), None);
    }

    #[test]
    fn the_user_s_own_options_come_before_the_pooler() {
        let of_client = setting("default_transaction_read_only", "on", "client");
        let advice = |url: &str| {
            let endpoint = Endpoint::parse(url, &Environment::of(&[])).expect("a URL");
            to_reset(&of_client, &endpoint)
        };
        let own = advice("postgres://app@db/shop?options=-cdefault_transaction_read_only%3Don");
        let (options, pooler) = (own.find("PGOPTIONS"), own.find("pooler"));
        assert!(options.is_some() && options < pooler, "{own}");
        let other = advice("postgres://app@db/shop");
        assert!(!other.contains("PGOPTIONS"), "{other}");
    }

    #[test]
    fn names_are_quoted_where_they_need_it() {
        for (name, expected) in [
            ("app_1", "app_1"),
            ("my-app", "\"my-app\""),
            ("App", "\"App\""),
            ("1st", "\"1st\""),
            ("a\"b", "\"a\"\"b\""),
            ("user", "\"user\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(name), expected);
        }
        let endpoint = Endpoint::parse("postgres://my-app@db/My-Shop", &Environment::of(&[]));
        let endpoint = endpoint.expect("a URL");
        let advice = |source| to_reset(&setting("lock_timeout", "1", source), &endpoint);
        assert_eq!(advice("user"), "ALTER ROLE \"my-app\" RESET lock_timeout");
        assert_eq!(
            advice("database user"),
            "ALTER ROLE \"my-app\" IN DATABASE \"My-Shop\" RESET lock_timeout"
        );
    }

    #[test]
    fn the_cause_of_read_only() {
        let endpoint =
            Endpoint::parse("postgres://app@db/shop", &Environment::of(&[])).expect("a URL");
        let on = [
            setting("transaction_read_only", "on", "override"),
            setting("default_transaction_read_only", "on", "database user"),
        ];
        let expected = (
            "default_transaction_read_only is on".to_owned(),
            "ALTER ROLE app IN DATABASE shop RESET default_transaction_read_only".to_owned(),
        );
        assert_eq!(read_only(&on, &endpoint), Some(expected));
        assert!(
            read_only(&on[..1], &endpoint)
                .unwrap()
                .1
                .contains("find where it is set")
        );
        assert_eq!(read_only(&on[1..], &endpoint), None);
        assert_eq!(read_only(&[], &endpoint), None);
    }
}
