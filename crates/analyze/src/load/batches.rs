//! Queries whose rows are looked at and not kept.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::*;

use crate::error::AnalyzeError;
use crate::load::Loaded;

impl Loaded {
    /// Runs a query and hands its rows to `step` in batches, in no order: only what `step` keeps stays in memory.
    pub(crate) fn fold<S, F>(&self, frame: LazyFrame, start: S, step: F) -> Result<S, AnalyzeError>
    where
        S: Default + Send + 'static,
        F: Fn(&mut S, &DataFrame) -> PolarsResult<()> + Send + Sync + 'static,
    {
        let state = Arc::new(Mutex::new(start));
        let shared = Arc::clone(&state);
        let each = PlanCallback::new(move |batch: DataFrame| {
            let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
            step(&mut state, &batch)?;
            let has_enough = false;
            Ok(has_enough)
        });
        let frame = frame.sink_batches(each, false, None);
        self.collect(frame.map_err(|source| self.read_error(source))?)?;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(mem::take(&mut state))
    }
}
