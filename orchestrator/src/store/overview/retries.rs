//! Which run repeats another.

use crate::database::arg::args;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// Begins at the run that is repeated: what repeats it came later.
const NEWEST: &str = "select later.id from runs first cross join runs later
     where first.id = $1 and later.started_at >= first.started_at and later.schedule = $2
     order by later.started_at desc, later.id desc limit 1";

impl Store {
    /// The newest run that was begun to repeat what `run` ran.
    ///
    /// # Errors
    /// The database fails.
    pub async fn newest_retry(&self, run: &RunId) -> Result<Option<RunId>, StoreError> {
        let asked_for = format!("retry {run}");
        let rows: Vec<(String,)> = self.database.fetch(NEWEST, &args![run, asked_for]).await?;
        Ok(rows.into_iter().next().map(|(id,)| RunId::new(id)))
    }
}
