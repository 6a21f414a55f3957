//! Runs that go on and have not finished a task: what is changed under it meanwhile, it would
//! neither see nor leave as it is.

use crate::database::arg::args;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// A run that has yet to finish a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// The run.
    pub run: RunId,
    /// Whether an attempt of the task was started in it.
    pub begun: bool,
}

/// Begins at the runs without an end, which are few.
const UNDER_WAY: &str = "select r.id,
         (select count(*) from attempts a where a.run_id = t.run_id and a.position = t.position)
     from runs r join tasks t on t.run_id = r.id
     where r.finished_at is null and t.group_name = $1 and t.name = $2 and t.outcome is null
     order by r.started_at, r.id";

impl Store {
    /// Those of a task, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn under_way(&self, group: &str, name: &str) -> Result<Vec<UnderWay>, StoreError> {
        let rows: Vec<(String, i64)> = self.database.fetch(UNDER_WAY, &args![group, name]).await?;
        let read = |(run, attempts): (String, i64)| UnderWay {
            run: RunId::new(run),
            begun: attempts > 0,
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
