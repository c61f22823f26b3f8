//! Columns of small frames as plain values.

use polars::prelude::*;

use crate::load::plain::FURTHEST;

/// Texts of a column; a column of nulls is all `None`.
pub(crate) fn texts<'f>(frame: &'f DataFrame, name: &str) -> PolarsResult<Vec<Option<&'f str>>> {
    let column = frame.column(name)?;
    if column.dtype().is_null() {
        return Ok(vec![None; frame.height()]);
    }
    Ok(column.str()?.iter().collect())
}

/// 64-bit integers of a column, whatever integer type it has. Values beyond what a recorder writes, as a damaged part may hold
/// them, are clamped so that sums can't overflow.
pub(crate) fn integers(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Option<i64>>> {
    let column = frame.column(name)?.cast(&DataType::Int64)?;
    let bounded = |value: Option<i64>| value.map(|value| value.clamp(-FURTHEST, FURTHEST));
    Ok(column.i64()?.iter().map(bounded).collect())
}

pub(crate) fn numbers(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Option<f64>>> {
    let column = frame.column(name)?.cast(&DataType::Float64)?;
    Ok(column.f64()?.iter().collect())
}

pub(crate) fn booleans(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Option<bool>>> {
    Ok(frame.column(name)?.bool()?.iter().collect())
}
