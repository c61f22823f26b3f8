//! pgbench beside the workload: before, during and after the failover.

use crate::summary::LoadFigures;
use crate::text::Page;
use crate::text::format::{count, decimal, optional};
use crate::text::table::{Side, Table};

/// Throughput and latency of pgbench on each path that it loaded.
pub(crate) fn section(page: &Page<'_>) -> String {
    let (words, units) = (page.words, page.words.units);
    let loads = || {
        page.summary
            .paths
            .iter()
            .filter_map(|path| Some((path, path.load.as_ref()?)))
    };
    // One unit for all: the same load before and after is to be compared.
    let latencies = loads().flat_map(|(_, load)| {
        let spans = [
            Some(&load.before),
            load.during.as_ref(),
            load.after.as_ref(),
        ];
        spans
            .into_iter()
            .flatten()
            .filter_map(|figures| figures.latency_us)
    });
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
        let mut row = |span: &str, figures: &LoadFigures| {
            table.row(vec![
                page.path(&path.path),
                span.into(),
                units.length(figures.span_us).into(),
                optional(figures.tps, |tps| decimal(tps, 2)).into(),
                scale.number(figures.latency_us).into(),
                count(figures.lines).into(),
            ]);
        };
        let whole = load.during.is_none();
        row(
            if whole {
                words.whole_recording
            } else {
                words.before
            },
            &load.before,
        );
        for (span, figures) in [(words.during, &load.during), (words.after, &load.after)] {
            if let Some(figures) = figures {
                row(span, figures);
            }
        }
        if load.restarts > 0 {
            table.note((words.restarts)(
                &(words.path_name)(&path.path),
                &count(load.restarts),
            ));
        }
    }
    page.tabled(words.load_heading, &table)
}
