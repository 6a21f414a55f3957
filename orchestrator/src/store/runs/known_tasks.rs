//! Every task of which a run is recorded, whatever the schedule has now. An index is
//! stepped through, once for each task: the answer takes as long after a million runs.

use serde::Serialize;

use crate::store::error::StoreError;
use crate::store::store::Store;

/// A task that a run had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, sqlx::FromRow)]
pub struct KnownTask {
    /// As the schedule calls it: `workflow` for the fixed list.
    #[sqlx(rename = "group_name")]
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// The command that it had in its newest run.
    pub command: String,
}

/// Neither database skips through an index by itself: each step asks for the next group,
/// and within it for the next name.
const KNOWN: &str = "with recursive
    groups (group_name) as (
        select min(group_name) from tasks
        union all
        select (select min(t.group_name) from tasks t where t.group_name > groups.group_name)
        from groups where group_name is not null),
    names (group_name, name) as (
        select group_name, (select min(t.name) from tasks t where t.group_name = groups.group_name)
        from groups where group_name is not null
        union all
        select group_name, (select min(t.name) from tasks t
            where t.group_name = names.group_name and t.name > names.name)
        from names where name is not null)
    select group_name, name,
        (select t.command from tasks t where t.group_name = names.group_name and t.name = names.name
         order by t.run_started_at desc, t.run_id desc limit 1) as command
    from names where name is not null order by group_name, name";

impl Store {
    /// All of them, by group and name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn known_tasks(&self) -> Result<Vec<KnownTask>, StoreError> {
        Ok(self.database.fetch(KNOWN, &[]).await?)
    }
}
