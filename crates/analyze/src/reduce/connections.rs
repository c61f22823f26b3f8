//! The attempts to connect on a path, counted.

use polars::prelude::*;
use recording::vocabulary::Path;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::values::{booleans, integers, texts};
use crate::stats::percentile;
use crate::summary::ConnectionSummary;

/// The attempts to connect on a path.
pub(crate) fn connections(loaded: &Loaded, path: Path) -> Result<ConnectionSummary, AnalyzeError> {
    let Some(frame) = loaded.connections()? else {
        return Ok(ConnectionSummary::default());
    };
    let of_path = frame.filter(col("path").eq(lit(path.as_str())));
    let frame = loaded.collect(of_path.sort(["end_time"], SortMultipleOptions::default()))?;
    read_connections(&frame).map_err(|source| loaded.read_error(source))
}

fn read_connections(frame: &DataFrame) -> PolarsResult<ConnectionSummary> {
    let starts = integers(frame, "start_time")?;
    let ends = integers(frame, "end_time")?;
    let successes = booleans(frame, "success")?;
    let classes = texts(frame, "error_class")?;
    let addresses = texts(frame, "server_address")?;
    let ports = integers(frame, "server_port")?;
    let mut summary = ConnectionSummary {
        attempts: frame.height() as u64,
        ..ConnectionSummary::default()
    };
    let mut durations = Vec::new();
    for row in 0..frame.height() {
        if successes[row] != Some(true) {
            // Without a class it did not fail: the end of the recording cut it off.
            summary.failed += u64::from(classes[row].is_some());
            continue;
        }
        durations.extend(starts[row].zip(ends[row]).map(|(start, end)| end - start));
        if let Some(address) = addresses[row] {
            let answered =
                ports[row].map_or(address.to_owned(), |port| format!("{address}:{port}"));
            if !summary.addresses.contains(&answered) {
                summary.addresses.push(answered);
            }
        }
    }
    durations.sort_unstable();
    summary.p50_us = percentile::of_sorted(&durations, 0.5);
    summary.max_us = durations.last().copied();
    Ok(summary)
}
