//! Columns of small frames as plain values.

use polars::prelude::*;
use recording::vocabulary::{OperationType, Outcome};

/// Texts of a column; a column of nulls is all `None`.
pub(crate) fn texts<'f>(frame: &'f DataFrame, name: &str) -> PolarsResult<Vec<Option<&'f str>>> {
    let column = frame.column(name)?;
    if column.dtype().is_null() {
        return Ok(vec![None; frame.height()]);
    }
    Ok(column.str()?.iter().collect())
}

/// No time and no count is further from 0, and sums and differences of two still fit: the microseconds of 73,000 years.
const FURTHEST: i64 = i64::MAX / 4;

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

/// A word that the survey let pass.
pub(crate) fn operation_type(word: Option<&str>) -> OperationType {
    word.and_then(OperationType::parse)
        .unwrap_or(OperationType::Read)
}

/// A word that the survey let pass.
pub(crate) fn outcome(word: Option<&str>) -> Outcome {
    word.and_then(Outcome::parse).unwrap_or(Outcome::Unknown)
}
