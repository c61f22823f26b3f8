//! The failures in each outage.

use crate::summary::Outage;
use crate::text::document::Section;
use crate::text::format::{NONE, count};
use crate::text::page::Page;
use crate::text::sections::downtime::{LISTED, listed_groups, note_rest};
use crate::text::sections::effects::servers;
use crate::text::sections::errors::note_text;
use crate::text::table::{Side, Table};

/// By class, with the commonest text. Reads and the writer's group together hold every operation once.
pub(crate) fn section(page: &Page<'_>) -> Section {
    let (words, effects) = (page.words, page.words.effects);
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            (effects.outage_from, Side::Left),
            (words.class, Side::Left),
            ("SQLSTATE", Side::Left),
            (words.count, Side::Right),
            (words.first, Side::Left),
            (words.last, Side::Left),
            (effects.server, Side::Left),
        ],
        3,
    );
    for (path, group) in listed_groups(page) {
        let with_errors = |outage: &&Outage| !outage.errors.is_empty();
        let outages: Vec<&Outage> = group.outages.iter().filter(with_errors).collect();
        for outage in outages.iter().take(LISTED) {
            for error in &outage.errors {
                table.row(vec![
                    page.path(&path.path),
                    (words.group_name)(group.group).into(),
                    page.calendar.time(outage.span.start).into(),
                    error.class.as_str().into(),
                    error.sqlstate.as_deref().unwrap_or(NONE).into(),
                    count(error.count).into(),
                    page.calendar.time(error.first).into(),
                    page.calendar.time(error.last).into(),
                    servers(page, &error.servers),
                ]);
                let counts = [error.message_count, error.count, error.other_messages];
                note_text(page, &mut table, &error.message, counts);
            }
        }
        note_rest(page, &mut table, outages.len());
    }
    Section::of("outage-errors", effects.outage_errors_heading, table)
}
