//! Where a collector's output goes. Implemented by `report` (logs, console) and by
//! tests; called only by [`Attempt::run`](crate::process::Attempt::run).

use std::future::Future;

use crate::model::Stream;

/// Takes the output of one attempt. The next bytes are read only after a call has
/// returned: a slow sink makes the collector wait, not our memory grow. Its limits
/// of time are kept all the same, by another process.
pub trait OutputSink {
    /// Up to 64 KiB as they came, cut anywhere; within a stream in order.
    fn chunk(&mut self, stream: Stream, bytes: &[u8]) -> impl Future<Output = ()> + Send;

    /// Nothing has come for a quarter of a second after the last chunk: the time to
    /// show an unfinished line and to flush.
    fn quiet(&mut self) -> impl Future<Output = ()> + Send;
}
