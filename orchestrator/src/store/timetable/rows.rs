//! Since when each task is in the timetable: a slot that is older is not its own.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// A task at its place in the timetable. One that moves becomes another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TimetableRow {
    /// The key of the entry: `group:NAME`, `release:NAME`, ...
    pub entry: String,
    /// As in the schedule.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// When it is due, in words.
    pub rhythm: String,
}

impl Store {
    /// Since when schedulers know each task (group and name) as it is; none where no scheduler
    /// ever led.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn timetable_since(&self) -> Result<HashMap<(String, String), Timestamp>, StoreError> {
        let rows: Vec<(String, String, Micros)> = self
            .database
            .fetch(
                "select group_name, name, max(since) from timetable
                 where not (entry >= $1 and entry < $2) group by group_name, name",
                &args!["release:", "release;"],
            )
            .await?;
        let known = |(group, name, since): (String, String, Micros)| ((group, name), since.0);
        Ok(rows.into_iter().map(known).collect())
    }

    /// Makes `tasks` the timetable that is known, and says since when each is in it:
    /// `now` for what is new, and for what seems to come from the future because a
    /// clock was wrong.
    ///
    /// # Errors
    /// The database fails.
    pub async fn update_timetable(
        &self,
        tasks: &[TimetableRow],
        now: Timestamp,
    ) -> Result<HashMap<TimetableRow, Timestamp>, StoreError> {
        let mut sql = self.database.begin().await?;
        let rows: Vec<(String, String, String, String, Micros)> = sql
            .fetch(
                "select entry, group_name, name, rhythm, since from timetable",
                &[],
            )
            .await?;
        let mut before = HashMap::new();
        for (entry, group, name, rhythm, since) in rows {
            let task = TimetableRow {
                entry,
                group,
                name,
                rhythm,
            };
            before.insert(task, since.0);
        }
        let mut after = HashMap::new();
        for task in tasks {
            let since = match before.remove(task) {
                Some(since) if since <= now => since,
                _ if after.contains_key(task) => continue,
                _ => {
                    sql.execute(
                        "insert into timetable (entry, group_name, name, rhythm, since)
                         values ($1, $2, $3, $4, $5)
                         on conflict (entry, group_name, name, rhythm) do update set since = excluded.since",
                        &args![&task.entry, &task.group, &task.name, &task.rhythm, now],
                    )
                    .await?;
                    now
                }
            };
            after.insert(task.clone(), since);
        }
        for task in before.keys() {
            sql.execute(
                "delete from timetable
                 where entry = $1 and group_name = $2 and name = $3 and rhythm = $4",
                &args![&task.entry, &task.group, &task.name, &task.rhythm],
            )
            .await?;
        }
        sql.commit().await?;
        Ok(after)
    }
}
