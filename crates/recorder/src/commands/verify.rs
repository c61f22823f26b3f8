//! `recorder verify`: checks recordings against their manifests.

use std::path::Path;

use recording::{Audit, DamagedPart, JournalFound, State, Verification};

use crate::cli::VerifyArgs;
use crate::error::RecorderError;
use crate::output::terminal;
use command_line::progress::ProgressBar;
use command_line::text::{one_line, thousands};

/// Checks each recording and says what is not as it should be.
///
/// # Errors
/// [`RecorderError::Failed`] where one is not as recorded, or is not finished and has no recorder; else [`RecorderError::Usage`] where
/// one is no recording. The others are checked all the same.
pub(crate) fn run(args: &VerifyArgs) -> Result<(), RecorderError> {
    let mut errors = Vec::new();
    let mut unhealthy = 0_usize;
    for folder in &args.recordings {
        let mut progress = ProgressBar::default();
        let found = recording::verify(folder, &mut |read, all| {
            progress.show(read, all, |all| format!("{} bytes checked", thousands(all)));
        });
        progress.clear();
        match found {
            Ok(found) => {
                // An audit is no part of the recording, and can be made again.
                let audit = Audit::read(folder).err().map(|error| error.to_string());
                tell(folder, &found, audit.as_deref())?;
                unhealthy += usize::from(!found.is_healthy() || audit.is_some());
            }
            Err(error) => {
                let text = one_line(&error.to_string());
                errors.push(match error.is_usage() {
                    true => RecorderError::Usage(text),
                    false => RecorderError::Failed(text),
                });
            }
        }
    }
    if unhealthy > 0 {
        errors.push(RecorderError::Failed(format!(
            "damaged or not finished: {unhealthy} of {} recordings",
            args.recordings.len()
        )));
    }
    // Sorted stably: what is damaged weighs more than a folder that is no recording, and comes last.
    errors.sort_by_key(|error| std::cmp::Reverse(error.exit_code()));
    let last = errors.pop();
    for error in errors {
        terminal::line(format!("recorder: {error}"));
    }
    last.map_or(Ok(()), Err)
}

/// One line for each thing that is to be known, then one for the whole.
fn tell(folder: &Path, found: &Verification, audit: Option<&str>) -> Result<(), RecorderError> {
    let mut lines: Vec<String> = found.damaged.iter().map(damaged_line).collect();
    lines.extend(found.unnamed.iter().map(|file| {
        format!(
            "{file}: not in the manifest; readers of the whole folder would count its rows: move it away"
        )
    }));
    // Of one in progress, the last line has the sums.
    if !found.is_in_progress() {
        lines.extend(found.not_named_yet.iter().map(|(file, rows)| {
            let rows = thousands(*rows);
            format!("{file}: {rows} rows, sealed, not yet in the manifest")
        }));
    }
    let damaged = found.damaged_journals.iter();
    lines.extend(damaged.map(|journal| {
        let line = damaged_line(journal);
        format!("{line}; `recorder recover` refuses it: move it away")
    }));
    let journals = found.journals.iter();
    lines.extend(journals.filter_map(|journal| journal_line(journal, found)));
    lines.extend(audit.map(str::to_owned));
    lines.push(verdict(found));
    let folder = folder.display();
    for line in lines {
        terminal::result(one_line(&format!("{folder}: {line}")))?;
    }
    Ok(())
}

fn damaged_line(part: &DamagedPart) -> String {
    match part.rows {
        Some(rows) => format!("{}: {} ({} rows)", part.file, part.reason, thousands(rows)),
        None => format!("{}: {}", part.file, part.reason),
    }
}

/// What there is to say of a journal that could be read; nothing of one that is just being written.
fn journal_line(journal: &JournalFound, found: &Verification) -> Option<String> {
    let file = &journal.file;
    let rows = thousands(journal.rows);
    let unread = thousands(journal.unread_bytes);
    let missing = match journal.damaged_rows {
        0 => String::new(),
        rows => format!("{} rows are missing, ", thousands(rows)),
    };
    if let Some(stated) = journal.in_place_of {
        let stated = thousands(stated);
        return Some(format!(
            "{file}: its part is missing or damaged; readers use this journal, which has {rows} of {stated} rows"
        ));
    }
    let line = match (journal.is_kept, journal.is_damaged()) {
        (true, true) => {
            format!("damaged: {missing}{unread} bytes could not be read; the file is kept")
        }
        (true, false) if journal.unread_bytes > 0 => {
            format!("the last {unread} bytes could not be read; the file is kept")
        }
        (true, false) if found.state == State::Recording => return None,
        (true, false) => "all its rows are sealed; it can be removed".to_owned(),
        (false, true) => {
            format!(
                "{rows} rows that are not sealed; damaged: {missing}{unread} bytes can't be read"
            )
        }
        (false, false) if found.is_in_progress() => return None,
        (false, false) if journal.unread_bytes > 0 => {
            format!("{rows} rows that are not sealed; {unread} bytes at its end can't be read")
        }
        (false, false) => format!("{rows} rows not sealed"),
    };
    Some(format!("{file}: {line}"))
}

/// The line for the whole recording.
fn verdict(found: &Verification) -> String {
    let (rows, bytes) = (thousands(found.rows), thousands(found.bytes));
    let sealed = match found.damaged.len() {
        0 => format!(
            "{} parts, {rows} rows, {bytes} bytes",
            thousands(found.parts)
        ),
        damaged => {
            let damaged = thousands(damaged);
            format!("{damaged} parts damaged; the others have {rows} rows, {bytes} bytes")
        }
    };
    let journaled = thousands(found.journaled_rows());
    let in_flight = thousands(found.in_flight);
    if found.is_in_progress() {
        let not_named = found.not_named_yet.values().sum::<u64>();
        let more = match not_named {
            0 => String::new(),
            rows => format!(", {} rows sealed just now", thousands(rows)),
        };
        return format!(
            "recording in progress; sealed so far: {sealed}{more}; {journaled} rows in journals, {in_flight} operations in flight"
        );
    }
    if found.state == State::Recording {
        return format!(
            "not finished: the recorder was killed, or this is a copy of a recording in progress. Sealed: {sealed}. `recorder recover` will seal {journaled} rows of journals and {in_flight} operations in flight, and add {} sealed parts to the manifest",
            thousands(found.not_named_yet.len())
        );
    }
    if found.journaled_rows() > 0 {
        return format!("{sealed}; `recorder recover` will seal {journaled} rows of journals");
    }
    let lost = found.journals.iter().any(JournalFound::is_damaged);
    match (found.is_whole(), lost) {
        (true, false) => format!("{sealed}: ok, as recorded"),
        // What was damaged before is in no part.
        (true, true) => format!("{sealed}: ok, as recovered"),
        (false, _) => format!("{sealed}: damaged or incomplete"),
    }
}
