//! The parameters of an endpoint's connection string, with libpq's names, words and units.

use std::path::PathBuf;
use std::time::Duration;

use crate::endpoint::environment::Environment;
use crate::endpoint::hosts::TargetSession;
use crate::endpoint::tcp::TcpSettings;
use crate::endpoint::tls::{
    ChannelBinding, ClientCertificate, RootCertificates, SslMode, TlsVersion,
};
use crate::endpoint::values::Values;

/// What `connect_timeout=0` stands for: longer than any operation waits.
const NO_LIMIT: Duration = Duration::from_secs(86_400);

/// What the parameters say together.
pub(super) struct Settings {
    pub sslmode: SslMode,
    pub roots: RootCertificates,
    pub client_certificate: Option<ClientCertificate>,
    pub tls_versions: (TlsVersion, TlsVersion),
    pub sends_host_name: bool,
    pub channel_binding: ChannelBinding,
    pub target: TargetSession,
    pub in_random_order: bool,
    pub connect_timeout: Option<Duration>,
    pub tcp: TcpSettings,
}

impl Settings {
    /// Reads the parameters and holds them against each other.
    ///
    /// # Errors
    /// One line that names the parameter or the variable.
    pub(super) fn read(values: &Values, environment: &Environment) -> Result<Self, String> {
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
        let roots = roots(values, environment);
        let sslmode = sslmode(values, &roots, channel_binding)?;
        no_revocation_list(environment, &roots, sslmode)?;
        Ok(Self {
            sslmode,
            roots,
            client_certificate: client_certificate(values, environment)?,
            tls_versions: tls_versions(values)?,
            sends_host_name: values
                .word("sslsni", is_on, "write 1 or 0")?
                .unwrap_or(true),
            channel_binding,
            target,
            in_random_order,
            connect_timeout: connect_timeout(values)?,
            tcp: tcp(values)?,
        })
    }
}

fn is_on(word: &str) -> Option<bool> {
    match word {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}

/// As with libpq, the file of the home folder counts where it is there and no other is named.
fn roots(values: &Values, environment: &Environment) -> RootCertificates {
    match values.text("sslrootcert") {
        Some(file) if file == "system" => RootCertificates::System,
        Some(file) => RootCertificates::File(PathBuf::from(file)),
        None => environment
            .in_home(".postgresql/root.crt")
            .filter(|file| file.exists())
            .map_or(RootCertificates::None, RootCertificates::File),
    }
}

/// libpq reads this file unasked wherever it reads trusted certificates from a file. Passed over, what is revoked would be taken.
fn no_revocation_list(
    environment: &Environment,
    roots: &RootCertificates,
    sslmode: SslMode,
) -> Result<(), String> {
    let is_checked = matches!(roots, RootCertificates::File(_)) && sslmode != SslMode::Disable;
    let file = environment.in_home(".postgresql/root.crl");
    match file.filter(|file| is_checked && file.exists()) {
        Some(file) => Err(format!(
            "{}: revocation lists are not read; move it away, or run the recorder with another HOME",
            file.display()
        )),
        None => Ok(()),
    }
}

fn sslmode(
    values: &Values,
    roots: &RootCertificates,
    channel_binding: ChannelBinding,
) -> Result<SslMode, String> {
    let sslmode = values.word(
        "sslmode",
        SslMode::parse,
        "write disable, prefer, require, verify-ca or verify-full",
    )?;
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
    if sslmode >= SslMode::VerifyCa && *roots == RootCertificates::None {
        return Err(format!(
            "{} needs sslrootcert=FILE (the authority's certificate), ~/.postgresql/root.crt or sslrootcert=system",
            at_mode(sslmode)
        ));
    }
    if sslmode == SslMode::VerifyFull && values.given("host").is_none() {
        return Err(format!(
            "{} needs host=NAME in addition to hostaddr: the certificate is checked against the name",
            at_mode(sslmode)
        ));
    }
    if sslmode == SslMode::Disable && channel_binding == ChannelBinding::Require {
        return Err(format!(
            "{}=require needs TLS, and {} turns it off",
            values.place("channel_binding"),
            at_mode(sslmode)
        ));
    }
    Ok(sslmode)
}

/// `sslcert` and `sslkey`; as with libpq, the files of the home folder where they are there and no others are named.
fn client_certificate(
    values: &Values,
    environment: &Environment,
) -> Result<Option<ClientCertificate>, String> {
    if values.text("sslcertmode").as_deref() == Some("disable") {
        return Ok(None);
    }
    let file = |name: &str, default: &str| {
        let given = values.text(name).map(PathBuf::from);
        given.or_else(|| environment.in_home(default).filter(|file| file.exists()))
    };
    let certificate = file("sslcert", ".postgresql/postgresql.crt");
    let key = file("sslkey", ".postgresql/postgresql.key");
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(ClientCertificate { certificate, key })),
        (Some(certificate), None) => Err(format!(
            "{}={}: its key is missing; give sslkey=FILE",
            values.place("sslcert"),
            certificate.display()
        )),
        // Without a certificate libpq does not look at the key.
        (None, _) => Ok(None),
    }
}

fn tls_versions(values: &Values) -> Result<(TlsVersion, TlsVersion), String> {
    let (least, most) = ("ssl_min_protocol_version", "ssl_max_protocol_version");
    // Older ones are never used, so that they are no limit from below.
    let from = values.word(
        least,
        |word| match word {
            "TLSv1" | "TLSv1.1" => Some(TlsVersion::V1_2),
            word => TlsVersion::parse(word),
        },
        "write TLSv1.2 or TLSv1.3",
    )?;
    let to = values.word(most, TlsVersion::parse, "write TLSv1.2 or TLSv1.3")?;
    let range = (
        from.unwrap_or(TlsVersion::V1_2),
        to.unwrap_or(TlsVersion::V1_3),
    );
    match range.0 <= range.1 {
        true => Ok(range),
        false => Err(format!(
            "{} is higher than {}",
            values.place(least),
            values.place(most)
        )),
    }
}

/// Whole seconds; as with libpq, 0 and less are no limit.
fn connect_timeout(values: &Values) -> Result<Option<Duration>, String> {
    let Some(value) = values.given("connect_timeout") else {
        return Ok(None);
    };
    let seconds: i32 = value
        .text
        .trim()
        .parse()
        .map_err(|_| value.wrong("write whole seconds, or 0 for no limit"))?;
    Ok(Some(match u64::try_from(seconds) {
        Ok(seconds) if seconds > 0 => Duration::from_secs(seconds),
        _ => NO_LIMIT,
    }))
}

fn tcp(values: &Values) -> Result<TcpSettings, String> {
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
    Ok(tcp)
}
