//! pgbench before, during and after the failover.

use crate::summary::{LoadFigures, LoadSummary};
use crate::text::document::Section;
use crate::text::format::{count, decimal, optional};
use crate::text::language::Words;
use crate::text::page::Page;
use crate::text::table::{Side, Table};

/// Throughput and latency of pgbench on each path that it loaded.
pub(crate) fn section(page: &Page<'_>) -> Section {
    let (words, units) = (page.words, page.words.units);
    let loads = || {
        page.summary
            .paths
            .iter()
            .filter_map(|path| Some((path, path.load.as_ref()?)))
    };
    // One unit for all: the same load before and after is to be compared.
    let latencies = loads()
        .flat_map(|(_, load)| spans(words, load))
        .filter_map(|(_, figures)| figures.latency_us);
    let scale = units.scale(latencies);
    let latency = format!("{} ({})", words.latency, scale.unit);
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.span, Side::Left),
            (words.length, Side::Right),
            (words.tps, Side::Right),
            (&latency, Side::Right),
            (words.progress_lines, Side::Right),
        ],
        1,
    );
    for (path, load) in loads() {
        for (span, figures) in spans(words, load) {
            table.row(vec![
                page.path(&path.path),
                span.into(),
                units.length(figures.span_us).into(),
                optional(figures.tps, |tps| decimal(tps, 2)).into(),
                scale.number(figures.latency_us).into(),
                count(figures.lines).into(),
            ]);
        }
        if load.restarts > 0 {
            table.note((words.restarts)(
                &(words.path_name)(&path.path),
                &count(load.restarts),
            ));
        }
    }
    Section::of("background-load", words.load_heading, table)
}

/// Before, during and after the episodes, or the whole recording where there was none.
fn spans<'l>(words: &Words, load: &'l LoadSummary) -> Vec<(&'static str, &'l LoadFigures)> {
    let first = match load.during {
        None => words.whole_recording,
        Some(_) => words.before,
    };
    let spans = [
        Some((first, &load.before)),
        load.during.as_ref().map(|figures| (words.during, figures)),
        load.after.as_ref().map(|figures| (words.after, figures)),
    ];
    spans.into_iter().flatten().collect()
}
