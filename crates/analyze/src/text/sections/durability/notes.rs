//! Who was asked by the audit, and what it can't have seen.

use std::collections::BTreeSet;

use command_line::text::one_line;
use recording::Server;

use crate::summary::{AuditFacts, AuditSummary};
use crate::text::format::count;
use crate::text::page::Page;
use crate::text::table::Tone;

/// Why the sums of the recording were not compared, where the audit says so.
pub(super) fn disturbed_by(page: &Page<'_>) -> Option<String> {
    match &page.summary.audit {
        AuditSummary::Audited(facts) => facts.sums_disturbed_by.as_deref().map(one_line),
        _ => None,
    }
}

/// What an audit can't have seen, as another server may have it.
pub(super) fn doubts(page: &Page<'_>, facts: &AuditFacts) -> Vec<String> {
    let words = page.words.durability;
    let recording = &page.summary.recording;
    let has_failures = recording.failover.is_some()
        || page
            .summary
            .paths
            .iter()
            .any(|path| path.overall.failed + path.overall.unknown > 0);
    let servers: BTreeSet<_> = recording
        .servers
        .iter()
        .map(|server| (&server.address, server.port))
        .collect();
    let mut doubts = Vec::new();
    if facts.promotion_seen == Some(false) && has_failures {
        doubts.push(words.no_promotion.to_owned());
    }
    if facts.standbys == Some(0) && servers.len() > 1 {
        doubts.push(words.no_standby.to_owned());
    }
    if !facts.other_writers.is_empty() {
        let servers = one_line(&facts.other_writers.join(page.words.separator));
        doubts.push((words.other_writers)(&servers));
    }
    doubts
}

/// Who was asked, and what of it makes the figures weaker.
pub(super) fn notes(page: &Page<'_>, facts: &AuditFacts) -> Vec<(String, Tone)> {
    let words = page.words.durability;
    let time = page.calendar.date_time(facts.time);
    let server = facts
        .server
        .as_ref()
        .map(|server| server_text(page, server));
    let mut notes = vec![(
        (words.audited)(&time, &one_line(&facts.via), server.as_deref()),
        Tone::Detail,
    )];
    notes.extend(
        doubts(page, facts)
            .into_iter()
            .map(|doubt| (doubt, Tone::Bad)),
    );
    if facts.token_found == Some(false) {
        notes.push((words.no_token.to_owned(), Tone::Bad));
    }
    if !facts.missing_servers.is_empty() {
        let servers = one_line(&facts.missing_servers.join(page.words.separator));
        notes.push(((words.missing_servers)(&servers), Tone::Bad));
    }
    if let Some(sessions) = facts.sessions_left.filter(|sessions| *sessions > 0) {
        let sessions = count(sessions.unsigned_abs());
        notes.push(((words.sessions_left)(&sessions), Tone::Bad));
    }
    notes
}

fn server_text(page: &Page<'_>, server: &Server) -> String {
    let address = match (&server.address, server.port) {
        (Some(address), Some(port)) => format!("{address}:{port}"),
        (Some(address), None) => address.clone(),
        (None, _) => page.words.unknown_address.to_owned(),
    };
    let timeline = server.timeline.map(|timeline| {
        let timeline = timeline.to_string();
        (page.words.durability.timeline)(&timeline)
    });
    let facts: Vec<String> = [Some(address), timeline].into_iter().flatten().collect();
    one_line(&facts.join(page.words.separator))
}
