//! Operations, success rates, throughput and response times; the paths' rows one under the other.

use crate::summary::{PathSummary, Rates, ResponseTimes};
use crate::text::document::Section;
use crate::text::format::{count, decimal, optional};
use crate::text::page::Page;
use crate::text::table::{Cell, Side, Table};
use command_line::text::one_line;

/// Counts, success rates and throughput, per type and path.
pub(crate) fn operations(page: &Page<'_>) -> Section {
    let words = page.words;
    let mut table = Table::new(
        &[
            (words.type_column, Side::Left),
            (words.path_column, Side::Left),
            (words.total, Side::Right),
            (words.success_rate, Side::Right),
            (words.rejected, Side::Right),
            (words.failed, Side::Right),
            (words.unknown, Side::Right),
            (words.unfinished, Side::Right),
            (words.tps, Side::Right),
            (words.steady_tps, Side::Right),
        ],
        1,
    );
    for path in &page.summary.paths {
        table.row(operations_row(
            page,
            words.all_types.to_owned(),
            path,
            &path.overall,
        ));
    }
    for name in type_names(page) {
        for (path, rates) in of_type(page, name) {
            table.row(operations_row(page, (words.type_name)(name), path, rates));
        }
    }
    Section::of("operations", words.operations, table)
}

fn operations_row(page: &Page<'_>, label: String, path: &PathSummary, rates: &Rates) -> Vec<Cell> {
    let units = page.words.units;
    let count = |number| counted(path, number);
    vec![
        label.into(),
        page.path(&path.path),
        count(rates.total).into(),
        optional(rates.success_rate, |rate| units.percent(rate, 2)).into(),
        count(rates.rejected).into(),
        count(rates.failed).into(),
        count(rates.unknown).into(),
        count(rates.unfinished).into(),
        optional(rates.tps, |tps| decimal(tps, 2)).into(),
        optional(rates.steady_tps, |tps| decimal(tps, 2)).into(),
    ]
}

/// Median, p95, p99 and maximum, microseconds.
fn times(rates: &Rates) -> [Option<f64>; 4] {
    let response = &rates.response;
    let times = [
        response.p50_us,
        response.p95_us,
        response.p99_us,
        response.max_us,
    ];
    times.map(|us| us.map(|us| us as f64))
}

/// Counts, success rates and response times per operation name and path.
pub(crate) fn names(page: &Page<'_>) -> Section {
    let (words, units) = (page.words, page.words.units);
    let paths = || page.summary.paths.iter();
    let mut names: Vec<&str> = Vec::new();
    for named in paths().flat_map(|path| &path.operations) {
        if !names.contains(&named.name.as_str()) {
            names.push(&named.name);
        }
    }
    let all = paths().flat_map(|path| &path.operations);
    let scale = units.scale(all.flat_map(|named| times(&named.rates)).flatten());
    let mut table = Table::new(
        &[
            (words.operation, Side::Left),
            (words.path_column, Side::Left),
            (words.total, Side::Right),
            (words.success_rate, Side::Right),
            (words.failed, Side::Right),
            (words.unknown, Side::Right),
            (words.unfinished, Side::Right),
            (words.tps, Side::Right),
            ("p50", Side::Right),
            ("p95", Side::Right),
            ("p99", Side::Right),
            (words.max, Side::Right),
        ],
        1,
    );
    for name in names {
        let of_name = |path: &&PathSummary| path.operations.iter().any(|of| of.name == name);
        for path in paths().filter(of_name) {
            for named in path.operations.iter().filter(|of| of.name == name) {
                let rates = &named.rates;
                let mut cells = vec![
                    one_line(name).into(),
                    page.path(&path.path),
                    counted(path, rates.total).into(),
                    optional(rates.success_rate, |rate| units.percent(rate, 2)).into(),
                    counted(path, rates.failed).into(),
                    counted(path, rates.unknown).into(),
                    counted(path, rates.unfinished).into(),
                    optional(rates.tps, |tps| decimal(tps, 2)).into(),
                ];
                cells.extend(times(rates).map(|us| Cell::from(scale.number(us))));
                table.row(cells);
            }
        }
    }
    Section::of(
        "operation-names",
        (words.effects.names_heading)(scale.unit),
        table,
    )
}

/// A count of a path's operations; `-` where these are left out.
pub(crate) fn counted(path: &PathSummary, number: u64) -> String {
    let known = (!path.is_left_out).then_some(number);
    optional(known, count)
}

/// Mean, extremes and percentiles: over successes, over all that finished, and over the successes of each type.
pub(crate) fn response_times(page: &Page<'_>) -> Section {
    let (words, paths) = (page.words, &page.summary.paths);
    let mut rows: Vec<(String, &PathSummary, &ResponseTimes)> = Vec::new();
    for path in paths {
        rows.push((words.successes.to_owned(), path, &path.overall.response));
    }
    for path in paths {
        rows.push((
            words.all_finished.to_owned(),
            path,
            &path.overall.response_finished,
        ));
    }
    for name in type_names(page) {
        let label = (words.successes_of)(&(words.type_name)(name));
        let types = of_type(page, name);
        rows.extend(types.map(|(path, rates)| (label.clone(), path, &rates.response)));
    }

    let scale = words.units.scale(
        rows.iter()
            .flat_map(|(_, _, times)| figures(times))
            .flatten(),
    );
    let mut columns = vec![
        (words.operation, Side::Left),
        (words.path_column, Side::Left),
        (words.samples, Side::Right),
    ];
    let names = [
        words.mean, words.min, words.max, "p50", "p90", "p95", "p99", "p99.9",
    ];
    columns.extend(names.map(|name| (name, Side::Right)));
    let mut table = Table::new(&columns, 1);
    for (label, path, times) in rows {
        let mut cells = vec![
            label.into(),
            page.path(&path.path),
            counted(path, times.samples).into(),
        ];
        cells.extend(figures(times).map(|us| Cell::from(scale.number(us))));
        table.row(cells);
    }
    Section::of("response-times", (words.response_times)(scale.unit), table)
}

/// In the order of the columns.
fn figures(times: &ResponseTimes) -> [Option<f64>; 8] {
    let whole = |us: Option<i64>| us.map(|us| us as f64);
    [
        times.mean_us,
        whole(times.min_us),
        whole(times.max_us),
        whole(times.p50_us),
        whole(times.p90_us),
        whole(times.p95_us),
        whole(times.p99_us),
        whole(times.p99_9_us),
    ]
}

/// The types of all paths, each once, in the order of the summary.
fn type_names<'a>(page: &Page<'a>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for named in page.summary.paths.iter().flat_map(|path| &path.types) {
        if !names.contains(&named.name.as_str()) {
            names.push(&named.name);
        }
    }
    names
}

/// The figures of one type on every path that has it.
fn of_type<'a>(page: &Page<'a>, name: &str) -> impl Iterator<Item = (&'a PathSummary, &'a Rates)> {
    let paths = page.summary.paths.iter();
    paths.filter_map(move |path| {
        let named = path.types.iter().find(|named| named.name == name)?;
        Some((path, &named.rates))
    })
}
