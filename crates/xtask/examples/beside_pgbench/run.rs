//! One run of a client.

use std::time::Duration;

/// How the clients run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// The name of the workload.
    pub(crate) workload: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) clients: u32,
    /// Operations per second, at random moments; none is as many as there can be.
    pub(crate) rate: Option<u32>,
    pub(crate) seconds: u32,
    pub(crate) seed: u32,
}

/// What came of it.
pub(crate) struct Run {
    pub(crate) operations: u64,
    pub(crate) length: Duration,
    /// Of the client alone.
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
    /// From when each operation was due to its end, as the client logged it; sorted, and of a rate only.
    pub(crate) latencies_us: Vec<i64>,
}

impl Run {
    /// Operations per second.
    pub(crate) fn throughput(&self) -> f64 {
        self.operations as f64 / self.length.as_secs_f64()
    }

    /// CPU time for each operation, microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.operations.max(1) as f64
    }

    /// Peak memory.
    pub(crate) fn peak_mib(&self) -> f64 {
        self.peak_bytes as f64 / f64::from(1 << 20)
    }

    /// The latency that so many of 100 operations do not exceed, milliseconds.
    pub(crate) fn latency_ms(&self, percent: usize) -> f64 {
        let rank = (self.latencies_us.len() * percent).div_ceil(100);
        let latency_us = self.latencies_us.get(rank.saturating_sub(1));
        latency_us.map_or(f64::NAN, |latency_us| *latency_us as f64 / 1e3)
    }
}
