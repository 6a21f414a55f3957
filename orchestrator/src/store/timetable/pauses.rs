//! Groups that are paused. Kept with their ends, so that a scheduler which was away
//! in between still knows which slots lay within.

use jiff::Timestamp;
use serde::Serialize;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// A time in which a group does not run by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// As in the schedule.
    pub group: String,
    /// From then on.
    pub from: Timestamp,
    /// Until then; `None` while it goes on.
    pub until: Option<Timestamp>,
}

impl Pause {
    /// Since when `group` is paused, by these.
    pub fn of(pauses: &[Self], group: &str) -> Option<Timestamp> {
        let open = |pause: &&Self| pause.until.is_none() && pause.group == group;
        pauses.iter().find(open).map(|pause| pause.from)
    }
}

impl Store {
    /// Pauses a group; `false` if it is paused already.
    ///
    /// # Errors
    /// The database fails.
    pub async fn pause(&self, group: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut sql = self.database.begin().await?;
        let changed = sql
            .execute(
                "insert into pauses (group_name, paused_at) values ($1, $2) on conflict do nothing",
                &args![group, now],
            )
            .await?;
        sql.commit().await?;
        Ok(changed == 1)
    }

    /// Lets a group run again; `false` if it is not paused.
    ///
    /// # Errors
    /// The database fails.
    pub async fn resume(&self, group: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut sql = self.database.begin().await?;
        // A clock that went back must not make a pause end before it began.
        let changed = sql
            .execute(
                "update pauses set resumed_at = case when paused_at > $2 then paused_at else $2 end
                 where group_name = $1 and resumed_at is null",
                &args![group, now],
            )
            .await?;
        sql.commit().await?;
        Ok(changed == 1)
    }

    /// Every pause there was, in order.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        let rows: Vec<(String, Micros, Option<Micros>)> = self
            .database
            .fetch(
                "select group_name, paused_at, resumed_at from pauses order by paused_at, group_name",
                &[],
            )
            .await?;
        let pause = |(group, from, until): (String, Micros, Option<Micros>)| Pause {
            group,
            from: from.0,
            until: until.map(Timestamp::from),
        };
        Ok(rows.into_iter().map(pause).collect())
    }
}
