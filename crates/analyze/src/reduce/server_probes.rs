//! The probes of the server behind a path, as far as outage detection looks at them.

use polars::prelude::*;
use recording::vocabulary::{Path, ProbeKind};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::timeline::ServerProbe;
use crate::reduce::values::{booleans, integers};

/// Those of a path, in order of their answers or failures.
pub(crate) fn read(loaded: &Loaded, path: Path) -> Result<Vec<ServerProbe>, AnalyzeError> {
    let Some(frame) = loaded.probes()? else {
        return Ok(Vec::new());
    };
    let of_path = col("path").eq(lit(path.as_str()));
    let of_server = col("probe").eq(lit(ProbeKind::Server.as_str()));
    let columns = ["time", "duration_us", "success"].map(col);
    let frame = loaded.collect(frame.filter(of_path.and(of_server)).select(columns))?;
    let mut probes = read_frame(&frame).map_err(|source| loaded.read_error(source))?;
    probes.sort_by_key(|probe| probe.time_us);
    Ok(probes)
}

fn read_frame(frame: &DataFrame) -> PolarsResult<Vec<ServerProbe>> {
    let times = integers(frame, "time")?;
    let durations = integers(frame, "duration_us")?;
    let successes = booleans(frame, "success")?;
    let probe = |row: usize| {
        Some(ServerProbe {
            time_us: times[row]?.saturating_add(durations[row].unwrap_or(0)),
            is_answered: successes[row]?,
        })
    };
    Ok((0..frame.height()).filter_map(probe).collect())
}
