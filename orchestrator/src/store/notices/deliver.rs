//! Notices on their way: who takes one has it for two minutes, and says how it went.

use std::time::Duration;

use jiff::Timestamp;

use crate::database::Database;
use crate::database::arg::args;
use crate::database::transaction::Transaction;
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
    /// Takes what is to be told next, in one message: all of a run or slot that a channel is to
    /// be told, but one notice for those `apart`. For two minutes nobody else gets it. Nothing
    /// if nothing is due.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_notices(&self, now: Timestamp, apart: &[&str]) -> Result<Vec<Notice>, StoreError> {
        let until = now.checked_add(CLAIM).unwrap_or(now);
        let mut sql = self.database.begin().await?;
        // Two who take parts of one message would make two of it.
        if matches!(self.database, Database::Postgres(_)) {
            sql.run("select pg_advisory_xact_lock(7102338502)").await?;
        }
        let next: Vec<(String, String, String)> = sql
            .fetch(
                "select subject, channel, batch from notices where next_try_at <= $1
                   and delivered_at is null and given_up_at is null order by next_try_at, subject limit 1",
                &args![now],
            )
            .await?;
        let Some((subject, channel, batch)) = next.into_iter().next() else {
            return Ok(Vec::new());
        };
        let alone = apart.contains(&channel.as_str());
        let rows: Vec<NoticeColumns> = sql
            .fetch(
                "update notices set next_try_at = $2, tries = tries + 1
                 where channel = $3 and next_try_at <= $1 and delivered_at is null and given_up_at is null
                   and (subject = $4 or batch = $5 and not $6)
                 returning *",
                &args![now, until, &channel, &subject, &batch, alone],
            )
            .await?;
        sql.commit().await?;
        let notices = rows.into_iter().map(|row| Ok(row.read()?.notice));
        let mut notices: Vec<Notice> = notices.collect::<Result<_, StoreError>>()?;
        notices.sort_by(|a, b| place(&a.subject).cmp(&place(&b.subject)));
        Ok(notices)
    }

    /// Takes back that they were taken: they were not tried to their end.
    ///
    /// # Errors
    /// The database fails; then nobody else gets them for two minutes.
    pub async fn give_back(&self, notices: &[Notice], now: Timestamp) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        for notice in notices {
            sql.execute(
                "update notices set next_try_at = $3, tries = tries - 1
                 where subject = $1 and channel = $2 and delivered_at is null",
                &args![&notice.subject, &notice.channel, now],
            )
            .await?;
        }
        Ok(sql.commit().await?)
    }

    /// How a try of one message went. A failed one is repeated later, for a day.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record_delivery(
        &self,
        notices: &[Notice],
        result: Result<(), String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        for notice in notices {
            match &result {
                Ok(()) => {
                    sql.execute(
                        "update notices set delivered_at = $3, error = null
                         where subject = $1 and channel = $2 and delivered_at is null",
                        &args![&notice.subject, &notice.channel, now],
                    )
                    .await?;
                }
                Err(error) => record_failure(&mut sql, notice, error, now).await?,
            }
        }
        Ok(sql.commit().await?)
    }
}

async fn record_failure(
    sql: &mut Transaction,
    notice: &Notice,
    error: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = (&notice.subject, &notice.channel);
    let tries: Vec<(i64,)> = sql
        .fetch(
            "select tries from notices where subject = $1 and channel = $2",
            &args![key.0, key.1],
        )
        .await?;
    let tries = tries.first().map_or(1, |(tries,)| *tries);
    let again = now.checked_add(pause(tries)).unwrap_or(now);
    let is_old = Duration::try_from(now.duration_since(notice.at)).is_ok_and(|age| age > LIFETIME);
    sql.execute(
        "update notices set error = $3, next_try_at = $4
         where subject = $1 and channel = $2 and delivered_at is null",
        &args![key.0, key.1, error, again],
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
    Ok(())
}

/// The order in which a run had its tasks: the number behind the last slash, then the rest.
fn place(subject: &str) -> (u64, &str) {
    let number = subject.rsplit('/').next().and_then(|place| place.parse().ok());
    (number.unwrap_or(u64::MAX), subject)
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
