//! The availability probes: what they ask for, and what they add.

use recording::vocabulary::OperationType;

use crate::availability::schedule::MOST;
use crate::check::examine::{End, Examination};
use crate::check::row::Check;
use crate::connect::Session;
use crate::database::availability::{self, Found};

impl Examination {
    pub(super) async fn availability(&mut self, session: &Session) -> Result<(), End> {
        let kinds = self.kinds();
        let Some(asking) = self.sizing.asking.filter(|_| !kinds.is_empty()) else {
            return Ok(());
        };
        let (limit, path) = (self.sizing.limit, self.rows.connector.path());
        let writes = kinds.contains(&OperationType::Write);
        let asked = availability::look(session, path, writes);
        let asked = self
            .rows
            .ask(
                Check::Availability,
                "the row of the availability probes",
                limit,
                session,
                asked,
            )
            .await?;
        let check = Check::Availability;
        match asked {
            Found::Ready => {
                let words: Vec<&str> = kinds.iter().map(|kind| words(*kind)).collect();
                let found = format!(
                    "probes add {} statements per second ({} every {:?}); up to {} connections while it does not answer",
                    asking.per_second(kinds.len()).round(),
                    words.join(" and "),
                    asking.every,
                    kinds.len() * MOST
                );
                self.rows.ok(check, found);
            }
            Found::Nothing { found, remedy } => {
                let remedy = format!("{remedy}; without it a run has no availability probes");
                self.rows.warn(check, found, &remedy);
            }
            Found::NoWrites { found, remedy } => {
                let remedy = format!("{remedy}; without it the availability probes write nothing");
                self.rows.warn(check, found, &remedy);
            }
        }
        Ok(())
    }

    /// What the probes ask this endpoint for.
    pub(super) fn kinds(&self) -> Vec<OperationType> {
        let is_reader = self.rows.connector.is_reader();
        let asking = self.sizing.asking;
        asking.map_or_else(Vec::new, |asking| {
            asking.kinds(is_reader, self.reads_go_apart)
        })
    }
}

const fn words(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Read => "reads",
        _ => "writes",
    }
}
