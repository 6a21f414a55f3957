//! What somebody is to be told, and whether they were. A run is looked at once, and
//! its notices are written in the same transaction; they are delivered later, by
//! whoever comes first, and each try leaves its result.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{NoticeKind, RunId, Streak};
use crate::store::error::StoreError;
use crate::store::sql::args;
use crate::store::store::Store;

/// How far back a streak is counted.
const STREAK: i64 = 1024;

/// How long a delivery is tried, and how often at most.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// While somebody delivers a notice, nobody else does.
const CLAIM: Duration = Duration::from_secs(120);

/// The end of a task of a run that has not been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEnd {
    /// Its place in the run.
    pub position: i64,
    /// Its group.
    pub group: String,
    /// Its collector.
    pub command: String,
    /// How it ended: the words of the record.
    pub outcome: String,
    /// Whether its success is not believed.
    pub suspect: Option<String>,
    /// Why.
    pub reason: String,
    /// What it was before.
    pub before: Streak,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What it is about; with the channel it is unique.
    pub subject: String,
    /// To whom.
    pub channel: String,
    /// What.
    pub kind: String,
    /// The group of the task.
    pub group: String,
    /// The collector.
    pub command: String,
    /// The run, if there was one.
    pub run: Option<RunId>,
    /// When it happened.
    pub at: Timestamp,
    /// In words; untrusted text.
    pub reason: String,
    /// How many of its kind in a row it stands for.
    pub in_a_row: u64,
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// What was to be told.
    #[serde(flatten)]
    pub notice: Notice,
    /// `delivered`, `pending` or `given_up`.
    pub state: &'static str,
    /// How often it was tried.
    pub tries: u64,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct NoticeRow {
    subject: String,
    channel: String,
    kind: String,
    group_name: String,
    command: String,
    run_id: Option<String>,
    at: i64,
    reason: String,
    in_a_row: i64,
    tries: i64,
    error: Option<String>,
    delivered_at: Option<i64>,
    given_up_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct EndRow {
    position: i64,
    group_name: String,
    command: String,
    outcome: Option<String>,
    suspect: Option<String>,
    reason: Option<String>,
    run_started_at: i64,
}

impl Store {
    /// The finished runs whose ends nobody has looked at, the oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unjudged_runs(&self, limit: u32) -> Result<Vec<RunId>, StoreError> {
        let sql = self.text(
            "select id from runs where judged = 0 and finished_at is not null order by started_at, id limit $1",
            "select id from runs where not judged and finished_at is not null order by started_at, id limit $1",
        );
        let rows: Vec<(String,)> = self.fetch(sql, &args![limit]).await?;
        Ok(rows.into_iter().map(|(id,)| RunId::new(id)).collect())
    }

    /// How its tasks ended, and what they were before; tasks that were not run are left out.
    ///
    /// # Errors
    /// The database fails.
    pub async fn task_ends(&self, run: &RunId) -> Result<Vec<TaskEnd>, StoreError> {
        let rows: Vec<EndRow> = self
            .fetch(
                "select position, group_name, command, outcome, suspect, reason, run_started_at from tasks
                 where run_id = $1 and outcome not in ('skipped', 'cancelled') order by position",
                &args![run],
            )
            .await?;
        let mut ends = Vec::with_capacity(rows.len());
        for row in rows {
            ends.push(TaskEnd {
                before: self.streak(run, &row).await?,
                position: row.position,
                group: row.group_name,
                command: row.command,
                outcome: row.outcome.unwrap_or_default(),
                suspect: row.suspect,
                reason: row.reason.unwrap_or_default(),
            });
        }
        Ok(ends)
    }

    async fn streak(&self, run: &RunId, of: &EndRow) -> Result<Streak, StoreError> {
        let before: Vec<(String, Option<String>)> = self
            .fetch(
                "select outcome, suspect from tasks
                 where command = $1 and group_name = $2 and (run_started_at, run_id) < ($3, $4)
                   and outcome not in ('skipped', 'cancelled')
                 order by run_started_at desc, run_id desc limit $5",
                &args![&of.command, &of.group_name, of.run_started_at, run, STREAK],
            )
            .await?;
        let mut streak = Streak::default();
        for (outcome, suspect) in before {
            match (outcome.as_str(), suspect) {
                ("succeeded", None) => break,
                ("succeeded", Some(_)) => streak.suspect += 1,
                _ => streak.bad += 1,
            }
        }
        Ok(streak)
    }

    /// The run has been looked at, and this is to be told; `false` if somebody else was faster.
    ///
    /// # Errors
    /// The database fails; then nothing is changed.
    pub async fn judged(&self, run: &RunId, notices: &[Notice]) -> Result<bool, StoreError> {
        let mut sql = self.begin().await?;
        let text = self.text(
            "update runs set judged = 1 where id = $1 and judged = 0",
            "update runs set judged = true where id = $1 and not judged",
        );
        if sql.execute(text, &args![run]).await? == 0 {
            return Ok(false);
        }
        for notice in notices {
            raise(&mut sql, notice).await?;
        }
        sql.commit().await?;
        Ok(true)
    }

    /// Something to tell that is about no run. Said twice, it is told once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn raise(&self, notices: &[Notice]) -> Result<(), StoreError> {
        let mut sql = self.begin().await?;
        for notice in notices {
            raise(&mut sql, notice).await?;
        }
        sql.commit().await
    }

    /// Takes what is to be told now; for two minutes nobody else gets it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_notices(&self, now: Timestamp, limit: u32) -> Result<Vec<Notice>, StoreError> {
        let until = now.checked_add(CLAIM).unwrap_or(now);
        let text = self.text(
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
        let rows: Vec<NoticeRow> = self.fetch(text, &args![now, until, limit]).await?;
        rows.into_iter().map(|row| Ok(delivery(row)?.notice)).collect()
    }

    /// Takes back that it was taken: it was not tried to its end.
    ///
    /// # Errors
    /// The database fails; then nobody else gets it for two minutes.
    pub async fn give_back(&self, notice: &Notice, now: Timestamp) -> Result<(), StoreError> {
        let mut sql = self.begin().await?;
        sql.execute(
            "update notices set next_try_at = $3, tries = tries - 1
             where subject = $1 and channel = $2 and delivered_at is null",
            &args![&notice.subject, &notice.channel, now],
        )
        .await?;
        sql.commit().await
    }

    /// When the next one is to be tried, if any is left.
    ///
    /// # Errors
    /// The database fails.
    pub async fn next_notice(&self) -> Result<Option<Timestamp>, StoreError> {
        let rows: Vec<(Option<i64>,)> = self
            .fetch(
                "select min(next_try_at) from notices where delivered_at is null and given_up_at is null",
                &[],
            )
            .await?;
        let next = rows.into_iter().next().and_then(|(at,)| at);
        next.map(instant).transpose()
    }

    /// How a try went. A failed one is repeated later, for a day.
    ///
    /// # Errors
    /// The database fails.
    pub async fn noticed(
        &self,
        notice: &Notice,
        result: Result<(), String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut sql = self.begin().await?;
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
        sql.commit().await
    }

    /// The newest notices and what became of them, the newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deliveries(&self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let rows: Vec<NoticeRow> = self
            .fetch(
                "select * from notices order by at desc, subject, channel limit $1",
                &args![limit],
            )
            .await?;
        rows.into_iter().map(delivery).collect()
    }
}

/// Doubled each time.
fn pause(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.clamp(1, 20) - 1).unwrap_or(0);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

async fn raise(sql: &mut crate::store::sql::Sql, notice: &Notice) -> Result<(), StoreError> {
    sql.execute(
        "insert into notices
             (subject, channel, kind, group_name, command, run_id, at, reason, in_a_row, next_try_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $7) on conflict (subject, channel) do nothing",
        &args![
            &notice.subject,
            &notice.channel,
            &notice.kind,
            &notice.group,
            &notice.command,
            &notice.run.as_ref().map(ToString::to_string),
            notice.at,
            &notice.reason,
            i64::try_from(notice.in_a_row).unwrap_or(i64::MAX)
        ],
    )
    .await?;
    Ok(())
}

fn delivery(row: NoticeRow) -> Result<Delivery, StoreError> {
    let kind = NoticeKind::parse(&row.kind)
        .ok_or_else(|| StoreError::Refused(format!("a notice of the kind {:?}", row.kind)))?;
    Ok(Delivery {
        state: match (row.delivered_at, row.given_up_at) {
            (Some(_), _) => "delivered",
            (None, Some(_)) => "given_up",
            (None, None) => "pending",
        },
        tries: u64::try_from(row.tries).unwrap_or(0),
        error: row.error,
        delivered_at: row.delivered_at.map(instant).transpose()?,
        notice: Notice {
            subject: row.subject,
            channel: row.channel,
            kind: kind.keyword().to_owned(),
            group: row.group_name,
            command: row.command,
            run: row.run_id.map(RunId::new),
            at: instant(row.at)?,
            reason: row.reason,
            in_a_row: u64::try_from(row.in_a_row).unwrap_or(0),
        },
    })
}

fn instant(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds)
        .map_err(|error| StoreError::Refused(format!("a notice at {microseconds}: {error}")))
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
