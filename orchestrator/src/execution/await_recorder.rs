//! The wait at the end of a run whose database is away. It is bounded by the recorder, and
//! whoever has waited enough ends it by a signal: the journal has everything.

use std::io;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::engine::ending_signal;
use crate::store::{DRAIN, RecorderEnd};

/// A database that is there has everything long before.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits for the end of `recorder`, which gives up when `enough` is notified: after a
/// signal, but not before the database is late. One that is there takes what it is
/// given, also from a scheduler that was asked to end.
pub(super) async fn await_recorder(
    mut recorder: JoinHandle<RecorderEnd>,
    enough: &Notify,
) -> io::Result<RecorderEnd> {
    let signal = ending_signal()?;
    let late = sleep(PATIENCE);
    tokio::pin!(signal, late);
    let (mut signalled, mut told) = (false, false);
    loop {
        tokio::select! {
            end = &mut recorder => return Ok(end?),
            () = &mut signal, if !signalled => signalled = true,
            () = &mut late, if !told => {
                told = true;
                tracing::warn!(
                    "the run is over and the database does not have all of it; waiting for at most {} s, or until Ctrl-C",
                    DRAIN.as_secs()
                );
            }
        }
        if signalled && told {
            enough.notify_one();
        }
    }
}
