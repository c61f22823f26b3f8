//! The failures in each outage.

use crate::summary::{ErrorCount, ErrorSummary, Outage, PathSummary};
use crate::text::document::Section;
use crate::text::format::{NONE, count};
use crate::text::page::Page;
use crate::text::sections::downtime::listed_groups;
use crate::text::sections::effects::servers;
use crate::text::sections::errors::note_text;
use crate::text::table::{Side, Table};

/// Outages listed per path and group: each has several lines.
const MOST_OUTAGES: usize = 3;

/// By class, with the commonest text. Reads and the writer's group together hold every operation once.
pub(crate) fn section(page: &Page<'_>) -> Section {
    let (words, effects) = (page.words, page.words.effects);
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            (&page.zoned(effects.outage_from), Side::Left),
            (words.class, Side::Left),
            ("SQLSTATE", Side::Left),
            (words.count, Side::Right),
            (&page.zoned(words.first), Side::Left),
            (&page.zoned(words.last), Side::Left),
            (effects.server, Side::Left),
        ],
        3,
    );
    for (path, group) in listed_groups(page) {
        let with_errors = |outage: &&Outage| !outage.errors.is_empty();
        let outages: Vec<&Outage> = group.outages.iter().filter(with_errors).collect();
        for outage in outages.iter().take(MOST_OUTAGES) {
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
                if !is_printed(path, error) {
                    let counts = [error.message_count, error.count, error.other_messages];
                    note_text(page, &mut table, &error.message, counts);
                }
            }
        }
        if outages.len() > MOST_OUTAGES {
            let more = count((outages.len() - MOST_OUTAGES) as u64);
            table.note((words.more)(&more));
        }
    }
    Section::of("outage-errors", effects.outage_errors_heading, table)
}

/// True where the text stands among the path's errors already.
fn is_printed(path: &PathSummary, error: &ErrorCount) -> bool {
    let kind = |of: &&ErrorSummary| of.class == error.class && of.sqlstate == error.sqlstate;
    let of_path = path.errors.iter().find(kind);
    error.other_messages == 0 && of_path.is_some_and(|of| of.message == error.message)
}
