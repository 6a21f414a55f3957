//! What is remembered of a collector when it is about to start: what it left for
//! itself, and how long it usually takes.

use std::time::Duration;

use super::error::RecordsError;
use super::shelf::{Pool, Shelf, within};

/// A database that is away holds no collector back for longer than this.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known before an attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The state of the last delivery that had one: JSON.
    pub state: Option<String>,
    /// The median of its last successes.
    pub usual: Option<Duration>,
}

/// The median of five outlives one strange night.
const SQL: &str = "select (select cast(data as text) from states where group_name = $1 and command = $2),
     (select duration_ms from (
          select duration_ms from (
              select duration_ms from tasks
              where command = $2 and group_name = $1 and outcome = 'succeeded'
              order by run_started_at desc, run_id desc limit 5) as newest
          order by duration_ms) as sorted
      limit 1 offset (select count(*) / 2 from (
          select 1 from tasks
          where command = $2 and group_name = $1 and outcome = 'succeeded'
          order by run_started_at desc, run_id desc limit 5) as counted))";

impl Shelf {
    /// Looks, for no longer than two seconds.
    ///
    /// # Errors
    /// The database fails or takes too long.
    pub async fn recall(&self, group: &str, command: &str) -> Result<Remembered, RecordsError> {
        let (state, usual): (Option<String>, Option<i64>) = match &self.pool {
            Pool::Sqlite(pool) => {
                within(
                    PATIENCE,
                    sqlx::query_as(SQL).bind(group).bind(command).fetch_one(pool),
                )
                .await?
            }
            Pool::Postgres(pool) => {
                within(
                    PATIENCE,
                    sqlx::query_as(SQL).bind(group).bind(command).fetch_one(pool),
                )
                .await?
            }
        };
        Ok(Remembered {
            state,
            usual: usual
                .and_then(|milliseconds| u64::try_from(milliseconds).ok())
                .map(Duration::from_millis),
        })
    }
}
