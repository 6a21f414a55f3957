//! How the last nights went, counted from the runs: a row a night, however many runs it had.

use jiff::{SignedDuration, Timestamp};

use crate::database::arg::args;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// The tasks of the runs of 24 hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NightTally {
    /// Tasks that succeeded and are believed.
    pub succeeded: u64,
    /// Tasks that succeeded and are not.
    pub suspect: u64,
    /// Tasks that failed, in whichever way.
    pub failed: u64,
    /// Tasks that were not run.
    pub skipped: u64,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Counts of runs that go on are not there yet.
const NIGHTS: &str = "select cast(($1 - started_at) / $2 as bigint) as ago,
         cast(sum(succeeded) as bigint), cast(sum(suspect) as bigint),
         cast(sum(failed) as bigint), cast(sum(skipped) as bigint)
     from runs where started_at > $3 and started_at <= $1 group by 1";

impl Store {
    /// The `count` nights until `now`, the oldest first; each ends at this time of day.
    ///
    /// # Errors
    /// The database fails.
    pub async fn nights(&self, now: Timestamp, count: u16) -> Result<Vec<NightTally>, StoreError> {
        let since = now.checked_sub(DAY * i32::from(count)).unwrap_or(Timestamp::MIN);
        let day = DAY.as_secs() * 1_000_000;
        let rows: Vec<(i64, i64, i64, i64, i64)> =
            self.database.fetch(NIGHTS, &args![now, day, since]).await?;
        let mut nights = vec![NightTally::default(); count.into()];
        for (ago, succeeded, suspect, failed, skipped) in rows {
            let place = usize::try_from(ago)
                .ok()
                .and_then(|ago| usize::from(count).checked_sub(ago + 1));
            if let Some(night) = place.and_then(|place| nights.get_mut(place)) {
                let number = |count: i64| u64::try_from(count).unwrap_or_default();
                *night = NightTally {
                    succeeded: number(succeeded).saturating_sub(number(suspect)),
                    suspect: number(suspect),
                    failed: number(failed),
                    skipped: number(skipped),
                };
            }
        }
        Ok(nights)
    }
}
