//! The report's sections: functions from a page to a section, without blocks where there is nothing to say.

pub(super) mod comparison;
pub(super) mod configuration;
pub(super) mod connections;
pub(super) mod downtime;
pub(super) mod durability;
pub(super) mod effects;
pub(super) mod errors;
pub(super) mod events;
pub(super) mod failovers;
pub(super) mod notes;
pub(super) mod outage_errors;
pub(super) mod pgbench;
pub(super) mod rates;
pub(super) mod recovery;
pub(super) mod sample;
pub(super) mod service;
pub(super) mod settings;
pub(super) mod verdict;
