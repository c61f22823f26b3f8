//! What was recorded, and with which settings.

use command_line::text::one_line;
use recording::vocabulary::EventKind;
use recording::{ClockOffset, Endpoint, OperationRecord, Schedule, Server, Table, Timestamp};

use crate::summary::{EventSummary, RecordingProgress};
use crate::text::document::Section;
use crate::text::format::{count, optional, trimmed};
use crate::text::page::Page;
use crate::text::sections::settings::{campaign_items, connection_items};
use crate::text::table::{Cell, Items, Tone, item};

/// Unknown words that are listed: garbage has as many as rows.
const MOST_WORDS: usize = 8;

/// Times in which the disk refused rows that are listed.
const MOST_WRITE_FAILURES: usize = 5;

/// Runs of the failover command that are listed; the events have all.
const MOST_TRIGGERS: usize = 3;

/// Which recording it is, and whether all of it is there: what the verdict below it is of.
pub(crate) fn recording(page: &Page<'_>) -> Section {
    Section::of("recording", "", recording_items(page))
}

/// How it was recorded. Without the three lines of size where these stand elsewhere.
pub(crate) fn section(page: &Page<'_>, heading: &str, with_size: bool) -> Section {
    let mut items = match with_size {
        true => size_items(page),
        false => Items::new(),
    };
    items.extend(setting_items(page));
    items.extend(recorder_items(page));
    Section::of("configuration", heading, items)
}

/// Run, start, state, host; what was lost.
fn recording_items(page: &Page<'_>) -> Items {
    let (words, recording) = (page.words, &page.summary.recording);
    let mut state = (words.state_text)(recording.progress).to_owned();
    if let Some(event) = events(page, EventKind::Interrupted).next() {
        state = (words.interrupted_at)(&state, &page.calendar.offset(event.time));
    }
    let tone = if recording.progress == RecordingProgress::Complete {
        Tone::Plain
    } else {
        Tone::Bad
    };
    let mut items = vec![
        item(words.run, one_line(&recording.run_id)),
        item(
            words.started,
            page.calendar.date_time(recording.whole_start()),
        ),
        (words.state.to_owned(), Cell::new(state, tone)),
        item(words.host, one_line(&recording.host)),
    ];
    items.extend(part_item(page));
    if let Some(zone) = page.calendar.other_zone() {
        items.insert(2, item(words.time_zone, zone));
    }
    // Damage has its own line.
    let unread_bytes = recording
        .unread_bytes
        .saturating_sub(recording.damaged_bytes);
    if recording.journal_rows > 0 || unread_bytes > 0 {
        let text = (words.journal_text)(&count(recording.journal_rows), &count(unread_bytes));
        items.push(item(words.journal, text));
    }
    items.extend(pauses_item(page));
    items.extend(disk_items(page));
    for (table, rows) in &recording.dropped_rows {
        let text = (words.dropped)(&count(*rows), &one_line(table));
        items.push((words.warning.to_owned(), Cell::new(text, Tone::Bad)));
    }
    items.extend(missing_items(page));
    items
}

/// What recorded it, by which definitions it is read, and how far its clock may be off.
fn recorder_items(page: &Page<'_>) -> Items {
    let (words, recording) = (page.words, &page.summary.recording);
    let definitions = (words.definitions_text)(page.summary.definitions);
    let mut items = vec![
        item(words.recorder, one_line(&recording.tool_version)),
        item(words.definitions, definitions),
    ];
    if let Some(drift) = recording.clock_drift_us {
        items.push(item(words.clock_drift, words.units.setting(drift)));
    }
    let offsets = recording.clock_offsets.iter();
    items.extend(offsets.map(|offset| item(words.clock_offset, offset_text(page, offset))));
    items
}

/// The part of the recording that the figures are of.
fn part_item(page: &Page<'_>) -> Option<(String, Cell)> {
    let (words, recording) = (page.words.part, &page.summary.recording);
    let part = recording.part.as_ref()?;
    let mut texts = Vec::new();
    if part.is_timed {
        let end = recording
            .start_time
            .micros()
            .saturating_add(recording.duration_us);
        let length = |us| page.words.units.seconds(us, 2);
        texts.push((words.time)(
            &page.calendar.time(recording.start_time),
            &page.calendar.time(Timestamp(end)),
            &length(recording.duration_us),
            part.recording_duration_us.map(length).as_deref(),
        ));
    }
    texts.extend(part.path.as_deref().map(words.path));
    if !part.types.is_empty() {
        let types = part.types.iter().map(|kind| (page.words.type_name)(kind));
        let types: Vec<String> = types.collect();
        texts.push((words.types)(&types.join(", ")));
    }
    Some(item(words.label, texts.join(page.words.separator)))
}

/// How often the recorder was paused, and for how long.
fn pauses_item(page: &Page<'_>) -> Option<(String, Cell)> {
    let (words, pauses) = (page.words, &page.summary.pauses);
    let text = (words.pauses_text)(pauses.len(), &page.paused());
    (!pauses.is_empty()).then(|| (words.pauses.to_owned(), Cell::new(text, Tone::Bad)))
}

/// When the disk refused rows. They were held in memory; rows lost have their own line.
fn disk_items(page: &Page<'_>) -> Items {
    let (words, failures) = (page.words, &page.summary.recording.write_failures);
    let line = |text: String| (words.disk.to_owned(), Cell::new(text, Tone::Bad));
    let listed = failures.iter().take(MOST_WRITE_FAILURES).map(|failure| {
        let until = failure.until.map(|until| page.calendar.time(until));
        let from = page.calendar.time(failure.from);
        let text = (words.disk_text)(&from, until.as_deref(), &one_line(&failure.error));
        line(text)
    });
    let more = failures.len().saturating_sub(MOST_WRITE_FAILURES);
    let more = (more > 0).then(|| line((words.more)(&more.to_string())));
    listed.chain(more).collect()
}

/// How far this host's clock was from the server's, and where and when that was measured.
fn offset_text(page: &Page<'_>, offset: &ClockOffset) -> String {
    let (words, units) = (page.words, page.words.units);
    let server = match (&offset.server_address, offset.server_port) {
        (Some(address), Some(port)) => one_line(&format!("{address}:{port}")),
        _ => words.the_server.to_owned(),
    };
    let text = (words.clock_offset_text)(
        &units.setting(offset.offset_us.saturating_abs()),
        offset.offset_us < 0,
        &server,
        &units.setting(offset.uncertainty_us.saturating_abs()),
    );
    let when = if offset.time <= page.summary.recording.start_time {
        words.before_the_start
    } else {
        words.after_the_start
    };
    let path = (words.path_name)(offset.path.as_str());
    [text, path, when.to_owned()].join(words.separator)
}

/// What is left out of the figures, and why.
fn missing_items(page: &Page<'_>) -> Items {
    let (words, recording) = (page.words, &page.summary.recording);
    let warning = |text: String| (words.warning.to_owned(), Cell::new(text, Tone::Bad));
    let journals = (recording.damaged_bytes > 0)
        .then(|| warning((words.damaged_journals)(&count(recording.damaged_bytes))));
    let damaged = recording.damaged_parts.iter().map(|part| {
        let rows = part.rows.map(count);
        let (file, reason) = (one_line(&part.file), one_line(&part.reason));
        warning((words.damaged_part)(&file, &reason, rows.as_deref()))
    });
    let left_out = recording.left_out.iter().take(MOST_WORDS).map(|left_out| {
        let word = left_out.word.as_deref().map(one_line);
        let rows = count(left_out.rows);
        warning((words.left_out)(&rows, left_out.column, word.as_deref()))
    });
    let more = recording.left_out.len().saturating_sub(MOST_WORDS);
    let more = (more > 0).then(|| warning((words.more)(&more.to_string())));
    let damaged = journals.into_iter().chain(damaged);
    damaged.chain(left_out).chain(more).collect()
}

/// Duration, workers and weights: the three lines that the sample has.
pub(crate) fn size_items(page: &Page<'_>) -> Items {
    let (words, recording) = (page.words, &page.summary.recording);
    let share = |percent| words.units.share(percent);
    let weights = &recording.weights;
    let workers = count(recording.workers.into());
    let workers = match recording.schedule {
        Schedule::ClosedLoop { .. } => workers,
        // There are as many workers as operations may run at once: not what the user gave as workers.
        Schedule::OpenLoop { .. } => (words.scheduling.in_flight)(&workers),
    };
    vec![
        item(words.duration, words.units.length(recording.duration_us)),
        item(words.workers, workers),
        item(
            words.weights,
            (words.weights_text)(
                &share(weights.read),
                &share(weights.write),
                &share(weights.transaction),
            ),
        ),
    ]
}

fn setting_items(page: &Page<'_>) -> Items {
    let (words, recording) = (page.words, &page.summary.recording);
    let mut items = Vec::new();
    if let Some(requested) = recording.requested_duration_us {
        let requested = words.units.length(requested);
        if requested != words.units.length(recording.duration_us) {
            items.push(item(words.requested, requested));
        }
    }
    items.extend(workload_items(page));
    items.extend(connection_items(page));
    items.extend([
        item(words.seed, recording.seed.to_string()),
        item(words.protocol, one_line(&recording.protocol)),
    ]);
    let endpoints = recording.endpoints.iter();
    items.extend(endpoints.map(|endpoint| endpoint_item(page, endpoint)));
    items.extend(server_items(page));
    items.extend(failover_items(page));
    items.extend(pgbench_item(page));
    if !recording.labels.is_empty() {
        let labels = recording
            .labels
            .iter()
            .map(|(key, value)| one_line(&format!("{key}={value}")));
        items.push(item(
            words.labels,
            labels.collect::<Vec<_>>().join(words.separator),
        ));
    }
    items
}

/// When operations begin, over how many connections, and for how long they may take.
/// The workload of a file: its name, what tells it from others of that name, and the shares of its operations.
fn own_workload_item(page: &Page<'_>) -> Option<(String, Cell)> {
    let words = page.words;
    let workload = page.summary.recording.workload.as_ref()?;
    let share = |operation: &OperationRecord| {
        let share = words.units.share(operation.share_percent);
        format!("{} {share}", one_line(&operation.name))
    };
    let shares: Vec<String> = workload.operations.iter().map(share).collect();
    let sha256: String = workload.sha256.chars().take(8).collect();
    let text = format!(
        "{} (SHA-256 {}): {}",
        one_line(&workload.name),
        one_line(&sha256),
        shares.join(", ")
    );
    Some(item(words.workload, text))
}

fn workload_items(page: &Page<'_>) -> Items {
    let (words, recording) = (page.words, &page.summary.recording);
    let setting = |us| words.units.setting(us);
    let schedule = match recording.schedule {
        Schedule::ClosedLoop {
            min_operation_interval_us,
            max_operation_interval_us,
        } => (words.scheduling.closed_loop)(
            &setting(min_operation_interval_us),
            &setting(max_operation_interval_us),
        ),
        Schedule::OpenLoop {
            rate_per_1000_s,
            arrival,
            ramp_us,
        } => (words.scheduling.open_loop)(
            &trimmed(rate_per_1000_s as f64 / 1000.0, 3),
            arrival,
            &count(recording.workers.into()),
            (ramp_us > 0).then(|| setting(ramp_us)).as_deref(),
        ),
    };
    let timeouts = &recording.timeouts;
    let mut items = Vec::from_iter(own_workload_item(page));
    items.push(item(words.schedule, schedule));
    items.extend(schedule_items(page));
    items.extend([
        item(
            words.pool,
            (words.pool_text)(&recording.pool.size.to_string()),
        ),
        item(
            words.timeouts,
            (words.timeouts_text)(
                &setting(timeouts.connect_us),
                &setting(timeouts.pool_us),
                &setting(timeouts.operation_us),
            ),
        ),
    ]);
    items
}

/// What the schedule left out of the figures, and how well the recorder kept it.
fn schedule_items(page: &Page<'_>) -> Items {
    let (words, recording) = (page.words.scheduling, &page.summary.recording);
    let units = page.words.units;
    let warm_up = recording.warm_up_us.map(|us| {
        let end_us = recording.whole_start().micros().saturating_add(us);
        let is_left_out = recording.start_time.micros() >= end_us;
        item(
            words.warm_up,
            (words.warm_up_text)(&units.setting(us), is_left_out),
        )
    });
    let lags = recording.schedule_lag.iter().map(|lag| {
        let ms = |us: i64| units.response(us as f64);
        let text = (words.lag_text)(
            &(page.words.path_name)(lag.path.as_str()),
            &ms(lag.median_us),
            &optional(lag.p99_us, ms),
            &ms(lag.max_us),
        );
        let tone = match lag.is_notable() {
            true => Tone::Bad,
            false => Tone::Plain,
        };
        (words.lag.to_owned(), Cell::new(text, tone))
    });
    let waiting = recording.not_begun.iter().map(|waiting| {
        let text = (words.not_begun_text)(
            &(page.words.path_name)(waiting.path.as_str()),
            &count(waiting.operations),
            &count(waiting.total),
        );
        (words.not_begun.to_owned(), Cell::new(text, Tone::Bad))
    });
    warm_up.into_iter().chain(lags).chain(waiting).collect()
}

fn pgbench_item(page: &Page<'_>) -> Option<(String, Cell)> {
    let words = page.words;
    let load = page.summary.recording.load.as_ref()?;
    let text = (words.pgbench_settings)(
        &one_line(&load.mode),
        &load.clients.to_string(),
        &load.jobs.to_string(),
        &load.scale.to_string(),
        &words.units.setting(load.warmup_us),
    );
    Some(item("pgbench", text))
}

fn endpoint_item(page: &Page<'_>, endpoint: &Endpoint) -> (String, Cell) {
    let Endpoint {
        path,
        database,
        user,
        sslmode,
        target_session_attrs,
        tls_error,
        ..
    } = endpoint;
    let hosts: Vec<String> = endpoint
        .hosts()
        .map(|(host, port)| format!("{host}:{port}"))
        .collect();
    let address = one_line(&format!("{}/{database}", hosts.join(",")));
    let mut text = (page.words.endpoint_text)(&address, &one_line(user), &one_line(sslmode));
    if let Some(target) = target_session_attrs {
        text.push_str(page.words.separator);
        // libpq's name, in every language.
        text.push_str(&one_line(&format!("target_session_attrs {target}")));
    }
    if let Some(error) = tls_error {
        text.push_str(page.words.separator);
        text.push_str(&(page.words.went_on_without_tls)(&one_line(error)));
    }
    let label = if endpoint.reader {
        page.words.reader_endpoint
    } else {
        page.words.endpoint
    };
    item(label(path.as_str()), text)
}

/// The identities that answered, one line each.
/// Each server and role once: after a failover the same ones answer again.
fn server_items(page: &Page<'_>) -> Items {
    let mut items = Items::new();
    for server in &page.summary.recording.servers {
        let label = (page.words.servers)(server.path.as_str());
        let answered = item(label, server_text(page, server));
        if !items.contains(&answered) {
            items.push(answered);
        }
    }
    items
}

fn server_text(page: &Page<'_>, server: &Server) -> String {
    let words = page.words;
    let address = match (&server.address, server.port) {
        (Some(address), Some(port)) => format!("{address}:{port}"),
        (Some(address), None) => address.clone(),
        (None, _) => words.unknown_address.to_owned(),
    };
    let role = server.in_recovery.map(|reader| {
        if reader {
            words.reader_server
        } else {
            words.writer_server
        }
    });
    let facts = [
        Some(address),
        server.aurora_instance_identifier.clone(),
        role.map(str::to_owned),
        server
            .version
            .as_ref()
            .map(|version| format!("PostgreSQL {version}")),
    ];
    one_line(
        &facts
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(words.separator),
    )
}

/// The trigger: what was to run, when it ran, how it ended.
fn failover_items(page: &Page<'_>) -> Items {
    let words = page.words;
    let mut items = Vec::new();
    let failover = &page.summary.recording.failover;
    if let Some(failover) = failover {
        let after = words.units.setting(failover.after_us);
        items.push(item(
            words.failover,
            (words.failover_text)(&one_line(&failover.command), &after),
        ));
        items.extend(campaign_items(page, failover));
    }
    let triggers = events(page, EventKind::FailoverTriggered).count();
    for event in events(page, EventKind::FailoverTriggered).take(MOST_TRIGGERS) {
        items.push(item(words.triggered, moment(page, event)));
    }
    if triggers > MOST_TRIGGERS {
        let more = count((triggers - MOST_TRIGGERS) as u64);
        items.push(item(words.triggered, (words.more_events)(&more)));
    }
    if failover.is_some() && triggers == 0 {
        let lacks_events = page.summary.recording.lacks_parts_of(Table::Events);
        let text = match lacks_events {
            true => words.trigger_left_out,
            false => words.not_triggered,
        };
        items.push((words.triggered.to_owned(), Cell::new(text, Tone::Bad)));
    }
    for event in events(page, EventKind::FailoverTriggerFinished).take(MOST_TRIGGERS) {
        let (mut text, mut tone) = (moment(page, event), Tone::Plain);
        if let Some(status) = event.status {
            text = [text, (words.exit_status)(status)].join(words.separator);
            tone = if status == 0 { Tone::Plain } else { Tone::Bad };
        }
        items.push((words.trigger_finished.to_owned(), Cell::new(text, tone)));
    }
    items
}

fn moment(page: &Page<'_>, event: &EventSummary) -> String {
    let units = page.words.units;
    let offset = page.calendar.offset(event.time);
    format!(
        "{} {} ({offset}{}{})",
        page.calendar.time(event.time),
        page.calendar.zone(),
        units.gap,
        units.second
    )
}

fn events<'a>(page: &Page<'a>, kind: EventKind) -> impl Iterator<Item = &'a EventSummary> {
    page.summary
        .events
        .iter()
        .filter(move |event| event.event == kind.as_str())
}
