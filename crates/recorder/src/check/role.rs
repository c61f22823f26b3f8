//! Writer or reader, and whether the writer takes the writes of this session.

use recording::Server;

use crate::check::dns::is_of_instance;
use crate::check::examine::{End, Examination};
use crate::check::questions::Setting;
use crate::check::row::Check;
use crate::check::settings::read_only;
use crate::connect::identity::describe;
use crate::database::Trouble;
use crate::endpoint::TargetSession;

impl Examination {
    pub(super) fn role(
        &mut self,
        server: Option<&Server>,
        settings: &[Setting],
    ) -> Result<(), End> {
        let (connector, writes) = (&self.rows.connector, self.sizing.writes);
        let (path, is_reader) = (connector.path(), connector.is_reader());
        let without_writes = "--write-weight 0 --transaction-weight 0";
        let in_recovery = server.and_then(|server| server.in_recovery);
        let (Some(server), Some(true)) = (server, in_recovery) else {
            let read_only = read_only(settings, connector.endpoint());
            if let Some((cause, remedy)) = read_only.filter(|_| writes && !is_reader) {
                let who = match in_recovery {
                    Some(_) => "writer",
                    None => "role not known",
                };
                let trouble = Trouble {
                    found: format!("{who}, but every write of this session will fail: {cause}"),
                    remedy: format!("{remedy}, or {without_writes}"),
                    is_mistake: true,
                };
                return Err(self.rows.fail(Check::Role, trouble));
            }
            match in_recovery {
                Some(_) => self.writer(server),
                None => self
                    .rows
                    .warn(Check::Role, "not known", "look at the endpoint"),
            }
            return Ok(());
        };
        if is_reader {
            self.rows.ok(Check::Role, "reader");
        } else if writes {
            let trouble = Trouble {
                found: format!("{}: every write will fail", describe(server)),
                remedy: format!("use the writer's endpoint in --{path}-url, or {without_writes}"),
                is_mistake: true,
            };
            return Err(self.rows.fail(Check::Role, trouble));
        } else {
            self.rows.ok(Check::Role, "reader; the run only reads");
        }
        Ok(())
    }

    fn writer(&mut self, server: Option<&Server>) {
        let connector = &self.rows.connector;
        let endpoint = connector.endpoint();
        let is_aurora = server.is_some_and(|server| server.aurora_instance_identifier.is_some());
        let is_instance_endpoint = is_aurora
            && !endpoint.has_a_choice()
            && endpoint.hosts.iter().all(|host| is_of_instance(&host.name));
        let takes_any = endpoint.hosts.len() > 1 && endpoint.target == TargetSession::Any;
        if is_instance_endpoint {
            self.rows.warn(
                Check::Role,
                "writer, through an instance endpoint",
                "use the cluster endpoint: after a failover this name still leads to the same instance",
            );
        } else if connector.is_reader() {
            self.rows.warn(
                Check::Role,
                "writer, but this endpoint is for reads",
                "the cluster has no reader, or this is not the reader endpoint",
            );
        } else if takes_any {
            self.rows.warn(
                Check::Role,
                "writer, but with several hosts the first that accepts the login is used",
                "add target_session_attrs=read-write: otherwise it may be a reader",
            );
        } else {
            self.rows.ok(Check::Role, "writer");
        }
    }
}
