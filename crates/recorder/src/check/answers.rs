//! What a server that answers is asked, and what is made of the answers.

use std::net::IpAddr;
use std::time::Duration;

use recording::Server;
use recording::vocabulary::Path;
use tokio::time::Instant;

use crate::check::dns::asks_for_aws;
use crate::check::examine::{End, Examination, milliseconds};
use crate::check::limits;
use crate::check::questions;
use crate::check::questions::TableRows;
use crate::check::row::Check;
use crate::connect::{ConnectProgress, Session};
use crate::database::clock_offset;
use crate::database::{self, Trouble};
use command_line::text::thousands;

/// The oldest PostgreSQL that a run is let loose on: older ones are out of support at every vendor.
const OLDEST: u32 = 12;
/// A longer round trip hides what is shorter: the recorder is far away.
const FAR: Duration = Duration::from_millis(20);

impl Examination {
    /// Version, and whether it is Aurora.
    pub(super) async fn server(
        &mut self,
        session: &Session,
        server: Option<&Server>,
    ) -> Result<(), End> {
        let Some(server) = server else {
            self.rows.warn(
                Check::Server,
                "the server does not identify itself",
                "the recording will not have the server's address",
            );
            return Ok(());
        };
        self.examined.server = Some(server.clone());
        let is_aurora = match &server.aurora_instance_identifier {
            Some(_) => Some(true),
            None => {
                let (limit, asked) = (self.sizing.limit, questions::is_aurora(session));
                self.rows
                    .ask(Check::Server, "whether it is Aurora", limit, session, asked)
                    .await?
            }
        };
        let asked_for_aws = asks_for_aws(self.rows.connector.endpoint());
        let kind = match (&server.aurora_instance_identifier, is_aurora) {
            (Some(instance), _) => format!(", Aurora, instance {instance}"),
            (None, Some(true)) => ", Aurora, instance unknown".to_owned(),
            (None, Some(false)) if asked_for_aws => ", not Aurora".to_owned(),
            (None, _) => String::new(),
        };
        let version = server.version.as_deref();
        let found = format!(
            "PostgreSQL {}{kind}",
            version.unwrap_or("(version unknown)")
        );
        let major = version
            .and_then(|version| version.split(['.', ' ']).next())
            .and_then(|major| major.parse::<u32>().ok());
        if major.is_some_and(|major| major < OLDEST) {
            let remedy = format!("use PostgreSQL {OLDEST} or newer");
            return Err(self.rows.fail(
                Check::Server,
                Trouble {
                    found,
                    remedy,
                    is_mistake: true,
                },
            ));
        }
        match (&server.aurora_instance_identifier, is_aurora) {
            (None, Some(true)) => self.rows.warn(
                Check::Server,
                found,
                "the recording will have its address instead of its instance: GRANT EXECUTE ON FUNCTION aurora_db_instance_identifier() to the user",
            ),
            _ => self.rows.ok(Check::Server, found),
        }
        Ok(())
    }

    /// Whether the server says the address and port that the connection was made to. Both are seen through a network too that
    /// translates addresses, so it only "looks like" one.
    pub(super) fn proxy(&mut self, progress: &ConnectProgress) {
        let connector = &self.rows.connector;
        let port = i32::from(connector.endpoint().hosts[progress.host].port);
        let named = self.examined.server.as_ref().and_then(|server| {
            Some((
                server.address.as_deref()?.parse::<IpAddr>().ok()?,
                server.port?,
            ))
        });
        let (Some((address, at)), Some(connected)) = (named, progress.address) else {
            self.rows.ok(
                Check::Proxy,
                "unknown: the server does not report its address",
            );
            return;
        };
        let is_proxy = (address, at) != (connected, port);
        self.is_proxied = is_proxy;
        let found = match is_proxy {
            true => format!("looks like a proxy: the server reports {address}:{at}"),
            false => {
                "looks direct: the server reports the address that was connected to".to_owned()
            }
        };
        match (connector.path(), is_proxy) {
            (Path::Direct, true) => self.rows.warn(
                Check::Proxy,
                found,
                "check --direct-url, unless the network translates addresses",
            ),
            (Path::Proxy, false) => {
                self.rows.warn(
                    Check::Proxy,
                    found,
                    "check --proxy-url: it does not lead through the proxy",
                );
            }
            _ => self.rows.ok(Check::Proxy, found),
        }
    }

    pub(super) async fn clock(&mut self, session: &Session) {
        let deadline = Instant::now() + clock_offset::LIMIT_BEFORE;
        let path = self.rows.connector.path();
        self.examined.offset = clock_offset::measure(session, path, self.clock, deadline).await;
        match &self.examined.offset {
            Some(offset) => {
                let found = clock_offset::described(offset);
                match clock_offset::warning(offset).is_some() {
                    true => {
                        self.rows.warn(
                            Check::Clock,
                            found,
                            "synchronise both clocks (NTP, chrony)",
                        );
                    }
                    false => self.rows.ok(Check::Clock, found),
                }
            }
            None => self.rows.warn(
                Check::Clock,
                "no clock offset: the server did not answer",
                "analyze gaps will not be able to put this host on the server's clock",
            ),
        }
    }

    pub(super) async fn round_trip(&mut self, session: &Session) -> Result<(), End> {
        let asked = questions::round_trip(session);
        let limit = self.sizing.limit;
        let trip = self
            .rows
            .ask(Check::RoundTrip, "a round trip", limit, session, asked)
            .await?;
        self.examined.round_trip = Some(trip);
        let found = format!(
            "median {}",
            milliseconds(command_line::duration::micros(trip))
        );
        match trip > FAR {
            true => self.rows.warn(
                Check::RoundTrip,
                found,
                "run the recorder where your application runs, in the database's region: every figure includes this time",
            ),
            false => self.rows.ok(Check::RoundTrip, found),
        }
        Ok(())
    }

    pub(super) async fn connections(&mut self, session: &Session) -> Result<(), End> {
        let (limit, asked) = (self.sizing.limit, questions::connections(session));
        let found = self
            .rows
            .ask(Check::Connections, "its connections", limit, session, asked)
            .await?;
        let is_proxied = self.rows.connector.path() == Path::Proxy;
        match found {
            Some(connections) => {
                let wanted = limits::wanted(self.sizing, self.kinds().len());
                let (verdict, found, remedy) =
                    limits::judge(connections, wanted, self.endpoints, is_proxied);
                self.rows.push(Check::Connections, verdict, found, remedy);
            }
            None => self.rows.warn(
                Check::Connections,
                "unknown: the server does not report it",
                "compare with max_connections",
            ),
        }
        Ok(())
    }

    pub(super) async fn tables(&mut self, session: &Session) -> Result<(), End> {
        let limit = self.sizing.limit;
        let asked = questions::missing_tables(session);
        let missing = self
            .rows
            .ask(Check::Tables, "the tables", limit, session, asked)
            .await?;
        if !missing.is_empty() {
            let is_reader = self.rows.connector.is_reader();
            let trouble = database::no_tables(&missing, is_reader);
            return Err(self.rows.fail(Check::Tables, trouble));
        }
        let asked = questions::table_rows(session);
        let tables = self
            .rows
            .ask(
                Check::Tables,
                "the rows of the tables",
                limit,
                session,
                asked,
            )
            .await?;
        let counts: Vec<String> = tables.iter().map(count).collect();
        let found = counts.join(", ");
        let is_empty = |name: &str| {
            tables
                .iter()
                .any(|table| table.name == name && table.rows < 2)
        };
        match is_empty("business_users") || is_empty("business_products") {
            true => {
                let trouble = Trouble {
                    found: format!("too few rows: {found}"),
                    remedy: "fill the tables with: recorder setup".to_owned(),
                    is_mistake: true,
                };
                Err(self.rows.fail(Check::Tables, trouble))
            }
            false => {
                self.rows.ok(Check::Tables, found);
                Ok(())
            }
        }
    }

    pub(super) async fn privileges(&mut self, session: &Session) -> Result<(), End> {
        let limit = self.sizing.limit;
        let asked = questions::missing_privileges(session);
        let missing = self
            .rows
            .ask(Check::Privileges, "the privileges", limit, session, asked)
            .await?;
        let writes = self.sizing.writes && !self.rows.connector.is_reader();
        let missing: Vec<String> = missing
            .into_iter()
            .filter(|missing| writes || !missing.writes)
            .map(|missing| missing.privilege)
            .collect();
        if !missing.is_empty() {
            let trouble = Trouble {
                found: format!("missing: {}", missing.join(", ")),
                remedy: "GRANT them to the user".to_owned(),
                is_mistake: true,
            };
            return Err(self.rows.fail(Check::Privileges, trouble));
        }
        let asked = questions::can_create(session);
        let (schema, can_create) = self
            .rows
            .ask(Check::Privileges, "the privileges", limit, session, asked)
            .await?;
        let found = format!(
            "complete for the workload{}",
            if can_create {
                String::new()
            } else {
                format!("; no CREATE on {schema}")
            }
        );
        match (can_create, self.sizing.pgbench_clients) {
            (false, Some(_)) => self.rows.warn(
                Check::Privileges,
                found,
                "pgbench may have to create its tables: GRANT CREATE, or create them first (pgbench -i)",
            ),
            _ => self.rows.ok(Check::Privileges, found),
        }
        Ok(())
    }
}

/// `users 1,000`, `logs ~1,200,000`.
fn count(table: &TableRows) -> String {
    let name = table.name.trim_start_matches("business_");
    let about = if table.is_estimate { "~" } else { "" };
    format!("{name} {about}{}", thousands(table.rows))
}
