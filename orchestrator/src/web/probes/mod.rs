//! What other programs watch: is it well, and how much of what.

pub(crate) mod gauges;
pub(crate) mod healthz;
pub(crate) mod liveness;
pub(crate) mod metrics;
