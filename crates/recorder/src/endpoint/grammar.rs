//! The two forms of libpq's connection strings, read as libpq reads them (`conninfo_uri_parse` and `conninfo_parse` of `fe-connect.c`): into
//! keywords and values. The crate `url` reads another grammar: it knows no lists of hosts, takes a `+` for a space, and ends a password at `?`.

use percent_encoding::percent_decode_str;

use crate::endpoint::keywords;
use crate::endpoint::keywords::FORMS;

/// A keyword and its value, in the order in which they stand; the last of a keyword holds.
pub(super) type Given = Vec<(String, String)>;

const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// What is said where a password's own characters are taken for the URL's.
const HINT: &str = "the user or the password has a / or @ that must be percent-encoded: %2F for /, %40 for @, %25 for %";

/// Reads a URL, or a string of keywords.
///
/// # Errors
/// One line that says what is wrong, never a piece of the text that may belong to a password.
pub(super) fn read(text: &str) -> Result<Given, String> {
    if let Some(rest) = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)) {
        return read_url(rest);
    }
    let before_equal = text.split('=').next().unwrap_or_default();
    if before_equal.contains("://") {
        return Err("the URL must begin with postgres:// or postgresql://".to_owned());
    }
    match text.contains('=') {
        true => read_keywords(text),
        false => Err(format!("not a connection string; {FORMS}")),
    }
}

/// The URL behind its scheme. The hint comes first: with a raw character of a password every other complaint is about the wrong thing.
fn read_url(rest: &str) -> Result<Given, String> {
    let url = Url::split(rest);
    let is_password_likely = rest
        .split(['/', '?', '@'])
        .next()
        .is_some_and(|start| start.contains(':'));
    let is_split_wrongly = url.host_and_path.contains('@');
    let read = url.read();
    match read {
        Err(_) if is_password_likely && url.after_login.contains('@') => Err(hint()),
        _ if is_split_wrongly => Err(hint()),
        read => read,
    }
}

fn hint() -> String {
    HINT.to_owned()
}

/// The parts of a URL, split where libpq splits them.
struct Url<'a> {
    /// `user` or `user:password`.
    login: Option<&'a str>,
    /// All that follows.
    after_login: &'a str,
    /// Of that, what stands before the parameters.
    host_and_path: &'a str,
    parameters: Option<&'a str>,
}

impl<'a> Url<'a> {
    fn split(rest: &'a str) -> Self {
        let (login, after_login) = match rest.find(['@', '/']) {
            Some(at) if rest[at..].starts_with('@') => (Some(&rest[..at]), &rest[at + 1..]),
            _ => (None, rest),
        };
        let (host_and_path, parameters) = match after_login.split_once('?') {
            Some((before, parameters)) => (before, Some(parameters)),
            None => (after_login, None),
        };
        Self {
            login,
            after_login,
            host_and_path,
            parameters,
        }
    }

    fn read(&self) -> Result<Given, String> {
        let mut given = Given::new();
        let mut add = |key: &str, value: &str| -> Result<(), String> {
            if !value.is_empty() {
                given.push((key.to_owned(), decode(value, key)?));
            }
            Ok(())
        };
        if let Some(login) = self.login {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            add("user", user)?;
            add("password", password)?;
        }
        let (hosts, database) = self
            .host_and_path
            .split_once('/')
            .unwrap_or((self.host_and_path, ""));
        let (names, ports) = hosts_and_ports(hosts)?;
        add("host", &names)?;
        add("port", &ports)?;
        add("dbname", database)?;
        let parameters = self.parameters.unwrap_or_default();
        let parameters = parameters.strip_suffix('&').unwrap_or(parameters);
        if !parameters.is_empty() {
            let mut is_after_secret = false;
            for parameter in parameters.split('&') {
                let (key, value) = read_parameter(parameter)?;
                check_keyword(&key, is_after_secret)?;
                is_after_secret |= keywords::is_secret(&key);
                given.push((key, value));
            }
        }
        Ok(given)
    }
}

/// `host:port,host:port` as a list of names and a list of ports.
fn hosts_and_ports(hosts: &str) -> Result<(String, String), String> {
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            None => host.split_once(':').unwrap_or((host, "")),
            Some(inner) => {
                let (address, after) = inner
                    .split_once(']')
                    .ok_or("the URL has a \"[\" without its \"]\" around an IPv6 address")?;
                let port = match after.strip_prefix(':') {
                    Some(port) => port,
                    None if after.is_empty() => "",
                    None => {
                        return Err(
                            "the URL has something other than :port behind an IPv6 address in \"[]\""
                                .to_owned(),
                        );
                    }
                };
                if address.is_empty() {
                    return Err("the URL has an empty IPv6 address, \"[]\"".to_owned());
                }
                (address, port)
            }
        };
        names.push(name);
        ports.push(port);
    }
    Ok((names.join(","), ports.join(",")))
}

fn read_parameter(parameter: &str) -> Result<(String, String), String> {
    let (key, value) = parameter
        .split_once('=')
        .ok_or("a parameter of the URL has no \"=\"; write ?keyword=value&keyword=value")?;
    if value.contains('=') {
        return Err(
            "a parameter of the URL has a second \"=\"; write %3D for one in a value".to_owned(),
        );
    }
    let (key, value) = (decode(key, "keyword")?, decode(value, key)?);
    Ok(match (key.as_str(), value.as_str()) {
        // What URLs of JDBC say.
        ("ssl", "true") => ("sslmode".to_owned(), "require".to_owned()),
        _ => (key, value),
    })
}

/// Stricter than the crate: as with libpq every `%` begins two hexadecimal digits, and none of them is a zero byte.
fn decode(text: &str, what: &str) -> Result<String, String> {
    let is_whole = text.split('%').skip(1).all(|after| {
        let digits = after.get(..2).unwrap_or_default();
        digits.len() == 2 && digits.chars().all(|c| c.is_ascii_hexdigit()) && digits != "00"
    });
    let what = match keywords::is_known(what) {
        true => what,
        false => "parameter",
    };
    if !is_whole {
        return Err(format!(
            "the {what} in the URL has a \"%\" without two hexadecimal digits after it; write %25 for a \"%\""
        ));
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| format!("the {what} in the URL is not UTF-8"))
}

/// `keyword = value keyword='a value'`; a backslash escapes.
fn read_keywords(text: &str) -> Result<Given, String> {
    let mut given = Given::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let value = after
            .trim_start()
            .strip_prefix('=')
            .ok_or("the connection string has a word without \"=\"; quote a value that has spaces: password='two words'")?;
        let (value, after) = read_value(value.trim_start())?;
        check_keyword(key, given.iter().any(|(key, _)| keywords::is_secret(key)))?;
        given.push((key.to_owned(), value));
        rest = after.trim_start();
    }
    Ok(given)
}

/// Behind a password with a space or an "&" in it, an unknown word is a piece of the password.
fn check_keyword(key: &str, is_after_secret: bool) -> Result<(), String> {
    keywords::find(key).map(|_| ()).map_err(|unknown| match is_after_secret {
        true => "a keyword after the password is unknown to libpq; quote a password with spaces (password='two words'), and write %26 for \"&\" in a URL"
            .to_owned(),
        false => unknown,
    })
}

/// A value, and what follows it.
fn read_value(text: &str) -> Result<(String, &str), String> {
    let (quoted, text) = match text.strip_prefix('\'') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            c if !quoted && c.is_whitespace() => return Ok((value, &text[at..])),
            c => value.push(c),
        }
    }
    match quoted {
        true => Err("the connection string has a quote \"'\" that is not closed".to_owned()),
        false => Ok((value, "")),
    }
}
