//! What happened around the operations, in order of time.

use command_line::text::one_line;
use recording::vocabulary::EventKind;

use crate::summary::EventSummary;
use crate::text::document::Section;
use crate::text::format::count;
use crate::text::page::Page;
use crate::text::table::{Cell, Side, Table, Tone};

/// The list is filled up to so many with what need not be in it; the JSON has all.
const LISTED: usize = 60;

/// The list; none where all that happened was one trigger, which stands with the settings.
pub(crate) fn section(page: &Page<'_>) -> Section {
    let words = page.words;
    let events: Vec<&EventSummary> = page.summary.events.iter().filter(is_listed).collect();
    let triggers = events.iter().filter(|event| is_trigger(event)).count();
    let alone = events.iter().all(|event| is_shown_elsewhere(event));
    if alone && triggers < 2 {
        return Section::none();
    }
    let mut table = Table::new(
        &[
            (&page.zoned(words.time), Side::Left),
            (words.offset, Side::Right),
            (words.path_column, Side::Left),
            (words.event, Side::Left),
            (words.text, Side::Left),
        ],
        0,
    );
    let mut room = LISTED.saturating_sub(events.iter().filter(|event| is_kept(event)).count());
    let mut left_out: Vec<(String, u64)> = Vec::new();
    let mut marks = 0;
    for event in events {
        if is_kept(event) {
            let is_mark = event.event == EventKind::Mark.as_str();
            marks += usize::from(is_mark);
            table.row(row(page, event, is_mark.then_some(marks)));
        } else if room > 0 {
            room -= 1;
            table.row(row(page, event, None));
        } else {
            let name = name(page, event);
            match left_out.iter_mut().find(|(kind, _)| *kind == name) {
                Some((_, number)) => *number += 1,
                None => left_out.push((name, 1)),
            }
        }
    }
    if !left_out.is_empty() {
        let counted: Vec<_> = left_out
            .into_iter()
            .map(|(name, number)| (name, count(number)))
            .collect();
        table.note((words.more_of)(&counted));
    }
    Section::of("events", words.events_heading, table)
}

/// Events of a failover, and the user's marks: listed however many other events there are, because a name that changes every
/// second, or a host that gives the recorder no processor, must not hide them.
fn is_kept(event: &EventSummary) -> bool {
    match EventKind::parse(&event.event) {
        None | Some(EventKind::AddressChanged | EventKind::ClientPaused) => false,
        Some(
            EventKind::FailoverTriggered
            | EventKind::FailoverTriggerFinished
            | EventKind::LoadStarted
            | EventKind::LoadRestarted
            | EventKind::LoadStopped
            | EventKind::Interrupted
            | EventKind::HealTriggered
            | EventKind::HealTriggerFinished
            | EventKind::Settled
            | EventKind::CampaignStopped
            | EventKind::RoleChanged
            | EventKind::ServerRestarted
            | EventKind::Mark,
        ) => true,
    }
}

fn name(page: &Page<'_>, event: &EventSummary) -> String {
    EventKind::parse(&event.event).map_or_else(
        || one_line(&event.event),
        |kind| (page.words.event_name)(kind).to_owned(),
    )
}

/// A line of the list. A mark has the number that it has in charts.
fn row(page: &Page<'_>, event: &EventSummary, mark: Option<usize>) -> Vec<Cell> {
    let words = page.words;
    let path = event.path.as_deref();
    let path = path.map_or_else(Cell::default, |path| page.path(&one_line(path)));
    let kind = EventKind::parse(&event.event);
    let status = event.status.map(words.exit_status);
    let detail = Some(one_line(&event.detail)).filter(|detail| !detail.is_empty());
    let text: Vec<String> = status.into_iter().chain(detail).collect();
    let failed = event.status.is_some_and(|status| status != 0);
    let tone = if failed || kind == Some(EventKind::CampaignStopped) {
        Tone::Bad
    } else {
        Tone::Plain
    };
    let mut name = name(page, event);
    if let Some(number) = mark {
        name.push_str(&format!(" {number}"));
    }
    vec![
        page.calendar.time(event.time).into(),
        page.calendar.offset(event.time).into(),
        path,
        name.into(),
        Cell::new(text.join(words.separator), tone),
    ]
}

/// pgbench has its own section.
fn is_listed(event: &&EventSummary) -> bool {
    !matches!(
        EventKind::parse(&event.event),
        Some(EventKind::LoadStarted | EventKind::LoadRestarted | EventKind::LoadStopped)
    )
}

fn is_trigger(event: &EventSummary) -> bool {
    event.event == EventKind::FailoverTriggered.as_str()
}

/// The trigger stands with the settings, an interruption with the recording's state.
fn is_shown_elsewhere(event: &EventSummary) -> bool {
    matches!(
        EventKind::parse(&event.event),
        Some(
            EventKind::FailoverTriggered
                | EventKind::FailoverTriggerFinished
                | EventKind::Interrupted
        )
    )
}
