//! What is to be told of runs that ended, each looked at once, and of slots.

use sqlx::types::Json;

use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::model::{OutcomeKind, RunId, SkipCause, Streak};
use crate::store::error::StoreError;
use crate::store::notices::notice::Notice;
use crate::store::store::Store;

/// How far back a streak is counted.
const STREAK: i64 = 1024;

/// The end of a task of a run that has not been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEnd {
    /// Its place in the run.
    pub position: i64,
    /// As in the schedule.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// Its collector.
    pub command: String,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// Whether its success is not believed.
    pub suspect: Option<String>,
    /// Why.
    pub reason: String,
    /// What to do about it, where we know.
    pub hint: Option<String>,
    /// The last lines of its output, of a failure.
    pub tail: Vec<String>,
    /// What it was before.
    pub before: Streak,
}

#[derive(sqlx::FromRow)]
struct EndColumns {
    position: i64,
    group_name: String,
    name: String,
    command: String,
    outcome: String,
    suspect: Option<String>,
    reason: Option<String>,
    hint: Option<String>,
    tail: Json<Vec<String>>,
    run_started_at: i64,
}

impl Store {
    /// The finished runs whose ends nobody has looked at, the oldest first, and whether nobody
    /// is to be told of them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unjudged_runs(&self, limit: u32) -> Result<Vec<(RunId, bool)>, StoreError> {
        let sql = self.database.text(
            "select id, quiet from runs where judged = 0 and finished_at is not null order by started_at, id limit $1",
            "select id, quiet from runs where not judged and finished_at is not null order by started_at, id limit $1",
        );
        let rows: Vec<(String, bool)> = self.database.fetch(sql, &args![limit]).await?;
        Ok(rows
            .into_iter()
            .map(|(id, quiet)| (RunId::new(id), quiet))
            .collect())
    }

    /// How its tasks ended, and what they were before. Of tasks that were not run only those
    /// are there of which nobody could tell whether there is a new release; what they were
    /// before is how often that was so in a row.
    ///
    /// # Errors
    /// The database fails.
    pub async fn task_ends(&self, run: &RunId) -> Result<Vec<TaskEnd>, StoreError> {
        let unknown = format!("{}%", SkipCause::UNKNOWN_RELEASE);
        let rows: Vec<EndColumns> = self
            .database
            .fetch(
                "select position, group_name, name, command, outcome, suspect, reason, hint, tail, run_started_at
                 from tasks where run_id = $1 and outcome <> 'cancelled'
                   and (outcome <> 'skipped' or reason like $2) order by position",
                &args![run, &unknown],
            )
            .await?;
        let mut ends = Vec::with_capacity(rows.len());
        for row in rows {
            let outcome = read_outcome(&row.outcome)?;
            ends.push(TaskEnd {
                outcome,
                before: match outcome {
                    OutcomeKind::Skipped => self.unknown_streak(run, &row).await?,
                    _ => self.streak(run, &row).await?,
                },
                position: row.position,
                group: row.group_name,
                name: row.name,
                command: row.command,
                suspect: row.suspect,
                reason: row.reason.unwrap_or_default(),
                hint: row.hint,
                tail: row.tail.0,
            });
        }
        Ok(ends)
    }

    async fn streak(&self, run: &RunId, of: &EndColumns) -> Result<Streak, StoreError> {
        let before: Vec<(String, Option<String>)> = self
            .database
            .fetch(
                "select outcome, suspect from tasks
                 where name = $1 and group_name = $2 and (run_started_at, run_id) < ($3, $4)
                   and outcome not in ('skipped', 'cancelled')
                   and not exists (select 1 from runs q where q.id = tasks.run_id and q.quiet)
                 order by run_started_at desc, run_id desc limit $5",
                &args![&of.name, &of.group_name, of.run_started_at, run, STREAK],
            )
            .await?;
        let mut streak = Streak::default();
        for (outcome, suspect) in before {
            match (read_outcome(&outcome)?, suspect) {
                (OutcomeKind::Succeeded, None) => break,
                (OutcomeKind::Succeeded, Some(_)) => streak.suspect += 1,
                _ => streak.bad += 1,
            }
        }
        Ok(streak)
    }

    /// How often in a row nobody could tell whether there is a release for a task.
    async fn unknown_streak(&self, run: &RunId, of: &EndColumns) -> Result<Streak, StoreError> {
        let before: Vec<(String, Option<String>)> = self
            .database
            .fetch(
                "select outcome, reason from tasks
                 where name = $1 and group_name = $2 and (run_started_at, run_id) < ($3, $4)
                   and outcome is not null
                   and not exists (select 1 from runs q where q.id = tasks.run_id and q.quiet)
                 order by run_started_at desc, run_id desc limit $5",
                &args![&of.name, &of.group_name, of.run_started_at, run, STREAK],
            )
            .await?;
        let unknown = |(outcome, reason): &&(String, Option<String>)| {
            let reason = reason.as_deref().unwrap_or_default();
            outcome == OutcomeKind::Skipped.as_str() && reason.starts_with(SkipCause::UNKNOWN_RELEASE)
        };
        let bad = u64::try_from(before.iter().take_while(unknown).count()).unwrap_or(u64::MAX);
        Ok(Streak { bad, suspect: 0 })
    }

    /// The run has been looked at, and this is to be told; `false` if somebody else was faster.
    ///
    /// # Errors
    /// The database fails; then nothing is changed.
    pub async fn mark_judged(&self, run: &RunId, notices: &[Notice]) -> Result<bool, StoreError> {
        let mut sql = self.database.begin().await?;
        let text = self.database.text(
            "update runs set judged = 1 where id = $1 and judged = 0",
            "update runs set judged = true where id = $1 and not judged",
        );
        if sql.execute(text, &args![run]).await? == 0 {
            return Ok(false);
        }
        for notice in notices {
            insert(&mut sql, notice).await?;
        }
        sql.commit().await?;
        Ok(true)
    }

    /// Something to tell that is about no run. Said twice, it is told once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn raise(&self, notices: &[Notice]) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        for notice in notices {
            insert(&mut sql, notice).await?;
        }
        Ok(sql.commit().await?)
    }
}

async fn insert(sql: &mut Transaction, notice: &Notice) -> Result<(), StoreError> {
    sql.execute(
        "insert into notices
             (subject, channel, kind, group_name, name, command, run_id, at, reason, in_a_row, next_try_at,
              batch, hint, tail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $8, $11, $12, $13)
         on conflict (subject, channel) do nothing",
        &args![
            &notice.subject,
            &notice.channel,
            notice.kind.as_str(),
            &notice.group,
            &notice.name,
            &notice.command,
            notice.run.as_ref(),
            notice.at,
            &notice.reason,
            notice.in_a_row,
            &notice.batch,
            &notice.hint,
            &notice.tail
        ],
    )
    .await?;
    Ok(())
}

fn read_outcome(word: &str) -> Result<OutcomeKind, StoreError> {
    OutcomeKind::parse(word).ok_or_else(|| StoreError::unknown_word("the outcome of a task", word))
}
