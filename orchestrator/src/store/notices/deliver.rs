//! Notices on their way: who takes one has it for two minutes, and says how it went.

use std::time::Duration;

use jiff::Timestamp;

use crate::database::arg::args;
use crate::store::error::StoreError;
use crate::store::notices::notice::{Notice, NoticeColumns};
use crate::store::store::Store;

/// How long a delivery is tried, and how often at most.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// While somebody delivers a notice, nobody else does.
const CLAIM: Duration = Duration::from_secs(120);

impl Store {
    /// Takes what is to be told now; for two minutes nobody else gets it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_notices(&self, now: Timestamp, limit: u32) -> Result<Vec<Notice>, StoreError> {
        let until = now.checked_add(CLAIM).unwrap_or(now);
        let text = self.database.text(
            "update notices set next_try_at = $2, tries = tries + 1 where (subject, channel) in
                 (select subject, channel from notices where next_try_at <= $1
                    and delivered_at is null and given_up_at is null order by next_try_at limit $3)
             returning *",
            "update notices set next_try_at = $2, tries = tries + 1 where (subject, channel) in
                 (select subject, channel from notices where next_try_at <= $1
                    and delivered_at is null and given_up_at is null order by next_try_at limit $3
                  for update skip locked)
             returning *",
        );
        let rows: Vec<NoticeColumns> = self.database.fetch(text, &args![now, until, limit]).await?;
        rows.into_iter().map(|row| Ok(row.read()?.notice)).collect()
    }

    /// Takes back that it was taken: it was not tried to its end.
    ///
    /// # Errors
    /// The database fails; then nobody else gets it for two minutes.
    pub async fn give_back(&self, notice: &Notice, now: Timestamp) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        sql.execute(
            "update notices set next_try_at = $3, tries = tries - 1
             where subject = $1 and channel = $2 and delivered_at is null",
            &args![&notice.subject, &notice.channel, now],
        )
        .await?;
        Ok(sql.commit().await?)
    }

    /// How a try went. A failed one is repeated later, for a day.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_delivery(
        &self,
        notice: &Notice,
        result: Result<(), String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        let key = (&notice.subject, &notice.channel);
        match result {
            Ok(()) => {
                sql.execute(
                    "update notices set delivered_at = $3, error = null
                     where subject = $1 and channel = $2 and delivered_at is null",
                    &args![key.0, key.1, now],
                )
                .await?;
            }
            Err(error) => {
                let tries: Vec<(i64,)> = sql
                    .fetch(
                        "select tries from notices where subject = $1 and channel = $2",
                        &args![key.0, key.1],
                    )
                    .await?;
                let tries = tries.first().map_or(1, |(tries,)| *tries);
                let again = now.checked_add(pause(tries)).unwrap_or(now);
                let is_old =
                    Duration::try_from(now.duration_since(notice.at)).is_ok_and(|age| age > LIFETIME);
                sql.execute(
                    "update notices set error = $3, next_try_at = $4
                     where subject = $1 and channel = $2 and delivered_at is null",
                    &args![key.0, key.1, &error, again],
                )
                .await?;
                if is_old {
                    sql.execute(
                        "update notices set given_up_at = $3
                         where subject = $1 and channel = $2 and delivered_at is null",
                        &args![key.0, key.1, now],
                    )
                    .await?;
                }
            }
        }
        Ok(sql.commit().await?)
    }
}

/// Doubled each time.
fn pause(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.clamp(1, 20) - 1).unwrap_or(0);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses: Vec<u64> = (1..=9).map(|tries| pause(tries).as_secs()).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(pause(i64::MAX), LONGEST_PAUSE);
    }
}
