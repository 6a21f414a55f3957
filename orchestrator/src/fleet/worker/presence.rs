//! What a worker says of itself every few seconds, and how far its clock is from the
//! database's.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use crate::model::Clock;
use crate::store::{BeatAnswer, FleetQueue, WorkerBeat, WorkerState};

/// Between two words.
pub(crate) const BEAT: Duration = Duration::from_secs(5);

/// A clock that is further off is worth a line in the log.
const SKEW_MS: i64 = 2000;

/// Tells that the worker is there.
pub(crate) struct Presence {
    pub(crate) beat: WorkerBeat,
    skew_ms: Option<i64>,
    told: bool,
}

impl Presence {
    pub(crate) fn new(beat: WorkerBeat) -> Self {
        Self {
            beat,
            skew_ms: None,
            told: false,
        }
    }

    /// Says it once. `false` if another worker has the name.
    pub(crate) async fn say(&mut self, queue: &FleetQueue, clock: &dyn Clock) -> Result<bool, String> {
        let before = clock.now();
        let said = timeout(BEAT, queue.note_worker(&self.beat, self.skew_ms)).await;
        match said {
            Ok(Ok(BeatAnswer::Noted { at })) => {
                self.measure(before, at, clock.now());
                Ok(true)
            }
            Ok(Ok(BeatAnswer::NameTaken)) => Ok(false),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer".to_owned()),
        }
    }

    /// The database answered somewhere between.
    fn measure(&mut self, before: Timestamp, there: Timestamp, after: Timestamp) {
        let middle = i64::midpoint(before.as_millisecond(), after.as_millisecond());
        let skew = middle - there.as_millisecond();
        self.skew_ms = Some(skew);
        if skew.abs() > SKEW_MS && !std::mem::replace(&mut self.told, true) {
            tracing::warn!("the clock of this machine is {skew} ms ahead of the database's");
        }
    }

    pub(crate) fn set(&mut self, state: WorkerState) {
        self.beat.state = state;
    }
}
